//! The configuration as it counts: each key with its value, and where that comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use parlor_protocol::text::{printable, quote_json};

use super::Config;
use super::keys::{Counts, KEYS};
use crate::network::Loopback;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nobody has said anything.
    Default,
    /// The configuration file.
    File {
        /// Which.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(&'static str),
    /// An option of the command line.
    Option(&'static str),
    /// Sockets that the service manager has passed.
    Passed,
}

impl Source {
    /// The kind of source, in a word for scripts.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File { .. } => "file",
            Self::Variable(_) => "environment",
            Self::Option(_) => "command-line",
            Self::Passed => "service-manager",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Option(name) => write!(f, "{name}"),
            Self::Passed => write!(f, "the service manager"),
        }
    }
}

/// Where the values come from that somebody has said anything about.
pub(crate) type Sources = BTreeMap<&'static str, Source>;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The key, with its section.
    pub(crate) key: &'static str,
    /// The value as TOML has it on one line, which is harmless to a terminal; `None` where the key
    /// is not set.
    pub(crate) value: Option<String>,
    /// Where it comes from.
    pub(crate) source: Source,
    /// When a change of it counts.
    pub(crate) counts: Counts,
}

/// A setting that is another now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The key, with its section.
    pub(crate) key: &'static str,
    /// The value before; `None` where the key was not set.
    pub(crate) before: Option<String>,
    /// The value now.
    pub(crate) after: Option<String>,
    /// When it counts.
    pub(crate) counts: Counts,
    /// What else is to be said of it.
    pub(crate) remark: Option<&'static str>,
}

