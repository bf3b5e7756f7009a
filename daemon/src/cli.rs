//! The command line of `parlord`: the daemon itself, and what an administrator does with it.
//!
//! Subcommands work while the daemon runs and while it does not. What goes wrong is one line on
//! stderr that says what, and what to do. The exit status is 0 for done, 1 for refused or failed
//! and 2 for wrong usage.

mod audit;
mod backup;
mod check;
mod code;
mod config;
mod host_key;
mod link;
mod listing;
mod owner;
mod password;
mod refused;
mod reload;
mod room;
mod session;
mod sign_up;
mod span;
mod status;
mod user;

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use parlor_protocol::account::SignUpMode;
use parlor_protocol::text::printable;

use self::listing::Form;
pub(crate) use self::refused::told;
use crate::config::{Config, Overrides, Surroundings};
use crate::control;
use crate::logging::{self, Logging};
use crate::serve::{self, Passed, Start};

/// Private chat rooms on your own machine: the daemon.
#[derive(Debug, Parser)]
#[command(name = "parlord", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    place: Place,
    /// Print one JSON object a line, also of what was changed, and one on stderr of what was
    /// refused; not with `serve`
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Place {
    /// The configuration file [default: $PARLORD_CONFIG, else /etc/parlord/parlord.toml where it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory [default: $PARLORD_DATA, else $STATE_DIRECTORY, else `data` of the
    /// configuration file, else parlord under the XDG data home]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon
    Serve(ServeArgs),
    /// See to users: who gets in, who is shut out, who is an operator
    #[command(subcommand)]
    User(user::UserCommand),
    /// Make codes to sign up with, list and revoke them
    #[command(subcommand)]
    Code(code::CodeCommand),
    /// Say how users sign up from now on, whatever the configuration says; without a mode, print
    /// the one in force
    SignUp {
        /// closed, code, approval or open
        #[arg(value_parser = sign_up::mode())]
        mode: Option<SignUpMode>,
    },
    /// See to rooms
    #[command(subcommand)]
    Room(room::RoomCommand),
    /// See who is connected to the running daemon, and end sessions
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Show how the running daemon is, and whom it makes wait, and why
    Status,
    /// Have the running daemon read its configuration again, without ending a connection, and print
    /// what has changed
    Reload,
    /// Tell everybody something who is connected
    Announce {
        /// What
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// See what the configuration says
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Show what is on record, or find out whether all of it is still there
    Audit(audit::AuditArgs),
    /// Copy everything into a new directory, also while the daemon runs: the store, the host key,
    /// the audit
    Backup(backup::BackupArgs),
    /// Put a backup into the data directory, in which there is no store
    Restore(backup::RestoreArgs),
    /// Find out whether the data directory is whole: the store and its rules, the audit, the host
    /// key; also while the daemon runs
    Check,
    /// Show by which key the server is known
    #[command(subcommand)]
    HostKey(HostKeyCommand),
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Listen here with TLS in place of listen.tls, as on 127.0.0.1:7667; IPv6 in brackets; port 0
    /// is any free one. Sockets that systemd passes come before it
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,
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

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// It makes no sense, or asks for help.
    pub(crate) fn understand(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let cli = Self::try_parse_from(words)?;
        match cli.command {
            Command::Serve(_) if cli.json => Err(Self::command().error(
                ErrorKind::ArgumentConflict,
                "`serve` has no --json; scripts ask a running parlord by `parlord status --json`",
            )),
            Command::Audit(ref arguments) if arguments.is_contradictory() => Err(Self::command()
                .error(
                    ErrorKind::ArgumentConflict,
                    "`audit verify` looks at all records; choose some with `audit` alone",
                )),
            _ => Ok(cli),
        }
    }

    /// For whom it prints.
    pub(crate) fn form(&self) -> Form {
        Form::of(self.json)
    }
}

/// Does what the command line says.
///
/// # Errors
/// It was refused or has failed; the error's chain, on one line, says why and what to do.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    obey(cli).or_else(|error| if reads_no_further(&error) { Ok(()) } else { Err(error) })
}

