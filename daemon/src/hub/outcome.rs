//! What whoever asked is answered: what their command has made.

use parlor_protocol::message::Sent;
use parlor_protocol::reply::Outcome;

use super::Hub;
use super::obey::Decided;
use super::turn::Turn;
use crate::rooms::{
    Command, Effect, Event, Happening, Posted, RoomEvent, UserId, membership_effect,
};
use crate::translate;

impl Hub {
    /// The answer to a command that was not refused.
    pub(super) fn outcome(
        &self,
        turn: &Turn,
        user: UserId,
        command: &Command,
        decided: &Decided,
    ) -> Outcome {
        let events = match decided {
            Decided::Repeated(posted) => return sent(*posted),
            Decided::SameDevice(_) => return Outcome::Done,
            Decided::Events { first } => &turn.rows.events[*first..],
            Decided::Read => &[],
        };
        self.made(user, command, events).unwrap_or(Outcome::Done)
    }

    /// What a command has made, which was done by these events or was so already; `None` where
    /// that is nothing to show.
    fn made(&self, user: UserId, command: &Command, events: &[Event]) -> Option<Outcome> {
        let world = &self.world;
        let show = |room| Outcome::Room(translate::show(world, room, user));
        match command {
            Command::CreateRoom { .. } | Command::JoinRoom { .. } => {
                events.iter().rev().find_map(entered_by).map(show)
            }
            Command::SetDisplayName { .. } => Some(Outcome::Named(translate::named(world, user))),
            Command::Send { .. } => events.iter().find_map(sent_by).map(sent),
            Command::MarkRead { room, .. } => {
                translate::read_marker(world, *room, user).map(Outcome::ReadMarker)
            }
            Command::SetTopic { room, .. }
            | Command::Rename { room, .. }
            | Command::SetSlowMode { room, .. } => Some(show(*room)),
            Command::Promote { room, user }
            | Command::Demote { room, user }
            | Command::Transfer { room, user }
            | Command::Approve { room, user }
            | Command::AddMember { room, user } => {
                let user = world.user_by_name(user)?;
                translate::member(world, *room, user).map(Outcome::Member)
            }
            Command::RequestToJoin { .. } | Command::BanUser { .. } => {
                self.made_at_the_door(events)
            }
            // Whoever had asked to come in is a member now.
            Command::InviteUser { room, user } => self.made_at_the_door(events).or_else(|| {
                let user = world.user_by_name(user)?;
                translate::member(world, *room, user).map(Outcome::Member)
            }),
            Command::ApproveSignUp { user }
            | Command::DenySignUp { user, .. }
            | Command::DisableUser { user }
            | Command::EnableUser { user } => {
                let user = world.account_by_name(user)?;
                translate::account(world, user).map(Outcome::Account)
            }
            Command::SignUp { .. }
            | Command::AddUser { .. }
            | Command::SetPassword { .. }
            | Command::Restretch { .. }
            | Command::AddDevice { .. }
            | Command::RevokeDevice { .. }
            | Command::SetStanding { .. }
            | Command::RemoveUser { .. }
            | Command::SetSignUpMode { .. }
            | Command::MakeCode { .. }
            | Command::RevokeCode { .. }
            | Command::TerminateRoom { .. }
            | Command::Block { .. }
            | Command::Unblock { .. }
            | Command::ReadNotifications(_)
            | Command::DismissNotifications(_)
            | Command::LeaveRoom { .. }
            | Command::Withdraw { .. }
            | Command::Deny { .. }
            | Command::RevokeInvite { .. }
            | Command::Kick { .. }
            | Command::Unban { .. }
            | Command::Expire { .. }
            | Command::Forget { .. }
            | Command::PruneNotifications { .. }
            | Command::ExpireDevice { .. }
            | Command::Forsake { .. }
            | Command::ForgetSignUp { .. }
            | Command::ExpireCode { .. } => None,
        }
    }

    fn made_at_the_door(&self, events: &[Event]) -> Option<Outcome> {
        events.iter().find_map(|event| match &event.what {
            Happening::Room(room, what) => translate::made(&self.world, *room, what, event.at),
            Happening::Directory(_) | Happening::User(..) => None,
        })
    }
}

fn sent(posted: Posted) -> Outcome {
    Outcome::Sent(Sent { seq: posted.seq, revision: posted.revision, at: posted.at })
}

fn sent_by(event: &Event) -> Option<Posted> {
    let Happening::Room(_, RoomEvent::Messaged { seq, .. }) = &event.what else { return None };
    Some(Posted { seq: *seq, revision: event.revision, at: event.at })
}

fn entered_by(event: &Event) -> Option<parlor_protocol::id::RoomId> {
    let Happening::Room(room, what) = &event.what else { return None };
    matches!(membership_effect(what), Some(Effect::Enter(..))).then_some(*room)
}
