//! What was changed in the input line, so that it can be taken back and done again; bounded.

use std::collections::VecDeque;

/// The most changes that can be taken back.
const CHANGES_MAX: usize = 200;
/// The most bytes that they hold together: four times the longest text.
const BYTES_MAX: usize = 4 * super::INPUT_BYTES_MAX;

/// A piece of the text that became another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Where it began.
    pub(super) at: usize,
    /// What stood there.
    pub(super) removed: String,
    /// What stands there now.
    pub(super) inserted: String,
    /// Where the cursor was before.
    pub(super) cursor: usize,
    /// Whether it goes together with its neighbours.
    pub(super) size: Size,
}

/// Whether a change goes together with its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// One key's worth: a word that is typed is taken back as a whole.
    Stroke,
    /// A step of its own.
    Whole,
}

/// The changes, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Undo {
    done: VecDeque<Change>,
    undone: Vec<Change>,
}

impl Undo {
    /// Notes what was changed. What had been taken back cannot be done again from here on.
    pub(super) fn record(&mut self, change: Change) {
        self.undone.clear();
        if let Some(last) = self.done.back_mut()
            && last.takes_in(&change)
        {
            return;
        }
        self.done.push_back(change);
        let size = |change: &Change| change.removed.len() + change.inserted.len();
        let mut bytes: usize = self.done.iter().map(size).sum();
        while self.done.len() > CHANGES_MAX || bytes > BYTES_MAX {
            bytes -= self.done.pop_front().as_ref().map_or(bytes, size);
        }
    }

    /// The last change that is not taken back, which from now on is.
    pub(super) fn back(&mut self) -> Option<&Change> {
        let change = self.done.pop_back()?;
        self.undone.push(change);
        self.undone.last()
    }

    /// The last change that was taken back, which from now on is not.
    pub(super) fn forth(&mut self) -> Option<&Change> {
        let change = self.undone.pop()?;
        self.done.push_back(change);
        self.done.back()
    }
}

impl Change {
    /// Grows by a stroke that goes on where this one ended, and tells whether it did.
    fn takes_in(&mut self, next: &Self) -> bool {
        if self.size != Size::Stroke || next.size != Size::Stroke {
            return false;
        }
        if self.removed.is_empty() && next.removed.is_empty() {
            let goes_on = next.at == self.at + self.inserted.len();
            let new_word = self.inserted.ends_with(char::is_whitespace)
                && !next.inserted.starts_with(char::is_whitespace);
            if goes_on && !new_word {
                self.inserted.push_str(&next.inserted);
            }
            return goes_on && !new_word;
        }
        if !self.inserted.is_empty() || !next.inserted.is_empty() {
            return false;
        }
        if next.at == self.at {
            self.removed.push_str(&next.removed);
            return true;
        }
        let goes_on = next.at + next.removed.len() == self.at;
        if goes_on {
            self.removed.insert_str(0, &next.removed);
            self.at = next.at;
        }
        goes_on
    }
}
