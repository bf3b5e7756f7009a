//! Who may connect: how many at once in all and from one address, and how many that do not log in.
//!
//! Whoever connects too often without logging in keeps from their address what strangers do: sign-ups
//! and passwords, for as long as it takes to be forgiven. A device key still gets in from there at
//! once, for guesses at passwords must not shut out who is known. What is not promised: whoever holds
//! all places of an address, or makes more handshakes there than even device keys may, keeps out
//! everybody behind that very address, and nobody else.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parlor_protocol::id::Timestamp;

use crate::limited::{Limited, Whom};
use crate::network::{Loopback, Network};

/// Connections over a limit that are told so at the same time; beyond it they are just closed.
const TURNED_AWAY_MAX: usize = 64;
/// For how long a connection counts that has not logged in.
const MINUTE: Duration = Duration::from_secs(60);
/// Handshakes from one address for each stranger that it may send, beyond which it gets none. By the
/// shipped limits that is 6,000 in a minute, a hundredth of a core: more than anybody guesses one
/// after the other, and too few to keep the server busy.
const HANDSHAKES_A_STRANGER: u32 = 50;
/// Addresses that are counted at once, some 10 MiB. Beyond it newcomers are not: there are so many
/// only in a flood from everywhere, which only the limit in all can stop.
const ADDRESSES_MAX: usize = 100_000;
/// How often addresses that have nothing to count are looked for, at most, where there are many.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// How many connections there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// At once, in all.
    pub(crate) in_all: usize,
    /// At once from one address.
    pub(crate) per_address: u32,
    /// In a minute from one address, of those that do not log in.
    pub(crate) strangers_per_minute: u32,
    /// Whether this machine's own addresses are counted.
    pub(crate) loopback: Loopback,
}

/// Lets connections in, or not.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    /// For how many the system gives the process files.
    room: usize,
    places: Arc<Places>,
    turned_away: Arc<Places>,
    addresses: Arc<Addresses>,
    curbs: Arc<[AtomicU64; Curb::ALL.len()]>,
}

/// Which limit has kept a connection from what it came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curb {
    /// On connections at once, in all.
    InAll,
    /// On those at once from one address.
    PerAddress,
    /// On strangers from one address: only a device key logs in.
    Strangers,
    /// On handshakes with one address: it was not answered.
    Handshakes,
}

impl Curb {
    /// All there are, in the order of their counts.
    pub(crate) const ALL: [Self; 4] =
        [Self::InAll, Self::PerAddress, Self::Strangers, Self::Handshakes];

    /// The word for scrapers.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::InAll => "connections",
            Self::PerAddress => "connections-per-address",
            Self::Strangers => "strangers",
            Self::Handshakes => "handshakes",
        }
    }
}

/// So many at once. Where there are to be fewer, those who have a place keep it.
#[derive(Debug)]
struct Places {
    taken: AtomicUsize,
    max: AtomicUsize,
}

impl Places {
    fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { taken: AtomicUsize::new(0), max: AtomicUsize::new(max) })
    }

    fn take(self: &Arc<Self>) -> Option<Place> {
        let max = self.max.load(Ordering::Relaxed);
        let one_more = |taken| (taken < max).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.ok().map(|_| Place(Arc::clone(self)))
    }

    fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection's place among those that may be open at once; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    kind: Cell<AdmissionKind>,
    /// Where its address is counted.
    counted: Option<Counted>,
    _place: Place,
}

/// What a connection is let in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdmissionKind {
    Session,
    /// For a login by device key and what follows it: too many from its address do not log in.
    DeviceOnly,
    /// There is no place; the connection is only told so.
    TurnedAway,
}

impl Gate {
    /// Nobody is connected yet; no more than `room` ever are at once, whatever the limits are.
    pub(crate) fn new(limits: &Limits, room: usize) -> Self {
        let tallies = Tallies { terms: Terms::of(limits), by_network: HashMap::new(), swept: None };
        Self {
            room,
            places: Places::new(within(room, limits)),
            turned_away: Places::new(TURNED_AWAY_MAX),
            addresses: Arc::new(Addresses { tallies: Mutex::new(tallies) }),
            curbs: Arc::default(),
        }
    }

    /// From now on there may be so many. Nobody who is connected is sent away.
    pub(crate) fn limit(&self, limits: &Limits) {
        self.places.max.store(within(self.room, limits), Ordering::Relaxed);
        self.addresses.lock().terms = Terms::of(limits);
    }

