//! Devices that nobody uses any more: they log nobody in, and are gone soon.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use parlor_protocol::refusal::Code;
use rusqlite::Connection;

use crate::harness::{Daemon, DeviceKey, PASSWORD, PATIENCE};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}

/// The store of a daemon that has stopped.
fn store(daemon: &Daemon) -> Connection {
    Connection::open(daemon.data().join("parlor.db")).unwrap()
}

/// Lets so much time pass for the devices of a daemon that has stopped.
fn unused_for(daemon: &Daemon, ms: i64) {
    let sql = "UPDATE devices SET used_at = used_at - ?1";
    store(daemon).execute(sql, [ms]).unwrap();
}

#[test]
fn a_device_that_was_not_used_for_90_days_is_unknown_and_its_key_can_be_registered_anew() {
    let mut daemon = Daemon::start();
    let key = DeviceKey::new();
    daemon.client().sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    assert!(daemon.terminate().success());
    unused_for(&daemon, 90 * DAY_MS - 60_000);
    daemon.restart();
    daemon.client().login_device("alice", &key).unwrap();
    assert!(daemon.terminate().success());
    unused_for(&daemon, 90 * DAY_MS);
    daemon.restart();
    let mut alice = daemon.client();
    let unknown = alice.login_device("alice", &DeviceKey::new());
    assert_eq!(unknown, Err(Code::BadCredentials));
    assert_eq!(alice.login_device("alice", &key), unknown);
    alice.login("alice", PASSWORD, None).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !alice.devices().is_empty() {
        assert!(Instant::now() < deadline, "the device is not cleared away");
    }
    daemon.client().login("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    daemon.client().login_device("alice", &key).unwrap();
    assert!(daemon.terminate().success());
    let ended = daemon.audit().into_iter().find(|record| record["action"] == "device-revoked");
    assert_eq!(ended.unwrap()["actor"], "(clock)");
}

#[test]
fn a_session_counts_as_use_of_its_device_up_to_its_end() {
    let mut daemon = Daemon::start();
    let key = DeviceKey::new();
    daemon.client().sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    let mut alice = daemon.client();
    alice.login_device("alice", &key).unwrap();
    let logged_in = now_ms();
    while now_ms() == logged_in {}
    alice.settle();
    // It goes on until the daemon stops.
    assert!(daemon.terminate().success());
    let sql = "SELECT used_at FROM devices";
    let used: i64 = store(&daemon).query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(used > logged_in, "{used} is not after {logged_in}");
}
