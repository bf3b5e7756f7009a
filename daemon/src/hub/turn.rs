//! One turn of the hub: what was asked, decided and applied, and waits for its commit.

use std::time::Duration;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::Timestamp;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use tokio::sync::oneshot;

use super::Caller;
use crate::delivery::{self, ConnId, Step};
use crate::rooms::{DirectoryEvent, NONCES_MAX, World};
use crate::store;
use crate::translate;

/// How a subcommand's request ended.
type Answer = Result<(), Refusal>;

/// What gathers until the commit.
pub(super) struct Turn {
    pub(super) rows: store::Batch,
    /// What is handed on after the commit, by shard.
    steps: Vec<delivery::Batch>,
    /// What follows the answer to the ask at hand.
    sequel: Vec<Step>,
    /// Whom to answer that the store has failed, if it does.
    requests: Vec<(ConnId, u32)>,
    consoles: Vec<(oneshot::Sender<Answer>, Answer)>,
    pub(super) asks: usize,
    /// Whether the disk has room for more.
    pub(super) has_space: bool,
    pub(super) ticked: bool,
    /// How long chores have taken of it, where there were any.
    pub(super) chores: Option<Duration>,
    pub(super) stopping: bool,
    /// How strangers sign up from now on, where that has changed.
    pub(super) sign_up: Option<SignUpMode>,
}

impl Turn {
    pub(super) fn new(shards: usize, has_space: bool, at: Timestamp) -> Self {
        Self {
            rows: store::Batch { at, ..store::Batch::default() },
            steps: vec![vec![]; shards],
            sequel: vec![],
            requests: vec![],
            consoles: vec![],
            asks: 0,
            has_space,
            ticked: false,
            chores: None,
            stopping: false,
            sign_up: None,
        }
    }

    pub(super) fn has_rows(&self) -> bool {
        !self.rows.events.is_empty() || self.has_audit()
    }

    pub(super) fn has_audit(&self) -> bool {
        !self.rows.audit.is_empty()
    }

    /// Moves the nonces that memory has no room for into the rows of this turn.
    pub(super) fn set_nonces_aside(&mut self, world: &mut World) {
        self.rows.evicted = world.evict_nonces(NONCES_MAX);
    }

    /// What to hand on now that everything is on disk.
    pub(super) fn committed(self) -> Vec<delivery::Batch> {
        for (reply, result) in self.consoles {
            // A subcommand that did not wait for its answer was still obeyed.
            let _gone = reply.send(result);
        }
        self.steps
    }

    /// What to hand on when nothing of it is: every request is answered `unavailable`, and nobody
    /// hears of what may not have happened.
    pub(super) fn failed(self) -> Vec<delivery::Batch> {
        let mut steps = vec![vec![]; self.steps.len()];
        for (conn, id) in self.requests {
            let frame = translate::reply(id, Outcome::Refused(Code::Unavailable.into()));
            steps[usize::from(conn.shard)].push(Step::Reply { conn, frame });
        }
        for (reply, _) in self.consoles {
            let _gone = reply.send(Err(Code::Unavailable.into()));
        }
        steps
    }

    pub(super) fn tell_conn(&mut self, conn: ConnId, step: Step) {
        self.steps[usize::from(conn.shard)].push(step);
    }

    pub(super) fn tell_all(&mut self, step: &Step) {
        self.steps.iter_mut().for_each(|shard| shard.push(step.clone()));
    }

    /// Tells all shards once the ask at hand is answered: what ends a session must not swallow the
    /// answer to the one who asked for it.
    pub(super) fn tell_all_behind_the_answer(&mut self, step: Step) {
        self.sequel.push(step);
    }

    /// Ends an ask, which is answered.
    pub(super) fn end_ask(&mut self) {
        for step in std::mem::take(&mut self.sequel) {
            self.tell_all(&step);
        }
    }

    pub(super) fn note_sign_up_mode(&mut self, what: &DirectoryEvent) {
        if let DirectoryEvent::SignUpModeSet { mode } = what {
            self.sign_up = Some(*mode);
        }
    }

    pub(super) fn answer(&mut self, reply: oneshot::Sender<Answer>, answer: Answer) {
        self.consoles.push((reply, answer));
    }

    pub(super) fn reply(&mut self, caller: &Caller, id: u32, outcome: Outcome) {
        let frame = translate::reply(id, outcome);
        self.requests.push((caller.conn, id));
        self.tell_conn(caller.conn, Step::Reply { conn: caller.conn, frame });
    }
}
