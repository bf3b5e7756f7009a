//! What each event writes: every kind of event has its statement here, and no event has any other.

mod entry;
mod users;

use std::collections::BTreeMap;

use parlor_protocol::id::{Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::Title;
use parlor_protocol::room::{Departure, Entry, Role, Visibility};
use parlor_protocol::text::{Reason, Topic};
use rusqlite::{Connection, Params, params};

use super::rows::{int, room_int, user_int};
use crate::rooms::{DirectoryEvent, Event, Happening, RoomEvent, UserId};

/// How far the messages of a batch bring the rooms: written once for each room rather than once for
/// each message.
type Advanced = BTreeMap<RoomId, (Revision, Seq)>;

/// Milliseconds in an hour.
pub(super) const HOUR_MS: i64 = 60 * 60 * 1_000;

/// The hour of the last message that was written. Where its hour is another than that of the one
/// before, its row may be the first of its hour.
#[derive(Debug, Default)]
pub(super) struct Hours {
    last: Option<i64>,
}

impl Hours {
    /// Notes where the hour of the message begins that was just inserted.
    fn note(&mut self, connection: &Connection, at: Timestamp) -> rusqlite::Result<()> {
        let hour = at.0.div_euclid(HOUR_MS);
        if self.last == Some(hour) {
            return Ok(());
        }
        self.last = Some(hour);
        run(
            connection,
            "INSERT OR IGNORE INTO message_hours (hour, first) VALUES (?1, ?2)",
            [hour, connection.last_insert_rowid()],
        )
    }
}

/// Writes events, in order, in the transaction that is open.
pub(super) fn write(
    connection: &Connection,
    events: &[Event],
    hours: &mut Hours,
) -> rusqlite::Result<()> {
    let mut advanced = Advanced::new();
    for event in events {
        match &event.what {
            Happening::Directory(what) => directory_event(connection, event, what)?,
            Happening::Room(room, what) => {
                room_event(connection, event, *room, what, (&mut advanced, hours))?;
            }
            Happening::User(user, what) => users::user_event(connection, event, *user, what)?,
        }
    }
    advanced.into_iter().try_for_each(|(room, reached)| advance(connection, room, reached))
}

fn directory_event(
    connection: &Connection,
    event: &Event,
    what: &DirectoryEvent,
) -> rusqlite::Result<()> {
    match what {
        DirectoryEvent::TitleTaken { room, title } => run(
            connection,
            "UPDATE rooms SET title = ?2, key = ?3, skeleton = ?4 WHERE id = ?1",
            params![room_int(*room), title.as_str(), title.key(), title.skeleton()],
        )?,
        DirectoryEvent::TitleFreed { room } => run(
            connection,
            "UPDATE rooms SET key = NULL, skeleton = NULL WHERE id = ?1",
            [room_int(*room)],
        )?,
        DirectoryEvent::UserAdded { .. }
        | DirectoryEvent::UserForgotten { .. }
        | DirectoryEvent::SignUpModeSet { .. }
        | DirectoryEvent::CodeMade { .. }
        | DirectoryEvent::CodeUsed { .. }
        | DirectoryEvent::CodeEnded { .. } => users::directory_event(connection, event.at, what)?,
    }
    run(connection, "UPDATE meta SET directory_revision = ?1", [int(event.revision.0)])
}

fn room_event(
    connection: &Connection,
    event: &Event,
    room: RoomId,
    what: &RoomEvent,
    (advanced, hours): (&mut Advanced, &mut Hours),
) -> rusqlite::Result<()> {
    if let RoomEvent::Messaged { seq, author, nonce, text, kind, mentions } = what {
        advanced.insert(room, (event.revision, *seq));
        run(
            connection,
            "INSERT INTO messages (room, seq, revision, at, author, nonce, text, kind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                room_int(room),
                int(seq.0),
                int(event.revision.0),
                event.at.0,
                user_int(*author),
                nonce.to_bytes(),
                text.as_str(),
                (*kind != MessageKind::Said).then(|| kind.word())
            ],
        )?;
        for user in mentions {
            run(
                connection,
                "INSERT INTO mentions (room, user, seq) VALUES (?1, ?2, ?3)",
                params![room_int(room), user_int(*user), int(seq.0)],
            )?;
        }
        return hours.note(connection, event.at);
    }
    if let Some(reached) = advanced.remove(&room) {
        advance(connection, room, reached)?;
    }
    let change = Change { connection, event, room };
    match what {
        RoomEvent::Messaged { .. } => Ok(()),
        RoomEvent::Created { title, owner, visibility, entry } => {
            change.created(title, *owner, *visibility, *entry)
        }
        RoomEvent::Joined { user } => change.joined(*user),
        RoomEvent::Departed { user, how, by, reason } => {
            change.departed(*user, *how, *by, reason.as_ref())
        }
        RoomEvent::RoleChanged { user, role } => change.role_changed(*user, *role),
        RoomEvent::Terminated => change.terminated(),
        RoomEvent::TopicChanged { by, topic } => change.topic_changed(*by, topic.as_ref()),
        RoomEvent::Renamed { by, title } => change.renamed(*by, title),
        RoomEvent::SlowModeChanged { by, secs } => change.slow_mode_changed(*by, *secs),
        RoomEvent::Requested { user, reason } => change.requested(*user, reason.as_ref()),
        RoomEvent::RequestEnded { user, how, by, reason } => {
            change.request_ended(*user, *how, *by, reason.as_ref())
        }
        RoomEvent::Invited { user, by, until } => change.invited(*user, *by, *until),
        RoomEvent::InviteEnded { user, how, by } => change.invite_ended(*user, *how, *by),
        RoomEvent::Banned { user, by, reason, until, rank, notice } => {
            change.banned(*user, *by, reason.as_ref(), *until, (*rank, *notice))
        }
        RoomEvent::Unbanned { user, by } => change.unbanned(*user, *by),
        RoomEvent::Forgotten { user } => change.forgotten(*user),
    }
}