/// Whoever reads what is printed has seen enough, as `head` has. What else may fail so says more
/// than that.
fn reads_no_further(error: &anyhow::Error) -> bool {
    let printing = error.downcast_ref::<io::Error>().filter(|_| error.chain().len() == 1);
    printing.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn obey(cli: Cli) -> anyhow::Result<()> {
    let form = cli.form();
    let mut overrides =
        Overrides { config: cli.place.config, data: cli.place.data, ..Overrides::default() };
    match cli.command {
        Command::Serve(ServeArgs { listen }) => {
            let passed = Passed::take()?;
            overrides.passed = passed.addresses()?;
            overrides.listen = listen;
            let config = Config::load(&overrides, &Surroundings::here())?;
            let said = logging::said_by(config.log.as_deref());
            let handle = logging::start(config.log.as_deref())
                .map_err(|error| anyhow::anyhow!("{}{error}", config.place_of("log")))?;
            Ok(serve::run(Start { config, overrides, log: Logging { handle, said }, passed })?)
        }
        Command::User(command) => {
            let config = configured(&overrides)?;
            waiting(user::run(&config, command, form))
        }
        Command::Code(command) => {
            let config = configured(&overrides)?;
            waiting(code::run(&config, command, form))
        }
        Command::SignUp { mode } => {
            let config = configured(&overrides)?;
            waiting(sign_up::run(&config, mode, form))
        }
        Command::Room(command) => {
            let config = configured(&overrides)?;
            waiting(room::run(&config, command, form))
        }
        Command::Session(command) => {
            let config = configured(&overrides)?;
            waiting(session::run(&config, command, form))
        }
        Command::Status => {
            let config = configured(&overrides)?;
            waiting(status::run(&config, form))
        }
        Command::Reload => waiting(reload::run(&overrides, form)),
        Command::Announce { text } => {
            let config = configured(&overrides)?;
            waiting(session::announce(&config, &text))
        }
        Command::Config(command) => config::run(overrides, command, form),
        Command::Audit(arguments) => {
            let config = configured(&overrides)?;
            waiting(audit::run(&config, arguments, form))
        }
        Command::Backup(arguments) => {
            let config = configured(&overrides)?;
            waiting(backup::run(&config, arguments, form))
        }
        Command::Restore(arguments) => {
            let config = Config::load(&overrides, &Surroundings::here())?;
            waiting(backup::restore(&config, arguments, form))
        }
        Command::Check => {
            let config = configured(&overrides)?;
            waiting(check::run(&config, form))
        }
        Command::HostKey(HostKeyCommand::Show) => {
            let config = configured(&overrides)?;
            host_key::show(&config.data, form)
        }
    }
}

/// The configuration. Where it cannot be used and a daemon runs, as much as it takes to reach that
/// one, with a warning: somebody may have to be shut out before the file is mended.
fn configured(overrides: &Overrides) -> anyhow::Result<Config> {
    let here = Surroundings::here();
    let fault = match Config::load(overrides, &here) {
        Ok(config) => return Ok(config),
        Err(fault) => fault,
    };
    let data = Config::data_at_least(overrides, &here);
    let reached = data.and_then(|data| {
        waiting(async { Ok(control::connect(&data).await?) }).ok().flatten()?;
        Config::for_the_running(data, overrides, &here)
    });
    let Some(config) = reached else { return Err(fault.into()) };
    remark(&format!("warning: {fault}; the running parlord goes by what it has read"));
    Ok(config)
}

/// Says on stderr what somebody should know. Whoever does not hear it still gets what they asked for,
/// and the exit status.
fn remark(what: &str) {
    let _nobody = writeln!(io::stderr(), "{}", printable(&format!("parlord: {what}")));
}

/// Runs what may wait for the daemon.
fn waiting<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    // What was interrupted ends with the process.
    runtime.shutdown_background();
    done
}

