//! Examining a store: whether the file is whole, and whether what it holds obeys the rules.
//!
//! It only reads, beside a running daemon too. Each rule is one statement, so that each is true as
//! of one moment, and none holds the WAL for longer than it takes itself. A rule names what breaks
//! it; the list of rules is closed and tested row by row.

mod understanding;

use parlor_protocol::id::{Bytes, RoomId};
use parlor_protocol::text::printable;
use rusqlite::{Connection, ErrorCode, Row};

use super::onlooker::Onlooker;
use super::rows::natural;
use super::{Doing, StoreError, schema};
use crate::audit::{Link, Sealed};
use crate::rooms::NOTIFICATIONS_MAX;

/// So many faults of each rule are told. Whoever has more needs no longer list.
const FAULTS_MAX: usize = 20;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which rule is broken, in a word that stays the same.
    pub(crate) rule: &'static str,
    /// The room, user or table.
    pub(crate) place: String,
    /// What is wrong there, harmless to a terminal.
    pub(crate) what: String,
    /// What can be done about it.
    pub(crate) remedy: Remedy,
}

impl Fault {
    /// A fault, in words that may quote what is in the store.
    pub(crate) fn new(rule: &'static str, place: &str, what: &str, remedy: Remedy) -> Self {
        let (place, what) = (printable(place).into_owned(), printable(what).into_owned());
        Self { rule, place, what, remedy }
    }
}

/// What can be done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Remedy {
    /// The file is damaged.
    Disk,
    /// The file is whole, and says what cannot be.
    Backup,
    /// The key by which clients know the server.
    HostKey,
    /// What is on record.
    Audit,
}

impl Remedy {
    /// Says it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Disk => {
                "the file is damaged: stop the daemon, keep a copy of the data directory, see to \
                 the disk, and restore a backup with `parlord restore`"
            }
            Self::Backup => {
                "only a bug of parlord or a write by somebody else does this: keep a copy of the \
                 data directory, report it, and restore the last backup that passes `parlord check`"
            }
            Self::HostKey => {
                "put the host key back from a backup; without it the daemon does not start"
            }
            Self::Audit => "keep a copy of the audit files, and see who can write to them",
        }
    }
}

/// A rule, and the statement that finds what breaks it: the room (or NULL), the user's name (or
/// NULL), and what is wrong.
struct Rule {
    name: &'static str,
    sql: &'static str,
}

