//! What operators do from a client, and what nobody else may; and words to everybody.

use parlor_protocol::operator::{
    Account, AccountStatus, Announce, ApproveSignUp, DenySignUp, DisableUser, EnableUser,
    ListSignUps,
};
use parlor_protocol::push::Push;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::request::Command;
use parlor_protocol::room::{ListRooms, Scope};
use parlor_protocol::text::Topic;

use super::{does, log_in};
use crate::harness::{Client, Daemon, Ended, PASSWORD};

fn refused(code: Code) -> Outcome {
    Outcome::Refused(code.into())
}

fn list_sign_ups() -> Command {
    Command::ListSignUps(ListSignUps { after: None, limit: 0 })
}

fn list_all_rooms() -> Command {
    let (search, after, limit) = (String::new(), None, 0);
    Command::ListRooms(ListRooms { scope: Scope::All, search, after, limit })
}

fn approve(user: &str) -> Command {
    Command::ApproveSignUp(ApproveSignUp { user: user.to_owned() })
}

fn deny(user: &str, reason: &str) -> Command {
    Command::DenySignUp(DenySignUp { user: user.to_owned(), reason: reason.to_owned() })
}

fn disable(user: &str) -> Command {
    Command::DisableUser(DisableUser { user: user.to_owned() })
}

fn enable(user: &str) -> Command {
    Command::EnableUser(EnableUser { user: user.to_owned() })
}

fn announce(text: &str) -> Command {
    Command::Announce(Announce { text: text.to_owned() })
}

fn sign_ups(client: &mut Client) -> Vec<String> {
    let Outcome::SignUps(page) = client.ask(list_sign_ups()) else { panic!("no page") };
    page.sign_ups.iter().map(|sign_up| sign_up.user.to_string()).collect()
}

fn account(client: &mut Client, command: Command) -> (String, AccountStatus) {
    let answer = client.ask(command);
    let Outcome::Account(Account { user, status, .. }) = answer else { panic!("{answer:?}") };
    (user.to_string(), status)
}

/// Alice, who is an operator.
fn operator(daemon: &Daemon) -> Client {
    let mut alice = daemon.user("alice");
    does(daemon, &["user", "operator", "alice", "on"]);
    alice.settle();
    alice
}

