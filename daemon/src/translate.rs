//! From what happened to what clients hear of it: the only place that names both.

use bytes::Bytes;
use parlor_protocol::account::Named;
use parlor_protocol::codec;
use parlor_protocol::entry::{Ban, Blocked, Invite, JoinRequest, Unblocked};
use parlor_protocol::id::{Revision, RoomId, Timestamp};
use parlor_protocol::message::Message;
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::notification::{Notification, WhichNotifications};
use parlor_protocol::operator::{Account, AccountStatus, Announced};
use parlor_protocol::push::{
    Change, Changed, Departed, Exited, InviteEnded, Push, Renamed, RequestEnded, RoleChanged,
    RoomChange, SlowModeChanged, TopicChanged, Unbanned,
};
use parlor_protocol::record::Record;
use parlor_protocol::reply::{Outcome, Reply, ServerFrame};
use parlor_protocol::room::{Departure, Member, Presence, Present, ReadMarker, Role, Room};
use parlor_protocol::text::{MessageText, Reason};

use crate::rooms::{
    Actor, Audience, Membership, RoomEvent, Standing, Status, UserEvent, UserId, WhichNotices,
    World, audience,
};

/// The frames of a room's event: what its members get, and what its admins get instead, where
/// that is not the same.
pub(crate) fn room_frames(
    world: &World,
    room: RoomId,
    what: &RoomEvent,
    revision: Revision,
    at: Timestamp,
) -> (Bytes, Option<Bytes>) {
    let frame = |change| {
        let change = RoomChange { revision, at, change: Record(change) };
        push(Push::Changed(Changed { room, change: Record(change) }))
    };
    match audience(what) {
        Audience::Members => (frame(change(world, room, what, at)), None),
        Audience::Admins => (frame(Change::Withheld), Some(frame(change(world, room, what, at)))),
        Audience::Nobody => (frame(Change::Withheld), None),
    }
}

/// What an event says to those who may hear it.
fn change(world: &World, room: RoomId, what: &RoomEvent, at: Timestamp) -> Change {
    let name = |user: &UserId| name_of(world, *user).clone();
    let named = |user: &Option<UserId>| user.as_ref().map(name);
    match what {
        RoomEvent::Created { owner, .. } => Change::Created(name(owner)),
        RoomEvent::Messaged { seq, author, text, kind, nonce: _, mentions: _ } => {
            let (author, text) = (name(author), text.clone());
            // Whoever has just sent it has an account.
            let author_removed = false;
            Change::Message(Message { seq: *seq, at, author, text, kind: *kind, author_removed })
        }
        RoomEvent::Joined { user } => Change::Joined(Member {
            user: name(user),
            role: Role::Member,
            joined_at: at,
            online: None,
            display_name: None,
        }),
        RoomEvent::Departed { user, how, by, reason } => Change::Departed(Departed {
            user: name(user),
            how: *how,
            by: named(by),
            reason: reason.clone(),
        }),
        RoomEvent::RoleChanged { user, role } => {
            Change::RoleChanged(RoleChanged { user: name(user), role: *role })
        }
        RoomEvent::Terminated => Change::Terminated,
        RoomEvent::TopicChanged { by, topic } => {
            Change::TopicChanged(TopicChanged { by: name(by), topic: topic.clone() })
        }
        RoomEvent::Renamed { by, title } => {
            Change::Renamed(Renamed { by: name(by), title: title.clone() })
        }
        RoomEvent::SlowModeChanged { by, secs } => {
            Change::SlowModeChanged(SlowModeChanged { by: name(by), secs: *secs })
        }
        RoomEvent::Requested { user, reason } => {
            Change::Requested(JoinRequest { room, user: name(user), reason: reason.clone(), at })
        }
        RoomEvent::RequestEnded { user, how, by, reason } => Change::RequestEnded(RequestEnded {
            user: name(user),
            how: *how,
            by: named(by),
            reason: reason.clone(),
        }),
        RoomEvent::Invited { user, by, until } => Change::Invited(Invite {
            room,
            title: title_of(world, room).clone(),
            user: name(user),
            by: name(by),
            at,
            until: *until,
        }),
        RoomEvent::InviteEnded { user, how, by } => {
            Change::InviteEnded(InviteEnded { user: name(user), how: *how, by: named(by) })
        }
        RoomEvent::Banned { user, by, reason, until, .. } => Change::Banned(Ban {
            room,
            user: name(user),
            by: name(by),
            reason: reason.clone(),
            at,
            until: *until,
        }),
        RoomEvent::Unbanned { user, by } => {
            Change::Unbanned(Unbanned { user: name(user), by: named(by) })
        }
        RoomEvent::Forgotten { .. } => Change::Withheld,
    }
}

