//! People and a daemon: what they do to each other, with nothing in between left out.

use std::process::Command;

use crate::daemon::Daemon;
use crate::harness::{Follower, Home};
use crate::people::{PASSWORD, User};
use crate::terminal::Terminal;

#[test]
fn two_people_talk_and_one_follows() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    let id = alice.does(&["create", "ops", "--entry", "open"]);
    bob.does(&["join", "OPS"]);
    alice.does(&["send", "ops", "anybody there?"]);
    let tail = Follower::spawn(alice.command(&["tail", id.trim(), "-f", "--json"]));
    // Whoever has printed what was said follows what is said.
    assert!(tail.line().contains("\"text\":\"anybody there?\""));
    let sent = bob.does(&["send", "ops", "--json", "hello"]);
    assert_eq!(format!("{}\n", tail.line()), sent);
    alice.does(&["send", "ops", "hello yourself"]);
    assert!(tail.line().contains("\"text\":\"hello yourself\""));
    let said: Vec<_> =
        bob.does(&["tail", "ops"]).lines().map(|line| line[26..].to_owned()).collect();
    assert_eq!(said, ["alice  anybody there?", "bob  hello", "alice  hello yourself"]);
    let members = bob.does(&["members", "ops"]);
    let members: Vec<_> = members.lines().map(|line| &line[..13]).collect();
    assert_eq!(members, ["alice  owner ", "bob    member"]);
}

#[test]
fn following_survives_the_death_of_the_daemon() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "ops", "--entry", "open"]);
    alice.does(&["send", "ops", "before"]);
    let tail = Follower::spawn(alice.command(&["tail", "ops", "-f"]));
    assert!(tail.line().ends_with("before"));
    daemon.restart();
    alice.does(&["send", "ops", "after"]);
    assert!(tail.line().ends_with("after"));
}

#[test]
fn what_one_does_is_told_as_that_now_and_after_a_restart() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "ops", "--entry", "open"]);
    let tail = Follower::spawn(alice.command(&["tail", "ops", "-f"]));
    let sent = alice.does(&["send", "ops", "--me", "--json", "waves at", "@bob"]);
    assert!(sent.contains("\"kind\":\"action\",\"text\":\"waves at @bob\""), "{sent}");
    assert!(tail.line().ends_with("  * alice waves at @bob"));
    daemon.restart();
    assert!(alice.does(&["tail", "ops"]).ends_with("  * alice waves at @bob\n"));
    assert_eq!(alice.does(&["tail", "ops", "--json"]), sent);
}

#[test]
fn a_nonce_sent_again_is_the_same_message() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "ops", "--entry", "open"]);
    let millis = jiff::Timestamp::now().as_millisecond();
    let nonce = format!("{millis:012x}70008000000000000001");
    let send = ["send", "ops", "--nonce", &nonce, "--json", "once"];
    let first = alice.does(&send);
    assert_eq!(alice.does(&send), first);
    let otherwise = ["send", "ops", "--me", "--nonce", &nonce, "--json", "twice"];
    assert_eq!(alice.does(&otherwise), first, "what is told is what is stored");
    assert_eq!(alice.does(&["tail", "ops"]).lines().count(), 1);
}

#[test]
fn fingerprint_is_the_same_wherever_it_is_shown() {
    let daemon = Daemon::start();
    let listed = Command::new("ssh-keygen").arg("-lf").arg(daemon.host_key()).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains(&daemon.fingerprint), "{listed}");
    let alice = User::new("alice", &daemon);
    let to = format!("127.0.0.1:{}", daemon.port);
    let done = alice.home.run(&["-o", "BatchMode=yes", &to, "rooms"]);
    assert_eq!(done.status, Some(255));
    assert!(done.err.contains(&daemon.fingerprint), "{done:?}");
}

