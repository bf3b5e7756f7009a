//! Listings of who asks to come in, who may and who is kept out; of former rooms; of what a user is
//! told, and whom they block.

use parlor_protocol::entry::{
    Ban, Bans, Blocked, Blocks, FormerRoom, FormerRooms, Invite, Invites, JoinRequest,
    JoinRequests, ListInvites, ListOfRoom, ListOwn,
};
use parlor_protocol::id::{NotificationId, RoomId, Seq};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::notification::{Notification, Notifications};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Role;
use rusqlite::{Connection, Row, params};

use super::readers::{Asked, Generation, Page, Readers, fill_page, find_as_member};
use super::rows::{
    ASSOCIATION, association, natural, optional, parsed, room, room_int, time, user_int, word,
};
use crate::clock::now;
use crate::rooms::{Action, RoomState, Sight, UserId};

impl Readers {
    /// A page of the requests that wait in a room of which `user` is an admin.
    pub(crate) fn requests(
        &self,
        user: UserId,
        asked: &ListOfRoom,
    ) -> Asked<(JoinRequests, Generation)> {
        self.read("list the requests in", |connection| {
            let generation = match as_admin(connection, user, asked.room)? {
                Ok(generation) => generation,
                Err(code) => return Ok(Err(code.into())),
            };
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(
                "SELECT u.name, a.request_reason, a.requested_at FROM associations a
                 JOIN users u ON u.id = a.user
                 WHERE a.room = ?1 AND a.requested_at IS NOT NULL AND u.name > ?2
                 ORDER BY u.name LIMIT ?3",
            )?;
            let after = asked.after.as_deref().unwrap_or("");
            let mut rows =
                statement.query(params![room_int(asked.room), after, page.rows_max()])?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let user: UserName = parsed(row, 0)?;
                let cursor = user.to_string();
                let (reason, at) = (optional(row, 1, parsed)?, time(row, 2)?);
                Ok((JoinRequest { room: asked.room, user, reason, at }, cursor))
            })?;
            Ok(Ok((JoinRequests { requests: page.into_records(), next }, generation)))
        })
    }

    /// A page of the bans of a room of which `user` is an admin.
    pub(crate) fn bans(&self, user: UserId, asked: &ListOfRoom) -> Asked<(Bans, Generation)> {
        self.read("list the bans in", |connection| {
            let generation = match as_admin(connection, user, asked.room)? {
                Ok(generation) => generation,
                Err(code) => return Ok(Err(code.into())),
            };
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(
                "SELECT u.name, b.name, a.ban_reason, a.banned_at, a.banned_until
                 FROM associations a JOIN users u ON u.id = a.user JOIN users b ON b.id = a.banned_by
                 WHERE a.room = ?1 AND a.banned_at IS NOT NULL AND u.name > ?2
                       AND (a.banned_until IS NULL OR a.banned_until > ?4)
                 ORDER BY u.name LIMIT ?3",
            )?;
            let after = asked.after.as_deref().unwrap_or("");
            let params = params![room_int(asked.room), after, page.rows_max(), now().0];
            let mut rows = statement.query(params)?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let user: UserName = parsed(row, 0)?;
                let cursor = user.to_string();
                let ban = Ban {
                    room: asked.room,
                    user,
                    by: parsed(row, 1)?,
                    reason: optional(row, 2, parsed)?,
                    at: time(row, 3)?,
                    until: optional(row, 4, time)?,
                };
                Ok((ban, cursor))
            })?;
            Ok(Ok((Bans { bans: page.into_records(), next }, generation)))
        })
    }

    /// A page of the invites into a room of which `user` is an admin.
    pub(crate) fn invites_into(
        &self,
        user: UserId,
        of: RoomId,
        asked: &ListInvites,
    ) -> Asked<(Invites, Generation)> {
        self.read("list the invites in", |connection| {
            let generation = match as_admin(connection, user, of)? {
                Ok(generation) => generation,
                Err(code) => return Ok(Err(code.into())),
            };
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(
                "SELECT r.id, r.title, u.name, b.name, a.invited_at, a.invited_until
                 FROM associations a JOIN rooms r ON r.id = a.room
                 JOIN users u ON u.id = a.user JOIN users b ON b.id = a.invited_by
                 WHERE a.room = ?1 AND a.invited_until > ?4 AND u.name > ?2
                 ORDER BY u.name LIMIT ?3",
            )?;
            let after = asked.after.as_deref().unwrap_or("");
            let params = params![room_int(of), after, page.rows_max(), now().0];
            let mut rows = statement.query(params)?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let invite = invite(row)?;
                let cursor = invite.user.to_string();
                Ok((invite, cursor))
            })?;
            Ok(Ok((Invites { invites: page.into_records(), next }, generation)))
        })
    }

    /// A page of the invites that `user` has got.
    pub(crate) fn invites_of(&self, user: UserId, asked: &ListInvites) -> Asked<Invites> {
        let Ok(after) =
            asked.after.as_deref().map_or(Ok(-1), |after| after.parse::<RoomId>().map(room_int))
        else {
            return Ok(Err(Code::BadRequest.into()));
        };
        self.read("list the invites in", |connection| {
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(
                "SELECT r.id, r.title, u.name, b.name, a.invited_at, a.invited_until
                 FROM associations a JOIN rooms r ON r.id = a.room
                 JOIN users u ON u.id = a.user JOIN users b ON b.id = a.invited_by
                 WHERE a.user = ?1 AND a.invited_until > ?4 AND a.room > ?2
                       AND r.terminated_at IS NULL
                 ORDER BY a.room LIMIT ?3",
            )?;
            let params = params![user_int(user), after, page.rows_max(), now().0];
            let mut rows = statement.query(params)?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let invite = invite(row)?;
                let cursor = invite.room.to_string();
                Ok((invite, cursor))
            })?;
            Ok(Ok(Invites { invites: page.into_records(), next }))
        })
    }

    /// A page of the rooms that `user` had to do with: live ones first, the latest of them first.
    pub(crate) fn former_rooms(&self, user: UserId, asked: &ListOwn) -> Asked<FormerRooms> {
        let Some((terminated, at, room_after)) = former_cursor(asked.after.as_deref()) else {
            return Ok(Err(Code::BadRequest.into()));
        };
        self.read("list former rooms in", |connection| {
            let sql = format!(
                "SELECT r.id, r.title, r.terminated_at IS NOT NULL AS over, a.ended, a.ended_at,
                        r.visibility, r.entry, {ASSOCIATION}
                 FROM associations a JOIN rooms r ON r.id = a.room
                 WHERE a.user = ?1 AND a.ended IS NOT NULL
                       AND (a.banned_at IS NULL OR a.banned_until <= ?5)
                       AND (over, -a.ended_at, r.id) > (?2, ?3, ?4)
                 ORDER BY over, -a.ended_at, r.id LIMIT ?6"
            );
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(&sql)?;
            let at_now = now();
            let mut rows = statement.query(params![
                user_int(user),
                terminated,
                at,
                room_after,
                at_now.0,
                page.rows_max()
            ])?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let over: bool = row.get(2)?;
                let state = if over { RoomState::Terminated } else { RoomState::Live };
                let association = association(row, 7)?;
                let sight = Sight {
                    state,
                    visibility: word(row, 5)?,
                    entry: word(row, 6)?,
                    role: None,
                    association: association.as_ref(),
                };
                let former = FormerRoom {
                    room: room(row, 0)?,
                    title: Title::taken(row.get_ref(1)?.as_str()?),
                    state: match state {
                        RoomState::Live => parlor_protocol::entry::RoomState::Live,
                        RoomState::Terminated => parlor_protocol::entry::RoomState::Terminated,
                    },
                    ended: word(row, 3)?,
                    at: time(row, 4)?,
                    rejoin: sight.rejoin(at_now),
                };
                let cursor = format!("{}.{}.{}", u8::from(over), former.at.0, former.room);
                Ok((former, cursor))
            })?;
            Ok(Ok(FormerRooms { rooms: page.into_records(), next }))
        })
    }

    /// A page of the users whom `user` blocks, by name.
    pub(crate) fn blocks(&self, user: UserId, asked: &ListOwn) -> Asked<Blocks> {
        self.read("list the blocks in", |connection| {
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(
                "SELECT u.name, b.at FROM blocks b JOIN users u ON u.id = b.blocked
                 WHERE b.user = ?1 AND u.name > ?2 ORDER BY u.name LIMIT ?3",
            )?;
            let after = asked.after.as_deref().unwrap_or("");
            let mut rows = statement.query(params![user_int(user), after, page.rows_max()])?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let blocked = Blocked { user: parsed(row, 0)?, at: time(row, 1)? };
                let cursor = blocked.user.to_string();
                Ok((blocked, cursor))
            })?;
            Ok(Ok(Blocks { blocks: page.into_records(), next }))
        })
    }

    /// A page of a user's notifications, the oldest first.
    pub(crate) fn notifications(&self, user: UserId, asked: &ListOwn) -> Asked<Notifications> {
        let Ok(after) = asked.after.as_deref().unwrap_or("0").parse::<u32>() else {
            return Ok(Err(Code::BadRequest.into()));
        };
        self.read("list the notifications in", |connection| {
            let mut page = Page::new(asked.limit);
            let mut statement = connection.prepare_cached(
                "SELECT id, kind, at, room, title, by, reason, role, seq, read, until
                 FROM notifications
                 WHERE user = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            )?;
            let mut rows = statement.query(params![user_int(user), after, page.rows_max()])?;
            let next = fill_page(&mut page, &mut rows, |row| {
                let notification = notification(row)?;
                let cursor = notification.id.to_string();
                Ok((notification, cursor))
            })?;
            Ok(Ok(Notifications { notifications: page.into_records(), next }))
        })
    }
}

