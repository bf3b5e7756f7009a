//! Looking at a store that is somebody else's: a running daemon's, nobody's, or a backup.
//!
//! An onlooker only reads, takes no lock on the data directory and reads for as long as it takes:
//! it belongs into a process of its own, not into the daemon.

use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use super::audit::{self, AuditMark};
use super::rows::natural;
use super::{DATABASE, Doing, FREE_BYTES_MIN, StoreError, connect, private_file, schema};
use crate::regular;

/// Pages that are copied between two looks at the disk: 1 MiB.
const PAGES_PER_STEP: i32 = 256;

/// A store that is only looked at.
#[derive(Debug)]
pub(crate) struct Onlooker {
    pub(super) connection: Connection,
    path: PathBuf,
}

/// How much there is in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Contents {
    /// Users, also disabled and removed ones.
    pub(crate) users: u64,
    /// Rooms that live.
    pub(crate) rooms: u64,
    /// Messages, also of rooms that have ended.
    pub(crate) messages: u64,
    /// Audit records that were ever made.
    pub(crate) audit_records: u64,
}

impl Onlooker {
    /// Opens the store of a directory, as it is.
    ///
    /// # Errors
    /// There is none, or this process may not read it.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(DATABASE);
        // SQLite would only say that it cannot; the system says why.
        match regular::open(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::Missing(path));
            }
            Err(source) => return Err(StoreError::File { operation: "read", path, source }),
        }
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "query_only", true).doing("open")?;
        Ok(Self { connection, path })
    }

    /// Makes sure that the store has the schema that this program knows.
    ///
    /// # Errors
    /// It has another, or it is no store of ours.
    pub(crate) fn expect_our_schema(&self) -> Result<(), StoreError> {
        schema::expect_ours(&self.connection, &self.path)
    }

    /// How much there is.
    pub(crate) fn contents(&self) -> Result<Contents, StoreError> {
        // As `parlord status` counts them: who waits for an account or has lost it is nobody.
        let sql = "SELECT (SELECT count(*) FROM users WHERE status IN ('active', 'disabled')),
                          (SELECT count(*) FROM rooms WHERE terminated_at IS NULL),
                          (SELECT count(*) FROM messages), audit_serial FROM meta";
        let read = self.connection.query_row(sql, [], |row| {
            let number = |column| natural(row, column);
            let (users, rooms) = (number(0)?, number(1)?);
            Ok(Contents { users, rooms, messages: number(2)?, audit_records: number(3)? })
        });
        read.doing("count what is in")
    }

    /// How far the audit has come.
    pub(crate) fn audit_mark(&self) -> Result<AuditMark, StoreError> {
        audit::mark(&self.connection).doing("read how far the audit is in")
    }

    /// Copies the store as it is at one moment into a directory, as one file without a WAL, synced.
    ///
    /// All of it is copied within one read transaction: without it SQLite would begin anew at every
    /// commit of the daemon, and never end. It keeps the WAL from starting over for as long, and
    /// nobody from writing.
    ///
    /// # Errors
    /// The store cannot be read or the copy written; or the disk would soon be too full for the
    /// daemon to go on.
    pub(crate) fn copy_into(&self, dir: &Path) -> Result<(), StoreError> {
        let path = dir.join(DATABASE);
        let size: u64 = self
            .connection
            .query_row(
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                [],
                |row| natural(row, 0),
            )
            .doing("measure")?;
        super::expect_space(dir, size.saturating_add(FREE_BYTES_MIN))?;
        let file = private_file(&path)?;
        let mut copy = Connection::open(&path).doing("make a copy of")?;
        // Nobody sees it before it is whole, and it is synced at the end.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
            .doing("make a copy of")?;
        let snapshot = self.connection.unchecked_transaction().doing("read")?;
        let _begins_it: i64 =
            snapshot.query_row("SELECT count(*) FROM meta", [], |row| row.get(0)).doing("read")?;
        let backup = Backup::new(&snapshot, &mut copy).doing("copy")?;
        loop {
            super::expect_space(dir, FREE_BYTES_MIN)?;
            match backup.step(PAGES_PER_STEP).doing("copy")? {
                StepResult::Done => break,
                StepResult::More => {}
                // Nobody else knows of the copy, and a reader waits for nobody.
                _ => return Err(StoreError::Damaged("it is locked while it is read".to_owned())),
            }
        }
        drop(backup);
        // The copied header asks for a WAL, which nobody may be able to make where a backup lies.
        copy.pragma_update(None, "journal_mode", "DELETE").doing("end the copy of")?;
        drop(copy);
        let failed = |source| StoreError::File { operation: "sync", path, source };
        file.sync_all().map_err(failed)
    }
}
