//! What operators look up: users, sign-ups that wait, codes, the sign-up mode, and rooms by name.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::name::{Title, UserName, has_room_id_form, title_key};
use parlor_protocol::operator::{ListSignUps, SignUp, SignUps};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Entry, Role, Visibility};
use parlor_protocol::text::Topic;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;
use super::accounts::UserLine;
use super::readers::{Asked, Page, Readers, fill_page};
use super::rows::{
    display_name, int, natural, optional, parsed, room, room_int, standing, time, topic, user,
    user_int, word,
};
use crate::rooms::{Action, Part, SignUpCode, Standing, UserId, may};

/// A line of the list of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeLine {
    pub(crate) code: SignUpCode,
    pub(crate) uses: u32,
    pub(crate) until: Timestamp,
    pub(crate) standing: Standing,
}

/// What the store knows of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownUser {
    pub(crate) id: UserId,
    pub(crate) line: UserLine,
    pub(crate) created_at: Timestamp,
    pub(crate) status_at: Timestamp,
    pub(crate) devices: u32,
    pub(crate) rooms: u32,
}

/// A room as operators see it: what it is called and how big it is, and nothing that is said in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoomLine {
    pub(crate) id: RoomId,
    pub(crate) title: Title,
    /// Of public rooms, which everybody sees.
    pub(crate) topic: Option<Topic>,
    pub(crate) visibility: Visibility,
    pub(crate) entry: Entry,
    pub(crate) members: u32,
    /// Nobody owns a room that has ended.
    pub(crate) owner: Option<UserName>,
    pub(crate) created_at: Timestamp,
    pub(crate) terminated_at: Option<Timestamp>,
}

/// A member as operators see them; `joined` says behind whom the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberLine {
    pub(crate) user: UserName,
    pub(crate) role: Role,
    pub(crate) joined_at: Timestamp,
    pub(crate) joined: u64,
}

/// The next sign-ups that wait, by name.
const SIGN_UPS: &str = "SELECT name, created_at FROM users
    WHERE status = 'waiting' AND name > ?1 ORDER BY name LIMIT ?2";

/// The columns of a [`RoomLine`].
const ROOM_LINE: &str = "r.id, r.title, CASE r.visibility WHEN 'public' THEN r.topic END,
    r.visibility, r.entry, CASE WHEN r.terminated_at IS NULL THEN r.members ELSE 0 END,
    (SELECT u.name FROM members m JOIN users u ON u.id = m.user
     WHERE m.room = r.id AND m.role = 'owner' AND r.terminated_at IS NULL),
    r.created_at, r.terminated_at";

