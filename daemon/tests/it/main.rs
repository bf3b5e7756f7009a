//! Stories told to the real `parlord` over real sockets: what the daemon promises to whoever talks
//! to it, whatever they send, and whenever it is killed.

// What a test cannot unwrap fails it, as it should; clippy knows only the test functions.
#![allow(clippy::unwrap_used)]

mod abuse;
mod accounts;
mod audit;
mod backup;
mod bad_input;
mod check;
mod crash;
mod damage;
mod door;
mod flow;
mod harness;
mod lifecycle;
mod messages;
mod metrics;
mod operators;
mod paging;
mod people;
mod reloading;
mod retention;
mod roles;
mod rooms;
mod service;
mod status;
mod subcommands;
mod telling;
mod unused_devices;
