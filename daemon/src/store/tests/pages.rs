//! Pages: where they begin and end, and who may read them.

use parlor_protocol::codec::{PAGE_BYTES_MAX, PAGE_ELEMENTS_MAX};
use parlor_protocol::id::{Bytes, Revision, RoomId, Seq};
use parlor_protocol::message::{Direction, History, ListChanges};
use parlor_protocol::name::{DisplayName, MAX_LABEL_BYTES};
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{ListMembers, ListRooms, Role, RoomRef, Scope};

use super::{Scene, device, password};
use crate::rooms::{Actor, Command, Standing, UserId};
use crate::store::Store;

fn history(
    store: &Store,
    user: UserId,
    room: RoomId,
    (direction, seq): (Direction, Option<u64>),
    limit: u32,
) -> (Vec<u64>, bool) {
    let asked = History { room, direction, seq: seq.map(Seq), limit };
    let (page, _) = store.readers.history(user, &asked).unwrap().unwrap();
    (page.messages.iter().map(|message| message.seq.0).collect(), page.more)
}

fn rooms(
    store: &Store,
    user: UserId,
    (scope, search): (Scope, &str),
    after: Option<&str>,
    limit: u32,
) -> (Vec<String>, Option<String>) {
    let (search, after) = (search.to_owned(), after.map(ToOwned::to_owned));
    let asked = ListRooms { scope, search, after, limit };
    let page = store.readers.rooms(user, &asked).unwrap().unwrap();
    (page.rooms.iter().map(|room| room.title.to_string()).collect(), page.next)
}

#[test]
fn history_goes_both_ways_from_any_place() {
    use Direction::{After, Before};
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    for text in 1..=5 {
        scene.says(user, room, &text.to_string());
    }
    for (from, limit, expected) in [
        ((Before, None), 2, (vec![4, 5], true)),
        ((Before, Some(4)), 2, (vec![2, 3], true)),
        ((Before, Some(2)), 2, (vec![1], false)),
        ((Before, None), 5, (vec![1, 2, 3, 4, 5], false)),
        ((Before, Some(0)), 2, (vec![], false)),
        ((After, None), 2, (vec![1, 2], true)),
        ((After, Some(2)), 2, (vec![3, 4], true)),
        ((After, Some(4)), 0, (vec![5], false)),
        ((After, Some(9)), 2, (vec![], false)),
        ((After, None), 9_999, (vec![1, 2, 3, 4, 5], false)),
    ] {
        assert_eq!(history(&scene.store, user, room, from, limit), expected, "{from:?} {limit}");
    }
}

#[test]
fn a_page_ends_at_its_bytes_and_the_next_goes_on() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    // Four bytes a character: each message is nearly as long as one can be.
    let long = "\u{1F600}".repeat(4_000);
    for _ in 0..7 {
        scene.says(user, room, &long);
    }
    let asked = History { room, direction: Direction::After, seq: None, limit: 0 };
    let (page, _) = scene.store.readers.history(user, &asked).unwrap().unwrap();
    assert!(page.more && page.encode().unwrap().len() <= PAGE_BYTES_MAX + 16);
    assert_eq!(page.messages.len(), 3);
    let store = &scene.store;
    assert_eq!(history(store, user, room, (Direction::Before, None), 0), (vec![5, 6, 7], true));
    assert_eq!(history(store, user, room, (Direction::After, Some(3)), 0), (vec![4, 5, 6], true));

    let asked = ListChanges { room, since: Revision(0), limit: 0 };
    let (page, _) = scene.store.readers.changes(user, &asked).unwrap().unwrap();
    assert!(page.more && page.encode().unwrap().len() <= PAGE_BYTES_MAX + 16);
    assert_eq!(page.changes.len(), 4);
}

