//! What events about users write: accounts, devices, codes, blocks and notifications.

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::{DisplayName, Title};
use parlor_protocol::room::Role;
use parlor_protocol::text::Reason;
use rusqlite::{Connection, OptionalExtension, params};

use super::run;
use crate::rooms::{
    DirectoryEvent, Event, Notice, Password, Status, UserEvent, UserId, WhichNotices,
};
use crate::store::rows::{int, room_int, standing_word, user_int};

/// Those of the directory's events that are about users.
pub(super) fn directory_event(
    connection: &Connection,
    at: Timestamp,
    what: &DirectoryEvent,
) -> rusqlite::Result<()> {
    match what {
        DirectoryEvent::UserAdded { user, name, standing, status } => {
            run(
                connection,
                "INSERT INTO users (id, name, standing, created_at, revision, last_device, status,
                                    status_at)
                 VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, ?4)",
                params![
                    user_int(*user),
                    name.as_str(),
                    standing_word(*standing),
                    at.0,
                    status.word()
                ],
            )?;
            run(connection, "UPDATE meta SET last_user = ?1", [user_int(*user)])
        }
        DirectoryEvent::UserForgotten { user } => {
            run(connection, "DELETE FROM devices WHERE user = ?1", [user_int(*user)])?;
            run(connection, "DELETE FROM users WHERE id = ?1", [user_int(*user)])
        }
        DirectoryEvent::SignUpModeSet { mode } => {
            run(connection, "UPDATE meta SET sign_up = ?1", [mode.word()])
        }
        DirectoryEvent::CodeMade { code, terms } => run(
            connection,
            "INSERT INTO codes (code, uses, until, standing, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                int(code.to_bits()),
                terms.uses,
                terms.until.0,
                standing_word(terms.standing),
                at.0
            ],
        ),
        DirectoryEvent::CodeUsed { code, by: _ } => {
            let code = int(code.to_bits());
            run(connection, "UPDATE codes SET uses = uses - 1 WHERE code = ?1", [code])?;
            run(connection, "DELETE FROM codes WHERE code = ?1 AND uses = 0", [code])
        }
        DirectoryEvent::CodeEnded { code } => {
            run(connection, "DELETE FROM codes WHERE code = ?1", [int(code.to_bits())])
        }
        DirectoryEvent::TitleTaken { .. } | DirectoryEvent::TitleFreed { .. } => Ok(()),
    }
}

pub(super) fn user_event(
    connection: &Connection,
    event: &Event,
    user: UserId,
    what: &UserEvent,
) -> rusqlite::Result<()> {
    let id = user_int(user);
    match what {
        UserEvent::PasswordSet(password) | UserEvent::PasswordRestretched(password) => {
            set_password(connection, user, password)?;
        }
        UserEvent::DisplayNameSet(display_name) => run(
            connection,
            "UPDATE users SET display_name = ?2 WHERE id = ?1",
            params![id, display_name.as_ref().map(DisplayName::as_str)],
        )?,
        UserEvent::DeviceAdded { id: device, device: new } => {
            run(
                connection,
                "INSERT INTO devices (user, id, name, public_key, created_at, used_at, address)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, '')",
                params![id, device.0, new.name, new.public_key.0, event.at.0],
            )?;
            run(
                connection,
                "UPDATE users SET last_device = ?2 WHERE id = ?1",
                params![id, device.0],
            )?;
        }
        UserEvent::DeviceRevoked { id: device } => run(
            connection,
            "DELETE FROM devices WHERE user = ?1 AND id = ?2",
            params![id, device.0],
        )?,
        UserEvent::Notified { id: number, notice } => {
            notified(connection, user, number.0, notice, event.at)?;
        }
        UserEvent::NotificationsRead(which) => {
            let sql = "UPDATE notifications SET read = 1 WHERE user = ?1 AND id BETWEEN ?2 AND ?3";
            to_notifications(connection, user, sql, *which)?;
        }
        UserEvent::NotificationsDismissed(which) => {
            let sql = "DELETE FROM notifications WHERE user = ?1 AND id BETWEEN ?2 AND ?3";
            to_notifications(connection, user, sql, *which)?;
        }
        UserEvent::NotificationsExpired { up_to } => run(
            connection,
            "DELETE FROM notifications WHERE user = ?1 AND id <= ?2",
            params![id, up_to.0],
        )?,
        UserEvent::Blocked { user: whom } => run(
            connection,
            "INSERT INTO blocks (user, blocked, at) VALUES (?1, ?2, ?3)",
            params![id, user_int(*whom), event.at.0],
        )?,
        UserEvent::Unblocked { user: whom } => run(
            connection,
            "DELETE FROM blocks WHERE user = ?1 AND blocked = ?2",
            params![id, user_int(*whom)],
        )?,
        UserEvent::StandingChanged(standing) => run(
            connection,
            "UPDATE users SET standing = ?2 WHERE id = ?1",
            params![id, standing_word(*standing)],
        )?,
        UserEvent::StatusChanged { was: _, status, reason } => {
            status_changed(connection, user, *status, reason.as_ref(), event.at)?;
        }
    }
    run(
        connection,
        "UPDATE users SET revision = ?2 WHERE id = ?1",
        params![id, int(event.revision.0)],
    )
}

