//! Listings: rooms by title, one room, and the members of a room.

use parlor_protocol::id::{Revision, RoomId, Seq};
use parlor_protocol::name::{MAX_LABEL_BYTES, Title, title_key};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{ListMembers, ListRooms, Member, Members, Room, RoomRef, Rooms, Scope};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::readers::{Asked, Generation, Page, Pushed, Readers, find, find_as_member};
use super::rows::{natural, parsed, role, room, room_int, time, topic, user_int};
use crate::rooms::UserId;

impl Readers {
    /// A page of live rooms by title, each as `user` may see it.
    pub(crate) fn rooms(&self, user: UserId, asked: &ListRooms) -> Asked<Rooms> {
        if asked.search.len() > MAX_LABEL_BYTES {
            return Ok(Err(Code::TooLong.into()));
        }
        let search = title_key(&asked.search);
        self.read("list the rooms in", |connection| {
            let sql = match asked.scope {
                Scope::Public => {
                    "SELECT r.id, r.title, r.members, m.role, r.last_seq, r.revision, r.topic,
                            r.key
                     FROM rooms r LEFT JOIN members m ON m.room = r.id AND m.user = ?1
                     WHERE r.key > ?2 AND (?3 = '' OR instr(r.key, ?3))
                     ORDER BY r.key LIMIT ?4"
                }
                Scope::Mine => {
                    "SELECT r.id, r.title, r.members, m.role, r.last_seq, r.revision, r.topic,
                            r.key
                     FROM members m JOIN rooms r ON r.id = m.room
                     WHERE m.user = ?1 AND r.key > ?2 AND (?3 = '' OR instr(r.key, ?3))
                     ORDER BY r.key LIMIT ?4"
                }
                Scope::Unknown => return Ok(Err(Code::BadRequest.into())),
            };
            let mut page = Page::new(asked.limit);
            let (mut reached, mut next) = (None, None);
            let mut statement = connection.prepare_cached(sql)?;
            let after = asked.after.as_deref().unwrap_or("");
            let mut rows =
                statement.query(params![user_int(user), after, search, page.rows_max()])?;
            while let Some(row) = rows.next()? {
                let listed = seen(row)?;
                if page.push(listed)? == Pushed::Full {
                    next = reached;
                    break;
                }
                reached = Some(row.get(7)?);
            }
            Ok(Ok(Rooms { rooms: page.elements.into_iter().map(Record).collect(), next }))
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
            Ok(find(connection, user, id)?.map_err(Into::into).map(|(row, part)| Room {
                room: id,
                title: row.title,
                members: row.members,
                role: part.map(|part| part.role),
                last_seq: part.map(|_| row.last_seq),
                revision: part.map(|_| row.revision),
                topic: row.topic,
            }))
        })
    }

    /// A page of the members of a room in which `user` is one, in the order in which they joined.
    pub(crate) fn members(
        &self,
        user: UserId,
        asked: &ListMembers,
    ) -> Asked<(Members, Generation)> {
        let Ok(after) = asked.after.as_deref().unwrap_or("0").parse::<u32>() else {
            return Ok(Err(Code::BadRequest.into()));
        };
        self.read("list the members in", |connection| {
            let (_, generation) = match find_as_member(connection, user, asked.room)? {
                Ok(found) => found,
                Err(code) => return Ok(Err(code.into())),
            };
            let mut page = Page::new(asked.limit);
            let (mut reached, mut next) = (None, None);
            let mut statement = connection.prepare_cached(
                "SELECT u.name, m.role, m.joined_at, m.joined FROM members m
                 JOIN users u ON u.id = m.user
                 WHERE m.room = ?1 AND m.joined > ?2 ORDER BY m.joined LIMIT ?3",
            )?;
            let mut rows =
                statement.query(params![room_int(asked.room), after, page.rows_max()])?;
            while let Some(row) = rows.next()? {
                let member =
                    Member { user: parsed(row, 0)?, role: role(row, 1)?, joined_at: time(row, 2)? };
                if page.push(member)? == Pushed::Full {
                    next = reached;
                    break;
                }
                reached = Some(natural(row, 3)?.to_string());
            }
            let members = page.elements.into_iter().map(Record).collect();
            Ok(Ok((Members { members, next }, generation)))
        })
    }
}

fn by_title(connection: &Connection, title: &str) -> rusqlite::Result<Option<RoomId>> {
    connection
        .prepare_cached("SELECT id FROM rooms WHERE key = ?1")?
        .query_row([title_key(title)], |row| room(row, 0))
        .optional()
}

/// A line of a listing. What only members know is there for members only.
fn seen(row: &Row<'_>) -> rusqlite::Result<Room> {
    let role = row.get::<_, Option<String>>(3)?.map(|_| role(row, 3)).transpose()?;
    let of_member = |column| role.map(|_| natural(row, column)).transpose();
    Ok(Room {
        room: room(row, 0)?,
        title: Title::taken(row.get_ref(1)?.as_str()?),
        members: row.get(2)?,
        role,
        last_seq: of_member(4)?.map(Seq),
        revision: of_member(5)?.map(Revision),
        topic: topic(row, 6)?,
    })
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
