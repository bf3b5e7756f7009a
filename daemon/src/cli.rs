//! The command line of `parlord`: the daemon itself, and what an administrator does with it.
//!
//! Subcommands work while the daemon runs and while it does not. What goes wrong is one line on
//! stderr that says what, and what to do. The exit status is 0 for done, 1 for refused or failed
//! and 2 for wrong usage.

mod host_key;
mod owner;
mod password;
mod user;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use parlor_protocol::name::UserName;

use crate::config::{Config, Overrides, Surroundings};
use crate::{logging, serve};

/// Private chat rooms on your own machine: the daemon.
#[derive(Debug, Parser)]
#[command(name = "parlord", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Place {
    /// The configuration file [default: /etc/parlord/parlord.toml where it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory [default: $STATE_DIRECTORY, else `data` of the configuration file, else
    /// parlord under the XDG data home]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon
    Serve(ServeArgs),
    /// Add users, list them and set their passwords
    #[command(subcommand)]
    User(UserCommand),
    /// Show by which key the server is known
    #[command(subcommand)]
    HostKey(HostKeyCommand),
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Listen here with TLS in place of listen.tls, as on 127.0.0.1:7667; IPv6 in brackets; port 0
    /// is any free one
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
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
    /// Set a user's password, and log all their devices out
    Passwd {
        /// The user
        name: UserName,
        #[command(flatten)]
        password: PasswordArgs,
    },
}

/// Where a password comes from; without either it is asked for on the terminal.
#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
struct PasswordArgs {
    /// Read the password from the first line of stdin
    #[arg(long)]
    password_stdin: bool,
    /// Make a password up and print it
    #[arg(long)]
    generate: bool,
}

#[derive(Debug, Subcommand)]
enum HostKeyCommand {
    /// Print the fingerprint, and the public key as a line for known_hosts or authorized tools
    Show,
}

/// Does what the command line says.
///
/// # Errors
/// It was refused or has failed; the error's chain, on one line, says why and what to do.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    let mut overrides =
        Overrides { config: cli.place.config, data: cli.place.data, listen: vec![] };
    match cli.command {
        Command::Serve(ServeArgs { listen }) => {
            overrides.listen = listen;
            let config = Config::load(&overrides, &Surroundings::here())?;
            logging::start(config.log.as_deref())?;
            Ok(serve::run(&config)?)
        }
        Command::User(command) => {
            let config = Config::load(&overrides, &Surroundings::here())?;
            user::run(&config, command)
        }
        Command::HostKey(HostKeyCommand::Show) => {
            let config = Config::load(&overrides, &Surroundings::here())?;
            host_key::show(&config.data)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_told_from_good() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).map(|_| ());
        for good in [
            "parlord serve",
            "parlord serve --listen 127.0.0.1:0 --listen [::1]:0",
            "parlord --data /tmp/x user add alice --operator --generate",
            "parlord user add alice --data /tmp/x --config y.toml --password-stdin",
            "parlord user list --json",
            "parlord user passwd Alice",
            "parlord host-key show",
        ] {
            parse(good).unwrap_or_else(|error| panic!("{good}: {error}"));
        }
        for bad in [
            "parlord",
            "parlord serve --listen localhost:1",
            "parlord user add",
            "parlord user add 1alice",
            "parlord user add alice --generate --password-stdin",
            "parlord user list alice",
            "parlord host-key",
            "parlord rotate",
        ] {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
