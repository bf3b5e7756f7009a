//! Values as columns, and columns as values.

use std::str::FromStr;

use parlor_protocol::id::{Bytes, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::room::{Departure, Role};
use parlor_protocol::text::Topic;
use rusqlite::Row;
use rusqlite::types::{Type, ValueRef};

use crate::rooms::{Posted, Standing, UserId};

/// A number as SQLite holds it.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).expect("invariant: what is counted from 1 does not reach 2^63")
}

/// A room's ID as SQLite holds it.
pub(super) fn room_int(room: RoomId) -> i64 {
    int(room.to_bits())
}

/// A user's number as SQLite holds it.
pub(super) fn user_int(user: UserId) -> i64 {
    int(user.0)
}

/// A number that is never negative.
pub(super) fn natural(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

pub(super) fn user(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    natural(row, column).map(UserId)
}

pub(super) fn room(row: &Row<'_>, column: usize) -> rusqlite::Result<RoomId> {
    let bits = natural(row, column)?;
    let room = RoomId::from_random(bits);
    if room.to_bits() != bits {
        return Err(unreadable(column, "a room ID has 50 bits"));
    }
    Ok(room)
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp)
}

/// Where a message went: its seq, its revision and its time, from `column` on.
pub(super) fn posted(row: &Row<'_>, column: usize) -> rusqlite::Result<Posted> {
    Ok(Posted {
        seq: Seq(natural(row, column)?),
        revision: Revision(natural(row, column + 1)?),
        at: time(row, column + 2)?,
    })
}

/// A text that is valid once parsed.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// A topic, or none.
pub(super) fn topic(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Topic>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => parsed(row, column).map(Some),
    }
}

pub(super) fn key(row: &Row<'_>, column: usize) -> rusqlite::Result<Bytes<32>> {
    row.get(column).map(Bytes)
}

pub(super) fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    let word = row.get_ref(column)?.as_str()?;
    Role::ALL
        .iter()
        .copied()
        .find(|role| role.word() == word)
        .ok_or_else(|| unreadable(column, "there is no such role"))
}

pub(super) fn departure(row: &Row<'_>, column: usize) -> rusqlite::Result<Departure> {
    let word = row.get_ref(column)?.as_str()?;
    Departure::ALL
        .iter()
        .copied()
        .find(|how| how.word() == word)
        .ok_or_else(|| unreadable(column, "no membership ends in this way"))
}

/// The word by which the store knows a standing.
pub(super) fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Ordinary => "ordinary",
        Standing::Operator => "operator",
    }
}

pub(super) fn standing(row: &Row<'_>, column: usize) -> rusqlite::Result<Standing> {
    match row.get_ref(column)?.as_str()? {
        "ordinary" => Ok(Standing::Ordinary),
        "operator" => Ok(Standing::Operator),
        _ => Err(unreadable(column, "there is no such standing")),
    }
}

/// A column that holds what cannot be.
pub(super) fn unreadable(column: usize, why: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
