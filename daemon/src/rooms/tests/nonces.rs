//! Sending again: what is one message, what two, and what is refused.

use parlor_protocol::id::{Nonce, RoomId, Timestamp};
use parlor_protocol::refusal::Code;

use super::scene::{DAY, MINUTE, START, Scene, send};
use crate::rooms::{
    Actor, Decision, Event, Happening, Posted, RoomEvent, UserId, oldest_remembered,
};

fn nonce(at: Timestamp, tail: u8) -> Nonce {
    Nonce::new(at, [tail; 10])
}

fn room_of_two() -> (Scene, RoomId, UserId, UserId) {
    let mut scene = Scene::new();
    let [alice, bob] = scene.users(["alice", "bob"]);
    let room = scene.create(alice, "ops").unwrap();
    scene.join(bob, room).unwrap();
    (scene, room, alice, bob)
}

fn posted(decision: Result<Decision, Code>) -> Posted {
    let Ok(Decision::Events(events)) = decision else { panic!("no new message: {decision:?}") };
    let [Event { revision, at, what: Happening::Room(_, RoomEvent::Messaged { seq, .. }) }] =
        events[..]
    else {
        panic!("not one message: {events:?}")
    };
    Posted { seq, revision, at }
}

#[test]
fn the_same_nonce_is_the_same_message_for_seven_days() {
    let (mut scene, room, alice, _) = room_of_two();
    let first = posted(scene.send(alice, room, nonce(START, 1)));
    for wait in [0, MINUTE, 7 * DAY - MINUTE] {
        scene.wait_ms(wait);
        assert_eq!(scene.send(alice, room, nonce(START, 1)), Ok(Decision::Repeated(first)));
    }
    scene.wait_ms(1);
    assert_eq!(scene.send(alice, room, nonce(START, 1)), Err(Code::StaleNonce));
}

#[test]
fn a_nonce_counts_for_its_room_and_author_only() {
    let (mut scene, room, alice, bob) = room_of_two();
    let other = scene.create(alice, "other").unwrap();
    let first = posted(scene.send(alice, room, nonce(START, 1)));
    let by_bob = posted(scene.send(bob, room, nonce(START, 1)));
    assert_eq!(by_bob.seq, first.seq.next());
    assert_eq!(posted(scene.send(alice, other, nonce(START, 1))).seq.0, 1);
}

#[test]
fn the_edges_of_a_nonces_time_are_exact() {
    for (offset, allowed) in [
        (10 * MINUTE, true),
        (10 * MINUTE + 1, false),
        (-7 * DAY, true),
        (-7 * DAY - 1, false),
        (-1, true),
    ] {
        let (mut scene, room, alice, _) = room_of_two();
        let answer = scene.send(alice, room, nonce(Timestamp(START.0 + offset), 1));
        assert_eq!(answer.is_ok(), allowed, "{offset}");
        assert!(allowed || answer == Err(Code::StaleNonce), "{offset}");
    }
}

#[test]
fn a_nonce_without_a_time_is_a_bad_request() {
    let (mut scene, room, alice, _) = room_of_two();
    let answer = scene.send(alice, room, Nonce::from_bytes([0xff; 16]));
    assert_eq!(answer, Err(Code::BadRequest));
}

#[test]
fn a_refusal_is_not_remembered() {
    let (mut scene, room, alice, _) = room_of_two();
    let early = nonce(Timestamp(START.0 + 11 * MINUTE), 1);
    assert_eq!(scene.send(alice, room, early), Err(Code::StaleNonce));
    scene.wait_ms(MINUTE);
    assert_eq!(posted(scene.send(alice, room, early)).seq.0, 1);
}

#[test]
fn who_left_is_no_member_also_for_what_they_sent() {
    let (mut scene, room, _, bob) = room_of_two();
    let first = posted(scene.send(bob, room, nonce(START, 1)));
    scene.leave(bob, room).unwrap();
    assert_eq!(scene.send(bob, room, nonce(START, 1)), Err(Code::NotAMember));
    scene.join(bob, room).unwrap();
    assert_eq!(scene.send(bob, room, nonce(START, 1)), Ok(Decision::Repeated(first)));
}

#[test]
fn what_was_evicted_is_recalled_before_it_is_decided() {
    let (mut scene, room, alice, _) = room_of_two();
    let sent: Vec<Posted> =
        (1..=5).map(|tail| posted(scene.send(alice, room, nonce(START, tail)))).collect();
    let evicted = scene.world.evict_nonces(2);
    assert_eq!(evicted.iter().map(|&(_, posted)| posted).collect::<Vec<_>>(), sent[..3]);

    let recall = |scene: &Scene, tail| {
        scene.world.nonce_to_recall(&Actor::User(alice), &send(room, nonce(START, tail)))
    };
    let key = recall(&scene, 2).unwrap();
    assert_eq!(recall(&scene, 4), None, "still in memory");
    assert_eq!(recall(&scene, 9), None, "newer than all that was evicted");
    assert_eq!(recall(&scene, 0).unwrap().nonce, nonce(START, 0), "older: the store must say");

    scene.world.restore_nonce(key, evicted[1].1);
    assert_eq!(scene.send(alice, room, nonce(START, 2)), Ok(Decision::Repeated(sent[1])));
}

#[test]
fn what_was_forgotten_stays_stale_when_the_clock_is_set_back() {
    let (mut scene, room, alice, _) = room_of_two();
    posted(scene.send(alice, room, nonce(START, 1)));
    assert_eq!(scene.world.forget_nonces(Timestamp(START.0 + 7 * DAY)), 0);
    assert_eq!(scene.world.forget_nonces(Timestamp(START.0 + 7 * DAY + 1)), 1);
    assert_eq!(scene.send(alice, room, nonce(START, 1)), Err(Code::StaleNonce));
    let next = posted(scene.send(alice, room, nonce(Timestamp(START.0 + 1), 1)));
    assert_eq!(next.seq.0, 2);
}

#[test]
fn messages_whose_nonces_still_count_are_in_reach_of_a_load() {
    // Sent at the earliest that its nonce allows, and asked for again at the latest.
    let made = START;
    let sent_at = Timestamp(made.0 - 10 * MINUTE);
    assert!(oldest_remembered(Timestamp(made.0 + 7 * DAY)) <= sent_at);
}
