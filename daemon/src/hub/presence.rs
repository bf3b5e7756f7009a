//! Who is connected: which users have a session, by any of their devices.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use parlor_protocol::id::{DeviceId, Timestamp};

use super::Caller;
use crate::delivery::{ConnId, Opening};
use crate::rooms::UserId;

/// A connection that is logged in.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) conn: ConnId,
    pub(super) user: UserId,
    pub(super) device: Option<DeviceId>,
    pub(super) address: Arc<str>,
    /// Since when it is logged in.
    pub(super) since: Timestamp,
}

/// Sessions by user. It is not stored: after a restart nobody is connected.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// By the serials of their connections.
    sessions: BTreeMap<u64, Session>,
    users: BTreeMap<UserId, usize>,
}

impl Presence {
    /// A connection is a user's from now on; it may have been before.
    pub(super) fn enter(&mut self, caller: &Caller, opening: Opening, since: Timestamp) {
        let Opening { user, device, password_proved: _ } = opening;
        let (conn, address) = (caller.conn, Arc::clone(&caller.address));
        if let Some(known) = self.sessions.get_mut(&conn.serial) {
            known.device = device.or(known.device);
            return;
        }
        self.sessions.insert(conn.serial, Session { conn, user, device, address, since });
        *self.users.entry(user).or_default() += 1;
    }

    /// A connection has ended.
    pub(super) fn exit(&mut self, serial: u64) {
        let Some(Session { user, .. }) = self.sessions.remove(&serial) else { return };
        let left = self.users.get_mut(&user).map(|count| {
            *count -= 1;
            *count
        });
        if left == Some(0) {
            self.users.remove(&user);
        }
    }

    /// The sessions behind the one of that serial, in the order in which they connected.
    pub(super) fn sessions_after(&self, serial: u64) -> impl Iterator<Item = &Session> {
        self.sessions.range((Bound::Excluded(serial), Bound::Unbounded)).map(|(_, open)| open)
    }

    /// How many sessions there are.
    pub(super) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// How many users are connected.
    pub(super) fn users(&self) -> usize {
        self.users.len()
    }

    /// Whether a user is connected.
    pub(super) fn is_online(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }
}
