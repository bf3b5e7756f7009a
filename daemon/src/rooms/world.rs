//! All that the rules need to know, in memory: users, rooms, memberships, names and titles.
//!
//! What only readers need (password records, device names, message bodies) stays in the store:
//! 100,000 users, 20,000 rooms and 500,000 memberships are to fit beside a million nonces.

use std::collections::{BTreeMap, BTreeSet};

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{Bytes, DeviceId, NotificationId, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::name::{DisplayName, Title, UserName};
use parlor_protocol::room::{Entry, Role, Visibility};
use parlor_protocol::text::Topic;

use super::agenda::Agenda;
use super::association::Association;
use super::codes::{Code, CodeTerms};
use super::devices::Device;
use super::event::{Standing, Status, UserId};
use super::nonces::Nonces;

/// Users, rooms, and who is in which. The default is the empty world, before its first event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct World {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) names: BTreeMap<UserName, UserId>,
    pub(super) rooms: BTreeMap<RoomId, Room>,
    pub(super) titles: Titles,
    pub(super) directory_revision: Revision,
    /// The number of the user who was added last; a forgotten one's is not given again.
    pub(super) last_user: UserId,
    /// How users sign up, where that was set by command.
    pub(super) sign_up: Option<SignUpMode>,
    pub(super) codes: BTreeMap<Code, CodeTerms>,
    /// Users who may administer the whole server.
    pub(super) operators: BTreeSet<UserId>,
    pub(super) nonces: Nonces,
    pub(super) agenda: Agenda,
    pub(super) rooms_max: RoomsMax,
}

/// How many rooms a user may have. It is configuration, and no part of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomsMax {
    /// That they own by creating them. Succession may give them more.
    pub(crate) owned: usize,
    /// That they are in: the snapshot after a login lists them all, and a client keeps them all in
    /// its sidebar.
    pub(crate) joined: usize,
}

impl Default for RoomsMax {
    fn default() -> Self {
        Self { owned: 100, joined: 500 }
    }
}

/// What the rules know of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: UserName,
    /// What they are shown with beside it.
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) standing: Standing,
    pub(crate) status: Status,
    /// Since when it is that.
    pub(crate) status_at: Timestamp,
    /// The last event of the user's own stream.
    pub(crate) revision: Revision,
    /// The number of the last device ever registered; a revoked one's is not given again.
    pub(super) last_device: DeviceId,
    /// The keys that log the user in, by number.
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) rooms: BTreeSet<RoomId>,
    /// Where a request or an invite of theirs waits.
    pub(super) knocks: BTreeSet<RoomId>,
    /// Whose messages and wishes they do not want.
    pub(super) blocked: BTreeSet<UserId>,
    /// The number of the last notification ever made.
    pub(super) last_notification: NotificationId,
    pub(super) notifications: BTreeMap<NotificationId, Noted>,
}

/// What the rules know of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) at: Timestamp,
    pub(crate) read: bool,
}

/// What the rules know of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) title: Title,
    pub(crate) topic: Option<Topic>,
    pub(crate) state: RoomState,
    pub(crate) visibility: Visibility,
    pub(crate) entry: Entry,
    /// Seconds between two messages of a plain member; 0 for no slow mode.
    pub(crate) slow_secs: u32,
    /// The last event of the room's stream.
    pub(crate) revision: Revision,
    /// The last message.
    pub(crate) last_seq: Seq,
    /// The last of the oldest messages that are no longer kept. It is soft: nobody is told of it.
    pub(crate) dropped: Seq,
    pub(super) members: BTreeMap<UserId, Member>,
    /// What those who are no members have to do with it.
    pub(super) associations: BTreeMap<UserId, Association>,
}

/// A member, and what of the room they have not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) membership: Membership,
    pub(super) reading: Reading,
}

/// How far a member has read. It is soft: a crash may forget some seconds of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The last message that they have read.
    pub(crate) read: Seq,
    /// The messages after it that mention them, the latest of these.
    pub(crate) mentions: Vec<Seq>,
}

