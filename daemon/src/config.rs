//! What the administrator decides: read from TOML at the start and by `parlord reload`, whole or not
//! at all.
//!
//! The environment comes before the file, and the command line before both: [`VARIABLES`] are for
//! containers, which have no file of their own, and are kept few.
//!
//! `config/parlord.toml` documents every key with its default and unit; a test holds the two
//! together. A key that is not known is an error, because a misspelt limit would otherwise be no
//! limit.

mod file;
mod keys;
mod listening;
mod place;
mod settings;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, io};

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::hello::DEFAULT_PORT;
use toml::Spanned;

pub(crate) use file::Fault;
pub(crate) use keys::Counts;
use listening::{expect_each_once, expect_somewhere};
use place::{Named, path_of};
use settings::Sources;
pub(crate) use settings::{Change, Setting, Source};

use crate::admission;
use crate::audit::Rolling;
use crate::network::Loopback;
use crate::penalties::Terms;
use crate::regular;
use crate::rooms::{Limits, Retention, RoomsMax};

/// Where the file is that is read unless another is named, where it exists; `$CONFIGURATION_DIRECTORY`
/// comes before it.
const SYSTEM_CONFIG_DIRECTORY: &str = "/etc/parlord";
const CONFIG_FILE: &str = "parlord.toml";

/// Days after its last use for which a device logs its user in: a lost one is no key for ever.
const DEVICES_UNUSED_DAYS: u32 = 90;

/// Why the daemon does not know what to do. Every message names the place and is one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file says something that cannot be.
    #[error("{}", told(path, faults))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it: one thing at least.
        faults: Vec<Fault>,
    },
    /// An environment variable says something that cannot be.
    #[error("${name}: {why}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What is wrong, on one line and harmless to a terminal.
        why: String,
    },
    /// There is nowhere to keep anything.
    #[error("there is no home directory to keep data in; name a directory with --data")]
    NoDataDirectory,
}

/// The first fault of a file, and whether there are more.
fn told(path: &Path, faults: &[Fault]) -> String {
    let path = path.display();
    match faults {
        [] => format!("{path} cannot be used"),
        [Fault { line, why }] => format!("{path} line {line}: {why}"),
        [Fault { line, why }, rest @ ..] => {
            let more = rest.len();
            format!("{path} line {line}: {why} (`parlord config check` tells {more} more)")
        }
    }
}

/// What the command line says about the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overrides {
    /// `--config`: the file to read in place of the system's; it must exist.
    pub(crate) config: Option<PathBuf>,
    /// `--data`: the data directory.
    pub(crate) data: Option<PathBuf>,
    /// `--listen`, or where passed sockets listen: with TLS, in place of `listen.tls`; empty where
    /// not given.
    pub(crate) listen: Vec<SocketAddr>,
    /// Where the sockets listen that the service manager has passed, which come before all else.
    pub(crate) passed: Vec<SocketAddr>,
}

/// What the machine says about it; tests make up their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// Where the system's file would be.
    pub(crate) system_config: PathBuf,
    /// `$STATE_DIRECTORY`, which systemd sets: directories separated by colons.
    pub(crate) state_directory: Option<OsString>,
    /// The XDG data home; `None` for a user without a home.
    pub(crate) data_home: Option<PathBuf>,
    /// Our own variables, by name.
    pub(crate) variables: BTreeMap<&'static str, OsString>,
}

/// In place of `--config`, where that is not given.
const CONFIG_VARIABLE: &str = "PARLORD_CONFIG";
/// In place of `data`.
const DATA_VARIABLE: &str = "PARLORD_DATA";
/// In place of `listen.tls`: addresses separated by commas.
const LISTEN_VARIABLE: &str = "PARLORD_LISTEN";
/// In place of `accounts.sign_up`.
const SIGN_UP_VARIABLE: &str = "PARLORD_SIGN_UP";
/// The variables that are looked at. One that is empty is not set.
pub(crate) const VARIABLES: [&str; 4] =
    [CONFIG_VARIABLE, DATA_VARIABLE, LISTEN_VARIABLE, SIGN_UP_VARIABLE];