#[test]
fn a_wrong_password_exits_255_and_leaves_no_key() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    assert_eq!(alice.device_keys(), 1);
    let elsewhere = User::new("alice", &daemon);
    for (name, password) in
        [("alice", "wrong horse battery"), ("alice", "short"), ("nobody", PASSWORD)]
    {
        let done = User { name, ..User::new(name, &daemon) }.with_password(password, &["whoami"]);
        assert_eq!(done.status, Some(255), "{done:?}");
        assert!(done.err.contains("parlor: refused: bad-credentials: "), "{done:?}");
    }
    assert_eq!(elsewhere.device_keys(), 0);
    let done = elsewhere.with_password(PASSWORD, &["whoami"]);
    assert_eq!((done.status, done.out.as_str()), (Some(0), "alice\n"), "{done:?}");
    assert_eq!(elsewhere.does(&["devices"]).lines().count(), 2);
}

#[test]
fn too_many_wrong_passwords_exit_255_and_say_how_long_to_wait() {
    let daemon = Daemon::start_with("sign_up = \"open\"", "login_penalty_secs = 60");
    let alice = User::signed_up("alice", &daemon);
    let stranger = User::new("alice", &daemon);
    let guess = |form: &[&str]| {
        stranger.with_password("wrong horse battery", &[&["whoami"], form].concat())
    };
    for _ in 0..10 {
        let done = guess(&[]);
        assert!(done.err.contains("parlor: refused: bad-credentials: "), "{done:?}");
    }
    let done = guess(&[]);
    assert_eq!(done.status, Some(255), "{done:?}");
    let said = "parlor: refused: rate-limited: there were too many failed logins, ";
    assert!(done.err.contains(said) && done.err.ends_with(" s)\n"), "{done:?}");
    let done = guess(&["--json"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    let said = "{\"type\":\"refused\",\"code\":\"rate-limited\",\"message\":\"there were too many";
    assert!(done.err.contains(said), "{done:?}");
    // Her device key is let in all the same.
    assert_eq!(alice.does(&["whoami"]), "alice\n");
}

#[test]
fn sign_up_is_refused_with_the_reason() {
    let daemon = Daemon::start();
    let _alice = User::signed_up("alice", &daemon);
    for (name, password, code) in
        [("Alice", PASSWORD, "name-taken"), ("bob", "short", "weak-password")]
    {
        let done = User::new(name, &daemon).with_password(password, &["signup", "--json"]);
        assert_eq!(done.status, Some(1), "{done:?}");
        let refused = format!("{{\"type\":\"refused\",\"code\":\"{code}\",");
        assert!(done.err.lines().any(|line| line.starts_with(&refused)), "{done:?}");
    }
}

#[test]
fn two_first_logins_at_once_share_one_device_key() {
    let daemon = Daemon::start();
    let _signed_up = User::signed_up("alice", &daemon);
    let elsewhere = User::new("alice", &daemon);
    std::thread::scope(|scope| {
        let logins: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| elsewhere.with_password(PASSWORD, &["whoami"])))
            .collect();
        for login in logins {
            let done = login.join().unwrap();
            assert_eq!(done.status, Some(0), "{done:?}");
        }
    });
    assert_eq!(elsewhere.device_keys(), 1);
    elsewhere.does(&["whoami"]);
    assert_eq!(elsewhere.does(&["devices"]).lines().count(), 2);
}

#[test]
fn password_command_and_identity_file_log_in() {
    let daemon = Daemon::start();
    let _signed_up = User::signed_up("alice", &daemon);
    let elsewhere = User::new("alice", &daemon);
    let (key, to) = (elsewhere.home.path("id"), format!("127.0.0.1:{}", daemon.port));
    let key = key.to_str().unwrap();
    let print = format!("PasswordCommand=echo '{PASSWORD}'; echo more");
    let accept = "StrictHostKeyChecking=accept-new";
    let done = elsewhere.home.run(&["-i", key, "-o", &print, "-o", accept, &to, "whoami"]);
    assert_eq!((done.status, done.out.as_str()), (Some(0), "alice\n"), "{done:?}");
    // The user's own key was registered, and none was made.
    assert_eq!(elsewhere.device_keys(), 0);
    let done = elsewhere.home.run(&["-i", key, "-o", "BatchMode=yes", &to, "whoami"]);
    assert_eq!((done.status, done.out.as_str()), (Some(0), "alice\n"), "{done:?}");
}

