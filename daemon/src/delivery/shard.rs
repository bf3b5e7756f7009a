//! A shard: the thread that owns connections, runs their sessions and writes what the hub hands on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use parlor_protocol::id::{DeviceId, Revision, RoomId};
use parlor_protocol::reply::Outcome;
use rustls::ServerConnection;
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::conn::Conn;
use super::registry::Registry;
use super::transport::{Incoming, Socket, Wire};
use super::{BATCHES_MAX, Batch, ConnId, Step};
use crate::metrics::{Kind, ShardCounts};
use crate::rooms::UserId;

/// Connections written in one turn before the others have theirs: a third of a millisecond, where
/// each gets one small frame.
const WRITES_PER_TURN: usize = 32;
/// Bytes taken from a socket at once; one buffer serves all connections of the shard.
const READ_BYTES: usize = 64 * 1024;
/// Connections that may wait for the shard to take them over.
const INCOMING_MAX: usize = 1024;

/// How long the sessions may take for their last words when the daemon stops.
const GOODBYES_DEADLINE: Duration = Duration::from_secs(2);
/// Threads that look things up for a shard's sessions; as many as can make use of the disk.
const LOOK_UPS_MAX: usize = 4;

/// How the rest of the daemon reaches a shard.
#[derive(Debug)]
pub(crate) struct ShardHandle {
    /// New connections, for the listeners.
    pub(crate) incoming: mpsc::Sender<Incoming>,
    /// What was committed, for the hub. The shard ends when this is dropped.
    pub(crate) batches: mpsc::Sender<Batch>,
    /// The thread.
    thread: JoinHandle<()>,
}

impl ShardHandle {
    /// Lets go of the shard, which then ends as soon as the hub does; the thread to wait for.
    pub(crate) fn close(self) -> JoinHandle<()> {
        self.thread
    }
}

/// What the sessions of a shard's connections see of it.
#[derive(Debug)]
pub(crate) struct Shard {
    /// Bytes on their way from a socket into a session.
    pub(crate) scratch: RefCell<Vec<u8>>,
    registry: RefCell<Registry>,
    counts: RefCell<ShardCounts>,
}

impl Shard {
    /// The user to whom a connection belongs, and since which revision that user is a member of
    /// the room; `None` where they are not, as far as this shard was told.
    pub(crate) fn membership(&self, conn: &Conn, room: RoomId) -> Option<Revision> {
        let owner = conn.owner.borrow();
        owner.as_ref()?.place(room).map(|place| place.joined)
    }

    /// The device by which a connection logged in.
    pub(crate) fn device(&self, conn: &Conn) -> Option<DeviceId> {
        conn.owner.borrow().as_ref()?.device
    }

    /// Whether the password of a connection's user was proved on it, and has not changed since.
    pub(crate) fn password_proved(&self, conn: &Conn) -> bool {
        conn.owner.borrow().as_ref().is_some_and(|owner| owner.password_proved)
    }

    /// Counts a command that was answered without the hub.
    pub(crate) fn note(&self, kind: Kind, outcome: &Outcome) {
        self.counts.borrow_mut().commands.note(kind, outcome);
    }

    /// Counts a connection that has ended because it does not read.
    pub(crate) fn note_slow_consumer(&self) {
        self.counts.borrow_mut().slow_consumers += 1;
    }

    fn count(&self) -> ShardCounts {
        let mut counts = self.counts.borrow().clone();
        counts.outbox_bytes = self.registry.borrow().all().map(|conn| conn.waiting_bytes()).sum();
        counts
    }

    /// The user to whom a connection belongs.
    pub(crate) fn user(&self, conn: &Conn) -> Option<UserId> {
        conn.owner.borrow().as_ref().map(|owner| owner.user)
    }
}

