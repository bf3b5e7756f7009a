//! What somebody may do to the files, and what `parlord audit verify` says of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use super::{SMALL_FILES, faults, files, fill, is_whole, lines, story, write};
use crate::harness::Daemon;

/// A daemon that has ended, whose live audit file can be tampered with.
fn ended_story() -> (Daemon, PathBuf, Vec<String>) {
    let mut daemon = Daemon::start();
    story(&daemon);
    assert!(daemon.terminate().success());
    // Without a daemon, records are on disk and their rows gone when a subcommand ends: nothing
    // that is changed from now on can be made up.
    assert!(daemon.run(&["sign-up", "open"]).status.success());
    is_whole(&daemon);
    let live = daemon.data().join("audit/audit.log");
    let lines = fs::read_to_string(&live).unwrap().lines().map(str::to_owned).collect();
    (daemon, live, lines)
}

#[test]
fn files_are_closed_and_compressed_and_read_as_one() {
    let mut daemon = Daemon::configured(SMALL_FILES);
    fill(&daemon, "alice");
    is_whole(&daemon);
    let names: BTreeSet<String> = files(&daemon)
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    for name in ["audit.log", "audit.000001.log.gz", "audit.000002.log.gz"] {
        assert!(names.contains(name), "{names:?}");
    }
    assert!(daemon.terminate().success());
    is_whole(&daemon);
    for (taken, next) in [(3, 4), (1, 2)] {
        let name = |number: u64| format!("audit.{number:06}.log.gz");
        fs::remove_file(daemon.data().join("audit").join(name(taken))).unwrap();
        let found = format!("{} line 1: before it, records ", name(next));
        assert!(faults(&daemon)[0].starts_with(&found), "{found}: {:?}", faults(&daemon));
    }
}

#[test]
fn files_that_are_no_longer_kept_are_not_missed_and_those_that_somebody_took_are() {
    let few = format!("{SMALL_FILES}files_kept = 2\n");
    let mut daemon = Daemon::configured(&few);
    let verified = |daemon: &Daemon| {
        let output = daemon.run(&["audit", "verify"]);
        assert!(output.status.success(), "{output:?}");
        let said = lines(&output).remove(0);
        let first: u64 = said.split([' ', ',']).nth(3).unwrap().parse().unwrap();
        assert!(said.contains(&format!(" records, {first} to ")), "{said}");
        first
    };
    let mut first = 1;
    for name in ["alice", "bob", "carol"] {
        fill(&daemon, name);
        // Two closed ones, the one that is to go next, and the live one: after a burst the others
        // go when the next one is closed.
        let began = first;
        for rest in (0..1000).rev() {
            first = verified(&daemon);
            if first > began && files(&daemon).len() <= 4 {
                break;
            }
            assert!(rest > 0, "{first} {:?}", files(&daemon));
            assert!(daemon.run(&["code", "create"]).status.success());
        }
        daemon.kill9();
        first = verified(&daemon);
        daemon.restart();
    }
    assert!(daemon.terminate().success());
    verified(&daemon);
    let store = Connection::open(daemon.data().join("parlor.db")).unwrap();
    let dropped = store.query_row("SELECT audit_dropped FROM meta", [], |row| row.get(0));
    let kept_from: u64 = dropped.map(|dropped: i64| dropped as u64 + 1).unwrap();
    // Whatever is in front of the files that are kept may be gone or not.
    let mut all = files(&daemon);
    while all.len() > 1 {
        fs::remove_file(all.remove(0)).unwrap();
        if !daemon.run(&["audit", "verify"]).status.success() {
            break;
        }
        assert!(verified(&daemon) <= kept_from);
    }
    assert!(all.len() >= 2, "of two closed files and the live one, one is missed: {all:?}");
    let missing = format!(" line 1: before it, records {kept_from} to ");
    assert!(faults(&daemon)[0].contains(&missing), "{missing}: {:?}", faults(&daemon));
    all.iter().for_each(|file| fs::remove_file(file).unwrap());
    // Only what still waits in the store is made up.
    let missing = format!(" records {kept_from} to ");
    assert!(faults(&daemon)[0].contains(&missing), "{missing}: {:?}", faults(&daemon));
}