impl Config {
    /// All settings, in the order of the shipped file.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let setting = |&(key, counts): &(&'static str, Counts)| Setting {
            key,
            value: self.value(key),
            source: self.sources.get(key).cloned().unwrap_or(Source::Default),
            counts,
        };
        KEYS.iter().map(setting).collect()
    }

    /// What another configuration has otherwise.
    pub(crate) fn changes_to(&self, new: &Self) -> Vec<Change> {
        let pairs = self.settings().into_iter().zip(new.settings());
        let changed = pairs.filter(|(before, after)| before.value != after.value);
        let change = |(before, after): (Setting, Setting)| Change {
            key: before.key,
            before: before.value,
            after: after.value,
            counts: before.counts,
            remark: None,
        };
        changed.map(change).collect()
    }

    /// A key whose value is the same, and what has changed nevertheless.
    pub(crate) fn still(&self, key: &'static str, remark: &'static str) -> Change {
        let (value, counts) = (self.value(key), Counts::OnReload);
        Change { key, before: value.clone(), after: value, counts, remark: Some(remark) }
    }

    /// The value of a key, as TOML has it.
    fn value(&self, key: &str) -> Option<String> {
        let Self { connections, penalties, allowances, retention, audit, listen, .. } = self;
        Some(match key {
            "data" => path(&self.data),
            "log" => return self.log.as_deref().map(path),
            "server.name" => quote_json(&self.server_name),
            "server.motd" => quote_json(&self.motd),
            "server.shards" => self.shards.to_string(),
            "listen.tls" => addresses(&listen.tls.addresses()),
            "listen.plain" => addresses(&listen.plain),
            "listen.unix" => list(listen.unix.iter().map(|socket| path(socket))),
            "listen.plain_beyond_loopback" => listen.plain_beyond_loopback.to_string(),
            "accounts.sign_up" => quote_json(self.sign_up.word()),
            "accounts.stretch" => {
                let cost = &self.stretch;
                format!("{{ log_n = {}, r = {}, p = {} }}", cost.log_n, cost.r, cost.p)
            }
            "limits.connections" => connections.in_all.to_string(),
            "limits.connections_per_address" => connections.per_address.to_string(),
            "limits.strangers_per_minute" => connections.strangers_per_minute.to_string(),
            "limits.login_timeout_secs" => self.login_timeout.as_secs().to_string(),
            "limits.loopback_exempt" => (connections.loopback == Loopback::Spared).to_string(),
            "limits.sign_ups_per_hour" => penalties.sign_ups_per_hour.to_string(),
            "limits.login_penalty_secs" => (penalties.first_ms / 1_000).to_string(),
            "limits.login_penalty_secs_max" => (penalties.max_ms / 1_000).to_string(),
            "limits.messages_burst" => allowances.messages_burst.to_string(),
            "limits.messages_per_sec" => allowances.messages_per_sec.to_string(),
            "limits.rooms_per_hour" => allowances.rooms_per_hour.to_string(),
            "limits.adds_per_hour" => allowances.adds_per_hour.to_string(),
            "limits.invites_per_hour" => allowances.invites_per_hour.to_string(),
            "limits.requests_per_hour" => allowances.requests_per_hour.to_string(),
            "limits.probes_per_hour" => allowances.probes_per_hour.to_string(),
            "limits.changes_per_hour" => allowances.changes_per_hour.to_string(),
            "limits.rooms_owned" => allowances.rooms.owned.to_string(),
            "limits.rooms_joined" => allowances.rooms.joined.to_string(),
            "limits.requests_in_flight" => self.requests_in_flight.to_string(),
            "retention.associations_days" => days(retention.associations_ms),
            "retention.notifications_days" => days(retention.notifications_ms),
            "retention.terminated_days" => days(retention.terminated_ms),
            "retention.messages_days" => days(retention.messages_ms.unwrap_or(0)),
            "audit.file_bytes" => audit.file_bytes.to_string(),
            "audit.file_days" => days(audit.file_ms),
            "audit.files_kept" => audit.files_kept.to_string(),
            "metrics.listen" => {
                return self.metrics.map(|address| quote_json(&address.to_string()));
            }
            "metrics.beyond_loopback" => self.metrics_beyond_loopback.to_string(),
            other => unreachable!("the value of {other} is not known"),
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.source.to_string();
        match &self.value {
            Some(value) => write!(f, "{} = {value}  # {}", self.key, printable(&source)),
            None => write!(f, "# {} is not set  # {}", self.key, printable(&source)),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        write!(f, "{}: {}", self.key, told(&self.after))?;
        if self.before != self.after {
            write!(f, ", was {}", told(&self.before))?;
        }
        self.remark.map_or(Ok(()), |remark| write!(f, "; {remark}"))
    }
}

fn days(ms: i64) -> String {
    (ms / super::days_ms(1)).to_string()
}

fn path(path: &Path) -> String {
    quote_json(&path.to_string_lossy())
}

fn addresses(addresses: &[SocketAddr]) -> String {
    list(addresses.iter().map(|address| quote_json(&address.to_string())))
}

fn list(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::tests::load_text;

    #[test]
    fn what_is_shown_is_a_file_that_says_the_same() {
        for text in ["", "[server]\nmotd = \"a\\n\\\"b\\\" \u{202e}\"\n[listen]\ntls = ['[::]:1']"]
        {
            let config = load_text(text).unwrap();
            let shown: String =
                config.settings().iter().map(|setting| format!("{setting}\n")).collect();
            let again = load_text(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
            assert_eq!(config.changes_to(&again), [], "{shown}");
            assert!(!shown.contains('\u{202e}'));
        }
    }

    #[test]
    fn a_change_is_told_with_both_values_and_when_it_counts() {
        let [before, after] =
            ["", "log = '/log.yaml'\nlimits.messages_burst = 20\nserver.shards = 2"]
                .map(|text| load_text(text).unwrap());
        let told: Vec<_> = before
            .changes_to(&after)
            .iter()
            .map(|change| format!("{change} {:?}", change.counts))
            .collect();
        assert_eq!(
            told,
            [
                "log: \"/log.yaml\", was not set OnReload",
                "server.shards: 2, was 1 OnRestart",
                "limits.messages_burst: 20, was 10 OnReload",
            ]
        );
    }
}
