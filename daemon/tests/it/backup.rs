//! Backups: made under load, put back, and never in anybody's way.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use parlor_protocol::id::RoomId;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::harness::{
    Daemon, DeviceKey, PASSWORD, program_of_everybody, saying, seqs_without_a_gap,
};

/// Files so small that they are closed while they are copied.
const SMALL_AUDIT_FILES: &str = "sign_up = \"open\"\n[audit]\nfile_bytes = 4096\n";
/// Who talks.
const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// Messages in flight of each.
const WINDOW: usize = 64;
/// Rounds of these that everybody has been through before each backup: some megabytes, which are
/// copied in several steps.
const ROUNDS: usize = 6;

fn done(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The mode of everything in a directory, and of itself.
fn modes(dir: &Path) -> BTreeMap<String, u32> {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let mut modes = BTreeMap::from([(".".to_owned(), mode(dir))]);
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        modes.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), mode(&path));
    }
    modes
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Everybody who talks has a device and a room of their own.
fn gather(daemon: &Daemon) -> Vec<(DeviceKey, RoomId)> {
    let gathered = NAMES.map(|name| {
        let (mut client, key) = (daemon.client(), DeviceKey::new());
        client.sign_up_with(name, PASSWORD, Some(key.offer("laptop"))).unwrap();
        (key, client.create(name).unwrap())
    });
    gathered.into()
}

#[test]
fn a_backup_during_full_load_holds_every_message_acknowledged_before_it_began() {
    let mut daemon = Daemon::configured(SMALL_AUDIT_FILES);
    let talkers = gather(&daemon);
    let acknowledged = NAMES.map(|_| AtomicU64::new(0));
    let over = AtomicBool::new(false);
    let (heard, hears) = channel();
    let mut backups = vec![];
    thread::scope(|scope| {
        for ((name, (key, room)), count) in NAMES.iter().zip(&talkers).zip(&acknowledged) {
            let (heard, over, mut client) = (heard.clone(), &over, daemon.client());
            scope.spawn(move || {
                let text = "hello ".repeat(350);
                client.login_device(name, key).unwrap();
                while !over.load(Ordering::Relaxed) {
                    let nonces = [(); WINDOW].map(|()| client.nonce());
                    let ids = client.requests(nonces.map(|nonce| saying(*room, nonce, &text)));
                    for id in ids {
                        count.store(client.sent(id).unwrap().seq.0, Ordering::SeqCst);
                    }
                    // So that the audit has something to do as well.
                    client.set_topic(*room, "again").unwrap();
                    let extra = client.create(&format!("{name}'s other room")).unwrap();
                    client.leave(extra).unwrap();
                    let _enough = heard.send(());
                }
            });
        }
        for number in 0..3 {
            // Everybody has said something since the last one.
            assert_eq!(hears.iter().take(ROUNDS * NAMES.len()).count(), ROUNDS * NAMES.len());
            let before = acknowledged.each_ref().map(|count| count.load(Ordering::SeqCst));
            let backup = daemon.place(&format!("backup {number}"));
            let said = done(daemon.run(&["backup", text(&backup)]));
            assert!(said.starts_with(&format!("{}: 4 users, ", backup.display())), "{said}");
            backups.push((backup, before));
        }
        over.store(true, Ordering::Relaxed);
    });
    for (backup, before) in &backups {
        assert_eq!(names(backup)[..], ["audit", "host_key", "parlor.db"]);
        let mode = BTreeMap::from(
            [(".", 0o700), ("audit", 0o750), ("host_key", 0o600), ("parlor.db", 0o600)]
                .map(|(name, mode)| (name.to_owned(), mode)),
        );
        assert_eq!(modes(backup), mode);
        let audit = modes(&backup.join("audit"));
        assert!(audit.iter().all(|(name, mode)| *mode == if name == "." { 0o750 } else { 0o640 }));
        done(daemon.run_on(backup, &["check"]));
        let store = Connection::open(backup.join("parlor.db")).unwrap();
        for (name, before) in NAMES.iter().zip(before) {
            let sql = "SELECT count(*) FROM messages m JOIN rooms r ON r.id = m.room
                       WHERE r.title = ?1 AND m.seq <= ?2";
            let before = i64::try_from(*before).unwrap();
            let held: i64 = store.query_row(sql, (name, before), |row| row.get(0)).unwrap();
            assert!(before > 0 && held == before, "{name}: {held} of {before}");
        }
    }
    assert!(daemon.terminate().success());
    let (last, before) = backups.last().unwrap();
    restored_is_what_was_backed_up(&mut daemon, last, &talkers, before);
}

