//! Sockets and TLS without waiting: what can be read and written now, and nothing else.

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use rustls::{ServerConfig, ServerConnection};
use tokio::net::{TcpStream, UnixStream};

use super::outbox::{Outbox, no_slices};
use crate::admission::Admission;

/// Plaintext sealed at once: one TLS record. Sealing more before it is on its way would only move
/// the backlog from the outbox, which is bounded, into rustls.
const SEAL_BYTES_MAX: usize = 16 * 1024;

/// A connection that was accepted and belongs to no shard yet.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The socket, non-blocking, in no runtime.
    pub(crate) socket: RawSocket,
    /// How to encrypt it; `None` on plain listeners.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// The peer's address, for the audit.
    pub(crate) address: String,
    /// Whether there is room for it.
    pub(crate) admission: Admission,
    /// Its number among all connections since the daemon started; given at the door.
    pub(crate) serial: u64,
}

/// A non-blocking socket that can move between threads.
#[derive(Debug)]
pub(crate) enum RawSocket {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

impl Incoming {
    /// Takes a TCP connection out of the runtime that accepted it.
    pub(crate) fn tcp(
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<&Arc<ServerConfig>>,
        admission: Admission,
    ) -> io::Result<Self> {
        let socket = RawSocket::Tcp(stream.into_std()?);
        let address = peer.ip().to_canonical().to_string();
        Ok(Self { socket, tls: tls.cloned(), address, admission, serial: 0 })
    }

    /// Takes a Unix connection out of the runtime that accepted it.
    pub(crate) fn unix(stream: UnixStream, admission: Admission) -> io::Result<Self> {
        let socket = RawSocket::Unix(stream.into_std()?);
        Ok(Self { socket, tls: None, address: "unix".to_owned(), admission, serial: 0 })
    }
}

/// A socket in a shard's runtime.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Enters the current runtime.
    pub(super) fn from_raw(raw: RawSocket) -> io::Result<Self> {
        Ok(match raw {
            RawSocket::Tcp(stream) => Self::Tcp(TcpStream::from_std(stream)?),
            RawSocket::Unix(stream) => Self::Unix(UnixStream::from_std(stream)?),
        })
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Unix(stream) => stream.readable().await,
        }
    }

    pub(super) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Unix(stream) => stream.writable().await,
        }
    }

    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Unix(stream) => stream.try_read(buffer),
        }
    }

    fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write_vectored(slices),
            Self::Unix(stream) => stream.try_write_vectored(slices),
        }
    }
}

/// rustls writes through this; would-block comes back as such.
impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How the bytes on the socket relate to frames.
#[derive(Debug)]
pub(super) enum Wire {
    Plain,
    Tls(Box<ServerConnection>),
}

/// How far a write went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing waits any more.
    All,
    /// The socket takes no more for now.
    Blocked,
}

impl Wire {
    /// Takes bytes that came from the socket, and appends what they say to `plain`. Whatever comes
    /// behind the peer's goodbye says nothing.
    pub(super) fn open(&mut self, mut bytes: &[u8], plain: &mut BytesMut) -> io::Result<()> {
        let tls = match self {
            Self::Plain => {
                plain.extend_from_slice(bytes);
                return Ok(());
            }
            Self::Tls(tls) => tls,
        };
        while tls.read_tls(&mut bytes)? > 0 {
            let state = tls.process_new_packets().map_err(io::Error::other)?;
            let waiting = state.plaintext_bytes_to_read();
            let start = plain.len();
            plain.resize(start + waiting, 0);
            tls.reader().read_exact(&mut plain[start..])?;
        }
        Ok(())
    }

    /// Whether the peer has said goodbye in TLS's own words, so that nothing more comes from it.
    pub(super) fn has_goodbye(&mut self) -> bool {
        match self {
            Self::Plain => false,
            Self::Tls(tls) => tls.process_new_packets().is_ok_and(|state| state.peer_has_closed()),
        }
    }

    /// Writes what waits, as far as the socket takes it.
    pub(super) fn write(&mut self, socket: &Socket, outbox: &mut Outbox) -> io::Result<Written> {
        let written = match self {
            Self::Plain => write_plain(socket, outbox),
            Self::Tls(tls) => write_tls(tls, socket, outbox),
        };
        match written {
            Ok(()) => Ok(Written::All),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Written::Blocked),
            Err(error) => Err(error),
        }
    }

    /// Says goodbye in TLS's own words; the bytes go out with the next write.
    pub(super) fn send_close_notify(&mut self) {
        if let Self::Tls(tls) = self {
            tls.send_close_notify();
        }
    }
}

fn write_plain(socket: &Socket, outbox: &mut Outbox) -> io::Result<()> {
    while !outbox.is_empty() {
        let mut slices = no_slices();
        let filled = outbox.fill(&mut slices, usize::MAX);
        let count = socket.try_write_vectored(&slices[..filled])?;
        outbox.advance(count);
    }
    Ok(())
}

/// Seals one record's worth of frames, writes it, and only then seals more.
fn write_tls(tls: &mut ServerConnection, socket: &Socket, outbox: &mut Outbox) -> io::Result<()> {
    loop {
        while tls.wants_write() {
            tls.write_tls(&mut &*socket)?;
        }
        if outbox.is_empty() || tls.is_handshaking() {
            return Ok(());
        }
        let mut slices = no_slices();
        let filled = outbox.fill(&mut slices, SEAL_BYTES_MAX);
        let count = tls.writer().write_vectored(&slices[..filled])?;
        outbox.advance(count);
    }
}
