//! The network's side of the client: a trusted connection, requests and their replies, and news.
//!
//! [`Endpoint::connect`] makes a [`Session`] with a server that is trusted; [`login`] logs it in,
//! and [`account::Account`] does both with all that the user configured. From then on
//! [`Session::client`] takes requests, as many at once as the server allows, and
//! [`Session::news`] yields what the server sends unasked.

pub(crate) mod account;
mod ask;
mod client;
mod dial;
pub(crate) mod login;
mod pulse;

use std::net::SocketAddr;
use std::time::Duration;

use parlor_protocol::codec::{FrameCodec, FrameError, frame};
use parlor_protocol::hello::{Hello, Welcome};
use parlor_protocol::id::{Nonce, Timestamp};
use parlor_protocol::record::Wire;
use parlor_protocol::reply::{CloseReason, ServerFrame};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder;

pub(crate) use self::ask::{
    Ask, Change, DismissNotifications, Invited, ListBans, ListBlocks, ListFormerRooms,
    ListNotifications, ListRequests, ReadNotifications, SignedUp,
};
pub(crate) use self::client::{CallError, Client, Item, Lost, News};
use self::dial::Stream;
use crate::console::Console;
use crate::known_hosts::{KnownHosts, host_name};
use crate::trust::{self, Met, Server, Settled, StrictHostKeyChecking, Untrusted};

/// What the client calls itself, for the operator's eyes.
const CLIENT: &str = concat!("parlor/", env!("CARGO_PKG_VERSION"));

/// Where a server is, and how its key is checked.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Its name or address, as the user gave it.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// The keys that are known.
    pub(crate) known: KnownHosts,
    /// What to do with a key that is not.
    pub(crate) strict: StrictHostKeyChecking,
    /// How long the connection, the handshake and the welcome may take together.
    pub(crate) patience: Duration,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The name has no address.
    #[error("cannot resolve {host}: {why}; check the name")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// No address took the connection.
    #[error("cannot connect to {address}: {source}; is parlord running there?")]
    Unreachable {
        /// The last address that was tried.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// It took too long.
    #[error("{host} did not answer within {} s; see ConnectTimeout", after.as_secs_f32())]
    TimedOut {
        /// The name.
        host: String,
        /// How long was waited.
        after: Duration,
    },
    /// TLS failed, before anything of ours was sent.
    #[error("no TLS with {address}: {why}; is this a parlord's TLS port?")]
    Tls {
        /// The address.
        address: SocketAddr,
        /// What rustls said.
        why: String,
    },
    /// What answered is something else.
    #[error(transparent)]
    NotParlor(#[from] trust::NotParlor),
    /// The server is not trusted. The text is for the user as it is.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// The key is not the one that was accepted a moment ago.
    #[error("the server changed its host key while you were asked about it; nothing was sent")]
    KeyChanged,
    /// The connection ended, or was no conversation of ours.
    #[error(transparent)]
    Lost(#[from] Lost),
}

/// A trusted connection.
#[derive(Debug)]
pub(crate) struct Session {
    /// Asks the server.
    pub(crate) client: Client,
    /// What the server sends unasked.
    pub(crate) news: News,
    /// What the server said first.
    pub(crate) welcome: Welcome,
    /// The server's key and what ties a login to this connection.
    pub(crate) met: Met,
    /// When the welcome came.
    welcomed: Instant,
    /// Owns the connection.
    task: JoinHandle<()>,
}

impl Session {
    /// A new nonce, made by the server's clock as far as we know it.
    pub(crate) fn nonce(&self) -> Nonce {
        let mut random = [0; 10];
        SystemRandom::new().fill(&mut random).expect("invariant: the system has random bytes");
        let since = i64::try_from(self.welcomed.elapsed().as_millis()).unwrap_or(0);
        Nonce::new(Timestamp(self.welcome.at.0.saturating_add(since)), random)
    }

    /// Says goodbye, which takes a moment at most.
    pub(crate) async fn close(self) {
        drop(self.client);
        // A task that failed has nothing left to say goodbye to.
        let _ = self.task.await;
    }
}

impl Endpoint {
    /// Whether a key of the server is known, so that no other will do.
    pub(crate) fn is_known(&self) -> bool {
        let known = self.known.keys(&host_name(&self.host, self.port));
        known.is_ok_and(|keys| !keys.is_empty())
    }

    /// Connects, decides whether the server is trusted, and greets it.
    ///
    /// # Errors
    /// When there is no connection or no trust. Nothing of ours was sent without trust.
    pub(crate) async fn connect(&self, console: &mut dyn Console) -> Result<Session, ConnectError> {
        let deadline = Instant::now() + self.patience;
        let (mut stream, address) = self.within(deadline, dial::dial(self)).await?;
        let met = trust::met(stream.get_ref().1)?;
        console.note(&format!("connected to {address}, host key {}", met.key.fingerprint()));
        let server = Server {
            name: host_name(&self.host, self.port),
            address: host_name(&address.ip().to_string(), address.port()),
        };
        match trust::settle(&server, &met.key, &self.known, self.strict, console)? {
            Settled::AtOnce => self.greet(stream, met, deadline).await,
            Settled::ByAsking => {
                // The server may not have had the patience to wait for the answer.
                drop(stream);
                let deadline = Instant::now() + self.patience;
                (stream, _) = self.within(deadline, dial::dial(self)).await?;
                let again = trust::met(stream.get_ref().1)?;
                if again.key != met.key {
                    return Err(ConnectError::KeyChanged);
                }
                self.greet(stream, again, deadline).await
            }
        }
    }

    async fn greet(
        &self,
        mut stream: Stream,
        met: Met,
        deadline: Instant,
    ) -> Result<Session, ConnectError> {
        let mut read = BytesMut::new();
        let welcome = self.within(deadline, hello(&mut stream, &mut read)).await?;
        let (client, news, task) = client::start(stream, read, &welcome.limits);
        Ok(Session { client, news, welcome, met, welcomed: Instant::now(), task })
    }

    async fn within<T>(
        &self,
        deadline: Instant,
        work: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        let late = || ConnectError::TimedOut { host: self.host.clone(), after: self.patience };
        timeout_at(deadline, work).await.map_err(|_| late())?
    }
}

/// Says hello and reads the welcome; what was read beyond it stays in `read`.
async fn hello(stream: &mut Stream, read: &mut BytesMut) -> Result<Welcome, ConnectError> {
    let bytes = frame(&Hello::new(CLIENT)).expect("invariant: a hello fits a frame");
    stream.write_all(&bytes).await.map_err(Lost::from)?;
    stream.flush().await.map_err(Lost::from)?;
    let mut codec = FrameCodec::default();
    let first = loop {
        if let Some(frame) = codec.decode(read).map_err(Lost::from)? {
            break frame;
        }
        if stream.read_buf(read).await.map_err(Lost::from)? == 0 {
            return Err(Lost::Ended.into());
        }
    };
    match ServerFrame::decode(&first).map_err(FrameError::from).map_err(Lost::from)? {
        ServerFrame::Welcome(welcome) => Ok(welcome),
        ServerFrame::Closing(closing) => Err(Lost::Closed(closing.reason).into()),
        ServerFrame::Reply(_) | ServerFrame::Push(_) | ServerFrame::Unknown => {
            Err(Lost::Closed(CloseReason::ProtocolViolation).into())
        }
    }
}
