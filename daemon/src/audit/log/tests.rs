//! Crashes at every point between the commit of a record and the end of its row, and files that are
//! closed on the way.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::audit::files::{Form, directory};
use crate::audit::{Link, Origin, session_ended};

const ONE_FILE: Rolling = Rolling::ONE_FILE;
/// A file for each two records.
const SMALL_FILES: Rolling = Rolling { file_bytes: 500, ..ONE_FILE };

/// The first records of a chain.
fn records(count: usize) -> Vec<Row> {
    let mut head = Link::default();
    let user = "alice".parse().unwrap();
    let origin = Origin::Session { address: "192.0.2.7:40000", number: 7 };
    let next = |at| {
        let (line, link) = head.seal(&session_ended(&origin, &user, Timestamp(at)));
        head = link;
        (link.serial, line)
    };
    (1_000_000_000_000..).take(count).map(next).collect()
}

fn text(records: &[Row]) -> String {
    records.iter().map(|(_, line)| format!("{line}\n")).collect()
}

/// A data directory whose live file ends as a crash left it.
fn crashed(content: &[u8]) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(directory(data.path())).unwrap();
    fs::write(directory(data.path()).join(LIVE), content).unwrap();
    data
}

fn live(data: &TempDir) -> String {
    fs::read_to_string(directory(data.path()).join(LIVE)).unwrap()
}

/// What is in all files, in order.
fn everything(data: &TempDir) -> String {
    let (dir, mut all) = (directory(data.path()), String::new());
    for number in files::numbers(&dir).unwrap() {
        files::open(&dir, number).unwrap().1.read_to_string(&mut all).unwrap();
    }
    all + &live(data)
}

#[test]
fn records_are_lines_as_the_chain_has_them() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(3));
    let mut log = AuditLog::open(data.path(), ONE_FILE, &all[..2]).unwrap();
    log.write(&all[2..]).unwrap();
    assert_eq!(live(&data), text(&all));
    insta::assert_snapshot!(live(&data).lines().next().unwrap(), @r#"{"serial":1,"at":"2001-09-09T01:46:40.000Z","action":"session-ended","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{},"prev":"0000000000000000000000000000000000000000000000000000000000000000","hash":"703ce55849f601db2369e245d17e4a5bb1e71e2905e407f3bcb8394a75258bf7"}"#);
}

#[test]
fn the_files_are_for_the_daemon_and_its_group() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(10));
    AuditLog::open(data.path(), SMALL_FILES, &all).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = directory(data.path());
    assert_eq!(mode(&dir), 0o750);
    let modes = fs::read_dir(&dir).unwrap().map(|entry| mode(&entry.unwrap().path()));
    assert_eq!(modes.collect::<BTreeSet<_>>(), [0o640].into());
}

#[test]
fn a_torn_line_that_is_not_ours_is_ended_and_kept() {
    let (data, all) = (crashed(b"somebody's line\nsomebody's no"), records(2));
    AuditLog::open(data.path(), ONE_FILE, &all).unwrap();
    assert_eq!(live(&data), format!("somebody's line\nsomebody's no\n{}", text(&all)));
}

#[test]
fn records_of_another_history_with_the_same_numbers_stay() {
    let all = records(1);
    let others = text(&all).replace("alice", "mallory");
    let data = crashed(others.as_bytes());
    AuditLog::open(data.path(), ONE_FILE, &all).unwrap();
    assert_eq!(live(&data), others + &text(&all));
}

#[test]
fn a_path_that_log4rs_would_rewrite_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let error = AuditLog::open(&data.path().join("$ENV{HOME}"), ONE_FILE, &[]).unwrap_err();
    assert!(matches!(error, AuditError::Path(_)), "{error}");
}