/// Whether a room lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoomState {
    Live,
    Terminated,
}

/// A user's place in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) role: Role,
    /// The room's revision at which it began. It is the join order, and tells this membership from
    /// an earlier one of the same user.
    pub(crate) joined: Revision,
    pub(crate) joined_at: Timestamp,
}

/// The titles of live rooms, by what makes them the same and by how they look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Titles {
    by_key: BTreeMap<Box<str>, RoomId>,
    /// How many live titles look so. Honest titles may share their look: `modern` and `modem` do.
    looks: BTreeMap<Box<str>, u32>,
}

impl World {
    /// From now on users may have so many rooms. Whoever has more keeps them.
    pub(crate) fn limit_rooms(&mut self, rooms_max: RoomsMax) {
        self.rooms_max = rooms_max;
    }

    /// Who has this number; users are never forgotten.
    pub(crate) fn user(&self, user: UserId) -> Option<&User> {
        self.users.get(&user)
    }

    /// The name of a user.
    pub(crate) fn name_of(&self, user: UserId) -> Option<&UserName> {
        self.users.get(&user).map(|user| &user.name)
    }

    /// Whose name this is.
    pub(crate) fn user_by_name(&self, name: &UserName) -> Option<UserId> {
        self.names.get(name).copied().filter(|user| self.users[user].is_there())
    }

    /// Whose name this is, gone or not: what was done about them can still be undone.
    pub(super) fn known_by_name(&self, name: &UserName) -> Option<UserId> {
        let was_there = |user: &UserId| {
            let known = &self.users[user];
            known.is_there() || known.status == Status::Removed
        };
        self.names.get(name).copied().filter(was_there)
    }

    /// Whose name this is, whatever became of the account.
    pub(crate) fn account_by_name(&self, name: &UserName) -> Option<UserId> {
        self.names.get(name).copied()
    }

    /// How users sign up, where that was set by command.
    pub(crate) fn sign_up_mode(&self) -> Option<SignUpMode> {
        self.sign_up
    }

    /// Whether nobody was ever a user.
    pub(crate) fn has_no_users(&self) -> bool {
        self.last_user == UserId(0)
    }

    /// How many users there are, also disabled ones.
    pub(crate) fn users_there(&self) -> usize {
        self.users.values().filter(|user| user.is_there()).count()
    }

    /// How many rooms live.
    pub(crate) fn live_rooms(&self) -> usize {
        self.rooms.values().filter(|room| room.state == RoomState::Live).count()
    }

    /// The codes that were made and not ended.
    pub(crate) fn codes(&self) -> impl Iterator<Item = (Code, &CodeTerms)> {
        self.codes.iter().map(|(&code, terms)| (code, terms))
    }

    /// The operators whose accounts are active.
    pub(super) fn operators(&self) -> impl Iterator<Item = UserId> {
        let is_active = |user: &UserId| self.users[user].status == Status::Active;
        self.operators.iter().copied().filter(is_active)
    }

    /// The room of this ID, also a terminated one.
    pub(crate) fn room(&self, room: RoomId) -> Option<&Room> {
        self.rooms.get(&room)
    }

    /// The same without rooms that have ended, out of which the user is about to be taken.
    pub(crate) fn live_rooms_of(&self, user: UserId) -> impl Iterator<Item = RoomId> {
        self.rooms_of(user).filter(|room| self.rooms[room].state == RoomState::Live)
    }

    /// The rooms that a user is in, by ID.
    pub(crate) fn rooms_of(&self, user: UserId) -> impl Iterator<Item = RoomId> {
        self.users.get(&user).into_iter().flat_map(|user| user.rooms.iter().copied())
    }

    /// A user's place in a room; `None` where no member.
    pub(crate) fn membership(&self, room: RoomId, user: UserId) -> Option<Membership> {
        self.rooms.get(&room)?.membership(user)
    }

    /// A user's role in a room; `None` where no member.
    pub(crate) fn role(&self, room: RoomId, user: UserId) -> Option<Role> {
        self.membership(room, user).map(|membership| membership.role)
    }
}

