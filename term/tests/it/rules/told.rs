//! What one is told of, what one has read, and what is the admins' alone.

use super::{listed, people, refused};
use crate::daemon::Daemon;
use crate::harness::{Follower, Home};
use crate::people::{PASSWORD, User};

#[test]
fn notifications_are_read_and_dismissed_on_all_devices_together() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    for title in ["one", "two", "three"] {
        alice.does(&["create", title, "--private"]);
        alice.does(&["invite", title, "bob"]);
    }
    let elsewhere = User { name: "bob", home: Home::new(), daemon: &daemon };
    assert_eq!(elsewhere.with_password(PASSWORD, &["whoami"]).status, Some(0));
    let unread =
        |user: &User<'_>| user.does(&["notifications", "--json"]).matches("\"read\":false").count();
    // Listing marks nothing read.
    assert_eq!((unread(&bob), unread(&elsewhere)), (3, 3));
    bob.does(&["notifications", "--read", "2"]);
    assert_eq!(unread(&elsewhere), 2);
    elsewhere.does(&["notifications", "--dismiss", "1"]);
    assert_eq!(listed(&bob, &["notifications"], "title"), ["two", "three"]);
    assert_eq!(refused(&bob, &["notifications", "--dismiss", "1"]), "no-such-notification");
    daemon.restart();
    assert_eq!((unread(&bob), unread(&elsewhere)), (1, 1));
    elsewhere.does(&["notifications", "--read", "all"]);
    assert_eq!(unread(&bob), 0);
    elsewhere.does(&["notifications", "--dismiss", "all"]);
    assert_eq!(bob.does(&["notifications"]), "");
}

#[test]
fn each_act_is_told_to_whom_it_concerns_and_never_to_its_author() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops"]);
    alice.does(&["add", "ops", "bob"]);
    alice.does(&["promote", "ops", "bob"]);
    alice.does(&["demote", "ops", "bob"]);
    alice.does(&["send", "ops", "@bob and @alice, look"]);
    alice.does(&["transfer", "ops", "bob"]);
    bob.does(&["kick", "ops", "alice"]);
    let kinds = ["added", "role-changed", "role-changed", "mentioned", "ownership-received"];
    assert_eq!(listed(&bob, &["notifications"], "kind"), kinds);
    let told = alice.does(&["notifications"]);
    assert!(told.ends_with("bob kicked you from ops\n"), "{told}");
    assert!(!told.contains("mentioned"), "{told}");
}

#[test]
fn a_blocked_user_is_listed_and_what_they_say_is_hidden_until_they_are_unblocked() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    alice.does(&["create", "ops", "--entry", "open"]);
    for user in [&bob, &carol] {
        user.does(&["join", "ops"]);
        user.does(&["send", "ops", "hello", "@alice"]);
    }
    assert_eq!(alice.does(&["block"]), "");
    let tail = Follower::spawn(alice.command(&["tail", "ops", "-f", "--json"]));
    let said = |line: String| line.split("\"author\":").nth(1).unwrap().to_owned();
    assert_eq!(
        said(tail.line()),
        "\"bob\",\"kind\":\"said\",\"text\":\"hello @alice\",\"author_removed\":false}"
    );
    assert_eq!(
        said(tail.line()),
        "\"carol\",\"kind\":\"said\",\"text\":\"hello @alice\",\"author_removed\":false}"
    );
    alice.does(&["block", "bob"]);
    bob.does(&["send", "ops", "@alice", "are", "you", "there?"]);
    carol.does(&["send", "ops", "no"]);
    assert_eq!(
        said(tail.line()),
        "\"carol\",\"kind\":\"said\",\"text\":\"no\",\"author_removed\":false}"
    );
    drop(tail);
    assert_eq!(listed(&alice, &["tail", "ops"], "author"), ["carol", "carol"]);
    assert_eq!(listed(&alice, &["notifications"], "by"), ["bob", "carol"], "from before it");
    alice.does(&["block", "carol"]);
    let blocks = alice.does(&["block", "--json", "--limit", "1"]);
    let (first, page) = blocks.split_once('\n').unwrap();
    assert!(first.starts_with("{\"type\":\"block\",\"user\":\"bob\",\"at\":\"20"), "{first}");
    assert_eq!(page, "{\"type\":\"page\",\"next\":\"bob\"}\n");
    assert_eq!(listed(&alice, &["block", "--after", "bob"], "user"), ["carol"]);
    alice.does(&["unblock", "bob"]);
    assert_eq!(listed(&alice, &["tail", "ops"], "text"), ["hello @alice", "@alice are you there?"]);
    assert_eq!(alice.run(&["block", "bob", "--limit", "1"]).status, Some(2));
}

