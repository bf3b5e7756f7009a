//! Whether what the configuration comes to has the daemon listen somewhere, and nowhere twice.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::{ConfigError, Fault, LISTEN_VARIABLE, Listen, Source, Sources};

/// Makes sure that the file does not have the daemon listen nowhere.
pub(super) fn expect_somewhere(listen: &Listen, sources: &Sources) -> Result<(), ConfigError> {
    match sources.get("listen.tls") {
        Some(Source::File { path, line }) if listen.is_nowhere() => {
            let why = "there is nowhere to listen; name an address, or leave the key out".into();
            let faults = vec![Fault { line: *line, why }];
            Err(ConfigError::Invalid { path: path.clone(), faults })
        }
        Some(
            Source::File { .. }
            | Source::Default
            | Source::Variable(_)
            | Source::Option(_)
            | Source::Passed,
        )
        | None => Ok(()),
    }
}

/// Makes sure that the environment names no address at which something listens already. What the
/// file names is told with its line.
pub(super) fn expect_each_once(
    listen: &Listen,
    metrics: Option<SocketAddr>,
    sources: &Sources,
) -> Result<(), ConfigError> {
    if sources.get("listen.tls") != Some(&Source::Variable(LISTEN_VARIABLE)) {
        return Ok(());
    }
    let mut seen: BTreeSet<_> = listen.plain.iter().copied().chain(metrics).collect();
    let addresses = listen.tls.addresses();
    // Port 0 is another one each time.
    match addresses.iter().find(|it| it.port() != 0 && !seen.insert(**it)) {
        None => Ok(()),
        Some(twice) => {
            let why = format!("{twice} is named twice, here or in the file");
            Err(ConfigError::Variable { name: LISTEN_VARIABLE, why })
        }
    }
}
