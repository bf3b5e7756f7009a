//! What is filled in before something is asked of the server.

use parlor_protocol::id::RoomId;

use super::{AskId, Input, Secret};

/// The most forms that were closed with something in them and come back as they were.
pub(crate) const FORMS_MAX: usize = 16;

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
    /// To change one's password.
    Password,
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
    /// Text that nobody may see.
    Secret(Secret),
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
            Purpose::Password => ["Old password", "New password", "The same again"]
                .map(|label| field(label, Value::Secret(Secret::default())))
                .into(),
        };
        Self { purpose, fields, at: 0, error: None, asked: None }
    }

    /// The text of a field, without the white space around it; empty where there is no such field.
    pub(crate) fn text(&self, label: &str) -> &str {
        let field = self.fields.iter().find(|field| field.label == label);
        match field.map(|field| &field.value) {
            Some(Value::Text(input)) => input.text().trim(),
            Some(Value::Choice { .. } | Value::Secret(_)) | None => "",
        }
    }

    /// What a field holds that nobody may see; empty where there is no such field.
    pub(crate) fn secret(&self, label: &str) -> Secret {
        let field = self.fields.iter().find(|field| field.label == label);
        match field.map(|field| &field.value) {
            Some(Value::Secret(secret)) => secret.clone(),
            Some(Value::Text(_) | Value::Choice { .. }) | None => Secret::default(),
        }
    }

    /// What was typed into it, field by field, apart from secrets.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = self.fields.iter().filter_map(|field| match &field.value {
            Value::Text(input) => Some(input.text()),
            Value::Secret(_) | Value::Choice { .. } => None,
        });
        texts.filter(|text| !text.trim().is_empty())
    }

    /// The choice of a field, as a place among all of them.
    pub(crate) fn choice(&self, label: &str) -> usize {
        let field = self.fields.iter().find(|field| field.label == label);
        match field.map(|field| &field.value) {
            Some(Value::Choice { chosen, .. }) => *chosen,
            Some(Value::Text(_) | Value::Secret(_)) | None => 0,
        }
    }
}

impl Purpose {
    /// The room of one's own that it is about.
    pub(crate) fn room(&self) -> Option<RoomId> {
        match self {
            Self::Deny(whom) | Self::Kick(whom) | Self::Ban(whom) => Some(whom.room),
            Self::Invite(room) | Self::Add(room) => Some(*room),
            Self::Join | Self::Request { .. } | Self::Create | Self::Password => None,
        }
    }
}
