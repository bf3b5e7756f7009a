//! What operators look up: users, sign-ups that wait, codes, the sign-up mode, and rooms by name.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::name::{UserName, has_room_id_form, title_key};
use rusqlite::{OptionalExtension, params};

use super::StoreError;
use super::accounts::UserLine;
use super::readers::Readers;
use super::rows::{
    display_name, natural, optional, parsed, room, room_int, standing, time, user, word,
};
use crate::rooms::{SignUpCode, Standing, UserId};

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

impl Readers {
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
            let mut statement = connection.prepare_cached(
                "SELECT name, created_at FROM users WHERE status = 'waiting' AND name > ?1
                 ORDER BY name LIMIT ?2",
            )?;
            let after = after.map_or("", UserName::as_str);
            let lines = statement
                .query_map(params![after, limit], |row| Ok((parsed(row, 0)?, time(row, 1)?)))?;
            Ok(lines.collect::<Result<_, _>>()?)
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
