//! Strategies for what is about who gets into a room, and about what one is told.

use parlor_protocol::entry::{
    AddMember, Approve, Ban, BanUser, Bans, Block, Blocked, Blocks, Deny, Ended, FormerRoom,
    FormerRooms, Invite, InviteEnd, InviteUser, Invites, JoinRequest, JoinRequests, Kick,
    ListInvites, ListOfRoom, ListOwn, Rejoin, RequestEnd, RequestToJoin, RevokeInvite, RoomState,
    Unban, Unblock, Unblocked, Withdraw,
};
use parlor_protocol::id::NotificationId;
use parlor_protocol::notification::{
    Notification, NotificationKind, Notifications, WhichNotifications,
};
use parlor_protocol::push::{Change, InviteEnded, Push, RequestEnded, SlowModeChanged, Unbanned};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{MarkRead, ReadMarker, Role, SetSlowMode};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{any_of_struct, at, reason, record, room_id, seq, title, user};

pub(super) fn command() -> BoxedStrategy<Command> {
    prop_oneof![decision(), listing(), own()].boxed()
}

/// What one does to somebody, or asks for oneself.
fn decision() -> BoxedStrategy<Command> {
    let text = any::<String>;
    prop_oneof![
        any_of_struct!(RequestToJoin { room: room_id(), reason: text() })
            .prop_map(Command::RequestToJoin),
        any_of_struct!(Withdraw { room: room_id() }).prop_map(Command::Withdraw),
        any_of_struct!(Approve { room: room_id(), user: text() }).prop_map(Command::Approve),
        any_of_struct!(Deny { room: room_id(), user: text(), reason: text() })
            .prop_map(Command::Deny),
        any_of_struct!(AddMember { room: room_id(), user: text() }).prop_map(Command::AddMember),
        any_of_struct!(InviteUser { room: room_id(), user: text() }).prop_map(Command::InviteUser),
        any_of_struct!(RevokeInvite { room: room_id(), user: text() })
            .prop_map(Command::RevokeInvite),
        any_of_struct!(Kick { room: room_id(), user: text(), reason: text() })
            .prop_map(Command::Kick),
        any_of_struct!(BanUser {
            room: room_id(),
            user: text(),
            reason: text(),
            secs: of(any::<u32>()),
        })
        .prop_map(Command::BanUser),
        any_of_struct!(Unban { room: room_id(), user: text() }).prop_map(Command::Unban),
    ]
    .boxed()
}

fn listing() -> BoxedStrategy<Command> {
    let of_room = || {
        any_of_struct!(ListOfRoom {
            room: room_id(),
            after: of(any::<String>()),
            limit: any::<u32>(),
        })
    };
    let list_own = || any_of_struct!(ListOwn { after: of(any::<String>()), limit: any::<u32>() });
    prop_oneof![
        of_room().prop_map(Command::ListRequests),
        of_room().prop_map(Command::ListBans),
        any_of_struct!(ListInvites {
            room: of(room_id()),
            after: of(any::<String>()),
            limit: any::<u32>(),
        })
        .prop_map(Command::ListInvites),
        list_own().prop_map(Command::ListNotifications),
        list_own().prop_map(Command::ListFormerRooms),
        list_own().prop_map(Command::ListBlocks),
    ]
    .boxed()
}

fn own() -> BoxedStrategy<Command> {
    let text = any::<String>;
    prop_oneof![
        any_of_struct!(Block { user: text() }).prop_map(Command::Block),
        any_of_struct!(Unblock { user: text() }).prop_map(Command::Unblock),
        any_of_struct!(SetSlowMode { room: room_id(), secs: any::<u32>() })
            .prop_map(Command::SetSlowMode),
        any_of_struct!(MarkRead { room: room_id(), seq: seq() }).prop_map(Command::MarkRead),
        which().prop_map(Command::ReadNotifications),
        which().prop_map(Command::DismissNotifications),
    ]
    .boxed()
}

