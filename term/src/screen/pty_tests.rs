//! The screen in a real pseudo-terminal: what it leaves behind, pastes, the cursor, stopping.
//!
//! The program in the terminal is this test binary, running [`child`] only.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::room::Role;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::model::{Link, Model, Room};
use crate::update::{Ask, News};

const CHILD: &str = "screen::pty_tests::child";
/// Set in the environment of the program in the terminal, and nowhere else.
const INSIDE: &str = "PARLOR_TEST_IN_PTY";
/// Much longer than anything takes, so that only what never happens fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program in the pseudo-terminal: a room whose server acknowledges all, except that it brings
/// the program down when it is told to.
#[test]
#[ignore = "runs only in the pseudo-terminals of the other tests"]
fn child() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let now = Timestamp(jiff::Timestamp::now().as_millisecond());
    let mut model = Model::new("alice", "chat", "pinned", now);
    model.link = Link::Online { round_trip: None };
    model.rooms = vec![Room::new(RoomId::from_random(1), "general", Role::Owner)];
    model.here = Some(RoomId::from_random(1));
    let ended = super::run(model, |wakes| {
        Box::new(move |ask| {
            if let Ask::Send { room, local, text, .. } = ask {
                match text.as_str() {
                    "panic" => panic!("as was wished"),
                    "panic elsewhere" => {
                        let panicking = || panic!("elsewhere, as was wished");
                        std::thread::spawn(panicking).join().expect("it panics");
                    }
                    _ => {}
                }
                let news = News::Acknowledged { room, local };
                wakes.send(super::Wake::News(news)).expect("the loop listens");
            }
            Ok(())
        })
    });
    ended.expect("the terminal obeys").exit();
}

/// A pseudo-terminal with something running in it.
struct Pty {
    master: Box<dyn MasterPty>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    modes: String,
}

impl Pty {
    /// Our program, alone in a terminal: its parent is in another session, as under `xterm -e`.
    fn alone() -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", CHILD, "--ignored", "--nocapture", "--test-threads=1"]);
        let mut pty = Self::spawn(command);
        pty.until("the screen is there", |screen| screen.contents().contains("1 general"));
        pty
    }

    fn spawn(mut command: CommandBuilder) -> Self {
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.env("RUST_BACKTRACE", "0");
        command.env(INSIDE, "1");
        let size = PtySize { rows: 24, cols: 80, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        let modes = modes(&*pair.master);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let parser = vt100::Parser::new(24, 80, 100);
        Self { master: pair.master, writer, child, output, parser, modes }
    }

    fn write(&mut self, bytes: &str) {
        self.writer.write_all(bytes.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Takes in what the program writes until the screen is as it should be.
    fn until(&mut self, what: &str, reached: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !reached(self.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("never: {what}\n{}", self.parser.screen().contents())
                }
            }
        }
    }

    fn kill(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal)
            .unwrap();
    }

    /// Waits for the program's end, and checks that the terminal is as it was before.
    fn ends(mut self, how: &str) -> vt100::Parser {
        let status = self.child.wait().unwrap();
        assert_eq!(status.to_string(), how);
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
            self.parser.process(&bytes);
        }
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "the main screen is back");
        assert!(!screen.bracketed_paste() && !screen.hide_cursor());
        assert!(!screen.contents().contains("general"), "{}", screen.contents());
        assert_eq!(modes(&*self.master), self.modes, "the terminal's modes are as before");
        self.parser
    }
}

fn modes(master: &dyn MasterPty) -> String {
    fn shown(modes: impl Debug) -> String {
        format!("{modes:?}")
    }
    shown(master.get_termios())
}

#[test]
fn quitting_leaves_the_terminal_as_it_was() {
    let mut pty = Pty::alone();
    assert!(pty.parser.screen().alternate_screen() && pty.parser.screen().bracketed_paste());
    assert_ne!(modes(&*pty.master), pty.modes, "raw mode is on");
    pty.write("\x03\x03");
    let parser = pty.ends("Success");
    let left = parser.screen().contents();
    assert!(left.contains("running 1 test"), "the main screen is untouched: {left}");
}

