//! Killed at any moment, the daemon has kept everything that it acknowledged, once and in order.

mod talker;
mod upgrading;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use parlor_protocol::id::{Revision, RoomId};
use parlor_protocol::push::{Change, RoomChange};
use parlor_protocol::room::Scope;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use crate::harness::{Client, Daemon, DeviceKey, PASSWORD, seqs_without_a_gap};
use talker::{Talker, Until, link};

/// How often the daemon is killed; the variable PARLOR_KILLS says otherwise.
const KILLS: u32 = 50;
/// Audit files so small that kills also meet them being closed.
const SMALL_AUDIT_FILES: &str = "sign_up = \"open\"\n[audit]\nfile_bytes = 16384\n";
/// Who keeps the lobby.
const HOST: &str = "host";
const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// A kill comes after this many acknowledgements of its round at most,
const ACKS_BEFORE_KILL_MAX: u32 = 120;
/// or after this long, so that it also meets logins and the first commits.
const MICROS_BEFORE_KILL_MAX: u64 = 30_000;

#[test]
fn what_was_acknowledged_survives_every_kill_once_and_in_order() {
    let began = Instant::now();
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let kills = env::var("PARLOR_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut daemon = Daemon::configured(SMALL_AUDIT_FILES);
    let lobby = daemon.user(HOST).create("lobby").unwrap();
    let mut talkers = gather(&daemon, lobby);
    for _ in 0..kills {
        storm(&mut daemon, &mut talkers, &mut dice);
        daemon.restart();
    }
    let (acks, _) = channel();
    for (number, talker) in talkers.iter_mut().enumerate() {
        talker.talk(link(&daemon.said, number), Until::Acknowledged, &acks);
    }
    let rooms = conversation_is_whole(&daemon, &talkers);
    let visits = visits(&daemon, lobby);
    assert!(daemon.terminate().success());
    database_is_whole(&daemon);
    let audit = audit(&daemon);
    audit_is_whole(&audit, &talkers, &rooms);
    assert_eq!(visits_on_record(&audit, lobby), visits);
    let said: usize = talkers.iter().map(|talker| talker.acknowledged.len()).sum();
    let resent: usize = talkers.iter().map(|talker| talker.resent).sum();
    let records = audit.len();
    println!(
        "{kills} kills, {said} messages, {resent} resent, {records} audit records, {:?}",
        began.elapsed()
    );
}

/// Four members of a room, each with a device.
fn gather(daemon: &Daemon, lobby: RoomId) -> Vec<Talker> {
    let mut clients = NAMES.map(|name| {
        let (mut client, key) = (daemon.client(), DeviceKey::new());
        client.sign_up_with(name, PASSWORD, Some(key.offer("storm"))).unwrap();
        (client, key)
    });
    let room = clients[0].0.create("storm").unwrap();
    clients[1..].iter_mut().for_each(|(client, _)| drop(client.join(room).unwrap()));
    let talkers = NAMES.into_iter().zip(clients);
    talkers.map(|(name, (_, key))| Talker::new(name, key, room, lobby)).collect()
}

/// All talk at once, and in the middle of it the daemon is killed.
fn storm(daemon: &mut Daemon, talkers: &mut [Talker], dice: &mut StdRng) {
    let said = daemon.said.clone();
    let (acks, acknowledged) = channel();
    thread::scope(|scope| {
        for (number, talker) in talkers.iter_mut().enumerate() {
            let (acks, said) = (acks.clone(), &said);
            scope.spawn(move || talker.talk(link(said, number), Until::Killed, &acks));
        }
        drop(acks);
        if dice.random() {
            let count = dice.random_range(0..ACKS_BEFORE_KILL_MAX);
            let heard = acknowledged.iter().take(count as usize).count();
            assert_eq!(heard, count as usize, "all talkers have ended");
        }
        let micros = dice.random_range(0..MICROS_BEFORE_KILL_MAX);
        listen_for(&acknowledged, Duration::from_micros(micros));
        daemon.kill9();
    });
}

/// Lets the talkers talk for so long. It is the randomness of the kill, not a wait for anything.
fn listen_for(acknowledged: &Receiver<()>, time: Duration) {
    let until = Instant::now() + time;
    loop {
        match acknowledged.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return,
            Err(RecvTimeoutError::Disconnected) => panic!("all talkers have ended"),
        }
    }
}

