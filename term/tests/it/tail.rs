//! `tail`: what was said, what is said, and nothing twice or not at all.

use parlor_protocol::entry::{
    Blocked, Blocks, Ended, FormerRoom, FormerRooms, Rejoin, RoomState, Unblocked,
};
use parlor_protocol::id::{Revision, Timestamp};
use parlor_protocol::message::{Changes, Messages};
use parlor_protocol::notification::{NotificationKind, Notifications};
use parlor_protocol::push::{Change, Exited, Push};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::request::Command;
use parlor_protocol::room::{Departure, Member, Role};

use crate::harness::{Follower, Home};
use crate::server::{
    Conversation, Server, change, changed, message, notification, refused, room, room_id,
};

fn messages(seqs: std::ops::RangeInclusive<u64>, revision: u64) -> Outcome {
    Outcome::Messages(Messages {
        messages: seqs.map(|seq| Record(message(seq, &format!("text {seq}")))).collect(),
        more: false,
        as_of: Revision(revision),
    })
}

fn said(revision: u64, seq: u64) -> Push {
    changed(revision, Change::Message(message(seq, &format!("text {seq}"))))
}

fn nothing_new(revision: u64) -> Outcome {
    Outcome::Changes(Changes { changes: vec![], more: false, as_of: Revision(revision) })
}

fn missed(revisions: std::ops::RangeInclusive<u64>) -> Outcome {
    let last = *revisions.end();
    let one = |rev| change(rev, Change::Message(message(rev - 1, &format!("text {}", rev - 1))));
    let changes = revisions.map(one).collect();
    Outcome::Changes(Changes { changes, more: false, as_of: Revision(last) })
}

fn blocks(users: &[&str]) -> Outcome {
    let blocked = |user: &&str| Record(Blocked { user: user.parse().unwrap(), at: Timestamp(0) });
    Outcome::Blocks(Blocks { blocks: users.iter().map(blocked).collect(), next: None })
}

fn exited(how: Departure) -> Push {
    let (by, reason) = ("bob".parse().ok(), "spam".parse().ok());
    Push::Exited(Exited { room: room_id(), how, by, reason })
}

/// What a new follower asks, up to the point from which only pushes come.
fn begin(conversation: &mut Conversation, last: u64) {
    conversation.log_in();
    let asked = conversation.answers([
        Outcome::Done,
        Outcome::Room(room(last, last + 1)),
        blocks(&[]),
        messages(last..=last, last + 1),
        blocks(&[]),
        nothing_new(last + 1),
    ]);
    assert_eq!(asked[0], Command::Subscribe);
}

#[test]
fn messages_are_shown_and_nothing_in_them_reaches_the_terminal_raw() {
    let server = Server::play(2, |_, mut conversation| {
        conversation.log_in();
        let page = Messages {
            messages: vec![Record(message(1, "a\u{202e}b\n\u{1100}\u{1100}\u{1100}\tc"))],
            more: false,
            as_of: Revision(2),
        };
        conversation.answers([Outcome::Room(room(1, 2)), blocks(&[]), Outcome::Messages(page)]);
        conversation.rest();
    });
    let home = Home::new();
    let done = home.at(&server, &["tail", "ops"]);
    let shown = "2026-11-22T20:07:12.123Z  bob  a\u{fffd}b\n    \u{fffd}    c\n";
    assert_eq!((done.status, done.out.as_str()), (Some(0), shown), "{done:?}");
    let done = home.at(&server, &["tail", "ops", "--json"]);
    assert_eq!(
        done.out,
        "{\"type\":\"message\",\"room\":\"kx4f9-2mqa7\",\"title\":\"ops\",\"seq\":1,\
         \"at\":\"2026-11-22T20:07:12.123Z\",\"author\":\"bob\",\
         \"kind\":\"said\",\"text\":\"a\\u202eb\\n\\u1100\\u1100\\u1100\\tc\",\"author_removed\":false}\n"
    );
    server.finish();
}

