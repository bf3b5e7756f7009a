//! Records as they read, and what no name can make of them.

use parlor_protocol::account::StretchCost;
use parlor_protocol::id::{Bytes, Nonce, Revision, Seq};
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::room::{Departure, Entry, Role, Visibility};
use parlor_protocol::text::{MessageText, is_hazard};
use proptest::prelude::*;

use super::*;
use crate::penalties::Guessing;
use crate::rooms::{Command, NewDevice, Password, Status};

const AT: Timestamp = Timestamp(1_795_378_032_123);
const ALICE: UserId = UserId(1);

const SESSION: Origin<'_> = Origin::Session { address: "192.0.2.7:40000", number: 7 };
const CONSOLE: Origin<'_> = Origin::Console { uid: Some(1000) };
const HIDDEN: Origin<'_> = Origin::Console { uid: None };

fn alice() -> UserName {
    "alice".parse().unwrap()
}

fn alice_added() -> Happening {
    let (standing, status) = (Standing::Ordinary, Status::Active);
    Happening::Directory(DirectoryEvent::UserAdded { user: ALICE, name: alice(), standing, status })
}

fn password() -> Password {
    Password { record: vec![0x5e; 192], cost: StretchCost::OWASP }
}

/// A world with alice in it.
fn world() -> World {
    let mut world = World::default();
    world.apply(&Event { revision: Revision(1), at: AT, what: alice_added() });
    world
}

fn told_by(actor: Actor, what: Happening, origin: Origin<'_>) -> Option<String> {
    let event = Event { revision: Revision(3), at: AT, what };
    super::event(&world(), &actor, &event, &origin).map(|record| record.to_json())
}

fn told(what: Happening) -> Option<String> {
    told_by(Actor::User(ALICE), what, SESSION)
}

fn in_room(event: RoomEvent) -> Happening {
    Happening::Room("kx4f9-2mqa7".parse().unwrap(), event)
}

#[test]
fn each_audited_event_reads_as_it_should() {
    let title: Title = "ops \"x\"".parse().unwrap();
    let (visibility, entry) = (Visibility::Private, Entry::Ask);
    let created = RoomEvent::Created { title, owner: ALICE, visibility, entry };
    let device = NewDevice { name: "laptop".to_owned(), public_key: Bytes([1; 32]) };
    let device_added = UserEvent::DeviceAdded { id: DeviceId(2), device };
    let lines = [
        told_by(Actor::Stranger, alice_added(), SESSION),
        told_by(Actor::Console, alice_added(), CONSOLE),
        told_by(Actor::Console, alice_added(), HIDDEN),
        told(in_room(created)),
        told(in_room(RoomEvent::Joined { user: ALICE })),
        told(in_room(RoomEvent::Departed {
            user: ALICE,
            how: Departure::Kicked,
            by: Some(ALICE),
            reason: "secret reason".parse().ok(),
        })),
        told(in_room(RoomEvent::RoleChanged { user: ALICE, role: Role::Owner })),
        told(in_room(RoomEvent::Terminated)),
        told(in_room(RoomEvent::TopicChanged { by: ALICE, topic: "secret plans".parse().ok() })),
        told(in_room(RoomEvent::TopicChanged { by: ALICE, topic: None })),
        told(in_room(RoomEvent::Renamed { by: ALICE, title: "plans".parse().unwrap() })),
        told(Happening::User(ALICE, UserEvent::PasswordSet(password()))),
        told(Happening::User(ALICE, UserEvent::DisplayNameSet("A\u{20ac} \"x\"".parse().ok()))),
        told(Happening::User(ALICE, UserEvent::DisplayNameSet(None))),
        told(Happening::User(ALICE, device_added)),
        told(Happening::User(ALICE, UserEvent::DeviceRevoked { id: DeviceId(2) })),
    ]
    .map(Option::unwrap);
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"at":"2026-11-22T20:07:12.123Z","action":"signed-up","outcome":"done","actor":null,"subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"standing":"ordinary","status":"active"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"user-added","outcome":"done","actor":"(console)","subject":"alice","room":null,"address":null,"session":null,"details":{"uid":1000,"standing":"ordinary","status":"active"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"user-added","outcome":"done","actor":"(console)","subject":"alice","room":null,"address":null,"session":null,"details":{"uid":null,"standing":"ordinary","status":"active"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"room-created","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"title":"ops \"x\"","visibility":"private","entry":"ask"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"joined","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{}}
    {"at":"2026-11-22T20:07:12.123Z","action":"departed","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"how":"kicked"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"role-changed","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"role":"owner"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"room-terminated","outcome":"done","actor":"alice","subject":null,"room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{}}
    {"at":"2026-11-22T20:07:12.123Z","action":"topic-changed","outcome":"done","actor":"alice","subject":null,"room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"how":"set"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"topic-changed","outcome":"done","actor":"alice","subject":null,"room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"how":"cleared"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"room-renamed","outcome":"done","actor":"alice","subject":null,"room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"title":"plans"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"password-set","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{}}
    {"at":"2026-11-22T20:07:12.123Z","action":"display-name-set","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"display_name":"A€ \"x\""}}
    {"at":"2026-11-22T20:07:12.123Z","action":"display-name-set","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"display_name":null}}
    {"at":"2026-11-22T20:07:12.123Z","action":"device-added","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"device":2,"name":"laptop","public_key":"0101010101010101010101010101010101010101010101010101010101010101"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"device-revoked","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"device":2}}
    "#);
}

