//! A data directory of one's own, and `parlord` run on it.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{PATIENCE, wait};

/// A place where a daemon lives, gone with the test.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        // Release builds refuse what would spare these tests half a second a password.
        let weak = "[accounts]\nstretch = { log_n = 4 }\n";
        fs::write(place.config(), if cfg!(debug_assertions) { weak } else { "" }).unwrap();
        place
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("parlord.toml")
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Something in this place.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `parlord` with these arguments, on this place unless told otherwise.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run<'_> {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Run { place: self, arguments, stdin: String::new(), named: true, files: None }
    }

    /// The running daemon, once it listens.
    pub(crate) fn serve(&self) -> Daemon {
        self.run(&["serve", "--listen", "127.0.0.1:0"]).serving(|_| {})
    }

    /// What the audit file tells: serial, action, outcome and subject of each record.
    pub(crate) fn audited(&self) -> Vec<String> {
        let text = fs::read_to_string(self.data().join("audit/audit.log")).unwrap();
        let told = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| record[key].as_str().unwrap_or("-").to_owned();
            let (action, outcome, subject) = (word("action"), word("outcome"), word("subject"));
            format!("{} {action} {outcome} {subject}", record["serial"])
        };
        text.lines().map(told).collect()
    }
}

/// One run of a subcommand.
pub(crate) struct Run<'a> {
    place: &'a Place,
    arguments: Vec<String>,
    stdin: String,
    named: bool,
    files: Option<u32>,
}

impl Run<'_> {
    pub(crate) fn with_stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    /// Lets it have no more files open at once.
    pub(crate) fn with_files(mut self, max: u32) -> Self {
        self.files = Some(max);
        self
    }

    /// Without `--data` and `--config`.
    pub(crate) fn by_default_place(mut self) -> Self {
        self.named = false;
        self
    }

    /// Runs it; it must succeed and say nothing on stderr.
    pub(crate) fn done(self) -> String {
        let output = self.output();
        let (said, wrong) = texts(&output);
        assert_eq!((output.status.code(), wrong.as_str()), (Some(0), ""), "{:?}", self.arguments);
        said
    }

    /// Runs it; it must fail with one line on stderr.
    pub(crate) fn refused(self) -> String {
        let output = self.output();
        let (said, wrong) = texts(&output);
        assert_eq!((output.status.code(), said.as_str()), (Some(1), ""), "{wrong}");
        assert!(one_line(&wrong).starts_with("parlord: "), "{wrong}");
        wrong
    }

    pub(crate) fn output(&self) -> Output {
        let mut child = self
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Whoever refuses early does not read.
        let _unread = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Starts a daemon that says nothing to anybody.
    pub(crate) fn unheard(self, more: impl FnOnce(&mut Command)) -> Daemon {
        let mut command = self.command();
        let nobody = || Stdio::from(io::pipe().unwrap().1);
        command.stdin(Stdio::null()).stdout(nobody()).stderr(nobody());
        more(&mut command);
        Daemon { child: command.spawn().unwrap(), said: vec![] }
    }

    /// Starts a daemon, and waits until it listens.
    pub(crate) fn serving(self, more: impl FnOnce(&mut Command)) -> Daemon {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        more(&mut command);
        let mut child = command.spawn().unwrap();
        let mut said = vec![];
        let (line, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for said in stdout.lines().map_while(Result::ok) {
                let _nobody_listens_any_more = line.send(said);
            }
        });
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            said.push(line);
            if said.last().is_some_and(|line| line.starts_with("listening on ")) {
                break;
            }
        }
        Daemon { child, said }
    }

    pub(crate) fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_parlord");
        let mut command = match self.files {
            None => Command::new(program),
            Some(max) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!(r#"ulimit -n {max} && exec "$0" "$@""#), program]);
                shell
            }
        };
        command.args(&self.arguments);
        if self.named {
            command.arg("--data").arg(self.place.data());
            if !self.arguments.iter().any(|argument| argument == "--config") {
                command.arg("--config").arg(self.place.config());
            }
        }
        command
            .env("XDG_DATA_HOME", self.place.dir.path().join("home"))
            .env_remove("STATE_DIRECTORY")
            .env_remove("RUNTIME_DIRECTORY")
            .env_remove("NOTIFY_SOCKET");
        command
    }
}

/// A running daemon. It goes with the test.
pub(crate) struct Daemon {
    child: Child,
    said: Vec<String>,
}

impl Daemon {
    /// What stands between the two on a line that it has said.
    pub(crate) fn line(&self, before: &str, behind: &str) -> String {
        let found = self
            .said
            .iter()
            .find_map(|line| line.strip_prefix(before).and_then(|line| line.strip_suffix(behind)));
        found.unwrap_or_else(|| panic!("no {before}…{behind} in {:?}", self.said)).to_owned()
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) fn stop(self) {
        assert!(self.terminate().success());
    }

    /// The same, where that may fail.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        wait(&mut self.child).expect("the daemon did not end")
    }

    /// Kills it without a warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Gone already where the test went well.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

pub(crate) fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// The text, which is one whole line.
pub(crate) fn one_line(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {text:?}"));
    assert!(!line.contains('\n'), "{text}");
    line
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}