#[test]
fn following_fills_gaps_and_repeats_nothing() {
    let server = Server::play(1, |_, mut conversation| {
        begin(&mut conversation, 5);
        conversation.push(said(6, 5));
        conversation.push(said(7, 6));
        conversation.push(said(10, 9));
        conversation.answers([missed(8..=11)]);
        conversation.push(said(11, 10));
        conversation.push(said(12, 11));
        conversation.push(exited(Departure::Left));
        conversation.rest();
    });
    let done = Home::new().at(&server, &["tail", "ops", "-f", "-n", "1", "--json"]);
    let seqs: Vec<_> = done
        .out
        .lines()
        .filter_map(|line| line.split("\"seq\":").nth(1)?.split(',').next()?.parse::<u64>().ok())
        .collect();
    assert_eq!(seqs, [5, 6, 7, 8, 9, 10, 11], "{done:?}");
    assert!(
        done.out.ends_with(
            "{\"type\":\"closing\",\"room\":\"kx4f9-2mqa7\",\"code\":\"not-a-member\"}\n"
        )
    );
    assert_eq!(done.status, Some(1));
    assert!(done.err.contains("\"code\":\"not-a-member\""), "{done:?}");
    server.finish();
}

#[test]
fn following_goes_on_over_a_new_connection_with_what_was_missed() {
    let server = Server::play(2, |number, mut conversation| {
        if number == 0 {
            begin(&mut conversation, 1);
            conversation.push(said(3, 2));
            return conversation.close(CloseReason::ShuttingDown);
        }
        conversation.log_in();
        let asked = conversation.answers([Outcome::Done, blocks(&[]), missed(4..=5)]);
        let Command::ListChanges(list) = &asked[2] else { panic!("{asked:?}") };
        assert_eq!(list.since, Revision(3));
        conversation.push(said(6, 5));
        conversation.close(CloseReason::Revoked);
    });
    let done = Home::new().at(&server, &["tail", "ops", "-f", "-n", "1"]);
    let texts: Vec<_> = done.out.lines().filter_map(|line| line.split("  bob  ").nth(1)).collect();
    assert_eq!(texts, ["text 1", "text 2", "text 3", "text 4", "text 5"], "{done:?}");
    assert_eq!(done.status, Some(255));
    assert!(done.err.contains("the server is shutting down"), "{done:?}");
    assert!(done.err.ends_with("log in again with the password\n"), "{done:?}");
    server.finish();
}

