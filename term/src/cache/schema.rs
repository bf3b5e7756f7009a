//! The tables, and how older files come to have them.
//!
//! `user_version` counts the steps that a file has taken; steps are only ever added. The daemon's
//! store has a tool for its migrations, because nothing can replace what is in it. A cache is
//! opened before the first frame is drawn, and all of it but what its user wrote comes from the server
//! again: a list and a number that SQLite keeps anyway are enough.

use rusqlite::Connection;

use super::{CacheError, Doing};

/// What each version adds to the one before.
const STEPS: &[&str] = &[
    "
    CREATE TABLE room (
        id INTEGER PRIMARY KEY,
        place INTEGER NOT NULL,     -- as the rooms are numbered on the screen
        title TEXT NOT NULL,
        topic TEXT,
        role TEXT NOT NULL,
        members INTEGER NOT NULL,
        revision INTEGER NOT NULL,  -- the last change that is in the entries
        read INTEGER NOT NULL DEFAULT 0,
        unread INTEGER NOT NULL,
        mentions INTEGER NOT NULL DEFAULT 0,
        draft TEXT NOT NULL,
        muted INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE entry (
        room INTEGER NOT NULL,
        place INTEGER NOT NULL,     -- older pages count down from the first
        at INTEGER NOT NULL,
        change BLOB NOT NULL,       -- as it stood on the wire
        PRIMARY KEY (room, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,     -- in the order of writing
        room INTEGER NOT NULL,
        text TEXT NOT NULL,
        kind TEXT NOT NULL,         -- said, or done
        nonce BLOB,                 -- from just before the first sending on
        refused TEXT                -- why, for good
    ) STRICT;
    CREATE TABLE blocked (
        user TEXT PRIMARY KEY       -- whose messages are in the entries, but not shown
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE state (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        here INTEGER,               -- the room that is shown
        by_itself INTEGER NOT NULL  -- whether the last login took no question
    ) STRICT;
    INSERT INTO state (one, by_itself) VALUES (1, 1);
",
    "
    CREATE TABLE homeless (
        place INTEGER PRIMARY KEY,  -- in the order of writing
        text TEXT NOT NULL          -- for a room that is gone
    ) STRICT;
",
];

/// Brings a file up to date.
pub(super) fn upgrade(connection: &mut Connection) -> Result<(), CacheError> {
    let version = connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .doing("read the version of")?;
    let done = usize::try_from(version).ok().filter(|done| *done <= STEPS.len());
    let Some(done) = done else {
        return Err(CacheError::Newer);
    };
    if done == STEPS.len() {
        return Ok(());
    }
    let transaction = connection.transaction().doing("upgrade")?;
    for step in &STEPS[done..] {
        transaction.execute_batch(step).doing("upgrade")?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len() as i64).doing("upgrade")?;
    transaction.commit().doing("upgrade")
}