/// What an event of the door has made, for whoever made it.
pub(crate) fn made(
    world: &World,
    room: RoomId,
    what: &RoomEvent,
    at: Timestamp,
) -> Option<Outcome> {
    match change(world, room, what, at) {
        Change::Requested(request) => Some(Outcome::Request(request)),
        Change::Invited(invite) => Some(Outcome::Invite(invite)),
        Change::Banned(ban) => Some(Outcome::Ban(ban)),
        Change::Created(_)
        | Change::Message(_)
        | Change::Joined(_)
        | Change::Departed(_)
        | Change::RoleChanged(_)
        | Change::Terminated
        | Change::TopicChanged(_)
        | Change::Renamed(_)
        | Change::SlowModeChanged(_)
        | Change::Withheld
        | Change::RequestEnded(_)
        | Change::InviteEnded(_)
        | Change::Unbanned(_)
        | Change::Unknown => None,
    }
}

/// The frame that tells a user of a change of what is theirs alone; `None` where there is nothing
/// to tell.
pub(crate) fn user_frame(world: &World, what: &UserEvent, at: Timestamp) -> Option<Bytes> {
    let which = |which: &WhichNotices| WhichNotifications {
        id: match which {
            WhichNotices::All => None,
            WhichNotices::One(id) => Some(*id),
        },
    };
    let told = match what {
        UserEvent::Notified { id, notice } => Push::Notified(Notification {
            id: *id,
            kind: notice.kind,
            at,
            room: notice.room,
            title: notice.title.clone(),
            by: notice.by.map(|user| name_of(world, user).clone()),
            reason: notice.reason.clone(),
            role: notice.role,
            seq: notice.seq,
            read: false,
            until: notice.until,
        }),
        UserEvent::NotificationsRead(read) => Push::NotificationsRead(which(read)),
        UserEvent::NotificationsDismissed(dismissed) => {
            Push::NotificationsDismissed(which(dismissed))
        }
        UserEvent::Blocked { user } => {
            Push::Blocked(Blocked { user: name_of(world, *user).clone(), at })
        }
        UserEvent::Unblocked { user } => {
            Push::Unblocked(Unblocked { user: name_of(world, *user).clone() })
        }
        UserEvent::PasswordSet(_)
        | UserEvent::PasswordRestretched(_)
        | UserEvent::DisplayNameSet(_)
        | UserEvent::DeviceAdded { .. }
        | UserEvent::DeviceRevoked { .. }
        | UserEvent::NotificationsExpired { .. }
        | UserEvent::StandingChanged(_)
        | UserEvent::StatusChanged { .. } => return None,
    };
    Some(push(told))
}

/// How far a member has read.
pub(crate) fn read_marker(world: &World, room: RoomId, user: UserId) -> Option<ReadMarker> {
    let known = world.room(room)?;
    let reading = known.reading(user)?;
    Some(ReadMarker {
        room,
        seq: reading.read,
        unread: known.unread(reading),
        mentions: known.mentions(reading),
    })
}

/// The frame that hints to a user's other devices how far they have read.
pub(crate) fn read_frame(marker: ReadMarker) -> Bytes {
    push(Push::Read(marker))
}

