//! Writing the audit files: lines that are on disk when [`AuditLog::write`] returns, each record
//! once.
//!
//! A record's row stays in the store until its line is synced, so after a crash the rows that are
//! left are those whose lines may be missing, torn or whole. [`AuditLog::open`] looks at the end of
//! what is there and makes up what is missing:
//! - whole lines of pending records stay, and their records are not written again;
//! - behind them, what can only be the rest of our own last write (at each place what we wrote, or
//!   nothing) is cut off, for the whole lines follow;
//! - any other torn last line was not torn by us; it is ended and kept, because an audit file is
//!   not for us to shorten.
//!
//! A row also stays while its line is in a file that no longer has the name: whoever replaces the
//! live file takes no record with it but those that it had when it was copied.
//!
//! The lines go through log4rs; syncing is ours, since log4rs does not, and so is when a file is
//! closed (see [`super::roller`]).

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use log4rs::append::Append;
use log4rs::append::rolling_file::RollingFileAppender;
use log4rs::encode::pattern::PatternEncoder;
use parlor_protocol::id::Timestamp;

use super::chain::{Link, Sealed};
use super::dropping::{Closed, News, drop_old, strangers};
use super::files::{self, LIVE};
use super::roller::{
    Identity, JustClosed, Roller, Rolling, compress_closed, make_directory, open_live,
};
use crate::clock::now;
use crate::regular;

/// What a power failure may have put behind the synced lines, in bytes, besides pending ones: the
/// file system's padding up to whole blocks.
const GARBAGE_BYTES_MAX: u64 = 64 * 1024;

/// Why a record is not on disk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// A file or its directory failed us.
    #[error("cannot {operation} {}: {source}{}", path.display(), remedy(source))]
    File {
        /// What was being done.
        operation: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// log4rs did not write a line, or could not close a file.
    #[error("cannot append to {}: {why}", path.display())]
    Append {
        /// The live file.
        path: PathBuf,
        /// What log4rs said.
        why: String,
    },
    /// What was written is in a file that has lost its name.
    #[error("{} is not the file that was written to; it was replaced", .0.display())]
    Replaced(PathBuf),
    /// log4rs would take parts of the path for variables, or cannot read it.
    #[error(
        "cannot keep an audit file at {}: the path is not UTF-8 or has `$ENV{{` in it; choose \
         another data directory", .0.display()
    )]
    Path(PathBuf),
}

/// What to do where a file cannot be written.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => {
            "; have it belong to the user who runs parlord, with the right to write"
        }
        _ => "",
    }
}

/// A record's number and its line, without the end of the line.
pub(crate) type Row = (u64, String);

/// The audit files of a data directory.
#[derive(Debug)]
pub(crate) struct AuditLog {
    dir: PathBuf,
    rolling: Rolling,
    /// `None` after an error: nobody knows then what is in the file, so it is opened anew.
    appender: Option<RollingFileAppender>,
    /// Where the roller leaves word of the file that it has closed for a line.
    just_closed: JustClosed,
    /// Files that were closed since old ones were last looked for.
    closed: Vec<Closed>,
    /// Files of which word was handed on, and the store does not know yet.
    handed_on: Vec<Closed>,
    /// Whether old files were looked for at all.
    has_looked: bool,
    /// Files that lie among ours, of which the log was told.
    strangers: BTreeSet<String>,
}

impl AuditLog {
    /// Opens the audit files in the data directory `data`, which the caller has locked, and makes
    /// up whatever of the `pending` records, by rising number, a crash kept from them. When it
    /// returns, all of them are on disk.
    ///
    /// # Errors
    /// The files cannot be read, written or synced.
    pub(crate) fn open(data: &Path, rolling: Rolling, pending: &[Row]) -> Result<Self, AuditError> {
        let dir = files::directory(data);
        let live = dir.join(LIVE);
        if live.to_str().is_none_or(|text| text.contains("$ENV{")) {
            return Err(AuditError::Path(live));
        }
        make_directory(&dir).map_err(failed("make the directory", &dir))?;
        compress_closed(&dir);
        let mut log = Self {
            dir,
            rolling,
            appender: None,
            just_closed: JustClosed::default(),
            closed: vec![],
            handed_on: vec![],
            has_looked: false,
            strangers: BTreeSet::new(),
        };
        log.write(pending)?;
        Ok(log)
    }

    /// Appends records, by rising number, and syncs. When it returns they are on disk, and their
    /// rows may go.
    ///
    /// # Errors
    /// Some of them may be in the files and some not. The next write must begin with the same
    /// record, and finds out.
    pub(crate) fn write(&mut self, rows: &[Row]) -> Result<(), AuditError> {
        let was_open = self.appender.is_some();
        match self.try_to_write(rows) {
            // Whatever has become of the file since it was opened, it is opened anew once.
            Err(_) if was_open => self.try_to_write(rows),
            outcome => outcome,
        }
    }

