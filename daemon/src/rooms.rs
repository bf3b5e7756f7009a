//! The rules of users and rooms: pure, without clock, I/O or randomness of their own.
//!
//! [`World::decide`] holds every rule and changes nothing; [`World::apply`] changes the world and
//! holds no rule. Events are the only effects: the store, the wire and the audit all follow from
//! them.
//!
//! Commands that touch several streams of events are a closed list: sign-up and adding a user
//! (directory, user), create (room, directory), a leave that terminates and an
//! operator's termination (room, directory), a join
//! that leaves another room (both rooms, directory), a renaming (directory, room), and whatever
//! somebody is notified of (the user's stream besides).

mod accounts;
mod agenda;
mod allowance;
mod apply;
mod association;
mod codes;
mod command;
mod decide;
mod devices;
mod effect;
mod entering;
mod event;
mod keeping_out;
mod knocking;
mod leaving;
mod nonces;
mod notices;
mod permission;
mod posting;
mod rate;
mod restore;
mod ruling;
#[cfg(test)]
mod tests;
mod users;
mod world;

pub(crate) use agenda::Retention;
pub(crate) use allowance::{Allowances, Limits, RECALL_MS, Suspicion};
pub(crate) use association::{Association, Ban, BanNotice, Rank, ended_by};
pub(crate) use codes::{Code as SignUpCode, CodeTerms};
pub(crate) use command::{Actor, Command, Decision, Password, WhichNotices};
pub(crate) use devices::Device;
pub(crate) use effect::{Audience, Effect, audience, membership_effect};
#[cfg(test)]
pub(crate) use event::Stream;
pub(crate) use event::{
    DirectoryEvent, Event, Happening, NewDevice, Notice, Posted, RoomEvent, Standing, Status,
    UserEvent, UserId,
};
pub(crate) use nonces::{NONCES_MAX, NonceKey, oldest_remembered};
pub(crate) use notices::NOTIFICATIONS_MAX;
pub(crate) use permission::{Action, Part, Sight, may};
pub(crate) use rate::{Even, Rate};
pub(crate) use restore::{StoredRoom, StoredUser};
pub(crate) use world::{Membership, Noted, RoomState, RoomsMax, World};
