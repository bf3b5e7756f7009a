//! What must outlive the process: one SQLite file, and the lock on the directory in which it lies.
//!
//! All SQL of the daemon is here and below. There is one [`Writer`], which the hub owns: it writes
//! each batch of events in one transaction, and when [`Writer::commit`] returns they are on disk.
//! [`Readers`] answer what does not change anything, beside the hub and never through it. A failed
//! write is never retried: the hub's memory is then ahead of the disk, and the daemon stops.

mod accounts;
mod audit;
mod check;
mod checkpoint;
mod clearing;
mod entry;
mod events;
mod history;
mod load;
mod networks;
mod onlooker;
mod operators;
mod readers;
mod rooms;
mod rows;
mod schema;
mod writer;

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use parlor_protocol::refusal::Code;
use rusqlite::{Connection, ErrorCode, OpenFlags};

pub(crate) use accounts::UserLine;
pub(crate) use audit::AuditMark;
pub(crate) use check::{Fault, Remedy};
pub(crate) use clearing::{Cleared, Clearing};
pub(crate) use networks::DeviceNetwork;
pub(crate) use onlooker::{Contents, Onlooker};
pub(crate) use operators::{CodeLine, KnownUser, MemberLine, RoomLine};
pub(crate) use readers::{Asked, Generation, Readers};
pub(crate) use writer::{Batch, Behind, DeviceUse, Sizes, Writer};

use crate::regular;

/// The database, inside the data directory.
pub(crate) const DATABASE: &str = "parlor.db";
/// Its write-ahead log, beside it.
const WAL: &str = "parlor.db-wal";
/// What SQLite keeps beside a database, and takes for that of whichever lies there.
pub(crate) const BESIDE_DATABASE: [&str; 3] = [WAL, "parlor.db-shm", "parlor.db-journal"];
/// The file whose lock says that the data directory is in use.
pub(crate) const LOCK: &str = "lock";
/// Where a backup is put together before it becomes the store. As long as it is there the half of a
/// backup may lie in the data directory, and nothing that lies there counts.
pub(crate) const RESTORING: &str = "restoring";

/// What is left free of the file system, in bytes: below it the hub refuses writes, because a
/// commit that fails for want of space ends the daemon. It covers a WAL at its longest and leaves
/// an administrator room to act.
pub(crate) const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// How long a connection waits for a lock. Only checkpoints and backups take any that matter.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Each connection keeps this many prepared statements: more than the daemon has.
const STATEMENTS_MAX: usize = 64;

/// Whether a store that is not there is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    IfMissing,
    Never,
}

/// Why the store did not do what it should: the operation, and what it was about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// A backup was not put back to the end.
    #[error("{} is there: `parlord restore` was cut short; run it again", .0.display())]
    HalfRestored(PathBuf),
    /// Another process uses the data directory.
    #[error("cannot lock {}: another parlord uses this data directory", .0.display())]
    Locked(PathBuf),
    /// There was a store once, as the audit beside it tells.
    #[error(
        "there is audit in {}, and the store it belongs to is missing or empty: put the store back, \
         or move all of the directory away, and restore a backup or begin anew", .0.display()
    )]
    Lost(PathBuf),
    /// There is no store, and none was to be made.
    #[error("there is no store at {}", .0.display())]
    Missing(PathBuf),
    /// The system does not let this user look.
    #[error(
        "cannot look for {}, since this user may not; run this as root or as the daemon's user",
        .0.display()
    )]
    NotPermitted(PathBuf),
    /// A file or directory failed us.
    #[error("cannot {operation} {}: {source}", .path.display())]
    File { operation: &'static str, path: PathBuf, source: io::Error },
    /// SQLite failed us.
    #[error("cannot {operation} the store: {source}{}", remedy(source))]
    Sql { operation: &'static str, source: rusqlite::Error },
    /// The schema is not ours, or newer than we are.
    #[error(
        "cannot bring the schema of {} up to date, and left it as it was: {source}", .path.display()
    )]
    Migrate { path: PathBuf, source: Box<refinery::Error> },
    /// No read connection came free in time.
    #[error("cannot read the store: {0}")]
    Pool(#[from] r2d2::Error),
    /// The schema is not this program's, and nobody is to change it now.
    #[error(
        "the store {} is of an earlier parlord; use that one, or start this one once, which \
         brings it up to date", .0.display()
    )]
    Older(PathBuf),
    /// The same the other way round.
    #[error("the store {} is of a later parlord; use that one", .0.display())]
    Newer(PathBuf),
    /// There is a file, which is not what a store begins as.
    #[error(
        "{} is empty or no store of parlord: where there was one, move all of the directory away \
         and restore a backup with `parlord restore`; else remove the file", .0.display()
    )]
    NoStore(PathBuf),
    /// Somebody else has changed the schema, or an unreleased parlord made it.
    #[error(
        "the store {} has not the schema that parlord makes, which serves no such store: keep a \
         copy of the data directory, and restore a backup with `parlord restore`", .0.display()
    )]
    Foreign(PathBuf),
    /// The row of what there is one of is gone.
    #[error(
        "the store in {} is in use and has lost its row of `meta`, which has the secret of all \
         passwords and how far the audit has come: keep a copy of the data directory, move it away, \
         and restore a backup with `parlord restore`", .0.display()
    )]
    NoMeta(PathBuf),
    /// The disk would soon be full.
    #[error("there is too little space left for {}: {needed} bytes must be free", .path.display())]
    Full { path: PathBuf, needed: u64 },
    /// What the store holds cannot be.
    #[error("the store is damaged: {0}; `parlord check` tells all, and what to do")]
    Damaged(String),
}

