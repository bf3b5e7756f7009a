//! What each key takes, for whoever wrote something else.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::{
    AUDIT_FILE_BYTES, AUDIT_FILES_KEPT, CONNECTIONS, DAYS, IN_FLIGHT, LOGIN_TIMEOUT_SECS,
    MESSAGE_DAYS, PENALTY_SECS, RATE, ROOMS_OF_ONE, ROOMS_PER_HOUR, SHARDS,
};

/// How the library begins what it says of a value of another kind, in the words of its own types.
const OF_TYPES: [&str; 6] = [
    "invalid type",
    "invalid value",
    "invalid length",
    "unknown variant",
    "wanted exactly",
    "invalid socket address",
];

/// What is wrong with the value of a key, which is named.
pub(super) fn fault(key: &str, message: &str) -> String {
    if OF_TYPES.iter().any(|begin| message.starts_with(begin)) {
        return format!("{key} takes {}", takes(key));
    }
    format!("{key}: {message}")
}

fn takes(key: &str) -> String {
    match key {
        "server.shards" => number(&SHARDS),
        "limits.connections" => number(&CONNECTIONS),
        "limits.login_timeout_secs" => number(&LOGIN_TIMEOUT_SECS),
        "limits.login_penalty_secs" | "limits.login_penalty_secs_max" => number(&PENALTY_SECS),
        "limits.rooms_per_hour" => number(&ROOMS_PER_HOUR),
        "limits.rooms_owned" | "limits.rooms_joined" => number(&ROOMS_OF_ONE),
        "limits.requests_in_flight" => number(&IN_FLIGHT),
        "retention.messages_days" => format!("0, for ever, or {}", number(&MESSAGE_DAYS)),
        "audit.file_bytes" => number(&AUDIT_FILE_BYTES),
        "audit.files_kept" => number(&AUDIT_FILES_KEPT),
        "limits.loopback_exempt" | "listen.plain_beyond_loopback" | "metrics.beyond_loopback" => {
            "true or false".to_owned()
        }
        "listen.tls" | "listen.plain" => {
            r#"addresses and ports, as in ["127.0.0.1:7667", "[::1]:7667"]"#.to_owned()
        }
        "metrics.listen" => r#"an address and port, as in "127.0.0.1:9667""#.to_owned(),
        "listen.unix" => r#"paths, as in ["/run/parlord/parlor.sock"]"#.to_owned(),
        "accounts.sign_up" => r#""closed", "code", "approval" or "open""#.to_owned(),
        "accounts.stretch" => "numbers, as in { log_n = 17, r = 8, p = 1 }".to_owned(),
        days if days.ends_with("_days") => number(&DAYS),
        rate if rate.starts_with("limits.") => number(&RATE),
        _ => r#"a text, as in "…""#.to_owned(),
    }
}

fn number<T: Display>(range: &RangeInclusive<T>) -> String {
    format!("a number from {} to {}", range.start(), range.end())
}

#[cfg(test)]
mod tests {
    use super::super::super::keys::KEYS;
    use super::super::read;

    #[test]
    fn no_fault_speaks_of_types_and_each_names_its_key() {
        for (key, _) in KEYS {
            for value in ["-1", "1.5", "[[]]", "{}", "true", "'a'", "99999999999999999999", "[1]"] {
                let text = format!("{key} = {value}");
                let Err(faults) = read(text.as_bytes(), "/etc".as_ref()) else { continue };
                for fault in faults {
                    let words = ["invalid", "expected", "u32", "usize", "struct", "element"];
                    let of_types = words.iter().any(|word| fault.why.contains(word));
                    assert!(!of_types && fault.why.contains(key), "{text}: {}", fault.why);
                }
            }
        }
    }
}
