//! The real binary from outside: against servers that follow a script
//! and against the real daemon, on sockets of this machine.

// What a test cannot unwrap fails it, as it should; clippy knows only the test functions.
#![allow(clippy::unwrap_used)]

mod at_the_terminal;
mod configured;
mod conversation;
mod daemon;
mod dead_link;
mod door;
mod entry;
mod full_screen;
mod harness;
mod job_control;
mod kept;
mod lines;
mod newcomer;
mod notifications;
mod operating;
mod people;
mod plain;
mod rules;
mod screenshots;
mod seen;
mod server;
mod sign_up;
mod tail;
mod terminal;
mod typed;
