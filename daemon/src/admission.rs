//! Who may connect: how many at once in all and from one address, and how many that do not log in.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parlor_protocol::id::Timestamp;

use crate::limited::{Limited, Whom};
use crate::network::{Loopback, Network};

/// Connections over a limit that are told so at the same time; beyond it they are just closed.
const TURNED_AWAY_MAX: usize = 64;
/// For how long a connection counts that has not logged in.
const MINUTE: Duration = Duration::from_secs(60);
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
    places: Arc<Places>,
    turned_away: Arc<Places>,
    addresses: Arc<Addresses>,
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
    pub(crate) kind: AdmissionKind,
    /// Where its address is counted.
    counted: Option<Counted>,
    _place: Place,
}

/// What a connection is let in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdmissionKind {
    Session,
    /// There is no place; the connection is only told so.
    TurnedAway,
}

impl Gate {
    /// Nobody is connected yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        let tallies = Tallies { terms: Terms::of(limits), by_network: HashMap::new(), swept: None };
        Self {
            places: Places::new(limits.in_all),
            turned_away: Places::new(TURNED_AWAY_MAX),
            addresses: Arc::new(Addresses { tallies: Mutex::new(tallies) }),
        }
    }

    /// From now on there may be so many. Nobody who is connected is sent away.
    pub(crate) fn limit(&self, limits: &Limits) {
        self.places.max.store(limits.in_all, Ordering::Relaxed);
        self.addresses.lock().terms = Terms::of(limits);
    }

    /// Whether one more may come in from there, or may at least be told that it may not. Telling
    /// takes a handshake as well, so each address is told as often as it may come, and no more.
    pub(crate) fn admit(&self, from: Network, now: Instant) -> Option<Admission> {
        let (counted, told) = match self.addresses.enter(from, now) {
            Entry::Uncounted => (None, false),
            Entry::Counted(network) => {
                let addresses = Arc::clone(&self.addresses);
                (Some(Counted { addresses, network, logged_in: Cell::new(false) }), false)
            }
            Entry::Told => (None, true),
            Entry::Closed => return None,
        };
        if !told && let Some(place) = self.places.take() {
            return Some(Admission { kind: AdmissionKind::Session, counted, _place: place });
        }
        let place = self.turned_away.take()?;
        Some(Admission { kind: AdmissionKind::TurnedAway, counted: None, _place: place })
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

impl Admission {
    /// The connection has logged in and does not count as a stranger's.
    pub(crate) fn logged_in(&self) {
        if let Some(counted) = &self.counted
            && !counted.logged_in.replace(true)
        {
            counted.addresses.logged_in(counted.network);
        }
    }
}

/// A connection that is counted for its address until it is dropped.
#[derive(Debug)]
struct Counted {
    addresses: Arc<Addresses>,
    network: Network,
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
}

enum Entry {
    /// As one of these.
    Counted(Network),
    /// It is spared, or there are too many addresses to count this one.
    Uncounted,
    /// It is one too many, and is told so.
    Told,
    /// It was told often enough.
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
        let fresh = Tally { open: 0, even: now };
        let tally = tallies.by_network.entry(network).or_insert(fresh);
        let even = tally.even.max(now) + terms.gap;
        if even > now + 2 * MINUTE {
            return Entry::Closed;
        }
        tally.even = even;
        if even > now + MINUTE || tally.open >= terms.per_address {
            return Entry::Told;
        }
        tally.open += 1;
        Entry::Counted(network)
    }

    fn logged_in(&self, network: Network) {
        let mut tallies = self.lock();
        let gap = tallies.terms.gap;
        if let Some(tally) = tallies.by_network.get_mut(&network) {
            tally.even = tally.even.checked_sub(gap).unwrap_or(tally.even);
        }
    }

    fn leave(&self, network: Network) {
        if let Some(tally) = self.lock().by_network.get_mut(&network) {
            tally.open = tally.open.saturating_sub(1);
        }
    }

    /// From where no more may come, why, and for how long where that is known.
    fn limited(&self, now: Instant) -> Vec<(Network, &'static str, Option<Duration>)> {
        let tallies = self.lock();
        let Terms { per_address, gap, .. } = tallies.terms;
        let limited = |(&network, tally): (&Network, &Tally)| {
            let wait = (tally.even + gap).saturating_duration_since(now + MINUTE);
            if !wait.is_zero() {
                return Some((network, "strangers", Some(wait)));
            }
            (tally.open >= per_address).then_some((network, "connections", None))
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
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        in_all: 1_000,
        per_address: 20,
        strangers_per_minute: 60,
        loopback: Loopback::Spared,
    };
    const SECOND: Duration = Duration::from_secs(1);

    fn kinds<'a>(
        admissions: impl IntoIterator<Item = &'a Option<Admission>>,
    ) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for admission in admissions {
            match admission.as_ref().map(|admission| admission.kind) {
                Some(AdmissionKind::Session) => counts.0 += 1,
                Some(AdmissionKind::TurnedAway) => counts.1 += 1,
                None => counts.2 += 1,
            }
        }
        counts
    }

    #[test]
    fn an_address_has_so_many_connections_at_once_and_no_other_has_fewer() {
        let (gate, now) = (Gate::new(&LIMITS), Instant::now());
        let [own, other] = ["192.0.2.7", "192.0.2.8"].map(Network::of);
        let mut held: Vec<_> = (0..25).map(|_| gate.admit(own, now)).collect();
        assert_eq!(kinds(&held), (20, 5, 0));
        assert_eq!(kinds(&[gate.admit(other, now)]), (1, 0, 0));
        // A place that becomes free is given again.
        held.remove(0);
        assert_eq!(kinds(&[gate.admit(own, now)]), (1, 0, 0));
        drop(held);
        assert_eq!(gate.open(), 0);
    }

    #[test]
    fn limits_that_change_count_for_whoever_comes_next_and_send_nobody_away() {
        let (gate, now) = (Gate::new(&LIMITS), Instant::now());
        let own = Network::of("192.0.2.7");
        let came = || [gate.admit(own, now)].map(|it| kinds(&[it]));
        let held: Vec<_> = (0..10).map(|_| gate.admit(own, now)).collect();
        gate.limit(&Limits { per_address: 5, ..LIMITS });
        assert_eq!((came(), gate.open()), ([(0, 1, 0)], 10));
        gate.limit(&Limits { in_all: 5, ..LIMITS });
        assert_eq!((came(), gate.open()), ([(0, 1, 0)], 10));
        gate.limit(&LIMITS);
        assert_eq!(came(), [(1, 0, 0)]);
        drop(held);
        assert_eq!(gate.open(), 0);
    }

    #[test]
    fn connections_that_do_not_log_in_are_limited_by_the_minute_and_told_so_as_often_again() {
        let (gate, now) = (Gate::new(&LIMITS), Instant::now());
        let own = Network::of("2001:db8::1");
        // One after the other, so that only few are open at once.
        let came = |now| [gate.admit(own, now)].map(|it| kinds(&[it]));
        let burst: Vec<_> = (0..200).flat_map(|_| came(now)).collect();
        let count = |kind| burst.iter().filter(|it| **it == kind).count();
        assert_eq!([count((1, 0, 0)), count((0, 1, 0)), count((0, 0, 1))], [60, 60, 80]);
        // Each second one is forgotten; after a minute of silence the next is let in.
        assert_eq!(came(now + SECOND), [(0, 1, 0)]);
        assert_eq!(came(now + 59 * SECOND), [(0, 1, 0)]);
        assert_eq!(came(now + 63 * SECOND), [(1, 0, 0)]);
    }

    #[test]
    fn connections_that_log_in_are_as_many_as_one_likes() {
        let (gate, now) = (Gate::new(&LIMITS), Instant::now());
        for _ in 0..1_000 {
            let admission = gate.admit(Network::of("192.0.2.7"), now).unwrap();
            assert_eq!(admission.kind, AdmissionKind::Session);
            admission.logged_in();
            admission.logged_in();
        }
    }

    #[test]
    fn this_machine_is_spared_and_the_limit_in_all_spares_nobody() {
        let limits = Limits { in_all: 200, ..LIMITS };
        let (gate, now) = (Gate::new(&limits), Instant::now());
        let local = ["127.0.0.1", "::1", "unix"].map(Network::of);
        let held: Vec<_> =
            local.into_iter().cycle().take(300).map(|it| gate.admit(it, now)).collect();
        assert_eq!(kinds(&held), (200, 64, 36));
    }

    #[test]
    fn a_flood_of_addresses_is_counted_as_far_as_there_is_room_and_then_forgotten() {
        let (gate, now) = (Gate::new(&LIMITS), Instant::now());
        let own = Network::of("192.0.2.7");
        let held: Vec<_> = (0..30).map(|_| gate.admit(own, now)).collect();
        for party in 0..120_000_u32 {
            gate.admit(Network::of_ip(std::net::Ipv4Addr::from_bits(party).into()), now);
        }
        assert_eq!(gate.addresses.lock().by_network.len(), ADDRESSES_MAX);
        // Whoever was counted before still is.
        assert_eq!(kinds(&[gate.admit(own, now)]), (0, 1, 0));
        drop(held);
        gate.admit(Network::of("192.0.2.8"), now + 3 * MINUTE);
        assert_eq!(gate.addresses.lock().by_network.len(), 1);
    }
}
