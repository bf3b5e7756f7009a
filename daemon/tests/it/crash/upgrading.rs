//! Killed while it makes or brings up to date its schema, the daemon does it at the next start.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;
use tempfile::TempDir;

/// A store as the first schema made it.
const FROZEN_V1: &str = include_str!("../../../src/store/tests/frozen_v1.sql");
/// What SQLite makes its shared memory of, and a page with its header in the WAL, in the 512 bytes
/// of `ulimit -f`.
const SHARED_MEMORY_BLOCKS: u64 = 64;
const FRAME_BLOCKS: u64 = 8;
/// No schema takes so many pages: a WAL that gets there is not the schema's alone.
const FRAMES_MAX: u64 = 1_000;

/// Opens the store as every offline subcommand does. Whoever writes a file beyond so many blocks is
/// killed by the kernel there, in the middle of it.
fn open(data: &Path, blocks: &str) -> Output {
    let script = format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_parlord"), "--data"])
        .arg(data)
        .args(["user", "list"])
        .env("HOME", data)
        .output()
        .unwrap()
}

/// Kills the daemon at each page that opening this store writes, and opens what is left.
#[track_caller]
fn is_opened_after_every_kill(sql: &str) {
    let other = TempDir::new().unwrap();
    assert!(open(other.path(), "unlimited").status.success());
    for frames in 0..FRAMES_MAX {
        let dir = TempDir::new().unwrap();
        if !sql.is_empty() {
            // A store without a host key beside it would not be opened.
            fs::copy(other.path().join("host_key"), dir.path().join("host_key")).unwrap();
            let store = Connection::open(dir.path().join("parlor.db")).unwrap();
            store.execute_batch(sql).unwrap();
            // Its passwords and their secret are none that could be used.
            let made_up = "UPDATE users SET password = NULL; UPDATE meta SET opaque_setup = NULL";
            store.execute_batch(made_up).unwrap();
        }
        let limit = SHARED_MEMORY_BLOCKS + frames * FRAME_BLOCKS;
        let cut = open(dir.path(), &limit.to_string());
        let Output { status, stderr, .. } = open(dir.path(), "unlimited");
        let stderr = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "killed behind {frames} pages: {stderr}");
        if cut.status.success() {
            // The first ones at least were not let through.
            assert!(frames > 10, "nothing was cut short");
            return;
        }
        assert!(cut.status.signal().is_some(), "{cut:?}");
    }
    panic!("the upgrade did not end");
}

#[test]
fn an_upgrade_that_is_cut_short_anywhere_is_made_at_the_next_start() {
    is_opened_after_every_kill(FROZEN_V1);
}

#[test]
fn a_first_start_that_is_cut_short_anywhere_is_made_up_for_by_the_next() {
    is_opened_after_every_kill("");
}
