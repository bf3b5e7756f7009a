//! Sockets that a service manager has opened for the daemon (systemd's socket activation). They
//! take the place of `listen.tls`.

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;
#[cfg(target_os = "linux")]
use socket2::SockRef;

use super::{ServeError, failed};

/// The listening sockets that this process was started with.
#[derive(Debug, Default)]
pub(crate) struct Passed(Vec<TcpListener>);

impl Passed {
    /// Takes what `$LISTEN_FDS` tells of, which is then not told again. It comes before any thread,
    /// for it changes the environment.
    ///
    /// # Errors
    /// One of them is no TCP socket that listens.
    pub(crate) fn take() -> Result<Self, ServeError> {
        let mut passed = ListenFd::from_env();
        let mut listeners = vec![];
        for index in 0..passed.len() {
            let taken = passed.take_tcp_listener(index).and_then(listening);
            let taken = taken.map_err(|error| {
                let advice = "have ListenStream= of its socket unit name addresses and ports alone; \
                              Unix sockets stand under [listen]";
                io::Error::new(error.kind(), format!("{error}; {advice}"))
            });
            listeners.extend(taken.map_err(failed("use the sockets of the service manager"))?);
        }
        Ok(Self(listeners))
    }

    /// Where they listen, in the order in which they were passed.
    ///
    /// # Errors
    /// The system does not tell.
    pub(crate) fn addresses(&self) -> Result<Vec<SocketAddr>, ServeError> {
        let addresses = self.0.iter().map(TcpListener::local_addr).collect();
        Result::map_err(addresses, failed("tell where the passed sockets listen"))
    }

    /// The sockets themselves, ready to be waited on; none where nothing was passed.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn into_listeners(self) -> Result<Vec<tokio::net::TcpListener>, ServeError> {
        let ready = |listener: TcpListener| {
            listener.set_nonblocking(true)?;
            tokio::net::TcpListener::from_std(listener)
        };
        let listeners = self.0.into_iter().map(ready).collect();
        Result::map_err(listeners, failed("listen on the passed sockets"))
    }
}

/// The socket, where it was told to listen: one that is only bound never has a connection.
#[cfg(target_os = "linux")]
fn listening(taken: Option<TcpListener>) -> io::Result<Option<TcpListener>> {
    if let Some(listener) = &taken
        && !SockRef::from(listener).is_listener()?
    {
        let why = format!("the one for {} does not listen", listener.local_addr()?);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(taken)
}

#[cfg(not(target_os = "linux"))]
fn listening(taken: Option<TcpListener>) -> io::Result<Option<TcpListener>> {
    Ok(taken)
}