/// The same rooms, host key, logins and messages; and the audit goes on where it was.
fn restored_is_what_was_backed_up(
    daemon: &mut Daemon,
    backup: &Path,
    talkers: &[(DeviceKey, RoomId)],
    before: &[u64; 4],
) {
    let fingerprint = daemon.said.fingerprint.clone();
    fs::rename(daemon.data(), daemon.place("lost")).unwrap();
    let said = done(daemon.run(&["restore", text(backup)]));
    assert!(said.starts_with(&format!("{}: 4 users, ", daemon.data().display())), "{said}");
    let whole = ["audit", "host_key", "lock", "parlor.db"];
    let mut placed = names(&daemon.data());
    placed.retain(|name| !name.starts_with("parlor.db-"));
    assert_eq!(placed, whole);
    daemon.restart();
    assert_eq!(daemon.said.fingerprint, fingerprint);
    for ((name, (key, room)), before) in NAMES.iter().zip(talkers).zip(before) {
        let mut client = daemon.client();
        client.login_device(name, key).unwrap();
        let history = client.all_history(*room);
        assert!(history.len() as u64 >= *before);
        seqs_without_a_gap(history.iter().map(|message| message.seq.0));
        let next = client.say(*room, "I am back").unwrap().seq.0;
        assert_eq!(next, history.len() as u64 + 1);
        daemon.client().login(name, PASSWORD, None).unwrap();
    }
    done(daemon.run(&["audit", "verify"]));
    done(daemon.run(&["check"]));
    let records = crate::audit::records(daemon);
    seqs_without_a_gap(records.iter().map(|record| record["serial"].as_u64().unwrap()));
    let restored: Vec<_> = records.iter().filter(|it| it["action"] == "restored").collect();
    assert_eq!(restored.len(), 1, "{restored:?}");
    assert_eq!(restored[0]["details"]["directory"], text(backup));
}

#[test]
fn a_backup_works_without_the_daemon_and_is_on_record_once() {
    let mut daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    alice.create("ops").unwrap();
    let [first, second] = ["first", "second"].map(|name| daemon.place(name));
    let said = done(daemon.run(&["backup", "--json", text(&first)]));
    assert_eq!(
        said,
        format!(
            "{{\"type\":\"backup\",\"directory\":\"{}\",\"users\":1,\"rooms\":1,\"messages\":0,\
             \"audit_records\":3}}\n",
            first.display()
        )
    );
    assert!(daemon.terminate().success());
    done(daemon.run(&["backup", text(&second)]));
    let records = crate::audit::records(&daemon);
    let mut backed_up = records.iter().filter(|record| record["action"] == "backed-up");
    for directory in [&first, &second] {
        let record = backed_up.next().unwrap();
        assert_eq!(record["actor"], "(console)");
        assert_eq!(record["details"]["directory"], text(directory));
    }
    assert_eq!(backed_up.next(), None);
    for directory in [&first, &second] {
        done(daemon.run_on(directory, &["check"]));
    }
}

