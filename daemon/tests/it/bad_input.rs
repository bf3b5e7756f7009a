//! Whatever strangers and users send: each gets its refusal or a closed connection in time, memory
//! stays bounded, and somebody else goes on talking.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use parlor_protocol::account::LoginFinish;
use parlor_protocol::codec::{self, FRAME_BYTES_MAX, FRAME_BYTES_MAX_BEFORE_LOGIN};
use parlor_protocol::hello::{Hello, VERSION};
use parlor_protocol::id::{Bytes, RoomId};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::request::{Command, Request};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use socket2::SockRef;

use crate::harness::{Client, Daemon, DeviceKey, Ended, Link, PASSWORD, saying, tls_config};

/// What the daemon allows from the first byte to the hello, and what a busy machine adds.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
const SLACK: Duration = Duration::from_secs(10);

const LOGIN_TIMEOUT_2_S: &str = "sign_up = \"open\"\n[limits]\nlogin_timeout_secs = 2";

/// Goes on talking until told to stop; tells how often.
struct Bystander {
    stop: std::sync::mpsc::Sender<()>,
    thread: thread::JoinHandle<usize>,
}

impl Bystander {
    fn new(daemon: &Daemon) -> Self {
        let mut client = daemon.tls_client();
        client.sign_up("bystander").unwrap();
        client.subscribe();
        let room = client.create("undisturbed").unwrap();
        let (stop, stopped) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let mut said = 0;
            loop {
                client.say(room, "still here").unwrap();
                said += 1;
                let ended = stopped.recv_timeout(Duration::from_millis(5));
                if ended != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    assert_eq!(client.all_history(room).len(), said);
                    return said;
                }
            }
        });
        Self { stop, thread }
    }

    fn was_undisturbed(self) {
        drop(self.stop);
        assert!(self.thread.join().unwrap() > 0);
    }
}

fn closing(reason: CloseReason) -> Ended {
    Ended::Closing(reason)
}

/// A length in front of nothing.
fn length(bytes: usize) -> Vec<u8> {
    u32::try_from(bytes).unwrap().to_be_bytes().to_vec()
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    [&length(bytes.len()), bytes].concat()
}

fn request(command: Command) -> Vec<u8> {
    codec::frame(&Request { id: 1, command: Record(command) }).unwrap().to_vec()
}

/// Every way to connect, each before its hello.
fn links(daemon: &Daemon) -> [Link; 3] {
    let said = &daemon.said;
    [Link::plain(said.plain), Link::tls(said.tls), Link::unix(&said.unix)].map(Result::unwrap)
}

#[test]
fn what_is_no_hello_ends_the_connection_with_its_reason() {
    let daemon = Daemon::start();
    let bystander = Bystander::new(&daemon);
    let hello = Hello::new("tests");
    let bad_magic = Hello { magic: 7, ..hello.clone() };
    let future = Hello { versions: vec![VERSION + 1, 900], ..hello.clone() };
    let none = Hello { versions: vec![], ..hello.clone() };
    let many = Hello { versions: (2..2_000).collect(), ..hello };
    let of = |hello: &Hello| codec::frame(hello).unwrap().to_vec();
    let cases = [
        ("a length of 4 GiB", vec![0xff; 4], CloseReason::FrameTooLong),
        ("a byte too many", length(FRAME_BYTES_MAX_BEFORE_LOGIN + 1), CloseReason::FrameTooLong),
        ("an empty frame", length(0), CloseReason::ProtocolViolation),
        ("another protocol", of(&bad_magic), CloseReason::ProtocolViolation),
        ("noise", framed(&[0xff; 100]), CloseReason::ProtocolViolation),
        ("a request", request(Command::Ping), CloseReason::ProtocolViolation),
        ("an unknown version", of(&future), CloseReason::UnsupportedVersion),
        ("no version", of(&none), CloseReason::UnsupportedVersion),
        ("many unknown versions", of(&many), CloseReason::UnsupportedVersion),
    ];
    for (what, bytes, reason) in cases {
        for link in links(&daemon) {
            let mut client = Client::silent(link);
            client.write(&bytes);
            assert_eq!(client.until_ended(), closing(reason), "{what}");
        }
    }
    bystander.was_undisturbed();
}

