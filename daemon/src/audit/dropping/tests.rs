//! Which files go, and when.

use std::fs;

use parlor_protocol::id::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::audit::files::Form;
use crate::audit::lines::Lines;
use crate::audit::{AuditLog, Origin, Rolling, Row, session_ended};

const KEPT: usize = 3;
/// A file for each two records.
const SMALL_FILES: Rolling = Rolling { file_bytes: 500, files_kept: KEPT, ..Rolling::ONE_FILE };

/// An audit of two records a file, the last of them in the live one.
struct Audit {
    data: TempDir,
    log: AuditLog,
    head: Link,
    /// What the store remembers.
    known: Vec<Closed>,
    dropped: Option<Link>,
}

impl Audit {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let log = AuditLog::open(data.path(), SMALL_FILES, &[]).unwrap();
        let (head, dropped) = (Link::default(), Some(Link::default()));
        Self { data, log, head, known: vec![], dropped }
    }

    /// Writes records, and tells the last one's link.
    fn write(&mut self, count: i64) -> Link {
        let user = "alice".parse().unwrap();
        let origin = Origin::Session { address: "192.0.2.7:40000", number: 7 };
        let next = |_| {
            let (line, link) = self.head.seal(&session_ended(&origin, &user, Timestamp(0)));
            self.head = link;
            (link.serial, line)
        };
        let rows: Vec<Row> = (0..count).map(next).collect();
        self.log.write(&rows).unwrap();
        self.head
    }

    /// Looks for old files, and has the store remember those that were closed.
    fn look(&mut self) -> Option<Link> {
        let news = self.log.drop_old(self.dropped, self.known.clone());
        self.known.extend(news.closed);
        news.dropped
    }

    fn dir(&self) -> std::path::PathBuf {
        files::directory(self.data.path())
    }

    fn files(&self) -> Vec<u64> {
        files::numbers(&self.dir()).unwrap().into_iter().collect()
    }
}

#[test]
fn the_oldest_files_go_once_the_store_knows_and_the_next_one_is_closed() {
    let mut audit = Audit::new();
    let first = audit.write(2);
    let second = audit.write(2);
    audit.write(3);
    assert!(audit.log.may_have_old());
    assert_eq!(audit.look(), None);
    assert!(!audit.log.may_have_old());
    audit.write(2);
    assert!(audit.log.may_have_old());
    // There are four closed files, one more than are kept.
    assert_eq!(audit.look(), Some(first));
    assert_eq!(audit.files(), [1, 2, 3, 4]);
    // Whatever comes between, a crash or a store that did not hear of it.
    assert_eq!(audit.look(), Some(first));
    audit.write(2);
    audit.dropped = Some(first);
    assert_eq!(audit.look(), Some(second));
    assert_eq!(audit.files(), [2, 3, 4, 5]);
    audit.dropped = Some(second);
    assert_eq!(audit.look(), None);
    assert_eq!(audit.files(), [3, 4, 5]);
}

#[test]
fn a_store_that_remembers_none_is_told_where_the_files_begin() {
    let mut audit = Audit::new();
    audit.dropped = None;
    assert_eq!(audit.look(), None);
    let first = audit.write(2);
    assert_eq!(audit.look(), Some(Link::default()));
    audit.write(3);
    fs::remove_file(audit.dir().join(files::name(1, Form::Compressed))).unwrap();
    assert_eq!(audit.look(), Some(first));
}

#[test]
fn files_of_before_the_store_knew_them_go_with_the_first_that_it_knows() {
    let mut audit = Audit::new();
    audit.write(5);
    let Audit { data, head, .. } = audit;
    // As the upgrade leaves it: two closed files, of which the store has never heard.
    let log = AuditLog::open(data.path(), SMALL_FILES, &[]).unwrap();
    let mut audit = Audit { data, log, head, known: vec![], dropped: Some(Link::default()) };
    audit.write(6);
    assert_eq!(audit.look(), None);
    audit.write(2);
    assert_eq!(audit.look(), Some(audit.known[0].last));
    audit.dropped = Some(audit.known[0].last);
    assert_eq!(audit.look(), None);
    assert_eq!(audit.files(), [4, 5, 6]);
}

#[test]
fn nothing_goes_by_what_lies_in_the_directory() {
    let mut audit = Audit::new();
    audit.write(12);
    let live = fs::read_to_string(audit.dir().join(LIVE)).unwrap();
    assert_eq!(audit.files(), [1, 2, 3, 4, 5]);
    let dropped = audit.look();
    // Copies of what is on record, each line in a file of its own, junk, and less than there was.
    let copy = |number| audit.dir().join(files::name(number, Form::Plain));
    (100..107).for_each(|number| fs::write(copy(number), &live).unwrap());
    fs::write(copy(107), "junk").unwrap();
    fs::remove_file(audit.dir().join(files::name(4, Form::Compressed))).unwrap();
    assert_eq!(audit.look(), dropped);
    audit.write(1);
    audit.dropped = dropped;
    assert_eq!(audit.look(), Some(audit.known[2].last));
    assert_eq!(audit.known.last().unwrap().number, 108);
    assert_eq!(audit.files()[..2], [3, 5]);
    assert_eq!(strangers(&audit.dir(), &audit.known).unwrap().len(), 8);
}

#[test]
fn numbers_that_begin_anew_take_no_file_along() {
    let mut audit = Audit::new();
    audit.write(9);
    for number in audit.files() {
        fs::remove_file(audit.dir().join(files::name(number, Form::Compressed))).unwrap();
    }
    audit.write(6);
    audit.dropped = audit.look();
    audit.look();
    assert_eq!(audit.files(), [1, 2, 3]);
}

#[test]
fn a_file_that_the_store_never_heard_of_stays_as_long_as_its_records_are_kept() {
    let mut audit = Audit::new();
    audit.write(4);
    let dropped = audit.head;
    audit.write(4);
    // Their numbers say nothing: as after somebody took all files, when numbers begin anew.
    let gone = [Closed { number: 60, last: dropped }];
    drop_old(&audit.dir(), KEPT, Some(dropped), &gone).unwrap();
    assert_eq!(audit.files(), [3]);
}

#[test]
fn a_file_counts_before_the_store_has_taken_word_of_it() {
    let mut audit = Audit::new();
    audit.write(7);
    assert_eq!(audit.log.drop_old(audit.dropped, vec![]).dropped, None);
    audit.write(2);
    let news = audit.log.drop_old(audit.dropped, vec![]);
    assert_eq!(news.dropped.map(|it| it.serial), Some(2));
    audit.write(2);
    let news = audit.log.drop_old(audit.dropped, vec![]);
    assert_eq!(news.dropped.map(|it| it.serial), Some(4));
}

#[test]
fn whoever_reads_while_the_oldest_file_goes_reads_the_rest() {
    let mut audit = Audit::new();
    let first = audit.write(2);
    let last = audit.write(5);
    let mut lines = Lines::open(&audit.dir()).unwrap();
    fs::remove_file(audit.dir().join(files::name(1, Form::Compressed))).unwrap();
    let mut read = vec![];
    while let Some(line) = lines.next().unwrap() {
        read.push(Sealed::parse(&line.text).unwrap().link.serial);
    }
    assert_eq!(read, Vec::from_iter(first.serial + 1..=last.serial));
}
