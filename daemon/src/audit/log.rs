//! The audit file: lines that are on disk when [`AuditLog::write`] returns, each record once.
//!
//! A record's row stays in the store until its line is synced, so after a crash the rows that are
//! left are those whose lines may be missing, torn or whole. [`AuditLog::open`] looks at the end of
//! the file and makes up what is missing:
//! - a whole line of a pending record stays, and its record is not written again;
//! - a torn last line that is the beginning of a pending record is cut off, for the whole line
//!   follows;
//! - any other torn last line was not torn by us; it is ended and kept, because an audit file is
//!   not for us to shorten.
//!
//! The lines go through log4rs; syncing is ours, since log4rs does not.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use log4rs::append::Append;
use log4rs::append::file::FileAppender;
use log4rs::encode::pattern::PatternEncoder;

/// The directory of audit files inside the data directory.
const DIRECTORY: &str = "audit";
/// The audit file.
const FILE: &str = "audit.log";
/// What a power failure may have put behind the synced lines, in bytes, besides pending ones: the
/// file system's padding up to whole blocks.
const GARBAGE_BYTES_MAX: u64 = 64 * 1024;

/// Why a record is not on disk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// The file or its directory failed us.
    #[error("cannot {operation} {}: {source}", path.display())]
    File {
        /// What was being done.
        operation: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// log4rs did not write a line.
    #[error("cannot append to {}: {why}", path.display())]
    Append {
        /// The audit file.
        path: PathBuf,
        /// What log4rs said.
        why: String,
    },
    /// log4rs would take parts of the path for variables, or cannot read it.
    #[error(
        "cannot keep an audit file at {}: the path is not UTF-8 or has `$ENV{{` or `$TIME{{` in \
         it; choose another data directory", .0.display()
    )]
    Path(PathBuf),
}

/// The audit file of a data directory.
#[derive(Debug)]
pub(crate) struct AuditLog {
    path: PathBuf,
    /// `None` after an error: nobody knows then what is in the file, so it is opened anew.
    open: Option<Open>,
}

impl AuditLog {
    /// Opens the audit file in the data directory `dir`, which the caller has locked, and makes up
    /// whatever of the `pending` records, by rising serial, a crash kept from it. When it returns,
    /// all of them are on disk.
    ///
    /// # Errors
    /// The file cannot be read, written or synced.
    pub(crate) fn open(dir: &Path, pending: &[(u64, String)]) -> Result<Self, AuditError> {
        let dir = dir.join(DIRECTORY);
        let path = dir.join(FILE);
        let fits = |text: &str| !text.contains("$ENV{") && !text.contains("$TIME{");
        if !path.to_str().is_some_and(fits) {
            return Err(AuditError::Path(path));
        }
        make_directory(&dir).map_err(failed("make the directory", &dir))?;
        let mut log = Self { path, open: None };
        log.write(pending)?;
        Ok(log)
    }

    /// Appends records, by rising serial, and syncs. When it returns they are on disk, and their
    /// rows may go.
    ///
    /// # Errors
    /// Some of them may be in the file and some not. The next write must begin with the same
    /// record, and finds out.
    pub(crate) fn write(&mut self, records: &[(u64, String)]) -> Result<(), AuditError> {
        let lines: Vec<String> =
            records.iter().map(|(serial, record)| line(*serial, record)).collect();
        let open = match self.open.take() {
            Some(open) => open.append(&self.path, lines.iter().map(String::as_str))?,
            None => {
                let (open, missing) = Open::mended(&self.path, &lines)?;
                open.append(&self.path, missing.into_iter())?
            }
        };
        self.open = Some(open);
        Ok(())
    }
}

/// The audit file as it is open.
#[derive(Debug)]
struct Open {
    appender: FileAppender,
    /// The same file again, for syncing.
    file: File,
}

impl Open {
    /// Opens the file and mends its end; with it come the pending lines that it lacks.
    fn mended<'a>(path: &Path, pending: &'a [String]) -> Result<(Self, Vec<&'a str>), AuditError> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(failed("open the audit file", path))?;
        let directory = path.parent().map_or(Ok(()), sync_directory);
        directory.map_err(failed("sync the directory of", path))?;
        let missing = missing(&mut file, pending).map_err(failed("mend the audit file", path))?;
        let appender = FileAppender::builder()
            .encoder(Box::new(PatternEncoder::new("{m}{n}")))
            .build(path)
            .map_err(failed("open the audit file", path))?;
        Ok((Self { appender, file }, missing))
    }

    /// Appends the lines and syncs. It is gone after an error, and with it whatever log4rs has not
    /// written yet.
    fn append<'a>(
        self,
        path: &Path,
        mut lines: impl Iterator<Item = &'a str>,
    ) -> Result<Self, AuditError> {
        lines.try_for_each(|line| self.append_line(path, line))?;
        self.file.sync_data().map_err(failed("sync the audit file", path))?;
        Ok(self)
    }

    fn append_line(&self, path: &Path, line: &str) -> Result<(), AuditError> {
        let record = |arguments| {
            let mut record = log::Record::builder();
            record.level(log::Level::Info).target("audit").args(arguments);
            self.appender.append(&record.build())
        };
        record(format_args!("{line}")).map_err(|error| AuditError::Append {
            path: path.to_owned(),
            why: format!("{error:#}"),
        })
    }
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AuditError {
    let path = path.to_owned();
    move |source| AuditError::File { operation, path, source }
}

/// A record as the file shows it, its serial first.
fn line(serial: u64, record: &str) -> String {
    format!("{{\"serial\":{serial},{}", record.strip_prefix('{').unwrap_or(record))
}

/// Mends the end of the file, and tells which of the pending lines it lacks.
fn missing<'a>(file: &mut File, pending: &'a [String]) -> io::Result<Vec<&'a str>> {
    let length = file.metadata()?.len();
    // Behind the last synced line there is nothing but pending lines and padding.
    let unsynced_max: u64 = pending.iter().map(|line| line.len() as u64 + 1).sum();
    let start = length.saturating_sub(unsynced_max + GARBAGE_BYTES_MAX);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut tail)?;

    let whole = tail.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let torn = &tail[whole..];
    if pending.iter().any(|line| line.as_bytes().starts_with(torn)) {
        file.set_len(start + whole as u64)?;
    } else if !torn.is_empty() {
        file.write_all(b"\n")?;
    }
    let present: HashSet<&[u8]> = tail[..whole].split(|&byte| byte == b'\n').collect();
    let lacks = |line: &&str| !present.contains(line.as_bytes());
    Ok(pending.iter().map(String::as_str).filter(lacks).collect())
}

fn make_directory(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => dir.parent().map_or(Ok(()), sync_directory),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests;
