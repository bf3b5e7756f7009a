//! The cache: what is read back is what was kept, within its bounds, and nothing waits unseen.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use parlor_protocol::id::{Nonce, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::Message;
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::UserName;
use parlor_protocol::push::{Change, Departed, RoomChange, TopicChanged};
use parlor_protocol::record::Record;
use parlor_protocol::room::{self, Departure, Entry, Role, Visibility};
use ssh_key::PublicKey;
use tempfile::TempDir;

use super::*;
use crate::model::{Before, Keep, LocalId, Model, Restored, Room, SendState};

const SERVER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Home {
    dir: TempDir,
    caches: Caches,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let caches = Caches::new(dir.path().join("cache"));
        Self { dir, caches }
    }

    fn open(&self) -> (Cache, Kept) {
        self.caches.open(&server(), &alice()).unwrap()
    }

    fn path(&self) -> PathBuf {
        self.caches.path(&server(), &alice())
    }

    /// What is kept, after the program that kept it was killed.
    fn after_a_kill(&self, cache: Cache) -> Kept {
        drop(cache);
        self.open().1
    }
}

/// An empty cache, and the directory in which it is.
pub(crate) fn open() -> (TempDir, Cache) {
    let home = Home::new();
    let cache = home.open().0;
    (home.dir, cache)
}

/// Somebody's server.
pub(crate) fn server() -> HostKey {
    HostKey::from_openssh(&PublicKey::from_openssh(SERVER).unwrap()).unwrap()
}

fn alice() -> UserName {
    "alice".parse().unwrap()
}

fn id(number: u64) -> RoomId {
    RoomId::from_random(number)
}

fn listed(number: u64, title: &str, revision: u64) -> room::Room {
    room::Room {
        room: id(number),
        title: title.parse().unwrap(),
        members: 3,
        role: Some(Role::Admin),
        last_seq: Some(Seq(revision)),
        revision: Some(Revision(revision)),
        topic: "all of it".parse().ok(),
        visibility: Visibility::Public,
        entry: Entry::Ask,
        slow_secs: 0,
        read: Some(Seq(0)),
        unread: Some(0),
        mentions: Some(0),
    }
}

fn message(seq: u64) -> Message {
    let author = "bob".parse().unwrap();
    let at = Timestamp(1_795_378_032_000 + i64::try_from(seq).unwrap());
    Message {
        seq: Seq(seq),
        at,
        author,
        text: format!("message {seq}").parse().unwrap(),
        kind: MessageKind::Said,
        author_removed: false,
    }
}

fn change(revision: u64, change: Change) -> RoomChange {
    let at = Timestamp(1_795_378_032_000);
    RoomChange { revision: Revision(revision), at, change: Record(change) }
}

fn said(seq: u64) -> RoomChange {
    change(seq, Change::Message(message(seq)))
}

fn waiting(local: u64, room: u64, text: &str) -> Waiting {
    Waiting {
        local: LocalId(local),
        room: id(room),
        text: text.to_owned(),
        kind: MessageKind::Action,
        nonce: None,
    }
}

fn lines(room: &Room) -> Vec<String> {
    let entries = room.timeline.entries().iter();
    let line = |what: &crate::model::What| match what {
        crate::model::What::Said(said) => said.text.clone(),
        happened => happened.happened(|at| at.0.to_string()).unwrap_or_default(),
    };
    entries.map(|entry| line(&entry.what)).collect()
}

