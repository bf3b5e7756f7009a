//! The one connection that writes: each batch is one transaction, on disk when it is committed.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parlor_protocol::id::{DeviceId, Nonce, RoomId, Seq, Timestamp};
use parlor_protocol::text::Reason;
use rusqlite::{Connection, OptionalExtension, params};

use super::checkpoint::Checkpointer;
use super::clearing::{Cleared, Clearing, clear};
use super::events::{HOUR_MS, Hours};
use super::rows::{int, optional, parsed, posted, room, room_int, time, user, user_int};
use super::{DATABASE, DeviceNetwork, Doing, StoreError, WAL};
use crate::audit::{AuditRecord, Closed, Link};
use crate::rooms::{Event, NonceKey, Posted, RECALL_MS, UserId, oldest_remembered};

/// For each nonce that is set aside this many that have expired are forgotten, so that the table
/// shrinks after a rush without any transaction being long.
const EXPIRED_PER_NONCE: u64 = 4;

/// How long closing waits for readers.
const CLOSE_WAIT: Duration = Duration::from_millis(500);

/// How much room a store takes, in bytes, and how much is left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) store_bytes: u64,
    pub(crate) wal_bytes: u64,
    pub(crate) free_bytes: u64,
}

/// What is written at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// What happened, in order.
    pub(crate) events: Vec<Event>,
    /// What is audited, of these events and besides.
    pub(crate) audit: Vec<AuditRecord>,
    /// Up to this serial the audit file is synced: the outbox forgets these.
    pub(crate) audit_done: Option<u64>,
    /// Up to this record the audit files may go: they are not missed any more.
    pub(crate) audit_dropped: Option<Link>,
    /// Audit files that were closed.
    pub(crate) audit_closed: Vec<Closed>,
    /// Networks from which devices were used for the first time.
    pub(crate) networks: Vec<DeviceNetwork>,
    /// Nonces that memory had no room for.
    pub(crate) evicted: Vec<(NonceKey, Posted)>,
    /// When the batch was decided.
    pub(crate) at: Timestamp,
}

/// A login by a device. It is written behind: a crash may forget the last few seconds of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceUse {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) at: Timestamp,
    pub(crate) address: String,
}

/// What is soft: it is written every few seconds, and a crash forgets the last of it.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    pub(crate) device_uses: Vec<DeviceUse>,
    /// How far members have read.
    pub(crate) reads: BTreeMap<(RoomId, UserId), Seq>,
    /// Messages that are kept no longer.
    pub(crate) clearing: Option<Clearing>,
}

impl Behind {
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.device_uses.is_empty() && self.reads.is_empty() && self.clearing.is_none()
    }
}

/// Changes the store. When its methods return, what they wrote is on disk.
#[derive(Debug)]
pub(crate) struct Writer {
    checkpointer: Checkpointer,
    pub(super) connection: Connection,
    dir: PathBuf,
    /// The last audit record.
    audit_head: Link,
    hours: Hours,
    /// Locked as long as this process may write; declared last, for it is to go last.
    _lock: File,
}

/// Makes sure of the row of what there is one of. A store that was never in use gets one.
pub(super) fn ensure_meta(connection: &Connection, dir: &Path) -> Result<(), StoreError> {
    let version = parlor_protocol::name::unicode_version();
    let stored = connection
        .query_row("SELECT unicode_version FROM meta", [], |row| row.get(0))
        .optional()
        .doing("set up")?;
    match stored {
        Some::<String>(stored) if stored == version => Ok(()),
        Some(_) => super::rooms::make_keys_anew(connection, &version).doing("set up"),
        None if is_in_use(connection).doing("set up")? || super::has_audit(dir)? => {
            Err(StoreError::NoMeta(dir.to_owned()))
        }
        None => connection
            .execute(
                "INSERT INTO meta (one, directory_revision, audit_serial, audit_dropped,
                 audit_dropped_hash, unicode_version) VALUES (1, 0, 0, 0, zeroblob(32), ?1)",
                [&version],
            )
            .map(drop)
            .doing("set up"),
    }
}

/// Whether anything was ever written to it.
fn is_in_use(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM users UNION ALL SELECT 1 FROM audit_outbox LIMIT 1";
    connection.prepare(sql)?.exists([])
}

