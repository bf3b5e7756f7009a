//! All that can be seen of a world, in a form that a model can have too.

use std::collections::{BTreeMap, BTreeSet};

use parlor_protocol::id::RoomId;
use parlor_protocol::room::Role;

use crate::rooms::{RoomState, UserId, World};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) directory: u64,
    /// By number.
    pub(super) users: Vec<UserView>,
    pub(super) rooms: BTreeMap<RoomId, RoomView>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct UserView {
    pub(super) name: String,
    pub(super) revision: u64,
    pub(super) devices: Vec<u32>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct RoomView {
    pub(super) title: String,
    pub(super) topic: Option<String>,
    pub(super) ended: bool,
    pub(super) revision: u64,
    pub(super) last_seq: u64,
    /// In join order.
    pub(super) members: Vec<(UserId, Role)>,
    pub(super) former: BTreeSet<UserId>,
}

impl View {
    pub(super) fn of(world: &World) -> Self {
        let users = world.users().map(|(_, user)| UserView {
            name: user.name.to_string(),
            revision: user.revision.0,
            devices: user.devices().map(|(id, _)| id.0).collect(),
        });
        let rooms = world.rooms.iter().map(|(&id, room)| {
            let mut members: Vec<_> = room.members().collect();
            members.sort_unstable_by_key(|(_, membership)| membership.joined);
            let view = RoomView {
                title: room.title.to_string(),
                topic: room.topic.as_ref().map(|topic| topic.as_str().to_owned()),
                ended: room.state == RoomState::Terminated,
                revision: room.revision.0,
                last_seq: room.last_seq.0,
                members: members.into_iter().map(|(user, of)| (user, of.role)).collect(),
                former: room.former.clone(),
            };
            (id, view)
        });
        Self {
            directory: world.directory_revision().0,
            users: users.collect(),
            rooms: rooms.collect(),
        }
    }
}