#[test]
fn logins_failures_and_ends_are_records_too() {
    let lines = [
        logged_in(&SESSION, &alice(), LoginBy::Password, AT),
        logged_in(&SESSION, &alice(), LoginBy::Device(Some(DeviceId(2))), AT),
        login_failed(&SESSION, &alice(), LoginBy::Device(None), AT),
        session_ended(&SESSION, &alice(), AT),
        guessing(&SESSION, &alice(), Guessing::ByAddress, AT),
        guessing(&SESSION, &alice(), Guessing::OnName, AT),
    ]
    .map(|record| record.to_json());
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"at":"2026-11-22T20:07:12.123Z","action":"login","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"by":"password"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"login","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"by":"device","device":2}}
    {"at":"2026-11-22T20:07:12.123Z","action":"login","outcome":"refused","actor":null,"subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"code":"bad-credentials","by":"device"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"session-ended","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{}}
    {"at":"2026-11-22T20:07:12.123Z","action":"suspicious-logins-by-address","outcome":"done","actor":null,"subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{}}
    {"at":"2026-11-22T20:07:12.123Z","action":"suspicious-logins-on-name","outcome":"done","actor":null,"subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{}}
    "#);
}

#[test]
fn messages_and_titles_have_no_record_of_their_own() {
    let message = RoomEvent::Messaged {
        seq: Seq(1),
        author: ALICE,
        nonce: Nonce::new(AT, [0; 10]),
        text: MessageText::parse("secret").unwrap(),
        kind: MessageKind::Said,
        mentions: vec![ALICE],
    };
    assert_eq!(told(in_room(message)), None);
    let room = "kx4f9-2mqa7".parse().unwrap();
    let freed = Happening::Directory(DirectoryEvent::TitleFreed { room });
    assert_eq!(told(freed), None);
}

#[test]
fn a_refusal_has_the_action_of_what_was_not_done_and_none_where_it_takes_no_role() {
    let told = |actor, command, code, origin| {
        refusal(&world(), &actor, &command, code, AT, &origin).map(|record| record.to_json())
    };
    let (room, user) = ("kx4f9-2mqa7".parse().unwrap(), alice());
    let leave = Command::LeaveRoom { room };
    assert_eq!(told(Actor::User(ALICE), leave, Code::NotAMember, SESSION), None);
    let standing = Standing::Ordinary;
    let add = Command::AddUser { name: alice(), password: password(), standing };
    let kick = Command::Kick { room, user, reason: "spam".parse().ok() };
    let lines = [
        told(Actor::Console, add, Code::NameTaken, HIDDEN),
        told(Actor::User(ALICE), kick, Code::NotPermitted, SESSION),
    ];
    insta::assert_snapshot!(lines.map(Option::unwrap).join("\n"), @r#"
    {"at":"2026-11-22T20:07:12.123Z","action":"user-added","outcome":"refused","actor":"(console)","subject":"alice","room":null,"address":null,"session":null,"details":{"code":"name-taken","uid":null}}
    {"at":"2026-11-22T20:07:12.123Z","action":"departed","outcome":"refused","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"code":"not-permitted","how":"kicked"}}
    "#);
}

#[test]
fn no_record_holds_a_password_record() {
    let line = told(Happening::User(ALICE, UserEvent::PasswordSet(password())));
    assert!(!line.unwrap().contains("5e5e"));
}

proptest! {
    /// Whatever somebody calls their device, the record stays one line of JSON with the same keys,
    /// with nothing in it that a terminal would obey, and tells the name as it was.
    #[test]
    fn a_name_cannot_forge_a_record(
        name in prop::collection::vec(
            prop_oneof![
                any::<char>(),
                prop::sample::select(vec!['"', '\\', '\n', '\r', '\u{1b}', '\u{9b}', '\u{202e}',
                    '\u{2028}', '\u{7f}', '{', '}', ',', ':', '\u{301}', '\u{1100}']),
            ],
            0..40,
        ),
    ) {
        let name: String = name.into_iter().collect();
        let device = NewDevice { name: name.clone(), public_key: Bytes([1; 32]) };
        let event = UserEvent::DeviceAdded { id: DeviceId(2), device };
        let event = Event { revision: Revision(3), at: AT, what: Happening::User(ALICE, event) };
        let record = super::event(&world(), &Actor::User(ALICE), &event, &SESSION).unwrap();
        let (line, link) = Link::default().seal(&record);
        let sealed = Sealed::parse(line.as_bytes()).unwrap();
        prop_assert!(sealed.intact && sealed.link == link);
        prop_assert!(!line.contains(is_hazard), "{line:?}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = ["serial", "prev", "hash", "at", "action", "outcome", "actor", "subject", "room", "address",
            "session", "details"];
        expected.sort_unstable();
        prop_assert_eq!(keys, expected);
        prop_assert_eq!(value["details"]["name"].as_str(), Some(name.as_str()));
        prop_assert_eq!(value["actor"].as_str(), Some("alice"));
    }
}

#[test]
fn every_action_is_explained_to_operators() {
    let readme = include_str!("../../../README.md");
    let missing: Vec<_> =
        ACTIONS.iter().filter(|action| !readme.contains(&format!("`{action}`"))).collect();
    assert!(missing.is_empty(), "README.md does not explain {missing:?}");
    assert!(ACTIONS.is_sorted());
}
