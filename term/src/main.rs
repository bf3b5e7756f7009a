//! `parlor`, the terminal client.
#![allow(dead_code, reason = "the commands that use these modules are the next to land")]

mod cli;
mod config;
mod console;
mod host_key;
mod keymap;
mod keys;
mod known_hosts;
mod model;
mod net;
mod screen;
mod trust;
mod update;
mod words;

fn main() {}
