//! Listeners: where connections come in, how many may, and to which shard they go.

use std::fmt;
use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener};
use tokio::sync::mpsc;

use super::supervisor::CONFINED;
use super::{Passed, ServeError};
use crate::accepting::Accepting;
use crate::admission::Gate;
use crate::config::{Listen, Tls};
use crate::delivery::{Incoming, ShardHandle};
use crate::network::Network;

/// Connections that may wait to be accepted: after a restart all clients come back at once, and one
/// that finds no place tries again only after a second. The system may allow fewer.
const BACKLOG: u32 = 4096;
/// A peer that acknowledges nothing for this long is gone.
const USER_TIMEOUT: Duration = Duration::from_secs(10);
/// A silent peer is asked for a sign of life after this long, then every [`KEEPALIVE_INTERVAL`].
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// One that gives none this often is gone.
const KEEPALIVE_RETRIES: u32 = 2;

/// Where all listeners bring their connections.
#[derive(Debug, Clone)]
pub(super) struct Door {
    shards: Vec<mpsc::Sender<Incoming>>,
    /// Numbers the connections since the daemon started.
    serial: Arc<AtomicU64>,
    gate: Gate,
}

impl Door {
    pub(super) fn new(gate: Gate, shards: &[ShardHandle]) -> Self {
        Self {
            shards: shards.iter().map(|shard| shard.incoming.clone()).collect(),
            serial: Arc::default(),
            gate,
        }
    }

    async fn enter(&self, mut incoming: Incoming) {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        incoming.serial = serial;
        let shard = usize::try_from(serial).unwrap_or(0) % self.shards.len();
        // A shard that is gone takes its connections with it; the daemon is stopping.
        let _stopping = self.shards[shard].send(incoming).await;
    }
}

/// One place where connections come in.
#[derive(Debug)]
pub(super) enum Listener {
    Tls(TcpListener, Arc<ServerConfig>),
    Plain(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |tcp: &TcpListener| match tcp.local_addr() {
            Ok(address) => address.to_string(),
            Err(error) => format!("an unknown address ({error})"),
        };
        match self {
            Self::Tls(tcp, _) => write!(f, "{} (tls)", address(tcp)),
            Self::Plain(tcp) => write!(f, "{} (plain)", address(tcp)),
            Self::Unix(_, path) => write!(f, "{} (unix)", path.display()),
        }
    }
}

/// Opens all listeners. Where some were passed, they are the encrypted ones.
pub(super) fn bind(
    listen: &Listen,
    passed: Passed,
    tls: &Arc<ServerConfig>,
) -> Result<Vec<Listener>, ServeError> {
    let mut listeners: Vec<_> = passed
        .into_listeners()?
        .into_iter()
        .map(|tcp| Listener::Tls(tcp, Arc::clone(tls)))
        .collect();
    let to_open = if listeners.is_empty() { listen.tls.addresses() } else { vec![] };
    for address in to_open {
        match bind_tcp(address) {
            Ok(tcp) => listeners.push(Listener::Tls(tcp, Arc::clone(tls))),
            Err(error)
                if listen.tls == Tls::Loopback
                    && error.kind() == io::ErrorKind::AddrNotAvailable =>
            {
                log::info!("not listening on {address}: this machine does not have it");
            }
            Err(error) => return Err(unable(format!("{address}"))(error)),
        }
    }
    for address in &listen.plain {
        let tcp = bind_tcp(*address);
        listeners.push(Listener::Plain(tcp.map_err(unable(format!("{address}")))?));
    }
    for path in &listen.unix {
        let unix = bind_unix(path).map_err(unable(format!("{}", path.display())))?;
        listeners.push(Listener::Unix(unix, path.clone()));
    }
    Ok(listeners)
}

/// Opens the listener of scrapers, where there is to be one.
pub(super) fn bind_metrics(address: Option<SocketAddr>) -> Result<Option<TcpListener>, ServeError> {
    let Some(address) = address else { return Ok(None) };
    let bound = bind_tcp(address);
    bound.map(Some).map_err(unable(format!("{address} for scrapers")))
}

