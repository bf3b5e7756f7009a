//! The host key file, and handshakes in memory against clients that do and do not behave.

use std::process::Command;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file is there").permissions().mode() & 0o7777
}

#[test]
fn first_start_makes_a_key_that_the_next_start_reads() {
    let dir = tempfile::tempdir().unwrap();
    let made = HostKey::load_or_create(dir.path(), Store::Absent).unwrap();
    let path = dir.path().join(HOST_KEY_FILE);
    assert_eq!(mode(&path), 0o600);
    let again = HostKey::load_or_create(dir.path(), Store::Present).unwrap();
    assert_eq!(made.public_line(), again.public_line());
    assert_eq!(made.fingerprint(), again.fingerprint());
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, [HOST_KEY_FILE]);
}

#[test]
fn ssh_keygen_prints_the_same_fingerprint() {
    let dir = tempfile::tempdir().unwrap();
    let key = HostKey::load_or_create(dir.path(), Store::Absent).unwrap();
    let path = dir.path().join(HOST_KEY_FILE);
    let listed = Command::new("ssh-keygen").arg("-lf").arg(&path).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    assert_eq!(
        String::from_utf8(listed.stdout).unwrap(),
        format!("256 {} parlord (ED25519)\n", key.fingerprint())
    );
    let public = Command::new("ssh-keygen").arg("-yf").arg(&path).output().unwrap();
    assert_eq!(String::from_utf8(public.stdout).unwrap().trim_end(), key.public_line());
}

#[test]
fn a_key_made_by_ssh_keygen_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(HOST_KEY_FILE);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "chat", "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let key = HostKey::load_or_create(dir.path(), Store::Present).unwrap();
    let public = fs::read_to_string(dir.path().join("host_key.pub")).unwrap();
    assert_eq!(public.trim_end(), key.public_line());
}

#[test]
fn a_key_that_is_handed_over_is_taken_where_there_is_none() {
    let [dir, credentials] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let given = credentials.path().join("host_key");
    HostKey::take_over(&given, dir.path()).unwrap();
    assert!(!dir.path().join(HOST_KEY_FILE).exists(), "nothing was given, nothing is taken");

    let handed = HostKey::load_or_create(credentials.path(), Store::Absent).unwrap();
    // The mode that systemd's access list makes of it.
    fs::set_permissions(&given, fs::Permissions::from_mode(0o440)).unwrap();
    HostKey::take_over(&given, dir.path()).unwrap();
    assert_eq!(mode(&dir.path().join(HOST_KEY_FILE)), 0o600);
    let taken = HostKey::load_or_create(dir.path(), Store::Present).unwrap();
    assert_eq!(taken.public_line(), handed.public_line());

    fs::write(&given, "no key").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let said = HostKey::take_over(&given, elsewhere.path()).unwrap_err().to_string();
    assert!(said.contains("that the service manager hands over cannot be used"), "{said}");
    assert!(!said.contains("backup"), "{said}");

    fs::remove_file(&given).unwrap();
    HostKey::load_or_create(credentials.path(), Store::Absent).unwrap();
    HostKey::take_over(&given, dir.path()).unwrap();
    let kept = HostKey::load_or_create(dir.path(), Store::Present).unwrap();
    assert_eq!(kept.public_line(), handed.public_line());
}

