//! The delivery scenes: what it costs the daemon to bring a committed message to one more listener.

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::daemon::Daemon;
use crate::fleet::{Fleet, Pace, Seen, Sending, TEXT_BYTES, Until};
use crate::machine;
use crate::people::{Passport, gather, subscribe};

/// Members of the huge room.
const HUGE: usize = 10_000;
/// How long the other room is watched, without and with messages in the huge one.
const WATCHED: Duration = Duration::from_secs(10);
/// How often something is said in the other room: not in step with the huge one.
const TALK_EVERY: Duration = Duration::from_micros(9_700);

/// One room of 300, in which one member sends as fast as a window allows.
pub(crate) fn one_room_flooded(passport: &Passport) -> Result<()> {
    let daemon = Daemon::start(301)?;
    let mut people = passport.sign_up(daemon.plain, 300)?;
    let room = gather(&mut people, "the flooded room")?;
    subscribe(&mut people)?;
    println!();
    println!(
        "Server CPU per delivery (user and system time of parlord over the scene, messages of"
    );
    println!("{TEXT_BYTES} bytes, every one committed, every member has a connection and listens)");
    measure(
        &daemon,
        &mut Fleet::new(people)?,
        "one room of 300, flooded (window 16)",
        &Sending {
            senders: vec![(0, room)],
            pace: Pace::Window(16),
            until: Until::Messages(20_000),
            listeners: 300,
        },
    )?;
    daemon.stop().map(drop)
}

/// 300 rooms of 10, in each of which one member always has one message on its way.
pub(crate) fn many_rooms(passport: &Passport) -> Result<()> {
    let daemon = Daemon::start(3_001)?;
    let mut people = passport.sign_up(daemon.plain, 3_000)?;
    let mut senders = vec![];
    for (number, members) in people.chunks_mut(10).enumerate() {
        senders.push((number * 10, gather(members, &format!("room {number}"))?));
    }
    subscribe(&mut people)?;
    measure(
        &daemon,
        &mut Fleet::new(people)?,
        "300 rooms of 10, 60,000 messages",
        &Sending { senders, pace: Pace::Window(1), until: Until::Messages(60_000), listeners: 10 },
    )?;
    daemon.stop().map(drop)
}

/// One room of 100 in which somebody says something 200 times a second.
pub(crate) fn one_room_paced(passport: &Passport) -> Result<()> {
    let daemon = Daemon::start(101)?;
    let mut people = passport.sign_up(daemon.plain, 100)?;
    let room = gather(&mut people, "the lively room")?;
    subscribe(&mut people)?;
    measure(
        &daemon,
        &mut Fleet::new(people)?,
        "one room of 100, 200 messages/s",
        &Sending {
            senders: (0..100).map(|sender| (sender, room)).collect(),
            pace: Pace::Every(Duration::from_millis(5)),
            until: Until::Elapsed(Duration::from_secs(8)),
            listeners: 100,
        },
    )?;
    daemon.stop().map(drop)
}

fn measure(daemon: &Daemon, fleet: &mut Fleet, scene: &str, sending: &Sending) -> Result<()> {
    let before = daemon.cpu()?;
    let seen = fleet.run(sending)?;
    let cpu = daemon.cpu()? - before;
    println!(
        "  {scene:38} {}  {:7.0} deliveries/s",
        per_delivery(cpu, &seen),
        seen.deliveries as f64 / seen.elapsed.as_secs_f64()
    );
    println!("  {:38} acknowledged {}", "", seen.acknowledged.percentiles());
    Ok(())
}

fn per_delivery(cpu: Duration, seen: &Seen) -> String {
    format!("{:6.2} us", cpu.as_secs_f64() * 1e6 / seen.deliveries as f64)
}

/// Two people talk in a room of their own while a huge room is silent, and then while it is not.
pub(crate) fn beside_a_huge_room(passport: &Passport) -> Result<()> {
    let huge = machine::connections(HUGE + 2)? - 2;
    let daemon = Daemon::start(huge + 3)?;
    let mut people = passport.sign_up(daemon.plain, huge + 2)?;
    let mut pair = people.split_off(huge);
    let (room, other) = (gather(&mut people, "the huge room")?, gather(&mut pair, "a small room")?);
    subscribe(&mut people)?;
    subscribe(&mut pair[1..])?;
    println!();
    println!(
        "Another room, of 2, in which one says something 103 times a second, beside a room of"
    );
    println!("{huge}: from the sending to the arrival at the other. Aim: p99 under 15 ms.");
    let talking = Sending {
        senders: vec![(0, other)],
        pace: Pace::Every(TALK_EVERY),
        until: Until::Elapsed(WATCHED),
        listeners: 1,
    };
    let mut pair = Fleet::new(pair)?;
    let silent = pair.run(&talking)?.heard.percentiles();
    println!("  the huge room is silent            {silent}");

    let mut fleet = Fleet::new(people)?;
    let sending = Sending {
        senders: vec![(0, room)],
        pace: Pace::Every(Duration::from_millis(250)),
        until: Until::Elapsed(WATCHED),
        listeners: huge as u64,
    };
    let before = daemon.cpu()?;
    // A thread of its own, or the other room would wait while the driver reads 10,000 sockets.
    let pair = thread::spawn(move || pair.run(&talking));
    let seen = fleet.run(&sending)?;
    let beside = pair.join().map_err(|_| anyhow!("the other room panicked"))??;
    let cpu = daemon.cpu()? - before;
    println!("  it gets 4 messages a second        {}", beside.heard.percentiles());
    println!(
        "  server CPU per delivery in the huge room {}, the other room included",
        per_delivery(cpu, &seen)
    );
    daemon.stop().map(drop)
}
