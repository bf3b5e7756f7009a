//! The ways into a server: signing up, and logging in by device or by password.

use parlor_protocol::account::{
    DeviceLogin, LoggedIn, LoginFinish, LoginStart, NewDevice, PasswordFinish, PasswordPurpose,
    PasswordStart, SignUpFinish, SignUpStart, StretchCost,
};
use parlor_protocol::name::UserName;
use parlor_protocol::password::{ExchangeError, Login, Password, Registration};
use parlor_protocol::record::Record;
use tokio::task::spawn_blocking;

use super::{CallError, Client, Session, SignedUp};
use crate::keys::{DeviceKey, KeyError};

/// Why a way in is closed.
#[derive(Debug)]
pub(crate) enum EntryError {
    /// The server refused, or the connection is lost.
    Call(CallError),
    /// The password is wrong, or the server misbehaved.
    Exchange(ExchangeError),
    /// There is no key for this device.
    Key(KeyError),
}

impl From<CallError> for EntryError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<ExchangeError> for EntryError {
    fn from(error: ExchangeError) -> Self {
        Self::Exchange(error)
    }
}

/// Makes the device to register, once it is certain that it will be of use.
pub(crate) type MakeDevice<'a> = &'a dyn Fn() -> Result<NewDevice, KeyError>;

/// Logs in by a device that was registered before.
pub(crate) async fn by_device(
    session: &Session,
    user: &UserName,
    key: &DeviceKey,
) -> Result<LoggedIn, CallError> {
    let binding = &session.met.login_context;
    let login = DeviceLogin {
        name: user.to_string(),
        public_key: key.public(),
        signature: key.sign_login(user, &session.welcome.challenge, binding),
    };
    session.client.ask(login).await
}

/// Logs in by password and registers a device.
pub(crate) async fn by_password(
    session: &Session,
    user: &UserName,
    password: &Password,
    device: MakeDevice<'_>,
) -> Result<LoggedIn, EntryError> {
    let proof = prove(&session.client, &session.met.login_context, user, password).await?;
    // Only now is the password known to be right.
    let device = Some(Record(device().map_err(EntryError::Key)?));
    let finalization = proof.finalization;
    let logged_in = session.client.ask(LoginFinish { finalization, device }).await?;
    if proof.wanted.is_dearer_than(&proof.cost) {
        register_anew(&session.client, user, password, PasswordPurpose::Restretch).await?;
    }
    Ok(logged_in)
}

/// Signs up, with a code where there is one, and registers a device.
pub(crate) async fn sign_up(
    session: &Session,
    user: &UserName,
    password: &Password,
    code: Option<String>,
    device: MakeDevice<'_>,
) -> Result<SignedUp, EntryError> {
    let (state, request) = Registration::start(password);
    let name = user.to_string();
    let start = SignUpStart { name: name.clone(), request };
    let offer = session.client.ask(start).await?;
    let cost = offer.cost.0.clone();
    let upload = register(state, offer, user).await?;
    let device = Some(Record(device().map_err(EntryError::Key)?));
    let finish = SignUpFinish { name, upload, cost: cost.into(), device, code };
    Ok(session.client.ask(finish).await?)
}

/// Changes the password of a connection that is logged in, which revokes all other devices.
pub(crate) async fn change_password(
    client: &Client,
    binding: &[u8; 32],
    user: &UserName,
    current: &Password,
    new: &Password,
) -> Result<(), EntryError> {
    let finalization = prove(client, binding, user, current).await?.finalization;
    client.ask(LoginFinish { finalization, device: None }).await?;
    register_anew(client, user, new, PasswordPurpose::Change).await
}

/// Registers a password in place of the one that the session has just proved.
async fn register_anew(
    client: &Client,
    user: &UserName,
    password: &Password,
    purpose: PasswordPurpose,
) -> Result<(), EntryError> {
    let (state, request) = Registration::start(password);
    let offer = client.ask(PasswordStart { request }).await?;
    let cost = offer.cost.0.clone();
    let upload = register(state, offer, user).await?;
    Ok(client.ask(PasswordFinish { upload, cost: cost.into(), purpose }).await?)
}

/// What the client knows after its first two steps of OPAQUE: the server is the one where the
/// password was registered.
struct Proof {
    /// For the server, to prove the password in turn.
    finalization: Vec<u8>,
    /// How the password is stretched, and how the server wants it.
    cost: StretchCost,
    wanted: StretchCost,
}

/// The client's first two steps of OPAQUE, after which both sides know of each other.
async fn prove(
    client: &Client,
    binding: &[u8; 32],
    user: &UserName,
    password: &Password,
) -> Result<Proof, EntryError> {
    let (state, request) = Login::start(password);
    let start = LoginStart { name: user.to_string(), request };
    let credential = client.ask(start).await?;
    let (user, binding) = (user.clone(), *binding);
    let (cost, wanted) = (credential.cost.0.clone(), credential.wanted.0.clone());
    let stretch = cost.clone();
    let finish = move || state.finish(&credential.response, &user, stretch, &binding);
    let (finalization, _) = stretched(spawn_blocking(finish).await)?;
    Ok(Proof { finalization, cost, wanted })
}

async fn register(
    state: Registration,
    offer: parlor_protocol::account::Registration,
    user: &UserName,
) -> Result<Vec<u8>, EntryError> {
    let user = user.clone();
    let finish = move || state.finish(&offer.response, &user, offer.cost.0.clone());
    Ok(stretched(spawn_blocking(finish).await)?)
}

/// The stretching of a password, which never panics.
fn stretched<T>(outcome: Result<T, tokio::task::JoinError>) -> T {
    outcome.expect("invariant: stretching a password does not panic and is never cancelled")
}