#[cfg(test)]
#[path = "../../packaging/manual.rs"]
mod manual;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    const MORE: [manual::Section; 4] = [
        (
            "EXIT STATUS",
            &[
                ("0", "Done; with serve, that it was told to stop."),
                ("1", "Refused or failed: one line on standard error says what, and what to do."),
                ("2", "Wrong usage."),
            ],
        ),
        (
            "ENVIRONMENT",
            &[
                ("PARLORD_CONFIG", "The configuration file."),
                ("PARLORD_DATA", "The data directory, in place of `data`."),
                ("PARLORD_LISTEN", "Addresses separated by commas, in place of `listen.tls`."),
                ("PARLORD_SIGN_UP", "How strangers sign up, in place of `accounts.sign_up`."),
                (
                    "STATE_DIRECTORY, RUNTIME_DIRECTORY, CREDENTIALS_DIRECTORY, \
                     CONFIGURATION_DIRECTORY, NOTIFY_SOCKET, LISTEN_FDS",
                    "As systemd sets them: the data, the control socket, a host key to begin with, \
                     the configuration, whom to tell that it is ready, and sockets to listen on.",
                ),
            ],
        ),
        (
            "FILES",
            &[
                (
                    "/etc/parlord/parlord.toml",
                    "The configuration, where none is named. Every key is in it.",
                ),
                ("/var/lib/parlord", "The data directory of the system's service."),
                ("DATA/parlor.db", "The store: everything but the host key and the audit."),
                ("DATA/host_key", "The key that clients know the server by."),
                ("DATA/audit/", "What is on record, one JSON object a line."),
                ("DATA/control", "The socket by which the subcommands talk to the running daemon."),
            ],
        ),
        ("SEE ALSO", &[("parlor(1)", "The client.")]),
    ];

    #[test]
    fn every_subcommand_is_in_the_manual_and_is_completed() {
        manual::write(Cli::command(), "8", &MORE, Cli::command(), |_, script| script);
    }

    fn parse(line: &str) -> Result<(), clap::Error> {
        Cli::understand(line.split(' ')).map(|_| ())
    }

    #[test]
    fn good_usage_is_understood() {
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
            "parlord user show bob --json",
            "parlord user devices bob",
            "parlord code create --uses 5 --expires 2w",
            "parlord sign-up",
            "parlord sign-up approval",
            "parlord room transfer ops bob",
            "parlord room list --json",
            "parlord room show ops --json",
            "parlord room terminate kx4f9-2mqa7",
            "parlord session list --json",
            "parlord session disconnect 12",
            "parlord session disconnect Alice",
            "parlord status",
            "parlord status --json",
            "parlord audit",
            "parlord audit --since 2h --user Alice --room ops --action login --json",
            "parlord audit --since 2026-11-22T20:07:12Z --suspicious --follow",
            "parlord audit verify",
            "parlord backup /somewhere",
            "parlord backup --json /somewhere",
            "parlord restore /somewhere",
            "parlord check",
            "parlord check --json",
            "parlord host-key show",
            "parlord reload --json",
            "parlord announce back at nine",
            "parlord config show --json",
            "parlord config check",
            "parlord config check other.toml",
            "parlord --json user add alice --generate",
            "parlord audit verify --json",
            "parlord audit --json verify",
            "parlord audit --config c.toml --data /tmp/x verify",
            "parlord host-key show --json",
            "parlord sign-up approval --json",
        ] {
            parse(good).unwrap_or_else(|error| panic!("{good}: {error}"));
        }
    }

    #[test]
    fn wrong_usage_is_told_so() {
        for bad in [
            "parlord",
            "parlord serve --listen localhost:1",
            "parlord user add",
            "parlord user add 1alice",
            "parlord user add alice --generate --password-stdin",
            "parlord user list alice",
            "parlord user operator bob maybe",
            "parlord user show",
            "parlord code create --expires 7",
            "parlord code create --expires 366d",
            "parlord code create --uses 0",
            "parlord sign-up ajar",
            "parlord room transfer ops",
            "parlord room terminate",
            "parlord session disconnect",
            "parlord session disconnect -1",
            "parlord session disconnect 1alice",
            "parlord audit --since yesterday",
            "parlord audit --user 1alice",
            "parlord serve --json",
            "parlord audit --suspicious verify",
            "parlord audit --follow verify",
            "parlord audit --since 2h --json verify",
            "parlord backup",
            "parlord restore",
            "parlord check /somewhere",
            "parlord host-key",
            "parlord announce",
            "parlord rotate",
        ] {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
