//! Values as columns, and columns as values.

use std::str::FromStr;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::entry::{Ended, InviteEnd, RequestEnd};
use parlor_protocol::id::{Bytes, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::DisplayName;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::room::{Departure, Entry, Role, Visibility};
use parlor_protocol::text::Topic;
use rusqlite::Row;
use rusqlite::types::{Type, ValueRef};

use crate::rooms::{Association, Ban, BanNotice, Posted, Rank, Standing, Status, UserId};

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
    optional(row, column, parsed)
}

pub(super) fn display_name(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<DisplayName>> {
    optional(row, column, |row, column| Ok(DisplayName::taken(row.get_ref(column)?.as_str()?)))
}

pub(super) fn key(row: &Row<'_>, column: usize) -> rusqlite::Result<Bytes<32>> {
    row.get(column).map(Bytes)
}

/// A value that is known by its word.
pub(super) trait Word: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];
    /// What is wrong with another word.
    const NONE: &'static str;

    fn word(self) -> &'static str;
}

macro_rules! words {
    ($($type:ident, $none:literal;)*) => {$(
        impl Word for $type {
            const ALL: &'static [Self] = $type::ALL;
            const NONE: &'static str = $none;

            fn word(self) -> &'static str {
                $type::word(self)
            }
        }
    )*};
}
words! {
    MessageKind, "there is no such kind of message";
    Role, "there is no such role";
    Departure, "no membership ends in this way";
    Visibility, "there is no such visibility";
    Entry, "there is no such rule of entry";
    Ended, "nothing ends in this way";
    RequestEnd, "no request ends in this way";
    InviteEnd, "no invite ends in this way";
    NotificationKind, "there is no such kind of notification";
    SignUpMode, "there is no such sign-up mode";
    Status, "no account is that";
}

/// The value of a word.
pub(super) fn word<T: Word>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let word = row.get_ref(column)?.as_str()?;
    let known = T::ALL.iter().copied().find(|value| value.word() == word);
    known.ok_or_else(|| unreadable(column, T::NONE))
}

/// What may be NULL.
pub(super) fn optional<T>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(&Row<'_>, usize) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => read(row, column).map(Some),
    }
}

pub(super) fn rank_word(rank: Rank) -> &'static str {
    match rank {
        Rank::Admin => "admin",
        Rank::Owner => "owner",
    }
}

pub(super) fn rank(row: &Row<'_>, column: usize) -> rusqlite::Result<Rank> {
    match row.get_ref(column)?.as_str()? {
        "admin" => Ok(Rank::Admin),
        "owner" => Ok(Rank::Owner),
        _ => Err(unreadable(column, "nobody bans as that")),
    }
}

pub(super) fn notice_word(notice: BanNotice) -> &'static str {
    match notice {
        BanNotice::Told => "told",
        BanNotice::Silent => "silent",
    }
}

pub(super) fn notice(row: &Row<'_>, column: usize) -> rusqlite::Result<BanNotice> {
    match row.get_ref(column)?.as_str()? {
        "told" => Ok(BanNotice::Told),
        "silent" => Ok(BanNotice::Silent),
        _ => Err(unreadable(column, "no ban is told like that")),
    }
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

/// The columns of an association, of the table `a`, in the order in which [`association`] reads
/// them.
pub(super) const ASSOCIATION: &str = "a.since, a.ended, a.must_ask, a.denied_at, a.requested_at, \
     a.invited_until, a.banned_at, a.banned_until, a.ban_rank, a.ban_notice";

/// An association, from `column` on; `None` where the row has none.
pub(super) fn association(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Association>> {
    let Some(since) = optional(row, column, time)? else { return Ok(None) };
    let ban = match optional(row, column + 6, time)? {
        None => None,
        Some(_) => Some(Ban {
            until: optional(row, column + 7, time)?,
            rank: rank(row, column + 8)?,
            notice: notice(row, column + 9)?,
        }),
    };
    Ok(Some(Association {
        since,
        ended: optional(row, column + 1, word)?,
        must_ask: row.get(column + 2)?,
        denied_at: optional(row, column + 3, time)?,
        requested_at: optional(row, column + 4, time)?,
        invited_until: optional(row, column + 5, time)?,
        ban,
    }))
}
