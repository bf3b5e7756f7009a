//! People with machines of their own, who run the real program against the real daemon.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::daemon::Daemon;
use crate::harness::{Done, Home, done};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A machine of a user, and the server.
pub(crate) struct User<'a> {
    pub(crate) name: &'a str,
    pub(crate) home: Home,
    pub(crate) daemon: &'a Daemon,
}

impl<'a> User<'a> {
    pub(crate) fn new(name: &'a str, daemon: &'a Daemon) -> Self {
        Self { name, home: Home::new(), daemon }
    }

    pub(crate) fn signed_up(name: &'a str, daemon: &'a Daemon) -> Self {
        let user = Self::new(name, daemon);
        let done = user.with_password(PASSWORD, &["signup"]);
        assert_eq!((done.status, done.out.as_str()), (Some(0), ""), "{done:?}");
        user
    }

    pub(crate) fn command(&self, command: &[&str]) -> Command {
        let to = format!("{}@127.0.0.1:{}", self.name, self.daemon.port);
        let options = ["-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes", &to];
        self.home.command(&[&options[..], command].concat())
    }

    pub(crate) fn run(&self, command: &[&str]) -> Done {
        let done = done(&self.command(command).output().unwrap());
        self.daemon.may_restart(command);
        done
    }

    /// What a command printed that must succeed.
    pub(crate) fn does(&self, command: &[&str]) -> String {
        let done = self.run(command);
        assert_eq!(done.status, Some(0), "{command:?}: {done:?}");
        done.out
    }

    pub(crate) fn with_password(&self, lines: &str, command: &[&str]) -> Done {
        let command = [command, &["--password-stdin"]].concat();
        let mut child = self.command(&command).stdin(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{lines}").unwrap();
        done(&child.wait_with_output().unwrap())
    }

    pub(crate) fn device_keys(&self) -> usize {
        let keys = self.home.path(".local/state/parlor/keys");
        let servers = fs::read_dir(keys).into_iter().flatten();
        servers.flat_map(|server| fs::read_dir(server.unwrap().path()).unwrap()).count()
    }
}
