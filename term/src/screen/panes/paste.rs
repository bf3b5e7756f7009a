//! The question what to do with a paste of many lines.

use cursive::Printer;

use super::{Area, Lines, draw_lines};
use crate::model::{PASTE_CHOICES, Paste};
use crate::screen::paint;
use crate::update::line_count;

pub(in crate::screen) fn draw_paste(printer: &Printer, area: Area, paste: &Paste) {
    let lines = line_count(&paste.text);
    let into = match paste.title.as_str() {
        "" => String::new(),
        title => format!(" into {title}"),
    };
    let heading = format!("{lines} LINES PASTED{into}  Enter takes · Esc cancels");
    let choices = PASTE_CHOICES.iter().map(|(choice, letter, does)| {
        let style = if *choice == paste.choice { paint::reverse() } else { paint::plain() };
        (format!(" {letter}  {does}"), style)
    });
    let blank = (String::new(), paint::plain());
    let shown = paste.text.lines().take(area.height).map(|line| {
        let line = line.replace('\t', "    ");
        (format!(" │ {line}"), paint::dim())
    });
    let lines = choices.chain([blank]).chain(shown).collect();
    draw_lines(printer, area, &Lines { heading, lines, seen: 0 });
}
