//! Strategies for arbitrary values of every frame.

mod door;
mod operator;

use parlor_protocol::account::{
    Credential, Device, DeviceLogin, Devices, LoggedIn, LoginFinish, LoginStart, Named, NewDevice,
    PasswordFinish, PasswordPurpose, PasswordStart, Registration, RevokeDevice, SetDisplayName,
    SignUpFinish, SignUpMode, SignUpStart, StretchCost,
};
use parlor_protocol::hello::{Hello, Limits, Welcome};
use parlor_protocol::id::{Bytes, DeviceId, Nonce, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::{
    Changes, Direction, History, ListChanges, Message, MessageKind, Messages, Send, Sent,
};
use parlor_protocol::name::{DisplayName, Title, UserName};
use parlor_protocol::push::{
    Change, Changed, Departed, Exited, Push, Renamed, RoleChanged, RoomChange, TopicChanged,
};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Closing, Outcome, Reply, ServerFrame};
use parlor_protocol::request::{Command, Request};
use parlor_protocol::room::{
    CreateRoom, Demote, Departure, Entry, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms,
    Member, Members, Presence, Present, Promote, Rename, Role, Room, RoomRef, Rooms, Scope,
    SetTopic, Transfer, Visibility, Watch,
};
use parlor_protocol::text::{MessageText, Reason, Topic};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Any value of a struct whose fields have these strategies.
macro_rules! any_of_struct {
    ($type:ident { $($field:ident: $strategy:expr),* $(,)? }) => {
        ($($strategy,)*).prop_map(|($($field,)*)| $type { $($field),* }).boxed()
    };
}

use any_of_struct;

pub(crate) fn hello() -> impl Strategy<Value = Hello> {
    any_of_struct!(Hello {
        magic: any::<u32>(),
        versions: vec(any::<u32>(), 0..20),
        features: vec(any::<u32>(), 0..20),
        client: any::<String>(),
    })
}

pub(crate) fn request() -> impl Strategy<Value = Request> {
    any_of_struct!(Request { id: any::<u32>(), command: record(command()) })
}

pub(crate) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let reply = any_of_struct!(Reply { id: any::<u32>(), outcome: record(outcome()) });
    let closing = any_of_struct!(Closing { reason: select(CloseReason::ALL) });
    prop_oneof![
        1 => welcome().prop_map(ServerFrame::Welcome),
        8 => reply.prop_map(ServerFrame::Reply),
        4 => record(push()).prop_map(ServerFrame::Push),
        1 => closing.prop_map(ServerFrame::Closing),
    ]
}

pub(crate) fn message() -> BoxedStrategy<Message> {
    any_of_struct!(Message {
        seq: seq(),
        at: at(),
        author: user(),
        text: text(),
        kind: select(MessageKind::ALL),
        author_removed: any::<bool>()
    })
}

fn command() -> BoxedStrategy<Command> {
    prop_oneof![
        select(vec![Command::Ping, Command::ListDevices, Command::Subscribe]),
        account_command(),
        room_command(),
        owner_command(),
        door::command(),
        operator::command(),
        any_of_struct!(Send {
            room: room_id(),
            nonce: nonce(),
            text: any::<String>(),
            kind: select(MessageKind::ALL)
        })
        .prop_map(Command::Send),
        any_of_struct!(History {
            room: room_id(),
            direction: select(Direction::ALL),
            seq: of(seq()),
            limit: any::<u32>(),
        })
        .prop_map(Command::History),
        any_of_struct!(ListChanges { room: room_id(), since: revision(), limit: any::<u32>() })
            .prop_map(Command::ListChanges),
    ]
    .boxed()
}

