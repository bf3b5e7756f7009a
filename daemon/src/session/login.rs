//! Sign-up, login and password change, step by step.

use std::sync::Arc;

use parlor_protocol::account::{
    DeviceLogin, LoginFinish, LoginStart, NewDevice as Offered, PasswordFinish, PasswordPurpose,
    PasswordStart, SignUpFinish, SignUpStart,
};
use parlor_protocol::id::Bytes;
use parlor_protocol::name::UserName;
use parlor_protocol::password::ServerLogin;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use tokio::sync::oneshot;

use super::Session;
use crate::accounts;
use crate::audit::LoginBy;
use crate::delivery::Binding;
use crate::hub::{Ask, Proof, Wish};
use crate::rooms::{Command, NewDevice, SignUpCode, UserId};
use crate::store::StoreError;

/// How far a connection's login has come.
pub(super) struct Login {
    challenge: Bytes<32>,
    binding: Binding,
    /// A login by password that waits for its second step. Boxed, because it is rarely there.
    pending: Option<Box<Pending>>,
    /// Who has proved the password on this connection; whether that still stands, the shard knows.
    proved: Option<(UserId, UserName)>,
}

struct Pending {
    name: UserName,
    /// Who that is, and the password's record; `None` for a name that nobody has.
    known: Option<(UserId, Vec<u8>)>,
    exchange: ServerLogin,
}

impl Login {
    pub(super) fn new(challenge: Bytes<32>, binding: Binding) -> Self {
        Self { challenge, binding, pending: None, proved: None }
    }
}

impl Session {
    pub(super) fn sign_up_start(&self, id: u32, start: &SignUpStart) {
        let outcome = UserName::parse(&start.name)
            .map_err(|_| Code::BadName)
            .and_then(|name| self.server.accounts.register(&name, &start.request));
        self.reply(id, outcome.map_or_else(refused, Outcome::Registration));
    }

    pub(super) async fn sign_up_finish(&self, id: u32, finish: SignUpFinish) {
        match self.signing_up(finish) {
            Ok(command) => self.begin(id, Wish::SignUp(command)).await,
            Err(code) => self.reply(id, refused(code)),
        }
    }

    fn signing_up(&self, finish: SignUpFinish) -> Result<Command, Code> {
        if self.shard.user(&self.conn).is_some() {
            return Err(Code::BadRequest);
        }
        let name = UserName::parse(&finish.name).map_err(|_| Code::BadName)?;
        let code = finish.code.as_deref().filter(|code| !code.trim().is_empty());
        let code = code.map(|code| SignUpCode::parse(code).unwrap_or(SignUpCode::NOBODYS));
        let password = self.server.accounts.password(&finish.upload, finish.cost.0)?;
        let device = device(finish.device.as_ref())?;
        let mode = self.server.manners.borrow().sign_up;
        Ok(Command::SignUp { name, password, device, mode, code })
    }

    pub(super) async fn login_start(&self, login: &mut Login, id: u32, start: LoginStart) {
        self.give_up(login).await;
        let Ok(name) = UserName::parse(&start.name) else {
            return self.reply(id, refused(Code::BadName));
        };
        if let Err(refusal) = self.may_try(&name).await {
            return self.reply(id, Outcome::Refused(refusal));
        }
        let (server, binding) = (Arc::clone(&self.server), login.binding.clone());
        let answered = tokio::task::spawn_blocking(move || -> Result<_, StoreError> {
            let stored = server.readers.password(&name)?;
            // Looked up for known names too: an unknown one must not be told by its answer's time.
            let costs = server.readers.costs()?;
            let (account, password) = stored.unzip();
            let binding = binding.as_bytes();
            let answer =
                server.accounts.login(&name, password.as_ref(), &costs, &start.request, binding);
            let known = account.zip(password).map(|(account, it)| (account.user, it.record));
            Ok(answer.map(|(exchange, credential)| (Pending { name, known, exchange }, credential)))
        });
        let outcome = match unless_failed(answered.await) {
            Ok((pending, credential)) => {
                login.pending = Some(Box::new(pending));
                Outcome::Credential(credential)
            }
            Err(code) => refused(code),
        };
        self.reply(id, outcome);
    }

