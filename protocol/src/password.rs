//! The password suite: OPAQUE (RFC 9807) with scrypt, so that no password leaves its user's machine.
//!
//! Registration is `Registration::start`, `ServerSetup::register`, `Registration::finish`,
//! [`ServerSetup::record`]; login is `Login::start`, `ServerSetup::login`, `Login::finish`,
//! `ServerLogin::finish`. All messages are plain bytes of a fixed length each, and nothing outside
//! this module names the library behind it. The suite is ristretto255 for the oblivious function
//! and the key exchange, triple Diffie-Hellman, SHA-512, and scrypt with a salt of 16 zeros. The
//! credential identifier and the client's identity are the user's name, the server's identity is
//! `parlor`.
//!
//! The `binding` of a login is the connection's: 32 bytes that both ends export from TLS, or
//! [`PLAIN_BINDING`](crate::hello::PLAIN_BINDING). It is the exchange's context, so whoever relays
//! a login over a connection of their own fails.

mod client;
mod server;
mod stretch;

use std::fmt;

use opaque_ke::errors::ProtocolError;
use opaque_ke::{CipherSuite, Identifiers, Ristretto255, TripleDh};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

pub use self::client::{Login, Registration};
pub use self::server::{ServerLogin, ServerSetup};
pub use self::stretch::StretchError;
use crate::name::UserName;

/// The shortest password, in characters (Unicode scalar values of its NFC form).
pub const MIN_PASSWORD_CHARS: usize = 10;
/// The longest password, in bytes of its NFC form; longer than anybody types.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// The length of a password record, which is the registration upload as the server keeps it.
pub const RECORD_BYTES: usize = 192;

const REQUEST_BYTES: usize = 32;
const REGISTRATION_RESPONSE_BYTES: usize = 64;
const CREDENTIAL_REQUEST_BYTES: usize = 96;
const CREDENTIAL_RESPONSE_BYTES: usize = 320;
const FINALIZATION_BYTES: usize = 64;
const SETUP_BYTES: usize = 128;

/// Why a password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_PASSWORD_CHARS`].
    #[error("the password has fewer than {MIN_PASSWORD_CHARS} characters")]
    TooShort,
    /// More than [`MAX_PASSWORD_BYTES`].
    #[error("the password has more than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// A control character, which hardly anybody can type twice.
    #[error("the password has a control character in it")]
    ControlCharacter,
}

/// Why an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The other side's bytes, or a stored record or setup, are not what they should be.
    #[error("the bytes of the password exchange are malformed")]
    Malformed,
    /// The password, name, binding or stretching cost of the two sides differ, or the server does
    /// not hold the record: these cannot be told apart.
    #[error("the password does not match")]
    WrongPassword,
    /// The server asked for a stretching that this client does not do.
    #[error(transparent)]
    Stretch(#[from] StretchError),
}

/// The secret that both sides share after a login and nobody else.
pub type SessionKey = Zeroizing<[u8; 64]>;

/// A password as it goes into the exchange: NFC, long enough, without control characters. Its
/// memory is wiped when it goes.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Normalises a password as it was typed and checks it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(typed: &str) -> Result<Self, PasswordError> {
        // NFC at most triples UTF-8, and a string that never grows leaves no copies behind.
        let mut password = Zeroizing::new(String::with_capacity(typed.len() * 3));
        password.extend(typed.nfc());
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::TooLong);
        }
        if password.contains(char::is_control) {
            return Err(PasswordError::ControlCharacter);
        }
        if password.chars().count() < MIN_PASSWORD_CHARS {
            return Err(PasswordError::TooShort);
        }
        Ok(Self(password))
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2::Sha512>;
    type Ksf = stretch::Scrypt;
}

fn identifiers(name: &UserName) -> Identifiers<'_> {
    Identifiers { client: Some(name.as_str().as_bytes()), server: Some(b"parlor") }
}

/// The library ignores bytes behind a message, so that one message would have many encodings.
fn exactly(bytes: &[u8], len: usize) -> Result<&[u8], ExchangeError> {
    if bytes.len() == len { Ok(bytes) } else { Err(ExchangeError::Malformed) }
}

impl From<ProtocolError> for ExchangeError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::InvalidLoginError => Self::WrongPassword,
            ProtocolError::LibraryError(_)
            | ProtocolError::SerializationError
            | ProtocolError::SizeError { .. }
            | ProtocolError::ReflectedValueError => Self::Malformed,
            ProtocolError::Custom(never) => match never {},
        }
    }
}

#[cfg(test)]
#[cfg(debug_assertions)]
mod tests;
