//! What is kept for the administrator: one record of each event, login and failure that matters.
//!
//! A record is one line of JSON in which nothing that a user wrote stands raw, so no name can end
//! it, forge another or steer a terminal. Records become rows of the store's outbox in the
//! transaction of their events, and lines of the audit file from there ([`AuditLog`]). Messages
//! are not audited, and nothing in a record says what was written.

mod json;
mod log;

use std::sync::Arc;

use parlor_protocol::id::{DeviceId, RoomId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;

pub(crate) use self::log::{AuditError, AuditLog};
use crate::rooms::{
    Actor, Command, DirectoryEvent, Event, Happening, RoomEvent, Standing, UserEvent, UserId,
};

/// Who stands as `actor` for whoever runs the daemon's subcommands. No user name has a bracket.
const CONSOLE: &str = "(console)";

/// Where a command came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Who asked.
    pub(crate) actor: Actor,
    /// The address of their connection; `None` at the console.
    pub(crate) address: Option<Arc<str>>,
    /// The number of their session since the daemon started; `None` at the console.
    pub(crate) session: Option<u64>,
    /// The system's user at the other end of the control socket, where the kernel tells.
    pub(crate) uid: Option<u32>,
}

impl Origin {
    /// A subcommand run by this user of the system.
    pub(crate) fn console(uid: Option<u32>) -> Self {
        Self { actor: Actor::Console, address: None, session: None, uid }
    }
}

/// How someone logged in, or tried to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginBy {
    /// By password.
    Password,
    /// By a device key; `None` for one that is not the user's.
    Device(Option<DeviceId>),
}

/// One record, not yet numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditRecord {
    at: Timestamp,
    action: &'static str,
    /// `None` for what was done.
    refused: Option<Code>,
    actor: Option<String>,
    subject: Option<String>,
    room: Option<RoomId>,
    address: Option<Arc<str>>,
    session: Option<u64>,
    details: Vec<(&'static str, Detail)>,
}

/// What else there is to say: a name of ours and a value of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Detail {
    Text(String),
    Number(u64),
    Null,
}

/// The record of an event, `None` for those that are not audited. `name_of` knows everybody who is
/// in the event, so ask after the event has been applied.
pub(crate) fn audit<'a>(
    event: &Event,
    origin: &Origin,
    name_of: impl Fn(UserId) -> Option<&'a UserName>,
) -> Option<AuditRecord> {
    let name = |user: UserId| {
        name_of(user).map_or_else(|| format!("({})", user.0), |name| name.as_str().to_owned())
    };
    let record = |action| AuditRecord::new(event.at, action, origin, &name);
    let record = match &event.what {
        Happening::Directory(event) => match event {
            DirectoryEvent::UserAdded { user: _, name, standing } => {
                let action = match origin.actor {
                    Actor::Stranger => "signed-up",
                    Actor::User(_) | Actor::Console => "user-added",
                };
                let standing = match standing {
                    Standing::Ordinary => "ordinary",
                    Standing::Operator => "operator",
                };
                record(action).about(name.as_str()).text("standing", standing)
            }
            // The room's own events tell of these.
            DirectoryEvent::TitleTaken { .. } | DirectoryEvent::TitleFreed { .. } => return None,
        },
        Happening::Room(room, event) => match event {
            RoomEvent::Created { title, owner } => {
                record("room-created").about(name(*owner)).text("title", title.as_str())
            }
            RoomEvent::Messaged { .. } => return None,
            RoomEvent::Joined { user } => record("joined").about(name(*user)),
            RoomEvent::Departed { user, how } => {
                record("departed").about(name(*user)).text("how", how.word())
            }
            RoomEvent::RoleChanged { user, role } => {
                record("role-changed").about(name(*user)).text("role", role.word())
            }
            RoomEvent::Terminated => record("room-terminated"),
        }
        .within(*room),
        Happening::User(user, event) => match event {
            UserEvent::PasswordSet(_) => record("password-set"),
            UserEvent::DeviceAdded { id, device } => record("device-added")
                .number("device", id.0)
                .text("name", device.name.as_str())
                .text("public_key", device.public_key.to_string()),
            UserEvent::DeviceRevoked { id } => record("device-revoked").number("device", id.0),
        }
        .about(name(*user)),
    };
    Some(record)
}

