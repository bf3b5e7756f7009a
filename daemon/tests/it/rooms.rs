//! Rooms: coming, going, and what becomes of a room that someone leaves.

use std::sync::Barrier;
use std::thread;

use parlor_protocol::id::{Revision, RoomId};
use parlor_protocol::message::{Direction, History};
use parlor_protocol::push::Push;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{Outcome, ServerFrame};
use parlor_protocol::request::Command;
use parlor_protocol::room::{LeaveRoom, Member, Role, Scope};

use crate::harness::{Client, Daemon, PASSWORD, settle_all};

fn roles(client: &mut Client, room: RoomId) -> Vec<(String, Role)> {
    let members = client.members(room).unwrap();
    members.into_iter().map(|member| (member.user.to_string(), member.role)).collect()
}

fn titles(client: &mut Client, scope: Scope) -> Vec<String> {
    let page = client.list(scope, "", None, 0);
    page.rooms.iter().map(|room| room.title.to_string()).collect()
}

#[test]
fn when_the_owner_leaves_the_member_who_joined_first_owns_the_room() {
    let daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = ["alice", "bob", "carol"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    carol.join(room).unwrap();
    bob.join(room).unwrap();
    settle_all([&mut alice, &mut bob, &mut carol]);
    alice.leave(room).unwrap();
    let news = ["#4 alice departed (left)", "#5 carol is owner"];
    assert_eq!(alice.settle(), ["exited (left)"]);
    assert_eq!(bob.settle(), news);
    assert_eq!(carol.settle(), news);
    let (owner, member) = (Role::Owner, Role::Member);
    assert_eq!(roles(&mut bob, room), [("carol".to_owned(), owner), ("bob".to_owned(), member)]);
    // Whoever comes back is last.
    alice.join(room).unwrap();
    carol.leave(room).unwrap();
    let left = [("bob".to_owned(), owner), ("alice".to_owned(), member)];
    assert_eq!(roles(&mut alice, room), left);
}

#[test]
fn the_last_member_is_taken_out_and_told_that_the_room_ended() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    settle_all([&mut alice, &mut bob]);
    alice.leave(room).unwrap();
    assert_eq!(bob.settle(), ["#3 alice departed (left)", "exited (terminated)"]);
    assert_eq!(bob.join(room).err(), Some(Code::RoomTerminated));
    assert_eq!(bob.say(room, "anyone?").err(), Some(Code::RoomTerminated));
    assert_eq!(alice.join(room).err(), Some(Code::RoomTerminated));
    let mut carol = daemon.user("carol");
    assert_eq!(carol.join(room).err(), Some(Code::NotInvited));
    assert_eq!(titles(&mut carol, Scope::Public), [""; 0]);
    // The title is free again, and the new room is another.
    assert_ne!(carol.create("ops").unwrap(), room);
}

#[test]
fn an_owner_who_is_left_alone_keeps_the_room() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    alice.settle();
    bob.leave(room).unwrap();
    assert_eq!(alice.settle(), ["#3 bob departed (left)"]);
    alice.say(room, "alone").unwrap();
    assert_eq!(roles(&mut alice, room), [("alice".to_owned(), Role::Owner)]);
    bob.join(room).unwrap();
    assert_eq!(bob.all_history(room).len(), 1);
}

#[test]
fn a_room_ends_when_its_only_member_leaves() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    alice.leave(room).unwrap();
    assert_eq!(alice.settle(), ["entered ops", "exited (left)"]);
    assert_eq!(alice.leave(room), Err(Code::RoomTerminated));
    assert_eq!(alice.find("ops").err(), Some(Code::NoSuchRoom));
    alice.create("ops").unwrap();
}

#[test]
fn joining_one_room_and_leaving_another_is_one_step() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let [old, new] = ["old", "new"].map(|title| alice.create(title).unwrap());
    bob.join(old).unwrap();
    bob.settle();
    alice.settle();
    // Refused, nothing is left.
    let nowhere = RoomId::from_random(!old.to_bits());
    assert_eq!(bob.swap(nowhere, old).err(), Some(Code::NotInvited));
    assert_eq!(bob.swap(old, old).err(), Some(Code::AlreadyAMember));
    assert_eq!(bob.swap(new, nowhere).err(), Some(Code::NotAMember));
    assert_eq!(bob.settle(), [""; 0]);
    assert_eq!(alice.settle(), [""; 0]);
    bob.swap(new, old).unwrap();
    assert_eq!(bob.settle(), ["exited (left)", "entered new"]);
    assert_eq!(alice.settle(), ["#3 bob departed (left)", "#2 bob joined"]);
    // The last owner's swap ends the room.
    alice.swap(bob.create("third").unwrap(), old).unwrap();
    assert_eq!(titles(&mut bob, Scope::Public), ["new", "third"]);
}

