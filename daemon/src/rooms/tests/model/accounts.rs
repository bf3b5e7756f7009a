//! The model of accounts: who signs up how, and what operators do about it.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::Timestamp;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;

use super::{Account, Model, Told, demand};
use crate::rooms::{Actor, Command, SignUpCode, Standing, Status, UserId, WhichNotices};

impl Model {
    pub(super) fn run_account(&mut self, actor: Actor, command: &Command) -> Result<Told, Code> {
        match command {
            Command::SignUp { name, device, mode, code, .. } => {
                demand(self.asker(actor) == Err(Code::LoginRequired), Code::NotPermitted)?;
                let (standing, status) = self.terms(self.mode.unwrap_or(*mode), *code)?;
                let user = self.begin(name.as_str(), standing, status)?;
                if let Some(code) = code {
                    self.directory += 1;
                    let (_, terms) = self.codes.iter_mut().find(|it| it.0 == *code).unwrap();
                    terms.uses -= 1;
                    self.codes.retain(|(_, terms)| terms.uses > 0);
                }
                if let Some(device) = device {
                    let now = self.now;
                    self.account(user).register(device.public_key.0[0], now);
                }
                if status == Status::Waiting {
                    self.tell_operators(user);
                }
            }
            Command::SetPassword { user, keep, .. } => {
                if actor != Actor::User(*user) || self.asker(actor).is_err() {
                    self.only(actor, Actor::Console)?;
                }
                let is_there = match self.status(*user) {
                    Some(Status::Active | Status::Disabled | Status::Waiting) => true,
                    Some(Status::Denied | Status::Removed) | None => false,
                };
                demand(is_there, Code::NoSuchUser)?;
                let account = self.account(*user);
                let before = account.devices.len();
                account.devices.retain(|&(id, ..)| keep.is_some_and(|keep| keep.0 == id));
                account.changes += 1 + (before - account.devices.len()) as u64;
            }
            other => unreachable!("{other:?}"),
        }
        Ok(Told::Done)
    }

    /// As what somebody may sign up.
    fn terms(
        &self,
        mode: SignUpMode,
        code: Option<SignUpCode>,
    ) -> Result<(Standing, Status), Code> {
        let counting =
            self.codes.iter().filter(|(_, terms)| terms.uses > 0 && self.now < terms.until);
        let found = counting.into_iter().find(|(known, _)| Some(*known) == code);
        let standing = found.map(|(_, terms)| terms.standing);
        if standing == Some(Standing::Operator) {
            return Ok((Standing::Operator, Status::Active));
        }
        demand(mode != SignUpMode::Closed, Code::SignUpClosed)?;
        demand(code.is_some() == standing.is_some(), Code::BadCode)?;
        match (mode, standing) {
            (_, Some(standing)) => Ok((standing, Status::Active)),
            (SignUpMode::Open, None) => Ok((Standing::Ordinary, Status::Active)),
            (SignUpMode::Approval, None) => Ok((Standing::Ordinary, Status::Waiting)),
            (SignUpMode::Code | SignUpMode::Closed | SignUpMode::Unknown, None) => {
                Err(Code::BadCode)
            }
        }
    }

    fn begin(&mut self, name: &str, standing: Standing, status: Status) -> Result<UserId, Code> {
        if let Some(user) = self.holder(name) {
            demand(self.status(user) == Some(Status::Denied), Code::NameTaken)?;
            self.account(user).status = None;
            self.directory += 1;
        }
        self.users.push(Account {
            name: name.to_owned(),
            display_name: None,
            standing,
            status: Some(status),
            since: self.now,
            devices: Vec::new(),
            registered: 0,
            blocked: Vec::new(),
            notes: Vec::new(),
            noted: 0,
            changes: 1,
        });
        self.directory += 1;
        Ok(UserId(self.users.len() as u64))
    }

    /// Whose name it is, whatever became of them.
    fn holder(&self, name: &str) -> Option<UserId> {
        let held = |account: &Account| account.name == name && account.status.is_some();
        self.users.iter().position(held).map(|place| UserId(place as u64 + 1))
    }

    fn tell_operators(&mut self, waiting: UserId) {
        for place in 0..self.users.len() {
            let account = &self.users[place];
            if account.status == Some(Status::Active) && account.standing == Standing::Operator {
                let user = UserId(place as u64 + 1);
                self.tell(user, NotificationKind::SignUpWaiting, Some(waiting));
            }
        }
    }

