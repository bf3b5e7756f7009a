//! The help: what every key and every command does.

use super::sheet::Line;
use super::{Sheet, hinted, indented};
use crate::keymap::{Action, Scroll};
use crate::model::{Model, Reach, Step};
use crate::screen::paint;
use crate::screen::panes::Area;
use crate::theme::Role;
use crate::update::COMMANDS;

/// How many columns at least say what a key or a command does, where that stands beside it.
const COLUMNS_MIN: usize = 34;

/// The help from an entry on.
pub(super) fn sheet(width: usize, model: &Model, top: usize) -> Sheet {
    let keymap = &model.preferences.keymap;
    let scrolls = [
        Action::Go(Reach::Up),
        Action::Go(Reach::Down),
        Action::Scroll(Scroll::PageUp),
        Action::Scroll(Scroll::PageDown),
    ];
    let heading = |scrolls: &[Action]| {
        let keys = [keymap.close_hint("closes"), keymap.hints(scrolls, "scroll")];
        format!(" HELP  {}", hinted(keys))
    };
    let whole = heading(&scrolls);
    let heading = if paint::columns(&whole) > width { heading(&scrolls[..2]) } else { whole };
    let lines = entries(width, model).into_iter().skip(top).flatten().collect();
    // The line at the top is asked for, not one that has to be seen.
    Sheet { heading, lines, seen: 0..0, below: Vec::new() }
}

/// How many entries fit the screen, from the one at the top on or before it, but one at least; 0
/// where none is unseen that way.
pub(super) fn page(area: Area, model: &Model, top: usize, step: Step) -> usize {
    let heights: Vec<usize> = entries(area.width, model).iter().map(Vec::len).collect();
    let (before, behind) = heights.split_at(top.min(heights.len()));
    let mut left = area.height.saturating_sub(1);
    let fits = |height: &&usize| {
        let rest = left.checked_sub(**height);
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    match step {
        Step::Up => before.iter().rev().take_while(fits).count().max(1),
        Step::Down => match behind.iter().take_while(fits).count() {
            all if all == behind.len() => 0,
            some => some.max(1),
        },
    }
}

/// The lines of each entry: keys, one between that is empty, commands.
fn entries(width: usize, model: &Model) -> Vec<Vec<Line>> {
    let keys = model.preferences.keymap.help();
    let commands = COMMANDS.iter().map(|one| (format!("{} {}", one.name, one.takes), one.help));
    let pairs: Vec<_> = keys.into_iter().chain([(String::new(), "")]).chain(commands).collect();
    let widest = pairs.iter().map(|(keys, _)| paint::columns(keys)).max().unwrap_or(0);
    let beside = widest + 3 + COLUMNS_MIN <= width;
    let entry = |(keys, does): &(String, &str)| {
        let mut lines = Vec::new();
        if beside {
            let room = width.saturating_sub(widest + 4);
            let gap = " ".repeat(widest - paint::columns(keys));
            let mut head = format!(" {keys}{gap}  ");
            for does in paint::wrap(does, room, room) {
                lines.push(Line::new(format!("{head}{does}"), Role::Text));
                head = " ".repeat(widest + 3);
            }
        } else if !keys.is_empty() {
            lines.extend(indented(keys, width, Role::Keys));
            let room = width.saturating_sub(4);
            let does = paint::wrap(does, room, room).into_iter();
            lines.extend(does.map(|line| Line::new(format!("   {line}"), Role::Text)));
        }
        lines
    };
    pairs.iter().map(entry).collect()
}
