//! The rules of rooms as scripts meet them: the real program, the real daemon, and JSON.

mod bans;
mod dropping;
mod entering;
mod leaving;
mod told;

use std::thread;
use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::harness::{Follower, PATIENCE};
use crate::people::User;

fn people<'a, const N: usize>(daemon: &'a Daemon, names: [&'a str; N]) -> [User<'a>; N] {
    names.map(|name| User::signed_up(name, daemon))
}

/// The code with which a command is refused.
fn refused(user: &User<'_>, command: &[&str]) -> String {
    let done = user.run(command);
    assert_eq!(done.status, Some(1), "{command:?}: {done:?}");
    let rest = done.err.strip_prefix("parlor: refused: ").unwrap_or_else(|| panic!("{done:?}"));
    rest.split(':').next().unwrap().to_owned()
}

/// Waits for what time or the daemon's housekeeping does. Nothing rings when it is done; the
/// deadline decides, not the pause.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// What a listing says under a key, line by line.
fn listed(user: &User<'_>, command: &[&str], key: &str) -> Vec<String> {
    let out = user.does(&[command, &["--json"]].concat());
    let value = |line: &str| {
        let rest = line.split_once(&format!("\"{key}\":\"")).unwrap_or_else(|| panic!("{line}")).1;
        rest.split('"').next().unwrap().to_owned()
    };
    out.lines().map(value).collect()
}

#[test]
fn whoever_asks_is_let_in_by_an_admin_and_hears_of_it_at_the_next_login() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops"]);
    assert_eq!(refused(&bob, &["join", "ops"]), "request-first");
    bob.does(&["request", "ops", "let", "me", "in"]);
    assert_eq!(refused(&bob, &["request", "ops"]), "already-requested");
    assert_eq!(listed(&alice, &["requests", "ops"], "reason"), ["let me in"]);
    assert_eq!(listed(&alice, &["notifications"], "kind"), ["join-requested"]);
    alice.does(&["approve", "ops", "bob"]);
    assert_eq!(refused(&alice, &["approve", "ops", "bob"]), "no-such-request");
    assert_eq!(listed(&bob, &["notifications"], "kind"), ["approved"]);
    bob.does(&["send", "ops", "hello @alice"]);
    assert_eq!(listed(&alice, &["notifications"], "kind"), ["join-requested", "mentioned"]);
}

#[test]
fn a_kicked_user_who_follows_is_told_and_comes_back_by_asking() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops", "--entry", "open"]);
    bob.does(&["join", "ops"]);
    alice.does(&["send", "ops", "you there?"]);
    let tail = Follower::spawn(bob.command(&["tail", "ops", "-f", "--json"]));
    assert!(tail.line().contains("you there?"));
    alice.does(&["kick", "ops", "bob", "calm", "down"]);
    let last = tail.line();
    assert!(last.contains("\"closing\"") && last.contains("\"code\":\"kicked\""), "{last}");
    assert_eq!(tail.ends(), Some(1));
    assert_eq!(refused(&bob, &["join", "ops"]), "request-first");
    assert_eq!(listed(&bob, &["log"], "rejoin"), ["request"]);
    bob.does(&["request", "ops"]);
    alice.does(&["approve", "ops", "bob"]);
    assert_eq!(listed(&alice, &["members", "ops"], "user"), ["alice", "bob"]);
}

#[test]
fn a_banned_user_sees_the_room_nowhere_and_gets_in_by_no_way_also_not_with_an_earlier_invite() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    let id = alice.does(&["create", "plans", "--private"]).trim().to_owned();
    assert_eq!(refused(&bob, &["join", &id]), "not-invited");
    alice.does(&["invite", &id, "bob"]);
    assert_eq!(listed(&bob, &["invites"], "room"), [id.as_str()]);
    alice.does(&["ban", "plans", "bob", "spam"]);
    daemon.restart();
    assert_eq!(refused(&bob, &["join", &id]), "banned");
    for command in [&["rooms"][..], &["log"], &["invites"]] {
        assert_eq!(bob.does(command), "", "{command:?}");
    }
    assert_eq!(listed(&bob, &["notifications"], "kind"), ["invited", "banned"]);
}

