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
}

impl Audit {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let log = AuditLog::open(data.path(), SMALL_FILES, &[]).unwrap();
        Self { data, log, head: Link::default() }
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
    assert_eq!(audit.log.drop_old(Some(Link::default())).unwrap(), None);
    assert!(!audit.log.may_have_old());
    audit.write(2);
    assert!(audit.log.may_have_old());
    // There are four closed files, one more than are kept.
    assert_eq!(audit.log.drop_old(Some(Link::default())).unwrap(), Some(first));
    assert_eq!(audit.files(), [1, 2, 3, 4]);
    // Whatever comes between, a crash or a store that did not hear of it.
    assert_eq!(audit.log.drop_old(Some(Link::default())).unwrap(), Some(first));
    audit.write(2);
    assert_eq!(audit.log.drop_old(Some(first)).unwrap(), Some(second));
    assert_eq!(audit.files(), [2, 3, 4, 5]);
    assert_eq!(audit.log.drop_old(Some(second)).unwrap(), None);
    assert_eq!(audit.files(), [3, 4, 5]);
}

#[test]
fn a_store_that_remembers_none_is_told_where_the_files_begin() {
    let mut audit = Audit::new();
    assert_eq!(audit.log.drop_old(None).unwrap(), None);
    let first = audit.write(2);
    assert_eq!(audit.log.drop_old(None).unwrap(), Some(Link::default()));
    audit.write(3);
    fs::remove_file(audit.dir().join(files::name(1, Form::Compressed))).unwrap();
    assert_eq!(audit.log.drop_old(None).unwrap(), Some(first));
}

#[test]
fn a_file_that_somebody_took_is_not_dropped_with_those_that_are() {
    let mut audit = Audit::new();
    audit.write(5);
    fs::remove_file(audit.dir().join(files::name(1, Form::Compressed))).unwrap();
    assert_eq!(audit.log.drop_old(Some(Link::default())).unwrap(), None);
}

#[test]
fn nothing_goes_by_what_a_damaged_file_says() {
    let mut audit = Audit::new();
    let first = audit.write(2);
    audit.write(2);
    let third = audit.write(2);
    audit.write(5);
    let damaged = audit.dir().join(files::name(2, Form::Compressed));
    for content in ["", "no gzip", "{\"serial\":9000}"] {
        fs::write(&damaged, content).unwrap();
        assert_eq!(audit.log.drop_old(Some(first)).unwrap().map(|it| it.serial), Some(4));
        assert_eq!(audit.files(), [1, 2, 3, 4, 5]);
    }
    audit.write(2);
    // More than are to be dropped are never removed, whatever the store remembers.
    assert_eq!(audit.log.drop_old(Some(third)).unwrap(), None);
    assert_eq!(audit.files(), [4, 5, 6]);
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
