//! What is counted while the daemon runs, and how a scraper reads it.
//!
//! The hub and each shard count in plain integers that they own: nothing is shared, nothing is
//! locked, and a message costs an addition. Only when somebody scrapes are they asked for what they
//! have, in turn with everybody else.

mod kind;
mod listener;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use parlor_protocol::reply::Outcome;

pub(crate) use kind::Kind;
pub(crate) use listener::serve;

/// How a command ended that was not refused.
const DONE: &str = "done";

/// Commands by kind and by how they ended. Both are closed lists, so that the table is bounded.
#[derive(Debug, Clone)]
pub(crate) struct Commands {
    done: [u64; Kind::COUNT],
    refused: BTreeMap<(Kind, &'static str), u64>,
}

impl Default for Commands {
    fn default() -> Self {
        Self { done: [0; Kind::COUNT], refused: BTreeMap::new() }
    }
}

impl Commands {
    /// Notes what a command came to.
    pub(crate) fn note(&mut self, kind: Kind, outcome: &Outcome) {
        if let Outcome::Refused(refusal) = outcome {
            *self.refused.entry((kind, refusal.code.word())).or_default() += 1;
        } else {
            self.done[kind as usize] += 1;
        }
    }

    fn add(&mut self, other: &Self) {
        for (sum, more) in self.done.iter_mut().zip(other.done) {
            *sum += more;
        }
        for (&key, more) in &other.refused {
            *self.refused.entry(key).or_default() += more;
        }
    }

    /// Kind, end and count of all that there were.
    fn counted(&self) -> impl Iterator<Item = (Kind, &'static str, u64)> {
        let done = Kind::ALL.into_iter().zip(self.done).map(|(kind, count)| (kind, DONE, count));
        let refused = self.refused.iter().map(|(&(kind, code), &count)| (kind, code, count));
        done.filter(|(.., count)| *count > 0).chain(refused)
    }
}

/// How often a value was how large.
#[derive(Debug, Clone)]
pub(crate) struct Histogram<const N: usize> {
    /// The largest value of each class but the last, which has none.
    bounds: [u64; N],
    classes: [u64; N],
    count: u64,
    sum: u64,
}

impl<const N: usize> Histogram<N> {
    const fn new(bounds: [u64; N]) -> Self {
        Self { bounds, classes: [0; N], count: 0, sum: 0 }
    }

    fn note(&mut self, value: u64) {
        let class = self.bounds.partition_point(|&bound| bound < value);
        if let Some(count) = self.classes.get_mut(class) {
            *count += 1;
        }
        self.count += 1;
        self.sum += value;
    }
}

/// What the hub counts.
#[derive(Debug, Clone)]
pub(crate) struct HubCounts {
    pub(crate) commands: Commands,
    /// How long commits took, in microseconds: from what a cached write takes to what is a stall.
    commit_micros: Histogram<12>,
    /// How many events a commit had; up to as many asks as a turn takes.
    commit_events: Histogram<7>,
}

impl Default for HubCounts {
    fn default() -> Self {
        Self {
            commands: Commands::default(),
            commit_micros: Histogram::new([
                250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
                1_000_000,
            ]),
            commit_events: Histogram::new([1, 4, 16, 64, 256, 1_024, 4_096]),
        }
    }
}

impl HubCounts {
    /// Notes a commit.
    pub(crate) fn committed(&mut self, events: usize, took: Duration) {
        self.commit_micros.note(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.commit_events.note(events as u64);
    }
}

/// What the hub has to tell a scraper.
#[derive(Debug)]
pub(crate) struct HubReport {
    pub(crate) counts: HubCounts,
    pub(crate) sessions: usize,
    pub(crate) online: usize,
    pub(crate) users: usize,
    pub(crate) rooms: usize,
    /// How many have to wait, as far as the hub knows.
    pub(crate) limited: usize,
    /// Audit records that were ever made.
    pub(crate) audit_records: u64,
    /// Of these, how many are not known to be in the audit files.
    pub(crate) audit_lag: u64,
    /// Checkpoints that the hub has finished.
    pub(crate) checkpoints: u64,
    /// Bytes of the store's files, and what the file system has left.
    pub(crate) store_bytes: u64,
    pub(crate) wal_bytes: u64,
    pub(crate) free_bytes: u64,
}

/// What a shard counts, and what waits in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShardCounts {
    /// Commands that were answered without the hub.
    pub(crate) commands: Commands,
    /// Pushes that were put into the outboxes of connections.
    pub(crate) deliveries: u64,
    /// Connections that were ended because they do not read.
    pub(crate) slow_consumers: u64,
    /// Bytes that wait in outboxes; filled in when somebody asks.
    pub(crate) outbox_bytes: u64,
}

impl ShardCounts {
    fn add(&mut self, other: &Self) {
        let Self { commands, deliveries, slow_consumers, outbox_bytes } = other;
        self.commands.add(commands);
        self.deliveries += deliveries;
        self.slow_consumers += slow_consumers;
        self.outbox_bytes += outbox_bytes;
    }
}
