//! The values of the examples about who gets into a room, and about what one is told.

use parlor_protocol::entry::{
    AddMember, Approve, Ban, BanUser, Bans, Block, Blocked, Blocks, Deny, Ended, FormerRoom,
    FormerRooms, Invite, InviteEnd, InviteUser, Invites, JoinRequest, JoinRequests, Kick,
    ListInvites, ListOfRoom, ListOwn, Rejoin, RequestEnd, RequestToJoin, RevokeInvite, RoomState,
    Unban, Unblock, Unblocked, Withdraw,
};
use parlor_protocol::id::{NotificationId, Seq, Timestamp};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::notification::{
    Notification, NotificationKind, Notifications, WhichNotifications,
};
use parlor_protocol::push::{InviteEnded, RequestEnded, SlowModeChanged, Unbanned};
use parlor_protocol::record::Record;
use parlor_protocol::room::{MarkRead, ReadMarker, Role, SetSlowMode};
use parlor_protocol::text::Reason;

use super::values::{AT, alice, room_id};

/// Seven days after the others.
const LATER: Timestamp = Timestamp(AT.0 + 604_800_000);

pub(super) fn bob() -> UserName {
    UserName::parse("bob").unwrap()
}

pub(super) fn reason() -> Reason {
    Reason::parse("so it is").unwrap()
}

fn title() -> Title {
    Title::parse("Ops").unwrap()
}

pub(super) fn join_request() -> JoinRequest {
    JoinRequest { room: room_id(), user: bob(), reason: Some(reason()), at: AT }
}

pub(super) fn join_requests() -> JoinRequests {
    JoinRequests { requests: vec![Record(join_request())], next: Some("bob".into()) }
}

pub(super) fn invite() -> Invite {
    Invite { room: room_id(), title: title(), user: bob(), by: alice(), at: AT, until: LATER }
}

pub(super) fn invites() -> Invites {
    Invites { invites: vec![Record(invite())], next: None }
}

pub(super) fn ban() -> Ban {
    Ban {
        room: room_id(),
        user: bob(),
        by: alice(),
        reason: Some(reason()),
        at: AT,
        until: Some(LATER),
    }
}

pub(super) fn bans() -> Bans {
    let for_good = Ban { reason: None, until: None, ..ban() };
    Bans { bans: vec![Record(for_good)], next: None }
}

pub(super) fn former_room() -> FormerRoom {
    FormerRoom {
        room: room_id(),
        title: title(),
        state: RoomState::Live,
        ended: Ended::Kicked,
        at: AT,
        rejoin: Rejoin::Request,
    }
}

pub(super) fn former_rooms() -> FormerRooms {
    FormerRooms { rooms: vec![Record(former_room())], next: None }
}

pub(super) fn request_to_join() -> RequestToJoin {
    RequestToJoin { room: room_id(), reason: "please".into() }
}

pub(super) fn withdraw() -> Withdraw {
    Withdraw { room: room_id() }
}

pub(super) fn approve() -> Approve {
    Approve { room: room_id(), user: "bob".into() }
}

pub(super) fn deny() -> Deny {
    Deny { room: room_id(), user: "bob".into(), reason: String::new() }
}

pub(super) fn add_member() -> AddMember {
    AddMember { room: room_id(), user: "bob".into() }
}

pub(super) fn invite_user() -> InviteUser {
    InviteUser { room: room_id(), user: "bob".into() }
}

pub(super) fn revoke_invite() -> RevokeInvite {
    RevokeInvite { room: room_id(), user: "bob".into() }
}

pub(super) fn kick() -> Kick {
    Kick { room: room_id(), user: "bob".into(), reason: "so it is".into() }
}

pub(super) fn ban_user() -> BanUser {
    BanUser { room: room_id(), user: "bob".into(), reason: "so it is".into(), secs: Some(604_800) }
}

pub(super) fn unban() -> Unban {
    Unban { room: room_id(), user: "bob".into() }
}

pub(super) fn block() -> Block {
    Block { user: "bob".into() }
}

pub(super) fn unblock() -> Unblock {
    Unblock { user: "bob".into() }
}

pub(super) fn blocked() -> Blocked {
    Blocked { user: bob(), at: AT }
}

pub(super) fn unblocked() -> Unblocked {
    Unblocked { user: bob() }
}

pub(super) fn blocks() -> Blocks {
    Blocks { blocks: vec![Record(blocked())], next: Some("bob".into()) }
}

pub(super) fn list_of_room() -> ListOfRoom {
    ListOfRoom { room: room_id(), after: Some("alice".into()), limit: 50 }
}

pub(super) fn list_invites() -> ListInvites {
    ListInvites { room: Some(room_id()), after: None, limit: 0 }
}

pub(super) fn list_own() -> ListOwn {
    ListOwn { after: Some("7".into()), limit: 50 }
}

pub(super) fn notification() -> Notification {
    Notification {
        id: NotificationId(7),
        kind: NotificationKind::RoleChanged,
        at: AT,
        room: Some(room_id()),
        title: Some(title()),
        by: Some(bob()),
        reason: None,
        role: Some(Role::Admin),
        seq: None,
        read: true,
        until: Some(AT),
    }
}

pub(super) fn notifications() -> Notifications {
    let mentioned = Notification {
        kind: NotificationKind::Mentioned,
        role: None,
        seq: Some(Seq(12)),
        read: false,
        until: None,
        ..notification()
    };
    Notifications { notifications: vec![Record(mentioned)], next: Some("7".into()) }
}

pub(super) fn which_notifications() -> WhichNotifications {
    WhichNotifications { id: Some(NotificationId(7)) }
}

pub(super) fn set_slow_mode() -> SetSlowMode {
    SetSlowMode { room: room_id(), secs: 30 }
}

pub(super) fn mark_read() -> MarkRead {
    MarkRead { room: room_id(), seq: Seq(12) }
}

pub(super) fn read_marker() -> ReadMarker {
    ReadMarker { room: room_id(), seq: Seq(12), unread: 3, mentions: 1 }
}

pub(super) fn slow_mode_changed() -> SlowModeChanged {
    SlowModeChanged { by: alice(), secs: 30 }
}

pub(super) fn request_ended() -> RequestEnded {
    RequestEnded { user: bob(), how: RequestEnd::Denied, by: Some(alice()), reason: Some(reason()) }
}

pub(super) fn invite_ended() -> InviteEnded {
    InviteEnded { user: bob(), how: InviteEnd::Revoked, by: Some(alice()) }
}

pub(super) fn unbanned() -> Unbanned {
    Unbanned { user: bob(), by: None }
}
