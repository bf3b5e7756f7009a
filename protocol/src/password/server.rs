//! The server's half of registration and login, and the secret that both hang on.

use std::fmt;

use opaque_ke::{
    CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload,
    ServerLoginParameters, ServerRegistration,
};
use rand_core::OsRng;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::client::Registration;
use super::{
    CREDENTIAL_REQUEST_BYTES, ExchangeError, FINALIZATION_BYTES, Password, RECORD_BYTES,
    REQUEST_BYTES, SETUP_BYTES, SessionKey, Suite, exactly, identifiers,
};
use crate::account::StretchCost;
use crate::name::UserName;

/// The server's secret, made once and kept beside the records: without it they log nobody in, and
/// with another they are worthless.
pub struct ServerSetup {
    setup: opaque_ke::ServerSetup<Suite>,
    /// A record that nobody registered, read in place of the one that an unknown name lacks, so
    /// that both kinds of name cost the same steps.
    decoy: [u8; RECORD_BYTES],
    /// Decides which cost an unknown name pretends to.
    cost_key: Zeroizing<[u8; 64]>,
}

impl ServerSetup {
    /// Makes a new secret from the system's random source.
    #[must_use]
    pub fn generate() -> Self {
        Self::around(opaque_ke::ServerSetup::new(&mut OsRng))
    }

    /// Reads a secret as [`to_bytes`](Self::to_bytes) wrote it.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ExchangeError> {
        let setup = opaque_ke::ServerSetup::deserialize(exactly(bytes, SETUP_BYTES)?)?;
        Ok(Self::around(setup))
    }

    /// The secret as bytes to keep.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.setup.serialize().to_vec())
    }

    /// Answers a registration request.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn register(&self, name: &UserName, request: &[u8]) -> Result<Vec<u8>, ExchangeError> {
        let request = RegistrationRequest::deserialize(exactly(request, REQUEST_BYTES)?)?;
        let id = name.as_str().as_bytes();
        let start = ServerRegistration::<Suite>::start(&self.setup, request, id)?;
        Ok(start.message.serialize().to_vec())
    }

    /// Checks a registration upload; what comes back is the record to keep.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn record(upload: &[u8]) -> Result<Vec<u8>, ExchangeError> {
        let upload = RegistrationUpload::<Suite>::deserialize(exactly(upload, RECORD_BYTES)?)?;
        Ok(ServerRegistration::finish(upload).serialize().to_vec())
    }

    /// Makes a user's record from the password itself, for an administrator on the server.
    ///
    /// # Errors
    /// `Stretch` for a cost that the user's client would refuse.
    pub fn record_for(
        &self,
        name: &UserName,
        password: &Password,
        cost: StretchCost,
    ) -> Result<Vec<u8>, ExchangeError> {
        let (registration, request) = Registration::start(password);
        let upload = registration.finish(&self.register(name, &request)?, name, cost)?;
        Self::record(&upload)
    }

    /// Answers a login request. A name without a record gets an answer of the same kind, and its
    /// login fails at the end like that of a wrong password.
    ///
    /// # Errors
    /// `Malformed`, for the request or the record.
    pub fn login(
        &self,
        name: &UserName,
        record: Option<&[u8]>,
        request: &[u8],
        binding: &[u8],
    ) -> Result<(ServerLogin, Vec<u8>), ExchangeError> {
        let request = CredentialRequest::deserialize(exactly(request, CREDENTIAL_REQUEST_BYTES)?)?;
        let read = exactly(record.unwrap_or(&self.decoy), RECORD_BYTES)?;
        let read = ServerRegistration::<Suite>::deserialize(read)?;
        let start = opaque_ke::ServerLogin::start(
            &mut OsRng,
            &self.setup,
            record.is_some().then_some(read),
            request,
            name.as_str().as_bytes(),
            ServerLoginParameters { context: Some(binding), identifiers: identifiers(name) },
        )?;
        let login =
            ServerLogin { state: start.state, name: name.clone(), binding: binding.to_vec() };
        Ok((login, start.message.serialize().to_vec()))
    }

    /// The stretching cost that an unknown name is answered with: one of those in use, always the
    /// same for a name while that one is in use. OWASP's where none is.
    #[must_use]
    pub fn cost_for_unknown(&self, name: &UserName, in_use: &[StretchCost]) -> StretchCost {
        let weight = |cost: &StretchCost| {
            let mut hash = Sha512::new_with_prefix(&self.cost_key[..]);
            for number in [cost.log_n, cost.r, cost.p] {
                hash.update(number.to_be_bytes());
            }
            hash.update(name.as_str());
            hash.finalize()
        };
        in_use.iter().max_by_key(|cost| weight(cost)).cloned().unwrap_or(StretchCost::OWASP)
    }

    fn around(setup: opaque_ke::ServerSetup<Suite>) -> Self {
        let secret = Zeroizing::new(<[u8; SETUP_BYTES]>::from(setup.serialize()));
        // The setup ends in a public key whose private half was thrown away; a record begins with
        // its client's public key.
        let mut decoy = [0; RECORD_BYTES];
        decoy[..32].copy_from_slice(&secret[SETUP_BYTES - 32..]);
        let cost_key = Sha512::new_with_prefix(b"parlor/1 cost of unknown names")
            .chain_update(&secret[..])
            .finalize();
        Self { setup, decoy, cost_key: Zeroizing::new(cost_key.into()) }
    }
}

impl fmt::Debug for ServerSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSetup(..)")
    }
}

/// A login that waits for the client's finalization.
pub struct ServerLogin {
    state: opaque_ke::ServerLogin<Suite>,
    name: UserName,
    binding: Vec<u8>,
}

impl ServerLogin {
    /// Whether the client knows the password.
    ///
    /// # Errors
    /// `WrongPassword`, also for a name that has no record; `Malformed`.
    pub fn finish(self, finalization: &[u8]) -> Result<SessionKey, ExchangeError> {
        let message =
            CredentialFinalization::deserialize(exactly(finalization, FINALIZATION_BYTES)?)?;
        let finish = self.state.finish(
            message,
            ServerLoginParameters {
                context: Some(&self.binding),
                identifiers: identifiers(&self.name),
            },
        )?;
        Ok(SessionKey::new(finish.session_key.into()))
    }
}
