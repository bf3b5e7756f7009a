//! The rules of going: what becomes of a room that someone leaves.

use parlor_protocol::id::RoomId;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Role};
use parlor_protocol::text::Reason;

use super::agenda::settle;
use super::command::Decision;
use super::decide::Draft;
use super::event::{DirectoryEvent, Notice, RoomEvent, Status, UserId};
use super::world::{Membership, Room, RoomState, World};

pub(super) fn leave(mut draft: Draft<'_>, user: UserId, room: RoomId) -> Result<Decision, Code> {
    depart(&mut draft, user, room, &Farewell { how: Departure::Left, by: None, reason: None })?;
    Ok(draft.done())
}

/// Ends a room by an operator's act, whoever is in it.
pub(super) fn end(mut draft: Draft<'_>, id: RoomId) -> Result<Decision, Code> {
    let room = draft.known_room(id)?;
    if room.state == RoomState::Terminated {
        return Err(Code::RoomTerminated);
    }
    terminate(&mut draft, id, room, None);
    Ok(draft.done())
}

/// Members who are taken out in the step that ends their room. Each takes two events, and a step of
/// so many some 5 ms. Out of a larger room all are taken by and by, as chores: it has ended for them
/// as well, and nobody else waits until all are out.
const OUT_AT_ONCE_MAX: usize = 100;

/// How somebody goes.
pub(super) struct Farewell<'a> {
    pub(super) how: Departure,
    pub(super) by: Option<UserId>,
    pub(super) reason: Option<&'a Reason>,
}

/// What follows in the room when one of its members is gone.
#[derive(Debug, PartialEq, Eq)]
enum Sequel {
    /// It goes on as it is.
    Unchanged,
    /// It goes on under a new owner.
    Succession(UserId),
    /// It ends; whoever is left is taken out.
    Termination,
}

/// Takes a member out, with all that follows for the room.
pub(super) fn depart(
    draft: &mut Draft<'_>,
    user: UserId,
    id: RoomId,
    farewell: &Farewell<'_>,
) -> Result<(), Code> {
    let room = draft.known_room(id)?;
    let gone = room.membership(user).ok_or(Code::NotAMember)?;
    if room.state == RoomState::Terminated {
        outlive(draft, user, id, room);
        return Ok(());
    }
    let Farewell { how, by, reason } = *farewell;
    draft.room(id, RoomEvent::Departed { user, how, by, reason: reason.cloned() });
    match sequel(draft.world, room, user, gone) {
        Sequel::Unchanged => {}
        Sequel::Succession(heir) => {
            draft.room(id, RoomEvent::RoleChanged { user: heir, role: Role::Owner });
            draft.notify(heir, Notice::of(NotificationKind::OwnershipReceived, id, room));
        }
        Sequel::Termination => terminate(draft, id, room, Some(user)),
    }
    Ok(())
}

/// Ownership passes over those whose accounts are disabled, unless all are. Removed users who have
/// not been taken out yet are as good as gone.
fn sequel(world: &World, room: &Room, user: UserId, gone: Membership) -> Sequel {
    let is = |user: UserId, status: Status| {
        world.users.get(&user).is_some_and(|known| known.status == status)
    };
    // With its owner, a room lives on however few are in it.
    if gone.role != Role::Owner {
        return Sequel::Unchanged;
    }
    let heirs: Vec<(UserId, &Membership)> =
        room.members().filter(|&(other, _)| other != user && !is(other, Status::Removed)).collect();
    let any_active = heirs.iter().any(|&(heir, _)| is(heir, Status::Active));
    let first = |among: Role| {
        let may = |&&(heir, of): &&(UserId, &Membership)| {
            of.role == among && (is(heir, Status::Active) || !any_active)
        };
        heirs.iter().filter(may).min_by_key(|(_, of)| of.joined)
    };
    match heirs[..] {
        [] => Sequel::Termination,
        [(_, left)] if left.role != Role::Admin => Sequel::Termination,
        [(any, _), ..] => {
            let heir = first(Role::Admin).or_else(|| first(Role::Member));
            Sequel::Succession(heir.map_or(any, |&(heir, _)| heir))
        }
    }
}

/// Takes a member out of a room that has ended.
pub(super) fn outlive(draft: &mut Draft<'_>, user: UserId, id: RoomId, room: &Room) {
    out(draft, user, id);
    draft.notify(user, Notice::of(NotificationKind::RoomTerminated, id, room));
}

fn out(draft: &mut Draft<'_>, user: UserId, id: RoomId) {
    let how = Departure::Terminated;
    draft.room(id, RoomEvent::Departed { user, how, by: None, reason: None });
}

/// Ends the room, and takes everybody out but whoever is gone already: at once, or where they are
/// many, one by one from then on.
fn terminate(draft: &mut Draft<'_>, id: RoomId, room: &Room, gone: Option<UserId>) {
    // Nothing is left for time to end in it. These are few, as those who wait are, and the banned.
    let over = room.associations.iter().filter(|(_, association)| association.is_over_at(draft.at));
    let over: Vec<UserId> = over.map(|(&user, _)| user).collect();
    over.into_iter().for_each(|user| settle(draft, id, user));
    let at_once = if room.members.len() <= OUT_AT_ONCE_MAX { usize::MAX } else { 0 };
    let left = room.members().map(|(user, _)| user).filter(|&user| Some(user) != gone);
    let left: Vec<UserId> = left.take(at_once).collect();
    left.iter().for_each(|&user| out(draft, user, id));
    let ended = || Notice::of(NotificationKind::RoomTerminated, id, room);
    // These are few: as many as may wait.
    let waiting = room.associations.iter().filter(|(_, association)| {
        association.is_requested() || association.is_invited_at(draft.at)
    });
    let told: Vec<UserId> = left.into_iter().chain(waiting.map(|(&user, _)| user)).collect();
    told.into_iter().for_each(|user| draft.notify(user, ended()));
    draft.room(id, RoomEvent::Terminated);
    draft.directory(DirectoryEvent::TitleFreed { room: id });
}
