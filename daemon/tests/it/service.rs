//! The daemon as a service manager runs it: what it tells, what it is given, where it puts things.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, PipeWriter, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};

use crate::harness::{Daemon, Link, PATIENCE, wait};
use crate::subcommands::place::{self as running, Place};

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

/// Where the daemon tells how it fares.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    /// What is told next, a line each.
    fn told(&self) -> Vec<String> {
        let mut text = [0; 4096];
        let length = self.0.recv(&mut text).expect("the daemon says something");
        let text = std::str::from_utf8(&text[..length]).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// Leaves no room for what anybody could tell the service manager.
fn fill(path: &Path) {
    let chatter = UnixDatagram::unbound().unwrap();
    chatter.set_nonblocking(true).unwrap();
    while chatter.send_to(b"CHATTER=1", path).is_ok() {}
}

#[test]
fn the_service_manager_hears_how_the_daemon_fares() {
    let place = Place::new();
    let path = place.path("notify");
    let manager = Manager::at(&path);
    let daemon = place.run(SERVE).serving(|command| {
        // Half of it is how often the daemon has to say that it lives.
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000");
    });
    assert_eq!(manager.told(), ["STATUS=loading the store"]);
    let listening = format!("STATUS=listening on {}", daemon.line("listening on ", ""));
    assert_eq!(manager.told(), ["READY=1", &listening]);
    for _ in 0..3 {
        assert_eq!(manager.told(), ["WATCHDOG=1"]);
    }
    daemon.stop();
    let last = std::iter::repeat_with(|| manager.told()).find(|told| told != &["WATCHDOG=1"]);
    let stopping = "STATUS=answering what was asked, then ending";
    assert_eq!(last.unwrap(), ["STOPPING=1", stopping]);
}

#[test]
fn a_service_manager_that_does_not_listen_holds_up_nothing() {
    let place = Place::new();
    let path = place.path("notify");
    let manager = Manager::at(&path);
    fill(&path);
    let daemon = place.run(SERVE).serving(|command| {
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "20000");
    });
    Link::tls(daemon.line("listening on ", " (tls)").parse().unwrap()).unwrap();
    place.run(&["status"]).done();
    // Once it listens it hears what it waits for.
    let heard = std::iter::repeat_with(|| manager.told()).find(|told| told != &["CHATTER=1"]);
    assert_eq!(heard.unwrap()[0], "READY=1");
    assert_eq!(manager.told(), ["WATCHDOG=1"]);
    fill(&path);
    place.run(&["status"]).done();
    daemon.stop();
}

/// A daemon that is ready, its log from then on, and where it is written to.
fn logging(place: &Place) -> (running::Daemon, impl Iterator<Item = String>, PipeWriter) {
    let (log, stderr) = std::io::pipe().unwrap();
    let daemon = place.run(SERVE).serving(|command| {
        command.stderr(stderr.try_clone().unwrap());
    });
    let mut said = BufReader::new(log).lines().map_while(Result::ok);
    // Its threads say so in any order.
    let mut first = ["ready", " has the hash "].map(|what| (what, false));
    while first.iter().any(|(_, heard)| !heard) {
        let line = said.next().unwrap();
        first.iter_mut().for_each(|(what, heard)| *heard |= line.contains(*what));
    }
    (daemon, said, stderr)
}

/// Leaves no room for what anybody could write, and tells by how many lines.
fn fill_up(mut pipe: &PipeWriter) -> usize {
    let flags = fcntl_getfl(pipe).unwrap();
    fcntl_setfl(pipe, flags | OFlags::NONBLOCK).unwrap();
    let lines = std::iter::from_fn(|| pipe.write(b"\n").ok()).count();
    fcntl_setfl(pipe, flags).unwrap();
    lines
}

#[test]
fn a_log_that_nobody_reads_loses_lines_and_holds_up_nothing() {
    let place = Place::new();
    let (daemon, mut said, stderr) = logging(&place);
    let lines = fill_up(&stderr);
    place.run(&["reload"]).done();
    place.run(&["status"]).done();
    // Whoever reads again hears of it with the next line.
    assert_eq!(said.by_ref().take(lines).count(), lines);
    place.run(&["reload"]).done();
    drop(stderr);
    daemon.stop();
    let said: Vec<_> = said.collect();
    assert!(said[0].ends_with("lines lost that nobody read in time: 1"), "{said:?}");

    let (daemon, _unread, stderr) = logging(&place);
    fill_up(&stderr);
    daemon.stop();
}

#[test]
fn a_daemon_that_hangs_ends_in_time_when_it_is_told_to() {
    let place = Place::new();
    let [log, log4rs] = ["file.log", "log4rs.yaml"].map(|name| place.path(name));
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    // Nothing but what it lies on says when a file is written to: this one fills up.
    let open = |flags| File::from(open(&log, flags, Mode::empty()).unwrap());
    let _unread = open(OFlags::RDWR | OFlags::NONBLOCK);
    let text = "appenders:\n  main:\n    kind: file\n    path: LOG\n    encoder:\n      \
                kind: line\nroot:\n  level: info\n  appenders: [main]\n";
    fs::write(&log4rs, text.replace("LOG", log.to_str().unwrap())).unwrap();
    let mut config = fs::read_to_string(place.config()).unwrap();
    config.insert_str(0, &format!("log = \"{}\"\n", log4rs.display()));
    fs::write(place.config(), config).unwrap();
    let daemon = place.run(SERVE).serving(|_| {});
    let mut filling = open(OFlags::WRONLY | OFlags::NONBLOCK);
    while filling.write(b"\n").is_ok() {}
    let began = Instant::now();
    assert_eq!(daemon.terminate().code(), Some(1));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(15), "it took {took:?}");
}

