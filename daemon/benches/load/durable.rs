//! Durable messages a second, beside what SQLite alone does with the same rows.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::bare;
use crate::daemon::Daemon;
use crate::fleet::{Fleet, Pace, Sending, TEXT_BYTES, Until};
use crate::people::{Passport, gather};

/// Unacknowledged messages of each connection: as many as the daemon takes.
const IN_FLIGHT: usize = 64;
/// How long messages are sent in each round.
const TIME: Duration = Duration::from_secs(5);

/// Each of some connections sends to a room of its own, to which nobody listens.
pub(crate) fn messages_a_second(passport: &Passport) -> Result<()> {
    println!();
    println!("Durable messages a second: acknowledged after the commit, {IN_FLIGHT} in flight for");
    println!("each connection, {TEXT_BYTES} bytes, a room for each connection, nobody listens.");
    println!("SQLite alone writes the same rows in the same batches, in one thread that does");
    println!("nothing else: WAL, synchronous=FULL, its own checkpoints. Aim: 20,000.");
    for connections in [1, 4, 16] {
        round(passport, connections)?;
    }
    Ok(())
}

fn round(passport: &Passport, connections: usize) -> Result<()> {
    let daemon = Daemon::start(connections + 1)?;
    let mut people = passport.sign_up(daemon.plain, connections)?;
    let rooms = people
        .chunks_mut(1)
        .enumerate()
        .map(|(number, owner)| gather(owner, &format!("room {number}")))
        .collect::<Result<Vec<_>>>()?;
    let mut fleet = Fleet::new(people)?;
    let sending = Sending {
        senders: rooms.iter().copied().enumerate().collect(),
        pace: Pace::Window(IN_FLIGHT),
        until: Until::Elapsed(TIME),
        listeners: 0,
    };
    let before = daemon.cpu()?;
    let seen = fleet.run(&sending)?;
    let cpu = daemon.cpu()? - before;
    let batches = last(&daemon.stop()?, seen.messages)?;
    let alone = bare::write(&batches, connections as u64)?;

    let per_second = |elapsed: Duration| seen.messages as f64 / elapsed.as_secs_f64();
    let (ours, theirs) = (per_second(seen.elapsed), per_second(alone));
    println!(
        "  {connections:2} connections  {ours:7.0}/s  acknowledged {}  CPU {:.1} us each",
        seen.acknowledged.percentiles(),
        cpu.as_secs_f64() * 1e6 / seen.messages as f64
    );
    println!(
        "    SQLite alone  {theirs:7.0}/s  (we do {:.0}%; {} commits, {:.0} messages in each)",
        100.0 * ours / theirs,
        batches.len(),
        seen.messages as f64 / batches.len() as f64
    );
    Ok(())
}

/// The last commits, which came to so many messages: what was before set the scene up.
fn last(commits: &[usize], messages: u64) -> Result<Vec<usize>> {
    let mut left = usize::try_from(messages)?;
    let mut batches = vec![];
    for &events in commits.iter().rev() {
        if left == 0 {
            break;
        }
        let batch = events.min(left);
        left -= batch;
        batches.push(batch);
    }
    batches.reverse();
    (left == 0).then_some(batches).context("the daemon's log has too few commits")
}
