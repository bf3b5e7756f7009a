//! Reading beside the hub: a pool of connections that cannot write, each read one bounded
//! transaction, so that what it tells is true as of one moment and the WAL is not held for long.

use std::path::Path;
use std::time::{Duration, Instant};

use parlor_protocol::codec::{PAGE_BYTES_MAX, PAGE_ELEMENTS_MAX};
use parlor_protocol::id::{Revision, RoomId, Seq};
use parlor_protocol::name::Title;
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::{Entry, Role, Visibility};
use parlor_protocol::text::Topic;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Rows, Transaction, params};

use super::rows::{ASSOCIATION, association, natural, optional, room_int, topic, user_int, word};
use super::{Doing, StoreError, configure};
use crate::clock::now;
use crate::rooms::{Action, RoomState, Sight, UserId, may};

/// Connections in the pool. Reads take a processor, not a disk, once the pages are cached.
const READERS_MAX: u32 = 4;
/// How long a read waits for a connection to come free.
const POOL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a read may take: a page takes well under a millisecond, a search through the titles of
/// 100,000 rooms some ten. It bounds how long a reader can keep the WAL from starting over.
const READ_MAX: Duration = Duration::from_secs(1);
/// Steps of SQLite's machine between two looks at the clock; some tens of microseconds.
const STEPS_PER_LOOK: i32 = 10_000;
/// Each connection caches this many KiB of pages.
const CACHE_KIB: i64 = 8 * 1024;

/// What a read for a user comes to: what was asked for, or why they may not have it.
pub(crate) type Asked<T> = Result<Result<T, Refusal>, StoreError>;

/// Which membership of the reader a page was made for: the room's revision at which it began. If
/// the reader's membership is another one by the time that the page is sent, it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(pub(crate) Revision);

/// Reads the store. Every method blocks the thread for as long as the disk takes.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    pool: r2d2::Pool<SqliteConnectionManager>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let manager =
            SqliteConnectionManager::file(path).with_flags(flags).with_init(|connection| {
                configure(connection)?;
                connection.pragma_update(None, "query_only", true)?;
                connection.pragma_update(None, "cache_size", -CACHE_KIB)
            });
        let pool = r2d2::Pool::builder()
            .max_size(READERS_MAX)
            .min_idle(Some(1))
            .connection_timeout(POOL_TIMEOUT)
            .build(manager)?;
        Ok(Self { pool })
    }

    /// Runs `read` in one read transaction that ends with an error when it takes too long.
    pub(super) fn read<T>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, ReadError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.pool.get()?;
        let begun = Instant::now();
        connection
            .progress_handler(STEPS_PER_LOOK, Some(move || begun.elapsed() > READ_MAX))
            .doing(operation)?;
        let transaction = connection.transaction().doing(operation)?;
        read(&transaction).map_err(|error| error.doing(operation))
    }
}

/// Why a read did not come to its end.
#[derive(Debug)]
pub(super) enum ReadError {
    Sql(rusqlite::Error),
    Damaged(String),
}

impl ReadError {
    /// Names the operation that it came from.
    pub(super) fn doing(self, operation: &'static str) -> StoreError {
        match self {
            Self::Sql(source) => StoreError::Sql { operation, source },
            Self::Damaged(what) => StoreError::Damaged(what),
        }
    }
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// A room as its row has it, and the reader's own part in it.
#[derive(Debug)]
pub(super) struct RoomRow {
    pub(super) title: Title,
    pub(super) topic: Option<Topic>,
    pub(super) visibility: Visibility,
    pub(super) entry: Entry,
    pub(super) slow_secs: u32,
    pub(super) revision: Revision,
    pub(super) last_seq: Seq,
    /// The last of the oldest messages that are no longer kept.
    pub(super) dropped: Seq,
    pub(super) members: u32,
    pub(super) mine: Option<Mine>,
}

/// A reader's membership.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mine {
    pub(super) role: Role,
    pub(super) generation: Generation,
    pub(super) read: Seq,
    pub(super) mentions: u32,
}

