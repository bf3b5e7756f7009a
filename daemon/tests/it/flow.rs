//! Who sends too much or reads too little harms nobody else.

use std::thread;
use std::time::{Duration, Instant};

use parlor_protocol::reply::CloseReason;

use crate::harness::{Daemon, Ended, PATIENCE, saying, seqs_without_a_gap};

#[test]
fn a_slow_consumer_is_disconnected_and_the_others_go_on() {
    // Enough to fill the daemon's outbox and the system's buffers of a Unix socket several times.
    const ROUNDS: usize = 30;
    const MESSAGES_PER_ROUND: usize = 10;
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    let mut slow = daemon.unix_client();
    slow.sign_up("slow").unwrap();
    slow.subscribe();
    slow.join(room).unwrap();
    alice.settle();
    bob.settle();
    let long = "\u{1f980}".repeat(4_000);
    for _ in 0..ROUNDS {
        let nonces = [(); MESSAGES_PER_ROUND].map(|()| alice.nonce());
        let ids = alice.requests(nonces.map(|nonce| saying(room, nonce, &long)));
        assert!(ids.into_iter().all(|id| alice.sent(id).is_ok()));
        assert_eq!(bob.settle().len(), MESSAGES_PER_ROUND);
    }
    // The goodbye may have found no room on its way.
    let ended = slow.until_ended();
    assert!(matches!(ended, Ended::Cut | Ended::Closing(CloseReason::SlowConsumer)), "{ended:?}");
    let heard = slow.heard();
    assert!((1..ROUNDS * MESSAGES_PER_ROUND).contains(&heard), "{heard} pushes reached it");
    assert_eq!(daemon.user("carol").join(room).unwrap().members, 4, "it is still a member");
}

#[test]
fn a_flood_of_requests_is_answered_in_full_and_holds_up_nobody() {
    const FLOOD: usize = 3_000;
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let (flooded, calm) = (alice.create("flood").unwrap(), bob.create("calm").unwrap());
    let flood = thread::spawn(move || {
        let nonces: Vec<_> = (0..FLOOD).map(|_| alice.nonce()).collect();
        let commands = nonces.into_iter().map(|nonce| saying(flooded, nonce, "flood"));
        let (ids, writing) = alice.flood(commands);
        seqs_without_a_gap(ids.into_iter().map(|id| alice.sent(id).unwrap().seq.0));
        writing.join().unwrap();
    });
    let (mut said, mut slowest) = (0, Duration::ZERO);
    while !flood.is_finished() {
        let began = Instant::now();
        bob.say(calm, "calm").unwrap();
        slowest = slowest.max(began.elapsed());
        said += 1;
    }
    flood.join().unwrap();
    println!("{said} calm messages beside the flood, the slowest took {slowest:?}");
    assert!(said > 0 && slowest < PATIENCE / 6);
}
