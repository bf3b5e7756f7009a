//! A user's account on a server: connecting and getting in with whatever is at hand.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use parlor_protocol::account::{LoggedIn, NewDevice};
use parlor_protocol::name::UserName;
use parlor_protocol::password::{ExchangeError, Password, PasswordError};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::CloseReason;
use zeroize::Zeroizing;

use super::login::{self, EntryError};
use super::{CallError, ConnectError, Endpoint, Lost, Session, SignedUp};
use crate::console::Console;
use crate::host_key::HostKey;
use crate::keys::{DeviceKey, KeyError, KeyStore};
use crate::known_hosts::host_name;

/// How often a wrong password may be typed.
const TRIES_MAX: usize = 3;

/// Where passwords come from.
#[derive(Clone)]
pub(crate) enum Passwords {
    /// From the user, at the terminal.
    Terminal,
    /// The first line that this command prints.
    Command(String),
    /// This one, which stood on standard input.
    Given(Zeroizing<String>),
}

/// Everything it takes to log in, now and again after a lost connection.
pub(crate) struct Account {
    /// The server.
    pub(crate) endpoint: Endpoint,
    /// The user.
    pub(crate) user: UserName,
    /// Where device keys are kept.
    pub(crate) keys: KeyStore,
    /// A key file that the user named, to be used in place of the device key.
    pub(crate) identity: Option<PathBuf>,
    /// Where a password comes from, if it takes one.
    pub(crate) passwords: Passwords,
}

/// Why one is not logged in.
#[derive(Debug)]
pub(crate) enum LoginError {
    /// There is no trusted connection.
    Connect(ConnectError),
    /// The server does not let this user in.
    Refused(Refusal),
    /// There is no usable password.
    Password(String),
    /// The password cannot be set.
    Unacceptable(PasswordError),
    /// A key file is there and of no use.
    Key(KeyError),
}

/// What came of logging in by this machine's key.
pub(crate) enum ByKey {
    /// One is in.
    In(LoggedIn),
    /// There is no key here for this user and server.
    NoKey,
    /// There is one that the server does not take any more.
    CountsNoLonger,
}

/// Whether another try may do better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// The network or the server may recover.
    MayPass,
    /// Not without its user: the server is not trusted, or does not let us in.
    Lasts,
}

impl LoginError {
    /// Whether it is worth trying again, asking nobody.
    pub(crate) fn outlook(&self) -> Outlook {
        match self {
            Self::Connect(
                ConnectError::Untrusted(_)
                | ConnectError::KeyChanged
                | ConnectError::NotParlor(_)
                | ConnectError::Lost(Lost::Closed(
                    CloseReason::UnsupportedVersion
                    | CloseReason::Revoked
                    | CloseReason::Disabled
                    | CloseReason::Removed,
                )),
            ) => Outlook::Lasts,
            Self::Connect(_)
            | Self::Refused(Refusal {
                code: Code::Busy | Code::TooMany | Code::Unavailable | Code::RateLimited,
                ..
            }) => Outlook::MayPass,
            Self::Refused(_) | Self::Password(_) | Self::Unacceptable(_) | Self::Key(_) => {
                Outlook::Lasts
            }
        }
    }

    /// The code under which scripts know why whoever was logged in does not get in any more;
    /// `None` where there is none.
    pub(crate) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Connect(ConnectError::Lost(Lost::Closed(reason))) => Some(reason.word()),
            Self::Refused(refusal) => Some(refusal.code.word()),
            // A password is asked for only where the device is not taken.
            Self::Password(_) => Some(Code::BadCredentials.word()),
            Self::Connect(_) | Self::Unacceptable(_) | Self::Key(_) => None,
        }
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => error.fmt(f),
            Self::Refused(refusal) => f.write_str(&crate::words::not_in(refusal)),
            Self::Password(why) => f.write_str(why),
            Self::Unacceptable(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl From<ConnectError> for LoginError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<KeyError> for LoginError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<PasswordError> for LoginError {
    fn from(error: PasswordError) -> Self {
        Self::Unacceptable(error)
    }
}

impl From<CallError> for LoginError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => Self::Refused(refusal),
            CallError::Lost(lost) => Self::Connect(lost.into()),
        }
    }
}

impl From<EntryError> for LoginError {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::Call(error) => error.into(),
            // A wrong password is noticed on our side; the server would have said as much.
            EntryError::Exchange(ExchangeError::WrongPassword) => {
                Self::Refused(Code::BadCredentials.into())
            }
            EntryError::Exchange(error @ ExchangeError::Stretch(_)) => {
                Self::Password(format!("{error}; nothing was told to it"))
            }
            EntryError::Exchange(error @ ExchangeError::Malformed) => {
                Self::Connect(Lost::Garbled(error.to_string()).into())
            }
            EntryError::Key(error) => Self::Key(error),
        }
    }
}

impl Account {
    /// Connects and logs in: by the device key where there is one that the server takes, else by
    /// password, which registers a device key for the next time.
    ///
    /// # Errors
    /// When there is no connection, no trust, or no way in.
    pub(crate) async fn log_in(
        &self,
        console: &mut dyn Console,
    ) -> Result<(Session, LoggedIn), LoginError> {
        let mut session = self.endpoint.connect(console).await?;
        if let ByKey::In(logged_in) = self.by_key(&session, console).await? {
            return Ok((session, logged_in));
        }
        for tries in 1.. {
            let asked = format!("{}@{}'s password: ", self.user, self.endpoint.host);
            let password = self.password(&asked, console)?;
            if let Passwords::Terminal = self.passwords {
                // The server may not have had the patience to wait for it.
                session.close().await;
                session = self.endpoint.connect(console).await?;
            }
            let entered = match Password::parse(&password) {
                Ok(password) => self.enter(&session, &password).await,
                // No password like this was ever registered.
                Err(_) => Err(EntryError::Exchange(ExchangeError::WrongPassword)),
            };
            match entered {
                Ok(logged_in) => return Ok((session, logged_in)),
                Err(EntryError::Exchange(ExchangeError::WrongPassword))
                    if tries < TRIES_MAX && matches!(self.passwords, Passwords::Terminal) =>
                {
                    console.say("Permission denied, please try again.");
                }
                Err(error) => return Err(error.into()),
            }
        }
        unreachable!("the last try returns")
    }

