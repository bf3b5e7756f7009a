//! Who gets into a room and who is kept out: requests, invites, kicks, bans, and rooms of the past.

use crate::id::{RoomId, Timestamp};
use crate::name::{Title, UserName};
use crate::record::{Record, wire_struct, wire_tag};
use crate::text::Reason;

wire_tag! {
    /// How what one had to do with a room ended.
    pub enum Ended {
        /// One left.
        Left = "left",
        /// The room was terminated.
        Terminated = "terminated",
        /// One was kicked.
        Kicked = "kicked",
        /// One was banned, and no longer is.
        Banned = "banned",
        /// One's request was denied.
        Denied = "denied",
        /// One's invite expired.
        InviteExpired = "invite-expired",
    }
}

wire_tag! {
    /// Whether a room still goes on.
    pub enum RoomState {
        /// It does.
        Live = "live",
        /// It has ended for good.
        Terminated = "terminated",
    }
}

wire_tag! {
    /// How one gets back into a room.
    pub enum Rejoin {
        /// Not at all.
        No = "no",
        /// At once.
        Now = "now",
        /// By a request.
        Request = "request",
        /// By a new invite.
        Invite = "invite",
    }
}

wire_tag! {
    /// How a request ended without its user becoming a member.
    pub enum RequestEnd {
        /// Its user took it back.
        Withdrawn = "withdrawn",
        /// An admin denied it.
        Denied = "denied",
    }
}

wire_tag! {
    /// How an invite ended unused.
    pub enum InviteEnd {
        /// An admin took it back.
        Revoked = "revoked",
        /// Its time was over.
        Expired = "expired",
    }
}

wire_struct! {
    /// Someone asks to become a member.
    pub struct JoinRequest {
        /// Of which room.
        pub room: RoomId,
        /// Who.
        pub user: UserName,
        /// Why, in their words.
        pub reason: Option<Reason>,
        /// When.
        pub at: Timestamp,
    }

    /// A page of requests, by user.
    pub struct JoinRequests {
        /// The page.
        pub requests: Vec<Record<JoinRequest>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// Someone may enter.
    pub struct Invite {
        /// Which room.
        pub room: RoomId,
        /// Its title.
        pub title: Title,
        /// Who.
        pub user: UserName,
        /// Who invited them last.
        pub by: UserName,
        /// When.
        pub at: Timestamp,
        /// Until when it counts.
        pub until: Timestamp,
    }

    /// A page of invites, by room and user.
    pub struct Invites {
        /// The page.
        pub invites: Vec<Record<Invite>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// Someone is kept out.
    pub struct Ban {
        /// Of which room.
        pub room: RoomId,
        /// Who.
        pub user: UserName,
        /// By whom.
        pub by: UserName,
        /// Why, in that admin's words.
        pub reason: Option<Reason>,
        /// Since when.
        pub at: Timestamp,
        /// Until when; `None` for good.
        pub until: Option<Timestamp>,
    }

    /// A page of bans, by user.
    pub struct Bans {
        /// The page.
        pub bans: Vec<Record<Ban>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// A room that one had to do with.
    pub struct FormerRoom {
        /// Its ID.
        pub room: RoomId,
        /// Its title.
        pub title: Title,
        /// Whether it goes on.
        pub state: RoomState,
        /// How it ended for oneself.
        pub ended: Ended,
        /// When.
        pub at: Timestamp,
        /// How to get back in.
        pub rejoin: Rejoin,
    }

    /// A page of former rooms: live ones first, the latest of them first.
    pub struct FormerRooms {
        /// The page.
        pub rooms: Vec<Record<FormerRoom>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// Asks to become a member.
    pub struct RequestToJoin {
        /// Of which room.
        pub room: RoomId,
        /// Why; a blank one is none.
        pub reason: String,
    }

    /// Takes one's request back.
    pub struct Withdraw {
        /// In which room.
        pub room: RoomId,
    }

    /// Grants a request: its user is a member at once.
    pub struct Approve {
        /// In which room.
        pub room: RoomId,
        /// Whose.
        pub user: String,
    }

    /// Denies a request; its user may ask again in 24 hours.
    pub struct Deny {
        /// In which room.
        pub room: RoomId,
        /// Whose.
        pub user: String,
        /// Why; a blank one is none.
        pub reason: String,
    }

    /// Makes a user a member at once.
    pub struct AddMember {
        /// Of which room.
        pub room: RoomId,
        /// Whom.
        pub user: String,
    }

    /// Lets a user enter within 7 days; again, it renews. Whoever has asked is approved instead.
    pub struct InviteUser {
        /// Into which room.
        pub room: RoomId,
        /// Whom.
        pub user: String,
    }

    /// Takes an invite back.
    pub struct RevokeInvite {
        /// Into which room.
        pub room: RoomId,
        /// Whose.
        pub user: String,
    }

    /// Takes a member out; they may ask to come back.
    pub struct Kick {
        /// Of which room.
        pub room: RoomId,
        /// Whom.
        pub user: String,
        /// Why; a blank one is none.
        pub reason: String,
    }

    /// Keeps a user out, member or not.
    pub struct BanUser {
        /// Of which room.
        pub room: RoomId,
        /// Whom.
        pub user: String,
        /// Why; a blank one is none.
        pub reason: String,
        /// For how many seconds, 1 at least; `None` for good.
        pub secs: Option<u32>,
    }

    /// Lifts a ban.
    pub struct Unban {
        /// Of which room.
        pub room: RoomId,
        /// Whose.
        pub user: String,
    }

    /// Hides a user's messages from oneself and refuses their invites and adds.
    pub struct Block {
        /// Whom.
        pub user: String,
    }

    /// Ends a block.
    pub struct Unblock {
        /// Of whom.
        pub user: String,
    }

    /// Someone whom one blocks.
    pub struct Blocked {
        /// Who.
        pub user: UserName,
        /// Since when.
        pub at: Timestamp,
    }

    /// Someone whom one no longer blocks.
    pub struct Unblocked {
        /// Who.
        pub user: UserName,
    }

    /// A page of the users whom one blocks, by name.
    pub struct Blocks {
        /// The page.
        pub blocks: Vec<Record<Blocked>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// Asks for a page of what admins of a room see: its requests, its bans.
    pub struct ListOfRoom {
        /// Which room.
        pub room: RoomId,
        /// The `next` of the page before; `None` for the first.
        pub after: Option<String>,
        /// How many at most; 0 or more than 200 is 200.
        pub limit: u32,
    }

    /// Asks for a page of invites.
    pub struct ListInvites {
        /// Into which room, which its admins may see; `None` for those that one has got.
        pub room: Option<RoomId>,
        /// The `next` of the page before; `None` for the first.
        pub after: Option<String>,
        /// How many at most; 0 or more than 200 is 200.
        pub limit: u32,
    }

    /// Asks for a page of what is one's own: notifications, former rooms, blocks.
    pub struct ListOwn {
        /// The `next` of the page before; `None` for the first.
        pub after: Option<String>,
        /// How many at most; 0 or more than 200 is 200.
        pub limit: u32,
    }
}
