//! The real daemon, with a store of its own, on a free port.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running `parlord`, killed with the test.
pub(crate) struct Daemon {
    pub(crate) port: u16,
    /// The fingerprint that it printed at its start.
    pub(crate) fingerprint: String,
    dir: TempDir,
    child: Child,
}

impl Daemon {
    /// Starts one where anybody may sign up.
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::start_in(dir, 0)
    }

    /// Kills it, and starts it again on the same port over the same store.
    pub(crate) fn restart(mut self) -> Self {
        self.kill();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        Self::start_in(dir, self.port)
    }

    pub(crate) fn host_key(&self) -> PathBuf {
        self.dir.path().join("data/host_key")
    }

    fn start_in(dir: TempDir, port: u16) -> Self {
        let config = dir.path().join("parlord.toml");
        // Only builds that tests are made of take so weak a stretching.
        let stretch =
            if cfg!(debug_assertions) { "stretch = { log_n = 4, r = 8, p = 1 }" } else { "" };
        let text = format!(
            "[listen]\ntls = [\"127.0.0.1:{port}\"]\n[accounts]\nsign_up = \"open\"\n{stretch}\n"
        );
        fs::write(&config, text).unwrap();
        let parlor = Path::new(env!("CARGO_BIN_EXE_parlor"));
        let parlord = parlor.with_file_name("parlord");
        assert!(parlord.exists(), "build the daemon first: cargo build -p parlord");
        let mut child = Command::new(parlord)
            .args(["serve", "--config"])
            .arg(&config)
            .arg("--data")
            .arg(dir.path().join("data"))
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
        let fingerprint = fingerprint.expect("a fingerprint at the start");
        Self { port: port.expect("an address at the start"), fingerprint, dir, child }
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
