//! How the hub stands, for the operator who asks.

use std::time::Duration;

use parlor_protocol::id::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Hub, Space};
use crate::limited::{Limited, Whom};
use crate::metrics::HubReport;
use crate::store::Sizes;
use crate::translate;

/// For how long audit records may wait for their file before something is wrong with it: they take
/// milliseconds, and what fails is tried again after so long.
const AUDIT_PATIENCE: Duration = Duration::from_secs(5);

/// What an administrator should see to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trouble {
    /// There is so little room on the disk that nothing is changed.
    DiskFull { free_bytes: u64 },
    /// So many audit records wait in the store, because the audit file cannot be written.
    AuditWaits { records: u64 },
}

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
    /// What is wrong.
    pub(crate) troubles: Vec<Trouble>,
    /// Who has to wait.
    pub(crate) limited: Vec<Limited>,
}

impl Hub {
    /// What a scraper is told.
    pub(super) fn report(&self, at: Timestamp) -> HubReport {
        let HubStatus { sessions, online, users, rooms, troubles: _, limited } = self.status(at);
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
            audit_lag: self.audit_lag(),
            checkpoints: self.writer.checkpoints(),
            store_bytes,
            wal_bytes,
            free_bytes,
        }
    }

    fn audit_lag(&self) -> u64 {
        self.writer.audit_head().serial.saturating_sub(self.audited)
    }

    fn troubles(&self) -> Vec<Trouble> {
        let disk_is_full = match self.space {
            Space::Enough => None,
            Space::Short | Space::Gone => {
                Some(Trouble::DiskFull { free_bytes: self.writer.sizes().free_bytes })
            }
        };
        let since = self.audit_waits_since.filter(|since| since.elapsed() >= AUDIT_PATIENCE);
        let audit_waits = since.map(|_| Trouble::AuditWaits { records: self.audit_lag() });
        disk_is_full.into_iter().chain(audit_waits).collect()
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
            troubles: self.troubles(),
            limited: users.chain(self.penalties.waiting(at)).collect(),
        }
    }
}