    /// Whether there may be as many as the limits say.
    pub(crate) fn has_room(&self, limits: &Limits) -> bool {
        limits.in_all <= self.room
    }

    /// Whether one more may come in from there, for what, or may at least be told that it may not.
    pub(crate) fn admit(&self, from: Network, now: Instant) -> Option<Admission> {
        let admitted = match self.addresses.enter(from, now) {
            Entry::Uncounted => Some((AdmissionKind::Session, None)),
            Entry::Counted { kind, network, strange } => {
                let addresses = Arc::clone(&self.addresses);
                let logged_in = Cell::new(false);
                Some((kind, Some(Counted { addresses, network, strange, logged_in })))
            }
            Entry::Told => {
                self.note(Curb::PerAddress);
                None
            }
            Entry::Closed => {
                self.note(Curb::Handshakes);
                return None;
            }
        };
        if let Some((kind, counted)) = admitted {
            if let Some(place) = self.places.take() {
                if kind == AdmissionKind::DeviceOnly {
                    self.note(Curb::Strangers);
                }
                return Some(Admission { kind: Cell::new(kind), counted, _place: place });
            }
            self.note(Curb::InAll);
        }
        let kind = Cell::new(AdmissionKind::TurnedAway);
        let place = self.turned_away.take()?;
        Some(Admission { kind, counted: None, _place: place })
    }

    fn note(&self, curb: Curb) {
        self.curbs[curb as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many connections each limit has kept from what they came for.
    pub(crate) fn curbed(&self) -> [(Curb, u64); Curb::ALL.len()] {
        Curb::ALL.map(|curb| (curb, self.curbs[curb as usize].load(Ordering::Relaxed)))
    }

    /// How many are connected.
    pub(crate) fn open(&self) -> usize {
        self.places.taken()
    }

    /// From where no more may come at the moment.
    pub(crate) fn limited(&self, at: Timestamp, now: Instant) -> impl Iterator<Item = Limited> {
        self.addresses.limited(now).into_iter().map(move |(network, why, wait)| {
            let wait = wait.map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
            Limited {
                whom: Whom::Address(network.to_string()),
                why,
                until: wait.map(|wait| Timestamp(at.0.saturating_add(wait))),
            }
        })
    }
}

/// How many there may be in all.
fn within(room: usize, limits: &Limits) -> usize {
    let wanted = limits.in_all;
    if wanted > room {
        log::warn!(
            "limits.connections is {wanted}, and the system allows too few open files for more than \
             {room}; raise that limit, as by `ulimit -n`, or by LimitNOFILE= of the unit"
        );
    }
    wanted.min(room)
}

impl Admission {
    /// What it was let in for.
    pub(crate) fn kind(&self) -> AdmissionKind {
        self.kind.get()
    }

    /// How long it is until strangers may do from its address again what they come for; `None` where
    /// they may, and from then on also this one.
    pub(crate) fn strangers_wait(&self, now: Instant) -> Option<Duration> {
        let counted = self.counted.as_ref();
        let counted = counted.filter(|_| self.kind.get() == AdmissionKind::DeviceOnly)?;
        let wait = counted.addresses.strangers_wait(counted.network, now);
        if wait.is_zero() {
            self.kind.set(AdmissionKind::Session);
        }
        (!wait.is_zero()).then_some(wait)
    }

    /// The connection has logged in and does not count as a stranger's.
    pub(crate) fn logged_in(&self) {
        if let Some(counted) = &self.counted
            && !counted.logged_in.replace(true)
        {
            counted.addresses.logged_in(counted.network, counted.strange);
        }
    }
}

/// A connection that is counted for its address until it is dropped.
#[derive(Debug)]
struct Counted {
    addresses: Arc<Addresses>,
    network: Network,
    /// By how much longer strangers may have to wait for it.
    strange: Duration,
    logged_in: Cell<bool>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.addresses.leave(self.network);
    }
}

/// The connections of each address. Listeners and shards share it; each holds the lock for one
/// look-up.
#[derive(Debug)]
struct Addresses {
    tallies: Mutex<Tallies>,
}

/// What an address may do.
#[derive(Debug, Clone, Copy)]
struct Terms {
    per_address: u32,
    /// One connection that does not log in is forgotten in this time.
    gap: Duration,
    loopback: Loopback,
}

impl Terms {
    fn of(limits: &Limits) -> Self {
        Self {
            per_address: limits.per_address,
            gap: MINUTE / limits.strangers_per_minute,
            loopback: limits.loopback,
        }
    }

