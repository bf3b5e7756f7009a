//! The question what to do with a paste of many lines.

use super::{Area, Lines, draw_lines};
use crate::keymap::{Action, Keymap};
use crate::model::{PASTE_CHOICES, Paste};
use crate::screen::paint::Printer;
use crate::screen::popup::hinted;
use crate::theme::Role;
use crate::update::line_count;

pub(in crate::screen) fn draw_paste(printer: &Printer, area: Area, keymap: &Keymap, paste: &Paste) {
    let lines = line_count(&paste.text);
    let into = match paste.title.as_str() {
        "" => String::new(),
        title => format!(" into {title}"),
    };
    let keys = hinted([keymap.hint(Action::Enter, "takes"), keymap.close_hint("cancels")]);
    let heading = format!("{lines} LINES PASTED{into}  {keys}");
    let choices = PASTE_CHOICES.iter().map(|(choice, letter, does)| {
        let role = if *choice == paste.choice { Role::Chosen } else { Role::Text };
        (format!(" {letter}  {does}"), role)
    });
    let blank = (String::new(), Role::Text);
    let shown = paste.text.lines().take(area.height).map(|line| {
        let line = line.replace('\t', "    ");
        (format!(" │ {line}"), Role::Faint)
    });
    let lines = choices.chain([blank]).chain(shown).collect();
    draw_lines(printer, area, &Lines { heading, lines, seen: 0 });
}
