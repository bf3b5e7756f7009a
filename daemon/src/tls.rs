//! The host key and the TLS that it signs for: how a client knows that this is the same server.
//!
//! The key is Ed25519, kept in OpenSSH's private key format so that `ssh-keygen` reads it, and it
//! is offered as a raw public key (RFC 7250): there is no certificate, no name in it and no date
//! that could expire. Clients pin the key itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parlor_protocol::hello::{ALPN, EXPORTER_LABEL};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey};

use crate::regular;

/// The host key's name inside the data directory.
pub(crate) const HOST_KEY_FILE: &str = "host_key";

/// An unencrypted Ed25519 key file is 400 bytes; this leaves room for a long comment.
const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;

/// PKCS#8 version 1 around a 32-byte Ed25519 seed (RFC 8410, section 7). The seed follows.
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4). The 32-byte public key follows.
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Whether the data directory already holds a store, which must then have come with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// A first start: a missing key is made.
    Absent,
    /// Clients may have pinned this server's key already: a missing key is an error.
    Present,
}

/// Why the host key could not be had. Every message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostKeyError {
    /// The store is there and its key is not.
    #[error(
        "the host key {} is missing beside an existing store; restore it from a backup, or make \
         a new one with `ssh-keygen -t ed25519 -N '' -f {}` if every client may be warned of a \
         changed host key", .0.display(), .0.display()
    )]
    Missing(PathBuf),
    /// Group or others have a permission on the file.
    #[error(
        "the host key {} is open to others (mode {mode:04o}); run `chmod 600 {}`, and replace \
         the key if somebody may have read it", path.display(), path.display()
    )]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is there and is not a key that this daemon can use.
    #[error("the host key {} cannot be used: {why}; restore it from a backup", path.display())]
    Unusable {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The same of a key that the service manager hands over.
    #[error(
        "the host key {} that the service manager hands over cannot be used: {why}; let it load an \
         unencrypted Ed25519 key of OpenSSH, or none, and one is made", path.display()
    )]
    Given {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The operating system refused.
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The server's Ed25519 host key.
pub(crate) struct HostKey {
    key: PrivateKey,
    /// The same key again, already parsed, so that nothing after loading can fail on it.
    pair: Ed25519Keypair,
}

impl std::fmt::Debug for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HostKey").field(&self.fingerprint()).finish()
    }
}

