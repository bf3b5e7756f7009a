//! What people see of each other: who is there, and what they are shown with.

use std::time::{Duration, Instant};

use parlor_protocol::id::RoomId;
use parlor_protocol::refusal::Code;

use crate::harness::{Client, Daemon, PASSWORD};

/// What a watcher hears until it is this much: some of it waits for a second to pass, and the
/// deadline decides.
fn hears(client: &mut Client, room: RoomId, expected: &[&str]) {
    let begun = Instant::now();
    let mut heard: Vec<String> = Vec::new();
    while heard.len() < expected.len() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{heard:?}, not {expected:?}");
        // Asking gives the hub a turn, in which it tells what is due.
        client.members(room).unwrap();
        heard.extend(client.settle());
    }
    assert_eq!(heard, expected);
}

#[test]
fn whoever_has_the_member_list_open_hears_who_comes_and_goes_and_nobody_else() {
    let daemon = Daemon::start();
    let [mut alice, mut bob, mut carol] = ["alice", "bob", "carol"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    assert_eq!(carol.watch(Some(room)), Err(Code::NotAMember));
    assert_eq!(carol.watch(Some(RoomId::from_random(7))), Err(Code::NoSuchRoom));
    alice.settle();
    alice.watch(Some(room)).unwrap();
    assert_eq!(alice.members(room).unwrap().iter().filter(|it| it.online == Some(true)).count(), 2);
    drop(bob);
    hears(&mut alice, room, &["-bob"]);
    let mut bob = daemon.client();
    bob.login("bob", PASSWORD, None).unwrap();
    bob.subscribe();
    hears(&mut alice, room, &["+bob"]);
    // Whoever joins is shown, too.
    carol.join(room).unwrap();
    hears(&mut alice, room, &["#3 carol joined", "+carol"]);
    assert_eq!(bob.settle(), ["ops is there", "#3 carol joined"], "bob has no list open");
    // Who is out watches no more, also back in.
    bob.watch(Some(room)).unwrap();
    bob.leave(room).unwrap();
    bob.join(room).unwrap();
    hears(&mut alice, room, &["#4 bob departed (left)", "#5 bob joined", "+bob"]);
    bob.settle();
    drop(carol);
    hears(&mut alice, room, &["-carol"]);
    assert_eq!(bob.settle(), [""; 0]);
    alice.watch(None).unwrap();
    drop(bob);
    let begun = Instant::now();
    while alice.members(room).unwrap().iter().filter(|it| it.online == Some(false)).count() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "bob's end is never noticed");
    }
    assert_eq!(alice.settle(), [""; 0]);
}

#[test]
fn a_display_name_is_cleaned_kept_and_shown_beside_the_name() {
    let mut daemon = Daemon::start();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    alice.watch(Some(room)).unwrap();
    alice.settle();
    let shown = |client: &mut Client| {
        let members = client.members(room).unwrap();
        let names = members.into_iter().map(|it| it.display_name.map(|name| name.to_string()));
        names.map(Option::unwrap_or_default).collect::<Vec<_>>()
    };
    assert_eq!(
        bob.set_display_name(" B\u{1b}o\u{202e}b\nthe  Builder "),
        Ok(Some("Bob the  Builder".into()))
    );
    hears(&mut alice, room, &["+bob (Bob the  Builder)"]);
    assert_eq!(shown(&mut alice), ["", "Bob the  Builder"]);
    assert_eq!(bob.set_display_name(&"x".repeat(49)), Err(Code::TooLong));
    assert_eq!(bob.set_display_name("\u{1100}\u{1100}\u{1100}"), Err(Code::TooLong));
    daemon.kill9();
    daemon.restart();
    let mut bob = daemon.client();
    let me = bob.login("bob", PASSWORD, None).unwrap();
    assert_eq!(me.display_name.unwrap().as_str(), "Bob the  Builder");
    assert_eq!(shown(&mut bob), ["", "Bob the  Builder"]);
    assert_eq!(bob.set_display_name(" \u{200b}\n"), Ok(None));
    assert_eq!(shown(&mut bob), ["", ""]);
}
