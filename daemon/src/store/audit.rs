//! The outbox of audit records, and the head of their chain.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::readers::Readers;
use super::rows::{int, key, natural, optional};
use super::writer::Batch;
use super::{Doing, StoreError};
use crate::audit::{Closed, Link, Row, Sealed};

/// How far the audit has come, as of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditMark {
    /// The last record that there is.
    pub(crate) head: Link,
    /// The last record whose row is gone: it is in the audit files for certain.
    pub(crate) synced: Link,
    /// The last record that is not looked for in the files: they are not kept for ever. `None` where
    /// it is not known, in a store of before it was remembered.
    pub(crate) dropped: Option<Link>,
}

/// The head of the chain.
pub(super) fn head(connection: &Connection) -> Result<Link, StoreError> {
    link(connection).doing("read the head of the audit of")
}

/// The same, where the operation is somebody else's.
pub(super) fn link(connection: &Connection) -> rusqlite::Result<Link> {
    connection.query_row("SELECT audit_serial, audit_head FROM meta", [], |row| {
        Ok(Link { serial: natural(row, 0)?, hash: key(row, 1)? })
    })
}

/// How far the audit has come.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<AuditMark> {
    let (head, dropped, oldest) = connection.query_row(
        "SELECT audit_serial, audit_head, audit_dropped, audit_dropped_hash,
         (SELECT record FROM audit_outbox ORDER BY serial LIMIT 1) FROM meta",
        [],
        |row| {
            let head = Link { serial: natural(row, 0)?, hash: key(row, 1)? };
            let dropped = optional(row, 2, |row, column| {
                Ok(Link { serial: natural(row, column)?, hash: key(row, column + 1)? })
            })?;
            Ok((head, dropped, row.get::<_, Option<String>>(4)?))
        },
    )?;
    let synced = match oldest {
        None => head,
        // A record of before there was a chain says nothing of the one before it.
        Some(line) => Sealed::parse(line.as_bytes()).map_or(Link::default(), |it| it.before()),
    };
    Ok(AuditMark { head, synced, dropped })
}

/// Writes the records of a batch behind `head`, and forgets those that need no row any more.
/// Returns the new head.
pub(super) fn write(
    transaction: &Connection,
    batch: &Batch,
    mut head: Link,
) -> rusqlite::Result<Link> {
    if let Some(done) = batch.audit_done {
        transaction
            .prepare_cached("DELETE FROM audit_outbox WHERE serial <= ?1")?
            .execute([int(done)])?;
    }
    for Closed { number, last } in &batch.audit_closed {
        // Where all files were taken away, their numbers begin anew.
        transaction
            .prepare_cached("INSERT OR REPLACE INTO audit_files VALUES (?1, ?2, ?3)")?
            .execute(params![int(*number), int(last.serial), last.hash.0])?;
    }
    if let Some(dropped) = batch.audit_dropped {
        // The last of those that are dropped tells up to which one they go.
        transaction
            .prepare_cached("DELETE FROM audit_files WHERE serial < ?1")?
            .execute([int(dropped.serial)])?;
        transaction
            .prepare_cached("UPDATE meta SET audit_dropped = ?1, audit_dropped_hash = ?2")?
            .execute(params![int(dropped.serial), dropped.hash.0])?;
    }
    if batch.audit.is_empty() {
        return Ok(head);
    }
    for record in &batch.audit {
        let (line, link) = head.seal(record);
        transaction
            .prepare_cached("INSERT INTO audit_outbox (serial, record) VALUES (?1, ?2)")?
            .execute(params![int(link.serial), line])?;
        head = link;
    }
    transaction
        .prepare_cached("UPDATE meta SET audit_serial = ?1, audit_head = ?2")?
        .execute(params![int(head.serial), head.hash.0])?;
    Ok(head)
}

impl Readers {
    /// The audit records after a serial, `limit` of them at most, each with its own.
    pub(crate) fn audit_after(&self, serial: u64, limit: u32) -> Result<Vec<Row>, StoreError> {
        self.read("read audit records from", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT serial, record FROM audit_outbox WHERE serial > ?1
                 ORDER BY serial LIMIT ?2",
            )?;
            let records = statement.query_map(params![int(serial), limit], |row| {
                Ok((natural(row, 0)?, row.get(1)?))
            })?;
            Ok(records.collect::<Result<_, _>>()?)
        })
    }

    /// The audit files that the daemon has closed, oldest first, from the last one whose records are
    /// known to be dropped on.
    pub(crate) fn audit_files(&self) -> Result<Vec<Closed>, StoreError> {
        self.read("read which audit files are closed from", |connection| {
            let mut statement = connection
                .prepare_cached("SELECT number, serial, hash FROM audit_files ORDER BY serial")?;
            let files = statement.query_map([], |row| {
                let last = Link { serial: natural(row, 1)?, hash: key(row, 2)? };
                Ok(Closed { number: natural(row, 0)?, last })
            })?;
            Ok(files.collect::<Result<_, _>>()?)
        })
    }

    /// How far the audit has come.
    pub(crate) fn audit_mark(&self) -> Result<AuditMark, StoreError> {
        self.read("read how far the audit is in", |connection| Ok(mark(connection)?))
    }
}
