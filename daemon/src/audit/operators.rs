//! The records of what operators do to the running daemon and changes nothing that is stored.

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;

use super::{AuditRecord, CONSOLE, Origin};
use crate::hub::Overseen;
use crate::rooms::{Actor, World};

/// The record of words to everybody, without the words.
pub(crate) fn announced(
    world: &World,
    by: &Actor,
    origin: &Origin<'_>,
    at: Timestamp,
) -> AuditRecord {
    AuditRecord::new(at, "announced", origin).by_actor(world, by)
}

/// The record of a subcommand that names what there is not, in the words that were typed.
pub(crate) fn nothing_named(
    action: &'static str,
    named: &str,
    code: Code,
    uid: Option<u32>,
    at: Timestamp,
) -> AuditRecord {
    let record = AuditRecord::new(at, action, &Origin::Console { uid }).acting(CONSOLE);
    record.text("named", named).refused(code)
}

/// The record of a look at what operators alone see; `None` for later pages, which are the same
/// look. Those who are none are refused it.
pub(crate) fn overseen(
    world: &World,
    by: &Actor,
    origin: &Origin<'_>,
    what: Overseen,
    refused: Option<Code>,
    at: Timestamp,
) -> Option<AuditRecord> {
    let action = match (what, refused) {
        (Overseen::SignUps, _) => "sign-ups-listed",
        (Overseen::Rooms, _) | (Overseen::More, Some(_)) => "rooms-listed",
        (Overseen::More, None) => return None,
    };
    let record = AuditRecord::new(at, action, origin).by_actor(world, by);
    Some(match refused {
        Some(code) => record.refused(code),
        None => record,
    })
}

/// The record of a configuration that was read again, with the settings that have changed.
pub(crate) fn reloaded(origin: &Origin<'_>, changed: &[&str], at: Timestamp) -> AuditRecord {
    let record = AuditRecord::new(at, "config-reloaded", origin).acting(CONSOLE);
    record.text("changed", changed.join(" "))
}

/// The record of a configuration that was to be read again and could not be used. What is wrong with it
/// is in the log.
pub(crate) fn not_reloaded(origin: &Origin<'_>, at: Timestamp) -> AuditRecord {
    AuditRecord::new(at, "config-reloaded", origin).acting(CONSOLE).refused(Code::BadRequest)
}

/// The record of a session of `user` that an operator has ended.
pub(crate) fn disconnected(
    origin: &Origin<'_>,
    user: &UserName,
    session: u64,
    at: Timestamp,
) -> AuditRecord {
    let record = AuditRecord::new(at, "session-disconnected", origin).acting(CONSOLE);
    record.about(user.as_str()).number("session", session)
}