#[test]
fn a_write_after_a_failed_one_finds_out_what_is_there() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(4));
    let mut log = AuditLog::open(data.path(), ONE_FILE, &all[..1]).unwrap();
    // As a full disk would have it: the second record whole, the third torn, and an error.
    let torn = text(&all[..2]) + &text(&all[2..3])[..10];
    fs::write(directory(data.path()).join(LIVE), torn).unwrap();
    log.appender = None;
    log.write(&all[1..]).unwrap();
    assert_eq!(live(&data), text(&all));
}

/// Puts another file in place of the live one, as `sed -i` and `cp x y; mv y x` do.
fn replace(data: &TempDir, content: &str) {
    let dir = directory(data.path());
    fs::write(dir.join("copy"), content).unwrap();
    fs::rename(dir.join("copy"), dir.join(LIVE)).unwrap();
}

#[test]
fn a_record_is_in_the_file_that_has_the_name_whatever_was_put_there() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(4));
    let mut log = AuditLog::open(data.path(), ONE_FILE, &all[..2]).unwrap();
    replace(&data, &text(&all[..2]));
    log.write(&all[2..3]).unwrap();
    assert_eq!(live(&data), text(&all[..3]));
    replace(&data, &text(&all[..2]));
    log.write(&all[3..]).unwrap();
    assert_eq!(live(&data), text(&[&all[..2], &all[3..]].concat()));
}

#[test]
fn while_a_directory_has_the_name_records_wait() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(3));
    let mut log = AuditLog::open(data.path(), ONE_FILE, &all[..1]).unwrap();
    let (dir, aside) = (directory(data.path()).join(LIVE), data.path().join("aside"));
    fs::rename(&dir, &aside).unwrap();
    fs::create_dir(&dir).unwrap();
    log.write(&all[1..2]).unwrap_err();
    log.write(&all[1..2]).unwrap_err();
    fs::remove_dir(&dir).unwrap();
    fs::rename(&aside, &dir).unwrap();
    log.write(&all[1..]).unwrap();
    assert_eq!(live(&data), text(&all));
}

#[test]
fn a_file_that_was_put_in_place_is_not_closed_for_the_one_that_was_written() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(5));
    let mut log = AuditLog::open(data.path(), SMALL_FILES, &all[..1]).unwrap();
    replace(&data, &text(&all[..1]));
    // The second record goes to the file without a name, which the third one closes.
    log.write(&all[1..]).unwrap();
    assert_eq!(everything(&data), text(&all));
}

#[test]
fn a_record_longer_than_any_buffer_is_one_line() {
    let data = tempfile::tempdir().unwrap();
    let long = vec![(1, format!("{{\"x\":\"{}\"}}", "y".repeat(100_000)))];
    AuditLog::open(data.path(), ONE_FILE, &[]).unwrap().write(&long).unwrap();
    assert_eq!(live(&data), text(&long));
}

#[test]
fn no_record_becomes_one_line_with_what_somebody_left_behind() {
    let all = records(6);
    for junk in [Some("junk"), None] {
        let data = tempfile::tempdir().unwrap();
        let mut log = AuditLog::open(data.path(), ONE_FILE, &all[..3]).unwrap();
        let path = directory(data.path()).join(LIVE);
        let content = match junk {
            Some(junk) => text(&all[..3]) + junk,
            None => text(&all[..3])[..text(&all[..3]).len() - 10].to_owned(),
        };
        fs::write(&path, &content).unwrap();
        log.write(&all[3..5]).unwrap();
        log.write(&all[5..]).unwrap();
        assert_eq!(live(&data), format!("{content}\n{}", text(&all[3..])));
    }
}

#[test]
fn a_number_that_nothing_can_follow_is_told_and_records_wait() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(5));
    let mut log = AuditLog::open(data.path(), SMALL_FILES, &all[..2]).unwrap();
    let last = directory(data.path()).join(files::name(u64::MAX, Form::Compressed));
    fs::write(&last, "").unwrap();
    let error = log.write(&all[2..]).unwrap_err().to_string();
    assert!(error.ends_with("audit.18446744073709551615.log.gz; move that file away"), "{error}");
    fs::remove_file(last).unwrap();
    log.write(&all[2..]).unwrap();
    assert_eq!(everything(&data), text(&all));
}