/// Does something to one of a user's notifications, or to all of them.
fn to_notifications(
    connection: &Connection,
    user: UserId,
    sql: &str,
    which: WhichNotices,
) -> rusqlite::Result<()> {
    let (from, to) = match which {
        WhichNotices::All => (0, u32::MAX),
        WhichNotices::One(number) => (number.0, number.0),
    };
    run(connection, sql, params![user_int(user), from, to])
}

fn set_password(
    connection: &Connection,
    user: UserId,
    password: &Password,
) -> rusqlite::Result<()> {
    let Password { record, cost } = password;
    run(
        connection,
        "UPDATE users SET password = ?2, log_n = ?3, r = ?4, p = ?5 WHERE id = ?1",
        params![user_int(user), record, cost.log_n, cost.r, cost.p],
    )
}

fn status_changed(
    connection: &Connection,
    user: UserId,
    status: Status,
    reason: Option<&Reason>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let id = user_int(user);
    run(
        connection,
        "UPDATE users SET status = ?2, status_at = ?3, status_reason = ?4 WHERE id = ?1",
        params![id, status.word(), at.0, reason.map(Reason::as_str)],
    )?;
    if status == Status::Removed {
        run(
            connection,
            "UPDATE users SET password = NULL, log_n = NULL, r = NULL, p = NULL,
                              standing = 'ordinary', display_name = NULL WHERE id = ?1",
            [id],
        )?;
        run(connection, "DELETE FROM devices WHERE user = ?1", [id])?;
        run(connection, "DELETE FROM notifications WHERE user = ?1", [id])?;
    }
    Ok(())
}

fn notified(
    connection: &Connection,
    user: UserId,
    number: u32,
    notice: &Notice,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let Notice { kind, room, title, by, reason, role, seq, until } = notice;
    let name: Option<String> = match by {
        Some(by) => connection
            .prepare_cached("SELECT name FROM users WHERE id = ?1")?
            .query_row([user_int(*by)], |row| row.get(0))
            .optional()?,
        None => None,
    };
    run(
        connection,
        "INSERT INTO notifications
             (user, id, kind, at, room, title, by, reason, role, seq, read, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)",
        params![
            user_int(user),
            number,
            kind.word(),
            at.0,
            room.map(room_int),
            title.as_ref().map(Title::as_str),
            name,
            reason.as_ref().map(Reason::as_str),
            role.map(Role::word),
            seq.map(|seq| int(seq.0)),
            until.map(|until| until.0)
        ],
    )?;
    run(
        connection,
        "UPDATE users SET last_notification = ?2 WHERE id = ?1",
        params![user_int(user), number],
    )
}
