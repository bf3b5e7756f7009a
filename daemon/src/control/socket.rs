//! The socket itself: where it is, who may open it, and how many may at once.

use std::fs::Permissions;
use std::mem::MaybeUninit;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, io};

use socket2::SockRef;
use tokio::io::BufStream;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Daemon, Request, Response, answer, receive, send};
use crate::accepting::Accepting;

/// Its name in the data directory, and in systemd's runtime directory.
const NAME: &str = "control";
/// The owner and the group: systemd gives the runtime directory the unit's own.
const MODE: u32 = 0o660;
/// Subcommands served at once; more wait for their turn.
const CONNECTIONS_MAX: usize = 16;
/// Between two requests of a subcommand it stretches a password, half a second's work on any
/// machine that can run it at all.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// What fits into the address of a socket, in bytes, beside the zero at its end.
const PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
/// What the kernel gives for a user that a sandbox does not map.
const OVERFLOW_UID: u32 = 65534;

/// Why the control socket cannot be opened, by the daemon or to it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    /// The kernel does not let this user in.
    #[error(
        "the control socket {} is not for you; run this as root, as the daemon's user, or as a \
         member of its group", .0.display()
    )]
    NotPermitted(PathBuf),
    /// No socket can have that name.
    #[error(
        "the path of the control socket {} has {} bytes, and a socket's may have {PATH_BYTES_MAX}; \
         give the data directory a shorter path, which may be a symbolic link to it",
        .0.display(), .0.as_os_str().len()
    )]
    TooLong(PathBuf),
    /// The system failed us.
    #[error("cannot {operation} the control socket {}: {source}", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The listening control socket. It is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    listener: UnixListener,
    /// The socket, and the link to it where there is one.
    paths: Vec<PathBuf>,
}

impl ControlSocket {
    /// Opens the socket of the data directory, whose lock the caller holds: whatever socket is
    /// there was left behind. Where systemd sets `$RUNTIME_DIRECTORY` it lies there, so that
    /// operators of the unit's group reach it, and the data directory has a link.
    ///
    /// # Errors
    /// The socket cannot be made; or something else has its name.
    pub(crate) fn open(data: &Path) -> Result<Self, ControlError> {
        let runtime = env::var_os("RUNTIME_DIRECTORY").filter(|dirs| !dirs.is_empty());
        let runtime = runtime.and_then(|dirs| env::split_paths(&dirs).next());
        Self::open_at(data, runtime.as_deref())
    }

    fn open_at(data: &Path, runtime: Option<&Path>) -> Result<Self, ControlError> {
        let failed = |operation, path: &Path| {
            let path = path.to_owned();
            move |source| ControlError::Io { operation, path, source }
        };
        let path = place(data)?;
        clear(&path).map_err(failed("replace", &path))?;
        let paths = match runtime {
            Some(runtime) => {
                let target = place(runtime)?;
                clear(&target).map_err(failed("replace", &target))?;
                std::os::unix::fs::symlink(&target, &path).map_err(failed("link to", &path))?;
                vec![target, path]
            }
            None => vec![path],
        };
        let listener = UnixListener::bind(&paths[0]).map_err(failed("open", &paths[0]))?;
        let this = Self { listener, paths };
        let mode = Permissions::from_mode(MODE);
        fs::set_permissions(&this.paths[0], mode).map_err(failed("open", &this.paths[0]))?;
        Ok(this)
    }

    /// Serves subcommands until it is dropped.
    pub(crate) async fn run(self, daemon: Arc<impl Daemon>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let (mut tasks, mut accepting) = (JoinSet::new(), Accepting::default());
        loop {
            let place = Arc::clone(&places).acquire_owned().await;
            let place = place.expect("invariant: nobody closes the semaphore");
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    accepting.succeeded();
                    let daemon = Arc::clone(&daemon);
                    tasks.spawn(async move {
                        if let Err(error) = serve(stream, &*daemon).await {
                            log::warn!("a subcommand's connection ended: {error}");
                        }
                        drop(place);
                    });
                }
                Err(error) => accepting.failed("a subcommand", &error).await,
            }
            while tasks.try_join_next().is_some() {}
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        for path in &self.paths {
            // One that stays is replaced at the next start.
            let _stays = fs::remove_file(path);
        }
    }
}

/// Answers one connection's requests in turn.
async fn serve(stream: UnixStream, daemon: &impl Daemon) -> io::Result<()> {
    let uid = peer_uid(&stream);
    let mut stream = BufStream::new(stream);
    let silent = |_| io::Error::from(io::ErrorKind::TimedOut);
    while let Some(request) =
        timeout(SILENCE_MAX, receive::<Request>(&mut stream)).await.map_err(silent)??
    {
        if has_hung_up(stream.get_ref()) {
            log::warn!("nothing was done for a subcommand that did not wait for it");
            return Ok(());
        }
        let response: Response = answer(daemon, request, uid).await;
        timeout(SILENCE_MAX, send(&mut stream, &response)).await.map_err(silent)??;
    }
    Ok(())
}

/// Whether the other end has closed, without waiting for it. What it asked for it takes for not done:
/// whoever made a backup has removed it again, and it must not get on record as made.
fn has_hung_up(stream: &UnixStream) -> bool {
    let mut byte = [MaybeUninit::uninit()];
    match SockRef::from(stream).peek(&mut byte) {
        Ok(count) => count == 0,
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    }
}

/// Connects to the daemon that runs on the data directory; `None` where none does.
///
/// # Errors
/// There is a socket and it may not be opened.
pub(crate) async fn connect(data: &Path) -> Result<Option<BufStream<UnixStream>>, ControlError> {
    let path = place(data)?;
    match UnixStream::connect(&path).await {
        Ok(stream) => Ok(Some(BufStream::new(stream))),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(ControlError::NotPermitted(path))
        }
        Err(source) => Err(ControlError::Io { operation: "open", path, source }),
    }
}

/// Where the socket of a directory is.
fn place(dir: &Path) -> Result<PathBuf, ControlError> {
    let path = dir.join(NAME);
    match path.as_os_str().len() > PATH_BYTES_MAX {
        true => Err(ControlError::TooLong(path)),
        false => Ok(path),
    }
}

fn peer_uid(stream: &UnixStream) -> Option<u32> {
    stream.peer_cred().ok().map(|peer| peer.uid()).filter(|&uid| uid != OVERFLOW_UID)
}

/// Removes a socket or link that an earlier run left behind, and nothing else.
fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() || found.file_type().is_symlink() => {
            fs::remove_file(path)
        }
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is not a socket")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

// Stretching is as cheap as these tests need it only with debug assertions.
#[cfg(test)]
#[cfg(debug_assertions)]
mod tests;
