//! Pages of what was said and done in a room.

use parlor_protocol::entry::{Ban, Invite, JoinRequest};
use parlor_protocol::id::{Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::{
    Changes, Direction, History, ListChanges, Message, MessageKind, Messages,
};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::push::{
    Change, Departed, InviteEnded, Renamed, RequestEnded, RoleChanged, RoomChange, SlowModeChanged,
    TopicChanged, Unbanned,
};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Member, Role};
use parlor_protocol::text::Reason;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::readers::{Asked, Generation, Page, Pushed, ReadError, Readers, find_as_member};
use super::rows::{int, natural, optional, parsed, room_int, time, topic, unreadable, word};
use crate::rooms::{Action, UserId};

impl Readers {
    /// A page of the messages of a room in which `user` is a member.
    pub(crate) fn history(&self, user: UserId, asked: &History) -> Asked<(Messages, Generation)> {
        self.read("read history from", |connection| {
            let (room, mine) = match find_as_member(connection, user, asked.room, Action::TakePart)?
            {
                Ok(found) => found,
                Err(code) => return Ok(Err(code.into())),
            };
            let mut page = Page::new(asked.limit);
            let sql = match asked.direction {
                Direction::Before => {
                    "SELECT m.seq, m.at, u.name, m.text, m.kind, u.status = 'removed' FROM messages m
                     JOIN users u ON u.id = m.author
                     WHERE m.room = ?1 AND m.seq < ?2 ORDER BY m.seq DESC LIMIT ?3"
                }
                Direction::After => {
                    "SELECT m.seq, m.at, u.name, m.text, m.kind, u.status = 'removed' FROM messages m
                     JOIN users u ON u.id = m.author
                     WHERE m.room = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3"
                }
                Direction::Unknown => return Ok(Err(Code::BadRequest.into())),
            };
            let start = match (asked.seq, asked.direction) {
                (Some(seq), _) => int(seq.0),
                (None, Direction::Before) => i64::MAX,
                (None, Direction::After | Direction::Unknown) => 0,
            };
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows =
                statement.query(params![room_int(asked.room), start, page.rows_max()])?;
            let mut more = false;
            while let Some(row) = rows.next()? {
                if page.push(message(row)?)? == Pushed::Full {
                    more = true;
                    break;
                }
            }
            if asked.direction == Direction::Before {
                page.elements.reverse();
            }
            let messages = page.into_records();
            Ok(Ok((Messages { messages, more, as_of: room.revision }, mine.generation)))
        })
    }

    /// What happened after a revision in a room in which `user` is a member: every revision from
    /// there on, each once and in order, whether it is a message or another change.
    pub(crate) fn changes(
        &self,
        user: UserId,
        asked: &ListChanges,
    ) -> Asked<(Changes, Generation)> {
        self.read("read changes from", |connection| {
            let (room, mine) = match find_as_member(connection, user, asked.room, Action::TakePart)?
            {
                Ok(found) => found,
                Err(code) => return Ok(Err(code.into())),
            };
            if asked.since > room.revision {
                // The client saw more than there is, as after a restored backup: what it has of
                // the room is not ours.
                return Ok(Err(Code::TooOld.into()));
            }
            let mut page = Page::new(asked.limit);
            let reader = Reader { room: asked.room, title: &room.title, role: mine.role };
            let last_seq = last_seq_at(connection, asked.room, asked.since)?;
            if last_seq < room.dropped {
                return Ok(Err(Code::TooOld.into()));
            }
            fill(connection, &reader, (asked.since, last_seq), &mut page)?;
            let reached = page.elements.last().map_or(asked.since, |change| change.revision);
            let more = reached < room.revision;
            let changes = page.into_records();
            Ok(Ok((Changes { changes, more, as_of: room.revision }, mine.generation)))
        })
    }
}

/// Who reads which room.
pub(super) struct Reader<'a> {
    pub(super) room: RoomId,
    pub(super) title: &'a Title,
    pub(super) role: Role,
}

/// The last message that there was at a revision.
fn last_seq_at(connection: &Connection, room: RoomId, at: Revision) -> Result<Seq, ReadError> {
    // Of the revisions up to it, this many were no messages.
    let others = connection
        .prepare_cached(
            "SELECT nth FROM changes WHERE room = ?1 AND revision <= ?2
             ORDER BY revision DESC LIMIT 1",
        )?
        .query_row(params![room_int(room), int(at.0)], |row| natural(row, 0))
        .optional()?
        .unwrap_or(0);
    at.0.checked_sub(others).map(Seq).ok_or_else(|| gap(room, at))
}

