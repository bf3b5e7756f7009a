//! Who is kept out, by whom, and for how long; and what one does not want to hear of.

use super::{listed, people, refused, until};
use crate::daemon::Daemon;
use crate::harness::Follower;

#[test]
fn a_banned_follower_is_out_at_once_and_told_why() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops", "--entry", "open"]);
    bob.does(&["join", "ops"]);
    alice.does(&["send", "ops", "hello"]);
    let follower = Follower::spawn(bob.command(&["tail", "ops", "-f", "--json"]));
    assert!(follower.line().contains("hello"));
    let ban = alice.does(&["ban", "ops", "bob", "spam", "again", "--json"]);
    assert!(ban.contains("\"user\":\"bob\",\"by\":\"alice\",\"reason\":\"spam again\""), "{ban}");
    assert!(ban.ends_with("\"until\":null}\n"), "{ban}");
    assert!(follower.line().ends_with("\"code\":\"banned\"}"));
    assert_eq!(follower.ends(), Some(1));
}

#[test]
fn a_banned_user_gets_in_by_no_way_and_comes_back_when_it_is_lifted() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    let id = alice.does(&["create", "ops", "--entry", "open"]).trim().to_owned();
    bob.does(&["join", "ops"]);
    alice.does(&["ban", "ops", "bob"]);
    daemon.restart();
    for command in [&["join", &id][..], &["request", &id], &["tail", &id], &["send", &id, "hi"]] {
        assert_eq!(refused(&bob, command), "banned", "{command:?}");
    }
    for command in [&["invite", "ops", "bob"][..], &["add", "ops", "bob"]] {
        assert_eq!(refused(&alice, command), "banned", "{command:?}");
    }
    for command in [&["rooms"][..], &["rooms", "--search", "op"], &["log"]] {
        assert_eq!(bob.does(command), "", "{command:?}");
    }
    assert_eq!(listed(&alice, &["bans", "ops"], "user"), ["bob"]);
    assert_eq!(refused(&bob, &["bans", &id]), "banned");
    alice.does(&["unban", "ops", "bob"]);
    assert_eq!(listed(&bob, &["notifications"], "kind"), ["banned", "unbanned"]);
    assert_eq!(listed(&bob, &["rooms"], "title"), ["ops"]);
    bob.does(&["join", "ops"]);
}

#[test]
fn a_ban_for_a_while_ends_by_itself_and_says_so() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops", "--entry", "open"]);
    bob.does(&["join", "ops"]);
    let ban = alice.does(&["ban", "ops", "bob", "--for", "2s", "--json"]);
    assert!(!ban.contains("\"until\":null"), "{ban}");
    until("the ban is over and said to be", || {
        listed(&bob, &["notifications"], "kind") == ["banned", "unbanned"]
    });
    assert_eq!(alice.does(&["bans", "ops"]), "");
    bob.does(&["join", "ops"]);
}

#[test]
fn a_ban_in_advance_gives_no_private_room_away() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    let id = alice.does(&["create", "plans", "--private"]).trim().to_owned();
    alice.does(&["create", "ops", "--entry", "open"]);
    alice.does(&["ban", "plans", "bob"]);
    alice.does(&["ban", "ops", "carol"]);
    assert_eq!(bob.does(&["notifications"]), "");
    assert_eq!(refused(&bob, &["join", &id]), "not-invited");
    assert_eq!(listed(&carol, &["notifications"], "kind"), ["banned"]);
    alice.does(&["unban", "plans", "bob"]);
    assert_eq!(bob.does(&["notifications"]), "");
}

#[test]
fn nobody_acts_against_the_owner_and_only_the_owner_against_an_admin() {
    let daemon = Daemon::start();
    let [alice, bob, _carol, dave] = people(&daemon, ["alice", "bob", "carol", "dave"]);
    alice.does(&["create", "ops"]);
    for user in ["bob", "carol", "dave"] {
        alice.does(&["add", "ops", user]);
    }
    alice.does(&["promote", "ops", "bob"]);
    alice.does(&["promote", "ops", "carol"]);
    for verb in ["kick", "ban"] {
        for (by, whom) in [(&bob, "alice"), (&bob, "carol"), (&dave, "bob"), (&alice, "alice")] {
            assert_eq!(refused(by, &[verb, "ops", whom]), "not-permitted", "{verb} {whom}");
        }
    }
    alice.does(&["ban", "ops", "carol"]);
    assert_eq!(refused(&bob, &["unban", "ops", "carol"]), "not-permitted");
    bob.does(&["ban", "ops", "dave"]);
    alice.does(&["unban", "ops", "dave"]);
    alice.does(&["kick", "ops", "bob"]);
    assert_eq!(listed(&alice, &["members", "ops"], "user"), ["alice"]);
}

#[test]
fn whoever_is_blocked_invites_and_adds_nobody_who_blocked_them() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops", "--private"]);
    assert_eq!(bob.does(&["block", "alice", "--json"]), "");
    daemon.restart();
    assert_eq!(refused(&alice, &["invite", "ops", "bob"]), "blocked");
    assert_eq!(refused(&alice, &["add", "ops", "bob"]), "blocked");
    bob.does(&["unblock", "alice"]);
    alice.does(&["add", "ops", "bob"]);
    assert_eq!(refused(&bob, &["block", "nobody"]), "no-such-user");
}

#[test]
fn slow_mode_holds_plain_members_back_and_spares_admins() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops", "--entry", "open"]);
    bob.does(&["join", "ops"]);
    assert_eq!(refused(&bob, &["slow", "ops", "2"]), "not-permitted");
    let room = alice.does(&["slow", "ops", "2", "--json"]);
    assert!(room.contains("\"slow_secs\":2,"), "{room}");
    for text in ["one", "two"] {
        alice.does(&["send", "ops", "--no-wait", text]);
    }
    bob.does(&["send", "ops", "--no-wait", "three"]);
    assert_eq!(refused(&bob, &["send", "ops", "--no-wait", "four"]), "slow-mode");
    // The client waits by itself, and says so.
    let done = bob.run(&["send", "ops", "four"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.err.starts_with("parlor: slow-mode: "), "{done:?}");
    assert_eq!(listed(&alice, &["tail", "ops"], "text"), ["one", "two", "three", "four"]);
}

#[test]
fn what_is_sent_faster_than_allowed_waits_and_is_said_once() {
    use std::io::Write;
    let daemon =
        Daemon::start_with("sign_up = \"open\"", "messages_burst = 5\nmessages_per_sec = 50");
    let alice = people(&daemon, ["alice"]).into_iter().next().unwrap();
    alice.does(&["create", "ops"]);
    let mut command = alice.command(&["send", "ops", "--lines"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let lines: Vec<String> = (1..=60).map(|line| format!("line {line}")).collect();
    writeln!(child.stdin.take().unwrap(), "{}", lines.join("\n")).unwrap();
    let done = crate::harness::done(&child.wait_with_output().unwrap());
    assert_eq!(done.status, Some(0), "{done:?}");
    let mut said = listed(&alice, &["tail", "ops", "-n", "100"], "text");
    assert_eq!(said.len(), 60);
    said.sort_by_key(|text| text[5..].parse::<u32>().unwrap());
    assert_eq!(said, lines, "each once");
}
