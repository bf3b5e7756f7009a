//! What outlives the full-screen client: one's rooms with their latest messages, drafts, and the
//! outbox, in one SQLite file for each user of each server key.
//!
//! All SQL of the client is here and below. What came from the server is written behind and may be
//! lost with the power: it is there to be shown at once, and revisions say from where on it is to be
//! asked for again. The outbox may not be lost: [`Cache::write_out`] returns when it is on the disk.

mod load;
mod outbox;
mod rooms;
mod schema;
mod set_aside;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use parlor_protocol::id::RoomId;
use parlor_protocol::name::UserName;
use rusqlite::{Connection, ErrorCode, OpenFlags};

pub(crate) use self::load::Kept;
pub(crate) use self::outbox::Waiting;
use self::rooms::Extent;
use crate::host_key::HostKey;
use crate::model::HIDDEN_ENTRIES_MAX;

/// The most entries that are kept of a room: as many as are in memory of one that is not shown.
const ROOM_ENTRIES_MAX: usize = HIDDEN_ENTRIES_MAX;
/// The most entries that are kept of all rooms together: all are read before the first frame, and
/// are in memory from then on.
const ENTRIES_MAX: usize = 10_000;
/// SQLite's own cache of pages, in KiB. All is read once and then written in order.
const PAGES_KIB: i64 = 256;

