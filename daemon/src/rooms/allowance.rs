//! How much of what costs others anything a user may do in a while, and who does far more.
//!
//! What is decided is put on somebody's account only when it is done: a refusal changes nothing, and
//! a nonce that is sent again costs nothing. The accounts are not stored. [`Allowances::recall`]
//! makes up those of messages after a restart.

use std::collections::BTreeMap;

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::Role;

use super::command::Command;
use super::event::UserId;
use super::world::{RoomsMax, World};

/// Microseconds in a millisecond; allowances are counted in microseconds, as rates beyond a
/// thousand a second are set where machines speak.
const US: i64 = 1_000;
const HOUR_US: i64 = 60 * 60 * 1_000 * US;
/// Refusals for which nobody is suspected: a client that resends by itself hears some.
const REFUSALS_BURST: u32 = 50;
/// How many of these are forgiven in an hour.
const REFUSALS_PER_HOUR: u32 = 600;
/// Kicks and bans by one user for which nobody is suspected: a room that is raided has some.
const REMOVALS_BURST: u32 = 20;
/// How many of these are forgiven in an hour.
const REMOVALS_PER_HOUR: u32 = 20;
/// Adds by one user for which nobody is suspected: a team that moves in, at once.
const ADDS_BURST: u32 = 50;
/// How many of these are forgiven in an hour.
const ADDS_PER_HOUR: u32 = 50;
/// Refused acts of those who lack the role for them, at once, each of which is on record: nobody
/// does many by mistake.
const OVERREACHES_BURST: u32 = 60;
/// How many of these are forgiven in an hour.
const OVERREACHES_PER_HOUR: u32 = 60;
/// How long somebody who was reported is not reported again.
const REPORT_EVERY_US: i64 = HOUR_US;
/// For how long messages can matter: as long as the longest slow mode.
pub(crate) const RECALL_MS: i64 = 86_400_000;

/// What users may do in a while, and how many rooms they may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Messages at once.
    pub(crate) messages_burst: u32,
    /// Messages a second from then on.
    pub(crate) messages_per_sec: u32,
    /// Rooms created in an hour.
    pub(crate) rooms_per_hour: u32,
    /// Users added in an hour.
    pub(crate) adds_per_hour: u32,
    /// Invites in an hour.
    pub(crate) invites_per_hour: u32,
    /// Requests in an hour.
    pub(crate) requests_per_hour: u32,
    /// Guesses in an hour at IDs and titles of rooms that one may not know of.
    pub(crate) probes_per_hour: u32,
    /// In how many rooms a user may be.
    pub(crate) rooms: RoomsMax,
}

/// What somebody did so much of that an administrator should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// Guessing IDs or titles.
    Probing,
    /// Going on against the rate limits.
    Flooding,
    /// Kicking and banning many.
    Removals,
    /// Adding many.
    Adds,
    /// Trying again and again what takes a role that one does not have.
    Overreaching,
}

/// Each user's accounts.
#[derive(Debug)]
pub(crate) struct Allowances {
    limits: Limits,
    /// When the account will be even again, in microseconds since 1970.
    accounts: BTreeMap<(UserId, Kind), i64>,
    /// When a plain member last spoke in a room with slow mode.
    spoke: BTreeMap<(RoomId, UserId), Timestamp>,
    /// When somebody was last reported.
    reported: BTreeMap<(UserId, Kind), i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Messages,
    Rooms,
    Adds,
    Invites,
    Requests,
    Probes,
    Refusals,
    Overreaches,
    /// Kicks and bans, which are not limited but watched.
    Removals,
    /// Adds as they are watched, within their limit.
    ManyAdds,
}

impl Kind {
    /// What somebody has to wait for, in a word; `None` for what nobody waits for.
    fn limited_word(self) -> Option<&'static str> {
        match self {
            Self::Messages => Some("messages"),
            Self::Rooms => Some("rooms"),
            Self::Adds => Some("adds"),
            Self::Invites => Some("invites"),
            Self::Requests => Some("requests"),
            Self::Probes => Some("probes"),
            Self::Overreaches => Some("overreaches"),
            Self::Refusals | Self::Removals | Self::ManyAdds => None,
        }
    }
}

