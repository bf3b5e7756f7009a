//! A daemon and clients for the stories. Nothing here sleeps: whoever waits, waits for something
//! that must come, and says what did not.

mod client;
mod daemon;
mod door;
mod link;
mod operators;
mod story;
mod verbs;

use std::time::Duration;

pub(crate) use client::{Client, Ended, settle_all};
pub(crate) use daemon::{Announcement, Daemon, wait};
pub(crate) use link::{Link, tls_config};
pub(crate) use story::{seqs_without_a_gap, tell, tell_change};
pub(crate) use verbs::{DeviceKey, PASSWORD, saying};

/// How long anything that must come may take. Far more than it needs on an idle machine, so that a
/// busy one fails no test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
