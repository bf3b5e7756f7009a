//! The rules of what operators do about users: approving sign-ups, disabling and removing accounts,
//! and how anybody gets one.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Departure;
use parlor_protocol::text::Reason;

use super::codes::{Code as SignUpCode, CodeTerms};
use super::command::Decision;
use super::decide::Draft;
use super::event::{DirectoryEvent, Standing, Status, UserEvent, UserId};
use super::knocking;
use super::leaving::{Farewell, depart};

/// The most sign-up codes that count at once.
const CODES_MAX: usize = 500;
/// How often one code may be used, at most.
const USES_MAX: u32 = 1_000_000;

pub(super) fn approve(mut draft: Draft<'_>, name: &UserName) -> Result<Decision, Code> {
    let user = waiting(&draft, name)?;
    let (was, status) = (Status::Waiting, Status::Active);
    draft.user(user, UserEvent::StatusChanged { was, status, reason: None });
    Ok(draft.done())
}

pub(super) fn deny(
    mut draft: Draft<'_>,
    name: &UserName,
    reason: Option<&Reason>,
) -> Result<Decision, Code> {
    let user = waiting(&draft, name)?;
    let (was, status, reason) = (Status::Waiting, Status::Denied, reason.cloned());
    draft.user(user, UserEvent::StatusChanged { was, status, reason });
    Ok(draft.done())
}

/// Whose sign-up waits.
fn waiting(draft: &Draft<'_>, name: &UserName) -> Result<UserId, Code> {
    let user = draft.world.account_by_name(name).ok_or(Code::NoSuchUser)?;
    match draft.world.users[&user].status {
        Status::Waiting => Ok(user),
        Status::Active | Status::Disabled => Err(Code::NoSuchRequest),
        Status::Denied | Status::Removed => Err(Code::NoSuchUser),
    }
}

pub(super) fn set_standing(
    mut draft: Draft<'_>,
    name: &UserName,
    standing: Standing,
) -> Result<Decision, Code> {
    let user = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    if draft.world.users[&user].standing != standing {
        draft.user(user, UserEvent::StandingChanged(standing));
    }
    Ok(draft.done())
}

pub(super) fn disable(draft: Draft<'_>, name: &UserName) -> Result<Decision, Code> {
    set_status(draft, name, Status::Disabled)
}

pub(super) fn enable(draft: Draft<'_>, name: &UserName) -> Result<Decision, Code> {
    set_status(draft, name, Status::Active)
}

/// Also of a sign-up that waits: its name is then reserved for good.
pub(super) fn remove(mut draft: Draft<'_>, name: &UserName) -> Result<Decision, Code> {
    let user = draft.world.account_by_name(name).ok_or(Code::NoSuchUser)?;
    match draft.world.users[&user].status {
        was @ (Status::Active | Status::Disabled | Status::Waiting) => {
            let status = Status::Removed;
            draft.user(user, UserEvent::StatusChanged { was, status, reason: None });
            Ok(draft.done())
        }
        Status::Denied | Status::Removed => Err(Code::NoSuchUser),
    }
}

fn set_status(mut draft: Draft<'_>, name: &UserName, status: Status) -> Result<Decision, Code> {
    let user = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    let was = draft.world.users[&user].status;
    if was != status {
        draft.user(user, UserEvent::StatusChanged { was, status, reason: None });
    }
    Ok(draft.done())
}

/// Takes a removed user out of the first of their rooms, or ends what they waited for in the first
/// room. The others follow, one by one, so that nobody waits for somebody with many rooms.
pub(super) fn forsake(mut draft: Draft<'_>, user: UserId) -> Result<Decision, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::NoSuchUser)?;
    if known.status != Status::Removed {
        return Ok(draft.done());
    }
    if let Some(&room) = known.rooms.first() {
        let farewell = Farewell { how: Departure::Removed, by: None, reason: None };
        depart(&mut draft, user, room, &farewell)?;
    } else if let Some(&room) = known.knocks.first() {
        knocking::give_up(&mut draft, room, user);
    }
    Ok(draft.done())
}

pub(super) fn forget(mut draft: Draft<'_>, user: UserId) -> Result<Decision, Code> {
    if draft.world.users.get(&user).is_some_and(|known| known.status == Status::Denied) {
        draft.directory(DirectoryEvent::UserForgotten { user });
    }
    Ok(draft.done())
}

pub(super) fn set_sign_up_mode(mut draft: Draft<'_>, mode: SignUpMode) -> Result<Decision, Code> {
    if draft.world.sign_up != Some(mode) {
        draft.directory(DirectoryEvent::SignUpModeSet { mode });
    }
    Ok(draft.done())
}

pub(super) fn make_code(
    mut draft: Draft<'_>,
    code: SignUpCode,
    terms: CodeTerms,
) -> Result<Decision, Code> {
    if draft.world.codes.len() >= CODES_MAX || terms.uses == 0 || terms.uses > USES_MAX {
        return Err(Code::TooMany);
    }
    if let Some(known) = draft.world.codes.get(&code) {
        if known.counts(draft.at) {
            return Err(Code::Busy);
        }
        draft.directory(DirectoryEvent::CodeEnded { code });
    }
    draft.directory(DirectoryEvent::CodeMade { code, terms });
    Ok(draft.done())
}

pub(super) fn revoke_code(mut draft: Draft<'_>, code: SignUpCode) -> Result<Decision, Code> {
    if !draft.world.codes.get(&code).is_some_and(|terms| terms.counts(draft.at)) {
        return Err(Code::BadCode);
    }
    draft.directory(DirectoryEvent::CodeEnded { code });
    Ok(draft.done())
}

pub(super) fn expire_code(mut draft: Draft<'_>, code: SignUpCode) -> Result<Decision, Code> {
    if draft.world.codes.get(&code).is_some_and(|terms| !terms.counts(draft.at)) {
        draft.directory(DirectoryEvent::CodeEnded { code });
    }
    Ok(draft.done())
}
