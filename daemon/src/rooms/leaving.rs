//! The rules of going: what becomes of a room that someone leaves.

use parlor_protocol::id::RoomId;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Role};

use super::command::Decision;
use super::decide::Draft;
use super::event::{DirectoryEvent, RoomEvent, UserId};
use super::world::{Membership, Room};

pub(super) fn leave(mut draft: Draft<'_>, user: UserId, room: RoomId) -> Result<Decision, Code> {
    depart(&mut draft, user, room)?;
    Ok(draft.done())
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
pub(super) fn depart(draft: &mut Draft<'_>, user: UserId, id: RoomId) -> Result<(), Code> {
    let room = draft.known_room(id)?;
    let gone = room.membership(user).ok_or(Code::NotAMember)?;
    draft.room(id, RoomEvent::Departed { user, how: Departure::Left });
    match sequel(room, user, gone) {
        Sequel::Unchanged => {}
        Sequel::Succession(heir) => {
            draft.room(id, RoomEvent::RoleChanged { user: heir, role: Role::Owner });
        }
        Sequel::Termination => terminate(draft, id, room, user),
    }
    Ok(())
}

fn sequel(room: &Room, user: UserId, gone: Membership) -> Sequel {
    let others = || room.members().filter(|&(other, _)| other != user);
    let first =
        |among: Role| others().filter(|(_, of)| of.role == among).min_by_key(|(_, of)| of.joined);
    match (room.members.len() - 1, others().next()) {
        (0, _) | (_, None) => Sequel::Termination,
        (1, Some((other, left))) => match left.role {
            Role::Owner => Sequel::Unchanged,
            Role::Admin => Sequel::Succession(other),
            Role::Member | Role::Unknown => Sequel::Termination,
        },
        (_, Some(_)) if gone.role != Role::Owner => Sequel::Unchanged,
        (_, Some((any, _))) => {
            let heir = first(Role::Admin).or_else(|| first(Role::Member));
            Sequel::Succession(heir.map_or(any, |(heir, _)| heir))
        }
    }
}

fn terminate(draft: &mut Draft<'_>, id: RoomId, room: &Room, gone: UserId) {
    for (user, _) in room.members().filter(|&(user, _)| user != gone) {
        draft.room(id, RoomEvent::Departed { user, how: Departure::Terminated });
    }
    draft.room(id, RoomEvent::Terminated);
    draft.directory(DirectoryEvent::TitleFreed { room: id });
}
