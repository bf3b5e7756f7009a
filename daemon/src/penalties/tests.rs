//! Who waits for how long, who never does, and what nobody can do to others.

use super::*;

const TERMS: Terms =
    Terms { first_ms: 1_000, max_ms: 600_000, sign_ups_per_hour: 30, loopback: Loopback::Spared };
const START: Timestamp = Timestamp(1_795_377_632_123);
const STRANGER: &str = "198.51.100.1";
const HOME: &str = "192.0.2.7";

fn alice() -> UserName {
    "alice".parse().unwrap()
}

fn later(ms: i64) -> Timestamp {
    Timestamp(START.0 + ms)
}

impl Penalties {
    /// How long somebody is told to wait who tries at `at`; nothing for whose try is taken.
    fn told(&mut self, peer: &str, name: &UserName, at: Timestamp) -> Option<u32> {
        let refusal = self.tried(peer, name, at).refusal?;
        assert_eq!(refusal.code, Code::RateLimited);
        Some(refusal.retry_after_ms.unwrap())
    }

    /// Fails `count` times from there, each time as soon as it is taken; when the last one was.
    fn fail(&mut self, peer: &str, name: &UserName, count: u32, mut at: Timestamp) -> Timestamp {
        for _ in 0..count {
            while let Some(wait) = self.told(peer, name, at) {
                at = Timestamp(at.0 + i64::from(wait));
            }
        }
        at
    }
}

