//! The two secrets of a data directory: the host key, and the server's half of all passwords.

use std::env;
use std::path::{Path, PathBuf};

use parlor_protocol::password::{ExchangeError, ServerSetup};

use crate::store::{StoreError, Writer};
use crate::tls::{self, HostKey, HostKeyError};

/// What to do where the half of all passwords is not to be had.
const PUT_BACK: &str = "keep a copy of the data directory, move it away, and restore a backup with \
                        `parlord restore`";

/// Why the secrets cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretsError {
    #[error(transparent)]
    HostKey(#[from] HostKeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store's password secret is damaged: {0}; {PUT_BACK}")]
    Setup(ExchangeError),
    #[error(
        "the store holds passwords, and not the secret without which none is right; {PUT_BACK}"
    )]
    Lost,
}

/// Reads both, or makes both where the store is new. The store has its secret only after the key is
/// on disk: a store without one was never in use, and may still be given a key. A key that the
/// service manager hands over (systemd's credential `host_key`) is taken where there is none.
///
/// # Errors
/// One of them is missing in a store that was in use, or cannot be read or written.
pub(crate) fn load_or_make(
    data: &Path,
    writer: &mut Writer,
) -> Result<(HostKey, ServerSetup), SecretsError> {
    let stored = writer.opaque_setup()?;
    if stored.is_none() && writer.holds_passwords()? {
        return Err(SecretsError::Lost);
    }
    let state = if stored.is_some() { tls::Store::Present } else { tls::Store::Absent };
    if let Some(credentials) = env::var_os("CREDENTIALS_DIRECTORY") {
        HostKey::take_over(&PathBuf::from(credentials).join(tls::HOST_KEY_FILE), data)?;
    }
    let host_key = HostKey::load_or_create(data, state)?;
    let setup = match stored {
        Some(bytes) => ServerSetup::from_bytes(&bytes).map_err(SecretsError::Setup)?,
        None => {
            let made = ServerSetup::generate();
            writer.set_opaque_setup(&made.to_bytes())?;
            made
        }
    };
    Ok((host_key, setup))
}
