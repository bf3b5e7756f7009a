//! One connection, as its shard owns it: socket, encryption, outbox, and whose it is.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parlor_protocol::codec;
use parlor_protocol::hello::PLAIN_BINDING;
use parlor_protocol::id::{DeviceId, RoomId};
use parlor_protocol::record::Record;
use parlor_protocol::reply::{CloseReason, Closing, Outcome, Reply, ServerFrame};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

use super::outbox::Outbox;
use super::shard::Breadth;
use super::transport::{Socket, Wire, Written};
use super::{ConnId, Place, Rank};
use crate::admission::Admission;
use crate::rooms::UserId;
use crate::tls;

/// Requests of one connection that may be unanswered; no more is read from it until one is.
pub(crate) const REQUESTS_IN_FLIGHT_MAX: u32 = 64;
/// Bytes that may wait for a connection when a page is added: one that does not read its pages gets
/// no further ones, instead of being disconnected for them.
const PAGE_BACKLOG_BYTES_MAX: usize = 64 * 1024;
/// How long a last word may take to reach a peer that does not read.
const CLOSE_DEADLINE: Duration = Duration::from_secs(1);

/// Why nothing more comes from a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer has gone, or its socket or encryption failed.
    Gone,
    /// We close it, for this reason.
    Closed(CloseReason),
}

/// What a login is tied to: the TLS connection, or the constant of plain transports.
#[derive(Debug, Clone)]
pub(crate) enum Binding {
    Tls([u8; 32]),
    Plain,
}

impl Binding {
    /// The bytes that a device signs.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Tls(exported) => exported,
            Self::Plain => PLAIN_BINDING,
        }
    }
}

/// Whose connection it is, once logged in.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) user: UserId,
    pub(super) device: Option<DeviceId>,
    /// The user's rooms, ordered.
    pub(super) rooms: Vec<Place>,
    /// Whether pushes were asked for.
    pub(super) subscribed: bool,
    /// Whether the user's password of today was proved on it.
    pub(super) password_proved: bool,
}

impl Owner {
    /// The user's place in a room; `None` where they are no member.
    pub(super) fn place(&self, room: RoomId) -> Option<&Place> {
        let index = self.rooms.binary_search_by_key(&room, |known| known.room).ok()?;
        Some(&self.rooms[index])
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) id: ConnId,
    /// The peer's address, for the audit.
    pub(crate) address: Arc<str>,
    /// Its place among the connections that may be open; held as long as it is.
    pub(crate) admission: Admission,
    socket: Socket,
    wire: RefCell<Wire>,
    outbox: RefCell<Outbox>,
    pub(super) owner: RefCell<Option<Owner>>,
    in_flight: Cell<u32>,
    in_flight_max: Cell<u32>,
    end: Cell<Option<End>>,
    /// Rings when a request was answered or the connection is to end.
    changed: Notify,
    /// One look-up at a time: whoever asks for many pages waits for them in turn with the others.
    look_ups: Semaphore,
    /// Rings when nothing is unanswered any more.
    idle: Notify,
    /// Rings when less waits to be written.
    written: Notify,
    /// Whether a task waits until the socket can be written again.
    awaiting_writable: Cell<bool>,
    /// In which kinds of waves it waits for its turn to be written.
    pub(super) in_wave: [Cell<bool>; Breadth::COUNT],
}

impl Conn {
    pub(super) fn new(
        id: ConnId,
        address: Arc<str>,
        admission: Admission,
        socket: Socket,
        wire: Wire,
    ) -> Self {
        Self {
            id,
            address,
            admission,
            socket,
            wire: RefCell::new(wire),
            outbox: RefCell::default(),
            owner: RefCell::default(),
            in_flight: Cell::new(0),
            in_flight_max: Cell::new(REQUESTS_IN_FLIGHT_MAX),
            end: Cell::new(None),
            changed: Notify::new(),
            look_ups: Semaphore::new(1),
            idle: Notify::new(),
            written: Notify::new(),
            awaiting_writable: Cell::new(false),
            in_wave: Default::default(),
        }
    }

