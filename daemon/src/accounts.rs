//! Who may log in: the server's half of sign-ups, logins and password changes.

use parlor_protocol::account::{
    Credential, DeviceLogin, NewDevice as Offered, Registration, StretchCost, device_login_message,
};
use parlor_protocol::id::Bytes;
use parlor_protocol::name::UserName;
use parlor_protocol::password::{ExchangeError, ServerLogin, ServerSetup};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::Code;
use parlor_protocol::text;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::rooms::{NewDevice, Password};

/// Columns of a device's name: a machine's name, not a story.
const DEVICE_NAME_COLUMNS_MAX: usize = 64;

/// The secrets and settings behind every login. It keeps nothing between two steps.
#[derive(Debug)]
pub(crate) struct Accounts {
    setup: ServerSetup,
    cost: StretchCost,
}

impl Accounts {
    /// Passwords are registered under `setup`, stretched at `cost`.
    pub(crate) fn new(setup: ServerSetup, cost: StretchCost) -> Self {
        Self { setup, cost }
    }

    /// Answers a registration request.
    pub(crate) fn register(&self, name: &UserName, request: &[u8]) -> Result<Registration, Code> {
        let response = self.setup.register(name, request).map_err(|_| Code::BadRequest)?;
        Ok(Registration { response, cost: Record(self.cost.clone()) })
    }

    /// Takes a registration upload, if it was stretched as dearly as we ask.
    pub(crate) fn password(&self, upload: &[u8], cost: StretchCost) -> Result<Password, Code> {
        if cost != self.cost && (self.cost.is_dearer_than(&cost) || cost.check_client().is_err()) {
            return Err(Code::WeakPassword);
        }
        let record = ServerSetup::record(upload).map_err(|_| Code::BadRequest)?;
        Ok(Password { record, cost })
    }

    /// Answers a login request; a name that has no password is answered like one that has.
    pub(crate) fn login(
        &self,
        name: &UserName,
        password: Option<&Password>,
        costs_in_use: &[StretchCost],
        request: &[u8],
        binding: &[u8],
    ) -> Result<(ServerLogin, Credential), Code> {
        let record = password.map(|password| password.record.as_slice());
        let (login, response) =
            self.setup.login(name, record, request, binding).map_err(|error| match error {
                ExchangeError::Malformed
                | ExchangeError::WrongPassword
                | ExchangeError::Stretch(_) => Code::BadRequest,
            })?;
        let cost = match password {
            Some(password) => password.cost.clone(),
            None => self.setup.cost_for_unknown(name, costs_in_use),
        };
        let wanted = Record(self.cost.clone());
        Ok((login, Credential { response, cost: Record(cost), wanted }))
    }
}

/// Whether the login was signed by the device key that it names, for this very connection.
pub(crate) fn signed_by_device(
    login: &DeviceLogin,
    user: &UserName,
    challenge: &Bytes<32>,
    binding: &[u8],
) -> bool {
    let message = device_login_message(user, challenge, binding);
    UnparsedPublicKey::new(&ED25519, login.public_key.0)
        .verify(&message, &login.signature.0)
        .is_ok()
}

/// A device as it is kept: its name is one line and no longer than a machine's.
pub(crate) fn device(offered: &Offered) -> Result<NewDevice, Code> {
    let name = text::printable(offered.name.trim()).into_owned();
    if text::columns(&name) > DEVICE_NAME_COLUMNS_MAX || name.len() > 4 * DEVICE_NAME_COLUMNS_MAX {
        return Err(Code::TooLong);
    }
    Ok(NewDevice { name, public_key: offered.public_key })
}