/// Starts the thread of a shard. `session` makes the task of each connection.
///
/// # Errors
/// The thread or its runtime cannot be started.
pub(crate) fn spawn<S, F>(index: u16, session: S) -> io::Result<ShardHandle>
where
    S: Fn(Rc<Shard>, Rc<Conn>) -> F + Send + 'static,
    F: Future<Output = ()> + 'static,
{
    let (incoming, new_connections) = mpsc::channel(INCOMING_MAX);
    let (batches, committed) = mpsc::channel(BATCHES_MAX);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(LOOK_UPS_MAX)
        .build()?;
    let thread = std::thread::Builder::new().name(format!("shard-{index}")).spawn(move || {
        let shard = Rc::new(Shard {
            scratch: RefCell::new(vec![0; READ_BYTES]),
            registry: RefCell::default(),
            counts: RefCell::default(),
        });
        let local = LocalSet::new();
        let sessions = TaskTracker::new();
        let adopting = adopt(index, Rc::clone(&shard), new_connections, session, sessions.clone());
        local.spawn_local(adopting);
        local.block_on(&runtime, async {
            deliver(shard, committed).await;
            sessions.close();
            let _some_do_not_read = timeout(GOODBYES_DEADLINE, sessions.wait()).await;
        });
        // A look-up that hangs on the disk does not hold the stop up.
        runtime.shutdown_background();
    })?;
    Ok(ShardHandle { incoming, batches, thread })
}

/// Takes over connections and runs their sessions.
async fn adopt<S, F>(
    index: u16,
    shard: Rc<Shard>,
    mut incoming: mpsc::Receiver<Incoming>,
    session: S,
    sessions: TaskTracker,
) where
    S: Fn(Rc<Shard>, Rc<Conn>) -> F,
    F: Future<Output = ()> + 'static,
{
    while let Some(Incoming { socket, tls, address, admission, serial }) = incoming.recv().await {
        let wire = match tls.map(ServerConnection::new) {
            None => Wire::Plain,
            Some(Ok(tls)) => Wire::Tls(Box::new(tls)),
            Some(Err(error)) => {
                log::error!("cannot begin TLS with {address}: {error}");
                continue;
            }
        };
        let Ok(socket) = Socket::from_raw(socket) else { continue };
        let conn = shard.registry.borrow_mut().insert(|slot| {
            let id = ConnId { shard: index, slot, serial };
            Rc::new(Conn::new(id, address.into(), admission, socket, wire))
        });
        // Boxed, because a future that awaits another holds it twice.
        let session = Box::pin(session(Rc::clone(&shard), Rc::clone(&conn)));
        let shard = Rc::clone(&shard);
        sessions.spawn_local(async move {
            session.await;
            shard.registry.borrow_mut().remove(&conn);
        });
    }
}

/// Appends what the hub hands on, in order, and writes it in turns.
async fn deliver(shard: Rc<Shard>, mut committed: mpsc::Receiver<Batch>) {
    let mut waves = VecDeque::new();
    loop {
        let batch = if waves.is_empty() {
            match committed.recv().await {
                Some(batch) => Some(batch),
                None => return,
            }
        } else {
            committed.try_recv().ok()
        };
        if let Some(batch) = batch {
            append(&shard, batch, &mut waves);
        }
        take_turn(&shard.registry, &mut waves);
        tokio::task::yield_now().await;
    }
}

/// How many connections a wave is for. A connection waits in one wave of each kind at most, which
/// bounds the queue; and what a small room says to it does not wait for a huge one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    Narrow,
    Wide,
}

impl Breadth {
    pub(super) const COUNT: usize = 2;

    fn of(connections: usize) -> Self {
        if connections > WRITES_PER_TURN { Self::Wide } else { Self::Narrow }
    }
}

/// Connections to write: those that a room's frame is for, or all that a batch reached one by one.
/// Each wave writes [`WRITES_PER_TURN`] of its connections and goes to the back of the queue, so
/// that a huge room does not stop the others.
struct Wave {
    breadth: Breadth,
    slots: Vec<u32>,
    written: usize,
    /// Frames that were pushed, for who counts them.
    pushed: u64,
}

impl Wave {
    fn new(breadth: Breadth) -> Self {
        Self { breadth, slots: vec![], written: 0, pushed: 0 }
    }

    /// Appends a frame to a connection's outbox, and sees to it that it is written.
    fn push(&mut self, conn: &Conn, frame: Bytes) {
        conn.push(frame);
        self.pushed += 1;
        self.add(conn);
    }

    /// Appends a snapshot's frames to a connection's outbox, and sees to it that they are written.
    fn push_snapshot(&mut self, conn: &Conn, frames: Vec<Bytes>) {
        self.pushed += frames.len() as u64;
        conn.push_snapshot(frames);
        self.add(conn);
    }

    fn add(&mut self, conn: &Conn) {
        if !conn.in_wave[self.breadth as usize].replace(true) {
            self.slots.push(conn.id.slot);
        }
    }
}

