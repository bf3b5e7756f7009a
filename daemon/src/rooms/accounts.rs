//! The rules of accounts: sign-up, passwords, display names and devices.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::DeviceId;
use parlor_protocol::name::{DisplayName, UserName};
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;

use super::codes::Code as SignUpCode;
use super::command::{Decision, Password};
use super::decide::Draft;
use super::event::{DirectoryEvent, NewDevice, Notice, Standing, Status, UserEvent, UserId};

/// The most devices of one user. A person has a handful; scripts that lose their key and register
/// another stop here, before the list is too long for its owner to read.
const DEVICES_MAX: usize = 100;

/// The most users of one server, ten times what it is measured with. Names are reserved for ever,
/// so that open sign-up would otherwise fill the memory in the end.
const USERS_MAX: usize = 1_000_000;

/// The most sign-ups that wait for an operator: strangers could fill the memory with them.
const WAITING_MAX: usize = 1_000;

pub(super) fn sign_up(
    mut draft: Draft<'_>,
    name: &UserName,
    password: &Password,
    device: Option<&NewDevice>,
    mode: SignUpMode,
    code: Option<SignUpCode>,
) -> Result<Decision, Code> {
    let (standing, status) = terms(&draft, mode, code)?;
    let user = begin(&mut draft, name, password, standing, status)?;
    if let Some(code) = code {
        draft.directory(DirectoryEvent::CodeUsed { code, by: user });
    }
    if let Some(device) = device {
        draft.user(user, UserEvent::DeviceAdded { id: DeviceId(1), device: device.clone() });
    }
    if status == Status::Waiting {
        for operator in draft.world.operators() {
            draft.notify(operator, Notice::by(NotificationKind::SignUpWaiting, user));
        }
    }
    Ok(draft.done())
}

/// As what somebody comes in by signing up. Whoever has a code comes in at once, an operator's also
/// while nobody else does.
fn terms(
    draft: &Draft<'_>,
    configured: SignUpMode,
    code: Option<SignUpCode>,
) -> Result<(Standing, Status), Code> {
    let known = code.map(|code| {
        let terms = draft.world.codes.get(&code).filter(|terms| terms.counts(draft.at));
        terms.map(|terms| terms.standing).ok_or(Code::BadCode)
    });
    match (draft.world.sign_up.unwrap_or(configured), known) {
        (_, Some(Ok(Standing::Operator))) => Ok((Standing::Operator, Status::Active)),
        (SignUpMode::Closed | SignUpMode::Unknown, _) => Err(Code::SignUpClosed),
        (SignUpMode::Open | SignUpMode::Code | SignUpMode::Approval, Some(known)) => {
            Ok((known?, Status::Active))
        }
        (SignUpMode::Open, None) => Ok((Standing::Ordinary, Status::Active)),
        (SignUpMode::Code, None) => Err(Code::BadCode),
        (SignUpMode::Approval, None) if draft.world.agenda.waiting.len() >= WAITING_MAX => {
            Err(Code::TooMany)
        }
        (SignUpMode::Approval, None) => Ok((Standing::Ordinary, Status::Waiting)),
    }
}

pub(super) fn add_user(
    mut draft: Draft<'_>,
    name: &UserName,
    password: &Password,
    standing: Standing,
) -> Result<Decision, Code> {
    begin(&mut draft, name, password, standing, Status::Active)?;
    Ok(draft.done())
}

fn begin(
    draft: &mut Draft<'_>,
    name: &UserName,
    password: &Password,
    standing: Standing,
    status: Status,
) -> Result<UserId, Code> {
    let world = draft.world;
    if let Some(user) = world.account_by_name(name) {
        match world.users[&user].status {
            Status::Denied => draft.directory(DirectoryEvent::UserForgotten { user }),
            Status::Active | Status::Waiting | Status::Disabled | Status::Removed => {
                return Err(Code::NameTaken);
            }
        }
    }
    if world.users.len() >= USERS_MAX {
        return Err(Code::TooMany);
    }
    let user = UserId(world.last_user.0 + 1);
    draft.directory(DirectoryEvent::UserAdded { user, name: name.clone(), standing, status });
    draft.user(user, UserEvent::PasswordSet(password.clone()));
    Ok(user)
}

/// Whether it is the same password only its user knows; nobody else could have registered one.
pub(super) fn restretch(
    mut draft: Draft<'_>,
    user: UserId,
    password: &Password,
) -> Result<Decision, Code> {
    draft.user(user, UserEvent::PasswordRestretched(password.clone()));
    Ok(draft.done())
}

pub(super) fn set_display_name(
    mut draft: Draft<'_>,
    user: UserId,
    display_name: Option<&DisplayName>,
) -> Result<Decision, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::LoginRequired)?;
    if known.display_name.as_ref() != display_name {
        draft.user(user, UserEvent::DisplayNameSet(display_name.cloned()));
    }
    Ok(draft.done())
}

pub(super) fn set_password(
    mut draft: Draft<'_>,
    user: UserId,
    password: &Password,
    keep: Option<DeviceId>,
) -> Result<Decision, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::NoSuchUser)?;
    match known.status {
        Status::Active | Status::Waiting | Status::Disabled => {}
        Status::Denied | Status::Removed => return Err(Code::NoSuchUser),
    }
    draft.user(user, UserEvent::PasswordSet(password.clone()));
    for (id, _) in known.devices().filter(|&(id, _)| Some(id) != keep) {
        draft.user(user, UserEvent::DeviceRevoked { id });
    }
    Ok(draft.done())
}

pub(super) fn add_device(
    mut draft: Draft<'_>,
    user: UserId,
    device: &NewDevice,
) -> Result<Decision, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::NoSuchUser)?;
    if let Some(id) = known.device_with(&device.public_key) {
        return Ok(Decision::SameDevice(id));
    }
    if known.devices.len() >= DEVICES_MAX {
        return Err(Code::TooMany);
    }
    // 4 billion devices later the number is used up, and the user with it.
    let id = known.last_device.0.checked_add(1).map(DeviceId).ok_or(Code::TooMany)?;
    draft.user(user, UserEvent::DeviceAdded { id, device: device.clone() });
    Ok(draft.done())
}

pub(super) fn revoke_device(
    mut draft: Draft<'_>,
    user: UserId,
    id: DeviceId,
) -> Result<Decision, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::NoSuchUser)?;
    if !known.devices.contains_key(&id) {
        return Err(Code::NoSuchDevice);
    }
    draft.user(user, UserEvent::DeviceRevoked { id });
    Ok(draft.done())
}