#[test]
fn a_backup_overwrites_nothing_and_a_failed_one_leaves_nothing_behind() {
    let mut daemon = Daemon::start();
    daemon.user("alice").create("ops").unwrap();
    let backup = daemon.place("backup");
    fs::create_dir(&backup).unwrap();
    let said = refused(daemon.run(&["backup", text(&backup)]));
    assert!(said.contains("is there already; name a directory that is not there yet"), "{said}");
    fs::remove_dir(&backup).unwrap();
    let nowhere = daemon.place("nowhere/backup");
    refused(daemon.run_on(&daemon.place("nothing"), &["backup", text(&backup)]));

    assert!(daemon.terminate().success());
    let (key, aside) = (daemon.data().join("host_key"), daemon.place("aside"));
    let before = names(&daemon.place(""));
    fs::rename(&key, &aside).unwrap();
    let said = refused(daemon.run(&["backup", text(&backup)]));
    assert!(said.contains("host_key"), "{said}");
    fs::rename(&aside, &key).unwrap();
    let store = Connection::open(daemon.data().join("parlor.db")).unwrap();
    store.execute("UPDATE rooms SET members = 2", []).unwrap();
    let said = refused(daemon.run(&["backup", text(&backup)]));
    assert!(said.contains("the store is not whole: room "), "{said}");
    assert!(said.contains("has 1 members and 2 noted"), "{said}");
    assert_eq!(names(&daemon.place("")), before);
    store.execute("UPDATE rooms SET members = 1", []).unwrap();
    done(daemon.run(&["backup", text(&backup)]));
    assert!(!nowhere.exists());
}

#[test]
fn a_backup_may_be_named_with_a_slash_behind_it_and_is_on_record_once_it_has_its_name() {
    let daemon = Daemon::start();
    let backup = daemon.place("backup");
    let said = done(daemon.run(&["backup", &format!("{}/./", backup.display())]));
    assert!(said.starts_with(&format!("{}: ", backup.display())), "{said}");
    done(daemon.run_on(&backup, &["check"]));
    assert_eq!(names(&daemon.place("")).iter().filter(|it| it.starts_with("backup")).count(), 1);
    refused(daemon.run(&["backup", &format!("{}/x/..", backup.display())]));
    refused(daemon.run(&["backup", "/proc/backup"]));
    let records = daemon.audit();
    let records: Vec<_> = records.iter().filter(|it| it["action"] == "backed-up").collect();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["details"]["directory"], text(&backup));
}

#[test]
fn an_interrupted_backup_is_whole_or_leaves_nothing_behind() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    for _ in 0..200 {
        alice.say(room, &"hello ".repeat(600)).unwrap();
    }
    let (backup, unfinished) = (daemon.place("backup"), daemon.place("backup.unfinished"));
    let mut interrupted = 0;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP].iter().cycle().take(21) {
        let mut child = daemon.spawn(&["backup", text(&backup)]);
        while !unfinished.exists() && child.try_wait().unwrap().is_none() {
            thread::yield_now();
        }
        let _ended = kill_process(Pid::from_child(&child), *signal);
        let made = child.wait().unwrap().success();
        assert_eq!((backup.exists(), unfinished.exists()), (made, false));
        if made {
            fs::remove_dir_all(&backup).unwrap();
        } else {
            interrupted += 1;
        }
    }
    let backed_up = daemon.audit().iter().filter(|it| it["action"] == "backed-up").count();
    assert_eq!(backed_up, 21 - interrupted, "what has its name is on record, and nothing else");
    // Under `nohup` a terminal may go away.
    let mut nohup = Command::new("sh");
    nohup.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_parlord")]);
    nohup.arg("--config").arg(daemon.config()).arg("--data").arg(daemon.data());
    let mut child = nohup.arg("backup").arg(&backup).stdout(Stdio::null()).spawn().unwrap();
    while !unfinished.exists() && child.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    let _ended = kill_process(Pid::from_child(&child), Signal::HUP);
    assert!(child.wait().unwrap().success() && backup.exists());
    fs::remove_dir_all(&backup).unwrap();
    println!("{interrupted} of 21 were interrupted");
    done(daemon.run(&["backup", text(&backup)]));
    done(daemon.run_on(&backup, &["check"]));
}

