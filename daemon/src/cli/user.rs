//! `parlord user`: accounts, their passwords, and who waits for one.

use std::io::{self, Write};

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;
use parlor_protocol::text::{Reason, TextError};

use super::PasswordArgs;
use super::link::Link;
use super::listing::{self, Form};
use super::password::NewPassword;
use super::refused::Refused;
use crate::config::Config;
use crate::control::{Act, Request, Upload};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a user
    Add {
        /// 2 to 32 of a-z 0-9 . _ - beginning with a letter
        name: UserName,
        /// Let the user administer the whole server
        #[arg(long)]
        operator: bool,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List all users by name
    List,
    /// Show one user
    Show {
        /// The user
        name: UserName,
    },
    /// List the devices that log a user in without a password
    Devices {
        /// The user
        name: UserName,
    },
    /// List the sign-ups that wait for an operator
    Pending,
    /// Let a sign-up in that waits
    Approve {
        /// Whose
        name: UserName,
    },
    /// Deny a sign-up that waits
    Deny {
        /// Whose
        name: UserName,
        /// Why, for its user to read
        reason: Vec<String>,
    },
    /// Let a user administer the whole server, or no longer
    Operator {
        /// The user
        name: UserName,
        /// on or off
        switch: Switch,
    },
    /// Lock a user out at once; nothing of theirs is lost
    Disable {
        /// The user
        name: UserName,
    },
    /// Let a disabled user in again
    Enable {
        /// The user
        name: UserName,
    },
    /// Remove an account; its name is never given again
    Remove {
        /// The user
        name: UserName,
    },
    /// Set a user's password, and log all their devices out
    Passwd {
        /// The user
        name: UserName,
        #[command(flatten)]
        password: PasswordArgs,
    },
}

/// On or off.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

/// Does what was asked for.
pub(super) async fn run(config: &Config, command: UserCommand, form: Form) -> anyhow::Result<()> {
    let (name, act) = match command {
        UserCommand::Add { name, operator, password } => {
            let (mut daemon, password, made_up) = register(config, password, &name).await?;
            let add = Request::UserAdd { user: name.clone(), operator, password };
            daemon.change(add).await?;
            return tell(&mut daemon, name, made_up, form).await;
        }
        UserCommand::Passwd { name, password } => {
            let (mut daemon, password, made_up) = register(config, password, &name).await?;
            daemon.change(Request::UserPasswd { user: name.clone(), password }).await?;
            return tell(&mut daemon, name, made_up, form).await;
        }
        UserCommand::List => return listing::users(config, form).await,
        UserCommand::Show { name } => return listing::user(config, name, form).await,
        UserCommand::Devices { name } => return listing::devices(config, name, form).await,
        UserCommand::Pending => return listing::sign_ups(config, form).await,
        UserCommand::Deny { name, reason } => {
            let (user, reason) = (name.clone(), parse_reason(&reason)?);
            Link::open(config).await?.change(Request::Act(Act::Deny { user, reason })).await?;
            return listing::denied(name, form);
        }
        UserCommand::Operator { name, switch } => {
            let on = matches!(switch, Switch::On);
            (name.clone(), Act::Operator { user: name, on })
        }
        UserCommand::Approve { name } => (name.clone(), Act::Approve(name)),
        UserCommand::Disable { name } => (name.clone(), Act::Disable(name)),
        UserCommand::Enable { name } => (name.clone(), Act::Enable(name)),
        UserCommand::Remove { name } => (name.clone(), Act::Remove(name)),
    };
    let mut daemon = Link::open(config).await?;
    daemon.change(Request::Act(act)).await?;
    listing::made_user(&mut daemon, name, form).await
}

/// Gets a new password and registers it; also tells the text of one that was made up. A person takes
/// their time for it, so the daemon and the data directory's lock come after it.
async fn register(
    config: &Config,
    args: PasswordArgs,
    user: &UserName,
) -> anyhow::Result<(Link, Upload, Option<String>)> {
    Link::expect(config).await?;
    let new = NewPassword::obtain(args, user)?;
    let mut daemon = Link::open(config).await?;
    let upload = daemon.register(user, &new.password).await?;
    Ok((daemon, upload, new.made_up))
}

/// A reason in one or more words; none where there are none.
fn parse_reason(words: &[String]) -> anyhow::Result<Option<Reason>> {
    match Reason::parse(&words.join(" ")) {
        Ok(reason) => Ok(Some(reason)),
        Err(TextError::Empty) => Ok(None),
        Err(error @ TextError::TooLong) => {
            let sentence = format!("the reason {error}; shorten it");
            Err(Refused::because(Code::TooLong, sentence).into())
        }
    }
}

/// A password that was made up is told when it counts, and only to stdout.
async fn tell(
    daemon: &mut Link,
    user: UserName,
    made_up: Option<String>,
    form: Form,
) -> anyhow::Result<()> {
    if let Some(password) = made_up {
        // Neither needs escaping.
        let line = match form {
            Form::Columns => password,
            Form::Json => {
                format!(r#"{{"type":"password","user":"{user}","password":"{password}"}}"#)
            }
        };
        writeln!(io::stdout(), "{line}").context(
            "the password was set and cannot be printed; set another with `parlord user passwd`",
        )?;
    }
    listing::made_user(daemon, user, form).await
}
