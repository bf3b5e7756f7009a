//! Copying the audit files while they are written, up to a record; and the record of a copy.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use parlor_protocol::id::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::Sealed;
use super::files::{self, Form, LIVE};
use super::lines::Lines;
use super::{AuditRecord, CONSOLE, Origin};

/// What was done with a copy of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Copied {
    /// It was made.
    BackedUp,
    /// It was put in the place of what was lost.
    Restored,
}

/// The record of a copy that an administrator has made or put back, in or from this directory.
pub(crate) fn copied(
    origin: &Origin<'_>,
    copied: Copied,
    directory: &str,
    at: Timestamp,
) -> AuditRecord {
    let action = match copied {
        Copied::BackedUp => "backed-up",
        Copied::Restored => "restored",
    };
    AuditRecord::new(at, action, origin).acting(CONSOLE).text("directory", directory)
}

/// A copy in the making. It begins before the store is copied: whatever is in closed files by then
/// is in the store's past.
#[derive(Debug)]
pub(crate) struct Copying {
    from: PathBuf,
    closed: BTreeSet<u64>,
}

impl Copying {
    /// Begins to copy the directory of audit files `from`.
    ///
    /// # Errors
    /// There is none, or it may not be read.
    pub(crate) fn begin(from: &Path) -> io::Result<Self> {
        Ok(Self { from: from.to_owned(), closed: files::numbers(from)? })
    }

    /// Makes the directory `to` with the records up to `last`, which is the last one that the copy
    /// of the store has: those behind it never happened there. What the files do not have yet is
    /// in the store, to be made up. All of it is synced.
    ///
    /// # Errors
    /// A file cannot be read, or the copy not be written.
    pub(crate) fn finish(self, to: &Path, last: u64) -> io::Result<()> {
        files::make_directory(to)?;
        for &number in &self.closed {
            self.copy_closed(number, to)?;
        }
        // What was closed since goes into the live file of the copy, which is closed in its turn.
        let behind = self.closed.last().copied().unwrap_or(0);
        let mut lines = Lines::behind(&self.from, behind)?;
        let mut live = BufWriter::new(new_file(&to.join(LIVE))?);
        while let Some(line) = lines.next().map_err(io::Error::other)? {
            if Sealed::parse(&line.text).is_some_and(|sealed| sealed.link.serial > last) {
                break;
            }
            live.write_all(&line.text)?;
            live.write_all(b"\n")?;
        }
        live.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        files::sync_directory(to)
    }

    fn copy_closed(&self, number: u64, to: &Path) -> io::Result<()> {
        // Its compressed form is whole before the other goes.
        for form in [Form::Plain, Form::Compressed] {
            let name = files::name(number, form);
            match File::open(self.from.join(&name)) {
                Ok(mut file) => {
                    let mut copy = new_file(&to.join(&name))?;
                    io::copy(&mut file, &mut copy)?;
                    return copy.sync_all();
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        // Old files go late (see `dropping`): two more were closed since it was named.
        let gone =
            format!("{} is no longer kept; begin again", files::name(number, Form::Compressed));
        Err(io::Error::new(io::ErrorKind::NotFound, gone))
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    files::make(OpenOptions::new().write(true).create_new(true), path)
}
