//! What has happened: the only effects that a command has.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::entry::{InviteEnd, RequestEnd};
use parlor_protocol::id::{
    Bytes, DeviceId, Nonce, NotificationId, Revision, RoomId, Seq, Timestamp,
};
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::{DisplayName, Title, UserName};
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::room::{Departure, Entry, Role, Visibility};
use parlor_protocol::text::{MessageText, Reason, Topic};

use super::association::{BanNotice, Rank};
use super::codes::{Code, CodeTerms};
use super::command::{Password, WhichNotices};
use super::world::Room;

/// A user, by number: never used again, also when the user is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct UserId(pub(crate) u64);

/// Whether a user may administer the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Ordinary,
    Operator,
}

/// Whether a user may log in. The words to it are in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    /// Signed up, and not approved yet.
    Waiting,
    /// Signed up, and denied: the name is free for whoever takes it next.
    Denied,
    Disabled,
    /// The account is gone, and its name reserved for ever.
    Removed,
}

impl Status {
    /// All there are.
    pub(crate) const ALL: &'static [Self] =
        &[Self::Active, Self::Waiting, Self::Denied, Self::Disabled, Self::Removed];

    /// The word by which store, audit and operators know it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Denied => "denied",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
        }
    }
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
    UserAdded {
        user: UserId,
        name: UserName,
        standing: Standing,
        status: Status,
    },
    /// A sign-up that was denied is forgotten, and its name free.
    UserForgotten {
        user: UserId,
    },
    TitleTaken {
        room: RoomId,
        title: Title,
    },
    TitleFreed {
        room: RoomId,
    },
    /// The sign-up mode is another, whatever the configuration says.
    SignUpModeSet {
        mode: SignUpMode,
    },
    CodeMade {
        code: Code,
        terms: CodeTerms,
    },
    CodeUsed {
        code: Code,
        by: UserId,
    },
    /// The code is revoked, or its time is over.
    CodeEnded {
        code: Code,
    },
}

/// A change in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoomEvent {
    /// The room begins, with its owner as its first member.
    Created {
        title: Title,
        owner: UserId,
        visibility: Visibility,
        entry: Entry,
    },
    Messaged {
        seq: Seq,
        author: UserId,
        nonce: Nonce,
        text: MessageText,
        kind: MessageKind,
        /// The members who are named in it and want to know.
        mentions: Vec<UserId>,
    },
    /// Join order is the order of these events' revisions. It ends what else its user had to do
    /// with the room: requests, invites, how it was before.
    Joined {
        user: UserId,
    },
    Departed {
        user: UserId,
        how: Departure,
        by: Option<UserId>,
        reason: Option<Reason>,
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
    SlowModeChanged {
        by: UserId,
        secs: u32,
    },
    Requested {
        user: UserId,
        reason: Option<Reason>,
    },
    /// A request ended, and nobody entered by it.
    RequestEnded {
        user: UserId,
        how: RequestEnd,
        by: Option<UserId>,
        reason: Option<Reason>,
    },
    /// A new invite, or one that is renewed.
    Invited {
        user: UserId,
        by: UserId,
        until: Timestamp,
    },
    InviteEnded {
        user: UserId,
        how: InviteEnd,
        by: Option<UserId>,
    },
    /// It ends requests and invites. A member has departed by it before.
    Banned {
        user: UserId,
        by: UserId,
        reason: Option<Reason>,
        until: Option<Timestamp>,
        rank: Rank,
        notice: BanNotice,
    },
    /// Somebody lifted a ban, or its time was over.
    Unbanned {
        user: UserId,
        by: Option<UserId>,
    },
    /// The last trace of somebody who is no member is gone.
    Forgotten {
        user: UserId,
    },
}

/// A change of what belongs to one user alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserEvent {
    PasswordSet(Password),
    /// The same password, stretched at another cost.
    PasswordRestretched(Password),
    DisplayNameSet(Option<DisplayName>),
    DeviceAdded {
        id: DeviceId,
        device: NewDevice,
    },
    DeviceRevoked {
        id: DeviceId,
    },
    Notified {
        id: NotificationId,
        notice: Notice,
    },
    NotificationsRead(WhichNotices),
    NotificationsDismissed(WhichNotices),
    /// They were old, or too many.
    NotificationsExpired {
        up_to: NotificationId,
    },
    Blocked {
        user: UserId,
    },
    Unblocked {
        user: UserId,
    },
    StandingChanged(Standing),
    /// A sign-up was approved or denied, an account disabled, enabled or removed. A removed one has
    /// no password and no devices any more.
    StatusChanged {
        was: Status,
        status: Status,
        reason: Option<Reason>,
    },
}

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) kind: NotificationKind,
    pub(crate) room: Option<RoomId>,
    /// The room's title at that time.
    pub(crate) title: Option<Title>,
    pub(crate) by: Option<UserId>,
    pub(crate) reason: Option<Reason>,
    pub(crate) role: Option<Role>,
    pub(crate) seq: Option<Seq>,
    /// When it ends, of an invite and of a ban for a while.
    pub(crate) until: Option<Timestamp>,
}

impl Notice {
    /// Of something in a room.
    pub(super) fn of(kind: NotificationKind, id: RoomId, room: &Room) -> Self {
        let title = Some(room.title.clone());
        let (by, reason, role, seq, until) = (None, None, None, None, None);
        Self { kind, room: Some(id), title, by, reason, role, seq, until }
    }

    /// Of something that is in no room.
    pub(super) fn by(kind: NotificationKind, by: UserId) -> Self {
        let by = Some(by);
        let (room, title, reason, role, seq, until) = (None, None, None, None, None, None);
        Self { kind, room, title, by, reason, role, seq, until }
    }
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
