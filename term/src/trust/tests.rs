//! Handshakes in memory, and every answer that a user and a list of hosts can give.

use std::collections::VecDeque;
use std::fs;
use std::io;

use ring::signature::{Ed25519KeyPair, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection};
use zeroize::Zeroizing;

use super::*;

struct Keys {
    pkcs8: Vec<u8>,
    public: [u8; 32],
}

impl Keys {
    fn generate() -> Self {
        let random = ring::rand::SystemRandom::new();
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref().to_vec();
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap();
        Self { public: pair.public_key().as_ref().try_into().unwrap(), pkcs8 }
    }

    fn spki(&self) -> Vec<u8> {
        let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        [&prefix[..], &self.public].concat()
    }

    fn host_key(&self) -> HostKey {
        HostKey::from_spki(&self.spki()).unwrap()
    }
}

/// A server that shows one key and signs with another, which are the same in an honest one.
fn serve(shown: Vec<u8>, signing: &Keys, alpn: &[&[u8]]) -> ServerConnection {
    let der = PrivatePkcs8KeyDer::from(signing.pkcs8.clone());
    let signer = rustls::crypto::ring::sign::any_eddsa_type(&der).unwrap();
    let certified = CertifiedKey::new(vec![CertificateDer::from(shown)], signer);
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::new(
                certified,
            ))));
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    ServerConnection::new(Arc::new(config)).unwrap()
}

fn shake(mut server: ServerConnection) -> (ClientConnection, ServerConnection, Option<String>) {
    let mut client = ClientConnection::new(client_config(), server_name()).unwrap();
    let mut error = None;
    for _ in 0..10 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        server.read_tls(&mut wire.as_slice()).unwrap();
        error = error.or(server.process_new_packets().err());
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        client.read_tls(&mut wire.as_slice()).unwrap();
        error = error.or(client.process_new_packets().err());
    }
    (client, server, error.map(|error| error.to_string()))
}

#[test]
fn handshake_yields_the_key_and_the_servers_login_context() {
    let keys = Keys::generate();
    let (client, server, error) = shake(serve(keys.spki(), &keys, &[ALPN]));
    assert_eq!(error, None);
    let login_context = server.export_keying_material([0; 32], EXPORTER_LABEL, None).unwrap();
    assert_eq!(met(&client), Ok(Met { key: keys.host_key(), login_context }));
    assert_eq!(server.server_name(), None);
}

#[test]
fn server_that_does_not_hold_its_key_is_refused() {
    let (shown, signing) = (Keys::generate(), Keys::generate());
    let (client, _, error) = shake(serve(shown.spki(), &signing, &[ALPN]));
    assert_eq!(error.as_deref(), Some("invalid peer certificate: BadSignature"));
    assert!(client.is_handshaking());
}

#[test]
fn key_of_another_shape_is_refused() {
    let keys = Keys::generate();
    let mut spki = keys.spki();
    spki.push(0);
    let (_, _, error) = shake(serve(spki, &keys, &[ALPN]));
    assert_eq!(error.as_deref(), Some("invalid peer certificate: BadEncoding"));
}

#[test]
fn server_of_another_protocol_is_not_parlor() {
    let keys = Keys::generate();
    let (_, _, error) = shake(serve(keys.spki(), &keys, &[b"h2"]));
    assert!(error.is_some());
    let (client, _, error) = shake(serve(keys.spki(), &keys, &[]));
    assert_eq!(error, None);
    assert_eq!(met(&client), Err(NotParlor));
}

/// A user whose answers are known beforehand, and what they were shown.
#[derive(Default)]
struct Script {
    answers: VecDeque<&'static str>,
    shown: String,
}

impl Console for Script {
    fn say(&mut self, text: &str) {
        self.shown += text;
        self.shown.push('\n');
    }

    fn note(&mut self, _text: &str) {}

    fn ask_secret(&mut self, _prompt: &str) -> io::Result<Option<Zeroizing<String>>> {
        Ok(None)
    }

