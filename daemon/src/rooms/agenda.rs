//! What time does by itself, and for how long what has ended is remembered.
//!
//! The clock is an argument, as everywhere in the rules: [`World::due`] tells what is due, as
//! commands of [`Actor::Clock`](super::Actor::Clock), which are decided like any other. Nothing
//! depends on when that happens: what has expired does not count before it was cleared away.

use std::collections::BTreeSet;

use parlor_protocol::entry::{InviteEnd, RequestEnd};
use parlor_protocol::id::{DeviceId, RoomId, Timestamp};
use parlor_protocol::refusal::Code;

use super::command::{Command, Decision};
use super::decide::Draft;
use super::event::{RoomEvent, Status, UserEvent, UserId};
use super::world::World;

/// For how long what has ended is remembered, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retention {
    /// An association after its last join or event.
    pub(crate) associations_ms: i64,
    /// A notification after it was made.
    pub(crate) notifications_ms: i64,
    /// The messages of a room after it was terminated.
    pub(crate) terminated_ms: i64,
    /// A message of a room that lives; `None` for as long as the room.
    pub(crate) messages_ms: Option<i64>,
    /// A device after its last use.
    pub(crate) devices_ms: i64,
}

/// What the clock will have to see to, in the order in which it is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Agenda {
    /// When an invite or a ban ends.
    pub(super) ends: BTreeSet<(Timestamp, RoomId, UserId)>,
    /// Since when an association that is neither ban nor invite has had no event.
    pub(super) associations: BTreeSet<(Timestamp, RoomId, UserId)>,
    /// When each user's oldest notification was made.
    pub(super) notifications: BTreeSet<(Timestamp, UserId)>,
    /// When each device was last used.
    pub(super) devices: BTreeSet<(Timestamp, UserId, DeviceId)>,
    /// Sign-ups that wait for an operator.
    pub(super) waiting: BTreeSet<UserId>,
    /// When a sign-up was denied.
    pub(super) denied: BTreeSet<(Timestamp, UserId)>,
    /// Removed users who are still in rooms, or wait to come in.
    pub(super) removed: BTreeSet<UserId>,
}

/// For how long a denied sign-up is told why, in milliseconds: 7 days.
const DENIED_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

impl World {
    /// What is due, `max` things at most.
    pub(crate) fn due(&self, at: Timestamp, keep: &Retention, max: usize) -> Vec<Command> {
        let before = |ms: i64| Timestamp(at.0.saturating_sub(ms));
        let ended = self.agenda.ends.iter().take_while(|(until, ..)| *until <= at);
        let ended = ended.map(|&(_, room, user)| Command::Expire { room, user });
        let horizon = before(keep.associations_ms);
        let old = self.agenda.associations.iter().take_while(|(since, ..)| *since <= horizon);
        let old = old.map(|&(_, room, user)| Command::Forget { room, user, before: horizon });
        let horizon = before(keep.notifications_ms);
        let told = self.agenda.notifications.iter().take_while(|(made, _)| *made <= horizon);
        let told = told.map(|&(_, user)| Command::PruneNotifications { user, before: horizon });
        let horizon = before(keep.devices_ms);
        let unused = self.agenda.devices.iter().take_while(|(used, ..)| *used <= horizon);
        let unused =
            unused.map(|&(_, user, id)| Command::ExpireDevice { user, id, before: horizon });
        let horizon = before(DENIED_MS);
        let denied = self.agenda.denied.iter().take_while(|(since, _)| *since <= horizon);
        let denied = denied.map(|&(_, user)| Command::ForgetSignUp { user });
        let removed = self.agenda.removed.iter().map(|&user| Command::Forsake { user });
        let codes = self.codes.iter().filter(|(_, terms)| !terms.counts(at));
        let codes = codes.map(|(&code, _)| Command::ExpireCode { code });
        let rooms = removed.chain(ended).chain(old).chain(told);
        rooms.chain(unused).chain(denied).chain(codes).take(max).collect()
    }
}

/// An invite or a ban whose time is over ends; what still counts stays.
pub(super) fn expire(mut draft: Draft<'_>, room: RoomId, user: UserId) -> Result<Decision, Code> {
    settle(&mut draft, room, user);
    Ok(draft.done())
}

/// Lets what has expired of an association come to its end before anything else happens to it.
pub(super) fn settle(draft: &mut Draft<'_>, room: RoomId, user: UserId) {
    let Some(association) = draft.world.association(room, user) else { return };
    if association.ban.is_some_and(|ban| !ban.counts(draft.at)) {
        super::keeping_out::lift(draft, room, user, None);
    }
    if association.invited_until.is_some_and(|until| until <= draft.at) {
        draft.room(room, RoomEvent::InviteEnded { user, how: InviteEnd::Expired, by: None });
    }
}

/// An association that nobody needs any more goes. A request that nobody answered for so long goes
/// with it.
pub(super) fn forget(
    mut draft: Draft<'_>,
    room: RoomId,
    user: UserId,
    before: Timestamp,
) -> Result<Decision, Code> {
    let old = draft
        .world
        .association(room, user)
        .filter(|association| association.since <= before && association.may_be_forgotten());
    if let Some(association) = old {
        if association.is_requested() {
            let (how, by, reason) = (RequestEnd::Withdrawn, None, None);
            draft.room(room, RoomEvent::RequestEnded { user, how, by, reason });
        }
        draft.room(room, RoomEvent::Forgotten { user });
    }
    Ok(draft.done())
}

/// Notifications are numbered in the order in which they were made, so that the old ones are those
/// up to a number.
pub(super) fn prune_notifications(
    mut draft: Draft<'_>,
    user: UserId,
    before: Timestamp,
) -> Result<Decision, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::NoSuchUser)?;
    let old = known.notifications.iter().take_while(|(_, noted)| noted.at <= before);
    if let Some((&last, _)) = old.last() {
        draft.user(user, UserEvent::NotificationsExpired { up_to: last });
    }
    Ok(draft.done())
}

impl World {
    /// Keeps the agenda true after a user's status, or what rooms they are in, has changed.
    pub(super) fn note_status(&mut self, user: UserId) {
        let Some(known) = self.users.get(&user) else { return };
        let (status, at) = (known.status, known.status_at);
        let is_left_over = !known.rooms.is_empty() || !known.knocks.is_empty();
        mark(&mut self.agenda.waiting, user, status == Status::Waiting);
        mark(&mut self.agenda.denied, (at, user), status == Status::Denied);
        mark(&mut self.agenda.removed, user, status == Status::Removed && is_left_over);
    }

    /// Keeps the agenda true after a user's notifications have changed. `before` was the time of
    /// the oldest.
    pub(super) fn note_oldest(&mut self, user: UserId, before: Option<Timestamp>) {
        let now = self.oldest_notification(user);
        if now != before {
            before.map(|at| self.agenda.notifications.remove(&(at, user)));
            now.map(|at| self.agenda.notifications.insert((at, user)));
        }
    }

    /// When the oldest of a user's notifications was made.
    pub(super) fn oldest_notification(&self, user: UserId) -> Option<Timestamp> {
        let (_, noted) = self.users.get(&user)?.notifications.first_key_value()?;
        Some(noted.at)
    }
}

fn mark<T: Ord>(set: &mut BTreeSet<T>, element: T, wanted: bool) {
    if wanted {
        set.insert(element);
    } else {
        set.remove(&element);
    }
}
