//! What the administrator decides: read from TOML once, at the start, and valid from then on.
//!
//! `config/parlord.toml` documents every key with its default and unit; a test holds the two
//! together. A key that is not known is an error, because a misspelt limit would otherwise be no
//! limit.

mod file;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, io};

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::hello::DEFAULT_PORT;
use toml::Spanned;

use crate::admission;
use crate::audit::Rolling;
use crate::network::Loopback;
use crate::penalties::Terms;
use crate::rooms::{Limits, Retention};

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
    #[error("{} line {line}: {why}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong, on one line and harmless to a terminal.
        why: String,
    },
    /// There is nowhere to keep anything.
    #[error("there is no home directory to keep data in; name a directory with --data")]
    NoDataDirectory,
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
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn here() -> Self {
        use etcetera::BaseStrategy as _;
        let directory = |name| env::var_os(name).filter(|directories| !directories.is_empty());
        let system = directory("CONFIGURATION_DIRECTORY");
        let system = system.unwrap_or_else(|| SYSTEM_CONFIG_DIRECTORY.into());
        Self {
            // systemd separates several by colons, and the first one is the unit's main one.
            system_config: env::split_paths(&system).next().unwrap_or_default().join(CONFIG_FILE),
            state_directory: directory("STATE_DIRECTORY"),
            data_home: etcetera::base_strategy::Xdg::new().ok().map(|xdg| xdg.data_dir()),
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
    /// For how long what has ended is remembered.
    pub(crate) retention: Retention,
    /// When audit files are closed, and how many are kept.
    pub(crate) audit: Rolling,
    /// Where scrapers read the metrics; `None` for nowhere. Beyond loopback only where that was
    /// allowed in so many words.
    pub(crate) metrics: Option<SocketAddr>,
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
}

/// Where to listen with TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Both loopback addresses, at the usual port. A machine may lack one of the two.
    Loopback,
    /// These addresses, all of them.
    Named(Vec<SocketAddr>),
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
        let path = overrides.config.as_ref().unwrap_or(&here.system_config);
        let read = |source| ConfigError::Read { path: path.clone(), source };
        match fs::read_to_string(path) {
            Ok(text) => {
                let file = file::parse(&text, path)?;
                Self::settle(file, Some(path), overrides, here)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && overrides.config.is_none() => {
                Self::settle(file::File::default(), None, overrides, here)
            }
            Err(error) => Err(read(error)),
        }
    }

    /// Lets the command line, the machine and the file decide, in this order.
    fn settle(
        file: file::File,
        path: Option<&PathBuf>,
        overrides: &Overrides,
        here: &Surroundings,
    ) -> Result<Self, ConfigError> {
        // A relative path in the file means the same wherever the daemon is started.
        let beside = |named: PathBuf| match path.and_then(|path| path.parent()) {
            Some(parent) => parent.join(named),
            None => named,
        };
        let tls = match (overrides.listen.as_slice(), file.listen.tls) {
            ([], None) => Tls::Loopback,
            ([], Some(named)) => Tls::Named(named),
            (named, _) => Tls::Named(named.to_vec()),
        };
        let listen = Listen {
            tls,
            plain: file.listen.plain.into_iter().map(Spanned::into_inner).collect(),
            unix: file.listen.unix.into_iter().map(beside).collect(),
        };
        let (data, data_named) = match &overrides.data {
            Some(named) => (named.clone(), DataNamed::Explicitly),
            None => (data_directory(file.data.map(beside), here)?, DataNamed::ByDefault),
        };
        let loopback = match file.limits.loopback_exempt {
            true => Loopback::Spared,
            false => Loopback::Limited,
        };
        Ok(Self {
            sign_up: file
                .accounts
                .sign_up
                .map_or_else(|| sign_up_default(path, &listen), Into::into),
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
                loopback,
            },
            allowances: Limits {
                messages_burst: file.limits.messages_burst,
                messages_per_sec: file.limits.messages_per_sec,
                rooms_per_hour: file.limits.rooms_per_hour,
                adds_per_hour: file.limits.adds_per_hour,
                invites_per_hour: file.limits.invites_per_hour,
                requests_per_hour: file.limits.requests_per_hour,
                probes_per_hour: file.limits.probes_per_hour,
            },
            retention: Retention {
                associations_ms: days_ms(file.retention.associations_days),
                notifications_ms: days_ms(file.retention.notifications_days),
                terminated_ms: days_ms(file.retention.terminated_days),
                devices_ms: days_ms(DEVICES_UNUSED_DAYS),
            },
            audit: Rolling {
                file_bytes: file.audit.file_bytes,
                file_ms: days_ms(file.audit.file_days),
                files_kept: file.audit.files_kept,
            },
            metrics: file.metrics.listen.map(Spanned::into_inner),
        })
    }
}

fn days_ms(days: u32) -> i64 {
    i64::from(days) * 24 * 60 * 60 * 1_000
}

fn data_directory(named: Option<PathBuf>, here: &Surroundings) -> Result<PathBuf, ConfigError> {
    if let Some(directories) = &here.state_directory {
        let first = env::split_paths(directories).next();
        return first.ok_or(ConfigError::NoDataDirectory);
    }
    named
        .or_else(|| here.data_home.as_ref().map(|home| home.join("parlord")))
        .ok_or(ConfigError::NoDataDirectory)
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
