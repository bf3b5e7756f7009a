//! What becomes of a room that somebody leaves, and what stays while nobody is connected.

use super::{listed, people, refused, until};
use crate::daemon::Daemon;
use crate::harness::Follower;
use crate::people::{PASSWORD, User};

/// Who is in a room, and as what, in the order of joining.
fn roles(user: &User<'_>, room: &str) -> Vec<String> {
    let (names, roles) =
        (listed(user, &["members", room], "user"), listed(user, &["members", room], "role"));
    names.into_iter().zip(roles).map(|(name, role)| format!("{name} {role}")).collect()
}

/// Has an owner make an open room which others join one after the other.
fn open_room(owner: &User<'_>, others: &[&User<'_>], title: &str) -> String {
    let id = owner.does(&["create", title, "--entry", "open"]).trim().to_owned();
    for other in others {
        other.does(&["join", title]);
    }
    id
}

#[test]
fn the_last_plain_member_is_taken_out_and_finds_the_notification_at_the_next_login() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    let id = open_room(&alice, &[&bob], "ops");
    alice.does(&["leave", "ops"]);
    daemon.restart();
    assert_eq!(listed(&bob, &["notifications"], "kind"), ["room-terminated"]);
    assert_eq!(listed(&bob, &["log"], "ended"), ["terminated"]);
    assert_eq!(listed(&bob, &["log"], "rejoin"), ["no"]);
    for former in [&alice, &bob] {
        for command in [&["join", &id][..], &["tail", &id], &["send", &id, "hi"]] {
            assert_eq!(refused(former, command), "room-terminated", "{command:?}");
        }
        assert_eq!(former.does(&["rooms", "--mine"]), "");
    }
    assert_eq!(refused(&carol, &["tail", &id]), "no-such-room");
    // One's own act is no news, and the title is free again.
    assert_eq!(alice.does(&["notifications"]), "");
    carol.does(&["create", "OPS"]);
}

#[test]
fn ownership_passes_to_the_first_joined_admin_else_to_the_first_joined_member() {
    let daemon = Daemon::start();
    let [alice, bob, carol, dave] = people(&daemon, ["alice", "bob", "carol", "dave"]);
    open_room(&alice, &[&bob, &carol, &dave], "ops");
    // Made an admin first, but later in the room.
    alice.does(&["promote", "ops", "dave"]);
    alice.does(&["promote", "ops", "carol"]);
    alice.does(&["leave", "ops"]);
    daemon.restart();
    assert_eq!(roles(&bob, "ops"), ["bob member", "carol owner", "dave admin"]);
    let kinds = listed(&carol, &["notifications"], "kind");
    assert_eq!(kinds, ["role-changed", "ownership-received"]);
    carol.does(&["demote", "ops", "dave"]);
    carol.does(&["leave", "ops"]);
    assert_eq!(roles(&bob, "ops"), ["bob owner", "dave member"]);
    // Whoever comes back is a plain member and the last in order.
    alice.does(&["join", "ops"]);
    assert_eq!(roles(&bob, "ops"), ["bob owner", "dave member", "alice member"]);
    bob.does(&["leave", "ops"]);
    assert_eq!(roles(&dave, "ops"), ["dave owner", "alice member"]);
}

#[test]
fn an_owner_or_admin_who_is_left_alone_owns_a_living_room() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "alone"]);
    assert_eq!(roles(&alice, "alone"), ["alice owner"]);
    open_room(&alice, &[&bob], "ops");
    alice.does(&["kick", "ops", "bob"]);
    assert_eq!(roles(&alice, "ops"), ["alice owner"]);
    open_room(&alice, &[&bob], "team");
    alice.does(&["promote", "team", "bob"]);
    alice.does(&["leave", "team"]);
    assert_eq!(roles(&bob, "team"), ["bob owner"]);
}

#[test]
fn a_lone_owner_joining_elsewhere_with_leave_terminates_the_room() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    let id = open_room(&alice, &[], "mine");
    open_room(&bob, &[], "open");
    bob.does(&["create", "asks"]);
    // A join that is refused leaves nothing.
    assert_eq!(refused(&alice, &["join", "asks", "--leave", "mine"]), "request-first");
    assert_eq!(refused(&alice, &["join", "mine", "--leave", "mine"]), "already-a-member");
    assert_eq!(refused(&alice, &["join", "open", "--leave", "asks"]), "not-a-member");
    assert_eq!(listed(&alice, &["rooms", "--mine"], "title"), ["mine"]);
    alice.does(&["join", "open", "--leave", "mine"]);
    assert_eq!(listed(&alice, &["rooms", "--mine"], "title"), ["open"]);
    assert_eq!(refused(&alice, &["tail", &id]), "room-terminated");
}

