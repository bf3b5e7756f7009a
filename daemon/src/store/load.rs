//! Loading: the world as it was at the last commit.

use parlor_protocol::id::{DeviceId, Nonce, Revision, Seq, Timestamp};
use parlor_protocol::name::Title;
use rusqlite::{Connection, Row, params};

use super::events::HOUR_MS;
use super::rows::{key, natural, parsed, posted, role, room, standing, time, topic, user};
use super::writer::{Writer, write_evicted};
use super::{Doing, StoreError};
use crate::rooms::{Membership, NONCES_MAX, NonceKey, RoomState, World, oldest_remembered};

/// Nonces that are restored beyond what memory may hold before the oldest are set aside again.
const NONCES_BEYOND: usize = 10_000;

impl Writer {
    /// Puts the world together again: what it is after all events that were ever committed. What of
    /// the nonces that count at `now` does not fit into memory is set aside.
    pub(crate) fn load(&mut self, now: Timestamp) -> Result<World, StoreError> {
        let mut world = World::default();
        let transaction = self.connection.transaction().doing("load")?;
        load_users(&transaction, &mut world).doing("load the users of")?;
        load_rooms(&transaction, &mut world).doing("load the rooms of")?;
        load_nonces(&transaction, &mut world, now).doing("load the nonces of")?;
        transaction.commit().doing("load")?;
        Ok(world)
    }
}

fn load_users(connection: &Connection, world: &mut World) -> rusqlite::Result<()> {
    each(connection, "SELECT directory_revision FROM meta", |row| {
        world.restore_directory(Revision(natural(row, 0)?));
        Ok(())
    })?;
    each(connection, "SELECT id, name, standing, revision, last_device FROM users", |row| {
        let revision = Revision(natural(row, 3)?);
        let last_device = DeviceId(row.get(4)?);
        world.restore_user(
            user(row, 0)?,
            parsed(row, 1)?,
            standing(row, 2)?,
            revision,
            last_device,
        );
        Ok(())
    })?;
    each(connection, "SELECT user, id, public_key FROM devices", |row| {
        world.restore_device(user(row, 0)?, DeviceId(row.get(1)?), key(row, 2)?);
        Ok(())
    })
}

fn load_rooms(connection: &Connection, world: &mut World) -> rusqlite::Result<()> {
    let sql = "SELECT id, title, terminated_at IS NOT NULL, revision, last_seq, topic FROM rooms";
    each(connection, sql, |row| {
        let title = Title::taken(row.get_ref(1)?.as_str()?);
        let state = if row.get(2)? { RoomState::Terminated } else { RoomState::Live };
        let (revision, last_seq) = (Revision(natural(row, 3)?), Seq(natural(row, 4)?));
        world.restore_room(room(row, 0)?, title, topic(row, 5)?, state, revision, last_seq);
        Ok(())
    })?;
    each(connection, "SELECT room, user, role, joined, joined_at FROM members", |row| {
        let joined = Revision(natural(row, 3)?);
        let membership = Membership { role: role(row, 2)?, joined, joined_at: time(row, 4)? };
        world.restore_member(room(row, 0)?, user(row, 1)?, membership);
        Ok(())
    })?;
    each(connection, "SELECT room, user FROM former_members", |row| {
        world.restore_former(room(row, 0)?, user(row, 1)?);
        Ok(())
    })
}

/// Reads all messages that may carry a nonce that still counts. Those that were set aside come into
/// memory with the rest where there is room; where there is none they go back.
fn load_nonces(connection: &Connection, world: &mut World, now: Timestamp) -> rusqlite::Result<()> {
    each(connection, "SELECT max(nonce) FROM old_nonces", |row| {
        if let Some(greatest) = row.get(0)? {
            world.restore_evicted_to(Nonce::from_bytes(greatest));
        }
        Ok(())
    })?;
    let oldest = oldest_remembered(now);
    let first: Option<i64> = connection.query_row(
        "SELECT min(first) FROM message_hours WHERE hour >= ?1",
        [oldest.0.div_euclid(HOUR_MS)],
        |row| row.get(0),
    )?;
    let Some(first) = first else { return Ok(()) };
    let mut statement = connection.prepare(
        "SELECT room, author, nonce, seq, revision, at FROM messages
         WHERE rowid >= ?1 AND at >= ?2",
    )?;
    let mut rows = statement.query(params![first, oldest.0])?;
    let mut beyond = 0;
    while let Some(row) = rows.next()? {
        let nonce = Nonce::from_bytes(row.get(2)?);
        let key = NonceKey { nonce, room: room(row, 0)?, author: user(row, 1)? };
        world.restore_nonce(key, posted(row, 3)?);
        beyond += 1;
        if beyond >= NONCES_BEYOND {
            write_evicted(connection, &world.evict_nonces(NONCES_MAX), now)?;
            beyond = 0;
        }
    }
    write_evicted(connection, &world.evict_nonces(NONCES_MAX), now)
}

fn each(
    connection: &Connection,
    sql: &str,
    mut restore: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        restore(row)?;
    }
    Ok(())
}
