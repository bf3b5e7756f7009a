//! The daemon under test: the release binary as a process of its own, with an empty store.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::machine;

/// How long it may take to stop.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// The kernel counts a process's time in these, on every Linux.
const TICK: Duration = Duration::from_millis(10);
/// At level debug the hub says of each commit how many events were in it: from there the bare
/// SQLite beside it takes its batches. That is a line to a file for each commit.
const LOGGING: &str = "\
appenders:
  stderr: { kind: console, target: stderr, encoder: { kind: line } }
root: { level: info, appenders: [stderr] }
loggers:
  parlord::hub: { level: debug }
";
/// What stands before the number of events in the hub's line.
const COMMITTED: &str = "events committed: ";
/// What stands before how long the hub has taken for a slice of chores, in microseconds.
const CHORES: &str = "chores decided and committed in us: ";

/// A running daemon. Dropped, it is killed and its data is removed.
pub(crate) struct Daemon {
    child: Child,
    dir: TempDir,
    /// Where it listens without TLS.
    pub(crate) plain: SocketAddr,
    /// Where it listens with TLS.
    pub(crate) tls: SocketAddr,
    /// Held open, so that what it prints has somewhere to go.
    _stdout: BufReader<ChildStdout>,
}

impl Daemon {
    /// Starts one that takes as many connections.
    pub(crate) fn start(connections: usize) -> Result<Self> {
        let dir = TempDir::with_prefix_in("bench-", machine::DATA).context("make a directory")?;
        let config = format!(
            "log = \"log4rs.yaml\"\n\
             [listen]\ntls = [\"127.0.0.1:0\"]\nplain = [\"127.0.0.1:0\"]\n\
             [accounts]\nsign_up = \"open\"\n\
             [limits]\nconnections = {connections}\nlogin_timeout_secs = 120\n\
             messages_burst = 1000000\nmessages_per_sec = 1000000\nrooms_per_hour = 1000000\n\
             changes_per_hour = 1000000\n"
        );
        fs::write(dir.path().join("log4rs.yaml"), LOGGING)?;
        fs::write(dir.path().join("parlord.toml"), config)?;
        Self::launch(dir)
    }

    /// Stops it, lets its store be filled, and starts it again; how long that start took.
    pub(crate) fn refilled(
        mut self,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<(Self, Duration)> {
        self.end()?;
        let dir = std::mem::replace(&mut self.dir, TempDir::new()?);
        fill(&dir.path().join("data/parlor.db"))?;
        let begun = Instant::now();
        let daemon = Self::launch(dir)?;
        Ok((daemon, begun.elapsed()))
    }

    fn launch(dir: TempDir) -> Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_parlord"))
            .arg("--config")
            .arg(dir.path().join("parlord.toml"))
            .arg("--data")
            .arg(dir.path().join("data"))
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(dir.path().join("log"))?)
            .spawn()
            .context("start parlord")?;
        let mut stdout = BufReader::new(child.stdout.take().context("read from parlord")?);
        let listening = addresses(&mut stdout);
        // From here on it is killed, whatever happens.
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut daemon = Self { child, dir, plain: unknown, tls: unknown, _stdout: stdout };
        (daemon.plain, daemon.tls) = listening.with_context(|| daemon.last_words())?;
        Ok(daemon)
    }

    /// The processor time that it has used so far, in user mode and in the kernel.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in parentheses may hold spaces; after it, utime and stime are 12th and 13th.
        let (_, fields) = stat.rsplit_once(')').context("read the times of parlord")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = fields[11].parse::<u32>()? + fields[12].parse::<u32>()?;
        Ok(TICK * ticks)
    }

    /// The memory that it has resident, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.context("read the memory of parlord")?.parse()?)
    }

    /// Stops it as an administrator would; how many events each of its commits had, in order.
    pub(crate) fn stop(mut self) -> Result<Vec<usize>> {
        self.end()?;
        let log = fs::read_to_string(self.dir.path().join("log"))?;
        log.lines()
            .filter_map(|line| line.split_once(COMMITTED))
            .map(|(_, number)| number.trim().parse().context("read a line of the log"))
            .collect()
    }

    /// How long each slice of chores has taken so far: to decide, and to commit.
    pub(crate) fn chores(&self) -> Result<Vec<(Duration, Duration)>> {
        let log = fs::read_to_string(self.dir.path().join("log"))?;
        let slice = |line: &str| {
            let (decided, committed) = line.split_once(CHORES)?.1.trim().split_once(' ')?;
            let micros = |text: &str| text.parse().map(Duration::from_micros).ok();
            micros(decided).zip(micros(committed))
        };
        Ok(log.lines().filter_map(slice).collect())
    }

    fn end(&mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-s", "TERM", &pid]).status()?;
        ensure!(told.success(), "cannot tell parlord to stop");
        let deadline = Instant::now() + STOP_DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            ensure!(Instant::now() < deadline, "parlord did not stop: {}", self.last_words());
            std::thread::sleep(Duration::from_millis(20));
        };
        ensure!(status.success(), "parlord ended with {status}: {}", self.last_words());
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        format!("its log ends in:\n{}", lines[lines.len().saturating_sub(10)..].join("\n"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // After a stop there is nothing to kill, and that is fine.
        let _stopped = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Reads where it listens: first without TLS, then with.
fn addresses(stdout: &mut impl BufRead) -> Result<(SocketAddr, SocketAddr)> {
    let (mut plain, mut tls) = (None, None);
    while plain.is_none() || tls.is_none() {
        let mut line = String::new();
        if stdout.read_line(&mut line)? == 0 {
            bail!("parlord did not start");
        }
        let Some(listening) = line.trim_end().strip_prefix("listening on ") else { continue };
        match listening.split_once(' ') {
            Some((address, "(plain)")) => plain = Some(address.parse()?),
            Some((address, "(tls)")) => tls = Some(address.parse()?),
            Some(_) | None => {}
        }
    }
    plain.zip(tls).context("parlord did not say where it listens")
}
