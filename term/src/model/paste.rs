//! A paste of several lines that waits for a word on what to do with it.

use parlor_protocol::id::RoomId;

/// From this many lines on a paste is asked about.
pub(crate) const LINES_ASKED_MIN: usize = 4;

/// The paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paste {
    /// What was pasted.
    pub(crate) text: String,
    /// The room that was shown then, wherever one has gone since.
    pub(crate) room: Option<RoomId>,
    /// That room's title; untrusted.
    pub(crate) title: String,
    /// What is chosen.
    pub(crate) choice: PasteChoice,
}

/// What can be done with a paste.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasteChoice {
    /// Send it as one message.
    Send,
    /// Put it into the input.
    Edit,
    /// Put it into the input as one line.
    Join,
    /// Drop it.
    Cancel,
}

/// The choices in the order in which they are shown, with their letters and what they do.
pub(crate) const PASTE_CHOICES: [(PasteChoice, char, &str); 4] = [
    (PasteChoice::Send, 's', "send as one message"),
    (PasteChoice::Edit, 'e', "edit first"),
    (PasteChoice::Join, 'j', "join the lines, then edit"),
    (PasteChoice::Cancel, 'c', "cancel"),
];