pub(super) fn outcome() -> BoxedStrategy<Outcome> {
    let next = || of(any::<String>());
    let former = any_of_struct!(FormerRoom {
        room: room_id(),
        title: title(),
        state: select(RoomState::ALL),
        ended: select(Ended::ALL),
        at: at(),
        rejoin: select(Rejoin::ALL),
    });
    prop_oneof![
        join_request().prop_map(Outcome::Request),
        any_of_struct!(JoinRequests { requests: vec(record(join_request()), 0..5), next: next() })
            .prop_map(Outcome::Requests),
        invite().prop_map(Outcome::Invite),
        any_of_struct!(Invites { invites: vec(record(invite()), 0..5), next: next() })
            .prop_map(Outcome::Invites),
        ban().prop_map(Outcome::Ban),
        any_of_struct!(Bans { bans: vec(record(ban()), 0..5), next: next() })
            .prop_map(Outcome::Bans),
        read_marker().prop_map(Outcome::ReadMarker),
        any_of_struct!(Notifications {
            notifications: vec(record(notification()), 0..5),
            next: next(),
        })
        .prop_map(Outcome::Notifications),
        any_of_struct!(FormerRooms { rooms: vec(record(former), 0..5), next: next() })
            .prop_map(Outcome::FormerRooms),
        any_of_struct!(Blocks { blocks: vec(record(blocked()), 0..5), next: next() })
            .prop_map(Outcome::Blocks),
    ]
    .boxed()
}

pub(super) fn push() -> BoxedStrategy<Push> {
    prop_oneof![
        notification().prop_map(Push::Notified),
        which().prop_map(Push::NotificationsRead),
        which().prop_map(Push::NotificationsDismissed),
        read_marker().prop_map(Push::Read),
        blocked().prop_map(Push::Blocked),
        any_of_struct!(Unblocked { user: user() }).prop_map(Push::Unblocked),
    ]
    .boxed()
}

pub(super) fn change() -> BoxedStrategy<Change> {
    prop_oneof![
        any_of_struct!(SlowModeChanged { by: user(), secs: any::<u32>() })
            .prop_map(Change::SlowModeChanged),
        Just(Change::Withheld),
        join_request().prop_map(Change::Requested),
        any_of_struct!(RequestEnded {
            user: user(),
            how: select(RequestEnd::ALL),
            by: of(user()),
            reason: of(reason()),
        })
        .prop_map(Change::RequestEnded),
        invite().prop_map(Change::Invited),
        any_of_struct!(InviteEnded { user: user(), how: select(InviteEnd::ALL), by: of(user()) })
            .prop_map(Change::InviteEnded),
        ban().prop_map(Change::Banned),
        any_of_struct!(Unbanned { user: user(), by: of(user()) }).prop_map(Change::Unbanned),
    ]
    .boxed()
}

fn which() -> BoxedStrategy<WhichNotifications> {
    any_of_struct!(WhichNotifications { id: of(notification_id()) })
}

fn notification_id() -> BoxedStrategy<NotificationId> {
    any::<u32>().prop_map(NotificationId).boxed()
}

fn read_marker() -> BoxedStrategy<ReadMarker> {
    any_of_struct!(ReadMarker {
        room: room_id(),
        seq: seq(),
        unread: any::<u64>(),
        mentions: any::<u32>(),
    })
}

fn blocked() -> BoxedStrategy<Blocked> {
    any_of_struct!(Blocked { user: user(), at: at() })
}

fn join_request() -> BoxedStrategy<JoinRequest> {
    any_of_struct!(JoinRequest { room: room_id(), user: user(), reason: of(reason()), at: at() })
}

fn invite() -> BoxedStrategy<Invite> {
    any_of_struct!(Invite {
        room: room_id(),
        title: title(),
        user: user(),
        by: user(),
        at: at(),
        until: at(),
    })
}

fn ban() -> BoxedStrategy<Ban> {
    any_of_struct!(Ban {
        room: room_id(),
        user: user(),
        by: user(),
        reason: of(reason()),
        at: at(),
        until: of(at()),
    })
}

fn notification() -> BoxedStrategy<Notification> {
    any_of_struct!(Notification {
        id: notification_id(),
        kind: select(NotificationKind::ALL),
        at: at(),
        room: of(room_id()),
        title: of(title()),
        by: of(user()),
        reason: of(reason()),
        role: of(select(Role::ALL)),
        seq: of(seq()),
        read: any::<bool>(),
        until: of(at()),
    })
}
