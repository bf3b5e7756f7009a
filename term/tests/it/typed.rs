//! What is typed into the full screen in real terminals: it goes where it is meant, or nowhere.

use crate::daemon::Daemon;
use crate::full_screen::{PASSWORD, User, times};
use crate::harness::Home;

#[test]
fn what_one_types_while_one_is_kicked_is_not_sent_to_the_next_room_and_outlives_the_program() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    for room in ["general", "ops"] {
        alice.does(&["create", room, "--entry", "open"]);
        bob.does(&["join", room]);
    }
    let mut his = bob.opens();
    his.shows("This is where general begins.");
    his.types("about alice");
    his.shows("> about alice");
    alice.does(&["kick", "general", "bob"]);
    his.shows("What you wrote there was not sent; Up brings it");
    his.types("\r");
    his.says("hello ops");
    assert_eq!(times(&his.text(), "about alice"), 0);
    his.quits();
    let mut his = bob.opens();
    his.shows("A text for a room that is gone is not sent; Up has it.");
    his.types("\x1b[A");
    his.shows("> about alice");
    his.types("\x03");
    his.quits();
    let mut his = bob.opens();
    his.shows("hello ops");
    assert!(!his.text().contains("is gone"), "it was thrown away");
    his.quits();
}

#[test]
fn a_password_is_changed_on_the_screen_and_shown_nowhere() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let new = "a better horse battery";
    let elsewhere = User { name: "alice", home: Home::new(), port: daemon.port };
    let mut other = elsewhere.opens();
    other.shows("▸ Log in with my password");
    other.types("\r");
    other.shows("alice@127.0.0.1's password:");
    other.types(&format!("{PASSWORD}\r"));
    other.shows("This is where general begins.");
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    hers.types("/passwd\r");
    hers.shows("CHANGE YOUR PASSWORD");
    hers.types(&format!("wrong horse\t{new}\t{new}\r"));
    hers.shows("That is not your old password; type it again.");
    hers.types(&format!("{PASSWORD}\t\t\r"));
    hers.shows("Your password is changed; your other devices have to log in with the new one.");
    hers.says("still here");
    let written = hers.quits_having_written();
    for secret in [PASSWORD, new, "wrong horse"] {
        assert!(!written.contains(secret), "{secret}");
    }
    // The other device is let in no more, but by the new password.
    other.shows("this device was revoked");
    other.quits();
    let mut other = elsewhere.opens();
    other.shows("Log in with my password");
    other.types("\r");
    other.shows("alice@127.0.0.1's password:");
    other.types(&format!("{new}\r"));
    other.shows("alice: still here");
    other.quits();
    assert!(!kept(&alice.home).contains("horse"), "nor is it on the disk");
}

/// All that the program left in its user's home, as text.
fn kept(home: &Home) -> String {
    let mut dirs = vec![home.dir.path().to_owned()];
    let mut all = String::new();
    while let Some(dir) = dirs.pop() {
        for file in std::fs::read_dir(dir).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                all += &String::from_utf8_lossy(&std::fs::read(path).unwrap());
            }
        }
    }
    all
}

#[test]
fn whoever_waits_for_approval_is_told_how_to_quit() {
    let daemon = Daemon::start_with("sign_up = \"approval\"", "messages_burst = 100");
    let alice = User { name: "alice", home: Home::new(), port: daemon.port };
    let mut hers = alice.opens();
    hers.shows("▸ Log in with my password");
    hers.types("\x1b[B\r");
    hers.shows("New password");
    hers.types(&format!("{PASSWORD}\r"));
    hers.shows("The same again");
    hers.types(&format!("{PASSWORD}\r"));
    hers.shows("An operator has to let you in");
    hers.shows(" Esc quits");
    hers.types("\x1b");
    hers.ends();
}

#[test]
fn a_room_is_not_ended_by_one_enter_too_many() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    hers.types("/leave\r\r\r");
    hers.shows("Leaving ends general for good, for everyone.");
    hers.types("n");
    hers.says("still here");
    hers.types("/leave\r");
    hers.shows("y: yes");
    hers.types("y");
    hers.is_in_no_room();
    hers.quits();
}

#[test]
fn refusals_say_what_they_mean_for_what_was_asked() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    alice.does(&["create", "ops"]);
    let refused = |user: &User, command: &[&str], says: &str| {
        let done = user.home.run(&user.arguments(command));
        assert_eq!(done.status, Some(1), "{done:?}");
        assert!(done.err.contains(says), "no {says:?} in {done:?}");
    };
    refused(
        &alice,
        &["promote", "ops", "bob"],
        "not-a-member: bob is not a member, or you are not",
    );
    refused(&alice, &["kick", "ops", "alice"], "not-permitted: nobody can put themselves out");
    let long = &*"x".repeat(4_001);
    for (command, limit) in [
        (&["topic", "ops", long][..], "a topic has 300 characters at most"),
        (&["kick", "ops", "bob", long], "a reason has 200 characters at most"),
        (&["name", long], "a display name has 48 columns at most"),
        (&["send", "ops", long], "a message has 4000 characters in 16384 bytes at most"),
        (&["slow", "ops", "86401"], "slow mode has 86400 seconds, which is a day, at most"),
        (&["rooms", "--search", long], "what is searched for has 512 bytes at most"),
    ] {
        refused(&alice, command, &format!("too-long: {limit}; shorten it"));
    }
    refused(&alice, &["members", "ops", "--after", "junk"], "behind --after is no cursor");
    bob.does(&["request", "ops"]);
    alice.does(&["deny", "ops", "bob"]);
    refused(&bob, &["request", "ops"], "rate-limited: your request was denied");
    refused(&bob, &["request", "ops"], " (24 h)\n");
    let mut his = bob.opens();
    his.is_in_no_room();
    his.types("/request ops\r");
    his.shows("Your request was denied; you may ask again a day after that (24 h).");
    his.types("\x03");
    his.quits();
}
