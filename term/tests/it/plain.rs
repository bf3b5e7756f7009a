//! The client line by line: over pipes as a script has it, and in a terminal that can do no more.

use std::io::Write;
use std::process::Stdio;

use crate::daemon::Daemon;
use crate::full_screen::{User, Window, times};
use crate::harness::{Done, Home, done};

/// Runs the client line by line with this as all of its input.
fn talk(user: &User, input: &str) -> Done {
    let mut command = user.home.command(&user.arguments(&[]));
    let mut child = command.arg("--plain").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    done(&child.wait_with_output().unwrap())
}

#[test]
fn a_whole_conversation_goes_through_pipes() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    alice.does(&["create", "general", "--entry", "open"]);
    alice.does(&["create", "ops", "--entry", "open"]);
    alice.does(&["send", "general", "hello\nbob"]);

    // Each line waits for what the one before it asked, so the last goes where one has gone to.
    let told = talk(&bob, "/join general\nhi @alice\n/me waves\n/join ops\nin ops now\n/members\n");
    assert_eq!(told.status, Some(0), "{told:?}");
    assert!(!told.out.contains('\u{1b}'), "{told:?}");
    let lines: Vec<_> = told.out.lines().collect();
    let place = |text: &str| {
        let place = lines.iter().position(|line| *line == text);
        place.unwrap_or_else(|| panic!("no {text:?} in {told:?}"))
    };
    let order = [
        "Connected to 127.0.0.1 as bob.",
        "Now in general.",
        "alice: hello",
        "  bob",
        "bob: hi @alice",
        "bob waves",
        "Now in ops.",
        "MEMBERS OF ops, 2:",
        "alice, owner",
    ];
    assert!(order.windows(2).all(|two| place(two[0]) < place(two[1])), "{told:?}");

    let told = talk(&alice, "/go general\n/go 2\n/nonsense\n/quit\nnever said\n");
    assert_eq!(told.status, Some(0), "{told:?}");
    for text in ["bob: hi @alice", "bob: in ops now", "There is no such command"] {
        assert!(told.out.contains(text), "no {text:?} in {told:?}");
    }
    let done = alice.home.run(&alice.arguments(&["tail", "ops"]));
    assert!(done.out.contains("in ops now") && !done.out.contains("never said"), "{done:?}");
}

#[test]
fn a_dumb_terminal_gets_lines_and_forms_are_asked_field_by_field() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    alice.does(&["create", "general", "--entry", "open"]);
    bob.does(&["join", "general"]);
    let mut window = Window::open(&alice.home, &alice.arguments(&[]), &[("TERM", "dumb")]);
    window.shows("Now in general.");
    bob.does(&["send", "general", "can you hear me?"]);
    window.shows("bob: can you hear me?");
    let (status, told) = alice.opens().ends();
    let told = told.replace('\n', "");
    assert_eq!(status, "Exited with code 1");
    assert!(told.contains("already, with a screen or line by line"), "{told}");
    window.types("/create\n");
    window.shows("Title:");
    window.types("den\n");
    window.shows("Found by, a number, or nothing for 1:");
    window.types("2\n");
    window.shows("Entry, a number, or nothing for 1:");
    window.types("\n");
    window.shows("Now in den.");
    bob.does(&["send", "general", "@alice again"]);
    window.shows("You are mentioned in general, 1 unread.");
    window.types("/invite bob\n/leave\n");
    window.shows("Leaving ends den for good, for everyone. Are you sure? y or n:");
    // What is neither is no answer.
    window.types("why?\n");
    window.until("it is asked again", |screen| times(screen, "Are you sure?") == 2);
    window.types("No\n/go general\n");
    window.shows("bob: @alice again");
    window.types("\u{4}");
    assert!(window.child.wait().unwrap().success());
    assert!(!window.written.contains(&0x1b), "{:?}", String::from_utf8_lossy(&window.written));
}

#[test]
fn notices_are_listed_by_number_marked_as_read_and_taken_away() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    for title in ["general", "ops"] {
        alice.does(&["create", title, "--private"]);
        alice.does(&["invite", title, "bob"]);
    }
    let told = talk(&bob, "/notices\n/notices read 1\n/notices\n/notices dismiss all\n/notices\n");
    assert_eq!(told.status, Some(0), "{told:?}");
    let lines =
        told.out.lines().filter(|line| line.contains("NOTICES") || line.contains("invited"));
    let lines: Vec<_> = lines.map(|line| (line.split(": ").next().unwrap_or(line), line)).collect();
    let is = |place: usize, begins: &str, holds: &[&str], lacks: &str| {
        let (first, line) = lines[place];
        assert_eq!(first, begins, "{told:?}");
        assert!(holds.iter().all(|text| line.contains(text)), "{line}");
        assert!(lacks.is_empty() || !line.contains(lacks), "{line}");
    };
    is(0, "NOTICES, 2:", &[], "");
    is(1, "2", &["unread", "invited you to ops"], "");
    is(2, "1", &["unread", "invited you to general"], "");
    is(4, "2", &["unread"], "");
    is(5, "1", &["invited you to general"], "unread");
    is(6, "NOTICES, 0:", &[], "");
    let done = bob.home.run(&bob.arguments(&["notifications", "--json"]));
    assert_eq!(done.out, "", "{done:?}");
}

#[test]
fn a_newcomer_is_told_how_one_signs_up() {
    let daemon = Daemon::start();
    let (home, to) = (Home::new(), format!("alice@127.0.0.1:{}", daemon.port));
    let options =
        ["-o", "StrictHostKeyChecking=accept-new", "-o", "PasswordCommand=echo 1234567890"];
    let told = home.run(&[&options[..], &["--plain", &to]].concat());
    assert_eq!(told.status, Some(255), "{told:?}");
    let sentence = format!("Who is new here signs up first: parlor {to} signup\n");
    assert!(told.err.contains(&sentence), "{told:?}");
}
