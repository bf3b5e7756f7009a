//! All that can be seen of a world, in a form that a model can have too.

use std::collections::BTreeMap;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{NotificationId, RoomId, Timestamp};
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::room::{Entry, Role, Visibility};

use crate::rooms::{
    Association, CodeTerms, RoomState, SignUpCode, Standing, Status, UserId, World,
};

/// What each user was told, by number.
pub(super) type Kinds = BTreeMap<(UserId, NotificationId), NotificationKind>;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) directory: u64,
    pub(super) mode: Option<SignUpMode>,
    pub(super) codes: BTreeMap<SignUpCode, CodeTerms>,
    pub(super) users: BTreeMap<UserId, UserView>,
    pub(super) rooms: BTreeMap<RoomId, RoomView>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct UserView {
    pub(super) name: String,
    pub(super) display_name: Option<String>,
    pub(super) standing: Standing,
    pub(super) status: Status,
    pub(super) revision: u64,
    pub(super) devices: Vec<u32>,
    pub(super) blocked: Vec<UserId>,
    pub(super) notifications: Vec<NoteView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteView {
    pub(super) id: u32,
    pub(super) kind: NotificationKind,
    pub(super) at: Timestamp,
    pub(super) read: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct RoomView {
    pub(super) title: String,
    pub(super) topic: Option<String>,
    pub(super) visibility: Visibility,
    pub(super) entry: Entry,
    pub(super) slow_secs: u32,
    pub(super) ended: bool,
    pub(super) revision: u64,
    pub(super) last_seq: u64,
    /// In join order.
    pub(super) members: Vec<MemberView>,
    pub(super) outside: BTreeMap<UserId, Association>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MemberView {
    pub(super) user: UserId,
    pub(super) role: Role,
    /// How far they have read, and what mentions them after that.
    pub(super) read: u64,
    pub(super) mentions: Vec<u64>,
}

impl View {
    pub(super) fn of(world: &World, kinds: &Kinds) -> Self {
        let users = world.users().map(|(id, user)| {
            let notes = user.notifications.iter().map(|(&number, noted)| NoteView {
                id: number.0,
                kind: kinds[&(id, number)],
                at: noted.at,
                read: noted.read,
            });
            let view = UserView {
                name: user.name.to_string(),
                display_name: user.display_name.as_ref().map(ToString::to_string),
                standing: user.standing,
                status: user.status,
                revision: user.revision.0,
                devices: user.devices().map(|(id, _)| id.0).collect(),
                blocked: user.blocked.iter().copied().collect(),
                notifications: notes.collect(),
            };
            (id, view)
        });
        let rooms = world.rooms.iter().map(|(&id, room)| {
            let mut members: Vec<_> = room.members().collect();
            members.sort_unstable_by_key(|(_, membership)| membership.joined);
            let members = members.into_iter().map(|(user, of)| {
                let reading = room.reading(user).unwrap();
                let mentions = reading.mentions.iter().map(|seq| seq.0).collect();
                MemberView { user, role: of.role, read: reading.read.0, mentions }
            });
            let view = RoomView {
                title: room.title.to_string(),
                topic: room.topic.as_ref().map(|topic| topic.as_str().to_owned()),
                visibility: room.visibility,
                entry: room.entry,
                slow_secs: room.slow_secs,
                ended: room.state == RoomState::Terminated,
                revision: room.revision.0,
                last_seq: room.last_seq.0,
                members: members.collect(),
                outside: room.associations.clone(),
            };
            (id, view)
        });
        Self {
            directory: world.directory_revision().0,
            mode: world.sign_up_mode(),
            codes: world.codes().map(|(code, terms)| (code, *terms)).collect(),
            users: users.collect(),
            rooms: rooms.collect(),
        }
    }
}
