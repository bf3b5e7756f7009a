//! The full-screen client in real terminals, against the real daemon.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::daemon::Daemon;
use crate::harness::{Home, done};

pub(crate) const PASSWORD: &str = "correct horse battery";
/// Much longer than anything takes, so that only what never happens fails.
const PATIENCE: Duration = Duration::from_secs(30);
const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// Somebody with an account.
pub(crate) struct User {
    pub(crate) name: &'static str,
    pub(crate) home: Home,
    pub(crate) port: u16,
}

impl User {
    pub(crate) fn signed_up(name: &'static str, daemon: &Daemon) -> Self {
        let user = Self { name, home: Home::new(), port: daemon.port };
        let mut command = user.home.command(&user.arguments(&["signup", "--password-stdin"]));
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        let done = done(&child.wait_with_output().unwrap());
        assert_eq!(done.status, Some(0), "{done:?}");
        user
    }

    pub(crate) fn arguments<'a>(&self, command: &[&'a str]) -> Vec<&'a str> {
        // The arguments of a few users in a few tests may as well stay until the end.
        let to: &'static str = format!("{}@127.0.0.1:{}", self.name, self.port).leak();
        [&["-o", "StrictHostKeyChecking=accept-new", to], command].concat()
    }

    pub(crate) fn does(&self, command: &[&str]) {
        let done = self.home.run(&self.arguments(command));
        assert_eq!(done.status, Some(0), "{command:?}: {done:?}");
    }

    pub(crate) fn opens(&self) -> Window {
        self.opens_with(&[])
    }

    /// Opens the full screen with these beside the usual variables.
    pub(crate) fn opens_with(&self, variables: &[(&str, &str)]) -> Window {
        Window::open(&self.home, &self.arguments(&[]), variables)
    }
}

/// The full-screen client in a terminal.
pub(crate) struct Window {
    pub(crate) child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    pub(crate) screen: vt100::Parser,
    /// All that was ever written to the terminal.
    pub(crate) written: Vec<u8>,
}

impl Window {
    pub(crate) fn open(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::open_in(home, arguments, variables, (ROWS, COLUMNS))
    }

    /// As [`Window::open`], in so many rows and columns.
    pub(crate) fn open_in(
        home: &Home,
        arguments: &[&str],
        variables: &[(&str, &str)],
        (rows, columns): (u16, u16),
    ) -> Self {
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_parlor"));
        command.env_clear();
        command.env("HOME", home.dir.path());
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        command.args(arguments);
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let keyboard = pty.master.take_writer().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            // The terminal stays open for as long as it is read.
            let _master = pty.master;
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(rows, columns, 0);
        Self { child, keyboard, output, screen, written: Vec::new() }
    }

    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads on until the screen is as it should be.
    pub(crate) fn until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        self.until_window(what, |window| is_so(&window.text()));
    }

    /// Reads on until all of the terminal is as it should be.
    pub(crate) fn until_window(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("never: {what}\n{}", self.text());
            };
            self.screen.process(&bytes);
            self.written.extend(bytes);
        }
    }

    /// Reads on until one may act who is in no room: before there is a connection the program says
    /// that there is none.
    pub(crate) fn is_in_no_room(&mut self) {
        self.until("in no room", |screen| {
            screen.contains("You are in no room") && screen.contains(" ms ")
        });
    }

    pub(crate) fn shows(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Says something, and waits until it is on the server's disk.
    pub(crate) fn says(&mut self, text: &str) {
        self.types(&format!("{text}\r"));
        self.until(text, |screen| {
            screen.lines().any(|line| line.contains(text) && line.contains(':'))
                && !screen.contains('◷')
                && !screen.contains("outbox")
        });
    }

    pub(crate) fn quits(mut self) {
        self.types("/quit\r");
        assert_eq!(self.ends().0, "Success");
    }

    /// Quits, and gives all that was ever written.
    pub(crate) fn quits_having_written(mut self) -> String {
        self.types("/quit\r");
        self.read_to_its_end();
        assert!(!self.screen.screen().alternate_screen(), "the terminal is as before");
        String::from_utf8(self.written).unwrap()
    }

    /// Waits for the program's end, and gives how it ended and what it left on the screen.
    pub(crate) fn ends(mut self) -> (String, String) {
        let status = self.read_to_its_end();
        assert!(!self.screen.screen().alternate_screen(), "the terminal is as before");
        (status, self.text())
    }

    fn read_to_its_end(&mut self) -> String {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.written.extend(bytes);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end\n{}", self.text()),
            }
        }
        let status = self.child.wait().unwrap();
        assert!(!self.screen.screen().alternate_screen(), "the terminal is as before");
        status.to_string()
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Ends the program with no time to do anything.
    pub(crate) fn dies_at_once(mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
    }
}

/// How many lines of the screen hold a text.
pub(crate) fn times(screen: &str, text: &str) -> usize {
    screen.lines().filter(|line| line.contains(text)).count()
}