    pub(super) fn administer(&mut self, command: &Command) -> Result<Told, Code> {
        match command {
            Command::AddUser { name, standing, .. } => {
                self.begin(name.as_str(), *standing, Status::Active)?;
            }
            Command::ApproveSignUp { user } => {
                self.settle_sign_up(user.as_str(), Status::Active)?;
            }
            Command::DenySignUp { user, .. } => {
                self.settle_sign_up(user.as_str(), Status::Denied)?;
            }
            Command::SetStanding { user, standing } => {
                let user = self.named(user.as_str())?;
                let account = self.account(user);
                account.changes += u64::from(account.standing != *standing);
                account.standing = *standing;
            }
            Command::DisableUser { user } => {
                let user = self.named(user.as_str())?;
                self.become_now(user, Status::Disabled);
            }
            Command::EnableUser { user } => {
                let user = self.named(user.as_str())?;
                self.become_now(user, Status::Active);
            }
            Command::RemoveUser { user } => {
                let user = self.holder(user.as_str()).ok_or(Code::NoSuchUser)?;
                let gone = matches!(self.status(user), Some(Status::Denied | Status::Removed));
                demand(!gone, Code::NoSuchUser)?;
                self.become_now(user, Status::Removed);
                self.account(user).devices.clear();
                self.account(user).notes.clear();
                self.account(user).standing = Standing::Ordinary;
                self.account(user).display_name = None;
            }
            Command::SetSignUpMode { mode } => {
                self.directory += u64::from(self.mode != Some(*mode));
                self.mode = Some(*mode);
            }
            Command::MakeCode { code, terms } => {
                demand(terms.uses > 0, Code::TooMany)?;
                if let Some((_, old)) = self.codes.iter().find(|(known, _)| known == code) {
                    demand(old.until <= self.now, Code::Busy)?;
                    self.end_code(*code);
                }
                self.codes.push((*code, *terms));
                self.directory += 1;
            }
            Command::RevokeCode { code } => {
                let found = self.codes.iter().find(|(known, _)| known == code);
                demand(found.is_some_and(|(_, terms)| self.now < terms.until), Code::BadCode)?;
                self.end_code(*code);
            }
            other => unreachable!("{other:?}"),
        }
        Ok(Told::Done)
    }

    pub(super) fn end_code(&mut self, code: SignUpCode) {
        self.codes.retain(|(known, _)| *known != code);
        self.directory += 1;
    }

    fn settle_sign_up(&mut self, name: &str, status: Status) -> Result<(), Code> {
        let user = self.holder(name).ok_or(Code::NoSuchUser)?;
        match self.status(user) {
            Some(Status::Waiting) => self.become_now(user, status),
            Some(Status::Active | Status::Disabled) => return Err(Code::NoSuchRequest),
            Some(Status::Denied | Status::Removed) | None => return Err(Code::NoSuchUser),
        }
        Ok(())
    }

    fn become_now(&mut self, user: UserId, status: Status) {
        let now = self.now;
        let account = self.account(user);
        if account.status != Some(status) {
            account.status = Some(status);
            account.since = now;
            account.changes += 1;
        }
    }

    /// What a user does to what is their own.
    pub(super) fn keep_own(&mut self, user: UserId, command: &Command) -> Result<Told, Code> {
        match command {
            Command::Restretch { .. } => self.account(user).changes += 1,
            Command::SetDisplayName { display_name } => {
                let display_name = display_name.as_ref().map(ToString::to_string);
                let account = self.account(user);
                account.changes += u64::from(account.display_name != display_name);
                account.display_name = display_name;
            }
            Command::AddDevice { device } => {
                let key = device.public_key.0[0];
                let known = self.account(user).devices.iter().find(|(_, known, _)| *known == key);
                if let Some(&(id, ..)) = known {
                    return Ok(Told::SameDevice(id));
                }
                let now = self.now;
                self.account(user).register(key, now);
            }
            Command::RevokeDevice { id } => {
                let account = self.account(user);
                let found = account.devices.iter().position(|&(known, ..)| known == id.0);
                account.devices.remove(found.ok_or(Code::NoSuchDevice)?);
                account.changes += 1;
            }
            Command::Block { user: name } => {
                let whom = self.named(name.as_str())?;
                demand(whom != user, Code::NotPermitted)?;
                let account = self.account(user);
                if !account.blocked.contains(&whom) {
                    account.blocked.push(whom);
                    account.changes += 1;
                }
            }
            Command::Unblock { user: name } => {
                let whom = self.known(name.as_str())?;
                let account = self.account(user);
                account.changes += u64::from(account.blocked.contains(&whom));
                account.blocked.retain(|blocked| *blocked != whom);
            }
            Command::ReadNotifications(which) => {
                let account = self.account(user);
                account.has(*which)?;
                let mut any = false;
                for note in account.notes.iter_mut().filter(|note| means(*which, note.id)) {
                    any |= !note.read;
                    note.read = true;
                }
                account.changes += u64::from(any);
            }
            Command::DismissNotifications(which) => {
                let account = self.account(user);
                account.has(*which)?;
                let before = account.notes.len();
                account.notes.retain(|note| !means(*which, note.id));
                account.changes += u64::from(account.notes.len() < before);
            }
            other => unreachable!("{other:?}"),
        }
        Ok(Told::Done)
    }
}

impl Account {
    fn register(&mut self, key: u8, at: Timestamp) {
        self.registered += 1;
        self.devices.push((self.registered, key, at));
        self.changes += 1;
    }

    /// One that is named must be there.
    fn has(&self, which: WhichNotices) -> Result<(), Code> {
        let any = self.notes.iter().any(|note| means(which, note.id));
        demand(any || which == WhichNotices::All, Code::NoSuchNotification)
    }
}

fn means(which: WhichNotices, id: u32) -> bool {
    match which {
        WhichNotices::All => true,
        WhichNotices::One(one) => one.0 == id,
    }
}