fn take_turn(registry: &RefCell<Registry>, waves: &mut VecDeque<Wave>) {
    let Some(mut wave) = waves.pop_front() else { return };
    let end = wave.slots.len().min(wave.written + WRITES_PER_TURN);
    let registry = registry.borrow();
    for &slot in &wave.slots[wave.written..end] {
        if let Some(conn) = registry.slot(slot) {
            conn.in_wave[wave.breadth as usize].set(false);
            conn.flush();
        }
    }
    wave.written = end;
    if wave.written < wave.slots.len() {
        waves.push_back(wave);
    }
}

/// A room's frame, or the one that is its admins', for those who get its pushes.
fn listeners(registry: &Registry, room: RoomId, frame: &Bytes, admins: Option<&Bytes>) -> Wave {
    let listeners = registry.listeners(room);
    let mut wave = Wave::new(Breadth::of(listeners.len()));
    for conn in listeners.filter_map(|&slot| registry.slot(slot)) {
        let for_admins = admins.filter(|_| conn.is_admin(room));
        wave.push(conn, for_admins.unwrap_or(frame).clone());
    }
    wave
}

/// A frame for all who get pushes at all.
fn everybody(registry: &Registry, frame: &Bytes) -> Wave {
    let subscribed: Vec<_> = registry.all().filter(|conn| conn.is_subscribed()).collect();
    let mut wave = Wave::new(Breadth::of(subscribed.len()));
    subscribed.into_iter().for_each(|conn| wave.push(conn, frame.clone()));
    wave
}

/// Appends the frames of a batch to the outboxes that they are for.
fn append(shard: &Shard, batch: Batch, waves: &mut VecDeque<Wave>) {
    let mut registry = shard.registry.borrow_mut();
    let mut singles = Wave::new(Breadth::Narrow);
    let (mut rooms, mut counted) = (vec![], vec![]);
    for step in batch {
        match step {
            Step::Reply { conn, frame } => {
                if let Some(conn) = registry.conn(conn) {
                    conn.answered(frame);
                    singles.add(conn);
                }
            }
            Step::Tell { conn, frame } => {
                if let Some(conn) = registry.conn(conn) {
                    singles.push(conn, frame);
                }
            }
            Step::Open { conn, opening, rooms } => {
                if let Some(conn) = registry.conn(conn).cloned() {
                    registry.open(&conn, opening, rooms);
                }
            }
            Step::Subscribe { conn, snapshot } => {
                if let Some(conn) = registry.conn(conn).cloned() {
                    registry.subscribe(&conn);
                    singles.push_snapshot(&conn, snapshot);
                }
            }
            Step::Enter { user, place, frame } => {
                for slot in registry.enter(user, place) {
                    registry.slot(slot).inspect(|conn| singles.push(conn, frame.clone()));
                }
            }
            Step::Rank { user, room, rank } => registry.rank(user, room, rank),
            Step::User { user, frame } => {
                for conn in registry.of_user(user) {
                    if conn.is_subscribed() {
                        singles.push(conn, frame.clone());
                    }
                }
            }
            Step::Everybody { frame } => rooms.push(everybody(&registry, &frame)),
            Step::Close { conn, reason } => {
                registry.conn(conn).inspect(|conn| conn.close(reason));
            }
            Step::Disown { user, reason } => {
                registry.of_user(user).for_each(|conn| conn.close(reason));
            }
            Step::Exit { user, room, frame } => {
                for slot in registry.exit(user, room) {
                    registry.slot(slot).inspect(|conn| singles.push(conn, frame.clone()));
                }
            }
            Step::Room { room, frame, admins } => {
                rooms.push(listeners(&registry, room, &frame, admins.as_ref()));
            }
            Step::Revoke { user, device } => registry.revoke(user, device),
            Step::PasswordChanged { user, by } => registry.password_changed(user, by),
            Step::Count(to) => counted.push(to),
            Step::Pulse(pulse) => drop(pulse),
            Step::CloseAll { reason } => registry.all().for_each(|conn| conn.close(reason)),
        }
    }
    drop(registry);
    rooms.push(singles);
    shard.counts.borrow_mut().deliveries += rooms.iter().map(|wave| wave.pushed).sum::<u64>();
    waves.extend(rooms.into_iter().filter(|wave| !wave.slots.is_empty()));
    for to in counted {
        // Whoever asked may have stopped waiting.
        let _gone = to.try_send(shard.count());
    }
}