#[test]
fn a_display_name_stands_beside_the_name() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops", "--entry", "open"]);
    bob.does(&["join", "ops"]);
    assert_eq!(bob.does(&["name"]), "");
    assert_eq!(bob.does(&["name", "Bob", "the\u{1b}[31m Builder"]), "");
    assert_eq!(bob.does(&["name"]), "Bob the[31m Builder\n");
    assert!(bob.does(&["whoami"]).contains("bob  Bob the[31m Builder"));
    let shown = listed(&alice, &["members", "ops", "--after", "1"], "display_name");
    assert_eq!(shown, ["Bob the[31m Builder"]);
    assert_eq!(refused(&bob, &["name", &"x".repeat(49)]), "too-long");
    let cleared = bob.does(&["name", "", "--json"]);
    let whole = "{\"type\":\"user\",\"user\":\"bob\",\"operator\":false,\"display_name\":null}\n";
    assert_eq!(cleared, whole);
    assert_eq!(bob.does(&["whoami", "--json"]), whole);
}

#[test]
fn a_read_marker_only_grows_is_capped_and_counts_what_is_unread() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops", "--entry", "open"]);
    alice.does(&["send", "ops", "before bob came"]);
    bob.does(&["join", "ops"]);
    for text in ["one", "two @bob", "three"] {
        alice.does(&["send", "ops", text]);
    }
    let counts = |user: &User<'_>, unread: u64, mentions: u64, read: u64| {
        let room = user.does(&["rooms", "--mine", "--json"]);
        let counted = format!("\"unread\":{unread},\"mentions\":{mentions},\"slow_secs\":0");
        assert!(room.contains(&counted), "{room}");
        assert!(room.contains(&format!(",\"read\":{read}")), "{room}");
    };
    // Whoever comes in has read all that was there.
    counts(&bob, 3, 1, 1);
    let marker = bob.does(&["read", "ops", "3", "--json"]);
    assert!(marker.starts_with("{\"type\":\"read-marker\",\"room\":\""), "{marker}");
    assert!(marker.ends_with("\",\"seq\":3,\"unread\":1,\"mentions\":0}\n"), "{marker}");
    bob.does(&["read", "ops", "2"]);
    counts(&bob, 1, 0, 3);
    bob.does(&["read", "ops", "999"]);
    counts(&bob, 0, 0, 4);
}

#[test]
fn requests_invites_and_bans_are_the_admins_alone_and_leave_no_gap() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    alice.does(&["create", "ops"]);
    alice.does(&["add", "ops", "bob"]);
    carol.does(&["request", "ops", "please"]);
    alice.does(&["deny", "ops", "carol", "no"]);
    alice.does(&["invite", "ops", "carol"]);
    alice.does(&["revoke", "ops", "carol"]);
    alice.does(&["ban", "ops", "carol", "enough"]);
    alice.does(&["unban", "ops", "carol"]);
    alice.does(&["slow", "ops", "30"]);
    let events = |user: &User<'_>| {
        let out = user.does(&["tail", "ops", "--events", "-n", "100"]);
        out.lines().map(|line| line[26..].to_owned()).collect::<Vec<_>>()
    };
    let known = ["*  alice created the room", "*  bob joined"];
    let slow = "*  alice set slow mode: 30 s between two messages";
    assert_eq!(events(&bob), [&known[..], &[slow]].concat());
    let hidden = [
        "*  carol asks to come in: please",
        "*  alice denied carol's request: no",
        "*  alice invited carol",
        "*  alice revoked carol's invite",
        "*  alice keeps carol out: enough",
        "*  alice lifted carol's ban",
    ];
    assert_eq!(events(&alice), [&known[..], &hidden, &[slow]].concat());
    for command in [&["requests", "ops"][..], &["invites", "ops"], &["bans", "ops"]] {
        assert_eq!(refused(&bob, command), "not-permitted", "{command:?}");
    }
    let kinds = listed(&alice, &["tail", "ops", "--events", "-n", "100"], "kind");
    assert_eq!(
        kinds,
        [
            "created",
            "joined",
            "requested",
            "request-ended",
            "invited",
            "invite-ended",
            "banned",
            "unbanned",
            "slow-mode-changed"
        ]
    );
}
