//! Loading: the world as it was at the last commit.

use parlor_protocol::id::{DeviceId, Nonce, NotificationId, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::name::Title;
use rusqlite::{Connection, Row, params};

use super::events::HOUR_MS;
use super::onlooker::Onlooker;
use super::readers::ReadError;
use super::rows::{
    ASSOCIATION, association, display_name, key, natural, optional, parsed, posted, room, standing,
    time, topic, user, word,
};
use super::writer::{Writer, write_evicted};
use super::{Doing, StoreError};
use crate::rooms::{
    CodeTerms, Device, Membership, NONCES_MAX, NonceKey, Noted, RoomState, SignUpCode, StoredRoom,
    StoredUser, UserId, World, oldest_remembered,
};

/// Nonces that are restored beyond what memory may hold before the oldest are set aside again.
const NONCES_BEYOND: usize = 10_000;

impl Writer {
    /// Puts the world together again: what it is after all events that were ever committed. What of
    /// the nonces that count at `now` does not fit into memory is set aside.
    pub(crate) fn load(&mut self, now: Timestamp) -> Result<World, StoreError> {
        let mut world = World::default();
        let transaction = self.connection.transaction().doing("load")?;
        load_users(&transaction, &mut world).map_err(|it| it.doing("load the users of"))?;
        load_rooms(&transaction, &mut world).map_err(|it| it.doing("load the rooms of"))?;
        load_nonces(&transaction, &mut world, now).map_err(|it| it.doing("load the nonces of"))?;
        transaction.commit().doing("load")?;
        Ok(world)
    }
}

impl Onlooker {
    /// Loads what a daemon would, and forgets it: what it cannot read it does not start with.
    ///
    /// # Errors
    /// Something in it is no name, ID, word or time.
    pub(crate) fn try_to_load(&self) -> Result<(), StoreError> {
        let mut world = World::default();
        let snapshot = self.connection.unchecked_transaction().doing("load")?;
        load_users(&snapshot, &mut world).map_err(|it| it.doing("load the users of"))?;
        load_rooms(&snapshot, &mut world).map_err(|it| it.doing("load the rooms of"))
    }
}

fn load_users(connection: &Connection, world: &mut World) -> Result<(), ReadError> {
    each(connection, "SELECT directory_revision, last_user, sign_up FROM meta", |row| {
        let mode = optional(row, 2, word)?;
        world.restore_directory(Revision(natural(row, 0)?), user(row, 1)?, mode);
        Ok(())
    })?;
    each(connection, "SELECT code, uses, until, standing FROM codes", |row| {
        let terms =
            CodeTerms { uses: row.get(1)?, until: time(row, 2)?, standing: standing(row, 3)? };
        world.restore_code(SignUpCode::from_random(natural(row, 0)?), terms);
        Ok(())
    })?;
    let sql = "SELECT id, name, standing, status, status_at, revision, last_device,
                      last_notification, display_name FROM users";
    each(connection, sql, |row| {
        let stored = StoredUser {
            name: parsed(row, 1)?,
            display_name: display_name(row, 8)?,
            standing: standing(row, 2)?,
            status: word(row, 3)?,
            status_at: time(row, 4)?,
            revision: Revision(natural(row, 5)?),
            last_device: DeviceId(row.get(6)?),
            last_notification: NotificationId(row.get(7)?),
        };
        world.restore_user(user(row, 0)?, stored);
        Ok(())
    })?;
    each(connection, "SELECT user, id, public_key, used_at FROM devices", |row| {
        let device = Device { public_key: key(row, 2)?, used_at: time(row, 3)? };
        world.restore_device(known_user(world, row, 0, "devices")?, DeviceId(row.get(1)?), device);
        Ok(())
    })?;
    each(connection, "SELECT user, blocked FROM blocks", |row| {
        let blocked = known_user(world, row, 1, "blocks")?;
        world.restore_block(known_user(world, row, 0, "blocks")?, blocked);
        Ok(())
    })?;
    each(connection, "SELECT user, id, at, read FROM notifications ORDER BY user, id", |row| {
        let noted = Noted { at: time(row, 2)?, read: row.get(3)? };
        let user = known_user(world, row, 0, "notifications")?;
        world.restore_notification(user, NotificationId(row.get(1)?), noted);
        Ok(())
    })
}

fn load_rooms(connection: &Connection, world: &mut World) -> Result<(), ReadError> {
    let sql = "SELECT id, title, topic, terminated_at IS NOT NULL, visibility, entry, slow_secs,
                      revision, last_seq, dropped_seq FROM rooms";
    each(connection, sql, |row| {
        let stored = StoredRoom {
            title: Title::taken(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?),
            topic: topic(row, 2)?,
            state: if row.get(3)? { RoomState::Terminated } else { RoomState::Live },
            visibility: word(row, 4)?,
            entry: word(row, 5)?,
            slow_secs: row.get(6)?,
            revision: Revision(natural(row, 7)?),
            last_seq: Seq(natural(row, 8)?),
            dropped: Seq(natural(row, 9)?),
        };
        world.restore_room(room(row, 0)?, stored);
        Ok(())
    })?;
    each(connection, "SELECT room, user, role, joined, joined_at, read FROM members", |row| {
        let joined = Revision(natural(row, 3)?);
        let membership = Membership { role: word(row, 2)?, joined, joined_at: time(row, 4)? };
        let read = Seq(natural(row, 5)?);
        let room = known_room(world, row, 0, "members")?;
        world.restore_member(room, known_user(world, row, 1, "members")?, membership, read);
        Ok(())
    })?;
    let sql = "SELECT m.room, m.user, m.seq FROM mentions m
               JOIN members USING (room, user) WHERE m.seq > members.read
               ORDER BY m.room, m.user, m.seq";
    each(connection, sql, |row| {
        world.restore_mention(room(row, 0)?, user(row, 1)?, Seq(natural(row, 2)?));
        Ok(())
    })?;
    let sql = format!("SELECT room, user, {ASSOCIATION} FROM associations a");
    each(connection, &sql, |row| {
        let association = association(row, 2)?.expect("invariant: a row has a time");
        let room = known_room(world, row, 0, "associations")?;
        world.restore_association(room, known_user(world, row, 1, "associations")?, association);
        Ok(())
    })
}

/// Reads all messages that may carry a nonce that still counts. Those that were set aside come into
/// memory with the rest where there is room; where there is none they go back.
fn load_nonces(
    connection: &Connection,
    world: &mut World,
    now: Timestamp,
) -> Result<(), ReadError> {
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
    Ok(write_evicted(connection, &world.evict_nonces(NONCES_MAX), now)?)
}

/// A user to whom a row of `table` refers, who has been loaded. With foreign keys off anybody could
/// have taken them out, and nothing could be restored that is theirs.
fn known_user(
    world: &World,
    row: &Row<'_>,
    column: usize,
    table: &str,
) -> Result<UserId, ReadError> {
    let user = user(row, column)?;
    let dangling = || format!("a row of {table} refers to user {}, who is not there", user.0);
    world.user(user).map(|_| user).ok_or_else(|| ReadError::Damaged(dangling()))
}

/// The same for a room.
fn known_room(
    world: &World,
    row: &Row<'_>,
    column: usize,
    table: &str,
) -> Result<RoomId, ReadError> {
    let room = room(row, column)?;
    let dangling = || format!("a row of {table} refers to room {room}, which is not there");
    world.room(room).map(|_| room).ok_or_else(|| ReadError::Damaged(dangling()))
}

fn each(
    connection: &Connection,
    sql: &str,
    mut restore: impl FnMut(&Row<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        restore(row)?;
    }
    Ok(())
}
