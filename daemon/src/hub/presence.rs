//! Who is connected: which users have a session, by any of their devices.

use std::collections::{BTreeMap, HashMap};

use parlor_protocol::id::RoomId;
use parlor_protocol::record::Record;
use parlor_protocol::reply::Outcome;
use parlor_protocol::room::Members;

use super::Hub;
use crate::rooms::UserId;

/// In rooms of more members nobody looks who of them is connected.
const PRESENCE_MEMBERS_MAX: usize = 200;

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

impl Hub {
    /// A page of members, with who of them is connected. In a room of many nobody looks.
    pub(super) fn present(&self, room: RoomId, mut members: Members) -> Outcome {
        let count = self.world.room(room).map_or(0, |room| room.members().len());
        if count <= PRESENCE_MEMBERS_MAX {
            for Record(member) in &mut members.members {
                let user = self.world.user_by_name(&member.user);
                member.online = user.map(|user| self.presence.is_online(user));
            }
        }
        Outcome::Members(members)
    }
}