impl Allowances {
    pub(crate) fn new(limits: Limits) -> Self {
        let (accounts, spoke, reported) = Default::default();
        Self { limits, accounts, spoke, reported }
    }

    /// From now on users may do so much. What is on their accounts stays there.
    pub(crate) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Puts what a user is about to do on their account.
    ///
    /// # Errors
    /// It is too much for now; the refusal says how long to wait.
    pub(crate) fn charge(
        &mut self,
        world: &World,
        user: UserId,
        command: &Command,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        // Whoever has guessed at too many titles must not learn of the next one from its being free.
        if matches!(command, Command::CreateRoom { .. } | Command::Rename { .. }) {
            let (_, one_more) = self.standing(user, Kind::Probes, at);
            one_more.map_err(|wait| too_soon(Code::RateLimited, wait))?;
        }
        let kind = match command {
            Command::Send { room, .. } => {
                self.wait_in_turn(world, user, *room, at)?;
                Kind::Messages
            }
            Command::CreateRoom { .. } => Kind::Rooms,
            Command::AddMember { .. } => Kind::Adds,
            Command::InviteUser { .. } => Kind::Invites,
            Command::RequestToJoin { .. } => Kind::Requests,
            // What is done to one's own things, in one's own rooms, or by whoever runs the server.
            Command::SignUp { .. }
            | Command::AddUser { .. }
            | Command::SetPassword { .. }
            | Command::Restretch { .. }
            | Command::SetDisplayName { .. }
            | Command::AddDevice { .. }
            | Command::RevokeDevice { .. }
            | Command::ApproveSignUp { .. }
            | Command::DenySignUp { .. }
            | Command::SetStanding { .. }
            | Command::DisableUser { .. }
            | Command::EnableUser { .. }
            | Command::RemoveUser { .. }
            | Command::SetSignUpMode { .. }
            | Command::MakeCode { .. }
            | Command::RevokeCode { .. }
            | Command::Block { .. }
            | Command::Unblock { .. }
            | Command::ReadNotifications(_)
            | Command::DismissNotifications(_)
            | Command::JoinRoom { .. }
            | Command::LeaveRoom { .. }
            | Command::Promote { .. }
            | Command::Demote { .. }
            | Command::Transfer { .. }
            | Command::TerminateRoom { .. }
            | Command::SetTopic { .. }
            | Command::Rename { .. }
            | Command::SetSlowMode { .. }
            | Command::MarkRead { .. }
            | Command::Withdraw { .. }
            | Command::Approve { .. }
            | Command::Deny { .. }
            | Command::RevokeInvite { .. }
            | Command::Kick { .. }
            | Command::BanUser { .. }
            | Command::Unban { .. }
            | Command::Expire { .. }
            | Command::Forget { .. }
            | Command::PruneNotifications { .. }
            | Command::ExpireDevice { .. }
            | Command::Forsake { .. }
            | Command::ForgetSignUp { .. }
            | Command::ExpireCode { .. } => return Ok(()),
        };
        self.draw(user, kind, at).map_err(|wait| too_soon(Code::RateLimited, wait))?;
        if let Command::Send { room, .. } = command
            && world.room(*room).is_some_and(|room| room.slow_secs > 0)
        {
            self.spoke.insert((*room, user), at);
        }
        Ok(())
    }

    /// Puts words to everybody on an operator's account: they cost what a message costs.
    ///
    /// # Errors
    /// It is too much for now; the refusal says how long to wait.
    pub(crate) fn charge_announcement(
        &mut self,
        user: UserId,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        self.draw(user, Kind::Messages, at).map_err(|wait| too_soon(Code::RateLimited, wait))
    }

