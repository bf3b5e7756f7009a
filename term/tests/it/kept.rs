//! What outlives the full-screen client: it shows at once what it had, and sends what it owes.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use parlor_protocol::entry::{Blocks, FormerRooms};
use parlor_protocol::id::{Nonce, Revision, Seq, Timestamp};
use parlor_protocol::message::{Messages, Sent};
use parlor_protocol::notification::Notifications;
use parlor_protocol::push::Push;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::Members;
use rustix::process::Signal;

use crate::daemon::Daemon;
use crate::full_screen::{PASSWORD, User, Window, times};
use crate::harness::{Home, PATIENCE};
use crate::server::{Conversation, Server, refused, room};

/// The one file of a user's only cache.
fn cache(home: &Home) -> PathBuf {
    let servers = home.path(".local/state/parlor/cache");
    let server = fs::read_dir(servers).unwrap().next().unwrap().unwrap().path();
    server.join("alice.db")
}

#[test]
fn a_client_that_was_killed_shows_what_it_had_and_sends_what_was_queued_once_and_in_order() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    for title in ["general", "ops"] {
        alice.does(&["create", title, "--entry", "open"]);
        bob.does(&["join", title]);
    }
    bob.does(&["send", "general", "are you there?"]);
    let mut hers = alice.opens();
    hers.shows("bob: are you there?");
    hers.says("yes");
    daemon.kill();
    hers.shows("Not connected since");
    hers.types("one\rtwo\r");
    hers.shows("outbox 2");
    hers.types("\x1b2three\r");
    hers.until("all are on the disk", |screen| {
        screen.contains("outbox 3") && screen.contains("◷ three")
    });
    hers.dies_at_once();

    // Nobody is there, and all the same it is as it was.
    let mut hers = alice.opens();
    hers.until("what was kept", |screen| {
        screen.contains("Not connected") && screen.contains("outbox 3")
    });
    hers.types("\x1b1");
    hers.until("the other room", |screen| {
        ["bob: are you there?", "alice: yes", "◷ one", "◷ two"]
            .iter()
            .all(|line| screen.contains(line))
    });
    hers.types("four\r");
    hers.until("that is on the disk, too", |screen| {
        screen.contains("outbox 4") && screen.contains("◷ four")
    });
    hers.dies_at_once();

    daemon.restart();
    let mut hers = alice.opens();
    let mut his = bob.opens();
    for window in [&mut hers, &mut his] {
        window.types("\x1b1");
        window.until("once, in order", |screen| {
            let places = ["alice: one", "alice: two", "alice: four"].map(|line| screen.find(line));
            places[0].is_some()
                && places.is_sorted()
                && ["one", "two", "four"].iter().all(|text| times(screen, text) == 1)
                && !screen.contains('◷')
        });
        window.types("\x1b2");
        window.shows("alice: three");
        assert_eq!(times(&window.text(), "three"), 1);
    }
    his.types("I read all of it\r");
    hers.shows("bob: I read all of it");
    hers.quits();
    his.quits();
}

#[test]
fn drafts_and_the_room_that_was_shown_are_there_again() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    for title in ["general", "ops"] {
        alice.does(&["create", title]);
    }
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    hers.types("half a sent\x1b2and another");
    hers.shows(" > and another");
    hers.signal(Signal::TERM);
    assert_eq!(hers.ends().0, "Terminated by Terminated");
    daemon.kill();
    let mut hers = alice.opens();
    hers.until("ops", |screen| screen.contains(" 2 ops") && screen.contains(" > and another"));
    hers.types("\x1b1");
    hers.shows(" > half a sent");
    hers.types("\x03\x03\x03");
    assert_eq!(hers.ends().0, "Success");
}

#[test]
fn a_second_client_on_one_cache_says_so_and_what_to_do() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let mut first = alice.opens();
    first.shows("This is where general begins.");
    let (status, told) = alice.opens().ends();
    assert_eq!(status, "Exited with code 1");
    let told = told.replace('\n', "");
    assert!(
        told.contains(
            "parlor is open for this user and server already, with a screen or line by line"
        ),
        "{told}"
    );
    assert!(told.contains(&first.child.process_id().unwrap().to_string()), "{told}");
    // Line mode takes no part in it.
    alice.does(&["send", "general", "beside it"]);
    first.shows("alice: beside it");
    first.quits();
    let mut again = alice.opens();
    again.shows("alice: beside it");
    again.quits();
}

