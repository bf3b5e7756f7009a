//! `parlor`, the terminal client.
#[allow(dead_code, reason = "the connection that uses it is the next to land")]
mod host_key;
#[allow(dead_code, reason = "the connection that uses it is the next to land")]
mod known_hosts;
#[allow(dead_code, reason = "the connection that uses it is the next to land")]
mod trust;

fn main() {}
