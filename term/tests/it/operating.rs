//! `op`: what operators do from the client, and what everybody hears of it.

use crate::daemon::Daemon;
use crate::harness::Follower;
use crate::people::{PASSWORD, User};

/// Alice, who is an operator.
fn operator(daemon: &Daemon) -> User<'_> {
    let alice = User::signed_up("alice", daemon);
    daemon.operate(&["user", "operator", "alice", "on"]);
    alice
}

#[test]
fn an_operator_lets_in_and_shuts_out() {
    let daemon = Daemon::start();
    let alice = operator(&daemon);
    daemon.operate(&["sign-up", "approval"]);
    for name in ["bob", "carol"] {
        assert_eq!(User::new(name, &daemon).with_password(PASSWORD, &["signup"]).status, Some(0));
    }
    let pending = alice.does(&["op", "pending"]);
    let names: Vec<_> = pending.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["bob", "carol"]);
    let page = alice.does(&["op", "pending", "--limit", "1", "--json"]);
    let lines: Vec<_> = page.lines().collect();
    assert!(lines[0].starts_with("{\"type\":\"sign-up\",\"user\":\"bob\",\"at\":\"20"), "{page}");
    assert_eq!(lines[1..], ["{\"type\":\"page\",\"next\":\"bob\"}"]);
    assert_eq!(alice.does(&["op", "deny", "carol", "not", "this", "time"]), "");
    let user = |status| {
        format!(
            "{{\"type\":\"user\",\"user\":\"bob\",\"operator\":false,\"status\":\"{status}\"}}\n"
        )
    };
    assert_eq!(alice.does(&["op", "approve", "bob", "--json"]), user("active"));
    let bob = User::new("bob", &daemon);
    assert_eq!(bob.with_password(PASSWORD, &["whoami"]).status, Some(0));
    assert_eq!(alice.does(&["op", "disable", "bob", "--json"]), user("disabled"));
    assert_eq!(bob.run(&["whoami"]).status, Some(255));
    assert_eq!(alice.does(&["op", "enable", "bob", "--json"]), user("active"));
    let done = bob.run(&["op", "disable", "alice"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.err.starts_with("parlor: refused: not-permitted: "), "{done:?}");
    let done = alice.run(&["op", "approve", "bob"]);
    assert!(done.err.starts_with("parlor: refused: no-such-request: "), "{done:?}");
    let done = bob.run(&["op", "announce"]);
    assert_eq!(done.status, Some(2), "{done:?}");
}

#[test]
fn an_operator_sees_all_rooms() {
    let daemon = Daemon::start();
    let (alice, bob) = (operator(&daemon), User::signed_up("bob", &daemon));
    bob.does(&["create", "Plans", "--private"]);
    bob.does(&["create", "ops"]);
    assert_eq!(alice.does(&["rooms"]).lines().count(), 1);
    let rooms = alice.does(&["op", "rooms", "--json"]);
    let titles: Vec<_> = rooms.lines().map(|line| line.contains("\"title\":\"Plans\"")).collect();
    assert_eq!(titles, [false, true], "{rooms}");
    assert!(rooms.lines().all(|line| line.starts_with("{\"type\":\"room\",")), "{rooms}");
    assert_eq!(alice.does(&["op", "rooms", "--search", "plan"]).lines().count(), 1);
    assert_eq!(bob.run(&["op", "rooms"]).status, Some(1));
}

#[test]
fn an_announcement_is_a_line_of_its_own_kind_for_whoever_follows() {
    let daemon = Daemon::start();
    let alice = operator(&daemon);
    alice.does(&["create", "ops"]);
    let json = Follower::spawn(alice.command(&["tail", "ops", "-f", "--json"]));
    let plain = Follower::spawn(alice.command(&["tail", "ops", "-f"]));
    // Both follow once they have printed what is said.
    alice.does(&["send", "ops", "hello"]);
    assert!(json.line().contains("\"text\":\"hello\""));
    assert!(plain.line().ends_with("  alice  hello"));
    assert_eq!(alice.does(&["op", "announce", "back", "at", "nine\u{1b}[2J\u{202e}"]), "");
    let line = json.line();
    let begins = "{\"type\":\"announcement\",\"at\":\"20";
    let ends = "\"by\":\"alice\",\"text\":\"back at nine[2J\\u202e\"}";
    assert!(line.starts_with(begins) && line.ends_with(ends), "{line}");
    let line = plain.line();
    assert!(line.ends_with("Z  *  alice announces: back at nine[2J\u{fffd}"), "{line}");
    daemon.operate(&["announce", "now"]);
    assert!(json.line().ends_with("\"by\":null,\"text\":\"now\"}"));
    assert!(plain.line().ends_with("Z  *  The server announces: now"));
}

#[test]
fn the_message_of_the_day_disturbs_no_script() {
    let limits = "messages_burst = 100\n[server]\nmotd = \"mind the \\u202e step\\nand the dog\"";
    let daemon = Daemon::start_with("sign_up = \"open\"", limits);
    let alice = User::signed_up("alice", &daemon);
    let done = alice.run(&["whoami"]);
    assert_eq!((done.out.as_str(), done.err.as_str()), ("alice\n", ""));
    let to = format!("alice@127.0.0.1:{}", daemon.port);
    let done = alice.home.run(&["-v", "-o", "BatchMode=yes", &to, "whoami"]);
    assert_eq!(done.out, "alice\n");
    let told: Vec<_> = done.err.lines().filter(|line| line.contains("the")).collect();
    assert!(
        told.contains(&"parlor: mind the \u{fffd} step") && told.contains(&"parlor: and the dog"),
        "{told:?}"
    );
}
