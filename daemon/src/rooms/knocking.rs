//! The rules of asking to come in, and of letting in: requests, adds and invites.

use parlor_protocol::entry::{InviteEnd, RequestEnd};
use parlor_protocol::id::RoomId;
use parlor_protocol::name::UserName;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::Role;
use parlor_protocol::text::Reason;

use super::agenda::settle;
use super::association::Association;
use super::command::Decision;
use super::decide::Draft;
use super::entering::enter;
use super::event::{Notice, RoomEvent, UserId};
use super::world::Room;

/// How long somebody whose request was denied waits before they may ask again, in milliseconds.
const DENIED_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long an invite counts, in milliseconds.
pub(super) const INVITE_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// The most requests and the most invites that wait in one room: all of them are told when it ends.
const WAITING_MAX: usize = 200;

pub(super) fn request(
    mut draft: Draft<'_>,
    user: UserId,
    room: RoomId,
    reason: Option<&Reason>,
) -> Result<Decision, Refusal> {
    let known = draft.known_room(room)?;
    let denied_at = draft.world.association(room, user).and_then(|it| it.denied_at);
    let wait = denied_at.map_or(0, |at| at.0.saturating_add(DENIED_MS) - draft.at.0);
    if wait > 0 {
        let ms = u32::try_from(wait).unwrap_or(u32::MAX);
        return Err(Refusal { retry_after_ms: Some(ms), ..Code::RateLimited.into() });
    }
    if known.associations.values().filter(|other| other.is_requested()).count() >= WAITING_MAX {
        return Err(Code::TooMany.into());
    }
    settle(&mut draft, room, user);
    draft.room(room, RoomEvent::Requested { user, reason: reason.cloned() });
    for admin in known.admins() {
        let notice = Notice {
            by: Some(user),
            reason: reason.cloned(),
            ..Notice::of(NotificationKind::JoinRequested, room, known)
        };
        draft.notify(admin, notice);
    }
    Ok(draft.done())
}

pub(super) fn withdraw(mut draft: Draft<'_>, user: UserId, room: RoomId) -> Result<Decision, Code> {
    let (how, by, reason) = (RequestEnd::Withdrawn, None, None);
    draft.room(room, RoomEvent::RequestEnded { user, how, by, reason });
    Ok(draft.done())
}

/// Ends whatever somebody waits for who is gone.
pub(super) fn give_up(draft: &mut Draft<'_>, room: RoomId, user: UserId) {
    let Some(association) = draft.world.association(room, user) else { return };
    if association.is_requested() {
        let (how, by, reason) = (RequestEnd::Withdrawn, None, None);
        draft.room(room, RoomEvent::RequestEnded { user, how, by, reason });
    }
    if let Some(until) = association.invited_until {
        let how = if until > draft.at { InviteEnd::Revoked } else { InviteEnd::Expired };
        draft.room(room, RoomEvent::InviteEnded { user, how, by: None });
    }
}

pub(super) fn approve(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let user = asker(&draft, room, name)?;
    let_in(&mut draft, by, room, user, NotificationKind::Approved)?;
    Ok(draft.done())
}

pub(super) fn deny(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
    reason: Option<&Reason>,
) -> Result<Decision, Code> {
    let user = asker(&draft, room, name)?;
    let (how, reason) = (RequestEnd::Denied, reason.cloned());
    let notice = Notice {
        by: Some(by),
        reason: reason.clone(),
        ..Notice::of(NotificationKind::Denied, room, draft.known_room(room)?)
    };
    draft.room(room, RoomEvent::RequestEnded { user, how, by: Some(by), reason });
    draft.notify(user, notice);
    Ok(draft.done())
}

pub(super) fn add(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let user = guest(&draft, by, room, name)?;
    settle(&mut draft, room, user);
    let_in(&mut draft, by, room, user, NotificationKind::Added)?;
    Ok(draft.done())
}

pub(super) fn invite(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let user = guest(&draft, by, room, name)?;
    let known = draft.known_room(room)?;
    let association = known.associations.get(&user);
    settle(&mut draft, room, user);
    if association.is_some_and(Association::is_requested) {
        let_in(&mut draft, by, room, user, NotificationKind::Approved)?;
        return Ok(draft.done());
    }
    let open = |at| known.associations.values().filter(|it| it.is_invited_at(at)).count();
    if !association.is_some_and(|it| it.is_invited_at(draft.at)) && open(draft.at) >= WAITING_MAX {
        return Err(Code::TooMany);
    }
    let until = parlor_protocol::id::Timestamp(draft.at.0.saturating_add(INVITE_MS));
    draft.room(room, RoomEvent::Invited { user, by, until });
    let of = Notice::of(NotificationKind::Invited, room, known);
    let notice = Notice { by: Some(by), until: Some(until), ..of };
    draft.notify(user, notice);
    Ok(draft.done())
}

pub(super) fn revoke_invite(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let user = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    let association = draft.world.association(room, user);
    if !association.is_some_and(|it| it.is_invited_at(draft.at)) {
        return Err(Code::NoSuchInvite);
    }
    draft.room(room, RoomEvent::InviteEnded { user, how: InviteEnd::Revoked, by: Some(by) });
    Ok(draft.done())
}

/// Whose request waits.
fn asker(draft: &Draft<'_>, room: RoomId, name: &UserName) -> Result<UserId, Code> {
    let user = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    let association = draft.world.association(room, user);
    association.filter(|it| it.is_requested()).map(|_| user).ok_or(Code::NoSuchRequest)
}

/// Whoever may be added or invited.
fn guest(draft: &Draft<'_>, by: UserId, room: RoomId, name: &UserName) -> Result<UserId, Code> {
    let user = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    let known = draft.known_room(room)?;
    if known.membership(user).is_some() {
        return Err(Code::AlreadyAMember);
    }
    if known.associations.get(&user).is_some_and(|it| it.ban_at(draft.at).is_some()) {
        return Err(Code::Banned);
    }
    if draft.world.users.get(&user).is_some_and(|user| user.blocked.contains(&by)) {
        return Err(Code::Blocked);
    }
    Ok(user)
}

/// Makes somebody else a member, and tells them.
fn let_in(
    draft: &mut Draft<'_>,
    by: UserId,
    room: RoomId,
    user: UserId,
    kind: NotificationKind,
) -> Result<(), Code> {
    if draft.world.joined_by(user) >= draft.world.rooms_max.joined {
        return Err(Code::TooMany);
    }
    enter(draft, room, user)?;
    let notice = Notice { by: Some(by), ..Notice::of(kind, room, draft.known_room(room)?) };
    draft.notify(user, notice);
    Ok(())
}

impl Room {
    /// Owner and admins, by number.
    pub(super) fn admins(&self) -> impl Iterator<Item = UserId> {
        self.members().filter(|(_, of)| matches!(of.role, Role::Admin | Role::Owner)).map(|of| of.0)
    }
}
