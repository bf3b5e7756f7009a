//! `parlord`, the daemon: private chat rooms on your own machine.

// They panic where nobody listens.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod accepting;
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
mod regular;
mod reload;
mod rooms;
mod secrets;
mod serve;
mod session;
mod store;
mod tls;
mod translate;

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::understand(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let form = cli.form();
    match cli::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // After a hang-up there may be nobody to tell.
            let _nobody = writeln!(io::stderr(), "{}", cli::told(&error, form));
            ExitCode::FAILURE
        }
    }
}
