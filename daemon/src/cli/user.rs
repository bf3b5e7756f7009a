//! `parlord user add | list | passwd`, with the running daemon or without one.

use std::io::{self, Write};

use anyhow::{Context, anyhow, bail};
use parlor_protocol::name::UserName;
use parlor_protocol::password::{Password, Registration};
use parlor_protocol::refusal::Code;
use tokio::io::BufStream;
use tokio::net::UnixStream;

use super::password::NewPassword;
use super::{UserCommand, owner};
use crate::config::{Config, DataNamed};
use crate::control::{self, ListedUser, Offline, Request, Response, Upload};
use crate::logging;
use crate::store::{Create, Store};

/// Does what was asked for.
pub(super) fn run(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(obey(config, command))
}

async fn obey(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { name, operator, password } => {
            let mut daemon = Link::open(config).await?;
            let new = NewPassword::obtain(password, &name)?;
            let password = daemon.register(&name, &new.password).await?;
            let request = Request::UserAdd { user: name, operator, password };
            daemon.change(request).await?;
            tell(new.made_up)
        }
        UserCommand::Passwd { name, password } => {
            let mut daemon = Link::open(config).await?;
            let new = NewPassword::obtain(password, &name)?;
            let password = daemon.register(&name, &new.password).await?;
            daemon.change(Request::UserPasswd { user: name, password }).await?;
            tell(new.made_up)
        }
        UserCommand::List { json } => {
            let mut daemon = Link::open(config).await?;
            list(&mut daemon, if json { print_json } else { print_column }).await
        }
    }
}

/// A password that was made up is told when it counts, and only to stdout.
fn tell(made_up: Option<String>) -> anyhow::Result<()> {
    let Some(password) = made_up else { return Ok(()) };
    writeln!(io::stdout(), "{password}").context(
        "the password was set and cannot be printed; set another with `parlord user passwd`",
    )
}

/// Prints all users, page by page.
async fn list(
    daemon: &mut Link,
    print: fn(&mut dyn Write, &ListedUser) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let mut after = None;
    loop {
        let page = match daemon.ask(Request::UserList { after }).await? {
            Response::Users(page) => page,
            Response::Refused(code) => bail!(sentence(code)),
            Response::Registered { .. } | Response::Done => bail!(NONSENSE),
        };
        page.iter().try_for_each(|user| print(&mut out, user))?;
        let Some(last) = page.last() else { return Ok(out.flush()?) };
        after = Some(last.user.clone());
    }
}

fn print_column(out: &mut dyn Write, line: &ListedUser) -> io::Result<()> {
    if line.operator {
        writeln!(out, "{:<32}  operator", line.user)
    } else {
        writeln!(out, "{}", line.user)
    }
}

/// A user name needs no escaping.
fn print_json(out: &mut dyn Write, line: &ListedUser) -> io::Result<()> {
    let ListedUser { user, operator } = line;
    writeln!(out, r#"{{"type":"user","user":"{user}","operator":{operator}}}"#)
}

/// Whoever answers requests: the running daemon, or its core in this process.
enum Link {
    Running(Box<BufStream<UnixStream>>),
    Offline(Box<Offline>),
}

const NONSENSE: &str =
    "the running parlord answers in a way that this one does not know; restart it";

impl Link {
    /// The running daemon if there is one, else the store itself.
    async fn open(config: &Config) -> anyhow::Result<Self> {
        if let Some(stream) = control::connect(&config.data).await? {
            return Ok(Self::Running(Box::new(stream)));
        }
        let create = match config.data_named {
            DataNamed::Explicitly => Create::IfMissing,
            DataNamed::ByDefault => Create::Never,
        };
        if create == Create::Never && !Store::exists(&config.data) {
            bail!(
                "there is no store in {}; run `parlord serve` once, or name its directory with \
                 --data",
                config.data.display()
            );
        }
        owner::become_owner(config)?;
        logging::start_quietly()?;
        let offline = Offline::open(&config.data, create, config.stretch.clone())?;
        Ok(Self::Offline(Box::new(offline)))
    }

    async fn ask(&mut self, request: Request) -> anyhow::Result<Response> {
        match self {
            Self::Running(stream) => {
                control::send(stream, &request).await.context("the running parlord went away")?;
                let response = control::receive(stream).await.context(NONSENSE)?;
                response.ok_or_else(|| anyhow!("the running parlord hung up; see its log"))
            }
            Self::Offline(offline) => {
                Ok(control::answer(&**offline, request, Some(owner::caller_uid())).await)
            }
        }
    }

    /// Both halves of a password's registration, of which the client's is done here, so that the
    /// password itself goes nowhere.
    async fn register(&mut self, user: &UserName, password: &Password) -> anyhow::Result<Upload> {
        let (registration, request) = Registration::start(password);
        match self.ask(Request::Register { user: user.clone(), request }).await? {
            Response::Registered { response, cost } => {
                let upload = registration.finish(&response, user, cost.clone())?;
                Ok(Upload { upload, cost })
            }
            Response::Refused(code) => bail!(sentence(code)),
            Response::Done | Response::Users(_) => bail!(NONSENSE),
        }
    }

    async fn change(&mut self, request: Request) -> anyhow::Result<()> {
        match self.ask(request).await? {
            Response::Done => Ok(()),
            Response::Refused(code) => bail!(sentence(code)),
            Response::Registered { .. } | Response::Users(_) => bail!(NONSENSE),
        }
    }
}

/// What to say of refusals that can be met here; the others are bugs, told by their code.
const SENTENCES: [(Code, &str); 4] = [
    (Code::NameTaken, "that name is or was a user's; choose another"),
    (Code::NoSuchUser, "there is no such user; see `parlord user list`"),
    (Code::TooMany, "there are as many users as there can be"),
    (Code::Unavailable, "the store failed or its disk is full; see to it and try again"),
];

fn sentence(code: Code) -> String {
    let known = SENTENCES.iter().find(|(known, _)| *known == code);
    format!("refused: {}", known.map_or(code.word(), |(_, sentence)| sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_listed_for_people_and_for_scripts() {
        let line = |user: &str, operator| ListedUser { user: user.parse().unwrap(), operator };
        let mut out = Vec::new();
        for user in [line("alice", true), line("bob", false)] {
            print_column(&mut out, &user).unwrap();
            print_json(&mut out, &user).unwrap();
        }
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
        alice                             operator
        {"type":"user","user":"alice","operator":true}
        bob
        {"type":"user","user":"bob","operator":false}
        "#);
    }
}
