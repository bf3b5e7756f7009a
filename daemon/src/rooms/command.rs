//! What may be asked of the world, and by whom. Everything in a command is valid already; whether
//! it may be done is for [`World::decide`](super::World::decide) to say.

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::id::{DeviceId, Nonce, RoomId};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::text::{MessageText, Topic};

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
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// A stranger becomes a user, as far as the sign-up mode allows.
    SignUp {
        name: UserName,
        password: Password,
        device: Option<NewDevice>,
        mode: SignUpMode,
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
    AddDevice {
        device: NewDevice,
    },
    RevokeDevice {
        id: DeviceId,
    },
    CreateRoom {
        title: Title,
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
    SetTopic {
        room: RoomId,
        topic: Option<Topic>,
    },
    Rename {
        room: RoomId,
        title: Title,
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
}

/// What the store keeps of a password: OPAQUE's record, and the cost with which it was stretched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Password {
    pub(crate) record: Vec<u8>,
    pub(crate) cost: StretchCost,
}
