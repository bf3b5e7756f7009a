//! What `parlord status` says: how the daemon is, what is wrong, and who has to wait.

use std::fs;
use std::time::Instant;

use serde_json::Value;

use crate::abuse::{HOME, LIMITED, STRANGER, guesses};
use crate::harness::{Daemon, PATIENCE};
use crate::operators::does;

#[test]
fn the_status_says_how_the_daemon_is_and_who_has_to_wait() {
    let mut daemon = Daemon::in_earnest(LIMITED);
    let mut alice = daemon.client_from(HOME);
    alice.sign_up("alice").unwrap();
    daemon.client_from(HOME).sign_up("bob").unwrap();
    let room = alice.create("ops").unwrap();
    while alice.say(room, "again and again").is_ok() {}
    let mut stranger = daemon.client_from(STRANGER);
    guesses(&mut stranger, "bob", 30);
    let status = daemon.run(&["status", "--json"]);
    assert!(status.status.success(), "{status:?}");
    let lines = String::from_utf8(status.stdout).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = &lines[0];
    assert_eq!((&first["type"], &first["version"]), (&"status".into(), &"0.1.0".into()));
    assert_eq!([&first["users"], &first["rooms"]], [2, 1], "{first}");
    assert!(first["sessions"].as_u64() >= Some(1) && first["users_online"].as_u64() >= Some(1));
    assert!(first["connections"].as_u64() >= Some(2), "{first}");
    assert_eq!(first["limited"], lines.len() - 1);
    let waits = |key: &str, whom: &str, why: &str| {
        lines[1..].iter().any(|it| it[key] == whom && it["why"] == why && it["until"].is_string())
    };
    assert!(waits("address", "127.0.0.66", "failed-logins"), "{lines:?}");
    assert!(waits("user", "alice", "messages"), "{lines:?}");
    let shown = String::from_utf8(daemon.run(&["status"]).stdout).unwrap();
    assert!(shown.contains("\nusers        2, "), "{shown}");
    assert!(shown.contains("\n  127.0.0.66 "), "{shown}");
    assert!(daemon.terminate().success());
    let failed = daemon.run(&["status"]);
    let said = String::from_utf8(failed.stderr).unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert!(said.starts_with("parlord: no parlord runs on "), "{said}");
}

/// Asks for the status until it says so, or does not any more.
fn until_status(daemon: &Daemon, says: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = does(daemon, &["status"]);
        if says(&status) {
            return status;
        }
        assert!(Instant::now() < deadline, "{status}");
    }
}

#[test]
fn the_status_says_that_the_audit_cannot_be_written_for_as_long_as_that_is_so() {
    let daemon = Daemon::start();
    daemon.user("alice");
    let waits = |status: &str| status.starts_with("AUDIT WAITS  ");
    assert!(!waits(&does(&daemon, &["status"])));
    let (dir, aside) = (daemon.data().join("audit"), daemon.data().join("aside"));
    fs::rename(&dir, &aside).unwrap();
    fs::write(&dir, "in the way").unwrap();
    daemon.user("bob").create("ops").unwrap();
    let status = until_status(&daemon, waits);
    assert!(status.contains("the log says why\nversion  "), "{status}");
    let json = does(&daemon, &["status", "--json"]);
    let trouble: Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
    assert_eq!([&trouble["type"], &trouble["trouble"]], ["trouble", "audit-waits"]);
    assert!(trouble["records"].as_u64() >= Some(2), "{trouble}");
    fs::remove_file(&dir).unwrap();
    fs::rename(&aside, &dir).unwrap();
    until_status(&daemon, |status| !waits(status));
}