impl Surroundings {
    /// Those of this process.
    pub(crate) fn here() -> Self {
        use etcetera::BaseStrategy as _;
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let system = set("CONFIGURATION_DIRECTORY");
        let system = system.unwrap_or_else(|| SYSTEM_CONFIG_DIRECTORY.into());
        Self {
            // systemd separates several by colons, and the first one is the unit's main one.
            system_config: env::split_paths(&system).next().unwrap_or_default().join(CONFIG_FILE),
            state_directory: set("STATE_DIRECTORY"),
            data_home: etcetera::base_strategy::Xdg::new().ok().map(|xdg| xdg.data_dir()),
            variables: VARIABLES.into_iter().filter_map(|name| Some((name, set(name)?))).collect(),
        }
    }
}

/// Who named the data directory. Only `serve` and an explicit `--data` make a store in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataNamed {
    /// The command line.
    Explicitly,
    /// Nobody in so many words.
    ByDefault,
    /// Whoever, for a daemon that runs there: nothing else of the configuration can be used.
    ForTheRunning,
}

/// Everything that is decided before the daemon starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// The file that was read; `None` where there is none.
    pub(crate) file: Option<PathBuf>,
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Who chose it.
    pub(crate) data_named: DataNamed,
    /// A log4rs file for the operational log; `None` for the built-in one.
    pub(crate) log: Option<PathBuf>,
    /// What the server calls itself.
    pub(crate) server_name: String,
    /// The message of the day; empty for none.
    pub(crate) motd: String,
    /// How many threads deliver messages.
    pub(crate) shards: usize,
    /// Where to listen.
    pub(crate) listen: Listen,
    /// How new users come in.
    pub(crate) sign_up: SignUpMode,
    /// How dearly clients stretch passwords.
    pub(crate) stretch: StretchCost,
    /// How many connections there may be.
    pub(crate) connections: admission::Limits,
    /// How long a connection may take from its first byte to its login.
    pub(crate) login_timeout: Duration,
    /// How long failed logins make one wait.
    pub(crate) penalties: Terms,
    /// What a user may do in a while.
    pub(crate) allowances: Limits,
    /// Requests of a connection that may be unanswered.
    pub(crate) requests_in_flight: u32,
    /// For how long what has ended is remembered.
    pub(crate) retention: Retention,
    /// When audit files are closed, and how many are kept.
    pub(crate) audit: Rolling,
    /// Where scrapers read the metrics; `None` for nowhere. Beyond loopback only where that was
    /// allowed in so many words.
    pub(crate) metrics: Option<SocketAddr>,
    /// Whether that was allowed.
    pub(crate) metrics_beyond_loopback: bool,
    /// Where all that comes from.
    pub(crate) sources: Sources,
}

/// Where to listen. Plain addresses beyond loopback are in here only where that was allowed in so
/// many words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    /// Encrypted TCP.
    pub(crate) tls: Tls,
    /// TCP without encryption.
    pub(crate) plain: Vec<SocketAddr>,
    /// Unix sockets, also without encryption.
    pub(crate) unix: Vec<PathBuf>,
    /// Whether that was allowed.
    pub(crate) plain_beyond_loopback: bool,
}

/// Where to listen with TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Both loopback addresses, at the usual port. A machine may lack one of the two.
    Loopback,
    /// These addresses, all of them.
    Named(Vec<SocketAddr>),
}

impl Listen {
    /// Whether nobody could connect.
    fn is_nowhere(&self) -> bool {
        self.tls.addresses().is_empty() && self.plain.is_empty() && self.unix.is_empty()
    }
}

impl Tls {
    /// The addresses in order.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::Loopback => {
                vec![([127, 0, 0, 1], DEFAULT_PORT).into(), (LOOPBACK_V6, DEFAULT_PORT).into()]
            }
            Self::Named(addresses) => addresses.clone(),
        }
    }
}

