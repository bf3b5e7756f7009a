//! Messages that are kept no longer: those of rooms that ended long ago, and the oldest of all where
//! the operator wants that.

use std::collections::BTreeMap;

use parlor_protocol::id::{RoomId, Seq, Timestamp};
use rusqlite::{Connection, params};

use super::rows::{int, natural, room, room_int, time};

/// What is to be removed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clearing {
    /// The messages of rooms that were terminated before.
    pub(crate) terminated_before: Timestamp,
    /// Messages from before, the oldest of their rooms; `None` where all are kept.
    pub(crate) messages_before: Option<Timestamp>,
    /// So many of each kind at most: that much is written in a few milliseconds.
    pub(crate) messages_max: u32,
}

/// What was removed.
#[derive(Debug, Default)]
pub(crate) struct Cleared {
    /// The last message that each of these rooms has dropped.
    pub(crate) dropped: BTreeMap<RoomId, Seq>,
    /// Whether there may be more to remove.
    pub(crate) more: bool,
}

/// Removes some of it.
pub(super) fn clear(transaction: &Connection, what: &Clearing) -> rusqlite::Result<Cleared> {
    let purged = purge(transaction, what)?;
    let (dropped, read) = match what.messages_before {
        Some(before) => drop_oldest(transaction, before, what.messages_max)?,
        None => Default::default(),
    };
    let full = |count: usize| count == what.messages_max as usize;
    Ok(Cleared { dropped, more: full(purged) || full(read) })
}

fn purge(transaction: &Connection, what: &Clearing) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "DELETE FROM messages WHERE rowid IN (
                 SELECT m.rowid FROM rooms r JOIN messages m ON m.room = r.id
                 WHERE r.terminated_at IS NOT NULL AND r.terminated_at <= ?1
                 ORDER BY r.terminated_at, r.id, m.seq LIMIT ?2)",
        )?
        .execute(params![what.terminated_before.0, what.messages_max])
}

/// Messages are in the table as they came, so that the first of it are the oldest of their rooms.
/// Where the clock was set back, the oldest wait for those before them.
fn drop_oldest(
    transaction: &Connection,
    before: Timestamp,
    max: u32,
) -> rusqlite::Result<(BTreeMap<RoomId, Seq>, usize)> {
    let mut dropped = BTreeMap::new();
    let (mut last, mut count) = (None, 0);
    let mut oldest = transaction
        .prepare_cached("SELECT rowid, room, seq, at FROM messages ORDER BY rowid LIMIT ?1")?;
    let mut rows = oldest.query([max])?;
    while let Some(row) = rows.next()? {
        if time(row, 3)? > before {
            break;
        }
        dropped.insert(room(row, 1)?, Seq(natural(row, 2)?));
        last = Some(row.get::<_, i64>(0)?);
        count += 1;
    }
    let Some(last) = last else { return Ok((dropped, count)) };
    transaction.prepare_cached("DELETE FROM messages WHERE rowid <= ?1")?.execute([last])?;
    let mut note = transaction.prepare_cached("UPDATE rooms SET dropped_seq = ?2 WHERE id = ?1")?;
    for (room, seq) in &dropped {
        note.execute(params![room_int(*room), int(seq.0)])?;
    }
    Ok((dropped, count))
}
