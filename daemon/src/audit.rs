//! What is kept for the administrator: one record of each event, login and failure that matters.
//!
//! A record is one line of JSON in which nothing that a user wrote stands raw, so no name can end
//! it, forge another or steer a terminal. Records become rows of the store's outbox in the
//! transaction of their events, and lines of the audit file from there ([`AuditLog`]). Messages
//! are not audited, and nothing in a record says what was written.

mod actions;
mod chain;
mod copy;
mod dropping;
mod files;
mod json;
mod keeper;
mod lines;
mod log;
mod logins;
mod operators;
mod reading;
mod refusals;
mod roller;
mod subnet;
mod verify;

use parlor_protocol::id::{DeviceId, RoomId, Timestamp};
use parlor_protocol::refusal::Code;

pub(crate) use self::actions::ACTIONS;
use self::actions::{standing_changed, status_changed};
pub(crate) use self::chain::{Link, Sealed};
pub(crate) use self::copy::{Copied, Copying, copied};
pub(crate) use self::dropping::{Closed, News};
pub(crate) use self::files::{DIRECTORY, directory, has_records};
pub(crate) use self::json::rfc3339;
pub(crate) use self::keeper::{keep, pending};
pub(crate) use self::lines::Line;
pub(crate) use self::log::{AuditError, AuditLog, Row};
pub(crate) use self::logins::{
    bad_code, guessing, kept_out, logged_in, login_failed, session_ended,
};
pub(crate) use self::operators::{
    announced, disconnected, not_reloaded, nothing_named, overseen, reloaded,
};
pub(crate) use self::reading::{Awaited, READINGS_MAX, Reading};
pub(crate) use self::refusals::{not_operating, refusal};
pub(crate) use self::roller::Rolling;
pub(crate) use self::subnet::{Subnet, new_network};
pub(crate) use self::verify::{Fault, Verdict};
use crate::rooms::{
    Actor, DirectoryEvent, Event, Happening, RoomEvent, Standing, Suspicion, UserEvent, UserId,
    World,
};

/// Who stands as `actor` for what ends by time alone.
const CLOCK: &str = "(clock)";
/// Who stands as `actor` for whoever runs the daemon's subcommands. No user name has a bracket.
const CONSOLE: &str = "(console)";

/// How the action of every record begins that an administrator should look at.
pub(crate) const SUSPICIOUS: &str = "suspicious-";

/// Where a command came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin<'a> {
    /// A connection.
    Session {
        /// The address at its other end.
        address: &'a str,
        /// Its number since the daemon started.
        number: u64,
    },
    /// A subcommand.
    Console {
        /// The system's user who ran it, where the kernel tells.
        uid: Option<u32>,
    },
    /// The daemon itself.
    Within,
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
    address: Option<String>,
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

/// The record of an event, `None` for those that are not audited. The world has applied it
/// already, so that it knows everybody who is in it.
pub(crate) fn event(
    world: &World,
    actor: &Actor,
    event: &Event,
    origin: &Origin<'_>,
) -> Option<AuditRecord> {
    let record = |action| AuditRecord::new(event.at, action, origin).by_actor(world, actor);
    match &event.what {
        Happening::Directory(what) => directory_event(world, record, actor, what),
        Happening::Room(room, what) => {
            room_event(world, record, what).map(|record| record.within(*room))
        }
        Happening::User(user, what) => {
            user_event(world, record, what).map(|record| record.about(name_of(world, *user)))
        }
    }
}

