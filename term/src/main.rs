//! `parlor`, the terminal client.

mod cache;
mod cli;
mod config;
mod console;
mod door;
mod failure;
mod full_screen;
mod host_key;
mod keymap;
mod keys;
mod known_hosts;
mod lines;
mod link;
mod links;
mod model;
mod net;
mod screen;
mod trust;
mod update;
mod words;

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::cache::Caches;
use crate::cli::{Invocation, Wrong};
use crate::config::{ConfigError, Places, Settings};
use crate::console::Terminal;
use crate::failure::Failure;
use crate::keys::KeyStore;
use crate::known_hosts::KnownHosts;
use crate::lines::Format;
use crate::net::Endpoint;
use crate::net::account::{Account, Passwords};

fn main() -> ExitCode {
    let invocation = match cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(Wrong::Clap(error)) => {
            // Nothing can be done where neither stream can be written to.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
        Err(Wrong::Config(error)) => return Failure::from(error).report(Format::Columns),
    };
    let format = match &invocation.line {
        Some(line) if line.json => Format::Json,
        _ => Format::Columns,
    };
    match run(invocation) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(format),
    }
}

fn run(invocation: Invocation) -> Result<(), Failure> {
    let places = Places::from_env()?;
    let file = config_file(invocation.config.as_deref(), &places)?;
    let file = file.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    let settings = config::resolve(&invocation.destination, invocation.settings, file, &places)?;
    let asking = settings.asking;
    let mut console = Terminal::new(asking, invocation.verbosity);
    let passwords = match settings.password_command.clone() {
        _ if invocation.line.as_ref().is_some_and(|line| line.password_stdin) => {
            Passwords::Given(lines::stdin_line()?)
        }
        Some(command) => Passwords::Command(command),
        None => Passwords::Terminal,
    };
    let account = account(settings, passwords, &places);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("cannot start: {error}")))?;
    let Some(line) = invocation.line else {
        let caches = Caches::new(places.state.join("cache"));
        full_screen::open(account, caches, runtime, asking)?.exit()
    };
    let done = runtime.block_on(lines::run(line, &account, &mut console));
    // A thread that waits for standard input must not keep the program alive.
    runtime.shutdown_background();
    done
}

fn account(settings: Settings, passwords: Passwords, places: &Places) -> Account {
    Account {
        endpoint: Endpoint {
            host: settings.host,
            port: settings.port,
            known: KnownHosts::new(settings.known_hosts),
            strict: settings.strict,
            patience: settings.patience,
        },
        user: settings.user,
        keys: KeyStore::new(places.state.join("keys")),
        identity: settings.identity,
        passwords,
    }
}

/// The configuration file's name and text: the one that was named, or the user's own if there is
/// one.
fn config_file(
    named: Option<&Path>,
    places: &Places,
) -> Result<Option<(String, String)>, ConfigError> {
    let path = match named {
        Some(path) if path == Path::new("none") => return Ok(None),
        Some(path) => path.to_owned(),
        None => places.config.join("config.toml"),
    };
    let name = path.display().to_string();
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some((name, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(ConfigError(format!("cannot read {name}: {error}"))),
    }
}
