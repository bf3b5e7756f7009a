//! When the live file is closed, and that closed files are compressed.
//!
//! This is a policy for log4rs' rolling appender. log4rs has triggers and a roller of its own, but
//! with them records could be lost: its roller compresses into the final name, does not sync, and
//! then removes the original, so a crash leaves half a file or none; it renames every kept file at
//! each roll; and its time trigger counts from the start of the process, so that a daemon that is
//! restarted daily would never close a file that may be a week old.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use log4rs::append::rolling_file::LogFile;
use log4rs::append::rolling_file::policy::Policy;
use parlor_protocol::id::Timestamp;

use super::files::{self, Form, LIVE, sync_directory};
use crate::clock::now;
use crate::regular;

/// What a compressed file is called until it is whole.
const UNFINISHED: &str = "unfinished.gz";

/// The last number that a file may have.
const NUMBER_MAX: u64 = i64::MAX.cast_unsigned();

/// When files are closed, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rolling {
    /// A file of so many bytes is closed.
    pub(crate) file_bytes: u64,
    /// A file whose first record is so old, in milliseconds, is closed with the next record.
    pub(crate) file_ms: i64,
    /// So many closed files are kept; one more waits for its end (see [`super::dropping`]).
    pub(crate) files_kept: usize,
}

#[cfg(test)]
impl Rolling {
    /// Files that are never closed, for tests of something else.
    pub(crate) const ONE_FILE: Self =
        Self { file_bytes: u64::MAX, file_ms: i64::MAX, files_kept: usize::MAX };
}

/// Closes the live file and compresses what was closed.
#[derive(Debug)]
pub(super) struct Roller {
    dir: PathBuf,
    rolling: Rolling,
    /// log4rs only lends the policy out, and asks it from within a lock of its own.
    begun: Mutex<Begun>,
    closed: JustClosed,
}

/// The number of the file that was closed last, until somebody takes it.
#[derive(Debug, Clone, Default)]
pub(super) struct JustClosed(Arc<Mutex<Option<u64>>>);

impl JustClosed {
    /// It holds one number, which is right whoever panicked.
    fn put(&self, number: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(number);
    }

    pub(super) fn take(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The live file as it was opened.
#[derive(Debug, Clone, Copy)]
struct Begun {
    /// The time of its first record.
    at: i64,
    /// Which file it is, whatever its name says later.
    file: Identity,
}

/// Which file something is: the device and the inode, which stay those of a file that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Identity {
    /// Of an open file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self(found.dev(), found.ino()))
    }

    /// Of the file that has this name now.
    pub(super) fn named(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self(found.dev(), found.ino()))
    }
}

impl Roller {
    /// For the live file in `dir`, whose first record is of the time `at`.
    /// `closed` hears whenever it was closed.
    pub(super) fn new(
        dir: &Path,
        rolling: Rolling,
        at: Timestamp,
        file: Identity,
        closed: JustClosed,
    ) -> Self {
        let begun = Mutex::new(Begun { at: at.0, file });
        Self { dir: dir.to_owned(), rolling, begun, closed }
    }

    /// Closes the live file, whose lines are synced first, since their rows may go once the next
    /// ones are written; a new and empty one takes its place.
    ///
    /// Another file that has got its name meanwhile is not closed in its stead: it may lack those
    /// lines.
    fn close(&self, live: &Path, written: Identity) -> io::Result<Identity> {
        let file = File::open(live)?;
        file.sync_all()?;
        if Identity::of(&file)? != written {
            return Err(io::Error::other("another file has taken its place"));
        }
        let number = match files::numbers(&self.dir)?.last() {
            None => 1,
            // The store holds numbers as SQLite does.
            Some(last) => last.checked_add(1).filter(|it| *it <= NUMBER_MAX).ok_or_else(|| {
                let name = files::name(*last, Form::Compressed);
                io::Error::other(format!("no number is left behind {name}; move that file away"))
            })?,
        };
        fs::rename(live, self.dir.join(files::name(number, Form::Plain)))?;
        self.closed.put(number);
        Identity::of(&open_live(&self.dir)?)
    }
}

impl Policy for Roller {
    fn process(&self, live: &mut LogFile<'_>) -> anyhow::Result<()> {
        let now = now().0;
        // It holds two numbers, which are right whoever panicked.
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (length, age) = (live.len_estimate(), now - begun.at);
        if length > 0 && length < self.rolling.file_bytes && age < self.rolling.file_ms {
            return Ok(());
        }
        begun.at = now;
        if length > 0 {
            live.roll();
            begun.file = self.close(live.path(), begun.file)?;
            compress_closed(&self.dir);
        }
        Ok(())
    }

    /// A file is closed by the record that no longer belongs into it.
    fn is_pre_process(&self) -> bool {
        true
    }
}

/// Compresses the closed files that are not compressed yet. What fails here costs space, but no
/// record; it is tried again with the next file that is closed, and the next start.
pub(super) fn compress_closed(dir: &Path) {
    if let Err(error) = try_to_compress_closed(dir) {
        log::error!("cannot compress closed files in {}: {error}", dir.display());
    }
}

fn try_to_compress_closed(dir: &Path) -> io::Result<()> {
    let closed = files::closed(dir)?;
    for &(number, form) in &closed {
        if form == Form::Compressed {
            continue;
        }
        // A crash leaves both, which say the same.
        if closed.contains(&(number, Form::Compressed)) && !says_the_same(dir, number)? {
            let name = files::name(number, Form::Plain);
            log::error!("the audit file {name} and its compressed form differ; both are kept");
            continue;
        }
        compress(dir, number)?;
    }
    Ok(())
}

/// Whether both forms of a closed file have the same content.
fn says_the_same(dir: &Path, number: u64) -> io::Result<bool> {
    let mut forms = [Form::Plain, Form::Compressed].map(|form| files::open_form(dir, number, form));
    let [plain, compressed] = &mut forms;
    let (Ok(plain), Ok(compressed)) = (plain, compressed) else { return Ok(false) };
    loop {
        let (left, right) = (plain.fill_buf()?, compressed.fill_buf());
        let Ok(right) = right else { return Ok(false) };
        let both = left.len().min(right.len());
        if both == 0 || left[..both] != right[..both] {
            return Ok(left.len() == right.len());
        }
        plain.consume(both);
        compressed.consume(both);
    }
}

/// The compressed form is on disk, under its name, before the other goes.
fn compress(dir: &Path, number: u64) -> io::Result<()> {
    let plain = dir.join(files::name(number, Form::Plain));
    let unfinished = dir.join(UNFINISHED);
    let mut options = OpenOptions::new();
    let file = files::make(options.write(true).create(true).truncate(true), &unfinished)?;
    let mut out = GzEncoder::new(file, Compression::default());
    io::copy(&mut BufReader::new(regular::open(&plain)?), &mut out)?;
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
