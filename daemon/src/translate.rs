//! From what happened to what clients hear of it: the only place that names both.

use bytes::Bytes;
use parlor_protocol::codec;
use parlor_protocol::id::{Revision, RoomId, Timestamp};
use parlor_protocol::message::Message;
use parlor_protocol::name::UserName;
use parlor_protocol::push::{
    Change, Changed, Departed, Exited, Push, Renamed, RoleChanged, RoomChange, TopicChanged,
};
use parlor_protocol::record::Record;
use parlor_protocol::reply::{Outcome, Reply, ServerFrame};
use parlor_protocol::room::{Departure, Member, Role, Room};

use crate::rooms::{Membership, RoomEvent, UserId, World};

/// The frame of a room's event.
pub(crate) fn room_frame(
    world: &World,
    room: RoomId,
    what: &RoomEvent,
    revision: Revision,
    at: Timestamp,
) -> Bytes {
    let name = |user: UserId| name_of(world, user).clone();
    let change = match what {
        RoomEvent::Created { owner, .. } => Change::Created(name(*owner)),
        RoomEvent::Messaged { seq, author, text, nonce: _ } => {
            Change::Message(Message { seq: *seq, at, author: name(*author), text: text.clone() })
        }
        RoomEvent::Joined { user } => {
            Change::Joined(Member { user: name(*user), role: Role::Member, joined_at: at })
        }
        RoomEvent::Departed { user, how } => {
            Change::Departed(Departed { user: name(*user), how: *how })
        }
        RoomEvent::RoleChanged { user, role } => {
            Change::RoleChanged(RoleChanged { user: name(*user), role: *role })
        }
        RoomEvent::Terminated => Change::Terminated,
        RoomEvent::TopicChanged { by, topic } => {
            Change::TopicChanged(TopicChanged { by: name(*by), topic: topic.clone() })
        }
        RoomEvent::Renamed { by, title } => {
            Change::Renamed(Renamed { by: name(*by), title: title.clone() })
        }
    };
    let change = RoomChange { revision, at, change: Record(change) };
    push(Push::Changed(Changed { room, change: Record(change) }))
}

/// The frame that tells a user of having become a member.
pub(crate) fn entered(world: &World, room: RoomId, user: UserId) -> Bytes {
    push(Push::Entered(show(world, room, user)))
}

/// The frame that tells a user of being a member no more.
pub(crate) fn exited(room: RoomId, how: Departure) -> Bytes {
    push(Push::Exited(Exited { room, how }))
}

/// The part of a snapshot that shows one room.
pub(crate) fn snapshot(world: &World, room: RoomId, user: UserId) -> Bytes {
    push(Push::Snapshot(show(world, room, user)))
}

/// A room as a user may see it.
pub(crate) fn show(world: &World, id: RoomId, user: UserId) -> Room {
    let room = world.room(id).expect("invariant: only rooms that exist are shown");
    let role = room.membership(user).map(|membership| membership.role);
    let members = u32::try_from(room.members().len()).unwrap_or(u32::MAX);
    Room {
        room: id,
        title: room.title.clone(),
        members,
        role,
        last_seq: role.map(|_| room.last_seq),
        revision: role.map(|_| room.revision),
        topic: room.topic.clone(),
    }
}

/// A member of a room, as they are now.
pub(crate) fn member(world: &World, room: RoomId, user: UserId) -> Option<Member> {
    let Membership { role, joined_at, .. } = world.membership(room, user)?;
    Some(Member { user: name_of(world, user).clone(), role, joined_at })
}

/// The frame that answers a request.
pub(crate) fn reply(id: u32, outcome: Outcome) -> Bytes {
    frame(&ServerFrame::Reply(Reply { id, outcome: Record(outcome) }))
}

/// The name of a user of whom an event tells.
pub(crate) fn name_of(world: &World, user: UserId) -> &UserName {
    world.name_of(user).expect("invariant: events name users who exist")
}

fn push(push: Push) -> Bytes {
    frame(&ServerFrame::Push(Record(push)))
}

fn frame(frame: &ServerFrame) -> Bytes {
    codec::frame(frame).expect("invariant: what the hub sends is known and smaller than a frame")
}