const LOOPBACK_V6: [u16; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

impl Config {
    /// Reads the configuration: the named file, or the system's where there is one.
    ///
    /// # Errors
    /// The file cannot be read or says what cannot be; or there is no place for the data.
    pub(crate) fn load(overrides: &Overrides, here: &Surroundings) -> Result<Self, ConfigError> {
        let (path, named) = path_of(overrides, here);
        let read = |source| ConfigError::Read { path: path.clone(), source };
        match regular::read(&path) {
            Ok(bytes) => {
                let dir = path.parent().unwrap_or(Path::new(""));
                let parsed = file::read(&bytes, dir)
                    .map_err(|faults| ConfigError::Invalid { path: path.clone(), faults })?;
                Self::settle(parsed, Some(&path), overrides, here)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && named == Named::Nowhere => {
                Self::settle(file::Parsed::default(), None, overrides, here)
            }
            Err(error) => Err(read(error)),
        }
    }

    /// Where a setting stands, to put in front of what is wrong with it; nothing where it is in no
    /// file.
    pub(crate) fn place_of(&self, key: &str) -> String {
        match self.sources.get(key) {
            Some(Source::File { path, line }) => format!("{} line {line}: ", path.display()),
            Some(Source::Default | Source::Variable(_) | Source::Option(_) | Source::Passed)
            | None => String::new(),
        }
    }

    /// Lets the command line, the environment, the machine and the file decide, in this order.
    fn settle(
        file::Parsed { file, lines }: file::Parsed,
        path: Option<&PathBuf>,
        overrides: &Overrides,
        here: &Surroundings,
    ) -> Result<Self, ConfigError> {
        // A relative path in the file means the same wherever the daemon is started.
        let beside = |named: PathBuf| match path.and_then(|path| path.parent()) {
            Some(parent) => parent.join(named),
            None => named,
        };
        let in_file = |line| Source::File { path: path.cloned().unwrap_or_default(), line };
        let mut sources: Sources =
            lines.into_iter().map(|(key, line)| (key, in_file(line))).collect();
        let listen = Listen {
            tls: tls(overrides, here, file.listen.tls, &mut sources)?,
            plain: file.listen.plain.into_iter().map(Spanned::into_inner).collect(),
            unix: file.listen.unix.into_iter().map(|it| beside(it.into_inner())).collect(),
            plain_beyond_loopback: file.listen.plain_beyond_loopback,
        };
        expect_somewhere(&listen, &sources)?;
        let metrics = file.metrics.listen.map(Spanned::into_inner);
        expect_each_once(&listen, metrics, &sources)?;
        let data_named = match overrides.data {
            Some(_) => DataNamed::Explicitly,
            None => DataNamed::ByDefault,
        };
        let data = data_directory(overrides, here, file.data.map(beside), &mut sources)?;
        let sign_up = sign_up(here, file.accounts.sign_up.map(Into::into), &mut sources)?;
        let loopback = match file.limits.loopback_exempt {
            true => Loopback::Spared,
            false => Loopback::Limited,
        };
        Ok(Self {
            sign_up: sign_up.unwrap_or_else(|| sign_up_default(path, &listen)),
            file: path.cloned(),
            data,
            data_named,
            log: file.log.map(beside),
            server_name: file.server.name.as_str().to_owned(),
            motd: file.server.motd,
            shards: file.server.shards,
            listen,
            stretch: file.accounts.stretch,
            connections: admission::Limits {
                in_all: file.limits.connections,
                per_address: file.limits.connections_per_address,
                strangers_per_minute: file.limits.strangers_per_minute,
                loopback,
            },
            login_timeout: Duration::from_secs(file.limits.login_timeout_secs),
            penalties: Terms {
                first_ms: i64::from(file.limits.login_penalty_secs) * 1_000,
                max_ms: i64::from(file.limits.login_penalty_secs_max) * 1_000,
                sign_ups_per_hour: file.limits.sign_ups_per_hour,
                loopback,
            },
            allowances: allowances(&file.limits),
            requests_in_flight: file.limits.requests_in_flight,
            retention: retention(&file.retention),
            audit: Rolling {
                file_bytes: file.audit.file_bytes,
                file_ms: days_ms(file.audit.file_days),
                files_kept: file.audit.files_kept,
            },
            metrics,
            metrics_beyond_loopback: file.metrics.beyond_loopback,
            sources,
        })
    }
}

/// What a user may do in a while.
fn allowances(file: &file::Limits) -> Limits {
    Limits {
        messages_burst: file.messages_burst,
        messages_per_sec: file.messages_per_sec,
        rooms_per_hour: file.rooms_per_hour,
        adds_per_hour: file.adds_per_hour,
        invites_per_hour: file.invites_per_hour,
        requests_per_hour: file.requests_per_hour,
        probes_per_hour: file.probes_per_hour,
        changes_per_hour: file.changes_per_hour,
        rooms: RoomsMax { owned: file.rooms_owned, joined: file.rooms_joined },
    }
}

/// For how long what has ended is remembered.
fn retention(file: &file::Retention) -> Retention {
    Retention {
        associations_ms: days_ms(file.associations_days),
        notifications_ms: days_ms(file.notifications_days),
        terminated_ms: days_ms(file.terminated_days),
        messages_ms: file.messages_days.map(days_ms),
        devices_ms: days_ms(DEVICES_UNUSED_DAYS),
    }
}

fn days_ms(days: u32) -> i64 {
    i64::from(days) * 24 * 60 * 60 * 1_000
}

fn tls(
    overrides: &Overrides,
    here: &Surroundings,
    file: Option<Vec<Spanned<SocketAddr>>>,
    sources: &mut Sources,
) -> Result<Tls, ConfigError> {
    let mut take = |named: &[SocketAddr], source| {
        sources.insert("listen.tls", source);
        Ok(Tls::Named(named.to_vec()))
    };
    match (overrides.passed.as_slice(), overrides.listen.as_slice()) {
        ([], []) => {}
        ([], named) => return take(named, Source::Option("--listen")),
        (passed, _) => return take(passed, Source::Passed),
    }
    match here.variables.get(LISTEN_VARIABLE) {
        None => Ok(file.map_or(Tls::Loopback, |named| {
            Tls::Named(named.into_iter().map(Spanned::into_inner).collect())
        })),
        Some(listed) => {
            let listed = listed.to_string_lossy();
            let addresses: Result<Vec<_>, _> =
                listed.split(',').map(|address| address.trim().parse()).collect();
            let why = "use addresses and ports separated by commas, as in 0.0.0.0:7667,[::]:7667";
            let variable = |_| ConfigError::Variable { name: LISTEN_VARIABLE, why: why.to_owned() };
            take(&addresses.map_err(variable)?, Source::Variable(LISTEN_VARIABLE))
        }
    }
}

fn data_directory(
    overrides: &Overrides,
    here: &Surroundings,
    file: Option<PathBuf>,
    sources: &mut Sources,
) -> Result<PathBuf, ConfigError> {
    let mut take = |data: &Path, source| {
        sources.insert("data", source);
        Ok(data.to_owned())
    };
    if let Some(named) = &overrides.data {
        return take(named, Source::Option("--data"));
    }
    if let Some(named) = here.variables.get(DATA_VARIABLE) {
        return take(Path::new(named), Source::Variable(DATA_VARIABLE));
    }
    if let Some(directories) = &here.state_directory {
        let first = env::split_paths(directories).next().ok_or(ConfigError::NoDataDirectory)?;
        return take(&first, Source::Variable("STATE_DIRECTORY"));
    }
    file.or_else(|| here.data_home.as_ref().map(|home| home.join("parlord")))
        .ok_or(ConfigError::NoDataDirectory)
}

fn sign_up(
    here: &Surroundings,
    file: Option<SignUpMode>,
    sources: &mut Sources,
) -> Result<Option<SignUpMode>, ConfigError> {
    let Some(word) = here.variables.get(SIGN_UP_VARIABLE) else { return Ok(file) };
    sources.insert("accounts.sign_up", Source::Variable(SIGN_UP_VARIABLE));
    let why = || "use closed, code, approval or open".to_owned();
    let mode = SignUpMode::ALL.iter().copied().find(|mode| word == mode.word());
    mode.map(Some).ok_or_else(|| ConfigError::Variable { name: SIGN_UP_VARIABLE, why: why() })
}

/// Open to whoever tries Parlor on their own machine, closed as soon as anyone else could come in
/// or an administrator has configured anything.
fn sign_up_default(file: Option<&PathBuf>, listen: &Listen) -> SignUpMode {
    let tcp = [listen.tls.addresses(), listen.plain.clone()].concat();
    if file.is_none() && tcp.iter().all(|address| address.ip().is_loopback()) {
        SignUpMode::Open
    } else {
        SignUpMode::Closed
    }
}

#[cfg(test)]
mod tests;