#[test]
fn a_restore_overwrites_no_store_whether_or_not_a_daemon_runs_on_it() {
    let mut daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let backup = daemon.place("backup");
    done(daemon.run(&["backup", text(&backup)]));
    alice.say(room, "after the backup").unwrap();
    let said = refused(daemon.run(&["restore", text(&backup)]));
    assert!(said.contains("a parlord runs on "), "{said}");
    assert_eq!(alice.all_history(room).len(), 1, "it goes on");
    assert!(daemon.terminate().success());
    let before = names(&daemon.data());
    let said = refused(daemon.run(&["restore", text(&backup)]));
    assert!(said.contains("has a store already, which is not overwritten; move "), "{said}");
    fs::remove_file(daemon.data().join("parlor.db")).unwrap();
    for name in ["parlor.db-wal", "parlor.db-shm", "parlor.db-journal"] {
        let left = daemon.data().join(name);
        fs::write(&left, "").unwrap();
        let said = refused(daemon.run(&["restore", text(&backup)]));
        assert!(said.contains("has a part of a store already"), "{name}: {said}");
        fs::remove_file(left).unwrap();
    }
    let said = refused(daemon.run(&["restore", text(&backup)]));
    assert!(said.contains("has a host key already"), "{said}");
    fs::remove_file(daemon.data().join("host_key")).unwrap();
    let said = refused(daemon.run(&["restore", text(&backup)]));
    assert!(said.contains("has an audit already"), "{said}");
    assert!(before.iter().all(|name| name != "restoring"), "{before:?}");
    assert!(!daemon.data().join("restoring").exists());
    let said = refused(daemon.run_on(&daemon.place("new"), &["restore", text(&daemon.place("x"))]));
    assert!(said.contains("there is no store at "), "{said}");
    assert!(!daemon.place("new").exists());
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let mut daemon = Daemon::start();
    daemon.user("alice").create("ops").unwrap();
    let backup = daemon.place("backup");
    done(daemon.run(&["backup", text(&backup)]));
    assert!(daemon.terminate().success());
    let new = daemon.place("new");
    let restore = || daemon.run_on(&new, &["restore", text(&backup)]);
    let audit = backup.join("audit/audit.log");
    let lines = fs::read_to_string(&audit).unwrap();
    fs::write(&audit, lines.replacen("\"done\"", "\"gone\"", 1)).unwrap();
    let said = refused(restore());
    assert!(said.contains("the backup is not whole: the audit files: audit.log line 1"), "{said}");
    fs::write(&audit, lines).unwrap();
    let store = backup.join("parlor.db");
    let whole = fs::read(&store).unwrap();
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5a);
    fs::write(&store, bytes).unwrap();
    let said = refused(restore());
    let check = format!("`parlord --data {} check`", backup.display());
    assert!(said.contains(&check) && !said.contains("data directory"), "{said}");
    assert_eq!(names(&new), ["lock"]);
    fs::write(&store, "no store").unwrap();
    let said = refused(restore());
    assert!(said.contains("cannot be restored") && said.contains(&check), "{said}");
    assert_eq!(names(&new), ["lock"]);
    fs::remove_dir_all(&new).unwrap();
    fs::write(&store, whole).unwrap();
    let output = restore();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let is_root = geteuid().is_root();
    let told = format!("{} is new and belongs to root", new.display());
    assert_eq!(said.contains(&told), is_root, "{said}");
    done(output);
    done(daemon.run_on(&new, &["check"]));
}

#[test]
fn a_restore_that_was_cut_short_is_no_store_and_the_next_one_begins_anew() {
    let mut daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let backup = daemon.place("backup");
    done(daemon.run(&["backup", text(&backup)]));
    assert!(daemon.terminate().success());
    // As a crash leaves it that comes after the host key was put into its place.
    fs::remove_dir_all(daemon.data()).unwrap();
    fs::create_dir(daemon.data()).unwrap();
    fs::create_dir(daemon.data().join("restoring")).unwrap();
    fs::copy(backup.join("host_key"), daemon.data().join("host_key")).unwrap();
    fs::write(daemon.data().join("parlor.db-wal"), "another store's").unwrap();
    for arguments in [&["serve"][..], &["user", "list"]] {
        let said = refused(daemon.run(arguments));
        assert!(said.contains("`parlord restore` was cut short; run it again"), "{said}");
    }
    done(daemon.run(&["restore", text(&backup)]));
    daemon.restart();
    let mut alice = daemon.client();
    alice.login("alice", PASSWORD, None).unwrap();
    assert_eq!(alice.all_history(room).len(), 0);
}

