//! What operators do, from outside: who gets an account, who loses it, and what follows at once.

mod from_a_client;
mod looking_up;
mod overseeing;
mod succession;

use std::time::{Duration, Instant};

use parlor_protocol::account::{LoggedIn, SignUpMode};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::room::Role;

use crate::harness::{Client, Daemon, DeviceKey, Ended, PASSWORD, PATIENCE};

/// Runs a subcommand that must succeed, and tells what it printed.
pub(crate) fn does(daemon: &Daemon, arguments: &[&str]) -> String {
    let output = daemon.run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn refused(daemon: &Daemon, arguments: &[&str]) -> String {
    let output = daemon.run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn user(daemon: &Daemon, name: &str, device: &DeviceKey) -> Client {
    let mut client = daemon.tls_client();
    client.sign_up_with(name, PASSWORD, Some(device.offer("laptop"))).unwrap();
    client.subscribe();
    client
}

fn log_in(daemon: &Daemon, name: &str) -> Result<LoggedIn, Refusal> {
    daemon.tls_client().try_login(name, PASSWORD)
}

#[test]
fn a_sign_up_that_needs_approval_waits_and_can_act_at_once_when_approved() {
    let mut daemon = Daemon::configured("sign_up = \"open\"");
    let mut alice = daemon.user("alice");
    does(&daemon, &["user", "operator", "alice", "on"]);
    does(&daemon, &["sign-up", "approval"]);
    assert_eq!(does(&daemon, &["sign-up"]), "approval\n");
    let key = DeviceKey::new();
    let mut bob = daemon.tls_client();
    assert_eq!(bob.welcome.as_ref().unwrap().sign_up, SignUpMode::Approval);
    let waits = bob.sign_up_as("bob", PASSWORD, Some(key.offer("laptop")), None);
    assert_eq!(waits, Outcome::Done);
    assert_eq!(bob.list_mine().err(), Some(Code::LoginRequired));
    assert_eq!(alice.notified(), ["! sign-up-waiting by bob"]);
    assert_eq!(log_in(&daemon, "bob").unwrap_err().code, Code::SignUpWaiting);
    assert_eq!(alice.create_and_add("ops", "bob"), Err(Code::NoSuchUser));
    // The mode that was set beats the configuration, also behind a crash; and so does who waits.
    daemon.kill9();
    daemon.restart();
    assert!(does(&daemon, &["user", "pending"]).starts_with("bob "));
    let mut carol = daemon.tls_client();
    assert_eq!(
        carol.sign_up_as("Bob", PASSWORD, None, None),
        Outcome::Refused(Code::NameTaken.into())
    );
    does(&daemon, &["user", "approve", "bob"]);
    assert_eq!(does(&daemon, &["user", "pending", "--json"]), "");
    let mut bob = daemon.tls_client();
    bob.login_device("bob", &key).unwrap();
    bob.create("bobs").unwrap();
    assert!(refused(&daemon, &["user", "approve", "bob"]).contains("does not wait"));
}

#[test]
fn a_denied_sign_up_is_told_why_until_somebody_takes_the_name() {
    let daemon = Daemon::configured("sign_up = \"approval\"");
    let mut bob = daemon.tls_client();
    assert_eq!(bob.sign_up_as("bob", PASSWORD, None, None), Outcome::Done);
    does(&daemon, &["user", "deny", "bob", "not", "this", "time"]);
    let refusal = log_in(&daemon, "bob").unwrap_err();
    assert_eq!(refusal.code, Code::SignUpDenied);
    assert_eq!(refusal.reason.unwrap().as_str(), "not this time");
    assert_eq!(
        daemon.tls_client().try_login("bob", "wrong password").unwrap_err().code,
        Code::BadCredentials
    );
    assert_eq!(does(&daemon, &["user", "list"]), "");
    let mut other = daemon.tls_client();
    assert_eq!(other.sign_up_as("bob", "another password", None, None), Outcome::Done);
    does(&daemon, &["user", "approve", "bob"]);
    assert_eq!(log_in(&daemon, "bob").unwrap_err().code, Code::BadCredentials);
}

#[test]
fn a_code_lets_in_as_many_as_it_says_until_it_is_revoked() {
    let daemon = Daemon::configured("sign_up = \"code\"");
    let code = does(&daemon, &["code", "create", "--uses", "2"]);
    let sign_up = |name: &str, code: Option<&str>| {
        let mut client = daemon.tls_client();
        match client.sign_up_as(name, PASSWORD, None, code) {
            Outcome::LoggedIn(_) => None,
            Outcome::Refused(refusal) => Some(refusal.code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(sign_up("alice", None), Some(Code::BadCode));
    assert_eq!(sign_up("alice", Some("7k2m-q9xa-43fd")), Some(Code::BadCode));
    assert_eq!(sign_up("alice", Some("gibberish")), Some(Code::BadCode));
    assert_eq!(sign_up("alice", Some(code.trim())), None);
    assert_eq!(sign_up("bob", Some(&code.to_uppercase().replace('-', ""))), None);
    assert_eq!(sign_up("carol", Some(code.trim())), Some(Code::BadCode));
    let second = does(&daemon, &["code", "create"]);
    let listed = does(&daemon, &["code", "list", "--json"]);
    assert!(listed.contains(&format!("\"code\":\"{}\",\"uses\":1", second.trim())), "{listed}");
    does(&daemon, &["code", "revoke", second.trim()]);
    assert_eq!(sign_up("carol", Some(second.trim())), Some(Code::BadCode));
    assert!(refused(&daemon, &["code", "revoke", second.trim()]).contains("no such code"));
}

#[test]
fn a_code_counts_until_its_time_is_over() {
    let daemon = Daemon::configured("sign_up = \"code\"");
    let code = does(&daemon, &["code", "create", "--uses", "5", "--expires", "1s"]);
    let deadline = Instant::now() + PATIENCE;
    while !does(&daemon, &["code", "list"]).is_empty() {
        assert!(Instant::now() < deadline, "the code does not end");
    }
    let mut alice = daemon.tls_client();
    let late = alice.sign_up_as("alice", PASSWORD, None, Some(code.trim()));
    assert_eq!(late, Outcome::Refused(Code::BadCode.into()));
    assert!(refused(&daemon, &["code", "revoke", code.trim()]).contains("no such code"));
    let too_long = daemon.run(&["code", "create", "--expires", "366d"]);
    assert_eq!(too_long.status.code(), Some(2));
}

#[test]
fn a_closed_empty_server_prints_a_code_whose_user_is_an_operator() {
    let mut daemon = Daemon::configured("sign_up = \"closed\"");
    let code = |daemon: &Daemon| {
        let log = daemon.log();
        let line = log.lines().rev().find(|line| line.contains("first operator")).unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    let first = code(&daemon);
    daemon.kill9();
    daemon.restart();
    assert_eq!(code(&daemon), first, "it still counts");
    for within in ["24 hours", "23 hours"] {
        daemon.until_logged(&format!("first operator within {within} with the code {first}"));
    }
    let mut bob = daemon.tls_client();
    let closed = Outcome::Refused(Code::SignUpClosed.into());
    assert_eq!(bob.sign_up_as("bob", PASSWORD, None, None), closed);
    let mut alice = daemon.tls_client();
    let Outcome::LoggedIn(me) = alice.sign_up_as("alice", PASSWORD, None, Some(&first)) else {
        panic!("the code does not count")
    };
    assert!(me.operator);
    assert_eq!(bob.sign_up_as("bob", PASSWORD, None, Some(&first)), closed, "it is used up");
    daemon.kill9();
    daemon.restart();
    assert_eq!(daemon.log().matches("first operator").count(), 2, "there is an operator now");
}

#[test]
fn operators_are_told_of_sign_ups_as_long_as_they_are_operators() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    assert!(!log_in(&daemon, "alice").unwrap().operator);
    does(&daemon, &["sign-up", "approval"]);
    for (switch, name, told) in
        [("on", "bob", vec!["! sign-up-waiting by bob"]), ("off", "carol", vec![])]
    {
        does(&daemon, &["user", "operator", "alice", switch]);
        assert_eq!(log_in(&daemon, "alice").unwrap().operator, switch == "on");
        let mut stranger = daemon.tls_client();
        assert_eq!(stranger.sign_up_as(name, PASSWORD, None, None), Outcome::Done);
        assert_eq!(alice.notified(), told, "{switch}");
    }
}

#[test]
fn a_disabled_user_is_out_within_a_second_on_all_of_ten_sessions() {
    let daemon = Daemon::start();
    let key = DeviceKey::new();
    let mut sessions = vec![user(&daemon, "bob", &key)];
    for _ in 1..10 {
        let mut client = daemon.tls_client();
        client.login_device("bob", &key).unwrap();
        sessions.push(client);
    }
    does(&daemon, &["user", "disable", "bob"]);
    let begun = Instant::now();
    for mut client in sessions {
        assert_eq!(client.until_ended(), Ended::Closing(CloseReason::Disabled));
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(daemon.tls_client().login_device("bob", &key).err(), Some(Code::Disabled));
    assert_eq!(log_in(&daemon, "bob").unwrap_err().code, Code::Disabled);
    assert!(does(&daemon, &["user", "list"]).contains("disabled"));
    does(&daemon, &["user", "enable", "bob"]);
    daemon.tls_client().login_device("bob", &key).unwrap();
}

#[test]
fn a_removed_users_rooms_are_left_by_the_rules_also_behind_a_crash_and_the_name_stays_taken() {
    let mut daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let bob = daemon.user("bob");
    let rooms: Vec<_> =
        (0..80).map(|number| alice.create(&format!("room {number}")).unwrap()).collect();
    for &room in &rooms {
        alice.add(room, "bob").unwrap();
        alice.promote(room, "bob").unwrap();
        alice.say(room, "I was here").unwrap();
    }
    drop(bob);
    does(&daemon, &["user", "remove", "alice"]);
    daemon.kill9();
    daemon.restart();
    assert_eq!(log_in(&daemon, "alice").unwrap_err().code, Code::BadCredentials);
    let mut bob = daemon.tls_client();
    bob.login("bob", PASSWORD, None).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let owned = rooms.iter().filter(|&&room| {
            let members = bob.members(room).unwrap();
            members.len() == 1 && members[0].role == Role::Owner
        });
        if owned.count() == rooms.len() {
            break;
        }
        assert!(Instant::now() < deadline, "the rooms are still not left");
    }
    assert_eq!(bob.all_history(rooms[0])[0].author.as_str(), "alice");
    let mut other = daemon.tls_client();
    assert_eq!(other.sign_up("Alice").err(), Some(Code::NameTaken));
    assert!(refused(&daemon, &["user", "enable", "alice"]).contains("no such user"));
}

#[test]
fn an_operator_hands_a_room_whose_owner_has_vanished_to_a_member() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let mut bob = daemon.user("bob");
    let room = alice.create_private("Plans").unwrap();
    assert!(refused(&daemon, &["room", "transfer", "plans", "bob"]).contains("not in that room"));
    alice.add(room, "bob").unwrap();
    does(&daemon, &["user", "disable", "alice"]);
    does(&daemon, &["room", "transfer", "plans", "bob"]);
    assert_eq!(bob.notified().last().unwrap(), "! ownership-received in Plans");
    assert_eq!(bob.demote(room, "alice"), Ok(Role::Member));
    assert!(refused(&daemon, &["room", "transfer", "nowhere", "bob"]).contains("no such room"));
}

#[test]
fn operators_are_served_without_a_running_daemon_too() {
    let mut daemon = Daemon::configured("sign_up = \"approval\"");
    let mut bob = daemon.tls_client();
    assert_eq!(bob.sign_up_as("bob", PASSWORD, None, None), Outcome::Done);
    assert!(daemon.terminate().success());
    assert!(does(&daemon, &["user", "pending"]).starts_with("bob "));
    does(&daemon, &["user", "approve", "bob"]);
    does(&daemon, &["sign-up", "closed"]);
    let code = does(&daemon, &["code", "create"]);
    assert!(does(&daemon, &["code", "list"]).starts_with(code.trim()));
    daemon.restart();
    assert!(log_in(&daemon, "bob").is_ok());
    let mut carol = daemon.tls_client();
    let closed = carol.sign_up_as("carol", PASSWORD, None, Some(code.trim()));
    assert_eq!(closed, Outcome::Refused(Code::SignUpClosed.into()));
}
