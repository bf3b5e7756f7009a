//! A server that does what a test tells it to, over real TCP and TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parlor_protocol::account::{LoggedIn, SignUpMode};
use parlor_protocol::codec::frame;
use parlor_protocol::hello::{ALPN, Hello, Limits, Welcome};
use parlor_protocol::id::{Bytes, DeviceId, NotificationId, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::Message;
use parlor_protocol::notification::{Notification, NotificationKind};
use parlor_protocol::push::{Change, Changed, Push, RoomChange};
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Closing, Outcome, Reply, ServerFrame};
use parlor_protocol::request::{Command, Request};
use parlor_protocol::room::{Entry, Role, Room, Visibility};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use ssh_key::PublicKey;
use ssh_key::public::{Ed25519PublicKey, KeyData};

/// A script that waits longer than this for its client is stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listening server. It ends when its script has run for as many connections as it is meant for.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) public_line: String,
    thread: JoinHandle<()>,
}

impl Server {
    /// Plays `script` on each of `connections` connections, one after the other.
    pub(crate) fn play(
        connections: usize,
        mut script: impl FnMut(usize, Conversation) + Send + 'static,
    ) -> Self {
        let random = ring::rand::SystemRandom::new();
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref().to_vec();
        let public = *Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap().public_key();
        let public: [u8; 32] = public.as_ref().try_into().unwrap();
        let config = config(pkcs8, &public);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            for number in 0..connections {
                let (tcp, _) = listener.accept().unwrap();
                tcp.set_read_timeout(Some(PATIENCE)).unwrap();
                let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
                script(number, Conversation { tls: StreamOwned::new(tls, tcp) });
            }
        });
        let public_line = public_line(public);
        Self { port, public_line, thread }
    }

    /// Waits for the script to have run to its end on all connections.
    pub(crate) fn finish(self) {
        self.thread.join().unwrap();
    }
}

/// An OpenSSH public key line of these bytes.
pub(crate) fn public_line(public: [u8; 32]) -> String {
    PublicKey::new(KeyData::Ed25519(Ed25519PublicKey(public)), "").to_openssh().unwrap()
}

fn config(pkcs8: Vec<u8>, public: &[u8; 32]) -> Arc<ServerConfig> {
    let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let spki = [&prefix[..], public].concat();
    let der = PrivatePkcs8KeyDer::from(pkcs8);
    let signer = rustls::crypto::ring::sign::any_eddsa_type(&der).unwrap();
    let certified = CertifiedKey::new(vec![CertificateDer::from(spki)], signer);
    let resolver = AlwaysResolvesServerRawPublicKeys::new(Arc::new(certified));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![ALPN.to_vec()];
    Arc::new(config)
}

/// The server's end of one connection.
pub(crate) struct Conversation {
    tls: StreamOwned<ServerConnection, TcpStream>,
}

impl Conversation {
    /// All that the client says until it closes the connection, which may be nothing.
    pub(crate) fn rest(mut self) -> Vec<u8> {
        let mut said = Vec::new();
        // A client that goes without a TLS goodbye has still said what it said.
        let _ = self.tls.read_to_end(&mut said);
        said
    }

    /// Greets the client.
    pub(crate) fn greet(&mut self) {
        let hello = Hello::decode(&self.frame().expect("a hello")).unwrap();
        assert_eq!(hello, Hello::new(&hello.client));
        self.send(&ServerFrame::Welcome(welcome()));
    }

    /// Greets the client and takes its device login, whoever it is.
    pub(crate) fn log_in(&mut self) {
        self.greet();
        let request = self.request().expect("a login");
        let Command::DeviceLogin(login) = request.command.0 else { panic!("not a login") };
        let me = LoggedIn {
            user: login.name.parse().unwrap(),
            operator: false,
            device: Some(DeviceId(1)),
            display_name: None,
        };
        self.reply(request.id, Outcome::LoggedIn(me));
    }

    /// The next request, or `None` once the client is gone.
    pub(crate) fn request(&mut self) -> Option<Request> {
        Some(Request::decode(&self.frame()?).unwrap())
    }