#[test]
fn what_nobody_waits_for_any_more_does_not_get_on_record() {
    let daemon = Daemon::start();
    daemon.hold();
    // As `parlord backup` asks, which gives up and removes the copy where nobody answers.
    let mut asking = UnixStream::connect(daemon.data().join("control")).unwrap();
    let request = r#"{"record":{"copied":"backed_up","directory":"/nowhere"}}"#;
    writeln!(asking, "{request}").unwrap();
    drop(asking);
    daemon.release();
    daemon.until_logged("nothing was done for a subcommand that did not wait for it");
    let directory = daemon.place("backup");
    done(daemon.run(&["backup", text(&directory)]));
    let audit = daemon.audit();
    let made = audit.iter().filter(|record| record["action"] == "backed-up");
    let made: Vec<&str> = made.map(|it| it["details"]["directory"].as_str().unwrap()).collect();
    assert_eq!(made, [text(&directory)]);
}

#[test]
fn a_backup_that_lacks_something_is_told_with_what_to_do() {
    let mut daemon = Daemon::start();
    let backup = daemon.place("backup");
    done(daemon.run(&["backup", text(&backup)]));
    assert!(daemon.terminate().success());
    for (name, what) in [("audit", "audit"), ("host_key", "host key")] {
        let aside = daemon.place("aside");
        fs::rename(backup.join(name), &aside).unwrap();
        let said = refused(daemon.run_on(&daemon.place("new"), &["restore", text(&backup)]));
        assert!(said.contains(&format!("cannot be restored: it has no {what}; see ")), "{said}");
        assert!(said.contains("and take another backup"), "{said}");
        fs::rename(&aside, backup.join(name)).unwrap();
    }
    done(daemon.run_on(&daemon.place("new"), &["restore", text(&backup)]));
}

#[test]
fn root_restores_as_the_owner_of_the_directory_and_follows_none_of_their_links() {
    if !geteuid().is_root() {
        return;
    }
    const OWNER: u32 = 65_534;
    let (_place, program) = program_of_everybody();
    let mut daemon = Daemon::start();
    daemon.user("alice");
    let backup = daemon.place("backup");
    done(daemon.run(&["backup", text(&backup)]));
    assert!(daemon.terminate().success());
    // The owner has to reach the data, and the program to read its configuration.
    let parent = tempfile::tempdir().unwrap();
    fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (new, theirs, victim) =
        (parent.path().join("data"), daemon.place("theirs"), parent.path().join("victim"));
    fs::create_dir(&new).unwrap();
    chown(&new, Some(OWNER), Some(OWNER)).unwrap();
    fs::write(&victim, "root's").unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o644)).unwrap();
    let restore = || {
        let mut command = Command::new(&program);
        command.arg("--data").arg(&new).args(["restore", text(&backup)]);
        command.env("HOME", parent.path()).env("TMPDIR", parent.path()).output().unwrap()
    };
    symlink(&victim, new.join("lock")).unwrap();
    lchown(new.join("lock"), Some(OWNER), Some(OWNER)).unwrap();
    let said = refused(restore());
    assert!(said.contains("Permission denied"), "{said}");
    let found = fs::metadata(&victim).unwrap();
    assert_eq!((found.uid(), found.permissions().mode() & 0o777), (0, 0o644));
    fs::remove_file(new.join("lock")).unwrap();

    let said = done(restore());
    assert!(said.starts_with(&format!("{}: 1 users, 0 rooms, ", new.display())), "{said}");
    assert_eq!(names(parent.path()), ["data", "victim"], "nothing is left of what was lent");
    assert_eq!(names(&new)[..4], ["audit", "host_key", "lock", "parlor.db"]);
    for place in [new.clone(), new.join("audit")] {
        for entry in fs::read_dir(place).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().uid(), OWNER, "{entry:?}");
        }
    }
    done(daemon.run_on(&new, &["check"]));
    fs::rename(&new, &theirs).unwrap();
    let audit = done(daemon.run_on(&theirs, &["audit", "--json", "--action", "restored"]));
    assert!(audit.contains(text(&backup)), "{audit}");
}