#[test]
fn who_is_blocked_on_another_device_is_hidden_from_then_on_also_over_a_new_connection() {
    let server = Server::play(2, |number, mut conversation| {
        let bob = || "bob".parse().unwrap();
        if number == 0 {
            begin(&mut conversation, 1);
            conversation.push(Push::Blocked(Blocked { user: bob(), at: Timestamp(0) }));
            conversation.push(said(3, 2));
            conversation.push(Push::Unblocked(Unblocked { user: bob() }));
            conversation.push(said(4, 3));
            return conversation.close(CloseReason::ShuttingDown);
        }
        conversation.log_in();
        conversation.answers([Outcome::Done, blocks(&["bob"]), missed(5..=6)]);
        conversation.push(said(7, 6));
        conversation.push(exited(Departure::Left));
        conversation.rest();
    });
    let done = Home::new().at(&server, &["tail", "ops", "-f", "-n", "1", "--json"]);
    let texts: Vec<_> = done
        .out
        .lines()
        .filter_map(|line| line.split("\"text\":\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(texts, ["text 1", "text 3"], "{done:?}");
    server.finish();
}

#[test]
fn a_room_that_ended_meanwhile_ends_following() {
    let server = Server::play(2, |number, mut conversation| {
        if number == 0 {
            begin(&mut conversation, 1);
            return;
        }
        conversation.log_in();
        conversation.answers([Outcome::Done, blocks(&[]), refused(Code::RoomTerminated)]);
        conversation.rest();
    });
    let done = Home::new().at(&server, &["tail", "ops", "-f", "-n", "1"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.err.contains("parlor: refused: room-terminated: "), "{done:?}");
    server.finish();
}

const KICKED: &str = "{\"type\":\"refused\",\"code\":\"not-a-member\",\
                      \"message\":\"bob kicked you from ops: spam\",\"retry_after_ms\":null,\
                      \"reason\":\"spam\"}\n";

#[test]
fn whoever_is_out_learns_how_and_nothing_follows() {
    for (how, status, code, err) in [
        (Departure::Kicked, 1, "kicked", KICKED),
        (Departure::Banned, 1, "banned", "the reason given: spam"),
        (Departure::Terminated, 1, "room-terminated", "\"code\":\"room-terminated\""),
        (Departure::Removed, 255, "removed", "parlor: your account was removed"),
    ] {
        let server = Server::play(1, move |_, mut conversation| {
            begin(&mut conversation, 1);
            conversation.push(exited(how));
            conversation.rest();
        });
        let done = Home::new().at(&server, &["tail", "ops", "-f", "-n", "1", "--json"]);
        assert_eq!(done.status, Some(status), "{done:?}");
        let closing = format!("\"room\":\"kx4f9-2mqa7\",\"code\":\"{code}\"}}");
        assert_eq!(done.out.lines().last(), Some(&*format!("{{\"type\":\"closing\",{closing}")));
        assert!(done.err.contains(err), "{done:?}");
        server.finish();
    }
}

#[test]
fn whoever_is_shut_out_by_the_server_never_connects_again() {
    for reason in [CloseReason::Revoked, CloseReason::Disabled, CloseReason::Removed] {
        let server = Server::play(1, move |_, mut conversation| {
            begin(&mut conversation, 1);
            conversation.close(reason);
        });
        let done = Home::new().at(&server, &["tail", "ops", "-f", "-n", "1", "--json"]);
        assert_eq!(done.status, Some(255), "{done:?}");
        assert!(done.out.ends_with(&format!("\"code\":\"{reason}\"}}\n")), "{done:?}");
        server.finish();
    }
}

#[test]
fn whoever_is_let_in_no_more_while_away_is_told_by_the_last_line() {
    let server = Server::play(2, |number, mut conversation| {
        if number == 0 {
            begin(&mut conversation, 1);
            return;
        }
        conversation.greet();
        conversation.answers([refused(Code::Disabled)]);
        conversation.rest();
    });
    let done = Home::new().at(&server, &["tail", "ops", "-f", "-n", "1", "--json"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.out.ends_with("\"code\":\"disabled\"}\n"), "{done:?}");
    server.finish();
}

#[test]
fn whoever_was_kicked_while_away_learns_by_whom_and_why() {
    let server = Server::play(2, |number, mut conversation| {
        if number == 0 {
            begin(&mut conversation, 1);
            return;
        }
        conversation.log_in();
        let former = FormerRoom {
            room: room_id(),
            title: "ops".parse().unwrap(),
            state: RoomState::Live,
            ended: Ended::Kicked,
            at: Timestamp(0),
            rejoin: Rejoin::Request,
        };
        let told = notification(3, NotificationKind::Kicked);
        conversation.answers([
            Outcome::Done,
            blocks(&[]),
            refused(Code::NotAMember),
            Outcome::FormerRooms(FormerRooms { rooms: vec![Record(former)], next: None }),
            Outcome::Notifications(Notifications { notifications: vec![told], next: None }),
        ]);
        conversation.rest();
    });
    let done = Home::new().at(&server, &["tail", "ops", "-f", "-n", "1", "--json"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.out.ends_with("\"code\":\"kicked\"}\n"), "{done:?}");
    assert!(done.err.ends_with(KICKED), "{done:?}");
    server.finish();
}

#[test]
fn every_line_is_handed_on_at_once() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let server = Server::play(1, move |_, mut conversation| {
        begin(&mut conversation, 1);
        gone.recv().unwrap();
        conversation.push(said(3, 2));
        conversation.rest();
    });
    let home = Home::new();
    let tail = Follower::spawn(home.command_at(&server, &["tail", "ops", "-f", "-n", "1"]));
    assert!(tail.line().ends_with("text 1"));
    go.send(()).unwrap();
    assert!(tail.line().ends_with("text 2"));
    drop(tail);
    server.finish();
}

#[test]
fn events_are_shown_where_they_are_wanted() {
    let server = Server::play(2, |_, mut conversation| {
        conversation.log_in();
        let carol = Member {
            user: "carol".parse().unwrap(),
            role: Role::Member,
            joined_at: Timestamp(0),
            online: None,
            display_name: None,
        };
        let changes = vec![
            change(1, Change::Created("bob".parse().unwrap())),
            change(2, Change::Joined(carol)),
            change(3, Change::Message(message(1, "hi"))),
        ];
        let page = Changes { changes, more: false, as_of: Revision(3) };
        conversation.answers([Outcome::Room(room(1, 3)), blocks(&[]), Outcome::Changes(page)]);
        conversation.rest();
    });
    let home = Home::new();
    let done = home.at(&server, &["tail", "ops", "--events"]);
    let at = "2026-11-22T20:07:12.123Z";
    let shown = format!("{at}  *  bob created the room\n{at}  *  carol joined\n{at}  bob  hi\n");
    assert_eq!((done.status, done.out), (Some(0), shown));
    let done = home.at(&server, &["tail", "ops", "--events", "--json"]);
    assert!(
        done.out.contains("\"revision\":2,\"at\":\"2026-11-22T20:07:12.123Z\",\"kind\":\"joined\",\"user\":\"carol\""),
        "{done:?}"
    );
    server.finish();
}