#[test]
fn membership_survives_disconnects_and_restarts() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    let before = alice.members(room).unwrap();
    drop(bob);
    // Who is connected is another matter.
    let same = |mut members: Vec<Member>| {
        members.iter_mut().for_each(|member| member.online = None);
        members
    };
    let before = same(before);
    assert_eq!(same(alice.members(room).unwrap()), before);
    daemon.kill9();
    daemon.restart();
    let mut bob = daemon.client();
    bob.login("bob", PASSWORD, None).unwrap();
    bob.subscribe();
    let [Push::Snapshot(snapshot)] = &bob.settled()[..] else { panic!("one room") };
    assert_eq!((snapshot.role, snapshot.revision), (Some(Role::Member), Some(Revision(2))));
    assert_eq!(same(bob.members(room).unwrap()), before);
}

#[test]
fn a_departed_user_gets_no_byte_of_the_room() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let mut bob_again = daemon.tls_client();
    bob_again.login("bob", PASSWORD, None).unwrap();
    bob_again.subscribe();
    let room = alice.create("ops").unwrap();
    daemon.user("carol").join(room).unwrap();
    bob.join(room).unwrap();
    settle_all([&mut bob, &mut bob_again]);
    bob.leave(room).unwrap();
    alice.say(room, "now that bob is gone").unwrap();
    // The same on all his connections, and also for what he asks.
    assert_eq!(bob.settle(), ["exited (left)"]);
    assert_eq!(bob_again.settle(), ["exited (left)"]);
    let out = Some(Code::NotAMember);
    assert_eq!(bob_again.history(room, Direction::Before, None, 0).err(), out);
    assert_eq!(bob_again.changes(room, Revision(0), 0).err(), out);
    assert_eq!(bob_again.members(room).err(), out);
    assert_eq!(bob_again.say(room, "still here").err(), out);
    let shown = bob_again.find("ops").unwrap();
    assert_eq!((shown.role, shown.last_seq, shown.revision), (None, None, None));
    assert_eq!(titles(&mut bob_again, Scope::Mine), [""; 0]);
}

#[test]
fn a_read_that_races_with_a_departure_shows_nothing_after_it() {
    const ROUNDS: u32 = 20;
    const READS: usize = 15;
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    daemon.user("carol").join(room).unwrap();
    alice.say(room, "a secret").unwrap();
    for _ in 0..ROUNDS {
        bob.join(room).unwrap();
        bob.settle();
        let read =
            Command::History(History { room, direction: Direction::Before, seq: None, limit: 0 });
        let mut burst = vec![read; 2 * READS];
        burst.insert(READS, Command::LeaveRoom(LeaveRoom { room }));
        bob.requests(burst);
        let (mut answers, mut gone) = (0, false);
        while answers <= 2 * READS {
            match bob.receive().unwrap() {
                ServerFrame::Push(push) => gone |= matches!(push.0, Push::Exited(_)),
                ServerFrame::Reply(reply) => {
                    answers += 1;
                    let page = matches!(reply.outcome.0, Outcome::Messages(_));
                    assert!(!(gone && page), "a page of the room after the departure");
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(gone);
        bob.forget();
    }
}

#[test]
fn of_fifty_who_create_one_title_one_gets_it() {
    const CLIENTS: usize = 50;
    let daemon = Daemon::start();
    let together = Barrier::new(CLIENTS);
    let race = |number: usize| {
        let mut client = daemon.user(&format!("user{number}"));
        together.wait();
        client.create(["Straße", "STRASSE", "ｓtrasse"][number % 3])
    };
    let outcomes = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..CLIENTS).map(|number| scope.spawn(move || race(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let taken = outcomes.iter().filter(|&&outcome| outcome == Err(Code::TitleTaken)).count();
    assert_eq!(taken, CLIENTS - 1);
    assert_eq!(titles(&mut daemon.user("later"), Scope::Public).len(), 1);
}

#[test]
fn titles_and_memberships_are_refused_by_their_rules() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    assert_eq!(alice.join(room).err(), Some(Code::AlreadyAMember));
    for bad in ["", "   ", "kx4f9-2mqa7", "a\nb", "\u{1b}[2J", &"x".repeat(49)] {
        assert_eq!(alice.create(bad), Err(Code::BadTitle), "{bad:?}");
    }
    // A look-alike of a live title: Cyrillic о and р.
    assert_eq!(alice.create("\u{43e}\u{440}s"), Err(Code::TitleTaken));
}

#[test]
fn pages_of_the_public_listing_make_up_the_whole() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    for number in 0..23 {
        let owner = if number % 2 == 0 { &mut alice } else { &mut bob };
        owner.create(&format!("Room {}", (number * 7) % 23)).unwrap();
    }
    let whole = titles(&mut bob, Scope::Public);
    assert_eq!(whole.len(), 23);
    for limit in [1, 4, 22, 23, 24] {
        let (mut paged, mut after) = (vec![], None);
        loop {
            let page = bob.list(Scope::Public, "", after, limit);
            assert!(page.rooms.len() <= limit as usize);
            paged.extend(page.rooms.iter().map(|room| room.title.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole, "by {limit}");
    }
    let mine = titles(&mut bob, Scope::Mine);
    assert_eq!(mine.len(), 11);
    assert!(mine.iter().all(|title| whole.contains(title)));
    let found = bob.list(Scope::Public, "room 1", None, 0).rooms.len();
    assert_eq!(found, whole.iter().filter(|title| title.starts_with("Room 1")).count());
}
