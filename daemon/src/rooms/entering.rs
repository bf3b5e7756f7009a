//! The rules of coming in: creating a room and joining one.

use parlor_protocol::id::RoomId;
use parlor_protocol::name::Title;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Entry, Role, Visibility};

use super::agenda::settle;
use super::command::Decision;
use super::decide::Draft;
use super::event::{DirectoryEvent, RoomEvent, UserId};
use super::leaving::{self, Farewell};
use super::world::World;

/// The most rooms that a server remembers, live and terminated, fifty times what it is measured
/// with: an ID is never given twice, so that creating and leaving would otherwise fill the memory.
const ROOMS_MAX: usize = 1_000_000;

/// How often an ID is thrown. With [`ROOMS_MAX`] rooms one throw in a thousand million hits a room;
/// whoever misses this often has broken dice, and must not hold up everyone else.
const THROWS_MAX: usize = 8;

pub(super) fn create(
    mut draft: Draft<'_>,
    user: UserId,
    title: &Title,
    kind: (Visibility, Entry),
    dice: &mut dyn FnMut() -> u64,
) -> Result<Decision, Code> {
    let world = draft.world;
    let (visibility, entry) = match kind {
        (Visibility::Public, Entry::Ask | Entry::Open) | (Visibility::Private, Entry::Ask) => kind,
        // Nobody walks into a private room.
        (Visibility::Private, Entry::Open | Entry::Unknown)
        | (Visibility::Public, Entry::Unknown)
        | (Visibility::Unknown, _) => return Err(Code::BadRequest),
    };
    if world.titles.refuse(title) {
        return Err(Code::TitleTaken);
    }
    if world.owned_by(user) >= world.rooms_max.owned
        || world.joined_by(user) >= world.rooms_max.joined
        || world.rooms.len() >= ROOMS_MAX
    {
        return Err(Code::TooMany);
    }
    let room = (0..THROWS_MAX)
        .map(|_| RoomId::from_random(dice()))
        .find(|room| !world.rooms.contains_key(room))
        .ok_or(Code::Busy)?;
    let title_taken = title.clone();
    draft.room(room, RoomEvent::Created { title: title_taken, owner: user, visibility, entry });
    draft.directory(DirectoryEvent::TitleTaken { room, title: title.clone() });
    Ok(draft.done())
}

/// Joins `target` and leaves `leave`, where one is named: both or neither.
pub(super) fn join(
    mut draft: Draft<'_>,
    user: UserId,
    target: RoomId,
    leave: Option<RoomId>,
) -> Result<Decision, Code> {
    let world = draft.world;
    let mut joined = world.joined_by(user);
    if let Some(left) = leave {
        // The target is not one of the user's rooms, so it is not this one either.
        if world.membership(left, user).is_none() {
            return Err(Code::NotAMember);
        }
        joined -= 1;
    }
    if joined >= world.rooms_max.joined {
        return Err(Code::TooMany);
    }
    if let Some(left) = leave {
        let farewell = Farewell { how: Departure::Left, by: None, reason: None };
        leaving::depart(&mut draft, user, left, &farewell)?;
    }
    settle(&mut draft, target, user);
    enter(&mut draft, target, user)?;
    Ok(draft.done())
}

/// Makes somebody a member.
pub(super) fn enter(draft: &mut Draft<'_>, room: RoomId, user: UserId) -> Result<(), Code> {
    draft.known_room(room)?;
    draft.room(room, RoomEvent::Joined { user });
    Ok(())
}

impl World {
    pub(super) fn joined_by(&self, user: UserId) -> usize {
        self.users.get(&user).map_or(0, |user| user.rooms.len())
    }

    fn owned_by(&self, user: UserId) -> usize {
        self.rooms_of(user).filter(|&room| self.role(room, user) == Some(Role::Owner)).count()
    }
}
