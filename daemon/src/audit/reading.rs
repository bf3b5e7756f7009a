//! Reading the audit beside whoever writes it: waiting a moment for what is on its way.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::files;
use super::lines::{Line, Lines, Unreadable};
use super::verify::{Verdict, Verifier};
use crate::store::AuditMark;

/// How often the files are looked at again for what is awaited, in all two seconds: it takes some
/// milliseconds.
const LOOKS_MAX: u32 = 100;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What is worth waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// All that was committed: a daemon runs, which writes it.
    Committed,
    /// The ends of lines: a daemon may run.
    Ends,
    /// Nothing: none runs.
    Nothing,
}

/// How often the files are read anew because some of them were dropped meanwhile.
pub(crate) const READINGS_MAX: u32 = 5;

/// The files, and what was committed when they were opened.
pub(crate) struct Reading {
    pub(crate) lines: Lines,
    pub(crate) mark: AuditMark,
    awaited: Awaited,
    looks: u32,
}

impl Reading {
    /// Opens the files of a data directory; `mark` was read before.
    ///
    /// # Errors
    /// There are none, or they may not be read.
    pub(crate) fn open(data: &Path, mark: AuditMark, awaited: Awaited) -> io::Result<Self> {
        let lines = Lines::open(&files::directory(data))?;
        Ok(Self { lines, mark, awaited, looks: LOOKS_MAX })
    }

    /// The next line behind record `last`; `None` once all that is awaited has come, or does not
    /// come.
    ///
    /// # Errors
    /// The rest of a file cannot be read; it is left out.
    pub(crate) async fn next(&mut self, last: u64) -> Result<Option<Line>, Unreadable> {
        loop {
            let line = self.lines.next()?;
            let lacking = match self.awaited {
                Awaited::Committed => {
                    last < self.mark.head.serial || self.lines.unended().is_some()
                }
                Awaited::Ends => self.lines.unended().is_some(),
                Awaited::Nothing => false,
            };
            if line.is_some() || !lacking || self.looks == 0 {
                return Ok(line);
            }
            self.looks -= 1;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Whether all of it is whole.
    pub(crate) async fn verify(mut self) -> Verdict {
        let mut verifier = Verifier::new(self.mark);
        loop {
            match self.next(verifier.last_serial()).await {
                Ok(Some(line)) => verifier.line(&line),
                Err(unreadable) => verifier.unreadable(&unreadable),
                Ok(None) => {
                    if let Some(line) = self.lines.unended() {
                        verifier.unended(&line);
                    }
                    return verifier.finish();
                }
            }
        }
    }
}
