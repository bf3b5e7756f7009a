//! `[USER@]HOST[:PORT]`, as it stands on the command line.

use super::{ConfigError, Key, Setting};

/// A server, and perhaps a user and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The user.
    pub(crate) user: Option<String>,
    /// The name or address, without the brackets of an IPv6 address.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: Option<String>,
}

impl Destination {
    /// Takes it apart. `[::1]:7667` and `::1` are IPv6 addresses; any other colon is a port's.
    ///
    /// # Errors
    /// When there is no host, or something stands behind the brackets.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let bad = |why: &str| ConfigError(format!("{text:?} {why}; use [USER@]HOST[:PORT]"));
        let (user, rest) = match text.rsplit_once('@') {
            Some(("", _)) => return Err(bad("has no user in front of its @")),
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, text),
        };
        let (host, port) = if let Some(inner) = rest.strip_prefix('[') {
            let (host, tail) =
                inner.split_once(']').ok_or_else(|| bad("has a bracket that does not close"))?;
            match (tail, tail.strip_prefix(':')) {
                ("", _) => (host, None),
                (_, Some(port)) => (host, Some(port)),
                (_, None) => return Err(bad("has something behind its brackets")),
            }
        } else {
            match rest.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (rest, None),
            }
        };
        check_host(host).map_err(bad)?;
        Ok(Self { user, host: host.to_owned(), port: port.map(str::to_owned) })
    }

    pub(super) fn settings(&self) -> Vec<Setting> {
        let place = || "the destination".to_owned();
        let setting =
            |key, value: &String| Setting { key, words: vec![value.clone()], place: place() };
        let user = self.user.iter().map(|user| setting(Key::User, user));
        user.chain(self.port.iter().map(|port| setting(Key::Port, port))).collect()
    }
}

/// Whether this may be a host: it is shown in questions and errors, and written to known_hosts.
///
/// # Errors
/// Where it may not, with why.
pub(super) fn check_host(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        Err("names no host")
    } else if host.contains(|c: char| c.is_control() || c.is_whitespace() || "[]*?!,|#".contains(c))
    {
        Err("has a character that no host name has")
    } else {
        Ok(())
    }
}
