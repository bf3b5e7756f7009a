//! `parlord status`: how the running daemon is, and whom it makes wait.

use std::io::{self, Write};

use anyhow::bail;

use super::link::{Link, NONSENSE};
use super::listing::{Form, or_null};
use crate::audit::rfc3339;
use crate::config::Config;
use crate::control::{ListedLimit, Request, Response, ShownStatus};
use crate::hub::Trouble;
use crate::store::FREE_BYTES_MIN;

const MIB: u64 = 1024 * 1024;

/// Prints it.
pub(super) async fn run(config: &Config, form: Form) -> anyhow::Result<()> {
    let status = Link::running(&config.data).await?.ask(Request::Status).await?;
    let Response::Status(status) = status else { bail!(NONSENSE) };
    Ok(writeln!(io::stdout(), "{}", shown(&status, form))?)
}

fn shown(status: &ShownStatus, form: Form) -> String {
    let ShownStatus {
        version,
        uptime_secs,
        connections,
        sessions,
        online,
        users,
        rooms,
        troubles,
        limited,
        listed,
    } = status;
    let first = match form {
        Form::Columns => {
            let (days, hours) = (uptime_secs / 86_400, uptime_secs / 3_600 % 24);
            let (minutes, secs) = (uptime_secs / 60 % 60, uptime_secs % 60);
            format!(
                "version      {version}\nup           {days} d {hours:02}:{minutes:02}:{secs:02}\n\
                 connections  {connections}\nsessions     {sessions}\n\
                 users        {users}, {online} of them online\nrooms        {rooms}\n\
                 limited      {limited}"
            )
        }
        Form::Json => format!(
            r#"{{"type":"status","version":"{version}","uptime_secs":{uptime_secs},"connections":{connections},"sessions":{sessions},"users":{users},"users_online":{online},"rooms":{rooms},"limited":{limited}}}"#
        ),
    };
    let troubles = troubles.iter().map(|trouble| trouble_line(trouble, form));
    let limits = listed.iter().map(|limit| limit_line(limit, form));
    let lines: Vec<_> = match form {
        // What is wrong is seen first; who is limited stands right below their number.
        Form::Columns => troubles.chain([first]).chain(limits).collect(),
        Form::Json => [first].into_iter().chain(troubles).chain(limits).collect(),
    };
    lines.join("\n")
}

fn trouble_line(trouble: &Trouble, form: Form) -> String {
    match (trouble, form) {
        (Trouble::DiskFull { free_bytes }, Form::Columns) => format!(
            "DISK FULL    {} MiB are free where the data is; nothing is changed until there are {}",
            free_bytes / MIB,
            FREE_BYTES_MIN / MIB
        ),
        (Trouble::DiskFull { free_bytes }, Form::Json) => {
            format!(r#"{{"type":"trouble","trouble":"disk-full","free_bytes":{free_bytes}}}"#)
        }
        (Trouble::AuditWaits { records }, Form::Columns) => format!(
            "AUDIT WAITS  {records} records are kept in the store, as their file cannot be written; \
             the log says why"
        ),
        (Trouble::AuditWaits { records }, Form::Json) => {
            format!(r#"{{"type":"trouble","trouble":"audit-waits","records":{records}}}"#)
        }
    }
}

/// Addresses and user names need no escaping in columns.
fn limit_line(limit: &ListedLimit, form: Form) -> String {
    let ListedLimit { address, user, why, until } = limit;
    let until = until.map(rfc3339);
    match form {
        Form::Columns => {
            let whom = address.as_ref().or(user.as_ref()).map_or("-", String::as_str);
            let until = until.map(|until| format!("until {until}")).unwrap_or_default();
            format!("  {whom:<42}  {why:<13}  {until}").trim_end().to_owned()
        }
        Form::Json => {
            format!(
                r#"{{"type":"limited","address":{},"user":{},"why":"{why}","until":{}}}"#,
                or_null(address.as_deref()),
                or_null(user.as_deref()),
                or_null(until.as_deref())
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::Timestamp;

    use super::*;

    #[test]
    fn a_status_is_shown_for_people_and_for_scripts() {
        let limit = |address: Option<&str>, user: Option<&str>, why: &str, until| ListedLimit {
            address: address.map(ToOwned::to_owned),
            user: user.map(ToOwned::to_owned),
            why: why.to_owned(),
            until,
        };
        let until = Some(Timestamp(1_795_377_632_123));
        let status = ShownStatus {
            version: "0.1.0".to_owned(),
            uptime_secs: 93_784,
            connections: 12,
            sessions: 10,
            online: 8,
            users: 120,
            rooms: 14,
            troubles: vec![],
            limited: 3,
            listed: vec![
                limit(Some("2001:db8:85a3:8d3::/64"), None, "failed-logins", until),
                limit(None, Some("bob"), "messages", until),
                limit(Some("192.0.2.7"), None, "connections", None),
            ],
        };
        let both = |status: &_| [Form::Columns, Form::Json].map(|it| shown(status, it)).join("\n");
        insta::assert_snapshot!(both(&status), @r#"
        version      0.1.0
        up           1 d 02:03:04
        connections  12
        sessions     10
        users        120, 8 of them online
        rooms        14
        limited      3
          2001:db8:85a3:8d3::/64                      failed-logins  until 2026-11-22T20:00:32.123Z
          bob                                         messages       until 2026-11-22T20:00:32.123Z
          192.0.2.7                                   connections
        {"type":"status","version":"0.1.0","uptime_secs":93784,"connections":12,"sessions":10,"users":120,"users_online":8,"rooms":14,"limited":3}
        {"type":"limited","address":"2001:db8:85a3:8d3::/64","user":null,"why":"failed-logins","until":"2026-11-22T20:00:32.123Z"}
        {"type":"limited","address":null,"user":"bob","why":"messages","until":"2026-11-22T20:00:32.123Z"}
        {"type":"limited","address":"192.0.2.7","user":null,"why":"connections","until":null}
        "#);
        let troubles =
            vec![Trouble::DiskFull { free_bytes: 12 * MIB }, Trouble::AuditWaits { records: 7 }];
        let status = ShownStatus { troubles, limited: 0, listed: vec![], ..status };
        insta::assert_snapshot!(both(&status), @r#"
        DISK FULL    12 MiB are free where the data is; nothing is changed until there are 64
        AUDIT WAITS  7 records are kept in the store, as their file cannot be written; the log says why
        version      0.1.0
        up           1 d 02:03:04
        connections  12
        sessions     10
        users        120, 8 of them online
        rooms        14
        limited      0
        {"type":"status","version":"0.1.0","uptime_secs":93784,"connections":12,"sessions":10,"users":120,"users_online":8,"rooms":14,"limited":0}
        {"type":"trouble","trouble":"disk-full","free_bytes":12582912}
        {"type":"trouble","trouble":"audit-waits","records":7}
        "#);
    }
}
