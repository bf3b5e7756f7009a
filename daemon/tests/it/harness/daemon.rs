//! The real binary, in a directory of its own, on ports that the system chose.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tempfile::TempDir;

use super::PATIENCE;
use super::client::Client;
use super::link::Link;

/// How every daemon of a test is configured, unless the test adds to it.
const CONFIG: &str = r#"
[listen]
tls = ["127.0.0.1:0"]
plain = ["127.0.0.1:0"]
unix = ["socket"]
[accounts]
"#;

/// Spares the tests half a second a password; release builds refuse it.
const CHEAP_PASSWORDS: &str =
    if cfg!(debug_assertions) { "stretch = { log_n = 4, r = 8, p = 1 }\n" } else { "" };

/// What people would not do; most stories are told faster than people speak.
const HASTE: &str = "[limits]\nmessages_burst = 1000000\nmessages_per_sec = 1000000\n\
                     rooms_per_hour = 1000000\nchanges_per_hour = 1000000\n";

/// The last lines of its log that a failed test shows.
const LOG_LINES_SHOWN: usize = 30;

/// A running daemon, or what it left behind.
pub(crate) struct Daemon {
    dir: TempDir,
    child: Child,
    /// What it said at its start.
    pub(crate) said: Announcement,
}

/// What a daemon says when it listens.
#[derive(Clone)]
pub(crate) struct Announcement {
    /// Its host key as `ssh-keygen -lf` shows it.
    pub(crate) fingerprint: String,
    /// Where it takes encrypted connections.
    pub(crate) tls: SocketAddr,
    /// Where it takes plain ones.
    pub(crate) plain: SocketAddr,
    /// Where it takes local ones.
    pub(crate) unix: PathBuf,
    /// Where it takes scrapers, where it does.
    pub(crate) metrics: Option<SocketAddr>,
}

impl Daemon {
    /// Starts a daemon where anyone may sign up.
    pub(crate) fn start() -> Self {
        Self::configured("sign_up = \"open\"")
    }

    /// Starts a daemon with more lines in its configuration; the first stand under `[accounts]`.
    pub(crate) fn configured(lines: &str) -> Self {
        let hasty = match lines.contains("[limits]") {
            true => lines.replace("[limits]\n", HASTE),
            false => format!("{lines}\n{HASTE}"),
        };
        Self::in_earnest(&hasty)
    }

    /// The same with the limits as they are shipped.
    pub(crate) fn in_earnest(lines: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("parlord-").tempdir().unwrap();
        fs::write(dir.path().join("parlord.toml"), format!("{CONFIG}{CHEAP_PASSWORDS}{lines}\n"))
            .unwrap();
        let (child, said) = launch(&dir);
        Self { dir, child, said }
    }

    /// Starts again what has ended: the same data, perhaps other ports.
    pub(crate) fn restart(&mut self) {
        assert!(self.child.try_wait().unwrap().is_some(), "the daemon still runs");
        (self.child, self.said) = launch(&self.dir);
    }

    /// Ends the process without a warning.
    pub(crate) fn kill9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end, and waits for it.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.send_sigterm();
        self.wait()
    }

    /// Asks the process to end.
    pub(crate) fn send_sigterm(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Asks the process to read its configuration again.
    pub(crate) fn send_sighup(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
    }

    /// Holds the process up, as if it hung, once it does nothing any more.
    pub(crate) fn hold(&self) {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::STOP).unwrap();
        let (_, status) = waitpid(Some(process), WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(status.stopped(), "{status:?}");
    }

    /// Lets it go on.
    pub(crate) fn release(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).unwrap();
    }

    /// Its configuration file.
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("parlord.toml")
    }

    /// Waits until its log says this, and tells that line.
    pub(crate) fn until_logged(&self, what: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.log().lines().find(|line| line.contains(what)) {
                return line.to_owned();
            }
            assert!(Instant::now() < deadline, "{what:?} is not logged: {}", self.log());
            // Nothing rings when a line is written; the deadline decides, not the pause.
            thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Waits for the process to end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child).expect("the daemon did not end")
    }

    /// Runs a subcommand on the same data, which must end by itself.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_on(&self.data(), arguments)
    }

    /// The same on other data.
    pub(crate) fn run_on(&self, data: &Path, arguments: &[&str]) -> Output {
        let mut child = command(&self.dir, data)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A pipe that nobody reads is soon full, and then nobody ends.
        let stdout = read_to_end(child.stdout.take().unwrap());
        let stderr = read_to_end(child.stderr.take().unwrap());
        let ended = wait(&mut child);
        if ended.is_none() {
            child.kill().unwrap();
        }
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        let status = ended.unwrap_or_else(|| {
            panic!("{arguments:?} did not end: {:?}", String::from_utf8_lossy(&stderr))
        });
        Output { status, stdout, stderr }
    }

    /// Starts a subcommand on the same data that goes on by itself; its standard output is piped.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        command(&self.dir, &self.data()).args(arguments).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.place("data")
    }

    /// Something else beside the data directory, gone with it.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What is on record so far, also what has not come into the audit file yet.
    pub(crate) fn audit(&self) -> Vec<serde_json::Value> {
        let Output { status, stdout, stderr } = self.run(&["audit", "--json"]);
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        let lines = String::from_utf8(stdout).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What it has logged so far, over all its starts.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Kibibytes of memory that it has resident.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// A connection without encryption that has said hello.
    pub(crate) fn client(&self) -> Client {
        Client::greet(self.plain_link())
    }

    /// The same from 127.0.0.`host`, which is another address to the daemon.
    pub(crate) fn client_from(&self, host: u8) -> Client {
        Client::greet(self.link_from(host))
    }

    /// A connection without encryption from 127.0.0.`host` that has said nothing.
    pub(crate) fn link_from(&self, host: u8) -> Link {
        Link::plain_from([127, 0, 0, host].into(), self.said.plain).unwrap()
    }

    /// An encrypted connection that has said hello.
    pub(crate) fn tls_client(&self) -> Client {
        Client::greet(Link::tls(self.said.tls).unwrap())
    }

    /// A connection over the Unix socket that has said hello.
    pub(crate) fn unix_client(&self) -> Client {
        Client::greet(Link::unix(&self.said.unix).unwrap())
    }

    /// A connection without encryption that has said nothing.
    pub(crate) fn plain_link(&self) -> Link {
        Link::plain(self.said.plain).unwrap()
    }

    /// A user who has just signed up, and hears everything.
    pub(crate) fn user(&self, name: &str) -> Client {
        let mut client = self.client();
        client.sign_up(name).unwrap();
        client.subscribe();
        client
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to end.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
        let log = self.log();
        if thread::panicking() {
            let lines: Vec<_> = log.lines().collect();
            let shown = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
            eprintln!("--- the daemon's log ends:\n{}\n---", shown.join("\n"));
        } else {
            assert!(!log.contains("panicked at"), "the daemon panicked:\n{log}");
        }
    }
}