/// Every acknowledged message is there, once, in order, where its acknowledgement said, and nothing
/// else is. Tells the rooms that there are, with their titles.
fn conversation_is_whole(daemon: &Daemon, talkers: &[Talker]) -> BTreeMap<RoomId, String> {
    let room = talkers[0].room;
    let mut reader = daemon.client();
    reader.login_device(talkers[0].name, &talkers[0].key).unwrap();
    let history = reader.all_history(room);
    let changes = reader.all_changes(room, Revision(0));
    seqs_without_a_gap(history.iter().map(|message| message.seq.0));
    seqs_without_a_gap(changes.iter().map(|change| change.revision.0));
    let said: usize = talkers.iter().map(|talker| talker.acknowledged.len()).sum();
    assert_eq!(history.len(), said, "a message was lost or doubled");
    assert_eq!(changes.len(), said + NAMES.len(), "beside messages there are the members");
    for talker in talkers {
        let mut last = 0;
        for (number, sent) in talker.acknowledged.iter().enumerate() {
            assert!(sent.seq.0 > last, "{} was reordered", talker.text(number));
            last = sent.seq.0;
            let message = &history[usize::try_from(sent.seq.0).unwrap() - 1];
            assert_eq!(message.author.as_str(), talker.name);
            assert_eq!(message.text.as_str(), talker.text(number));
            assert_eq!(message.at, sent.at);
            let change = &changes[usize::try_from(sent.revision.0).unwrap() - 1];
            assert_eq!(change.change.0, Change::Message(message.clone()));
        }
    }
    rooms(&mut reader, talkers)
}

fn rooms(reader: &mut Client, talkers: &[Talker]) -> BTreeMap<RoomId, String> {
    let (mut rooms, mut after) = (BTreeMap::new(), None);
    loop {
        let page = reader.list(Scope::Public, "", after, 0);
        rooms.extend(page.rooms.iter().map(|room| (room.room, room.title.to_string())));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let titles: Vec<_> = rooms.values().collect();
    for created in talkers.iter().flat_map(|talker| &talker.created) {
        assert!(titles.contains(&created), "{created:?} was lost");
    }
    rooms
}

/// Who came into the lobby and who went, in order.
fn visits(daemon: &Daemon, lobby: RoomId) -> Vec<String> {
    let mut host = daemon.client();
    host.login(HOST, PASSWORD, None).unwrap();
    let changes = host.all_changes(lobby, Revision(1));
    let visit = |change: &RoomChange| match &change.change.0 {
        Change::Joined(member) => format!("{} joined", member.user),
        Change::Departed(departed) => format!("{} departed", departed.user),
        other => panic!("nobody did that: {other:?}"),
    };
    changes.iter().map(visit).collect()
}

fn database_is_whole(daemon: &Daemon) {
    let database = rusqlite::Connection::open(daemon.data().join("parlor.db")).unwrap();
    let check = |pragma: &str| -> Vec<String> {
        let mut statement = database.prepare(pragma).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(check("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(check("PRAGMA foreign_key_check"), [""; 0]);
}

/// The records of the audit files: none torn, none missing, none doubled, all in one chain.
fn audit(daemon: &Daemon) -> Vec<Value> {
    let records = crate::audit::records(daemon);
    let verified = daemon.run(&["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
    seqs_without_a_gap(records.iter().map(|record| record["serial"].as_u64().unwrap()));
    let files = fs::read_dir(daemon.data().join("audit")).unwrap().count();
    assert!(files >= 3, "no kill has met a file that was closed");
    records
}

/// Who came into the lobby and went, as the audit has it.
fn visits_on_record(audit: &[Value], lobby: RoomId) -> Vec<String> {
    let lobby = lobby.to_string();
    let visits = audit.iter().filter(|record| record["room"] == lobby.as_str());
    // The room's creation is no visit.
    let word = |record: &Value, key: &str| record[key].as_str().unwrap().to_owned();
    let visit = |record| format!("{} {}", word(record, "subject"), word(record, "action"));
    visits.map(visit).filter(|visit| !visit.ends_with("room-created")).collect()
}

/// Every audited event has exactly one record, and so has every login that was acknowledged.
fn audit_is_whole(records: &[Value], talkers: &[Talker], rooms: &BTreeMap<RoomId, String>) {
    let of = |action: &str| -> Vec<&Value> {
        records.iter().filter(|record| record["action"] == action).collect()
    };
    let about = |action: &str, name: &str| {
        of(action).into_iter().filter(|record| record["subject"] == name).count()
    };
    for talker in talkers {
        assert_eq!(about("signed-up", talker.name), 1);
        assert_eq!(about("device-added", talker.name), 1);
        let joins = of("joined").into_iter().filter(|record| {
            record["subject"] == talker.name && record["room"] == talker.room.to_string()
        });
        assert_eq!(joins.count(), usize::from(talker.name != NAMES[0]));
        let logins = about("login", talker.name);
        // The reader has logged in once more, as the first of them.
        let reader = usize::from(talker.name == NAMES[0]);
        let seen = talker.logins_done + reader..=talker.logins_tried + reader;
        assert!(seen.contains(&logins), "{logins} logins on record of {seen:?}");
    }
    let mut created: Vec<_> =
        of("room-created").iter().map(|record| record["room"].as_str().unwrap()).collect();
    created.sort_unstable();
    let mut expected: Vec<_> = rooms.keys().map(ToString::to_string).collect();
    expected.sort_unstable();
    assert_eq!(created, expected);
}
