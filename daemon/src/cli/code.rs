//! `parlord code`: codes that let strangers sign up.

use std::io::{self, Write};

use anyhow::{Context, bail};
use clap::Subcommand;

use super::link::{Link, NONSENSE};
use super::listing::Form;
use super::span;
use crate::audit::rfc3339;
use crate::config::Config;
use crate::control::{Act, ListedCode, Request, Response};

/// The longest that a code may count, in seconds: 365 days. One that outlives the memory of who
/// has it is better made anew.
const EXPIRES_SECS_MAX: u32 = 365 * 24 * 60 * 60;

#[derive(Debug, Subcommand)]
pub(super) enum CodeCommand {
    /// Make a code and print it
    Create {
        /// How many may sign up with it
        #[arg(long, value_name = "N", default_value_t = 1,
              value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        uses: u32,
        /// For how long it counts: 30m, 12h, 7d, 2w; 365d at most
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = expires_secs)]
        expires: u32,
    },
    /// List the codes that count
    List,
    /// Revoke a code
    Revoke {
        /// The code
        code: String,
    },
}

/// Does what was asked for.
pub(super) async fn run(config: &Config, command: CodeCommand, form: Form) -> anyhow::Result<()> {
    match command {
        CodeCommand::Create { uses, expires } => create(config, uses, expires, form).await,
        CodeCommand::List => list(config, form).await,
        CodeCommand::Revoke { code } => {
            Link::open(config).await?.change(Request::Act(Act::RevokeCode(code))).await
        }
    }
}

async fn create(config: &Config, uses: u32, secs: u32, form: Form) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let made = Request::Act(Act::MakeCode { uses, secs });
    let Response::Code(made) = daemon.ask(made).await? else { bail!(NONSENSE) };
    let told = match form {
        Form::Columns => made.code,
        Form::Json => line(&made, form),
    };
    writeln!(io::stdout(), "{told}")
        .context("the code was made and cannot be printed; see `parlord code list`")
}

async fn list(config: &Config, form: Form) -> anyhow::Result<()> {
    let mut daemon = Link::open(config).await?;
    let Response::Codes(codes) = daemon.ask(Request::CodeList).await? else { bail!(NONSENSE) };
    let mut out = io::stdout().lock();
    codes.iter().try_for_each(|code| writeln!(out, "{}", line(code, form)))?;
    Ok(out.flush()?)
}

/// A code needs no escaping.
fn line(listed: &ListedCode, form: Form) -> String {
    let ListedCode { code, uses, until, operator } = listed;
    let until = rfc3339(*until);
    match form {
        Form::Columns => {
            let standing = if *operator { "  operator" } else { "" };
            format!("{code}  {uses:>7}  {until}{standing}")
        }
        Form::Json => format!(
            r#"{{"type":"code","code":"{code}","uses":{uses},"until":"{until}","operator":{operator}}}"#
        ),
    }
}

/// Reads for how long a code counts, in seconds.
fn expires_secs(text: &str) -> Result<u32, String> {
    let secs = span::secs(text)?;
    let expires = u32::try_from(secs).ok().filter(|&secs| secs <= EXPIRES_SECS_MAX);
    expires.ok_or_else(|| "a code counts for 365d at most".to_owned())
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::Timestamp;

    use super::*;

    #[test]
    fn codes_are_listed_for_people_and_for_scripts() {
        let code = |uses, operator| ListedCode {
            code: "7k2m-q9xa-43fd".to_owned(),
            uses,
            until: Timestamp(1_795_377_632_123),
            operator,
        };
        let lines = [code(1, false), code(1_000_000, true)];
        let lines =
            lines.iter().flat_map(|code| [Form::Columns, Form::Json].map(|form| line(code, form)));
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
        7k2m-q9xa-43fd        1  2026-11-22T20:00:32.123Z
        {"type":"code","code":"7k2m-q9xa-43fd","uses":1,"until":"2026-11-22T20:00:32.123Z","operator":false}
        7k2m-q9xa-43fd  1000000  2026-11-22T20:00:32.123Z  operator
        {"type":"code","code":"7k2m-q9xa-43fd","uses":1000000,"until":"2026-11-22T20:00:32.123Z","operator":true}
        "#);
    }

    #[test]
    fn a_code_counts_for_as_long_as_is_said_and_not_for_ever() {
        for (text, secs) in [
            ("1s", 1),
            ("30m", 1_800),
            ("12h", 43_200),
            ("7d", 604_800),
            ("007d", 604_800),
            ("2w", 1_209_600),
            ("365d", EXPIRES_SECS_MAX),
        ] {
            assert_eq!(expires_secs(text), Ok(secs), "{text}");
        }
        for text in ["", "7", "d", "0d", "+7d", "-7d", "7 d", "7D", "7µ", "７d", "1.5d"] {
            assert!(expires_secs(text).unwrap_err().contains("as in 7d"), "{text}");
        }
        for text in ["366d", "53w", "5000000000s", "99999999999999999999w"] {
            assert!(expires_secs(text).unwrap_err().contains("365d at most"), "{text}");
        }
    }
}
