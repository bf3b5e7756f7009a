//! Working on a data directory as its owner.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
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
    // The owner has another home, and so another default.
    let data = match config.data_named {
        DataNamed::ByDefault => {
            Some(fs::canonicalize(&config.data).context("cannot find the data directory")?)
        }
        DataNamed::Explicitly | DataNamed::ForTheRunning => None,
    };
    let error = as_owner(&directory)?.args(again(data, env::args_os())).exec();
    Err(error).with_context(|| format!("cannot go on as user {}", directory.uid()))
}

/// The arguments of a command line, to be run again on a directory that is named here.
fn again(
    data: Option<PathBuf>,
    words: impl Iterator<Item = OsString>,
) -> impl Iterator<Item = OsString> {
    // In front: behind a `--` of the user's it would be no option.
    let named = data.into_iter().flat_map(|data| ["--data".into(), data.into()]);
    named.chain(words.skip(1))
}

/// Whether what this process makes in the data directory would belong to somebody else.
pub(super) fn is_somebody_else(config: &Config) -> bool {
    fs::metadata(&config.data).is_ok_and(|found| found.uid() != geteuid().as_raw())
}

/// Has the owner of the data directory run another subcommand on it, and waits for its end.
pub(super) fn run_as_owner(config: &Config, arguments: &[&OsStr]) -> anyhow::Result<()> {
    let status = on_data_as_owner(config, arguments)?.status();
    if !status.context("cannot go on as the owner")?.success() {
        bail!("the owner of {} could not do what is left to do", config.data.display())
    }
    Ok(())
}

/// Another subcommand on the data directory, to be run by its owner.
pub(super) fn on_data_as_owner(config: &Config, arguments: &[&OsStr]) -> anyhow::Result<Command> {
    let data = fs::canonicalize(&config.data).context("cannot find the data directory")?;
    let directory = fs::metadata(&data).context("cannot find the data directory")?;
    let mut command = as_owner(&directory)?;
    command.arg("--data").arg(&data);
    if let Some(file) = &config.file {
        command.arg("--config").arg(file);
    }
    command.args(arguments);
    Ok(command)
}

/// This program, run by the owner of a directory.
fn as_owner(directory: &fs::Metadata) -> anyhow::Result<Command> {
    let program = env::current_exe().context("cannot find parlord itself")?;
    let mut command = Command::new(program);
    command.env(CALLER, geteuid().as_raw().to_string());
    command.uid(directory.uid()).gid(directory.gid());
    Ok(command)
}

/// Who ran the subcommand: this process's user, or the one who became it.
pub(super) fn caller_uid() -> u32 {
    let told = env::var(CALLER).ok().and_then(|uid| uid.parse().ok());
    told.unwrap_or_else(|| geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;

    #[test]
    fn the_directory_is_named_to_the_owner_whatever_the_words_are() {
        for words in ["parlord user disable alice", "parlord room show --json -- -x"] {
            let data = PathBuf::from("/var/lib/parlord");
            let words = words.split(' ').map(OsString::from);
            let again = again(Some(data.clone()), words).collect::<Vec<_>>();
            let cli = Cli::understand([vec!["parlord".into()], again].concat()).unwrap();
            assert_eq!(cli.place.data, Some(data));
        }
        let words = ["parlord", "check"].map(OsString::from);
        assert_eq!(again(None, words.into_iter()).collect::<Vec<_>>(), ["check"]);
    }
}
