//! How many accounts may come from one address in an hour.

use std::collections::BTreeMap;

use parlor_protocol::id::Timestamp;

use crate::network::Network;
use crate::rooms::{Even, Rate};

/// Addresses that are remembered, some 5 MiB.
const ADDRESSES_MAX: usize = 50_000;

/// The accounts that came from each address.
#[derive(Debug)]
pub(super) struct SignUps {
    rate: Rate,
    from: BTreeMap<Network, From>,
}

#[derive(Debug, Clone, Copy)]
struct From {
    even: Even,
    /// Whether that they are many was told.
    told: bool,
}

/// That no more may come from an address for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany {
    /// Milliseconds until the next.
    pub(super) wait_ms: i64,
    /// Whether it is news.
    pub(super) is_news: bool,
}

impl SignUps {
    pub(super) fn new(per_hour: u32) -> Self {
        Self { rate: Rate::per_hour(per_hour, per_hour), from: BTreeMap::new() }
    }

    /// Goes on by another limit, with what has come so far.
    pub(super) fn limit(&mut self, per_hour: u32, at: Timestamp) {
        let before = std::mem::replace(&mut self.rate, Rate::per_hour(per_hour, per_hour));
        for known in self.from.values_mut() {
            known.even = known.even.at_another(before, self.rate, at);
        }
    }

    /// Somebody wants to sign up from there.
    pub(super) fn tried(&mut self, from: Network, at: Timestamp) -> Result<(), TooMany> {
        let Some(known) = self.from.get_mut(&from) else { return Ok(()) };
        let (_, one_more) = self.rate.standing(Some(known.even), at);
        one_more.map(|_| ()).map_err(|wait_ms| {
            let is_news = !std::mem::replace(&mut known.told, true);
            TooMany { wait_ms, is_news }
        })
    }

    /// Somebody has signed up from there.
    pub(super) fn count(&mut self, from: Network, at: Timestamp) {
        let known = self.from.get(&from);
        let (even, told) = (known.map(|it| it.even), known.is_some_and(|it| it.told));
        if known.is_none() && self.from.len() >= ADDRESSES_MAX {
            let first = self.from.iter().min_by_key(|(_, it)| it.even).map(|(&from, _)| from);
            first.map(|first| self.from.remove(&first));
        }
        self.from.insert(from, From { even: self.rate.put(even, at), told });
    }

    /// From where nobody may sign up at the moment, and until when.
    pub(super) fn full(&self, at: Timestamp) -> impl Iterator<Item = (Network, Timestamp)> {
        let until = move |it: &From| self.rate.full_until(it.even, at);
        self.from.iter().filter_map(move |(&from, it)| until(it).map(|until| (from, until)))
    }

    /// Forgets what makes no difference any more.
    pub(super) fn tidy(&mut self, at: Timestamp) {
        self.from.retain(|_, it| !it.even.is_past(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_795_376_832_000);

    fn after(ms: i64) -> Timestamp {
        Timestamp(START.0 + ms)
    }

    #[test]
    fn so_many_come_from_an_address_in_an_hour_and_it_is_news_once() {
        let mut sign_ups = SignUps::new(4);
        let [here, there] = ["192.0.2.1", "2001:db8::1"].map(Network::of);
        for _ in 0..4 {
            assert_eq!(sign_ups.tried(here, START), Ok(()));
            sign_ups.count(here, START);
        }
        let wait_ms = 15 * 60 * 1_000;
        assert_eq!(sign_ups.tried(here, START), Err(TooMany { wait_ms, is_news: true }));
        assert_eq!(sign_ups.tried(here, START), Err(TooMany { wait_ms, is_news: false }));
        assert_eq!(sign_ups.full(START).collect::<Vec<_>>(), [(here, after(wait_ms))]);
        assert_eq!(sign_ups.tried(there, START), Ok(()));
        assert_eq!(sign_ups.tried(here, after(wait_ms)), Ok(()));
        assert_eq!(sign_ups.full(after(wait_ms)).count(), 0);
        sign_ups.count(here, after(wait_ms));
        assert_eq!(sign_ups.full(after(wait_ms)).count(), 1);
        // As many as came count under another limit, which may leave room for more.
        sign_ups.limit(6, after(wait_ms));
        for _ in 0..2 {
            assert_eq!(sign_ups.tried(here, after(wait_ms)), Ok(()));
            sign_ups.count(here, after(wait_ms));
        }
        let wait_ms = 10 * 60 * 1_000;
        let at = after(15 * 60 * 1_000);
        assert_eq!(sign_ups.tried(here, at), Err(TooMany { wait_ms, is_news: false }));
        sign_ups.tidy(after(2 * 60 * 60 * 1_000));
        assert!(sign_ups.from.is_empty());
    }

    #[test]
    fn no_more_addresses_are_remembered_than_there_is_room_for() {
        let mut sign_ups = SignUps::new(4);
        let count = u32::try_from(ADDRESSES_MAX).unwrap() + 3;
        for number in 0..count {
            let from = Network::of(&std::net::Ipv4Addr::from_bits(number).to_string());
            sign_ups.count(from, after(number.into()));
        }
        assert_eq!(sign_ups.from.len(), ADDRESSES_MAX);
        assert!(!sign_ups.from.contains_key(&Network::of("0.0.0.2")));
    }
}
