//! How the hub stands, for the operator who asks.

use parlor_protocol::id::Timestamp;

use super::Hub;
use crate::limited::{Limited, Whom};
use crate::penalties::Source;
use crate::translate;

/// What there is to say.
#[derive(Debug)]
pub(crate) struct HubStatus {
    /// Connections that are logged in.
    pub(crate) sessions: usize,
    /// Users who have a session.
    pub(crate) online: usize,
    /// All users, also disabled ones.
    pub(crate) users: usize,
    /// Rooms that live.
    pub(crate) rooms: usize,
    /// Who has to wait.
    pub(crate) limited: Vec<Limited>,
}

impl Hub {
    pub(super) fn status(&self, at: Timestamp) -> HubStatus {
        let users = self.allowances.limited(at).map(|(user, why, until)| Limited {
            whom: Whom::User(translate::name_of(&self.world, user).to_string()),
            why,
            until: Some(until),
        });
        let failed = self.penalties.waiting(at).map(|waiting| Limited {
            whom: match waiting.source {
                Source::Network(network) => Whom::Address(network.to_string()),
                Source::Spared(name) => Whom::User(name.to_string()),
            },
            why: "failed-logins",
            until: Some(waiting.until),
        });
        HubStatus {
            sessions: self.presence.sessions(),
            online: self.presence.users(),
            users: self.world.users_there(),
            rooms: self.world.live_rooms(),
            limited: users.chain(failed).collect(),
        }
    }
}