/// The frame that tells a user of having become a member.
pub(crate) fn entered(world: &World, room: RoomId, user: UserId) -> Bytes {
    push(Push::Entered(show(world, room, user)))
}

/// The frame that tells a user of being a member no more.
pub(crate) fn exited(
    world: &World,
    room: RoomId,
    how: Departure,
    by: Option<UserId>,
    reason: Option<Reason>,
) -> Bytes {
    let by = by.map(|user| name_of(world, user).clone());
    push(Push::Exited(Exited { room, how, by, reason }))
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
    let marker = read_marker(world, id, user);
    Room {
        room: id,
        title: room.title.clone(),
        members,
        role,
        last_seq: role.map(|_| room.last_seq),
        revision: role.map(|_| room.revision),
        topic: room.topic.clone(),
        visibility: room.visibility,
        entry: room.entry,
        slow_secs: room.slow_secs,
        read: marker.as_ref().map(|marker| marker.seq),
        unread: marker.as_ref().map(|marker| marker.unread),
        mentions: marker.as_ref().map(|marker| marker.mentions),
    }
}

/// A member of a room, as they are now.
pub(crate) fn member(world: &World, room: RoomId, user: UserId) -> Option<Member> {
    let Membership { role, joined_at, .. } = world.membership(room, user)?;
    let Named { user, display_name } = named(world, user);
    Some(Member { user, role, joined_at, online: None, display_name })
}

/// A user, and what they are shown with.
pub(crate) fn named(world: &World, user: UserId) -> Named {
    let known = world.user(user).expect("invariant: only users who exist are named");
    Named { user: known.name.clone(), display_name: known.display_name.clone() }
}

/// How many members one frame shows at most; each takes up to 600 bytes.
const PRESENT_MAX: usize = 64;

/// The frames that show members of a room as they are now, each with whether they are connected.
pub(crate) fn present(
    world: &World,
    room: RoomId,
    members: &[(UserId, Option<bool>)],
) -> Vec<Bytes> {
    let frame = |members: &[(UserId, Option<bool>)]| {
        let shown = members.iter().map(|&(user, online)| {
            let Named { user, display_name } = named(world, user);
            Record(Presence { user, online, display_name })
        });
        push(Push::Present(Present { room, members: shown.collect() }))
    };
    members.chunks(PRESENT_MAX).map(frame).collect()
}

/// An account, as operators see it.
pub(crate) fn account(world: &World, user: UserId) -> Option<Account> {
    let known = world.user(user)?;
    Some(Account {
        user: known.name.clone(),
        operator: known.standing == Standing::Operator,
        status: match known.status {
            Status::Active => AccountStatus::Active,
            Status::Waiting => AccountStatus::Waiting,
            Status::Denied => AccountStatus::Denied,
            Status::Disabled => AccountStatus::Disabled,
            Status::Removed => AccountStatus::Removed,
        },
    })
}

/// The frame that tells everybody what an operator says.
pub(crate) fn announced(world: &World, by: &Actor, text: MessageText, at: Timestamp) -> Bytes {
    let by = match by {
        Actor::User(user) => Some(name_of(world, *user).clone()),
        Actor::Console | Actor::Stranger | Actor::Clock => None,
    };
    push(Push::Announced(Announced { at, by, text }))
}

/// The frame that answers a request.
pub(crate) fn reply(id: u32, outcome: Outcome) -> Bytes {
    frame(&ServerFrame::Reply(Reply { id, outcome: Record(outcome) }))
}

/// The name of a user of whom an event tells.
pub(crate) fn name_of(world: &World, user: UserId) -> &UserName {
    world.name_of(user).expect("invariant: events name users who exist")
}

fn title_of(world: &World, room: RoomId) -> &Title {
    &world.room(room).expect("invariant: events happen in rooms that exist").title
}

fn push(push: Push) -> Bytes {
    frame(&ServerFrame::Push(Record(push)))
}

fn frame(frame: &ServerFrame) -> Bytes {
    codec::frame(frame).expect("invariant: what the hub sends is known and smaller than a frame")
}
