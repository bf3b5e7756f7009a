//! What time makes of the world: in slices that hold nobody up, each decided like any other wish.

use std::time::{Duration, Instant};

use parlor_protocol::id::Timestamp;

use super::Hub;
use super::turn::Turn;
use crate::audit::Origin;
use crate::rooms::{Actor, Retention};
use crate::store::{Cleared, Clearing, StoreError};

/// Things done in one slice, at most.
const SLICE_MAX: usize = 64;
/// How long a slice may take: no more is begun after it.
const SLICE_TIME: Duration = Duration::from_millis(2);
/// Messages that are removed at once; a commit of these takes a few milliseconds.
const CLEARED_MAX: u32 = 500;

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
        let due = self.world.due(at, &self.chores.retention, SLICE_MAX);
        for (done, command) in due.into_iter().enumerate() {
            // However slow the machine is, each slice does something.
            if done > 0 && begun.elapsed() > SLICE_TIME {
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

    /// Has some of the messages removed that are kept no longer.
    pub(super) fn clear(&mut self, at: Timestamp) {
        let before = |ms| Timestamp(at.0.saturating_sub(ms));
        let keep = &self.chores.retention;
        self.behind.clearing = Some(Clearing {
            terminated_before: before(keep.terminated_ms),
            messages_before: keep.messages_ms.map(before),
            messages_max: CLEARED_MAX,
        });
    }

    /// Takes in which messages are gone; while there are more, they go at once.
    pub(super) fn cleared(&mut self, cleared: Cleared, at: Timestamp) {
        for (room, seq) in cleared.dropped {
            self.world.drop_messages(room, seq);
        }
        if cleared.more {
            self.clear(at);
            self.chores.left = true;
        }
    }
}
