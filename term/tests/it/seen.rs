//! What is seen in one's rooms and of them: on the screen, and on one's other devices.

use std::io::Write;

use crate::daemon::Daemon;
use crate::full_screen::{User, Window, times};

#[test]
fn a_mention_that_is_read_in_its_room_is_read_on_all_devices() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    for title in ["general", "ops"] {
        alice.does(&["create", title, "--entry", "open"]);
    }
    bob.does(&["join", "ops"]);
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    bob.does(&["send", "ops", "@alice are you there?"]);
    hers.shows("!1 notice");
    let unread = || alice.home.run(&alice.arguments(&["notifications", "--json"])).out;
    assert!(unread().contains("\"read\":false"), "{}", unread());
    hers.types("\x1b2");
    hers.shows("bob: @alice are you there?");
    hers.until("the notice is read with the message", |screen| !screen.contains("!1 notice"));
    // What one's own connection asked before is done before this is answered.
    hers.says("I am");
    bob.does(&["send", "ops", "@alice good"]);
    hers.shows("bob: @alice good");
    hers.types("/notices\r");
    hers.until("both are read", |screen| {
        screen.contains("NOTICES")
            && screen.contains("D dismiss all")
            && !screen.contains("R all read")
    });
    assert!(!unread().contains("\"read\":false"), "{}", unread());
    hers.types("\x1b[20~");
    hers.quits();
}

#[test]
fn ones_own_joining_and_a_ban_are_one_line_each_and_a_room_that_was_left_can_be_rejoined() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    alice.does(&["create", "general", "--entry", "open"]);
    let size = (36, 120);
    let mut his = Window::open_in(&bob.home, &bob.arguments(&[]), &[], size);
    his.is_in_no_room();
    his.types("/create --open den\r");
    his.shows("bob created the room");
    his.types("/join general\r");
    his.until("his own joining", |screen| times(screen, "bob joined") == 1);
    his.types("/leave den\r");
    his.shows("ARE YOU SURE?");
    his.types("y");
    his.until("it has ended for good, so it is not offered", |screen| {
        !screen.contains("2 general") && !screen.contains("REJOIN")
    });
    let mut hers = Window::open_in(&alice.home, &alice.arguments(&[]), &[], size);
    hers.shows("This is where general begins.");
    his.types("/leave\r");
    his.until("it can be rejoined", |screen| {
        screen.contains("REJOIN  Alt-O") && screen.contains("general      now")
    });
    // By the mouse: it is chosen in the list of former rooms, and joined from there.
    his.types("\x1bm");
    his.shows("The wheel scrolls");
    let row = his.text().lines().position(|line| line.contains("general      now")).unwrap() + 1;
    his.types(&format!("\x1b[<0;5;{row}M\x1b[<0;5;{row}m"));
    his.shows("Enter join again");
    his.types("\r");
    his.until("he is in again", |screen| {
        screen.contains("1 general") && !screen.contains("REJOIN") && screen.contains("bob joined")
    });
    hers.types("/ban bob --for 7d spam\r");
    hers.until("one line says who, until when and why", |screen| {
        times(screen, "alice banned bob until ") == 1 && screen.contains(": spam")
    });
    assert!(!hers.text().contains("keeps bob out"), "{}", hers.text());
    his.shows("alice banned you from general: spam");
    // It is the same one line when it is shown from what was kept.
    hers.quits();
    let mut hers = Window::open_in(&alice.home, &alice.arguments(&[]), &[], size);
    hers.until("the same line", |screen| times(screen, "banned bob until ") == 1);
    hers.quits();
    his.quits();
}

#[test]
fn the_newest_notice_comes_first_however_many_there_are() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    alice.does(&["create", "general", "--entry", "open"]);
    bob.does(&["join", "general"]);
    let lines: String = (1..=230).map(|number| format!("@alice number {number}\n")).collect();
    let mut command = bob.home.command(&bob.arguments(&["send", "general", "--lines"]));
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let mut hers = alice.opens();
    hers.shows("@alice number 230");
    hers.types("\x1b[20~");
    hers.until("the last one first", |screen| {
        screen.lines().any(|line| line.contains('▸') && line.contains("message 230"))
    });
    hers.types("\x1b[20~");
    hers.quits();
}