#[test]
fn random_bytes_end_the_connection_and_nothing_else() {
    const CONNECTIONS: u64 = 150;
    let daemon = Daemon::start();
    let bystander = Bystander::new(&daemon);
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let before = daemon.resident_kib();
    for number in 0..CONNECTIONS {
        let mut noise = vec![0; dice.random_range(1..5_000)];
        dice.fill_bytes(&mut noise);
        if number % 3 == 0 {
            // A length that is allowed, so that the noise is read as a frame.
            noise[..1].fill(0);
            noise.splice(..0, length(noise.len()));
        }
        let greeted = number % 2 == 0;
        for link in links(&daemon) {
            let mut client = if greeted { Client::greet(link) } else { Client::silent(link) };
            client.write(&noise);
            client.link().shutdown_write();
            client.until_ended();
        }
    }
    let grown = daemon.resident_kib().saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB more resident");
    bystander.was_undisturbed();
}

#[test]
fn noise_on_the_tls_port_ends_the_connection() {
    let daemon = Daemon::start();
    let bystander = Bystander::new(&daemon);
    let hello = codec::frame(&Hello::new("tests")).unwrap();
    let cases: [&[u8]; 4] =
        [b"GET / HTTP/1.1\r\n\r\n", &[0; 64], &hello, b"SSH-2.0-OpenSSH_9.9\r\n"];
    for noise in cases {
        let mut stream = TcpStream::connect(daemon.said.tls).unwrap();
        stream.set_read_timeout(Some(HELLO_LIMIT + SLACK)).unwrap();
        let began = Instant::now();
        stream.write_all(noise).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // It may say in TLS's own words what is wrong, and closes or resets.
        let mut said = vec![];
        if let Err(error) = stream.read_to_end(&mut said) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        assert!(said.len() < 64, "{} bytes in answer to noise", said.len());
        assert!(began.elapsed() < HELLO_LIMIT);
    }
    bystander.was_undisturbed();
}

#[test]
fn what_comes_behind_the_goodbye_of_tls_ends_the_connection() {
    let daemon = Daemon::start();
    let bystander = Bystander::new(&daemon);
    for more in [b"x".to_vec(), vec![0; 40_000], request(Command::Ping)] {
        for greeted in [true, false] {
            let link = Link::tls(daemon.said.tls).unwrap();
            let mut client = if greeted { Client::greet(link) } else { Client::silent(link) };
            client.link_mut().say_goodbye_and(&more);
            assert_eq!(client.until_ended(), Ended::Cut);
        }
    }
    bystander.was_undisturbed();
}

#[test]
fn what_was_asked_before_the_goodbye_of_tls_is_answered() {
    let daemon = Daemon::start();
    let mut client = daemon.tls_client();
    let ping = client.request(Command::Ping);
    client.link_mut().say_goodbye_and(&[]);
    assert_eq!(client.answer(ping), Outcome::Done);
    assert_eq!(client.until_ended(), Ended::Cut);
}

#[test]
fn tls_without_our_protocol_gets_nowhere() {
    let daemon = Daemon::start();
    let bystander = Bystander::new(&daemon);
    for protocols in [&[b"h2".as_slice()][..], &[b"parlor/2".as_slice()]] {
        let shaken = Link::handshake(daemon.said.tls, tls_config(protocols));
        assert!(shaken.is_err(), "a handshake for {protocols:?}");
    }
    // A client that names none finishes the handshake, and is then turned away unheard.
    let link = Link::handshake(daemon.said.tls, tls_config(&[])).unwrap();
    let mut client = Client::silent(link);
    client.write(&codec::frame(&Hello::new("tests")).unwrap());
    let ended = client.until_ended();
    assert!(matches!(ended, Ended::Cut | Ended::Closing(CloseReason::ProtocolViolation)));
    bystander.was_undisturbed();
}

