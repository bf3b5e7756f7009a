//! Logins that fail: who has to wait before the next one, and what goes on record.

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};

use super::turn::Turn;
use super::{Caller, Hub};
use crate::audit::{self, LoginBy};
use crate::penalties::KeyFailed;

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
}
