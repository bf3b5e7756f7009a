//! The audit as an administrator has it: shown, followed, and held against whoever changes it.

mod tampering;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Output;

use parlor_protocol::operator::Announce;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use serde_json::Value;

use crate::harness::{Client, Daemon, DeviceKey, Link, PASSWORD, seqs_without_a_gap};

/// Files so small that a short story fills several.
const SMALL_FILES: &str = "sign_up = \"open\"\n[audit]\nfile_bytes = 4096\n";

/// All records that there are.
pub(crate) fn records(daemon: &Daemon) -> Vec<Value> {
    let output = daemon.run(&["audit", "--json"]);
    assert!(output.status.success(), "{output:?}");
    lines(&output).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

/// What `parlord audit` shows with these arguments: action and subject of each record.
fn shown(daemon: &Daemon, arguments: &[&str]) -> Vec<String> {
    let output = daemon.run(&[&["audit", "--json"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    let told = |line: &String| {
        let record: Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| record[key].as_str().unwrap_or("-").to_owned();
        format!("{} {}", word("action"), word("subject"))
    };
    lines(&output).iter().map(told).collect()
}

/// Alice and bob in a room, where alice has kicked carol.
fn story(daemon: &Daemon) -> String {
    let [mut alice, mut bob, mut carol] = ["alice", "bob", "carol"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    carol.join(room).unwrap();
    alice.kick(room, "carol", "a \"reason\"\u{202e}").unwrap();
    room.to_string()
}

/// Enough acts that several files are filled.
fn fill(daemon: &Daemon, name: &str) {
    let mut user = daemon.user(name);
    for count in 0..60 {
        user.create(&format!("{name} {count}")).unwrap();
    }
}

/// The audit files in order, the live one last.
fn files(daemon: &Daemon) -> Vec<PathBuf> {
    let dir = fs::read_dir(daemon.data().join("audit")).unwrap();
    let mut files: Vec<PathBuf> = dir.map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|path| (path.ends_with("audit.log"), path.clone()));
    files
}

/// What `parlord audit verify` finds: its faults, and what it says of them all.
fn faults(daemon: &Daemon) -> Vec<String> {
    let output = daemon.run(&["audit", "verify"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(said.starts_with("parlord: the audit is not whole: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let lines = lines(&output);
    let is_fault = |line: &String| line.contains(" line ") || line.contains(" empty: ");
    lines.into_iter().filter(is_fault).collect()
}

/// The audit verifies, from its first record to the last that was there when it was looked at.
fn is_whole(daemon: &Daemon) {
    let output = daemon.run(&["audit", "verify"]);
    assert!(output.status.success(), "{output:?}");
    let said = lines(&output);
    let count: usize = said[0].split(' ').next().unwrap().parse().unwrap();
    assert!(said[0].starts_with(&format!("{count} records, 1 to {count}, in ")), "{said:?}");
    // A running daemon may have added the end of a session since.
    assert!((count..=count + 3).contains(&records(daemon).len()), "{said:?}");
}

fn write(file: &PathBuf, lines: &[String]) {
    fs::write(file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

#[test]
fn records_are_shown_by_user_room_action_and_time_with_and_without_the_daemon() {
    let mut daemon = Daemon::start();
    let room = story(&daemon);
    let ask = |daemon: &Daemon| {
        assert_eq!(shown(daemon, &["--action", "room-created"]), ["room-created alice"]);
        assert_eq!(shown(daemon, &["--since", "1h", "--action", "departed"]), ["departed carol"]);
        assert_eq!(shown(daemon, &["--since", "2999-01-01T00:00:00Z"]), [""; 0]);
        assert_eq!(shown(daemon, &["--suspicious"]), [""; 0]);
        let in_room = shown(daemon, &["--room", &room]);
        assert_eq!(in_room, ["room-created alice", "joined bob", "joined carol", "departed carol"]);
        assert_eq!(shown(daemon, &["--room", "OPS"]), in_room);
        let carols = shown(daemon, &["--user", "Carol", "--room", "ops"]);
        assert_eq!(carols, ["joined carol", "departed carol"]);
    };
    ask(&daemon);
    let said = daemon.run(&["audit", "--room", "nowhere"]);
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    assert!(daemon.terminate().success());
    ask(&daemon);
}

#[test]
fn people_get_a_line_a_record_that_steers_no_terminal() {
    let daemon = Daemon::start();
    let mut alice = daemon.client();
    let key = DeviceKey::new();
    let hostile = "lap\"top\u{1b}[2J";
    let signed_up = alice.sign_up_with("alice", PASSWORD, Some(key.offer(hostile)));
    if signed_up == Err(Code::BadRequest) {
        alice.sign_up_with("alice", PASSWORD, Some(key.offer("lap\"top"))).unwrap();
    }
    alice.create("say \"x\"").unwrap();
    let output = daemon.run(&["audit"]);
    let told = lines(&output);
    assert_eq!(told.len(), records(&daemon).len());
    let created = told.iter().find(|line| line.contains("room-created")).unwrap();
    assert!(created.contains(r#"title="say \"x\"""#), "{created}");
    let harmless = |line: &&String| !line.contains(parlor_protocol::text::is_hazard);
    assert!(told.iter().all(|line| harmless(&line)), "{told:?}");
}

#[test]
fn who_follows_hears_everything_also_while_files_are_closed() {
    let daemon = Daemon::configured(SMALL_FILES);
    let mut follower = daemon.spawn(&["audit", "--follow", "--json"]);
    fill(&daemon, "alice");
    let last = records(&daemon).len();
    let heard = BufReader::new(follower.stdout.take().unwrap()).lines().take(last);
    let serial = |line: String| serde_json::from_str::<Value>(&line).unwrap()["serial"].as_u64();
    seqs_without_a_gap(heard.map(|line| serial(line.unwrap()).unwrap()));
    assert!(files(&daemon).len() >= 3);
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn a_changed_byte_in_a_compressed_file_is_found() {
    let mut daemon = Daemon::configured(SMALL_FILES);
    fill(&daemon, "alice");
    assert!(daemon.terminate().success());
    let file = daemon.data().join("audit/audit.000002.log.gz");
    let mut content = fs::read(&file).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(&file, content).unwrap();
    let found = faults(&daemon);
    assert!(found[0].starts_with("audit.000002.log.gz line "), "{found:?}");
    // What can still be read is shown, with a word on stderr and an exit status of failure.
    let shown = daemon.run(&["audit", "--json"]);
    assert_eq!(shown.status.code(), Some(1));
    let first: Value = serde_json::from_str(&lines(&shown)[0]).unwrap();
    assert_eq!(first["serial"], 1);
}

#[test]
fn what_cannot_be_written_waits_in_the_store_and_is_made_up() {
    let mut daemon = Daemon::start();
    daemon.user("alice");
    let (dir, aside) = (daemon.data().join("audit"), daemon.data().join("aside"));
    fs::rename(&dir, &aside).unwrap();
    fs::write(&dir, "in the way").unwrap();
    daemon.user("bob").create("ops").unwrap();
    while !daemon.log().contains("cannot keep the audit, which waits in the store: ") {
        daemon.client().settle();
    }
    daemon.kill9();
    let said = daemon.run(&["serve"]);
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("audit"), "{said}");
    fs::remove_file(&dir).unwrap();
    fs::rename(&aside, &dir).unwrap();
    // Looking at the files changes nothing in them.
    for _ in 0..2 {
        let verified = String::from_utf8(daemon.run(&["audit", "verify"]).stdout).unwrap();
        assert!(verified.contains("\nin the store, to be written yet: "), "{verified}");
    }
    daemon.restart();
    assert_eq!(shown(&daemon, &["--action", "signed-up"]), ["signed-up alice", "signed-up bob"]);
    is_whole(&daemon);
}

#[test]
fn the_head_of_the_chain_is_in_the_operational_log() {
    let mut daemon = Daemon::start();
    story(&daemon);
    assert!(daemon.terminate().success());
    let last = records(&daemon).pop().unwrap();
    let (serial, hash) = (&last["serial"], last["hash"].as_str().unwrap());
    let told = format!("audit record {serial} has the hash {hash}");
    assert!(daemon.log().contains(&told), "{told}");
}

#[test]
fn a_device_that_is_used_from_a_new_network_is_on_record_once() {
    let mut daemon = Daemon::start();
    let key = DeviceKey::new();
    let login = |daemon: &Daemon, own: [u8; 4]| {
        let link = Link::plain_from(own.into(), daemon.said.plain).unwrap();
        Client::greet(link).login_device("alice", &key).unwrap();
    };
    daemon.client().sign_up_with("alice", PASSWORD, Some(key.offer("laptop"))).unwrap();
    for own in [[127, 0, 0, 9], [127, 0, 1, 9], [127, 0, 1, 10], [127, 0, 0, 1]] {
        login(&daemon, own);
    }
    assert_eq!(shown(&daemon, &["--suspicious"]), ["suspicious-network alice"]);
    // It is not forgotten by a crash either, and the socket on the machine is no network.
    daemon.kill9();
    daemon.restart();
    login(&daemon, [127, 0, 1, 11]);
    daemon.unix_client().login_device("alice", &key).unwrap();
    login(&daemon, [127, 0, 2, 1]);
    let records = records(&daemon);
    let networks = records.iter().filter(|record| record["action"] == "suspicious-network");
    let networks: Vec<&Value> = networks.map(|record| &record["details"]["network"]).collect();
    assert_eq!(networks, ["127.0.1.0/24", "127.0.2.0/24"]);
}

#[test]
fn whoever_kicks_very_many_is_on_record_once() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let _bob = daemon.user("bob");
    for _ in 0..30 {
        alice.add(room, "bob").unwrap();
        alice.kick(room, "bob", "out").unwrap();
    }
    assert_eq!(shown(&daemon, &["--suspicious"]), ["suspicious-removals alice"]);
}

fn refused(outcome: Outcome) -> Option<Code> {
    match outcome {
        Outcome::Refused(refusal) => Some(refusal.code),
        _ => None,
    }
}

#[test]
fn who_tries_what_takes_a_role_is_on_record_and_has_to_wait_after_sixty() {
    let daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = ["alice", "bob", "carol"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    let not = Some(Code::NotPermitted);
    let announce = Command::Announce(Announce { text: "listen".to_owned() });
    let tried = [
        (bob.promote(room, "bob").err(), not, "role-changed bob"),
        (bob.demote(room, "alice").err(), not, "role-changed alice"),
        (bob.transfer(room, "bob").err(), not, "role-changed bob"),
        (bob.set_topic(room, "mine").err(), not, "topic-changed -"),
        (bob.rename(room, "mine").err(), not, "room-renamed -"),
        (bob.slow(room, 9).err(), not, "slow-mode-changed -"),
        (bob.approve(room, "carol").err(), not, "joined carol"),
        (bob.deny(room, "carol", "no").err(), not, "request-ended carol"),
        (bob.add(room, "carol").err(), not, "joined carol"),
        (bob.invite(room, "carol").err(), not, "invited carol"),
        (bob.revoke_invite(room, "carol").err(), not, "invite-ended carol"),
        (bob.kick(room, "alice", "out").err(), not, "departed alice"),
        (bob.ban(room, "alice", None).err(), not, "banned alice"),
        (bob.unban(room, "carol").err(), not, "unbanned carol"),
        (refused(bob.ask(announce)), not, "announced -"),
        (carol.kick(room, "bob", "out").err(), Some(Code::NotAMember), "departed bob"),
    ];
    for (code, expected, what) in &tried {
        assert_eq!(code, expected, "{what}");
    }
    // What an admin cannot do because it is not so is no attempt at anything.
    assert_eq!(alice.kick(room, "carol", "out"), Err(Code::NotAMember));
    let refused: Vec<Value> =
        records(&daemon).into_iter().filter(|record| record["outcome"] == "refused").collect();
    let told = |record: &Value| {
        format!(
            "{} {}",
            record["action"].as_str().unwrap(),
            record["subject"].as_str().unwrap_or("-")
        )
    };
    let expected: Vec<&str> = tried.iter().map(|(_, _, what)| *what).collect();
    assert_eq!(refused.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!(refused[0]["actor"], "bob");
    assert_eq!(refused[0]["details"]["code"], "not-permitted");
    assert_eq!(refused[15]["details"]["code"], "not-a-member");

    let mut codes = vec![];
    for _ in 0..50 {
        codes.push(bob.set_topic(room, "mine").err().unwrap());
    }
    assert_eq!(codes.iter().filter(|code| **code == Code::NotPermitted).count(), 45);
    assert!(codes[45..].iter().all(|code| *code == Code::RateLimited), "{codes:?}");
    assert_eq!(shown(&daemon, &["--suspicious"]), ["suspicious-overreaching bob"]);
    assert_eq!(shown(&daemon, &["--user", "bob", "--action", "topic-changed"]).len(), 46);
    // It is nothing that a member does, and does not keep one from it.
    bob.say(room, "sorry").unwrap();
}

#[test]
fn a_subcommand_that_names_what_there_is_not_is_on_record_in_its_words() {
    let daemon = Daemon::start();
    let commands: [(&[&str], &str); 6] = [
        (&["user", "passwd", "ghost", "--generate"], "password-set ghost"),
        (&["room", "terminate", "no\u{1b}where"], "room-terminated no\u{1b}where"),
        (&["room", "transfer", "aaaaa-aaaaa", "ghost"], "role-changed aaaaa-aaaaa"),
        (&["session", "disconnect", "99"], "session-disconnected 99"),
        (&["session", "disconnect", "ghost"], "session-disconnected ghost"),
        (&["user", "remove", "ghost"], "account-removed -"),
    ];
    for (command, _) in commands {
        assert_eq!(daemon.run(command).status.code(), Some(1), "{command:?}");
    }
    let records = records(&daemon);
    let refused = records.iter().filter(|record| record["outcome"] == "refused");
    let told = refused.map(|record| {
        let named = record["details"]["named"].as_str().unwrap_or("-");
        format!("{} {named}", record["action"].as_str().unwrap())
    });
    assert_eq!(told.collect::<Vec<_>>(), commands.map(|(_, told)| told));
    is_whole(&daemon);
}