#[test]
fn a_changed_host_key_ends_the_screen_as_loudly_as_ever() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    daemon.kill();
    fs::remove_file(daemon.host_key()).unwrap();
    let key = daemon.host_key();
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status();
    assert!(made.unwrap().success());
    daemon.restart();
    // Both who is there when it changes, and who comes back to it.
    for opened in [Some(hers), None] {
        let (status, told) = opened.unwrap_or_else(|| alice.opens()).ends();
        assert_eq!(status, "Exited with code 255");
        assert!(told.contains("REMOTE HOST IDENTIFICATION HAS CHANGED!"), "{told}");
        assert!(told.contains("Host key verification failed."), "{told}");
    }
}

#[test]
fn whoever_had_a_device_that_is_taken_no_more_comes_in_anew() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    hers.quits();
    alice.does(&["devices", "revoke", "1"]);
    let mut hers = alice.opens();
    hers.shows("▸ Log in with my password");
    hers.types("\r");
    hers.shows("alice@127.0.0.1's password:");
    hers.types(&format!("{PASSWORD}\r"));
    hers.shows("This is where general begins.");
    hers.says("back again");
    hers.quits();
    // From then on it opens at once again.
    daemon.kill();
    let mut hers = alice.opens();
    hers.shows("alice: back again");
    hers.quits();
}

#[test]
fn a_file_that_is_damaged_is_put_aside_in_so_many_words() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    hers.quits();
    fs::write(cache(&alice.home), "this was a database once, was it not?").unwrap();
    let mut hers = alice.opens();
    hers.until("a word about it", |screen| {
        screen.contains("The cache cannot be used") && screen.contains("general")
    });
    hers.says("goes on");
    hers.quits();
}

#[test]
fn the_first_frame_waits_for_nobody() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    hers.says("the last thing said");
    hers.quits();
    daemon.kill();
    // Somebody who takes the connection and says nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", daemon.port)).unwrap();
    let mut hers = alice.opens();
    hers.until("all at once", |screen| {
        screen.contains("alice: the last thing said") && screen.contains("Connecting to 127.0.0.1")
    });
    hers.quits();
    drop(silent);
}

#[test]
fn a_key_press_cuts_the_wait_for_the_next_try_short() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    daemon.kill();
    // The waits have grown, to four to eight seconds at least.
    hers.until("a long wait", |screen| {
        (4..=8).any(|seconds| screen.contains(&format!("Next try in {seconds} s")))
    });
    daemon.restart();
    let pressed = Instant::now();
    hers.types("x");
    hers.until("connected again", |screen| !screen.contains("Not connected"));
    assert!(pressed.elapsed().as_secs_f32() < 3.0, "{:?}", pressed.elapsed());
    hers.types("\x03\x03\x03");
    assert_eq!(hers.ends().0, "Success");
}

#[test]
fn a_key_press_after_silence_asks_whether_the_server_is_there() {
    let (pings, pinged) = std::sync::mpsc::channel();
    let server = Server::play(1, move |_, conversation| {
        serve_and(conversation, |_, _| None, || pings.send(Instant::now()).unwrap());
    });
    let home = Home::new();
    let mut window = open_at(&home, &server);
    window.shows("This is where ops begins.");
    let first = pinged.recv_timeout(PATIENCE).unwrap();
    // The clock of the test: keys at first do nothing, because the server has just spoken.
    let second = loop {
        window.types("x");
        match pinged.recv_timeout(Duration::from_millis(300)) {
            Ok(second) => break second,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => panic!("the server is gone"),
        }
    };
    let silence = second - first;
    assert!((4..9).contains(&silence.as_secs()), "{silence:?}");
    window.types("\x03\x03\x03");
    assert_eq!(window.ends().0, "Success");
    server.finish();
}

/// A server with one room; what is sent is answered by the test, and the number of answers is up
/// to it: without one the connection ends.
fn serve(conversation: Conversation, send: impl FnMut(Nonce, &str) -> Option<Outcome>) {
    serve_and(conversation, send, || {});
}

