//! Reading back: the rooms as they are shown first, and what waits to be sent.

use std::collections::{BTreeMap, BTreeSet};

use parlor_protocol::id::{Nonce, Revision, RoomId, Seq};
use parlor_protocol::message::MessageKind;
use parlor_protocol::push::{Change, Departed, RoomChange};
use parlor_protocol::record::Wire;
use parlor_protocol::room::{Departure, Role};
use rusqlite::{Connection, Row};

use super::outbox::Waiting;
use super::rooms::{Extent, number, seq_of};
use super::{CacheError, Doing, Login};
use crate::model::{Before, LocalId, Room, SendState, Unsent, What};

/// All that was kept.
#[derive(Debug)]
pub(crate) struct Kept {
    /// One's rooms, in the order in which they are numbered.
    pub(crate) rooms: Vec<Room>,
    /// The room that was shown last.
    pub(crate) here: Option<RoomId>,
    /// Whose messages are hidden.
    pub(crate) blocked: BTreeSet<String>,
    /// The last change that is known of each room.
    pub(crate) revisions: BTreeMap<RoomId, Revision>,
    /// What waits to be sent, in the order of writing.
    pub(crate) outbox: Vec<Waiting>,
    /// What was written for rooms that are gone.
    pub(crate) homeless: Vec<String>,
    /// The name of the next message.
    pub(crate) next_local: LocalId,
    /// How the last login went.
    pub(crate) login: Login,
    /// What the user is to know, where the file was put aside.
    pub(crate) warning: Option<String>,
}

/// What is kept, with where the entries stand in the file.
pub(super) struct Read {
    pub(super) kept: Kept,
    pub(super) extents: BTreeMap<RoomId, Extent>,
}

impl Read {
    pub(super) fn split(self) -> (Kept, BTreeMap<RoomId, Extent>) {
        (self.kept, self.extents)
    }
}

/// Reads everything. As it does so before each start, a damaged file is noticed here.
pub(super) fn read(connection: &Connection) -> Result<Read, CacheError> {
    let sql = "SELECT here, by_itself FROM state";
    let state = |row: &Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, bool>(1)?));
    let (here, by_itself) = connection.query_row(sql, [], state).doing("read")?;
    let mut kept = Kept {
        rooms: Vec::new(),
        here: here.map(room_id),
        blocked: BTreeSet::new(),
        revisions: BTreeMap::new(),
        outbox: Vec::new(),
        homeless: Vec::new(),
        next_local: LocalId(0),
        login: if by_itself { Login::ByItself } else { Login::TakesItsUser },
        warning: None,
    };
    let mut extents = BTreeMap::new();
    let mut rooms = connection
        .prepare(
            "SELECT id, title, topic, role, members, unread, draft, revision, read, mentions,
                    muted
             FROM room ORDER BY place, id",
        )
        .doing("read")?;
    let rows = rooms.query_map([], room).doing("read")?;
    for row in rows {
        let (mut room, revision) = row.doing("read")?;
        extents.insert(room.id, converse(connection, &mut room)?);
        kept.revisions.insert(room.id, revision);
        kept.rooms.push(room);
    }
    let mut blocked = connection.prepare("SELECT user FROM blocked").doing("read")?;
    let users = blocked.query_map([], |row| row.get(0)).doing("read")?;
    kept.blocked = users.collect::<Result<_, _>>().doing("read")?;
    let mut homeless =
        connection.prepare("SELECT text FROM homeless ORDER BY place").doing("read")?;
    let texts = homeless.query_map([], |row| row.get(0)).doing("read")?;
    kept.homeless = texts.collect::<Result<_, _>>().doing("read")?;
    outbox(connection, &mut kept)?;
    Ok(Read { kept, extents })
}

fn room(row: &Row<'_>) -> rusqlite::Result<(Room, Revision)> {
    let role: String = row.get(3)?;
    let role = Role::ALL.iter().copied().find(|known| known.word() == role);
    let title: String = row.get(1)?;
    let mut room = Room::new(room_id(row.get(0)?), &title, role.unwrap_or(Role::Unknown));
    room.topic = row.get(2)?;
    room.member_count = row.get(4)?;
    room.unread = row.get(5)?;
    room.read = Seq(row.get::<_, i64>(8)?.unsigned_abs());
    room.mentions = row.get(9)?;
    room.draft.insert(&row.get::<_, String>(6)?);
    room.muted = row.get(10)?;
    Ok((room, Revision(row.get::<_, i64>(7)?.unsigned_abs())))
}