/// All rules but those about the file itself and about the audit.
const RULES: &[Rule] = &[
    Rule {
        name: "one-owner",
        sql: "SELECT r.id, NULL, 'has ' || count(m.user) || ' owners'
              FROM rooms r LEFT JOIN members m ON m.room = r.id AND m.role = 'owner'
              WHERE r.terminated_at IS NULL GROUP BY r.id HAVING count(m.user) <> 1",
    },
    Rule {
        name: "banned-member",
        sql: "SELECT room, u.name, 'is banned and a member'
              FROM members m JOIN associations a USING (room, user)
              LEFT JOIN users u ON u.id = m.user WHERE a.banned_at IS NOT NULL",
    },
    Rule {
        name: "member-association",
        sql: "SELECT room, u.name, 'is a member, and stands among those who are none'
              FROM members m JOIN associations a USING (room, user)
              LEFT JOIN users u ON u.id = m.user WHERE a.banned_at IS NULL",
    },
    // A room that has ended loses the oldest first; one that lives has noted which it dropped.
    Rule {
        name: "message-gap",
        sql: "SELECT s.room, NULL, 'lacks messages ' || (s.before + 1) || ' to ' || (s.seq - 1)
              FROM (SELECT room, seq, lag(seq) OVER (PARTITION BY room ORDER BY seq) AS before
                    FROM messages) s
              JOIN rooms r ON r.id = s.room WHERE s.seq <> s.before + 1
              UNION ALL
              SELECT r.id, NULL, 'has message ' || min(m.seq) || ' as its first, and dropped those to '
                                 || r.dropped_seq
              FROM rooms r JOIN messages m ON m.room = r.id
              WHERE r.terminated_at IS NULL GROUP BY r.id HAVING min(m.seq) <> r.dropped_seq + 1
              UNION ALL
              SELECT r.id, NULL, 'has ' || coalesce(max(m.seq), r.dropped_seq) || ' as its last message and '
                                 || r.last_seq || ' noted'
              FROM rooms r LEFT JOIN messages m ON m.room = r.id
              GROUP BY r.id
              HAVING coalesce(max(m.seq), r.dropped_seq) <> r.last_seq
                     AND (r.terminated_at IS NULL OR max(m.seq) IS NOT NULL)",
    },
    // A message's revision is its seq and the number of other changes before it.
    Rule {
        name: "revision-gap",
        sql: "SELECT m.room, NULL, 'has message ' || m.seq || ' at revision ' || m.revision
              FROM messages m
              WHERE m.revision <> m.seq + coalesce((
                  SELECT c.nth FROM changes c WHERE c.room = m.room AND c.revision < m.revision
                  ORDER BY c.revision DESC LIMIT 1), 0)
              UNION ALL
              SELECT room, NULL, 'has change ' || nth || ' where change ' || place || ' belongs'
              FROM (SELECT room, nth, row_number() OVER (PARTITION BY room ORDER BY revision)
                    AS place FROM changes) WHERE nth <> place
              UNION ALL
              SELECT c.room, NULL, 'has a change and a message at revision ' || c.revision
              FROM changes c JOIN messages m ON m.room = c.room AND m.seq = c.revision - c.nth + 1
              WHERE m.revision <= c.revision
              UNION ALL
              SELECT r.id, NULL, 'has revision ' || r.revision || ' noted after '
                                 || (r.last_seq + coalesce(max(c.nth), 0)) || ' changes'
              FROM rooms r LEFT JOIN changes c ON c.room = r.id
              GROUP BY r.id HAVING r.revision <> r.last_seq + coalesce(max(c.nth), 0)",
    },
    Rule {
        name: "member-count",
        sql:
            "SELECT r.id, NULL, 'has ' || count(m.user) || ' members and ' || r.members || ' noted'
              FROM rooms r LEFT JOIN members m ON m.room = r.id
              GROUP BY r.id HAVING count(m.user) <> r.members",
    },
    Rule {
        name: "read-marker",
        sql: "SELECT m.room, u.name, 'has read to ' || m.read || ' of ' || r.last_seq
              FROM members m JOIN rooms r ON r.id = m.room LEFT JOIN users u ON u.id = m.user
              WHERE m.read NOT BETWEEN 0 AND r.last_seq
              UNION ALL
              SELECT m.room, u.name, 'is mentioned in message ' || m.seq || ' of ' || r.last_seq
              FROM mentions m JOIN rooms r ON r.id = m.room LEFT JOIN users u ON u.id = m.user
              WHERE m.seq NOT BETWEEN 1 AND r.last_seq",
    },
    Rule {
        name: "join-order",
        sql: "SELECT m.room, u.name, 'has joined at revision ' || m.joined || ' of ' || r.revision
              FROM members m JOIN rooms r ON r.id = m.room LEFT JOIN users u ON u.id = m.user
              WHERE m.joined NOT BETWEEN 1 AND r.revision",
    },
    Rule {
        name: "title",
        sql: "SELECT id, NULL, 'has another live room''s title' FROM rooms r
              WHERE terminated_at IS NULL AND EXISTS (
                  SELECT 1 FROM rooms o WHERE o.key = r.key AND o.title = r.title AND o.id <> r.id)
              UNION ALL
              SELECT id, NULL, 'lives, and its title is free' FROM rooms
              WHERE terminated_at IS NULL AND key IS NULL
              UNION ALL
              SELECT id, NULL, 'has ended, and its title is taken' FROM rooms
              WHERE terminated_at IS NOT NULL AND key IS NOT NULL",
    },
    // One that is sent again is the first one.
    Rule {
        name: "nonce",
        sql: "SELECT m.room, u.name, 'has ' || count(*) || ' messages of one nonce, of which the '
                                     || 'first is message ' || min(m.seq)
              FROM messages m LEFT JOIN users u ON u.id = m.author
              GROUP BY m.room, m.author, m.nonce HAVING count(*) > 1",
    },
    Rule {
        name: "notification-number",
        sql:
            "SELECT NULL, u.name, 'has notification ' || max(n.id) || ' of ' || u.last_notification
              FROM users u JOIN notifications n ON n.user = u.id
              GROUP BY u.id HAVING max(n.id) > u.last_notification",
    },
    Rule {
        name: "device-number",
        sql: "SELECT NULL, u.name, 'has device ' || max(d.id) || ' of ' || u.last_device
              FROM users u JOIN devices d ON d.user = u.id
              GROUP BY u.id HAVING max(d.id) > u.last_device",
    },
    Rule {
        name: "user-number",
        sql: "SELECT NULL, name, 'is user ' || id || ' of ' || last_user FROM users, meta
              WHERE id > last_user",
    },
    Rule {
        name: "removed-user",
        sql: "SELECT NULL, name, 'is removed, and has a password or is an operator' FROM users
              WHERE status = 'removed' AND (password IS NOT NULL OR standing = 'operator')
              UNION ALL
              SELECT NULL, name, 'is removed, and has a device' FROM users u
              WHERE status = 'removed' AND EXISTS (SELECT 1 FROM devices WHERE user = u.id)",
    },
    Rule {
        name: "password-secret",
        sql: "SELECT NULL, NULL, 'holds passwords, and not the secret without which none is right'
              FROM meta WHERE opaque_setup IS NULL
              AND EXISTS (SELECT 1 FROM users WHERE password IS NOT NULL)",
    },
];

