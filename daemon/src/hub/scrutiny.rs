//! What is allowed and still worth an administrator's look.

use parlor_protocol::id::{DeviceId, Timestamp};

use super::obey::Decided;
use super::turn::Turn;
use super::{Caller, Hub};
use crate::audit::{self, Subnet};
use crate::rooms::{Command, UserId};
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