impl HostKey {
    /// Reads the key in the data directory `dir`, or makes it there on a first start.
    ///
    /// The caller holds the data directory's lock, so that no two processes make a key at once.
    ///
    /// # Errors
    /// When the key is missing beside a store, open to others, unusable, or cannot be read or
    /// written.
    pub(crate) fn load_or_create(dir: &Path, store: Store) -> Result<Self, HostKeyError> {
        let path = dir.join(HOST_KEY_FILE);
        match regular::open(&path) {
            Ok(file) => Self::read(&file, &path),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(HostKeyError::Io { operation: "open the host key", path, source: error })
            }
            Err(_) if store == Store::Present => Err(HostKeyError::Missing(path)),
            Err(_) => {
                let made = Self::generate(&path)?;
                made.write(dir, &path)?;
                Ok(made)
            }
        }
    }

    /// Copies the key at `given`, where there is one, into the data directory `dir`, where there is
    /// none: a key that is there may be a later one of the same server.
    ///
    /// # Errors
    /// When the given key is unusable, or one of the two cannot be read or written.
    pub(crate) fn take_over(given: &Path, dir: &Path) -> Result<(), HostKeyError> {
        let path = dir.join(HOST_KEY_FILE);
        let failed = |operation, path: &Path| {
            let path = path.to_owned();
            move |source| HostKeyError::Io { operation, path, source }
        };
        if path.try_exists().map_err(failed("look for the host key", &path))? {
            return Ok(());
        }
        match regular::open(given) {
            // Whoever hands it over sees to it that nobody else reads it, by other means than the
            // mode: systemd lets the service's user in by an access list.
            Ok(file) => {
                let key = Self::parse(&file, given).map_err(|error| match error {
                    HostKeyError::Unusable { path, why } => HostKeyError::Given { path, why },
                    other => other,
                })?;
                key.write(dir, &path)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("open the host key", given)(error)),
        }
    }

    /// The fingerprint as `ssh-keygen -lf` prints it: `SHA256:` and 43 characters of base64.
    pub(crate) fn fingerprint(&self) -> String {
        self.key.public_key().fingerprint(HashAlg::Sha256).to_string()
    }

    /// The public half as a line of a `.pub` file, without its line break.
    pub(crate) fn public_line(&self) -> String {
        self.key.public_key().to_openssh().expect("invariant: an Ed25519 public key encodes")
    }

    fn read(file: &File, path: &Path) -> Result<Self, HostKeyError> {
        let mode = file.metadata().map_err(unreadable(path))?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(HostKeyError::Exposed { path: path.to_owned(), mode });
        }
        Self::parse(file, path)
    }

    fn parse(file: &File, path: &Path) -> Result<Self, HostKeyError> {
        let mut text = String::new();
        file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable(path))?;
        let unusable = |why: String| HostKeyError::Unusable { path: path.to_owned(), why };
        let key = PrivateKey::from_openssh(&text)
            .map_err(|error| unusable(format!("not an OpenSSH private key ({error})")))?;
        if key.is_encrypted() {
            return Err(unusable("it is encrypted, and a daemon cannot ask".to_owned()));
        }
        let Some(pair) = key.key_data().ed25519().cloned() else {
            return Err(unusable("it is not an Ed25519 key".to_owned()));
        };
        Ok(Self { key, pair })
    }

    fn generate(path: &Path) -> Result<Self, HostKeyError> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).map_err(|_| HostKeyError::Io {
            operation: "draw random bytes for",
            path: path.to_owned(),
            source: io::Error::other("the system's random source failed"),
        })?;
        let pair = Ed25519Keypair::from_seed(&seed);
        let key = PrivateKey::new(KeypairData::Ed25519(pair.clone()), "parlord")
            .expect("invariant: a fresh Ed25519 pair is a private key");
        Ok(Self { key, pair })
    }

    /// Writes the key so that a crash leaves either no key or the whole key, never readable by
    /// anyone else in between.
    fn write(&self, dir: &Path, path: &Path) -> Result<(), HostKeyError> {
        let failed = |operation, path: &Path| {
            let path = path.to_owned();
            move |source| HostKeyError::Io { operation, path, source }
        };
        let text = self
            .key
            .to_openssh(LineEnding::LF)
            .expect("invariant: an unencrypted Ed25519 key encodes");
        let temporary = dir.join("host_key.new");
        // What a crash left behind was never anybody's key.
        match fs::remove_file(&temporary) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("remove the unfinished", &temporary)(error)),
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(failed("create", &temporary))?;
        file.write_all(text.as_bytes()).map_err(failed("write", &temporary))?;
        file.sync_all().map_err(failed("sync", &temporary))?;
        fs::rename(&temporary, path).map_err(failed("rename to", path))?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("sync the directory", dir))
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> HostKeyError {
    let path = path.to_owned();
    |source| HostKeyError::Io { operation: "read the host key", path, source }
}

/// The TLS of every encrypted listener: version 1.3 only, our raw public key, `parlor/1` only,
/// nothing resumed and nothing accepted early.
///
/// Resumption is off because a resumed session skips the client's look at the key, and early
/// data because it can be replayed.
///
/// rustls turns away a client that offers other protocols, but not one that offers none: whoever
/// finishes a handshake calls [`login_context`], which does.
pub(crate) fn server_config(host_key: &HostKey) -> Arc<ServerConfig> {
    let pkcs8 = [&PKCS8_PREFIX[..], &host_key.pair.private.to_bytes()].concat();
    let signer = rustls::crypto::ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8))
        .expect("invariant: 32 bytes are an Ed25519 seed");
    let spki = [&SPKI_PREFIX[..], &host_key.pair.public.0].concat();
    let certified = CertifiedKey::new(vec![CertificateDer::from(spki)], signer);
    let resolver = AlwaysResolvesServerRawPublicKeys::new(Arc::new(certified));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("invariant: ring's suites speak TLS 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.max_early_data_size = 0;
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Arc::new(config)
}

/// Why a finished handshake is not a connection that may go on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HandshakeRefused {
    /// The client did not say that it speaks our protocol.
    #[error("the client did not offer the TLS protocol parlor/1")]
    NoProtocol,
    /// rustls exports nothing before the handshake is done.
    #[error("the TLS handshake is not finished")]
    Unfinished,
}

/// The 32 bytes that bind a login to this very TLS session, to be taken after the handshake.
///
/// They go into the context of the password login and under a device's signature, so a login
/// relayed over any other session fails.
///
/// # Errors
/// When the client did not demand `parlor/1`: such a connection is closed unanswered.
pub(crate) fn login_context(tls: &ServerConnection) -> Result<[u8; 32], HandshakeRefused> {
    if tls.is_handshaking() {
        return Err(HandshakeRefused::Unfinished);
    }
    if tls.alpn_protocol() != Some(ALPN) {
        return Err(HandshakeRefused::NoProtocol);
    }
    tls.export_keying_material([0; 32], EXPORTER_LABEL, None)
        .map_err(|_| HandshakeRefused::Unfinished)
}

#[cfg(test)]
mod tests;