    /// Slow mode spares admins and owner.
    fn wait_in_turn(
        &self,
        world: &World,
        user: UserId,
        room: RoomId,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(known) = world.room(room) else { return Ok(()) };
        let Some(&spoke) = self.spoke.get(&(room, user)) else { return Ok(()) };
        if world.role(room, user) != Some(Role::Member) {
            return Ok(());
        }
        // Not longer than the pause itself, also where the clock was set back.
        let pause = i64::from(known.slow_secs) * 1_000;
        let wait = (spoke.0.saturating_add(pause).saturating_sub(at.0)).min(pause);
        if wait > 0 { Err(too_soon(Code::SlowMode, wait)) } else { Ok(()) }
    }

    /// What a user hears who was refused, and whether that makes them suspect. Whoever guesses too
    /// much is told to wait in place of being told that they guessed wrong.
    pub(crate) fn refused(
        &mut self,
        user: UserId,
        command: &Command,
        refusal: Refusal,
        at: Timestamp,
    ) -> (Refusal, Option<Suspicion>) {
        match (command, refusal.code) {
            (_, Code::RateLimited | Code::SlowMode) => {
                let much = self.draw(user, Kind::Refusals, at).is_err();
                let suspect = much && self.report(user, Kind::Refusals, at);
                (refusal, suspect.then_some(Suspicion::Flooding))
            }
            (_, Code::NotInvited | Code::NoSuchRoom)
            | (Command::CreateRoom { .. } | Command::Rename { .. }, Code::TitleTaken) => {
                self.probed(user, refusal, at)
            }
            _ => (refusal, None),
        }
    }

    /// The same for a look-up of a room by its ID that found none.
    pub(crate) fn probed(
        &mut self,
        user: UserId,
        refusal: Refusal,
        at: Timestamp,
    ) -> (Refusal, Option<Suspicion>) {
        self.tried(user, (Kind::Probes, Suspicion::Probing), refusal, at)
    }

    /// The same for what takes a role that the user does not have. Each is on record, so there is a
    /// limit to how many there are: whoever is told to wait is not.
    pub(crate) fn overreached(
        &mut self,
        user: UserId,
        refusal: Refusal,
        at: Timestamp,
    ) -> (Refusal, Option<Suspicion>) {
        self.tried(user, (Kind::Overreaches, Suspicion::Overreaching), refusal, at)
    }

    fn tried(
        &mut self,
        user: UserId,
        (kind, suspicion): (Kind, Suspicion),
        refusal: Refusal,
        at: Timestamp,
    ) -> (Refusal, Option<Suspicion>) {
        match self.draw(user, kind, at) {
            Ok(()) => (refusal, None),
            Err(wait) => {
                let suspect = self.report(user, kind, at);
                (too_soon(Code::RateLimited, wait), suspect.then_some(suspicion))
            }
        }
    }

    /// Whether what a user has just done makes them suspect, though nobody refuses it.
    pub(crate) fn done(
        &mut self,
        user: UserId,
        command: &Command,
        at: Timestamp,
    ) -> Option<Suspicion> {
        let (kind, suspicion) = if matches!(command, Command::Kick { .. } | Command::BanUser { .. })
        {
            (Kind::Removals, Suspicion::Removals)
        } else if matches!(command, Command::AddMember { .. }) {
            (Kind::ManyAdds, Suspicion::Adds)
        } else {
            return None;
        };
        let much = self.draw(user, kind, at).is_err();
        (much && self.report(user, kind, at)).then_some(suspicion)
    }

    /// Puts a message on its author's account that was sent before a restart.
    pub(crate) fn recall(&mut self, world: &World, user: UserId, room: RoomId, at: Timestamp) {
        let (gap, depth) = self.rate(Kind::Messages);
        let now = at.0.saturating_mul(US);
        let even = self.accounts.entry((user, Kind::Messages)).or_insert(now);
        *even = (*even).max(now).saturating_add(gap).min(now.saturating_add(depth));
        if world.room(room).is_some_and(|room| room.slow_secs > 0) {
            self.spoke.insert((room, user), at);
        }
    }

