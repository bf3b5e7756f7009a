//! One fixed value of everything on the wire.

mod values;

use std::fmt::Debug;

use parlor_protocol::account::{PasswordPurpose, SignUpMode};
use parlor_protocol::hello::{Hello, MAGIC};
use parlor_protocol::message::Direction;
use parlor_protocol::push::{Change, Push};
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{CloseReason, Outcome, ServerFrame};
use parlor_protocol::request::Command;
use parlor_protocol::room::{Departure, Role, RoomRef, Scope};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::values::*;

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
        Command::Promote(promote()),
        Command::Demote(demote()),
        Command::Transfer(transfer()),
        Command::SetTopic(set_topic()),
        Command::Rename(rename()),
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
        Outcome::Member(member()),
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
        Change::TopicChanged(topic_changed()),
        Change::Renamed(renamed()),
    ];
    variants(pushes, Push::variant)
        .chain([structure(&changed()), structure(&room_change()), structure(&exited())])
        .chain(variants(changes, Change::variant))
        .chain([
            structure(&departed()),
            structure(&role_changed()),
            structure(&topic_changed()),
            structure(&renamed()),
        ])
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
            structure(&promote()),
            structure(&demote()),
            structure(&transfer()),
            structure(&set_topic()),
            structure(&rename()),
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
