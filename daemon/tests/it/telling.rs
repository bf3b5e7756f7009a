//! What people are told, and what they have read: notifications, mentions, read markers, limits.

use parlor_protocol::entry::Blocked;
use parlor_protocol::id::{Revision, RoomId};
use parlor_protocol::message::Direction;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::room::Scope;

use crate::harness::{Client, Daemon, PASSWORD, saying, settle_all};

fn people<const N: usize>(daemon: &Daemon, names: [&str; N]) -> [Client; N] {
    names.map(|name| daemon.user(name))
}

#[test]
fn notifications_are_read_and_dismissed_on_all_devices_together_and_listing_reads_none() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    for title in ["one", "two", "three"] {
        let room = alice.create_private(title).unwrap();
        alice.invite(room, "bob").unwrap();
    }
    let mut phone = daemon.client();
    phone.login("bob", PASSWORD, None).unwrap();
    phone.subscribe();
    assert!(phone.notifications_after(None, 0).0.iter().all(|it| !it.read));
    let (page, next) = phone.notifications_after(None, 2);
    assert_eq!((page.len(), next.as_deref()), (2, Some("2")));
    let (rest, end) = phone.notifications_after(next, 2);
    assert_eq!((rest[0].id.0, end), (3, None));
    settle_all([&mut bob, &mut phone]);
    bob.read_notifications(Some(2)).unwrap();
    assert_eq!(phone.settle(), ["read 2"]);
    bob.dismiss_notifications(Some(1)).unwrap();
    assert_eq!(bob.read_notifications(Some(1)), Err(Code::NoSuchNotification));
    assert_eq!(phone.dismiss_notifications(Some(9)), Err(Code::NoSuchNotification));
    assert_eq!(phone.settle(), ["dismissed 1"]);
    daemon.kill9();
    daemon.restart();
    let mut bob = daemon.client();
    bob.login("bob", PASSWORD, None).unwrap();
    let left = bob.notifications_after(None, 0).0;
    assert_eq!(
        left.iter().map(|it| (it.id.0, it.read)).collect::<Vec<_>>(),
        [(2, true), (3, false)]
    );
    bob.read_notifications(None).unwrap();
    bob.dismiss_notifications(None).unwrap();
    assert_eq!(bob.notifications(), [""; 0]);
}

#[test]
fn blocks_are_listed_by_name_and_told_to_all_devices() {
    let mut daemon = Daemon::start();
    let [mut alice, _, _, _] = people(&daemon, ["alice", "bob", "carol", "dave"]);
    let mut phone = daemon.client();
    phone.login("alice", PASSWORD, None).unwrap();
    phone.subscribe();
    for user in ["dave", "bob", "carol", "bob"] {
        alice.block(user).unwrap();
    }
    assert_eq!(phone.settle(), ["blocks dave", "blocks bob", "blocks carol"], "each once");
    let names =
        |page: &[Blocked]| page.iter().map(|blocked| blocked.user.to_string()).collect::<Vec<_>>();
    let (first, next) = phone.blocks_after(None, 2);
    assert_eq!(names(&first), ["bob", "carol"]);
    // What comes and goes meanwhile moves no page.
    phone.unblock("bob").unwrap();
    let (rest, end) = phone.blocks_after(next, 2);
    assert_eq!((names(&rest), end), (vec!["dave".to_owned()], None));
    assert_eq!(phone.settle(), ["blocks bob no longer"]);
    daemon.kill9();
    daemon.restart();
    let mut alice = daemon.client();
    alice.login("alice", PASSWORD, None).unwrap();
    let (after, _) = alice.blocks_after(None, 0);
    assert_eq!(names(&after), ["carol", "dave"]);
    assert!(after.iter().all(|blocked| first.iter().all(|old| blocked.at.0 + 5_000 > old.at.0)));
}

#[test]
fn a_mention_is_counted_and_told_and_ends_with_reading() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = people(&daemon, ["alice", "bob", "carol"]);
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    alice.say(room, "morning").unwrap();
    alice.say(room, "(@BOB, look); x@bob.example and @carol and @alice").unwrap();
    assert_eq!(bob.notified(), ["! mentioned in ops by alice"]);
    assert_eq!(carol.notified(), [""; 0], "no member");
    assert_eq!(alice.notified(), [""; 0], "oneself");
    let mine = |client: &mut Client| {
        let room = client.list(Scope::Mine, "", None, 0).rooms[0].0.clone();
        (room.read.unwrap().0, room.unread.unwrap(), room.mentions.unwrap())
    };
    assert_eq!(mine(&mut bob), (0, 2, 1));
    let mut phone = daemon.client();
    phone.login("bob", PASSWORD, None).unwrap();
    phone.subscribe();
    settle_all([&mut bob, &mut phone]);
    let marker = bob.read_to(room, 1).unwrap();
    assert_eq!((marker.seq.0, marker.unread, marker.mentions), (1, 1, 1));
    assert_eq!(phone.settle(), ["read to 1, 1 unread, 1 mentions"]);
    // It only grows, and not beyond the last message.
    assert_eq!(bob.read_to(room, 99).unwrap().seq.0, 2);
    assert_eq!(bob.read_to(room, 1).unwrap().seq.0, 2);
    assert_eq!(phone.settle(), ["read to 2, 0 unread, 0 mentions"]);
    assert_eq!(mine(&mut phone), (2, 0, 0), "at once, though it is written later");
    assert_eq!(carol.read_to(room, 1).err(), Some(Code::NotAMember));
    // A stop writes what a crash would forget.
    assert!(daemon.terminate().success());
    daemon.restart();
    let mut bob = daemon.client();
    bob.login("bob", PASSWORD, None).unwrap();
    assert_eq!(mine(&mut bob), (2, 0, 0));
}

