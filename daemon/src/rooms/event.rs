//! What has happened: the only effects that a command has.

use parlor_protocol::id::{Bytes, DeviceId, Nonce, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::room::{Departure, Role};
use parlor_protocol::text::{MessageText, Topic};

use super::command::Password;

/// A user, by number: never used again, also when the user is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UserId(pub(crate) u64);

/// Whether a user may administer the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Ordinary,
    Operator,
}

/// Something that happened, with its place in its stream. Each of the three kinds of stream numbers
/// its events 1, 2, 3 … without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) revision: Revision,
    pub(crate) at: Timestamp,
    pub(crate) what: Happening,
}

/// What happened, and in which stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The one stream of names and titles.
    Directory(DirectoryEvent),
    /// The stream of a room.
    Room(RoomId, RoomEvent),
    /// The stream of a user.
    User(UserId, UserEvent),
}

/// Which stream of events an event is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Directory,
    Room(RoomId),
    User(UserId),
}

impl Happening {
    /// The stream that numbers it.
    pub(crate) fn stream(&self) -> Stream {
        match self {
            Self::Directory(_) => Stream::Directory,
            Self::Room(room, _) => Stream::Room(*room),
            Self::User(user, _) => Stream::User(*user),
        }
    }
}

/// A change of who and what has which name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DirectoryEvent {
    UserAdded { user: UserId, name: UserName, standing: Standing },
    TitleTaken { room: RoomId, title: Title },
    TitleFreed { room: RoomId },
}

/// A change in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoomEvent {
    /// The room begins, with its owner as its first member.
    Created {
        title: Title,
        owner: UserId,
    },
    Messaged {
        seq: Seq,
        author: UserId,
        nonce: Nonce,
        text: MessageText,
    },
    /// Join order is the order of these events' revisions.
    Joined {
        user: UserId,
    },
    Departed {
        user: UserId,
        how: Departure,
    },
    RoleChanged {
        user: UserId,
        role: Role,
    },
    /// The room has ended for good; nobody is a member any more.
    Terminated,
    TopicChanged {
        by: UserId,
        topic: Option<Topic>,
    },
    /// The directory has freed the old title and taken the new one before.
    Renamed {
        by: UserId,
        title: Title,
    },
}

/// A change of what belongs to one user alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserEvent {
    PasswordSet(Password),
    /// The same password, stretched at another cost.
    PasswordRestretched(Password),
    DeviceAdded {
        id: DeviceId,
        device: NewDevice,
    },
    DeviceRevoked {
        id: DeviceId,
    },
}

/// A device key that was offered for registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewDevice {
    pub(crate) name: String,
    pub(crate) public_key: Bytes<32>,
}

/// Where a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) seq: Seq,
    pub(crate) revision: Revision,
    pub(crate) at: Timestamp,
}
