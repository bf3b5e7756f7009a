//! Listings: rooms by title, one room, and the members of a room.

use parlor_protocol::id::{Revision, RoomId, Seq};
use parlor_protocol::name::{MAX_LABEL_BYTES, Title, title_key};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{
    ListMembers, ListRooms, Member, Members, Room, RoomRef, Rooms, Scope, Visibility,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::operators::permit_operator;
use super::readers::{
    Asked, Generation, Mine, Page, Readers, RoomRow, fill_page, find, find_as_member,
};
use super::rows::{
    display_name, natural, optional, parsed, room, room_int, time, topic, user_int, word,
};
use crate::clock::now;
use crate::rooms::{Action, UserId};

impl Readers {
    /// A page of live rooms by title, each as `user` may see it.
    pub(crate) fn rooms(&self, user: UserId, asked: &ListRooms) -> Asked<Rooms> {
        if asked.search.len() > MAX_LABEL_BYTES {
            return Ok(Err(Code::TooLong.into()));
        }
        let search = title_key(&asked.search);
        self.read("list the rooms in", |connection| {
            let seen = "r.id, r.title, r.topic, r.visibility, r.entry, r.slow_secs, r.revision,
                        r.last_seq, r.members, m.role, m.read,
                        CASE WHEN m.role IS NOT NULL THEN
                            (SELECT count(*) FROM mentions n
                             WHERE n.room = r.id AND n.user = ?1
                                   AND n.seq > max(m.read, r.dropped_seq))
                        END,
                        r.key, r.dropped_seq";
            let sql = match asked.scope {
                // Private rooms are listed to those who are in them.
                Scope::Public => format!(
                    "SELECT {seen}
                     FROM rooms r LEFT JOIN members m ON m.room = r.id AND m.user = ?1
                     WHERE r.key > ?2 AND (?3 = '' OR instr(r.key, ?3))
                           AND (r.visibility = 'public' OR m.role IS NOT NULL)
                           AND NOT EXISTS (
                               SELECT 1 FROM associations a
                               WHERE a.room = r.id AND a.user = ?1 AND a.banned_at IS NOT NULL
                                     AND (a.banned_until IS NULL OR a.banned_until > ?5))
                     ORDER BY r.key LIMIT ?4"
                ),
                Scope::Mine => format!(
                    "SELECT {seen}
                     FROM members m JOIN rooms r ON r.id = m.room
                     WHERE m.user = ?1 AND r.key > ?2 AND (?3 = '' OR instr(r.key, ?3))
                     ORDER BY r.key LIMIT ?4"
                ),
                Scope::All => {
                    if let Err(code) = permit_operator(connection, user)? {
                        return Ok(Err(code.into()));
                    }
                    format!(
                        "SELECT {seen}
                         FROM rooms r LEFT JOIN members m ON m.room = r.id AND m.user = ?1
                         WHERE r.key > ?2 AND (?3 = '' OR instr(r.key, ?3))
                         ORDER BY r.key LIMIT ?4"
                    )
                }
                Scope::Unknown => return Ok(Err(Code::BadRequest.into())),
            };
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(&sql)?;
            let after = asked.after.as_deref().unwrap_or("");
            let (user, limit) = (user_int(user), page.rows_max());
            let mut rows = match asked.scope {
                Scope::Public => statement.query(params![user, after, search, limit, now().0])?,
                Scope::Mine | Scope::All | Scope::Unknown => {
                    statement.query(params![user, after, search, limit])?
                }
            };
            let next = fill_page(&mut page, &mut rows, |row| {
                let mut room = listed(row)?;
                // What a private room is about is for those who are in it, operators or not.
                if room.visibility != Visibility::Public && room.role.is_none() {
                    room.topic = None;
                }
                Ok((room, row.get(12)?))
            })?;
            Ok(Ok(Rooms { rooms: page.into_records(), next }))
        })
    }

    /// One room, as `user` may see it.
    pub(crate) fn find_room(&self, user: UserId, asked: &RoomRef) -> Asked<Room> {
        self.read("look for a room in", |connection| {
            let id = match asked {
                RoomRef::Id(id) => Some(*id),
                RoomRef::Title(title) if title.len() > MAX_LABEL_BYTES => None,
                RoomRef::Title(title) => by_title(connection, title)?,
                RoomRef::Unknown => return Ok(Err(Code::BadRequest.into())),
            };
            let Some(id) = id else { return Ok(Err(Code::NoSuchRoom.into())) };
            let found = find(connection, user, id, Action::Look)?;
            Ok(found.map_err(Into::into).map(|row| seen(id, row)))
        })
    }

    /// A page of the members of a room in which `user` is one, in the order in which they joined.
    pub(crate) fn members(
        &self,
        user: UserId,
        asked: &ListMembers,
    ) -> Asked<(Members, Generation)> {
        let Ok(after) = asked.after.as_deref().unwrap_or("0").parse::<i64>() else {
            return Ok(Err(Code::BadRequest.into()));
        };
        self.read("list the members in", |connection| {
            let (_, mine) = match find_as_member(connection, user, asked.room, Action::TakePart)? {
                Ok(found) => found,
                Err(code) => return Ok(Err(code.into())),
            };
            // The hub puts in each member's display name of the moment.
            let mut page = Page::new(asked.limit).with_room_to_grow(MAX_LABEL_BYTES);
            let mut statement = connection.prepare_cached(
                "SELECT u.name, m.role, m.joined_at, m.joined, u.display_name FROM members m
                 JOIN users u ON u.id = m.user
                 WHERE m.room = ?1 AND m.joined > ?2 ORDER BY m.joined LIMIT ?3",
            )?;
            let mut rows =
                statement.query(params![room_int(asked.room), after, page.rows_max()])?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let member = Member {
                    user: parsed(row, 0)?,
                    role: word(row, 1)?,
                    joined_at: time(row, 2)?,
                    online: None,
                    display_name: display_name(row, 4)?,
                };
                Ok((member, natural(row, 3)?.to_string()))
            })?;
            Ok(Ok((Members { members: page.into_records(), next }, mine.generation)))
        })
    }
}

