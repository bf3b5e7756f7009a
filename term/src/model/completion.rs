//! What Tab offers for the word before the cursor.

use parlor_protocol::id::RoomId;

/// The words that are offered, and which of them is in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Where the word begins in the input.
    pub(crate) from: usize,
    /// What may stand there, never nothing.
    pub(crate) candidates: Vec<Candidate>,
    /// Which of them does.
    pub(crate) chosen: usize,
    /// Text and cursor of the input with it. Where they are others, something was changed since.
    pub(crate) result: (String, usize),
}

/// Something that may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// What is shown of it; untrusted.
    pub(crate) shown: String,
    /// What it puts in; untrusted.
    pub(crate) inserted: String,
}

/// A room that was heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Its ID.
    pub(crate) id: RoomId,
    /// Its title; untrusted.
    pub(crate) title: String,
    /// How it may be named.
    pub(crate) called_by: CalledBy,
}

/// How a room that one is not in may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CalledBy {
    /// By its title, as everybody can.
    Title,
    /// By its ID alone: it may be private.
    Id,
}
