//! The rules of users and rooms: pure, without clock, I/O or randomness of their own.
//!
//! [`World::decide`] holds every rule and changes nothing; [`World::apply`] changes the world and
//! holds no rule. Events are the only effects: the store, the wire and the audit all follow from
//! them.
//!
//! Commands that touch several streams of events are a closed list: sign-up and adding a user
//! (directory, user), create (room, directory), a leave that terminates (room, directory), a join
//! that leaves another room (both rooms, directory), and a renaming (directory, room).

mod accounts;
mod apply;
mod command;
mod decide;
mod effect;
mod entering;
mod event;
mod leaving;
mod nonces;
mod permission;
mod posting;
mod restore;
mod ruling;
#[cfg(test)]
mod tests;
mod world;

pub(crate) use command::{Actor, Command, Decision, Password};
pub(crate) use effect::{Effect, membership_effect};
pub(crate) use event::{
    DirectoryEvent, Event, Happening, NewDevice, Posted, RoomEvent, Standing, UserEvent, UserId,
};
pub(crate) use nonces::{NONCES_MAX, NonceKey, oldest_remembered};
pub(crate) use world::{Membership, RoomState, World};
#[cfg(test)]
pub(crate) use {event::Stream, world::Room};
