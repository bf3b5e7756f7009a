//! Whether the audit is whole: each line intact, each behind the one before it, and all of them
//! there up to what the store remembers.
//!
//! Files are not kept for ever: the first record that is there must follow the last one that the
//! store remembers to be dropped, or one before that, for files go some time after.

use parlor_protocol::id::Bytes;

use super::chain::{Link, Sealed};
use super::lines::{Line, Unreadable};
use crate::store::AuditMark;

/// So many faults are told one by one. Whoever rewrites half a file makes them by the thousand.
const FAULTS_MAX: usize = 50;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", place(file, *line))]
pub(crate) struct Fault {
    /// Empty where there is no line at all.
    pub(crate) file: String,
    /// 0 where there is none.
    pub(crate) line: u64,
    pub(crate) what: String,
}

fn place(file: &str, line: u64) -> String {
    if file.is_empty() { "the files are empty".to_owned() } else { format!("{file} line {line}") }
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The faults, in order; not all of them where there are very many.
    pub(crate) faults: Vec<Fault>,
    /// How many faults there are.
    pub(crate) faults_count: u64,
    /// Records that have their place in the chain.
    pub(crate) records: u64,
    /// Lines from before there was a chain, which nobody can vouch for.
    pub(crate) unchained: u64,
    /// Records that are not in the files yet.
    pub(crate) waiting: u64,
    /// Files that were read.
    pub(crate) files: u64,
    /// The number of the first of these records.
    pub(crate) first: Option<u64>,
    /// The last of these records.
    pub(crate) last: Link,
}

impl Verdict {
    /// Whether what seems to be missing may have been dropped while the files were read: then the
    /// store remembers more to be dropped, as in `after`, than it did before.
    pub(crate) fn was_outrun(&self, before: AuditMark, after: AuditMark) -> bool {
        self.faults_count > 0 && before.dropped != after.dropped
    }
}

/// What there is to know of the last record.
#[derive(Debug, Clone, Copy)]
struct Last {
    /// `None` where no line has told it yet.
    serial: Option<u64>,
    /// `None` behind a damaged line.
    hash: Option<Bytes<32>>,
}

/// Looks at line after line.
#[derive(Debug)]
pub(crate) struct Verifier {
    /// What the store remembers.
    mark: AuditMark,
    verdict: Verdict,
    /// What the next record must follow; `None` before the first.
    last: Option<Last>,
    /// Where the last line stands.
    place: (String, u64),
    /// Lines without a place in the chain, in front of the first that has one.
    early: Vec<Fault>,
}

impl Verifier {
    /// Begins; `mark` is what the store remembered before the first file was opened.
    pub(crate) fn new(mark: AuditMark) -> Self {
        let (verdict, place) = Default::default();
        Self { mark, verdict, last: None, place, early: vec![] }
    }

    /// Looks at the next line.
    pub(crate) fn line(&mut self, line: &Line) {
        self.go_to(&line.file, line.number);
        match Sealed::parse(&line.text) {
            Some(sealed) => self.sealed(&sealed),
            None if self.last.is_none() => {
                self.verdict.unchained += 1;
                if self.early.len() < FAULTS_MAX {
                    self.early.push(self.fault("it is no whole record"));
                }
            }
            None => {
                self.tell("it is no whole record");
                self.pass_over();
            }
        }
    }

    /// Looks at a line that has no end. Where its record still waits in the store, it is what a
    /// write that failed has left, and is made up.
    pub(crate) fn unended(&mut self, line: &Line) {
        self.go_to(&line.file, line.number);
        let last = self.last_serial();
        if !(self.mark.synced.serial..self.mark.head.serial).contains(&last) {
            self.tell("it has been cut off");
        }
    }

    /// Takes note of a file that cannot be read to its end.
    pub(crate) fn unreadable(&mut self, unreadable: &Unreadable) {
        self.go_to(&unreadable.file, unreadable.line + 1);
        self.tell(format!("it cannot be read: {}", unreadable.source));
    }

