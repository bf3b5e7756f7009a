//! Reading accounts: what a login is checked against, and listings of users and devices.

use parlor_protocol::account::{Device, StretchCost};
use parlor_protocol::id::{Bytes, DeviceId};
use parlor_protocol::name::{DisplayName, UserName};
use rusqlite::{OptionalExtension, Row, params};

use super::StoreError;
use super::readers::Readers;
use super::rows::{display_name, key, parsed, standing, time, user, user_int, word};
use crate::rooms::{Password, Standing, Status, UserId};

/// Who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) user: UserId,
    pub(crate) standing: Standing,
}

/// A line of the list of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserLine {
    pub(crate) name: UserName,
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) standing: Standing,
    pub(crate) status: Status,
}

impl Readers {
    /// The account of this name, and what proves its password.
    pub(crate) fn password(
        &self,
        name: &UserName,
    ) -> Result<Option<(Account, Password)>, StoreError> {
        self.read("read a password record from", |connection| {
            let found = connection
                .prepare_cached(
                    "SELECT id, standing, password, log_n, r, p FROM users
                     WHERE name = ?1 AND password IS NOT NULL",
                )?
                .query_row([name.as_str()], |row| {
                    let password = Password { record: row.get(2)?, cost: cost(row, 3)? };
                    Ok((account(row)?, password))
                })
                .optional()?;
            Ok(found)
        })
    }

    /// The costs by which the passwords of today were stretched, each once, in a fixed order.
    pub(crate) fn costs(&self) -> Result<Vec<StretchCost>, StoreError> {
        self.read("read the costs of passwords from", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT log_n, r, p FROM users WHERE log_n IS NOT NULL
                 ORDER BY log_n, r, p",
            )?;
            let costs = statement.query_map([], |row| cost(row, 0))?;
            Ok(costs.collect::<Result<_, _>>()?)
        })
    }

    /// The account of this name that has a device with this key, and the device.
    pub(crate) fn device(
        &self,
        name: &UserName,
        public_key: &Bytes<32>,
    ) -> Result<Option<(Account, DeviceId)>, StoreError> {
        self.read("look for a device in", |connection| {
            let found = connection
                .prepare_cached(
                    "SELECT u.id, u.standing, d.id FROM users u JOIN devices d ON d.user = u.id
                     WHERE u.name = ?1 AND d.public_key = ?2",
                )?
                .query_row(params![name.as_str(), public_key.0], |row| {
                    Ok((account(row)?, DeviceId(row.get(2)?)))
                })
                .optional()?;
            Ok(found)
        })
    }

    /// The devices of a user, by number; `current` is the one that asks.
    pub(crate) fn devices(
        &self,
        user: UserId,
        current: Option<DeviceId>,
    ) -> Result<Vec<Device>, StoreError> {
        self.read("list the devices in", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name, public_key, created_at, used_at, address FROM devices
                 WHERE user = ?1 ORDER BY id",
            )?;
            let devices = statement.query_map([user_int(user)], |row| device(row, current))?;
            Ok(devices.collect::<Result<_, _>>()?)
        })
    }

    /// The next users by name, `limit` of them at most, after the name `after`.
    pub(crate) fn users(
        &self,
        after: Option<&UserName>,
        limit: u32,
    ) -> Result<Vec<UserLine>, StoreError> {
        self.read("list the users in", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT name, standing, status, display_name FROM users
                 WHERE name > ?1 AND status <> 'denied' ORDER BY name LIMIT ?2",
            )?;
            let lines =
                statement.query_map(params![after.map_or("", UserName::as_str), limit], |row| {
                    Ok(UserLine {
                        name: parsed(row, 0)?,
                        display_name: display_name(row, 3)?,
                        standing: standing(row, 1)?,
                        status: word(row, 2)?,
                    })
                })?;
            Ok(lines.collect::<Result<_, _>>()?)
        })
    }
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account { user: user(row, 0)?, standing: standing(row, 1)? })
}

/// A device, of the columns of a list of them.
pub(super) fn device(row: &Row<'_>, current: Option<DeviceId>) -> rusqlite::Result<Device> {
    let id = DeviceId(row.get(0)?);
    Ok(Device {
        id,
        name: row.get(1)?,
        public_key: key(row, 2)?,
        created_at: time(row, 3)?,
        used_at: time(row, 4)?,
        address: row.get(5)?,
        current: current == Some(id),
    })
}

/// What a password costs, from `column` on.
pub(super) fn cost(row: &Row<'_>, column: usize) -> rusqlite::Result<StretchCost> {
    Ok(StretchCost { log_n: row.get(column)?, r: row.get(column + 1)?, p: row.get(column + 2)? })
}
