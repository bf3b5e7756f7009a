//! How one gets into a room: by request, add, invite, and back in.

use super::{listed, people, refused};
use crate::daemon::Daemon;

#[test]
fn a_request_is_one_at_a_time_can_be_withdrawn_and_rests_a_day_when_denied() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops"]);
    assert_eq!(refused(&bob, &["withdraw", "ops"]), "no-such-request");
    bob.does(&["request", "ops"]);
    assert_eq!(refused(&bob, &["join", "ops"]), "already-requested");
    bob.does(&["withdraw", "ops"]);
    assert_eq!(alice.does(&["requests", "ops"]), "");
    let request = bob.does(&["request", "ops", "again", "--json"]);
    assert!(request.contains("\"user\":\"bob\",\"reason\":\"again\",\"at\":\""), "{request}");
    alice.does(&["deny", "ops", "bob", "not", "now"]);
    assert_eq!(listed(&bob, &["notifications"], "reason"), ["not now"]);
    assert_eq!(listed(&bob, &["log"], "ended"), ["denied"]);
    let done = bob.run(&["request", "ops", "--json"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.err.contains("\"code\":\"rate-limited\""), "{done:?}");
    assert!(!done.err.contains("\"retry_after_ms\":null"), "{done:?}");
}

#[test]
fn all_admins_are_told_of_a_request_and_one_settles_it_for_all() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    alice.does(&["create", "ops"]);
    alice.does(&["add", "ops", "bob"]);
    alice.does(&["promote", "ops", "bob"]);
    carol.does(&["request", "ops"]);
    for admin in [&alice, &bob] {
        assert!(listed(admin, &["notifications"], "kind").contains(&"join-requested".to_owned()));
    }
    daemon.restart();
    bob.does(&["approve", "ops", "carol"]);
    assert_eq!(refused(&alice, &["deny", "ops", "carol"]), "no-such-request");
    assert_eq!(listed(&carol, &["rooms", "--mine"], "role"), ["member"]);
}

#[test]
fn an_added_user_is_a_member_at_once_and_reads_what_came_before() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    let id = alice.does(&["create", "plans", "--private"]);
    alice.does(&["send", "plans", "before your time"]);
    let member = alice.does(&["add", "plans", "bob", "--json"]);
    assert!(member.contains("\"user\":\"bob\",\"role\":\"member\",\"joined_at\":\""), "{member}");
    assert_eq!(refused(&alice, &["add", "plans", "bob"]), "already-a-member");
    assert_eq!(refused(&alice, &["add", "plans", "nobody"]), "no-such-user");
    assert_eq!(refused(&bob, &["add", "plans", "carol"]), "not-permitted");
    assert_eq!(listed(&bob, &["notifications"], "kind"), ["added"]);
    assert_eq!(listed(&bob, &["tail", "plans"], "text"), ["before your time"]);
    bob.does(&["leave", "plans"]);
    for command in [&["tail", id.trim()][..], &["members", id.trim()]] {
        assert_ne!(bob.run(command).status, Some(0), "former members read nothing");
    }
    assert_eq!(carol.does(&["rooms"]), "");
}

#[test]
fn an_invite_is_told_used_up_revoked_and_renewed() {
    let daemon = Daemon::start();
    let [alice, bob, carol] = people(&daemon, ["alice", "bob", "carol"]);
    let id = alice.does(&["create", "plans", "--private"]).trim().to_owned();
    alice.does(&["add", "plans", "carol"]);
    alice.does(&["promote", "plans", "carol"]);
    alice.does(&["invite", "plans", "bob"]);
    alice.does(&["revoke", "plans", "bob"]);
    assert_eq!(refused(&alice, &["revoke", "plans", "bob"]), "no-such-invite");
    assert_eq!(refused(&bob, &["join", &id]), "not-invited");
    alice.does(&["invite", "plans", "bob"]);
    let invite = alice.does(&["invite", "plans", "bob", "--json"]);
    assert!(invite.contains("\"title\":\"plans\",\"user\":\"bob\",\"by\":\"alice\""), "{invite}");
    assert_eq!(listed(&alice, &["invites", "plans"], "user"), ["bob"]);
    assert_eq!(refused(&bob, &["request", &id]), "already-invited");
    // It survives whoever made it, and the daemon.
    alice.does(&["leave", "plans"]);
    daemon.restart();
    let told = bob.does(&["notifications"]);
    assert!(told.ends_with(&format!("alice invited you to plans: join {id}\n")), "{told}");
    bob.does(&["join", &id.to_uppercase().replace('-', "")]);
    assert_eq!(bob.does(&["invites"]), "");
    assert_eq!(listed(&carol, &["members", "plans"], "user"), ["carol", "bob"]);
}