impl Onlooker {
    /// What is wrong with the file itself. Where anything is, nothing else that it says is to be
    /// believed.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn damage(&self) -> Result<Vec<Fault>, StoreError> {
        integrity(&self.connection)
            .or_else(|error| match error.sqlite_error_code() {
                // It is damaged where the look would have begun.
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Ok(vec![damaged(&error.to_string())])
                }
                _ => Err(error),
            })
            .doing("check")
    }

    /// Whether the row of what there is one of is gone, without which nothing counts.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn lost_meta(&self) -> Result<Option<Fault>, StoreError> {
        let found = self.connection.prepare("SELECT 1 FROM meta").and_then(|mut it| it.exists([]));
        let lost = "has lost its row, which has the secret of all passwords and how far the audit \
                    has come; the daemon does not start";
        let fault = || Fault::new("meta", "table meta", lost, Remedy::Backup);
        Ok((!found.doing("look at")?).then(fault))
    }

    /// What of the schema is not as the migrations make it. Where anything is, no other rule can be
    /// asked for.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn schema_faults(&self) -> Result<Vec<Fault>, StoreError> {
        let fault = |(place, what): (String, &'static str)| {
            Fault::new("schema", &place, what, Remedy::Backup)
        };
        let differences = schema::differences(&self.connection)?;
        Ok(differences.into_iter().take(FAULTS_MAX).map(fault).collect())
    }

    /// What is wrong in a store whose file is not damaged, and whose schema is ours.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn faults(&self) -> Result<Vec<Fault>, StoreError> {
        let connection = &self.connection;
        let mut faults = foreign_keys(connection).doing("check the references in")?;
        for Rule { name, sql } in RULES {
            faults.extend(broken(connection, name, sql).doing("check the rules in")?);
        }
        let many = format!(
            "SELECT NULL, u.name, 'has ' || count(*) || ' notifications, which is above '
                                  || {NOTIFICATIONS_MAX}
             FROM notifications n JOIN users u ON u.id = n.user
             GROUP BY n.user HAVING count(*) > {NOTIFICATIONS_MAX}"
        );
        faults.extend(broken(connection, "notifications", &many).doing("check the rules in")?);
        faults.extend(understanding::misunderstood(connection).doing("read all that is in")?);
        faults.extend(outbox(connection).doing("check the audit in")?);
        Ok(faults)
    }
}