#[test]
fn a_page_of_members_fits_a_frame_whatever_display_names_they_take_meanwhile() {
    let mut scene = Scene::new();
    let alice = scene.user("alice");
    let room = scene.room(alice, "ops");
    for number in 0..PAGE_ELEMENTS_MAX {
        let user = scene.user(&format!("u{number:0>31}"));
        scene.joins(user, room);
    }
    let cluster = format!("a{}", "\u{316}".repeat(11));
    let longest = DisplayName::parse(&cluster.repeat(MAX_LABEL_BYTES / cluster.len())).unwrap();
    let asked = ListMembers { room, after: None, limit: 0 };
    let (mut page, _) = scene.store.readers.members(alice, &asked).unwrap().unwrap();
    assert!(page.next.is_some());
    for Record(member) in &mut page.members {
        member.display_name = Some(longest.clone());
        member.online = Some(true);
    }
    assert!(page.encode().unwrap().len() <= PAGE_BYTES_MAX + 16);
}

#[test]
fn only_members_read_and_others_learn_no_more_than_they_may() {
    let mut scene = Scene::new();
    let (alice, bob, carol) = (scene.user("alice"), scene.user("bob"), scene.user("carol"));
    let room = scene.room(alice, "ops");
    let refusal = |scene: &Scene, user, room| {
        let asked = History { room, direction: Direction::Before, seq: None, limit: 0 };
        let history = scene.store.readers.history(user, &asked).unwrap().unwrap_err().code;
        let asked = ListChanges { room, since: Revision(0), limit: 0 };
        assert_eq!(scene.store.readers.changes(user, &asked).unwrap().unwrap_err().code, history);
        let asked = ListMembers { room, after: None, limit: 0 };
        assert_eq!(scene.store.readers.members(user, &asked).unwrap().unwrap_err().code, history);
        history
    };
    assert_eq!(refusal(&scene, bob, room), Code::NotAMember);
    assert_eq!(refusal(&scene, bob, RoomId::from_random(777)), Code::NoSuchRoom);
    scene.joins(bob, room);
    scene.leaves(bob, room);
    assert_eq!(refusal(&scene, bob, room), Code::NotAMember);
    scene.leaves(alice, room);
    assert_eq!(refusal(&scene, alice, room), Code::RoomTerminated);
    assert_eq!(refusal(&scene, bob, room), Code::RoomTerminated);
    assert_eq!(refusal(&scene, carol, room), Code::NoSuchRoom);
}

#[test]
fn a_page_tells_which_membership_it_was_made_for() {
    let mut scene = Scene::new();
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    let room = scene.room(alice, "ops");
    scene.joins(bob, room);
    let asked = History { room, direction: Direction::Before, seq: None, limit: 0 };
    let generation = |scene: &Scene| scene.store.readers.history(bob, &asked).unwrap().unwrap().1;
    let first = generation(&scene);
    assert_eq!(first.0, scene.revision(room));
    scene.leaves(bob, room);
    scene.joins(bob, room);
    assert_ne!(generation(&scene), first);
    assert_eq!(generation(&scene).0, scene.world.membership(room, bob).unwrap().joined);
}

#[test]
fn a_revision_that_never_was_is_too_old() {
    let mut scene = Scene::new();
    let user = scene.user("alice");
    let room = scene.room(user, "ops");
    let asked = ListChanges { room, since: scene.revision(room).next(), limit: 0 };
    let refusal = scene.store.readers.changes(user, &asked).unwrap().unwrap_err();
    assert_eq!(refusal.code, Code::TooOld);
}

#[test]
fn rooms_are_listed_and_searched_by_title_page_by_page() {
    let mut scene = Scene::new();
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    for title in ["100%", "Ops", "Straße", "a_b", "ab", "zebra"] {
        scene.room(alice, title);
    }
    let gone = scene.room(alice, "gone");
    scene.leaves(alice, gone);
    let list = |user, asked, after, limit| rooms(&scene.store, user, asked, after, limit);
    let (first, next) = list(bob, (Scope::Public, ""), None, 4);
    assert_eq!(first, ["100%", "a_b", "ab", "Ops"]);
    let (rest, next) = list(bob, (Scope::Public, ""), next.as_deref(), 4);
    assert_eq!((rest, next), (vec!["Straße".to_owned(), "zebra".to_owned()], None));
    for (search, found) in [
        ("STRASSE", vec!["Straße"]),
        ("%", vec!["100%"]),
        ("_", vec!["a_b"]),
        ("B", vec!["a_b", "ab", "zebra"]),
        ("gone", vec![]),
        ("'", vec![]),
    ] {
        assert_eq!(list(bob, (Scope::Public, search), None, 0).0, found, "{search}");
    }
    assert_eq!(list(bob, (Scope::Mine, ""), None, 0).0, [""; 0]);
    assert_eq!(list(alice, (Scope::Mine, "a"), None, 2).0, ["a_b", "ab"]);
}

