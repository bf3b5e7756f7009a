//! What the full-screen client does with its terminal beside drawing: the editor, bells, links.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::daemon::Daemon;
use crate::full_screen::{User, Window};

const CTRL_X: &str = "\x18";

fn script(user: &User, text: &str) -> String {
    let path = user.home.path("editor");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn the_editor_has_the_terminal_to_itself_and_its_text_comes_back_unsent() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general", "--entry", "open"]);
    let editor = script(
        &alice,
        r#"stat -c %a "$1" "$(dirname "$1")" > "$HOME/modes"
echo EDITING
for line in 1 2 3; do read -r typed; echo "$typed" >> "$1"; echo "GOT $line"; done"#,
    );
    let runtime = alice.home.path("runtime");
    fs::create_dir(&runtime).unwrap();
    let variables = [
        ("VISUAL", editor.as_str()),
        ("EDITOR", "false"),
        ("XDG_RUNTIME_DIR", runtime.to_str().unwrap()),
        ("PATH", "/usr/bin:/bin"),
    ];
    let mut hers = alice.opens_with(&variables);
    hers.shows("This is where general begins.");
    hers.types("begun here\x1b\r");
    hers.types(CTRL_X);
    hers.shows("EDITING");
    assert!(!hers.screen.screen().alternate_screen(), "the main screen is the editor's");
    for (line, typed) in [(1, "typed there"), (2, "x\x1b[A")] {
        hers.types(&format!("{typed}\r"));
        hers.shows(&format!("GOT {line}"));
    }
    // With this the editor ends, and what it has printed may be gone before it is seen.
    hers.types("last\r");
    hers.until_window("the screen is back", |window| {
        window.screen.screen().alternate_screen() && window.text().contains("   last")
    });
    let text = hers.text();
    for line in [" > begun here", "   typed there", "   x[A", "   last"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("alice:"), "nothing was sent: {text}");
    assert_eq!(fs::read_to_string(alice.home.path("modes")).unwrap(), "600\n700\n");
    assert_eq!(fs::read_dir(&runtime).unwrap().count(), 0, "nothing is left behind");
    hers.types("\x03");
    hers.quits();
}

#[test]
fn an_editor_that_fails_loses_nothing() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general", "--entry", "open"]);
    let editor = script(&alice, "echo written before it failed > \"$1\"; exit 3");
    let runtime = alice.home.dir.path().to_str().unwrap();
    let variables =
        [("EDITOR", editor.as_str()), ("XDG_RUNTIME_DIR", runtime), ("PATH", "/usr/bin:/bin")];
    let mut hers = alice.opens_with(&variables);
    hers.shows("This is where general begins.");
    hers.types("precious");
    hers.types(CTRL_X);
    hers.shows("The editor failed");
    hers.shows("> precious");
    let kept = fs::read_dir(runtime).unwrap().find_map(|entry| {
        let path = entry.unwrap().path().join("message.txt");
        fs::read_to_string(path).ok()
    });
    assert_eq!(kept.as_deref(), Some("written before it failed\n"));
    hers.types("\x03");
    hers.quits();
}

#[test]
fn what_is_said_while_the_editor_is_open_is_there_afterwards() {
    let daemon = Daemon::start();
    let bob = User::signed_up("bob", &daemon);
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general", "--entry", "open"]);
    bob.does(&["join", "general"]);
    let editor = script(&alice, "echo EDITING; read -r line");
    let mut hers = alice.opens_with(&[("EDITOR", &editor), ("PATH", "/usr/bin:/bin")]);
    hers.shows("This is where general begins.");
    hers.types(CTRL_X);
    hers.shows("EDITING");
    bob.does(&["send", "general", "said meanwhile"]);
    hers.types("\r");
    hers.shows("bob: said meanwhile");
    hers.says("still here");
    hers.quits();
}

/// What the terminal was told beside what it shows.
#[derive(Default)]
struct Heard {
    bells: usize,
    titles: Vec<String>,
    copied: Vec<String>,
    others: Vec<String>,
}

impl vt100::Callbacks for Heard {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.bells += 1;
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.titles.push(String::from_utf8(title.to_vec()).unwrap());
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.copied.push(String::from_utf8(data.to_vec()).unwrap());
    }

    fn unhandled_osc(&mut self, _: &mut vt100::Screen, parameters: &[&[u8]]) {
        let parameters = parameters.iter().map(|part| String::from_utf8_lossy(part));
        self.others.push(parameters.collect::<Vec<_>>().join(";"));
    }
}

fn heard(window: &Window) -> Heard {
    let mut parser = vt100::Parser::new_with_callbacks(24, 80, 0, Heard::default());
    parser.process(&window.written);
    std::mem::take(parser.callbacks_mut())
}

