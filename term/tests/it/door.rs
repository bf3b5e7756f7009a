//! Commands about who gets into a room, and waiting where the server says so: what they ask for,
//! and what they print.

use std::io::Write;
use std::process::Stdio;

use parlor_protocol::entry::{
    AddMember, Approve, Ban, BanUser, Bans, Block, Deny, Ended, FormerRoom, FormerRooms, Invite,
    InviteUser, JoinRequest, Kick, Rejoin, RequestToJoin, RevokeInvite, RoomState, Unban, Unblock,
    Withdraw,
};
use parlor_protocol::id::{NotificationId, Seq, Timestamp};
use parlor_protocol::notification::WhichNotifications;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{JoinRoom, MarkRead, Member, ReadMarker, Role};

use crate::harness::{Home, done};
use crate::lines::sent;
use crate::server::{Server, refused, room};

#[test]
fn an_id_is_not_looked_up_before_it_is_used() {
    let id = room(0, 1).room;
    for (named, looked_up) in [("KX4F9-2MQA7", 0), ("kx4f92mqa7", 1)] {
        let server = Server::play(1, move |_, mut conversation| {
            conversation.log_in();
            let mut outcomes = vec![refused(Code::NoSuchRoom); looked_up];
            outcomes.push(refused(Code::NotInvited));
            let asked = conversation.answers(outcomes);
            let join = JoinRoom { room: id, leave: None };
            assert_eq!(asked.last(), Some(&Command::JoinRoom(join)));
            conversation.rest();
        });
        let done = Home::new().at(&server, &["join", named]);
        assert_eq!(done.status, Some(1), "{done:?}");
        assert!(done.err.starts_with("parlor: refused: not-invited: "), "{done:?}");
        server.finish();
    }
}

const AT: Timestamp = Timestamp(1_795_378_032_123);

/// What a change asks for, what the server makes, and what scripts see of it.
type Change = (&'static str, Command, Outcome, &'static str);

fn bob() -> String {
    "bob".to_owned()
}

fn why() -> String {
    "too much".to_owned()
}

/// Changes that let somebody in.
fn letting_in() -> Vec<Change> {
    let room = room(0, 1).room;
    let (user, by) = (|| "bob".parse().unwrap(), "alice".parse().unwrap());
    let (title, reason) = ("ops".parse().unwrap(), "too much".parse().ok());
    let role = Role::Member;
    let member =
        || Member { user: user(), role, joined_at: AT, online: Some(true), display_name: None };
    let member_object = "{\"type\":\"member\",\"room\":\"kx4f9-2mqa7\",\"user\":\"bob\",\
                         \"role\":\"member\",\"joined_at\":\"2026-11-22T20:07:12.123Z\",\
                         \"online\":true,\"display_name\":null}\n";
    let request = JoinRequest { room, user: user(), reason, at: AT };
    let invite = Invite { room, title, user: user(), by, at: AT, until: AT };
    let done = || Outcome::Done;
    vec![
        (
            "request kx4f9-2mqa7 too much",
            Command::RequestToJoin(RequestToJoin { room, reason: why() }),
            Outcome::Request(request),
            "{\"type\":\"request\",\"room\":\"kx4f9-2mqa7\",\"user\":\"bob\",\"reason\":\"too much\",\
             \"at\":\"2026-11-22T20:07:12.123Z\"}\n",
        ),
        ("withdraw kx4f9-2mqa7", Command::Withdraw(Withdraw { room }), done(), ""),
        (
            "approve kx4f9-2mqa7 bob",
            Command::Approve(Approve { room, user: bob() }),
            Outcome::Member(member()),
            member_object,
        ),
        (
            "deny kx4f9-2mqa7 bob too much",
            Command::Deny(Deny { room, user: bob(), reason: why() }),
            done(),
            "",
        ),
        (
            "add kx4f9-2mqa7 bob",
            Command::AddMember(AddMember { room, user: bob() }),
            Outcome::Member(member()),
            member_object,
        ),
        (
            "invite kx4f9-2mqa7 bob",
            Command::InviteUser(InviteUser { room, user: bob() }),
            Outcome::Invite(invite),
            "{\"type\":\"invite\",\"room\":\"kx4f9-2mqa7\",\"title\":\"ops\",\"user\":\"bob\",\
             \"by\":\"alice\",\"at\":\"2026-11-22T20:07:12.123Z\",\
             \"until\":\"2026-11-22T20:07:12.123Z\"}\n",
        ),
        (
            "invite kx4f9-2mqa7 bob",
            Command::InviteUser(InviteUser { room, user: bob() }),
            Outcome::Member(member()),
            member_object,
        ),
        (
            "revoke kx4f9-2mqa7 bob",
            Command::RevokeInvite(RevokeInvite { room, user: bob() }),
            done(),
            "",
        ),
    ]
}