#[test]
fn a_new_password_ends_all_other_devices() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    let elsewhere = User::new("alice", &daemon);
    assert_eq!(elsewhere.with_password(PASSWORD, &["whoami"]).status, Some(0));
    let new = "a new and better one";
    let wrong = alice.with_password(&format!("wrong horse battery\n{new}"), &["passwd"]);
    assert_eq!(wrong.status, Some(1), "{wrong:?}");
    let changed = alice.with_password(&format!("{PASSWORD}\n{new}"), &["passwd"]);
    assert_eq!((changed.status, changed.err.as_str()), (Some(0), ""), "{changed:?}");
    alice.does(&["whoami"]);
    assert_eq!(elsewhere.run(&["whoami"]).status, Some(255));
    assert_eq!(elsewhere.with_password(PASSWORD, &["whoami"]).status, Some(255));
    assert_eq!(elsewhere.with_password(new, &["whoami"]).status, Some(0));
}

#[test]
fn a_revoked_device_is_cut_off_and_told() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "ops", "--entry", "open"]);
    let elsewhere = User::new("alice", &daemon);
    assert_eq!(elsewhere.with_password(PASSWORD, &["send", "ops", "hi"]).status, Some(0));
    let tail = Follower::spawn(elsewhere.command(&["tail", "ops", "-f", "--json"]));
    assert!(tail.line().contains("\"text\":\"hi\""));
    alice.does(&["devices", "revoke", "2"]);
    assert!(tail.line().ends_with("\"code\":\"revoked\"}"));
    assert_eq!(tail.ends(), Some(255));
    assert_eq!(elsewhere.run(&["whoami"]).status, Some(255));
}

#[test]
fn passwords_are_asked_at_the_terminal() {
    let daemon = Daemon::start();
    let _signed_up = User::signed_up("alice", &daemon);
    let home = Home::new();
    let to = format!("alice@127.0.0.1:{}", daemon.port);
    let accept = "StrictHostKeyChecking=accept-new";
    let mut terminal = Terminal::run(&home, &["-o", accept, &to, "whoami"]);
    terminal.until("alice@127.0.0.1's password: ");
    terminal.enter("wrong horse battery");
    terminal.until("Permission denied, please try again.");
    terminal.until("password: ");
    terminal.enter(PASSWORD);
    terminal.until("alice\r\n");
    assert!(terminal.succeeds());
}

#[test]
fn a_person_is_asked_before_a_room_ends() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    let bob = User::signed_up("bob", &daemon);
    alice.does(&["create", "ops", "--entry", "open"]);
    alice.does(&["create", "planning", "--entry", "open"]);
    // One plain member alone does not keep a room either.
    bob.does(&["join", "planning"]);
    let to = format!("alice@127.0.0.1:{}", daemon.port);
    for room in ["ops", "planning"] {
        for (answers, succeeds) in
            [(["what", "No"], false), (["", "n"], false), (["y?", "Y"], true)]
        {
            let mut terminal = Terminal::run(&alice.home, &[&to, "leave", room]);
            terminal.until("ends the room for good. Leave (yes/no)? ");
            terminal.enter(answers[0]);
            terminal.until("Please type yes or no: ");
            terminal.enter(answers[1]);
            assert_eq!(terminal.succeeds(), succeeds);
            assert_eq!(!alice.does(&["rooms"]).contains(room), succeeds);
        }
    }
}

