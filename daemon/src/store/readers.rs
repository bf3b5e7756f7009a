//! Reading beside the hub: a pool of connections that cannot write, each read one bounded
//! transaction, so that what it tells is true as of one moment and the WAL is not held for long.

use std::path::Path;
use std::time::{Duration, Instant};

use parlor_protocol::codec::{PAGE_BYTES_MAX, PAGE_ELEMENTS_MAX};
use parlor_protocol::id::{Revision, RoomId, Seq};
use parlor_protocol::name::Title;
use parlor_protocol::record::Wire;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::Role;
use parlor_protocol::text::Topic;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use super::rows::{natural, role, room_int, topic, user_int};
use super::{Doing, StoreError, configure};
use crate::rooms::UserId;

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
        read(&transaction).map_err(|error| match error {
            ReadError::Sql(source) => StoreError::Sql { operation, source },
            ReadError::Damaged(what) => StoreError::Damaged(what),
        })
    }
}

/// Why a read did not come to its end.
#[derive(Debug)]
pub(super) enum ReadError {
    Sql(rusqlite::Error),
    Damaged(String),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// A room as its row has it.
#[derive(Debug)]
pub(super) struct RoomRow {
    pub(super) title: Title,
    pub(super) topic: Option<Topic>,
    pub(super) revision: Revision,
    pub(super) last_seq: Seq,
    pub(super) members: u32,
}

/// A reader's own part in a room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) role: Role,
    pub(super) generation: Generation,
}

/// The live room, and the reader's part in it if they are a member. A room that has ended is told
/// to those who were in it, and to others does not exist.
pub(super) fn find(
    connection: &Connection,
    user: UserId,
    room: RoomId,
) -> rusqlite::Result<Result<(RoomRow, Option<Part>), Code>> {
    let found = connection
        .prepare_cached(
            "SELECT title, revision, last_seq, members, terminated_at IS NOT NULL, topic
             FROM rooms WHERE id = ?1",
        )?
        .query_row([room_int(room)], |row| {
            let room = RoomRow {
                title: Title::taken(row.get_ref(0)?.as_str()?),
                revision: Revision(natural(row, 1)?),
                last_seq: Seq(natural(row, 2)?),
                members: row.get(3)?,
                topic: topic(row, 5)?,
            };
            Ok((room, row.get::<_, bool>(4)?))
        })
        .optional()?;
    let Some((row, terminated)) = found else {
        return Ok(Err(Code::NoSuchRoom));
    };
    if terminated {
        let was_in = connection
            .prepare_cached("SELECT 1 FROM former_members WHERE room = ?1 AND user = ?2")?
            .exists(params![room_int(room), user_int(user)])?;
        return Ok(Err(if was_in { Code::RoomTerminated } else { Code::NoSuchRoom }));
    }
    let part = connection
        .prepare_cached("SELECT role, joined FROM members WHERE room = ?1 AND user = ?2")?
        .query_row(params![room_int(room), user_int(user)], |row| {
            Ok(Part { role: role(row, 0)?, generation: Generation(Revision(natural(row, 1)?)) })
        })
        .optional()?;
    Ok(Ok((row, part)))
}

/// The live room in which the reader is a member, and the membership.
pub(super) fn find_as_member(
    connection: &Connection,
    user: UserId,
    room: RoomId,
) -> rusqlite::Result<Result<(RoomRow, Generation), Code>> {
    Ok(find(connection, user, room)?
        .and_then(|(row, part)| part.map(|part| (row, part.generation)).ok_or(Code::NotAMember)))
}

/// A page in the making: it is full at so many elements or so many bytes.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) elements: Vec<T>,
    limit: usize,
    bytes: usize,
}

impl<T: Wire> Page<T> {
    /// A page of as many elements as were asked for: none, or too many, is as many as there may be.
    pub(super) fn new(asked: u32) -> Self {
        let limit =
            if (1..=PAGE_ELEMENTS_MAX).contains(&asked) { asked } else { PAGE_ELEMENTS_MAX };
        Self { elements: Vec::new(), limit: limit as usize, bytes: 0 }
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
        let bytes = self.bytes + encoded.len() + AROUND;
        if self.elements.len() == self.limit || bytes > PAGE_BYTES_MAX {
            return Ok(Pushed::Full);
        }
        self.bytes = bytes;
        self.elements.push(element);
        Ok(Pushed::Taken)
    }
}

/// Whether an element found room on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    Taken,
    Full,
}
