//! Records as they read, and what no name can make of them.

use parlor_protocol::account::StretchCost;
use parlor_protocol::id::{Bytes, Nonce, Revision, Seq};
use parlor_protocol::name::Title;
use parlor_protocol::room::{Departure, Role};
use parlor_protocol::text::{MessageText, is_hazard};
use proptest::prelude::*;

use super::*;
use crate::rooms::{NewDevice, Password};

const AT: Timestamp = Timestamp(1_795_378_032_123);
const ALICE: UserId = UserId(1);

fn of_alice() -> Origin {
    Origin {
        actor: Actor::User(ALICE),
        address: Some("192.0.2.7:40000".into()),
        session: Some(7),
        uid: None,
    }
}

fn stranger() -> Origin {
    Origin { actor: Actor::Stranger, ..of_alice() }
}

fn alice() -> UserName {
    "alice".parse().unwrap()
}

fn password() -> Password {
    Password { record: vec![0x5e; 192], cost: StretchCost::OWASP }
}

fn told(what: Happening, origin: &Origin) -> Option<String> {
    let alice = alice();
    let event = Event { revision: Revision(3), at: AT, what };
    audit(&event, origin, |user| (user == ALICE).then_some(&alice)).map(|record| record.to_json())
}

fn in_room(event: RoomEvent) -> Happening {
    Happening::Room("kx4f9-2mqa7".parse().unwrap(), event)
}

#[test]
fn each_audited_event_reads_as_it_should() {
    let added = || {
        Happening::Directory(DirectoryEvent::UserAdded {
            user: ALICE,
            name: alice(),
            standing: Standing::Ordinary,
        })
    };
    let title: Title = "ops \"x\"".parse().unwrap();
    let created = RoomEvent::Created { title, owner: ALICE };
    let device = NewDevice { name: "laptop".to_owned(), public_key: Bytes([1; 32]) };
    let device_added = UserEvent::DeviceAdded { id: DeviceId(2), device };
    let lines = [
        (added(), stranger()),
        (added(), Origin::console(Some(1000))),
        (added(), Origin::console(None)),
        (in_room(created), of_alice()),
        (in_room(RoomEvent::Joined { user: ALICE }), of_alice()),
        (in_room(RoomEvent::Departed { user: ALICE, how: Departure::Terminated }), of_alice()),
        (in_room(RoomEvent::RoleChanged { user: ALICE, role: Role::Owner }), of_alice()),
        (in_room(RoomEvent::Terminated), of_alice()),
        (Happening::User(ALICE, UserEvent::PasswordSet(password())), of_alice()),
        (Happening::User(ALICE, device_added), of_alice()),
        (Happening::User(ALICE, UserEvent::DeviceRevoked { id: DeviceId(2) }), of_alice()),
    ]
    .map(|(what, origin)| told(what, &origin).unwrap());
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"at":"2026-11-22T20:07:12.123Z","action":"signed-up","outcome":"done","actor":null,"subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"standing":"ordinary"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"user-added","outcome":"done","actor":"(console)","subject":"alice","room":null,"address":null,"session":null,"details":{"uid":1000,"standing":"ordinary"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"user-added","outcome":"done","actor":"(console)","subject":"alice","room":null,"address":null,"session":null,"details":{"uid":null,"standing":"ordinary"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"room-created","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"title":"ops \"x\""}}
    {"at":"2026-11-22T20:07:12.123Z","action":"joined","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{}}
    {"at":"2026-11-22T20:07:12.123Z","action":"departed","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"how":"terminated"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"role-changed","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"role":"owner"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"room-terminated","outcome":"done","actor":"alice","subject":null,"room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{}}
    {"at":"2026-11-22T20:07:12.123Z","action":"password-set","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{}}
    {"at":"2026-11-22T20:07:12.123Z","action":"device-added","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"device":2,"name":"laptop","public_key":"0101010101010101010101010101010101010101010101010101010101010101"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"device-revoked","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"device":2}}
    "#);
}

#[test]
fn logins_failures_and_ends_are_records_too() {
    let lines = [
        AuditRecord::logged_in(AT, &stranger(), &alice(), LoginBy::Password),
        AuditRecord::logged_in(AT, &of_alice(), &alice(), LoginBy::Device(Some(DeviceId(2)))),
        AuditRecord::login_failed(AT, &stranger(), &alice(), LoginBy::Device(None)),
        AuditRecord::session_ended(AT, &of_alice(), &alice()),
    ]
    .map(|record| record.to_json());
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"at":"2026-11-22T20:07:12.123Z","action":"login","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"by":"password"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"login","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"by":"device","device":2}}
    {"at":"2026-11-22T20:07:12.123Z","action":"login","outcome":"refused","actor":null,"subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"code":"bad-credentials","by":"device"}}
    {"at":"2026-11-22T20:07:12.123Z","action":"session-ended","outcome":"done","actor":"alice","subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{}}
    "#);
}

#[test]
fn messages_and_titles_have_no_record_of_their_own() {
    let message = RoomEvent::Messaged {
        seq: Seq(1),
        author: ALICE,
        nonce: Nonce::new(AT, [0; 10]),
        text: MessageText::parse("secret").unwrap(),
    };
    assert_eq!(told(in_room(message), &of_alice()), None);
    let room = "kx4f9-2mqa7".parse().unwrap();
    let freed = Happening::Directory(DirectoryEvent::TitleFreed { room });
    assert_eq!(told(freed, &of_alice()), None);
}

#[test]
fn only_the_consoles_refusals_are_records() {
    let standing = Standing::Ordinary;
    let command = Command::AddUser { name: alice(), password: password(), standing };
    let told = |origin: &Origin| {
        audit_refusal(&command, Code::NameTaken, AT, origin, |_| None).map(|r| r.to_json())
    };
    assert_eq!(told(&stranger()), None);
    insta::assert_snapshot!(told(&Origin::console(None)).unwrap(), @r#"
    {"at":"2026-11-22T20:07:12.123Z","action":"user-added","outcome":"refused","actor":"(console)","subject":"alice","room":null,"address":null,"session":null,"details":{"code":"name-taken","uid":null}}
    "#);
}

#[test]
fn no_record_holds_a_password_record() {
    let line = told(Happening::User(ALICE, UserEvent::PasswordSet(password())), &of_alice());
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
        let line = told(Happening::User(ALICE, event), &of_alice()).unwrap();
        prop_assert!(!line.contains(is_hazard), "{line:?}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = ["at", "action", "outcome", "actor", "subject", "room", "address",
            "session", "details"];
        expected.sort_unstable();
        prop_assert_eq!(keys, expected);
        prop_assert_eq!(value["details"]["name"].as_str(), Some(name.as_str()));
        prop_assert_eq!(value["actor"].as_str(), Some("alice"));
    }
}