#[test]
fn whoever_writes_to_the_directory_alone_has_no_file_dropped() {
    const PLANTED: std::ops::Range<u64> = 100..107;
    let daemon = Daemon::configured(&format!("{SMALL_FILES}files_kept = 3\n"));
    fill(&daemon, "alice");
    let dir = daemon.data().join("audit");
    let planted = |number| dir.join(format!("audit.{number:06}.log"));
    let live = fs::read_to_string(dir.join("audit.log")).unwrap();
    let newest = live.lines().last().unwrap();
    PLANTED.for_each(|number| fs::write(planted(number), format!("{newest}\n")).unwrap());
    let closed = |number: u64| dir.join(format!("audit.{number:06}.log.gz"));
    // Those that go when the next file is closed are gone with the one after it.
    for rest in (0..1000).rev() {
        assert!(rest > 0, "{:?}", files(&daemon));
        assert!(daemon.run(&["code", "create"]).status.success());
        if closed(PLANTED.end + 1).exists() {
            break;
        }
    }
    daemon.until_logged("the store does not know of the audit file audit.000100.log");
    for number in PLANTED {
        let _compressed = fs::remove_file(planted(number)).or(fs::remove_file(closed(number)));
    }
    let left = files(&daemon);
    assert!(left.len() >= 5, "three, the one that goes next, and the live one: {left:?}");
    let output = daemon.run(&["audit", "verify"]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn files_that_subcommands_have_closed_are_known_as_well() {
    let mut daemon = Daemon::configured(SMALL_FILES);
    fill(&daemon, "alice");
    assert!(daemon.terminate().success());
    let before = files(&daemon).len();
    for rest in (0..100).rev() {
        assert!(rest > 0, "{:?}", files(&daemon));
        assert!(daemon.run(&["code", "create"]).status.success());
        if files(&daemon).len() > before + 1 {
            break;
        }
    }
    daemon.restart();
    fill(&daemon, "bob");
    assert!(daemon.terminate().success());
    assert!(!daemon.log().contains("does not know of"), "{}", daemon.log());
    is_whole(&daemon);
}

#[test]
fn one_changed_byte_is_found_by_its_line() {
    let (daemon, live, lines) = ended_story();
    let middle = lines.len() / 2;
    let mut changed = lines.clone();
    changed[middle] = changed[middle].replacen("\"outcome\":\"done\"", "\"outcome\":\"gone\"", 1);
    assert_ne!(changed, lines);
    write(&live, &changed);
    let expected = format!("audit.log line {}: the record has been changed", middle + 1);
    assert_eq!(faults(&daemon), [expected]);
    write(&live, &lines);
    is_whole(&daemon);
}

#[test]
fn a_line_that_was_removed_or_moved_is_found() {
    let (daemon, live, lines) = ended_story();
    let mut removed = lines.clone();
    removed.remove(3);
    write(&live, &removed);
    assert_eq!(faults(&daemon), ["audit.log line 4: before it, record 4 is missing"]);
    let mut swapped = lines.clone();
    swapped.swap(3, 4);
    write(&live, &swapped);
    assert_eq!(faults(&daemon)[0], "audit.log line 4: before it, record 4 is missing");
    assert_eq!(faults(&daemon)[1], "audit.log line 5: record 4 stands behind record 5");
}

#[test]
fn looking_without_a_daemon_changes_nothing() {
    let (daemon, live, lines) = ended_story();
    let count = lines.len();
    let mut padded = fs::read(&live).unwrap();
    padded.extend([0; 100]);
    let mut changed = lines.clone();
    changed[count - 1] = changed[count - 1].replacen("done", "dome", 1);
    for content in [padded, changed.join("\n").into_bytes()] {
        fs::write(&live, &content).unwrap();
        let found = faults(&daemon);
        assert_eq!(faults(&daemon), found);
        assert_eq!(fs::read(&live).unwrap(), content);
    }
    fs::remove_file(&live).unwrap();
    let missing = format!("the files are empty: records 1 to {count} are missing at the end");
    assert_eq!(faults(&daemon), [missing]);
}

#[test]
fn lines_behind_the_end_of_a_compressed_file_are_found() {
    let mut daemon = Daemon::configured(SMALL_FILES);
    fill(&daemon, "alice");
    assert!(daemon.terminate().success());
    let audit = daemon.data().join("audit");
    let (first, second) = (audit.join("audit.000001.log.gz"), audit.join("audit.000002.log.gz"));
    let (one, two) = (fs::read(&first).unwrap(), fs::read(&second).unwrap());
    for behind in [one.as_slice(), b"junk"] {
        fs::write(&second, [&two, behind].concat()).unwrap();
        assert!(
            faults(&daemon)[0].starts_with("audit.000002.log.gz line "),
            "{:?}",
            faults(&daemon)
        );
    }
}

#[test]
fn an_end_that_was_cut_off_is_found() {
    let (daemon, live, lines) = ended_story();
    let count = lines.len();
    write(&live, &lines[..count - 2]);
    let (last, missing) = (count - 2, format!("records {} to {count} are", count - 1));
    let expected = format!("audit.log line {last}: behind it, {missing} missing at the end");
    assert_eq!(faults(&daemon), [expected]);
    // Cut in the middle of a line, which is ended and kept.
    let content = fs::read(&live).unwrap();
    fs::write(&live, &content[..content.len() - 20]).unwrap();
    let expected = format!("audit.log line {last}: it has been cut off");
    assert_eq!(faults(&daemon)[0], expected);
    // All of it.
    fs::remove_file(&live).unwrap();
    assert!(daemon.run(&["audit", "verify"]).status.code() == Some(1));
}

#[test]
fn rows_that_a_clean_end_has_left_are_forgotten_by_the_next_run() {
    let mut daemon = Daemon::start();
    story(&daemon);
    assert!(daemon.terminate().success());
    let live = daemon.data().join("audit/audit.log");
    let lines = || fs::read_to_string(&live).unwrap().lines().map(str::to_owned).collect();
    let before: Vec<String> = lines();
    daemon.restart();
    daemon.user("dave");
    assert!(daemon.terminate().success());
    // The first run's last record cannot be made up any more, so that it is missed.
    let (mut cut, at): (Vec<String>, _) = (lines(), before.len());
    cut.remove(at - 1);
    write(&live, &cut);
    assert_eq!(
        faults(&daemon),
        [format!("audit.log line {at}: before it, record {at} is missing")]
    );
}
