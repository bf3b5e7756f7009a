//! The command line: options and a destination as in ssh, then a command with its own options.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use parlor_protocol::id::Nonce;

use crate::config::{ConfigError, Destination, Key, Setting};

/// What is to be done, and where.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The options, in the order in which they stand.
    pub(crate) settings: Vec<Setting>,
    /// The configuration file that was named.
    pub(crate) config: Option<PathBuf>,
    /// How often `-v` stands.
    pub(crate) verbosity: u8,
    /// Where to connect.
    pub(crate) destination: Destination,
    /// What to do there; `None` for the full-screen client.
    pub(crate) line: Option<Line>,
}

/// Private chat rooms on your own machine: the terminal client.
#[derive(Debug, Parser)]
#[command(name = "parlor", version, disable_help_subcommand = true)]
struct Outer {
    /// The server's port [default: 7667]
    #[arg(short, action = ArgAction::Append)]
    port: Vec<String>,
    /// Your name on the server [default: your local name]
    #[arg(short, value_name = "USER", action = ArgAction::Append)]
    login: Vec<String>,
    /// Log in with this OpenSSH Ed25519 key
    #[arg(short, value_name = "KEY", action = ArgAction::Append)]
    identity: Vec<String>,
    /// Read this in place of config.toml; `none` reads no file
    #[arg(short = 'F', value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Set an option, as in ssh: Port User IdentityFile StrictHostKeyChecking UserKnownHostsFile
    /// BatchMode PasswordCommand ConnectTimeout
    #[arg(short, value_name = "KEY=VALUE", action = ArgAction::Append)]
    option: Vec<String>,
    /// Say what is going on
    #[arg(short, action = ArgAction::Count)]
    verbose: u8,
    /// Where to connect
    #[arg(value_name = "[USER@]HOST[:PORT]")]
    destination: String,
    /// What to do there; without it the full-screen client opens
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// A command for scripts, with what every command takes.
#[derive(Debug, Parser)]
#[command(
    name = "parlor HOST",
    no_binary_name = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Line {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: LineCommand,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read the password from the first line of standard input, if one is needed
    #[arg(long, global = true)]
    pub(crate) password_stdin: bool,
}

/// Which part of a listing to print.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Page {
    /// Print at most this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Go on behind this cursor, the `next` of a page
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum LineCommand {
    /// Make an account, and remember this device
    Signup,
    /// List rooms
    Rooms {
        /// Only those whose title holds this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only those that you are in
        #[arg(long)]
        mine: bool,
        #[command(flatten)]
        page: Page,
    },
    /// Make a room and print its ID
    Create {
        /// Its title
        title: String,
    },
    /// Enter a room
    Join {
        /// Its title or ID
        room: String,
        /// Leave this room in the same step
        #[arg(long, value_name = "ROOM")]
        leave: Option<String>,
    },
    /// Leave a room
    Leave {
        /// Its title or ID
        room: String,
    },
    /// List the members of a room
    Members {
        /// Its title or ID
        room: String,
        #[command(flatten)]
        page: Page,
    },
    /// Make a member an admin
    Promote(Whom),
    /// Make an admin a plain member; name yourself to step down
    Demote(Whom),
    /// Hand a room over to a member; you stay as an admin
    Transfer(Whom),
    /// Say what a room is about
    Topic {
        /// Its title or ID
        room: String,
        /// The topic; an empty one clears it
        text: String,
    },
    /// Give a room another title
    Rename {
        /// Its title or ID
        room: String,
        /// Its title from now on
        title: String,
    },
    /// Say something in a room
    Send(SendArgs),
    /// Print the latest messages of a room
    Tail(TailArgs),
    /// List your devices, or revoke one
    Devices {
        #[command(subcommand)]
        action: Option<DevicesAction>,
        #[command(flatten)]
        page: Page,
    },
    /// Change your password; `--password-stdin` reads the current and the new one, a line each
    Passwd,
    /// Print who you are
    Whoami,
}

/// A member of a room.
#[derive(Debug, Args)]
pub(crate) struct Whom {
    /// The title or ID of the room
    pub(crate) room: String,
    /// The member's name
    pub(crate) user: String,
}

/// What to send.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The title or ID of the room
    pub(crate) room: String,
    /// What to say; without it standard input is read
    pub(crate) text: Vec<String>,
    /// Send under this nonce: the same nonce again within 7 days is the same message
    #[arg(long, value_name = "HEX", conflicts_with = "lines")]
    pub(crate) nonce: Option<Nonce>,
    /// Send every line of standard input that is not blank as a message, in order
    #[arg(long, conflicts_with = "text")]
    pub(crate) lines: bool,
    /// Fail where the server says to wait, instead of waiting
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// What to print.
#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    /// The title or ID of the room
    pub(crate) room: String,
    /// How many [default: 10, or all with --after]
    #[arg(short, value_name = "N")]
    pub(crate) number: Option<u64>,
    /// Go on with what is said from now on
    #[arg(short, conflicts_with = "before")]
    pub(crate) follow: bool,
    /// Only what came before this message
    #[arg(long, value_name = "SEQ", conflicts_with = "after")]
    pub(crate) before: Option<u64>,
    /// Only what came after this message
    #[arg(long, value_name = "SEQ")]
    pub(crate) after: Option<u64>,
    /// Also print who came, went and became what
    #[arg(long, conflicts_with_all = ["before", "after"])]
    pub(crate) events: bool,
}

/// What to do with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DevicesAction {
    /// Revoke a device: it logs nobody in any more
    Revoke {
        /// Its number
        id: u32,
    },
}

/// Why there is nothing to run.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// clap has it all, also help and version.
    Clap(clap::Error),
    /// An option or the destination.
    Config(ConfigError),
}

