//! What operators ask for beside passwords: users, sign-ups, codes, rooms, and sessions.

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};

use super::{
    Act, Daemon, ListedCode, ListedDevice, ListedSignUp, ListedUser, PAGE_USERS_MAX, Response,
    ShownUser, look_up,
};
use crate::audit;
use crate::clock::now;
use crate::hub::Sessions;
use crate::rooms::{CodeTerms, Command, SignUpCode, Standing};
use crate::store::{CodeLine, KnownUser, Readers, UserLine};

/// Does what was asked for.
pub(super) async fn act(
    daemon: &impl Daemon,
    act: Act,
    uid: Option<u32>,
) -> Result<Response, Refusal> {
    let command = match act {
        Act::Approve(user) => Command::ApproveSignUp { user },
        Act::Deny { user, reason } => Command::DenySignUp { user, reason },
        Act::Operator { user, on } => {
            let standing = if on { Standing::Operator } else { Standing::Ordinary };
            Command::SetStanding { user, standing }
        }
        Act::Disable(user) => Command::DisableUser { user },
        Act::Enable(user) => Command::EnableUser { user },
        Act::Remove(user) => Command::RemoveUser { user },
        Act::SetSignUpMode(mode) => Command::SetSignUpMode { mode },
        Act::MakeCode { uses, secs } => {
            let code = SignUpCode::from_random(rand::random());
            let until = Timestamp(now().0.saturating_add(i64::from(secs) * 1_000));
            let terms = CodeTerms { uses, until, standing: Standing::Ordinary };
            daemon.obey(Command::MakeCode { code, terms }, uid).await?;
            let CodeTerms { uses, until, standing } = terms;
            return Ok(Response::Code(listed_code(&CodeLine { code, uses, until, standing })));
        }
        Act::RevokeCode(code) => {
            let code = SignUpCode::parse(&code).ok_or(Code::BadCode)?;
            Command::RevokeCode { code }
        }
        Act::TransferRoom { room, user } => {
            Command::Transfer { room: meant_room(daemon, "role-changed", room, uid).await?, user }
        }
        Act::TerminateRoom(room) => {
            let room = meant_room(daemon, "room-terminated", room, uid).await?;
            Command::TerminateRoom { room }
        }
        Act::Announce(text) => {
            daemon.announce(text, uid).await?;
            return Ok(Response::Done);
        }
        Act::Disconnect(which) => {
            let named = match &which {
                Sessions::One(serial) => serial.to_string(),
                Sessions::Of(user) => user.to_string(),
            };
            let done = daemon.disconnect(which, uid).await;
            return match missed(daemon, "session-disconnected", &named, uid, done).await {
                Ok(()) => Ok(Response::Done),
                Err(refusal) if refusal.code == Code::NoSuchUser => Ok(Response::NoSuchSession),
                Err(refusal) => Err(refusal),
            };
        }
    };
    daemon.obey(command, uid).await?;
    Ok(Response::Done)
}

/// The room that is to be changed; where there is none, that is on record.
async fn meant_room(
    daemon: &impl Daemon,
    action: &'static str,
    named: String,
    uid: Option<u32>,
) -> Result<RoomId, Refusal> {
    let found = find_room(daemon, named.clone()).await;
    missed(daemon, action, &named, uid, found).await
}

/// Puts on record what was to be done to somebody or something that is not there.
pub(super) async fn missed<T>(
    daemon: &impl Daemon,
    action: &'static str,
    named: &str,
    uid: Option<u32>,
    found: Result<T, Refusal>,
) -> Result<T, Refusal> {
    if let Err(refusal) = &found
        && matches!(refusal.code, Code::NoSuchRoom | Code::NoSuchUser)
    {
        let record = audit::nothing_named(action, named, refusal.code, uid, now());
        daemon.record(record).await?;
    }
    found
}

/// The room of this title or ID.
pub(super) async fn find_room(daemon: &impl Daemon, named: String) -> Result<RoomId, Refusal> {
    let found = look_up(daemon, move |readers| readers.room_named(&named)).await?;
    found.ok_or_else(|| Code::NoSuchRoom.into())
}

pub(super) async fn sign_ups(
    daemon: &impl Daemon,
    after: Option<UserName>,
) -> Result<Response, Refusal> {
    let page =
        look_up(daemon, move |readers| readers.sign_ups(after.as_ref(), PAGE_USERS_MAX)).await?;
    let listed = page.into_iter().map(|(user, at)| ListedSignUp { user, at });
    Ok(Response::SignUps(listed.collect()))
}

pub(super) async fn codes(daemon: &impl Daemon) -> Result<Response, Refusal> {
    let lines = look_up(daemon, move |readers| readers.codes(now())).await?;
    Ok(Response::Codes(lines.iter().map(listed_code).collect()))
}

fn listed_code(line: &CodeLine) -> ListedCode {
    let CodeLine { code, uses, until, standing } = *line;
    let operator = standing == Standing::Operator;
    ListedCode { code: code.to_string(), uses, until, operator }
}

pub(super) async fn sign_up_mode(daemon: &impl Daemon) -> Result<Response, Refusal> {
    let set = look_up(daemon, Readers::sign_up_mode).await?;
    Ok(Response::SignUpMode(set.unwrap_or_else(|| daemon.sign_up_configured())))
}

pub(super) async fn show(daemon: &impl Daemon, user: UserName) -> Result<Response, Refusal> {
    let known = known(daemon, user).await?;
    let KnownUser { id: _, line, created_at, status_at, devices, rooms } = known;
    Ok(Response::User(ShownUser { user: listed(line), created_at, status_at, devices, rooms }))
}

pub(super) async fn devices(daemon: &impl Daemon, user: UserName) -> Result<Response, Refusal> {
    let id = known(daemon, user).await?.id;
    let devices = look_up(daemon, move |readers| readers.devices(id, None)).await?;
    let listed = devices.into_iter().map(|device| ListedDevice {
        id: device.id,
        name: device.name,
        created_at: device.created_at,
        used_at: device.used_at,
        address: device.address,
    });
    Ok(Response::Devices(listed.collect()))
}

async fn known(daemon: &impl Daemon, user: UserName) -> Result<KnownUser, Refusal> {
    let found = look_up(daemon, move |readers| readers.known_user(&user)).await?;
    found.ok_or_else(|| Code::NoSuchUser.into())
}

/// A user as they are listed.
pub(super) fn listed(line: UserLine) -> ListedUser {
    ListedUser {
        user: line.name,
        operator: line.standing == Standing::Operator,
        status: line.status.word().to_owned(),
        display_name: line.display_name,
    }
}