    /// One handshake is forgotten in this time.
    fn handshake_gap(&self) -> Duration {
        self.gap / HANDSHAKES_A_STRANGER
    }
}

#[derive(Debug)]
struct Tallies {
    terms: Terms,
    by_network: HashMap<Network, Tally>,
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Tally {
    open: u32,
    /// When all connections that did not log in are forgotten.
    even: Instant,
    /// When they are as handshakes.
    rested: Instant,
}

impl Tally {
    /// How long strangers have to wait before the next of them.
    fn strangers_wait(&self, terms: &Terms, now: Instant) -> Duration {
        (self.even.max(now) + terms.gap).saturating_duration_since(now + MINUTE)
    }
}

enum Entry {
    /// As one of these, for that, and with that effect on how long strangers wait.
    Counted { kind: AdmissionKind, network: Network, strange: Duration },
    /// It is spared, or there are too many addresses to count this one.
    Uncounted,
    /// It is one too many, and is told so.
    Told,
    /// There were too many even to be told.
    Closed,
}

impl Addresses {
    fn enter(&self, from: Network, now: Instant) -> Entry {
        let mut tallies = self.lock();
        let terms = tallies.terms;
        let Some(network) = from.limited(terms.loopback) else { return Entry::Uncounted };
        tallies.sweep(now);
        if tallies.by_network.len() >= ADDRESSES_MAX && !tallies.by_network.contains_key(&network) {
            return Entry::Uncounted;
        }
        let fresh = Tally { open: 0, even: now, rested: now };
        let tally = tallies.by_network.entry(network).or_insert(fresh);
        let rested = tally.rested.max(now) + terms.handshake_gap();
        if rested > now + MINUTE {
            return Entry::Closed;
        }
        tally.rested = rested;
        let kind = match tally.strangers_wait(&terms, now) {
            Duration::ZERO => AdmissionKind::Session,
            _ => AdmissionKind::DeviceOnly,
        };
        // Each makes strangers wait for longer, up to a minute.
        let before = tally.even.max(now);
        tally.even = (before + terms.gap).min(now + 2 * MINUTE);
        let strange = tally.even.saturating_duration_since(before);
        if tally.open >= terms.per_address {
            return Entry::Told;
        }
        tally.open += 1;
        Entry::Counted { kind, network, strange }
    }

    fn logged_in(&self, network: Network, strange: Duration) {
        let mut tallies = self.lock();
        let handshake = tallies.terms.handshake_gap();
        if let Some(tally) = tallies.by_network.get_mut(&network) {
            tally.even = tally.even.checked_sub(strange).unwrap_or(tally.even);
            tally.rested = tally.rested.checked_sub(handshake).unwrap_or(tally.rested);
        }
    }

    fn strangers_wait(&self, network: Network, now: Instant) -> Duration {
        let tallies = self.lock();
        let tally = tallies.by_network.get(&network);
        tally.map_or(Duration::ZERO, |tally| tally.strangers_wait(&tallies.terms, now))
    }

    fn leave(&self, network: Network) {
        if let Some(tally) = self.lock().by_network.get_mut(&network) {
            tally.open = tally.open.saturating_sub(1);
        }
    }

    /// From where no more may come, why, and for how long where that is known.
    fn limited(&self, now: Instant) -> Vec<(Network, &'static str, Option<Duration>)> {
        let tallies = self.lock();
        let terms = tallies.terms;
        let limited = |(&network, tally): (&Network, &Tally)| {
            if tally.open >= terms.per_address {
                return Some((network, "connections", None));
            }
            let wait = tally.strangers_wait(&terms, now);
            (!wait.is_zero()).then_some((network, "strangers", Some(wait)))
        };
        tallies.by_network.iter().filter_map(limited).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Tallies> {
        // Nobody panics while holding it; and numbers would still be numbers.
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tallies {
    /// Forgets who has nothing to count: once a minute, or where there are too many.
    fn sweep(&mut self, now: Instant) {
        let pause = if self.by_network.len() < ADDRESSES_MAX { MINUTE } else { SWEEP_EVERY };
        if self.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= pause) {
            self.swept = Some(now);
            self.by_network.retain(|_, tally| tally.open > 0 || tally.even > now);
        }
    }
}

#[cfg(test)]
mod tests;