    /// Answers every request until the client is gone.
    pub(crate) fn answer(&mut self, mut outcome: impl FnMut(Command) -> Outcome) {
        while let Some(request) = self.request() {
            let outcome = outcome(request.command.0);
            self.reply(request.id, outcome);
        }
    }

    /// Answers the next requests, each with the next outcome.
    pub(crate) fn answers(&mut self, outcomes: impl IntoIterator<Item = Outcome>) -> Vec<Command> {
        let mut commands = Vec::new();
        for outcome in outcomes {
            let request = self.request().expect("a request");
            commands.push(request.command.0);
            self.reply(request.id, outcome);
        }
        commands
    }

    pub(crate) fn reply(&mut self, id: u32, outcome: Outcome) {
        self.send(&ServerFrame::Reply(Reply { id, outcome: Record(outcome) }));
    }

    pub(crate) fn push(&mut self, push: Push) {
        self.send(&ServerFrame::Push(Record(push)));
    }

    pub(crate) fn close(mut self, reason: CloseReason) {
        self.send(&ServerFrame::Closing(Closing { reason }));
        self.tls.conn.send_close_notify();
        let _ = self.tls.flush();
        let _ = self.rest();
    }

    fn send(&mut self, value: &ServerFrame) {
        self.tls.write_all(&frame(value).unwrap()).unwrap();
        self.tls.flush().unwrap();
    }

    fn frame(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        self.tls.read_exact(&mut length).ok()?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.tls.read_exact(&mut frame).ok()?;
        Some(frame)
    }
}

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        features: vec![],
        server: "test".to_owned(),
        motd: String::new(),
        sign_up: SignUpMode::Closed,
        challenge: Bytes([7; 32]),
        at: Timestamp(1_795_378_032_123),
        limits: Record(Limits {
            frame_bytes: 65_536,
            requests_in_flight: 64,
            message_chars: 4_000,
            message_bytes: 16_384,
        }),
    }
}

pub(crate) fn refused(code: Code) -> Outcome {
    Outcome::Refused(Refusal::from(code))
}

pub(crate) fn room_id() -> RoomId {
    "kx4f9-2mqa7".parse().unwrap()
}

/// A room in which the user is alone.
pub(crate) fn room(last_seq: u64, revision: u64) -> Room {
    Room {
        room: room_id(),
        title: "ops".parse().unwrap(),
        members: 1,
        role: Some(Role::Owner),
        last_seq: Some(Seq(last_seq)),
        revision: Some(Revision(revision)),
        topic: None,
        visibility: Visibility::Public,
        entry: Entry::Ask,
        slow_secs: 0,
        read: Some(Seq(0)),
        unread: Some(last_seq),
        mentions: Some(0),
    }
}

/// A notification of what bob did, for a reason.
pub(crate) fn notification(id: u32, kind: NotificationKind) -> Record<Notification> {
    Record(Notification {
        id: NotificationId(id),
        kind,
        at: Timestamp(1_795_378_032_123),
        room: Some(room_id()),
        title: "ops".parse().ok(),
        by: "bob".parse().ok(),
        reason: "spam".parse().ok(),
        role: None,
        seq: None,
        read: false,
        until: None,
    })
}

pub(crate) fn message(seq: u64, text: &str) -> Message {
    Message {
        seq: Seq(seq),
        at: Timestamp(1_795_378_032_123),
        author: "bob".parse().unwrap(),
        text: text.parse().unwrap(),
        kind: parlor_protocol::message::MessageKind::Said,
        author_removed: false,
    }
}

pub(crate) fn change(revision: u64, change: Change) -> Record<RoomChange> {
    let at = Timestamp(1_795_378_032_123);
    Record(RoomChange { revision: Revision(revision), at, change: Record(change) })
}

pub(crate) fn changed(revision: u64, what: Change) -> Push {
    Push::Changed(Changed { room: room_id(), change: change(revision, what) })
}
