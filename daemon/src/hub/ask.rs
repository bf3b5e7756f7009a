//! What the hub is asked for, and by whom.

use std::sync::Arc;

use parlor_protocol::id::{DeviceId, RoomId};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::room::Members;
use parlor_protocol::text::MessageText;
use tokio::sync::{mpsc, oneshot};

use super::{HubStatus, Oversight};
use crate::audit::{AuditRecord, LoginBy, News, Origin};
use crate::delivery::{ConnId, Pulse};
use crate::metrics::{HubReport, Kind, ShardCounts};
use crate::rooms::{Command, NewDevice, UserId};

/// One thing for the hub to do.
#[derive(Debug)]
pub(crate) enum Ask {
    /// A session's request, answered through the connection's shard.
    Request { caller: Caller, id: u32, wish: Wish },
    /// Somebody is about to log in by password: whether they may try already.
    LoginBegins { caller: Caller, name: UserName, answer: oneshot::Sender<Result<(), Refusal>> },
    /// A login that proved nothing: put on record, then refused. One that was given up half way has
    /// no request to refuse: a client that finds the password wrong sees no need for another step.
    LoginFailed { caller: Caller, id: Option<u32>, name: UserName, by: LoginBy },
    /// A connection that ended, and may have been a user's.
    Ended { caller: Caller },
    /// A subcommand's request; `uid` is the caller's as the kernel tells it.
    Console { command: Command, uid: Option<u32>, reply: oneshot::Sender<Result<(), Refusal>> },
    /// Something that a subcommand has done by itself, for the record.
    Record { record: AuditRecord, reply: oneshot::Sender<Result<(), Refusal>> },
    /// How things stand.
    Status { answer: oneshot::Sender<HubStatus> },
    /// What was counted so far, here and, by way of the shards, there.
    Count { answer: oneshot::Sender<HubReport>, shards: mpsc::Sender<ShardCounts> },
    /// What an operator does with the running daemon, and no command of the rules is.
    Oversee(Oversight),
    /// The audit files are on disk up to the record `synced`, and the store should know what is new
    /// of them.
    AuditKept { synced: u64, news: News },
    /// Nothing but a sign of life, here and, by way of the shards, there.
    Pulse(Pulse),
    /// Time has passed.
    Tick,
    /// There is more to do than one tick did.
    Chores,
    /// Answer what was taken and stop.
    Stop,
}

/// Which connection asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) conn: ConnId,
    pub(crate) address: Arc<str>,
}

impl Caller {
    /// The connection as the audit has it.
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin::Session { address: &self.address, number: self.conn.serial }
    }
}

/// What a login was checked against. The hub looks whether that still stands.
#[derive(Debug)]
pub(crate) enum Proof {
    /// The password behind this record.
    Password(Vec<u8>),
    /// The key of this device.
    Device(DeviceId),
}

impl Proof {
    /// The proof as the audit has it.
    pub(crate) fn by(&self) -> LoginBy {
        match self {
            Self::Password(_) => LoginBy::Password,
            Self::Device(device) => LoginBy::Device(Some(*device)),
        }
    }
}

/// What operators alone look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overseen {
    /// All rooms, also private ones: the first page of them.
    Rooms,
    /// The sign-ups that wait: the first page of them.
    SignUps,
    /// A later page of either, of which the first is on record.
    More,
}

/// What a session wants.
#[derive(Debug)]
pub(crate) enum Wish {
    /// A command of a user who is logged in.
    Do { user: UserId, command: Command },
    /// A sign-up, after which the connection is the new user's.
    SignUp(Command),
    /// A login that was proved, perhaps with a device to register.
    Open { user: UserId, device: Option<NewDevice>, proof: Proof },
    /// The snapshot and the pushes of the user's rooms.
    Subscribe { user: UserId },
    /// Presence of the members of this room, in place of the one before.
    Watch { user: UserId, room: Option<RoomId> },
    /// This page of a room's members, with who of them is connected.
    Present { room: RoomId, members: Members },
    /// These rooms, as they were found in the store, with how far the user has read them by now.
    Freshen { user: UserId, outcome: Box<Outcome> },
    /// That it is on record what an operator has looked at, or that somebody else wanted to.
    Overseen { user: UserId, what: Overseen, found: Box<Result<Outcome, Refusal>> },
    /// Words to everybody who is connected.
    Announce { user: UserId, text: MessageText },
    /// What operators do, in words that mean nothing: to be told so, or that it is not for them.
    Unfit { user: UserId, action: &'static str, code: Code },
    /// Nothing but to be told that the room which the user asked about by its ID is not there.
    Missed { user: UserId },
}

impl Wish {
    /// What kind of command it is, for who counts them.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Do { user: _, command } | Self::SignUp(command) => Kind::of(command),
            Self::Open { .. } => Kind::Login,
            Self::Announce { .. } => Kind::Announce,
            Self::Unfit { .. } => Kind::Other,
            Self::Subscribe { .. } | Self::Watch { .. } => Kind::Subscribe,
            Self::Present { .. }
            | Self::Freshen { .. }
            | Self::Overseen { .. }
            | Self::Missed { .. } => Kind::LookUp,
        }
    }
}