    /// Logs in by the device key, where there is one that the server takes.
    ///
    /// # Errors
    /// When the key cannot be read, the connection is lost, or the server refuses the user.
    pub(crate) async fn by_key(
        &self,
        session: &Session,
        console: &mut dyn Console,
    ) -> Result<ByKey, LoginError> {
        let Some(key) = self.key(session)? else { return Ok(ByKey::NoKey) };
        match login::by_device(session, &self.user, &key).await {
            Ok(logged_in) => Ok(ByKey::In(logged_in)),
            Err(CallError::Refused(Refusal { code: Code::BadCredentials, .. })) => {
                console.note("the server does not take this device's key");
                Ok(ByKey::CountsNoLonger)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Connects and signs up, which registers a device key, and logs in unless an operator has to
    /// approve first.
    ///
    /// # Errors
    /// When there is no connection, no trust, or the server refuses.
    pub(crate) async fn sign_up(
        &self,
        code: Option<String>,
        console: &mut dyn Console,
    ) -> Result<(Session, SignedUp), LoginError> {
        let mut session = self.endpoint.connect(console).await?;
        let asked = format!("New password for {}@{}: ", self.user, self.endpoint.host);
        let password = match &self.passwords {
            Passwords::Terminal => ask_new(&asked, console)?,
            Passwords::Given(_) | Passwords::Command(_) => {
                Password::parse(&self.password(&asked, console)?)?
            }
        };
        if let Passwords::Terminal = self.passwords {
            session.close().await;
            session = self.endpoint.connect(console).await?;
        }
        let device = || self.device(&session);
        let signed_up = login::sign_up(&session, &self.user, &password, code, &device).await?;
        Ok((session, signed_up))
    }

    /// Gets a password that exists.
    ///
    /// # Errors
    /// When there is nowhere to get it from.
    pub(crate) fn password(
        &self,
        prompt: &str,
        console: &mut dyn Console,
    ) -> Result<Zeroizing<String>, LoginError> {
        match &self.passwords {
            Passwords::Given(password) => Ok(password.clone()),
            Passwords::Command(command) => run(command),
            Passwords::Terminal => ask(prompt, console),
        }
    }

    /// The key of the server that will most likely be met, where this device has a key to log in
    /// there: then no question is to be expected either.
    pub(crate) fn expected(&self) -> Option<HostKey> {
        let known = self.endpoint.known.keys(&host_name(&self.endpoint.host, self.endpoint.port));
        // Of several it is not known which it will be.
        let [server] = known.ok()?[..] else {
            return None;
        };
        match &self.identity {
            Some(path) => DeviceKey::read(path).ok()?,
            None => self.keys.load(&server, &self.user).ok()??,
        };
        Some(server)
    }

    async fn enter(&self, session: &Session, password: &Password) -> Result<LoggedIn, EntryError> {
        login::by_password(session, &self.user, password, &|| self.device(session)).await
    }

    /// The key that is there already.
    fn key(&self, session: &Session) -> Result<Option<DeviceKey>, KeyError> {
        match &self.identity {
            Some(path) => DeviceKey::read(path).map(Some),
            None => self.keys.load(&session.met.key, &self.user),
        }
    }

    /// The device to register: the key that is there, or a new one.
    fn device(&self, session: &Session) -> Result<NewDevice, KeyError> {
        let key = match &self.identity {
            Some(path) => DeviceKey::read(path)?,
            None => self.keys.load_or_create(&session.met.key, &self.user)?,
        };
        Ok(NewDevice { name: machine_name(), public_key: key.public() })
    }
}

/// Asks for a password that is to be set, twice.
///
/// # Errors
/// When there is nobody to ask, it is not acceptable, or it was mistyped.
pub(crate) fn ask_new(prompt: &str, console: &mut dyn Console) -> Result<Password, LoginError> {
    let typed = ask(prompt, console)?;
    let password = Password::parse(&typed)?;
    if *ask("The same again: ", console)? != *typed {
        return Err(LoginError::Password("the two passwords differ; nothing was done".to_owned()));
    }
    Ok(password)
}

fn ask(prompt: &str, console: &mut dyn Console) -> Result<Zeroizing<String>, LoginError> {
    match console.ask_secret(prompt) {
        Ok(Some(password)) => Ok(password),
        Ok(None) => Err(LoginError::Password(
            "a password is needed and there is nobody to ask; use --password-stdin or \
             PasswordCommand"
                .to_owned(),
        )),
        Err(error) => Err(LoginError::Password(format!("cannot read the password: {error}"))),
    }
}

/// Runs the user's own command; its errors go where ours go.
fn run(command: &str) -> Result<Zeroizing<String>, LoginError> {
    let failed = |why: String| LoginError::Password(format!("PasswordCommand {why}"));
    let output = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    let printed = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    let text = str::from_utf8(&printed).map_err(|_| failed("printed no UTF-8".to_owned()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(failed("printed no password".to_owned())),
    }
}

/// What this machine is called, so that its user can tell their devices apart.
fn machine_name() -> String {
    let output = Command::new("uname").arg("-n").stdin(Stdio::null()).output();
    let name = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let name = name.unwrap_or_default();
    let name: String = name.trim().chars().take(64).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}
