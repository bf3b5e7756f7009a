//! Working on a data directory as its owner.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, bail};
use rustix::process::geteuid;

use crate::config::{Config, DataNamed};

/// Tells the process that goes on as the owner who began it, for the audit. Whoever can forge it
/// owns the store anyway.
const CALLER: &str = "PARLORD_CALLER_UID";

/// Makes sure that whatever this process makes in the data directory belongs to its owner: the
/// superuser becomes the owner by running the same command again, and everybody else is told to.
///
/// It comes before anything is opened, and so before the password is asked for.
pub(super) fn become_owner(config: &Config) -> anyhow::Result<()> {
    let Ok(directory) = fs::metadata(&config.data) else {
        // Whoever makes it is its owner.
        return Ok(());
    };
    let uid = geteuid().as_raw();
    if directory.uid() == uid {
        return Ok(());
    }
    if uid != 0 {
        bail!(
            "{} belongs to user {}; no daemon answers there, so run this as that user",
            config.data.display(),
            directory.uid()
        );
    }
    let mut arguments: Vec<OsString> = env::args_os().skip(1).collect();
    if config.data_named == DataNamed::ByDefault {
        // The owner has another home, and so another default.
        let data = fs::canonicalize(&config.data).context("cannot find the data directory")?;
        arguments.extend(["--data".into(), data.into()]);
    }
    let program = env::current_exe().context("cannot find parlord itself")?;
    let error = Command::new(program)
        .args(arguments)
        .env(CALLER, uid.to_string())
        .uid(directory.uid())
        .gid(directory.gid())
        .exec();
    Err(error).with_context(|| format!("cannot go on as user {}", directory.uid()))
}

/// Who ran the subcommand: this process's user, or the one who became it.
pub(super) fn caller_uid() -> u32 {
    let told = env::var(CALLER).ok().and_then(|uid| uid.parse().ok());
    told.unwrap_or_else(|| geteuid().as_raw())
}
