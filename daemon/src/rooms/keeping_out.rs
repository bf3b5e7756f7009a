//! The rules of taking out and keeping out: kick, ban, unban, and blocking somebody for oneself.

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Role, Visibility};
use parlor_protocol::text::Reason;

use super::agenda::settle;
use super::association::{BanNotice, Rank};
use super::command::Decision;
use super::decide::Draft;
use super::event::{Notice, RoomEvent, UserEvent, UserId};
use super::leaving::{Farewell, depart};
use super::world::Room;

/// The most bans of one room. A community under attack bans some hundred.
const BANS_MAX: usize = 10_000;
/// The most users whom one user blocks.
const BLOCKED_MAX: usize = 1_000;

pub(super) fn kick(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
    reason: Option<&Reason>,
) -> Result<Decision, Code> {
    let user = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    let known = draft.known_room(room)?;
    known.membership(user).ok_or(Code::NotAMember)?;
    known.may_act_against(by, user)?;
    let farewell = Farewell { how: Departure::Kicked, by: Some(by), reason };
    depart(&mut draft, user, room, &farewell)?;
    let notice = Notice {
        by: Some(by),
        reason: reason.cloned(),
        ..Notice::of(NotificationKind::Kicked, room, known)
    };
    draft.notify(user, notice);
    Ok(draft.done())
}

pub(super) fn ban(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
    reason: Option<&Reason>,
    until: Option<Timestamp>,
) -> Result<Decision, Code> {
    let user = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    let known = draft.known_room(room)?;
    known.may_act_against(by, user)?;
    settle(&mut draft, room, user);
    let association = known.associations.get(&user);
    let before = association.and_then(|it| it.ban_at(draft.at));
    let rank = known.rank(by);
    if before.is_some_and(|ban| ban.rank == Rank::Owner) && rank == Rank::Admin {
        return Err(Code::NotPermitted);
    }
    if before.is_none() && known.bans() >= BANS_MAX {
        return Err(Code::TooMany);
    }
    let is_member = known.membership(user).is_some();
    // A private room is not given away to whoever knows nothing of it.
    let unknown_to_them = match association {
        Some(it) => !it.is_known(),
        None => !is_member,
    };
    let is_silent = known.visibility == Visibility::Private && unknown_to_them;
    let notice = if is_silent { BanNotice::Silent } else { BanNotice::Told };
    if is_member {
        let farewell = Farewell { how: Departure::Banned, by: Some(by), reason };
        depart(&mut draft, user, room, &farewell)?;
    }
    let reason = reason.cloned();
    draft.room(room, RoomEvent::Banned { user, by, reason: reason.clone(), until, rank, notice });
    if notice == BanNotice::Told {
        let of = Notice::of(NotificationKind::Banned, room, known);
        let told = Notice { by: Some(by), reason, until, ..of };
        draft.notify(user, told);
    }
    Ok(draft.done())
}

pub(super) fn unban(
    mut draft: Draft<'_>,
    by: UserId,
    room: RoomId,
    name: &UserName,
) -> Result<Decision, Code> {
    let user = draft.world.known_by_name(name).ok_or(Code::NoSuchUser)?;
    let known = draft.known_room(room)?;
    // Whoever is not banned, or no longer, is what was asked for already.
    let Some(ban) = known.associations.get(&user).and_then(|it| it.ban) else {
        return Ok(draft.done());
    };
    if ban.rank == Rank::Owner && known.rank(by) == Rank::Admin && ban.counts(draft.at) {
        return Err(Code::NotPermitted);
    }
    let by = ban.counts(draft.at).then_some(by);
    lift(&mut draft, room, user, by);
    Ok(draft.done())
}

/// Ends a ban, by somebody or because its time is over.
pub(super) fn lift(draft: &mut Draft<'_>, room: RoomId, user: UserId, by: Option<UserId>) {
    let Some(known) = draft.world.rooms.get(&room) else { return };
    let Some(ban) = known.associations.get(&user).and_then(|it| it.ban) else { return };
    draft.room(room, RoomEvent::Unbanned { user, by });
    if ban.notice == BanNotice::Told {
        let notice = Notice { by, ..Notice::of(NotificationKind::Unbanned, room, known) };
        draft.notify(user, notice);
    }
}

pub(super) fn block(mut draft: Draft<'_>, user: UserId, name: &UserName) -> Result<Decision, Code> {
    let whom = draft.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
    let known = draft.world.users.get(&user).ok_or(Code::LoginRequired)?;
    if whom == user {
        return Err(Code::NotPermitted);
    }
    if !known.blocked.contains(&whom) {
        if known.blocked.len() >= BLOCKED_MAX {
            return Err(Code::TooMany);
        }
        draft.user(user, UserEvent::Blocked { user: whom });
    }
    Ok(draft.done())
}

pub(super) fn unblock(
    mut draft: Draft<'_>,
    user: UserId,
    name: &UserName,
) -> Result<Decision, Code> {
    let whom = draft.world.known_by_name(name).ok_or(Code::NoSuchUser)?;
    let known = draft.world.users.get(&user).ok_or(Code::LoginRequired)?;
    if known.blocked.contains(&whom) {
        draft.user(user, UserEvent::Unblocked { user: whom });
    }
    Ok(draft.done())
}

impl Room {
    /// Whether an admin or the owner may act against somebody: only the owner against an admin,
    /// nobody against the owner or oneself.
    fn may_act_against(&self, by: UserId, user: UserId) -> Result<(), Code> {
        let allowed = match self.membership(user).map(|membership| membership.role) {
            Some(Role::Owner) => false,
            Some(Role::Admin) => self.rank(by) == Rank::Owner,
            Some(Role::Member | Role::Unknown) | None => true,
        };
        if allowed && by != user { Ok(()) } else { Err(Code::NotPermitted) }
    }

    /// As what an admin or the owner acts.
    fn rank(&self, by: UserId) -> Rank {
        match self.membership(by).map(|membership| membership.role) {
            Some(Role::Owner) => Rank::Owner,
            Some(Role::Admin | Role::Member | Role::Unknown) | None => Rank::Admin,
        }
    }

    fn bans(&self) -> usize {
        self.associations.values().filter(|it| it.ban.is_some()).count()
    }
}
