//! Rooms as the wire shows them: their listing, their members, and who may be what.

use crate::id::{Revision, RoomId, Seq, Timestamp};
use crate::name::{DisplayName, Title, UserName};
use crate::record::{Record, wire_enum, wire_struct, wire_tag};
use crate::text::Topic;

wire_tag! {
    /// What a member is in a room.
    pub enum Role {
        /// Reads and writes.
        Member = "member",
        /// Helps the owner.
        Admin = "admin",
        /// The one to whom the room belongs.
        Owner = "owner",
    }
}

wire_tag! {
    /// How a membership ended.
    pub enum Departure {
        /// By the member's own wish.
        Left = "left",
        /// The room was terminated.
        Terminated = "terminated",
        /// Taken out by an admin or the owner; may ask to come back.
        Kicked = "kicked",
        /// Taken out by an admin or the owner, and kept out.
        Banned = "banned",
        /// The account was removed.
        Removed = "removed",
    }
}

wire_tag! {
    /// Who finds a room.
    pub enum Visibility {
        /// Everyone but those banned from it.
        Public = "public",
        /// Only whoever was given its ID by an invite.
        Private = "private",
    }
}

wire_tag! {
    /// How one enters a public room.
    pub enum Entry {
        /// By a request that an admin approves.
        Ask = "ask",
        /// At once.
        Open = "open",
    }
}

wire_tag! {
    /// Which rooms to list.
    pub enum Scope {
        /// Those that everyone may find.
        Public = "public",
        /// Those that one is in.
        Mine = "mine",
        /// All that live, also private ones; for operators alone.
        All = "all",
    }
}

wire_enum! {
    /// How a command names a room that it does not know by ID.
    pub enum RoomRef {
        /// By its ID.
        Id(RoomId),
        /// By its title, compared without case and after NFKC.
        Title(String),
    }
}

wire_struct! {
    /// A room, as its asker may see it.
    pub struct Room {
        /// Its ID.
        pub room: RoomId,
        /// Its title.
        pub title: Title,
        /// How many members it has.
        pub members: u32,
        /// What the asker is in it; `None` where no member.
        pub role: Option<Role>,
        /// The last message; `None` where no member.
        pub last_seq: Option<Seq>,
        /// The last change; `None` where no member.
        pub revision: Option<Revision>,
        /// What it is about at the moment; `None` where nobody said.
        pub topic: Option<Topic>,
        /// Who finds it.
        pub visibility: Visibility,
        /// How one enters it, where it is public.
        pub entry: Entry,
        /// Seconds that a plain member waits between two messages; 0 for none.
        pub slow_secs: u32,
        /// The last message that one has read; `None` where no member.
        pub read: Option<Seq>,
        /// How many messages came after it; `None` where no member.
        pub unread: Option<u64>,
        /// How many of these mention one, 1,000 at most; `None` where no member.
        pub mentions: Option<u32>,
    }

    /// A page of rooms, by title.
    pub struct Rooms {
        /// The page.
        pub rooms: Vec<Record<Room>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// A user in a room.
    pub struct Member {
        /// Who.
        pub user: UserName,
        /// What they are in the room.
        pub role: Role,
        /// Since when they are a member, without a break.
        pub joined_at: Timestamp,
        /// Whether they are connected; `None` where nobody looked, as in rooms of more than 200.
        pub online: Option<bool>,
        /// What they are shown with beside their name; `None` where they set nothing, and in
        /// `Change::Joined`.
        pub display_name: Option<DisplayName>,
    }

    /// A page of members, by join order.
    pub struct Members {
        /// The page.
        pub members: Vec<Record<Member>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// Makes a room, of which the asker is then the owner.
    pub struct CreateRoom {
        /// Its title.
        pub title: String,
        /// Who finds it.
        pub visibility: Visibility,
        /// How one enters it; a private room is never open.
        pub entry: Entry,
    }

    /// Asks for a page of rooms.
    pub struct ListRooms {
        /// Which rooms.
        pub scope: Scope,
        /// Only those whose titles hold this, compared without case; empty for all.
        pub search: String,
        /// The `next` of the page before; `None` for the first.
        pub after: Option<String>,
        /// How many at most; 0 or more than 200 is 200.
        pub limit: u32,
    }

    /// Asks for one room.
    pub struct FindRoom {
        /// Which.
        pub room: Record<RoomRef>,
    }

    /// Enters a room.
    pub struct JoinRoom {
        /// Which.
        pub room: RoomId,
        /// A room to leave in the same step: either both happen or neither.
        pub leave: Option<RoomId>,
    }

    /// Leaves a room.
    pub struct LeaveRoom {
        /// Which.
        pub room: RoomId,
    }

    /// Asks for a page of members.
    pub struct ListMembers {
        /// Of which room.
        pub room: RoomId,
        /// The `next` of the page before; `None` for the first.
        pub after: Option<String>,
        /// How many at most; 0 or more than 200 is 200.
        pub limit: u32,
    }

    /// Says which room's member list one has open on this connection, in place of the one before.
    pub struct Watch {
        /// Which; `None` for none any more.
        pub room: Option<RoomId>,
    }

    /// How a member is shown from now on.
    pub struct Presence {
        /// Who.
        pub user: UserName,
        /// Whether they are connected; `None` in rooms of more than 200.
        pub online: Option<bool>,
        /// What they are shown with beside their name.
        pub display_name: Option<DisplayName>,
    }

    /// Members of the room that one watches are to be shown otherwise.
    pub struct Present {
        /// Which room.
        pub room: RoomId,
        /// Who has changed, and nobody else.
        pub members: Vec<Record<Presence>>,
    }

    /// Makes a member an admin.
    pub struct Promote {
        /// In which room.
        pub room: RoomId,
        /// Whom.
        pub user: String,
    }

    /// Makes an admin a plain member.
    pub struct Demote {
        /// In which room.
        pub room: RoomId,
        /// Whom; one's own name to step down.
        pub user: String,
    }

    /// Hands a room over; who owned it becomes an admin.
    pub struct Transfer {
        /// Which room.
        pub room: RoomId,
        /// To which member.
        pub user: String,
    }

    /// Sets or clears the topic of a room.
    pub struct SetTopic {
        /// Of which room.
        pub room: RoomId,
        /// The topic; a blank one clears it.
        pub topic: String,
    }

    /// Gives a room another title.
    pub struct Rename {
        /// Which room.
        pub room: RoomId,
        /// Its title from now on.
        pub title: String,
    }

    /// Lets plain members of a room speak only so often.
    pub struct SetSlowMode {
        /// In which room.
        pub room: RoomId,
        /// Seconds between two messages of a plain member, up to 86,400; 0 ends it.
        pub secs: u32,
    }

    /// Says how far one has read a room, on all of one's devices.
    pub struct MarkRead {
        /// Which room.
        pub room: RoomId,
        /// The last message that one has read; beyond the last there is, that one.
        pub seq: Seq,
    }

    /// How far one has read a room. It only ever grows.
    pub struct ReadMarker {
        /// Which room.
        pub room: RoomId,
        /// The last message that one has read.
        pub seq: Seq,
        /// How many came after it.
        pub unread: u64,
        /// How many of these mention one, 1,000 at most.
        pub mentions: u32,
    }
}
