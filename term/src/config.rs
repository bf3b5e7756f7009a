//! What the user configured: options of the command line, sections of the file, defaults.
//!
//! As in ssh the first value of a key wins: what stands on the command line in its order, then the
//! `[host."PATTERN"]` sections of the file that match in their order, then what stands outside any
//! section, then the default.

mod destination;
mod document;
mod file;
mod screen;
mod source;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use parlor_protocol::hello::DEFAULT_PORT;
use parlor_protocol::name::UserName;

pub(crate) use self::destination::Destination;
pub(crate) use self::source::{Source, Text};
use crate::console::Asking;
use crate::trust::StrictHostKeyChecking;

/// How long connecting may take unless `ConnectTimeout` says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the configuration cannot be used: a sentence that names the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConfigError(pub(crate) String);

/// The keys, the same on the command line and in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// The real name or address of the server, where the one that is typed is an alias.
    HostName,
    /// The port of the server.
    Port,
    /// The user's name on the server.
    User,
    /// An OpenSSH private key to log in with.
    IdentityFile,
    /// What to do with a server that is not known.
    StrictHostKeyChecking,
    /// The files that list known servers.
    UserKnownHostsFile,
    /// Whether never to ask.
    BatchMode,
    /// The command that prints the password.
    PasswordCommand,
    /// Seconds that connecting may take.
    ConnectTimeout,
}

impl Key {
    const ALL: [(Self, &'static str); 9] = [
        (Self::HostName, "HostName"),
        (Self::Port, "Port"),
        (Self::User, "User"),
        (Self::IdentityFile, "IdentityFile"),
        (Self::StrictHostKeyChecking, "StrictHostKeyChecking"),
        (Self::UserKnownHostsFile, "UserKnownHostsFile"),
        (Self::BatchMode, "BatchMode"),
        (Self::PasswordCommand, "PasswordCommand"),
        (Self::ConnectTimeout, "ConnectTimeout"),
    ];
}

impl FromStr for Key {
    type Err = String;

    /// Reads ssh's spelling in any case, and the snake case that suits a TOML file.
    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.replace('_', "");
        let found = Self::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(&plain));
        found
            .map(|(key, _)| *key)
            .ok_or_else(|| unknown("key", text, &Self::ALL.map(|(_, name)| name)))
    }
}

/// What is said of a name that there is not: the one that is probably meant, or else all.
fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let plain = |text: &str| text.replace('_', "").to_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&plain(name), &plain(other));
    match known.iter().min_by_key(|other| distance(other)).filter(|other| distance(other) <= 2) {
        Some(meant) => format!("unknown {what} {name:?}; did you mean {meant}?"),
        None => format!("unknown {what} {name:?}; use one of {}", known.join(", ")),
    }
}

/// One value of a key and where it stands, for the words of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The key.
    pub(crate) key: Key,
    /// Its value, one or several words of it.
    pub(crate) words: Vec<String>,
    /// Where it stands.
    pub(crate) place: String,
}

/// Where the user's files are, by the XDG base directories.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The home directory, for `~/`.
    pub(crate) home: PathBuf,
    /// `parlor/` in the configuration home.
    pub(crate) config: PathBuf,
    /// `parlor/` in the state home.
    pub(crate) state: PathBuf,
}

impl Places {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// When there is no home directory.
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        use etcetera::BaseStrategy;
        let base = etcetera::base_strategy::Xdg::new()
            .map_err(|error| ConfigError(format!("cannot find your files: {error}; set HOME")))?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Ok(Self {
            home: base.home_dir().to_owned(),
            config: base.config_dir().join("parlor"),
            state: state.join("parlor"),
        })
    }

    fn expand(&self, path: &str) -> PathBuf {
        match path.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => PathBuf::from(path),
        }
    }
}

/// What holds for one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The server's name or address.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// The user's name there.
    pub(crate) user: UserName,
    /// A key file to log in with.
    pub(crate) identity: Option<PathBuf>,
    /// What to do with an unknown server.
    pub(crate) strict: StrictHostKeyChecking,
    /// The lists of known servers, the first of which is added to.
    pub(crate) known_hosts: Vec<PathBuf>,
    /// Whether somebody may be asked.
    pub(crate) asking: Asking,
    /// The command that prints the password.
    pub(crate) password_command: Option<String>,
    /// How long connecting may take.
    pub(crate) patience: Duration,
}

