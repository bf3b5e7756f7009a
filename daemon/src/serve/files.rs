//! How many files the process may have open at once: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::ServeError;

/// What the daemon itself takes, at most: 64 connections that are told that there is no place, 64
/// scrapers, 16 subcommands, and some 40 for the store, the audit, the log and the threads.
const OWN: u64 = 192;
/// What each shard takes for waiting.
const OF_A_SHARD: u64 = 5;
/// What macOS takes at most where it says that nothing bounds them.
const OPEN_MAX: u64 = 10_240;

/// Has the system allow as many open files as it does, and tells for how many connections they are
/// enough. Without this a flood of connections would keep out subcommands, too.
///
/// # Errors
/// They are not enough for a single one.
pub(super) fn room_for_connections(shards: usize, listeners: usize) -> Result<usize, ServeError> {
    let Some(files) = most() else { return Ok(usize::MAX) };
    let own = OWN + OF_A_SHARD * shards as u64 + listeners as u64;
    match usize::try_from(files.saturating_sub(own)).unwrap_or(usize::MAX) {
        0 => Err(ServeError::TooFewFiles { files, least: own + 1 }),
        room => Ok(room),
    }
}

/// How many open files the process may have from now on; `None` where nothing bounds them.
fn most() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raise = |current| setrlimit(Resource::Nofile, Rlimit { current, ..limit });
    for most in [limit.maximum, Some(OPEN_MAX)] {
        match raise(most) {
            Ok(()) => return most,
            Err(error) => log::debug!("cannot open {most:?} files at once: {error}"),
        }
    }
    limit.current
}
