//! One fixed value of everything on the wire.

use std::fmt::Debug;

use parlor_protocol::account::{
    Credential, Device, DeviceLogin, Devices, LoggedIn, LoginFinish, LoginStart, NewDevice,
    PasswordFinish, PasswordPurpose, PasswordStart, Registration, RevokeDevice, SignUpFinish,
    SignUpMode, SignUpStart, StretchCost,
};
use parlor_protocol::hello::{Hello, Limits, MAGIC, Welcome};
use parlor_protocol::id::{Bytes, DeviceId, Nonce, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::{
    Changes, Direction, History, ListChanges, Message, Messages, Send, Sent,
};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::push::{Change, Changed, Departed, Exited, Push, RoleChanged, RoomChange};
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Closing, Outcome, Reply, ServerFrame};
use parlor_protocol::request::{Command, Request};
use parlor_protocol::room::{
    CreateRoom, Departure, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, Member, Members,
    Role, Room, RoomRef, Rooms, Scope,
};
use parlor_protocol::text::MessageText;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value and its bytes, without its type, so that all of them stand in one list.
pub(crate) struct Example {
    /// `Type`, or `Type::Variant`.
    pub(crate) name: String,
    /// The value as Rust's `Debug` writes it, which is enough to tell any two apart.
    pub(crate) value: String,
    pub(crate) bytes: Vec<u8>,
    /// Reads bytes as the same type; `None` where they hold no such value.
    pub(crate) read: fn(&[u8]) -> Option<String>,
}

/// All examples, in the order of the committed vectors.
pub(crate) fn all() -> Vec<Example> {
    [beginning(), commands(), answers(), pushes(), rooms(), messages(), accounts(), tags()]
        .into_iter()
        .flatten()
        .collect()
}

fn structure<T: Wire + Debug>(value: &T) -> Example {
    Example {
        name: type_name::<T>(),
        value: format!("{value:?}"),
        bytes: value.encode().expect("an example is never an Unknown"),
        read: |bytes| T::decode(bytes).ok().map(|value| format!("{value:?}")),
    }
}

fn variants<T: Wire + Debug, const N: usize>(
    values: [T; N],
    variant: fn(&T) -> &'static str,
) -> impl Iterator<Item = Example> {
    values.into_iter().map(move |value| Example {
        name: format!("{}::{}", type_name::<T>(), variant(&value)),
        ..structure(&value)
    })
}

fn words<T: Serialize + DeserializeOwned + Debug>(all: &[T]) -> impl Iterator<Item = Example> {
    all.iter().map(|value| Example {
        name: format!("{}::{value:?}", type_name::<T>()),
        value: format!("{value:?}"),
        bytes: postcard::to_stdvec(value).expect("an example is never an Unknown"),
        read: |bytes| postcard::from_bytes::<T>(bytes).ok().map(|value| format!("{value:?}")),
    })
}

fn type_name<T>() -> String {
    std::any::type_name::<T>().rsplit("::").next().unwrap_or_default().to_owned()
}

fn beginning() -> Vec<Example> {
    vec![
        structure(&Hello {
            magic: MAGIC,
            versions: vec![1],
            features: vec![],
            client: "parlor 0.1.0".into(),
        }),
        structure(&welcome()),
        structure(&limits()),
        structure(&request()),
        structure(&reply()),
        structure(&closing()),
        structure(&refusal()),
    ]
}

fn commands() -> Vec<Example> {
    let commands = [
        Command::Ping,
        Command::SignUpStart(sign_up_start()),
        Command::SignUpFinish(sign_up_finish()),
        Command::LoginStart(login_start()),
        Command::LoginFinish(login_finish()),
        Command::DeviceLogin(device_login()),
        Command::PasswordStart(password_start()),
        Command::PasswordFinish(password_finish()),
        Command::ListDevices,
        Command::RevokeDevice(revoke_device()),
        Command::Subscribe,
        Command::CreateRoom(create_room()),
        Command::ListRooms(list_rooms()),
        Command::FindRoom(find_room()),
        Command::JoinRoom(join_room()),
        Command::LeaveRoom(leave_room()),
        Command::ListMembers(list_members()),
        Command::Send(send()),
        Command::History(history()),
        Command::ListChanges(list_changes()),
    ];
    variants(commands, Command::variant).collect()
}

