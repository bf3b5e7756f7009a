//! The real daemon, with a store of its own, on a free port.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Where this is set, the daemon is killed and started again after each command of a user.
const RESTLESS: &str = "PARLOR_RESTLESS";

/// A running `parlord`, killed with the test.
pub(crate) struct Daemon {
    pub(crate) port: u16,
    /// The fingerprint that it printed at its start.
    pub(crate) fingerprint: String,
    dir: TempDir,
    child: Mutex<Child>,
}

impl Daemon {
    /// Starts one where anybody may sign up.
    pub(crate) fn start() -> Self {
        Self::start_with("sign_up = \"open\"", "")
    }

    /// Starts one with these lines under `[accounts]` and `[limits]`.
    pub(crate) fn start_with(accounts: &str, limits: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Only builds that tests are made of take so weak a stretching.
        let stretch =
            if cfg!(debug_assertions) { "stretch = { log_n = 4, r = 8, p = 1 }" } else { "" };
        // Nobody in a test waits for a rate limit that the test is not about.
        let limits = if limits.is_empty() { "messages_burst = 100000" } else { limits };
        let text = format!("[accounts]\n{accounts}\n{stretch}\n[limits]\n{limits}\n");
        fs::write(dir.path().join("parlord.toml"), text).unwrap();
        let (child, port, fingerprint) = spawn(dir.path(), 0);
        Self { port, fingerprint, dir, child: Mutex::new(child) }
    }

    /// Kills it as a power cut would, and starts it again on the same port over the same store.
    pub(crate) fn restart(&self) {
        self.kill();
        *self.child.lock().unwrap() = spawn(self.dir.path(), self.port).0;
    }

    /// Restarts it after a command where the tests were asked for that: whatever one of them does,
    /// the outcome is the same with a restart in the middle. Read markers are written some seconds
    /// later or at the end, so behind one it ends as a service manager would have it.
    pub(crate) fn may_restart(&self, command: &[&str]) {
        if std::env::var_os(RESTLESS).is_none() {
            return;
        }
        if command.first() == Some(&"read") {
            let pid = Pid::from_child(&self.child.lock().unwrap());
            kill_process(pid, Signal::TERM).unwrap();
            self.child.lock().unwrap().wait().unwrap();
        }
        self.restart();
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Runs a subcommand beside it, and gives what it printed.
    pub(crate) fn operate(&self, command: &[&str]) -> String {
        let output = Command::new(parlord())
            .args(command)
            .arg("--config")
            .arg(self.dir.path().join("parlord.toml"))
            .arg("--data")
            .arg(self.dir.path().join("data"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn host_key(&self) -> PathBuf {
        self.dir.path().join("data/host_key")
    }
}

/// Starts a daemon over the store in a directory, and gives its port and its fingerprint.
fn spawn(dir: &Path, port: u16) -> (Child, u16, String) {
    let mut child = Command::new(parlord())
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--config"])
        .arg(dir.join("parlord.toml"))
        .arg("--data")
        .arg(dir.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut port, mut fingerprint) = (None, None);
    for line in lines.by_ref() {
        let line = line.unwrap();
        if let Some(rest) = line.strip_prefix("host key ") {
            fingerprint = rest.split(' ').next().map(str::to_owned);
        }
        if let Some(rest) = line.strip_prefix("listening on 127.0.0.1:") {
            port = rest.split(' ').next().and_then(|port| port.parse().ok());
            break;
        }
    }
    // The daemon must not wait for somebody to read the rest.
    std::thread::spawn(move || lines.for_each(drop));
    let port = port.expect("an address at the start");
    (child, port, fingerprint.expect("a fingerprint at the start"))
}

/// The daemon's binary, beside the client's.
fn parlord() -> PathBuf {
    let parlord = Path::new(env!("CARGO_BIN_EXE_parlor")).with_file_name("parlord");
    assert!(parlord.exists(), "build the daemon first: cargo build -p parlord");
    parlord
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
