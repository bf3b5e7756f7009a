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
mod pattern;
mod plain;
mod preferences;
mod screen;
mod theme;
mod trust;
mod update;
mod words;

use std::process::ExitCode;

use crate::cache::Caches;
use crate::cli::{Invocation, Wrong};
use crate::config::{Places, Settings, Source};
use crate::console::Terminal;
use crate::failure::Failure;
use crate::keys::KeyStore;
use crate::known_hosts::KnownHosts;
use crate::lines::Format;
use crate::net::Endpoint;
use crate::net::account::{Account, Passwords};
use crate::preferences::Preferences;

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
    let source = Source::new(invocation.config.as_deref(), &places);
    let file = source.read()?;
    let settings = config::resolve(&invocation.destination, invocation.settings, &file, &places)?;
    // Also what is of no use to a command for scripts has to be right.
    let preferences = file.preferences()?;
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
        let view = invocation.view.unwrap_or(preferences.view);
        let preferences = Preferences { view, ..preferences };
        let caches = Caches::new(places.state.join("cache"));
        let open = full_screen::Open { account, preferences, source, caches, runtime, asking };
        open.run(&mut console)?.exit()
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