fn account_command() -> BoxedStrategy<Command> {
    let name = any::<String>;
    let device = || of(record(new_device()));
    prop_oneof![
        any_of_struct!(SignUpStart { name: name(), request: octets() })
            .prop_map(Command::SignUpStart),
        any_of_struct!(SignUpFinish {
            name: name(),
            upload: octets(),
            cost: record(cost()),
            device: device(),
            code: of(any::<String>()),
        })
        .prop_map(Command::SignUpFinish),
        any_of_struct!(LoginStart { name: name(), request: octets() })
            .prop_map(Command::LoginStart),
        any_of_struct!(LoginFinish { finalization: octets(), device: device() })
            .prop_map(Command::LoginFinish),
        any_of_struct!(DeviceLogin { name: name(), public_key: bytes(), signature: bytes() })
            .prop_map(Command::DeviceLogin),
        any_of_struct!(PasswordStart { request: octets() }).prop_map(Command::PasswordStart),
        any_of_struct!(PasswordFinish {
            upload: octets(),
            cost: record(cost()),
            purpose: select(PasswordPurpose::ALL),
        })
        .prop_map(Command::PasswordFinish),
        any_of_struct!(RevokeDevice { id: device_id() }).prop_map(Command::RevokeDevice),
        any_of_struct!(SetDisplayName { display_name: any::<String>() })
            .prop_map(Command::SetDisplayName),
        any_of_struct!(Watch { room: of(room_id()) }).prop_map(Command::Watch),
    ]
    .boxed()
}

fn room_command() -> BoxedStrategy<Command> {
    let room_ref =
        prop_oneof![room_id().prop_map(RoomRef::Id), any::<String>().prop_map(RoomRef::Title),];
    prop_oneof![
        any_of_struct!(CreateRoom {
            title: any::<String>(),
            visibility: select(Visibility::ALL),
            entry: select(Entry::ALL),
        })
        .prop_map(Command::CreateRoom),
        any_of_struct!(ListRooms {
            scope: select(Scope::ALL),
            search: any::<String>(),
            after: of(any::<String>()),
            limit: any::<u32>(),
        })
        .prop_map(Command::ListRooms),
        any_of_struct!(FindRoom { room: record(room_ref) }).prop_map(Command::FindRoom),
        any_of_struct!(JoinRoom { room: room_id(), leave: of(room_id()) })
            .prop_map(Command::JoinRoom),
        any_of_struct!(LeaveRoom { room: room_id() }).prop_map(Command::LeaveRoom),
        any_of_struct!(ListMembers {
            room: room_id(),
            after: of(any::<String>()),
            limit: any::<u32>(),
        })
        .prop_map(Command::ListMembers),
    ]
    .boxed()
}

fn owner_command() -> BoxedStrategy<Command> {
    let name = any::<String>;
    prop_oneof![
        any_of_struct!(Promote { room: room_id(), user: name() }).prop_map(Command::Promote),
        any_of_struct!(Demote { room: room_id(), user: name() }).prop_map(Command::Demote),
        any_of_struct!(Transfer { room: room_id(), user: name() }).prop_map(Command::Transfer),
        any_of_struct!(SetTopic { room: room_id(), topic: name() }).prop_map(Command::SetTopic),
        any_of_struct!(Rename { room: room_id(), title: name() }).prop_map(Command::Rename),
    ]
    .boxed()
}

fn outcome() -> BoxedStrategy<Outcome> {
    let messages = any_of_struct!(Messages {
        messages: vec(record(message()), 0..5),
        more: any::<bool>(),
        as_of: revision(),
    });
    let changes = any_of_struct!(Changes {
        changes: vec(record(room_change()), 0..5),
        more: any::<bool>(),
        as_of: revision(),
    });
    prop_oneof![
        any_of_struct!(Refusal {
            code: select(Code::ALL),
            retry_after_ms: of(any::<u32>()),
            reason: of(reason()),
        })
        .prop_map(Outcome::Refused),
        Just(Outcome::Done),
        account_outcome(),
        room().prop_map(Outcome::Room),
        any_of_struct!(Rooms { rooms: vec(record(room()), 0..5), next: of(any::<String>()) })
            .prop_map(Outcome::Rooms),
        any_of_struct!(Members { members: vec(record(member()), 0..5), next: of(any::<String>()) })
            .prop_map(Outcome::Members),
        any_of_struct!(Sent { seq: seq(), revision: revision(), at: at() }).prop_map(Outcome::Sent),
        messages.prop_map(Outcome::Messages),
        changes.prop_map(Outcome::Changes),
        member().prop_map(Outcome::Member),
        door::outcome(),
        operator::outcome(),
    ]
    .boxed()
}

