//! What is allowed and still worth an administrator's look.

use parlor_protocol::id::{DeviceId, Timestamp};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;

use super::obey::Decided;
use super::turn::Turn;
use super::{Caller, Hub, Overseen};
use crate::audit::{self, AuditRecord, Subnet};
use crate::rooms::{Actor, Command, UserId};
use crate::store::{DeviceNetwork, StoreError};
use crate::translate;

impl Hub {
    /// Takes note of what a user has done. Whatever came to nothing was not done.
    pub(super) fn scrutinise(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        (command, decided): (&Command, &Decided),
        at: Timestamp,
    ) {
        let done = match decided {
            Decided::Events { first } => turn.rows.events.len() > *first,
            Decided::Repeated(_) | Decided::SameDevice(_) | Decided::Read => false,
        };
        if done {
            let suspicion = self.allowances.done(user, command, at);
            self.suspect(turn, caller, user, suspicion, at);
        }
    }

    /// Takes note of what a user was refused, and gives what they hear of it.
    pub(super) fn turn_down(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        (command, refusal): (&Command, Refusal),
        at: Timestamp,
    ) -> Refusal {
        let code = refusal.code;
        if !self.world.overreaches(user, command, code) {
            let (refusal, suspicion) = self.allowances.refused(user, command, refusal, at);
            self.suspect(turn, caller, user, suspicion, at);
            return refusal;
        }
        let (actor, origin) = (Actor::User(user), caller.origin());
        let record = audit::refusal(&self.world, &actor, command, code, at, &origin);
        self.overreached(turn, caller, user, (record, refusal), at)
    }

    /// Puts on record what a user was refused for want of a role, unless that is too much.
    pub(super) fn overreached(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        (record, refusal): (Option<AuditRecord>, Refusal),
        at: Timestamp,
    ) -> Refusal {
        let code = refusal.code;
        let (refusal, suspicion) = self.allowances.overreached(user, refusal, at);
        turn.rows.audit.extend(record.filter(|_| refusal.code == code));
        self.suspect(turn, caller, user, suspicion, at);
        refusal
    }

    /// Puts on record that an operator has looked at what operators alone do, or that somebody else
    /// wanted to.
    pub(super) fn overseen(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        (what, found): (Overseen, Result<Outcome, Refusal>),
        at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let (actor, origin) = (Actor::User(user), caller.origin());
        let record = |code| audit::overseen(&self.world, &actor, &origin, what, code, at);
        match found {
            Ok(outcome) => {
                turn.rows.audit.extend(record(None));
                Ok(self.freshen(user, outcome))
            }
            Err(refusal) if refusal.code == Code::NotPermitted => {
                let record = record(Some(refusal.code));
                Err(self.overreached(turn, caller, user, (record, refusal), at))
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Takes note of the network that a device logs in from. Its first one is where it was made,
    /// and says nothing.
    pub(super) fn note_network(
        &self,
        turn: &mut Turn,
        caller: &Caller,
        (user, device): (UserId, DeviceId),
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(network) = Subnet::of(&caller.address) else { return Ok(()) };
        let mut known = self.writer.device_networks(user, device)?;
        // What this turn has noted comes before what is stored.
        let noted = turn.rows.networks.iter();
        let noted = noted.filter(|noted| (noted.user, noted.device) == (user, device));
        known.extend(noted.map(|noted| noted.network.to_string()));
        if known.iter().any(|known| known == network.as_str()) {
            return Ok(());
        }
        if !known.is_empty() {
            let name = translate::name_of(&self.world, user);
            let record = audit::new_network(&caller.origin(), name, device, &network, at);
            turn.rows.audit.push(record);
        }
        turn.rows.networks.push(DeviceNetwork { user, device, network, at });
        Ok(())
    }
}
