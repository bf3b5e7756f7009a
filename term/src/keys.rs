//! Device keys: what logs this machine's user in without a password.
//!
//! Each is an Ed25519 key in OpenSSH's private key format, mode 0600, in a directory named after
//! the server's own key and a file named after the user. A server that answers with another key
//! is thus another server, whose users have other device keys.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use parlor_protocol::account::device_login_message;
use parlor_protocol::id::Bytes;
use parlor_protocol::name::UserName;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::Ed25519KeyPair;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

use crate::host_key::HostKey;

/// An unencrypted Ed25519 key file is 400 bytes; this leaves room for a long comment.
const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;

/// Why there is no device key. Every message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// Group or others have a permission on the file.
    #[error(
        "the key {} is open to others (mode {mode:04o}); run `chmod 600 {}`",
        path.display(), path.display()
    )]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds no key that can be used.
    #[error("the key {} cannot be used: {why}", path.display())]
    Unusable {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The operating system refused.
    #[error("cannot {operation} {}: {source}{}", path.display(), remedy(source, path))]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What to do about a key file that the system does not give, as it follows the error.
fn remedy(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!(
            "; check the path, or make it: ssh-keygen -t ed25519 -N '' -f {}",
            path.display()
        ),
        io::ErrorKind::PermissionDenied => "; it has to be yours to read and write".to_owned(),
        _ => String::new(),
    }
}

impl KeyError {
    fn from_io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { operation, path, source }
    }
}

/// A key that logs its user in.
#[derive(Debug)]
pub(crate) struct DeviceKey {
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl DeviceKey {
    /// Reads a private key file of OpenSSH.
    ///
    /// # Errors
    /// When it cannot be read, is open to others, encrypted, or of another kind.
    pub(crate) fn read(path: &Path) -> Result<Self, KeyError> {
        let file = File::open(path).map_err(KeyError::from_io("open the key", path))?;
        let metadata = file.metadata().map_err(KeyError::from_io("read the key", path))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.take(KEY_FILE_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(KeyError::from_io("read the key", path))?;
        let unusable = |why: String| KeyError::Unusable { path: path.to_owned(), why };
        let key = PrivateKey::from_openssh(&text)
            .map_err(|error| unusable(format!("not an OpenSSH private key ({error})")))?;
        if key.is_encrypted() {
            return Err(unusable(
                "it has a passphrase; make a copy without one by `ssh-keygen -p -N ''`".to_owned(),
            ));
        }
        let pair = key.key_data().ed25519();
        Self::from_pair(pair.ok_or_else(|| unusable("it is not an Ed25519 key".to_owned()))?)
            .ok_or_else(|| unusable("its two halves do not belong together".to_owned()))
    }

    /// The public half, as the server knows it.
    pub(crate) fn public(&self) -> Bytes<32> {
        Bytes(self.public)
    }

    /// Signs a login of `user` on the connection with this challenge and binding.
    pub(crate) fn sign_login(
        &self,
        user: &UserName,
        challenge: &Bytes<32>,
        binding: &[u8],
    ) -> Bytes<64> {
        let signature = self.pair.sign(&device_login_message(user, challenge, binding));
        Bytes(signature.as_ref().try_into().expect("invariant: an Ed25519 signature has 64 bytes"))
    }

    fn from_pair(pair: &Ed25519Keypair) -> Option<Self> {
        let public = pair.public.0;
        let pair =
            Ed25519KeyPair::from_seed_and_public_key(&pair.private.to_bytes(), &public).ok()?;
        Some(Self { pair, public })
    }
}

/// The directory of this user's device keys.
#[derive(Clone, Debug)]
pub(crate) struct KeyStore {
    dir: PathBuf,
}

impl KeyStore {
    /// Names the directory, which need not be there.
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The key for a user of a server, if there is one.
    ///
    /// # Errors
    /// When it is there and cannot be used.
    pub(crate) fn load(
        &self,
        server: &HostKey,
        user: &UserName,
    ) -> Result<Option<DeviceKey>, KeyError> {
        match DeviceKey::read(&self.path(server, user)) {
            Ok(key) => Ok(Some(key)),
            Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The key for a user of a server, made if there is none. Of two processes that make it at
    /// once one succeeds, and both use its key.
    ///
    /// # Errors
    /// When it cannot be used or written.
    pub(crate) fn load_or_create(
        &self,
        server: &HostKey,
        user: &UserName,
    ) -> Result<DeviceKey, KeyError> {
        if let Some(key) = self.load(server, user)? {
            return Ok(key);
        }
        let path = self.path(server, user);
        let dir = path.parent().expect("invariant: a key stands in its server's directory");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(KeyError::from_io("make the directory", dir))?;
        let mut random = [0; 40];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| io::Error::other("the system's random source failed"))
            .map_err(KeyError::from_io("make the key", &path))?;
        let (seed, name) = random.split_at(32);
        let pair = Ed25519Keypair::from_seed(seed.try_into().expect("invariant: 32 bytes"));
        let key = PrivateKey::new(KeypairData::Ed25519(pair), format!("parlor {user}"))
            .expect("invariant: a fresh Ed25519 pair is a private key");
        let text = key.to_openssh(LineEnding::LF).expect("invariant: an unencrypted key encodes");
        let suffix: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        publish(&dir.join(format!(".new-{suffix}")), &path, text.as_bytes())?;
        DeviceKey::read(&path)
    }

    fn path(&self, server: &HostKey, user: &UserName) -> PathBuf {
        // A user name is safe by its syntax.
        self.dir.join(server.file_name()).join(user.as_str())
    }
}

/// Gives the bytes their name at once and whole, unless somebody else was first.
fn publish(temporary: &Path, path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)
        .map_err(KeyError::from_io("create", temporary))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // A link, unlike a rename, fails where the name is taken.
    let linked = written.and_then(|()| fs::hard_link(temporary, path));
    let removed = fs::remove_file(temporary);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(KeyError::from_io("write the key", path)(error))
        }
        _ => removed.map_err(KeyError::from_io("remove", temporary)),
    }
}

#[cfg(test)]
mod tests;