    /// Whether there may be files beyond those that are kept. It looks where it has not looked since
    /// one was closed.
    pub(crate) fn may_have_old(&self) -> bool {
        !self.has_looked || !self.closed.is_empty()
    }

    /// The files that were closed meanwhile, for a store that is told of them without old ones being
    /// looked for.
    pub(crate) fn take_closed(&mut self) -> Vec<Closed> {
        std::mem::take(&mut self.closed)
    }

    /// Removes old files, of which the records up to `dropped` are known to the store as dropped;
    /// `known` are the closed files that it remembers, oldest first. Returns what it should remember
    /// besides, before any of that goes.
    ///
    /// What cannot be read or removed is logged, and looked at again with the next file that is
    /// closed.
    pub(crate) fn drop_old(&mut self, dropped: Option<Link>, mut known: Vec<Closed>) -> News {
        self.has_looked = true;
        let closed = self.take_closed();
        let is_news = |it: &Closed| {
            !known.contains(it) && dropped.is_none_or(|dropped| it.last.serial > dropped.serial)
        };
        self.handed_on.retain(is_news);
        self.handed_on.extend(&closed);
        known.extend(&self.handed_on);
        self.tell_of_strangers(&known);
        let outcome = drop_old(&self.dir, self.rolling.files_kept, dropped, &known);
        let dropped = outcome.map_err(failed("remove old files from", &self.dir));
        let dropped = dropped.unwrap_or_else(|error| {
            log::error!("{error}");
            None
        });
        News { dropped, closed }
    }

    /// Says once of each file that the daemon has not closed that it is there.
    fn tell_of_strangers(&mut self, closed: &[Closed]) {
        // Where the directory cannot be read, whoever looks for old files says so.
        let found = strangers(&self.dir, closed).unwrap_or_default();
        for name in found.iter().filter(|name| !self.strangers.contains(*name)) {
            log::warn!(
                "the store does not know of the audit file {name}, which is not counted among those \
                 to keep; if no crash has left it, look who may write to {}",
                self.dir.display()
            );
        }
        self.strangers = found.into_iter().collect();
    }

    fn try_to_write(&mut self, rows: &[Row]) -> Result<(), AuditError> {
        let mut lines: Vec<&str> = rows.iter().map(|(_, line)| line.as_str()).collect();
        let live = self.dir.join(LIVE);
        // What somebody has cut off or put there since must not become one line with ours.
        let appender = self.appender.take().filter(|_| ends_a_line(&live).unwrap_or(false));
        let appender = match appender {
            Some(appender) => appender,
            None => self.mend(&mut lines)?,
        };
        for line in &lines {
            let outcome = append(&appender, &live, line);
            // It went, or will go, into the file behind the one that was closed for it. What was in
            // the closed one is known from here, and not from whatever lies there now.
            if let (Some(number), Some(first)) =
                (self.just_closed.take(), Sealed::parse(line.as_bytes()))
            {
                self.closed.push(Closed { number, last: first.before() });
            }
            outcome?;
        }
        // Whatever is in files that were closed meanwhile was synced then.
        let last = lines.last().copied().unwrap_or_default();
        let synced = File::open(&live).and_then(|file| sync_behind(file, &live, last));
        if !synced.map_err(failed("sync the audit file", &live))? {
            return Err(AuditError::Replaced(live));
        }
        self.appender = Some(appender);
        Ok(())
    }

    /// Opens the live file and mends its end; of the pending lines those that it lacks remain.
    fn mend(&self, pending: &mut Vec<&str>) -> Result<RollingFileAppender, AuditError> {
        let live = self.dir.join(LIVE);
        // Whoever removed it while we write loses no further record by that.
        make_directory(&self.dir).map_err(failed("make the directory", &self.dir))?;
        let mut file = open_live(&self.dir).map_err(failed("open the audit file", &live))?;
        let first = first_line(&mut file).map_err(failed("read the audit file", &live))?;
        leave_out_closed(&self.dir, &first, pending)
            .map_err(failed("read the files in", &self.dir))?;
        mend_end(&mut file, pending).map_err(failed("mend the audit file", &live))?;
        let opened = Identity::of(&file).map_err(failed("look at the audit file", &live))?;
        let at = time_of(&first).unwrap_or_else(now);
        let closed = self.just_closed.clone();
        let roller = Roller::new(&self.dir, self.rolling, at, opened, closed);
        RollingFileAppender::builder()
            .encoder(Box::new(PatternEncoder::new("{m}{n}")))
            .build(&live, Box::new(roller))
            .map_err(failed("open the audit file", &live))
    }
}

