//! The command line of `parlord`: the daemon itself, and what an administrator does with it.
//!
//! Subcommands work while the daemon runs and while it does not. What goes wrong is one line on
//! stderr that says what, and what to do. The exit status is 0 for done, 1 for refused or failed
//! and 2 for wrong usage.

mod host_key;
mod link;
mod operate;
mod owner;
mod password;
mod user;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use parlor_protocol::account::SignUpMode;
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
    /// Make codes to sign up with, list and revoke them
    #[command(subcommand)]
    Code(CodeCommand),
    /// Say how users sign up from now on, whatever the configuration says; without a mode, print
    /// the one in force
    SignUp {
        /// closed, code, approval or open
        #[arg(value_parser = mode)]
        mode: Option<SignUpMode>,
    },
    /// See to rooms
    #[command(subcommand)]
    Room(RoomCommand),
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

#[derive(Debug, Subcommand)]
enum CodeCommand {
    /// Make a code and print it
    Create {
        /// How many may sign up with it
        #[arg(long, value_name = "N", default_value_t = 1,
              value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        uses: u32,
        /// For how long it counts: 30m, 12h, 7d, 2w; a year at most
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = duration_secs)]
        expires: u32,
    },
    /// List the codes that count
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Revoke a code
    Revoke {
        /// The code
        code: String,
    },
}

#[derive(Debug, Subcommand)]
enum RoomCommand {
    /// Hand a room whose owner has vanished to one of its members
    Transfer {
        /// Its title or ID
        room: String,
        /// The member
        user: UserName,
    },
}

/// On or off.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
}

fn mode(text: &str) -> Result<SignUpMode, String> {
    let known = SignUpMode::ALL.iter().copied().find(|mode| mode.word() == text);
    known.ok_or_else(|| "use closed, code, approval or open".to_owned())
}

fn duration_secs(text: &str) -> Result<u32, String> {
    let wrong = || "use a number and one of s m h d w, as in 7d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let secs: u32 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    count.checked_mul(secs).filter(|&secs| secs > 0).ok_or_else(wrong)
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
        Command::Code(command) => {
            let config = Config::load(&overrides, &Surroundings::here())?;
            waiting(operate::code(&config, command))
        }
        Command::SignUp { mode } => {
            let config = Config::load(&overrides, &Surroundings::here())?;
            waiting(operate::sign_up(&config, mode))
        }
        Command::Room(command) => {
            let config = Config::load(&overrides, &Surroundings::here())?;
            waiting(operate::room(&config, command))
        }
        Command::HostKey(HostKeyCommand::Show) => {
            let config = Config::load(&overrides, &Surroundings::here())?;
            host_key::show(&config.data)
        }
    }
}

/// Runs what may wait for the daemon.
fn waiting(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
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
            "parlord user pending --json",
            "parlord user deny bob not this time",
            "parlord user operator bob off",
            "parlord code create --uses 5 --expires 2w",
            "parlord sign-up",
            "parlord sign-up approval",
            "parlord room transfer ops bob",
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
            "parlord user operator bob maybe",
            "parlord code create --expires 7",
            "parlord code create --uses 0",
            "parlord sign-up ajar",
            "parlord room transfer ops",
            "parlord host-key",
            "parlord rotate",
        ] {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
