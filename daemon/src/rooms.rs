//! The rules of users and rooms: pure, without clock, I/O or randomness of their own.
//!
//! [`World::decide`] holds every rule and changes nothing; [`World::apply`] changes the world and
//! holds no rule. Events are the only effects: the store, the wire and the audit all follow from
//! them.

mod command;
mod event;

pub(crate) use command::{Actor, Command, Decision, Password};
pub(crate) use event::{
    DirectoryEvent, Event, Happening, NewDevice, Posted, RoomEvent, Standing, UserEvent, UserId,
};