/// Puts together what the command line and the file say.
///
/// # Errors
/// For unknown keys and impossible values, wherever they stand.
pub(crate) fn resolve(
    destination: &Destination,
    command_line: Vec<Setting>,
    file: &Text,
    places: &Places,
) -> Result<Settings, ConfigError> {
    let mut settings = command_line;
    settings.extend(destination.settings());
    settings.extend(file::settings(&file.name, &file.text, &destination.host)?);
    let mut first = BTreeMap::new();
    for setting in settings {
        // Every value is checked, also one that does not count.
        check(&setting).map_err(|why| ConfigError(format!("{}: {why}", setting.place)))?;
        first.entry(setting.key).or_insert(setting);
    }
    let mut take = |key| first.remove(&key).map(|setting| setting.words);
    let word = |words: Vec<String>| words.into_iter().next().unwrap_or_default();
    let user = match take(Key::User).map(word) {
        Some(user) => user,
        None => local_user()?,
    };
    let listed = take(Key::UserKnownHostsFile);
    Ok(Settings {
        host: take(Key::HostName).map_or_else(|| destination.host.clone(), word),
        port: take(Key::Port).map(word).and_then(|p| p.parse().ok()).unwrap_or(DEFAULT_PORT),
        user: UserName::parse(&user).map_err(|error| {
            ConfigError(format!("the user name {user:?} {error}; give yours as NAME@HOST"))
        })?,
        identity: take(Key::IdentityFile).map(word).map(|path| places.expand(&path)),
        strict: take(Key::StrictHostKeyChecking)
            .map(word)
            .and_then(|strict| strict.parse().ok())
            .unwrap_or_default(),
        known_hosts: match listed {
            Some(words) => words.iter().map(|path| places.expand(path)).collect(),
            None => vec![places.state.join("known_hosts")],
        },
        asking: match take(Key::BatchMode).map(word).as_deref() {
            Some("yes") => Asking::Never,
            _ => Asking::Allowed,
        },
        password_command: take(Key::PasswordCommand).map(word),
        patience: take(Key::ConnectTimeout)
            .map(word)
            .and_then(|seconds| seconds.parse().ok())
            .map_or(PATIENCE, Duration::from_secs),
    })
}

fn check(setting: &Setting) -> Result<(), String> {
    let word = match setting.words.as_slice() {
        [] => return Err("the value is empty".to_owned()),
        words if words.iter().any(String::is_empty) => {
            return Err("the value is empty".to_owned());
        }
        [word] => word,
        _ if setting.key == Key::UserKnownHostsFile => return Ok(()),
        _ => return Err("takes one value".to_owned()),
    };
    match setting.key {
        Key::HostName => destination::check_host(word).map_err(|why| format!("{word:?} {why}")),
        Key::Port => match word.parse::<u16>() {
            Ok(1..) => Ok(()),
            _ => Err(format!("{word:?} is not a port; use a number from 1 to 65535")),
        },
        Key::StrictHostKeyChecking => word.parse::<StrictHostKeyChecking>().map(|_| ()),
        Key::BatchMode if word == "yes" || word == "no" => Ok(()),
        Key::BatchMode => Err(format!("{word:?} is not an answer; use yes or no")),
        Key::ConnectTimeout => match word.parse::<u32>() {
            Ok(1..) => Ok(()),
            _ => Err(format!("{word:?} is not a time; use a number of seconds from 1 on")),
        },
        // A name is checked once it is known to be the one in use.
        Key::User | Key::IdentityFile | Key::UserKnownHostsFile | Key::PasswordCommand => Ok(()),
    }
}

/// The name of whoever runs this.
fn local_user() -> Result<String, ConfigError> {
    let named = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let asked = || {
        let output = std::process::Command::new("id").arg("-un").output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    named
        .filter(|name| !name.is_empty())
        .or_else(asked)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| ConfigError("who are you? give your name as NAME@HOST".to_owned()))
}

#[cfg(test)]
mod tests;