#[test]
fn rooms_and_what_was_said_are_as_they_were() {
    let home = Home::new();
    let (mut cache, kept) = home.open();
    assert!(kept.rooms.is_empty() && kept.warning.is_none());
    cache.enter(&listed(1, "general", 2)).unwrap();
    cache.enter(&listed(2, "ops", 9)).unwrap();
    cache.older(id(1), &[message(1), message(2)]).unwrap();
    let topic = TopicChanged { topic: "news".parse().ok(), by: "bob".parse().unwrap() };
    cache.change(id(1), &change(3, Change::TopicChanged(topic))).unwrap();
    cache.change(id(1), &change(4, Change::Withheld)).unwrap();
    cache.change(id(1), &change(5, Change::Message(message(3)))).unwrap();
    cache.change(id(3), &said(1)).unwrap();
    cache.commit().unwrap();

    let kept = home.after_a_kill(cache);
    let [general, ops] = &kept.rooms[..] else { panic!("two rooms: {:?}", kept.rooms) };
    assert_eq!(lines(general), ["message 1", "message 2", "bob set the topic: news", "message 3"]);
    assert_eq!(general.timeline.before(), Before::Nothing, "the first message is there");
    assert_eq!((ops.title.as_str(), ops.role, ops.member_count), ("ops", Role::Admin, 3));
    assert_eq!(ops.topic.as_deref(), Some("all of it"));
    assert_eq!(ops.timeline.before(), Before::Unknown);
    assert_eq!(kept.revisions, [(id(1), Revision(5)), (id(2), Revision(9))].into());
}

#[test]
fn who_was_removed_is_marked_in_what_they_said_before() {
    let home = Home::new();
    let (mut cache, _) = home.open();
    cache.enter(&listed(1, "general", 1)).unwrap();
    cache.change(id(1), &said(1)).unwrap();
    let (user, how) = ("bob".parse().unwrap(), Departure::Removed);
    let gone = Departed { user, how, by: None, reason: None };
    cache.change(id(1), &change(2, Change::Departed(gone))).unwrap();
    cache.commit().unwrap();
    let kept = home.after_a_kill(cache);
    let said = &kept.rooms[0].timeline.entries()[0];
    let crate::model::What::Said(said) = &said.what else { panic!("{said:?}") };
    assert!(said.author_removed, "{said:?}");
}

#[test]
fn what_is_shown_and_being_written_is_as_it_was() {
    let home = Home::new();
    let (mut cache, _) = home.open();
    cache.enter(&listed(1, "general", 1)).unwrap();
    cache.enter(&listed(2, "ops", 1)).unwrap();
    let mut model = Model::new("alice", "chat", "pinned", Timestamp(0));
    model.rooms = vec![Room::new(id(2), "ops", Role::Owner), Room::new(id(1), "new", Role::Member)];
    model.here = Some(id(1));
    model.rooms[0].unread = 7;
    model.rooms[0].mentions = 2;
    model.rooms[0].read = Seq(40);
    model.blocked = ["mallory".to_owned()].into();
    model.rooms[0].draft.insert("for ops");
    model.rooms[1].muted = true;
    model.input.insert("for the\nother");
    cache.keep(&model.keep()).unwrap();
    cache.commit().unwrap();

    let kept = home.after_a_kill(cache);
    let mut again = Model::new("alice", "chat", "pinned", Timestamp(0));
    again.restore(Restored {
        rooms: kept.rooms,
        here: kept.here,
        blocked: kept.blocked,
        next_local: kept.next_local,
        ..Restored::default()
    });
    assert_eq!(again.keep(), model.keep());
    assert!(again.is_kept(), "nothing has changed since");
    assert_eq!(again.input.text(), "for the\nother");
}

#[test]
fn what_does_not_join_on_is_not_kept() {
    let home = Home::new();
    let (mut cache, _) = home.open();
    cache.enter(&listed(1, "general", 9)).unwrap();
    cache.change(id(1), &said(10)).unwrap();
    cache.change(id(1), &change(11, Change::Message(message(10)))).unwrap();
    cache.older(id(1), &[message(3), message(4)]).unwrap();
    cache.older(id(1), &[message(8), message(9), message(10)]).unwrap();
    cache.commit().unwrap();
    let kept = home.after_a_kill(cache);
    assert_eq!(lines(&kept.rooms[0]), ["message 8", "message 9", "message 10"]);

    let (mut cache, _) = home.open();
    cache.start_over(id(1), Revision(5_000)).unwrap();
    cache.change(id(1), &change(5_001, Change::Message(message(4_000)))).unwrap();
    cache.commit().unwrap();
    let kept = home.after_a_kill(cache);
    assert_eq!(lines(&kept.rooms[0]), ["message 4000"]);
    assert_eq!(kept.revisions[&id(1)], Revision(5_001));

    let (mut cache, _) = home.open();
    cache.forget(id(1)).unwrap();
    cache.commit().unwrap();
    assert!(home.after_a_kill(cache).rooms.is_empty());
}

