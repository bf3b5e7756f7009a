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
use super::rate::{Even, Rate};
use super::world::{RoomsMax, World};

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
/// Logins by one user for which nobody is suspected, though each is on record: a script has many.
const LOGINS_BURST: u32 = 1_000;
/// How many of these are forgiven in an hour.
const LOGINS_PER_HOUR: u32 = 1_000;
/// Changes of one's password, in an hour.
const PASSWORDS_PER_HOUR: u32 = 100;
/// How long somebody who was reported is not reported again, in milliseconds.
const REPORT_EVERY_MS: i64 = 60 * 60 * 1_000;
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
    /// Changes of whatever else, each of which is on record, in an hour.
    pub(crate) changes_per_hour: u32,
    /// In how many rooms a user may be.
    pub(crate) rooms: RoomsMax,
}

/// What somebody did so much of that an administrator should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// Guessing IDs or titles.
    Probing,
    /// Going on against the rate limits, or logging in without end.
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
    accounts: BTreeMap<(UserId, Kind), Even>,
    /// When a plain member last spoke in a room with slow mode.
    spoke: BTreeMap<(RoomId, UserId), Timestamp>,
    /// When somebody was last reported.
    reported: BTreeMap<(UserId, Kind), Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Messages,
    Rooms,
    Adds,
    Invites,
    Requests,
    Probes,
    Changes,
    Passwords,
    Refusals,
    Overreaches,
    /// Logins, which are not limited but watched.
    Logins,
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
            Self::Changes => Some("changes"),
            Self::Passwords => Some("passwords"),
            Self::Overreaches => Some("overreaches"),
            Self::Refusals | Self::Logins | Self::Removals | Self::ManyAdds => None,
        }
    }
}

impl Allowances {
    pub(crate) fn new(limits: Limits) -> Self {
        let (accounts, spoke, reported) = Default::default();
        Self { limits, accounts, spoke, reported }
    }

