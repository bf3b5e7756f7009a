//! The values of the examples, each as plain as it can be.

use parlor_protocol::account::{
    Credential, Device, DeviceLogin, Devices, LoggedIn, LoginFinish, LoginStart, Named, NewDevice,
    PasswordFinish, PasswordPurpose, PasswordStart, Registration, RevokeDevice, SetDisplayName,
    SignUpFinish, SignUpMode, SignUpStart, StretchCost,
};
use parlor_protocol::hello::{Limits, Welcome};
use parlor_protocol::id::{Bytes, DeviceId, Nonce, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::{
    Changes, Direction, History, ListChanges, Message, MessageKind, Messages, Send, Sent,
};
use parlor_protocol::name::{DisplayName, Title, UserName};
use parlor_protocol::push::{
    Change, Changed, Departed, Exited, Renamed, RoleChanged, RoomChange, TopicChanged,
};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Closing, Outcome, Reply};
use parlor_protocol::request::{Command, Request};
use parlor_protocol::room::{
    CreateRoom, Demote, Departure, Entry, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms,
    Member, Members, Presence, Present, Promote, Rename, Role, Room, RoomRef, Rooms, Scope,
    SetTopic, Transfer, Visibility, Watch,
};
use parlor_protocol::text::{MessageText, Topic};

pub(super) const AT: Timestamp = Timestamp(1_795_376_832_123);

pub(super) fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

pub(super) fn room_id() -> RoomId {
    "kx4f9-2mqa7".parse().unwrap()
}

pub(super) fn bytes<const N: usize>() -> Bytes<N> {
    Bytes(std::array::from_fn(|place| u8::try_from(place).unwrap()))
}

/// A message of the password suite. The real ones have 32 bytes and more, which nobody could read.
pub(super) fn opaque() -> Vec<u8> {
    vec![1, 2, 3, 255]
}

pub(super) fn stretch_cost() -> StretchCost {
    StretchCost { log_n: 17, r: 8, p: 1 }
}

pub(super) fn new_device() -> NewDevice {
    NewDevice { name: "laptop".into(), public_key: bytes() }
}

pub(super) fn sign_up_start() -> SignUpStart {
    SignUpStart { name: "alice".into(), request: opaque() }
}

pub(super) fn sign_up_finish() -> SignUpFinish {
    SignUpFinish {
        name: "alice".into(),
        upload: opaque(),
        cost: Record(stretch_cost()),
        device: Some(Record(new_device())),
        code: Some("7k2m-q9xa-43fd".into()),
    }
}

pub(super) fn login_start() -> LoginStart {
    LoginStart { name: "alice".into(), request: opaque() }
}

pub(super) fn login_finish() -> LoginFinish {
    LoginFinish { finalization: opaque(), device: None }
}

pub(super) fn device_login() -> DeviceLogin {
    DeviceLogin { name: "alice".into(), public_key: bytes(), signature: bytes() }
}

pub(super) fn password_start() -> PasswordStart {
    PasswordStart { request: opaque() }
}

pub(super) fn password_finish() -> PasswordFinish {
    PasswordFinish {
        upload: opaque(),
        cost: Record(stretch_cost()),
        purpose: PasswordPurpose::Restretch,
    }
}

pub(super) fn registration() -> Registration {
    Registration { response: opaque(), cost: Record(stretch_cost()) }
}

pub(super) fn credential() -> Credential {
    let cost = || Record(stretch_cost());
    Credential { response: opaque(), cost: cost(), wanted: cost() }
}

pub(super) fn display_name() -> DisplayName {
    DisplayName::parse("Alice Doe").unwrap()
}

pub(super) fn set_display_name() -> SetDisplayName {
    SetDisplayName { display_name: "Alice Doe".into() }
}

pub(super) fn named() -> Named {
    Named { user: alice(), display_name: Some(display_name()) }
}

pub(super) fn watch() -> Watch {
    Watch { room: Some(room_id()) }
}

pub(super) fn presence() -> Presence {
    Presence { user: alice(), online: Some(true), display_name: None }
}

pub(super) fn present() -> Present {
    Present { room: room_id(), members: vec![Record(presence())] }
}

pub(super) fn logged_in() -> LoggedIn {
    LoggedIn {
        user: alice(),
        operator: true,
        device: Some(DeviceId(3)),
        display_name: Some(display_name()),
    }
}

pub(super) fn device() -> Device {
    Device {
        id: DeviceId(3),
        name: "laptop".into(),
        public_key: bytes(),
        created_at: AT,
        used_at: AT,
        address: "192.0.2.7".into(),
        current: true,
    }
}

pub(super) fn revoke_device() -> RevokeDevice {
    RevokeDevice { id: DeviceId(3) }
}

pub(super) fn devices() -> Devices {
    Devices { devices: vec![Record(device())] }
}

pub(super) fn limits() -> Limits {
    Limits {
        frame_bytes: 65_536,
        requests_in_flight: 64,
        message_chars: 4_000,
        message_bytes: 16_384,
    }
}

pub(super) fn welcome() -> Welcome {
    Welcome {
        version: 1,
        features: vec![],
        server: "parlord 0.1.0".into(),
        motd: "be kind".into(),
        sign_up: SignUpMode::Open,
        challenge: bytes(),
        at: AT,
        limits: Record(limits()),
    }
}