/// Why the cache did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    /// Another process has it.
    #[error("{}", in_use(.0.as_deref()))]
    InUse(Option<String>),
    /// A later version of this program wrote it.
    #[error("it was written by a newer parlor")]
    Newer,
    /// What it holds cannot be.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// A file or directory failed us.
    #[error("cannot {operation} {}: {source}", .path.display())]
    File {
        /// What was being done.
        operation: &'static str,
        /// To which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// SQLite failed us.
    #[error("cannot {operation} the cache: {source}")]
    Sql {
        /// What was being done.
        operation: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

fn in_use(process: Option<&str>) -> String {
    let process = process.map(|id| format!(" (process {id})")).unwrap_or_default();
    format!(
        "parlor is open for this user and server already, with a screen or line by line{process}; \
         go on there or end it, or use a command beside it, such as `tail ROOM -f` or `send ROOM`"
    )
}

impl CacheError {
    /// Whether the file itself is of no use, as opposed to the disk or the rights to it.
    fn is_of_the_file(&self) -> bool {
        match self {
            Self::Newer | Self::Damaged(_) => true,
            Self::InUse(_) | Self::File { .. } => false,
            Self::Sql { source, .. } => match source.sqlite_error_code() {
                Some(
                    ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::ConstraintViolation
                    | ErrorCode::TypeMismatch
                    // The general one: a table or a column is not there.
                    | ErrorCode::Unknown,
                ) => true,
                Some(_) => false,
                // A value of another type than it should have.
                None => true,
            },
        }
    }
}

/// Names the operation that an SQLite error came from.
trait Doing<T> {
    fn doing(self, operation: &'static str) -> Result<T, CacheError>;
}

impl<T> Doing<T> for Result<T, rusqlite::Error> {
    fn doing(self, operation: &'static str) -> Result<T, CacheError> {
        self.map_err(|source| CacheError::Sql { operation, source })
    }
}

/// Where the caches of this user of the machine are.
#[derive(Clone, Debug)]
pub(crate) struct Caches {
    dir: PathBuf,
}

/// An open cache. There is one at a time, by the lock that it holds.
#[derive(Debug)]
pub(crate) struct Cache {
    connection: Connection,
    /// What there is of each room's conversation.
    extents: BTreeMap<RoomId, Extent>,
    /// How much of it all is on its way to the disk.
    behind: Behind,
    _lock: File,
}

/// Whether something was written that is not committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Nothing,
    Something,
}

impl Caches {
    /// Names the directory, which need not be there.
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Whether there is a cache of this user of that server.
    pub(crate) fn has(&self, server: &HostKey, user: &UserName) -> bool {
        self.path(server, user).exists()
    }

    /// Opens the cache of a user of a server, made if there is none, and reads all that is in it.
    /// A file that cannot be used is put aside, which the result then tells.
    ///
    /// # Errors
    /// When another process has it, or the system does not let us.
    pub(crate) fn open(
        &self,
        server: &HostKey,
        user: &UserName,
    ) -> Result<(Cache, Kept), CacheError> {
        let path = self.path(server, user);
        let dir = path.parent().expect("invariant: a cache stands in its server's directory");
        let failed = |operation, path: &Path| {
            let path = path.to_owned();
            move |source| CacheError::File { operation, path, source }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(failed("make the directory", dir))?;
        let lock = lock(&path.with_extension("lock"))?;
        let is_new = !path.exists();
        // SQLite gives its WAL the mode of the database, but would itself ask for 0644.
        private_file(&path).map_err(failed("make", &path))?;
        if is_new {
            let synced = File::open(dir).and_then(|dir| dir.sync_all());
            synced.map_err(failed("sync", dir))?;
        }
        match read(&path) {
            Ok((connection, kept)) => Ok(Cache::new(connection, kept, lock)),
            Err(error) if error.is_of_the_file() => {
                let (connection, kept) = set_aside::begin_anew(&path, &error)?;
                Ok(Cache::new(connection, kept, lock))
            }
            Err(error) => Err(error),
        }
    }

    fn path(&self, server: &HostKey, user: &UserName) -> PathBuf {
        // A user name is safe by its syntax, and may hold dots: each file gets its own ending.
        self.dir.join(server.file_name()).join(format!("{user}.db"))
    }
}

impl Cache {
    fn new(connection: Connection, kept: load::Read, lock: File) -> (Self, Kept) {
        let (kept, extents) = kept.split();
        (Self { connection, extents, behind: Behind::Nothing, _lock: lock }, kept)
    }

    /// Whether something waits for [`Cache::commit`].
    pub(crate) fn is_behind(&self) -> bool {
        self.behind == Behind::Something
    }

    /// Makes what was written behind outlive the process.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn commit(&mut self) -> Result<(), CacheError> {
        if self.behind == Behind::Something {
            self.connection.execute_batch("COMMIT").doing("write")?;
            self.behind = Behind::Nothing;
        }
        Ok(())
    }

    /// Notes whether logging in by oneself works, or the user is to be asked first.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn note_login(&mut self, login: Login) -> Result<(), CacheError> {
        let by_itself = login == Login::ByItself;
        self.write_behind("UPDATE state SET by_itself = ?1", [by_itself])?;
        self.commit()
    }

    /// Executes one statement as part of what is committed together a little later.
    fn write_behind(
        &mut self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<usize, CacheError> {
        if self.behind == Behind::Nothing {
            self.connection.execute_batch("BEGIN").doing("write")?;
            self.behind = Behind::Something;
        }
        let mut statement = self.connection.prepare_cached(sql).doing("write")?;
        statement.execute(parameters).doing("write")
    }

    /// Does some writing, and returns when it is on the disk with all that was written before.
    fn write_through(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), CacheError> {
        self.commit()?;
        // It cannot be changed within a transaction.
        self.connection.pragma_update(None, "synchronous", "FULL").doing("write")?;
        let transaction = self.connection.transaction().doing("write")?;
        work(&transaction).doing("write")?;
        transaction.commit().doing("write")?;
        self.connection.pragma_update(None, "synchronous", "NORMAL").doing("write")
    }
}

/// How a login went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// Without a question, or the question was answered.
    ByItself,
    /// Not, and it does not pass by itself.
    TakesItsUser,
}

/// Opens a file and reads all that is in it.
fn read(path: &Path) -> Result<(Connection, load::Read), CacheError> {
    let mut connection = connect(path)?;
    schema::upgrade(&mut connection)?;
    load::take_in_homeless(&mut connection)?;
    let read = load::read(&connection)?;
    Ok((connection, read))
}

fn connect(path: &Path) -> Result<Connection, CacheError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).doing("open")?;
    // Our own lock keeps others out: with SQLite's held for good there is no shared memory either.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").doing("open")?;
    connection.pragma_update(None, "journal_mode", "WAL").doing("open")?;
    connection.pragma_update(None, "synchronous", "NORMAL").doing("open")?;
    connection.pragma_update(None, "cache_size", -PAGES_KIB).doing("open")?;
    Ok(connection)
}

/// The lock goes with the process: nothing is left to clean up after a crash.
fn lock(path: &Path) -> Result<File, CacheError> {
    let failed = |source| CacheError::File { operation: "lock", path: path.to_owned(), source };
    let mut file = private_file(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            let read = file.take(20).read_to_string(&mut process);
            let process = read.ok().and_then(|_| process.trim().parse::<u32>().ok());
            return Err(CacheError::InUse(process.map(|id| id.to_string())));
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    writeln!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file =
        options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    // The umask may have taken from the mode.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}
