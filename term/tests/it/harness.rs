//! A user with a home of their own, and the program run in it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use crate::server::Server;

/// A user's files, gone with the test.
pub(crate) struct Home {
    pub(crate) dir: TempDir,
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap() };
        // With a key of their own a user needs no password at a server that takes every key.
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(home.path("id"))
            .status();
        assert!(made.unwrap().success());
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.path(".local/state/parlor/known_hosts")
    }

    /// Lists a server's key, or another in its place.
    pub(crate) fn know(&self, server: &Server, public_line: &str) {
        let path = self.known_hosts();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("[127.0.0.1]:{} {public_line}\n", server.port)).unwrap();
    }

    /// The program with the user's home and nothing else of the environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "alice")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        done(&self.command(arguments).output().unwrap())
    }

    /// Runs a command on a server that is known, logged in by the user's own key.
    pub(crate) fn at(&self, server: &Server, command: &[&str]) -> Done {
        done(&self.command_at(server, command).output().unwrap())
    }

    pub(crate) fn command_at(&self, server: &Server, command: &[&str]) -> Command {
        self.know(server, &server.public_line);
        let key = self.path("id");
        let port = server.port.to_string();
        // Never a question, whatever terminal the tests run in.
        let batch = ["-o", "BatchMode=yes"];
        let mut arguments = vec!["-i", key.to_str().unwrap(), "-p", &port];
        arguments.extend(batch);
        arguments.push("127.0.0.1");
        arguments.extend(command);
        self.command(&arguments)
    }
}

/// What comes later than this does not come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A program that goes on printing, read line by line as it does, and killed with the test.
pub(crate) struct Follower {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Follower {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines() {
                if sender.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("another line")
    }

    /// The exit status, once it ends by itself.
    pub(crate) fn ends(mut self) -> Option<i32> {
        assert!(self.lines.recv_timeout(PATIENCE).is_err(), "nothing more is printed");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn done(output: &Output) -> Done {
    Done {
        status: output.status.code(),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}