#[test]
fn inviting_somebody_who_has_asked_lets_them_in() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    alice.does(&["create", "ops"]);
    bob.does(&["request", "ops"]);
    let member = alice.does(&["invite", "ops", "bob", "--json"]);
    assert!(member.starts_with("{\"type\":\"member\","), "{member}");
    assert_eq!(alice.does(&["requests", "ops"]), "");
    assert_eq!(listed(&bob, &["notifications"], "kind"), ["approved"]);
}

#[test]
fn a_private_rooms_id_answers_a_stranger_like_one_that_does_not_exist() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    let id = alice.does(&["create", "plans", "--private"]).trim().to_owned();
    let none = if id == "00000-00000" { "00000-00001" } else { "00000-00000" };
    for id in [id.as_str(), &id.replace('-', ""), none] {
        assert_eq!(refused(&bob, &["join", id]), "not-invited");
        for command in [
            &["request", id][..],
            &["withdraw", id],
            &["leave", id],
            &["members", id],
            &["tail", id],
            &["send", id, "hi"],
            &["requests", id],
            &["invites", id],
            &["kick", id, "alice"],
            &["ban", id, "alice"],
            &["topic", id, "hi"],
            &["read", id, "1"],
        ] {
            assert_eq!(refused(&bob, command), "no-such-room", "{command:?}");
        }
    }
    for command in [&["rooms"][..], &["rooms", "--search", "plan"], &["log"]] {
        assert_eq!(bob.does(command), "", "{command:?}");
    }
    assert_eq!(refused(&bob, &["join", "plans"]), "no-such-room");
    assert_eq!(refused(&bob, &["create", "PLANS"]), "title-taken");
}

#[test]
fn the_log_says_how_it_ended_and_how_to_come_back_live_rooms_first() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    for room in [
        &["create", "gone", "--entry", "open"][..],
        &["create", "open", "--entry", "open"],
        &["create", "asks"],
        &["create", "private", "--private"],
        &["create", "kicked", "--private"],
    ] {
        alice.does(room);
        alice.does(&["add", room[1], "bob"]);
    }
    for room in ["open", "asks", "private"] {
        bob.does(&["leave", room]);
    }
    alice.does(&["kick", "kicked", "bob"]);
    alice.does(&["leave", "gone"]);
    daemon.restart();
    let log = ["title", "state", "ended", "rejoin"].map(|key| listed(&bob, &["log"], key));
    let row = |place: usize| log.each_ref().map(|column| column[place].as_str());
    let mut live: Vec<_> = (0..4).map(row).collect();
    live.sort_unstable();
    assert_eq!(
        live,
        [
            ["asks", "live", "left", "request"],
            ["kicked", "live", "kicked", "request"],
            ["open", "live", "left", "now"],
            ["private", "live", "left", "invite"],
        ]
    );
    assert_eq!(row(4), ["gone", "terminated", "terminated", "no"]);
    bob.does(&["join", "open"]);
    assert!(!listed(&bob, &["log"], "title").contains(&"open".to_owned()));
    // Page by page it is the same.
    let first = bob.does(&["log", "--limit", "1", "--json"]);
    let next = first.split("\"next\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(listed(&bob, &["log", "--after", next], "title").len(), 3);
}

#[test]
fn whoever_was_kicked_from_a_private_room_asks_by_its_id() {
    let daemon = Daemon::start();
    let [alice, bob] = people(&daemon, ["alice", "bob"]);
    let id = alice.does(&["create", "plans", "--private"]).trim().to_owned();
    alice.does(&["add", &id, "bob"]);
    alice.does(&["kick", &id, "bob", "calm", "down"]);
    let told = bob.does(&["notifications"]);
    assert!(told.ends_with("alice kicked you from plans: calm down\n"), "{told}");
    assert_eq!(refused(&bob, &["join", &id]), "request-first");
    bob.does(&["request", &id, "sorry"]);
    alice.does(&["approve", &id, "bob"]);
    // Whoever left does not come back unasked.
    bob.does(&["leave", &id]);
    assert_eq!(refused(&bob, &["join", &id]), "not-invited");
    assert_eq!(refused(&bob, &["request", &id]), "not-invited");
    alice.does(&["invite", &id, "bob"]);
    bob.does(&["join", &id]);
}