#[test]
fn a_daemon_to_which_nobody_listens_is_there_for_others() {
    let place = Place::new();
    let path = place.path("notify");
    let manager = Manager::at(&path);
    let daemon = place.run(SERVE).unheard(|command| {
        command.env("NOTIFY_SOCKET", &path);
    });
    assert_eq!(manager.told(), ["STATUS=loading the store"]);
    assert_eq!(manager.told()[0], "READY=1");
    place.run(&["status"]).done();
    daemon.stop();
}

#[test]
fn nobody_is_told_that_the_daemon_lives_where_nobody_asked() {
    let place = Place::new();
    let path = place.path("notify");
    let manager = Manager::at(&path);
    let serving = |command: &mut Command| {
        command.env("NOTIFY_SOCKET", &path);
    };
    // At once: it says nothing of stopping before it has said that it is ready.
    place.run(SERVE).serving(serving).stop();
    let told: Vec<_> = (0..3).map(|_| manager.told().swap_remove(0)).collect();
    assert_eq!(told, ["STATUS=loading the store", "READY=1", "STOPPING=1"]);
}

/// A single socket can be passed as any descriptor, here as standard input.
#[test]
fn a_passed_socket_takes_the_place_of_the_encrypted_listeners() {
    let passed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = passed.local_addr().unwrap();
    let place = Place::new();
    let daemon = place.run(SERVE).serving(|command| {
        command.env("LISTEN_FDS", "1").env("LISTEN_FDS_FIRST_FD", "0");
        command.stdin(Stdio::from(OwnedFd::from(passed)));
    });
    assert_eq!(daemon.line("listening on ", ""), format!("{address} (tls)"));
    let shown = place.run(&["host-key", "show"]).done();
    assert!(shown.starts_with(&daemon.line("host key ", "")), "{shown}");
    Link::tls(address).unwrap();
    daemon.stop();
}

#[test]
fn a_passed_descriptor_that_is_no_tcp_socket_is_refused() {
    let place = Place::new();
    let output = place
        .run(&["serve"])
        .command()
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDS_FIRST_FD", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("parlord: cannot use the sockets of the service manager: "), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_passed_socket_that_does_not_listen_is_refused() {
    use socket2::{Domain, Socket, Type};
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    bound.bind(&any.into()).unwrap();
    let place = Place::new();
    let mut command = place.run(&["serve"]).command();
    command.env("LISTEN_FDS", "1").env("LISTEN_FDS_FIRST_FD", "0");
    let output = command.stdin(Stdio::from(OwnedFd::from(bound))).stdout(Stdio::null());
    let output = ended(output.stderr(Stdio::piped()));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("does not listen"), "{said}");
}

/// What a daemon that must not start says instead.
fn ended(command: &mut Command) -> Output {
    let mut child = command.spawn().unwrap();
    let ended = wait(&mut child);
    if ended.is_none() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert!(ended.is_some(), "it runs");
    output
}

#[test]
fn a_flood_of_connections_keeps_no_operator_out_where_files_are_few() {
    let place = Place::new();
    let log = place.path("log");
    let daemon = place.run(SERVE).with_files(230).serving(|command| {
        command.stderr(File::create(&log).unwrap());
    });
    let mut config = File::options().append(true).open(place.config()).unwrap();
    config.write_all(b"[limits]\nconnections = 20000\n").unwrap();
    let reloaded = place.run(&["reload"]).done();
    assert!(reloaded.contains("is more than there is room for"), "{reloaded}");
    let address = daemon.line("listening on ", " (tls)");
    let flood: Vec<_> = (0..300).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert_eq!(place.run(&["user", "list"]).done(), "");
    place.run(&["status"]).done();
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("the system allows too few open files for more than 32;"), "{log}");
    assert!(!log.contains("cannot accept"), "{log}");
    drop(flood);
    daemon.stop();
}

#[test]
fn a_process_that_may_open_too_few_files_for_anybody_is_no_server() {
    let place = Place::new();
    let mut command = place.run(SERVE).with_files(80).command();
    let output = ended(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("may have 80 files open at once and takes 199 at least"), "{said}");
}

#[test]
fn everything_lies_where_the_service_manager_says() {
    let place = Place::new();
    let [state, configuration, runtime, credentials] =
        ["state", "configuration", "runtime", "credentials"].map(|name| {
            let path = place.path(name);
            fs::create_dir(&path).unwrap();
            path
        });
    fs::rename(place.config(), configuration.join("parlord.toml")).unwrap();
    // The key of an earlier daemon is handed over as a credential.
    let mut earlier = Daemon::start();
    earlier.terminate();
    fs::copy(earlier.data().join("host_key"), credentials.join("host_key")).unwrap();

    let told = [
        ("STATE_DIRECTORY", &state),
        ("CONFIGURATION_DIRECTORY", &configuration),
        ("RUNTIME_DIRECTORY", &runtime),
        ("CREDENTIALS_DIRECTORY", &credentials),
    ];
    let daemon = place.run(SERVE).by_default_place().serving(|command| {
        command.envs(told);
    });
    assert_eq!(daemon.line("host key ", " (ED25519)"), earlier.said.fingerprint);
    assert!(state.join("parlor.db").exists());
    assert_eq!(fs::read_link(state.join("control")).unwrap(), runtime.join("control"));
    let mut list = place.run(&["user", "list"]).by_default_place().command();
    let list = list.env("STATE_DIRECTORY", &state).output().unwrap();
    assert!(list.status.success() && list.stderr.is_empty(), "{list:?}");
    daemon.stop();
}
