//! What was cut out of the input line, newest first, to be put in again.

use std::collections::VecDeque;

/// The most pieces that are kept. Each is at most as long as the input.
const PIECES_MAX: usize = 16;

/// The pieces. All rooms share them, so that a text can be moved from one to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KillRing {
    pieces: VecDeque<String>,
}

/// Where a piece stood beside the one that was cut before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Before it.
    Left,
    /// Behind it.
    Right,
}

impl KillRing {
    /// Keeps a piece.
    pub(crate) fn keep(&mut self, piece: String) {
        if !piece.is_empty() {
            self.pieces.truncate(PIECES_MAX - 1);
            self.pieces.push_front(piece);
        }
    }

    /// Adds to the newest piece what was cut right after it.
    pub(crate) fn join(&mut self, piece: &str, side: Side) {
        match (self.pieces.front_mut(), side) {
            (Some(newest), Side::Left) => newest.insert_str(0, piece),
            (Some(newest), Side::Right) => newest.push_str(piece),
            (None, _) => self.keep(piece.to_owned()),
        }
    }

    /// A piece by its age, round and round; `None` where there is none at all.
    pub(crate) fn piece(&self, age: usize) -> Option<&str> {
        let place = age.checked_rem(self.pieces.len())?;
        self.pieces.get(place).map(String::as_str)
    }
}
