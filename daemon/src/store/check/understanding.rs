//! Whether what a store holds can be read: every row by the very code that the daemon reads it with.

use parlor_protocol::name::{Title, UserName};
use parlor_protocol::password::ServerSetup;
use parlor_protocol::room::Role;
use parlor_protocol::text::Reason;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row};

use super::super::rows::{display_name, optional, parsed, room, time};
use super::super::{accounts, entry, history};
use super::{FAULTS_MAX, Fault, Remedy, place};

/// Rows of a kind: how they are found, in which column their place begins (room, user, and the name
/// of the thing there), and how they are read.
struct Kind {
    sql: &'static str,
    place: usize,
    read: fn(&Row<'_>) -> rusqlite::Result<()>,
}

/// All that is read while the daemon runs. What it reads at its start is loaded besides.
const KINDS: &[Kind] = &[
    Kind {
        sql: "SELECT opaque_setup, NULL, NULL, 'the secret of all passwords' FROM meta
              WHERE opaque_setup IS NOT NULL",
        place: 1,
        read: |row| ServerSetup::from_bytes(&row.get::<_, Vec<u8>>(0)?).map(drop).or_else(wrong),
    },
    Kind {
        sql: "SELECT password, log_n, r, p, display_name, status_reason, NULL, name, NULL FROM users",
        place: 6,
        read: user,
    },
    Kind {
        sql: "SELECT d.id, d.name, d.public_key, d.created_at, d.used_at, d.address,
                     NULL, u.name, 'device ' || d.id
              FROM devices d JOIN users u ON u.id = d.user",
        place: 6,
        read: |row| accounts::device(row, None).map(drop),
    },
    Kind {
        sql: "SELECT m.seq, m.at, u.name, m.text, m.kind, u.status = 'removed', m.room, NULL,
                     'message ' || m.seq
              FROM messages m JOIN users u ON u.id = m.author",
        place: 6,
        read: |row| history::message(row).map(drop),
    },
    Kind {
        sql: "SELECT c.revision, c.at, c.kind, u.name, c.role, c.how, c.text, b.name, c.number,
                     c.room, NULL, 'revision ' || c.revision
              FROM changes c LEFT JOIN users u ON u.id = c.user LEFT JOIN users b ON b.id = c.by",
        place: 9,
        read: |row| {
            let title = Title::taken("");
            let reader = history::Reader { room: room(row, 9)?, title: &title, role: Role::Owner };
            history::other_change(row, &reader).map(drop)
        },
    },
    Kind {
        sql: "SELECT n.id, n.kind, n.at, n.room, n.title, n.by, n.reason, n.role, n.seq, n.read,
                     n.until, NULL, u.name, 'notification ' || n.id
              FROM notifications n JOIN users u ON u.id = n.user",
        place: 11,
        read: |row| entry::notification(row).map(drop),
    },
    Kind {
        sql: "SELECT a.request_reason, a.ban_reason, a.invited_at, a.ended_at, a.room, u.name, NULL
              FROM associations a JOIN users u ON u.id = a.user",
        place: 4,
        read: |row| {
            optional(row, 0, parsed::<Reason>)?;
            optional(row, 1, parsed::<Reason>)?;
            optional(row, 2, time)?;
            optional(row, 3, time).map(drop)
        },
    },
];

/// What cannot be read.
pub(super) fn misunderstood(connection: &Connection) -> rusqlite::Result<Vec<Fault>> {
    let mut faults = vec![];
    for Kind { sql, place: at, read } in KINDS {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let all = faults.len() + FAULTS_MAX;
        while let Some(row) = rows.next()?
            && faults.len() < all
        {
            if let Err(error) = read(row) {
                let place = match (place(row, *at)?, row.get::<_, Option<String>>(at + 2)?) {
                    (place, None) => place,
                    (place, Some(thing)) => format!("{place}, {thing}"),
                };
                let what = format!("cannot be read: {}", why(&error));
                faults.push(Fault::new("understood", &place, &what, Remedy::Backup));
            }
        }
    }
    Ok(faults)
}

/// A password as a login takes it, and what else is read of a user.
fn user(row: &Row<'_>) -> rusqlite::Result<()> {
    parsed::<UserName>(row, 7)?;
    display_name(row, 4)?;
    optional(row, 5, parsed::<Reason>)?;
    let password: Option<Vec<u8>> = row.get(0)?;
    if password.is_some() || row.get::<_, Option<u32>>(1)?.is_some() {
        accounts::cost(row, 1)?.check_client().or_else(wrong)?;
    }
    match password {
        Some(record) => ServerSetup::record(&record).map(drop).or_else(wrong),
        None => Ok(()),
    }
}

fn wrong<E: std::error::Error + Send + Sync + 'static>(error: E) -> rusqlite::Result<()> {
    Err(Error::FromSqlConversionFailure(0, Type::Blob, Box::new(error)))
}

/// What is wrong with a value, without the number of its column.
fn why(error: &Error) -> String {
    match error {
        Error::FromSqlConversionFailure(_, _, why) => why.to_string(),
        other => other.to_string(),
    }
}
