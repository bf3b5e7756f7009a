//! The outbox: order, waits, and that no message is ever sent as two.

use std::collections::{BTreeMap, BTreeSet};

use parlor_protocol::name::UserName;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::cache::Caches;
use crate::cache::tests::server;

fn outbox(messages: u64) -> Outbox {
    let mut outbox = Outbox::default();
    for number in 0..messages {
        outbox.add(room(number), LocalId(number), number.to_string(), MessageKind::Said);
    }
    outbox
}

/// Messages go into two rooms by turns.
fn room(number: u64) -> RoomId {
    RoomId::from_random(number % 2)
}

/// What is sent now, where nothing is kept.
fn sent(outbox: &mut Outbox, now: Instant, nonce: u8) -> Vec<(LocalId, Send)> {
    let mut nothing = Keeper::new(None);
    outbox.send(now, &mut nothing, || Nonce::from_bytes([nonce; 16])).sends
}

fn locals(sends: &[(LocalId, Send)]) -> Vec<u64> {
    sends.iter().map(|(local, _)| local.0).collect()
}

#[test]
fn of_each_room_one_message_is_under_way_and_again_under_the_same_nonce() {
    let (mut outbox, now) = (outbox(5), Instant::now());
    let first = sent(&mut outbox, now, 1);
    assert_eq!(locals(&first), [0, 1]);
    assert_eq!(sent(&mut outbox, now, 2), []);
    assert_eq!(outbox.settle(LocalId(1)), Some(room(1)));
    assert_eq!(locals(&sent(&mut outbox, now, 3)), [3]);
    outbox.disconnected();
    let again = sent(&mut outbox, now, 9);
    assert_eq!(again[0], first[0], "the nonce stays");
    assert_eq!((locals(&again), again[1].1.nonce), (vec![0, 3], Nonce::from_bytes([3; 16])));
}

#[test]
fn what_is_held_holds_up_its_room_alone() {
    let (mut outbox, now) = (outbox(4), Instant::now());
    let first = sent(&mut outbox, now, 1);
    assert_eq!(outbox.hold(LocalId(0), now, Duration::from_secs(60)), Some(room(0)));
    assert_eq!(outbox.settle(LocalId(1)), Some(room(1)));
    assert_eq!(locals(&sent(&mut outbox, now, 2)), [3]);
    assert_eq!(outbox.held_until(), Some(now + Duration::from_secs(60)));
    assert_eq!(sent(&mut outbox, now + Duration::from_secs(59), 2), []);
    let then = sent(&mut outbox, now + Duration::from_secs(60), 2);
    assert_eq!(then, [first[0].clone()]);
    assert_eq!(outbox.held_until(), None);
}

#[test]
fn nothing_more_goes_into_a_room_that_was_left() {
    let (mut outbox, now) = (outbox(4), Instant::now());
    sent(&mut outbox, now, 1);
    outbox.forget(room(0));
    assert!(outbox.settle(LocalId(0)).is_some(), "what is under way is answered yet");
    assert!(outbox.settle(LocalId(2)).is_none());
    outbox.settle(LocalId(1));
    assert_eq!(locals(&sent(&mut outbox, now, 1)), [3]);
}

/// What may befall the outbox, the connection and the program.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Something is written into one of two rooms.
    Write(u64),
    /// What can be sent is sent, and what is under way ends so.
    Send(Fate),
    /// The program is killed, and started again.
    Kill,
}

/// What becomes of the messages under way.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Acknowledged,
    /// They arrive, and the connection breaks before that is known.
    AcknowledgementLost,
    /// The connection breaks before they arrive.
    Lost,
    /// They arrive, and the program is killed before that is known.
    KilledAfter,
    /// The server wants them later.
    Held,
    /// The server does not want them.
    Refused,
}

/// A server that takes each nonce once, and a program on a disk.
struct World {
    _dir: TempDir,
    caches: Caches,
    /// `None` while the program is dead.
    running: Option<(Outbox, Keeper)>,
    next_local: u64,
    nonces: u64,
    taken: BTreeMap<[u8; 16], u64>,
    /// What each room holds, in order.
    rooms: BTreeMap<RoomId, Vec<u64>>,
    refused: BTreeSet<u64>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let caches = Caches::new(dir.path().to_owned());
        let mut world = Self {
            _dir: dir,
            caches,
            running: None,
            next_local: 0,
            nonces: 0,
            taken: BTreeMap::new(),
            rooms: BTreeMap::new(),
            refused: BTreeSet::new(),
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let (mut cache, kept) = self.caches.open(&server(), &user()).unwrap();
        let refused: BTreeSet<_> = kept
            .rooms
            .iter()
            .flat_map(|room| &room.unsent)
            .filter(|unsent| matches!(unsent.state, crate::model::SendState::Refused(_)))
            .map(|unsent| unsent.local.0)
            .collect();
        assert_eq!(refused, self.refused, "what was refused is still shown");
        for number in 0..2 {
            cache.enter(&listed(number)).unwrap();
        }
        cache.commit().unwrap();
        assert!(kept.next_local.0 <= self.next_local);
        self.next_local = self.next_local.max(kept.next_local.0);
        self.running = Some((Outbox::new(kept.outbox), Keeper::new(Some(cache))));
    }