#[test]
fn members_see_more_of_a_room_than_others() {
    let mut scene = Scene::new();
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    let id = scene.room(alice, "Ops");
    scene.says(alice, id, "hello");
    let find = |user, asked: &RoomRef| scene.store.readers.find_room(user, asked).unwrap();
    let own = find(alice, &RoomRef::Id(id)).unwrap();
    assert_eq!((own.role, own.last_seq), (Some(Role::Owner), Some(Seq(1))));
    assert_eq!(own.revision, Some(scene.revision(id)));
    let seen = find(bob, &RoomRef::Title("OPS".into())).unwrap();
    assert_eq!((seen.room, seen.members), (id, 1));
    assert_eq!((seen.role, seen.last_seq, seen.revision), (None, None, None));
    let asked = ListRooms { scope: Scope::Public, search: String::new(), after: None, limit: 0 };
    assert_eq!(*scene.store.readers.rooms(bob, &asked).unwrap().unwrap().rooms[0], seen);
    assert_eq!(*scene.store.readers.rooms(alice, &asked).unwrap().unwrap().rooms[0], own);
    assert_eq!(find(bob, &RoomRef::Title("op".into())).unwrap_err().code, Code::NoSuchRoom);
}

#[test]
fn members_are_listed_in_join_order() {
    let mut scene = Scene::new();
    let users: Vec<UserId> =
        ["carol", "bob", "alice"].map(|name| scene.user(name)).into_iter().collect();
    let room = scene.room(users[0], "ops");
    scene.joins(users[1], room);
    scene.joins(users[2], room);
    let page = |after: Option<String>| {
        let asked = ListMembers { room, after, limit: 2 };
        let (page, _) = scene.store.readers.members(users[0], &asked).unwrap().unwrap();
        let names: Vec<String> = page.members.iter().map(|of| of.user.to_string()).collect();
        (names, page.next)
    };
    let (first, next) = page(None);
    assert_eq!(first, ["carol", "bob"]);
    assert_eq!(page(next), (vec!["alice".to_owned()], None));
    let asked = ListMembers { room, after: Some("x".into()), limit: 2 };
    let refusal = scene.store.readers.members(users[0], &asked).unwrap().unwrap_err();
    assert_eq!(refusal.code, Code::BadRequest);
}

#[test]
fn logins_find_passwords_devices_and_costs() {
    let mut scene = Scene::new();
    let alice = scene.user("alice");
    let add = Command::AddUser {
        name: "bob".parse().unwrap(),
        password: crate::rooms::Password {
            cost: parlor_protocol::account::StretchCost { log_n: 18, r: 8, p: 1 },
            ..password(b"bob")
        },
        standing: Standing::Operator,
    };
    let events = scene.decide(Actor::Console, &add).unwrap();
    scene.commit(events);
    scene.does(alice, &Command::AddDevice { device: device(9) });

    let readers = &scene.store.readers;
    let (account, found) = readers.password(&"bob".parse().unwrap()).unwrap().unwrap();
    assert_eq!((account.standing, found.record), (Standing::Operator, password(b"bob").record));
    assert_eq!(readers.password(&"carol".parse().unwrap()).unwrap(), None);
    let costs: Vec<u32> = readers.costs().unwrap().iter().map(|cost| cost.log_n).collect();
    assert_eq!(costs, [17, 18]);
    let key = Bytes([9; 32]);
    let (account, id) = readers.device(&"alice".parse().unwrap(), &key).unwrap().unwrap();
    assert_eq!((account.user, id.0), (alice, 1));
    assert_eq!(readers.device(&"bob".parse().unwrap(), &key).unwrap(), None);
    let names: Vec<String> =
        readers.users(None, 10).unwrap().iter().map(|line| line.name.to_string()).collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(readers.users(Some(&"alice".parse().unwrap()), 10).unwrap().len(), 1);
}