fn account_outcome() -> BoxedStrategy<Outcome> {
    let device = any_of_struct!(Device {
        id: device_id(),
        name: any::<String>(),
        public_key: bytes(),
        created_at: at(),
        used_at: at(),
        address: any::<String>(),
        current: any::<bool>(),
    });
    prop_oneof![
        any_of_struct!(Registration { response: octets(), cost: record(cost()) })
            .prop_map(Outcome::Registration),
        any_of_struct!(Credential {
            response: octets(),
            cost: record(cost()),
            wanted: record(cost()),
        })
        .prop_map(Outcome::Credential),
        any_of_struct!(LoggedIn {
            user: user(),
            operator: any::<bool>(),
            device: of(device_id()),
            display_name: of(display_name()),
        })
        .prop_map(Outcome::LoggedIn),
        any_of_struct!(Named { user: user(), display_name: of(display_name()) })
            .prop_map(Outcome::Named),
        any_of_struct!(Devices { devices: vec(record(device), 0..5) }).prop_map(Outcome::Devices),
    ]
    .boxed()
}

fn push() -> BoxedStrategy<Push> {
    let exited = any_of_struct!(Exited {
        room: room_id(),
        how: select(Departure::ALL),
        by: of(user()),
        reason: of(reason()),
    });
    prop_oneof![
        room().prop_map(Push::Snapshot),
        any_of_struct!(Changed { room: room_id(), change: record(room_change()) })
            .prop_map(Push::Changed),
        room().prop_map(Push::Entered),
        exited.prop_map(Push::Exited),
        any_of_struct!(Present { room: room_id(), members: vec(record(presence()), 0..5) })
            .prop_map(Push::Present),
        door::push(),
        operator::push(),
    ]
    .boxed()
}

fn room_change() -> BoxedStrategy<RoomChange> {
    let change = prop_oneof![
        user().prop_map(Change::Created),
        message().prop_map(Change::Message),
        member().prop_map(Change::Joined),
        any_of_struct!(Departed {
            user: user(),
            how: select(Departure::ALL),
            by: of(user()),
            reason: of(reason()),
        })
        .prop_map(Change::Departed),
        any_of_struct!(RoleChanged { user: user(), role: select(Role::ALL) })
            .prop_map(Change::RoleChanged),
        Just(Change::Terminated),
        any_of_struct!(TopicChanged { by: user(), topic: of(topic()) })
            .prop_map(Change::TopicChanged),
        any_of_struct!(Renamed { by: user(), title: title() }).prop_map(Change::Renamed),
        door::change(),
    ];
    any_of_struct!(RoomChange { revision: revision(), at: at(), change: record(change) })
}

fn welcome() -> BoxedStrategy<Welcome> {
    let limits = any_of_struct!(Limits {
        frame_bytes: any::<u32>(),
        requests_in_flight: any::<u32>(),
        message_chars: any::<u32>(),
        message_bytes: any::<u32>(),
    });
    any_of_struct!(Welcome {
        version: any::<u32>(),
        features: vec(any::<u32>(), 0..5),
        server: any::<String>(),
        motd: any::<String>(),
        sign_up: select(SignUpMode::ALL),
        challenge: bytes(),
        at: at(),
        limits: record(limits),
    })
}

