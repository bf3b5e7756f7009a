//! Rooms that keep their messages for a while only.

use rusqlite::Connection;

use super::{listed, people, until};
use crate::daemon::Daemon;

#[test]
fn what_a_room_has_dropped_is_passed_over_by_every_way_of_reading() {
    let limits = "messages_burst = 100000\n[retention]\nmessages_days = 8";
    let daemon = Daemon::start_with("sign_up = \"open\"", limits);
    let [alice] = people(&daemon, ["alice"]);
    alice.does(&["create", "ops"]);
    for text in ["one", "two", "three"] {
        alice.does(&["send", "ops", text]);
    }
    alice.does(&["topic", "ops", "news"]);
    daemon.kill();
    let store = Connection::open(daemon.host_key().with_file_name("parlor.db")).unwrap();
    let days = 8 * 24 * 60 * 60 * 1_000_i64;
    store.execute("UPDATE messages SET at = at - ?1", [days]).unwrap();
    drop(store);
    daemon.restart();
    until("the messages are dropped", || alice.does(&["tail", "ops"]).is_empty());
    for text in ["four", "five"] {
        alice.does(&["send", "ops", text]);
    }
    let texts = |command: &[&str]| listed(&alice, &[&["tail", "ops"], command].concat(), "text");
    assert_eq!(texts(&[]), ["four", "five"]);
    assert_eq!(texts(&["--after", "1"]), ["four", "five"]);
    assert_eq!(texts(&["--after", "1", "-n", "1"]), ["four"]);
    assert_eq!(texts(&["--before", "5"]), ["four"]);
    // Everything that is known of what happened, and no refusal.
    for number in ["4", "100"] {
        let told = alice.does(&["tail", "ops", "--events", "-n", number]);
        let ends = told.lines().map(|line| line.rsplit("  ").next().unwrap()).collect::<Vec<_>>();
        assert_eq!(ends, ["alice set the topic: news", "four", "five"], "{told}");
    }
}
