//! Messages: sending them, and reading them by place or by revision.

use crate::id::{Nonce, Revision, RoomId, Seq, Timestamp};
use crate::name::UserName;
use crate::push::RoomChange;
use crate::record::{Record, wire_struct, wire_tag};
use crate::text::MessageText;

wire_tag! {
    /// Which way a page of history goes from its place.
    pub enum Direction {
        /// What came before, the latest of it.
        Before = "before",
        /// What came after, the earliest of it.
        After = "after",
    }
}

wire_tag! {
    /// What a message is.
    pub enum MessageKind {
        /// Something said.
        Said = "said",
        /// Something that its author does, as in "alice waves".
        Action = "action",
    }
}

wire_struct! {
    /// A message.
    pub struct Message {
        /// Its place in the room.
        pub seq: Seq,
        /// When the server took it.
        pub at: Timestamp,
        /// Who sent it.
        pub author: UserName,
        /// What it says.
        pub text: MessageText,
        /// Whether that was said or done.
        pub kind: MessageKind,
        /// Whether the author's account has been removed, as of when this was sent. Of a removal
        /// that comes later, a member's departure tells.
        pub author_removed: bool,
    }

    /// Sends a message.
    pub struct Send {
        /// Where to.
        pub room: RoomId,
        /// The client's mark: sending it again within 7 days yields the first result.
        pub nonce: Nonce,
        /// What to say.
        pub text: String,
        /// Whether that is said or done.
        pub kind: MessageKind,
    }

    /// A message that was taken, and is on disk.
    pub struct Sent {
        /// Its place in the room.
        pub seq: Seq,
        /// The room's revision that it made.
        pub revision: Revision,
        /// When the server took it.
        pub at: Timestamp,
    }

    /// Asks for a page of messages.
    pub struct History {
        /// Of which room.
        pub room: RoomId,
        /// Which way to go from `seq`.
        pub direction: Direction,
        /// Where to start; the message there is not part of the page. `None` is the end of the room
        /// for `Before`, its beginning for `After`.
        pub seq: Option<Seq>,
        /// How many at most; 0 or more than 200 is 200.
        pub limit: u32,
    }

    /// A page of messages, always in the order of the room.
    pub struct Messages {
        /// The page.
        pub messages: Vec<Record<Message>>,
        /// Whether there is more in the direction that was asked for.
        pub more: bool,
        /// The room's revision as of which the page is true.
        pub as_of: Revision,
    }

    /// Asks for what changed in a room.
    pub struct ListChanges {
        /// Which room.
        pub room: RoomId,
        /// The last revision that one has.
        pub since: Revision,
        /// How many at most; 0 or more than 200 is 200.
        pub limit: u32,
    }

    /// What changed in a room, in order and without gaps from the revision that was asked for.
    pub struct Changes {
        /// The page.
        pub changes: Vec<Record<RoomChange>>,
        /// Whether there is more.
        pub more: bool,
        /// The room's revision as of which the page is true.
        pub as_of: Revision,
    }
}