    /// The number of the last record; 0 before the first.
    pub(crate) fn last_serial(&self) -> u64 {
        self.last.and_then(|last| last.serial).unwrap_or(0)
    }

    /// What was found, now that there are no more lines.
    pub(crate) fn finish(mut self) -> Verdict {
        let AuditMark { head, synced, dropped } = self.mark;
        if self.last.is_none() && head.hash != Bytes::default() {
            // Not a line of the chain is left, so these are no early ones.
            self.vouch_for_no_early_line();
        }
        let last = self.last_serial().max(dropped.map_or(0, |it| it.serial));
        self.verdict.waiting = head.serial.saturating_sub(last.max(synced.serial));
        if last < synced.serial && synced.hash != Bytes::default() {
            let missing = numbers(last + 1, synced.serial);
            let behind = if self.place.0.is_empty() { "" } else { "behind it, " };
            self.tell(format!("{behind}{missing} missing at the end"));
        }
        self.verdict
    }

    fn sealed(&mut self, sealed: &Sealed) {
        let Link { serial, hash } = sealed.link;
        if !sealed.intact {
            self.tell("the record has been changed");
            return self.pass_over();
        }
        match self.last {
            None if sealed.prev == Bytes::default() => {}
            None => {
                if self.early.is_empty()
                    && let Some(dropped) = self.mark.dropped.filter(|it| it.serial < serial)
                    && let Some(what) = out_of_place(sealed, dropped.serial, Some(dropped.hash))
                {
                    self.tell(what);
                }
                self.vouch_for_no_early_line();
            }
            Some(last) => {
                if let Some(what) = last.serial.and_then(|it| out_of_place(sealed, it, last.hash)) {
                    self.tell(what);
                }
            }
        }
        for mark in self.mark.dropped.into_iter().chain([self.mark.synced, self.mark.head]) {
            if mark.serial == serial && mark.hash != hash && mark.hash != Bytes::default() {
                self.tell("the record is not the one that the store remembers");
                break;
            }
        }
        self.verdict.records += 1;
        self.verdict.first.get_or_insert(serial);
        self.verdict.last = sealed.link;
        self.last = Some(Last { serial: Some(serial), hash: Some(hash) });
    }

    /// A damaged line is taken for the record that belongs there.
    fn pass_over(&mut self) {
        let serial = self.last.and_then(|last| last.serial).map(|it| it.saturating_add(1));
        self.last = Some(Last { serial, hash: None });
    }

    /// Only the first record of a chain has anything in front of it that belongs to none.
    fn vouch_for_no_early_line(&mut self) {
        let early = std::mem::take(&mut self.early);
        self.verdict.faults_count += std::mem::take(&mut self.verdict.unchained);
        self.verdict.faults.extend(early);
    }

    fn go_to(&mut self, file: &str, line: u64) {
        if self.place.0 != file {
            self.verdict.files += 1;
        }
        self.place = (file.to_owned(), line);
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.verdict.faults_count += 1;
        if self.verdict.faults.len() < FAULTS_MAX {
            let fault = self.fault(what);
            self.verdict.faults.push(fault);
        }
    }

    fn fault(&self, what: impl Into<String>) -> Fault {
        Fault { file: self.place.0.clone(), line: self.place.1, what: what.into() }
    }
}

/// Why a record does not belong behind the one before it; `None` where it does.
fn out_of_place(sealed: &Sealed, last: u64, known: Option<Bytes<32>>) -> Option<String> {
    let serial = sealed.link.serial;
    let next = last.saturating_add(1);
    if serial > next {
        let missing = numbers(next, serial - 1);
        return Some(format!("before it, {missing} missing"));
    }
    if serial <= last {
        return Some(format!("record {serial} stands behind record {last}"));
    }
    let follows = known.is_none_or(|hash| hash == sealed.prev);
    (!follows).then(|| format!("record {serial} was not made behind this record {last}"))
}

fn numbers(first: u64, last: u64) -> String {
    if first == last {
        format!("record {first} is")
    } else {
        format!("records {first} to {last} are")
    }
}

#[cfg(test)]
mod tests;
