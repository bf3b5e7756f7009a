//! Whose membership an event begins or ends. A room's events are told to its members as they are
//! after the event; whoever enters or exits by it hears of that besides.

use parlor_protocol::room::Departure;

use super::event::{RoomEvent, UserId};

/// A membership that an event begins or ends. Whoever enters hears the room from this event on;
/// whoever exits hears of that by itself, and nothing of the room any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Enter(UserId),
    Exit(UserId, Departure),
}

/// The membership, of the room whose event it is, that the event begins or ends.
pub(crate) fn membership_effect(event: &RoomEvent) -> Option<Effect> {
    match event {
        RoomEvent::Created { owner, .. } => Some(Effect::Enter(*owner)),
        RoomEvent::Joined { user } => Some(Effect::Enter(*user)),
        RoomEvent::Departed { user, how } => Some(Effect::Exit(*user, *how)),
        RoomEvent::Messaged { .. }
        | RoomEvent::RoleChanged { .. }
        | RoomEvent::Terminated
        | RoomEvent::TopicChanged { .. }
        | RoomEvent::Renamed { .. } => None,
    }
}
