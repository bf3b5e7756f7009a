//! How the hub stands, for the operator who asks.

use parlor_protocol::id::Timestamp;

use super::Hub;
use crate::limited::{Limited, Whom};
use crate::metrics::HubReport;
use crate::store::Sizes;
use crate::translate;

/// What there is to say.
#[derive(Debug)]
pub(crate) struct HubStatus {
    /// Connections that are logged in.
    pub(crate) sessions: usize,
    /// Users who have a session.
    pub(crate) online: usize,
    /// All users, also disabled ones.
    pub(crate) users: usize,
    /// Rooms that live.
    pub(crate) rooms: usize,
    /// Who has to wait.
    pub(crate) limited: Vec<Limited>,
}

impl Hub {
    /// What a scraper is told.
    pub(super) fn report(&self, at: Timestamp) -> HubReport {
        let HubStatus { sessions, online, users, rooms, limited } = self.status(at);
        let audit_records = self.writer.audit_head().serial;
        let Sizes { store_bytes, wal_bytes, free_bytes } = self.writer.sizes();
        HubReport {
            counts: self.counts.clone(),
            sessions,
            online,
            users,
            rooms,
            limited: limited.len(),
            audit_records,
            audit_lag: audit_records.saturating_sub(self.audited),
            checkpoints: self.writer.checkpoints(),
            store_bytes,
            wal_bytes,
            free_bytes,
        }
    }

    pub(super) fn status(&self, at: Timestamp) -> HubStatus {
        let users = self.allowances.limited(at).map(|(user, why, until)| Limited {
            whom: Whom::User(translate::name_of(&self.world, user).to_string()),
            why,
            until: Some(until),
        });
        HubStatus {
            sessions: self.presence.sessions(),
            online: self.presence.users(),
            users: self.world.users_there(),
            rooms: self.world.live_rooms(),
            limited: users.chain(self.penalties.waiting(at)).collect(),
        }
    }
}
