//! `parlord check` finds nothing where all is well, and names every rule that is broken.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use parlor_protocol::id::RoomId;
use rusqlite::Connection;
use serde_json::Value;

use crate::harness::Daemon;

/// What `parlord check` finds: the rule and the place of each fault.
fn faults(daemon: &Daemon) -> Vec<(String, String)> {
    let output = daemon.run(&["check", "--json"]);
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let faults = lines.iter().filter(|line| line["type"] == "fault");
    let word = |fault: &Value, key: &str| fault[key].as_str().unwrap().to_owned();
    let faults: Vec<_> = faults.map(|it| (word(it, "rule"), word(it, "place"))).collect();
    let (status, said) = (output.status.code(), String::from_utf8(output.stderr).unwrap());
    match faults.len() {
        0 => assert_eq!((status, said.as_str()), (Some(0), "")),
        _ => {
            assert_eq!(status, Some(1));
            assert!(said.contains(" is not whole: ") && said.lines().count() == 1, "{said}");
        }
    }
    faults
}

/// Two rooms with a little of everything, of which one has ended, and who else is there.
fn story(daemon: &Daemon) -> (RoomId, RoomId) {
    let [mut alice, mut bob, mut carol] = ["alice", "bob", "carol"].map(|name| daemon.user(name));
    let (room, ended) = (alice.create("ops").unwrap(), bob.create("ended").unwrap());
    bob.join(room).unwrap();
    carol.join(room).unwrap();
    for text in ["one", "two @bob", "three"] {
        alice.say(room, text).unwrap();
        bob.say(ended, text).unwrap();
    }
    alice.kick(room, "carol", "enough").unwrap();
    alice.ban(room, "carol", None).unwrap();
    alice.promote(room, "bob").unwrap();
    bob.leave(ended).unwrap();
    (room, ended)
}

/// Something that no rule allows, and the rule that says so.
const BROKEN: &[(&str, &str)] = &[
    ("one-owner", "UPDATE members SET role = 'member' WHERE role = 'owner'"),
    ("one-owner", "UPDATE members SET role = 'owner'"),
    (
        "banned-member",
        "INSERT INTO associations (room, user, since, banned_at)
         SELECT room, user, 1, 1 FROM members WHERE role = 'admin'",
    ),
    (
        "member-association",
        "INSERT INTO associations (room, user, since)
         SELECT room, user, 1 FROM members WHERE role = 'admin'",
    ),
    ("message-gap", "DELETE FROM messages WHERE seq = 2 AND room = (SELECT room FROM members)"),
    ("message-gap", "DELETE FROM messages WHERE seq = 1 AND room = (SELECT room FROM members)"),
    ("message-gap", "DELETE FROM messages WHERE seq = 3 AND room = (SELECT room FROM members)"),
    ("message-gap", "DELETE FROM messages WHERE seq = 2 AND room <> (SELECT room FROM members)"),
    ("message-gap", "UPDATE messages SET seq = 9 WHERE seq = 3"),
    ("revision-gap", "UPDATE messages SET revision = revision + 1 WHERE seq = 3"),
    ("revision-gap", "DELETE FROM changes WHERE kind = 'joined'"),
    ("revision-gap", "UPDATE changes SET nth = nth + 1 WHERE kind = 'role-changed'"),
    ("revision-gap", "UPDATE rooms SET revision = revision + 1"),
    ("member-count", "UPDATE rooms SET members = members + 1"),
    ("member-count", "DELETE FROM members WHERE role = 'admin'"),
    ("read-marker", "UPDATE members SET read = 4"),
    ("read-marker", "UPDATE mentions SET seq = 4"),
    ("join-order", "UPDATE members SET joined = 1000 WHERE role = 'admin'"),
    ("title", "UPDATE rooms SET key = NULL WHERE terminated_at IS NULL"),
    ("title", "UPDATE rooms SET key = 'ended' WHERE terminated_at IS NOT NULL"),
    (
        "notifications",
        "WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
         INSERT INTO notifications (user, id, kind, at, read)
         SELECT (SELECT max(id) FROM users), i, 'kicked', 1, 0 FROM n",
    ),
    ("notification-number", "UPDATE users SET last_notification = 0"),
    (
        "device-number",
        "INSERT INTO devices (user, id, name, public_key, created_at, used_at, address)
         SELECT id, 7, 'laptop', zeroblob(32), 1, 1, '' FROM users",
    ),
    ("user-number", "UPDATE meta SET last_user = 1"),
    ("removed-user", "UPDATE users SET status = 'removed' WHERE name = 'carol'"),
    ("understood", "UPDATE users SET name = '1 not a name' WHERE name = 'carol'"),
    ("password-secret", "UPDATE meta SET opaque_setup = NULL"),
    ("understood", "UPDATE meta SET opaque_setup = x'00'"),
    ("understood", "UPDATE users SET password = x'0102' WHERE name = 'bob'"),
    ("understood", "UPDATE users SET log_n = NULL WHERE name = 'bob'"),
    ("understood", "UPDATE users SET log_n = 99 WHERE name = 'bob'"),
    ("understood", "UPDATE messages SET text = hex(zeroblob(100000)) WHERE seq = 2"),
    ("understood", "UPDATE notifications SET kind = 'tickled'"),
    ("understood", "UPDATE changes SET how = 'vanished' WHERE kind = 'departed'"),
    ("understood", "UPDATE associations SET ban_reason = hex(zeroblob(1000))"),
    ("nonce", "UPDATE messages SET nonce = zeroblob(16)"),
    ("meta", "DELETE FROM meta"),
    ("references", "UPDATE messages SET author = 77 WHERE seq = 2"),
    ("audit", "UPDATE meta SET audit_head = CAST(zeroblob(31) || x'01' AS BLOB)"),
    ("audit", "UPDATE meta SET audit_serial = audit_serial + 1"),
    ("audit", "INSERT INTO audit_outbox SELECT audit_serial + 1, '{}' FROM meta"),
    (
        "audit",
        r#"INSERT OR REPLACE INTO audit_outbox
           SELECT audit_serial, '{"serial":' || audit_serial || ',"prev":"' || hex(zeroblob(32))
                                || '","hash":"' || hex(zeroblob(32)) || '"}' FROM meta"#,
    ),
];

