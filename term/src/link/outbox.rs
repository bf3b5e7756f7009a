//! Messages that are not acknowledged: which is sent next, and what becomes of them.
//!
//! Of each room one message is under way at a time. So they arrive in the order in which they were
//! written, whatever the server refuses for now and wherever the connection breaks; and nobody
//! types faster than a round trip for long.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use parlor_protocol::id::{Nonce, RoomId};
use parlor_protocol::message::{MessageKind, Send};
use tokio::time::Instant;

use super::keeper::{Keeper, Kept};
use crate::cache::Waiting;
use crate::model::LocalId;

/// The messages, in the order in which they were written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Its nonce is made at the first sending, by the server's clock, and kept: it is what makes
    /// sending again harmless.
    waiting: Waiting,
    state: State,
    written: Written,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    /// The server does not want it before then.
    Held(Instant),
    UnderWay,
}

/// What of a message is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Nothing,
    /// Its text, and not its nonce.
    Text,
    Everything,
}

impl Outbox {
    /// An outbox with what was in it when the program ended.
    pub(super) fn new(kept: Vec<Waiting>) -> Self {
        let entry = |waiting| Entry { waiting, state: State::Waits, written: Written::Everything };
        Self { entries: kept.into_iter().map(entry).collect() }
    }

    /// Takes a message that was just written.
    pub(super) fn add(&mut self, room: RoomId, local: LocalId, text: String, kind: MessageKind) {
        let waiting = Waiting { local, room, text, kind, nonce: None };
        let (state, written) = (State::Waits, Written::Nothing);
        self.entries.push_back(Entry { waiting, state, written });
    }

    /// The messages to send now, of each room the first. They are under way, and under a nonce.
    /// What is given out was kept before, as far as anything is kept.
    pub(super) fn send(
        &mut self,
        now: Instant,
        keeper: &mut Keeper,
        mut make_nonce: impl FnMut() -> Nonce,
    ) -> Turn {
        let mut rooms = BTreeSet::new();
        let mut under_way = Vec::new();
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if !rooms.insert(entry.waiting.room) {
                continue;
            }
            match entry.state {
                State::UnderWay => continue,
                State::Held(until) if now < until => continue,
                State::Held(_) | State::Waits => entry.state = State::UnderWay,
            }
            under_way.push(place);
            if entry.waiting.nonce.is_none() {
                entry.waiting.nonce = Some(make_nonce());
                // A text without its nonce is not enough any more.
                entry.written = match entry.written {
                    Written::Nothing => Written::Nothing,
                    Written::Text | Written::Everything => Written::Text,
                };
            }
        }
        let queued = self.keep(keeper);
        let sends = under_way.into_iter().map(|place| {
            let Waiting { local, room, text, kind, nonce } = &self.entries[place].waiting;
            let nonce = nonce.expect("invariant: what is under way has a nonce");
            (*local, Send { room: *room, nonce, text: text.clone(), kind: *kind })
        });
        Turn { queued, sends: sends.collect() }
    }

    /// Keeps what is not kept yet, and tells what was not at all before.
    pub(super) fn keep(&mut self, keeper: &mut Keeper) -> Vec<(RoomId, LocalId)> {
        let is_due = |entry: &&Entry| entry.written != Written::Everything;
        let due: Vec<_> = self.entries.iter().filter(is_due).map(|entry| &entry.waiting).collect();
        if due.is_empty() || keeper.write_out(due) == Kept::No {
            return Vec::new();
        }
        let mut queued = Vec::new();
        for entry in &mut self.entries {
            if entry.written == Written::Nothing {
                queued.push((entry.waiting.room, entry.waiting.local));
            }
            entry.written = Written::Everything;
        }
        queued
    }

    /// When there may be something to send though nothing happens.
    pub(super) fn held_until(&self) -> Option<Instant> {
        let held = self.entries.iter().filter_map(|entry| match entry.state {
            State::Held(until) => Some(until),
            State::Waits | State::UnderWay => None,
        });
        held.min()
    }

    /// Forgets a message that was answered for good, and gives its room.
    pub(super) fn settle(&mut self, local: LocalId) -> Option<RoomId> {
        let place = self.entries.iter().position(|entry| entry.waiting.local == local)?;
        self.entries.remove(place).map(|entry| entry.waiting.room)
    }

    /// Sends a message again after a while, and none into its room before it. Gives the room.
    pub(super) fn hold(&mut self, local: LocalId, now: Instant, wait: Duration) -> Option<RoomId> {
        let entry = self.entries.iter_mut().find(|entry| entry.waiting.local == local)?;
        entry.state = State::Held(now + wait);
        Some(entry.waiting.room)
    }

    /// The connection is gone: what was under way is sent again, first.
    pub(super) fn disconnected(&mut self) {
        for entry in &mut self.entries {
            entry.state = State::Waits;
        }
    }

    /// Forgets the messages into a room that one has left, but for one under way.
    pub(super) fn forget(&mut self, room: RoomId) {
        self.entries.retain(|entry| entry.waiting.room != room || entry.state == State::UnderWay);
    }
}

/// What comes of looking for something to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// What is on the disk from now on.
    pub(super) queued: Vec<(RoomId, LocalId)>,
    /// What is to be sent.
    pub(super) sends: Vec<(LocalId, Send)>,
}

#[cfg(test)]
mod tests;