/// Whether the file ends with a whole line, or has none.
fn ends_a_line(live: &Path) -> io::Result<bool> {
    let file = regular::open(live)?;
    let Some(last) = file.metadata()?.len().checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte == *b"\n")
}

/// Syncs the file that was found under the name `live`, to which `last` was appended unless another
/// had the name then. Whether it did end with that line, and still has the name.
///
/// log4rs tells nobody which file it has open, but what was written to another is not in here.
fn sync_behind(mut file: File, live: &Path, last: &str) -> io::Result<bool> {
    file.sync_data()?;
    let wrote = format!("{last}\n");
    let start = file.metadata()?.len().checked_sub(wrote.len() as u64);
    let Some(start) = start.filter(|_| !last.is_empty()) else {
        return Ok(last.is_empty());
    };
    let mut end = vec![];
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut end)?;
    Ok(end == wrote.as_bytes() && Identity::of(&file)? == Identity::named(live)?)
}

fn append(appender: &RollingFileAppender, live: &Path, line: &str) -> Result<(), AuditError> {
    let record = |arguments| {
        let mut record = log::Record::builder();
        record.level(log::Level::Info).target("audit").args(arguments);
        appender.append(&record.build())
    };
    record(format_args!("{line}"))
        .map_err(|error| AuditError::Append { path: live.to_owned(), why: format!("{error:#}") })
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AuditError {
    let path = path.to_owned();
    move |source| AuditError::File { operation, path, source }
}

fn first_line(file: &mut File) -> io::Result<Vec<u8>> {
    let mut line = vec![];
    file.seek(SeekFrom::Start(0))?;
    BufReader::new(file).read_until(b'\n', &mut line)?;
    line.pop_if(|byte| *byte == b'\n');
    Ok(line)
}

/// When a record happened.
fn time_of(line: &[u8]) -> Option<Timestamp> {
    #[derive(serde::Deserialize)]
    struct Dated {
        at: String,
    }
    let dated: Dated = serde_json::from_slice(line).ok()?;
    let at: jiff::Timestamp = dated.at.parse().ok()?;
    Some(Timestamp(at.as_millisecond()))
}

/// Leaves out what has come into a closed file already. The live file begins with `first`: where
/// that is no later record than the pending ones, none of them can be in front of it.
fn leave_out_closed(dir: &Path, first: &[u8], pending: &mut Vec<&str>) -> io::Result<()> {
    let serial = |line| Sealed::parse(line).map(|sealed| sealed.link.serial);
    let Some(next) = pending.first() else { return Ok(()) };
    if serial(first).is_some_and(|first| Some(first) <= serial(next.as_bytes())) {
        return Ok(());
    }
    let Some(&newest) = files::numbers(dir)?.last() else { return Ok(()) };
    let last = files::open(dir, newest)?.1.split(b'\n').last().transpose()?;
    let closed = pending.iter().position(|line| Some(line.as_bytes()) == last.as_deref());
    pending.drain(..closed.map_or(0, |closed| closed + 1));
    Ok(())
}

/// Mends the end of the live file, and leaves out the pending lines that it has.
fn mend_end(file: &mut File, pending: &mut Vec<&str>) -> io::Result<()> {
    let length = file.metadata()?.len();
    // Behind the last synced line there is nothing but pending lines and padding.
    let unsynced_max: u64 = pending.iter().map(|line| line.len() as u64 + 1).sum();
    let start = length.saturating_sub(unsynced_max + GARBAGE_BYTES_MAX);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut tail)?;

    let wrote: Vec<u8> =
        pending.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
    let mut line_starts = (0..tail.len()).filter(|&at| at == 0 || tail[at - 1] == b'\n');
    if let Some(ours) = line_starts.find(|&at| is_left_of(&tail[at..], &wrote)) {
        let (mut end, mut whole) = (ours, 0);
        while let Some(line) = pending.get(whole)
            && tail[end..].strip_prefix(line.as_bytes()).is_some_and(|rest| rest.starts_with(b"\n"))
        {
            end += line.len() + 1;
            whole += 1;
        }
        pending.drain(..whole);
        return if end < tail.len() { file.set_len(start + end as u64) } else { Ok(()) };
    }
    if tail.last().is_some_and(|&last| last != b'\n') {
        file.write_all(b"\n")?;
    }
    let present: HashSet<&[u8]> = tail.split(|&byte| byte == b'\n').collect();
    pending.retain(|line| !present.contains(line.as_bytes()));
    Ok(())
}

/// Whether this is what a crash may leave of a write: at each place what was written, or nothing.
fn is_left_of(left: &[u8], wrote: &[u8]) -> bool {
    let expected = wrote.iter().copied().chain(std::iter::repeat(0));
    left.iter().zip(expected).all(|(&left, wrote)| left == wrote || left == 0)
}

#[cfg(test)]
mod tests;