impl Writer {
    pub(super) fn new(connection: Connection, dir: &Path, lock: File) -> Result<Self, StoreError> {
        let audit_head = super::audit::head(&connection)?;
        let checkpointer = Checkpointer::start(&dir.join(DATABASE))?;
        let (dir, hours) = (dir.to_owned(), Hours::default());
        Ok(Self { checkpointer, connection, dir, audit_head, hours, _lock: lock })
    }

    /// Writes a batch in one transaction. After an error nothing may be written any more: what
    /// memory has and what the disk has are no longer the same.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if self.checkpointer.is_due() {
            self.checkpointer.finish(&self.connection)?;
        }
        let transaction = self.connection.transaction().doing("begin a batch in")?;
        super::events::write(&transaction, &batch.events, &mut self.hours)
            .doing("write an event to")?;
        let audit_head = super::audit::write(&transaction, batch, self.audit_head)
            .doing("write an audit record to")?;
        super::networks::write(&transaction, &batch.networks)
            .doing("write the network of a device to")?;
        write_evicted(&transaction, &batch.evicted, batch.at).doing("set nonces aside in")?;
        transaction.commit().doing("commit a batch to")?;
        self.audit_head = audit_head;
        self.checkpointer.wake();
        Ok(())
    }

    /// Writes what is soft. What it speaks of may be gone meanwhile, and is passed over then.
    pub(crate) fn write_behind(&mut self, behind: &Behind) -> Result<Cleared, StoreError> {
        let operation = "write what is soft to";
        let transaction = self.connection.transaction().doing(operation)?;
        let wrote = write_uses(&transaction, &behind.device_uses)
            .and_then(|()| write_reads(&transaction, &behind.reads))
            .and_then(|()| match &behind.clearing {
                Some(clearing) => clear(&transaction, clearing),
                None => Ok(Cleared::default()),
            });
        let cleared = wrote.doing(operation)?;
        transaction.commit().doing(operation)?;
        Ok(cleared)
    }

    /// Tells of the messages of the last day, in their order: room, author and time.
    pub(crate) fn recent_messages(
        &self,
        now: Timestamp,
        mut tell: impl FnMut(RoomId, UserId, Timestamp),
    ) -> Result<(), StoreError> {
        let since = now.0.saturating_sub(RECALL_MS);
        let mut read = || {
            let first: Option<i64> = self.connection.query_row(
                "SELECT min(first) FROM message_hours WHERE hour >= ?1",
                [since.div_euclid(HOUR_MS)],
                |row| row.get(0),
            )?;
            let Some(first) = first else { return Ok(()) };
            let mut statement = self.connection.prepare(
                "SELECT room, author, at FROM messages WHERE rowid >= ?1 AND at >= ?2
                 ORDER BY rowid",
            )?;
            let mut rows = statement.query([first, since])?;
            while let Some(row) = rows.next()? {
                tell(room(row, 0)?, user(row, 1)?, time(row, 2)?);
            }
            Ok(())
        };
        read().doing("read the messages of the last day in")
    }

    /// Why a sign-up was denied, in the operator's words.
    pub(crate) fn status_reason(&self, user: UserId) -> Result<Option<Reason>, StoreError> {
        let find = || {
            self.connection
                .prepare_cached("SELECT status_reason FROM users WHERE id = ?1")?
                .query_row([user_int(user)], |row| optional(row, 0, parsed))
                .optional()
        };
        find().map(Option::flatten).doing("read a reason from")
    }

    /// Where a message with a nonce went that memory no longer remembers.
    pub(crate) fn old_nonce(&self, key: &NonceKey) -> Result<Option<Posted>, StoreError> {
        let find = || {
            self.connection
                .prepare_cached(
                    "SELECT m.seq, m.revision, m.at FROM old_nonces o
                     JOIN messages m ON m.room = o.room AND m.seq = o.seq
                     WHERE o.nonce = ?1 AND o.room = ?2 AND o.author = ?3",
                )?
                .query_row(
                    params![key.nonce.to_bytes(), room_int(key.room), user_int(key.author)],
                    |row| posted(row, 0),
                )
                .optional()
        };
        find().doing("look for a nonce in")
    }

    /// The record of a user's password.
    pub(crate) fn password_record(&self, user: UserId) -> Result<Option<Vec<u8>>, StoreError> {
        let find = || {
            self.connection
                .prepare_cached("SELECT password FROM users WHERE id = ?1")?
                .query_row([user_int(user)], |row| row.get(0))
                .optional()
        };
        find().map(Option::flatten).doing("read a password record from")
    }

    /// The server's half of all password records; `None` in a store that was never in use.
    pub(crate) fn opaque_setup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.connection
            .query_row("SELECT opaque_setup FROM meta", [], |row| row.get(0))
            .doing("read the password setup of")
    }

    /// Whether anybody's password is in it.
    pub(crate) fn holds_passwords(&self) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM users WHERE password IS NOT NULL";
        let found = self.connection.prepare(sql).and_then(|mut it| it.exists([]));
        found.doing("look for passwords in")
    }

    /// Keeps the server's half of all password records.
    pub(crate) fn set_opaque_setup(&mut self, setup: &[u8]) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE meta SET opaque_setup = ?1", [setup])
            .doing("write the password setup to")?;
        Ok(())
    }

    /// The last audit record that was committed.
    pub(crate) fn audit_head(&self) -> Link {
        self.audit_head
    }

    /// Checkpoints that were finished between two commits.
    pub(crate) fn checkpoints(&self) -> u64 {
        self.checkpointer.finished()
    }

    /// How much room the store takes. What cannot be measured counts as nothing.
    pub(crate) fn sizes(&self) -> Sizes {
        let of = |name: &str| std::fs::metadata(self.dir.join(name)).map_or(0, |it| it.len());
        Sizes {
            store_bytes: of(DATABASE),
            wal_bytes: of(WAL),
            free_bytes: self.free_bytes().unwrap_or(0),
        }
    }

    /// How much the file system has left for us, in bytes.
    pub(crate) fn free_bytes(&self) -> Result<u64, StoreError> {
        super::free_bytes(&self.dir)
    }
}

