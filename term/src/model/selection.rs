//! The messages that are chosen in a room, to be copied.

use std::ops::RangeInclusive;

use super::timeline::{EntryId, Timeline, What};

/// A message, and perhaps all from another one to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The message that moves.
    pub(crate) at: EntryId,
    /// The other end, where there is one.
    pub(crate) anchor: Option<EntryId>,
}

impl Selection {
    /// Which entries are chosen; `None` where they are gone.
    pub(crate) fn range(&self, timeline: &Timeline) -> Option<RangeInclusive<usize>> {
        let at = place(timeline, self.at)?;
        let anchor = self.anchor.and_then(|anchor| place(timeline, anchor)).unwrap_or(at);
        Some(at.min(anchor)..=at.max(anchor))
    }

    /// The selection one message up or down. Behind the last message nothing is chosen, and
    /// before the first there is nothing to go to.
    pub(crate) fn moved(from: Option<Self>, timeline: &Timeline, step: Step) -> Option<Self> {
        let entries = timeline.entries();
        let here = from.and_then(|from| place(timeline, from.at));
        let is_message = |place: &usize| matches!(entries[*place].what, What::Said(_));
        let next = match step {
            Step::Up => (0..here.unwrap_or(entries.len())).rev().find(is_message).or(here),
            Step::Down => (here? + 1..entries.len()).find(is_message),
        };
        let anchor = from.and_then(|from| from.anchor);
        next.map(|place| Self { at: entries[place].id, anchor })
    }
}

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the message before.
    Up,
    /// To the message behind.
    Down,
}

fn place(timeline: &Timeline, id: EntryId) -> Option<usize> {
    timeline.entries().iter().position(|entry| entry.id == id)
}