#[test]
fn forms_of_a_file_that_differ_are_both_kept() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(5));
    drop(AuditLog::open(data.path(), SMALL_FILES, &all).unwrap());
    let dir = directory(data.path());
    fs::write(dir.join(files::name(1, Form::Plain)), text(&all[..1])).unwrap();
    drop(AuditLog::open(data.path(), SMALL_FILES, &all[4..]).unwrap());
    let closed = [(1, Form::Plain), (1, Form::Compressed), (2, Form::Compressed)];
    assert_eq!(files::closed(&dir).unwrap(), closed);
}

#[test]
fn what_is_no_file_in_the_place_of_the_live_one_is_told_at_once() {
    let data = crashed(b"");
    let live = directory(data.path()).join(LIVE);
    fs::remove_file(&live).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&live).status().unwrap().success());
    let errors = [
        AuditLog::open(data.path(), ONE_FILE, &records(1)).unwrap_err().to_string(),
        regular::open(&live).unwrap_err().to_string(),
    ];
    for error in errors {
        assert!(error.ends_with("it is a FIFO; use a regular file"), "{error}");
    }
}

#[test]
fn a_link_in_the_place_of_the_live_file_is_not_followed() {
    let data = crashed(b"");
    let (live, other) = (directory(data.path()).join(LIVE), data.path().join("other"));
    fs::write(&other, "somebody's").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o604)).unwrap();
    fs::remove_file(&live).unwrap();
    std::os::unix::fs::symlink(&other, &live).unwrap();
    let error = AuditLog::open(data.path(), ONE_FILE, &records(1)).unwrap_err().to_string();
    assert!(error.ends_with("it is a symbolic link; put the file itself there"), "{error}");
    assert_eq!(fs::read_to_string(&other).unwrap(), "somebody's");
    assert_eq!(fs::metadata(&other).unwrap().permissions().mode() & 0o777, 0o604);
}

#[test]
fn full_files_are_closed_and_compressed() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(9));
    let mut log = AuditLog::open(data.path(), SMALL_FILES, &all[..5]).unwrap();
    log.write(&all[5..]).unwrap();
    // Two records are more than 500 bytes, so the third one opens the next file.
    let closed = [1, 2, 3, 4].map(|number| (number, Form::Compressed));
    assert_eq!(files::closed(&directory(data.path())).unwrap(), closed);
    assert_eq!(everything(&data), text(&all));
}

#[test]
fn an_old_file_is_closed_with_the_next_record() {
    let (data, all) = (tempfile::tempdir().unwrap(), records(3));
    let weekly = Rolling { file_ms: 7 * 86_400_000, ..ONE_FILE };
    // These records are of a time long ago, and the age of a file is its first record's.
    AuditLog::open(data.path(), ONE_FILE, &all[..1]).unwrap();
    let mut log = AuditLog::open(data.path(), weekly, &all[..2]).unwrap();
    assert_eq!(live(&data), text(&all[1..2]));
    // The new file is as old as its own beginning.
    log.write(&all[2..]).unwrap();
    assert_eq!(live(&data), text(&all[1..]));
    assert_eq!(everything(&data), text(&all));
}