    /// From now on users may do so much. What is on their accounts stays there, and is forgiven as
    /// fast as anything that comes from now on.
    pub(crate) fn limit(&mut self, limits: Limits, at: Timestamp) {
        let before = std::mem::replace(&mut self.limits, limits);
        for (&(_, kind), even) in &mut self.accounts {
            *even = even.at_another(rate(&before, kind), rate(&self.limits, kind), at);
        }
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
            // What is done to one's own things or in one's own rooms, or undone.
            Command::SetDisplayName { .. }
            | Command::Block { .. }
            | Command::Unblock { .. }
            | Command::JoinRoom { .. }
            | Command::LeaveRoom { .. }
            | Command::Promote { .. }
            | Command::Demote { .. }
            | Command::Transfer { .. }
            | Command::SetTopic { .. }
            | Command::Rename { .. }
            | Command::SetSlowMode { .. }
            | Command::Withdraw { .. }
            | Command::Approve { .. }
            | Command::Deny { .. }
            | Command::RevokeInvite { .. }
            | Command::Kick { .. }
            | Command::BanUser { .. }
            | Command::Unban { .. } => Kind::Changes,
            // Only who has proved the password does this; nobody else has them wait with it.
            Command::SetPassword { .. } | Command::Restretch { .. } => Kind::Passwords,
            // What leaves nothing behind, or is done by whoever runs the server, or by time; and, so
            // that nobody who has a key of theirs keeps them out, the devices of one's own, of which
            // there are not many: each comes with a login.
            Command::SignUp { .. }
            | Command::AddDevice { .. }
            | Command::RevokeDevice { .. }
            | Command::AddUser { .. }
            | Command::ApproveSignUp { .. }
            | Command::DenySignUp { .. }
            | Command::SetStanding { .. }
            | Command::DisableUser { .. }
            | Command::EnableUser { .. }
            | Command::RemoveUser { .. }
            | Command::SetSignUpMode { .. }
            | Command::MakeCode { .. }
            | Command::RevokeCode { .. }
            | Command::ReadNotifications(_)
            | Command::DismissNotifications(_)
            | Command::TerminateRoom { .. }
            | Command::MarkRead { .. }
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

    /// Whether that a user has logged in once more makes them suspect.
    pub(crate) fn logged_in(&mut self, user: UserId, at: Timestamp) -> Option<Suspicion> {
        let much = self.draw(user, Kind::Logins, at).is_err();
        (much && self.report(user, Kind::Logins, at)).then_some(Suspicion::Flooding)
    }

    /// Puts a message on its author's account that was sent before a restart.
    pub(crate) fn recall(&mut self, world: &World, user: UserId, room: RoomId, at: Timestamp) {
        let key = (user, Kind::Messages);
        let even = rate(&self.limits, Kind::Messages).put(self.accounts.get(&key).copied(), at);
        self.accounts.insert(key, even);
        if world.room(room).is_some_and(|room| room.slow_secs > 0) {
            self.spoke.insert((room, user), at);
        }
    }

    /// Who has to wait before the next of something, for what, and until when.
    pub(crate) fn limited(
        &self,
        at: Timestamp,
    ) -> impl Iterator<Item = (UserId, &'static str, Timestamp)> {
        self.accounts.iter().filter_map(move |(&(user, kind), &even)| {
            let word = kind.limited_word()?;
            rate(&self.limits, kind).full_until(even, at).map(|until| (user, word, until))
        })
    }

    /// Forgets what makes no difference any more.
    pub(crate) fn tidy(&mut self, at: Timestamp) {
        self.accounts.retain(|_, even| !even.is_past(at));
        self.spoke.retain(|_, spoke| at.0.saturating_sub(spoke.0) < RECALL_MS);
        self.reported.retain(|_, reported| is_recent(*reported, at));
    }

    /// Takes one from an account, or tells how many milliseconds it takes until there is one.
    fn draw(&mut self, user: UserId, kind: Kind, at: Timestamp) -> Result<(), i64> {
        let (even, one_more) = self.standing(user, kind, at);
        self.accounts.insert((user, kind), one_more.unwrap_or(even));
        one_more.map(|_| ())
    }

    /// How an account stands, and how it would with one thing more on it, or how long to wait.
    fn standing(&self, user: UserId, kind: Kind, at: Timestamp) -> (Even, Result<Even, i64>) {
        rate(&self.limits, kind).standing(self.accounts.get(&(user, kind)).copied(), at)
    }

    fn report(&mut self, user: UserId, kind: Kind, at: Timestamp) -> bool {
        let due = self.reported.get(&(user, kind)).is_none_or(|last| !is_recent(*last, at));
        if due {
            self.reported.insert((user, kind), at);
        }
        due
    }
}

fn rate(limits: &Limits, kind: Kind) -> Rate {
    let hourly = |limit| Rate::per_hour(limit, limit);
    match kind {
        Kind::Messages => Rate::per_second(limits.messages_burst, limits.messages_per_sec),
        Kind::Rooms => hourly(limits.rooms_per_hour),
        Kind::Adds => hourly(limits.adds_per_hour),
        Kind::Invites => hourly(limits.invites_per_hour),
        Kind::Requests => hourly(limits.requests_per_hour),
        Kind::Probes => hourly(limits.probes_per_hour),
        Kind::Changes => hourly(limits.changes_per_hour),
        Kind::Passwords => Rate::per_hour(PASSWORDS_PER_HOUR, PASSWORDS_PER_HOUR),
        Kind::Refusals => Rate::per_hour(REFUSALS_BURST, REFUSALS_PER_HOUR),
        Kind::Overreaches => Rate::per_hour(OVERREACHES_BURST, OVERREACHES_PER_HOUR),
        Kind::Logins => Rate::per_hour(LOGINS_BURST, LOGINS_PER_HOUR),
        Kind::Removals => Rate::per_hour(REMOVALS_BURST, REMOVALS_PER_HOUR),
        Kind::ManyAdds => Rate::per_hour(ADDS_BURST, ADDS_PER_HOUR),
    }
}

/// Whether somebody was reported so lately that it is no news. Where the clock was set back it is.
fn is_recent(reported: Timestamp, at: Timestamp) -> bool {
    (0..REPORT_EVERY_MS).contains(&at.0.saturating_sub(reported.0))
}

fn too_soon(code: Code, wait_ms: i64) -> Refusal {
    let wait = u32::try_from(wait_ms).unwrap_or(u32::MAX);
    Refusal { retry_after_ms: Some(wait), ..code.into() }
}

#[cfg(test)]
mod tests;
