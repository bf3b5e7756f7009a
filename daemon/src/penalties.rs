//! Who has to wait before another login by password, and who fails so often that an administrator
//! should know; and from where too many have signed up.
//!
//! Each failed login is a strike against where it came from and against the name that was tried,
//! whether anybody has that name or not; a sign-up by a wrong code is one against where it came
//! from. After a few of them the wait before the next try doubles with each; strikes are forgiven
//! one by one. What nobody can do is keep somebody else out:
//!
//! - Strikes against a name only lengthen the wait of those who have failed from where they are.
//!   From any other place the first try is always taken, and that wait is short in any case.
//! - Only passwords wait. A device key that counts gets in at once; one that does not is no strike
//!   against passwords, for clients try their key first, and is only kept from filling the audit.
//!
//! A login is a strike from its beginning and is forgiven when it succeeds: the client knows whether
//! it guessed right before it says anything more, so whoever is counted only at the end is never
//! counted, and many at once would come before the first is.

mod sign_ups;

use std::collections::{BTreeMap, BTreeSet};

use parlor_protocol::id::Timestamp;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};

use crate::limited::{Limited, Whom};
use crate::network::{Loopback, Network};
use sign_ups::SignUps;

/// Strikes from which on one waits: as many passwords as somebody may have had.
const FREE: u32 = 10;
/// The longest wait for strikes against a name alone, in milliseconds. They are other people's
/// strikes for the most part.
const NAME_WAIT_MS_MAX: i64 = 30_000;
/// Tries, also those that were refused, from which on they are suspicious.
const SUSPICIOUS_TRIES: u32 = 20;
/// Places and names that are remembered, each: some 20 MiB in all.
const RECORDS_MAX: usize = 50_000;

/// How long failures make one wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The first wait, in milliseconds; each further strike doubles it.
    pub(crate) first_ms: i64,
    /// The longest, after which also one strike is forgiven.
    pub(crate) max_ms: i64,
    /// Accounts that may come from one address in an hour.
    pub(crate) sign_ups_per_hour: u32,
    /// Whether this machine's own addresses are counted.
    pub(crate) loopback: Loopback,
}

/// Of what there was more than people do from one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guessing {
    /// Failed logins from one address.
    ByAddress,
    /// Failed logins on one name, from wherever.
    OnName,
    /// Sign-ups from one address.
    SignUps,
}

/// What a try came to.
#[derive(Debug)]
pub(crate) struct Tried {
    /// Why it is not taken, and how long to wait.
    pub(crate) refusal: Option<Refusal>,
    /// What became suspicious with it.
    pub(crate) suspicions: Vec<Guessing>,
}

/// What a device key that was not taken comes to.
#[derive(Debug)]
pub(crate) struct KeyFailed {
    /// Whether it is to be on record: beyond some these come too fast to be, one by one.
    pub(crate) record: bool,
    /// What became suspicious with it.
    pub(crate) suspicion: Option<Guessing>,
}

/// Where logins come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// An address.
    Network(Network),
    /// Addresses that are spared: all who try a name from there are one.
    Spared(UserName),
}

/// The strikes against everybody.
#[derive(Debug)]
pub(crate) struct Penalties {
    terms: Terms,
    sources: Ledger<Source>,
    names: Ledger<UserName>,
    /// Device keys that were not taken, by where they were tried.
    keys: Ledger<Source>,
    sign_ups: SignUps,
}

impl Penalties {
    /// Nobody has failed yet.
    pub(crate) fn new(terms: Terms) -> Self {
        let (ms, max) = (terms.max_ms, terms.strikes_max());
        let (sources, names) = (Ledger::new(ms, max), Ledger::new(ms, max));
        let sign_ups = SignUps::new(terms.sign_ups_per_hour);
        Self { terms, sources, names, keys: Ledger::new(ms, max), sign_ups }
    }

