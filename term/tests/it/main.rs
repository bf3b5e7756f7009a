//! The real binary from outside: against servers that follow a script, on sockets of this machine.

// What a test cannot unwrap fails it, as it should; clippy knows only the test functions.
#![allow(clippy::unwrap_used)]

mod entry;
mod harness;
mod lines;
mod server;
mod tail;