impl Readers {
    /// The next live rooms by title, `limit` of them at most, and where the next page begins.
    pub(crate) fn all_rooms(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<RoomLine>, Option<String>), StoreError> {
        self.read("list the rooms in", |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {ROOM_LINE}, r.key FROM rooms r WHERE r.key > ?1 ORDER BY r.key LIMIT ?2"
            ))?;
            let lines = statement.query_map(params![after.unwrap_or(""), limit], |row| {
                Ok((room_line(row)?, row.get(9)?))
            })?;
            let lines: Vec<(RoomLine, String)> = lines.collect::<Result<_, _>>()?;
            let next = lines.last().map(|(_, key)| key.clone());
            Ok((lines.into_iter().map(|(line, _)| line).collect(), next))
        })
    }

    /// The room of this ID, also one that has ended and is not forgotten.
    pub(crate) fn room_line(&self, id: RoomId) -> Result<Option<RoomLine>, StoreError> {
        self.read("look for a room in", |connection| {
            let sql = format!("SELECT {ROOM_LINE} FROM rooms r WHERE r.id = ?1");
            Ok(connection.prepare_cached(&sql)?.query_row([room_int(id)], room_line).optional()?)
        })
    }

    /// The next members of a room in the order in which they joined, `limit` of them at most.
    pub(crate) fn members_of(
        &self,
        id: RoomId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<MemberLine>, StoreError> {
        self.read("list the members in", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT u.name, m.role, m.joined_at, m.joined
                 FROM members m JOIN users u ON u.id = m.user
                 WHERE m.room = ?1 AND m.joined > ?2 ORDER BY m.joined LIMIT ?3",
            )?;
            let lines = statement.query_map(params![room_int(id), int(after), limit], |row| {
                Ok(MemberLine {
                    user: parsed(row, 0)?,
                    role: word(row, 1)?,
                    joined_at: time(row, 2)?,
                    joined: natural(row, 3)?,
                })
            })?;
            Ok(lines.collect::<Result<_, _>>()?)
        })
    }

    /// The user of this name. One whose sign-up was denied is nobody.
    pub(crate) fn known_user(&self, name: &UserName) -> Result<Option<KnownUser>, StoreError> {
        self.read("look for a user in", |connection| {
            let found = connection
                .prepare_cached(
                    "SELECT id, name, standing, status, created_at, status_at,
                         (SELECT count(*) FROM devices WHERE user = users.id),
                         (SELECT count(*) FROM members WHERE user = users.id), display_name
                     FROM users WHERE name = ?1 AND status <> 'denied'",
                )?
                .query_row([name.as_str()], |row| {
                    Ok(KnownUser {
                        id: user(row, 0)?,
                        line: UserLine {
                            name: parsed(row, 1)?,
                            display_name: display_name(row, 8)?,
                            standing: standing(row, 2)?,
                            status: word(row, 3)?,
                        },
                        created_at: time(row, 4)?,
                        status_at: time(row, 5)?,
                        devices: row.get(6)?,
                        rooms: row.get(7)?,
                    })
                })
                .optional()?;
            Ok(found)
        })
    }

    /// The next sign-ups that wait, by name, `limit` of them at most, after the name `after`.
    pub(crate) fn sign_ups(
        &self,
        after: Option<&UserName>,
        limit: u32,
    ) -> Result<Vec<(UserName, Timestamp)>, StoreError> {
        self.read("list the sign-ups in", |connection| {
            let mut statement = connection.prepare_cached(SIGN_UPS)?;
            let after = after.map_or("", UserName::as_str);
            let lines = statement
                .query_map(params![after, limit], |row| Ok((parsed(row, 0)?, time(row, 1)?)))?;
            Ok(lines.collect::<Result<_, _>>()?)
        })
    }

    /// A page of the sign-ups that wait, for a user who is an operator.
    pub(crate) fn waiting_sign_ups(&self, reader: UserId, asked: &ListSignUps) -> Asked<SignUps> {
        let after = asked.after.as_deref().unwrap_or("");
        self.read("list the sign-ups in", |connection| {
            if let Err(code) = permit_operator(connection, reader)? {
                return Ok(Err(code.into()));
            }
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(SIGN_UPS)?;
            let mut rows = statement.query(params![after, page.rows_max()])?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let sign_up = SignUp { user: parsed(row, 0)?, at: time(row, 1)? };
                let name = sign_up.user.to_string();
                Ok((sign_up, name))
            })?;
            Ok(Ok(SignUps { sign_ups: page.into_records(), next }))
        })
    }

    /// The codes that count at `now`, the first to end first. There are at most 500.
    pub(crate) fn codes(&self, now: Timestamp) -> Result<Vec<CodeLine>, StoreError> {
        self.read("list the codes in", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT code, uses, until, standing FROM codes WHERE until > ?1
                 ORDER BY until, code",
            )?;
            let lines = statement.query_map([now.0], |row| {
                Ok(CodeLine {
                    code: SignUpCode::from_random(natural(row, 0)?),
                    uses: row.get(1)?,
                    until: time(row, 2)?,
                    standing: standing(row, 3)?,
                })
            })?;
            Ok(lines.collect::<Result<_, _>>()?)
        })
    }

    /// The sign-up mode that was set by command.
    pub(crate) fn sign_up_mode(&self) -> Result<Option<SignUpMode>, StoreError> {
        self.read("read the sign-up mode of", |connection| {
            Ok(connection
                .query_row("SELECT sign_up FROM meta", [], |row| optional(row, 0, word))?)
        })
    }

    /// The room that an operator means: a text in the form of an ID is one, otherwise a title is
    /// tried first, then an ID. Only live rooms have a title to be found by.
    pub(crate) fn room_named(&self, named: &str) -> Result<Option<RoomId>, StoreError> {
        self.read("look for a room in", |connection| {
            let by_id = |id: RoomId| {
                connection
                    .prepare_cached("SELECT id FROM rooms WHERE id = ?1")?
                    .query_row([room_int(id)], |row| room(row, 0))
                    .optional()
            };
            let id = named.parse::<RoomId>().ok();
            if let Some(id) = id.filter(|_| has_room_id_form(named)) {
                return Ok(by_id(id)?);
            }
            let by_title = connection
                .prepare_cached("SELECT id FROM rooms WHERE key = ?1")?
                .query_row([title_key(named)], |row| room(row, 0))
                .optional()?;
            match (by_title, id) {
                (None, Some(id)) => Ok(by_id(id)?),
                (found, _) => Ok(found),
            }
        })
    }
}

fn room_line(row: &Row<'_>) -> rusqlite::Result<RoomLine> {
    Ok(RoomLine {
        id: room(row, 0)?,
        title: Title::taken(row.get_ref(1)?.as_str()?),
        topic: topic(row, 2)?,
        visibility: word(row, 3)?,
        entry: word(row, 4)?,
        members: row.get(5)?,
        owner: optional(row, 6, parsed)?,
        created_at: time(row, 7)?,
        terminated_at: optional(row, 8, time)?,
    })
}

/// Whether the rules' table lets the reader do what operators do.
pub(super) fn permit_operator(
    connection: &Connection,
    reader: UserId,
) -> rusqlite::Result<Result<(), Code>> {
    let standing = connection
        .prepare_cached("SELECT standing FROM users WHERE id = ?1 AND status = 'active'")?
        .query_row([user_int(reader)], |row| standing(row, 0))
        .optional()?;
    Ok(may(standing.map_or(Part::Stranger, Standing::part), Action::Operate))
}
