//! `parlord user pending`, `code`, `sign-up` and `room`: who gets in, and rooms whose owner vanished.

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use parlor_protocol::account::SignUpMode;
use parlor_protocol::text::{Reason, TextError};

use super::link::{Link, NONSENSE, sentence};
use super::{CodeCommand, RoomCommand};
use crate::audit::rfc3339;
use crate::config::Config;
use crate::control::{Act, Request, Response};

/// The longest that a code may count, in seconds: a year.
const CODE_SECS_MAX: u32 = 365 * 24 * 60 * 60;

/// Does something that there is nothing to say of once it is done.
pub(super) async fn act(config: &Config, act: Act) -> anyhow::Result<()> {
    Link::open(config).await?.change(Request::Act(act)).await
}

/// A reason in one or more words; none where there are none.
pub(super) fn reason(words: &[String]) -> anyhow::Result<Option<Reason>> {
    match Reason::parse(&words.join(" ")) {
        Ok(reason) => Ok(Some(reason)),
        Err(TextError::Empty) => Ok(None),
        Err(error @ TextError::TooLong) => Err(anyhow!("the reason {error}; shorten it")),
    }
}

/// Prints the sign-ups that wait, page by page.
pub(super) async fn pending(config: &Config, json: bool) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let mut out = io::stdout().lock();
    let mut after = None;
    loop {
        let page = match daemon.ask(Request::SignUpList { after }).await? {
            Response::SignUps(page) => page,
            Response::Refused(code) => bail!(sentence(code)),
            _ => bail!(NONSENSE),
        };
        for line in &page {
            let (user, at) = (&line.user, rfc3339(line.at));
            if json {
                writeln!(out, r#"{{"type":"sign-up","user":"{user}","at":"{at}"}}"#)?;
            } else {
                writeln!(out, "{user:<32}  {at}")?;
            }
        }
        let Some(last) = page.last() else { return Ok(out.flush()?) };
        after = Some(last.user.clone());
    }
}

/// `parlord code`.
pub(super) async fn code(config: &Config, command: CodeCommand) -> anyhow::Result<()> {
    match command {
        CodeCommand::Create { uses, expires } => {
            let mut daemon = Link::open(config).await?;
            let secs = expires.min(CODE_SECS_MAX);
            match daemon.ask(Request::Act(Act::MakeCode { uses, secs })).await? {
                Response::Code(code) => Ok(writeln!(io::stdout(), "{code}")?),
                Response::Refused(code) => bail!(sentence(code)),
                _ => bail!(NONSENSE),
            }
        }
        CodeCommand::List { json } => codes(config, json).await,
        CodeCommand::Revoke { code } => act(config, Act::RevokeCode(code)).await,
    }
}

async fn codes(config: &Config, json: bool) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let codes = match daemon.ask(Request::CodeList).await? {
        Response::Codes(codes) => codes,
        Response::Refused(code) => bail!(sentence(code)),
        _ => bail!(NONSENSE),
    };
    let mut out = io::stdout().lock();
    for line in codes {
        let (code, uses, until) = (&line.code, line.uses, rfc3339(line.until));
        let operator = line.operator;
        if json {
            writeln!(
                out,
                r#"{{"type":"code","code":"{code}","uses":{uses},"until":"{until}","operator":{operator}}}"#
            )?;
        } else {
            let standing = if operator { "  operator" } else { "" };
            writeln!(out, "{code}  {uses:>7}  {until}{standing}")?;
        }
    }
    Ok(out.flush()?)
}

/// `parlord sign-up`: sets the mode, or prints the one in force.
pub(super) async fn sign_up(config: &Config, mode: Option<SignUpMode>) -> anyhow::Result<()> {
    if let Some(mode) = mode {
        return act(config, Act::SetSignUpMode(mode)).await;
    }
    let mut daemon = Link::open(config).await?;
    match daemon.ask(Request::SignUpMode).await? {
        Response::SignUpMode(set) => {
            Ok(writeln!(io::stdout(), "{}", set.unwrap_or(config.sign_up))?)
        }
        Response::Refused(code) => bail!(sentence(code)),
        _ => bail!(NONSENSE),
    }
}

/// `parlord room`.
pub(super) async fn room(config: &Config, command: RoomCommand) -> anyhow::Result<()> {
    match command {
        RoomCommand::Transfer { room, user } => act(config, Act::TransferRoom { room, user }).await,
    }
}