/// As [`serve`], and the test hears of each question whether the server is there.
fn serve_and(
    mut conversation: Conversation,
    mut send: impl FnMut(Nonce, &str) -> Option<Outcome>,
    mut pinged: impl FnMut(),
) {
    conversation.log_in();
    while let Some(request) = conversation.request() {
        let outcome = match request.command.0 {
            Command::Subscribe => {
                conversation.push(Push::Snapshot(room(0, 0)));
                Outcome::Done
            }
            Command::History(_) => {
                let (messages, more, as_of) = (vec![], false, Revision(0));
                Outcome::Messages(Messages { messages, more, as_of })
            }
            Command::ListBlocks(_) => Outcome::Blocks(Blocks { blocks: vec![], next: None }),
            Command::ListNotifications(_) => {
                let (notifications, next) = (vec![], None);
                Outcome::Notifications(Notifications { notifications, next })
            }
            Command::ListFormerRooms(_) => {
                Outcome::FormerRooms(FormerRooms { rooms: vec![], next: None })
            }
            Command::Watch(_) => Outcome::Done,
            Command::ListMembers(_) => Outcome::Members(Members { members: vec![], next: None }),
            Command::Ping => {
                pinged();
                Outcome::Done
            }
            Command::Send(sent) => match send(sent.nonce, &sent.text) {
                Some(outcome) => outcome,
                None => return,
            },
            other => panic!("nobody asked for {other:?}"),
        };
        conversation.reply(request.id, outcome);
    }
}

/// Opens the client of somebody who knows that server.
fn open_at(home: &Home, server: &Server) -> Window {
    home.know(server, &server.public_line);
    let (id, to) = (home.path("id"), format!("127.0.0.1:{}", server.port));
    Window::open(home, &["-i", id.to_str().unwrap(), "-l", "alice", &to], &[])
}

fn taken() -> Outcome {
    let at = Timestamp(1_795_378_032_123);
    Outcome::Sent(Sent { seq: Seq(1), revision: Revision(1), at })
}

#[test]
fn a_message_whose_acknowledgement_was_lost_goes_out_under_the_same_nonce_after_a_kill() {
    let (nonces, sent) = std::sync::mpsc::channel();
    let answers = Arc::new(AtomicBool::new(false));
    // As many connections as the client may make; the server ends with the test.
    let is_answering = Arc::clone(&answers);
    let server = Server::play(100, move |_, conversation| {
        serve(conversation, |nonce, text| {
            nonces.send((nonce, text.to_owned())).unwrap();
            is_answering.load(Ordering::SeqCst).then(taken)
        });
    });
    let home = Home::new();
    let mut window = open_at(&home, &server);
    window.shows("This is where ops begins.");
    window.types("only once\r");
    let first = sent.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first.1, "only once");
    window.shows("Not connected");
    window.dies_at_once();
    answers.store(true, Ordering::SeqCst);
    let mut window = open_at(&home, &server);
    window.until("it is acknowledged", |screen| {
        screen.contains("1 ops") && !screen.contains("Connecting") && !screen.contains("outbox")
    });
    window.quits();
    let again: Vec<_> = sent.try_iter().collect();
    assert!(!again.is_empty() && again.iter().all(|sent| *sent == first), "{again:?}");
}

#[test]
fn a_message_that_was_refused_is_shown_until_it_is_taken_back_and_then_sent_anew() {
    let (nonces, sent) = std::sync::mpsc::channel();
    let server = Server::play(2, move |number, conversation| {
        serve(conversation, |nonce, _| {
            nonces.send(nonce).unwrap();
            Some(if number == 0 { refused(Code::StaleNonce) } else { taken() })
        });
    });
    let home = Home::new();
    let mut window = open_at(&home, &server);
    window.shows("This is where ops begins.");
    window.types("an old one\r");
    window.until("it is refused", |screen| {
        screen.contains("✗ an old one") && screen.contains("Up takes it back")
    });
    let first = sent.recv_timeout(PATIENCE).unwrap();
    window.dies_at_once();
    let mut window = open_at(&home, &server);
    window.until("it is still there", |screen| {
        screen.contains("✗ an old one") && screen.contains("7 days")
    });
    window.types("\x1b[A");
    window.shows(" > an old one");
    window.types("\r");
    assert_ne!(sent.recv_timeout(PATIENCE).unwrap(), first, "it is another message now");
    window.until("it is acknowledged", |screen| {
        !screen.contains("outbox") && !screen.contains("an old one")
    });
    window.quits();
    server.finish();
}