fn by_title(connection: &Connection, title: &str) -> rusqlite::Result<Option<RoomId>> {
    connection
        .prepare_cached("SELECT id FROM rooms WHERE key = ?1")?
        .query_row([title_key(title)], |row| room(row, 0))
        .optional()
}

/// A line of a listing.
fn listed(row: &Row<'_>) -> rusqlite::Result<Room> {
    let mine = match optional(row, 9, word)? {
        None => None,
        Some(role) => Some(Mine {
            role,
            generation: Generation(Revision(0)),
            read: Seq(natural(row, 10)?),
            mentions: row.get(11)?,
        }),
    };
    let found = RoomRow {
        title: Title::taken(row.get_ref(1)?.as_str()?),
        topic: topic(row, 2)?,
        visibility: word(row, 3)?,
        entry: word(row, 4)?,
        slow_secs: row.get(5)?,
        revision: Revision(natural(row, 6)?),
        last_seq: Seq(natural(row, 7)?),
        dropped: Seq(natural(row, 13)?),
        members: row.get(8)?,
        mine,
    };
    Ok(seen(room(row, 0)?, found))
}

/// A room as its reader sees it. What only members know is there for members only.
fn seen(room: RoomId, row: RoomRow) -> Room {
    let mine = row.mine;
    Room {
        room,
        title: row.title,
        members: row.members,
        role: mine.map(|mine| mine.role),
        last_seq: mine.map(|_| row.last_seq),
        revision: mine.map(|_| row.revision),
        topic: row.topic,
        visibility: row.visibility,
        entry: row.entry,
        slow_secs: row.slow_secs,
        read: mine.map(|mine| mine.read),
        unread: mine.map(|mine| row.last_seq.0.saturating_sub(mine.read.max(row.dropped).0)),
        mentions: mine.map(|mine| mine.mentions),
    }
}

/// Makes the keys of all live titles again, by the tables of Unicode that we have now.
pub(super) fn make_keys_anew(connection: &Connection, version: &str) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let titles = transaction
        .prepare("SELECT id, title FROM rooms WHERE key IS NOT NULL")?
        .query_map([], |row| Ok((room(row, 0)?, Title::taken(row.get_ref(1)?.as_str()?))))?
        .collect::<Result<Vec<_>, _>>()?;
    for (room, title) in titles {
        transaction
            .prepare_cached("UPDATE rooms SET key = ?2, skeleton = ?3 WHERE id = ?1")?
            .execute(params![room_int(room), title.key(), title.skeleton()])?;
    }
    transaction.execute("UPDATE meta SET unicode_version = ?1", [version])?;
    transaction.commit()
}