/// The room, where the rules' table lets the reader do this in it.
pub(super) fn find(
    connection: &Connection,
    user: UserId,
    room: RoomId,
    action: Action,
) -> rusqlite::Result<Result<RoomRow, Code>> {
    let sql = format!(
        "SELECT r.title, r.topic, r.visibility, r.entry, r.slow_secs, r.revision, r.last_seq,
                r.members, r.terminated_at IS NOT NULL, m.role, m.joined, m.read,
                (SELECT count(*) FROM mentions n
                 WHERE n.room = ?1 AND n.user = ?2 AND n.seq > max(m.read, r.dropped_seq)),
                r.dropped_seq, {ASSOCIATION}
         FROM rooms r
         LEFT JOIN members m ON m.room = r.id AND m.user = ?2
         LEFT JOIN associations a ON a.room = r.id AND a.user = ?2
         WHERE r.id = ?1"
    );
    let found = connection
        .prepare_cached(&sql)?
        .query_row(params![room_int(room), user_int(user)], |row| {
            let role: Option<Role> = optional(row, 9, word)?;
            let mine = match role {
                None => None,
                Some(role) => Some(Mine {
                    role,
                    generation: Generation(Revision(natural(row, 10)?)),
                    read: Seq(natural(row, 11)?),
                    mentions: row.get(12)?,
                }),
            };
            let state = if row.get(8)? { RoomState::Terminated } else { RoomState::Live };
            let found = RoomRow {
                title: Title::taken(row.get_ref(0)?.as_str()?),
                topic: topic(row, 1)?,
                visibility: word(row, 2)?,
                entry: word(row, 3)?,
                slow_secs: row.get(4)?,
                revision: Revision(natural(row, 5)?),
                last_seq: Seq(natural(row, 6)?),
                dropped: Seq(natural(row, 13)?),
                members: row.get(7)?,
                mine,
            };
            Ok((found, state, association(row, 14)?))
        })
        .optional()?;
    let Some((found, state, association)) = found else {
        return Ok(Err(Code::NoSuchRoom));
    };
    let sight = Sight {
        state,
        visibility: found.visibility,
        entry: found.entry,
        role: found.mine.map(|mine| mine.role),
        association: association.as_ref(),
    };
    Ok(may(sight.part(now()), action).map(|()| found))
}

/// The live room in which the reader is a member, and the membership. `action` is one of members.
pub(super) fn find_as_member(
    connection: &Connection,
    user: UserId,
    room: RoomId,
    action: Action,
) -> rusqlite::Result<Result<(RoomRow, Mine), Code>> {
    let found = find(connection, user, room, action)?;
    Ok(found.and_then(|row| row.mine.map(|mine| (row, mine)).ok_or(Code::NotAMember)))
}

/// A page in the making: it is full at so many elements or so many bytes.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) elements: Vec<T>,
    limit: usize,
    bytes: usize,
    growth: usize,
}

impl<T: Wire> Page<T> {
    /// A page of as many elements as were asked for: none, or too many, is as many as there may be.
    pub(super) fn new(asked: u32) -> Self {
        let limit =
            if (1..=PAGE_ELEMENTS_MAX).contains(&asked) { asked } else { PAGE_ELEMENTS_MAX };
        Self { elements: Vec::new(), limit: limit as usize, bytes: 0, growth: 0 }
    }

    /// The same, with room for each of its elements to grow by so many bytes before it is sent.
    pub(super) fn with_room_to_grow(self, bytes: usize) -> Self {
        Self { growth: bytes, ..self }
    }

    /// Rows worth reading: one more than the page has room for tells whether there is more.
    pub(super) fn rows_max(&self) -> i64 {
        i64::try_from(self.limit + 1).expect("invariant: a page is short")
    }

    /// Puts an element at the end of the page, if it still has room.
    pub(super) fn push(&mut self, element: T) -> Result<Pushed, ReadError> {
        /// What stands around an element: the length of its record, of at most three bytes.
        const AROUND: usize = 3;
        let encoded = element.encode().map_err(|error| ReadError::Damaged(error.to_string()))?;
        let bytes = self.bytes + encoded.len() + AROUND + self.growth;
        if self.elements.len() == self.limit || bytes > PAGE_BYTES_MAX {
            return Ok(Pushed::Full);
        }
        self.bytes = bytes;
        self.elements.push(element);
        Ok(Pushed::Taken)
    }
}

impl<T> Page<T> {
    /// The elements as they travel.
    pub(super) fn into_records(self) -> Vec<Record<T>> {
        self.elements.into_iter().map(Record).collect()
    }
}

/// Fills a page from rows, each of which gives an element and the cursor behind it; where the next
/// page begins, `None` on the last.
pub(super) fn fill_page<T: Wire>(
    page: &mut Page<T>,
    rows: &mut Rows<'_>,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<(T, String)>,
) -> Result<Option<String>, ReadError> {
    let mut reached = None;
    while let Some(row) = rows.next()? {
        let (element, cursor) = read(row)?;
        if page.push(element)? == Pushed::Full {
            return Ok(reached);
        }
        reached = Some(cursor);
    }
    Ok(None)
}

/// Whether an element found room on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    Taken,
    Full,
}