#[test]
fn missing_key_beside_a_store_is_an_error_and_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let error = HostKey::load_or_create(dir.path(), Store::Present).unwrap_err();
    assert!(matches!(error, HostKeyError::Missing(_)));
    assert!(error.to_string().contains("restore it from a backup"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn key_open_to_others_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    HostKey::load_or_create(dir.path(), Store::Absent).unwrap();
    let path = dir.path().join(HOST_KEY_FILE);
    for bits in [0o640, 0o604, 0o620, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
        let error = HostKey::load_or_create(dir.path(), Store::Present).unwrap_err();
        assert!(matches!(error, HostKeyError::Exposed { .. }), "{bits:o}: {error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    HostKey::load_or_create(dir.path(), Store::Present).unwrap();
}

#[test]
fn unusable_keys_are_named_and_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(HOST_KEY_FILE);
    let locked = |arguments: &[&str]| {
        let _ = fs::remove_file(&path);
        let status =
            Command::new("ssh-keygen").args(arguments).arg("-qf").arg(&path).status().unwrap();
        assert!(status.success());
    };
    for prepare in 0..4 {
        match prepare {
            0 => fs::write(&path, "").unwrap(),
            1 => fs::write(&path, [0xff; 64 * 1024]).unwrap(),
            2 => locked(&["-t", "ed25519", "-N", "secret"]),
            _ => locked(&["-t", "ecdsa", "-N", ""]),
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let before = fs::read(&path).unwrap();
        let error = HostKey::load_or_create(dir.path(), Store::Absent).unwrap_err();
        assert!(error.to_string().contains("host_key"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn unfinished_key_of_a_crash_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("host_key.new"), "half a k").unwrap();
    HostKey::load_or_create(dir.path(), Store::Absent).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// A client that looks at nothing but the signature, as the real one does before it decides.
#[derive(Debug)]
struct AnyKey(CryptoProvider, RawKeys);

#[derive(Clone, Copy, Debug)]
enum RawKeys {
    Wanted,
    Unwanted,
}

impl ServerCertVerifier for AnyKey {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let key = SubjectPublicKeyInfoDer::from(key.as_ref());
        let schemes = &self.0.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signed, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        matches!(self.1, RawKeys::Wanted)
    }
}

struct Outcome {
    server: ServerConnection,
    client: ClientConnection,
    error: Option<rustls::Error>,
}

fn shake(
    version: &'static rustls::SupportedProtocolVersion,
    alpn: &[&[u8]],
    raw: RawKeys,
) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let key = HostKey::load_or_create(dir.path(), Store::Absent).unwrap();
    let mut server = ServerConnection::new(server_config(&key)).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyKey(provider, raw)))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config.resumption = Resumption::disabled();
    let name = ServerName::try_from("parlor").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
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
    Outcome { server, client, error }
}

#[test]
fn both_ends_export_the_same_login_context() {
    let outcome = shake(&rustls::version::TLS13, &[ALPN], RawKeys::Wanted);
    assert_eq!(outcome.error, None);
    let client = outcome.client.export_keying_material([0; 32], EXPORTER_LABEL, None).unwrap();
    assert_eq!(login_context(&outcome.server), Ok(client));
    let other = shake(&rustls::version::TLS13, &[ALPN], RawKeys::Wanted);
    assert_ne!(login_context(&other.server), Ok(client));
}

#[test]
fn server_offers_no_ticket_to_resume_from() {
    let outcome = shake(&rustls::version::TLS13, &[ALPN], RawKeys::Wanted);
    assert_eq!(outcome.client.tls13_tickets_received(), 0);
}

#[test]
fn client_without_our_protocol_is_turned_away() {
    let other = shake(&rustls::version::TLS13, &[b"h2"], RawKeys::Wanted);
    assert_eq!(other.error, Some(rustls::Error::NoApplicationProtocol));
    let silent = shake(&rustls::version::TLS13, &[], RawKeys::Wanted);
    assert_eq!(silent.error, None);
    assert_eq!(login_context(&silent.server), Err(HandshakeRefused::NoProtocol));
}

#[test]
fn client_that_wants_a_certificate_gets_none() {
    let outcome = shake(&rustls::version::TLS13, &[ALPN], RawKeys::Unwanted);
    assert!(outcome.error.is_some());
    assert_eq!(login_context(&outcome.server), Err(HandshakeRefused::Unfinished));
}

#[test]
fn tls_1_2_is_refused() {
    let outcome = shake(&rustls::version::TLS12, &[ALPN], RawKeys::Unwanted);
    assert!(matches!(outcome.error, Some(rustls::Error::PeerIncompatible(_))));
}
