//! The client's half of registration and login.

use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration,
    ClientRegistrationFinishParameters, CredentialResponse, RegistrationResponse,
};
use rand_core::OsRng;

use super::stretch::Scrypt;
use super::{
    CREDENTIAL_RESPONSE_BYTES, ExchangeError, Password, REGISTRATION_RESPONSE_BYTES, SessionKey,
    Suite, exactly, identifiers,
};
use crate::account::StretchCost;
use crate::name::UserName;

/// A registration that waits for the server's response.
pub struct Registration {
    state: ClientRegistration<Suite>,
    password: Password,
}

impl Registration {
    /// Begins to register a password; the bytes are the request for the server.
    #[must_use]
    pub fn start(password: &Password) -> (Self, Vec<u8>) {
        let start = ClientRegistration::<Suite>::start(&mut OsRng, password.as_bytes())
            .expect("invariant: a parsed password is neither empty nor too long to blind");
        let this = Self { state: start.state, password: password.clone() };
        (this, start.message.serialize().to_vec())
    }

    /// Ends a registration; the bytes are the upload for the server. Stretching takes about half a
    /// second and 128 MiB at the usual cost, so call it where blocking is no harm.
    ///
    /// # Errors
    /// `Malformed` for a response that is none, `Stretch` for a cost that is refused.
    pub fn finish(
        self,
        response: &[u8],
        name: &UserName,
        cost: StretchCost,
    ) -> Result<Vec<u8>, ExchangeError> {
        cost.check_client()?;
        let response =
            RegistrationResponse::deserialize(exactly(response, REGISTRATION_RESPONSE_BYTES)?)?;
        let scrypt = Scrypt(cost);
        let params = ClientRegistrationFinishParameters::new(identifiers(name), Some(&scrypt));
        let finish = self.state.finish(&mut OsRng, self.password.as_bytes(), response, params)?;
        Ok(finish.message.serialize().to_vec())
    }
}

/// A login that waits for the server's response.
pub struct Login {
    state: ClientLogin<Suite>,
    password: Password,
}

impl Login {
    /// Begins a login; the bytes are the request for the server.
    #[must_use]
    pub fn start(password: &Password) -> (Self, Vec<u8>) {
        let start = ClientLogin::<Suite>::start(&mut OsRng, password.as_bytes())
            .expect("invariant: a parsed password is neither empty nor too long to blind");
        let this = Self { state: start.state, password: password.clone() };
        (this, start.message.serialize().to_vec())
    }

    /// Ends a login; the bytes are the finalization for the server. On success the server has
    /// proved itself to be the one where the password was registered, on this very connection.
    /// Blocks as [`Registration::finish`] does.
    ///
    /// # Errors
    /// `WrongPassword` for whatever does not match, `Malformed` for a response that is none,
    /// `Stretch` for a cost that is refused.
    pub fn finish(
        self,
        response: &[u8],
        name: &UserName,
        cost: StretchCost,
        binding: &[u8],
    ) -> Result<(Vec<u8>, SessionKey), ExchangeError> {
        cost.check_client()?;
        let response =
            CredentialResponse::deserialize(exactly(response, CREDENTIAL_RESPONSE_BYTES)?)?;
        let scrypt = Scrypt(cost);
        let params =
            ClientLoginFinishParameters::new(Some(binding), identifiers(name), Some(&scrypt));
        let finish = self.state.finish(&mut OsRng, self.password.as_bytes(), response, params)?;
        let key = SessionKey::new(finish.session_key.into());
        Ok((finish.message.serialize().to_vec(), key))
    }
}