    /// Whether its user hears what is for a room's admins alone.
    pub(super) fn is_admin(&self, room: RoomId) -> bool {
        let owner = self.owner.borrow();
        let place = owner.as_ref().and_then(|owner| owner.place(room));
        place.is_some_and(|place| place.rank == Rank::Admin)
    }

    /// Whether pushes were asked for.
    pub(super) fn is_subscribed(&self) -> bool {
        self.owner.borrow().as_ref().is_some_and(|owner| owner.subscribed)
    }

    /// Completes the TLS handshake, where there is one, and says what logins are tied to.
    /// What the client says right behind its handshake is appended to `input`.
    pub(crate) async fn handshake(
        self: &Rc<Self>,
        input: &mut BytesMut,
        scratch: &RefCell<Vec<u8>>,
        deadline: Instant,
    ) -> Result<Binding, End> {
        loop {
            match &mut *self.wire.borrow_mut() {
                Wire::Plain => return Ok(Binding::Plain),
                Wire::Tls(tls) if !tls.is_handshaking() => {
                    return tls::login_context(tls)
                        .map(Binding::Tls)
                        .map_err(|_| End::Closed(CloseReason::ProtocolViolation));
                }
                Wire::Tls(_) => {}
            }
            self.read(input, scratch, Some(deadline)).await?;
            self.flush();
        }
    }

