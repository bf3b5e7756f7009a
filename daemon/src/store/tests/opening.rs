//! Opening: locks, modes, crashes, old schemas, and what the checkpoints leave of the WAL.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command as Process;

use parlor_protocol::id::{DeviceId, Timestamp};
use parlor_protocol::message::{Direction, History};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Entry, RoomRef, Visibility};
use rusqlite::Connection;

use super::{Scene, device};
use crate::audit::{Link, LoginBy, Origin, Sealed, Subnet, logged_in};
use crate::rooms::{Actor, Command};
use crate::store::{
    Batch, Behind, Clearing, Create, DATABASE, DeviceNetwork, DeviceUse, Onlooker, Store,
    StoreError,
};

#[test]
fn a_second_store_on_the_same_directory_is_refused() {
    let scene = Scene::new();
    let error = Store::open(scene.dir.path(), Create::IfMissing).unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error}");
    let scene = scene.reopen();
    // The lock is one that other processes see, too.
    let lock = scene.dir.path().join("lock");
    let locked = Process::new("flock").arg("-n").arg(lock).arg("true").status().unwrap();
    assert!(!locked.success());
}

#[test]
fn what_is_made_is_the_owners_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("deep/data");
    let store = Store::open(&dir, Create::IfMissing).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["lock", "parlor.db", "parlor.db-shm", "parlor.db-wal"]);
    drop(store);
}

#[test]
fn a_data_directory_may_be_a_symbolic_link() {
    let parent = tempfile::tempdir().unwrap();
    let (real, link) = (parent.path().join("real"), parent.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    drop(Store::open(&link, Create::IfMissing).unwrap());
    Store::open(&real, Create::Never).unwrap();
}

#[test]
fn a_batch_that_cannot_be_written_leaves_nothing_and_says_why() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    let before = scene.world.clone();
    scene.store.writer.connection.execute_batch("PRAGMA max_page_count = 1").unwrap();
    let mut events = Vec::new();
    for _ in 0..64 {
        let command = scene.send(room, &"x".repeat(4_000));
        events.extend(scene.decide(Actor::User(user), &command).unwrap());
    }
    let batch = Batch { events, at: scene.now, ..Batch::default() };
    let error = scene.store.writer.commit(&batch).unwrap_err();
    assert_eq!(error.to_string(), "cannot write an event to the store: database or disk is full");
    assert_eq!(error.code(), Code::Unavailable);
    let mut scene = scene.reopen();
    assert_eq!(scene.store.writer.load(scene.now).unwrap(), before);
}

