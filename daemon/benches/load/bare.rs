//! SQLite alone: the rows of a durable round, in the same batches, with nothing around them.

use std::time::{Duration, Instant};

use anyhow::Result;
use parlor_protocol::id::RoomId;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::fleet::{now, send_command};
use crate::machine;

/// The daemon's own tables and indexes.
const SCHEMA: &str = include_str!("../../../migrations/V1__rooms.sql");

/// Writes as many messages as the batches hold, to the rooms in turn; how long that took.
pub(crate) fn write(batches: &[usize], rooms: u64) -> Result<Duration> {
    let dir = TempDir::with_prefix_in("bench-", machine::DATA)?;
    let mut connection = Connection::open(dir.path().join("bare.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;",
    )?;
    connection.execute_batch(SCHEMA)?;
    set_up(&connection, rooms)?;
    let began = Instant::now();
    let mut number = 0;
    for &batch in batches {
        let transaction = connection.transaction()?;
        for _ in 0..batch {
            insert(&transaction, number, rooms)?;
            number += 1;
        }
        // The daemon, too, notes once for each batch how far a room has come.
        for room in 0..rooms.min(batch as u64) {
            let (room, seq) = place(number - 1 - room, rooms);
            transaction
                .prepare_cached("UPDATE rooms SET revision = ?2, last_seq = ?3 WHERE id = ?1")?
                .execute(params![room, seq + 1, seq])?;
        }
        transaction.commit()?;
    }
    Ok(began.elapsed())
}

fn set_up(connection: &Connection, rooms: u64) -> Result<()> {
    for room in 1..=rooms {
        connection.execute(
            "INSERT INTO users (id, name, standing, created_at, revision, last_device)
             VALUES (?1, ?2, 'ordinary', 0, 0, 0)",
            params![room as i64, format!("user{room}")],
        )?;
        connection.execute(
            "INSERT INTO rooms (id, title, created_at, revision, last_seq, members)
             VALUES (?1, ?2, 0, 1, 0, 1)",
            params![room as i64, format!("room {room}")],
        )?;
    }
    Ok(())
}

/// The room of a message, from 1, and its seq.
fn place(number: u64, rooms: u64) -> (i64, i64) {
    ((number % rooms + 1) as i64, (number / rooms + 1) as i64)
}

fn insert(connection: &Connection, number: u64, rooms: u64) -> Result<()> {
    let (room, seq) = place(number, rooms);
    let message = send_command(RoomId::from_random(room as u64), number);
    connection
        .prepare_cached(
            "INSERT INTO messages (room, seq, revision, at, author, nonce, text)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            room,
            seq,
            seq + 1,
            now().0,
            room,
            message.nonce.to_bytes(),
            message.text
        ])?;
    Ok(())
}
