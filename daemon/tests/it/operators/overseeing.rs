//! What operators see of rooms and sessions, and how they end them.

use parlor_protocol::refusal::Code;
use parlor_protocol::reply::CloseReason;
use serde_json::Value;

use super::looking_up::{objects, told};
use super::{does, refused, user};
use crate::harness::{Daemon, DeviceKey, Ended, PASSWORD};

/// The records of an action, without what differs from run to run.
fn records(daemon: &Daemon, action: &str) -> Vec<String> {
    let records = daemon.audit().into_iter().filter(|record| record["action"] == action);
    let of = |record: &Value| {
        let [outcome, actor, subject] =
            ["outcome", "actor", "subject"].map(|key| record[key].as_str().unwrap_or("-"));
        let uid = rustix::process::geteuid().as_raw();
        assert_eq!(record["details"]["uid"], uid, "{record}");
        format!("{outcome} {actor} {subject}")
    };
    records.map(|record| of(&record)).collect()
}

#[test]
fn all_rooms_are_listed_and_shown_with_their_members_and_nothing_that_is_said() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let plans = alice.create_private("Plans").unwrap();
    alice.add(plans, "bob").unwrap();
    alice.say(plans, "the treasure is under the oak").unwrap();
    bob.create("ops").unwrap();
    let shown = |daemon: &Daemon| {
        let listed = does(daemon, &["room", "list", "--json"]);
        let shown = does(daemon, &["room", "show", "plans", "--json"]);
        let lines = objects(&format!("{listed}{shown}"));
        let room = |line: &Value| told(line).replace(&plans.to_string(), "ROOM");
        let ops = |line: String| match line.split_once("\"room\":\"") {
            Some((before, after)) => {
                format!("{before}\"room\":\"ROOM\"{}", &after[after.find('"').unwrap() + 1..])
            }
            None => line,
        };
        lines.iter().map(room).map(ops).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(shown(&daemon), @r#"
    {"created_at":"TIME","entry":"open","last_seq":null,"members":1,"mentions":null,"owner":"bob","role":null,"room":"ROOM","terminated_at":null,"title":"ops","topic":null,"type":"room","unread":null,"visibility":"public"}
    {"created_at":"TIME","entry":"ask","last_seq":null,"members":2,"mentions":null,"owner":"alice","role":null,"room":"ROOM","terminated_at":null,"title":"Plans","topic":null,"type":"room","unread":null,"visibility":"private"}
    {"created_at":"TIME","entry":"ask","last_seq":null,"members":2,"mentions":null,"owner":"alice","role":null,"room":"ROOM","terminated_at":null,"title":"Plans","topic":null,"type":"room","unread":null,"visibility":"private"}
    {"joined_at":"TIME","online":null,"role":"owner","room":"ROOM","type":"member","user":"alice"}
    {"joined_at":"TIME","online":null,"role":"member","room":"ROOM","type":"member","user":"bob"}
    "#);
    let columns = does(&daemon, &["room", "show", &plans.to_string()]);
    assert!(!columns.contains("treasure") && columns.contains("alice"), "{columns}");
    assert_eq!(does(&daemon, &["room", "list"]).lines().count(), 2);
    assert!(refused(&daemon, &["room", "show", "nowhere"]).contains("no such room"));
    let running = shown(&daemon);
    assert!(daemon.terminate().success());
    assert_eq!(shown(&daemon), running, "without a running daemon, too");
}

#[test]
fn a_long_list_of_rooms_is_whole() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let mut titles: Vec<_> = (0..45).map(|number| format!("room {number:02}")).collect();
    for title in &titles {
        alice.create(title).unwrap();
    }
    titles.sort();
    let listed = objects(&does(&daemon, &["room", "list", "--json"]));
    let listed: Vec<_> = listed.iter().map(|room| room["title"].as_str().unwrap()).collect();
    assert_eq!(listed, titles);
}

#[test]
fn a_room_that_an_operator_terminates_is_over_for_everybody_in_it_at_once() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    alice.add(room, "bob").unwrap();
    alice.settle();
    bob.settle();
    does(&daemon, &["room", "terminate", "OPS"]);
    assert_eq!(alice.notified().last().unwrap(), "! room-terminated in ops");
    assert_eq!(bob.notified().last().unwrap(), "! room-terminated in ops");
    assert_eq!(alice.say(room, "hello?").err(), Some(Code::RoomTerminated));
    assert!(refused(&daemon, &["room", "terminate", "ops"]).contains("no such room"));
    let again = refused(&daemon, &["room", "terminate", &room.to_string()]);
    assert!(again.contains("ended for good"), "{again}");
    let other = bob.create("ops").unwrap();
    assert!(daemon.terminate().success());
    does(&daemon, &["room", "terminate", "ops"]);
    daemon.restart();
    let mut bob = daemon.client();
    bob.login("bob", PASSWORD, None).unwrap();
    assert_eq!(bob.say(other, "hello?").err(), Some(Code::RoomTerminated));
    // Neither was there: the title was free again, and the room had ended.
    let refused = "refused (console) -";
    let ended = ["done (console) -", refused, refused, "done (console) -"];
    assert_eq!(records(&daemon, "room-terminated"), ended);
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_or_all_of_a_user() {
    let mut daemon = Daemon::start();
    let key = DeviceKey::new();
    let alice = daemon.user("alice");
    let mut bobs = vec![user(&daemon, "bob", &key)];
    for _ in 0..2 {
        let mut bob = daemon.tls_client();
        bob.login_device("bob", &key).unwrap();
        bobs.push(bob);
    }
    let listed = |daemon: &Daemon| objects(&does(daemon, &["session", "list", "--json"]));
    let sessions = listed(&daemon);
    let whose = |session: &Value| format!("{} {}", session["user"], session["device"]);
    let users: Vec<_> = sessions.iter().map(whose).collect();
    assert_eq!(users, ["\"alice\" null", "\"bob\" 1", "\"bob\" 1", "\"bob\" 1"]);
    assert!(does(&daemon, &["session", "list"]).lines().nth(1).unwrap().contains(" bob "));

    let first = sessions[1]["session"].to_string();
    does(&daemon, &["session", "disconnect", &first]);
    let disconnected = Ended::Closing(CloseReason::Disconnected);
    assert_eq!(bobs.remove(0).until_ended(), disconnected);
    // The others are still there, and so is the device.
    bobs[0].create("bobs").unwrap();
    does(&daemon, &["session", "disconnect", "Bob"]);
    for mut bob in bobs {
        assert_eq!(bob.until_ended(), disconnected);
    }
    daemon.tls_client().login_device("bob", &key).unwrap();
    let gone = refused(&daemon, &["session", "disconnect", &first]);
    assert!(gone.contains("no such session"), "{gone}");
    assert!(refused(&daemon, &["session", "disconnect", "carol"]).contains("no such session"));
    let ended = [["done (console) bob"; 3].as_slice(), &["refused (console) -"; 2]].concat();
    assert_eq!(records(&daemon, "session-disconnected"), ended);
    drop(alice);
    assert!(daemon.terminate().success());
    for command in [&["session", "list"][..], &["session", "disconnect", "bob"]] {
        assert!(refused(&daemon, command).contains("no parlord runs"));
    }
}
