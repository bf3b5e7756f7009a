//! How the daemon is: what it has to do, and whom it makes wait.

use std::time::Instant;

use parlor_protocol::refusal::Refusal;

use super::{Daemon, ListedLimit, Response, ShownStatus};
use crate::admission::Gate;
use crate::clock::now;
use crate::hub::HubStatus;
use crate::limited::{Limited, Whom};

/// Limits that are listed: with these the line is well below its longest.
const LISTED_MAX: usize = 200;

pub(super) async fn status(daemon: &impl Daemon) -> Result<Response, Refusal> {
    Ok(Response::Status(daemon.status().await?))
}

/// Puts together what the hub and the gate know.
pub(super) fn shown(hub: HubStatus, gate: &Gate, started: Instant) -> ShownStatus {
    let at = now();
    let mut limited: Vec<Limited> = gate.limited(at, Instant::now()).collect();
    limited.extend(hub.limited);
    let count = limited.len();
    // Who has to wait longest comes first.
    limited.sort_by_key(|limited| std::cmp::Reverse(limited.until));
    limited.truncate(LISTED_MAX);
    ShownStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_secs: started.elapsed().as_secs(),
        connections: gate.open(),
        sessions: hub.sessions,
        online: hub.online,
        users: hub.users,
        rooms: hub.rooms,
        troubles: hub.troubles,
        limited: count,
        listed: limited.into_iter().map(listed).collect(),
    }
}

fn listed(limited: Limited) -> ListedLimit {
    let (address, user) = match limited.whom {
        Whom::Address(address) => (Some(address), None),
        Whom::User(user) => (None, Some(user)),
    };
    ListedLimit { address, user, why: limited.why.to_owned(), until: limited.until }
}
