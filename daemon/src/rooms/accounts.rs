//! The rules of accounts: sign-up, passwords and devices.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::DeviceId;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;

use super::command::{Decision, Password};
use super::decide::Draft;
use super::event::{DirectoryEvent, NewDevice, Standing, UserEvent, UserId};

/// The most devices of one user. A person has a handful; scripts that lose their key and register
/// another stop here, before the list is too long for its owner to read.
const DEVICES_MAX: usize = 100;

/// The most users of one server, ten times what it is measured with. Names are reserved for ever,
/// so that open sign-up would otherwise fill the memory in the end.
const USERS_MAX: usize = 1_000_000;

pub(super) fn sign_up(
    mut draft: Draft<'_>,
    name: &UserName,
    password: &Password,
    device: Option<&NewDevice>,
    mode: SignUpMode,
) -> Result<Decision, Code> {
    match mode {
        SignUpMode::Open => {}
        SignUpMode::Closed | SignUpMode::Unknown => return Err(Code::SignUpClosed),
    }
    let user = begin(&mut draft, name, password, Standing::Ordinary)?;
    if let Some(device) = device {
        draft.user(user, UserEvent::DeviceAdded { id: DeviceId(1), device: device.clone() });
    }
    Ok(draft.done())
}

pub(super) fn add_user(
    mut draft: Draft<'_>,
    name: &UserName,
    password: &Password,
    standing: Standing,
) -> Result<Decision, Code> {
    begin(&mut draft, name, password, standing)?;
    Ok(draft.done())
}

fn begin(
    draft: &mut Draft<'_>,
    name: &UserName,
    password: &Password,
    standing: Standing,
) -> Result<UserId, Code> {
    let users = &draft.world.users;
    if draft.world.names.contains_key(name) {
        return Err(Code::NameTaken);
    }
    if users.len() >= USERS_MAX {
        return Err(Code::TooMany);
    }
    let user = UserId(users.last_key_value().map_or(1, |(last, _)| last.0 + 1));
    draft.directory(DirectoryEvent::UserAdded { user, name: name.clone(), standing });
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

pub(super) fn set_password(
    mut draft: Draft<'_>,
    user: UserId,
    password: &Password,
    keep: Option<DeviceId>,
) -> Result<Decision, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::NoSuchUser)?;
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
