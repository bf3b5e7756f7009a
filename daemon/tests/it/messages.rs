//! Talking: what is said arrives once, in order, on disk, and can be read again.

use std::sync::mpsc::{TryRecvError, channel};
use std::thread;

use parlor_protocol::id::{Nonce, Revision, Timestamp};
use parlor_protocol::message::Direction;
use parlor_protocol::push::Push;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{Outcome, ServerFrame};

use crate::harness::{Client, Daemon, PASSWORD, saying, seqs_without_a_gap, tell, tell_change};

#[test]
fn all_members_hear_everything_in_the_same_order() {
    let daemon = Daemon::start();
    let mut clients = [daemon.tls_client(), daemon.client(), daemon.unix_client()];
    for (client, name) in clients.iter_mut().zip(["alice", "bob", "carol"]) {
        client.sign_up(name).unwrap();
        client.subscribe();
    }
    let room = clients[0].create("ops").unwrap();
    clients[1].join(room).unwrap();
    clients[2].join(room).unwrap();
    clients.iter_mut().for_each(|client| drop(client.settle()));
    for round in 0..10 {
        // Nobody waits for anybody: the order is the daemon's.
        let asked: Vec<_> = clients
            .iter_mut()
            .map(|client| client.request(saying(room, client.nonce(), &format!("word {round}"))))
            .collect();
        for (client, id) in clients.iter_mut().zip(asked) {
            client.sent(id).unwrap();
        }
    }
    let heard = clients.each_mut().map(Client::settle);
    assert_eq!(heard[0].len(), 30);
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2]);
    let stored: Vec<_> =
        clients[0].all_changes(room, Revision(3)).iter().map(tell_change).collect();
    assert_eq!(heard[0], stored);
}

#[test]
fn members_on_several_shards_hear_everything_in_the_same_order() {
    const CLIENTS: usize = 6;
    const EACH: usize = 40;
    let daemon = Daemon::configured("sign_up = \"open\"\n[server]\nshards = 3");
    let mut clients: Vec<_> =
        (0..CLIENTS).map(|number| daemon.user(&format!("user{number}"))).collect();
    let room = clients[0].create("ops").unwrap();
    clients[1..].iter_mut().for_each(|client| drop(client.join(room).unwrap()));
    let senders: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            thread::spawn(move || {
                for _ in 0..EACH {
                    client.say(room, "hello").unwrap();
                }
                // Whoever joined before others has heard of them first.
                let mut heard = vec![];
                while heard.len() < CLIENTS * EACH {
                    let told = tell(&client.hear(1)[0]);
                    heard.extend(told.contains("hello").then_some(told));
                }
                heard
            })
        })
        .collect();
    let heard: Vec<_> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
    assert!(heard.iter().all(|of_one| of_one == &heard[0]));
}

#[test]
fn between_a_snapshot_and_the_pushes_behind_it_nothing_is_missing() {
    const ROUNDS: usize = 25;
    const HEARD: usize = 20;
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    daemon.user("bob").join(room).unwrap();
    // Alice goes on until this end of the channel is gone, also by a failed assertion.
    let (talking, stop) = channel::<()>();
    let talker = thread::spawn(move || {
        while stop.try_recv() == Err(TryRecvError::Empty) {
            alice.say(room, "on and on").unwrap();
        }
    });
    for round in 0..ROUNDS {
        let mut bob = daemon.client();
        bob.login("bob", PASSWORD, None).unwrap();
        if round % 2 == 0 {
            bob.subscribe();
        } else {
            bob.leave(room).unwrap();
            bob.subscribe();
            bob.join(room).unwrap();
        }
        let mut pushes = bob.hear(HEARD).into_iter();
        let Some(Push::Snapshot(shown) | Push::Entered(shown)) = pushes.next() else {
            panic!("the room does not come first")
        };
        let mut last = shown.revision.unwrap();
        for push in pushes {
            let Push::Changed(changed) = push else { panic!("{push:?}") };
            assert_eq!(changed.change.revision, last.next());
            last = last.next();
        }
    }
    drop(talking);
    talker.join().unwrap();
}

