//! Lines under a heading, and how they are scrolled: whatever does not fit is brought into sight by
//! the keys that move through it.

use std::ops::Range;

use crate::model::Step;
use crate::screen::paint::{self, Printer};
use crate::screen::panes::Area;
use crate::theme::Role;

/// So many rows of what is chosen are seen before all keys are.
const CHOSEN_ROWS_MIN: usize = 2;

/// A line.
pub(in crate::screen) struct Line {
    pub(super) text: String,
    pub(super) role: Role,
    /// Which row of the list it is of.
    pub(super) of: Option<usize>,
}

impl Line {
    pub(super) fn new(text: String, role: Role) -> Self {
        Self { text, role, of: None }
    }
}

/// Lines under a heading, and what stands below them.
pub(in crate::screen) struct Sheet {
    pub(super) heading: String,
    pub(super) lines: Vec<Line>,
    /// The lines that have to be seen.
    pub(super) seen: Range<usize>,
    pub(super) below: Vec<Line>,
}

impl Sheet {
    /// How many rows of a list are a page of it: as many as are seen beside the chosen one.
    pub(super) fn page(&self, area: Area) -> usize {
        rows(area, self).saturating_sub(self.seen.len()).max(1)
    }
}

/// How far the lines that have to be seen are scrolled, where they do not fit.
#[derive(Debug, Default)]
pub(in crate::screen) struct SheetView {
    /// Of which popup and which row.
    of: (usize, Option<usize>),
    /// By how many lines.
    by: usize,
}

impl SheetView {
    /// Begins anew where something else is to be seen than before.
    pub(in crate::screen) fn look(&mut self, popups: usize, sheet: Option<&Sheet>) {
        let row =
            sheet.and_then(|sheet| sheet.lines.get(sheet.seen.start)).and_then(|line| line.of);
        if self.of != (popups, row) {
            *self = Self { of: (popups, row), by: 0 };
        }
    }

    /// Scrolls by a line within what has to be seen; `false` where there is nothing more that way.
    pub(in crate::screen) fn scroll(&mut self, area: Area, sheet: &Sheet, step: Step) -> bool {
        let most = sheet.seen.len().saturating_sub(rows(area, sheet));
        let by = match step {
            Step::Up => self.by.min(most).checked_sub(1),
            Step::Down => Some(self.by + 1).filter(|by| *by <= most),
        };
        self.by = by.unwrap_or(self.by);
        by.is_some()
    }

    /// Which row of the list is there.
    pub(in crate::screen) fn row_at(
        &self,
        area: Area,
        sheet: &Sheet,
        (x, y): (usize, usize),
    ) -> Option<usize> {
        let row = y.checked_sub(area.y + 1)?;
        let is_in = row < rows(area, sheet) && (area.x..area.x + area.width).contains(&x);
        let line = sheet.lines.get(self.top(area, sheet) + row)?;
        line.of.filter(|_| is_in)
    }

    pub(super) fn draw(&self, printer: &Printer, area: Area, sheet: &Sheet) {
        if area.height == 0 {
            return;
        }
        let heading = paint::clipped(&sheet.heading, area.width);
        paint::styled(printer, (area.x, area.y), area.width, &heading, Role::Heading);
        let rows = rows(area, sheet);
        let top = self.top(area, sheet);
        for (row, line) in sheet.lines.iter().skip(top).take(rows).enumerate() {
            let text = paint::clipped(&line.text, area.width);
            let at = (area.x, area.y + 1 + row);
            paint::styled(printer, at, area.width, &text, line.role);
            // There is more of what is chosen above or below.
            let last = area.x + area.width.saturating_sub(1);
            let place = top + row;
            if row + 1 == rows
                && (sheet.seen.start..sheet.seen.end.saturating_sub(1)).contains(&place)
            {
                paint::styled(printer, (last, at.1), 1, "↓", line.role);
            } else if row == 0 && (sheet.seen.start + 1..sheet.seen.end).contains(&place) {
                paint::styled(printer, (last, at.1), 1, "↑", line.role);
            }
        }
        let below = (area.height - 1).saturating_sub(rows);
        for (row, line) in sheet.below.iter().take(below).enumerate() {
            let at = (area.x, area.y + 1 + rows + row);
            let text = paint::clipped(&line.text, area.width);
            paint::styled(printer, at, area.width, &text, line.role);
        }
    }

    /// The first line that is seen.
    fn top(&self, area: Area, sheet: &Sheet) -> usize {
        let rows = rows(area, sheet);
        let surplus = sheet.seen.len().saturating_sub(rows);
        if surplus > 0 {
            return sheet.seen.start + self.by.min(surplus);
        }
        sheet.seen.end.saturating_sub(rows)
    }
}

/// How many rows the lines have. They come first, then the keys below them.
fn rows(area: Area, sheet: &Sheet) -> usize {
    let all = area.height.saturating_sub(1);
    let lines = sheet.seen.len().clamp(1, CHOSEN_ROWS_MIN);
    all - sheet.below.len().min(all.saturating_sub(lines))
}
