//! `make bench` for the full screen: how long a key takes until it is seen, what an idle client
//! does, how soon there is something to see, and how much memory it takes.
//!
//! The real client runs in a pseudo-terminal against the real daemon; this process is the terminal.
//! irssi, where it is installed, is typed into in the same way. All share the machine, so figures
//! are to be compared within one run only.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

type Outcome<T> = Result<T, Box<dyn Error>>;

const PASSWORD: &str = "correct horse battery";
/// How many messages the room has.
const MESSAGES: usize = 100_000;
/// How many of them are loaded where memory is measured.
const LOADED: usize = 10_000;
const KEYS: usize = 300;
/// Between two keys: a fast typist.
const PAUSE: Duration = Duration::from_millis(40);
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Outcome<()> {
    let place = tempfile::tempdir()?;
    let mut daemon = Daemon::start(place.path())?;
    for name in ["alice", "bob"] {
        let signed = user(place.path(), name, daemon.port, &["signup", "--password-stdin"]);
        feed(signed, PASSWORD)?;
    }
    feed(user(place.path(), "alice", daemon.port, &["create", "general", "--entry", "open"]), "")?;
    feed(user(place.path(), "bob", daemon.port, &["join", "general"]), "")?;
    let lines: String = (1..=MESSAGES).map(|n| format!("message {n} of many\n")).collect();
    feed(user(place.path(), "bob", daemon.port, &["send", "general", "--lines"]), &lines)?;
    println!("a room of {MESSAGES} messages; keys {} ms apart", PAUSE.as_millis());

    let mut window = Window::parlor(place.path(), daemon.port)?;
    window.until("message 100000 of many")?;
    tell("key until it is seen", &mut window.type_and_time()?);
    println!("idle for 60 s: {:.2} wakeups a second", window.wakeups(Duration::from_secs(60))?);
    window.load_older()?;
    println!("resident with {LOADED} messages loaded: {:.1} MiB", window.resident_mib()?);
    window.write("\x1b[1;3F")?;
    window.until("message 100000 of many")?;
    let mut flood = flood(place.path(), daemon.port)?;
    window.until("flood 100 ")?;
    tell("the same beside 1,000 messages a second", &mut window.type_and_time()?);
    let _ = flood.kill();
    let _ = flood.wait();
    drop(window);

    daemon.stop();
    let mut paints = Vec::new();
    for _ in 0..10 {
        let begun = Instant::now();
        let mut window = Window::parlor(place.path(), daemon.port)?;
        window.until(" of words")?;
        paints.push(begun.elapsed());
    }
    tell("start until the kept conversation is seen, without the daemon", &mut paints);

    match Window::irssi(place.path()) {
        Ok(mut irssi) => {
            irssi.until("[(status)]")?;
            tell("irssi: key until it is seen", &mut irssi.type_and_time()?);
        }
        Err(_) => println!("irssi is not installed"),
    }
    Ok(())
}

fn tell(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| {
        let place = ((times.len() as f64 - 1.0) * share).round() as usize;
        times[place].as_secs_f64() * 1_000.0
    };
    println!("{what}: p50 {:.2}, p95 {:.2}, worst {:.2} ms", at(0.5), at(0.95), at(1.0));
}

/// Runs a command with this on its standard input.
fn feed(mut command: Command, input: &str) -> Outcome<()> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}

fn user(place: &Path, name: &str, port: u16, line: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.env_clear().env("HOME", place.join(name));
    command.args(["-o", "StrictHostKeyChecking=accept-new"]);
    command.arg(format!("{name}@127.0.0.1:{port}")).args(line);
    command
}

/// Somebody who says 1,000 things a second.
fn flood(place: &Path, port: u16) -> Outcome<Child> {
    let mut command = user(place, "bob", port, &["send", "general", "--lines"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    thread::spawn(move || {
        let begun = Instant::now();
        for number in 0.. {
            let due = begun + Duration::from_millis(number);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if writeln!(stdin, "flood {number} of words").is_err() {
                return;
            }
        }
    });
    Ok(child)
}

struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    fn start(place: &Path) -> Outcome<Self> {
        let config = place.join("parlord.toml");
        fs::write(
            &config,
            "[accounts]\nsign_up = \"open\"\n[limits]\nmessages_burst = 1000000\n\
             messages_per_sec = 1000000\n",
        )?;
        // The daemon is built into the same directory as the client.
        let program = PathBuf::from(env!("CARGO_BIN_EXE_parlor")).with_file_name("parlord");
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(config)
            .arg("--data")
            .arg(place.join("data"))
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("127.0.0.1:")?.1.split(' ').next()?.parse().ok())
            .ok_or("the daemon does not say where it listens")?;
        thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, port })
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A terminal with a program in it.
struct Window {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
}

