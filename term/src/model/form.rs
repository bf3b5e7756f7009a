//! What is filled in before something is asked of the server.

use parlor_protocol::id::RoomId;

use super::{AskId, Input};

/// Fields under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// What is done with what they hold.
    pub(crate) purpose: Purpose,
    /// The fields, never none.
    pub(crate) fields: Vec<Field>,
    /// Which of them is being filled in.
    pub(crate) at: usize,
    /// What is wrong with what they hold, in a sentence.
    pub(crate) error: Option<String>,
    /// The question to the server that is not answered.
    pub(crate) asked: Option<AskId>,
}

/// What a form is for. All titles and names in it are untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To enter a room by the ID of an invite.
    Join,
    /// To ask to come into a room.
    Request {
        /// Its ID or its title.
        room: String,
        /// What it is called.
        title: String,
    },
    /// To make a room.
    Create,
    /// To turn a request down.
    Deny(Whom),
    /// To put a member out.
    Kick(Whom),
    /// To keep a user out.
    Ban(Whom),
    /// To invite a user.
    Invite(RoomId),
    /// To make a user a member.
    Add(RoomId),
}

/// A user, as far as a room is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whom {
    /// The room.
    pub(crate) room: RoomId,
    /// The user; empty where a field asks for the name.
    pub(crate) user: String,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it is for, in a word or two.
    pub(crate) label: &'static str,
    /// What it holds.
    pub(crate) value: Value,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Text of one line.
    Text(Input),
    /// One of several, each told in a few words.
    Choice {
        /// All of them.
        of: &'static [&'static str],
        /// Which.
        chosen: usize,
    },
}

impl Form {
    /// A form with empty fields.
    pub(crate) fn new(purpose: Purpose) -> Self {
        const FINDS: &[&str] =
            &["public: anyone can find it", "private: known only to whom you invite"];
        const ENTERS: &[&str] = &["ask: an admin lets people in", "open: anyone may enter"];
        let choice = |of| Value::Choice { of, chosen: 0 };
        let text = || Value::Text(Input::default());
        let field = |label, value| Field { label, value };
        let fields = match &purpose {
            Purpose::Join => vec![field("ID or title", text())],
            Purpose::Request { .. } => vec![field("Reason", text())],
            Purpose::Create => vec![
                field("Title", text()),
                field("Found by", choice(FINDS)),
                field("Entry", choice(ENTERS)),
            ],
            Purpose::Deny(_) | Purpose::Kick(_) => vec![field("Reason", text())],
            Purpose::Ban(whom) if whom.user.is_empty() => {
                vec![field("User", text()), field("Reason", text()), field("For", text())]
            }
            Purpose::Ban(_) => vec![field("Reason", text()), field("For", text())],
            Purpose::Invite(_) | Purpose::Add(_) => vec![field("User", text())],
        };
        Self { purpose, fields, at: 0, error: None, asked: None }
    }

    /// The text of a field, without the white space around it; empty where there is no such field.
    pub(crate) fn text(&self, label: &str) -> &str {
        let field = self.fields.iter().find(|field| field.label == label);
        match field.map(|field| &field.value) {
            Some(Value::Text(input)) => input.text().trim(),
            Some(Value::Choice { .. }) | None => "",
        }
    }

    /// The choice of a field, as a place among all of them.
    pub(crate) fn choice(&self, label: &str) -> usize {
        let field = self.fields.iter().find(|field| field.label == label);
        match field.map(|field| &field.value) {
            Some(Value::Choice { chosen, .. }) => *chosen,
            Some(Value::Text(_)) | None => 0,
        }
    }
}
