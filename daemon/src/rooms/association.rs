//! What a user has to do with a room without being a member: requests, invites, bans, and how it
//! once ended. It counts as of a moment: an invite or a ban whose time is over no longer does,
//! whether or not the housekeeping has come by.

use parlor_protocol::entry::Ended;
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::room::Departure;

use super::event::UserId;
use super::world::World;

/// A user's association with a room, as far as the rules need it; the words to it are in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Association {
    /// How it ended; `None` for somebody who has only asked or was only invited so far.
    pub(crate) ended: Option<Ended>,
    /// The last thing that happened to it.
    pub(crate) since: Timestamp,
    /// Whether they were kicked since they last came in: they do not walk in unasked.
    pub(crate) must_ask: bool,
    pub(crate) denied_at: Option<Timestamp>,
    pub(crate) requested_at: Option<Timestamp>,
    pub(crate) invited_until: Option<Timestamp>,
    pub(crate) ban: Option<Ban>,
}

/// That somebody is kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ban {
    /// `None` for good.
    pub(crate) until: Option<Timestamp>,
    pub(crate) rank: Rank,
    pub(crate) notice: BanNotice,
}

/// As what somebody banned: the owner's bans only the owner lifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    Admin,
    Owner,
}

/// Whether the banned know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BanNotice {
    Told,
    /// They had nothing to do with a private room and are not to learn that it exists.
    Silent,
}

impl Ban {
    /// Whether it still counts.
    pub(crate) fn counts(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

impl Association {
    /// The ban that counts at a moment.
    pub(crate) fn ban_at(&self, at: Timestamp) -> Option<&Ban> {
        self.ban.as_ref().filter(|ban| ban.counts(at))
    }

    /// Whether an invite counts at a moment.
    pub(crate) fn is_invited_at(&self, at: Timestamp) -> bool {
        self.invited_until.is_some_and(|until| at < until)
    }

    /// Whether a request waits. A request and an invite end each other.
    pub(crate) fn is_requested(&self) -> bool {
        self.requested_at.is_some()
    }

    /// Whether its user waits to come in, by a request or an invite, also one whose time is over.
    pub(crate) fn knocks(&self) -> bool {
        self.is_requested() || self.invited_until.is_some()
    }

    /// Whether its user knows of the room: all they are is not merely banned in silence.
    pub(crate) fn is_known(&self) -> bool {
        let silent = self.ban.is_some_and(|ban| ban.notice == BanNotice::Silent);
        !silent || self.ended.is_some() || self.is_requested() || self.invited_until.is_some()
    }

    /// Whether nothing is left that anyone need remember.
    fn is_empty(&self) -> bool {
        self.ended.is_none()
            && self.requested_at.is_none()
            && self.invited_until.is_none()
            && self.ban.is_none()
    }

    /// Whether time alone removes it: a ban and an invite keep it for as long as they last.
    pub(super) fn may_be_forgotten(&self) -> bool {
        self.ban.is_none() && self.invited_until.is_none()
    }

    /// Whether time has ended something of it, and the housekeeping has not come by.
    pub(super) fn is_over_at(&self, at: Timestamp) -> bool {
        self.ends_at().is_some_and(|end| end <= at)
    }

    /// When time will do something to it by itself.
    fn ends_at(&self) -> Option<Timestamp> {
        let ban = self.ban.and_then(|ban| ban.until);
        ban.into_iter().chain(self.invited_until).min()
    }
}

/// How an association ends where a membership did.
pub(crate) fn ended_by(how: Departure) -> Ended {
    match how {
        Departure::Left | Departure::Removed | Departure::Unknown => Ended::Left,
        Departure::Terminated => Ended::Terminated,
        Departure::Kicked => Ended::Kicked,
        Departure::Banned => Ended::Banned,
    }
}

impl World {
    /// What a user has to do with a room in which they are no member.
    pub(crate) fn association(&self, room: RoomId, user: UserId) -> Option<&Association> {
        self.rooms.get(&room)?.associations.get(&user)
    }

    /// Changes an association, or makes or removes one, and the agenda with it.
    pub(super) fn associate(
        &mut self,
        room: RoomId,
        user: UserId,
        since: Timestamp,
        change: impl FnOnce(&mut Association),
    ) {
        let mut association = self.dissociate(room, user).unwrap_or_default();
        change(&mut association);
        association.since = since;
        if !association.is_empty() {
            self.restore_association(room, user, association);
        }
    }

    /// A room has ended: nobody waits to come in any more, and who is banned from nothing is forgotten.
    pub(super) fn shut_door(&mut self, room: RoomId, at: Timestamp) {
        let associations = self.room_mut(room).associations.iter();
        let open = associations.filter(|(_, it)| it.knocks() || it.ban.is_some());
        let open: Vec<UserId> = open.map(|(&user, _)| user).collect();
        for user in open {
            self.associate(room, user, at, |it| {
                let ended = match it.ban {
                    Some(_) => return *it = Association::default(),
                    None => Some(Ended::Terminated),
                };
                *it = Association { ended, requested_at: None, invited_until: None, ..it.clone() };
            });
        }
    }

    /// Removes an association.
    pub(super) fn dissociate(&mut self, room: RoomId, user: UserId) -> Option<Association> {
        let association = self.room_mut(room).associations.remove(&user)?;
        if let Some(at) = association.ends_at() {
            self.agenda.ends.remove(&(at, room, user));
        }
        self.agenda.associations.remove(&(association.since, room, user));
        self.user_mut(user).knocks.remove(&room);
        self.note_status(user);
        Some(association)
    }

    /// Puts an association back, also while loading.
    pub(crate) fn restore_association(
        &mut self,
        room: RoomId,
        user: UserId,
        association: Association,
    ) {
        if let Some(at) = association.ends_at() {
            self.agenda.ends.insert((at, room, user));
        }
        if association.may_be_forgotten() {
            self.agenda.associations.insert((association.since, room, user));
        }
        if association.knocks() {
            self.user_mut(user).knocks.insert(room);
            self.note_status(user);
        }
        self.room_mut(room).associations.insert(user, association);
    }
}