/// What to do about it, where there is something to say.
fn remedy(source: &rusqlite::Error) -> &'static str {
    use rusqlite::Error as Sql;
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    if let Sql::FromSqlConversionFailure(..)
    | Sql::IntegralValueOutOfRange(..)
    | Sql::InvalidColumnType(..)
    | Sql::QueryReturnedNoRows = source
    {
        return "; `parlord check` tells where that is, and what to do";
    }
    match source.sqlite_error_code() {
        Some(NotADatabase | DatabaseCorrupt) => {
            "; the file is damaged: keep a copy of the data directory, move it away, and restore a \
             backup with `parlord restore`"
        }
        // A query of ours names nothing that no migration makes.
        _ if source.to_string().starts_with("no such ") => {
            "; a part of it is gone: keep a copy of the data directory, move it away, and restore a \
             backup with `parlord restore`"
        }
        _ => "",
    }
}

impl StoreError {
    /// What is wrong with what the store holds, without what to do about it.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Damaged(what) => what.clone(),
            Self::Sql { operation, source } => format!("cannot {operation} the store: {source}"),
            Self::NoStore(_) => "its file is empty or no store of parlord".to_owned(),
            Self::Foreign(_) => "it has not the schema that parlord makes".to_owned(),
            Self::NoMeta(_) => "it has lost its row of `meta`".to_owned(),
            other => other.to_string(),
        }
    }

    /// What a user hears whose read ended so.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Pool(_) => Code::Busy,
            Self::Sql { source, .. }
                if source.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) =>
            {
                Code::Busy
            }
            Self::Sql { .. }
            | Self::Locked(_)
            | Self::HalfRestored(_)
            | Self::Lost(_)
            | Self::Missing(_)
            | Self::NotPermitted(_)
            | Self::File { .. }
            | Self::Migrate { .. }
            | Self::Older(_)
            | Self::Newer(_)
            | Self::NoStore(_)
            | Self::Foreign(_)
            | Self::NoMeta(_)
            | Self::Full { .. }
            | Self::Damaged(_) => Code::Unavailable,
        }
    }
}

/// Names the operation that an SQLite error came from.
trait Doing<T> {
    fn doing(self, operation: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, rusqlite::Error> {
    fn doing(self, operation: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sql { operation, source })
    }
}

/// An open store.
#[derive(Debug)]
pub(crate) struct Store {
    /// Changes it. There is one, and it holds the lock on the directory.
    pub(crate) writer: Writer,
    /// Read it.
    pub(crate) readers: Readers,
}

impl Store {
    /// Whether there is a store in this data directory.
    ///
    /// # Errors
    /// One may not look.
    pub(crate) fn exists(dir: &Path) -> Result<bool, StoreError> {
        let path = dir.join(DATABASE);
        path.try_exists().map_err(|source| match source.kind() {
            io::ErrorKind::PermissionDenied => StoreError::NotPermitted(path),
            _ => StoreError::File { operation: "look for", path, source },
        })
    }