fn answers() -> Vec<Example> {
    let outcomes = [
        Outcome::Refused(refusal()),
        Outcome::Done,
        Outcome::Registration(registration()),
        Outcome::Credential(credential()),
        Outcome::LoggedIn(logged_in()),
        Outcome::Devices(devices()),
        Outcome::Room(room()),
        Outcome::Rooms(page_of_rooms()),
        Outcome::Members(members()),
        Outcome::Sent(sent()),
        Outcome::Messages(page_of_messages()),
        Outcome::Changes(changes()),
    ];
    let frames = [
        ServerFrame::Welcome(welcome()),
        ServerFrame::Reply(reply()),
        ServerFrame::Push(Record(Push::Changed(changed()))),
        ServerFrame::Closing(closing()),
    ];
    variants(frames, ServerFrame::variant).chain(variants(outcomes, Outcome::variant)).collect()
}

fn pushes() -> Vec<Example> {
    let pushes = [
        Push::Snapshot(room()),
        Push::Changed(changed()),
        Push::Entered(room()),
        Push::Exited(exited()),
    ];
    let changes = [
        Change::Created(alice()),
        Change::Message(message()),
        Change::Joined(member()),
        Change::Departed(departed()),
        Change::RoleChanged(role_changed()),
        Change::Terminated,
    ];
    variants(pushes, Push::variant)
        .chain([structure(&changed()), structure(&room_change()), structure(&exited())])
        .chain(variants(changes, Change::variant))
        .chain([structure(&departed()), structure(&role_changed())])
        .collect()
}

fn rooms() -> Vec<Example> {
    let refs = [RoomRef::Id(room_id()), RoomRef::Title("Ops".into())];
    variants(refs, RoomRef::variant)
        .chain([
            structure(&room()),
            structure(&page_of_rooms()),
            structure(&member()),
            structure(&members()),
            structure(&create_room()),
            structure(&list_rooms()),
            structure(&find_room()),
            structure(&join_room()),
            structure(&leave_room()),
            structure(&list_members()),
        ])
        .collect()
}

fn messages() -> Vec<Example> {
    vec![
        structure(&message()),
        structure(&send()),
        structure(&sent()),
        structure(&history()),
        structure(&page_of_messages()),
        structure(&list_changes()),
        structure(&changes()),
    ]
}

fn accounts() -> Vec<Example> {
    vec![
        structure(&stretch_cost()),
        structure(&new_device()),
        structure(&sign_up_start()),
        structure(&sign_up_finish()),
        structure(&login_start()),
        structure(&login_finish()),
        structure(&device_login()),
        structure(&password_start()),
        structure(&password_finish()),
        structure(&registration()),
        structure(&credential()),
        structure(&logged_in()),
        structure(&device()),
        structure(&revoke_device()),
        structure(&devices()),
    ]
}

fn tags() -> Vec<Example> {
    words(Code::ALL)
        .chain(words(CloseReason::ALL))
        .chain(words(SignUpMode::ALL))
        .chain(words(PasswordPurpose::ALL))
        .chain(words(Role::ALL))
        .chain(words(Departure::ALL))
        .chain(words(Scope::ALL))
        .chain(words(Direction::ALL))
        .collect()
}

const AT: Timestamp = Timestamp(1_795_376_832_123);

fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

fn room_id() -> RoomId {
    "kx4f9-2mqa7".parse().unwrap()
}

fn bytes<const N: usize>() -> Bytes<N> {
    Bytes(std::array::from_fn(|place| u8::try_from(place).unwrap()))
}

/// A message of the password suite. The real ones have 32 bytes and more, which nobody could read.
fn opaque() -> Vec<u8> {
    vec![1, 2, 3, 255]
}

fn stretch_cost() -> StretchCost {
    StretchCost { log_n: 17, r: 8, p: 1 }
}

fn new_device() -> NewDevice {
    NewDevice { name: "laptop".into(), public_key: bytes() }
}

fn sign_up_start() -> SignUpStart {
    SignUpStart { name: "alice".into(), request: opaque() }
}

fn sign_up_finish() -> SignUpFinish {
    SignUpFinish {
        name: "alice".into(),
        upload: opaque(),
        cost: Record(stretch_cost()),
        device: Some(Record(new_device())),
    }
}

fn login_start() -> LoginStart {
    LoginStart { name: "alice".into(), request: opaque() }
}

fn login_finish() -> LoginFinish {
    LoginFinish { finalization: opaque(), device: None }
}

