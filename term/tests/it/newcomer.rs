//! A newcomer finds their way through the full screen alone: from the first contact with the server
//! to coming back into a room that they were put out of.

use crate::daemon::Daemon;
use crate::full_screen::{User, Window};
use crate::harness::Home;

const PASSWORD: &str = "correct horse battery";

/// A newcomer's first screen, which asks whether the server is the right one.
fn first_screen(name: &str, daemon: &Daemon) -> Window {
    let home = Box::leak(Box::new(Home::new()));
    let to = format!("{name}@127.0.0.1:{}", daemon.port);
    let mut window = Window::open(home, &[&to], &[]);
    window.shows("Are you sure you want to continue connecting");
    let shown = window.text().replace(['\n', ' '], "");
    assert!(shown.contains(&daemon.fingerprint), "the fingerprint is there to be compared");
    window.types("yes\r");
    window
}

/// What is on a screen, as if it were as wide as that takes.
fn unwrapped(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn signs_up(window: &mut Window, name: &str) {
    window.shows("has no saved login on this machine.");
    window.types("\x1b[B\r");
    window.shows(&format!("New password for {name}@127.0.0.1"));
    window.types(&format!("{PASSWORD}\r"));
    window.shows("The same again:");
    window.types(&format!("{PASSWORD}\r"));
}

#[test]
fn a_newcomer_signs_up_asks_talks_is_put_out_and_comes_back() {
    let daemon = Daemon::start();
    let bob = User::signed_up("bob", &daemon);
    bob.does(&["create", "hackday"]);
    let mut his = bob.opens();
    his.shows("This is where hackday begins.");

    let mut hers = first_screen("alice", &daemon);
    signs_up(&mut hers, "alice");
    hers.is_in_no_room();

    // She finds the room, and asks to join it with a reason.
    hers.types("/rooms\r");
    hers.shows("Search:");
    hers.types("hack");
    hers.shows("Enter ask to join");
    hers.types("\r");
    hers.shows("ASK TO JOIN hackday");
    hers.types("bob told me of it\r");
    hers.shows("You have asked to come into hackday. Its admins are told.");
    hers.types("\x1b");
    // Escape alone, and then another key: together they would be one.
    hers.is_in_no_room();

    // He is told in his terminal, and lets her in with two keys.
    his.shows("alice asks to come into hackday: bob told me of it");
    his.types("/requests\r");
    his.shows("alice: bob told me of it");
    his.types("a");
    his.shows("Nobody asks to join.");
    his.types("\x1b");
    his.shows("alice joined");

    hers.shows("This is where hackday begins.");
    hers.says("thank you, bob");
    his.shows("alice: thank you, bob");

    // An invite's ID, pasted whole, opens another room.
    bob.does(&["create", "night shift", "--private"]);
    bob.does(&["invite", "night shift", "alice"]);
    hers.shows("bob invited you to night shift");
    let notice = hers.text().replace('\n', " ");
    let (_, invite) = notice.split_once("bob invited you to night shift").unwrap();
    let id = invite.split_whitespace().find(|word| word.len() == 11 && word.contains('-')).unwrap();
    hers.types("\x1bj");
    hers.shows("JOIN A ROOM");
    hers.types(&format!("\x1b[200~my ID is {id}, it says\x1b[201~\r"));
    hers.shows("This is where night shift begins.");

    // She is put out, and sees by whom and why.
    bob.does(&["kick", "hackday", "alice", "too", "loud"]);
    hers.shows("bob kicked you from hackday: too loud");

    // Her former rooms say how to come back.
    hers.types("\x1bo");
    hers.shows("you were kicked");
    hers.shows("Enter ask to join");
    hers.types("\r");
    hers.shows("ASK TO JOIN hackday");
    hers.types("I shall whisper\r");
    hers.shows("You have asked to come into hackday.");
    bob.does(&["approve", "hackday", "alice"]);
    hers.types("\x1b");
    hers.shows("bob let you into hackday");
    hers.types("\x1bghack\r");
    hers.shows("thank you, bob");
    hers.quits();
    his.quits();
}

#[test]
fn whoever_has_to_be_approved_waits_before_the_screen_and_comes_in_by_itself() {
    let daemon = Daemon::start_with("sign_up = \"approval\"", "");
    daemon.operate(&["user", "add", "root", "--operator", "--generate"]);
    let mut hers = first_screen("alice", &daemon);
    signs_up(&mut hers, "alice");
    hers.shows("An operator has to let you in");
    daemon.operate(&["user", "approve", "alice"]);
    hers.is_in_no_room();
    hers.quits();
}

#[test]
fn whoever_was_denied_learns_why_and_signs_up_again_where_they_are() {
    let daemon = Daemon::start_with("sign_up = \"approval\"", "");
    daemon.operate(&["user", "add", "root", "--operator", "--generate"]);
    let home = Home::new();
    let to = format!("alice@127.0.0.1:{}", daemon.port);
    let arguments = ["-o", "StrictHostKeyChecking=accept-new", &to];
    let mut hers = Window::open(&home, &arguments, &[]);
    signs_up(&mut hers, "alice");
    hers.shows("An operator has to let you in");
    hers.types("\x1b");
    assert_eq!(hers.ends().0, "Success");
    daemon.operate(&["user", "deny", "alice", "we", "are", "full"]);
    let mut hers = Window::open(&home, &arguments, &[]);
    hers.until("it is said why", |screen| {
        let screen = unwrapped(screen);
        screen.contains("An operator has denied the sign-up")
            && screen.contains("the reason given: we are full.")
            && screen.contains("▸ Log in with my password")
    });
    // There is nothing to log in to, which is said and does not end it.
    hers.types("\r");
    hers.until("it is asked anew", |screen| {
        screen.matches("denied the sign-up").count() == 2
            && screen.contains("▸ Log in with my password")
    });
    hers.types("\x1b[B\r");
    hers.shows("New password for alice@127.0.0.1");
    hers.types(&format!("{PASSWORD}\r"));
    hers.shows("The same again:");
    hers.types(&format!("{PASSWORD}\r"));
    hers.shows("An operator has to let you in");
    daemon.operate(&["user", "approve", "alice"]);
    hers.is_in_no_room();
    hers.quits();
}

#[test]
fn a_sign_up_with_a_code_asks_for_it_and_a_wrong_one_may_be_mended() {
    let daemon = Daemon::start_with("sign_up = \"code\"", "");
    daemon.operate(&["user", "add", "root", "--operator", "--generate"]);
    let code = daemon.operate(&["code", "create"]);
    let mut hers = first_screen("alice", &daemon);
    hers.shows("has no saved login");
    hers.types("\x1b[B\r");
    hers.shows("The sign-up code that you were given:");
    hers.types("nonsense\r");
    hers.shows("New password for");
    hers.types(&format!("{PASSWORD}\r"));
    hers.shows("The same again:");
    hers.types(&format!("{PASSWORD}\r"));
    hers.until("it is said, and asked anew", |screen| {
        let screen = unwrapped(screen);
        screen
            .contains("not a sign-up code that counts: mistyped, used up or expired; sign up again")
            && screen.matches("alice has no saved login on this machine.").count() == 1
            && screen.contains("▸ Log in with my password")
    });
    hers.types("\x1b[B\r");
    hers.until("the code is asked for again", |screen| {
        screen.matches("The sign-up code").count() == 2 && screen.contains("Enter answers")
    });
    hers.types(&format!("{}\r", code.trim()));
    hers.until("the password is asked for again", |screen| {
        screen.matches("New password for").count() == 2 && screen.contains("Enter answers")
    });
    hers.types(&format!("{PASSWORD}\r"));
    hers.until("and again", |screen| {
        screen.matches("The same again:").count() == 2 && screen.contains("Enter answers")
    });
    hers.types(&format!("{PASSWORD}\r"));
    hers.is_in_no_room();
    hers.quits();
}

#[test]
fn whoever_does_not_believe_the_server_is_back_in_the_shell() {
    let daemon = Daemon::start();
    let home = Home::new();
    let to = format!("alice@127.0.0.1:{}", daemon.port);
    let mut window = Window::open(&home, &[&to], &[]);
    window.shows("Are you sure you want to continue connecting");
    window.types("no\r");
    let (status, left) = window.ends();
    assert!(status.contains("255"), "{status}");
    assert!(left.contains("Host key verification failed."), "{left}");
}

#[test]
fn whoever_has_a_new_password_is_told_that_the_saved_login_is_not_taken() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    daemon.operate(&["user", "passwd", "alice", "--generate"]);
    let mut hers = alice.opens();
    hers.shows("The server does not take the saved login of alice on this machine.");
}

