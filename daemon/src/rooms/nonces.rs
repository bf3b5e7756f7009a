//! What was sent already: the memory that makes sending again harmless.
//!
//! A nonce carries its time, and counts only while that is less than [`MEMORY_MS`] ago. So an entry
//! that is older need not be kept, and the order of the nonces' bytes is the order in which they
//! may be forgotten. At most [`NONCES_MAX`] stay in memory. The oldest beyond that are handed out to
//! the store's table of old nonces, where those up to [`Nonces::evicted_to`] must be looked for.

use std::collections::BTreeMap;

use parlor_protocol::id::{Nonce, RoomId, Timestamp};

use super::command::{Actor, Command};
use super::event::{Posted, UserId};
use super::world::World;

/// For how long a nonce counts after its own time, in milliseconds: 7 days. A client that was
/// offline for a week's holiday still resends safely.
const MEMORY_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// How far a nonce's time may lie ahead of the server's, in milliseconds: 10 minutes, since clients
/// follow the server's clock by the one reading in its welcome.
const AHEAD_MS: i64 = 10 * 60 * 1_000;

/// The most nonces in memory: about 100 MiB.
pub(crate) const NONCES_MAX: usize = 1_000_000;

/// The most nonces that one call forgets, so that it takes a fraction of a millisecond.
const FORGET_MAX: usize = 1_000;

/// Messages at or after this time may carry nonces that still count at `now`.
pub(crate) fn oldest_remembered(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(MEMORY_MS + AHEAD_MS))
}

/// Whose nonce, and where. The order is by the nonce first, which is by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NonceKey {
    pub(crate) nonce: Nonce,
    pub(crate) room: RoomId,
    pub(crate) author: UserId,
}

/// The nonces of the last days, each with what became of its message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Nonces {
    entries: BTreeMap<NonceKey, Posted>,
    /// A nonce up to this one may be known to the store alone.
    evicted_to: Option<Nonce>,
    /// Nonces up to this time are stale for good: some were forgotten. Without it a clock that is
    /// set back would let them in again.
    forgotten_to: Option<Timestamp>,
}

impl Nonces {
    pub(super) fn is_stale(&self, made: Timestamp, now: Timestamp) -> bool {
        made < Timestamp(now.0.saturating_sub(MEMORY_MS))
            || made > Timestamp(now.0.saturating_add(AHEAD_MS))
            || self.forgotten_to.is_some_and(|to| made <= to)
    }

    pub(super) fn posted(&self, key: &NonceKey) -> Option<Posted> {
        self.entries.get(key).copied()
    }

    pub(super) fn remember(&mut self, key: NonceKey, posted: Posted) {
        self.entries.insert(key, posted);
    }
}

impl World {
    /// The nonce that must be looked for among the store's old ones before the command is decided.
    /// If it is found there, it is to be given to [`World::restore_nonce`].
    pub(crate) fn nonce_to_recall(&self, actor: &Actor, command: &Command) -> Option<NonceKey> {
        let (Actor::User(author), Command::Send { room, nonce, .. }) = (actor, command) else {
            return None;
        };
        let key = NonceKey { nonce: *nonce, room: *room, author: *author };
        let may_be_old = self.nonces.evicted_to.is_some_and(|to| *nonce <= to);
        (may_be_old && self.nonces.posted(&key).is_none()).then_some(key)
    }

    /// Takes the oldest nonces out of memory until `keep` are left, and hands them over. The store
    /// must have them before the next command is decided; it may have some of them already.
    pub(crate) fn evict_nonces(&mut self, keep: usize) -> Vec<(NonceKey, Posted)> {
        let mut evicted = Vec::new();
        while self.nonces.entries.len() > keep {
            let Some((key, posted)) = self.nonces.entries.pop_first() else { break };
            self.nonces.evicted_to = self.nonces.evicted_to.max(Some(key.nonce));
            evicted.push((key, posted));
        }
        evicted
    }

    /// Forgets some of the nonces that no longer count at `now`, and tells how many. It saves
    /// memory and changes no answer, except after the clock was set back.
    pub(crate) fn forget_nonces(&mut self, now: Timestamp) -> usize {
        let mut forgotten = 0;
        while forgotten < FORGET_MAX {
            let Some(oldest) = self.nonces.entries.first_entry() else { break };
            let Some(made) = oldest.key().nonce.at() else { break };
            if made >= Timestamp(now.0.saturating_sub(MEMORY_MS)) {
                break;
            }
            oldest.remove();
            self.nonces.forgotten_to = self.nonces.forgotten_to.max(Some(made));
            forgotten += 1;
        }
        forgotten
    }

    /// Puts back a nonce, while loading or because it had to be recalled.
    pub(crate) fn restore_nonce(&mut self, key: NonceKey, posted: Posted) {
        self.nonces.remember(key, posted);
    }

    /// Puts back, while loading, up to which nonce the store's table of old ones must be asked: its
    /// greatest.
    pub(crate) fn restore_evicted_to(&mut self, to: Nonce) {
        self.nonces.evicted_to = self.nonces.evicted_to.max(Some(to));
    }
}