impl Drop for Writer {
    /// Leaves the database without a WAL. SQLite does so when the last connection closes, but that
    /// may be a reader's, which cannot. Where it fails the next start makes up for it.
    fn drop(&mut self) {
        self.checkpointer.stop();
        let emptied = self.connection.busy_timeout(CLOSE_WAIT).and_then(|()| {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        });
        if let Err(error) = emptied {
            log::warn!("the store was closed without emptying its WAL: {error}");
        }
    }
}

fn write_uses(transaction: &Connection, uses: &[DeviceUse]) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "UPDATE devices SET used_at = ?3, address = ?4 WHERE user = ?1 AND id = ?2",
    )?;
    for used in uses {
        let DeviceUse { user, device, at, address } = used;
        statement.execute(params![user_int(*user), device.0, at.0, address])?;
    }
    Ok(())
}

fn write_reads(
    transaction: &Connection,
    reads: &BTreeMap<(RoomId, UserId), Seq>,
) -> rusqlite::Result<()> {
    let mut mark = transaction.prepare_cached(
        "UPDATE members SET read = ?3 WHERE room = ?1 AND user = ?2 AND read < ?3",
    )?;
    let mut clear = transaction
        .prepare_cached("DELETE FROM mentions WHERE room = ?1 AND user = ?2 AND seq <= ?3")?;
    for (&(room, user), seq) in reads {
        let read = params![room_int(room), user_int(user), int(seq.0)];
        mark.execute(read)?;
        clear.execute(read)?;
    }
    Ok(())
}

/// Sets nonces aside that memory has no room for, and forgets some that have expired.
pub(super) fn write_evicted(
    transaction: &Connection,
    evicted: &[(NonceKey, Posted)],
    now: Timestamp,
) -> rusqlite::Result<()> {
    if evicted.is_empty() {
        return Ok(());
    }
    for (key, posted) in evicted {
        transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO old_nonces (nonce, room, author, seq)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                key.nonce.to_bytes(),
                room_int(key.room),
                user_int(key.author),
                int(posted.seq.0)
            ])?;
    }
    // A nonce begins with its time, so the first one of that moment is above all expired ones.
    let first_kept = Nonce::new(oldest_remembered(now), [0; 10]).to_bytes();
    transaction
        .prepare_cached(
            "DELETE FROM old_nonces WHERE (nonce, room, author) IN
             (SELECT nonce, room, author FROM old_nonces WHERE nonce < ?1 ORDER BY nonce LIMIT ?2)",
        )?
        .execute(params![first_kept, int(evicted.len() as u64 * EXPIRED_PER_NONCE)])?;
    Ok(())
}