    /// Goes on by other terms, by which everybody has as many strikes as before. Only this machine's
    /// own addresses begin anew where they are counted otherwise now.
    pub(crate) fn set_terms(&mut self, terms: Terms, at: Timestamp) {
        if self.terms == terms {
            return;
        }
        let (ms, max, loopback) = (terms.max_ms, terms.strikes_max(), terms.loopback);
        let are_counted_as_before = loopback == self.terms.loopback;
        let stays = |source: &Source| match source {
            Source::Network(network) => network.limited(loopback).is_some(),
            Source::Spared(_) => are_counted_as_before,
        };
        self.sources.recount(ms, max, at, stays);
        self.keys.recount(ms, max, at, stays);
        self.names.recount(ms, max, at, |_| true);
        self.sign_ups.limit(terms.sign_ups_per_hour, at);
        self.terms = terms;
    }

    /// Somebody begins a login by password. It is a strike, unless it is refused for coming too
    /// early.
    pub(crate) fn tried(&mut self, peer: &str, name: &UserName, at: Timestamp) -> Tried {
        let source = self.source(peer, name);
        let wait = self.wait(&self.sources, &source, self.wait_on_name(name, at), at);
        if wait <= 0 {
            self.sources.strike(&source, at);
            self.names.strike(name, at);
        }
        let by_address = self.sources.is_suspicious(&source) && source.is_address();
        let on_name = self.names.is_suspicious(name);
        let suspicions =
            [by_address.then_some(Guessing::ByAddress), on_name.then_some(Guessing::OnName)];
        Tried { refusal: too_early(wait), suspicions: suspicions.into_iter().flatten().collect() }
    }

    /// Somebody signs up, by whatever way.
    pub(crate) fn signs_up(&mut self, peer: &str, at: Timestamp) -> Tried {
        let from = Network::of(peer).limited(self.terms.loopback);
        let too_many = from.and_then(|from| self.sign_ups.tried(from, at).err());
        let news = too_many.filter(|it| it.is_news).map(|_| Guessing::SignUps);
        let refusal = too_many.and_then(|it| too_early(it.wait_ms));
        Tried { refusal, suspicions: news.into_iter().collect() }
    }

    /// Somebody has signed up, and has an account or waits for one.
    pub(crate) fn signed_up(&mut self, peer: &str, at: Timestamp) {
        let from = Network::of(peer).limited(self.terms.loopback);
        from.into_iter().for_each(|from| self.sign_ups.count(from, at));
    }

    /// Somebody signs up under a name by a code. It is a strike like a wrong password, though none
    /// against the name, which is nobody's yet or has nothing to do with it.
    pub(crate) fn code_tried(&mut self, peer: &str, name: &UserName, at: Timestamp) -> Tried {
        let source = self.source(peer, name);
        let wait = self.wait(&self.sources, &source, 0, at);
        if wait <= 0 {
            self.sources.strike(&source, at);
        }
        let by_address = self.sources.is_suspicious(&source) && source.is_address();
        let suspicions = by_address.then_some(Guessing::ByAddress).into_iter().collect();
        Tried { refusal: too_early(wait), suspicions }
    }

    /// A code that was tried was right, or nobody has said that it was wrong: it was no strike.
    pub(crate) fn code_stood(&mut self, peer: &str, name: &UserName, at: Timestamp) {
        let source = self.source(peer, name);
        self.sources.take_back(&source, at);
    }

    /// A device key was not taken.
    pub(crate) fn key_failed(&mut self, peer: &str, name: &UserName, at: Timestamp) -> KeyFailed {
        let source = self.source(peer, name);
        let record = self.wait(&self.keys, &source, 0, at) <= 0;
        if record {
            self.keys.strike(&source, at);
        }
        let suspicious = self.keys.is_suspicious(&source) && source.is_address();
        KeyFailed { record, suspicion: suspicious.then_some(Guessing::ByAddress) }
    }

    /// A login that had begun has succeeded: it was no strike. Those before it stay, for whoever has
    /// an account could otherwise guess at others'.
    pub(crate) fn succeeded(&mut self, peer: &str, name: &UserName, at: Timestamp) {
        let source = self.source(peer, name);
        self.sources.take_back(&source, at);
        self.names.take_back(name, at);
    }

