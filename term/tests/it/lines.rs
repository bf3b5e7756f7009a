//! Commands, what they print, and how they end.

use std::io::Write;
use std::process::Stdio;

use parlor_protocol::id::{Revision, Seq, Timestamp};
use parlor_protocol::message::Sent;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::request::Command;
use parlor_protocol::room::{Room, RoomRef, Rooms};

use crate::harness::{Home, done};
use crate::server::{Server, refused, room};

#[test]
fn refusals_exit_1_with_their_code() {
    for (json, err) in [
        (false, "parlor: refused: title-taken: the title belongs to a room"),
        (true, "{\"type\":\"refused\",\"code\":\"title-taken\",\"message\":\"the title"),
    ] {
        let server = Server::play(1, |_, mut conversation| {
            conversation.log_in();
            conversation.answers([refused(Code::TitleTaken)]);
            conversation.rest();
        });
        let mut command = vec!["create", "ops"];
        command.extend(json.then_some("--json"));
        let done = Home::new().at(&server, &command);
        assert_eq!((done.status, done.out.as_str()), (Some(1), ""), "{done:?}");
        assert!(done.err.starts_with(err), "{done:?}");
        server.finish();
    }
}

fn rooms(titles: &[&str], next: Option<&str>) -> Outcome {
    let room = |title: &&str| Record(Room { title: title.parse().unwrap(), ..room(0, 1) });
    Outcome::Rooms(Rooms {
        rooms: titles.iter().map(room).collect(),
        next: next.map(str::to_owned),
    })
}