/// Merges messages and other changes by revision, until the page is full or both are at their end.
fn fill(
    connection: &Connection,
    reader: &Reader<'_>,
    (since, last_seq): (Revision, Seq),
    page: &mut Page<RoomChange>,
) -> Result<(), ReadError> {
    let room = reader.room;
    let mut messages = connection.prepare_cached(
        "SELECT m.seq, m.at, u.name, m.text, m.kind, u.status = 'removed', m.revision FROM messages m
         JOIN users u ON u.id = m.author
         WHERE m.room = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3",
    )?;
    let mut messages = messages
        .query_map(params![room_int(room), int(last_seq.0), page.rows_max()], message_change)?;
    let mut others = connection.prepare_cached(
        "SELECT c.revision, c.at, c.kind, u.name, c.role, c.how, c.text, b.name, c.number
         FROM changes c
         LEFT JOIN users u ON u.id = c.user
         LEFT JOIN users b ON b.id = c.by
         WHERE c.room = ?1 AND c.revision > ?2 ORDER BY c.revision LIMIT ?3",
    )?;
    let mut others = others
        .query_map(params![room_int(room), int(since.0), page.rows_max()], |row| {
            other_change(row, reader)
        })?;

    let mut message = messages.next().transpose()?;
    let mut other = others.next().transpose()?;
    let mut expected = since.next();
    loop {
        let is_next = |change: &RoomChange| change.revision == expected;
        let change = if let Some(change) = message.take_if(|change| is_next(change)) {
            message = messages.next().transpose()?;
            change
        } else if let Some(change) = other.take_if(|change| is_next(change)) {
            other = others.next().transpose()?;
            change
        } else if message.is_none() && other.is_none() {
            return Ok(());
        } else {
            return Err(gap(room, expected));
        };
        if page.push(change)? == Pushed::Full {
            return Ok(());
        }
        expected = expected.next();
    }
}

fn gap(room: RoomId, revision: Revision) -> ReadError {
    ReadError::Damaged(format!("room {room} lacks its revision {revision}"))
}

/// A message, of the columns of a page of history.
pub(super) fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: Seq(natural(row, 0)?),
        at: time(row, 1)?,
        author: parsed(row, 2)?,
        text: parsed(row, 3)?,
        kind: optional(row, 4, word)?.unwrap_or(MessageKind::Said),
        author_removed: row.get(5)?,
    })
}

fn message_change(row: &Row<'_>) -> rusqlite::Result<RoomChange> {
    let message = message(row)?;
    let (revision, at) = (Revision(natural(row, 6)?), message.at);
    Ok(RoomChange { revision, at, change: Change::Message(message).into() })
}

/// A change that is no message, of the columns of a page of changes.
pub(super) fn other_change(row: &Row<'_>, reader: &Reader<'_>) -> rusqlite::Result<RoomChange> {
    let (revision, at) = (Revision(natural(row, 0)?), time(row, 1)?);
    let user = || parsed::<UserName>(row, 3);
    let by = || optional(row, 7, parsed::<UserName>);
    let reason = || optional(row, 6, parsed::<Reason>);
    let change = match row.get_ref(2)?.as_str()? {
        "created" => Change::Created(user()?),
        // Whoever joins is a plain member at that moment, whatever they are now.
        "joined" => Change::Joined(Member {
            user: user()?,
            role: Role::Member,
            joined_at: at,
            online: None,
            display_name: None,
        }),
        "departed" => Change::Departed(Departed {
            user: user()?,
            how: word(row, 5)?,
            by: by()?,
            reason: reason()?,
        }),
        "role-changed" => Change::RoleChanged(RoleChanged { user: user()?, role: word(row, 4)? }),
        "terminated" => Change::Terminated,
        "topic-changed" => {
            Change::TopicChanged(TopicChanged { by: user()?, topic: topic(row, 6)? })
        }
        "renamed" => {
            let title = Title::taken(row.get_ref(6)?.as_str()?);
            Change::Renamed(Renamed { by: user()?, title })
        }
        "slow-mode-changed" => {
            Change::SlowModeChanged(SlowModeChanged { by: user()?, secs: row.get(8)? })
        }
        kind => of_entry(row, reader, kind, at)?,
    };
    Ok(RoomChange { revision, at, change: change.into() })
}

/// A change that only admins see; to plain members it is withheld.
fn of_entry(
    row: &Row<'_>,
    reader: &Reader<'_>,
    kind: &str,
    at: Timestamp,
) -> rusqlite::Result<Change> {
    let room = reader.room;
    let user = parsed::<UserName>(row, 3)?;
    let by = optional(row, 7, parsed::<UserName>)?;
    let by_whom = || by.clone().ok_or_else(|| unreadable(7, "nobody did it"));
    let reason = || optional(row, 6, parsed::<Reason>);
    let until = || optional(row, 8, time);
    let change = match kind {
        "requested" => Change::Requested(JoinRequest { room, user, reason: reason()?, at }),
        "request-ended" => {
            Change::RequestEnded(RequestEnded { user, how: word(row, 5)?, by, reason: reason()? })
        }
        "invited" => {
            let until = until()?.ok_or_else(|| unreadable(8, "an invite has an end"))?;
            let title = reader.title.clone();
            Change::Invited(Invite { room, title, user, by: by_whom()?, at, until })
        }
        "invite-ended" => Change::InviteEnded(InviteEnded { user, how: word(row, 5)?, by }),
        "banned" => Change::Banned(Ban {
            room,
            user,
            by: by_whom()?,
            reason: reason()?,
            at,
            until: until()?,
        }),
        "unbanned" => Change::Unbanned(Unbanned { user, by }),
        "forgotten" => Change::Withheld,
        _ => return Err(unreadable(2, "there is no such kind of change")),
    };
    match reader.role {
        Role::Admin | Role::Owner => Ok(change),
        Role::Member | Role::Unknown => Ok(Change::Withheld),
    }
}
