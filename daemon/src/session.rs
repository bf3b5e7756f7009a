//! A session: one connection from its first byte to its last, as the wire has it.
//!
//! The session parses what the client sends and sees to the login. What changes anything goes to the
//! hub, which answers through the connection's shard; what only reads goes to the store's readers.

mod login;
mod reads;
mod requests;

use std::cell::Cell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parlor_protocol::account::SignUpMode;
use parlor_protocol::codec::{self, FRAME_BYTES_MAX, FrameCodec, FrameError};
use parlor_protocol::hello::{Hello, Limits, MAGIC, VERSION, Welcome};
use parlor_protocol::id;
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::reply::{CloseReason, Outcome, ServerFrame};
use parlor_protocol::request::Request;
use parlor_protocol::text::{MAX_BODY_BYTES, MAX_BODY_CHARS};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::codec::Decoder;

use crate::accounts::Accounts;
use crate::admission::{AdmissionKind, Gate};
use crate::clock::now;
use crate::delivery::{Conn, End, Shard};
use crate::hub::{Ask, Caller, Wish};
use crate::metrics::Kind;
use crate::reload::Reload;
use crate::store::Readers;
use login::Login;

/// From the first byte to the hello, the TLS handshake included: no human is involved.
const HELLO_DEADLINE: Duration = Duration::from_secs(10);
/// From the first byte to the login where only a device key logs in: it is at hand, and the address
/// has more of such connections than it should.
const DEVICE_DEADLINE: Duration = Duration::from_secs(10);
/// From the first byte of a frame to its last.
const FRAME_DEADLINE: Duration = Duration::from_secs(30);

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Server {
    /// What the configuration says to sessions at the moment.
    pub(crate) manners: watch::Receiver<Arc<Manners>>,
    /// How strangers sign up at the moment, as the hub has it.
    pub(crate) sign_up: watch::Receiver<SignUpMode>,
    /// The way to read the configuration again.
    pub(crate) reload: mpsc::Sender<Reload>,
    /// Who may connect.
    pub(crate) gate: Gate,
    /// When the daemon started.
    pub(crate) started: std::time::Instant,
    /// Passwords and devices.
    pub(crate) accounts: Accounts,
    /// The way to change anything.
    pub(crate) hub: mpsc::Sender<Ask>,
    /// The way to read what is stored.
    pub(crate) readers: Readers,
}

/// What of the configuration concerns sessions, and may change while they last.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Manners {
    /// The server's name, for the welcome.
    pub(crate) name: String,
    /// The message of the day, for the welcome.
    pub(crate) motd: String,
    /// The sign-up mode of the configuration.
    pub(crate) sign_up: SignUpMode,
    /// How long a connection may take to log in: a human may be typing a password.
    pub(crate) login_deadline: Duration,
    /// Requests of a connection that may be unanswered, from its hello on.
    pub(crate) requests_in_flight: u32,
}

/// Runs a connection until it ends.
pub(crate) async fn run(shard: Rc<Shard>, conn: Rc<Conn>, server: Arc<Server>) {
    let mut session = Session::new(shard, conn, server);
    let Err(end) = session.serve().await;
    Box::pin(session.end(end)).await;
}

/// What a session waits for, other than its next frame. It is boxed because every idle connection
/// keeps room for whatever its session may ever have to wait for.
type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

struct Session {
    shard: Rc<Shard>,
    conn: Rc<Conn>,
    server: Arc<Server>,
    codec: FrameCodec,
    input: BytesMut,
    /// When the frame that has begun to arrive must be whole.
    frame_deadline: Option<Instant>,
    /// When the connection must be logged in.
    login_deadline: Instant,
    /// Whether the hub was asked to make the connection a user's, and so has to hear of its end.
    has_begun: Cell<bool>,
}

impl Session {
    fn new(shard: Rc<Shard>, conn: Rc<Conn>, server: Arc<Server>) -> Self {
        let patience = server.manners.borrow().login_deadline;
        let login_deadline = Instant::now()
            + match conn.admission.kind() {
                AdmissionKind::DeviceOnly => patience.min(DEVICE_DEADLINE),
                AdmissionKind::Session | AdmissionKind::TurnedAway => patience,
            };
        let (codec, input) = (FrameCodec::before_login(), BytesMut::new());
        let (frame_deadline, has_begun) = (None, Cell::new(false));
        Self { shard, conn, server, codec, input, frame_deadline, login_deadline, has_begun }
    }

    async fn serve(&mut self) -> Result<Infallible, End> {
        let mut login = Box::new(Box::pin(self.greet()).await?);
        let Err(end) = self.requests(&mut login).await;
        Box::pin(self.give_up(&mut login)).await;
        Err(end)
    }

    /// Says goodbye, and tells the hub that the session, if it was a user's, has ended.
    async fn end(&self, end: End) {
        if end == End::Closed(CloseReason::SlowConsumer) {
            self.shard.note_slow_consumer();
        }
        self.conn.finish(end).await;
        if self.has_begun.get() {
            // The hub is gone only when the daemon stops, and then it ends all sessions itself.
            let _stopping = self.server.hub.send(Ask::Ended { caller: self.caller() }).await;
        }
    }