#[test]
fn a_read_that_takes_too_long_is_broken_off() {
    const FOR_EVER: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                            SELECT count(*) FROM n";
    let scene = Scene::new();
    let outcome = scene.store.readers.read("count in", |connection| {
        Ok(connection.query_row(FOR_EVER, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(outcome.unwrap_err().code(), Code::Busy);
    // The connection serves again.
    assert_eq!(scene.store.readers.users(None, 1).unwrap(), []);
}

#[test]
fn a_crash_loses_nothing_that_was_committed() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    for text in 0..50 {
        scene.says(user, room, &text.to_string());
    }
    // What a killed process leaves: the files as they are at some moment, the lock not among them.
    let left = tempfile::tempdir().unwrap();
    for name in ["parlor.db", "parlor.db-wal"] {
        fs::copy(scene.dir.path().join(name), left.path().join(name)).unwrap();
    }
    let mut store = Store::open(left.path(), Create::Never).unwrap();
    assert_eq!(store.writer.load(scene.now).unwrap(), scene.world);
    let check: String =
        store.writer.connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

/// A store as the first schema made it, with a conversation in it. It is never edited; when the
/// schema of a release differs, a frozen copy of that one goes beside it.
const FROZEN_V1: &str = include_str!("frozen_v1.sql");

#[test]
fn a_store_of_the_first_schema_is_upgraded() {
    let dir = tempfile::tempdir().unwrap();
    let frozen = Connection::open(dir.path().join("parlor.db")).unwrap();
    frozen.execute_batch(FROZEN_V1).unwrap();
    drop(frozen);
    let mut store = Store::open(dir.path(), Create::Never).unwrap();
    let world = store.writer.load(Timestamp(1_795_376_900_000)).unwrap();
    let alice = world.user_by_name(&"alice".parse().unwrap()).unwrap();
    let room = world.room_by_title_key("strasse").unwrap();
    let asked = History { room, direction: Direction::After, seq: None, limit: 0 };
    let (page, _) = store.readers.history(alice, &asked).unwrap().unwrap();
    let texts: Vec<&str> = page.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["hello bob", "hello alice"]);
    // Whoever could enter still can, and what was said is read.
    let known = store.readers.find_room(alice, &RoomRef::Id(room)).unwrap().unwrap();
    assert_eq!((known.visibility, known.entry), (Visibility::Public, Entry::Open));
    assert_eq!((known.read, known.unread), (known.last_seq, Some(0)));
    assert_eq!(page.as_of, world.room(room).unwrap().revision);
    assert_eq!(Onlooker::open(dir.path()).unwrap().schema_faults().unwrap(), []);
}

#[test]
fn audit_records_of_before_the_chain_keep_their_numbers_and_the_chain_begins_behind_them() {
    let dir = tempfile::tempdir().unwrap();
    let frozen = Connection::open(dir.path().join("parlor.db")).unwrap();
    frozen.execute_batch(FROZEN_V1).unwrap();
    let two = "DELETE FROM audit_outbox; UPDATE meta SET audit_serial = 8;
               INSERT INTO audit_outbox VALUES (7, '{\"at\":1}'), (8, '{\"at\":2}')";
    frozen.execute_batch(two).unwrap();
    drop(frozen);
    let mut store = Store::open(dir.path(), Create::Never).unwrap();
    assert_eq!(store.readers.audit_mark().unwrap().synced, Link::default());
    let record = logged_in(
        &Origin::Within,
        &"alice".parse().unwrap(),
        LoginBy::Password,
        Timestamp(1_795_376_900_000),
    );
    store.writer.commit(&Batch { audit: vec![record], ..Batch::default() }).unwrap();
    let rows = store.readers.audit_after(0, 10).unwrap();
    let old = [(7, r#"{"serial":7,"at":1}"#.to_owned()), (8, r#"{"serial":8,"at":2}"#.to_owned())];
    assert_eq!(rows[..2], old);
    let first = Sealed::parse(rows[2].1.as_bytes()).unwrap();
    assert_eq!((first.link.serial, first.prev), (9, Link::default().hash));
}

#[test]
fn a_store_of_a_newer_schema_is_refused() {
    let scene = Scene::new();
    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
                 VALUES (9999, 'later', '2026-11-22T20:07:12Z', '1')";
    scene.store.writer.connection.execute(newer, []).unwrap();
    let Scene { dir, store, .. } = scene;
    drop(store);
    let error = Store::open(dir.path(), Create::Never).unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)), "{error}");
}

#[test]
fn keys_are_made_anew_when_the_tables_of_unicode_are_others() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    scene.room(user, "Straße");
    let spoil = "UPDATE rooms SET key = 'straße'; UPDATE meta SET unicode_version = 'old';";
    scene.store.writer.connection.execute_batch(spoil).unwrap();
    let scene = scene.reopen();
    let connection = &scene.store.writer.connection;
    let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("SELECT key FROM rooms"), "strasse");
    assert_ne!(text("SELECT unicode_version FROM meta"), "old");
}

