//! What a server answers, and the frames in which it does.

use crate::account::{Credential, Devices, LoggedIn, Named, Registration};
use crate::entry::{Ban, Bans, Blocks, FormerRooms, Invite, Invites, JoinRequest, JoinRequests};
use crate::hello::Welcome;
use crate::message::{Changes, Messages, Sent};
use crate::notification::Notifications;
use crate::operator::{Account, SignUps};
use crate::push::Push;
use crate::record::{Record, wire_enum, wire_struct, wire_tag};
use crate::refusal::Refusal;
use crate::room::{Member, Members, ReadMarker, Room, Rooms};

wire_enum! {
    /// How a request ended.
    pub enum Outcome {
        /// It was refused; nothing was changed.
        Refused(Refusal),
        /// It was done, and there is nothing to tell.
        Done,
        /// The server's half of a registration.
        Registration(Registration),
        /// The server's half of a login.
        Credential(Credential),
        /// One is logged in.
        LoggedIn(LoggedIn),
        /// One's devices.
        Devices(Devices),
        /// A room.
        Room(Room),
        /// A page of rooms.
        Rooms(Rooms),
        /// A page of members.
        Members(Members),
        /// A message was taken.
        Sent(Sent),
        /// A page of messages.
        Messages(Messages),
        /// A page of changes.
        Changes(Changes),
        /// A member, as they are now.
        Member(Member),
        /// A request that waits now.
        Request(JoinRequest),
        /// A page of requests.
        Requests(JoinRequests),
        /// An invite that counts now.
        Invite(Invite),
        /// A page of invites.
        Invites(Invites),
        /// A ban that counts now.
        Ban(Ban),
        /// A page of bans.
        Bans(Bans),
        /// How far one has read a room.
        ReadMarker(ReadMarker),
        /// A page of notifications.
        Notifications(Notifications),
        /// A page of former rooms.
        FormerRooms(FormerRooms),
        /// A page of the users whom one blocks.
        Blocks(Blocks),
        /// What one is shown with now.
        Named(Named),
        /// A page of the sign-ups that wait.
        SignUps(SignUps),
        /// An account, as it is now.
        Account(Account),
    }
}

wire_enum! {
    /// Every frame of a server.
    pub enum ServerFrame {
        /// The answer to a hello.
        Welcome(Welcome),
        /// The answer to a request.
        Reply(Reply),
        /// News.
        Push(Record<Push>),
        /// The last frame: why the server closes the connection.
        Closing(Closing),
    }
}

wire_struct! {
    /// The answer to one request.
    pub struct Reply {
        /// The request's number.
        pub id: u32,
        /// How it ended.
        pub outcome: Record<Outcome>,
    }

    /// Why the server closes the connection.
    pub struct Closing {
        /// Why.
        pub reason: CloseReason,
    }
}

wire_tag! {
    /// Why a server closes a connection.
    pub enum CloseReason {
        /// The daemon stops; come back soon.
        ShuttingDown = "shutting-down",
        /// A frame was not what the protocol allows at its place.
        ProtocolViolation = "protocol-violation",
        /// The server speaks none of the client's versions.
        UnsupportedVersion = "unsupported-version",
        /// The frame is longer than allowed.
        FrameTooLong = "frame-too-long",
        /// The client said nothing for too long before its login.
        TimedOut = "timed-out",
        /// The client does not read fast enough what it subscribed to; resume from history.
        SlowConsumer = "slow-consumer",
        /// The device of this session was revoked, or the password that opened it changed.
        Revoked = "revoked",
        /// The store failed: what was not acknowledged is to be sent again.
        Unavailable = "unavailable",
        /// There are as many connections as the server takes, in all or from one address; try again
        /// later.
        TooManyConnections = "too-many-connections",
        /// The account was disabled.
        Disabled = "disabled",
        /// The account was removed.
        Removed = "removed",
        /// An operator has ended this session; one may come back.
        Disconnected = "disconnected",
    }
}
