//! Logins: what a proof is worth by now, who is not let in, who has to wait before the next one, and
//! what goes on record.

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};

use super::turn::Turn;
use super::{Caller, Hub};
use crate::audit::{self, LoginBy};
use crate::penalties::KeyFailed;
use crate::rooms::{Happening, Status, UserEvent, UserId};
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
        let suspicious = |what| audit::guessing(&caller.origin(), name, what, at);
        turn.rows.audit.extend(tried.suspicions.into_iter().map(suspicious));
        tried.refusal
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
}
