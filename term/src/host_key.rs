//! A server's Ed25519 public key, as TLS carries it and as OpenSSH writes it.

use std::fmt;

use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{HashAlg, PublicKey};

/// SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4). The 32-byte public key follows.
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The key that a server proves to hold, and by which it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostKey([u8; 32]);

impl HostKey {
    /// Reads the key out of its DER SubjectPublicKeyInfo; `None` for anything but plain Ed25519.
    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        let key = der.strip_prefix(&SPKI_PREFIX)?;
        Some(Self(key.try_into().ok()?))
    }

    /// The key of a line of `known_hosts`; `None` for the other kinds of key that ssh knows.
    pub(crate) fn from_openssh(key: &PublicKey) -> Option<Self> {
        Some(Self(key.key_data().ed25519()?.0))
    }

    /// The fingerprint as `ssh-keygen -lf` prints it.
    pub(crate) fn fingerprint(&self) -> String {
        self.openssh().fingerprint(HashAlg::Sha256).to_string()
    }

    /// The fingerprint as the name of a file or a directory: its base64 in the form for these.
    pub(crate) fn file_name(&self) -> String {
        self.fingerprint().replace(':', "-").replace('/', "_").replace('+', "-")
    }

    /// The key as `ssh-ed25519 AAAA…`, without a comment.
    pub(crate) fn to_line(self) -> String {
        self.openssh().to_openssh().expect("invariant: an Ed25519 public key encodes")
    }

    fn openssh(&self) -> PublicKey {
        PublicKey::new(KeyData::Ed25519(Ed25519PublicKey(self.0)), "")
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostKey({})", self.fingerprint())
    }
}