#[test]
fn a_mention_rings_and_notifies_while_one_looks_elsewhere() {
    for (variables, notified) in [
        (vec![], "9;parlor: bob mentioned you in general, message 1: @alice ]9;hello"),
        (
            vec![("TERM", "foot")],
            "777;notify;parlor;bob mentioned you in general, message 1: @alice ]9,hello",
        ),
    ] {
        let daemon = Daemon::start();
        let bob = User::signed_up("bob", &daemon);
        let alice = User::signed_up("alice", &daemon);
        alice.does(&["create", "general", "--entry", "open"]);
        bob.does(&["join", "general"]);
        let mut hers = alice.opens_with(&variables);
        hers.shows("This is where general begins.");
        hers.types("\x1b[O");
        // What is typed is echoed after the focus was taken in.
        hers.types("typed");
        hers.shows("> typed");
        bob.does(&["send", "general", "@alice \u{1b}]9;hello\u{7}"]);
        hers.until_window("the bell", |window| heard(window).bells > 0);
        hers.until_window("a notification", |window| {
            heard(window).others.iter().any(|other| other == notified)
        });
        hers.types("\x03");
        hers.quits();
    }
}

#[test]
fn nothing_rings_for_what_one_looks_at() {
    let daemon = Daemon::start();
    let bob = User::signed_up("bob", &daemon);
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general", "--entry", "open"]);
    bob.does(&["join", "general"]);
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    hers.types("\x1b[Ityped");
    hers.shows("> typed");
    bob.does(&["send", "general", "@alice look"]);
    bob.does(&["send", "general", "that was all"]);
    hers.shows("that was all");
    assert_eq!(heard(&hers).bells, 0);
    hers.types("\x03");
    hers.quits();
}

#[test]
fn the_window_says_how_much_is_unread_and_gets_its_title_back() {
    let daemon = Daemon::start();
    let bob = User::signed_up("bob", &daemon);
    let alice = User::signed_up("alice", &daemon);
    for room in ["general", "ops"] {
        alice.does(&["create", room, "--entry", "open"]);
        bob.does(&["join", room]);
    }
    let mut hers = alice.opens();
    hers.until_window("the title", |window| {
        heard(window).titles.last().is_some_and(|title| title == "general — 127.0.0.1")
    });
    bob.does(&["send", "ops", "psst"]);
    hers.until_window("the title", |window| {
        heard(window).titles.last().is_some_and(|title| title == "(1) general — 127.0.0.1")
    });
    let written = hers.quits_having_written();
    let put_by = written.find("\x1b[22;2t").expect("the title is put by");
    let back = written.rfind("\x1b[23;2t").expect("the title is given back");
    assert!(put_by < back);
    assert!(written.rfind("\x1b[?1004l") > written.rfind("\x1b[?1004h"), "focus is not reported");
}

const LONG_LINK: &str =
    "https://ci.example.org/run/8841/and/so/on/far/beyond/the/end/of/a/line/of/the/screen";

#[test]
fn a_wrapped_link_is_told_to_the_terminal_as_one() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    alice.does(&["send", "general", &format!("see {LONG_LINK}; javascript:alert(1)")]);
    let mut hers = alice.opens();
    hers.shows("javascript");
    hers.says("done");
    let opened = format!("8;id=parlor0;{LONG_LINK}");
    let links: Vec<_> = heard(&hers).others.into_iter().filter(|it| it.starts_with("8;")).collect();
    assert!(links.iter().filter(|link| **link == opened).count() >= 2, "a row each: {links:?}");
    assert!(links.iter().all(|link| *link == opened || link == "8;;"), "{links:?}");
    hers.quits();
}

#[test]
fn a_message_is_chosen_by_keys_and_copied() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    alice.does(&["send", "general", "first"]);
    alice.does(&["send", "general", "second"]);
    let mut hers = alice.opens();
    hers.shows("second");
    hers.types("\x1b[1;3A\x1b[1;3A\x1bc");
    hers.shows("Copied the message.");
    hers.until_window("the clipboard", |window| heard(window).copied == ["Zmlyc3Q="]);
    hers.quits();
}

#[test]
fn the_bare_conversation_is_copied_as_it_was_written() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let long = "word ".repeat(30);
    alice.does(&["send", "general", &format!("{long}\u{1b}[2Jend")]);
    let mut hers = alice.opens();
    hers.shows("end");
    hers.types("\x1bl");
    hers.shows("-- any key goes back --");
    let text = hers.text();
    // The parser joins rows that the terminal itself has wrapped.
    let line = text.lines().find(|line| line.contains("alice: ")).unwrap();
    assert!(line.ends_with(&format!("alice: {long}[2Jend")), "{text}");
    assert!(!text.contains("F1"), "{text}");
    hers.types("x");
    hers.until("the screen is back", |screen| screen.contains("F1 help"));
    assert!(!hers.text().contains("> x"), "the key only went back");
    hers.quits();
}

#[test]
fn the_mouse_is_the_terminals_until_it_is_asked_for_and_again_at_the_end() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    for room in ["general", "ops"] {
        alice.does(&["create", room]);
    }
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    let reports = |window: &Window| {
        window.screen.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    };
    assert!(!reports(&hers));
    hers.types("\x1bm");
    hers.until_window("the mouse is ours", reports);
    // A click and the wheel are no text.
    hers.types("\x1b[<0;6;4M\x1b[<0;6;4m\x1b[<64;1;1Mtyped");
    hers.shows("> typed");
    hers.types("\x03");
    // The bare conversation is for the terminal's own selection.
    hers.types("\x1bl");
    hers.until_window("the mouse is the terminal's", |window| !reports(window));
    hers.types("x");
    hers.until_window("the mouse is ours again", reports);
    let written = hers.quits_having_written();
    assert!(written.rfind("\x1b[?1000l") > written.rfind("\x1b[?1000h"));
}