#[test]
fn the_wal_stays_bounded_while_everyone_writes_and_reads() {
    const BATCHES: usize = 300;
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    let text = "x".repeat(4_000);
    let wal = scene.dir.path().join("parlor.db-wal");
    let readers = scene.store.readers.clone();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (mut longest, mut written) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let asked = History { room, direction: Direction::Before, seq: None, limit: 10 };
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                readers.history(user, &asked).unwrap().unwrap();
            }
        });
        for _ in 0..BATCHES {
            let mut events = Vec::new();
            for _ in 0..64 {
                let command = scene.send(room, &text);
                events.extend(scene.decide(Actor::User(user), &command).unwrap());
            }
            scene.commit(events);
            written += 64 * text.len() as u64;
            longest = longest.max(wal.metadata().unwrap().len());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(written > 70_000_000);
    // The limit of the helper, what is left to the hub, and what is written while they work; with
    // no checkpoint it would be more than was written.
    assert!(longest < 64 << 20, "the WAL grew to {longest} bytes");
}

#[test]
fn devices_are_noted_behind_and_revoked_ones_passed_over() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    scene.does(user, &Command::AddDevice { device: device(7) });
    let used = |device| DeviceUse {
        user,
        device: DeviceId(device),
        at: Timestamp(scene.now.0 + 5),
        address: "192.0.2.1".into(),
    };
    let uses = [used(1), used(2)];
    let behind = Behind { device_uses: uses.to_vec(), ..Behind::default() };
    scene.store.writer.write_behind(&behind).unwrap();
    let devices = scene.store.readers.devices(user, Some(DeviceId(1))).unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].address, "192.0.2.1");
    assert_eq!(devices[0].used_at, uses[0].at);
    assert!(devices[0].current);
}

#[test]
fn audit_records_keep_their_numbers_when_the_outbox_is_empty() {
    let mut scene = Scene::new();
    let origin = Origin::Console { uid: None };
    let record = || logged_in(&origin, &"alice".parse().unwrap(), LoginBy::Password, scene.now);
    let two = Batch { audit: vec![record(), record()], ..Batch::default() };
    let one = Batch { audit: vec![record()], audit_done: Some(2), ..Batch::default() };
    scene.store.writer.commit(&two).unwrap();
    assert_eq!(scene.store.readers.audit_after(0, 10).unwrap().len(), 2);
    scene.store.writer.commit(&Batch { audit_done: Some(2), ..Batch::default() }).unwrap();
    assert_eq!(scene.store.readers.audit_after(0, 10).unwrap(), []);
    let mut scene = scene.reopen();
    assert_eq!(scene.store.writer.audit_head().serial, 2);
    scene.store.writer.commit(&one).unwrap();
    let records = scene.store.readers.audit_after(0, 10).unwrap();
    assert_eq!(records.iter().map(|(serial, _)| *serial).collect::<Vec<_>>(), [3]);
}

#[test]
fn the_head_of_the_audit_is_kept_and_what_is_synced_is_what_has_no_row() {
    let mut scene = Scene::new();
    let origin = Origin::Console { uid: None };
    let record = || logged_in(&origin, &"alice".parse().unwrap(), LoginBy::Password, scene.now);
    let three = Batch { audit: vec![record(), record(), record()], ..Batch::default() };
    scene.store.writer.commit(&three).unwrap();
    let head = scene.store.writer.audit_head();
    let mark = scene.store.readers.audit_mark().unwrap();
    assert_eq!((mark.head, mark.synced), (head, Link::default()));
    scene.store.writer.commit(&Batch { audit_done: Some(2), ..Batch::default() }).unwrap();
    let mut scene = scene.reopen();
    let mark = scene.store.readers.audit_mark().unwrap();
    assert_eq!((mark.head, mark.synced.serial), (head, 2));
    let rows = scene.store.readers.audit_after(0, 10).unwrap();
    assert_eq!(mark.synced, Sealed::parse(rows[0].1.as_bytes()).unwrap().before());
    scene.store.writer.commit(&Batch { audit_done: Some(3), ..Batch::default() }).unwrap();
    assert_eq!(scene.store.readers.audit_mark().unwrap().synced, head);
}