#[test]
fn of_fifty_clients_one_gets_the_title() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    // The same title to everybody but a computer.
    let spellings = ["Straße", "STRASSE", "strasse", "ｓｔｒａｓｓｅ", "Stras\u{200d}se"];
    let titles: Vec<&str> = spellings.iter().copied().cycle().take(50).collect();
    let ends: Vec<Option<i32>> = titles
        .chunks(10)
        .flat_map(|titles| {
            thread::scope(|scope| {
                let runs: Vec<_> = titles
                    .iter()
                    .map(|title| {
                        scope.spawn(|| alice.command(&["create", title]).output().unwrap())
                    })
                    .collect();
                runs.into_iter().map(|run| run.join().unwrap().status.code()).collect::<Vec<_>>()
            })
        })
        .collect();
    assert_eq!(ends.iter().filter(|status| **status == Some(0)).count(), 1, "{ends:?}");
    assert_eq!(ends.iter().filter(|status| **status == Some(1)).count(), 49, "{ends:?}");
    assert_eq!(listed(&alice, &["rooms"], "title").len(), 1);
}

#[test]
fn notifications_are_followed_as_they_come_and_over_a_crash() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    let bob = User::signed_up("bob", &daemon);
    alice.does(&["create", "one", "--private"]);
    alice.does(&["create", "two", "--private"]);
    alice.does(&["invite", "one", "bob"]);
    let follower = Follower::spawn(bob.command(&["notifications", "-f", "--json"]));
    assert!(follower.line().contains("\"title\":\"one\""));
    alice.does(&["invite", "two", "bob"]);
    assert!(follower.line().contains("\"title\":\"two\""));
    daemon.restart();
    alice.does(&["create", "three", "--private"]);
    alice.does(&["invite", "three", "bob"]);
    assert!(follower.line().contains("\"title\":\"three\""), "what was told is not repeated");
    assert_eq!(bob.does(&["notifications", "--dismiss", "all"]), "");
    assert_eq!(bob.does(&["notifications"]), "");
}

#[test]
fn a_sign_up_that_waits_keeps_its_device_and_acts_once_it_is_approved() {
    let daemon = Daemon::start();
    daemon.operate(&["sign-up", "approval"]);
    let bob = User::signed_up("bob", &daemon);
    let waits = bob.run(&["whoami"]);
    assert_eq!(waits.status, Some(255), "{waits:?}");
    assert!(waits.err.contains("sign-up-waiting"), "{waits:?}");
    daemon.operate(&["user", "approve", "bob"]);
    // By the key that the sign-up left: nobody is asked for a password.
    assert_eq!(bob.does(&["whoami"]), "bob\n");
    bob.does(&["create", "bobs"]);
    let carol = User::signed_up("carol", &daemon);
    daemon.operate(&["user", "deny", "carol", "not", "now"]);
    let denied = carol.run(&["whoami"]);
    assert!(denied.err.contains("sign-up-denied") && denied.err.contains("not now"), "{denied:?}");
}

#[test]
fn a_code_of_the_operators_lets_one_in() {
    let daemon = Daemon::start();
    daemon.operate(&["sign-up", "code"]);
    let code = daemon.operate(&["code", "create"]);
    let bob = User::new("bob", &daemon);
    let without = bob.with_password(crate::people::PASSWORD, &["signup"]);
    assert!(without.err.contains("refused: bad-code: "), "{without:?}");
    let with = bob.with_password(crate::people::PASSWORD, &["signup", "--code", code.trim()]);
    assert_eq!(with.status, Some(0), "{with:?}");
    assert_eq!(bob.does(&["whoami"]), "bob\n");
}