#[test]
fn a_valid_frame_in_the_wrong_state_is_refused() {
    let daemon = Daemon::start();
    let bystander = Bystander::new(&daemon);
    let room = RoomId::from_random(1);
    for (number, link) in links(&daemon).into_iter().enumerate() {
        let mut client = Client::greet(link);
        let refused = |code: Code| Outcome::Refused(code.into());
        let finish = LoginFinish { finalization: vec![0; 64], device: None };
        assert_eq!(client.ask(Command::LoginFinish(finish)), refused(Code::BadRequest));
        let say = saying(room, client.nonce(), "who am I?");
        for command in [Command::Subscribe, Command::ListDevices, say] {
            assert_eq!(client.ask(command), refused(Code::LoginRequired));
        }
        // A command of a later version, before and after the login.
        for (id, code) in [(100, Code::LoginRequired), (101, Code::BadRequest)] {
            client.expect_answer(id);
            client.write(&framed(&[u8::try_from(id).unwrap(), 2, 250, 1]));
            assert_eq!(client.answer(id), refused(code));
            client.sign_up(&format!("user{number}")).ok();
        }
        // The connection is as good as before.
        let ping = client.ask(Command::Ping);
        assert_eq!(ping, Outcome::Done);
        client.write(&framed(&[0xff; 20]));
        assert_eq!(client.until_ended(), closing(CloseReason::ProtocolViolation));
    }
    bystander.was_undisturbed();
}

#[test]
fn a_frame_may_be_as_long_as_the_login_allows_and_no_longer() {
    let daemon = Daemon::start();
    let bystander = Bystander::new(&daemon);
    for (number, link) in links(&daemon).into_iter().enumerate() {
        let mut stranger = Client::greet(daemon.plain_link());
        stranger.write(&length(FRAME_BYTES_MAX_BEFORE_LOGIN + 1));
        assert_eq!(stranger.until_ended(), closing(CloseReason::FrameTooLong));

        let mut user = Client::greet(link);
        user.sign_up(&format!("user{number}")).unwrap();
        // The very first frame after the login may be long already.
        let long = "x".repeat(FRAME_BYTES_MAX - 100);
        assert_eq!(user.say(RoomId::from_random(1), &long), Err(Code::TooLong));
        user.write(&length(FRAME_BYTES_MAX + 1));
        assert_eq!(user.until_ended(), closing(CloseReason::FrameTooLong));
    }
    bystander.was_undisturbed();
}

#[test]
fn a_login_by_bytes_that_are_none_is_refused() {
    let daemon = Daemon::start();
    daemon.client().sign_up("alice").unwrap();
    let mut client = daemon.client();
    let device = parlor_protocol::account::DeviceLogin {
        name: "alice".to_owned(),
        public_key: Bytes([0xff; 32]),
        signature: Bytes([0; 64]),
    };
    let bad = Outcome::Refused(Code::BadCredentials.into());
    assert_eq!(client.ask(Command::DeviceLogin(device)), bad);
    for bytes in [vec![], vec![0; 31], vec![0xff; 96], vec![0; 96], vec![1; 500]] {
        let start = parlor_protocol::account::LoginStart {
            name: "alice".to_owned(),
            request: bytes.clone(),
        };
        let outcome = client.ask(Command::LoginStart(start));
        assert_eq!(outcome, Outcome::Refused(Code::BadRequest.into()));
        let start =
            parlor_protocol::account::SignUpStart { name: "bob".to_owned(), request: bytes };
        let outcome = client.ask(Command::SignUpStart(start));
        assert_eq!(outcome, Outcome::Refused(Code::BadRequest.into()));
    }
    client.sign_up("bob").unwrap();
}