fn directory_event(
    world: &World,
    record: impl Fn(&'static str) -> AuditRecord,
    actor: &Actor,
    event: &DirectoryEvent,
) -> Option<AuditRecord> {
    let record = match event {
        DirectoryEvent::UserAdded { user: _, name, standing, status } => {
            let action = match actor {
                Actor::Stranger => "signed-up",
                Actor::User(_) | Actor::Console | Actor::Clock => "user-added",
            };
            let record = record(action).about(name.as_str());
            record.text("standing", standing_word(*standing)).text("status", status.word())
        }
        DirectoryEvent::SignUpModeSet { mode } => {
            record("sign-up-mode-set").text("mode", mode.word())
        }
        // A code lets in whoever has it: it stands in no record.
        DirectoryEvent::CodeMade { code: _, terms } => record("code-made")
            .text("standing", standing_word(terms.standing))
            .number("uses", terms.uses),
        DirectoryEvent::CodeUsed { code: _, by } => record("code-used").about(name_of(world, *by)),
        DirectoryEvent::CodeEnded { code: _ } => record("code-ended"),
        // The room's own events tell of these; and a denial, of what is forgotten after it.
        DirectoryEvent::TitleTaken { .. }
        | DirectoryEvent::TitleFreed { .. }
        | DirectoryEvent::UserForgotten { .. } => return None,
    };
    Some(record)
}

/// Reasons and topics are for those who may read the room.
fn room_event(
    world: &World,
    record: impl Fn(&'static str) -> AuditRecord,
    event: &RoomEvent,
) -> Option<AuditRecord> {
    let name = |user: UserId| name_of(world, user);
    let record = match event {
        RoomEvent::Created { title, owner, visibility, entry } => record("room-created")
            .about(name(*owner))
            .text("title", title.as_str())
            .text("visibility", visibility.word())
            .text("entry", entry.word()),
        RoomEvent::Joined { user } => record("joined").about(name(*user)),
        RoomEvent::Departed { user, how, .. } => {
            record("departed").about(name(*user)).text("how", how.word())
        }
        RoomEvent::RoleChanged { user, role } => {
            record("role-changed").about(name(*user)).text("role", role.word())
        }
        RoomEvent::Terminated => record("room-terminated"),
        RoomEvent::TopicChanged { by: _, topic } => {
            let to = if topic.is_some() { "set" } else { "cleared" };
            record("topic-changed").text("how", to)
        }
        RoomEvent::Renamed { by: _, title } => record("room-renamed").text("title", title.as_str()),
        RoomEvent::SlowModeChanged { by: _, secs } => {
            record("slow-mode-changed").number("secs", *secs)
        }
        RoomEvent::Requested { user, .. } => record("requested").about(name(*user)),
        RoomEvent::RequestEnded { user, how, .. } => {
            record("request-ended").about(name(*user)).text("how", how.word())
        }
        RoomEvent::Invited { user, .. } => record("invited").about(name(*user)),
        RoomEvent::InviteEnded { user, how, .. } => {
            record("invite-ended").about(name(*user)).text("how", how.word())
        }
        RoomEvent::Banned { user, until, .. } => {
            let until = until.map(rfc3339);
            record("banned").about(name(*user)).text_or_null("until", until)
        }
        RoomEvent::Unbanned { user, .. } => record("unbanned").about(name(*user)),
        RoomEvent::Messaged { .. } | RoomEvent::Forgotten { .. } => return None,
    };
    Some(record)
}

fn user_event(
    world: &World,
    record: impl Fn(&'static str) -> AuditRecord,
    event: &UserEvent,
) -> Option<AuditRecord> {
    let record = match event {
        UserEvent::PasswordSet(_) => record("password-set"),
        UserEvent::PasswordRestretched(_) => record("password-restretched"),
        // Whoever is taken for somebody else by it can be found.
        UserEvent::DisplayNameSet(name) => {
            let name = name.as_ref().map(ToString::to_string);
            record("display-name-set").text_or_null("display_name", name)
        }
        UserEvent::DeviceAdded { id, device } => record("device-added")
            .number("device", id.0)
            .text("name", device.name.as_str())
            .text("public_key", device.public_key.to_string()),
        UserEvent::DeviceRevoked { id } => record("device-revoked").number("device", id.0),
        UserEvent::Blocked { user } => record("blocked").text("user", name_of(world, *user)),
        UserEvent::Unblocked { user } => record("unblocked").text("user", name_of(world, *user)),
        UserEvent::StandingChanged(standing) => record(standing_changed(*standing)),
        UserEvent::StatusChanged { was, status, reason: _ } => {
            record(status_changed(*was, *status))
        }
        UserEvent::Notified { .. }
        | UserEvent::NotificationsRead(_)
        | UserEvent::NotificationsDismissed(_)
        | UserEvent::NotificationsExpired { .. } => return None,
    };
    Some(record)
}

fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Ordinary => "ordinary",
        Standing::Operator => "operator",
    }
}

/// The record of somebody who does more than people do.
pub(crate) fn suspicious(
    world: &World,
    user: UserId,
    what: Suspicion,
    at: Timestamp,
    origin: &Origin<'_>,
) -> AuditRecord {
    let action = match what {
        Suspicion::Probing => "suspicious-probing",
        Suspicion::Flooding => "suspicious-flooding",
        Suspicion::Removals => "suspicious-removals",
        Suspicion::Adds => "suspicious-adds",
        Suspicion::Overreaching => "suspicious-overreaching",
    };
    let record = AuditRecord::new(at, action, origin).by_actor(world, &Actor::User(user));
    record.about(name_of(world, user))
}

/// Users are never forgotten; but a record with a number in it is better than none.
fn name_of(world: &World, user: UserId) -> String {
    world.name_of(user).map_or_else(|| format!("({})", user.0), ToString::to_string)
}

impl AuditRecord {
    fn new(at: Timestamp, action: &'static str, origin: &Origin<'_>) -> Self {
        debug_assert!(ACTIONS.contains(&action), "{action} is in no list");
        let mut record = Self {
            at,
            action,
            refused: None,
            actor: None,
            subject: None,
            room: None,
            address: None,
            session: None,
            details: Vec::new(),
        };
        match *origin {
            Origin::Session { address, number } => {
                record.address = Some(address.to_owned());
                record.session = Some(number);
            }
            Origin::Console { uid } => {
                let uid = uid.map_or(Detail::Null, |uid| Detail::Number(uid.into()));
                record.details.push(("uid", uid));
            }
            Origin::Within => {}
        }
        record
    }

    /// Nobody acts where nobody has logged in.
    fn by_actor(self, world: &World, actor: &Actor) -> Self {
        match actor {
            Actor::Stranger => self,
            Actor::User(user) => self.acting(name_of(world, *user)),
            Actor::Console => self.acting(CONSOLE),
            Actor::Clock => self.acting(CLOCK),
        }
    }

    /// As JSON without a serial: the store numbers records, and the audit file shows the numbers.
    pub(crate) fn to_json(&self) -> String {
        let mut object = json::Object::new();
        object.text("at", Some(&rfc3339(self.at)));
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

    fn acting(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
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

    fn text_or_null(mut self, key: &'static str, text: Option<String>) -> Self {
        self.details.push((key, text.map_or(Detail::Null, Detail::Text)));
        self
    }

    fn number(mut self, key: &'static str, number: impl Into<u64>) -> Self {
        self.details.push((key, Detail::Number(number.into())));
        self
    }
}

#[cfg(test)]
mod tests;