fn room() -> BoxedStrategy<Room> {
    let what = (room_id(), title(), of(topic()), select(Visibility::ALL), select(Entry::ALL));
    let of_all = (any::<u32>(), any::<u32>());
    let of_members = (of(select(Role::ALL)), of(seq()), of(revision()), of(seq()));
    let unread = (of(any::<u64>()), of(any::<u32>()));
    (what, of_all, of_members, unread)
        .prop_map(|(what, (members, slow_secs), mine, (unread, mentions))| {
            let (room, title, topic, visibility, entry) = what;
            let (role, last_seq, revision, read) = mine;
            Room {
                room,
                title,
                members,
                role,
                last_seq,
                revision,
                topic,
                visibility,
                entry,
                slow_secs,
                read,
                unread,
                mentions,
            }
        })
        .boxed()
}

fn member() -> BoxedStrategy<Member> {
    any_of_struct!(Member {
        user: user(),
        role: select(Role::ALL),
        joined_at: at(),
        online: of(any::<bool>()),
        display_name: of(display_name()),
    })
}

fn presence() -> BoxedStrategy<Presence> {
    any_of_struct!(Presence {
        user: user(),
        online: of(any::<bool>()),
        display_name: of(display_name()),
    })
}

fn new_device() -> BoxedStrategy<NewDevice> {
    any_of_struct!(NewDevice { name: any::<String>(), public_key: bytes() })
}

fn cost() -> BoxedStrategy<StretchCost> {
    any_of_struct!(StretchCost { log_n: any::<u32>(), r: any::<u32>(), p: any::<u32>() })
}

fn record<S>(strategy: S) -> BoxedStrategy<Record<S::Value>>
where
    S: Strategy + 'static,
{
    strategy.prop_map(Record).boxed()
}

fn user() -> BoxedStrategy<UserName> {
    "[a-z][a-z0-9._-]{0,30}[a-z0-9]".prop_map(|name| UserName::parse(&name).unwrap()).boxed()
}

fn display_name() -> BoxedStrategy<DisplayName> {
    "\\PC{1,20}".prop_filter_map("no name", |name| DisplayName::parse(&name).ok()).boxed()
}

fn title() -> BoxedStrategy<Title> {
    "\\PC{1,20}".prop_filter_map("no title", |title| Title::parse(&title).ok()).boxed()
}

fn text() -> BoxedStrategy<MessageText> {
    any::<String>().prop_filter_map("blank", |text| MessageText::parse(&text).ok()).boxed()
}

fn topic() -> BoxedStrategy<Topic> {
    any::<String>().prop_filter_map("no topic", |text| Topic::parse(&text).ok()).boxed()
}

fn reason() -> BoxedStrategy<Reason> {
    any::<String>().prop_filter_map("no reason", |text| Reason::parse(&text).ok()).boxed()
}

fn octets() -> BoxedStrategy<Vec<u8>> {
    vec(any::<u8>(), 0..330).boxed()
}

fn bytes<const N: usize>() -> BoxedStrategy<Bytes<N>> {
    any::<[u8; N]>().prop_map(Bytes).boxed()
}

fn room_id() -> BoxedStrategy<RoomId> {
    any::<u64>().prop_map(RoomId::from_random).boxed()
}

fn nonce() -> BoxedStrategy<Nonce> {
    any::<[u8; 16]>().prop_map(Nonce::from_bytes).boxed()
}

fn at() -> BoxedStrategy<Timestamp> {
    any::<i64>().prop_map(Timestamp).boxed()
}

fn seq() -> BoxedStrategy<Seq> {
    (0..=i64::MAX.cast_unsigned()).prop_map(Seq).boxed()
}

fn revision() -> BoxedStrategy<Revision> {
    (0..=i64::MAX.cast_unsigned()).prop_map(Revision).boxed()
}

fn device_id() -> BoxedStrategy<DeviceId> {
    any::<u32>().prop_map(DeviceId).boxed()
}