#[test]
fn whoever_waits_at_the_door_is_told_that_the_room_has_ended() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    alice.does(&["create", "ops"]);
    bob.does(&["request", "ops"]);
    alice.does(&["invite", "ops", "carol"]);
    alice.does(&["leave", "ops"]);
    assert_eq!(listed(&bob, &["notifications"], "kind"), ["room-terminated"]);
    assert_eq!(listed(&carol, &["notifications"], "kind"), ["invited", "room-terminated"]);
    assert_eq!(carol.does(&["invites"]), "");
    for waited in [&bob, &carol] {
        assert_eq!(listed(waited, &["log"], "title"), ["ops"]);
        assert_eq!(listed(waited, &["log"], "ended"), ["terminated"]);
        assert_eq!(listed(waited, &["log"], "rejoin"), ["no"]);
    }
}

#[test]
fn a_membership_survives_its_connection_and_the_daemon() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    open_room(&alice, &[&bob], "ops");
    alice.does(&["send", "ops", "one"]);
    let follower = Follower::spawn(bob.command(&["tail", "ops", "-f"]));
    assert!(follower.line().ends_with("one"));
    drop(follower);
    alice.does(&["send", "ops", "two"]);
    daemon.restart();
    assert_eq!(roles(&bob, "ops"), ["alice owner", "bob member"]);
    assert_eq!(listed(&bob, &["tail", "ops"], "text"), ["one", "two"]);
    alice.does(&["send", "ops", "three"]);
    assert_eq!(listed(&bob, &["tail", "ops", "--after", "2"], "text"), ["three"]);
}

#[test]
fn a_follower_of_a_room_that_ends_is_told_so() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    open_room(&alice, &[&bob], "ops");
    alice.does(&["send", "ops", "the last word"]);
    let follower = Follower::spawn(bob.command(&["tail", "ops", "-f", "--json"]));
    assert!(follower.line().contains("the last word"));
    alice.does(&["leave", "ops"]);
    assert!(follower.line().ends_with("\"code\":\"room-terminated\"}"));
    assert_eq!(follower.ends(), Some(1));
}

#[test]
fn a_removed_account_is_cut_off_and_its_rooms_go_on_without_it() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    open_room(&alice, &[&bob, &carol], "ops");
    open_room(&alice, &[&bob], "two");
    alice.does(&["send", "ops", "hello yourself"]);
    bob.does(&["send", "ops", "hello @alice"]);
    // Whoever has printed something listens.
    let follower = Follower::spawn(alice.command(&["notifications", "-f", "--json"]));
    assert!(follower.line().contains("mentioned"));
    let listener = Follower::spawn(carol.command(&["tail", "ops", "-f", "--json", "--events"]));
    let marked = |line: &str| line.contains("\"author_removed\":true");
    while !listener.line().contains("hello @alice") {}
    daemon.operate(&["user", "remove", "alice"]);
    let line = follower.line();
    assert!(line.ends_with("\"code\":\"removed\"}"), "{line}");
    assert_eq!(follower.ends(), Some(255));
    until("the rooms are left", || {
        roles(&bob, "ops").len() == 2 && listed(&bob, &["rooms", "--mine"], "title") == ["ops"]
    });
    assert_eq!(roles(&bob, "ops"), ["bob owner", "carol member"]);
    // What alice said stays under her name, which nobody takes for that of an account.
    assert!(listener.line().contains("\"how\":\"removed\""));
    let said = bob.does(&["tail", "ops", "--json"]);
    assert_eq!(said.lines().map(marked).collect::<Vec<_>>(), [true, false], "{said}");
    assert!(said.contains("\"author\":\"alice\""));
    assert!(bob.does(&["tail", "ops"]).contains("  alice (removed)  hello yourself\n"));
    let taken = User::new("alice", &daemon).with_password(PASSWORD, &["signup"]);
    assert!(taken.err.contains("parlor: refused: name-taken: "), "{taken:?}");
    // The rooms are left in the order of their IDs, which are random.
    let mut kinds = listed(&bob, &["notifications"], "kind");
    kinds.sort_unstable();
    assert_eq!(kinds, ["ownership-received", "room-terminated"]);
}

#[test]
fn a_disabled_user_is_cut_off_stays_a_member_and_inherits_nothing() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    open_room(&alice, &[&bob, &carol], "ops");
    alice.does(&["send", "ops", "hello"]);
    let follower = Follower::spawn(bob.command(&["tail", "ops", "-f", "--json"]));
    assert!(follower.line().contains("hello"));
    daemon.operate(&["user", "disable", "bob"]);
    assert!(follower.line().ends_with("\"code\":\"disabled\"}"));
    assert_eq!(follower.ends(), Some(255));
    assert_eq!(bob.run(&["whoami"]).status, Some(255));
    alice.does(&["leave", "ops"]);
    assert_eq!(roles(&carol, "ops"), ["bob member", "carol owner"]);
    daemon.operate(&["user", "enable", "bob"]);
    // The device was refused, not deleted.
    assert_eq!(bob.does(&["whoami"]), "bob\n");
}
