//! The keys of the configuration, and what somebody meant who has misspelt one.

/// When a changed setting counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// From `parlord reload` on.
    OnReload,
    /// From the next start on.
    OnRestart,
}

use Counts::{OnReload, OnRestart};

/// All keys, in the order of `config/parlord.toml`.
pub(super) const KEYS: &[(&str, Counts)] = &[
    ("data", OnRestart),
    ("log", OnReload),
    ("server.name", OnReload),
    ("server.motd", OnReload),
    ("server.shards", OnRestart),
    ("listen.tls", OnRestart),
    ("listen.plain", OnRestart),
    ("listen.unix", OnRestart),
    ("listen.plain_beyond_loopback", OnRestart),
    ("accounts.sign_up", OnReload),
    ("accounts.stretch", OnRestart),
    ("limits.connections", OnReload),
    ("limits.connections_per_address", OnReload),
    ("limits.strangers_per_minute", OnReload),
    ("limits.login_timeout_secs", OnReload),
    ("limits.loopback_exempt", OnReload),
    ("limits.sign_ups_per_hour", OnReload),
    ("limits.login_penalty_secs", OnReload),
    ("limits.login_penalty_secs_max", OnReload),
    ("limits.messages_burst", OnReload),
    ("limits.messages_per_sec", OnReload),
    ("limits.rooms_per_hour", OnReload),
    ("limits.adds_per_hour", OnReload),
    ("limits.invites_per_hour", OnReload),
    ("limits.requests_per_hour", OnReload),
    ("limits.probes_per_hour", OnReload),
    ("limits.changes_per_hour", OnReload),
    ("limits.rooms_owned", OnReload),
    ("limits.rooms_joined", OnReload),
    ("limits.requests_in_flight", OnReload),
    ("retention.associations_days", OnReload),
    ("retention.notifications_days", OnReload),
    ("retention.terminated_days", OnReload),
    ("retention.messages_days", OnReload),
    ("audit.file_bytes", OnRestart),
    ("audit.file_days", OnRestart),
    ("audit.files_kept", OnRestart),
    ("metrics.listen", OnRestart),
    ("metrics.beyond_loopback", OnRestart),
];

/// Letters that may be wrong, missing or too many in a key that is still recognised.
const SLIPS_MAX: usize = 2;

/// The key of this name, where there is one.
pub(super) fn known(name: &str) -> Option<&'static str> {
    KEYS.iter().map(|(key, _)| *key).find(|key| *key == name)
}

/// Whether keys begin with this word and a dot.
pub(super) fn is_section(word: &str) -> bool {
    let section = |key: &'static str| key.split_once('.').map(|(section, _)| section);
    KEYS.iter().any(|(known, _)| section(known) == Some(word))
}

/// What to say of a key that there is not.
pub(super) fn unknown(key: &str) -> String {
    let last = |key: &str| key.rsplit('.').next().map(ToOwned::to_owned).unwrap_or_default();
    // One that stands in another section is as good as right.
    let slips = |known: &str| {
        let whole = strsim::osa_distance(key, known);
        (whole.min(strsim::osa_distance(&last(key), &last(known))), whole)
    };
    let nearest = KEYS.iter().map(|(known, _)| (slips(known), *known)).min();
    match nearest {
        // A short word with two wrong letters is another word.
        Some(((slips, _), known)) if slips <= SLIPS_MAX && slips * 3 <= last(key).len() => {
            format!("there is no key {key}; did you mean {known}?")
        }
        Some(_) | None => format!("there is no key {key}; `parlord config show` lists all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_told_where_it_is_near() {
        for (key, meant) in [
            ("limits.mesages_burst", "limits.messages_burst"),
            ("limits.messages_brust", "limits.messages_burst"),
            ("server.sign_up", "accounts.sign_up"),
            ("motd", "server.motd"),
            ("listen.tsl", "listen.tls"),
            ("limit.probes_per_hour", "limits.probes_per_hour"),
        ] {
            assert_eq!(unknown(key), format!("there is no key {key}; did you mean {meant}?"));
        }
        assert!(unknown("limits.foo").ends_with("lists all"));
        assert!(unknown("colour.scheme").ends_with("lists all"));
    }
}