#[test]
fn owners_and_admins_rule_a_room_from_scripts() {
    let daemon = Daemon::start();
    let [alice, bob] = ["alice", "bob"].map(|name| User::signed_up(name, &daemon));
    let id = alice.does(&["create", "ops", "--entry", "open"]);
    let id = id.trim();
    bob.does(&["join", "ops"]);
    let bobs = |role: &str, line: &str| {
        let begins = format!("{{\"type\":\"member\",\"room\":\"{id}\",\"user\":\"bob\",");
        line.starts_with(&format!("{begins}\"role\":\"{role}\",")) && line.lines().count() == 1
    };
    let refused = |user: &User<'_>, command: &[&str], code: &str| {
        let done = user.run(command);
        assert_eq!((done.status, done.out.as_str()), (Some(1), ""), "{done:?}");
        assert!(done.err.starts_with(&format!("parlor: refused: {code}: ")), "{done:?}");
    };
    refused(&bob, &["topic", "ops", "mine"], "not-permitted");
    refused(&alice, &["promote", "ops", "carol"], "no-such-user");
    assert_eq!(alice.does(&["promote", "ops", "bob"]), "", "a change prints nothing");
    assert!(bobs("member", &alice.does(&["demote", "ops", "bob", "--json"])));
    assert!(bobs("admin", &alice.does(&["promote", id, "bob", "--json"])));
    let room = bob.does(&["topic", "ops", "release\nplanning", "--json"]);
    let (title, topic) = ("\"title\":\"ops\"", "\"topic\":\"release planning\"");
    assert!(room.starts_with(&format!("{{\"type\":\"room\",\"room\":\"{id}\",{title},{topic},")));
    refused(&bob, &["rename", "ops", "plans"], "not-permitted");
    assert!(alice.does(&["rename", "ops", "plans", "--json"]).contains("\"title\":\"plans\""));
    assert!(bobs("owner", &alice.does(&["transfer", "plans", "bob", "--json"])));
    assert!(alice.does(&["rooms", "--json"]).contains(&format!("\"title\":\"plans\",{topic},")));
    bob.does(&["topic", "plans", ""]);
    assert!(bob.does(&["rooms", "--json"]).contains("\"topic\":null,"));
    alice.does(&["demote", "plans", "alice"]);
    refused(&alice, &["transfer", "plans", "alice"], "not-permitted");
    let told = alice.does(&["tail", "plans", "--events", "-n", "8"]);
    let told: Vec<_> = told.lines().map(|line| &line[26..]).collect();
    assert_eq!(
        told,
        [
            "*  bob is now member",
            "*  bob is now admin",
            "*  bob set the topic: release planning",
            "*  alice renamed the room: plans",
            "*  alice is now admin",
            "*  bob is now owner",
            "*  bob cleared the topic",
            "*  alice is now member",
        ]
    );
    let json = alice.does(&["tail", "plans", "--events", "-n", "5", "--json"]);
    assert!(
        json.lines()
            .next()
            .unwrap()
            .contains("\"kind\":\"renamed\",\"user\":\"alice\",\"to\":\"plans\"")
    );
    assert!(json.contains("\"kind\":\"topic-changed\",\"user\":\"bob\",\"topic\":null"));
}

#[test]
fn join_with_leave_is_one_step() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    for title in ["ops", "team"] {
        alice.does(&["create", title, "--entry", "open"]);
        bob.does(&["join", title]);
    }
    let done = bob.run(&["join", "ops", "--leave", "team"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.err.contains("already-a-member"), "{done:?}");
    assert_eq!(bob.does(&["rooms", "--mine"]).lines().count(), 2);
    bob.does(&["leave", "ops"]);
    let joined = bob.does(&["join", "ops", "--leave", "team", "--json"]);
    assert!(joined.starts_with("{\"type\":\"member\","), "{joined}");
    assert!(joined.contains("\"user\":\"bob\",\"role\":\"member\""), "{joined}");
    assert!(bob.does(&["rooms", "--mine"]).ends_with("ops\n"));
}