#[test]
fn half_of_anything_held_open_is_closed_in_time() {
    const EACH: usize = 50;
    let daemon = Daemon::configured(LOGIN_TIMEOUT_2_S);
    let bystander = Bystander::new(&daemon);
    let before = daemon.resident_kib();
    let began = Instant::now();
    let hello = codec::frame(&Hello::new("tests")).unwrap();
    let mut held = vec![];
    let half = hello[..9].to_vec();
    for _ in 0..EACH {
        let [plain, tls, unix] = links(&daemon);
        let [plain_greeted, tls_greeted, _] = links(&daemon);
        let unshaken = Link::plain(daemon.said.tls).unwrap();
        held.push(("nothing", Client::silent(plain), vec![]));
        held.push(("half a length", Client::silent(unix), vec![0, 0]));
        held.push(("half a hello", Client::silent(tls), half.clone()));
        held.push(("no request", Client::greet(plain_greeted), vec![]));
        held.push(("half a request", Client::greet(tls_greeted), length(4_000)));
        held.push(("half a handshake", Client::silent(unshaken), vec![22, 3, 1]));
    }
    held.iter_mut().for_each(|(_, client, bytes)| client.write(bytes));
    let grown = daemon.resident_kib().saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB more resident");
    for (what, mut client, _) in held {
        let ended = if what == "half a handshake" {
            // Without TLS there are no frames to say it in.
            client.until_cut();
            closing(CloseReason::TimedOut)
        } else {
            client.until_ended()
        };
        assert_eq!(ended, closing(CloseReason::TimedOut), "{what}");
        assert!(began.elapsed() < HELLO_LIMIT + SLACK, "{what} took {:?}", began.elapsed());
    }
    println!("all were closed after {:?}", began.elapsed());
    bystander.was_undisturbed();
}

#[test]
fn whoever_has_logged_in_may_be_silent_for_longer_than_a_login_may_take() {
    let daemon = Daemon::configured(LOGIN_TIMEOUT_2_S);
    let mut alice = daemon.client();
    alice.sign_up("alice").unwrap();
    let mut not_even_tls = TcpStream::connect(daemon.said.tls).unwrap();
    // Silent strangers are the clock: the second came after alice, and is closed before she speaks.
    for _ in 0..2 {
        let timed_out = Client::greet(daemon.plain_link()).until_ended();
        assert_eq!(timed_out, closing(CloseReason::TimedOut));
    }
    alice.create("ops").unwrap();
    // It came before them, and has ended by now: there is nothing to wait for.
    not_even_tls.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let ended = not_even_tls.read_to_end(&mut vec![]);
    assert!(ended.is_ok(), "{ended:?}");
}

#[test]
fn whoever_resets_the_connection_while_logging_in_leaves_no_session_behind() {
    let daemon = Daemon::start();
    let mut alice = daemon.client();
    let key = DeviceKey::new();
    alice.sign_up_with("alice", PASSWORD, Some(key.offer("laptop"))).unwrap();
    for _ in 0..60 {
        let mut ghost = daemon.client();
        let login = key.login("alice", &ghost.challenge(), &ghost.link().binding());
        // Answers to the first come upon a connection that is gone, before the last is tried.
        ghost.requests((0..59).map(|_| Command::Ping).chain([login]));
        let socket = ghost.link().plain_writer();
        SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
    }
    let deadline = Instant::now() + SLACK;
    loop {
        let listed = daemon.run(&["session", "list", "--json"]);
        let sessions = String::from_utf8(listed.stdout).unwrap();
        if sessions.lines().count() == 1 {
            break;
        }
        assert!(Instant::now() < deadline, "sessions without a connection: {sessions}");
    }
    let audit = daemon.audit();
    let count = |action: &str| audit.iter().filter(|it| it["action"] == action).count();
    assert_eq!(count("login"), count("session-ended"));
}

#[test]
fn too_many_connections_are_told_so() {
    let daemon = Daemon::configured("sign_up = \"open\"\n[limits]\nconnections = 3");
    let mut users = ["alice", "bob", "carol"].map(|name| daemon.user(name));
    let mut fourth = Client::silent(Link::tls(daemon.said.tls).unwrap());
    assert_eq!(fourth.until_ended(), closing(CloseReason::TooManyConnections));
    users[0].create("ops").unwrap();
    // A place that becomes free is given again, once the daemon has noticed.
    drop(users);
    let deadline = Instant::now() + SLACK;
    while let Err(ended) = Client::try_greet(Link::plain(daemon.said.plain).unwrap()) {
        assert_eq!(ended, closing(CloseReason::TooManyConnections));
        assert!(Instant::now() < deadline, "no place became free");
    }
}
