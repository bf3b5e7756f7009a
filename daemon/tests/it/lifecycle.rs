//! Starting and stopping: what the daemon refuses to start with, and how it says goodbye.

use std::fs;
use std::io::{ErrorKind, Write};
use std::process::{self, Output};
use std::time::{Duration, Instant};

use parlor_protocol::message::{Direction, History};
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::request::Command;
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{HashAlg, PublicKey};

use crate::harness::{Daemon, Ended, Link, PASSWORD, saying};

/// What a command that failed says, on one line.
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let lines: Vec<_> = said.lines().collect();
    let [line] = lines[..] else { panic!("more than a line: {said}") };
    line.to_owned()
}

#[test]
fn sigterm_answers_what_was_taken_tells_everyone_and_ends_well() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let mut over_tls = daemon.tls_client();
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    let nonces: Vec<_> = (0..60).map(|_| alice.nonce()).collect();
    let burst = nonces.into_iter().map(|nonce| saying(room, nonce, "a last word"));
    let ids = alice.requests(burst);
    assert!(matches!(alice.answer(ids[0]), Outcome::Sent(_)));
    let began = Instant::now();
    daemon.send_sigterm();
    let closing = Ended::Closing(CloseReason::ShuttingDown);
    let acknowledged = 1 + ids
        .into_iter()
        .skip(1)
        .map_while(|id| match alice.try_answer(id) {
            Ok(Outcome::Sent(_)) => Some(()),
            Ok(other) => panic!("{other:?}"),
            Err(ended) => {
                assert_eq!(ended, closing);
                None
            }
        })
        .count();
    if acknowledged == 60 {
        assert_eq!(alice.until_ended(), closing);
    }
    assert_eq!(bob.until_ended(), closing);
    assert_eq!(over_tls.until_ended(), closing);
    assert_eq!(daemon.wait().code(), Some(0));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "it took {took:?}");
    let audit = daemon.audit();
    let ended = audit.iter().filter(|it| it["action"] == "session-ended");
    let mut ended: Vec<_> = ended.map(|it| it["actor"].as_str().unwrap()).collect();
    ended.sort_unstable();
    assert_eq!(ended, ["alice", "bob"]);
    daemon.restart();
    let mut alice = daemon.client();
    alice.login("alice", PASSWORD, None).unwrap();
    assert_eq!(alice.all_history(room).len(), acknowledged);
}

#[test]
fn a_store_that_fails_is_told_to_everyone_and_ends_the_daemon() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    let before = alice.say(room, "before").unwrap();
    // Whoever holds the database locks the daemon out of it.
    let intruder = rusqlite::Connection::open(daemon.data().join("parlor.db")).unwrap();
    intruder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let nonce = alice.nonce();
    assert_eq!(alice.say_as(room, nonce, "after"), Err(Code::Unavailable));
    let closing = Ended::Closing(CloseReason::Unavailable);
    assert_eq!(alice.until_ended(), closing);
    assert_eq!(bob.until_ended(), closing);
    assert_eq!(daemon.wait().code(), Some(1));
    let log = daemon.log();
    assert!(log.lines().last().unwrap().contains("the store failed"), "{log}");
    drop(intruder);
    daemon.restart();
    let mut alice = daemon.client();
    alice.login("alice", PASSWORD, None).unwrap();
    let after = alice.say_as(room, nonce, "after").unwrap();
    assert_eq!(after.seq.0, before.seq.0 + 1);
    assert_eq!(alice.all_history(room).len(), 2);
}

#[test]
fn peers_that_do_not_listen_do_not_hold_up_the_stop() {
    let mut daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let long = "x".repeat(4_000);
    for _ in 0..20 {
        alice.say(room, &long).unwrap();
    }
    let mut deaf = daemon.unix_client();
    deaf.sign_up("deaf").unwrap();
    deaf.join(room).unwrap();
    let page = Command::History(History { room, direction: Direction::After, seq: None, limit: 0 });
    deaf.requests(vec![page; 60]);
    let half: Vec<_> = (0..20)
        .map(|_| {
            let mut link = Link::plain(daemon.said.tls).unwrap();
            link.write_all(&[22, 3, 1]).unwrap();
            link
        })
        .collect();
    let began = Instant::now();
    assert_eq!(daemon.terminate().code(), Some(0));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "it took {took:?}");
    println!("it took {took:?}");
    drop(half);
}

#[test]
fn an_idle_daemon_stops_at_once() {
    let mut daemon = Daemon::start();
    let began = Instant::now();
    assert_eq!(daemon.terminate().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_second_daemon_on_the_same_data_refuses_to_start() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let said = refused(&daemon.run(&["serve"]));
    assert!(said.contains("data"), "{said}");
    // The first one did not notice.
    alice.create("ops").unwrap();
    daemon.tls_client();
    daemon.unix_client();
}

#[test]
fn without_its_host_key_a_store_is_not_served() {
    let mut daemon = Daemon::start();
    daemon.terminate();
    let key = daemon.data().join("host_key");
    fs::rename(&key, daemon.data().join("elsewhere")).unwrap();
    let said = refused(&daemon.run(&["serve"]));
    assert!(said.contains("host_key") && said.contains("missing"), "{said}");
    assert!(!key.exists(), "a new key was made");
    fs::rename(daemon.data().join("elsewhere"), &key).unwrap();
    let before = daemon.said.fingerprint.clone();
    daemon.restart();
    assert_eq!(daemon.said.fingerprint, before);
}

#[test]
fn the_printed_fingerprint_is_the_key_files_and_the_one_that_tls_shows() {
    let daemon = Daemon::start();
    let shown = KeyData::Ed25519(Ed25519PublicKey(Link::tls(daemon.said.tls).unwrap().host_key()));
    let shown = PublicKey::new(shown, "").fingerprint(HashAlg::Sha256).to_string();
    assert_eq!(daemon.said.fingerprint, shown);
    let key = daemon.data().join("host_key");
    match process::Command::new("ssh-keygen").arg("-lf").arg(&key).output() {
        Ok(output) => {
            let said = String::from_utf8(output.stdout).unwrap();
            let words: Vec<_> = said.split_whitespace().collect();
            assert_eq!((words[0], words[1]), ("256", shown.as_str()), "{said}");
            assert_eq!(words.last(), Some(&"(ED25519)"));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("ssh-keygen is not installed, so nothing was compared with it");
        }
        Err(error) => panic!("cannot run ssh-keygen: {error}"),
    }
}

#[test]
fn store_and_keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let daemon = Daemon::start();
    daemon.user("alice").create("ops").unwrap();
    let mut files = 0;
    for entry in walk(&daemon.data()) {
        let meta = fs::symlink_metadata(&entry).unwrap();
        if meta.is_file() {
            files += 1;
            // Whoever may run subcommands reads the audit, as far as the data directory lets them.
            let others = if entry.starts_with(daemon.data().join("audit")) { 0o037 } else { 0o077 };
            assert_eq!(meta.permissions().mode() & others, 0, "{}", entry.display());
        }
    }
    assert_eq!(fs::metadata(daemon.data()).unwrap().permissions().mode() & 0o7777, 0o700);
    assert!(files >= 3, "the store, the key and the audit file are there");
}

#[test]
fn whoever_reaches_the_directory_of_a_unix_socket_may_connect() {
    use std::os::unix::fs::PermissionsExt;
    let daemon = Daemon::start();
    let mode = fs::metadata(&daemon.said.unix).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666, "{mode:o}");
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}
