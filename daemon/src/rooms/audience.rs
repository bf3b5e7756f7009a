//! Who hears of an event, said in the rules' own words; the hub knows who that is at the moment.

use parlor_protocol::id::RoomId;
use parlor_protocol::room::Departure;

use super::event::{Event, Happening, RoomEvent, UserId};

/// To whom an event is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The members of the room, as they are after the event.
    Room(RoomId),
    /// All sessions of the user.
    User(UserId),
    Nobody,
}

/// A membership that an event begins or ends. Whoever enters hears the room from this event on;
/// whoever exits hears of that by itself, and nothing of the room any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Enter(UserId),
    Exit(UserId, Departure),
}

/// To whom the event is told.
pub(crate) fn audience(event: &Event) -> Audience {
    match &event.what {
        Happening::Directory(_) => Audience::Nobody,
        Happening::Room(room, _) => Audience::Room(*room),
        Happening::User(user, _) => Audience::User(*user),
    }
}

/// The membership, of the room whose event it is, that the event begins or ends.
pub(crate) fn membership_effect(event: &Event) -> Option<Effect> {
    match &event.what {
        Happening::Directory(_) | Happening::User(..) => None,
        Happening::Room(_, event) => match event {
            RoomEvent::Created { owner, .. } => Some(Effect::Enter(*owner)),
            RoomEvent::Joined { user } => Some(Effect::Enter(*user)),
            RoomEvent::Departed { user, how } => Some(Effect::Exit(*user, *how)),
            RoomEvent::Messaged { .. } | RoomEvent::RoleChanged { .. } | RoomEvent::Terminated => {
                None
            }
        },
    }
}