#[test]
fn a_crash_while_a_file_is_compressed_loses_nothing_of_it() {
    let all = records(9);
    let data = tempfile::tempdir().unwrap();
    drop(AuditLog::open(data.path(), SMALL_FILES, &all).unwrap());
    let dir = directory(data.path());
    // Of the second file there are both forms, of the third only the one that is not compressed,
    // and beside it what the crash has cut off.
    for (number, keep) in [(2, true), (3, false)] {
        let mut content = vec![];
        files::open(&dir, number).unwrap().1.read_to_end(&mut content).unwrap();
        fs::write(dir.join(files::name(number, Form::Plain)), content).unwrap();
        if !keep {
            let compressed = dir.join(files::name(number, Form::Compressed));
            fs::rename(compressed, dir.join("unfinished.gz")).unwrap();
        }
    }
    assert_eq!(everything(&data), text(&all));
    drop(AuditLog::open(data.path(), SMALL_FILES, &all[8..]).unwrap());
    assert!(files::closed(&dir).unwrap().iter().all(|&(_, form)| form == Form::Compressed));
    assert_eq!(everything(&data), text(&all));
}

/// What a power failure leaves of a write: of some of its blocks nothing, of the last a part.
fn holed(wrote: &[u8], holes: &[(prop::sample::Index, usize)]) -> Vec<u8> {
    let mut left = wrote.to_vec();
    for (at, length) in holes.iter().filter(|_| !wrote.is_empty()) {
        let at = at.index(wrote.len());
        let end = wrote.len().min(at + length);
        left[at..end].fill(0);
    }
    left
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Rows are deleted after their lines are synced: so of `total` records the first `synced` have
    /// lines and no rows, some rows may outlive their lines, and the file ends anywhere behind
    /// them, perhaps with holes and in the padding of a lost block.
    #[test]
    fn each_record_is_there_once_wherever_the_crash_came(
        total in 1..12_usize,
        forgotten in 0..12_usize,
        cut in any::<prop::sample::Index>(),
        padding in prop_oneof![3 => Just(0_usize), 1 => 1..5000_usize],
        holes in prop::collection::vec((any::<prop::sample::Index>(), 1..600_usize), 0..3),
        crashes in 1..3,
    ) {
        let forgotten = forgotten.min(total);
        let all = records(total + 1);
        let pending = &all[forgotten..total];
        let unsynced = text(pending).into_bytes();
        let mut left = holed(&unsynced[..cut.index(unsynced.len() + 1)], &holes);
        left.resize(left.len() + padding, 0);
        let data = crashed(&[text(&all[..forgotten]).as_bytes(), &left].concat());
        for _ in 0..crashes {
            AuditLog::open(data.path(), ONE_FILE, pending).unwrap();
        }
        let mut log = AuditLog::open(data.path(), ONE_FILE, pending).unwrap();
        log.write(&all[total..]).unwrap();
        prop_assert_eq!(live(&data), text(&all));
    }

    /// The same where files are closed meanwhile: whatever is in one of them is there whole, and
    /// only the live file ends anywhere.
    #[test]
    fn each_record_is_there_once_also_across_files(
        total in 1..12_usize,
        forgotten in 0..12_usize,
        cut in any::<prop::sample::Index>(),
        moved in any::<bool>(),
    ) {
        let forgotten = forgotten.min(total);
        let all = records(total + 1);
        let data = tempfile::tempdir().unwrap();
        drop(AuditLog::open(data.path(), SMALL_FILES, &all[..total]).unwrap());
        let (dir, end) = (directory(data.path()), live(&data));
        // The live file lost what was not synced, or was just closed and nothing has come since.
        let lines = end.lines().count();
        let synced: usize = end.lines().take((forgotten + lines).saturating_sub(total))
            .map(|line| line.len() + 1).sum();
        fs::write(dir.join(LIVE), &end[..synced + cut.index(end.len() - synced + 1)]).unwrap();
        if moved {
            fs::write(dir.join(LIVE), &end).unwrap();
            let next = files::numbers(&dir).unwrap().last().map_or(1, |last| last + 1);
            fs::rename(dir.join(LIVE), dir.join(files::name(next, Form::Plain))).unwrap();
        }
        let mut log =
            AuditLog::open(data.path(), SMALL_FILES, &all[forgotten..total]).unwrap();
        log.write(&all[total..]).unwrap();
        prop_assert_eq!(everything(&data), text(&all));
    }
}
