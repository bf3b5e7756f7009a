//! Who is let in, for what, and who is not.

use super::*;

const LIMITS: Limits =
    Limits { in_all: 1_000, per_address: 20, strangers_per_minute: 60, loopback: Loopback::Spared };
const SECOND: Duration = Duration::from_secs(1);

/// How many are let in for everything, for a device key, to be told that they may not, or not at all.
fn kinds<'a>(admissions: impl IntoIterator<Item = &'a Option<Admission>>) -> [usize; 4] {
    let mut counts = [0; 4];
    for admission in admissions {
        counts[match admission.as_ref().map(Admission::kind) {
            Some(AdmissionKind::Session) => 0,
            Some(AdmissionKind::DeviceOnly) => 1,
            Some(AdmissionKind::TurnedAway) => 2,
            None => 3,
        }] += 1;
    }
    counts
}

#[test]
fn an_address_has_so_many_connections_at_once_and_no_other_has_fewer() {
    let (gate, now) = (Gate::new(&LIMITS, usize::MAX), Instant::now());
    let [own, other] = ["192.0.2.7", "192.0.2.8"].map(Network::of);
    let mut held: Vec<_> = (0..25).map(|_| gate.admit(own, now)).collect();
    assert_eq!(kinds(&held), [20, 0, 5, 0]);
    assert_eq!(gate.curbed()[1], (Curb::PerAddress, 5));
    assert_eq!(kinds(&[gate.admit(other, now)]), [1, 0, 0, 0]);
    // A place that becomes free is given again.
    held.remove(0);
    assert_eq!(kinds(&[gate.admit(own, now)]), [1, 0, 0, 0]);
    drop(held);
    assert_eq!(gate.open(), 0);
}

#[test]
fn limits_that_change_count_for_whoever_comes_next_and_send_nobody_away() {
    let (gate, now) = (Gate::new(&LIMITS, usize::MAX), Instant::now());
    let own = Network::of("192.0.2.7");
    let came = || [gate.admit(own, now)].map(|it| kinds(&[it]));
    let held: Vec<_> = (0..10).map(|_| gate.admit(own, now)).collect();
    gate.limit(&Limits { per_address: 5, ..LIMITS });
    assert_eq!((came(), gate.open()), ([[0, 0, 1, 0]], 10));
    gate.limit(&Limits { in_all: 5, ..LIMITS });
    assert_eq!((came(), gate.open()), ([[0, 0, 1, 0]], 10));
    gate.limit(&LIMITS);
    assert_eq!(came(), [[1, 0, 0, 0]]);
    drop(held);
    assert_eq!(gate.open(), 0);
}

#[test]
fn connections_beyond_those_of_strangers_are_for_device_keys_and_these_have_an_end_too() {
    let (gate, now) = (Gate::new(&LIMITS, usize::MAX), Instant::now());
    let own = Network::of("2001:db8::1");
    // One after the other, so that only few are open at once.
    let come = |now, count| {
        let came = (0..count).map(|_| kinds(&[gate.admit(own, now)]));
        came.fold([0; 4], |sum, one| std::array::from_fn(|kind| sum[kind] + one[kind]))
    };
    assert_eq!(come(now, 3_100), [60, 2_940, 0, 100]);
    assert_eq!(come(now + SECOND, 60), [0, 50, 0, 10]);
    // Each second one is forgotten; after a minute of silence the next stranger is let in.
    assert_eq!(come(now + 59 * SECOND, 1), [0, 1, 0, 0]);
    assert_eq!(come(now + 63 * SECOND, 2), [1, 1, 0, 0]);
    let counts = [0, 0, 2_992, 110];
    assert_eq!(gate.curbed().map(|(_, count)| count), counts);
}

#[test]
fn whoever_waited_as_long_as_told_may_what_strangers_may() {
    let (gate, now) = (Gate::new(&LIMITS, usize::MAX), Instant::now());
    let own = Network::of("192.0.2.7");
    for _ in 0..60 {
        assert_eq!(gate.admit(own, now).unwrap().strangers_wait(now), None);
    }
    let waits = [1, 2, 3].map(|_| gate.admit(own, now).unwrap().strangers_wait(now));
    assert_eq!(waits, [2, 3, 4].map(|secs| Some(secs * SECOND)), "it grows with each");
    let late = gate.admit(own, now).unwrap();
    let wait = late.strangers_wait(now).unwrap();
    let early = now + wait - Duration::from_millis(1);
    assert_eq!(late.strangers_wait(early), Some(Duration::from_millis(1)));
    assert_eq!(late.strangers_wait(now + wait), None);
    // What it was allowed once it may finish, whoever comes meanwhile.
    let others: Vec<_> = (0..100).map(|_| gate.admit(own, now + wait)).collect();
    assert_eq!(late.strangers_wait(now + wait), None);
    drop(others);
    // However many come, nobody waits for longer than until a minute of silence has passed.
    (0..2_000).for_each(|_| drop(gate.admit(own, now)));
    let last = gate.admit(own, now).unwrap().strangers_wait(now);
    assert_eq!(last, Some(MINUTE + SECOND));
}

#[test]
fn connections_that_log_in_are_as_many_as_one_likes() {
    let (gate, now) = (Gate::new(&LIMITS, usize::MAX), Instant::now());
    for _ in 0..1_000 {
        let admission = gate.admit(Network::of("192.0.2.7"), now).unwrap();
        assert_eq!(admission.kind(), AdmissionKind::Session);
        admission.logged_in();
        admission.logged_in();
    }
}

#[test]
fn this_machine_is_spared_and_the_limit_in_all_spares_nobody() {
    let limits = Limits { in_all: 200, ..LIMITS };
    let (gate, now) = (Gate::new(&limits, usize::MAX), Instant::now());
    let local = ["127.0.0.1", "::1", "unix"].map(Network::of);
    let held: Vec<_> = local.into_iter().cycle().take(300).map(|it| gate.admit(it, now)).collect();
    assert_eq!(kinds(&held), [200, 0, 64, 36]);
    assert_eq!(gate.curbed()[0], (Curb::InAll, 100));
}

#[test]
fn a_flood_of_addresses_is_counted_as_far_as_there_is_room_and_then_forgotten() {
    let (gate, now) = (Gate::new(&LIMITS, usize::MAX), Instant::now());
    let own = Network::of("192.0.2.7");
    let held: Vec<_> = (0..30).map(|_| gate.admit(own, now)).collect();
    for party in 0..120_000_u32 {
        gate.admit(Network::of_ip(std::net::Ipv4Addr::from_bits(party).into()), now);
    }
    assert_eq!(gate.addresses.lock().by_network.len(), ADDRESSES_MAX);
    // Whoever was counted before still is.
    assert_eq!(kinds(&[gate.admit(own, now)]), [0, 0, 1, 0]);
    drop(held);
    gate.admit(Network::of("192.0.2.8"), now + 3 * MINUTE);
    assert_eq!(gate.addresses.lock().by_network.len(), 1);
}