fn device_login() -> DeviceLogin {
    DeviceLogin { name: "alice".into(), public_key: bytes(), signature: bytes() }
}

fn password_start() -> PasswordStart {
    PasswordStart { request: opaque() }
}

fn password_finish() -> PasswordFinish {
    PasswordFinish {
        upload: opaque(),
        cost: Record(stretch_cost()),
        purpose: PasswordPurpose::Restretch,
    }
}

fn registration() -> Registration {
    Registration { response: opaque(), cost: Record(stretch_cost()) }
}

fn credential() -> Credential {
    let cost = || Record(stretch_cost());
    Credential { response: opaque(), cost: cost(), wanted: cost() }
}

fn logged_in() -> LoggedIn {
    LoggedIn { user: alice(), operator: true, device: Some(DeviceId(3)) }
}

fn device() -> Device {
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

fn revoke_device() -> RevokeDevice {
    RevokeDevice { id: DeviceId(3) }
}

fn devices() -> Devices {
    Devices { devices: vec![Record(device())] }
}

fn limits() -> Limits {
    Limits {
        frame_bytes: 65_536,
        requests_in_flight: 64,
        message_chars: 4_000,
        message_bytes: 16_384,
    }
}

fn welcome() -> Welcome {
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

fn request() -> Request {
    Request { id: 7, command: Record(Command::Send(send())) }
}

fn reply() -> Reply {
    Reply { id: 7, outcome: Record(Outcome::Sent(sent())) }
}

fn closing() -> Closing {
    Closing { reason: CloseReason::ShuttingDown }
}

fn refusal() -> Refusal {
    Refusal { code: Code::Busy, retry_after_ms: Some(480) }
}

fn room() -> Room {
    Room {
        room: room_id(),
        title: Title::parse("Ops").unwrap(),
        members: 3,
        role: Some(Role::Owner),
        last_seq: Some(Seq(12)),
        revision: Some(Revision(300)),
    }
}

fn page_of_rooms() -> Rooms {
    let strange = Room { role: None, last_seq: None, revision: None, ..room() };
    Rooms { rooms: vec![Record(strange)], next: Some("ops".into()) }
}

fn member() -> Member {
    Member { user: alice(), role: Role::Owner, joined_at: AT }
}

fn members() -> Members {
    Members { members: vec![Record(member())], next: None }
}

fn create_room() -> CreateRoom {
    CreateRoom { title: "Ops".into() }
}

fn list_rooms() -> ListRooms {
    ListRooms { scope: Scope::Mine, search: "op".into(), after: None, limit: 50 }
}

fn find_room() -> FindRoom {
    FindRoom { room: Record(RoomRef::Title("Ops".into())) }
}

fn join_room() -> JoinRoom {
    JoinRoom { room: room_id(), leave: None }
}

fn leave_room() -> LeaveRoom {
    LeaveRoom { room: room_id() }
}

fn list_members() -> ListMembers {
    ListMembers { room: room_id(), after: Some("2".into()), limit: 0 }
}

fn message() -> Message {
    Message {
        seq: Seq(12),
        at: AT,
        author: alice(),
        text: MessageText::parse("grüß dich").unwrap(),
    }
}

fn send() -> Send {
    Send { room: room_id(), nonce: Nonce::new(AT, [0x5a; 10]), text: "grüß dich".into() }
}

fn sent() -> Sent {
    Sent { seq: Seq(12), revision: Revision(300), at: AT }
}

fn history() -> History {
    History { room: room_id(), direction: Direction::After, seq: Some(Seq(11)), limit: 200 }
}

fn page_of_messages() -> Messages {
    Messages { messages: vec![Record(message())], more: true, as_of: Revision(300) }
}

fn list_changes() -> ListChanges {
    ListChanges { room: room_id(), since: Revision(299), limit: 200 }
}

fn changes() -> Changes {
    Changes { changes: vec![Record(room_change())], more: false, as_of: Revision(300) }
}

fn room_change() -> RoomChange {
    RoomChange { revision: Revision(300), at: AT, change: Record(Change::Message(message())) }
}

fn changed() -> Changed {
    Changed { room: room_id(), change: Record(room_change()) }
}

fn exited() -> Exited {
    Exited { room: room_id(), how: Departure::Left }
}

fn departed() -> Departed {
    Departed { user: alice(), how: Departure::Left }
}

fn role_changed() -> RoleChanged {
    RoleChanged { user: alice(), role: Role::Owner }
}