/// Changes that keep somebody out, and those of one's own things.
fn keeping_out() -> Vec<Change> {
    let room = room(0, 1).room;
    let (user, by) = ("bob".parse().unwrap(), "alice".parse().unwrap());
    let ban = Ban { room, user, by, reason: "too much".parse().ok(), at: AT, until: None };
    let ban_object = "{\"type\":\"ban\",\"room\":\"kx4f9-2mqa7\",\"user\":\"bob\",\"by\":\"alice\",\
                      \"reason\":\"too much\",\"at\":\"2026-11-22T20:07:12.123Z\",\"until\":null}\n";
    let marker = ReadMarker { room, seq: Seq(3), unread: 2, mentions: 1 };
    let which = |id| WhichNotifications { id };
    let done = || Outcome::Done;
    vec![
        (
            "kick kx4f9-2mqa7 bob",
            Command::Kick(Kick { room, user: bob(), reason: String::new() }),
            done(),
            "",
        ),
        (
            "ban kx4f9-2mqa7 bob too much --for 2w",
            Command::BanUser(BanUser { room, user: bob(), reason: why(), secs: Some(1_209_600) }),
            Outcome::Ban(ban),
            ban_object,
        ),
        ("unban kx4f9-2mqa7 bob", Command::Unban(Unban { room, user: bob() }), done(), ""),
        ("block bob", Command::Block(Block { user: bob() }), done(), ""),
        ("unblock bob", Command::Unblock(Unblock { user: bob() }), done(), ""),
        (
            "read kx4f9-2mqa7 3",
            Command::MarkRead(MarkRead { room, seq: Seq(3) }),
            Outcome::ReadMarker(marker),
            "{\"type\":\"read-marker\",\"room\":\"kx4f9-2mqa7\",\"seq\":3,\"unread\":2,\
             \"mentions\":1}\n",
        ),
        (
            "notifications --read 7",
            Command::ReadNotifications(which(Some(NotificationId(7)))),
            done(),
            "",
        ),
        ("notifications --dismiss all", Command::DismissNotifications(which(None)), done(), ""),
    ]
}

#[test]
fn a_change_prints_what_it_made_to_scripts_alone() {
    for json in [true, false] {
        for (line, command, outcome, object) in letting_in().into_iter().chain(keeping_out()) {
            let server = Server::play(1, move |_, mut conversation| {
                conversation.log_in();
                let asked = conversation.answers([outcome.clone()]);
                assert_eq!(asked, std::slice::from_ref(&command));
                conversation.rest();
            });
            let mut words: Vec<&str> = line.split(' ').collect();
            words.extend(json.then_some("--json"));
            let done = Home::new().at(&server, &words);
            let expected = if json { object } else { "" };
            assert_eq!((done.status, done.out.as_str()), (Some(0), expected), "{line}: {done:?}");
            server.finish();
        }
    }
}

