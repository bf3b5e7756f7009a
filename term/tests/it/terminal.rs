//! A person at a terminal, who reads before they type.

use std::io::{Read, Write};
use std::sync::mpsc;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::harness::{Home, PATIENCE};

/// The program in a terminal of its own.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    screen: mpsc::Receiver<Vec<u8>>,
    /// What was shown and not yet looked for.
    shown: String,
}

impl Terminal {
    pub(crate) fn run(home: &Home, arguments: &[&str]) -> Self {
        let pty = native_pty_system().openpty(PtySize::default()).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_parlor"));
        command.env_clear();
        command.env("HOME", home.dir.path());
        command.args(arguments);
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (bytes, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if bytes.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keyboard = pty.master.take_writer().unwrap();
        Self { child, master: pty.master, keyboard, screen, shown: String::new() }
    }

    /// Reads on until something was shown.
    pub(crate) fn until(&mut self, what: &str) {
        loop {
            if let Some(at) = self.shown.find(what) {
                self.shown.drain(..at + what.len());
                return;
            }
            let Ok(more) = self.screen.recv_timeout(PATIENCE) else {
                panic!("no {what:?} behind {:?}", self.shown);
            };
            self.shown += &String::from_utf8(more).unwrap();
        }
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// Waits for the program's end.
    pub(crate) fn succeeds(mut self) -> bool {
        let status = self.child.wait().unwrap();
        drop(self.master);
        status.success()
    }
}
