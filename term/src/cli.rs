//! The command line: options and a destination as in ssh, then a command with its own options.

mod line;
mod number;
mod span;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser};

pub(crate) use self::line::{
    CreateArgs, DevicesAction, Line, LineCommand, NotificationsArgs, OpCommand, Page, SendArgs,
    TailArgs, Which, WhoAndWhy, Whom,
};
pub(crate) use self::span::Span;
use crate::config::{ConfigError, Destination, Key, Setting};
use crate::preferences::View;

/// What is to be done, and where.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The options, in the order in which they stand.
    pub(crate) settings: Vec<Setting>,
    /// The configuration file that was named.
    pub(crate) config: Option<PathBuf>,
    /// How often `-v` stands.
    pub(crate) verbosity: u8,
    /// In which way the client is to show itself, if that was said.
    pub(crate) view: Option<View>,
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
    /// Set an option, as in ssh: HostName Port User IdentityFile StrictHostKeyChecking
    /// UserKnownHostsFile BatchMode PasswordCommand ConnectTimeout
    #[arg(short, value_name = "KEY=VALUE", action = ArgAction::Append)]
    option: Vec<String>,
    /// Say what is going on
    #[arg(short, action = ArgAction::Count)]
    verbose: u8,
    /// Talk line by line, without a screen: for screen readers
    #[arg(long)]
    plain: bool,
    /// Where to connect
    #[arg(value_name = "[USER@]HOST[:PORT]")]
    destination: String,
    /// What to do there; without it the full-screen client opens
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
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
        command => Some(line::parse(command).map_err(Wrong::Clap)?),
    };
    let (config, verbosity) = (outer.config, outer.verbose);
    let view = outer.plain.then_some(View::Plain);
    Ok(Invocation { settings, config, verbosity, view, destination, line })
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
        Key::HostName
        | Key::Port
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
#[path = "../../packaging/manual.rs"]
mod manual;

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

    /// The whole command line as one definition. Parsing cannot use it, because a host may be called
    /// like a command.
    fn whole() -> clap::Command {
        let (outer, line) = (outer(), Line::command());
        let own = outer.get_arguments().filter(|argument| argument.get_id() != "command");
        clap::Command::new("parlor")
            .version(env!("CARGO_PKG_VERSION"))
            .about(outer.get_about().cloned().unwrap())
            .disable_help_subcommand(true)
            .subcommand_help_heading("COMMANDS")
            .subcommand_value_name("COMMAND")
            .args(own.chain(line.get_arguments()).cloned())
            .subcommands(line.get_subcommands().cloned())
    }

    const MORE: [manual::Section; 4] = [
        (
            "EXIT STATUS",
            &[
                ("0", "Done."),
                ("1", "Refused by the server or a limit: `parlor: refused: CODE: ...` on stderr."),
                ("2", "Wrong usage."),
                ("255", "No connection, an unknown or changed host key, or a login that failed."),
            ],
        ),
        (
            "ENVIRONMENT",
            &[
                ("XDG_CONFIG_HOME, XDG_STATE_HOME", "Where its files are, below."),
                ("VISUAL, EDITOR", "What Ctrl-X opens the input in."),
                ("NO_COLOR", "No colours."),
                ("TERM", "Where it is `dumb`, the client talks line by line."),
                ("USER, LOGNAME", "Who one is where neither HOST nor the configuration says so."),
            ],
        ),
        (
            "FILES",
            &[
                ("~/.config/parlor/config.toml", "Hosts, keys, the theme and how one is called."),
                ("~/.local/state/parlor/known_hosts", "The keys of the servers that one has met."),
                ("~/.local/state/parlor/", "The device keys, and what the screen shows first."),
            ],
        ),
        ("SEE ALSO", &[("parlord(8)", "The daemon.")]),
    ];

    #[test]
    fn every_command_is_in_the_manual_and_is_completed() {
        let pages = whole().mut_subcommands(|command| {
            let spelt = format!("parlor [USER@]HOST {}", command.get_name());
            command.bin_name(spelt)
        });
        manual::write(pages, "1", &MORE, whole(), |shell, script| match shell {
            manual::Shell::Fish => behind_the_host(&script),
            _ => script,
        });
    }

    /// fish takes the first word that is no option for the command, but that one is the host.
    fn behind_the_host(script: &str) -> String {
        let parsed =
            "argparse -s (__fish_parlor_global_optspecs) -- $cmd 2>/dev/null\n    or return\n";
        assert_eq!(script.matches(parsed).count(), 1, "the script is made in another way now");
        script.replace(parsed, &format!("{parsed}    set -e argv[1]\n"))
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
    fn a_reason_may_be_several_words() {
        let Some(Line { command: LineCommand::Ban { whom, span }, .. }) =
            parsed("chat ban ops bob too much --for 7d spam").unwrap().line
        else {
            panic!("not a ban");
        };
        assert_eq!((whom.room.as_str(), whom.user.as_str()), ("ops", "bob"));
        assert_eq!(whom.reason, ["too", "much", "spam"]);
        assert_eq!(span, Some(Span { secs: 604_800 }));
        assert!(parsed("chat create ops --private --entry ask").is_ok());
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
            ("chat rooms --limit 0", "use a whole number from 1 on"),
            ("chat tail ops -n x", "use a whole number"),
            ("chat tail ops --after x", "use the number of a message"),
            ("chat read ops 9223372036854775808", "use the number of a message"),
            ("chat devices revoke x", "use the number of a device; `devices` lists them"),
            ("chat create ops --private --entry open", "--private cannot be used"),
            ("chat create ops --entry closed", "entry"),
            ("chat ban ops bob --for 7", "as in 30s 15m 12h 7d 2w"),
            ("chat slow ops soon", "use a whole number of seconds; 0 ends it"),
            ("chat kick ops", "required"),
            ("chat notifications --read some", "or all"),
            ("chat notifications --read 1 --dismiss 1", "cannot be used"),
            ("chat notifications -f --limit 3", "cannot be used"),
            ("@chat", "no user"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(fault), "{line}: {error}");
        }
    }

    #[test]
    fn the_help_of_a_command_says_how_it_is_called() {
        for (line, usage) in [
            ("chat whoami --help", "Usage: parlor HOST whoami [OPTIONS]"),
            ("chat devices revoke --help", "Usage: parlor HOST devices revoke [OPTIONS] <ID>"),
            ("chat --help", "Usage: parlor [OPTIONS] <[USER@]HOST[:PORT]> [COMMAND]..."),
            ("chat kick ops", "Usage: parlor HOST kick <ROOM> <USER>"),
            ("chat --json", "Usage: parlor HOST [OPTIONS] <COMMAND>"),
        ] {
            let help = parsed(line).unwrap_err();
            assert!(help.contains(usage), "{line}: {help}");
        }
    }

    #[test]
    fn help_lists_the_commands() {
        let help = parsed("--help").unwrap_err();
        assert!(help.contains("COMMAND") && help.contains("  whoami"), "{help}");
    }
}