#[test]
fn signals_leave_the_terminal_as_it_was_and_are_seen_by_the_shell() {
    use rustix::process::Signal;
    for (signal, how) in [
        (Signal::TERM, "Terminated by Terminated"),
        (Signal::INT, "Terminated by Interrupt"),
        (Signal::HUP, "Terminated by Hangup"),
        (Signal::QUIT, "Terminated by Quit"),
    ] {
        let pty = Pty::alone();
        pty.kill(signal);
        pty.ends(how);
    }
}

#[test]
fn a_panic_in_any_thread_gives_the_terminal_back_before_it_is_told() {
    for (typed, told) in
        [("panic\r", "as was wished"), ("panic elsewhere\r", "elsewhere, as was wished")]
    {
        let mut pty = Pty::alone();
        pty.write(typed);
        let parser = pty.ends("Exited with code 101");
        assert!(parser.screen().contents().contains(told), "{}", parser.screen().contents());
    }
}

#[test]
fn a_paste_is_one_event_and_sends_nothing() {
    let mut pty = Pty::alone();
    pty.write("\x1b[200~one\rtwo\rthree\x1b[201~");
    pty.until("the paste is in the input", |screen| {
        let text = screen.contents();
        let rows: Vec<_> = text.lines().map(str::trim_end).collect();
        [" > one", "   two", "   three"].iter().all(|row| rows.contains(row))
    });
    pty.write("\x03\x03\x03");
    pty.ends("Success");
}

#[test]
fn the_cursor_is_where_one_writes() {
    let mut pty = Pty::alone();
    pty.until("it is in the empty input", |screen| screen.cursor_position() == (22, 3));
    pty.write("世界x\x02");
    pty.until("it is before the x", |screen| screen.cursor_position() == (22, 7));
    assert!(!pty.parser.screen().hide_cursor());
    pty.write("\x03\x03\x03");
    pty.ends("Success");
}

#[test]
fn another_size_is_taken_at_once_down_to_one_cell() {
    let mut pty = Pty::alone();
    for (rows, cols) in [(10, 40), (1, 1), (36, 120)] {
        pty.parser.screen_mut().set_size(rows, cols);
        pty.master.resize(PtySize { rows, cols, ..PtySize::default() }).unwrap();
        if cols > 1 {
            let at = (if rows > 10 { rows - 2 } else { rows - 1 }, 3);
            pty.until("the input is at the bottom", |screen| screen.cursor_position() == at);
        }
    }
    pty.until("the panes are there", |screen| screen.contents().contains("MEMBERS 1"));
    pty.parser.screen_mut().set_size(24, 80);
    pty.write("\x03\x03");
    pty.ends("Success");
}

#[test]
fn the_shell_gets_the_terminal_back_and_fg_returns_to_the_screen() {
    let mut bash = CommandBuilder::new("bash");
    bash.args(["--norc", "--noprofile", "-i"]);
    bash.env("PS1", "prompt> ");
    let exe = std::env::current_exe().unwrap();
    let mut pty = Pty::spawn(bash);
    let prompt = |screen: &vt100::Screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("prompt>")
    };
    pty.until("the shell is there", prompt);
    let exe = exe.display();
    pty.write(&format!("'{exe}' --exact {CHILD} --ignored --nocapture\r"));
    let there = |screen: &vt100::Screen| {
        screen.alternate_screen() && screen.contents().contains("1 general")
    };
    pty.until("the screen is there", there);
    for _ in 0..2 {
        pty.write("\x1a");
        pty.until("the shell is back", |screen| {
            prompt(screen) && screen.contents().contains("Stopped")
        });
        pty.write("clear; fg\r");
        pty.until("the screen is back", there);
    }
    // What is typed arrives: the modes of the terminal are ours again.
    pty.write("x");
    pty.until("keys arrive one by one", |screen| screen.contents().contains(" > x"));
    pty.write("\x03\x03\x03");
    pty.until("the program ended", prompt);
    pty.write("echo status $?; exit\r");
    pty.until("it ended well", |screen| screen.contents().contains("status 0"));
    assert!(pty.child.wait().unwrap().success());
}
