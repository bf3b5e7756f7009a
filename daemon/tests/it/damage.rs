//! A store to which somebody else has written: what the daemon does not start with, and what it says.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::harness::Daemon;
use crate::operators::{does, refused};

/// Writes to a store as no parlord would.
fn write(path: &Path, sql: &str) {
    let store = Connection::open(path).unwrap();
    store.pragma_update(None, "foreign_keys", false).unwrap();
    store.execute_batch(sql).unwrap();
    assert!(store.changes() > 0, "{sql}");
    store.close().unwrap();
}

/// A store with a little in it, of a daemon that has stopped.
fn stopped() -> Daemon {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    alice.say(room, "hello @bob").unwrap();
    assert!(daemon.terminate().success());
    daemon
}

/// What was done to the store, what `serve` and a subcommand without it say, and what `check` says.
const DAMAGE: &[(&str, &str, &str)] = &[
    (
        "UPDATE meta SET opaque_setup = NULL",
        "holds passwords, and not the secret without which none is right; keep a copy of the data \
         directory, move it away, and restore a backup",
        "holds passwords, and not the secret without which none is right",
    ),
    (
        "DELETE FROM meta",
        "is in use and has lost its row of `meta`, which has the secret of all passwords and how far \
         the audit has come: keep a copy of the data directory, move it away, and restore a backup",
        "table meta: has lost its row",
    ),
    (
        "DELETE FROM rooms",
        "which is not there; `parlord check` tells all, and what to do",
        "table members: a row refers to rooms that are not there",
    ),
    (
        "DELETE FROM users WHERE name = 'bob'",
        "refers to user 2, who is not there; `parlord check` tells all, and what to do",
        "table members: a row refers to users that are not there",
    ),
    (
        "INSERT INTO members (room, user, role, joined, joined_at) VALUES (77, 1, 'owner', 1, 1)",
        "a row of members refers to room 00000-0002d, which is not there; `parlord check` tells all",
        "table members: a row refers to rooms that are not there",
    ),
    (
        "UPDATE users SET name = '1 not a name' WHERE name = 'bob'",
        "`parlord check` tells where that is, and what to do",
        "user 1 not a name: cannot be read: has U+0020, which is not allowed",
    ),
    (
        "INSERT INTO refinery_schema_history SELECT 9999, 'future', applied_on, '1'
         FROM refinery_schema_history LIMIT 1",
        "is of a later parlord; use that one",
        "is of a later parlord; use that one",
    ),
];

#[test]
fn a_store_that_was_written_to_is_refused_in_one_line_that_says_what_to_do() {
    let daemon = stopped();
    let (path, aside) = (daemon.data().join("parlor.db"), daemon.place("aside"));
    fs::copy(&path, &aside).unwrap();
    for (sql, said, checked) in DAMAGE {
        write(&path, sql);
        for arguments in [&["serve"][..], &["user", "list"]] {
            let told = refused(&daemon, arguments);
            assert!(told.contains(said) && told.lines().count() == 1, "{sql}: {told}");
        }
        let output = daemon.run(&["check"]);
        assert_eq!(output.status.code(), Some(1), "{sql}");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains(checked), "{sql}: {told}");
        fs::copy(&aside, &path).unwrap();
    }
    does(&daemon, &["check"]);
    assert!(does(&daemon, &["user", "list"]).contains("bob"));
}

#[test]
fn what_should_be_a_file_and_is_none_is_told_and_not_waited_for() {
    let daemon = stopped();
    let backup = daemon.place("backup");
    let backup = backup.to_str().unwrap();
    let make = |program: &str, path: &Path| {
        assert!(Command::new(program).arg(path).status().unwrap().success());
    };
    for name in ["host_key", "parlor.db"] {
        let (path, aside) = (daemon.data().join(name), daemon.place("aside"));
        fs::rename(&path, &aside).unwrap();
        for (program, what) in [("mkfifo", "a FIFO"), ("mkdir", "a directory")] {
            make(program, &path);
            for arguments in [&["serve"][..], &["user", "list"], &["check"], &["backup", backup]] {
                let output = daemon.run(arguments);
                let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
                assert_eq!(output.status.code(), Some(1), "{name} {arguments:?}: {told}");
                let said = format!("it is {what}; use a regular file");
                assert!(told.contains(&said), "{name} {arguments:?}: {told}");
            }
            let _other = fs::remove_file(&path).or(fs::remove_dir(&path));
        }
        fs::rename(&aside, &path).unwrap();
    }
    make("mkfifo", &daemon.data().join("audit/audit.000007.log"));
    assert!(does(&daemon, &["user", "list"]).contains("bob"));
}

#[test]
fn a_backup_of_a_later_parlord_is_refused_by_name() {
    let daemon = stopped();
    let backup = daemon.place("backup");
    does(&daemon, &["backup", backup.to_str().unwrap()]);
    let (sql, said, _) = DAMAGE.last().unwrap();
    write(&backup.join("parlor.db"), sql);
    let new = daemon.place("new");
    let output = daemon.run_on(&new, &["restore", backup.to_str().unwrap()]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && told.contains(said), "{told}");
}