#[test]
fn an_operator_sees_to_sign_ups_and_accounts_and_it_is_on_record_under_their_name() {
    let daemon = Daemon::start();
    let mut alice = operator(&daemon);
    does(&daemon, &["sign-up", "approval"]);
    for name in ["carol", "bob"] {
        let mut stranger = daemon.tls_client();
        assert_eq!(stranger.sign_up_as(name, PASSWORD, None, None), Outcome::Done);
    }
    assert_eq!(sign_ups(&mut alice), ["bob", "carol"]);
    assert_eq!(account(&mut alice, approve("bob")), ("bob".to_owned(), AccountStatus::Active));
    let denied = account(&mut alice, deny("carol", "not this time"));
    assert_eq!(denied, ("carol".to_owned(), AccountStatus::Denied));
    assert_eq!(sign_ups(&mut alice), [""; 0]);
    let told = log_in(&daemon, "carol").unwrap_err();
    assert_eq!((told.code, told.reason.unwrap().as_str()), (Code::SignUpDenied, "not this time"));
    assert_eq!(alice.ask(approve("bob")), refused(Code::NoSuchRequest));
    assert_eq!(alice.ask(approve("nobody")), refused(Code::NoSuchUser));
    assert_eq!(alice.ask(approve("no name")), refused(Code::NoSuchUser));

    let mut bob = daemon.tls_client();
    bob.login("bob", PASSWORD, None).unwrap();
    assert_eq!(account(&mut alice, disable("Bob")).1, AccountStatus::Disabled);
    assert_eq!(bob.until_ended(), Ended::Closing(CloseReason::Disabled));
    assert_eq!(log_in(&daemon, "bob").unwrap_err().code, Code::Disabled);
    assert_eq!(account(&mut alice, enable("bob")).1, AccountStatus::Active);
    log_in(&daemon, "bob").unwrap();

    let records = daemon.audit();
    let told: Vec<_> = records
        .iter()
        .filter(|record| !record["session"].is_null() && record["subject"] != record["actor"])
        .filter(|record| record["actor"] == "alice")
        .map(|record| {
            assert!(record["address"].is_string() && record["session"].is_number(), "{record}");
            let word = |key: &str| record[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", word("actor"), word("action"), word("subject"))
        })
        .collect();
    assert_eq!(
        told,
        [
            "alice sign-ups-listed -",
            "alice sign-up-approved bob",
            "alice sign-up-denied carol",
            "alice sign-ups-listed -",
            "alice account-disabled bob",
            "alice account-enabled bob",
        ]
    );
}

#[test]
fn an_operator_sees_all_rooms_and_of_private_ones_no_topic() {
    let daemon = Daemon::start();
    let mut alice = operator(&daemon);
    let mut bob = daemon.user("bob");
    let [private, public] = [bob.create_private("Plans").unwrap(), bob.create("ops").unwrap()];
    for room in [private, public] {
        bob.set_topic(room, "the oak").unwrap();
        bob.say(room, "hello").unwrap();
    }
    let Outcome::Rooms(page) = alice.ask(list_all_rooms()) else { panic!("no page") };
    let seen: Vec<_> = page
        .rooms
        .iter()
        .map(|room| {
            assert_eq!((room.role, room.last_seq, room.unread), (None, None, None));
            (room.title.as_str(), room.members, room.topic.as_ref().map(Topic::as_str))
        })
        .collect();
    assert_eq!(seen, [("ops", 1, Some("the oak")), ("Plans", 1, None)]);
    // In the rooms themselves an operator is nobody.
    assert_eq!(alice.say(private, "hello").err(), Some(Code::NoSuchRoom));
}

#[test]
fn nobody_else_may_do_any_of_it_nor_an_operator_who_is_none_any_more() {
    let daemon = Daemon::start();
    let mut alice = operator(&daemon);
    let mut bob = daemon.user("bob");
    alice.settle();
    bob.settle();
    let all = || {
        [
            list_sign_ups(),
            list_all_rooms(),
            approve("bob"),
            deny("bob", ""),
            disable("alice"),
            enable("alice"),
            announce("hello"),
            // Whatever is wrong with it, or not there, is not for them to know.
            approve("nobody"),
            approve("no name"),
            deny("no name", ""),
            deny("bob", &"x".repeat(201)),
            disable("X"),
            enable("X"),
            announce(""),
        ]
    };
    for command in all() {
        assert_eq!(bob.ask(command), refused(Code::NotPermitted));
    }
    let mut stranger = daemon.client();
    for command in all() {
        assert_eq!(stranger.ask(command), refused(Code::LoginRequired));
    }
    does(&daemon, &["user", "operator", "alice", "off"]);
    for command in all() {
        assert_eq!(alice.ask(command), refused(Code::NotPermitted));
    }
    assert_eq!(alice.settle(), [""; 0], "nothing was announced");
    let audit = daemon.audit();
    let looked = |outcome: &str| {
        let of = audit.iter().filter(|record| record["outcome"] == outcome);
        let listed = of.filter(|record| record["action"].as_str().unwrap().ends_with("-listed"));
        listed.map(|record| format!("{} {}", record["actor"], record["action"])).collect::<Vec<_>>()
    };
    let all = ["sign-ups-listed", "rooms-listed"];
    let refused = ["bob", "alice"].map(|by| all.map(|what| format!("\"{by}\" \"{what}\"")));
    assert_eq!(looked("refused"), refused.concat());
    assert_eq!(looked("done"), [""; 0]);
    let announced = audit.iter().filter(|record| record["action"] == "announced");
    assert!(announced.clone().all(|record| record["outcome"] == "refused"));
    assert_eq!(announced.count(), 4);
    let refused = audit.iter().filter(|record| record["outcome"] == "refused");
    let by = |name: &str| refused.clone().filter(|record| record["actor"] == name).count();
    assert_eq!([by("bob"), by("alice")], [14; 2], "each is on record");
}

#[test]
fn an_announcement_reaches_everybody_who_listens_and_nobody_later() {
    let mut daemon = Daemon::start();
    let mut alice = operator(&daemon);
    let [mut bob, mut second] = [daemon.user("bob"), daemon.tls_client()];
    second.login("bob", PASSWORD, None).unwrap();
    second.subscribe();
    let mut deaf = daemon.client();
    deaf.login("alice", PASSWORD, None).unwrap();
    assert_eq!(alice.ask(announce("back at nine\u{1b}[2J")), Outcome::Done);
    does(&daemon, &["announce", "now", "for", "good"]);
    let said = ["alice announces: back at nine[2J", "the console announces: now for good"];
    for client in [&mut alice, &mut bob, &mut second] {
        assert_eq!(client.settle(), said);
    }
    assert_eq!(deaf.settle(), [""; 0], "it has not asked for news");
    let mut late = daemon.client();
    late.login("bob", PASSWORD, None).unwrap();
    late.subscribe();
    assert_eq!(late.settle(), [""; 0]);
    assert_eq!(alice.ask(announce(" \n ")), refused(Code::Empty));
    assert_eq!(alice.ask(announce(&"x".repeat(4_001))), refused(Code::TooLong));

    let records = daemon.audit();
    let told: Vec<_> = records
        .iter()
        .filter(|record| record["action"] == "announced")
        .map(|record| {
            assert!(!record.to_string().contains("nine"), "{record}");
            record["actor"].as_str().unwrap()
        })
        .collect();
    assert_eq!(told, ["alice", "(console)"]);
    assert!(daemon.terminate().success());
    assert!(super::refused(&daemon, &["announce", "hello"]).contains("no parlord runs"));
}

#[test]
fn announcements_come_no_faster_than_messages() {
    let daemon = Daemon::in_earnest("sign_up = \"open\"");
    let mut alice = operator(&daemon);
    let answers: Vec<_> = (0..20).map(|_| alice.ask(announce("look here"))).collect();
    let done = answers.iter().filter(|answer| **answer == Outcome::Done).count();
    assert!((10..20).contains(&done), "{done}");
    let Some(Outcome::Refused(refusal)) = answers.last() else { panic!("{answers:?}") };
    assert_eq!(refusal.code, Code::RateLimited);
    let heard = alice.settled();
    let heard = heard.iter().filter(|push| matches!(push, Push::Announced(_))).count();
    assert_eq!(heard, done);
}