#[test]
fn the_oldest_go_when_there_is_too_much() {
    let home = Home::new();
    let (mut cache, _) = home.open();
    let rooms = u64::try_from(ENTRIES_MAX / ROOM_ENTRIES_MAX).unwrap() + 3;
    for number in 0..rooms {
        cache.enter(&listed(number, &format!("room {number}"), 0)).unwrap();
        for seq in 1..=u64::try_from(ROOM_ENTRIES_MAX).unwrap() + 100 {
            cache.change(id(number), &said(seq)).unwrap();
            let extent = cache.extents[&id(number)];
            assert!(extent.entries <= ROOM_ENTRIES_MAX + 64, "{extent:?}");
        }
    }
    cache.commit().unwrap();
    let extents = cache.extents.clone();
    let kept = home.after_a_kill(cache);
    let all: usize = kept.rooms.iter().map(|room| room.timeline.entries().len()).sum();
    assert!((ENTRIES_MAX - 64..=ENTRIES_MAX + 64).contains(&all), "{all}");
    for room in &kept.rooms {
        assert_eq!(room.timeline.last_seq(), Some(Seq(1_100)), "the newest stay");
        assert!(room.timeline.entries().len() >= 500, "none gives up for all");
        assert_eq!(room.timeline.entries().len(), extents[&room.id].entries);
    }
}

#[test]
fn the_outbox_is_on_the_disk_at_once_and_the_rest_when_it_is_committed() {
    let home = Home::new();
    let (mut cache, _) = home.open();
    cache.enter(&listed(1, "general", 1)).unwrap();
    let mut first = waiting(4, 1, "first");
    cache.write_out([&first, &waiting(5, 1, "second"), &waiting(6, 1, "third")]).unwrap();
    first.nonce = Some(Nonce::from_bytes([7; 16]));
    cache.write_out([&first]).unwrap();
    cache.refuse(LocalId(5), "not now").unwrap();
    cache.settle(LocalId(6)).unwrap();
    cache.change(id(1), &said(2)).unwrap();
    assert!(cache.is_behind());

    let kept = home.after_a_kill(cache);
    assert_eq!(kept.outbox, [first, waiting(6, 1, "third")]);
    assert_eq!(kept.next_local, LocalId(7));
    let shown = kept.rooms[0].unsent.iter();
    let shown: Vec<_> = shown.map(|unsent| (unsent.local.0, unsent.state.clone())).collect();
    let refused = SendState::Refused("not now".into());
    assert_eq!(shown, [(4, SendState::Queued), (5, refused), (6, SendState::Queued)]);
    assert!(lines(&kept.rooms[0]).is_empty());
    assert_eq!(kept.revisions[&id(1)], Revision(1), "the revision is that of what is there");
}

#[test]
fn a_message_without_a_room_is_given_back_as_text() {
    let home = Home::new();
    let (mut cache, _) = home.open();
    cache.write_out([&waiting(1, 9, "to nobody")]).unwrap();
    let kept = home.after_a_kill(cache);
    assert_eq!((kept.homeless, kept.outbox), (vec!["to nobody".to_owned()], vec![]));
    // It stays until the screen hands over what is left of it.
    let (mut cache, kept) = home.open();
    assert_eq!(kept.homeless, ["to nobody"]);
    let homeless = vec!["to nobody".to_owned(), "nor this".to_owned()];
    cache.keep(&Keep { homeless, ..Keep::default() }).unwrap();
    cache.commit().unwrap();
    let kept = home.after_a_kill(cache);
    assert_eq!(kept.homeless, ["to nobody", "nor this"]);
}

