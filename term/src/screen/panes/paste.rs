//! The question what to do with a paste of many lines.

use super::Area;
use crate::keymap::{Action, Keymap, Scroll};
use crate::model::{PASTE_CHOICES, Paste};
use crate::screen::paint::{self, Printer};
use crate::screen::popup::hinted;
use crate::theme::Role;
use crate::update::line_count;

/// Where there are fewer rows than this, the room's title gives way, so that some of the paste is seen.
const ROWS_FEW: usize = 10;

/// How far the paste is scrolled below the choices.
#[derive(Debug, Default)]
pub(in crate::screen) struct PasteView {
    top: usize,
}

impl PasteView {
    /// Begins anew where nothing is asked.
    pub(in crate::screen) fn look(&mut self, paste: Option<&Paste>) {
        if paste.is_none() {
            self.top = 0;
        }
    }

    /// Scrolls the paste.
    pub(in crate::screen) fn scroll(&mut self, area: Area, paste: &Paste, scroll: Scroll) {
        let (lines, rows) = (shown(area, paste), rows(area, paste));
        let last = lines.len().saturating_sub(rows);
        let page = rows.max(1);
        self.top = match scroll {
            Scroll::PageUp => self.top.min(last).saturating_sub(page),
            Scroll::PageDown => (self.top + page).min(last),
            Scroll::First => 0,
            Scroll::Last => last,
            Scroll::NextMention | Scroll::PreviousMention => self.top,
        };
    }

    pub(in crate::screen) fn draw(
        &self,
        printer: &Printer,
        area: Area,
        keymap: &Keymap,
        paste: &Paste,
    ) {
        let (lines, rows) = (shown(area, paste), rows(area, paste));
        let top = self.top.min(lines.len().saturating_sub(rows));
        let more = keymap.hint(Action::Scroll(Scroll::PageDown), "more");
        let more = more.filter(|_| lines.len() > rows);
        let takes = keymap.hint(Action::Enter, "takes");
        let keys = hinted([takes, keymap.close_hint("cancels"), more]);
        let keys = (format!(" {keys}"), Role::Keys);
        let shown = lines.into_iter().skip(top).take(rows);
        let all = question(area, paste).into_iter().chain([keys]).chain(shown);
        for row in 0..area.height {
            paint::blank(printer, (area.x, area.y + row), area.width, Role::Text);
        }
        for (row, (line, role)) in all.take(area.height).enumerate() {
            paint::styled(printer, (area.x, area.y + row), area.width, &line, role);
        }
    }
}

/// How many rows are left for the paste itself.
fn rows(area: Area, paste: &Paste) -> usize {
    area.height.saturating_sub(question(area, paste).len() + 1)
}

/// What is asked, and the answers that there are.
fn question(area: Area, paste: &Paste) -> Vec<(String, Role)> {
    let into = match paste.title.as_str() {
        "" => String::new(),
        title => format!(" into {title}"),
    };
    let heading = format!("{} LINES PASTED{into}", line_count(&paste.text));
    let heading = if area.height < ROWS_FEW {
        vec![paint::clipped(&heading, area.width).into_owned()]
    } else {
        paint::wrap(&heading, area.width, area.width)
    };
    let mut lines: Vec<_> = heading.into_iter().map(|line| (line, Role::Heading)).collect();
    lines.extend(PASTE_CHOICES.iter().map(|(choice, letter, does)| {
        let role = if *choice == paste.choice { Role::Chosen } else { Role::Text };
        (format!(" {letter}  {does}"), role)
    }));
    lines
}

/// The lines of the paste.
fn shown(area: Area, paste: &Paste) -> Vec<(String, Role)> {
    let room = area.width.saturating_sub(3);
    let lines = paint::wrap(paste.text.trim_end_matches('\n'), room, room).into_iter();
    lines.map(|line| (format!(" │ {line}"), Role::Faint)).collect()
}