    fn kill(&mut self) {
        self.running = None;
        self.start();
    }

    fn write(&mut self, number: u64) {
        let (outbox, keeper) = self.running.as_mut().unwrap();
        let text = self.next_local.to_string();
        outbox.add(room(number), LocalId(self.next_local), text, MessageKind::Said);
        outbox.keep(keeper);
        self.next_local += 1;
    }

    fn send(&mut self, fate: Fate, now: Instant) -> usize {
        let (outbox, keeper) = self.running.as_mut().unwrap();
        let nonces = &mut self.nonces;
        let sends = outbox.send(now, keeper, || {
            *nonces += 1;
            Nonce::from_bytes(u128::from(*nonces).to_be_bytes())
        });
        for (local, send) in &sends.sends {
            let arrives = match fate {
                Fate::Acknowledged | Fate::AcknowledgementLost | Fate::KilledAfter => true,
                Fate::Lost | Fate::Held | Fate::Refused => false,
            };
            let nonce = send.nonce.to_bytes();
            let known = self.taken.contains_key(&nonce);
            if arrives && !known {
                self.taken.insert(nonce, local.0);
                self.rooms.entry(send.room).or_default().push(local.0);
            }
            match fate {
                Fate::Acknowledged => {
                    keeper.keep(|cache| cache.settle(*local));
                    outbox.settle(*local);
                }
                // A server knows what it has taken, whatever else it would say.
                Fate::Held | Fate::Refused if known => {
                    keeper.keep(|cache| cache.settle(*local));
                    outbox.settle(*local);
                }
                Fate::Held => {
                    outbox.hold(*local, now, Duration::ZERO);
                }
                Fate::Refused => {
                    outbox.settle(*local);
                    keeper.keep(|cache| cache.refuse(*local, "no"));
                    self.refused.insert(local.0);
                }
                Fate::AcknowledgementLost | Fate::Lost | Fate::KilledAfter => {}
            }
        }
        match fate {
            Fate::AcknowledgementLost | Fate::Lost => outbox.disconnected(),
            Fate::KilledAfter => self.kill(),
            Fate::Acknowledged | Fate::Held | Fate::Refused => {}
        }
        sends.sends.len()
    }
}

fn user() -> UserName {
    "alice".parse().unwrap()
}

fn listed(number: u64) -> parlor_protocol::room::Room {
    parlor_protocol::room::Room {
        room: room(number),
        title: format!("room {number}").parse().unwrap(),
        members: 1,
        role: None,
        last_seq: None,
        revision: None,
        topic: None,
        visibility: parlor_protocol::room::Visibility::Public,
        entry: parlor_protocol::room::Entry::Ask,
        slow_secs: 0,
        read: None,
        unread: None,
        mentions: None,
    }
}

fn step() -> impl Strategy<Value = Step> {
    let fate = prop_oneof![
        Just(Fate::Acknowledged),
        Just(Fate::AcknowledgementLost),
        Just(Fate::Lost),
        Just(Fate::KilledAfter),
        Just(Fate::Held),
        Just(Fate::Refused),
    ];
    prop_oneof![
        3 => (0..2_u64).prop_map(Step::Write),
        3 => fate.prop_map(Step::Send),
        1 => Just(Step::Kill),
    ]
}

proptest! {
    // Each case writes and syncs real files.
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_each_message_arrives_once_and_in_order_or_is_refused(
        steps in proptest::collection::vec(step(), 1..40)
    ) {
        let mut world = World::new();
        let now = Instant::now();
        for step in steps {
            match step {
                Step::Write(number) => world.write(number),
                Step::Send(fate) => {
                    world.send(fate, now);
                }
                Step::Kill => world.kill(),
            }
        }
        world.kill();
        while world.send(Fate::Acknowledged, now) > 0 {}
        let mut arrived = BTreeSet::new();
        for room in world.rooms.values() {
            prop_assert!(room.is_sorted_by(|one, next| one < next), "in order, once: {room:?}");
            arrived.extend(room.iter().copied());
        }
        prop_assert!(arrived.is_disjoint(&world.refused));
        arrived.extend(&world.refused);
        let written: BTreeSet<_> = (0..world.next_local).collect();
        prop_assert_eq!(arrived, written);
        // What was acknowledged in the last half second may be sent again; nothing else is.
        world.running.as_mut().unwrap().1.commit();
        world.kill();
        prop_assert_eq!(world.send(Fate::Acknowledged, now), 0);
    }
}
