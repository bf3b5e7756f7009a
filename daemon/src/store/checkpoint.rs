//! Cooperative checkpoints: the WAL goes back into the database beside the hub, and stays short.
//!
//! A WAL starts over only when all of it has been copied back at the moment of a write. A helper
//! that copies while the hub writes gets close but never there, and the WAL grows without end; a
//! checkpoint in the hub alone takes as long as all that was written since the last. So the helper
//! copies until little is left, and the hub, between two commits, copies the rest.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::{Doing, StoreError, connect};

/// The size of a database page: SQLite's default, the size of a page of memory too.
const PAGE_BYTES: i64 = 4096;
/// A WAL shorter than this, in pages, is left alone, and this much is left to the hub: 4 MiB, which
/// takes a disk some milliseconds.
const LEFT_PAGES: i64 = 4 * 1024 * 1024 / PAGE_BYTES;
/// A WAL that grew to this, in pages, because readers kept hold of it: from here on the hub waits a
/// moment for them. 64 MiB.
const LONG_PAGES: i64 = 64 * 1024 * 1024 / PAGE_BYTES;
/// How long the hub waits then, and how long it goes on without after waiting in vain: a tenth of
/// its time is lost at worst. No read of the daemon holds the WAL for longer than a few of these; a
/// backup does, for as long as it copies.
const WAIT_MAX: Duration = Duration::from_millis(50);
const WAIT_EVERY: Duration = Duration::from_millis(500);
/// The helper looks at the WAL this often at most, however often the hub commits.
const PAUSE: Duration = Duration::from_millis(10);
/// Rounds in which the helper tries to catch up before it leaves the rest to the hub: where it does
/// not get below the limit in these, the disk is the bottleneck and the hub must wait for it.
const ROUNDS_MAX: u32 = 8;

/// The helper thread, as the hub sees it.
#[derive(Debug)]
pub(super) struct Checkpointer {
    /// The hub is to finish what the helper began.
    due: Arc<AtomicBool>,
    /// Dropped to end the helper.
    wakes: Option<SyncSender<()>>,
    helper: Option<JoinHandle<()>>,
    /// When the hub last waited for readers.
    waited_at: Option<Instant>,
    /// How often the hub has finished.
    finished: u64,
}

/// How far the WAL is.
#[derive(Debug, Clone, Copy)]
struct Wal {
    /// Pages in it.
    pages: i64,
    /// Of these, how many the database has too.
    copied: i64,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")
            .doing("set up")?;
        let due = Arc::new(AtomicBool::new(false));
        let (wakes, woken) = sync_channel(1);
        let helper = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn({
                let due = Arc::clone(&due);
                move || help(&connection, &due, &woken)
            })
            .map_err(|source| StoreError::File {
                operation: "start the checkpoint thread of",
                path: path.to_owned(),
                source,
            })?;
        Ok(Self { due, wakes: Some(wakes), helper: Some(helper), waited_at: None, finished: 0 })
    }

    /// Ends the helper and waits for its end.
    pub(super) fn stop(&mut self) {
        self.wakes = None;
        if let Some(helper) = self.helper.take()
            && helper.join().is_err()
        {
            log::error!("the checkpoint thread panicked");
        }
    }

    /// Tells the helper that something was committed.
    pub(super) fn wake(&self) {
        if let Some(wakes) = &self.wakes {
            // Where it is full the helper will look anyway.
            let _ = wakes.try_send(());
        }
    }

    /// Whether the hub is to call [`finish`](Self::finish).
    pub(super) fn is_due(&self) -> bool {
        self.due.load(Ordering::Acquire)
    }

    /// Copies what the helper left. The next commit then starts the WAL over, unless a reader still
    /// reads from it.
    pub(super) fn finish(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let wal = checkpoint(connection, "PASSIVE").doing("checkpoint")?;
        let waited_lately = self.waited_at.is_some_and(|at| at.elapsed() < WAIT_EVERY);
        if wal.pages > LONG_PAGES && !waited_lately {
            // Readers follow so closely on one another that there is always one. This waits for
            // those that are there while new ones already read the database alone.
            connection.busy_timeout(WAIT_MAX).doing("checkpoint")?;
            let outcome = checkpoint(connection, "RESTART");
            connection.busy_timeout(super::BUSY_TIMEOUT).doing("checkpoint")?;
            outcome.doing("checkpoint")?;
            self.waited_at = Some(Instant::now());
        }
        self.due.store(false, Ordering::Release);
        self.finished += 1;
        Ok(())
    }

    /// How often the hub has finished what the helper left.
    pub(super) fn finished(&self) -> u64 {
        self.finished
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn help(connection: &Connection, due: &AtomicBool, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        if due.load(Ordering::Acquire) {
            continue;
        }
        match catch_up(connection) {
            Ok(Found::Short) => {}
            Ok(Found::Long) => due.store(true, Ordering::Release),
            // The hub will meet the same trouble, in its own checkpoint, and stop for it.
            Err(error) => {
                log::error!("cannot checkpoint the store: {error}");
                due.store(true, Ordering::Release);
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// What the helper found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// A WAL that may stay as it is.
    Short,
    /// A WAL that was long, and of which the hub is to copy the rest.
    Long,
}

fn catch_up(connection: &Connection) -> rusqlite::Result<Found> {
    let mut wal = checkpoint(connection, "NOOP")?;
    if wal.pages < LEFT_PAGES {
        return Ok(Found::Short);
    }
    for _ in 0..ROUNDS_MAX {
        if wal.pages - wal.copied < LEFT_PAGES {
            break;
        }
        wal = checkpoint(connection, "PASSIVE")?;
    }
    Ok(Found::Long)
}

/// `NOOP` only looks; `PASSIVE` copies what it can without waiting for anyone; `RESTART` waits for
/// readers as long as the busy timeout.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Wal> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    connection.query_row(&sql, [], |row| Ok(Wal { pages: row.get(1)?, copied: row.get(2)? }))
}