    /// Who has to wait at the moment: addresses, and names on which whoever has failed from where they
    /// are waits. From where that is nobody knows before they try.
    pub(crate) fn waiting(&self, at: Timestamp) -> impl Iterator<Item = Limited> {
        let limited = move |whom, wait: i64| {
            let until = Some(Timestamp(at.0.saturating_add(wait)));
            (wait > 0).then_some(Limited { whom, why: "failed-logins", until })
        };
        let by_source = self.sources.records.keys().filter_map(move |source| {
            let whom = match source {
                Source::Network(network) => Whom::Address(network.to_string()),
                // Told below, with what others have failed on it.
                Source::Spared(name) if self.left_on_name(name, at) > 0 => return None,
                Source::Spared(name) => Whom::User(name.to_string()),
            };
            limited(whom, self.wait(&self.sources, source, 0, at))
        });
        let on_name = self.names.records.keys().filter_map(move |name| {
            limited(Whom::User(name.to_string()), self.left_on_name(name, at))
        });
        let no_sign_ups = self.sign_ups.full(at).map(|(from, until)| {
            let whom = Whom::Address(from.to_string());
            Limited { whom, why: "sign-ups", until: Some(until) }
        });
        by_source.chain(on_name).chain(no_sign_ups)
    }

    /// Forgets whom everything was forgiven.
    pub(crate) fn tidy(&mut self, at: Timestamp) {
        self.sources.tidy(at);
        self.names.tidy(at);
        self.keys.tidy(at);
        self.sign_ups.tidy(at);
    }

    fn source(&self, peer: &str, name: &UserName) -> Source {
        match Network::of(peer).limited(self.terms.loopback) {
            Some(network) => Source::Network(network),
            None => Source::Spared(name.clone()),
        }
    }

    /// How long whoever has failed from where they are waits for the strikes against a name, in
    /// milliseconds.
    fn wait_on_name(&self, name: &UserName, at: Timestamp) -> i64 {
        self.terms.wait_ms(self.names.strikes(name, at)).min(NAME_WAIT_MS_MAX)
    }

    /// How much of that is left for whoever tried the name last.
    fn left_on_name(&self, name: &UserName, at: Timestamp) -> i64 {
        let last = self.names.records.get(name).map(|record| record.last);
        last.map_or(0, |last| left(last, self.wait_on_name(name, at), at))
    }

    /// How long to wait still, in milliseconds, for what was tried from there and for `at_least`
    /// since the last time; nothing where there was none.
    fn wait(&self, ledger: &Ledger<Source>, source: &Source, at_least: i64, at: Timestamp) -> i64 {
        let Some(record) = ledger.records.get(source) else { return 0 };
        let own = self.terms.wait_ms(ledger.strikes(source, at));
        let own = if source.is_address() { own } else { own.min(NAME_WAIT_MS_MAX) };
        left(record.last, own.max(at_least), at)
    }
}

/// What somebody hears who has to wait still, in milliseconds.
fn too_early(wait: i64) -> Option<Refusal> {
    let ms = u32::try_from(wait).ok().filter(|&ms| ms > 0)?;
    Some(Refusal { retry_after_ms: Some(ms), ..Code::RateLimited.into() })
}

/// How much of a wait is left, in milliseconds. Not more than all of it, also where the clock was set
/// back.
fn left(since: Timestamp, wait: i64, at: Timestamp) -> i64 {
    since.0.saturating_add(wait).saturating_sub(at.0).min(wait)
}

impl Source {
    fn is_address(&self) -> bool {
        match self {
            Self::Network(_) => true,
            Self::Spared(_) => false,
        }
    }
}

impl Terms {
    fn wait_ms(&self, strikes: u32) -> i64 {
        match strikes.checked_sub(FREE) {
            None => 0,
            Some(doublings) => {
                let factor = 1_i64.checked_shl(doublings).unwrap_or(i64::MAX);
                self.first_ms.saturating_mul(factor).min(self.max_ms)
            }
        }
    }

    /// Strikes beyond which the wait is no longer.
    fn strikes_max(&self) -> u32 {
        (FREE..).find(|&strikes| self.wait_ms(strikes) >= self.max_ms).unwrap_or(FREE)
    }
}

