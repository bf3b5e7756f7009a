//! What is wrong with keys together that are right one by one.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use super::{File, Limits, Listen, Metrics};

impl File {
    /// Addresses at which nobody could listen, or nobody should, and why.
    pub(super) fn addresses_that_cannot_be(&self) -> Vec<(Range<usize>, String)> {
        let beyond = [self.listen.beyond_loopback(), self.metrics.beyond_loopback()];
        beyond.into_iter().flatten().chain(self.addresses_named_twice()).collect()
    }

    /// Addresses at which only the first one of two could listen.
    fn addresses_named_twice(&self) -> Vec<(Range<usize>, String)> {
        let Listen { tls, plain, .. } = &self.listen;
        let all = tls.iter().flatten().chain(plain).chain(&self.metrics.listen);
        let mut seen = BTreeSet::new();
        // Port 0 is another one each time.
        all.filter(|it| it.as_ref().port() != 0 && !seen.insert(*it.as_ref()))
            .map(|it| (it.span(), format!("{} is named twice", it.as_ref())))
            .collect()
    }
}

impl Limits {
    /// A wait that would be longer than the longest one, and the key that says so.
    pub(super) fn shrinking_penalty(&self) -> Option<(&'static str, String)> {
        let (first, max) = (self.login_penalty_secs, self.login_penalty_secs_max);
        let why = || {
            format!(
                "limits.login_penalty_secs is more than limits.login_penalty_secs_max, which is {max}"
            )
        };
        (first > max).then(|| ("limits.login_penalty_secs", why()))
    }
}

impl Metrics {
    /// Where anyone could read the metrics, unless that is allowed.
    fn beyond_loopback(&self) -> Option<(Range<usize>, String)> {
        let listen = self.listen.as_ref().filter(|address| !address.as_ref().ip().is_loopback());
        let address = listen.filter(|_| !self.beyond_loopback)?;
        let why = format!(
            "{} is beyond loopback and anyone there could read the metrics; have a scraper on this \
             machine, or say beyond_loopback = true",
            address.as_ref()
        );
        Some((address.span(), why))
    }
}

/// The longest path of a Unix socket, in bytes: what an address of the system holds, but for the
/// zero at its end.
const SOCKET_PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

impl Listen {
    /// Unix sockets at which nobody could listen, and why. Relative paths begin at `dir`.
    pub(super) fn sockets_that_cannot_be(&self, dir: &Path) -> Vec<(Range<usize>, String)> {
        let mut seen = BTreeSet::new();
        let fault = |path: &Path, first: bool| {
            let (named, bytes) = (path.display(), path.as_os_str().len());
            match () {
                () if bytes > SOCKET_PATH_BYTES_MAX => Some(format!(
                    "{named} has {bytes} bytes, and the path of a socket has {SOCKET_PATH_BYTES_MAX} \
                     at most"
                )),
                () if !first => Some(format!("{named} is named twice")),
                () => None,
            }
        };
        let told = self.unix.iter().filter_map(|socket| {
            let named = socket.as_ref();
            let why = match named.as_os_str().is_empty() {
                true => Some("the path is empty; name one, or leave it out".to_owned()),
                false => fault(&dir.join(named), seen.insert(dir.join(named))),
            };
            Some((socket.span(), why?))
        });
        told.collect()
    }

    /// The first plain address that everybody on the way could read, unless that is allowed.
    fn beyond_loopback(&self) -> Option<(Range<usize>, String)> {
        let beyond = self.plain.iter().find(|plain| !plain.as_ref().ip().is_loopback());
        let address = beyond.filter(|_| !self.plain_beyond_loopback)?;
        let why = format!(
            "{} is beyond loopback and everything on it could be read; listen there with TLS, or \
             say plain_beyond_loopback = true",
            address.as_ref()
        );
        Some((address.span(), why))
    }
}
