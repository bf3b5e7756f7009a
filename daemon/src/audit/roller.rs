//! When the live file is closed, and what becomes of closed files.
//!
//! This is a policy for log4rs' rolling appender. log4rs has triggers and a roller of its own, but
//! with them records could be lost: its roller compresses into the final name, does not sync, and
//! then removes the original, so a crash leaves half a file or none; it renames every kept file at
//! each roll; and its time trigger counts from the start of the process, so that a daemon that is
//! restarted daily would never close a file that may be a week old.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use log4rs::append::rolling_file::LogFile;
use log4rs::append::rolling_file::policy::Policy;
use parlor_protocol::id::Timestamp;

use super::files::{self, Form, LIVE, sync_directory};
use crate::clock::now;

/// What a compressed file is called until it is whole.
const UNFINISHED: &str = "unfinished.gz";

/// When files are closed, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rolling {
    /// A file of so many bytes is closed.
    pub(crate) file_bytes: u64,
    /// A file whose first record is so old, in milliseconds, is closed with the next record.
    pub(crate) file_ms: i64,
    /// So many closed files are kept.
    pub(crate) files_kept: usize,
}

#[cfg(test)]
impl Rolling {
    /// Files that are never closed, for tests of something else.
    pub(crate) const ONE_FILE: Self =
        Self { file_bytes: u64::MAX, file_ms: i64::MAX, files_kept: usize::MAX };
}

/// Closes the live file and looks after the closed ones.
#[derive(Debug)]
pub(super) struct Roller {
    dir: PathBuf,
    rolling: Rolling,
    /// The time of the live file's first record.
    begun: AtomicI64,
}

impl Roller {
    /// For the live file in `dir`, whose first record is of the time `begun`.
    pub(super) fn new(dir: &Path, rolling: Rolling, begun: Timestamp) -> Self {
        Self { dir: dir.to_owned(), rolling, begun: AtomicI64::new(begun.0) }
    }

    /// Closes the live file, whose lines are synced first, since their rows may go once the next
    /// ones are written; a new and empty one takes its place.
    fn close(&self, live: &Path) -> io::Result<()> {
        File::open(live)?.sync_all()?;
        let number = files::numbers(&self.dir)?.last().map_or(1, |last| last + 1);
        fs::rename(live, self.dir.join(files::name(number, Form::Plain)))?;
        open_live(&self.dir)?;
        Ok(())
    }
}

impl Policy for Roller {
    fn process(&self, live: &mut LogFile<'_>) -> anyhow::Result<()> {
        let now = now().0;
        let (length, age) = (live.len_estimate(), now - self.begun.load(Ordering::Relaxed));
        if length > 0 && length < self.rolling.file_bytes && age < self.rolling.file_ms {
            return Ok(());
        }
        self.begun.store(now, Ordering::Relaxed);
        if length > 0 {
            live.roll();
            self.close(live.path())?;
            tidy(&self.dir, self.rolling.files_kept);
        }
        Ok(())
    }

    /// A file is closed by the record that no longer belongs into it.
    fn is_pre_process(&self) -> bool {
        true
    }
}

/// Compresses the closed files that are not compressed yet, and removes those beyond the kept ones.
/// What fails here costs space, but no record; it is tried again with the next roll or start.
pub(super) fn tidy(dir: &Path, kept: usize) {
    if let Err(error) = try_to_tidy(dir, kept) {
        log::error!("cannot compress or remove old files in {}: {error}", dir.display());
    }
}

fn try_to_tidy(dir: &Path, kept: usize) -> io::Result<()> {
    for (number, form) in files::closed(dir)? {
        if form == Form::Plain {
            compress(dir, number)?;
        }
    }
    let closed = files::closed(dir)?;
    for &(number, form) in &closed[..closed.len().saturating_sub(kept)] {
        fs::remove_file(dir.join(files::name(number, form)))?;
    }
    Ok(())
}

/// The compressed form is on disk, under its name, before the other goes.
fn compress(dir: &Path, number: u64) -> io::Result<()> {
    let plain = dir.join(files::name(number, Form::Plain));
    let unfinished = dir.join(UNFINISHED);
    let mut options = OpenOptions::new();
    let file = files::make(options.write(true).create(true).truncate(true), &unfinished)?;
    let mut out = GzEncoder::new(file, Compression::default());
    io::copy(&mut BufReader::new(File::open(&plain)?), &mut out)?;
    out.finish()?.sync_all()?;
    fs::rename(&unfinished, dir.join(files::name(number, Form::Compressed)))?;
    sync_directory(dir)?;
    fs::remove_file(&plain)
}

/// Opens the live file to read and append, and makes it where it is not there.
pub(super) fn open_live(dir: &Path) -> io::Result<File> {
    let path = dir.join(LIVE);
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    let file = files::make(options.create(true), &path)?;
    sync_directory(dir)?;
    Ok(file)
}

/// Makes the directory of audit files where it is not there; one that is there keeps its mode.
pub(super) fn make_directory(dir: &Path) -> io::Result<()> {
    match files::make_directory(dir) {
        Ok(()) => dir.parent().map_or(Ok(()), sync_directory),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