/// The membership of an admin or owner: what goes on at the door is theirs to see.
fn as_admin(
    connection: &Connection,
    user: UserId,
    room: RoomId,
) -> rusqlite::Result<Result<Generation, Code>> {
    let found = find_as_member(connection, user, room, Action::Govern)?;
    Ok(found.map(|(_, mine)| mine.generation))
}

fn invite(row: &Row<'_>) -> rusqlite::Result<Invite> {
    Ok(Invite {
        room: room(row, 0)?,
        title: Title::taken(row.get_ref(1)?.as_str()?),
        user: parsed(row, 2)?,
        by: parsed(row, 3)?,
        at: time(row, 4)?,
        until: time(row, 5)?,
    })
}

/// A notification, of the columns of a page of them.
pub(super) fn notification(row: &Row<'_>) -> rusqlite::Result<Notification> {
    let title = |row: &Row<'_>, column: usize| Ok(Title::taken(row.get_ref(column)?.as_str()?));
    Ok(Notification {
        id: NotificationId(row.get(0)?),
        kind: word(row, 1)?,
        at: time(row, 2)?,
        room: optional(row, 3, room)?,
        title: optional(row, 4, title)?,
        by: optional(row, 5, parsed)?,
        reason: optional(row, 6, parsed)?,
        role: optional(row, 7, word::<Role>)?,
        seq: optional(row, 8, natural)?.map(Seq),
        read: row.get(9)?,
        until: optional(row, 10, time)?,
    })
}

/// Where a page of former rooms begins: whether it is among the terminated, when it ended, and the
/// room; before all of them for the first page.
fn former_cursor(after: Option<&str>) -> Option<(i64, i64, i64)> {
    let Some(after) = after else { return Some((-1, 0, 0)) };
    let mut parts = after.splitn(3, '.');
    let terminated = parts.next()?.parse().ok().filter(|over| (0..=1).contains(over))?;
    let at: i64 = parts.next()?.parse().ok()?;
    let room = parts.next()?.parse().ok()?;
    Some((terminated, at.checked_neg()?, room_int(room)))
}
