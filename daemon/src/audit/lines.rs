//! Reading the audit: the lines of all files in order, also while they are written and closed.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files::{self, LIVE};
use crate::regular;

/// The longest line that is read at once, in bytes. Records are far shorter; what a damaged file
/// holds is not let into memory whole.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// How often a live file that is not there is looked for where closed ones are: it is missing for the
/// moment in which it is closed and the next one begins.
const LOOKS_MAX: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// One line, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The name of the file.
    pub(crate) file: String,
    /// The number of the line in it, counted from 1.
    pub(crate) number: u64,
    /// Without the end of the line.
    pub(crate) text: Vec<u8>,
}

/// A file that cannot be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {file} behind line {line}: {source}")]
pub(crate) struct Unreadable {
    /// The name of the file.
    pub(crate) file: String,
    /// The last line that could be read, counted from 1.
    pub(crate) line: u64,
    /// What the system or the decompressor said.
    pub(crate) source: io::Error,
}

/// All lines that there are, from the oldest file on.
pub(crate) struct Lines {
    dir: PathBuf,
    /// Closed files that are still to be read.
    closed: VecDeque<u64>,
    /// The live file, held open: it can be read on when it is closed meanwhile.
    live: Option<File>,
    /// The number that the live file gets when it is closed.
    live_number: u64,
    reading: Option<Reading>,
}

/// The file that is being read.
struct Reading {
    file: String,
    source: Box<dyn BufRead>,
    /// `None` in a closed file, which does not grow; otherwise the live file itself.
    inode: Option<u64>,
    /// Whether the file was found to be closed since it was opened. Then its next end is its last.
    closed: bool,
    number: u64,
    /// A line that has no end yet.
    begun: Vec<u8>,
}

impl Lines {
    /// Opens the audit of the directory of audit files `dir`.
    ///
    /// # Errors
    /// There is none, or it may not be read.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        Self::behind(dir, 0)
    }

    /// The same without the closed files up to this number.
    pub(super) fn behind(dir: &Path, number: u64) -> io::Result<Self> {
        let mut lines = Self {
            dir: dir.to_owned(),
            closed: VecDeque::new(),
            live: None,
            live_number: 1,
            reading: None,
        };
        lines.look(number)?;
        Ok(lines)
    }

    /// The next line; `None` where there is none yet.
    ///
    /// # Errors
    /// The rest of a file cannot be read; it is left out.
    pub(crate) fn next(&mut self) -> Result<Option<Line>, Unreadable> {
        loop {
            if self.reading.is_none() && !self.begin_next()? {
                return Ok(None);
            }
            let Some(reading) = &mut self.reading else { continue };
            match reading.next_line() {
                Ok(Some(text)) => {
                    let (file, number) = (reading.file.clone(), reading.number);
                    return Ok(Some(Line { file, number, text }));
                }
                Ok(None) if reading.inode.is_none() || reading.closed => {
                    let unended = reading.take_begun();
                    let was_live = reading.inode.is_some();
                    self.reading = None;
                    if was_live {
                        let number = self.live_number;
                        self.look(number).map_err(|source| unreadable(LIVE, 0, source))?;
                    }
                    if unended.is_some() {
                        return Ok(unended);
                    }
                }
                Ok(None) => {
                    if !self.live_was_closed() {
                        return Ok(None);
                    }
                    // What was written until then may still be there to read.
                    if let Some(reading) = &mut self.reading {
                        reading.closed = true;
                    }
                }
                Err(source) => {
                    let (file, line) = (reading.file.clone(), reading.number);
                    self.reading = None;
                    return Err(unreadable(&file, line, source));
                }
            }
        }
    }

    /// What stands behind the last whole line: its file, its number and how long it is.
    pub(crate) fn unended(&self) -> Option<Line> {
        let reading = self.reading.as_ref().filter(|reading| !reading.begun.is_empty())?;
        let (file, number) = (reading.file.clone(), reading.number + 1);
        Some(Line { file, number, text: reading.begun.clone() })
    }

    /// Finds the files behind the closed one of this number, as they are at one moment.
    fn look(&mut self, behind: u64) -> io::Result<()> {
        let mut looks = LOOKS_MAX;
        loop {
            let live = match regular::open(&self.dir.join(LIVE)) {
                Ok(live) => Some(live),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            let numbers = files::numbers(&self.dir)?;
            if live.is_none() && !numbers.is_empty() && looks > 0 {
                looks -= 1;
                std::thread::sleep(LOOK_EVERY);
                continue;
            }
            let inode = live.as_ref().map(|live| live.metadata().map(|it| it.ino())).transpose()?;
            // A listing may lack a file that gets another name meanwhile.
            let is_one_moment = inode == inode_of(&self.dir.join(LIVE));
            if is_one_moment && numbers == files::numbers(&self.dir)? {
                self.live_number = numbers.last().map_or(1, |last| last.saturating_add(1));
                self.closed = numbers.into_iter().filter(|&number| number > behind).collect();
                self.live = live;
                return Ok(());
            }
        }
    }

    /// Begins with the next file; `false` where there is none.
    fn begin_next(&mut self) -> Result<bool, Unreadable> {
        if let Some(number) = self.closed.pop_front() {
            match files::open(&self.dir, number) {
                Ok((file, source)) => self.reading = Some(Reading::new(file, source, None)),
                // It was the oldest, and has gone since.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => {
                    let file = files::name(number, files::Form::Compressed);
                    return Err(unreadable(&file, 0, source));
                }
            }
            return Ok(true);
        }
        let Some(live) = self.live.take() else { return Ok(false) };
        let inode = live.metadata().map_err(|source| unreadable(LIVE, 0, source))?.ino();
        let source = Box::new(BufReader::new(live));
        self.reading = Some(Reading::new(LIVE.to_owned(), source, Some(inode)));
        Ok(true)
    }

    fn live_was_closed(&self) -> bool {
        let inode = self.reading.as_ref().and_then(|reading| reading.inode);
        inode != inode_of(&self.dir.join(LIVE))
    }
}

impl Reading {
    fn new(file: String, source: Box<dyn BufRead>, inode: Option<u64>) -> Self {
        Self { file, source, inode, closed: false, number: 0, begun: vec![] }
    }

    /// The next whole line; `None` at the end of what there is.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let room = LINE_BYTES_MAX.saturating_sub(self.begun.len() as u64);
        (&mut self.source).take(room).read_until(b'\n', &mut self.begun)?;
        let ended = self.begun.pop_if(|byte| *byte == b'\n').is_some();
        if !ended && (self.begun.len() as u64) < LINE_BYTES_MAX {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(std::mem::take(&mut self.begun)))
    }

    /// What stands behind the last whole line, now that nothing follows.
    fn take_begun(&mut self) -> Option<Line> {
        let text = std::mem::take(&mut self.begun);
        let (file, number) = (self.file.clone(), self.number + 1);
        (!text.is_empty()).then_some(Line { file, number, text })
    }
}

fn inode_of(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|found| found.ino())
}

fn unreadable(file: &str, line: u64, source: io::Error) -> Unreadable {
    Unreadable { file: file.to_owned(), line, source }
}
