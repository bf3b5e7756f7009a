//! Roles, ownership, topic and title: who may do what to a room, and how everyone hears of it.

use std::fs;

use parlor_protocol::id::{Revision, RoomId};
use parlor_protocol::push::Push;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Role, Scope};
use parlor_protocol::text::Topic;

use crate::harness::{Client, Daemon, PASSWORD, settle_all, tell_change};

const SILENCE: [&str; 0] = [];

fn user(daemon: &Daemon, name: &str) -> Client {
    let mut client = daemon.tls_client();
    client.sign_up(name).unwrap();
    client.subscribe();
    client
}

/// A room of three: alice owns it, bob and carol joined in this order, and all have heard so far.
fn three(daemon: &Daemon) -> (RoomId, [Client; 3]) {
    let [mut alice, mut bob, mut carol] = ["alice", "bob", "carol"].map(|name| user(daemon, name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    carol.join(room).unwrap();
    settle_all([&mut alice, &mut bob, &mut carol]);
    (room, [alice, bob, carol])
}

fn roles(client: &mut Client, room: RoomId) -> String {
    let members = client.members(room).unwrap().into_iter();
    members.map(|member| format!("{} {}", member.user, member.role)).collect::<Vec<_>>().join(", ")
}

fn topic(client: &mut Client, title: &str) -> Option<String> {
    client.find(title).unwrap().topic.as_ref().map(Topic::as_str).map(str::to_owned)
}

#[test]
fn the_owner_appoints_and_dismisses_admins_and_everyone_hears_of_it() {
    let daemon = Daemon::start();
    let (room, [mut alice, mut bob, mut carol]) = three(&daemon);
    assert_eq!(alice.promote(room, "BOB"), Ok(Role::Admin));
    assert_eq!(bob.promote(room, "carol"), Err(Code::NotPermitted));
    assert_eq!(carol.demote(room, "bob"), Err(Code::NotPermitted));
    assert_eq!(bob.demote(room, "alice"), Err(Code::NotPermitted));
    assert_eq!(roles(&mut carol, room), "alice owner, bob admin, carol member");
    assert_eq!(alice.demote(room, "bob"), Ok(Role::Member));
    for client in [&mut alice, &mut bob, &mut carol] {
        assert_eq!(client.settle(), ["#4 bob is admin", "#5 bob is member"]);
    }
}

#[test]
fn an_admin_may_step_down_and_an_owner_hands_the_room_over_instead() {
    let daemon = Daemon::start();
    let (room, [mut alice, mut bob, mut carol]) = three(&daemon);
    alice.promote(room, "bob").unwrap();
    alice.promote(room, "carol").unwrap();
    assert_eq!(bob.demote(room, "carol"), Err(Code::NotPermitted), "only oneself");
    assert_eq!(bob.demote(room, "bob"), Ok(Role::Member));
    assert_eq!(alice.demote(room, "alice"), Err(Code::NotPermitted));
    assert_eq!(roles(&mut carol, room), "alice owner, bob member, carol admin");
}

#[test]
fn ownership_goes_to_any_member_and_the_former_owner_becomes_an_admin_in_their_place() {
    let mut daemon = Daemon::start();
    let (room, [mut alice, mut bob, mut carol]) = three(&daemon);
    alice.promote(room, "bob").unwrap();
    settle_all([&mut alice, &mut bob, &mut carol]);
    assert_eq!(alice.transfer(room, "carol").unwrap().role, Role::Owner);
    for client in [&mut alice, &mut bob, &mut carol] {
        assert_eq!(client.settle(), ["#5 alice is admin", "#6 carol is owner"]);
    }
    assert_eq!(alice.transfer(room, "bob").err(), Some(Code::NotPermitted));
    // Nothing of it is lost in a crash.
    daemon.kill9();
    daemon.restart();
    let mut carol = daemon.tls_client();
    carol.login("carol", PASSWORD, None).unwrap();
    assert_eq!(roles(&mut carol, room), "alice admin, bob admin, carol owner");
    // Of two admins the one who joined first inherits: alice has her place still.
    carol.leave(room).unwrap();
    let mut bob = daemon.tls_client();
    bob.login("bob", PASSWORD, None).unwrap();
    assert_eq!(roles(&mut bob, room), "alice owner, bob admin");
}

#[test]
fn when_the_owner_leaves_the_admin_who_joined_first_owns_the_room() {
    let daemon = Daemon::start();
    let (room, [mut alice, mut bob, mut carol]) = three(&daemon);
    let mut dave = user(&daemon, "dave");
    dave.join(room).unwrap();
    // Dave is appointed first, and joined last; bob joined before both.
    alice.promote(room, "dave").unwrap();
    alice.promote(room, "carol").unwrap();
    settle_all([&mut alice, &mut bob, &mut carol, &mut dave]);
    alice.leave(room).unwrap();
    let news = ["#7 alice departed (left)", "#8 carol is owner"];
    assert_eq!(bob.settle(), news);
    assert_eq!(dave.settle(), news);
    assert_eq!(roles(&mut bob, room), "bob member, carol owner, dave admin");
}

#[test]
fn an_admin_who_is_left_alone_owns_a_room_that_lives_on() {
    let daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| user(&daemon, name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    alice.promote(room, "bob").unwrap();
    alice.leave(room).unwrap();
    assert_eq!(roles(&mut bob, room), "bob owner");
    assert_eq!(bob.set_topic(room, "alone").unwrap().role, Some(Role::Owner));
}

#[test]
fn whoever_leaves_is_no_admin_when_they_come_back() {
    let daemon = Daemon::start();
    let (room, [mut alice, mut bob, mut carol]) = three(&daemon);
    alice.promote(room, "bob").unwrap();
    bob.leave(room).unwrap();
    bob.join(room).unwrap();
    assert_eq!(roles(&mut carol, room), "alice owner, carol member, bob member");
    assert_eq!(bob.set_topic(room, "mine").err(), Some(Code::NotPermitted));
}

#[test]
fn owner_and_admins_set_the_topic_which_everyone_sees() {
    let mut daemon = Daemon::start();
    let (room, [mut alice, mut bob, mut carol]) = three(&daemon);
    let mut dave = user(&daemon, "dave");
    assert_eq!(carol.set_topic(room, "mine").err(), Some(Code::NotPermitted));
    assert_eq!(dave.set_topic(room, "mine").err(), Some(Code::NotAMember));
    alice.promote(room, "bob").unwrap();
    bob.set_topic(room, " deploy\nat\u{1b} 14:30\t").unwrap();
    // A stranger sees it in the list, too.
    assert_eq!(topic(&mut dave, "ops").as_deref(), Some("deploy at 14:30"));
    let page = dave.list(Scope::Public, "", None, 0);
    assert_eq!(page.rooms[0].topic.as_ref().map(Topic::as_str), Some("deploy at 14:30"));
    assert_eq!(alice.set_topic(room, &"ü".repeat(301)).err(), Some(Code::TooLong));
    alice.set_topic(room, &"ü".repeat(300)).unwrap();
    alice.set_topic(room, "short").unwrap();
    daemon.kill9();
    daemon.restart();
    let mut alice = daemon.tls_client();
    alice.login("alice", PASSWORD, None).unwrap();
    alice.subscribe();
    let [Push::Snapshot(snapshot)] = &alice.settled()[..] else { panic!("one room") };
    assert_eq!(snapshot.topic.as_ref().map(Topic::as_str), Some("short"));
    assert_eq!(alice.set_topic(room, " \n ").unwrap().topic, None);
    assert_eq!(topic(&mut alice, "ops"), None);
    assert_eq!(alice.settle(), ["#8 alice cleared the topic"]);
}

#[test]
fn only_the_owner_renames_and_the_old_title_is_free_at_once() {
    let daemon = Daemon::start();
    let (room, [mut alice, mut bob, mut carol]) = three(&daemon);
    alice.promote(room, "bob").unwrap();
    let other = bob.create("Straße").unwrap();
    settle_all([&mut alice, &mut bob, &mut carol]);
    assert_eq!(bob.rename(room, "plans").err(), Some(Code::NotPermitted));
    assert_eq!(alice.rename(room, "STRASSE").err(), Some(Code::TitleTaken));
    assert_eq!(alice.rename(room, "kx4f9-2mqa7").err(), Some(Code::BadTitle));
    assert_eq!(alice.rename(room, &"x".repeat(49)).err(), Some(Code::BadTitle));
    assert_eq!(alice.rename(room, "plans").unwrap().title.as_str(), "plans");
    assert_eq!(alice.settle(), ["#5 alice renamed it to plans"]);
    assert_eq!(carol.settle(), ["#5 alice renamed it to plans"]);
    assert_eq!(carol.find("ops").err(), Some(Code::NoSuchRoom));
    assert_eq!(bob.rename(other, "OPS").unwrap().title.as_str(), "OPS");
    assert_eq!(alice.rename(room, "ops").err(), Some(Code::TitleTaken));
    assert_eq!(alice.rename(room, "Plans").unwrap().title.as_str(), "Plans", "its own title");
    let page = carol.list(Scope::Public, "", None, 0);
    let titles: Vec<_> = page.rooms.iter().map(|room| room.title.as_str()).collect();
    assert_eq!(titles, ["OPS", "Plans"]);
}

#[test]
fn only_members_are_given_a_room_or_a_role_in_it() {
    let daemon = Daemon::start();
    let (room, [mut alice, mut bob, _carol]) = three(&daemon);
    bob.leave(room).unwrap();
    for (name, code) in [
        ("bob", Code::NotAMember),
        ("dave", Code::NoSuchUser),
        ("no name", Code::NoSuchUser),
        ("", Code::NoSuchUser),
    ] {
        assert_eq!(alice.promote(room, name), Err(code), "{name}");
        assert_eq!(alice.demote(room, name), Err(code), "{name}");
        assert_eq!(alice.transfer(room, name).err(), Some(code), "{name}");
    }
    // Who is not in the room does nothing to it, and a room that has ended stays as it was.
    assert_eq!(bob.promote(room, "carol"), Err(Code::NotAMember));
    assert_eq!(bob.rename(room, "mine").err(), Some(Code::NotAMember));
    let gone = bob.create("gone").unwrap();
    bob.leave(gone).unwrap();
    assert_eq!(bob.set_topic(gone, "ghosts").err(), Some(Code::RoomTerminated));
    assert_eq!(alice.set_topic(gone, "ghosts").err(), Some(Code::NoSuchRoom));
    assert_eq!(alice.transfer(gone, "bob").err(), Some(Code::NoSuchRoom));
}

#[test]
fn what_is_so_already_is_answered_and_changes_nothing() {
    let daemon = Daemon::start();
    let (room, [mut alice, mut bob, mut carol]) = three(&daemon);
    alice.promote(room, "bob").unwrap();
    alice.set_topic(room, "plans").unwrap();
    settle_all([&mut alice, &mut bob, &mut carol]);
    assert_eq!(alice.promote(room, "bob"), Ok(Role::Admin));
    assert_eq!(alice.demote(room, "carol"), Ok(Role::Member));
    assert_eq!(carol.demote(room, "carol"), Ok(Role::Member));
    assert_eq!(alice.transfer(room, "alice").unwrap().role, Role::Owner);
    assert_eq!(bob.set_topic(room, "plans ").unwrap().revision, Some(Revision(5)));
    assert_eq!(alice.rename(room, "ops").unwrap().revision, Some(Revision(5)));
    for client in [&mut alice, &mut bob, &mut carol] {
        assert_eq!(client.settle(), SILENCE);
    }
}

#[test]
fn whoever_was_away_catches_up_with_exactly_what_happened() {
    let mut daemon = Daemon::start();
    let (room, [mut alice, bob, _carol]) = three(&daemon);
    drop(bob);
    alice.promote(room, "carol").unwrap();
    alice.say(room, "changes ahead").unwrap();
    alice.set_topic(room, "plans").unwrap();
    alice.rename(room, "Plans").unwrap();
    alice.set_topic(room, "").unwrap();
    alice.transfer(room, "carol").unwrap();
    daemon.kill9();
    daemon.restart();
    let mut bob = daemon.tls_client();
    bob.login("bob", PASSWORD, None).unwrap();
    let changes: Vec<_> = bob.all_changes(room, Revision(3)).iter().map(tell_change).collect();
    assert_eq!(
        changes,
        [
            "#4 carol is admin",
            "#5 1 alice: changes ahead",
            "#6 alice set the topic to plans",
            "#7 alice renamed it to Plans",
            "#8 alice cleared the topic",
            "#9 alice is admin",
            "#10 carol is owner",
        ]
    );
}

#[test]
fn each_change_of_roles_topic_and_title_has_one_audit_record() {
    let mut daemon = Daemon::start();
    let (room, [mut alice, ..]) = three(&daemon);
    alice.promote(room, "bob").unwrap();
    alice.promote(room, "bob").unwrap();
    alice.set_topic(room, "secret plans").unwrap();
    alice.rename(room, "plans").unwrap();
    alice.transfer(room, "carol").unwrap();
    assert!(daemon.terminate().success());
    let log = fs::read_to_string(daemon.data().join("audit").join("audit.log")).unwrap();
    let count = |word: &str| log.lines().filter(|line| line.contains(word)).count();
    assert_eq!(count("\"action\":\"role-changed\""), 3);
    assert_eq!(count("\"action\":\"topic-changed\""), 1);
    assert_eq!(count("secret"), 0);
    assert_eq!(count("\"action\":\"room-renamed\""), 1);
}
