//! What is forgotten with time, and what is not: the store of a daemon that has stopped is made
//! older, and the daemon that starts on it clears away.

use std::time::{Duration, Instant};

use parlor_protocol::id::{Revision, RoomId};
use parlor_protocol::message::Direction;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Scope;
use rusqlite::Connection;

use crate::harness::{Client, Daemon, PASSWORD, PATIENCE};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Lets days pass for what these columns date, in a store that nobody has open.
fn pass(daemon: &Daemon, days: i64, columns: &[(&str, &str)]) {
    let store = Connection::open(daemon.data().join("parlor.db")).unwrap();
    for (table, column) in columns {
        let sql = format!("UPDATE {table} SET {column} = {column} - ?1");
        store.execute(&sql, [days * DAY_MS]).unwrap();
    }
}

/// Waits for the daemon to clear away by itself; the deadline decides, not the pause.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn back(daemon: &Daemon, name: &str) -> Client {
    let mut client = daemon.client();
    client.login(name, PASSWORD, None).unwrap();
    client
}

fn texts(client: &mut Client, room: RoomId) -> Vec<String> {
    client.all_history(room).iter().map(|message| message.text.as_str().to_owned()).collect()
}

#[test]
fn who_left_is_forgotten_after_30_days_and_so_are_notifications_but_no_ban() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = ["alice", "bob", "carol"].map(|name| daemon.user(name));
    let room = alice.create_private("ops").unwrap();
    for user in ["bob", "carol"] {
        alice.add(room, user).unwrap();
    }
    bob.leave(room).unwrap();
    alice.ban(room, "carol", None).unwrap();
    assert_eq!(bob.former(), ["ops live left invite"]);
    assert_eq!(bob.notifications().len(), 1);
    assert_eq!(carol.join(room).err(), Some(Code::Banned));
    let ages = [
        ("associations", "since"),
        ("associations", "ended_at"),
        ("associations", "banned_at"),
        ("notifications", "at"),
    ];
    assert!(daemon.terminate().success());
    pass(&daemon, 29, &ages);
    daemon.restart();
    let mut bob = back(&daemon, "bob");
    assert_eq!(bob.former(), ["ops live left invite"]);
    assert_eq!(bob.notifications().len(), 1);
    assert!(daemon.terminate().success());
    pass(&daemon, 1, &ages);
    daemon.restart();
    let [mut bob, mut carol] = ["bob", "carol"].map(|name| back(&daemon, name));
    until("the log and the notifications are empty", || {
        bob.former().is_empty() && bob.notifications().is_empty()
    });
    // Whom nothing ties to the room any more knows of it no more than anybody.
    assert_eq!(bob.join(room).err(), Some(Code::NotInvited));
    assert_eq!(carol.join(room).err(), Some(Code::Banned));
    assert!(daemon.run(&["check"]).status.success());
}

#[test]
fn the_messages_of_a_room_that_ended_go_after_30_days_and_no_others() {
    let mut daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let [ended, live] = ["ended", "live"].map(|title| alice.create(title).unwrap());
    for room in [ended, live] {
        alice.say(room, "hello").unwrap();
    }
    alice.leave(ended).unwrap();
    assert!(daemon.terminate().success());
    pass(&daemon, 30, &[("rooms", "terminated_at"), ("messages", "at")]);
    daemon.restart();
    let store = Connection::open(daemon.data().join("parlor.db")).unwrap();
    until("the messages are gone", || {
        let sql = "SELECT count(*) FROM messages";
        store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() == 1
    });
    assert_eq!(texts(&mut back(&daemon, "alice"), live), ["hello"]);
    assert!(daemon.run(&["check"]).status.success());
}

#[test]
fn a_room_drops_its_oldest_messages_where_it_is_told_to_and_numbers_go_on() {
    let mut daemon = Daemon::in_earnest("sign_up = \"open\"\n[retention]\nmessages_days = 8");
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    let since = Revision(2);
    for text in ["one @bob", "two", "three"] {
        alice.say(room, text).unwrap();
    }
    assert!(daemon.terminate().success());
    pass(&daemon, 8, &[("messages", "at")]);
    daemon.restart();
    let mut alice = back(&daemon, "alice");
    alice.say(room, "four @bob").unwrap();
    until("the oldest are gone", || texts(&mut alice, room) == ["four @bob"]);
    let mut bob = back(&daemon, "bob");
    let counted = |client: &mut Client| {
        let mine = client.list(Scope::Mine, "", None, 0);
        let ops = &mine.rooms[0].0;
        (ops.last_seq.unwrap().0, ops.unread.unwrap(), ops.mentions.unwrap())
    };
    assert_eq!(counted(&mut bob), (4, 1, 1), "what is gone is not unread");
    // Whoever was away for so long begins anew, and misses nothing that there is.
    assert_eq!(bob.changes(room, since, 0).err(), Some(Code::TooOld));
    assert_eq!(bob.all_changes(room, Revision(5)).len(), 1);
    let page = bob.history(room, Direction::Before, None, 1).unwrap();
    assert!(!page.more);
    // The same after the next start, and where nothing at all is left.
    assert!(daemon.terminate().success());
    pass(&daemon, 8, &[("messages", "at")]);
    daemon.restart();
    let mut bob = back(&daemon, "bob");
    until("all are gone", || texts(&mut bob, room).is_empty());
    assert_eq!(counted(&mut bob), (4, 0, 0));
    assert_eq!(bob.say(room, "five").unwrap().seq.0, 5);
    assert!(daemon.run(&["check"]).status.success());
    // Messages that nobody has dropped are still missed.
    assert!(daemon.terminate().success());
    let store = Connection::open(daemon.data().join("parlor.db")).unwrap();
    store.execute("DELETE FROM messages", []).unwrap();
    let check = daemon.run(&["check"]);
    let told = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(
        !check.status.success() && told.contains("has 4 as its last message and 5 noted"),
        "{told}"
    );
}
