//! What may be asked of the world, and by whom. Everything in a command is valid already; whether
//! it may be done is for [`World::decide`](super::World::decide) to say.

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::id::{DeviceId, Nonce, NotificationId, RoomId, Seq, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::{DisplayName, Title, UserName};
use parlor_protocol::room::{Entry, Visibility};
use parlor_protocol::text::{MessageText, Reason, Topic};

use super::codes::{Code, CodeTerms};
use super::event::{Event, NewDevice, Posted, Standing, UserId};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Someone who has not logged in.
    Stranger,
    /// A user who has.
    User(UserId),
    /// Whoever runs the daemon's subcommands.
    Console,
    /// Time, which ends what was for a time.
    Clock,
}

/// Which of a user's notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhichNotices {
    All,
    One(NotificationId),
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// A stranger becomes a user, as far as the sign-up mode allows.
    SignUp {
        name: UserName,
        password: Password,
        device: Option<NewDevice>,
        /// The configured mode, unless one was set by command.
        mode: SignUpMode,
        code: Option<Code>,
    },
    /// The console makes a user.
    AddUser {
        name: UserName,
        password: Password,
        standing: Standing,
    },
    /// A user, or the console, sets a user's password; all devices but `keep` are revoked.
    SetPassword {
        user: UserId,
        password: Password,
        keep: Option<DeviceId>,
    },
    /// A user's password was stretched anew, at the cost that is wanted now.
    Restretch {
        password: Password,
    },
    /// Sets or clears what a user is shown with beside their name.
    SetDisplayName {
        display_name: Option<DisplayName>,
    },
    AddDevice {
        device: NewDevice,
    },
    RevokeDevice {
        id: DeviceId,
    },
    /// Lets a sign-up in that waits.
    ApproveSignUp {
        user: UserName,
    },
    DenySignUp {
        user: UserName,
        reason: Option<Reason>,
    },
    SetStanding {
        user: UserName,
        standing: Standing,
    },
    DisableUser {
        user: UserName,
    },
    EnableUser {
        user: UserName,
    },
    /// Ends an account. Its rooms are left behind it, some at a time.
    RemoveUser {
        user: UserName,
    },
    SetSignUpMode {
        mode: SignUpMode,
    },
    MakeCode {
        code: Code,
        terms: CodeTerms,
    },
    RevokeCode {
        code: Code,
    },
    Block {
        user: UserName,
    },
    Unblock {
        user: UserName,
    },
    ReadNotifications(WhichNotices),
    DismissNotifications(WhichNotices),
    CreateRoom {
        title: Title,
        visibility: Visibility,
        entry: Entry,
    },
    JoinRoom {
        room: RoomId,
        leave: Option<RoomId>,
    },
    LeaveRoom {
        room: RoomId,
    },
    Send {
        room: RoomId,
        nonce: Nonce,
        text: MessageText,
        kind: MessageKind,
    },
    /// Makes a member an admin.
    Promote {
        room: RoomId,
        user: UserName,
    },
    /// Makes an admin a plain member: another's act, or one's own, which is to step down.
    Demote {
        room: RoomId,
        user: UserName,
    },
    /// Makes a member the owner; the owner becomes an admin.
    Transfer {
        room: RoomId,
        user: UserName,
    },
    /// The console ends a room, whoever is in it.
    TerminateRoom {
        room: RoomId,
    },
    SetTopic {
        room: RoomId,
        topic: Option<Topic>,
    },
    Rename {
        room: RoomId,
        title: Title,
    },
    SetSlowMode {
        room: RoomId,
        secs: u32,
    },
    /// Says how far one has read. It is no event: it may be lost in a crash, some seconds of it.
    MarkRead {
        room: RoomId,
        seq: Seq,
    },
    RequestToJoin {
        room: RoomId,
        reason: Option<Reason>,
    },
    Withdraw {
        room: RoomId,
    },
    Approve {
        room: RoomId,
        user: UserName,
    },
    Deny {
        room: RoomId,
        user: UserName,
        reason: Option<Reason>,
    },
    AddMember {
        room: RoomId,
        user: UserName,
    },
    InviteUser {
        room: RoomId,
        user: UserName,
    },
    RevokeInvite {
        room: RoomId,
        user: UserName,
    },
    Kick {
        room: RoomId,
        user: UserName,
        reason: Option<Reason>,
    },
    BanUser {
        room: RoomId,
        user: UserName,
        reason: Option<Reason>,
        until: Option<Timestamp>,
    },
    Unban {
        room: RoomId,
        user: UserName,
    },
    /// Ends what of an association has expired.
    Expire {
        room: RoomId,
        user: UserId,
    },
    /// Removes an association that had no event since then.
    Forget {
        room: RoomId,
        user: UserId,
        before: Timestamp,
    },
    PruneNotifications {
        user: UserId,
        before: Timestamp,
    },
    /// Revokes a device that was not used since then.
    ExpireDevice {
        user: UserId,
        id: DeviceId,
        before: Timestamp,
    },
    /// Takes a removed user out of the next of their rooms.
    Forsake {
        user: UserId,
    },
    /// Forgets a denied sign-up that is old enough.
    ForgetSignUp {
        user: UserId,
    },
    /// Ends a code whose time is over.
    ExpireCode {
        code: Code,
    },
}

/// What a command that is allowed comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// These things happen, in this order; nothing where it is so already.
    Events(Vec<Event>),
    /// The message was taken before; this is where it went.
    Repeated(Posted),
    /// The user has a device with this key already; this is its number.
    SameDevice(DeviceId),
    /// How far one has read, by which nothing happens to anybody else.
    Read(Seq),
}

/// What the store keeps of a password: OPAQUE's record, and the cost with which it was stretched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Password {
    pub(crate) record: Vec<u8>,
    pub(crate) cost: StretchCost,
}
