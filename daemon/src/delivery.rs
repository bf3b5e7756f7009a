//! Delivery: shards, each one thread that owns its connections and alone writes to them.
//!
//! After a commit the hub hands every shard one [`Batch`] of [`Step`]s. A shard appends their frames
//! to its connections' outboxes in that order, then writes, taking turns between rooms. There are no
//! locks: whatever a shard owns, only its thread touches.

mod conn;
mod outbox;
mod registry;
mod shard;
mod transport;

use std::convert::Infallible;

use bytes::Bytes;
use parlor_protocol::id::{DeviceId, Revision, RoomId};
use parlor_protocol::reply::CloseReason;
use parlor_protocol::room::Role;
use tokio::sync::mpsc;

use crate::metrics::ShardCounts;
use crate::rooms::UserId;

pub(crate) use conn::{Binding, Conn, End, REQUESTS_IN_FLIGHT_MAX};
pub(crate) use shard::{Shard, ShardHandle, spawn};
pub(crate) use transport::Incoming;

/// Batches that may wait for a shard. The hub waits when a shard is this far behind: delivery then
/// slows commits down, instead of memory growing.
pub(crate) const BATCHES_MAX: usize = 64;

/// The name of one connection for as long as the daemon runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ConnId {
    /// Which shard owns it.
    pub(crate) shard: u16,
    /// Its place among the shard's connections; used again after it is closed.
    pub(crate) slot: u32,
    /// Counts all connections, so that a reply never reaches the slot's next one.
    pub(crate) serial: u64,
}

/// Whose a connection is, and what was shown for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub(crate) user: UserId,
    /// By which device, or which it has registered.
    pub(crate) device: Option<DeviceId>,
    /// Whether it has just proved the user's password.
    pub(crate) password_proved: bool,
}

/// A room of a connection's user, as far as its shard needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) room: RoomId,
    /// The room's revision at which the membership began.
    pub(crate) joined: Revision,
    pub(crate) rank: Rank,
}

/// Whether a member hears what is the admins' alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    Member,
    Admin,
}

impl From<Role> for Rank {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin | Role::Owner => Self::Admin,
            Role::Member | Role::Unknown => Self::Member,
        }
    }
}

/// What the hub hands on after one commit, in order.
pub(crate) type Batch = Vec<Step>;

/// Passed on from thread to thread; each lives that lets go of it.
pub(crate) type Pulse = mpsc::Sender<Infallible>;

/// One thing for a shard to do.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The answer to a request of this connection.
    Reply { conn: ConnId, frame: Bytes },
    /// The connection gets this frame.
    Tell { conn: ConnId, frame: Bytes },
    /// The connection is this user's from now on.
    Open { conn: ConnId, opening: Opening, rooms: Vec<Place> },
    /// The connection gets this snapshot, and from now on the pushes of its rooms.
    Subscribe { conn: ConnId, snapshot: Vec<Bytes> },
    /// All connections of the user get the room's pushes after this frame.
    Enter { user: UserId, place: Place, frame: Bytes },
    /// The user hears, or no longer, what in this room is for admins alone.
    Rank { user: UserId, room: RoomId, rank: Rank },
    /// All connections of the user get this frame, and nothing more from the room.
    Exit { user: UserId, room: RoomId, frame: Bytes },
    /// All subscribed connections of the room's members get this frame; its admins get the other
    /// one, where there is one.
    Room { room: RoomId, frame: Bytes, admins: Option<Bytes> },
    /// All subscribed connections of the user get this frame.
    User { user: UserId, frame: Bytes },
    /// All subscribed connections get this frame.
    Everybody { frame: Bytes },
    /// The connection ends.
    Close { conn: ConnId, reason: CloseReason },
    /// All connections of the user end.
    Disown { user: UserId, reason: CloseReason },
    /// The user's connections by this device end.
    Revoke { user: UserId, device: DeviceId },
    /// The user's password is another, by the connection of this serial where by one at all. Other
    /// connections that only the old password opened end, and on none is it proved any more.
    PasswordChanged { user: UserId, by: Option<u64> },
    /// What was counted so far goes to whoever asks.
    Count(mpsc::Sender<ShardCounts>),
    /// Nothing but a sign of life.
    Pulse(Pulse),
    /// All connections end.
    CloseAll { reason: CloseReason },
}
