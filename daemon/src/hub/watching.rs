//! Who wants to see who is connected: presence goes only to those who have a room's member list
//! open, and is gathered, so that a room is told of once a second at most.
//!
//! Nothing of it is stored: after a restart nobody is connected and nobody watches. Whoever watches
//! hears of changes alone, also of display names and of members who have come; the list that they
//! begin with is asked for as any other, after the watching has begun.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::room::Members;

use super::turn::Turn;
use super::{Caller, Hub};
use crate::delivery::{ConnId, Step};
use crate::rooms::membership_effect;
use crate::rooms::{Effect, Event, Happening, RoomEvent, UserEvent, UserId, World};
use crate::translate;

/// In rooms of more members nobody looks who of them is connected.
const MEMBERS_MAX: usize = 200;
/// For how long changes in one room are gathered after the last were told, in milliseconds.
const PAUSE_MS: i64 = 1_000;
/// Rooms that one turn tells of, at most: the others are next.
const ROOMS_PER_TURN: usize = 64;

/// Which connections watch which rooms.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// Whose each connection is that watches a room, and which.
    watching: HashMap<u64, (UserId, RoomId)>,
    watched: BTreeMap<RoomId, Watched>,
    /// The rooms in which there is something to tell, by when it may be told.
    due: BTreeSet<(Timestamp, RoomId)>,
}

/// A room that somebody watches.
#[derive(Debug, Default)]
struct Watched {
    watchers: BTreeMap<(UserId, u64), ConnId>,
    /// Who has changed, and whether they were connected as far as the watchers know; `None` where
    /// they have to be told in any case.
    changed: BTreeMap<UserId, Option<bool>>,
    /// When they were last told something.
    told_at: Timestamp,
}

/// What to tell of one room, and to whom.
struct Tidings {
    room: RoomId,
    changed: BTreeMap<UserId, Option<bool>>,
    watchers: Vec<ConnId>,
}

impl Watching {
    /// A user is connected, or is not, and was otherwise before. Rooms that nobody watches cost a
    /// look each, and nothing at all where nobody watches any.
    pub(super) fn came_or_went(&mut self, world: &World, user: UserId, before: bool) {
        if self.watched.is_empty() {
            return;
        }
        for room in world.rooms_of(user) {
            if world.room(room).is_some_and(|room| room.members().len() <= MEMBERS_MAX) {
                self.change(room, user, Some(before));
            }
        }
    }

    /// Notes that something about a member has changed, of which watchers knew as much as `before`.
    fn change(&mut self, room: RoomId, user: UserId, before: Option<bool>) {
        let Some(watched) = self.watched.get_mut(&room) else { return };
        let known = watched.changed.entry(user).or_insert(before);
        if before.is_none() {
            *known = None;
        }
        self.due.insert((watched.told_at_next(), room));
    }

    /// A connection has the member list of this room open from now on, and of no other.
    fn watch(&mut self, conn: ConnId, user: UserId, room: RoomId) {
        self.unwatch(conn.serial);
        self.watching.insert(conn.serial, (user, room));
        let watched = self.watched.entry(room).or_default();
        watched.watchers.insert((user, conn.serial), conn);
        self.shown(room);
    }

    /// A connection has no member list open any more.
    pub(super) fn unwatch(&mut self, serial: u64) {
        let Some((user, room)) = self.watching.remove(&serial) else { return };
        let Some(watched) = self.watched.get_mut(&room) else { return };
        watched.watchers.remove(&(user, serial));
        if watched.watchers.is_empty() {
            self.due.remove(&(watched.told_at_next(), room));
            self.watched.remove(&room);
        }
    }

    /// A user is no member of a room any more, and watches it on no connection.
    fn depart(&mut self, room: RoomId, user: UserId) {
        let Some(watched) = self.watched.get(&room) else { return };
        let of_user = watched.watchers.range((user, 0)..=(user, u64::MAX));
        let serials: Vec<u64> = of_user.map(|(&(_, serial), _)| serial).collect();
        serials.into_iter().for_each(|serial| self.unwatch(serial));
    }

