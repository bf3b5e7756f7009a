//! `parlord`, the daemon: private chat rooms on your own machine.

mod accounts;
mod admission;
mod audit;
mod backup;
mod cli;
mod clock;
mod config;
mod control;
mod delivery;
mod examine;
mod hub;
mod limited;
mod logging;
mod metrics;
mod network;
mod penalties;
mod rooms;
mod secrets;
mod serve;
mod session;
mod store;
mod tls;
mod translate;

use std::process::ExitCode;

use clap::Parser;
use parlor_protocol::text::printable;

fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", printable(&told(&error)));
            ExitCode::FAILURE
        }
    }
}

/// An error on one line. Many errors of ours quote their cause, which is then not told again.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold("parlord".to_owned(), |told, cause| {
        if told.ends_with(&cause) { told } else { format!("{told}: {cause}") }
    })
}