/// Strikes, each against one party.
#[derive(Debug)]
struct Ledger<K> {
    records: BTreeMap<K, Record>,
    /// The same by when everything is forgiven: where there is no more room the one goes that would
    /// go first anyway. Whoever wants a record to be forgotten so would have to fail as often under
    /// as many other names or addresses as are kept.
    by_end: BTreeSet<(Timestamp, K)>,
    forgive_ms: i64,
    strikes_max: u32,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    /// The last strike.
    last: Timestamp,
    /// When everything is forgiven: each strike puts it off.
    end: Timestamp,
    /// Tries since the record began, also those that were refused.
    tries: u32,
    /// Whether that they are many was told.
    told: bool,
}

impl<K: Ord + Clone> Ledger<K> {
    fn new(forgive_ms: i64, strikes_max: u32) -> Self {
        Self { records: BTreeMap::new(), by_end: BTreeSet::new(), forgive_ms, strikes_max }
    }

    /// Goes on by other terms, with the strikes of those who stay.
    fn recount(
        &mut self,
        forgive_ms: i64,
        strikes_max: u32,
        at: Timestamp,
        stays: impl Fn(&K) -> bool,
    ) {
        let before = std::mem::replace(&mut self.forgive_ms, forgive_ms);
        self.strikes_max = strikes_max;
        self.by_end.clear();
        for (key, record) in std::mem::take(&mut self.records) {
            let left = record.end.0.saturating_sub(at.0);
            if left > 0 && stays(&key) {
                // A strike that is forgiven in part stays so, and none is lost by rounding.
                let left = i128::from(left) * i128::from(forgive_ms);
                let left = (left + i128::from(before) - 1) / i128::from(before);
                let longest = forgive_ms.saturating_mul(strikes_max.into());
                let left = i64::try_from(left).unwrap_or(i64::MAX).min(longest);
                let end = Timestamp(at.0.saturating_add(left));
                self.put(&key, Some(Record { end, ..record }));
            }
        }
    }

    fn strikes(&self, key: &K, at: Timestamp) -> u32 {
        let left = self.records.get(key).map_or(0, |it| it.end.0.saturating_sub(at.0)).max(0);
        let strikes = left / self.forgive_ms + i64::from(left % self.forgive_ms > 0);
        u32::try_from(strikes).unwrap_or(u32::MAX).min(self.strikes_max)
    }

    fn strike(&mut self, key: &K, at: Timestamp) {
        let before = self.records.get(key).copied().filter(|record| record.end > at);
        let (tries, told) = before.map_or((0, false), |record| (record.tries, record.told));
        let latest = at.0.saturating_add(self.forgive_ms * i64::from(self.strikes_max));
        let from = before.map_or(at, |record| record.end);
        let end = Timestamp(from.0.saturating_add(self.forgive_ms).min(latest));
        self.put(key, Some(Record { last: at, end, tries, told }));
        if self.records.len() > RECORDS_MAX
            && let Some((_, first)) = self.by_end.pop_first()
        {
            self.records.remove(&first);
        }
    }

    fn take_back(&mut self, key: &K, at: Timestamp) {
        let Some(record) = self.records.get(key).copied() else { return };
        let end = Timestamp(record.end.0.saturating_sub(self.forgive_ms));
        let after = Record { end, tries: record.tries.saturating_sub(1), ..record };
        self.put(key, (end > at).then_some(after));
    }

    /// Counts a try; whether with it they have become many, which is told once.
    fn is_suspicious(&mut self, key: &K) -> bool {
        let Some(record) = self.records.get_mut(key) else { return false };
        record.tries = record.tries.saturating_add(1);
        let many = record.tries >= SUSPICIOUS_TRIES;
        many && !std::mem::replace(&mut record.told, many)
    }

    fn tidy(&mut self, at: Timestamp) {
        while let Some((end, _)) = self.by_end.first()
            && *end <= at
            && let Some((_, key)) = self.by_end.pop_first()
        {
            self.records.remove(&key);
        }
    }

    fn put(&mut self, key: &K, record: Option<Record>) {
        let before = match record {
            Some(record) => self.records.insert(key.clone(), record),
            None => self.records.remove(key),
        };
        before.map(|before| self.by_end.remove(&(before.end, key.clone())));
        record.map(|record| self.by_end.insert((record.end, key.clone())));
    }
}

#[cfg(test)]
mod tests;
