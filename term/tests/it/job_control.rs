//! The real program as a job of a shell: stopped and brought back, by its key and by a signal.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::daemon::Daemon;
use crate::full_screen::User;

const PATIENCE: Duration = Duration::from_secs(30);

/// A shell that leaves the terminal's modes alone, so that what they are at its prompt is what the
/// program left.
struct Shell {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Shell {
    fn open(user: &User) -> Self {
        let size = PtySize { rows: 24, cols: 80, ..PtySize::default() };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new("sh");
        command.arg("-i");
        command.env_clear();
        command.env("HOME", user.home.dir.path());
        command.env("TERM", "xterm-256color");
        command.env("PS1", "prompt> ");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let keyboard = pty.master.take_writer().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(24, 80, 0);
        Self { master: pty.master, keyboard, output, screen, child }
    }

    fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self.screen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("never: {what}\n{}", self.screen.screen().contents());
            };
            self.screen.process(&bytes);
        }
    }

    /// Waits for the shell's prompt below everything else, on a terminal as it was before.
    fn is_back(&mut self, modes: &str) {
        self.until("the shell is back", |screen| {
            !screen.alternate_screen() && screen.contents().trim_end().ends_with("prompt>")
        });
        let screen = self.screen.screen();
        assert!(!screen.bracketed_paste() && !screen.hide_cursor(), "its modes are off");
        assert_eq!(self.modes(), modes, "the terminal's modes are as before");
    }

    fn modes(&self) -> String {
        format!("{:?}", self.master.get_termios())
    }
}

#[test]
fn stopping_gives_the_terminal_back_and_going_on_draws_everything_again() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let mut shell = Shell::open(&alice);
    shell.until("the shell is there", |screen| screen.contents().contains("prompt>"));
    let before = shell.modes();
    let to = format!("{}@127.0.0.1:{}", alice.name, alice.port);
    shell.types(&format!("{} {to}\n", env!("CARGO_BIN_EXE_parlor")));
    let there = |screen: &vt100::Screen| {
        screen.alternate_screen()
            && screen.bracketed_paste()
            && screen.contents().contains("This is where general begins.")
            && screen.contents().contains(" > ")
    };
    shell.until("the screen is there", there);
    let ours = shell.modes();
    assert_ne!(ours, before, "keys arrive one by one");
    // By the key, which the terminal hands us as a character; then by what `kill -TSTP` sends.
    for by_key in ["\x1a", "", "\x1a"] {
        if by_key.is_empty() {
            let job = shell.master.process_group_leader().unwrap();
            kill_process_group(Pid::from_raw(job).unwrap(), Signal::TSTP).unwrap();
        } else {
            shell.types(by_key);
        }
        shell.is_back(&before);
        shell.types("clear\n");
        shell.until("the shell's screen is empty", |screen| {
            !screen.contents().contains("general") && screen.contents().starts_with("prompt>")
        });
        shell.types("fg\n");
        shell.until("the screen is drawn again", there);
        assert_eq!(shell.modes(), ours, "and has its modes");
    }
    shell.types("still here\r");
    shell.until("what is typed arrives", |screen| screen.contents().contains("alice: still here"));
    shell.types("/quit\r");
    shell.is_back(&before);
    shell.types("exit\n");
    shell.child.wait().unwrap();
}