#[test]
fn whoever_is_blocked_mentions_and_invites_nobody() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    bob.block("alice").unwrap();
    assert_eq!(bob.block("bob"), Err(Code::NotPermitted));
    assert_eq!(bob.block("nobody"), Err(Code::NoSuchUser));
    settle_all([&mut bob]);
    alice.say(room, "@bob hey").unwrap();
    // The frame is the same for all; it is the client that hides it.
    assert_eq!(bob.settle(), ["#3 1 alice: @bob hey"]);
    assert_eq!(bob.notifications(), [""; 0]);
}

fn hear(client: &mut Client, count: usize, room: RoomId) -> Vec<Outcome> {
    let asks: Vec<_> = (0..count).map(|_| saying(room, client.nonce(), "hello")).collect();
    let ids = client.requests(asks);
    ids.into_iter().map(|id| client.answer(id)).collect()
}

fn taken(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Sent(_))).count()
}

#[test]
fn ten_messages_go_at_once_and_whoever_sends_more_is_told_how_long_to_wait() {
    let mut daemon = Daemon::in_earnest("sign_up = \"open\"");
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let outcomes = hear(&mut alice, 20, room);
    let sent = taken(&outcomes);
    assert!((10..=12).contains(&sent), "{sent}");
    let Some(Outcome::Refused(Refusal { code, retry_after_ms: Some(wait), .. })) = outcomes.last()
    else {
        panic!("{outcomes:?}")
    };
    assert_eq!(*code, Code::RateLimited);
    assert!((1..=500).contains(wait), "{wait}");
    // The account is not filled by a crash.
    daemon.kill9();
    daemon.restart();
    let mut alice = daemon.client();
    alice.login("alice", PASSWORD, None).unwrap();
    let sent = taken(&hear(&mut alice, 20, room));
    assert!(sent < 10, "{sent}");
}

#[test]
fn slow_mode_holds_plain_members_and_spares_admins_also_behind_a_crash() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = people(&daemon, ["alice", "bob"]);
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    assert_eq!(bob.slow(room, 60), Err(Code::NotPermitted));
    assert_eq!(alice.slow(room, 86_401), Err(Code::TooLong));
    assert_eq!(alice.slow(room, 3_600), Ok(3_600));
    bob.say(room, "once").unwrap();
    let refused = |client: &mut Client| match hear(client, 1, room).remove(0) {
        Outcome::Refused(refusal) => (refusal.code, refusal.retry_after_ms.unwrap() > 3_500_000),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&mut bob), (Code::SlowMode, true));
    alice.say(room, "one").unwrap();
    alice.say(room, "two").unwrap();
    daemon.kill9();
    daemon.restart();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| {
        let mut client = daemon.client();
        client.login(name, PASSWORD, None).unwrap();
        client
    });
    assert_eq!(refused(&mut bob), (Code::SlowMode, true));
    alice.slow(room, 0).unwrap();
    bob.say(room, "at last").unwrap();
}

#[test]
fn guessing_at_ids_is_limited_and_on_record() {
    let mut daemon = Daemon::in_earnest("sign_up = \"open\"\n[limits]\nprobes_per_hour = 5");
    let mut bob = daemon.user("bob");
    let mut codes = vec![];
    for guess in 0..8 {
        let room = RoomId::from_random(guess);
        codes.extend([bob.join(room).err(), bob.find_id(room).err()]);
    }
    let limited = codes.iter().filter(|code| **code == Some(Code::RateLimited)).count();
    assert_eq!((limited, codes[0]), (11, Some(Code::NotInvited)));
    assert!(daemon.terminate().success());
    let log = std::fs::read_to_string(daemon.data().join("audit/audit.log")).unwrap();
    assert_eq!(log.matches("\"suspicious-probing\"").count(), 1);
}

/// Whatever somebody asks of a room by an ID, a guess at the ID is a guess.
#[test]
fn every_question_about_an_id_that_is_not_there_counts_as_a_guess() {
    let daemon = Daemon::in_earnest("sign_up = \"open\"\n[limits]\nprobes_per_hour = 1");
    type Question = fn(&mut Client, RoomId) -> Option<Code>;
    let questions: [(&str, Question); 8] = [
        ("find", |client, room| client.find_id(room).err()),
        ("members", |client, room| client.members(room).err()),
        ("watch", |client, room| client.watch(Some(room)).err()),
        ("history", |client, room| client.history(room, Direction::Before, None, 1).err()),
        ("changes", |client, room| client.changes(room, Revision(0), 1).err()),
        ("requests", |client, room| client.waiting(room).err()),
        ("invites", |client, room| client.invites(Some(room)).err()),
        ("bans", |client, room| client.bans(room).err()),
    ];
    for (name, question) in questions {
        let mut guesser = daemon.user(&format!("by.{name}"));
        let mut ask = |guess| question(&mut guesser, RoomId::from_random(guess));
        assert_eq!(ask(1), Some(Code::NoSuchRoom), "{name}");
        assert_eq!(ask(2), Some(Code::RateLimited), "{name}");
    }
}

#[test]
fn members_are_shown_with_who_is_connected() {
    let daemon = Daemon::start();
    let [mut alice, bob] = people(&daemon, ["alice", "bob"]);
    let room = alice.create("ops").unwrap();
    alice.add(room, "bob").unwrap();
    let online = |client: &mut Client| -> Vec<Option<bool>> {
        client.members(room).unwrap().iter().map(|member| member.online).collect()
    };
    assert_eq!(online(&mut alice), [Some(true), Some(true)]);
    drop(bob);
    // The daemon notices by itself; nothing is pushed that could be waited for.
    while online(&mut alice) != [Some(true), Some(false)] {}
}