#[test]
fn listings_are_fetched_page_by_page() {
    let server = Server::play(1, |_, mut conversation| {
        conversation.log_in();
        let asked = conversation.answers([rooms(&["a", "bc"], Some("bc")), rooms(&["d"], None)]);
        let afters: Vec<_> = asked
            .into_iter()
            .map(|command| match command {
                Command::ListRooms(list) => list.after,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(afters, [None, Some("bc".to_owned())]);
        conversation.rest();
    });
    let done = Home::new().at(&server, &["rooms"]);
    let line = |title| format!("kx4f9-2mqa7  1  owner  public  ask  0  0  {title}\n");
    assert_eq!(done.out, line("a") + &line("bc") + &line("d"), "{done:?}");
    assert_eq!(done.status, Some(0));
    server.finish();
}

#[test]
fn a_page_says_where_the_next_begins() {
    let server = Server::play(1, |_, mut conversation| {
        conversation.log_in();
        conversation.answers([rooms(&["a"], Some("cursor \"1\""))]);
        conversation.rest();
    });
    let done = Home::new().at(&server, &["rooms", "--limit", "1", "--json"]);
    assert_eq!(
        done.out,
        "{\"type\":\"room\",\"room\":\"kx4f9-2mqa7\",\"title\":\"a\",\"topic\":null,\
         \"visibility\":\"public\",\"entry\":\"ask\",\"members\":1,\"role\":\"owner\",\
         \"last_seq\":0,\"unread\":0,\"mentions\":0,\"slow_secs\":0,\"read\":0}\n\
         {\"type\":\"page\",\"next\":\"cursor \\\"1\\\"\"}\n"
    );
    server.finish();
}

pub(crate) fn sent(seq: u64) -> Outcome {
    let at = Timestamp(1_795_378_032_123);
    Outcome::Sent(Sent { seq: Seq(seq), revision: Revision(seq + 1), at })
}

#[test]
fn a_title_is_tried_before_an_id_unless_it_has_the_hyphen() {
    let by_title = |title: &str| RoomRef::Title(title.to_owned());
    let by_id = RoomRef::Id(room(0, 1).room);
    for (named, expected) in [
        ("ops", vec![by_title("ops")]),
        ("KX4F92MQA7", vec![by_title("KX4F92MQA7"), by_id.clone()]),
        ("KX4F9-2MQA7", vec![by_id]),
    ] {
        let tries = expected.len();
        let server = Server::play(1, move |_, mut conversation| {
            conversation.log_in();
            let mut outcomes = vec![refused(Code::NoSuchRoom); tries - 1];
            outcomes.extend([Outcome::Room(room(0, 1)), Outcome::Done]);
            let asked = conversation.answers(outcomes);
            let refs: Vec<_> = asked
                .into_iter()
                .filter_map(|command| match command {
                    Command::FindRoom(find) => Some(find.room.0),
                    _ => None,
                })
                .collect();
            assert_eq!(refs, expected);
            conversation.rest();
        });
        let done = Home::new().at(&server, &["leave", named]);
        assert_eq!((done.status, done.out.as_str()), (Some(0), ""), "{done:?}");
        server.finish();
    }
}

#[test]
fn send_takes_its_text_from_the_arguments_or_from_standard_input() {
    let rows: [(&[&str], &str, &str); 3] = [
        (&["send", "ops", "two", "words"], "", "two words"),
        (&["send", "ops"], "a\nb\n\n", "a\nb\n"),
        (&["send", "ops"], "no end", "no end"),
    ];
    for (command, input, expected) in rows {
        let server = Server::play(1, move |_, mut conversation| {
            conversation.log_in();
            let asked = conversation.answers([Outcome::Room(room(0, 1)), sent(1)]);
            let Command::Send(send) = &asked[1] else { panic!("{asked:?}") };
            assert_eq!(send.text, expected);
            // Made by the server's clock, not by ours.
            let late = send.nonce.at().unwrap().0 - 1_795_378_032_123;
            assert!((0..60_000).contains(&late), "{late}");
            conversation.rest();
        });
        let home = Home::new();
        let mut child = home.command_at(&server, command).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let done = done(&child.wait_with_output().unwrap());
        assert_eq!((done.status, done.out.as_str()), (Some(0), ""), "{done:?}");
        server.finish();
    }
}

#[test]
fn lines_are_sent_without_waiting_and_acknowledged_in_order() {
    const LINES: u64 = 200;
    let server = Server::play(1, |_, mut conversation| {
        conversation.log_in();
        conversation.answers([Outcome::Room(room(0, 1))]);
        // More are under way before the first is answered.
        let mut waiting: Vec<_> = (0..10).map(|_| conversation.request().unwrap().id).collect();
        let mut seq = 0;
        loop {
            for id in waiting.drain(..) {
                seq += 1;
                conversation.reply(id, sent(seq));
            }
            match conversation.request() {
                Some(request) => waiting.push(request.id),
                None => break,
            }
        }
        assert_eq!(seq, LINES);
    });
    let home = Home::new();
    let mut command = home.command_at(&server, &["send", "ops", "--lines", "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for line in 1..=LINES {
        writeln!(input, "line {line}").unwrap();
    }
    drop(input);
    let done = done(&child.wait_with_output().unwrap());
    assert_eq!((done.status, done.err.as_str()), (Some(0), ""));
    assert_eq!(done.out.lines().count(), 200);
    for (line, number) in done.out.lines().zip(1..) {
        assert!(line.contains(&format!("\"seq\":{number},")), "{line}");
        assert!(line.contains(&format!("\"text\":\"line {number}\",")), "{line}");
    }
    server.finish();
}

#[test]
fn a_refused_line_ends_it_and_what_was_taken_is_told() {
    let server = Server::play(1, |_, mut conversation| {
        conversation.log_in();
        conversation.answers([Outcome::Room(room(0, 1)), sent(1), refused(Code::TooLong)]);
        let mut seq = 1;
        conversation.answer(|_| {
            seq += 1;
            sent(seq)
        });
    });
    let home = Home::new();
    let mut command = home.command_at(&server, &["send", "ops", "--lines", "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a\nb\nc\n").unwrap();
    let done = done(&child.wait_with_output().unwrap());
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.err.contains("too-long"), "{done:?}");
    assert!(done.out.starts_with("{\"type\":\"message\""), "{done:?}");
    server.finish();
}

#[test]
fn a_message_lost_on_its_way_exits_255_with_its_nonce() {
    let server = Server::play(1, |_, mut conversation| {
        conversation.log_in();
        conversation.answers([Outcome::Room(room(0, 1))]);
        conversation.request().unwrap();
        conversation.close(CloseReason::Unavailable);
    });
    let nonce = "019ab5c1000070008000000000000001";
    let done = Home::new().at(&server, &["send", "ops", "hi", "--nonce", nonce]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.contains(&format!("--nonce {nonce}")), "{done:?}");
    assert!(done.err.contains("the server's store failed"), "{done:?}");
    server.finish();
}

#[test]
fn what_goes_wrong_on_this_side_says_what_to_do() {
    let home = Home::new();
    // Something that is no parlord hangs up on whoever speaks TLS.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("alice@{}", other.local_addr().unwrap());
    let other = std::thread::spawn(move || drop(other.accept().unwrap()));
    let done = home.run(&[&to, "whoami"]);
    other.join().unwrap();
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.ends_with("; is this a parlord's TLS port?\n"), "{done:?}");

    let server = Server::play(1, |_, mut conversation| {
        conversation.greet();
        conversation.rest();
    });
    home.know(&server, &server.public_line);
    let port = server.port.to_string();
    let done = home.run(&["-i", "nokey", "-p", &port, "127.0.0.1", "whoami"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.ends_with("make it: ssh-keygen -t ed25519 -N '' -f nokey\n"), "{done:?}");
    server.finish();

    let mut command = home.command(&["127.0.0.1:1", "send", "ops"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"\xff").unwrap();
    let done = crate::harness::done(&child.wait_with_output().unwrap());
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.err.ends_with("not UTF-8; convert it, as `iconv -t UTF-8` does\n"), "{done:?}");
}
