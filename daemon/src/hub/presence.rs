//! Who is connected: which users have a session, by which of their devices.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use parlor_protocol::id::{DeviceId, Timestamp};

use crate::delivery::ConnId;
use crate::rooms::UserId;

/// How often the use of a device is noted whose session goes on, in milliseconds: a day, for a
/// device is forgotten by days.
const NOTE_EVERY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Sessions of which that is noted with one tick.
const NOTED_MAX: usize = 64;

/// A session of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Online {
    pub(super) conn: ConnId,
    pub(super) user: UserId,
    /// The device by which it logged in or which it has registered.
    pub(super) device: Option<DeviceId>,
    /// From where.
    pub(super) address: Arc<str>,
    /// Since when it is logged in.
    pub(super) since: Timestamp,
    /// When it was last noted that the device is in use.
    pub(super) noted_at: Timestamp,
}

/// Sessions by user. It is not stored: after a restart nobody is connected.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// By the serials of their connections.
    sessions: BTreeMap<u64, Online>,
    users: BTreeMap<UserId, usize>,
    /// The sessions by when the use of their devices was last noted.
    noted: BTreeSet<(Timestamp, u64)>,
}

impl Presence {
    /// A connection is a user's from now on; it may have been before, and then keeps its device
    /// unless it has another one now. The session as it is.
    pub(super) fn enter(&mut self, online: Online) -> Online {
        let serial = online.conn.serial;
        let before = self.sessions.remove(&serial);
        match &before {
            Some(before) => {
                self.noted.remove(&(before.noted_at, serial));
            }
            None => *self.users.entry(online.user).or_default() += 1,
        }
        let since = before.as_ref().map_or(online.since, |before| before.since);
        let device = online.device.or(before.and_then(|before| before.device));
        let online = Online { device, since, ..online };
        self.noted.insert((online.noted_at, serial));
        self.sessions.insert(serial, online.clone());
        online
    }

    /// A connection has ended; the session that it was.
    pub(super) fn exit(&mut self, serial: u64) -> Option<Online> {
        let online = self.sessions.remove(&serial)?;
        self.noted.remove(&(online.noted_at, serial));
        let left = self.users.get_mut(&online.user).map(|count| {
            *count -= 1;
            *count
        });
        if left == Some(0) {
            self.users.remove(&online.user);
        }
        Some(online)
    }

    /// All sessions, which end now.
    pub(super) fn take_all(&mut self) -> Vec<Online> {
        std::mem::take(self).sessions.into_values().collect()
    }

    /// Some of the sessions that have gone on for a day since their devices' use was noted.
    pub(super) fn due_to_note(&mut self, at: Timestamp) -> Vec<Online> {
        let mut sessions = vec![];
        while sessions.len() < NOTED_MAX
            && let Some(&(noted_at, serial)) = self.noted.first()
            && at.0.saturating_sub(noted_at.0) >= NOTE_EVERY_MS
        {
            self.noted.pop_first();
            if let Some(online) = self.sessions.get_mut(&serial) {
                online.noted_at = at;
                self.noted.insert((at, serial));
                sessions.push(online.clone());
            }
        }
        sessions
    }

    /// The sessions behind the one of that serial, in the order in which they connected.
    pub(super) fn sessions_after(&self, serial: u64) -> impl Iterator<Item = &Online> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = NOTE_EVERY_MS;

    fn online(user: u64, device: Option<u32>, at: i64) -> Online {
        let device = device.map(DeviceId);
        let conn = ConnId { shard: 0, slot: 0, serial: user };
        let (user, address) = (UserId(user), "unix".into());
        Online { conn, user, device, address, since: Timestamp(0), noted_at: Timestamp(at) }
    }

    #[test]
    fn a_session_that_goes_on_is_noted_every_day_and_at_its_end() {
        let mut presence = Presence::default();
        presence.enter(online(1, Some(7), 0));
        presence.enter(online(2, Some(8), DAY / 2));
        assert_eq!(presence.due_to_note(Timestamp(DAY - 1)), []);
        assert_eq!(presence.due_to_note(Timestamp(DAY)), [online(1, Some(7), DAY)]);
        assert_eq!(presence.due_to_note(Timestamp(DAY)), []);
        let later: Vec<_> = presence.due_to_note(Timestamp(5 * DAY));
        assert_eq!(later, [online(2, Some(8), 5 * DAY), online(1, Some(7), 5 * DAY)]);
        assert_eq!(presence.exit(1), Some(online(1, Some(7), 5 * DAY)));
        assert_eq!((presence.exit(1), presence.is_online(UserId(1))), (None, false));
        assert_eq!(presence.noted.len(), 1);
        assert_eq!(presence.take_all(), [online(2, Some(8), 5 * DAY)]);
        assert_eq!((presence.sessions(), presence.users(), presence.noted.len()), (0, 0, 0));
    }

    #[test]
    fn a_session_that_proves_its_password_again_goes_on_and_keeps_its_device() {
        let mut presence = Presence::default();
        presence.enter(online(1, Some(7), 0));
        assert_eq!(presence.enter(online(1, None, 5)), online(1, Some(7), 5));
        assert_eq!(presence.enter(online(1, Some(9), 6)), online(1, Some(9), 6));
        let again = Online { since: Timestamp(7), ..online(1, None, 7) };
        assert_eq!(presence.enter(again), online(1, Some(9), 7));
        assert_eq!((presence.sessions(), presence.users(), presence.noted.len()), (1, 1, 1));
    }

    #[test]
    fn no_tick_notes_more_than_some() {
        let mut presence = Presence::default();
        for serial in 0..100 {
            let conn = ConnId { shard: 0, slot: 0, serial };
            presence.enter(Online { conn, ..online(1, Some(7), 0) });
        }
        let counts = [0; 3].map(|_| presence.due_to_note(Timestamp(DAY)).len());
        assert_eq!(counts, [64, 36, 0]);
    }
}