    fn ask(&mut self, prompt: &str) -> io::Result<Option<String>> {
        let answer = self.answers.pop_front();
        self.shown += &format!("{prompt}[{}]\n", answer.unwrap_or("end of file"));
        Ok(answer.map(str::to_owned))
    }
}

struct Case {
    dir: tempfile::TempDir,
    known: KnownHosts,
    key: HostKey,
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let known = KnownHosts::new(vec![dir.path().join("known_hosts")]);
        let spki = Keys { pkcs8: Vec::new(), public: [7; 32] }.spki();
        Self { dir, known, key: HostKey::from_spki(&spki).unwrap() }
    }

    fn lists(self, text: &str) -> Self {
        fs::write(self.known.first(), text).unwrap();
        self
    }

    fn settle(
        &self,
        strict: StrictHostKeyChecking,
        answers: &[&'static str],
    ) -> (Result<Settled, String>, String) {
        let server = Server { name: "chat".to_owned(), address: "192.0.2.1".to_owned() };
        let mut script = Script { answers: answers.iter().copied().collect(), ..Script::default() };
        let outcome = settle(&server, &self.key, &self.known, strict, &mut script);
        let dir = self.dir.path().display().to_string();
        (
            outcome.map_err(|error| error.to_string().replace(&dir, "DIR")),
            script.shown.replace(&dir, "DIR"),
        )
    }

    fn remembers(&self) -> bool {
        self.known.standing("chat", &self.key).unwrap() == Standing::Known
    }
}

