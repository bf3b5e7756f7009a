//! `parlord sign-up`: how strangers get an account from now on.

use std::io::{self, Write};

use anyhow::bail;
use parlor_protocol::account::SignUpMode;

use super::link::{self, Link, NONSENSE};
use crate::config::Config;
use crate::control::{Act, Request, Response};

/// Sets the mode, or prints the one in force.
pub(super) async fn run(config: &Config, mode: Option<SignUpMode>) -> anyhow::Result<()> {
    if let Some(mode) = mode {
        return link::act(config, Act::SetSignUpMode(mode)).await;
    }
    let mut daemon = Link::open(config).await?;
    let Response::SignUpMode(mode) = daemon.ask(Request::SignUpMode).await? else {
        bail!(NONSENSE)
    };
    Ok(writeln!(io::stdout(), "{mode}")?)
}

/// Reads a mode from the command line.
pub(super) fn mode(text: &str) -> Result<SignUpMode, String> {
    let known = SignUpMode::ALL.iter().copied().find(|mode| mode.word() == text);
    known.ok_or_else(|| "use closed, code, approval or open".to_owned())
}