    /// Who has to wait before the next of something, for what, and until when.
    pub(crate) fn limited(
        &self,
        at: Timestamp,
    ) -> impl Iterator<Item = (UserId, &'static str, Timestamp)> {
        let now = at.0.saturating_mul(US);
        self.accounts.iter().filter_map(move |(&(user, kind), &even)| {
            let (gap, depth) = self.rate(kind);
            let free = even.saturating_add(gap).saturating_sub(depth);
            let word = kind.limited_word().filter(|_| free > now)?;
            Some((user, word, Timestamp((free + US - 1) / US)))
        })
    }

    /// Forgets what makes no difference any more.
    pub(crate) fn tidy(&mut self, at: Timestamp) {
        let now = at.0.saturating_mul(US);
        self.accounts.retain(|_, even| *even > now);
        self.spoke.retain(|_, spoke| at.0.saturating_sub(spoke.0) < RECALL_MS);
        self.reported.retain(|_, reported| now.saturating_sub(*reported) < REPORT_EVERY_US);
    }

    /// Takes one from an account, or tells how many milliseconds it takes until there is one.
    fn draw(&mut self, user: UserId, kind: Kind, at: Timestamp) -> Result<(), i64> {
        let (even, one_more) = self.standing(user, kind, at);
        self.accounts.insert((user, kind), one_more.unwrap_or(even));
        one_more.map(|_| ())
    }

    /// How an account stands, and how it would with one thing more on it, or how long to wait.
    fn standing(&self, user: UserId, kind: Kind, at: Timestamp) -> (i64, Result<i64, i64>) {
        let (gap, depth) = self.rate(kind);
        let now = at.0.saturating_mul(US);
        let even = self.accounts.get(&(user, kind)).copied().unwrap_or(now);
        // Where the clock was set back nobody waits longer than for an empty account.
        let even = even.max(now).min(now.saturating_add(depth));
        let after = even.saturating_add(gap);
        let beyond = after - now.saturating_add(depth);
        (even, if beyond > 0 { Err((beyond + US - 1) / US) } else { Ok(after) })
    }

    fn report(&mut self, user: UserId, kind: Kind, at: Timestamp) -> bool {
        let now = at.0.saturating_mul(US);
        let last = self.reported.get(&(user, kind));
        let due = last.is_none_or(|last| now.saturating_sub(*last) >= REPORT_EVERY_US);
        if due {
            self.reported.insert((user, kind), now);
        }
        due
    }

    /// Microseconds for each, and for as many as may be done at once.
    fn rate(&self, kind: Kind) -> (i64, i64) {
        let hourly = |burst: u32, per_hour: u32| {
            let gap = HOUR_US / i64::from(per_hour.max(1));
            (gap, gap * i64::from(burst))
        };
        let limits = &self.limits;
        match kind {
            Kind::Messages => {
                let gap = 1_000 * US / i64::from(limits.messages_per_sec.max(1));
                (gap, gap * i64::from(limits.messages_burst))
            }
            Kind::Rooms => hourly(limits.rooms_per_hour, limits.rooms_per_hour),
            Kind::Adds => hourly(limits.adds_per_hour, limits.adds_per_hour),
            Kind::Invites => hourly(limits.invites_per_hour, limits.invites_per_hour),
            Kind::Requests => hourly(limits.requests_per_hour, limits.requests_per_hour),
            Kind::Probes => hourly(limits.probes_per_hour, limits.probes_per_hour),
            Kind::Refusals => hourly(REFUSALS_BURST, REFUSALS_PER_HOUR),
            Kind::Overreaches => hourly(OVERREACHES_BURST, OVERREACHES_PER_HOUR),
            Kind::Removals => hourly(REMOVALS_BURST, REMOVALS_PER_HOUR),
            Kind::ManyAdds => hourly(ADDS_BURST, ADDS_PER_HOUR),
        }
    }
}

fn too_soon(code: Code, wait_ms: i64) -> Refusal {
    let wait = u32::try_from(wait_ms).unwrap_or(u32::MAX);
    Refusal { retry_after_ms: Some(wait), ..code.into() }
}

#[cfg(test)]
mod tests;
