//! `parlord session` and `announce`: who is connected to the running daemon, and words to all of them.

use std::io::{self, Write};

use anyhow::bail;
use clap::Subcommand;
use parlor_protocol::refusal::Code;
use parlor_protocol::text::{MessageText, TextError, quote_json};

use super::link::{Link, NONSENSE};
use super::listing::Form;
use super::refused::Refused;
use crate::audit::rfc3339;
use crate::config::Config;
use crate::control::{Act, ListedSession, Request, Response};
use crate::hub::Sessions;

#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// List who is connected, the longest first
    List,
    /// End a session, or all sessions of a user, who may come back at once
    Disconnect {
        /// The session's number in the list, or a user
        #[arg(value_name = "SESSION|USER", value_parser = which)]
        which: Sessions,
    },
}

/// Does what was asked for.
pub(super) async fn run(
    config: &Config,
    command: SessionCommand,
    form: Form,
) -> anyhow::Result<()> {
    let mut daemon = Link::running(&config.data).await?;
    match command {
        SessionCommand::List => list(&mut daemon, form).await,
        SessionCommand::Disconnect { which } => {
            match daemon.ask(Request::Act(Act::Disconnect(which))).await? {
                Response::Done => Ok(()),
                Response::NoSuchSession => {
                    bail!("there is no such session; see `parlord session list`")
                }
                _ => bail!(NONSENSE),
            }
        }
    }
}

/// Tells everybody something who is connected.
pub(super) async fn announce(config: &Config, words: &[String]) -> anyhow::Result<()> {
    let text = MessageText::parse(&words.join(" "));
    let text = text.map_err(|error| {
        let code = match error {
            TextError::Empty => Code::Empty,
            TextError::TooLong => Code::TooLong,
        };
        Refused::because(code, format!("the announcement {error}"))
    })?;
    Link::running(&config.data).await?.change(Request::Act(Act::Announce(text))).await
}

async fn list(daemon: &mut Link, form: Form) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let mut after = 0;
    loop {
        let page = daemon.ask(Request::SessionList { after }).await?;
        let Response::Sessions(page) = page else { bail!(NONSENSE) };
        let Some(last) = page.last() else { return Ok(out.flush()?) };
        after = last.session;
        page.iter().try_for_each(|session| writeln!(out, "{}", line(session, form)))?;
    }
}

/// A number is a session's, for no name begins with a digit.
fn which(text: &str) -> Result<Sessions, String> {
    match text.parse() {
        Ok(number) => Ok(Sessions::One(number)),
        Err(_) => text.parse().map(Sessions::Of).map_err(|_| {
            "use the number of a session in `parlord session list`, or the name of a user"
                .to_owned()
        }),
    }
}

/// Names and addresses need no escaping in columns.
fn line(session: &ListedSession, form: Form) -> String {
    let ListedSession { session: number, user, device, address, since } = session;
    let since = rfc3339(*since);
    match form {
        Form::Columns => {
            let device = device.map_or_else(|| "-".to_owned(), |device| device.to_string());
            format!("{number:>8}  {user:<32}  {since}  {device:>4}  {address}")
        }
        Form::Json => {
            let device = device.map_or_else(|| "null".to_owned(), |device| device.to_string());
            format!(
                r#"{{"type":"session","session":{number},"user":"{user}","device":{device},"address":{},"since":"{since}"}}"#,
                quote_json(address)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::{DeviceId, Timestamp};

    use super::*;

    #[test]
    fn sessions_are_listed_for_people_and_for_scripts() {
        let session = |number, device: Option<u32>, address: &str| ListedSession {
            session: number,
            user: "alice".parse().unwrap(),
            device: device.map(DeviceId),
            address: address.to_owned(),
            since: Timestamp(1_795_377_632_123),
        };
        let sessions = [session(3, Some(2), "192.0.2.7:4000"), session(12_345, None, "unix")];
        let lines = sessions
            .iter()
            .flat_map(|session| [Form::Columns, Form::Json].map(|form| line(session, form)));
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
               3  alice                             2026-11-22T20:00:32.123Z     2  192.0.2.7:4000
        {"type":"session","session":3,"user":"alice","device":2,"address":"192.0.2.7:4000","since":"2026-11-22T20:00:32.123Z"}
           12345  alice                             2026-11-22T20:00:32.123Z     -  unix
        {"type":"session","session":12345,"user":"alice","device":null,"address":"unix","since":"2026-11-22T20:00:32.123Z"}
        "#);
    }
}