fn unable(place: String) -> impl FnOnce(io::Error) -> ServeError {
    move |source| ServeError::Listen { place, source }
}

/// What to do where it is not possible to listen.
pub(super) fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            "; something listens there already, perhaps another parlord or parlord.socket: stop it, \
             or choose another address under [listen]"
        }
        io::ErrorKind::AddrNotAvailable => {
            "; this machine does not have that address: choose another one under [listen]"
        }
        io::ErrorKind::PermissionDenied => {
            "; this user may not: choose a port from 1024 on, have systemd listen there by \
             parlord.socket, or choose a directory that the user can write to"
        }
        io::ErrorKind::ReadOnlyFilesystem => CONFINED,
        _ => "",
    }
}

/// Listens where an earlier run's connections may still be closing.
fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Replaces the socket that an earlier run left behind, and nothing else that may lie there.
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::other(
                "something else than a socket is there, which is not overwritten; move it away, or \
                 choose another path under [listen]",
            ));
        }
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_err() => fs::remove_file(path)?,
        // Where there is a listener, binding says so.
        Ok(_) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    // Whoever gets as far as its directory may connect, and has to log in like everybody else.
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    Ok(listener)
}

impl Listener {
    /// Accepts until it is dropped.
    pub(super) async fn run(self, door: Door) {
        let mut accepting = Accepting::default();
        loop {
            let accepted = match &self {
                Self::Tls(tcp, tls) => accept_tcp(tcp, Some(tls), &door).await,
                Self::Plain(tcp) => accept_tcp(tcp, None, &door).await,
                Self::Unix(unix, _) => accept_unix(unix, &door).await,
            };
            match accepted {
                Ok(incoming) => {
                    accepting.succeeded();
                    if let Some(incoming) = incoming {
                        door.enter(incoming).await;
                    }
                }
                Err(error) => {
                    accepting.failed(&format!("a connection on {self}"), &error).await;
                }
            }
        }
    }
}

async fn accept_tcp(
    tcp: &TcpListener,
    tls: Option<&Arc<ServerConfig>>,
    door: &Door,
) -> io::Result<Option<Incoming>> {
    let (stream, peer) = tcp.accept().await?;
    let from = Network::of_ip(peer.ip());
    let Some(admission) = door.gate.admit(from, Instant::now()) else { return Ok(None) };
    // A peer that is gone already fails here; that is no trouble of the listener's.
    let prepared = prepare(&stream).and_then(|()| Incoming::tcp(stream, peer, tls, admission));
    Ok(prepared.ok())
}

async fn accept_unix(unix: &UnixListener, door: &Door) -> io::Result<Option<Incoming>> {
    let (stream, _) = unix.accept().await?;
    let admission = door.gate.admit(Network::Unix, Instant::now());
    let Some(admission) = admission else { return Ok(None) };
    Ok(Incoming::unix(stream, admission).ok())
}

/// Messages go out at once, and dead peers are noticed.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_RETRIES);
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream as Caller};

    use super::*;

    #[tokio::test]
    async fn a_file_in_the_place_of_a_socket_stays_and_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        fs::write(&path, "mine").unwrap();
        let said = bind_unix(&path).unwrap_err().to_string();
        assert!(said.contains("something else than a socket is there"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        fs::remove_file(&path).unwrap();
        drop(bind_unix(&path).unwrap());
        let _again = bind_unix(&path).unwrap();
    }

    #[tokio::test]
    async fn a_storm_of_connections_waits_to_be_accepted() {
        let listener = bind_tcp((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let came = |_| Caller::connect_timeout(&address, Duration::from_millis(900));
        let storm: Result<Vec<_>, _> = (0..300).map(came).collect();
        assert!(storm.is_ok(), "{storm:?}");
    }
}
