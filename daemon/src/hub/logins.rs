//! Sign-ups and logins: what a proof is worth by now, who is not let in, who has to wait before the
//! next one, and what goes on record.

use std::sync::Arc;

use parlor_protocol::account::LoggedIn;
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;

use super::obey::{Decided, device_added_by};
use super::presence::Online;
use super::turn::Turn;
use super::{Caller, Hub, Proof};
use crate::audit::{self, LoginBy};
use crate::delivery::{Opening, Place, Step};
use crate::penalties::{KeyFailed, Tried};
use crate::rooms::{
    Actor, Command, DirectoryEvent, Happening, NewDevice, Standing, Status, UserEvent, UserId,
};
use crate::store::StoreError;

impl Hub {
    /// Why a login may not be tried yet. Where it may, it counts as failed until it succeeds.
    pub(super) fn try_login(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        name: &UserName,
        at: Timestamp,
    ) -> Option<Refusal> {
        let tried = self.penalties.tried(&caller.address, name, at);
        took_note(turn, caller, name, tried, at)
    }

    /// What somebody hears whose login has failed. One by password was counted when it began. Wrong
    /// device keys never wait, so only some of them are on record one by one: strangers could
    /// otherwise fill the disk with them.
    pub(super) fn login_failed(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        name: &UserName,
        by: LoginBy,
        at: Timestamp,
    ) -> Refusal {
        let (record, suspicion) = match by {
            LoginBy::Password => (true, None),
            LoginBy::Device(_) => {
                let KeyFailed { record, suspicion } =
                    self.penalties.key_failed(&caller.address, name, at);
                (record, suspicion)
            }
        };
        let origin = caller.origin();
        if record {
            turn.rows.audit.push(audit::login_failed(&origin, name, by, at));
        }
        turn.rows.audit.extend(suspicion.map(|what| audit::guessing(&origin, name, what, at)));
        Code::BadCredentials.into()
    }

    /// A login that was proved. Between the proof and now the device may have been revoked, or the
    /// password changed.
    pub(super) fn open(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        device: Option<NewDevice>,
        proof: &Proof,
        at: Timestamp,
    ) -> Result<Result<Outcome, Refusal>, StoreError> {
        if !self.can_record() {
            return Ok(Err(Code::Unavailable.into()));
        }
        // A sign-up that was denied may have been forgotten since the proof.
        let Some(name) = self.world.name_of(user).cloned() else {
            return Ok(Err(Code::BadCredentials.into()));
        };
        let (known, stands) = match proof {
            Proof::Password(record) => (None, self.has_password(turn, user, record)?),
            Proof::Device(device) => {
                let since = Timestamp(at.0.saturating_sub(self.chores.retention.devices_ms));
                (Some(*device), self.world.has_device(user, *device, since))
            }
        };
        if !stands {
            return Ok(Err(self.login_failed(turn, caller, &name, proof.by(), at)));
        }
        match proof {
            Proof::Password(_) => self.penalties.succeeded(&caller.address, &name, at),
            Proof::Device(_) => {}
        }
        if let Some(refusal) = self.kept_out(user)? {
            let failed = audit::kept_out(&caller.origin(), &name, proof.by(), refusal.code, at);
            turn.rows.audit.push(failed);
            return Ok(Err(refusal));
        }
        let registered = match device {
            None => known,
            Some(device) => {
                let command = Command::AddDevice { device };
                match self.decide(turn, &Actor::User(user), &command, &caller.origin(), at)? {
                    Ok(Decided::Events { first }) => {
                        turn.rows.events[first..].iter().find_map(device_added_by)
                    }
                    Ok(Decided::SameDevice(device)) => Some(device),
                    Ok(Decided::Repeated(_) | Decided::Read) => None,
                    Err(refusal) => {
                        let (by, code) = (proof.by(), refusal.code);
                        let failed = audit::kept_out(&caller.origin(), &name, by, code, at);
                        turn.rows.audit.push(failed);
                        return Ok(Err(refusal));
                    }
                }
            }
        };
        turn.rows.audit.push(audit::logged_in(&caller.origin(), &name, proof.by(), at));
        let suspicion = self.allowances.logged_in(user, at);
        self.suspect(turn, caller, user, suspicion, at);
        let password_proved = matches!(proof, Proof::Password(_));
        let opening = Opening { user, device: registered, password_proved };
        Ok(Ok(self.begin(turn, caller, opening, at)?))
    }