pub(super) fn request() -> Request {
    Request { id: 7, command: Record(Command::Send(send())) }
}

pub(super) fn reply() -> Reply {
    Reply { id: 7, outcome: Record(Outcome::Sent(sent())) }
}

pub(super) fn closing() -> Closing {
    Closing { reason: CloseReason::ShuttingDown }
}

pub(super) fn refusal() -> Refusal {
    Refusal { code: Code::Busy, retry_after_ms: Some(480), reason: None }
}

pub(super) fn sign_up_denied() -> Refusal {
    let reason = Some(super::door::reason());
    Refusal { code: Code::SignUpDenied, retry_after_ms: None, reason }
}

pub(super) fn room() -> Room {
    Room {
        room: room_id(),
        title: Title::parse("Ops").unwrap(),
        members: 3,
        role: Some(Role::Owner),
        last_seq: Some(Seq(12)),
        revision: Some(Revision(300)),
        topic: Some(topic()),
        visibility: Visibility::Private,
        entry: Entry::Ask,
        slow_secs: 30,
        read: Some(Seq(9)),
        unread: Some(3),
        mentions: Some(1),
    }
}

pub(super) fn topic() -> Topic {
    Topic::parse("release planning").unwrap()
}

pub(super) fn page_of_rooms() -> Rooms {
    let strange = Room {
        role: None,
        last_seq: None,
        revision: None,
        topic: None,
        visibility: Visibility::Public,
        entry: Entry::Open,
        slow_secs: 0,
        read: None,
        unread: None,
        mentions: None,
        ..room()
    };
    Rooms { rooms: vec![Record(strange)], next: Some("ops".into()) }
}

pub(super) fn member() -> Member {
    Member {
        user: alice(),
        role: Role::Owner,
        joined_at: AT,
        online: Some(true),
        display_name: Some(display_name()),
    }
}

pub(super) fn members() -> Members {
    Members { members: vec![Record(member())], next: None }
}

pub(super) fn create_room() -> CreateRoom {
    CreateRoom { title: "Ops".into(), visibility: Visibility::Public, entry: Entry::Open }
}

pub(super) fn list_rooms() -> ListRooms {
    ListRooms { scope: Scope::Mine, search: "op".into(), after: None, limit: 50 }
}

pub(super) fn find_room() -> FindRoom {
    FindRoom { room: Record(RoomRef::Title("Ops".into())) }
}

pub(super) fn join_room() -> JoinRoom {
    JoinRoom { room: room_id(), leave: None }
}

pub(super) fn leave_room() -> LeaveRoom {
    LeaveRoom { room: room_id() }
}

pub(super) fn list_members() -> ListMembers {
    ListMembers { room: room_id(), after: Some("2".into()), limit: 0 }
}

pub(super) fn promote() -> Promote {
    Promote { room: room_id(), user: "alice".into() }
}

pub(super) fn demote() -> Demote {
    Demote { room: room_id(), user: "alice".into() }
}

pub(super) fn transfer() -> Transfer {
    Transfer { room: room_id(), user: "alice".into() }
}

pub(super) fn set_topic() -> SetTopic {
    SetTopic { room: room_id(), topic: "release planning".into() }
}

pub(super) fn rename() -> Rename {
    Rename { room: room_id(), title: "Ops".into() }
}

pub(super) fn message() -> Message {
    Message {
        seq: Seq(12),
        at: AT,
        author: alice(),
        text: MessageText::parse("grüß dich").unwrap(),
        kind: MessageKind::Said,
        author_removed: false,
    }
}

pub(super) fn send() -> Send {
    let kind = MessageKind::Said;
    Send { room: room_id(), nonce: Nonce::new(AT, [0x5a; 10]), text: "grüß dich".into(), kind }
}

pub(super) fn sent() -> Sent {
    Sent { seq: Seq(12), revision: Revision(300), at: AT }
}

pub(super) fn history() -> History {
    History { room: room_id(), direction: Direction::After, seq: Some(Seq(11)), limit: 200 }
}

pub(super) fn page_of_messages() -> Messages {
    Messages { messages: vec![Record(message())], more: true, as_of: Revision(300) }
}

pub(super) fn list_changes() -> ListChanges {
    ListChanges { room: room_id(), since: Revision(299), limit: 200 }
}

pub(super) fn changes() -> Changes {
    Changes { changes: vec![Record(room_change())], more: false, as_of: Revision(300) }
}

pub(super) fn room_change() -> RoomChange {
    RoomChange { revision: Revision(300), at: AT, change: Record(Change::Message(message())) }
}

pub(super) fn changed() -> Changed {
    Changed { room: room_id(), change: Record(room_change()) }
}

pub(super) fn exited() -> Exited {
    Exited {
        room: room_id(),
        how: Departure::Kicked,
        by: Some(super::door::bob()),
        reason: Some(super::door::reason()),
    }
}

pub(super) fn departed() -> Departed {
    Departed { user: alice(), how: Departure::Left, by: None, reason: None }
}

pub(super) fn role_changed() -> RoleChanged {
    RoleChanged { user: alice(), role: Role::Owner }
}

pub(super) fn topic_changed() -> TopicChanged {
    TopicChanged { by: alice(), topic: Some(topic()) }
}

pub(super) fn renamed() -> Renamed {
    Renamed { by: alice(), title: Title::parse("Ops").unwrap() }
}