/// Puts what was said and done into a room.
fn converse(connection: &Connection, room: &mut Room) -> Result<Extent, CacheError> {
    let mut extent = Extent::default();
    each_entry(connection, room.id, |place, change| {
        extent.extend(place, seq_of(&change.change));
        if let Some(what) = What::of(&change.change) {
            room.timeline.push(change.at, what);
        }
        if let Change::Departed(Departed { user, how: Departure::Removed, .. }) = &change.change.0 {
            room.timeline.mark_removed(user.as_str());
        }
    })?;
    if extent.seqs.is_some_and(|(first, _)| first == Seq(1)) {
        room.timeline.set_before(Before::Nothing);
    }
    Ok(extent)
}

/// Which entries there are of a room.
pub(super) fn extent(connection: &Connection, room: RoomId) -> Result<Extent, CacheError> {
    let mut extent = Extent::default();
    each_entry(connection, room, |place, change| extent.extend(place, seq_of(&change.change)))?;
    Ok(extent)
}

fn each_entry(
    connection: &Connection,
    room: RoomId,
    mut take: impl FnMut(i64, RoomChange),
) -> Result<(), CacheError> {
    let mut statement = connection
        .prepare_cached("SELECT place, change FROM entry WHERE room = ?1 ORDER BY place")
        .doing("read")?;
    let mut rows = statement.query([number(room)]).doing("read")?;
    while let Some(row) = rows.next().doing("read")? {
        let bytes = row.get_ref(1).and_then(|value| Ok(value.as_blob()?)).doing("read")?;
        let change = RoomChange::decode(bytes);
        let change = change.map_err(|error| CacheError::Damaged(error.to_string()))?;
        take(row.get(0).doing("read")?, change);
    }
    Ok(())
}

fn outbox(connection: &Connection, kept: &mut Kept) -> Result<(), CacheError> {
    let mut statement = connection
        .prepare("SELECT id, room, text, kind, nonce, refused FROM outbox ORDER BY id")
        .doing("read")?;
    let rows = statement.query_map([], message).doing("read")?;
    for row in rows {
        let (waiting, refused) = row.doing("read")?;
        kept.next_local = LocalId(waiting.local.0 + 1);
        let Some(room) = kept.rooms.iter_mut().find(|room| room.id == waiting.room) else {
            continue;
        };
        let state = refused.clone().map_or(SendState::Queued, SendState::Refused);
        room.unsent.push(Unsent {
            local: waiting.local,
            text: waiting.text.clone(),
            kind: waiting.kind,
            state,
        });
        if refused.is_none() {
            kept.outbox.push(waiting);
        }
    }
    Ok(())
}

/// Messages whose room is gone wait for nothing any more: they are texts for their user.
pub(super) fn take_in_homeless(connection: &mut Connection) -> Result<(), CacheError> {
    let transaction = connection.transaction().doing("write")?;
    let strays = "FROM outbox WHERE room NOT IN (SELECT id FROM room)";
    let moved = format!("INSERT INTO homeless (text) SELECT text {strays} ORDER BY id");
    if transaction.execute(&moved, []).doing("write")? > 0 {
        transaction.execute(&format!("DELETE {strays}"), []).doing("write")?;
    }
    transaction.commit().doing("write")
}

/// A message of the outbox, and why it was refused if it was.
pub(super) fn message(row: &Row<'_>) -> rusqlite::Result<(Waiting, Option<String>)> {
    let waiting = Waiting {
        local: LocalId(row.get::<_, i64>(0)?.unsigned_abs()),
        room: room_id(row.get(1)?),
        text: row.get(2)?,
        kind: kind(row.get_ref(3)?.as_str()?),
        nonce: row.get::<_, Option<[u8; 16]>>(4)?.map(Nonce::from_bytes),
    };
    Ok((waiting, row.get(5)?))
}

fn kind(word: &str) -> MessageKind {
    let known = MessageKind::ALL.iter().find(|kind| kind.word() == word);
    known.copied().unwrap_or(MessageKind::Said)
}

pub(super) fn room_id(number: i64) -> RoomId {
    RoomId::from_random(number.unsigned_abs())
}