    /// Waits for bytes and appends what they say to `input`.
    ///
    /// # Errors
    /// The connection is over: the peer has gone, the deadline passed, or we end it.
    pub(crate) async fn read(
        self: &Rc<Self>,
        input: &mut BytesMut,
        scratch: &RefCell<Vec<u8>>,
        deadline: Option<Instant>,
    ) -> Result<(), End> {
        loop {
            if let Some(end) = self.end.get() {
                return Err(end);
            }
            if self.wire.borrow_mut().has_goodbye() {
                return Err(End::Gone);
            }
            let readable = async {
                tokio::select! {
                    ready = self.socket.readable() => ready.map(|()| true).map_err(|_| End::Gone),
                    () = self.changed.notified() => Ok(false),
                }
            };
            let ready = match deadline {
                None => readable.await?,
                // Boxed, because an idle connection has no deadline but would keep room for it.
                Some(deadline) => Box::pin(timeout_at(deadline, readable))
                    .await
                    .unwrap_or(Err(End::Closed(CloseReason::TimedOut)))?,
            };
            if !ready {
                continue;
            }
            let mut buffer = scratch.borrow_mut();
            match self.socket.try_read(&mut buffer) {
                Ok(0) => return Err(End::Gone),
                Ok(count) => {
                    let opened = self.wire.borrow_mut().open(&buffer[..count], input);
                    drop(buffer);
                    if opened.is_err() {
                        // What rustls has to say of it, an alert, is worth one try.
                        self.flush();
                        return Err(End::Gone);
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(End::Gone),
            }
        }
    }

    /// From now on so many requests may be unanswered; none is yet.
    pub(crate) fn promise_in_flight(&self, max: u32) {
        self.in_flight_max.set(max);
    }

    /// Waits until one more request may be taken, and counts it.
    ///
    /// # Errors
    /// We end the connection meanwhile.
    pub(crate) async fn admit(&self) -> Result<(), End> {
        while self.in_flight.get() >= self.in_flight_max.get() {
            if let Some(end) = self.end.get() {
                return Err(end);
            }
            self.changed.notified().await;
        }
        self.in_flight.set(self.in_flight.get() + 1);
        Ok(())
    }

    /// Waits until every request that was admitted is answered, or the connection is to end.
    pub(crate) async fn all_answered(&self) {
        while self.in_flight.get() > 0 && self.end.get().is_none() {
            self.idle.notified().await;
        }
    }

    /// The connection's turn to look something up; one at a time.
    pub(crate) async fn look_up_turn(&self) -> SemaphorePermit<'_> {
        self.look_ups.acquire().await.expect("invariant: nobody closes it")
    }

    /// How many bytes wait to be written.
    pub(super) fn waiting_bytes(&self) -> u64 {
        self.outbox.borrow().bytes() as u64
    }

    /// Waits until the peer has read what it was sent, but for a page or so.
    pub(crate) async fn caught_up(&self) {
        while self.end.get().is_none() && self.outbox.borrow().bytes() > PAGE_BACKLOG_BYTES_MAX {
            self.written.notified().await;
        }
    }

    /// Answers a request that was admitted.
    pub(crate) fn reply(self: &Rc<Self>, id: u32, outcome: Outcome) {
        let reply = Reply { id, outcome: Record(outcome) };
        let frame = codec::frame(&ServerFrame::Reply(reply))
            .expect("invariant: replies are bounded below a frame and hold no Unknown");
        self.answered(frame);
        self.flush();
    }

    /// Appends the answer to a request that was admitted.
    pub(super) fn answered(&self, frame: Bytes) {
        let before = self.in_flight.get();
        self.in_flight.set(before.saturating_sub(1));
        if before == self.in_flight_max.get() {
            self.changed.notify_one();
        }
        if before == 1 {
            self.idle.notify_one();
        }
        self.push(frame);
    }

    /// Appends a frame; a connection too far behind ends.
    pub(crate) fn push(&self, frame: Bytes) {
        if self.end.get().is_none() && !self.outbox.borrow_mut().push(frame) {
            self.close(CloseReason::SlowConsumer);
        }
    }

    /// Appends the frames of a snapshot; a connection too far behind ends.
    pub(super) fn push_snapshot(&self, frames: Vec<Bytes>) {
        if self.end.get().is_none() && !self.outbox.borrow_mut().push_snapshot(frames) {
            self.close(CloseReason::SlowConsumer);
        }
    }

    /// Ends the connection: nothing is read from it any more, and its task says goodbye.
    pub(crate) fn close(&self, reason: CloseReason) {
        if self.end.get().is_none() {
            self.end.set(Some(End::Closed(reason)));
            self.idle.notify_one();
            self.changed.notify_one();
            self.written.notify_one();
        }
    }

    /// Writes what waits, as far as the socket takes it; the rest follows when it can.
    pub(crate) fn flush(self: &Rc<Self>) {
        if self.awaiting_writable.get() {
            return;
        }
        match self.write() {
            Ok(Written::All) => {}
            Ok(Written::Blocked) => {
                self.awaiting_writable.set(true);
                let conn = Rc::clone(self);
                tokio::task::spawn_local(async move { conn.flush_when_writable().await });
            }
            Err(_) => self.gone(),
        }
    }

    /// Says why the connection ends, and waits a moment for the peer to have read it.
    pub(crate) async fn finish(self: &Rc<Self>, end: End) {
        self.end.set(Some(end));
        self.written.notify_one();
        let End::Closed(reason) = end else { return };
        if reason == CloseReason::SlowConsumer {
            // It does not read what waits; the reason alone may still fit.
            self.outbox.borrow_mut().forget_unbegun();
        }
        let closing = codec::frame(&ServerFrame::Closing(Closing { reason }))
            .expect("invariant: a closing frame is small");
        self.outbox.borrow_mut().push(closing);
        let drained = async {
            if self.drain().await.is_ok() {
                self.wire.borrow_mut().send_close_notify();
                let _gone_already = self.drain().await;
            }
        };
        let _peer_does_not_read = timeout(CLOSE_DEADLINE, drained).await;
    }

    async fn drain(&self) -> io::Result<()> {
        while self.write()? == Written::Blocked {
            self.socket.writable().await?;
        }
        Ok(())
    }

    async fn flush_when_writable(self: Rc<Self>) {
        if self.end.get().is_some() || self.drain().await.is_err() {
            self.gone();
        }
        self.awaiting_writable.set(false);
    }

    fn write(&self) -> io::Result<Written> {
        let written = self.wire.borrow_mut().write(&self.socket, &mut self.outbox.borrow_mut());
        self.written.notify_one();
        written
    }

    fn gone(&self) {
        if self.end.get().is_none() {
            self.end.set(Some(End::Gone));
            self.idle.notify_one();
            self.changed.notify_one();
            self.written.notify_one();
        }
    }
}