#[test]
fn two_full_screens_talk_and_go_on_where_they_were_when_the_daemon_dies() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    let (mut hers, mut his) = (alice.opens(), bob.opens());
    hers.is_in_no_room();
    hers.types("/create --open general\r");
    hers.shows("This is where general begins.");
    his.is_in_no_room();
    his.types("/rooms\r");
    his.shows("general   ");
    his.types("\r");
    his.shows("This is where general begins.");
    hers.shows("bob joined");
    hers.says("hello bob");
    his.shows("alice: hello bob");
    his.says("hello alice");
    hers.shows("bob: hello alice");

    daemon.kill();
    for window in [&mut hers, &mut his] {
        window.shows("Not connected since");
        window.shows("Next try in");
    }
    hers.types("written while nobody listens\rand more of it\r");
    hers.shows("outbox 2");
    daemon.restart();
    for window in [&mut hers, &mut his] {
        window.until("what was written arrives once, in order", |screen| {
            let first = screen.find("alice: written while nobody listens");
            let second = screen.find("alice: and more of it");
            !screen.contains("Not connected")
                && !screen.contains('◷')
                && first.is_some_and(|first| second.is_some_and(|second| first < second))
                && times(screen, "written while nobody listens") == 1
                && times(screen, "hello bob") == 1
        });
    }
    his.says("I am back too");
    hers.shows("bob: I am back too");
    hers.quits();
    his.quits();
    drop(daemon);
}

#[test]
fn older_messages_are_fetched_as_one_scrolls() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general", "--entry", "open"]);
    let lines: String = (1..=450).map(|number| format!("number {number}.\n")).collect();
    let mut command = alice.home.command(&alice.arguments(&["send", "general", "--lines"]));
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());

    let mut hers = alice.opens();
    hers.shows("number 450.");
    let mut top = 431;
    while top > 1 {
        hers.types("\x1b[5~");
        // A page is on its way now and then; the key is pressed again when it is there.
        let before = top;
        hers.until("an older page", |screen| first_number(screen) < Some(before));
        top = first_number(&hers.text()).unwrap();
    }
    hers.types("\x1b[5~");
    hers.shows("This is where general begins.");
    hers.types("\x1b[1;3F");
    hers.shows("number 450.");
    hers.quits();
}

fn first_number(screen: &str) -> Option<u32> {
    let (_, rest) = screen.split_once("number ")?;
    rest.split_once('.')?.0.parse().ok()
}

#[test]
fn nothing_that_others_write_reaches_the_terminal_raw() {
    let daemon = Daemon::start();
    let (alice, bob) = (User::signed_up("alice", &daemon), User::signed_up("bob", &daemon));
    alice.does(&["create", "general", "--entry", "open"]);
    bob.does(&["join", "general"]);
    let hostile = "\u{1b}]0;mine\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{1100}\u{1100}\u{1100}\tend";
    let mut hers = alice.opens();
    hers.shows("This is where general begins.");
    bob.does(&["send", "general", hostile]);
    hers.shows("end");
    hers.says("still here");
    let written = String::from_utf8(hers.written.clone()).unwrap();
    for raw in ["\u{1b}]0", "\u{9b}", "\u{202e}", "\u{1100}\u{1100}\u{1100}", "\t"] {
        assert!(!written.contains(raw), "{raw:?}");
    }
    hers.quits();
}

#[test]
fn whoever_has_an_account_comes_in_from_a_new_machine_by_the_password() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general", "--entry", "open"]);
    let other = User { home: Home::new(), ..alice };
    let mut window = other.opens();
    window.shows("▸ Log in with my password");
    window.types("\r");
    window.shows("alice@127.0.0.1's password:");
    window.types("wrong horse battery\r");
    window.shows("Permission denied, please try again.");
    window.types(&format!("{PASSWORD}\r"));
    window.shows("This is where general begins.");
    assert!(!window.text().contains("password"));
    let written = window.quits_having_written();
    assert!(!written.contains(PASSWORD), "a password is not shown");
    // From then on the device is let in.
    let mut window = other.opens();
    window.shows("This is where general begins.");
    window.quits();
}

#[test]
fn without_a_terminal_one_is_told_to_give_a_command() {
    let done = Home::new().run(&["alice@127.0.0.1:1"]);
    assert_eq!(done.status, Some(2), "{done:?}");
    assert!(done.err.contains("the full screen needs a terminal"), "{done:?}");
}

#[test]
fn what_the_server_says_to_everybody_is_shown() {
    let limits = "messages_burst = 100\n[server]\nmotd = \"mind the step\"";
    let daemon = Daemon::start_with("sign_up = \"open\"", limits);
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "ops"]);
    let mut hers = alice.opens();
    hers.shows("mind the step");
    daemon.operate(&["announce", "back", "at", "nine"]);
    hers.shows("The server announces: back at nine");
    hers.quits();
}