#[test]
fn every_rule_that_is_broken_is_named() {
    let mut daemon = Daemon::start();
    let (room, ended) = story(&daemon);
    assert!(daemon.terminate().success());
    assert_eq!(faults(&daemon), []);
    let (path, aside) = (daemon.data().join("parlor.db"), daemon.place("aside"));
    fs::copy(&path, &aside).unwrap();
    for (rule, sql) in BROKEN {
        let store = Connection::open(&path).unwrap();
        store.pragma_update(None, "foreign_keys", false).unwrap();
        assert!(store.execute(sql, []).unwrap() > 0, "{sql}");
        store.close().unwrap();
        let found = faults(&daemon);
        assert!(found.iter().any(|(named, _)| named == rule), "{rule}, {sql}: {found:?}");
        fs::copy(&aside, &path).unwrap();
    }
    assert_eq!(faults(&daemon), []);
    let store = Connection::open(&path).unwrap();
    store.execute("DELETE FROM messages WHERE seq = 2", []).unwrap();
    store.close().unwrap();
    let places: Vec<String> = faults(&daemon).into_iter().map(|(_, place)| place).collect();
    for room in [room, ended] {
        assert!(places.contains(&format!("room {room}")), "{places:?}");
    }
}

#[test]
fn what_serve_would_refuse_is_told_with_what_to_do() {
    let mut daemon = Daemon::start();
    story(&daemon);
    assert!(daemon.terminate().success());
    let (path, aside) = (daemon.data().join("parlor.db"), daemon.place("aside"));
    fs::copy(&path, &aside).unwrap();
    let said = || {
        let output = daemon.run(&["check"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (sql, told) in [
        ("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2", "not the schema"),
        ("DROP TABLE refinery_schema_history", "no store of parlord"),
    ] {
        let store = Connection::open(&path).unwrap();
        store.execute(sql, []).unwrap();
        store.close().unwrap();
        let said = said();
        assert!(said.contains(told) && said.contains("restore a backup"), "{sql}: {said}");
        fs::copy(&aside, &path).unwrap();
    }
    fs::write(&path, "").unwrap();
    assert!(said().contains("put the store back"), "{}", said());
    fs::remove_file(&path).unwrap();
    assert!(said().contains("put the store back"), "{}", said());
    fs::create_dir(daemon.data().join("restoring")).unwrap();
    assert!(said().contains("`parlord restore` was cut short; run it again"), "{}", said());
}

#[test]
fn a_schema_that_somebody_has_changed_is_found_part_by_part() {
    let mut daemon = Daemon::start();
    story(&daemon);
    assert!(daemon.terminate().success());
    let store = Connection::open(daemon.data().join("parlor.db")).unwrap();
    store
        .execute_batch(
            "DROP TABLE mentions; DROP INDEX messages_by_seq; ALTER TABLE rooms ADD COLUMN colour TEXT;
             CREATE TRIGGER spy AFTER INSERT ON messages BEGIN DELETE FROM rooms; END;",
        )
        .unwrap();
    store.close().unwrap();
    let found: Vec<_> = faults(&daemon).into_iter().map(|(_, place)| place).collect();
    let parts = ["index messages_by_seq", "table mentions", "table rooms", "trigger spy"];
    assert_eq!(found, parts);
    let said = String::from_utf8(daemon.run(&["check"]).stdout).unwrap();
    assert!(said.contains("table rooms: is not what parlord makes"), "{said}");
    assert!(said.contains("trigger spy: is nothing that parlord makes"), "{said}");
    assert!(said.contains("restore the last backup that passes `parlord check`"), "{said}");
}

#[test]
fn what_cannot_be_read_is_named_by_its_place() {
    let mut daemon = Daemon::start();
    let (room, _) = story(&daemon);
    assert!(daemon.terminate().success());
    let store = Connection::open(daemon.data().join("parlor.db")).unwrap();
    store
        .execute_batch(
            "UPDATE messages SET text = hex(zeroblob(100000))
             WHERE seq = 2 AND room = (SELECT room FROM members);
             UPDATE users SET password = x'0102' WHERE name = 'carol';
             UPDATE notifications SET kind = 'tickled'
             WHERE user = (SELECT id FROM users WHERE name = 'bob') AND kind = 'mentioned';",
        )
        .unwrap();
    store.close().unwrap();
    let found: Vec<_> = faults(&daemon).into_iter().map(|(_, place)| place).collect();
    let message = format!("room {room}, message 2");
    assert_eq!(found, ["user carol", &message, "user bob, notification 1"]);
    let said = String::from_utf8(daemon.run(&["check"]).stdout).unwrap();
    assert!(said.contains("message 2: cannot be read: "), "{said}");
    assert!(said.contains("notification 1: cannot be read: there is no such kind"), "{said}");
}

#[test]
fn a_damaged_file_is_found_and_nothing_else_is_made_of_it() {
    let mut daemon = Daemon::start();
    story(&daemon);
    assert!(daemon.terminate().success());
    let path = daemon.data().join("parlor.db");
    let mut bytes = fs::read(&path).unwrap();
    let count = bytes.len();
    // The header stays, so that it is a database at all.
    bytes[count / 2..count / 2 + 4096].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let found = faults(&daemon);
    assert!(!found.is_empty() && found.iter().all(|(rule, _)| rule == "integrity"), "{found:?}");
    let said = daemon.run(&["check"]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("what to do: the file is damaged: stop the daemon, "), "{said}");
}

#[test]
fn a_lost_or_open_host_key_and_a_cut_audit_file_are_found() {
    let mut daemon = Daemon::start();
    story(&daemon);
    assert!(daemon.terminate().success());
    let key = daemon.data().join("host_key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(faults(&daemon).first().unwrap().0, "host-key");
    fs::remove_file(&key).unwrap();
    let found = faults(&daemon);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "host-key");
    let audit = daemon.data().join("audit/audit.log");
    let lines = fs::read_to_string(&audit).unwrap();
    let second = lines.lines().nth(1).unwrap().to_owned() + "\n";
    fs::write(&audit, lines.replace(&second, "")).unwrap();
    assert_eq!(faults(&daemon)[1].0, "audit");
}

#[test]
fn a_running_daemon_is_examined_and_nothing_found() {
    let daemon = Daemon::start();
    let (room, _) = story(&daemon);
    let mut dave = daemon.user("dave");
    dave.join(room).unwrap();
    for _ in 0..20 {
        dave.say(room, "hello").unwrap();
        assert_eq!(faults(&daemon), []);
    }
    let said = String::from_utf8(daemon.run(&["check"]).stdout).unwrap();
    assert!(said.starts_with("looked at 4 users, 1 rooms, 26 messages and "), "{said}");
}

#[test]
fn a_daemon_that_was_killed_leaves_nothing_to_find() {
    let mut daemon = Daemon::start();
    story(&daemon);
    daemon.kill9();
    assert_eq!(faults(&daemon), []);
    daemon.restart();
    assert_eq!(faults(&daemon), []);
}
