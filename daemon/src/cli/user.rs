//! `parlord user`: accounts, their passwords, and who waits for one.

use std::io::{self, Write};

use anyhow::{Context, anyhow};
use clap::{Subcommand, ValueEnum};
use parlor_protocol::name::UserName;
use parlor_protocol::text::{Reason, TextError};

use super::PasswordArgs;
use super::link::{self, Link};
use super::listing::{self, Form};
use super::password::NewPassword;
use crate::config::Config;
use crate::control::{Act, Request};

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
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show one user
    Show {
        /// The user
        name: UserName,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the devices that log a user in without a password
    Devices {
        /// The user
        name: UserName,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// List the sign-ups that wait for an operator
    Pending {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
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
pub(super) async fn run(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { name, operator, password } => {
            let mut daemon = Link::open(config).await?;
            let new = NewPassword::obtain(password, &name)?;
            let password = daemon.register(&name, &new.password).await?;
            daemon.change(Request::UserAdd { user: name, operator, password }).await?;
            tell(new.made_up)
        }
        UserCommand::Passwd { name, password } => {
            let mut daemon = Link::open(config).await?;
            let new = NewPassword::obtain(password, &name)?;
            let password = daemon.register(&name, &new.password).await?;
            daemon.change(Request::UserPasswd { user: name, password }).await?;
            tell(new.made_up)
        }
        UserCommand::List { json } => listing::users(config, Form::of(json)).await,
        UserCommand::Show { name, json } => listing::user(config, name, Form::of(json)).await,
        UserCommand::Devices { name, json } => listing::devices(config, name, Form::of(json)).await,
        UserCommand::Pending { json } => listing::sign_ups(config, Form::of(json)).await,
        UserCommand::Approve { name } => link::act(config, Act::Approve(name)).await,
        UserCommand::Deny { name, reason } => {
            let reason = parse_reason(&reason)?;
            link::act(config, Act::Deny { user: name, reason }).await
        }
        UserCommand::Operator { name, switch } => {
            let on = matches!(switch, Switch::On);
            link::act(config, Act::Operator { user: name, on }).await
        }
        UserCommand::Disable { name } => link::act(config, Act::Disable(name)).await,
        UserCommand::Enable { name } => link::act(config, Act::Enable(name)).await,
        UserCommand::Remove { name } => link::act(config, Act::Remove(name)).await,
    }
}

/// A reason in one or more words; none where there are none.
fn parse_reason(words: &[String]) -> anyhow::Result<Option<Reason>> {
    match Reason::parse(&words.join(" ")) {
        Ok(reason) => Ok(Some(reason)),
        Err(TextError::Empty) => Ok(None),
        Err(error @ TextError::TooLong) => Err(anyhow!("the reason {error}; shorten it")),
    }
}

/// A password that was made up is told when it counts, and only to stdout.
fn tell(made_up: Option<String>) -> anyhow::Result<()> {
    let Some(password) = made_up else { return Ok(()) };
    writeln!(io::stdout(), "{password}").context(
        "the password was set and cannot be printed; set another with `parlord user passwd`",
    )
}