#[test]
fn the_senders_own_push_precedes_the_reply() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    alice.settle();
    let nonces = [0, 1, 2].map(|_| alice.nonce());
    alice.requests(nonces.map(|nonce| saying(room, nonce, "hello")));
    let (mut pushed, mut replied) = (0, 0);
    while replied < 3 {
        match alice.receive().unwrap() {
            ServerFrame::Push(push) => {
                pushed += 1;
                assert_eq!(tell(&push), format!("#{} {pushed} alice: hello", pushed + 1));
            }
            ServerFrame::Reply(reply) => {
                replied += 1;
                let Outcome::Sent(sent) = &reply.outcome.0 else { panic!("{reply:?}") };
                assert_eq!((sent.seq.0, sent.revision.0), (replied, replied + 1));
                assert!(pushed >= replied, "the reply overtook its push");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn changes_since_a_revision_are_exactly_what_was_missed() {
    let mut daemon = Daemon::start();
    let (mut alice, mut bob) = (daemon.user("alice"), daemon.user("bob"));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    alice.say(room, "bob hears this").unwrap();
    assert_eq!(bob.settle(), ["entered ops", "#3 1 alice: bob hears this"]);
    drop(bob);

    alice.settle();
    daemon.user("carol").join(room).unwrap();
    for number in 0..5 {
        alice.say(room, &format!("bob misses {number}")).unwrap();
    }
    let missed = alice.settle();
    assert_eq!(missed.len(), 6);

    let told = |daemon: &Daemon| -> Vec<String> {
        let mut bob = daemon.client();
        bob.login("bob", PASSWORD, None).unwrap();
        bob.subscribe();
        let [Push::Snapshot(snapshot)] = &bob.settled()[..] else { panic!("one room") };
        assert_eq!(snapshot.revision, Some(Revision(9)));
        // Two at a time, so that pages meet.
        let mut changes = vec![];
        let mut since = Revision(3);
        loop {
            let page = bob.changes(room, since, 2).unwrap();
            assert_eq!(page.as_of, Revision(9));
            since = page.changes.last().map_or(since, |last| last.revision);
            changes.extend(page.changes.iter().map(|change| tell_change(change)));
            if !page.more {
                return changes;
            }
        }
    };
    assert_eq!(told(&daemon), missed);
    daemon.kill9();
    daemon.restart();
    assert_eq!(told(&daemon), missed);
}

#[test]
fn the_end_of_the_changes_is_an_empty_page() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let page = alice.changes(room, Revision(1), 10).unwrap();
    assert_eq!((page.changes.len(), page.more, page.as_of), (0, false, Revision(1)));
}

#[test]
fn a_repeated_nonce_yields_the_first_result() {
    let mut daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let nonce = alice.nonce();
    let first = alice.say_as(room, nonce, "once").unwrap();
    assert_eq!(alice.say_as(room, nonce, "once"), Ok(first.clone()));
    // What the repetition says does not matter: the first was taken.
    assert_eq!(alice.say_as(room, nonce, "twice"), Ok(first.clone()));
    daemon.kill9();
    daemon.restart();
    let mut alice = daemon.client();
    alice.login("alice", PASSWORD, None).unwrap();
    assert_eq!(alice.say_as(room, nonce, "once"), Ok(first));
    let told: Vec<_> = alice.all_history(room).iter().map(|m| m.text.as_str().to_owned()).collect();
    assert_eq!(told, ["once"]);
}

#[test]
fn equal_nonces_in_one_burst_are_one_message() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let nonces = [0, 1, 2, 3].map(|_| alice.nonce());
    let burst = (0..40).map(|number| saying(room, nonces[number % 4], "burst"));
    let ids = alice.requests(burst.collect::<Vec<_>>());
    let sent: Vec<_> = ids.into_iter().map(|id| alice.sent(id).unwrap()).collect();
    for (number, sent_again) in sent.iter().enumerate() {
        assert_eq!(sent_again, &sent[number % 4]);
    }
    assert_eq!(alice.all_history(room).len(), 4);
    assert_eq!(alice.settle().len(), 1 + 4);
}

#[test]
fn a_nonce_is_its_authors_and_its_rooms() {
    let daemon = Daemon::start();
    let (mut alice, mut bob) = (daemon.user("alice"), daemon.user("bob"));
    let rooms = ["ops", "dev"].map(|title| alice.create(title).unwrap());
    bob.join(rooms[0]).unwrap();
    let nonce = alice.nonce();
    assert_eq!(alice.say_as(rooms[0], nonce, "hers").unwrap().seq.0, 1);
    assert_eq!(bob.say_as(rooms[0], nonce, "his").unwrap().seq.0, 2);
    assert_eq!(alice.say_as(rooms[1], nonce, "elsewhere").unwrap().seq.0, 1);
}

#[test]
fn old_and_future_nonces_are_stale() {
    const MINUTE: i64 = 60_000;
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let now = alice.nonce().at().unwrap().0;
    let week = 7 * 24 * 60 * MINUTE;
    for (at, taken) in [
        (now - week + MINUTE, true),
        (now - week - MINUTE, false),
        (now + 9 * MINUTE, true),
        (now + 11 * MINUTE, false),
    ] {
        let nonce = Nonce::new(Timestamp(at), rand::random());
        let sent = alice.say_as(room, nonce, "when?");
        assert_eq!(sent.err(), (!taken).then_some(Code::StaleNonce), "{}", at - now);
    }
}

#[test]
fn history_reads_in_pages_both_ways() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    for number in 1..=10 {
        alice.say(room, &number.to_string()).unwrap();
    }
    let mut page = |direction, seq, limit| {
        let page = alice.history(room, direction, seq, limit).unwrap();
        assert_eq!(page.as_of, Revision(11));
        let seqs: Vec<_> = page.messages.iter().map(|message| message.seq.0).collect();
        (seqs, page.more)
    };
    assert_eq!(page(Direction::Before, None, 4), (vec![7, 8, 9, 10], true));
    assert_eq!(page(Direction::Before, Some(7), 4), (vec![3, 4, 5, 6], true));
    assert_eq!(page(Direction::Before, Some(3), 4), (vec![1, 2], false));
    assert_eq!(page(Direction::After, None, 4), (vec![1, 2, 3, 4], true));
    assert_eq!(page(Direction::After, Some(4), 6), (vec![5, 6, 7, 8, 9, 10], false));
    assert_eq!(page(Direction::After, Some(10), 6), (vec![], false));
    assert_eq!(page(Direction::Before, Some(1), 6), (vec![], false));
    assert_eq!(page(Direction::After, Some(u64::MAX >> 1), 6), (vec![], false));
}