/// SQLite's own look at every page, index and constraint.
fn integrity(connection: &Connection) -> rusqlite::Result<Vec<Fault>> {
    let sql = format!("PRAGMA integrity_check({FAULTS_MAX})");
    let mut statement = connection.prepare(&sql)?;
    let said = statement.query_map([], |row| row.get::<_, String>(0))?;
    let faulty = said.filter(|said| said.as_ref().map_or(true, |said| said != "ok"));
    faulty.map(|said| Ok(damaged(&said?))).collect()
}

fn damaged(what: &str) -> Fault {
    Fault::new("integrity", "the file", what, Remedy::Disk)
}

fn foreign_keys(connection: &Connection) -> rusqlite::Result<Vec<Fault>> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let broken = statement.query_map([], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        let what = match row.get::<_, Option<i64>>(1)? {
            Some(id) => format!("its row {id} refers to {parent} that are not there"),
            None => format!("a row refers to {parent} that are not there"),
        };
        Ok(Fault::new("references", &format!("table {table}"), &what, Remedy::Backup))
    })?;
    broken.take(FAULTS_MAX).collect()
}

fn broken(connection: &Connection, rule: &'static str, sql: &str) -> rusqlite::Result<Vec<Fault>> {
    let mut statement = connection.prepare(sql)?;
    let broken = statement.query_map([], |row| {
        let what: String = row.get(2)?;
        Ok(Fault::new(rule, &place(row, 0)?, &what, Remedy::Backup))
    })?;
    broken.take(FAULTS_MAX).collect()
}

/// The room and the user in two columns, either of which may be NULL.
fn place(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let room = row.get::<_, Option<i64>>(column)?.map(|room| match u64::try_from(room) {
        Ok(bits) => format!("room {}", RoomId::from_random(bits)),
        Err(_negative) => format!("room number {room}"),
    });
    let user = row.get::<_, Option<String>>(column + 1)?.map(|user| format!("user {user}"));
    Ok(match (room, user) {
        (Some(room), Some(user)) => format!("{room}, {user}"),
        (Some(place), None) | (None, Some(place)) => place,
        (None, None) => "the store".to_owned(),
    })
}

/// Whether the records that wait for their file are a chain, at whose end is the head.
fn outbox(connection: &Connection) -> rusqlite::Result<Vec<Fault>> {
    // As of one moment: a record and the head change together.
    let snapshot = connection.unchecked_transaction()?;
    let head = super::audit::link(&snapshot)?;
    let mut statement =
        snapshot.prepare("SELECT serial, record FROM audit_outbox ORDER BY serial")?;
    let mut rows = statement.query([])?;
    let (mut last, mut unsealed, mut faults) = (None::<Link>, None, vec![]);
    while let Some(row) = rows.next()? {
        let (serial, line): (u64, String) = (natural(row, 0)?, row.get(1)?);
        let told = |what: &str| {
            Fault::new("audit", &format!("record {serial} that waits"), what, Remedy::Audit)
        };
        if serial > head.serial {
            faults.push(told("comes after the last one"));
        }
        let Some(sealed) = Sealed::parse(line.as_bytes()) else {
            unsealed = Some(told("belongs to no chain"));
            continue;
        };
        if !sealed.intact || sealed.link.serial != serial {
            faults.push(told("has been changed"));
        } else if last.is_some_and(|last| last != sealed.before()) {
            faults.push(told("does not follow the one before it"));
        }
        last = Some(sealed.link);
    }
    // From before there was a chain there may be some, in front of all that belong to it.
    faults.extend(unsealed.filter(|_| last != Some(head) && head.hash != Bytes::default()));
    if last.is_some_and(|last| last != head) {
        let what = format!("is not the last record, which has number {}", head.serial);
        faults.push(Fault::new("audit", "the head of the chain", &what, Remedy::Audit));
    }
    faults.truncate(FAULTS_MAX);
    Ok(faults)
}
