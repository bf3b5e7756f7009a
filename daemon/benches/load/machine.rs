//! What the figures were measured on, said above them.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use anyhow::{Context, Result};

/// Where the daemons keep their data: under Cargo's target directory, which lies on a real disk
/// where `/tmp` often does not.
pub(crate) const DATA: &str = env!("CARGO_TARGET_TMPDIR");
/// What a process needs besides one descriptor for each connection.
const OTHER_DESCRIPTORS: usize = 64;

/// Prints it.
pub(crate) fn describe() -> Result<()> {
    let cores = available_parallelism().context("count the cores")?;
    let load = fs::read_to_string("/proc/loadavg").context("read the load")?;
    let load = load.split(' ').next().unwrap_or_default();
    println!("{cores} cores, load {load} at the start; driver and daemon share them");
    println!("data on {} ({DATA})", file_system(Path::new(DATA))?);
    if descriptors()? < 10_000 + OTHER_DESCRIPTORS {
        println!(
            "NOTE: only {} descriptors a process; raise `ulimit -n` for the scenes of 10,000",
            descriptors()?
        );
    }
    Ok(())
}

/// As many connections as wanted, or as the limit on descriptors allows.
pub(crate) fn connections(wanted: usize) -> Result<usize> {
    Ok(wanted.min(descriptors()?.saturating_sub(OTHER_DESCRIPTORS)))
}

/// The soft limit on descriptors, which the daemon inherits.
fn descriptors() -> Result<usize> {
    let limits = fs::read_to_string("/proc/self/limits").context("read the limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    Ok(soft.and_then(|soft| soft.parse().ok()).unwrap_or(usize::MAX))
}

/// The kind of file system on which `path` lies.
fn file_system(path: &Path) -> Result<String> {
    let path = path.canonicalize().context("find the data directory")?;
    let mounts = fs::read_to_string("/proc/mounts").context("read the mounts")?;
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let holding = fields
        .filter(|fields| fields.len() > 2 && path.starts_with(fields[1]))
        .max_by_key(|fields| fields[1].len());
    Ok(holding.map_or_else(|| "an unknown file system".into(), |fields| fields[2].to_owned()))
}
