//! One fixed value of everything on the wire.

mod door;
mod operator;
mod values;

use std::fmt::Debug;

use parlor_protocol::account::{PasswordPurpose, SignUpMode};
use parlor_protocol::entry::{Ended, InviteEnd, Rejoin, RequestEnd, RoomState};
use parlor_protocol::hello::{Hello, MAGIC};
use parlor_protocol::message::{Direction, MessageKind};
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::operator::AccountStatus;
use parlor_protocol::push::{Change, Push};
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{CloseReason, Outcome, ServerFrame};
use parlor_protocol::request::Command;
use parlor_protocol::room::{Departure, Entry, Role, RoomRef, Scope, Visibility};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::door::*;
use self::operator::*;
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
    [
        beginning(),
        commands(),
        answers(),
        pushes(),
        rooms(),
        entry(),
        messages(),
        accounts(),
        operators(),
        tags(),
    ]
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
        Command::RequestToJoin(request_to_join()),
        Command::Withdraw(withdraw()),
        Command::ListRequests(list_of_room()),
        Command::Approve(approve()),
        Command::Deny(deny()),
        Command::AddMember(add_member()),
        Command::InviteUser(invite_user()),
        Command::ListInvites(list_invites()),
        Command::RevokeInvite(revoke_invite()),
        Command::Kick(kick()),
        Command::BanUser(ban_user()),
        Command::Unban(unban()),
        Command::ListBans(list_of_room()),
        Command::Block(block()),
        Command::Unblock(unblock()),
        Command::SetSlowMode(set_slow_mode()),
        Command::MarkRead(mark_read()),
        Command::ListNotifications(list_own()),
        Command::ReadNotifications(which_notifications()),
        Command::DismissNotifications(which_notifications()),
        Command::ListFormerRooms(list_own()),
        Command::ListBlocks(list_own()),
        Command::Watch(watch()),
        Command::SetDisplayName(set_display_name()),
        Command::ListSignUps(list_sign_ups()),
        Command::ApproveSignUp(approve_sign_up()),
        Command::DenySignUp(deny_sign_up()),
        Command::DisableUser(disable_user()),
        Command::EnableUser(enable_user()),
        Command::Announce(announce()),
    ];
    variants(commands, Command::variant).collect()
}

fn answers() -> Vec<Example> {
    let outcomes = [
        Outcome::Refused(sign_up_denied()),
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
        Outcome::Request(join_request()),
        Outcome::Requests(join_requests()),
        Outcome::Invite(invite()),
        Outcome::Invites(invites()),
        Outcome::Ban(ban()),
        Outcome::Bans(bans()),
        Outcome::ReadMarker(read_marker()),
        Outcome::Notifications(notifications()),
        Outcome::FormerRooms(former_rooms()),
        Outcome::Blocks(blocks()),
        Outcome::Named(named()),
        Outcome::SignUps(sign_ups()),
        Outcome::Account(operated()),
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
        Push::Notified(notification()),
        Push::NotificationsRead(which_notifications()),
        Push::NotificationsDismissed(which_notifications()),
        Push::Read(read_marker()),
        Push::Blocked(blocked()),
        Push::Unblocked(unblocked()),
        Push::Present(present()),
        Push::Announced(announced()),
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
        Change::SlowModeChanged(slow_mode_changed()),
        Change::Withheld,
        Change::Requested(join_request()),
        Change::RequestEnded(request_ended()),
        Change::Invited(invite()),
        Change::InviteEnded(invite_ended()),
        Change::Banned(ban()),
        Change::Unbanned(unbanned()),
    ];
    variants(pushes, Push::variant)
        .chain([structure(&changed()), structure(&room_change()), structure(&exited())])
        .chain(variants(changes, Change::variant))
        .chain([
            structure(&departed()),
            structure(&role_changed()),
            structure(&topic_changed()),
            structure(&renamed()),
            structure(&slow_mode_changed()),
            structure(&request_ended()),
            structure(&invite_ended()),
            structure(&unbanned()),
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
            structure(&watch()),
            structure(&presence()),
            structure(&present()),
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
            structure(&set_slow_mode()),
            structure(&mark_read()),
            structure(&read_marker()),
        ])
        .collect()
}

fn entry() -> Vec<Example> {
    vec![
        structure(&join_request()),
        structure(&join_requests()),
        structure(&invite()),
        structure(&invites()),
        structure(&ban()),
        structure(&bans()),
        structure(&former_room()),
        structure(&former_rooms()),
        structure(&request_to_join()),
        structure(&withdraw()),
        structure(&approve()),
        structure(&deny()),
        structure(&add_member()),
        structure(&invite_user()),
        structure(&revoke_invite()),
        structure(&kick()),
        structure(&ban_user()),
        structure(&unban()),
        structure(&block()),
        structure(&unblock()),
        structure(&blocked()),
        structure(&unblocked()),
        structure(&blocks()),
        structure(&list_of_room()),
        structure(&list_invites()),
        structure(&list_own()),
        structure(&notification()),
        structure(&notifications()),
        structure(&which_notifications()),
    ]
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
        structure(&set_display_name()),
        structure(&named()),
        structure(&device()),
        structure(&revoke_device()),
        structure(&devices()),
    ]
}

fn operators() -> Vec<Example> {
    vec![
        structure(&operated()),
        structure(&list_sign_ups()),
        structure(&sign_up()),
        structure(&sign_ups()),
        structure(&approve_sign_up()),
        structure(&deny_sign_up()),
        structure(&disable_user()),
        structure(&enable_user()),
        structure(&announce()),
        structure(&announced()),
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
        .chain(words(MessageKind::ALL))
        .chain(words(Visibility::ALL))
        .chain(words(Entry::ALL))
        .chain(words(Ended::ALL))
        .chain(words(RoomState::ALL))
        .chain(words(Rejoin::ALL))
        .chain(words(RequestEnd::ALL))
        .chain(words(InviteEnd::ALL))
        .chain(words(NotificationKind::ALL))
        .chain(words(AccountStatus::ALL))
        .collect()
}
