//! The records of what operators do to the running daemon and changes nothing that is stored.

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::UserName;

use super::{AuditRecord, CONSOLE, Origin};
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

/// The record of a configuration that was read again, with the settings that have changed.
pub(crate) fn reloaded(origin: &Origin<'_>, changed: &[&str], at: Timestamp) -> AuditRecord {
    let record = AuditRecord::new(at, "config-reloaded", origin).acting(CONSOLE);
    record.text("changed", changed.join(" "))
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