/// The record of a subcommand that was refused. What users are refused is not audited: they could
/// fill the disk with it.
pub(crate) fn audit_refusal<'a>(
    command: &Command,
    code: Code,
    at: Timestamp,
    origin: &Origin,
    name_of: impl Fn(UserId) -> Option<&'a UserName>,
) -> Option<AuditRecord> {
    match origin.actor {
        Actor::Console => {}
        Actor::Stranger | Actor::User(_) => return None,
    }
    let name = |user: UserId| name_of(user).map_or_else(String::new, ToString::to_string);
    let record = |action| AuditRecord::new(at, action, origin, &name);
    let record = match command {
        Command::AddUser { name, .. } => record("user-added").about(name.as_str()),
        Command::SetPassword { user, .. } => record("password-set").about(name(*user)),
        Command::SignUp { .. }
        | Command::AddDevice { .. }
        | Command::RevokeDevice { .. }
        | Command::CreateRoom { .. }
        | Command::JoinRoom { .. }
        | Command::LeaveRoom { .. }
        | Command::Send { .. } => return None,
    };
    Some(record.refused(code))
}

impl AuditRecord {
    /// A login that succeeded; `user` is who logged in.
    pub(crate) fn logged_in(at: Timestamp, origin: &Origin, user: &UserName, by: LoginBy) -> Self {
        let actor = Some(user.to_string());
        Self { actor, ..Self::of_session(at, "login", origin, user).by(by) }
    }

    /// A login that failed; `user` is the name that was tried, known or not.
    pub(crate) fn login_failed(
        at: Timestamp,
        origin: &Origin,
        user: &UserName,
        by: LoginBy,
    ) -> Self {
        Self::of_session(at, "login", origin, user).by(by).refused(Code::BadCredentials)
    }

    /// The end of a session in which `user` was logged in.
    pub(crate) fn session_ended(at: Timestamp, origin: &Origin, user: &UserName) -> Self {
        Self::of_session(at, "session-ended", origin, user)
    }

    /// As JSON without a serial: the store numbers records, and the audit file shows the numbers.
    pub(crate) fn to_json(&self) -> String {
        let mut object = json::Object::new();
        object.text("at", Some(&json::rfc3339(self.at)));
        object.text("action", Some(self.action));
        object.text("outcome", Some(if self.refused.is_some() { "refused" } else { "done" }));
        object.text("actor", self.actor.as_deref());
        object.text("subject", self.subject.as_deref());
        object.text("room", self.room.map(|room| room.to_string()).as_deref());
        object.text("address", self.address.as_deref());
        object.number("session", self.session);
        object.nested("details", |details| {
            if let Some(code) = self.refused {
                details.text("code", Some(code.word()));
            }
            for (key, detail) in &self.details {
                match detail {
                    Detail::Text(text) => details.text(key, Some(text)),
                    Detail::Number(number) => details.number(key, Some(*number)),
                    Detail::Null => details.text(key, None),
                }
            }
        });
        object.end()
    }

    fn new(
        at: Timestamp,
        action: &'static str,
        origin: &Origin,
        name: &impl Fn(UserId) -> String,
    ) -> Self {
        let mut details = Vec::new();
        let actor = match origin.actor {
            Actor::Stranger => None,
            Actor::User(user) => Some(name(user)),
            Actor::Console => {
                let uid = origin.uid.map_or(Detail::Null, |uid| Detail::Number(uid.into()));
                details.push(("uid", uid));
                Some(CONSOLE.to_owned())
            }
        };
        let (address, session) = (origin.address.clone(), origin.session);
        Self {
            at,
            action,
            refused: None,
            actor,
            subject: None,
            room: None,
            address,
            session,
            details,
        }
    }

    /// In a session it is its user who acts.
    fn of_session(at: Timestamp, action: &'static str, origin: &Origin, user: &UserName) -> Self {
        Self::new(at, action, origin, &|_| user.to_string()).about(user.as_str())
    }

    fn by(self, by: LoginBy) -> Self {
        match by {
            LoginBy::Password => self.text("by", "password"),
            LoginBy::Device(None) => self.text("by", "device"),
            LoginBy::Device(Some(id)) => self.text("by", "device").number("device", id.0),
        }
    }

    fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    fn within(mut self, room: RoomId) -> Self {
        self.room = Some(room);
        self
    }

    fn refused(mut self, code: Code) -> Self {
        self.refused = Some(code);
        self
    }

    fn text(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.details.push((key, Detail::Text(text.into())));
        self
    }

    fn number(mut self, key: &'static str, number: impl Into<u64>) -> Self {
        self.details.push((key, Detail::Number(number.into())));
        self
    }
}

#[cfg(test)]
mod tests;
