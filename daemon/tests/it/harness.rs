//! A daemon and clients for the stories. Nothing here sleeps: whoever waits, waits for something
//! that must come, and says what did not.

mod client;
mod daemon;
mod door;
mod link;
mod operators;
mod story;
mod verbs;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

pub(crate) use client::{Client, Ended, settle_all};
pub(crate) use daemon::{Announcement, Daemon, wait};
pub(crate) use link::{Link, tls_config};
pub(crate) use story::{seqs_without_a_gap, tell, tell_change};
pub(crate) use verbs::{DeviceKey, PASSWORD, saying};

/// The program in a place where anybody may run it: the sources may lie where only one may look.
pub(crate) fn program_of_everybody() -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = place.path().join("parlord");
    fs::copy(env!("CARGO_BIN_EXE_parlord"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (place, program)
}

/// How long anything that must come may take. Far more than it needs on an idle machine, so that a
/// busy one fails no test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
