//! What the server sends unasked to a connection that subscribed.

use crate::id::{Revision, RoomId, Timestamp};
use crate::message::Message;
use crate::name::{Title, UserName};
use crate::record::{Record, wire_enum, wire_struct};
use crate::room::{Departure, Member, Role, Room};
use crate::text::Topic;

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
    }

    /// Someone is no longer a member.
    pub struct Departed {
        /// Who.
        pub user: UserName,
        /// How it ended.
        pub how: Departure,
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
}
