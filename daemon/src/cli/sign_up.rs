//! `parlord sign-up`: how strangers get an account from now on.

use std::io::{self, Write};

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use parlor_protocol::account::SignUpMode;

use super::link::{Link, NONSENSE};
use super::listing::Form;
use crate::config::Config;
use crate::control::{Act, Request, Response};

/// Sets the mode, or prints the one in force.
pub(super) async fn run(
    config: &Config,
    mode: Option<SignUpMode>,
    form: Form,
) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    if let Some(mode) = mode {
        daemon.change(Request::Act(Act::SetSignUpMode(mode))).await?;
    }
    let line = match (mode, form) {
        (Some(_), Form::Columns) => return Ok(()),
        (Some(mode), Form::Json) => json(mode),
        (None, form) => {
            let Response::SignUpMode(mode) = daemon.ask(Request::SignUpMode).await? else {
                bail!(NONSENSE)
            };
            match form {
                Form::Columns => mode.to_string(),
                Form::Json => json(mode),
            }
        }
    };
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// A mode needs no escaping.
fn json(mode: SignUpMode) -> String {
    format!(r#"{{"type":"sign-up-mode","mode":"{mode}"}}"#)
}

/// Reads a mode from the command line.
pub(super) fn mode() -> impl TypedValueParser<Value = SignUpMode> {
    PossibleValuesParser::new(SignUpMode::ALL.iter().map(|mode| mode.word())).map(|text| {
        let known = SignUpMode::ALL.iter().copied().find(|mode| mode.word() == text);
        known.expect("invariant: only words of modes get here")
    })
}
