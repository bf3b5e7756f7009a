//! A large server: how it starts, what a page costs, and how long its loop ever pauses.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use parlor_protocol::entry::{BanUser, InviteUser, Unban};
use parlor_protocol::id::{RoomId, Seq};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{ListRooms, MarkRead, Scope};
use rusqlite::{Connection, params};

use crate::client::Client;
use crate::daemon::Daemon;
use crate::latency::Latencies;
use crate::people::Passport;

const USERS: i64 = 100_000;
const ROOMS: i64 = 20_000;
/// Members of each room: 500,000 memberships in all.
const MEMBERS: i64 = 25;
/// Chores that are silent for so long have come to an end: they go on at once while there are more.
const QUIET: Duration = Duration::from_secs(8);
/// They have by then, on any machine.
const CHORES_MAX: Duration = Duration::from_secs(300);
/// How long the loop is watched.
const WATCHED: Duration = Duration::from_secs(5);

/// 100,000 users, 20,000 rooms, 500,000 memberships, and as many notifications and associations as
/// users.
pub(crate) fn a_large_server(passport: &Passport) -> Result<()> {
    println!("scale: {USERS} users, {ROOMS} rooms, {} memberships", ROOMS * MEMBERS);
    let (daemon, start) = Daemon::start(100)?.refilled(fill)?;
    println!(
        "  start {:.2} s, resident {} MiB",
        start.as_secs_f64(),
        daemon.resident_kib()? / 1024
    );
    let mut people = passport.sign_up(daemon.plain, 2)?;
    let mut watcher = people.pop().context("a second user")?;
    let mut busy = people.pop().context("a first user")?;
    let (pages, listed) = pages(&mut busy)?;
    println!("  a page of 200 of {listed} rooms: {}", pages.percentiles());
    let own = busy.create_room("a room to be busy in")?;
    let other = watcher.create_room("a room to watch from")?;
    let work = thread::spawn(move || -> Result<usize> { keep_busy(&mut busy, own) });
    let (begun, mut pauses) = (Instant::now(), Latencies::default());
    while begun.elapsed() < WATCHED {
        let asked = Instant::now();
        watcher.ask(Command::MarkRead(MarkRead { room: other, seq: Seq(0) }))?;
        watcher.answer()?;
        pauses.note(asked.elapsed());
        thread::sleep(Duration::from_millis(1));
    }
    let Ok(done) = work.join() else { bail!("the busy one died") };
    println!(
        "  through the loop beside {} bans and unbans each, commits included: {}",
        done?,
        pauses.percentiles()
    );
    println!("  resident {} MiB", daemon.resident_kib()? / 1024);
    daemon.stop()?;
    Ok(())
}

/// The same server after a long sleep: every notification and association is overdue, and so is a
/// device of every user. How long the slices take in which they are cleared away.
pub(crate) fn much_is_overdue(_: &Passport) -> Result<()> {
    println!("chores: the large server, all of whose notifications, associations and devices go");
    let (daemon, _) = Daemon::start(100)?.refilled(|path| {
        fill(path)?;
        age(path)
    })?;
    let (begun, mut slices) = (Instant::now(), daemon.chores()?);
    loop {
        thread::sleep(QUIET);
        let more = daemon.chores()?;
        if more.len() == slices.len() {
            break;
        }
        slices = more;
        ensure!(begun.elapsed() < CHORES_MAX, "the chores do not come to an end");
    }
    let (mut decided, mut committed) = (Latencies::default(), Latencies::default());
    for &(deciding, committing) in &slices {
        decided.note(deciding);
        committed.note(committing);
    }
    println!("  {} slices, each decided: {}", slices.len(), decided.percentiles());
    println!("  and committed, with the disk's sync: {}", committed.percentiles());
    daemon.stop()?;
    Ok(())
}

/// Lets everything be a year old.
fn age(path: &Path) -> Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "UPDATE notifications SET at = at - 365 * 86400000;
         UPDATE associations SET since = since - 365 * 86400000;
         UPDATE users SET last_device = 1;
         INSERT INTO devices (user, id, name, public_key, created_at, used_at, address)
         SELECT id, 1, 'desk', randomblob(32), 0, 0, '' FROM users;",
    )?;
    Ok(())
}

/// All public rooms, page by page.
fn pages(client: &mut Client) -> Result<(Latencies, usize)> {
    let (mut latencies, mut listed, mut after) = (Latencies::default(), 0, None);
    loop {
        let (scope, search) = (Scope::Public, String::new());
        let asked = Instant::now();
        client.ask(Command::ListRooms(ListRooms { scope, search, after, limit: 200 }))?;
        let Outcome::Rooms(page) = client.answer()? else { bail!("no rooms") };
        latencies.note(asked.elapsed());
        listed += page.rooms.len();
        after = page.next;
        if after.is_none() {
            return Ok((latencies, listed));
        }
    }
}

/// Changes a room one change after the other.
fn keep_busy(client: &mut Client, room: RoomId) -> Result<usize> {
    let (begun, mut changes) = (Instant::now(), 0);
    while begun.elapsed() < WATCHED {
        let user = format!("u{}", changes % 100 + 1);
        client.ask(Command::BanUser(BanUser {
            room,
            user: user.clone(),
            reason: String::new(),
            secs: None,
        }))?;
        client.answer()?;
        client.ask(Command::Unban(Unban { room, user: user.clone() }))?;
        client.answer()?;
        if changes < 150 {
            client.ask(Command::InviteUser(InviteUser { room, user }))?;
            client.answer()?;
        }
        changes += 1;
    }
    Ok(changes)
}

fn fill(path: &Path) -> Result<()> {
    let mut connection = Connection::open(path)?;
    let transaction = connection.transaction()?;
    for user in 1..=USERS {
        transaction
            .prepare_cached(
                "INSERT INTO users (id, name, standing, created_at, revision, last_device, status_at,
                                    last_notification)
                 VALUES (?1, ?2, 'ordinary', 0, 1, 0, 0, 1)",
            )?
            .execute(params![user, format!("u{user}")])?;
        transaction
            .prepare_cached(
                "INSERT INTO notifications (user, id, kind, at, read)
                 VALUES (?1, 1, 'added', unixepoch() * 1000, 0)",
            )?
            .execute([user])?;
    }
    for room in 1..=ROOMS {
        fill_room(&transaction, room)?;
    }
    transaction.execute("UPDATE meta SET last_user = ?1", [USERS])?;
    Ok(transaction.commit()?)
}

fn fill_room(connection: &Connection, room: i64) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO rooms (id, title, key, skeleton, created_at, revision, last_seq, members)
             VALUES (?1, ?2, ?2, ?2, 0, ?3, 0, ?3)",
        )?
        .execute(params![room, format!("room number {room:06}"), MEMBERS])?;
    for place in 1..=MEMBERS {
        let user = (room * 7 + place * 3_989) % USERS + 1;
        connection
            .prepare_cached(
                "INSERT INTO members (room, user, role, joined, joined_at, read)
                 VALUES (?1, ?2, ?3, ?4, 0, 0)",
            )?
            .execute(params![room, user, if place == 1 { "owner" } else { "member" }, place])?;
    }
    for place in 1..=USERS / ROOMS {
        let user = (room * 7 + place * 3_989 + 1_000) % USERS + 1;
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO associations (room, user, since, ended, ended_at)
                 SELECT ?1, ?2, unixepoch() * 1000, 'left', unixepoch() * 1000
                 WHERE NOT EXISTS (SELECT 1 FROM members WHERE room = ?1 AND user = ?2)",
            )?
            .execute(params![room, user])?;
    }
    Ok(())
}
