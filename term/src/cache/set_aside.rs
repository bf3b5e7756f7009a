//! A file that cannot be used is put aside and a new one begun, with the outbox saved into it.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::load::{Read, message};
use super::outbox::Waiting;
use super::rooms::number;
use super::{CacheError, Doing, connect, private_file, read};

/// What of a file without further use is worth saving: the outbox, the titles of its rooms, and
/// what was written for rooms that are gone.
#[derive(Debug, Default)]
struct Saved {
    messages: Vec<(Waiting, Option<String>)>,
    titles: Vec<(i64, String)>,
    homeless: Vec<String>,
}

/// Renames the file, which stays where its user finds it, and begins a new one.
///
/// # Errors
/// When the system does not let us.
pub(super) fn begin_anew(path: &Path, why: &CacheError) -> Result<(Connection, Read), CacheError> {
    // Reading may fail anywhere; what was read before that is saved.
    let mut saved = Saved::default();
    let whole = connect(path).and_then(|old| save(&old, &mut saved));
    let aside = put_aside(path)?;
    let failed = |source| CacheError::File { operation: "make", path: path.to_owned(), source };
    private_file(path).map_err(failed)?;
    let (mut connection, _) = read(path)?;
    let transaction = connection.transaction().doing("write")?;
    restore(&transaction, &saved).doing("write")?;
    transaction.commit().doing("write")?;
    drop(connection);
    let (connection, mut read) = read(path)?;
    let outbox = match (whole, saved.messages.len()) {
        (Ok(()), 0) => "No message waited in it.".to_owned(),
        (Ok(()), 1) => "The message that waited in it is here.".to_owned(),
        (Ok(()), count) => format!("The {count} messages that waited in it are here."),
        (Err(_), 0) => "If messages waited in it, they could not be read.".to_owned(),
        (Err(_), count) => {
            format!("{count} messages that waited in it are here; there may have been more.")
        }
    };
    read.kept.warning = Some(format!(
        "The cache cannot be used, {why}. It is put aside as {}. {outbox}",
        aside.display()
    ));
    Ok((connection, read))
}

/// These columns are those of the first version; none is ever taken away.
fn save(old: &Connection, saved: &mut Saved) -> Result<(), CacheError> {
    let mut statement = old
        .prepare("SELECT id, room, text, kind, nonce, refused FROM outbox ORDER BY id")
        .doing("read")?;
    let rows = statement.query_map([], message).doing("read")?;
    for row in rows {
        saved.messages.push(row.doing("read")?);
    }
    let mut statement = old.prepare("SELECT id, title FROM room").doing("read")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).doing("read")?;
    for row in rows {
        let (room, title) = row.doing("read")?;
        if saved.messages.iter().any(|(message, _)| number(message.room) == room) {
            saved.titles.push((room, title));
        }
    }
    // Files of the first version have no such table.
    if let Ok(mut statement) = old.prepare("SELECT text FROM homeless ORDER BY place") {
        let texts = statement.query_map([], |row| row.get(0)).doing("read")?;
        saved.homeless = texts.collect::<Result<_, _>>().doing("read")?;
    }
    Ok(())
}

fn restore(connection: &Connection, saved: &Saved) -> rusqlite::Result<()> {
    for (waiting, refused) in &saved.messages {
        let Waiting { local, room, text, kind, nonce } = waiting;
        let local = i64::try_from(local.0).unwrap_or(i64::MAX);
        let nonce = nonce.map(parlor_protocol::id::Nonce::to_bytes);
        connection.execute(
            "INSERT INTO outbox (id, room, text, kind, nonce, refused)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![local, number(*room), text, kind.word(), nonce, refused],
        )?;
        let title = saved.titles.iter().find(|(id, _)| *id == number(*room));
        let title = title.map_or_else(|| room.to_string(), |(_, title)| title.clone());
        // Of a room whose revision is 0 all is asked for, as far as the server tells it.
        connection.execute(
            "INSERT OR IGNORE INTO room
             (id, place, title, role, members, revision, unread, draft)
             VALUES (?1, 0, ?2, 'member', 1, 0, 0, '')",
            params![number(*room), title],
        )?;
    }
    for text in &saved.homeless {
        connection.execute("INSERT INTO homeless (text) VALUES (?1)", [text])?;
    }
    Ok(())
}

/// Renames the file and its log to a name that is free.
fn put_aside(path: &Path) -> Result<PathBuf, CacheError> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let now = jiff::Timestamp::now().as_second();
    let free = (now..).map(|number| path.with_file_name(format!("{name}.unusable-{number}")));
    let aside = free.into_iter().find(|aside| !aside.exists());
    let aside = aside.expect("invariant: not every name is taken");
    let failed = |source| CacheError::File { operation: "rename", path: path.to_owned(), source };
    fs::rename(path, &aside).map_err(failed)?;
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    // Most files have none left.
    let _ = fs::rename(log(path), log(&aside));
    Ok(aside)
}
