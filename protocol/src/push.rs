//! What the server sends unasked to a connection that subscribed.

use crate::entry::{Ban, Blocked, Invite, InviteEnd, JoinRequest, RequestEnd, Unblocked};
use crate::id::{Revision, RoomId, Timestamp};
use crate::message::Message;
use crate::name::{Title, UserName};
use crate::notification::{Notification, WhichNotifications};
use crate::operator::Announced;
use crate::record::{Record, wire_enum, wire_struct};
use crate::room::{Departure, Member, Present, ReadMarker, Role, Room};
use crate::text::{Reason, Topic};

wire_enum! {
    /// News.
    pub enum Push {
        /// A part of the snapshot that answers a `Subscribe`: a room that one is in.
        Snapshot(Room),
        /// Something changed in a room that one is in.
        Changed(Changed),
        /// One has become a member of a room: its pushes follow.
        Entered(Room),
        /// One is no longer a member of a room: nothing follows from it.
        Exited(Exited),
        /// One is told of something.
        Notified(Notification),
        /// One has read notifications, on some device.
        NotificationsRead(WhichNotifications),
        /// One has dismissed notifications, on some device.
        NotificationsDismissed(WhichNotifications),
        /// One has read on in a room, on some device. A hint, without a revision.
        Read(ReadMarker),
        /// One blocks a user from now on, on all devices.
        Blocked(Blocked),
        /// One blocks a user no longer.
        Unblocked(Unblocked),
        /// Members of the room that this connection watches are to be shown otherwise. No change of
        /// the room, and without a revision.
        Present(Present),
        /// An operator tells everybody something. It is not kept: who is not connected misses it.
        Announced(Announced),
    }
}

wire_enum! {
    /// What may change in a room. Each takes one revision.
    pub enum Change {
        /// The room was made, by its first owner.
        Created(UserName),
        /// Someone said something.
        Message(Message),
        /// Someone entered.
        Joined(Member),
        /// Someone is gone.
        Departed(Departed),
        /// Someone's role is another.
        RoleChanged(RoleChanged),
        /// The room has ended for good.
        Terminated,
        /// The topic is another, or none.
        TopicChanged(TopicChanged),
        /// The title is another.
        Renamed(Renamed),
        /// Plain members wait so many seconds between two messages; 0 where they no longer do.
        SlowModeChanged(SlowModeChanged),
        /// Something of which only the room's admins are told; it takes its revision all the same.
        Withheld,
        /// To admins: someone asks to enter.
        Requested(JoinRequest),
        /// To admins: a request ended, and nobody entered.
        RequestEnded(RequestEnded),
        /// To admins: someone may enter.
        Invited(Invite),
        /// To admins: an invite ended unused.
        InviteEnded(InviteEnded),
        /// To admins: someone is kept out.
        Banned(Ban),
        /// To admins: someone is no longer kept out.
        Unbanned(Unbanned),
    }
}

wire_struct! {
    /// A change of a room, with its place among the room's changes.
    pub struct RoomChange {
        /// Its number.
        pub revision: Revision,
        /// When it happened.
        pub at: Timestamp,
        /// What happened.
        pub change: Record<Change>,
    }

    /// A change, and the room in which it happened.
    pub struct Changed {
        /// Which room.
        pub room: RoomId,
        /// What.
        pub change: Record<RoomChange>,
    }

    /// One is no longer a member.
    pub struct Exited {
        /// Of which room.
        pub room: RoomId,
        /// How it ended.
        pub how: Departure,
        /// Who took one out.
        pub by: Option<UserName>,
        /// Why, in their words.
        pub reason: Option<Reason>,
    }

    /// Someone is no longer a member.
    pub struct Departed {
        /// Who.
        pub user: UserName,
        /// How it ended.
        pub how: Departure,
        /// Who took them out.
        pub by: Option<UserName>,
        /// Why, in that admin's words.
        pub reason: Option<Reason>,
    }

    /// Someone's role is another.
    pub struct RoleChanged {
        /// Who.
        pub user: UserName,
        /// What they are now.
        pub role: Role,
    }

    /// The topic is another, or none.
    pub struct TopicChanged {
        /// Who changed it.
        pub by: UserName,
        /// The topic from now on; `None` where it was cleared.
        pub topic: Option<Topic>,
    }

    /// The title is another.
    pub struct Renamed {
        /// Who changed it.
        pub by: UserName,
        /// The title from now on.
        pub title: Title,
    }

    /// Slow mode is another.
    pub struct SlowModeChanged {
        /// Who changed it.
        pub by: UserName,
        /// Seconds between two messages of a plain member; 0 for no slow mode.
        pub secs: u32,
    }

    /// A request ended, and nobody entered.
    pub struct RequestEnded {
        /// Whose.
        pub user: UserName,
        /// How.
        pub how: RequestEnd,
        /// Who denied it.
        pub by: Option<UserName>,
        /// Why, in that admin's words.
        pub reason: Option<Reason>,
    }

    /// An invite ended unused.
    pub struct InviteEnded {
        /// Whose.
        pub user: UserName,
        /// How.
        pub how: InviteEnd,
        /// Who revoked it.
        pub by: Option<UserName>,
    }

    /// Someone is no longer kept out.
    pub struct Unbanned {
        /// Who.
        pub user: UserName,
        /// Who lifted the ban; `None` where its time was over.
        pub by: Option<UserName>,
    }
}