    /// A stranger's sign-up. Whoever has just signed up is logged in and can act at once.
    pub(super) fn sign_up(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        command: &Command,
        at: Timestamp,
    ) -> Result<Result<Outcome, Refusal>, StoreError> {
        if let Command::SignUp { name, .. } = command {
            let tried = self.penalties.signs_up(&caller.address, at);
            if let Some(refusal) = took_note(turn, caller, name, tried, at) {
                return Ok(Err(refusal));
            }
        }
        // Without a code nobody guesses at one, whatever the answer.
        let guess = if let Command::SignUp { name, code: Some(_), .. } = command {
            Some(name)
        } else {
            None
        };
        if let Some(refusal) = guess.and_then(|name| self.try_code(turn, caller, name, at)) {
            return Ok(Err(refusal));
        }
        let decided = self.decide(turn, &Actor::Stranger, command, &caller.origin(), at)?;
        if let Some(name) = guess {
            self.code_tried(turn, caller, name, decided.as_ref().err(), at);
        }
        let first = match decided {
            Ok(Decided::Events { first }) => first,
            Ok(Decided::Repeated(_) | Decided::SameDevice(_) | Decided::Read) => {
                return Ok(Ok(Outcome::Done));
            }
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.penalties.signed_up(&caller.address, at);
        let events = &turn.rows.events[first..];
        let device = events.iter().find_map(device_added_by);
        let user = events.iter().find_map(|event| match &event.what {
            Happening::Directory(DirectoryEvent::UserAdded { user, .. }) => Some(*user),
            Happening::Directory(_) | Happening::User(..) | Happening::Room(..) => None,
        });
        let user = user.expect("invariant: a sign-up adds its user");
        if self.world.user(user).is_some_and(|known| known.status == Status::Waiting) {
            return Ok(Ok(Outcome::Done));
        }
        let opening = Opening { user, device, password_proved: false };
        Ok(Ok(self.begin(turn, caller, opening, at)?))
    }

    /// Why a sign-up code may not be tried yet. Where it may, it counts like a failed login of its
    /// address until it turns out to be right.
    fn try_code(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        name: &UserName,
        at: Timestamp,
    ) -> Option<Refusal> {
        let tried = self.penalties.code_tried(&caller.address, name, at);
        took_note(turn, caller, name, tried, at)
    }

    /// Takes note of what a sign-up with a code came to.
    fn code_tried(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        name: &UserName,
        refusal: Option<&Refusal>,
        at: Timestamp,
    ) {
        match refusal.map(|refusal| refusal.code) {
            Some(Code::BadCode) => {
                turn.rows.audit.push(audit::bad_code(&caller.origin(), name, at));
            }
            Some(_) | None => self.penalties.code_stood(&caller.address, name, at),
        }
    }

    /// Why a user who has proved to be one is not let in.
    pub(super) fn kept_out(&self, user: UserId) -> Result<Option<Refusal>, StoreError> {
        let status = self.world.user(user).map(|user| user.status);
        Ok(match status {
            Some(Status::Active) => None,
            Some(Status::Waiting) => Some(Code::SignUpWaiting.into()),
            Some(Status::Denied) => {
                let reason = self.writer.status_reason(user)?;
                Some(Refusal { reason, ..Code::SignUpDenied.into() })
            }
            Some(Status::Disabled) => Some(Code::Disabled.into()),
            Some(Status::Removed) | None => Some(Code::BadCredentials.into()),
        })
    }

    /// Whether the user's password is still the one behind this record. The world does not know:
    /// what this turn has set comes before what is stored.
    pub(super) fn has_password(
        &self,
        turn: &Turn,
        user: UserId,
        record: &[u8],
    ) -> Result<bool, StoreError> {
        let set = turn.rows.events.iter().rev().find_map(|event| match &event.what {
            Happening::User(
                whose,
                UserEvent::PasswordSet(set) | UserEvent::PasswordRestretched(set),
            ) if *whose == user => Some(set),
            Happening::User(..) | Happening::Directory(_) | Happening::Room(..) => None,
        });
        match set {
            Some(set) => Ok(set.record == record),
            None => Ok(self.writer.password_record(user)?.is_some_and(|stored| stored == record)),
        }
    }

    /// Makes a connection a user's.
    fn begin(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        opening: Opening,
        at: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Opening { user, device, .. } = opening;
        if !self.presence.is_online(user) {
            self.watching.came_or_went(&self.world, user, false);
        }
        if let Some(device) = device {
            self.note_network(turn, caller, (user, device), at)?;
        }
        let address = Arc::clone(&caller.address);
        let conn = caller.conn;
        let online = Online { conn, user, device, address, since: at, noted_at: at };
        let online = self.presence.enter(online);
        self.note_device_use(&online, at);
        let place = |room: RoomId| {
            let of = self.world.membership(room, user);
            let of = of.expect("invariant: a user's rooms have the user");
            Place { room, joined: of.joined, rank: of.role.into() }
        };
        let rooms = self.world.live_rooms_of(user).map(place).collect();
        turn.tell_conn(caller.conn, Step::Open { conn: caller.conn, opening, rooms });
        let account = self.world.user(user).expect("invariant: users are never forgotten");
        Ok(Outcome::LoggedIn(LoggedIn {
            user: account.name.clone(),
            operator: account.standing == Standing::Operator,
            device,
            display_name: account.display_name.clone(),
        }))
    }
}

/// Puts on record what became suspicious with a try; returns why it is not taken.
fn took_note(
    turn: &mut Turn,
    caller: &Caller,
    name: &UserName,
    tried: Tried,
    at: Timestamp,
) -> Option<Refusal> {
    let suspicious = |what| audit::guessing(&caller.origin(), name, what, at);
    turn.rows.audit.extend(tried.suspicions.into_iter().map(suspicious));
    tried.refusal
}
