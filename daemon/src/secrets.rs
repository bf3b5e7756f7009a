//! The two secrets of a data directory: the host key, and the server's half of all passwords.

use std::env;
use std::path::{Path, PathBuf};

use parlor_protocol::password::{ExchangeError, ServerSetup};

use crate::store::{StoreError, Writer};
use crate::tls::{self, HostKey, HostKeyError};

/// Why the secrets cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretsError {
    #[error(transparent)]
    HostKey(#[from] HostKeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store's password secret is damaged: {0}; restore the store from a backup")]
    Setup(ExchangeError),
}

/// Reads both, or makes both where the store is new. The store has its secret only after the key is
/// on disk: a store without one was never in use, and may still be given a key. A key that the
/// service manager hands over (systemd's credential `host_key`) is taken where there is none.
///
/// # Errors
/// The key is missing beside a store that was in use, or one of them cannot be read or written.
pub(crate) fn load_or_make(
    data: &Path,
    writer: &mut Writer,
) -> Result<(HostKey, ServerSetup), SecretsError> {
    let stored = writer.opaque_setup()?;
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