/// Reads the command line.
///
/// # Errors
/// When it makes no sense, or asks for help.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Wrong> {
    let matches = outer().try_get_matches_from(arguments).map_err(Wrong::Clap)?;
    let outer = Outer::from_arg_matches(&matches).map_err(Wrong::Clap)?;
    let settings = settings(&matches).map_err(Wrong::Config)?;
    let destination = Destination::parse(&outer.destination).map_err(Wrong::Config)?;
    let line = match outer.command.as_slice() {
        [] => None,
        command => Some(Line::try_parse_from(command).map_err(Wrong::Clap)?),
    };
    let (config, verbosity) = (outer.config, outer.verbose);
    Ok(Invocation { settings, config, verbosity, destination, line })
}

/// The outer command line, whose help lists the inner commands too.
fn outer() -> clap::Command {
    let inner = Line::command();
    let width = inner.get_subcommands().map(|c| c.get_name().len()).max().unwrap_or(0);
    let mut help = "Commands (`parlor HOST COMMAND --help` says more):\n".to_owned();
    for command in inner.get_subcommands() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        help += &format!("  {:width$}  {about}\n", command.get_name());
    }
    Outer::command().after_help(help)
}

/// The options as settings, in the order in which they stand: the first value of a key wins,
/// whichever way it is given.
fn settings(matches: &clap::ArgMatches) -> Result<Vec<Setting>, ConfigError> {
    let mut found = Vec::new();
    for (id, key) in [
        ("port", Some(Key::Port)),
        ("login", Some(Key::User)),
        ("identity", Some(Key::IdentityFile)),
        ("option", None),
    ] {
        let values = matches.get_many::<String>(id).into_iter().flatten();
        let indices = matches.indices_of(id).into_iter().flatten();
        for (index, value) in indices.zip(values) {
            let setting = match key {
                Some(key) => Setting {
                    key,
                    words: vec![value.clone()],
                    place: format!("-{} {value}", &id[..1]),
                },
                None => option(value)?,
            };
            found.push((index, setting));
        }
    }
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, setting)| setting).collect())
}

fn option(text: &str) -> Result<Setting, ConfigError> {
    let place = format!("-o {text}");
    let (key, value) = text
        .split_once(['=', ' '])
        .ok_or_else(|| ConfigError(format!("{place}: use -o Key=Value")))?;
    let key = key.trim().parse().map_err(|why| ConfigError(format!("{place}: {why}")))?;
    let value = value.trim();
    let words = match key {
        // As in ssh, several files stand in one value.
        Key::UserKnownHostsFile => value.split_whitespace().map(str::to_owned).collect(),
        Key::Port
        | Key::User
        | Key::IdentityFile
        | Key::StrictHostKeyChecking
        | Key::BatchMode
        | Key::PasswordCommand
        | Key::ConnectTimeout => vec![value.to_owned()],
    };
    Ok(Setting { key, words, place })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Invocation, String> {
        let arguments = std::iter::once("parlor").chain(line.split_whitespace());
        parse(arguments.map(OsString::from)).map_err(|wrong| match wrong {
            Wrong::Clap(error) => error.to_string(),
            Wrong::Config(error) => error.to_string(),
        })
    }

    #[test]
    fn the_definitions_hold_together() {
        outer().debug_assert();
        Line::command().debug_assert();
    }

    #[test]
    fn options_keep_their_order_whichever_way_they_are_given() {
        let line = "-o Port=1 -p 2 -l al -o User=bob -i k -F none -vv alice@chat:3 rooms --json";
        let invocation = parsed(line).unwrap();
        let settings: Vec<_> =
            invocation.settings.iter().map(|s| (s.key, s.words.join(","))).collect();
        let expected = [
            (Key::Port, "1"),
            (Key::Port, "2"),
            (Key::User, "al"),
            (Key::User, "bob"),
            (Key::IdentityFile, "k"),
        ];
        assert_eq!(settings, expected.map(|(key, word)| (key, word.to_owned())));
        assert_eq!(invocation.verbosity, 2);
        assert_eq!(invocation.config, Some("none".into()));
        assert!(invocation.line.unwrap().json);
    }

    #[test]
    fn a_host_may_be_called_like_a_command() {
        let invocation = parsed("rooms rooms").unwrap();
        assert_eq!(invocation.destination.host, "rooms");
        assert!(matches!(invocation.line.unwrap().command, LineCommand::Rooms { .. }));
        assert!(parsed("tail").unwrap().line.is_none());
    }

    #[test]
    fn what_stands_behind_the_command_belongs_to_it() {
        let Some(Line { command: LineCommand::Tail(tail), .. }) =
            parsed("chat tail ops -n 3 -f").unwrap().line
        else {
            panic!("not a tail");
        };
        assert_eq!((tail.number, tail.follow), (Some(3), true));
        let Some(Line { command: LineCommand::Send(send), .. }) =
            parsed("chat send ops hello -- --json").unwrap().line
        else {
            panic!("not a send");
        };
        assert_eq!(send.text, ["hello", "--json"]);
    }

    #[test]
    fn wrong_usage_is_named() {
        for (line, fault) in [
            ("", "required"),
            ("-o Prot=1 chat", "unknown key \"Prot\""),
            ("-o Port chat", "use -o Key=Value"),
            ("chat dance", "dance"),
            ("chat send", "required"),
            ("chat send ops --nonce 00", "nonce"),
            ("chat send ops --lines --nonce 018f0000000070008000000000000000", "cannot be used"),
            ("chat rooms --limit 0", "limit"),
            ("@chat", "no user"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(fault), "{line}: {error}");
        }
    }

    #[test]
    fn help_lists_the_commands() {
        let help = parsed("--help").unwrap_err();
        assert!(help.contains("COMMAND") && help.contains("  whoami"), "{help}");
    }
}
