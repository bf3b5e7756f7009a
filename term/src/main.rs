//! `parlor`, the terminal client.
#![allow(dead_code, reason = "the commands that use these modules are the next to land")]

mod cli;
mod config;
mod console;
mod host_key;
mod keys;
mod known_hosts;
mod net;
mod trust;
mod words;

fn main() {}
