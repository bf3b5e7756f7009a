//! Who hears of a room's event, and whose membership it begins, changes or ends.
//!
//! A room's events are told to its members as they are after the event; whoever enters or exits by
//! it hears of that besides. Some are the admins' alone: plain members hear that there was one.

use parlor_protocol::room::{Departure, Role};
use parlor_protocol::text::Reason;

use super::event::{RoomEvent, UserId};

/// Who hears what an event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// All members of the room.
    Members,
    /// Its admins and owner.
    Admins,
    /// Nobody: it only keeps the room's memory short.
    Nobody,
}

/// Who of the room's members hears what an event says; the others hear that it is withheld.
pub(crate) fn audience(event: &RoomEvent) -> Audience {
    match event {
        RoomEvent::Created { .. }
        | RoomEvent::Messaged { .. }
        | RoomEvent::Joined { .. }
        | RoomEvent::Departed { .. }
        | RoomEvent::RoleChanged { .. }
        | RoomEvent::Terminated
        | RoomEvent::TopicChanged { .. }
        | RoomEvent::Renamed { .. }
        | RoomEvent::SlowModeChanged { .. } => Audience::Members,
        RoomEvent::Requested { .. }
        | RoomEvent::RequestEnded { .. }
        | RoomEvent::Invited { .. }
        | RoomEvent::InviteEnded { .. }
        | RoomEvent::Banned { .. }
        | RoomEvent::Unbanned { .. } => Audience::Admins,
        RoomEvent::Forgotten { .. } => Audience::Nobody,
    }
}

/// A membership that an event begins, changes or ends. Whoever enters hears the room from this
/// event on; whoever exits hears of that by itself, and nothing of the room any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    Enter(UserId, Role),
    Rank(UserId, Role),
    Exit { user: UserId, how: Departure, by: Option<UserId>, reason: Option<Reason> },
}

/// The membership, of the room whose event it is, that the event begins, changes or ends.
pub(crate) fn membership_effect(event: &RoomEvent) -> Option<Effect> {
    match event {
        RoomEvent::Created { owner, .. } => Some(Effect::Enter(*owner, Role::Owner)),
        RoomEvent::Joined { user } => Some(Effect::Enter(*user, Role::Member)),
        RoomEvent::RoleChanged { user, role } => Some(Effect::Rank(*user, *role)),
        RoomEvent::Departed { user, how, by, reason } => {
            Some(Effect::Exit { user: *user, how: *how, by: *by, reason: reason.clone() })
        }
        RoomEvent::Messaged { .. }
        | RoomEvent::Terminated
        | RoomEvent::TopicChanged { .. }
        | RoomEvent::Renamed { .. }
        | RoomEvent::SlowModeChanged { .. }
        | RoomEvent::Requested { .. }
        | RoomEvent::RequestEnded { .. }
        | RoomEvent::Invited { .. }
        | RoomEvent::InviteEnded { .. }
        | RoomEvent::Banned { .. }
        | RoomEvent::Unbanned { .. }
        | RoomEvent::Forgotten { .. } => None,
    }
}
