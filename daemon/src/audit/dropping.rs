//! Which closed files are no longer kept, and their end.
//!
//! A file that goes is told from one that somebody took by what the store remembers: the last record
//! that was dropped. The store is told before anything goes, and the files go when the next one is
//! closed. So whoever began to copy or to read them before that, and whoever comes after a crash in
//! between, finds every record behind the one that the store tells of.
//!
//! How many files there are, and what is in them, the store tells, too, which heard of each when it
//! was closed. By their names and contents somebody who may write to the directory alone could have
//! the daemon drop what is to be kept, and nobody would miss it.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::chain::{Link, Sealed};
use super::files::{self, LIVE, sync_directory};
use crate::regular;

/// The longest beginning of a file that is looked at, in bytes: records are far shorter.
const FIRST_LINE_BYTES_MAX: u64 = 64 * 1024;

/// A file that the daemon has closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed {
    /// What is in its name.
    pub(crate) number: u64,
    /// The last record in it.
    pub(crate) last: Link,
}

/// What the store should remember next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// The last record that is to be dropped, where that is another one.
    pub(crate) dropped: Option<Link>,
    /// The files that were closed meanwhile.
    pub(crate) closed: Vec<Closed>,
}

/// Removes the files that have nothing but records up to `dropped`, the last one that the store
/// remembers to be dropped. Returns the record that it should remember next, so that of the files
/// that were closed, oldest first, no more than `kept` are; `None` where it need not.
///
/// A store that remembers none yet is told what is in front of the oldest file.
pub(super) fn drop_old(
    dir: &Path,
    kept: usize,
    dropped: Option<Link>,
    closed: &[Closed],
) -> io::Result<Option<Link>> {
    let Some(dropped) = dropped else {
        return before(dir, files::numbers(dir)?.first().copied());
    };
    let (old, still): (Vec<Closed>, Vec<Closed>) =
        closed.iter().partition(|it| it.last.serial <= dropped.serial);
    if !old.is_empty() {
        remove(dir, dropped, &old, &still)?;
    }
    let surplus = still.len().saturating_sub(kept);
    Ok(surplus.checked_sub(1).map(|newest| still[newest].last))
}

/// The files that lie among those that the daemon has closed and are none of them.
///
/// # Errors
/// The directory cannot be read.
pub(super) fn strangers(dir: &Path, closed: &[Closed]) -> io::Result<Vec<String>> {
    let Some(oldest) = closed.first() else { return Ok(vec![]) };
    let mut found = files::closed(dir)?;
    found.retain(|&(number, _)| {
        number > oldest.number && closed.iter().all(|it| it.number != number)
    });
    Ok(found.into_iter().map(|(number, form)| files::name(number, form)).collect())
}

/// Removes the `old` files and those in front of them that only have records up to `dropped`, but
/// none of `still`: where all files were taken away, numbers begin anew.
fn remove(dir: &Path, dropped: Link, old: &[Closed], still: &[Closed]) -> io::Result<()> {
    let is_of = |of: &[Closed], number| of.iter().any(|it| it.number == number);
    let newest = old.iter().map(|it| it.number).max().unwrap_or_default();
    let mut gone = vec![];
    for (number, form) in files::closed(dir)? {
        if number > newest || is_of(still, number) {
            continue;
        }
        // One that the store has never heard of may be of before it heard of any, or the last that
        // was closed before a crash.
        let goes = is_of(old, number)
            || before(dir, Some(number))?.is_some_and(|it| it.serial < dropped.serial);
        if goes {
            gone.push((number, form));
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    for (number, form) in gone {
        fs::remove_file(dir.join(files::name(number, form)))?;
    }
    log::info!("the audit files up to number {newest} are no longer kept");
    sync_directory(dir)
}

/// The record in front of the first one in a closed file, or in the live one; `None` where the file
/// does not tell.
fn before(dir: &Path, number: Option<u64>) -> io::Result<Option<Link>> {
    let file: Box<dyn BufRead> = match number {
        Some(number) => files::open(dir, number)?.1,
        None => Box::new(BufReader::new(regular::open(&dir.join(LIVE))?)),
    };
    let mut line = vec![];
    let read = file.take(FIRST_LINE_BYTES_MAX).read_until(b'\n', &mut line);
    line.pop_if(|byte| *byte == b'\n');
    // What cannot be decompressed tells nothing either.
    let sealed = read.ok().and_then(|_| Sealed::parse(&line)).filter(|sealed| sealed.intact);
    Ok(sealed.map(|sealed| sealed.before()))
}

#[cfg(test)]
mod tests;
