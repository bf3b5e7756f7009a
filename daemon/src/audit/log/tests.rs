//! Crashes at every point between the commit of a record and the end of its row.

use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn record(serial: u64) -> (u64, String) {
    (serial, format!("{{\"action\":\"joined\",\"subject\":\"user-{serial}\"}}"))
}

fn records(serials: std::ops::RangeInclusive<u64>) -> Vec<(u64, String)> {
    serials.map(record).collect()
}

fn text(records: &[(u64, String)]) -> String {
    records.iter().map(|(serial, record)| line(*serial, record) + "\n").collect()
}

/// A data directory whose audit file ends as a crash left it.
fn crashed(content: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(DIRECTORY)).unwrap();
    fs::write(dir.path().join(DIRECTORY).join(FILE), content).unwrap();
    dir
}

fn content(dir: &TempDir) -> String {
    fs::read_to_string(dir.path().join(DIRECTORY).join(FILE)).unwrap()
}

#[test]
fn records_are_lines_with_their_serial() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = AuditLog::open(dir.path(), &records(1..=2)).unwrap();
    log.write(&records(3..=3)).unwrap();
    assert_eq!(content(&dir), text(&records(1..=3)));
    assert_eq!(
        content(&dir).lines().next(),
        Some(r#"{"serial":1,"action":"joined","subject":"user-1"}"#)
    );
}

#[test]
fn the_file_is_for_the_daemon_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    AuditLog::open(dir.path(), &[]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir.path().join(DIRECTORY)), 0o700);
    assert_eq!(mode(&dir.path().join(DIRECTORY).join(FILE)), 0o600);
}

#[test]
fn a_torn_line_that_is_not_ours_is_ended_and_kept() {
    let dir = crashed(b"{\"serial\":1}\nsomebody's no");
    AuditLog::open(dir.path(), &records(2..=2)).unwrap();
    assert_eq!(
        content(&dir),
        format!("{{\"serial\":1}}\nsomebody's no\n{}", text(&records(2..=2)))
    );
}

#[test]
fn records_of_another_history_with_the_same_serials_stay() {
    let others = "{\"serial\":1,\"action\":\"left\"}\n{\"serial\":2,\"action\":\"left\"}\n";
    let dir = crashed(others.as_bytes());
    AuditLog::open(dir.path(), &records(1..=1)).unwrap();
    assert_eq!(content(&dir), others.to_owned() + &text(&records(1..=1)));
}

#[test]
fn a_path_that_log4rs_would_rewrite_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = AuditLog::open(&dir.path().join("$ENV{HOME}"), &[]).unwrap_err();
    assert!(matches!(error, AuditError::Path(_)), "{error}");
}

#[test]
fn a_write_after_a_failed_one_finds_out_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = AuditLog::open(dir.path(), &records(1..=1)).unwrap();
    // As a full disk would have it: the first record whole, the second torn, and an error.
    let torn = text(&records(1..=2)) + &text(&records(3..=3))[..10];
    fs::write(dir.path().join(DIRECTORY).join(FILE), torn).unwrap();
    log.open = None;
    log.write(&records(2..=4)).unwrap();
    assert_eq!(content(&dir), text(&records(1..=4)));
}

#[test]
fn a_record_longer_than_any_buffer_is_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let long = vec![(1, format!("{{\"x\":\"{}\"}}", "y".repeat(100_000)))];
    AuditLog::open(dir.path(), &[]).unwrap().write(&long).unwrap();
    assert_eq!(content(&dir), text(&long));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Rows are deleted after their lines are synced: so of `total` records the first `synced` have
    /// lines and no rows, some rows may outlive their lines, and the file ends anywhere behind them,
    /// perhaps in the padding of a lost block.
    #[test]
    fn each_record_is_there_once_wherever_the_crash_came(
        total in 1..12_u64,
        forgotten in 0..12_u64,
        cut in any::<prop::sample::Index>(),
        padding in prop_oneof![3 => Just(0_usize), 1 => 1..5000_usize],
        crashes in 1..3,
    ) {
        let forgotten = forgotten.min(total);
        let (all, pending) = (records(1..=total), records(forgotten + 1..=total));
        let synced = text(&all[..usize::try_from(forgotten).unwrap()]).len();
        let mut file = text(&all).into_bytes();
        file.truncate(synced + cut.index(file.len() - synced + 1));
        file.resize(file.len() + padding, 0);
        let dir = crashed(&file);
        for _ in 0..crashes {
            AuditLog::open(dir.path(), &pending).unwrap();
        }
        let mut log = AuditLog::open(dir.path(), &pending).unwrap();
        log.write(&records(total + 1..=total + 1)).unwrap();

        let after = content(&dir);
        let found: Vec<&str> = after.lines().filter(|line| line.starts_with('{')).collect();
        let whole: Vec<&str> = found
            .into_iter()
            .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
            .collect();
        let expected = text(&records(1..=total + 1));
        prop_assert_eq!(whole, expected.lines().collect::<Vec<_>>());
        if padding == 0 {
            prop_assert_eq!(after, expected);
        }
    }
}
