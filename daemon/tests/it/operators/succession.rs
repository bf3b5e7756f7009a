//! Who gets the rooms of those who vanish, by the rules or from an operator's hand.

use std::time::{Duration, Instant};

use parlor_protocol::id::RoomId;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::CloseReason;
use parlor_protocol::room::Role;

use super::{does, refused};
use crate::harness::{Client, Daemon, Ended, PASSWORD, PATIENCE};

/// The members of a room with their roles, in the order of the listing.
fn roles(client: &mut Client, room: RoomId) -> Result<Vec<(String, Role)>, Code> {
    let members = client.members(room)?;
    Ok(members.into_iter().map(|member| (member.user.to_string(), member.role)).collect())
}

/// Waits until a room that a removed user was in has been left.
fn until_left(client: &mut Client, room: RoomId, user: &str) -> Result<Vec<(String, Role)>, Code> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = roles(client, room)?;
        if now.iter().all(|(name, _)| name != user) {
            return Ok(now);
        }
        assert!(Instant::now() < deadline, "the room is still not left");
    }
}

/// Alice's room, with an admin who is not the first to have joined, and one with a plain member.
fn two_rooms(daemon: &Daemon, alice: &mut Client) -> (RoomId, RoomId) {
    let (many, two) = (alice.create("many").unwrap(), alice.create("two").unwrap());
    for name in ["bob", "carol", "dave"] {
        daemon.user(name);
        alice.add(many, name).unwrap();
    }
    alice.promote(many, "carol").unwrap();
    alice.add(two, "bob").unwrap();
    (many, two)
}

fn left_by_the_rules(daemon: &Daemon, many: RoomId, two: RoomId) {
    let mut bob = daemon.tls_client();
    bob.login("bob", PASSWORD, None).unwrap();
    let mut left = until_left(&mut bob, many, "alice").unwrap();
    left.sort_by(|one, other| one.0.cmp(&other.0));
    let expected = [("bob", Role::Member), ("carol", Role::Owner), ("dave", Role::Member)];
    assert_eq!(left, expected.map(|(name, role)| (name.to_owned(), role)));
    assert_eq!(until_left(&mut bob, two, "alice"), Err(Code::RoomTerminated));
}

#[test]
fn a_removed_user_is_cut_off_and_their_rooms_pass_on_or_terminate() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let (many, two) = two_rooms(&daemon, &mut alice);
    does(&daemon, &["user", "remove", "alice"]);
    let begun = Instant::now();
    assert_eq!(alice.until_ended(), Ended::Closing(CloseReason::Removed));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    left_by_the_rules(&daemon, many, two);
    assert!(refused(&daemon, &["user", "add", "Alice", "--generate"]).contains("is or was a user"));
}

#[test]
fn who_is_removed_without_a_daemon_has_left_once_there_is_one() {
    let mut daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let (many, two) = two_rooms(&daemon, &mut alice);
    drop(alice);
    assert!(daemon.terminate().success());
    does(&daemon, &["user", "remove", "alice"]);
    daemon.restart();
    left_by_the_rules(&daemon, many, two);
}

#[test]
fn an_operator_names_a_room_by_title_or_id_and_the_hyphen_makes_it_an_id() {
    let daemon = Daemon::start();
    let (mut alice, mut bob) = (daemon.user("alice"), daemon.user("bob"));
    let room = alice.create("ops").unwrap();
    let bare = room.to_string().replace('-', "");
    let namesake = alice.create(&bare).unwrap();
    for room in [room, namesake] {
        alice.add(room, "bob").unwrap();
    }
    let owner = |client: &mut Client, room| {
        let all = roles(client, room).unwrap();
        all.into_iter().find(|(_, role)| *role == Role::Owner).unwrap().0
    };
    does(&daemon, &["room", "transfer", &bare, "bob"]);
    assert_eq!([owner(&mut bob, room), owner(&mut bob, namesake)], ["alice", "bob"]);
    does(&daemon, &["room", "transfer", &room.to_string().to_uppercase(), "bob"]);
    assert_eq!(owner(&mut bob, room), "bob");
    // With the namesake gone the bare digits are the ID.
    bob.leave(namesake).unwrap();
    alice.leave(namesake).unwrap();
    does(&daemon, &["room", "transfer", &bare, "alice"]);
    assert_eq!(owner(&mut bob, room), "alice");
    let ended = refused(&daemon, &["room", "transfer", &namesake.to_string(), "bob"]);
    assert!(ended.contains("has ended for good"), "{ended}");
    assert!(refused(&daemon, &["room", "transfer", "ops", "carol"]).contains("no such user"));
}