    /// Asks the hub whether somebody failed so often that this comes too early, before there is any
    /// work to do for it.
    async fn may_try(&self, name: &UserName) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        let begins = Ask::LoginBegins { caller: self.caller(), name: name.clone(), answer };
        let stopping = Err(Code::Unavailable.into());
        match self.server.hub.send(begins).await {
            Ok(()) => answered.await.unwrap_or(stopping),
            Err(_) => stopping,
        }
    }

    pub(super) async fn login_finish(&self, login: &mut Login, id: u32, finish: LoginFinish) {
        let Some(pending) = login.pending.take() else {
            return self.reply(id, refused(Code::BadRequest));
        };
        let Pending { name, known, exchange } = *pending;
        let proved = exchange.finish(&finish.finalization).ok().and(known);
        let Some((user, record)) = proved else {
            return self.login_failed(id, name, LoginBy::Password).await;
        };
        if self.shard.user(&self.conn).is_some_and(|current| current != user) {
            return self.reply(id, refused(Code::BadRequest));
        }
        match device(finish.device.as_ref()) {
            Ok(device) => {
                login.proved = Some((user, name));
                let proof = Proof::Password(record);
                self.begin(id, Wish::Open { user, device, proof }).await;
            }
            Err(code) => self.reply(id, refused(code)),
        }
    }

    pub(super) async fn device_login(&self, login: &Login, id: u32, device: DeviceLogin) {
        if self.shard.user(&self.conn).is_some() {
            return self.reply(id, refused(Code::BadRequest));
        }
        let Ok(name) = UserName::parse(&device.name) else {
            return self.reply(id, refused(Code::BadName));
        };
        let binding = login.binding.as_bytes();
        if !accounts::signed_by_device(&device, &name, &login.challenge, binding) {
            return self.login_failed(id, name, LoginBy::Device(None)).await;
        }
        let (server, wanted) = (Arc::clone(&self.server), name.clone());
        let found = tokio::task::spawn_blocking(move || {
            let found = server.readers.device(&wanted, &device.public_key)?;
            Ok(Ok(found.map(|(account, device)| (account.user, device))))
        });
        match unless_failed(found.await) {
            Ok(Some((user, device))) => {
                let proof = Proof::Device(device);
                self.begin(id, Wish::Open { user, device: None, proof }).await;
            }
            Ok(None) => self.login_failed(id, name, LoginBy::Device(None)).await,
            Err(code) => self.reply(id, refused(code)),
        }
    }

    pub(super) fn password_start(&self, login: &Login, id: u32, start: &PasswordStart) {
        let outcome = match self.proved(login) {
            Some((_, name)) => self.server.accounts.register(name, &start.request),
            None => Err(Code::LoginRequired),
        };
        self.reply(id, outcome.map_or_else(refused, Outcome::Registration));
    }

    pub(super) async fn password_finish(&self, login: &Login, id: u32, finish: PasswordFinish) {
        let Some(&(user, _)) = self.proved(login) else {
            return self.reply(id, refused(Code::LoginRequired));
        };
        match self.server.accounts.password(&finish.upload, finish.cost.0) {
            Ok(password) => {
                let command = match finish.purpose {
                    PasswordPurpose::Restretch => Command::Restretch { password },
                    PasswordPurpose::Change | PasswordPurpose::Unknown => {
                        let keep = self.shard.device(&self.conn);
                        Command::SetPassword { user, password, keep }
                    }
                };
                if let Some(waiting) = self.submit(id, Wish::Do { user, command }) {
                    waiting.await;
                }
            }
            Err(code) => self.reply(id, refused(code)),
        }
    }

    fn proved<'a>(&self, login: &'a Login) -> Option<&'a (UserId, UserName)> {
        login.proved.as_ref().filter(|_| self.shard.password_proved(&self.conn))
    }

    /// Asks the hub to make the connection a user's, and waits for its answer: what comes behind a
    /// login in the same burst comes from that user, under that user's limits.
    async fn begin(&self, id: u32, wish: Wish) {
        self.has_begun.set(true);
        if let Some(waiting) = self.submit(id, wish) {
            waiting.await;
        }
        self.conn.all_answered().await;
        if self.shard.user(&self.conn).is_some() {
            self.conn.admission.logged_in();
        }
    }

    /// Puts on record that a login was begun and not finished, if there is one.
    pub(super) async fn give_up(&self, login: &mut Login) {
        if let Some(pending) = login.pending.take() {
            let name = pending.name;
            let by = LoginBy::Password;
            let failed = Ask::LoginFailed { caller: self.caller(), id: None, name, by };
            // The hub is gone only when the daemon stops; what was not tried to the end is not on
            // record then.
            let _stopping = self.server.hub.send(failed).await;
        }
    }

    /// Every failed login is on record before it is answered.
    async fn login_failed(&self, id: u32, name: UserName, by: LoginBy) {
        let failed = Ask::LoginFailed { caller: self.caller(), id: Some(id), name, by };
        if self.server.hub.send(failed).await.is_err() {
            self.reply(id, refused(Code::Unavailable));
        }
    }
}

fn device(offered: Option<&Record<Offered>>) -> Result<Option<NewDevice>, Code> {
    offered.map(|offered| accounts::device(offered)).transpose()
}

fn refused(code: Code) -> Outcome {
    Outcome::Refused(code.into())
}

/// What a look-up came to; whatever is wrong with the store is `unavailable` to the user.
fn unless_failed<T>(
    found: Result<Result<Result<T, Code>, StoreError>, tokio::task::JoinError>,
) -> Result<T, Code> {
    match found {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            log::error!("cannot look up a login: {error}");
            Err(error.code())
        }
        Err(_stopping) => Err(Code::Unavailable),
    }
}
