//! The rules of what owner and admins do to a room: roles, ownership, topic and title.
//!
//! What is so already is done without an event: nobody need know of it, and asking twice, as after
//! an answer that was lost, does no harm.

use parlor_protocol::id::RoomId;
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Role;
use parlor_protocol::text::Topic;

use super::command::Decision;
use super::decide::Draft;
use super::event::{DirectoryEvent, RoomEvent, UserId};

pub(super) fn promote(
    mut draft: Draft<'_>,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let (user, role) = member(&draft, room, name)?;
    match role {
        // Only the owner gets here, and would lose the room by it.
        Role::Owner => return Err(Code::NotPermitted),
        Role::Admin => {}
        Role::Member | Role::Unknown => {
            draft.room(room, RoomEvent::RoleChanged { user, role: Role::Admin });
        }
    }
    Ok(draft.done())
}

/// Whether it is another's act or the admin's own, the table has said that it may be done.
pub(super) fn demote(
    mut draft: Draft<'_>,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let (user, role) = member(&draft, room, name)?;
    match role {
        // A room has an owner at all times: it can be handed over, not laid down.
        Role::Owner => return Err(Code::NotPermitted),
        Role::Admin => {
            draft.room(room, RoomEvent::RoleChanged { user, role: Role::Member });
        }
        Role::Member | Role::Unknown => {}
    }
    Ok(draft.done())
}

pub(super) fn transfer(
    mut draft: Draft<'_>,
    owner: UserId,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let (heir, _) = member(&draft, room, name)?;
    if heir != owner {
        draft.room(room, RoomEvent::RoleChanged { user: owner, role: Role::Admin });
        draft.room(room, RoomEvent::RoleChanged { user: heir, role: Role::Owner });
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
