//! `make bench`: what the release daemon does in a second, and what a delivery costs it.
//!
//! Each scene starts the real `parlord` with an empty store on a real disk, drives it over loopback
//! from this process, and prints what was seen. The two share the machine, so figures are to be
//! compared within one run only. Name scenes on the command line to run only those.

mod bare;
mod client;
mod daemon;
mod delivery;
mod durable;
mod fleet;
mod floor;
mod idle;
mod latency;
mod machine;
mod people;
mod scale;
mod tls;

use std::process::ExitCode;

use anyhow::Result;

use people::Passport;

/// A scene: the word that chooses it, and what it does.
type Scene = (&'static str, fn(&Passport) -> Result<()>);

const SCENES: [Scene; 8] = [
    ("durable", durable::messages_a_second),
    ("flood", delivery::one_room_flooded),
    ("rooms", delivery::many_rooms),
    ("paced", delivery::one_room_paced),
    ("huge", delivery::beside_a_huge_room),
    ("idle", idle::memory),
    ("scale", scale::a_large_server),
    ("chores", scale::much_is_overdue),
];

fn main() -> ExitCode {
    // Cargo adds `--bench`, which says nothing here.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let unknown = chosen.iter().find(|word| SCENES.iter().all(|(name, _)| name != word));
    if let Some(word) = unknown {
        eprintln!("there is no scene {word:?}; there are {:?}", SCENES.map(|(name, _)| name));
        return ExitCode::from(64);
    }
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|word| word == name);
    let ran = machine::describe().and_then(|()| floor::print()).and_then(|()| {
        let passport = Passport::make()?;
        SCENES.iter().filter(|(name, _)| wanted(name)).try_for_each(|(_, run)| run(&passport))
    });
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
