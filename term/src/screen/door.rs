//! The way in: what was said, what is asked, and where the caret stands.

use super::paint::{self, Printer};
use super::panes::Area;
use super::popup::{hinted, one_row};
use crate::keymap::{Action, Scroll};
use crate::model::{Door, Model, Reach, Reply};
use crate::theme::Role;

/// Draws the way in. The question is seen on the smallest screen; what was said before it is scrolled
/// back to where it does not fit.
pub(super) fn draw(printer: &Printer, area: Area, model: &Model, door: &Door) {
    let mut lines = lines(area.width, model, door);
    let bottom = lines.len().saturating_sub(area.height);
    if let Some((keys, _)) = lines.last_mut()
        && bottom > 0
    {
        let more = model.preferences.keymap.hint(Action::Scroll(Scroll::PageUp), "more");
        if let Some(more) = more {
            keys.push_str(&format!(" · {more}"));
        }
    }
    let top = bottom.saturating_sub(door.back);
    for (row, (line, role)) in lines.iter().skip(top).take(area.height).enumerate() {
        let line = paint::clipped(line, area.width);
        paint::styled(printer, (area.x, area.y + row), area.width, &line, *role);
    }
}

/// Where the caret stands; nowhere while one looks back.
pub(super) fn caret(area: Area, model: &Model, door: &Door) -> Option<(usize, usize)> {
    let at = match &door.prompt.as_ref().filter(|_| door.back == 0)?.reply {
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

fn lines(width: usize, model: &Model, door: &Door) -> Vec<(String, Role)> {
    let wrapped = |text: &str, role: Role| {
        let width = width.saturating_sub(2);
        let lines = paint::wrap(text, width, width).into_iter();
        lines.map(move |line| (format!(" {line}"), role)).collect::<Vec<_>>()
    };
    let mut lines = wrapped(&format!("{}@{}", model.me, model.host), Role::Heading);
    for said in &door.said {
        lines.extend(wrapped(said, Role::Text));
    }
    let keymap = &model.preferences.keymap;
    let quits = keymap.close_hint("quits");
    let answers = keymap.hint(Action::Enter, "answers");
    let Some(prompt) = &door.prompt else {
        lines.extend(wrapped("…", Role::Faint));
        lines.push((format!(" {}", hinted([quits])), Role::Keys));
        return lines;
    };
    lines.extend(wrapped(prompt.text.trim(), Role::Heading));
    let keys = match &prompt.reply {
        Reply::Line(input) => {
            let room = width.saturating_sub(ANSWER.len());
            lines.push((format!("{ANSWER}{}", one_row(input, room).0), Role::Text));
            hinted([answers, quits])
        }
        Reply::Secret(secret) => {
            lines.push((format!("{ANSWER}{}", "•".repeat(secret.chars())), Role::Text));
            hinted([answers, quits])
        }
        Reply::Choice { of, chosen } => {
            for (place, choice) in of.iter().enumerate() {
                let is_chosen = place == *chosen;
                let (mark, role) = if is_chosen { ("▸", Role::Here) } else { (" ", Role::Text) };
                lines.push((format!(" {mark} {choice}"), role));
            }
            let both = [Action::Go(Reach::Up), Action::Go(Reach::Down)];
            hinted([keymap.hints(&both, "choose"), answers, quits])
        }
    };
    lines.push((format!(" {keys}"), Role::Keys));
    lines
}
