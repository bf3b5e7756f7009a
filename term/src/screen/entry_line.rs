//! The input line as it is drawn: wrapped at any cluster, at most six rows, with the caret in sight.

use parlor_protocol::text::printable;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::paint::{self, Printer};
use super::panes::Area;
use crate::model::Input;
use crate::theme::Role;

/// The most rows the input takes.
const ROWS_MAX: usize = 6;
/// What stands before the first row; the others are indented as far.
const PROMPT: &str = " > ";

/// The input, broken into rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EntryLine {
    rows: Vec<String>,
    caret: (usize, usize),
    indent: usize,
    top: usize,
}

impl EntryLine {
    /// Breaks the input into rows of `width` columns, and keeps the caret among those that are
    /// seen. The caret may stand behind the last column's character only on a row of its own.
    pub(super) fn arrange(&mut self, input: &Input, width: usize, height_max: usize) {
        // A screen too narrow for the prompt does without.
        self.indent = if width >= 12 { PROMPT.len() } else { 0 };
        let room = width.saturating_sub(self.indent).max(1);
        self.rows.clear();
        let (mut row, mut used, mut caret) = (String::new(), 0, None);
        for (at, cluster) in input.text().grapheme_indices(true) {
            if at == input.cursor() {
                caret = Some((used, self.rows.len()));
            }
            if cluster == "\n" {
                self.rows.push(std::mem::take(&mut row));
                used = 0;
                continue;
            }
            let mut shown = printable(cluster);
            if shown.width() > room {
                shown = "\u{fffd}".into();
            }
            used += shown.width();
            row.push_str(&shown);
            if used >= room {
                self.rows.push(std::mem::take(&mut row));
                used = 0;
            }
        }
        let caret = caret.unwrap_or((used, self.rows.len()));
        self.rows.push(row);
        self.caret = caret;
        let height = self.height(height_max);
        self.top = self.top.clamp((caret.1 + 1).saturating_sub(height), caret.1);
        self.top = self.top.min(self.rows.len() - height.min(self.rows.len()));
    }

    /// How many rows are seen where there is room for `most`.
    pub(super) fn height(&self, most: usize) -> usize {
        self.rows.len().clamp(1, most.clamp(1, ROWS_MAX))
    }

    /// Where the caret stands in an area.
    pub(super) fn caret(&self, area: Area) -> Option<(usize, usize)> {
        let (x, row) = self.caret;
        let x = (area.x + self.indent + x).min(area.x + area.width.saturating_sub(1));
        let row = row.checked_sub(self.top).filter(|&row| row < area.height)?;
        Some((x, area.y + row))
    }

    pub(super) fn draw(&self, printer: &Printer, area: Area) {
        if self.indent > 0 && self.top == 0 {
            paint::styled(printer, (area.x, area.y), area.width, PROMPT, Role::Prompt);
        }
        let room = area.width.saturating_sub(self.indent);
        for (row, line) in self.rows.iter().skip(self.top).take(area.height).enumerate() {
            paint::text(printer, (area.x + self.indent, area.y + row), room, line);
        }
    }
}