    /// Somebody was shown the room's members as they are at this moment: what is told next may be
    /// no change to the others, but is to them.
    fn shown(&mut self, room: RoomId) {
        if let Some(watched) = self.watched.get_mut(&room) {
            watched.changed.values_mut().for_each(|before| *before = None);
        }
    }

    /// Whether there is something to tell at this moment. Where the clock was set back nothing
    /// waits for longer than the pause.
    pub(super) fn is_due(&self, at: Timestamp) -> bool {
        self.due.first().is_some_and(|(due, _)| *due <= at || due.0 > at.0 + PAUSE_MS)
    }

    /// What is due, of some rooms.
    fn take_due(&mut self, at: Timestamp) -> Vec<Tidings> {
        let mut taken = Vec::new();
        while taken.len() < ROOMS_PER_TURN && self.is_due(at) {
            let Some((_, room)) = self.due.pop_first() else { break };
            let Some(watched) = self.watched.get_mut(&room) else { continue };
            watched.told_at = at;
            let changed = std::mem::take(&mut watched.changed);
            let watchers = watched.watchers.values().copied().collect();
            taken.push(Tidings { room, changed, watchers });
        }
        taken
    }
}

impl Watched {
    fn told_at_next(&self) -> Timestamp {
        Timestamp(self.told_at.0.saturating_add(PAUSE_MS))
    }
}

impl Hub {
    /// A page of members as they are shown at this moment: what is told after it is newer. In a room
    /// of many nobody looks who is connected.
    pub(super) fn present(&mut self, room: RoomId, mut members: Members) -> Outcome {
        let count = self.world.room(room).map_or(0, |room| room.members().len());
        for Record(member) in &mut members.members {
            let Some(user) = self.world.user_by_name(&member.user) else { continue };
            member.display_name = translate::named(&self.world, user).display_name;
            if count <= MEMBERS_MAX {
                member.online = Some(self.presence.is_online(user));
            }
        }
        self.watching.shown(room);
        Outcome::Members(members)
    }

    /// A connection says which room's member list it has open.
    pub(super) fn watch(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        room: Option<RoomId>,
        at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        match room {
            None => self.watching.unwatch(caller.conn.serial),
            Some(room) => {
                match self.world.may_see_members(user, room, at) {
                    Ok(()) => {}
                    Err(Code::NoSuchRoom) => return Err(self.missed(turn, caller, user, at)),
                    Err(code) => return Err(code.into()),
                }
                self.watching.watch(caller.conn, user, room);
            }
        }
        Ok(Outcome::Done)
    }

    /// Notes what an event changes for those who watch.
    pub(super) fn note_presence(&mut self, event: &Event) {
        match &event.what {
            Happening::Room(room, what) => self.note_membership(*room, what),
            Happening::User(user, UserEvent::DisplayNameSet(_)) => {
                for room in self.world.rooms_of(*user) {
                    self.watching.change(room, *user, None);
                }
            }
            Happening::User(..) | Happening::Directory(_) => {}
        }
    }

    fn note_membership(&mut self, room: RoomId, what: &RoomEvent) {
        match membership_effect(what) {
            Some(Effect::Enter(user, _)) => self.watching.change(room, user, None),
            Some(Effect::Exit { user, .. }) => self.watching.depart(room, user),
            Some(Effect::Rank(..)) | None => {}
        }
    }

    /// Tells those who watch what has changed in the end.
    pub(super) fn tell_presence(&mut self, turn: &mut Turn, at: Timestamp) {
        for Tidings { room, changed, watchers } in self.watching.take_due(at) {
            let Some(known) = self.world.room(room) else { continue };
            let counts = known.members().len() <= MEMBERS_MAX;
            let members: Vec<(UserId, Option<bool>)> = changed
                .into_iter()
                .filter(|(user, _)| known.membership(*user).is_some())
                .map(|(user, before)| (user, before, self.presence.is_online(user)))
                .filter(|(_, before, now)| before.is_none() || counts && *before != Some(*now))
                .map(|(user, _, now)| (user, counts.then_some(now)))
                .collect();
            for frame in translate::present(&self.world, room, &members) {
                for &conn in &watchers {
                    turn.tell_conn(conn, Step::Tell { conn, frame: frame.clone() });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