    /// Locks the data directory `dir` for this process and opens the store in it, with its schema
    /// up to date. What is made is readable by the daemon's user alone, whatever the umask; a
    /// directory that is there keeps its mode.
    pub(crate) fn open(dir: &Path, create: Create) -> Result<Self, StoreError> {
        let path = dir.join(DATABASE);
        expect_no_half(dir)?;
        if create == Create::Never && !Self::exists(dir)? {
            return Err(StoreError::Missing(path));
        }
        let lock = claim(dir)?;
        expect_no_half(dir)?;
        expect_not_lost(dir, &path)?;
        if !path.exists() {
            // SQLite gives its WAL the mode of the database, but would itself ask for 0644.
            private_file(&path)?;
            sync_directory(dir)?;
        }
        let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        configure_writer(&connection).doing("set up")?;
        schema::migrate(&mut connection, dir)?;
        writer::ensure_meta(&connection, dir)?;
        let readers = Readers::open(&path)?;
        let writer = Writer::new(connection, dir, lock)?;
        Ok(Self { writer, readers })
    }
}

/// Makes sure that a data directory is not one that `serve` would not begin with, whatever is in
/// its store.
///
/// # Errors
/// A restore was cut short there, or the store was lost.
pub(crate) fn expect_usable(dir: &Path) -> Result<(), StoreError> {
    expect_no_half(dir)?;
    expect_not_lost(dir, &dir.join(DATABASE))
}

/// A new store beside the audit of another would pass for it, and its clients for strangers.
fn expect_not_lost(dir: &Path, path: &Path) -> Result<(), StoreError> {
    expect_file(path)?;
    if path.metadata().is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    match has_audit(dir)? {
        true => Err(StoreError::Lost(dir.to_owned())),
        false => Ok(()),
    }
}

/// What is no file would be taken for an empty store.
fn expect_file(path: &Path) -> Result<(), StoreError> {
    match regular::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        opened => opened.map(drop).map_err(|source| StoreError::File {
            operation: "open",
            path: path.to_owned(),
            source,
        }),
    }
}

/// Whether there is anything on record beside the store.
fn has_audit(dir: &Path) -> Result<bool, StoreError> {
    let path = crate::audit::directory(dir);
    let failed = |source| StoreError::File { operation: "read the audit in", path, source };
    crate::audit::has_records(dir).map_err(failed)
}

fn expect_no_half(dir: &Path) -> Result<(), StoreError> {
    let restoring = dir.join(RESTORING);
    match restoring.symlink_metadata() {
        Ok(_) => Err(StoreError::HalfRestored(restoring)),
        Err(_none) => Ok(()),
    }
}

/// Makes the data directory where it is not there, and locks it for this process.
pub(crate) fn claim(dir: &Path) -> Result<File, StoreError> {
    make_directory(dir)?;
    lock(&dir.join(LOCK))
}

/// Brings the schema of the store in a directory that is nobody else's up to date.
pub(crate) fn upgrade(dir: &Path) -> Result<(), StoreError> {
    let mut connection = connect(&dir.join(DATABASE), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "foreign_keys", true).doing("set up")?;
    schema::migrate(&mut connection, dir)
}

/// Makes a directory that only its owner may look into.
pub(crate) fn make_directory(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let failed = |source| StoreError::File { operation: "make", path: dir.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    std::fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(failed)?;
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        Some(_) | None => Ok(()),
    }
}

/// The lock goes with the process: nothing is left to clean up after a crash.
fn lock(path: &Path) -> Result<File, StoreError> {
    let file = private_file(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.to_owned())),
        Err(TryLockError::Error(source)) => {
            Err(StoreError::File { operation: "lock", path: path.to_owned(), source })
        }
    }
}

fn private_file(path: &Path) -> Result<File, StoreError> {
    let failed = |source| StoreError::File { operation: "make", path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(failed)?;
    // The umask may have taken from the mode.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(file)
}

/// How much the file system has left for what is in a directory, in bytes.
fn free_bytes(dir: &Path) -> Result<u64, StoreError> {
    let stat = rustix::fs::statvfs(dir).map_err(|source| StoreError::File {
        operation: "measure the space left for",
        path: dir.to_owned(),
        source: source.into(),
    })?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Refuses to go on where less than this is left.
fn expect_space(dir: &Path, needed: u64) -> Result<(), StoreError> {
    match free_bytes(dir)? < needed {
        true => Err(StoreError::Full { path: dir.to_owned(), needed }),
        false => Ok(()),
    }
}

/// Syncs a directory: what was made, renamed and removed in it stays so.
pub(crate) fn sync_directory(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|source| StoreError::File {
        operation: "sync",
        path: dir.to_owned(),
        source,
    })
}

/// A connection as all of ours are. None is shared between threads at once, so SQLite's own
/// mutexes are left out. Symbolic links are followed: a state directory may well be one.
fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).doing("open")?;
    configure(&connection).doing("open")?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // No memory mapping: an I/O error in a mapped page is a signal that ends the process, where a
    // failed read is an error that can be told. Temporary tables hold messages: never on disk.
    connection.execute_batch(
        "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
    )
}

/// The writer's settings. FULL syncs the WAL at each commit: acknowledged means on disk. There are
/// no automatic checkpoints, because they would run inside a commit (see [`checkpoint`]); a WAL
/// that grew long behind a slow reader is cut back when it starts over. 64 MiB of cache hold the
/// ends of the indexes of some thousand rooms, which is all that appending touches.
fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        let problem = format!("the file system does not allow a WAL (journal mode {mode})");
        return Err(rusqlite::Error::ToSqlConversionFailure(problem.into()));
    }
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -65536;",
    )
}

#[cfg(test)]
mod tests;