#[test]
fn the_way_in_says_that_the_key_is_known_and_who_waits_for_whom() {
    let daemon = Daemon::start();
    let says = |screen: &str| {
        let title = screen.lines().next().unwrap_or_default();
        (title.contains("ED25519 pinned"), title.contains("offline"), screen.contains("Connecting"))
    };
    // At the first contact it is not known until its user says so.
    let home = Home::new();
    let to = format!("carol@127.0.0.1:{}", daemon.port);
    let mut hers = Window::open(&home, &[&to], &[]);
    hers.shows("Are you sure you want to continue connecting");
    hers.until("the server is not waited for", |screen| says(screen) == (false, false, false));
    assert!(hers.text().contains("key not known yet"), "{}", hers.text());
    hers.types("yes\r");
    hers.shows("has no saved login on this machine.");
    assert_eq!(says(&hers.text()), (true, false, false), "{}", hers.text());
    hers.types("\r");
    hers.shows("carol@127.0.0.1's password:");
    assert_eq!(says(&hers.text()), (true, false, false), "{}", hers.text());
    // From then on it is known, from the first picture on.
    let mut hers = Window::open(&home, &[&to], &[]);
    hers.shows("has no saved login on this machine.");
    assert_eq!(says(&hers.text()), (true, false, false), "{}", hers.text());
    let written = String::from_utf8_lossy(&hers.written).into_owned();
    assert!(!written.contains("key not known yet"), "{written:?}");
}
