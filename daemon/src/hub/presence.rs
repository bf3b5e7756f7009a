//! Who is connected: which users have a session, by any of their devices.

use std::collections::{BTreeMap, HashMap};

use crate::rooms::UserId;

/// Sessions by user. It is not stored: after a restart nobody is connected.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Whose each connection is, by its serial.
    sessions: HashMap<u64, UserId>,
    users: BTreeMap<UserId, usize>,
}

impl Presence {
    /// A connection is a user's from now on; it may have been before.
    pub(super) fn enter(&mut self, serial: u64, user: UserId) {
        if self.sessions.insert(serial, user).is_none() {
            *self.users.entry(user).or_default() += 1;
        }
    }

    /// A connection has ended.
    pub(super) fn exit(&mut self, serial: u64) {
        let Some(user) = self.sessions.remove(&serial) else { return };
        let left = self.users.get_mut(&user).map(|count| {
            *count -= 1;
            *count
        });
        if left == Some(0) {
            self.users.remove(&user);
        }
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
