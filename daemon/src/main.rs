//! `parlord`, the daemon.

#[allow(dead_code, unused_imports, reason = "the hub, which keeps the audit, is on its way")]
mod audit;
#[allow(dead_code, reason = "the subcommands that use it are the next to land")]
mod config;
#[allow(dead_code, reason = "the subcommands that use it are the next to land")]
mod logging;
#[allow(dead_code, unused_imports, reason = "the hub, which asks all this, is on its way")]
mod rooms;
#[allow(dead_code, unused_imports, reason = "the hub, which owns the writer, is on its way")]
mod store;
#[allow(dead_code, reason = "the listeners that use it are the next to land")]
mod tls;

fn main() {}
