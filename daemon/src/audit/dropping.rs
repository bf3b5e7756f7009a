//! Which closed files are no longer kept, and their end.
//!
//! A file that goes is told from one that somebody took by what the store remembers: the last record
//! that was dropped. The store is told before anything goes, and the files go when the next one is
//! closed. So whoever began to copy or to read them before that, and whoever comes after a crash in
//! between, finds every record behind the one that the store tells of.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::chain::{Link, Sealed};
use super::files::{self, LIVE, sync_directory};
use crate::regular;

/// The longest beginning of a file that is looked at, in bytes: records are far shorter.
const FIRST_LINE_BYTES_MAX: u64 = 64 * 1024;

/// Removes the files that have nothing but records up to `dropped`, the last one that the store
/// remembers to be dropped, as long as more than `kept` closed ones are there. Returns the record
/// that it should remember next; `None` where it need not.
///
/// A store that remembers none yet is told what is in front of the oldest file that is kept.
pub(super) fn drop_old(dir: &Path, kept: usize, dropped: Option<Link>) -> io::Result<Option<Link>> {
    let closed: Vec<u64> = files::numbers(dir)?.into_iter().collect();
    let surplus = closed.len().saturating_sub(kept);
    if let Some(dropped) = dropped.filter(|_| surplus > 0) {
        remove(dir, closed.get(..=surplus).unwrap_or(&closed), dropped)?;
    }
    if surplus == 0 && dropped.is_some() {
        return Ok(None);
    }
    let next = before(dir, closed.get(surplus).copied())?;
    Ok(next.filter(|next| dropped.is_none_or(|dropped| next.serial > dropped.serial)))
}

/// Removes all of these files but the last that only have records up to `dropped`.
fn remove(dir: &Path, numbers: &[u64], dropped: Link) -> io::Result<()> {
    let mut gone = 0;
    // The beginning of one may be damaged, and then those behind it tell.
    for (place, &number) in numbers.iter().enumerate().skip(1) {
        if before(dir, Some(number))?.is_some_and(|it| it.serial <= dropped.serial) {
            gone = place;
        }
    }
    let Some(&oldest) = numbers.get(gone).filter(|_| gone > 0) else { return Ok(()) };
    for (number, form) in files::closed(dir)?.into_iter().filter(|&(number, _)| number < oldest) {
        fs::remove_file(dir.join(files::name(number, form)))?;
    }
    log::info!("the audit files in front of {oldest} are no longer kept");
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