#[test]
fn files_are_their_users_alone() {
    let home = Home::new();
    let (mut cache, _) = home.open();
    cache.write_out([&waiting(1, 1, "secret")]).unwrap();
    let mut seen = 0;
    let mut dirs = vec![home.dir.path().join("cache")];
    while let Some(dir) = dirs.pop() {
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700, "{dir:?}");
        for file in fs::read_dir(&dir).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_dir() {
                dirs.push(file.path());
                continue;
            }
            seen += 1;
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", file.path());
        }
    }
    assert_eq!(seen, 3, "the database, its log and the lock");
}

#[test]
fn there_is_one_at_a_time_and_the_other_is_named() {
    let home = Home::new();
    let (cache, _) = home.open();
    let error = home.caches.open(&server(), &alice()).unwrap_err().to_string();
    let process = format!("(process {})", std::process::id());
    assert!(error.contains(&process) && error.contains("tail ROOM -f"), "{error}");
    drop(cache);
    home.open();
}

/// What makes a file useless.
type Spoil<'a> = &'a dyn Fn(&Path);

#[test]
fn a_file_of_no_use_is_put_aside_and_what_can_be_read_of_its_outbox_is_kept() {
    let corrupt = |path: &Path| fs::write(path, "no database at all, but longer than its header");
    let newer = |path: &Path| {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch("ALTER TABLE room ADD mood TEXT; PRAGMA user_version = 99")
            .unwrap();
    };
    let nonsense = |path: &Path| {
        let connection = Connection::open(path).unwrap();
        let sql = "INSERT INTO entry VALUES (1, 1, 1, x'ffffffff')";
        connection.execute_batch(sql).unwrap();
    };
    let halved = |path: &Path| {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch("DROP TABLE entry").unwrap();
    };
    let cases: [(Spoil<'_>, &str, usize); 4] = [
        (&|path| corrupt(path).unwrap(), "could not be read", 0),
        (&newer, "newer parlor", 2),
        (&nonsense, "damaged", 2),
        (&halved, "no such table", 2),
    ];
    for (spoil, told, saved) in cases {
        let home = Home::new();
        let (mut cache, _) = home.open();
        cache.enter(&listed(1, "general", 3)).unwrap();
        let mut first = waiting(1, 1, "first");
        first.nonce = Some(Nonce::from_bytes([7; 16]));
        cache.write_out([&first, &waiting(2, 1, "second")]).unwrap();
        cache.refuse(LocalId(2), "not now").unwrap();
        drop(cache);
        spoil(&home.path());

        let (cache, kept) = home.open();
        let warning = kept.warning.unwrap();
        assert!(warning.contains(told) && warning.contains(".unusable-"), "{warning}");
        let unsent = kept.rooms.iter().map(|room| room.unsent.len()).sum::<usize>();
        assert_eq!(unsent, saved, "{warning}");
        if saved > 0 {
            assert_eq!(kept.outbox, [first], "under its nonce");
            assert_eq!(kept.rooms[0].title, "general");
            assert_eq!(kept.revisions[&id(1)], Revision(0), "all is asked for again");
        }
        let aside = fs::read_dir(home.path().parent().unwrap()).unwrap();
        let aside = aside.filter(|file| {
            let name = file.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("alice.db.unusable-")
                && !name.to_string_lossy().ends_with("-wal")
        });
        assert_eq!(aside.count(), 1, "the old file is still there");
        drop(cache);
        assert!(home.open().1.warning.is_none(), "it is said once");
    }
}

#[test]
fn whether_the_user_is_asked_first_is_remembered() {
    let home = Home::new();
    let (mut cache, kept) = home.open();
    assert_eq!(kept.login, Login::ByItself);
    cache.note_login(Login::TakesItsUser).unwrap();
    let kept = home.after_a_kill(cache);
    assert_eq!(kept.login, Login::TakesItsUser);
}