/// What only tests look at.
#[cfg(test)]
impl World {
    /// All users, by number.
    pub(crate) fn users(&self) -> impl Iterator<Item = (UserId, &User)> {
        self.users.iter().map(|(&id, user)| (id, user))
    }

    /// The live room whose title has this [key](Title::key).
    pub(crate) fn room_by_title_key(&self, key: &str) -> Option<RoomId> {
        self.titles.by_key.get(key).copied()
    }

    /// The last event of the directory's stream.
    pub(crate) fn directory_revision(&self) -> Revision {
        self.directory_revision
    }
}

impl User {
    /// Whether others may have to do with them: neither gone nor only signed up.
    pub(crate) fn is_there(&self) -> bool {
        match self.status {
            Status::Active | Status::Disabled => true,
            Status::Waiting | Status::Denied | Status::Removed => false,
        }
    }

    /// The devices that log the user in, by number.
    pub(crate) fn devices(&self) -> impl Iterator<Item = (DeviceId, &Device)> {
        self.devices.iter().map(|(&id, device)| (id, device))
    }

    /// The number of the device with this key.
    pub(crate) fn device_with(&self, public_key: &Bytes<32>) -> Option<DeviceId> {
        self.devices().find(|(_, device)| device.public_key == *public_key).map(|(id, _)| id)
    }
}

impl Room {
    /// A user's place in it; `None` where no member.
    pub(crate) fn membership(&self, user: UserId) -> Option<Membership> {
        self.members.get(&user).map(|member| member.membership)
    }

    /// How far a member has read; `None` where no member.
    pub(crate) fn reading(&self, user: UserId) -> Option<&Reading> {
        self.members.get(&user).map(|member| &member.reading)
    }

    /// How many messages a member has not read, of those that are kept.
    pub(crate) fn unread(&self, reading: &Reading) -> u64 {
        self.last_seq.0.saturating_sub(reading.read.max(self.dropped).0)
    }

    /// How many of these mention them.
    pub(crate) fn mentions(&self, reading: &Reading) -> u32 {
        let kept = reading.mentions.iter().filter(|seq| **seq > self.dropped).count();
        u32::try_from(kept).unwrap_or(u32::MAX)
    }

    /// Its members, by the users' numbers.
    pub(crate) fn members(&self) -> impl ExactSizeIterator<Item = (UserId, &Membership)> {
        self.members.iter().map(|(&user, member)| (user, &member.membership))
    }
}

impl Titles {
    pub(super) fn take(&mut self, title: &Title, room: RoomId) {
        self.by_key.insert(title.key().into(), room);
        *self.looks.entry(title.skeleton().into()).or_default() += 1;
    }

    pub(super) fn free(&mut self, title: &Title, room: RoomId) {
        // Under newer tables of Unicode two titles that were taken as different may be the same.
        let key = title.key();
        if self.by_key.get(key.as_str()) == Some(&room) {
            self.by_key.remove(key.as_str());
        }
        let look = title.skeleton();
        if let Some(count) = self.looks.get_mut(look.as_str()) {
            *count -= 1;
            if *count == 0 {
                self.looks.remove(look.as_str());
            }
        }
    }

    /// Whether a new room may not have this title: a live room has it, or it mixes scripts to look
    /// like one that a live room has.
    pub(super) fn refuse(&self, title: &Title) -> bool {
        self.by_key.contains_key(title.key().as_str())
            || title.mixes_scripts() && self.looks.contains_key(title.skeleton().as_str())
    }

    /// Whether `room` may not have this title instead of the one that it has: one's own title
    /// stands in nobody's way.
    pub(super) fn refuse_instead(&self, title: &Title, room: RoomId, own: &Title) -> bool {
        let (key, look) = (title.key(), title.skeleton());
        let alike = self.looks.get(look.as_str()).copied().unwrap_or(0);
        let others = alike - u32::from(alike > 0 && look == own.skeleton());
        self.by_key.get(key.as_str()).is_some_and(|&has| has != room)
            || title.mixes_scripts() && others > 0
    }
}