#[test]
fn first_contact_is_asked_in_the_words_of_ssh() {
    let case = Case::new();
    let (outcome, shown) = case.settle(StrictHostKeyChecking::Ask, &["what", "yes"]);
    assert_eq!(outcome, Ok(Settled::ByAsking));
    insta::assert_snapshot!(shown, @r"
    The authenticity of host 'chat (192.0.2.1)' can't be established.
    ED25519 key fingerprint is SHA256:gNSIRW+2Iyiuvsdp/bgjy38bvWHw6wQm3tuoXrl3WjQ.
    This key is not known by any other names.
    Are you sure you want to continue connecting (yes/no/[fingerprint])? [what]
    Please type 'yes', 'no' or the fingerprint: [yes]
    Warning: Permanently added 'chat' (ED25519) to the list of known hosts.
    ");
    assert!(case.remembers());
    let (outcome, shown) = case.settle(StrictHostKeyChecking::Ask, &[]);
    assert_eq!((outcome, shown.as_str()), (Ok(Settled::AtOnce), ""));
}

#[test]
fn only_yes_or_the_fingerprint_is_a_yes() {
    let fingerprint = &*Case::new().key.fingerprint().leak();
    let rows: [(&[&str], bool); 9] = [
        (&["yes"], true),
        (&["YES"], true),
        (&[" yes \n"], true),
        (&[fingerprint], true),
        (&["no"], false),
        (&[""], false),
        (&[], false),
        (&["y"], false),
        (&["SHA256:somethingelse", "no"], false),
    ];
    for (answers, yes) in rows {
        let case = Case::new();
        let (outcome, _) = case.settle(StrictHostKeyChecking::Ask, answers);
        assert_eq!(outcome.is_ok(), yes, "{answers:?}");
        assert_eq!(case.remembers(), yes, "{answers:?}");
    }
}

#[test]
fn key_known_by_another_name_says_so() {
    let case = Case::new();
    let line = case.key.to_line();
    let case = case.lists(&format!("old-chat {line}\n"));
    let (_, shown) = case.settle(StrictHostKeyChecking::Ask, &["no"]);
    assert!(shown.contains("following other names/addresses:\n    DIR/known_hosts:1: old-chat\n"));
}

#[test]
fn accept_new_and_no_take_an_unknown_key() {
    for strict in [StrictHostKeyChecking::AcceptNew, StrictHostKeyChecking::No] {
        let case = Case::new();
        let (outcome, shown) = case.settle(strict, &[]);
        assert_eq!(outcome, Ok(Settled::AtOnce));
        assert_eq!(
            shown,
            "Warning: Permanently added 'chat' (ED25519) to the list of known hosts.\n"
        );
        assert!(case.remembers());
    }
}

#[test]
fn strict_checking_refuses_an_unknown_key() {
    let case = Case::new();
    let (outcome, shown) = case.settle(StrictHostKeyChecking::Yes, &["yes"]);
    insta::assert_snapshot!(outcome.unwrap_err(), @r"
    No ED25519 host key is known for chat and you have requested strict checking.
    The key that it showed has the fingerprint SHA256:gNSIRW+2Iyiuvsdp/bgjy38bvWHw6wQm3tuoXrl3WjQ.
    Host key verification failed.
    ");
    assert_eq!(shown, "");
    assert!(!case.remembers());
}

#[test]
fn where_nobody_can_be_asked_an_unknown_key_is_refused() {
    let case = Case::new();
    let (outcome, _) = case.settle(StrictHostKeyChecking::Ask, &[]);
    let refused = outcome.unwrap_err();
    assert!(refused.starts_with("No ED25519 host key is known for chat and there is nobody"));
    assert!(!case.remembers());
}

#[test]
fn changed_key_is_refused_under_every_setting() {
    let other = HostKey::from_spki(&Keys { pkcs8: Vec::new(), public: [8; 32] }.spki()).unwrap();
    let text = format!("chat {}\n", other.to_line());
    for strict in ["ask", "accept-new", "yes", "no"] {
        let case = Case::new().lists(&text);
        let (outcome, shown) = case.settle(strict.parse().unwrap(), &["yes"]);
        assert!(outcome.unwrap_err().contains("HAS CHANGED!"));
        assert_eq!(shown, "");
        assert_eq!(fs::read_to_string(case.known.first()).unwrap(), text);
    }
    let case = Case::new().lists(&text);
    let (outcome, _) = case.settle(StrictHostKeyChecking::Ask, &[]);
    insta::assert_snapshot!(outcome.unwrap_err(), @r"
    @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
    @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
    @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
    IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
    Someone could be eavesdropping on you right now (man-in-the-middle attack)!
    It is also possible that a host key has just been changed.
    The fingerprint for the ED25519 key sent by the remote host is
    SHA256:gNSIRW+2Iyiuvsdp/bgjy38bvWHw6wQm3tuoXrl3WjQ.
    Please contact your system administrator.
    Add correct host key in DIR/known_hosts to get rid of this message.
    Offending ED25519 key in DIR/known_hosts:1
      remove with:
      ssh-keygen -f 'DIR/known_hosts' -R 'chat'
    Host key for chat has changed, and no login is begun with a changed key.
    Host key verification failed.
    ");
}

#[test]
fn revoked_key_is_refused_under_every_setting() {
    for strict in ["ask", "accept-new", "yes", "no"] {
        let case = Case::new();
        let line = case.key.to_line();
        let case = case.lists(&format!("chat {line}\n@revoked chat {line}\n"));
        let (outcome, shown) = case.settle(strict.parse().unwrap(), &["yes"]);
        assert!(outcome.unwrap_err().contains("REVOKED HOST KEY DETECTED!"));
        assert_eq!(shown, "");
    }
}

#[test]
fn what_cannot_be_remembered_is_said_and_goes_on() {
    let mut case = Case::new();
    let link = case.dir.path().join("link");
    std::os::unix::fs::symlink(case.dir.path().join("missing/known_hosts"), &link).unwrap();
    case.known = KnownHosts::new(vec![link]);
    let (outcome, shown) = case.settle(StrictHostKeyChecking::AcceptNew, &[]);
    assert_eq!(outcome, Ok(Settled::AtOnce));
    assert!(shown.starts_with("Failed to add the host to the list of known hosts: "), "{shown}");
}

#[test]
fn list_that_cannot_be_read_is_no_reason_to_trust() {
    let mut case = Case::new();
    case.known = KnownHosts::new(vec![case.dir.path().to_owned()]);
    let (outcome, _) = case.settle(StrictHostKeyChecking::AcceptNew, &[]);
    assert!(outcome.unwrap_err().starts_with("cannot read DIR: "));
}