    async fn requests(&mut self, login: &mut Login) -> Result<Infallible, End> {
        loop {
            let frame = self.next_frame().await?;
            self.conn.admit().await?;
            if let Some(waiting) = self.take(login, &frame)? {
                waiting.await;
            }
        }
    }

    fn take<'a>(&'a self, login: &'a mut Login, frame: &[u8]) -> Result<Option<Waiting<'a>>, End> {
        let violation = |_| End::Closed(CloseReason::ProtocolViolation);
        let Request { id, command } = Request::decode(frame).map_err(violation)?;
        Ok(self.answer(login, id, command.0))
    }

    /// The hello and the welcome; whoever does not begin with them never gets further.
    async fn greet(&mut self) -> Result<Login, End> {
        let deadline = self.login_deadline.min(Instant::now() + HELLO_DEADLINE);
        self.frame_deadline = Some(deadline);
        let binding = self.conn.handshake(&mut self.input, &self.shard.scratch, deadline).await?;
        if self.conn.admission.kind() == AdmissionKind::TurnedAway {
            return Err(End::Closed(CloseReason::TooManyConnections));
        }
        let frame = self.next_frame().await?;
        let hello = Hello::decode(&frame).ok().filter(|hello| hello.magic == MAGIC);
        let Some(hello) = hello else {
            return Err(End::Closed(CloseReason::ProtocolViolation));
        };
        if !hello.versions.iter().take(16).any(|&version| version == VERSION) {
            return Err(End::Closed(CloseReason::UnsupportedVersion));
        }
        let challenge = id::Bytes(rand::random());
        let manners = Arc::clone(&self.server.manners.borrow());
        let welcome = Welcome {
            version: VERSION,
            features: vec![],
            server: manners.name.clone(),
            motd: manners.motd.clone(),
            sign_up: *self.server.sign_up.borrow(),
            challenge,
            at: now(),
            limits: Record(limits(&manners)),
        };
        let frame = codec::frame(&ServerFrame::Welcome(welcome))
            .expect("invariant: the configuration bounds the name and the message of the day");
        self.conn.promise_in_flight(manners.requests_in_flight);
        self.conn.push(frame);
        self.conn.flush();
        Ok(Login::new(challenge, binding))
    }

    /// The next whole frame. An idle connection keeps no buffer.
    async fn next_frame(&mut self) -> Result<Bytes, End> {
        let logged_in = self.shard.user(&self.conn).is_some();
        if logged_in {
            self.codec = FrameCodec::default();
        }
        loop {
            match self.codec.decode(&mut self.input) {
                Ok(Some(frame)) => {
                    self.frame_deadline = None;
                    return Ok(frame);
                }
                Ok(None) => {}
                Err(FrameError::TooLong { .. }) => {
                    return Err(End::Closed(CloseReason::FrameTooLong));
                }
                Err(FrameError::Decode(_) | FrameError::Io(_)) => {
                    return Err(End::Closed(CloseReason::ProtocolViolation));
                }
            }
            if self.input.is_empty() {
                self.input = BytesMut::new();
            } else if self.frame_deadline.is_none() {
                self.frame_deadline = Some(Instant::now() + FRAME_DEADLINE);
            }
            let login_deadline = (!logged_in).then_some(self.login_deadline);
            let deadline = self.frame_deadline.into_iter().chain(login_deadline).min();
            self.conn.read(&mut self.input, &self.shard.scratch, deadline).await?;
        }
    }

    fn caller(&self) -> Caller {
        Caller { conn: self.conn.id, address: Arc::clone(&self.conn.address) }
    }

    /// Hands a request to the hub, which answers it. While the hub has much to do there is
    /// something to wait for: a flood pushes back on its own socket.
    fn submit(&self, id: u32, wish: Wish) -> Option<Waiting<'_>> {
        let ask = Ask::Request { caller: self.caller(), id, wish };
        match self.server.hub.try_send(ask) {
            Ok(()) => None,
            Err(TrySendError::Closed(_)) => {
                self.conn.close(CloseReason::ShuttingDown);
                None
            }
            // Whoever waits already comes first: places that come free are theirs.
            Err(TrySendError::Full(ask)) => Some(Box::pin(async move {
                if self.server.hub.send(ask).await.is_err() {
                    self.conn.close(CloseReason::ShuttingDown);
                }
            })),
        }
    }

    fn reply(&self, id: u32, outcome: Outcome) {
        self.shard.note(Kind::Other, &outcome);
        self.conn.reply(id, outcome);
    }
}

/// What the welcome promises.
fn limits(manners: &Manners) -> Limits {
    Limits {
        frame_bytes: FRAME_BYTES_MAX as u32,
        requests_in_flight: manners.requests_in_flight,
        message_chars: MAX_BODY_CHARS as u32,
        message_bytes: MAX_BODY_BYTES as u32,
    }
}
