//! `parlord user`: accounts, their passwords, and who waits for one.

use std::io::{self, Write};

use anyhow::{Context, bail};

use super::link::{Link, NONSENSE, sentence};
use super::operate;
use super::password::NewPassword;
use super::{Switch, UserCommand};
use crate::config::Config;
use crate::control::{Act, ListedUser, Request, Response};

/// Does what was asked for.
pub(super) fn run(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    super::waiting(obey(config, command))
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
        UserCommand::Pending { json } => operate::pending(config, json).await,
        UserCommand::Approve { name } => operate::act(config, Act::Approve(name)).await,
        UserCommand::Deny { name, reason } => {
            let reason = operate::reason(&reason)?;
            operate::act(config, Act::Deny { user: name, reason }).await
        }
        UserCommand::Operator { name, switch } => {
            let on = matches!(switch, Switch::On);
            operate::act(config, Act::Operator { user: name, on }).await
        }
        UserCommand::Disable { name } => operate::act(config, Act::Disable(name)).await,
        UserCommand::Enable { name } => operate::act(config, Act::Enable(name)).await,
        UserCommand::Remove { name } => operate::act(config, Act::Remove(name)).await,
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
            _ => bail!(NONSENSE),
        };
        page.iter().try_for_each(|user| print(&mut out, user))?;
        let Some(last) = page.last() else { return Ok(out.flush()?) };
        after = Some(last.user.clone());
    }
}

fn print_column(out: &mut dyn Write, line: &ListedUser) -> io::Result<()> {
    let standing = if line.operator { "operator" } else { "" };
    let status = if line.status == "active" { "" } else { &line.status };
    let told = format!("{:<32}  {standing:<8}  {status}", line.user);
    writeln!(out, "{}", told.trim_end())
}

/// A user name needs no escaping.
fn print_json(out: &mut dyn Write, line: &ListedUser) -> io::Result<()> {
    let ListedUser { user, operator, status } = line;
    writeln!(out, r#"{{"type":"user","user":"{user}","operator":{operator},"status":"{status}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_listed_for_people_and_for_scripts() {
        let line = |user: &str, operator| ListedUser {
            user: user.parse().unwrap(),
            operator,
            status: if operator { "active" } else { "disabled" }.to_owned(),
        };
        let mut out = Vec::new();
        for user in [line("alice", true), line("bob", false)] {
            print_column(&mut out, &user).unwrap();
            print_json(&mut out, &user).unwrap();
        }
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
        alice                             operator
        {"type":"user","user":"alice","operator":true,"status":"active"}
        bob                                         disabled
        {"type":"user","user":"bob","operator":false,"status":"disabled"}
        "#);
    }
}