#[test]
fn networks_of_a_device_go_with_it_and_the_oldest_beyond_many() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    scene.does(user, &Command::AddDevice { device: device(7) });
    let noted = |device, net: u8| DeviceNetwork {
        user,
        device: DeviceId(device),
        network: Subnet::of(&format!("192.0.{net}.1")).unwrap(),
        at: Timestamp(net.into()),
    };
    // A device that was revoked before its network could be written has none.
    let networks = (1..=70).map(|net| noted(1, net)).chain([noted(2, 1)]).collect();
    scene.store.writer.commit(&Batch { networks, ..Batch::default() }).unwrap();
    let mut known = scene.store.writer.device_networks(user, DeviceId(1)).unwrap();
    known.sort_by_key(String::len);
    assert_eq!((known.len(), known[0].as_str()), (64, "192.0.7.0/24"));
    assert_eq!(scene.store.writer.device_networks(user, DeviceId(2)).unwrap(), [""; 0]);
    scene.does(user, &Command::RevokeDevice { id: DeviceId(1) });
    assert_eq!(scene.store.writer.device_networks(user, DeviceId(1)).unwrap(), [""; 0]);
}

#[test]
fn the_password_setup_is_kept_and_a_store_that_was_never_in_use_has_none() {
    let mut scene = Scene::new();
    assert_eq!(scene.store.writer.opaque_setup().unwrap(), None);
    scene.store.writer.set_opaque_setup(&[1, 2, 3]).unwrap();
    assert_eq!(scene.reopen().store.writer.opaque_setup().unwrap(), Some(vec![1, 2, 3]));
}

#[test]
fn the_space_left_is_measured() {
    assert!(Scene::new().store.writer.free_bytes().unwrap() > 0);
}

#[test]
fn a_reader_cannot_write() {
    let scene = Scene::new();
    let outcome = scene
        .store
        .readers
        .read("try to write to", |connection| Ok(connection.execute("DELETE FROM users", [])?));
    assert!(outcome.is_err());
}

#[test]
fn messages_of_a_room_that_ended_long_ago_are_removed_some_at_a_time() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let (ended, live) = (scene.room(user, "ended"), scene.room(user, "live"));
    for room in [ended, live] {
        for text in ["one", "two", "three"] {
            scene.says(user, room, text);
        }
    }
    scene.leaves(user, ended);
    let at = scene.now;
    let mut left = |before: i64, max: u32| -> i64 {
        let clearing = Some(Clearing {
            terminated_before: Timestamp(before),
            messages_before: None,
            messages_max: max,
        });
        let behind = Behind { clearing, ..Behind::default() };
        let cleared = scene.store.writer.write_behind(&behind).unwrap();
        assert!(cleared.dropped.is_empty(), "{cleared:?}");
        let sql = "SELECT count(*) FROM messages";
        scene.store.writer.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(left(at.0 - 1, 500), 6, "not long enough ago");
    assert_eq!(left(at.0, 2), 4);
    assert_eq!(left(at.0, 2), 3);
    assert_eq!(left(at.0, 500), 3, "the live room keeps its own");
}

#[test]
fn a_store_that_was_lost_is_not_made_anew_beside_its_audit() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), Create::IfMissing).unwrap());
    let audit = crate::audit::directory(dir.path());
    fs::create_dir(&audit).unwrap();
    fs::write(audit.join("audit.log"), "a record\n").unwrap();
    drop(Store::open(dir.path(), Create::IfMissing).unwrap());
    let database = dir.path().join(DATABASE);
    fs::write(&database, "").unwrap();
    for _ in ["empty", "missing"] {
        let lost = Store::open(dir.path(), Create::IfMissing).unwrap_err();
        assert!(matches!(&lost, StoreError::Lost(_)), "{lost}");
        assert!(lost.to_string().contains("restore a backup or begin anew"), "{lost}");
        let _gone = fs::remove_file(&database);
    }
    fs::remove_file(audit.join("audit.log")).unwrap();
    fs::write(&database, "").unwrap();
    Store::open(dir.path(), Create::IfMissing).unwrap();
}

#[test]
fn a_file_that_is_no_store_is_told_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(DATABASE), "garbage".repeat(1_000)).unwrap();
    let told = Store::open(dir.path(), Create::IfMissing).unwrap_err().to_string();
    assert!(told.contains("restore a backup with `parlord restore`"), "{told}");
}
