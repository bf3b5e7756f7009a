//! Notifications: what one is told of, on all of one's devices and also later.

use crate::id::{NotificationId, RoomId, Seq, Timestamp};
use crate::name::{Title, UserName};
use crate::record::{Record, wire_struct, wire_tag};
use crate::room::Role;
use crate::text::Reason;

wire_tag! {
    /// What one is told of.
    pub enum NotificationKind {
        /// One may enter a room by its ID.
        Invited = "invited",
        /// Someone asks to enter a room of which one is an admin.
        JoinRequested = "join-requested",
        /// One's request was granted.
        Approved = "approved",
        /// One's request was denied.
        Denied = "denied",
        /// One was made a member.
        Added = "added",
        /// One was kicked.
        Kicked = "kicked",
        /// One was banned.
        Banned = "banned",
        /// One is banned no longer.
        Unbanned = "unbanned",
        /// One's role is another.
        RoleChanged = "role-changed",
        /// One owns a room.
        OwnershipReceived = "ownership-received",
        /// A room has ended for good.
        RoomTerminated = "room-terminated",
        /// A message has one's name in it.
        Mentioned = "mentioned",
        /// Someone has signed up and waits for an operator.
        SignUpWaiting = "sign-up-waiting",
    }
}

wire_struct! {
    /// Something to know.
    pub struct Notification {
        /// Its number among one's own.
        pub id: NotificationId,
        /// What it is about.
        pub kind: NotificationKind,
        /// When it happened.
        pub at: Timestamp,
        /// In which room.
        pub room: Option<RoomId>,
        /// What that room was called then.
        pub title: Option<Title>,
        /// Who did it.
        pub by: Option<UserName>,
        /// Why, in their words.
        pub reason: Option<Reason>,
        /// What one is now, where a role changed.
        pub role: Option<Role>,
        /// Which message mentions one.
        pub seq: Option<Seq>,
        /// Whether one has read it.
        pub read: bool,
        /// When it ends, of an invite and of a ban for a while.
        pub until: Option<Timestamp>,
    }

    /// A page of notifications, the oldest first.
    pub struct Notifications {
        /// The page.
        pub notifications: Vec<Record<Notification>>,
        /// Where the next page begins; `None` on the last.
        pub next: Option<String>,
    }

    /// One of one's notifications, or all of them.
    pub struct WhichNotifications {
        /// Its number; `None` for all.
        pub id: Option<NotificationId>,
    }
}
