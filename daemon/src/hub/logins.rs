//! Logins that fail: who has to wait before the next one, and what goes on record.

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};

use super::turn::Turn;
use super::{Caller, Hub};
use crate::audit::{self, LoginBy};

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

    /// What somebody hears whose login has failed. One by password is counted since it began. One
    /// by a device is counted here: those that succeed never wait. What comes too early is not on
    /// record one by one, or strangers could fill the disk with it.
    pub(super) fn login_failed(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        name: &UserName,
        by: LoginBy,
        at: Timestamp,
    ) -> Refusal {
        let early = match by {
            LoginBy::Password => None,
            LoginBy::Device(_) => self.try_login(turn, caller, name, at),
        };
        early.unwrap_or_else(|| {
            turn.rows.audit.push(audit::login_failed(&caller.origin(), name, by, at));
            Code::BadCredentials.into()
        })
    }
}