#[test]
fn pages_of_long_messages_stay_below_a_frame() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let long = "\u{1f980}".repeat(4_000);
    for _ in 0..10 {
        alice.say(room, &long).unwrap();
    }
    let page = alice.history(room, Direction::After, None, 0).unwrap();
    assert!(page.more && page.messages.len() < 10);
    let all = alice.all_history(room);
    assert_eq!(all.len(), 10);
    assert!(all.iter().all(|message| message.text.as_str() == long));
    seqs_without_a_gap(alice.all_changes(room, Revision(0)).iter().map(|change| change.revision.0));
}

#[test]
fn what_cannot_be_said_is_refused() {
    let daemon = Daemon::start();
    let (mut alice, mut bob) = (daemon.user("alice"), daemon.user("bob"));
    let room = alice.create("ops").unwrap();
    assert_eq!(alice.say(room, "\u{1b}\u{7}").err(), Some(Code::Empty));
    assert_eq!(alice.say(room, &"x".repeat(4_001)).err(), Some(Code::TooLong));
    assert_eq!(bob.say(room, "from outside").err(), Some(Code::NotAMember));
    let nowhere = parlor_protocol::id::RoomId::from_random(!room.to_bits());
    assert_eq!(alice.say(nowhere, "hello?").err(), Some(Code::NoSuchRoom));
    alice.say(room, "\u{1b}[31mred\u{202e}").unwrap();
    let told = alice.all_history(room);
    assert_eq!(told.len(), 1);
    assert!(!told[0].text.as_str().contains('\u{1b}'));
}