fn read_to_end(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = vec![];
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Waits for a process to end; `None` where it does not.
pub(crate) fn wait(child: &mut Child) -> Option<ExitStatus> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        // Nothing rings when a process ends; the deadline decides, not the pause.
        thread::park_timeout(Duration::from_millis(5));
    }
    None
}

fn command(dir: &TempDir, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlord"));
    command
        .arg("--config")
        .arg(dir.path().join("parlord.toml"))
        .arg("--data")
        .arg(data)
        .env("HOME", dir.path())
        .stdin(Stdio::null());
    for variable in [
        "STATE_DIRECTORY",
        "RUNTIME_DIRECTORY",
        "NOTIFY_SOCKET",
        "XDG_DATA_HOME",
        "PARLORD_CONFIG",
        "PARLORD_DATA",
        "PARLORD_LISTEN",
        "PARLORD_SIGN_UP",
    ] {
        command.env_remove(variable);
    }
    command
}

fn launch(dir: &TempDir) -> (Child, Announcement) {
    let log = File::options().create(true).append(true).open(dir.path().join("log")).unwrap();
    let data = dir.path().join("data");
    let mut child =
        command(dir, &data).arg("serve").stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let (line, lines) = channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    // It reads to the end, so that the daemon never waits for its words to be heard.
    thread::spawn(move || {
        for said in stdout.lines().map_while(Result::ok) {
            let _nobody_listens_any_more = line.send(said);
        }
    });
    match announcement(&lines) {
        Ok(said) => (child, said),
        Err(said) => {
            let _ended = child.kill();
            let status = child.wait().unwrap();
            let log = fs::read_to_string(dir.path().join("log")).unwrap_or_default();
            panic!("the daemon did not start: {status}, said {said:?}\n{log}");
        }
    }
}

/// Reads until everything was announced; otherwise tells what was.
fn announcement(lines: &Receiver<String>) -> Result<Announcement, Vec<String>> {
    let (mut said, deadline) = (vec![], Instant::now() + PATIENCE);
    let (mut fingerprint, mut tls, mut plain, mut unix) = (None, None, None, None);
    let mut metrics = None;
    loop {
        if let (Some(fingerprint), Some(tls), Some(plain), Some(unix)) =
            (&fingerprint, tls, plain, &unix)
        {
            let (fingerprint, unix) = (String::clone(fingerprint), PathBuf::clone(unix));
            return Ok(Announcement { fingerprint, tls, plain, unix, metrics });
        }
        let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        else {
            return Err(said);
        };
        if let Some(rest) = line.strip_prefix("metrics on http://") {
            metrics = rest.strip_suffix("/metrics").and_then(|address| address.parse().ok());
        } else if let Some(rest) = line.strip_prefix("host key ") {
            fingerprint = rest.strip_suffix(" (ED25519)").map(str::to_owned);
        } else if let Some(rest) = line.strip_prefix("listening on ") {
            match rest.rsplit_once(' ') {
                Some((address, "(tls)")) => tls = address.parse().ok(),
                Some((address, "(plain)")) => plain = address.parse().ok(),
                Some((path, "(unix)")) => unix = Some(path.into()),
                _ => {}
            }
        }
        said.push(line);
    }
}