fn advance(
    connection: &Connection,
    room: RoomId,
    (revision, seq): (Revision, Seq),
) -> rusqlite::Result<()> {
    run(
        connection,
        "UPDATE rooms SET revision = ?2, last_seq = ?3 WHERE id = ?1",
        params![room_int(room), int(revision.0), int(seq.0)],
    )
}

/// What a change's row says beside its kind.
#[derive(Clone, Copy, Default)]
struct Logged<'a> {
    user: Option<UserId>,
    by: Option<UserId>,
    role: Option<Role>,
    how: Option<&'static str>,
    text: Option<&'a str>,
    number: Option<i64>,
}

/// A change of a room that is no message.
struct Change<'a> {
    connection: &'a Connection,
    event: &'a Event,
    room: RoomId,
}

impl Change<'_> {
    fn created(
        &self,
        title: &Title,
        owner: UserId,
        visibility: Visibility,
        entry: Entry,
    ) -> rusqlite::Result<()> {
        // The directory's event about the title follows, and fills in its key.
        run(
            self.connection,
            "INSERT INTO rooms
                 (id, title, created_at, revision, last_seq, members, visibility, entry)
             VALUES (?1, ?2, ?3, 0, 0, 0, ?4, ?5)",
            params![
                room_int(self.room),
                title.as_str(),
                self.event.at.0,
                visibility.word(),
                entry.word()
            ],
        )?;
        self.log("created", Logged { user: Some(owner), ..Logged::default() })?;
        self.enter(owner, Role::Owner)
    }

    fn joined(&self, user: UserId) -> rusqlite::Result<()> {
        self.log("joined", Logged { user: Some(user), ..Logged::default() })?;
        self.dissociate(user)?;
        self.enter(user, Role::Member)
    }

    fn departed(
        &self,
        user: UserId,
        how: Departure,
        by: Option<UserId>,
        reason: Option<&Reason>,
    ) -> rusqlite::Result<()> {
        let (text, word) = (reason.map(Reason::as_str), Some(how.word()));
        self.log(
            "departed",
            Logged { user: Some(user), by, how: word, text, ..Logged::default() },
        )?;
        run(
            self.connection,
            "DELETE FROM members WHERE room = ?1 AND user = ?2",
            params![room_int(self.room), user_int(user)],
        )?;
        run(
            self.connection,
            "UPDATE rooms SET members = members - 1 WHERE id = ?1",
            [room_int(self.room)],
        )?;
        self.parted(user, how)
    }

    fn role_changed(&self, user: UserId, role: Role) -> rusqlite::Result<()> {
        self.log(
            "role-changed",
            Logged { user: Some(user), role: Some(role), ..Logged::default() },
        )?;
        run(
            self.connection,
            "UPDATE members SET role = ?3 WHERE room = ?1 AND user = ?2",
            params![room_int(self.room), user_int(user), role.word()],
        )
    }

    /// Whoever was left has departed before.
    fn terminated(&self) -> rusqlite::Result<()> {
        self.log("terminated", Logged::default())?;
        run(
            self.connection,
            "UPDATE rooms SET terminated_at = ?2 WHERE id = ?1",
            params![room_int(self.room), self.event.at.0],
        )?;
        run(
            self.connection,
            "DELETE FROM associations WHERE room = ?1 AND banned_at IS NOT NULL",
            [room_int(self.room)],
        )?;
        run(
            self.connection,
            "UPDATE associations
             SET ended = 'terminated', ended_at = ?2, since = ?2, requested_at = NULL,
                 request_reason = NULL, invited_at = NULL, invited_until = NULL, invited_by = NULL
             WHERE room = ?1 AND (requested_at IS NOT NULL OR invited_at IS NOT NULL)",
            params![room_int(self.room), self.event.at.0],
        )
    }

    fn enter(&self, user: UserId, role: Role) -> rusqlite::Result<()> {
        run(
            self.connection,
            "INSERT INTO members (room, user, role, joined, joined_at, read)
             SELECT id, ?2, ?3, ?4, ?5, last_seq FROM rooms WHERE id = ?1",
            params![
                room_int(self.room),
                user_int(user),
                role.word(),
                int(self.event.revision.0),
                self.event.at.0
            ],
        )?;
        run(
            self.connection,
            "UPDATE rooms SET members = members + 1 WHERE id = ?1",
            [room_int(self.room)],
        )
    }

    fn topic_changed(&self, by: UserId, topic: Option<&Topic>) -> rusqlite::Result<()> {
        let text = topic.map(Topic::as_str);
        self.log("topic-changed", Logged { user: Some(by), text, ..Logged::default() })?;
        run(
            self.connection,
            "UPDATE rooms SET topic = ?2 WHERE id = ?1",
            params![room_int(self.room), text],
        )
    }

    /// The directory's event about the title has changed the room's row.
    fn renamed(&self, by: UserId, title: &Title) -> rusqlite::Result<()> {
        let text = Some(title.as_str());
        self.log("renamed", Logged { user: Some(by), text, ..Logged::default() })
    }

    fn slow_mode_changed(&self, by: UserId, secs: u32) -> rusqlite::Result<()> {
        let number = Some(i64::from(secs));
        self.log("slow-mode-changed", Logged { user: Some(by), number, ..Logged::default() })?;
        run(
            self.connection,
            "UPDATE rooms SET slow_secs = ?2 WHERE id = ?1",
            params![room_int(self.room), secs],
        )
    }

    fn log(&self, kind: &'static str, logged: Logged<'_>) -> rusqlite::Result<()> {
        let revision = int(self.event.revision.0);
        run(
            self.connection,
            "INSERT INTO changes (room, revision, nth, at, kind, user, by, role, how, text, number)
             SELECT id, ?2, ?2 - last_seq, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
             FROM rooms WHERE id = ?1",
            params![
                room_int(self.room),
                revision,
                self.event.at.0,
                kind,
                logged.user.map(user_int),
                logged.by.map(user_int),
                logged.role.map(Role::word),
                logged.how,
                logged.text,
                logged.number
            ],
        )?;
        run(
            self.connection,
            "UPDATE rooms SET revision = ?2 WHERE id = ?1",
            params![room_int(self.room), revision],
        )
    }
}

fn run(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(params).map(|_| ())
}