#[test]
fn listings_of_who_gets_in_are_columns() {
    let room = room(0, 1).room;
    let (bob, by) = ("bob".parse().unwrap(), "alice".parse().unwrap());
    let (title, reason) = ("ops".parse().unwrap(), "too\u{202e} much".parse().ok());
    let ban = Ban { room, user: bob, by, reason, at: AT, until: None };
    let bans = Bans { bans: vec![Record(ban)], next: None };
    let former = FormerRoom {
        room,
        title,
        state: RoomState::Live,
        ended: Ended::Kicked,
        at: AT,
        rejoin: Rejoin::Request,
    };
    let log = FormerRooms { rooms: vec![Record(former)], next: None };
    for (line, outcome, shown) in [
        (
            "bans kx4f9-2mqa7",
            Outcome::Bans(bans),
            "bob  alice  2026-11-22T20:07:12.123Z  -  too\u{fffd} much\n",
        ),
        (
            "log",
            Outcome::FormerRooms(log.clone()),
            "kx4f9-2mqa7  live  kicked  2026-11-22T20:07:12.123Z  request  ops\n",
        ),
        (
            "log --json",
            Outcome::FormerRooms(log),
            "{\"type\":\"former-room\",\"room\":\"kx4f9-2mqa7\",\"title\":\"ops\",\
             \"state\":\"live\",\"ended\":\"kicked\",\"at\":\"2026-11-22T20:07:12.123Z\",\
             \"rejoin\":\"request\"}\n",
        ),
    ] {
        let server = Server::play(1, move |_, mut conversation| {
            conversation.log_in();
            conversation.answers([outcome.clone()]);
            conversation.rest();
        });
        let words: Vec<&str> = line.split(' ').collect();
        let done = Home::new().at(&server, &words);
        assert_eq!((done.status, done.out.as_str()), (Some(0), shown), "{line}: {done:?}");
        server.finish();
    }
}

#[test]
fn send_waits_where_the_server_says_so_and_tells_once() {
    let slow = |ms| {
        let retry_after_ms = Some(ms);
        Outcome::Refused(Refusal { retry_after_ms, ..Code::SlowMode.into() })
    };
    let server = Server::play(2, move |number, mut conversation| {
        conversation.log_in();
        conversation.answers([Outcome::Room(room(0, 1)), slow(1_100)]);
        if number == 0 {
            let asked = conversation.answers([slow(10), sent(1)]);
            assert_eq!(asked[0], asked[1], "the nonce stays");
        }
        conversation.rest();
    });
    let home = Home::new();
    let done = home.at(&server, &["send", "ops", "hi"]);
    assert_eq!((done.status, done.out.as_str()), (Some(0), ""), "{done:?}");
    assert_eq!(done.err.lines().count(), 1, "{done:?}");
    assert!(done.err.starts_with("parlor: slow-mode: the server wants 1.1 s"), "{done:?}");
    let done = home.at(&server, &["send", "ops", "hi", "--no-wait"]);
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.err.ends_with("; wait before you go on (1.100 s)\n"), "{done:?}");
    server.finish();
}

#[test]
fn lines_keep_their_order_where_the_server_says_to_wait() {
    let server = Server::play(1, move |_, mut conversation| {
        conversation.log_in();
        conversation.answers([Outcome::Room(room(0, 1))]);
        let mut texts = Vec::new();
        let mut heard = 0;
        conversation.answer(|command| {
            let Command::Send(send) = command else { panic!("not a message") };
            heard += 1;
            // Ten are taken, then one of two is too soon, as long as they do not wait.
            if heard > 10 && !texts.is_empty() && heard <= 64 {
                let retry_after_ms = Some(20);
                return Outcome::Refused(Refusal { retry_after_ms, ..Code::RateLimited.into() });
            }
            texts.push(send.text);
            sent(texts.len() as u64)
        });
        let expected: Vec<String> = (1..=70).map(|line| format!("line {line}")).collect();
        assert_eq!(texts, expected);
    });
    let home = Home::new();
    let mut command = home.command_at(&server, &["send", "ops", "--lines", "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let input: String = (1..=70).map(|line| format!("line {line}\n")).collect();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = done(&child.wait_with_output().unwrap());
    assert_eq!((done.status, done.err.as_str()), (Some(0), ""), "{done:?}");
    server.finish();
}