impl Window {
    fn parlor(place: &Path, port: u16) -> Outcome<Self> {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_parlor"));
        command.env_clear();
        command.env("HOME", place.join("alice"));
        command.arg(format!("alice@127.0.0.1:{port}"));
        Self::open(command)
    }

    fn irssi(place: &Path) -> Outcome<Self> {
        let mut command = CommandBuilder::new("irssi");
        command.env("HOME", place.join("irssi"));
        command.args(["--noconnect"]);
        fs::create_dir_all(place.join("irssi"))?;
        Self::open(command)
    }

    fn open(mut command: CommandBuilder) -> Outcome<Self> {
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let size = PtySize { rows: 24, cols: 80, ..PtySize::default() };
        let pty = native_pty_system().openpty(size)?;
        let child = pty.slave.spawn_command(command)?;
        let mut reader = pty.master.try_clone_reader()?;
        let keyboard = pty.master.take_writer()?;
        let (sender, output) = channel();
        thread::spawn(move || {
            let _master = pty.master;
            let mut bytes = [0; 16 * 1024];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, keyboard, output, screen: vt100::Parser::new(24, 80, 0) })
    }

    fn write(&mut self, keys: &str) -> Outcome<()> {
        self.keyboard.write_all(keys.as_bytes())?;
        Ok(self.keyboard.flush()?)
    }

    fn until(&mut self, text: &str) -> Outcome<()> {
        self.wait(|screen| screen.contents().contains(text))
            .map_err(|_| format!("never: {text}\n{}", self.screen.screen().contents()).into())
    }

    fn wait(&mut self, is_so: impl Fn(&vt100::Screen) -> bool) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self.screen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            self.screen.process(&self.output.recv_timeout(left)?);
        }
        Ok(())
    }

    /// Takes in what is written for a while.
    fn settle(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Types, and tells how long each key took until the cursor stood behind it.
    fn type_and_time(&mut self) -> Outcome<Vec<Duration>> {
        self.settle(Duration::from_millis(500));
        let mut times = Vec::new();
        for number in 0..KEYS {
            // A line is never full: it is begun anew by Ctrl-U, which is not timed.
            if number % 40 == 0 {
                self.write("\x15")?;
                self.settle(Duration::from_millis(200));
            }
            let (row, column) = self.screen.screen().cursor_position();
            let begun = Instant::now();
            self.write("x")?;
            self.wait(|screen| screen.cursor_position() == (row, column + 1))?;
            times.push(begun.elapsed());
            self.settle(PAUSE);
        }
        self.write("\x15")?;
        Ok(times)
    }

    /// Scrolls up until so many messages are loaded.
    fn load_older(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        let first = format!("message {} of many", MESSAGES - LOADED + 1);
        while !self.screen.screen().contents().contains(&first) {
            if Instant::now() > deadline {
                return Err(format!("never: {first}\n{}", self.screen.screen().contents()).into());
            }
            self.write("\x1b[1;3H")?;
            self.settle(Duration::from_millis(20));
        }
        self.settle(Duration::from_secs(1));
        Ok(())
    }

    fn pid(&self) -> Outcome<u32> {
        Ok(self.child.process_id().ok_or("it has ended")?)
    }

    /// How often any of its threads gave the processor up to wait, and so was woken again.
    fn wakeups(&mut self, time: Duration) -> Outcome<f64> {
        let before = switches(self.pid()?)?;
        let begun = Instant::now();
        self.settle(time);
        Ok((switches(self.pid()?)? - before) as f64 / begun.elapsed().as_secs_f64())
    }

    fn resident_mib(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        Ok(number_of(&status, "VmRSS:")? as f64 / 1024.0)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn switches(pid: u32) -> Outcome<u64> {
    let mut all = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let status = fs::read_to_string(task?.path().join("status"))?;
        all += number_of(&status, "voluntary_ctxt_switches:")?;
    }
    Ok(all)
}

fn number_of(status: &str, key: &str) -> Outcome<u64> {
    let line = status.lines().find(|line| line.starts_with(key)).ok_or("no such line")?;
    Ok(line[key.len()..].split_whitespace().next().ok_or("no number")?.parse()?)
}
