//! The rules of what owner and admins do to a room: roles, ownership, topic and title.
//!
//! What is so already is done without an event: nobody need know of it, and asking twice, as after
//! an answer that was lost, does no harm.

use parlor_protocol::id::RoomId;
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Role;
use parlor_protocol::text::Topic;

use super::command::{Actor, Decision};
use super::decide::Draft;
use super::event::{DirectoryEvent, Notice, RoomEvent, UserId};
use super::world::{Room, RoomState};

/// The most admins of one room, its owner aside: each is told of every request, and no command may
/// make work without a bound.
const ADMINS_MAX: usize = 100;
/// The longest slow mode, in seconds: a day.
const SLOW_SECS_MAX: u32 = 86_400;

pub(super) fn promote(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let (user, role) = member(&draft, room, name)?;
    match role {
        // Only the owner gets here, and would lose the room by it.
        Role::Owner => return Err(Code::NotPermitted),
        Role::Admin => {}
        Role::Member | Role::Unknown => {
            has_room_for_an_admin(draft.known_room(room)?)?;
            change_role(&mut draft, by, room, user, Role::Admin)?;
        }
    }
    Ok(draft.done())
}

/// Whether it is another's act or the admin's own, the table has said that it may be done.
pub(super) fn demote(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let (user, role) = member(&draft, room, name)?;
    match role {
        // A room has an owner at all times: it can be handed over, not laid down.
        Role::Owner => return Err(Code::NotPermitted),
        Role::Admin => change_role(&mut draft, by, room, user, Role::Member)?,
        Role::Member | Role::Unknown => {}
    }
    Ok(draft.done())
}

fn has_room_for_an_admin(room: &Room) -> Result<(), Code> {
    // The owner is one of them.
    if room.admins().count() > ADMINS_MAX { Err(Code::TooMany) } else { Ok(()) }
}

fn change_role(
    draft: &mut Draft<'_>,
    by: UserId,
    room: RoomId,
    user: UserId,
    role: Role,
) -> Result<(), Code> {
    let of = Notice::of(NotificationKind::RoleChanged, room, draft.known_room(room)?);
    draft.room(room, RoomEvent::RoleChanged { user, role });
    draft.notify(user, Notice { by: Some(by), role: Some(role), ..of });
    Ok(())
}

/// The owner hands the room over, or an operator one whose owner has vanished.
pub(super) fn transfer(
    mut draft: Draft<'_>,
    actor: Actor,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let known = draft.known_room(room)?;
    // Whoever is in the room has been told by the table already.
    if known.state == RoomState::Terminated {
        return Err(Code::RoomTerminated);
    }
    let (heir, role) = member(&draft, room, name)?;
    // An admin's place comes free for the owner, who becomes one.
    if role == Role::Member {
        has_room_for_an_admin(known)?;
    }
    let owner = known.members().find(|(_, of)| of.role == Role::Owner).map(|(user, _)| user);
    if owner != Some(heir) {
        let by = match actor {
            Actor::User(user) => Some(user),
            Actor::Stranger | Actor::Console | Actor::Clock => None,
        };
        let of = |kind| Notice { by, ..Notice::of(kind, room, known) };
        if let Some(owner) = owner {
            draft.room(room, RoomEvent::RoleChanged { user: owner, role: Role::Admin });
            let role = Some(Role::Admin);
            draft.notify(owner, Notice { role, ..of(NotificationKind::RoleChanged) });
        }
        draft.room(room, RoomEvent::RoleChanged { user: heir, role: Role::Owner });
        draft.notify(heir, of(NotificationKind::OwnershipReceived));
    }
    Ok(draft.done())
}

pub(super) fn set_slow_mode(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    secs: u32,
) -> Result<Decision, Code> {
    if secs > SLOW_SECS_MAX {
        return Err(Code::TooLong);
    }
    if draft.known_room(room)?.slow_secs != secs {
        draft.room(room, RoomEvent::SlowModeChanged { by, secs });
    }
    Ok(draft.done())
}

pub(super) fn set_topic(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    topic: Option<&Topic>,
) -> Result<Decision, Code> {
    if draft.known_room(room)?.topic.as_ref() != topic {
        draft.room(room, RoomEvent::TopicChanged { by, topic: topic.cloned() });
    }
    Ok(draft.done())
}

pub(super) fn rename(
    mut draft: Draft<'_>,
    by: UserId,
    id: RoomId,
    title: &Title,
) -> Result<Decision, Code> {
    let room = draft.known_room(id)?;
    if room.title == *title {
        return Ok(draft.done());
    }
    if draft.world.titles.refuse_instead(title, id, &room.title) {
        return Err(Code::TitleTaken);
    }
    draft.directory(DirectoryEvent::TitleFreed { room: id });
    draft.directory(DirectoryEvent::TitleTaken { room: id, title: title.clone() });
    draft.room(id, RoomEvent::Renamed { by, title: title.clone() });
    Ok(draft.done())
}

/// The member of this name, and what they are.
fn member(draft: &Draft<'_>, room: RoomId, name: &UserName) -> Result<(UserId, Role), Code> {
    let user = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    let membership = draft.known_room(room)?.membership(user).ok_or(Code::NotAMember)?;
    Ok((user, membership.role))
}
