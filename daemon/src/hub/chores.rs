//! What time makes of the world: in slices that hold nobody up, each decided like any other wish.

use std::time::{Duration, Instant};

use parlor_protocol::id::Timestamp;

use super::Hub;
use super::turn::Turn;
use crate::audit::Origin;
use crate::rooms::{Actor, Retention};
use crate::store::StoreError;

/// Things done in one slice, at most.
const SLICE_MAX: usize = 64;
/// How long a slice may take: no more is begun after it.
const SLICE_TIME: Duration = Duration::from_millis(2);
/// Messages of terminated rooms that are removed with one tick; a commit of these takes a few
/// milliseconds.
const PURGED_MAX: u32 = 500;

/// How the chores stand.
#[derive(Debug)]
pub(super) struct Chores {
    pub(super) retention: Retention,
    /// Whether more is due than the last slice has done.
    pub(super) left: bool,
}

impl Chores {
    pub(super) fn new(retention: Retention) -> Self {
        Self { retention, left: false }
    }
}

impl Hub {
    /// Does some of what is due.
    pub(super) fn do_chores(&mut self, turn: &mut Turn, at: Timestamp) -> Result<(), StoreError> {
        self.chores.left = false;
        if !turn.has_space {
            return Ok(());
        }
        let (begun, before) = (Instant::now(), turn.rows.events.len());
        for command in self.world.due(at, &self.chores.retention, SLICE_MAX) {
            if begun.elapsed() > SLICE_TIME {
                break;
            }
            // Whatever was refused is no longer due.
            let _decided = self.decide(turn, &Actor::Clock, &command, &Origin::Within, at)?;
        }
        let done = turn.rows.events.len() - before;
        self.chores.left = done > 0 && !self.world.due(at, &self.chores.retention, 1).is_empty();
        turn.chores = (done > 0).then(|| begun.elapsed());
        Ok(())
    }

    /// Has some of the messages of rooms removed that ended long ago.
    pub(super) fn purge(&mut self, at: Timestamp) {
        let before = at.0.saturating_sub(self.chores.retention.terminated_ms);
        self.behind.purge = Some((Timestamp(before), PURGED_MAX));
    }
}
