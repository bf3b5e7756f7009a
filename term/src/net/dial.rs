//! From a name to an encrypted connection with whoever holds some Ed25519 key.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::{ConnectError, Endpoint};
use crate::trust;

/// The connection after its TLS handshake.
pub(super) type Stream = tokio_rustls::client::TlsStream<TcpStream>;

/// A link that carries nothing for this long is probed.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(4);
/// A probe without an answer is repeated after this long,
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
/// and given up after this many: 4 + 3 * 2 = 10 s after the last sign of life.
const KEEPALIVE_RETRIES: u32 = 3;
/// What was sent and not acknowledged for this long ends the connection.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(10);

/// Connects to the first address of the host that answers, and shakes hands.
pub(super) async fn dial(endpoint: &Endpoint) -> Result<(Stream, SocketAddr), ConnectError> {
    let (tcp, address) = reach(&endpoint.host, endpoint.port).await?;
    watch_link(&tcp).map_err(|source| ConnectError::Unreachable { address, source })?;
    let connector = TlsConnector::from(trust::client_config());
    let stream = connector
        .connect(trust::server_name(), tcp)
        .await
        .map_err(|error| ConnectError::Tls { address, why: error.to_string() })?;
    Ok((stream, address))
}

async fn reach(host: &str, port: u16) -> Result<(TcpStream, SocketAddr), ConnectError> {
    let unresolved = |why: String| ConnectError::Unresolved { host: host.to_owned(), why };
    let addresses = lookup_host((host, port)).await.map_err(|e| unresolved(e.to_string()))?;
    let mut failure = unresolved("it has no address".to_owned());
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(tcp) => return Ok((tcp, address)),
            Err(source) => failure = ConnectError::Unreachable { address, source },
        }
    }
    Err(failure)
}

/// Has the system find out within 10 s that the other end is gone.
fn watch_link(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let socket = SockRef::from(tcp);
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(KEEPALIVE_AFTER)
            .with_interval(KEEPALIVE_INTERVAL)
            .with_retries(KEEPALIVE_RETRIES),
    )?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))?;
    Ok(())
}