#[test]
fn after_ten_failures_the_wait_doubles_up_to_its_longest() {
    let mut penalties = Penalties::new(TERMS);
    let (mut at, mut waits) = (penalties.fail(STRANGER, &alice(), 10, START), vec![]);
    assert_eq!(at, START);
    for _ in 0..22 {
        let wait = penalties.told(STRANGER, &alice(), at).unwrap();
        waits.push(wait / 1_000);
        assert_eq!(penalties.told(STRANGER, &alice(), Timestamp(at.0 + 1)), Some(wait - 1));
        at = Timestamp(at.0 + i64::from(wait));
        assert_eq!(penalties.told(STRANGER, &alice(), at), None);
    }
    assert_eq!(waits[..10], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    // While somebody waits some strikes are forgiven, so that it takes more than one to get there.
    assert!(waits[10..].is_sorted(), "{waits:?}");
    assert_eq!(waits[20..], [600, 600]);
}

#[test]
fn strikes_are_forgiven_one_by_one() {
    let mut penalties = Penalties::new(TERMS);
    let at = penalties.fail(STRANGER, &alice(), 13, START);
    assert_eq!(penalties.told(STRANGER, &alice(), at), Some(8_000));
    // Two are forgiven, and the next failure is one more.
    let at = Timestamp(at.0 + 2 * TERMS.max_ms);
    assert_eq!(penalties.told(STRANGER, &alice(), at), None);
    assert_eq!(penalties.told(STRANGER, &alice(), at), Some(4_000));
    let forgotten = Timestamp(at.0 + 13 * TERMS.max_ms);
    penalties.tidy(forgotten);
    assert!(penalties.sources.records.is_empty() && penalties.names.records.is_empty());
    assert!(penalties.sources.by_end.is_empty() && penalties.names.by_end.is_empty());
}

#[test]
fn whoever_fails_on_a_name_keeps_nobody_else_out() {
    let mut penalties = Penalties::new(TERMS);
    let at = penalties.fail(STRANGER, &alice(), 20, START);
    assert!(penalties.told(STRANGER, &alice(), at).unwrap() > 60_000);
    // Alice's first try is taken, and behind a mistyped password she waits for half a minute at
    // most, however the stranger goes on.
    assert_eq!(penalties.told(HOME, &alice(), at), None);
    assert_eq!(penalties.told(HOME, &alice(), at), Some(30_000));
    let half = Timestamp(at.0 + 15_000);
    penalties.fail("198.51.100.2", &alice(), 1, half);
    assert_eq!(penalties.told(HOME, &alice(), half), Some(15_000));
    assert_eq!(penalties.told(HOME, &alice(), Timestamp(at.0 + 30_000)), None);
    penalties.succeeded(HOME, &alice(), Timestamp(at.0 + 30_000));
    // And others from the stranger's address wait like the stranger, but not longer.
    let bob = "bob".parse().unwrap();
    assert!(penalties.told(STRANGER, &bob, half).unwrap() > 60_000);
    assert_eq!(penalties.told(HOME, &bob, half), None);
}

#[test]
fn a_name_for_which_somebody_waits_is_told_of_and_each_only_once() {
    let mut penalties = Penalties::new(TERMS);
    let told = |penalties: &Penalties, at| {
        let waiting = penalties.waiting(at).map(|limited| {
            let until = limited.until.unwrap().0 - START.0;
            match limited.whom {
                Whom::Address(address) => (address, until),
                Whom::User(name) => (name, until),
            }
        });
        waiting.collect::<Vec<_>>()
    };
    // Nobody has failed often from one place, and yet whoever failed has to wait.
    for party in 0..14 {
        penalties.fail(&format!("203.0.113.{party}"), &alice(), 1, START);
    }
    assert_eq!(told(&penalties, START), [("alice".to_owned(), 16_000)]);
    assert_eq!(penalties.told("203.0.113.5", &alice(), START), Some(16_000));
    assert_eq!(told(&penalties, later(16_000)), []);
    // From this machine the name stands for all, whoever has failed on it.
    penalties.fail("127.0.0.1", &alice(), 1, later(16_000));
    penalties.fail("127.0.0.1", &"bob".parse().unwrap(), 10, later(16_000));
    let names = [("alice".to_owned(), 46_000), ("bob".to_owned(), 17_000)];
    assert_eq!(told(&penalties, later(16_000)), names);
}

#[test]
fn many_addresses_have_one_try_each_on_a_name_that_is_guessed_at() {
    let mut penalties = Penalties::new(TERMS);
    for party in 0..16 {
        let address = format!("2001:db8:0:{party:x}::1");
        assert_eq!(penalties.told(&address, &alice(), START), None, "{address}");
    }
    // With one strike each they would not have to wait on any other name.
    let neighbour = "2001:db8:0:3:ffff::2";
    assert_eq!(penalties.told(neighbour, &alice(), START), Some(30_000));
    assert_eq!(penalties.told(neighbour, &"bob".parse().unwrap(), START), None);
}

#[test]
fn many_tries_at_once_are_not_taken_before_the_first_has_failed() {
    let mut penalties = Penalties::new(TERMS);
    let taken = (0..200).filter(|_| penalties.told(STRANGER, &alice(), START).is_none());
    assert_eq!(taken.count(), 10);
}

#[test]
fn logins_that_succeed_are_no_strikes_and_forgive_none() {
    let mut penalties = Penalties::new(TERMS);
    for _ in 0..50 {
        assert_eq!(penalties.told(HOME, &alice(), START), None);
        penalties.succeeded(HOME, &alice(), START);
    }
    assert!(penalties.sources.records.is_empty() && penalties.names.records.is_empty());
    // Whoever has an account of their own guesses no faster for it.
    let own: UserName = "mallory".parse().unwrap();
    let mut at = penalties.fail(STRANGER, &alice(), 13, START);
    let wait = penalties.told(STRANGER, &alice(), at).unwrap();
    at = Timestamp(at.0 + i64::from(wait));
    assert_eq!(penalties.told(STRANGER, &own, at), None);
    penalties.succeeded(STRANGER, &own, at);
    assert_eq!(penalties.told(STRANGER, &alice(), at), Some(wait));
}

#[test]
fn a_wrong_code_is_a_strike_against_its_address_and_a_right_one_is_none() {
    let mut penalties = Penalties::new(TERMS);
    let bob = "bob".parse().unwrap();
    for _ in 0..50 {
        assert_eq!(penalties.code_tried(STRANGER, &bob, START).refusal, None);
        penalties.code_stood(STRANGER, &bob, START);
    }
    let tries: Vec<_> = (0..30).map(|_| penalties.code_tried(STRANGER, &bob, START)).collect();
    assert_eq!(tries.iter().filter(|tried| tried.refusal.is_none()).count(), 10);
    let suspicions: Vec<_> = tries.iter().flat_map(|tried| tried.suspicions.clone()).collect();
    assert_eq!(suspicions, [Guessing::ByAddress]);
    // Passwords wait there as well, and under the name that was to be had nobody else does.
    assert_eq!(penalties.told(STRANGER, &alice(), START), Some(1_000));
    assert_eq!(penalties.told(HOME, &alice(), START), None);
    assert!(penalties.names.records.keys().eq([&alice()]));
}

#[test]
fn where_addresses_are_spared_only_the_name_waits_and_not_for_long() {
    let mut penalties = Penalties::new(TERMS);
    let at = penalties.fail("127.0.0.1", &alice(), 25, START);
    for local in ["127.0.0.1", "127.0.0.2", "::1", "unix"] {
        assert_eq!(penalties.told(local, &alice(), at), Some(30_000), "{local}");
        assert_eq!(penalties.told(local, &"bob".parse().unwrap(), at), None, "{local}");
    }
    let limited = Terms { loopback: Loopback::Limited, ..TERMS };
    let mut penalties = Penalties::new(limited);
    let at = penalties.fail("127.0.0.1", &alice(), 25, START);
    assert!(penalties.told("127.0.0.1", &"bob".parse().unwrap(), at).unwrap() > 500_000);
    assert_eq!(penalties.told("127.0.0.2", &alice(), at), None);
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_for_it() {
    let mut penalties = Penalties::new(TERMS);
    penalties.fail(STRANGER, &alice(), 12, later(1_000_000_000));
    assert_eq!(penalties.told(STRANGER, &alice(), START).map(|ms| ms <= 600_000), Some(true));
}

#[test]
fn what_is_suspicious_is_told_once_while_it_lasts() {
    let mut penalties = Penalties::new(TERMS);
    let told = |penalties: &mut Penalties, at| {
        let tries = (0..100).flat_map(|_| penalties.tried(STRANGER, &alice(), at).suspicions);
        tries.collect::<Vec<_>>()
    };
    let both = [Guessing::ByAddress, Guessing::OnName];
    assert_eq!(told(&mut penalties, START), both);
    assert_eq!(told(&mut penalties, later(700_000)), []);
    assert_eq!(told(&mut penalties, later(100 * TERMS.max_ms)), both);
}

#[test]
fn a_name_that_is_guessed_at_from_many_addresses_is_suspicious_and_they_are_not() {
    let mut penalties = Penalties::new(TERMS);
    let told = (0..100).flat_map(|party| {
        penalties.tried(&format!("203.0.113.{party}"), &alice(), START).suspicions
    });
    assert_eq!(told.collect::<Vec<_>>(), [Guessing::OnName]);
}

#[test]
fn an_address_that_guesses_at_many_names_is_suspicious_and_they_are_not() {
    let mut penalties = Penalties::new(TERMS);
    let told = (0..100).flat_map(|user| {
        penalties.tried(STRANGER, &format!("u{user}").parse().unwrap(), START).suspicions
    });
    assert_eq!(told.collect::<Vec<_>>(), [Guessing::ByAddress]);
}

#[test]
fn a_flood_of_addresses_and_names_forgets_nobody_who_failed_more_often() {
    let mut penalties = Penalties::new(TERMS);
    let at = penalties.fail(STRANGER, &alice(), 12, START);
    let wait = penalties.told(STRANGER, &alice(), at);
    for party in 0..60_000_u32 {
        let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 + party).to_string();
        penalties.tried(&address, &format!("u{party}").parse().unwrap(), at);
    }
    assert_eq!(penalties.sources.records.len(), RECORDS_MAX);
    assert_eq!(penalties.names.records.len(), RECORDS_MAX);
    assert_eq!(penalties.sources.by_end.len(), RECORDS_MAX);
    assert_eq!(penalties.told(STRANGER, &alice(), at), wait);
    // The address and the name.
    assert_eq!(penalties.waiting(at).count(), 2);
}

#[test]
fn a_key_that_is_not_taken_is_no_strike_and_only_some_are_worth_a_record() {
    let mut penalties = Penalties::new(TERMS);
    let failed: Vec<_> =
        (0..200).map(|_| penalties.key_failed(STRANGER, &alice(), START)).collect();
    assert_eq!(failed.iter().filter(|failed| failed.record).count(), 10);
    let suspicions: Vec<_> = failed.iter().filter_map(|failed| failed.suspicion).collect();
    assert_eq!(suspicions, [Guessing::ByAddress]);
    assert_eq!(penalties.told(STRANGER, &alice(), START), None);
    assert!(penalties.key_failed(STRANGER, &alice(), later(1_000)).record);
    assert!(!penalties.key_failed(STRANGER, &alice(), later(2_000)).record);
}

#[test]
fn other_terms_forgive_nothing() {
    let mut penalties = Penalties::new(TERMS);
    let at = penalties.fail(STRANGER, &alice(), 13, START);
    let failed = |penalties: &Penalties| {
        let source = penalties.source(STRANGER, &alice());
        (penalties.sources.strikes(&source, at), penalties.names.strikes(&alice(), at))
    };
    let before = failed(&penalties);
    assert!(before.0 > FREE, "{before:?}");
    for terms in [
        Terms { first_ms: TERMS.first_ms * 2, ..TERMS },
        Terms { max_ms: TERMS.max_ms / 3, ..TERMS },
        Terms { max_ms: TERMS.max_ms * 7, ..TERMS },
        Terms { loopback: Loopback::Limited, ..TERMS },
        TERMS,
    ] {
        penalties.set_terms(terms.clone(), at);
        assert_eq!(failed(&penalties), before, "{terms:?}");
        assert!(penalties.told(STRANGER, &alice(), at).is_some(), "{terms:?}");
    }
    // The longest wait comes earlier by shorter terms, and behind it no strike counts more.
    penalties.set_terms(Terms { max_ms: TERMS.first_ms * 2, ..TERMS }, at);
    assert_eq!(failed(&penalties).0, FREE + 1);
}

#[test]
fn this_machines_own_addresses_begin_anew_where_they_are_counted_otherwise() {
    let mut penalties = Penalties::new(Terms { loopback: Loopback::Limited, ..TERMS });
    let at = penalties.fail("127.0.0.1", &alice(), 13, START);
    let own = |penalties: &Penalties| {
        let waiting = penalties.waiting(at).filter(|it| matches!(it.whom, Whom::Address(_)));
        waiting.count()
    };
    assert_eq!(own(&penalties), 1);
    penalties.set_terms(TERMS, at);
    assert_eq!(own(&penalties), 0);
}
