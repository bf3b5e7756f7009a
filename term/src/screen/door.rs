//! The way in: what was said, what is asked, and where the caret stands.

use cursive::Printer;
use cursive::style::Style;

use super::paint;
use super::panes::Area;
use super::popup::one_row;
use crate::model::{Door, Model, Reply};

/// Draws the way in. The question is seen on the smallest screen, what was said as far as it fits.
pub(super) fn draw(printer: &Printer, area: Area, model: &Model, door: &Door) {
    let lines = lines(area.width, model, door);
    let top = lines.len().saturating_sub(area.height);
    for (row, (line, style)) in lines.iter().skip(top).enumerate() {
        let line = paint::clipped(line, area.width);
        paint::styled(printer, (area.x, area.y + row), area.width, &line, *style);
    }
}

/// Where the caret stands.
pub(super) fn caret(area: Area, model: &Model, door: &Door) -> Option<(usize, usize)> {
    let at = match &door.prompt.as_ref()?.reply {
        Reply::Line(input) => one_row(input, area.width.saturating_sub(ANSWER.len())).1,
        Reply::Secret(secret) => secret.chars(),
        Reply::Choice { .. } => return None,
    };
    // The answer is the last but one of the lines.
    let rows = lines(area.width, model, door).len().min(area.height);
    let x = (ANSWER.len() + at).min(area.width.saturating_sub(1));
    Some((area.x + x, area.y + rows.checked_sub(2)?))
}

/// What stands before an answer.
const ANSWER: &str = " > ";

fn lines(width: usize, model: &Model, door: &Door) -> Vec<(String, Style)> {
    let wrapped = |text: &str, style: Style| {
        let width = width.saturating_sub(2);
        let lines = paint::wrap(text, width, width).into_iter();
        lines.map(move |line| (format!(" {line}"), style)).collect::<Vec<_>>()
    };
    let mut lines = wrapped(&format!("{}@{}", model.me, model.host), paint::bold());
    for said in &door.said {
        lines.extend(wrapped(said, paint::plain()));
    }
    let Some(prompt) = &door.prompt else {
        lines.extend(wrapped("…", paint::dim()));
        return lines;
    };
    lines.extend(wrapped(prompt.text.trim(), paint::bold()));
    let keys = match &prompt.reply {
        Reply::Line(input) => {
            let room = width.saturating_sub(ANSWER.len());
            lines.push((format!("{ANSWER}{}", one_row(input, room).0), paint::plain()));
            "Enter answers · Esc quits"
        }
        Reply::Secret(secret) => {
            lines.push((format!("{ANSWER}{}", "•".repeat(secret.chars())), paint::plain()));
            "Enter answers · Esc quits"
        }
        Reply::Choice { of, chosen } => {
            for (place, choice) in of.iter().enumerate() {
                let (mark, style) = match place == *chosen {
                    true => ("▸", paint::bold()),
                    false => (" ", paint::plain()),
                };
                lines.push((format!(" {mark} {choice}"), style));
            }
            "Up, Down choose · Enter answers · Esc quits"
        }
    };
    lines.push((format!(" {keys}"), paint::dim()));
    lines
}
