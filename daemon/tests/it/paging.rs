//! Listings page by page: the same pages on every connection of a user, and none that is there
//! throughout is missed or told twice while others come and go.

use std::collections::BTreeSet;
use std::fmt::Debug;

use parlor_protocol::entry::{ListInvites, ListOfRoom, ListOwn};
use parlor_protocol::id::RoomId;
use parlor_protocol::record::Record;
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{Entry, ListMembers, ListRooms, Scope, Visibility};

use crate::harness::{Client, Daemon, DeviceKey, PASSWORD};

/// Of each thing there is more than a page of any length below.
const MANY: usize = 7;
/// Pages of these lengths; 0 is the longest there is.
const LENGTHS: [u32; 4] = [1, 2, 5, 0];

/// A listing, by its name and its room.
type Listing = (&'static str, Option<RoomId>);

fn command((listing, room): Listing, after: Option<String>, limit: u32) -> Command {
    let rooms = |scope| ListRooms { scope, search: String::new(), after: after.clone(), limit };
    let own = || ListOwn { after: after.clone(), limit };
    let of_room = || ListOfRoom { room: room.unwrap(), after: after.clone(), limit };
    match listing {
        "rooms" => Command::ListRooms(rooms(Scope::Public)),
        "own rooms" => Command::ListRooms(rooms(Scope::Mine)),
        "members" => Command::ListMembers(ListMembers { room: room.unwrap(), after, limit }),
        "requests" => Command::ListRequests(of_room()),
        "bans" => Command::ListBans(of_room()),
        "invites" => Command::ListInvites(ListInvites { room, after, limit }),
        "notifications" => Command::ListNotifications(own()),
        "former rooms" => Command::ListFormerRooms(own()),
        other => panic!("there is no listing of {other}"),
    }
}

/// What a page says of one thing, behind what tells it from the others.
type Thing = (String, String);
/// The things, and where the next page begins.
type Page = (Vec<Thing>, Option<String>);

fn page(client: &mut Client, listing: Listing, after: Option<String>, limit: u32) -> Page {
    fn things<T: Debug, K: ToString>(of: &[Record<T>], key: impl Fn(&T) -> K) -> Vec<Thing> {
        of.iter().map(|Record(thing)| (key(thing).to_string(), format!("{thing:?}"))).collect()
    }
    match client.ask(command(listing, after, limit)) {
        Outcome::Rooms(page) => (things(&page.rooms, |it| it.room), page.next),
        Outcome::Members(page) => (things(&page.members, |it| it.user.clone()), page.next),
        Outcome::Requests(page) => (things(&page.requests, |it| it.user.clone()), page.next),
        Outcome::Bans(page) => (things(&page.bans, |it| it.user.clone()), page.next),
        Outcome::Invites(page) => {
            (things(&page.invites, |it| format!("{} {}", it.room, it.user)), page.next)
        }
        Outcome::Notifications(page) => (things(&page.notifications, |it| it.id), page.next),
        Outcome::FormerRooms(page) => (things(&page.rooms, |it| it.room), page.next),
        other => panic!("no page of {listing:?}: {other:?}"),
    }
}

/// All pages up to the last.
fn pages(client: &mut Client, listing: Listing, limit: u32) -> Vec<Page> {
    let mut all = vec![page(client, listing, None, limit)];
    while let Some(after) = all.last().and_then(|(_, next)| next.clone()) {
        all.push(page(client, listing, Some(after), limit));
    }
    all
}

/// A server in which alice has much of everything, and who else is there.
struct Scene {
    daemon: Daemon,
    key: DeviceKey,
    /// The connection on which alice has signed up and asked for nothing since.
    signed_up: Client,
    /// One that hears everything from the beginning on.
    connected: Client,
    /// Owns what is not alice's.
    bob: Client,
    others: Vec<Client>,
    /// Alice's room.
    room: RoomId,
}

impl Scene {
    fn new() -> Self {
        let daemon = Daemon::configured("sign_up = \"open\"");
        let (key, mut signed_up) = (DeviceKey::new(), daemon.client());
        signed_up.sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
        let mut connected = daemon.client();
        connected.login_device("alice", &key).unwrap();
        connected.subscribe();
        let room = connected.create_asking("alice's").unwrap();
        let (bob, others) = (daemon.user("bob"), vec![]);
        let mut scene = Self { daemon, key, signed_up, connected, bob, others, room };
        (0..MANY).for_each(|number| scene.add_some(number));
        scene
    }

    /// Adds one to every listing of alice's.
    fn add_some(&mut self, number: usize) {
        let Self { daemon, connected: alice, bob, room, others, .. } = self;
        let made = |bob: &mut Client, what: &str| bob.create(&format!("{what} {number}")).unwrap();
        let talk = made(bob, "talk");
        bob.add(talk, "alice").unwrap();
        let left = made(bob, "left");
        bob.add(left, "alice").unwrap();
        alice.leave(left).unwrap();
        let title = format!("private {number}");
        let private = bob.create_as(&title, Visibility::Private, Entry::Ask);
        bob.invite(private.unwrap(), "alice").unwrap();
        for what in ["member", "asker", "guest", "pest"] {
            let name = format!("{what}{number}");
            let mut other = daemon.client();
            other.sign_up(&name).unwrap();
            match what {
                "member" => drop(alice.add(*room, &name).unwrap()),
                "asker" => drop(other.request_to_join(*room, "please").unwrap()),
                "guest" => drop(alice.invite(*room, &name).unwrap()),
                _ => drop(alice.ban(*room, &name, None).unwrap()),
            }
            // They stay, so that who is connected is the same for everybody who asks.
            others.push(other);
        }
    }

    fn listings(&self) -> [Listing; 9] {
        let room = Some(self.room);
        [
            ("rooms", None),
            ("own rooms", None),
            ("members", room),
            ("requests", room),
            ("invites", room),
            ("invites", None),
            ("bans", room),
            ("notifications", None),
            ("former rooms", None),
        ]
    }
}

#[test]
fn pages_are_the_same_after_a_sign_up_after_a_login_and_on_an_old_connection() {
    let mut scene = Scene::new();
    let mut by_device = scene.daemon.tls_client();
    by_device.login_device("alice", &scene.key).unwrap();
    let mut by_password = scene.daemon.client();
    by_password.login("alice", PASSWORD, None).unwrap();
    by_password.subscribe();
    for listing in scene.listings() {
        for limit in LENGTHS {
            let told = pages(&mut scene.connected, listing, limit);
            let count: usize = told.iter().map(|(page, _)| page.len()).sum();
            assert!(count >= MANY, "{listing:?} has {count}");
            for (how, client) in [
                ("signed up", &mut scene.signed_up),
                ("by device", &mut by_device),
                ("by password", &mut by_password),
            ] {
                assert_eq!(pages(client, listing, limit), told, "{listing:?} by {limit}, {how}");
            }
        }
    }
}

#[test]
fn somebody_new_has_the_same_pages_of_rooms_as_somebody_who_came_back() {
    let scene = Scene::new();
    let key = DeviceKey::new();
    let mut new = scene.daemon.client();
    new.sign_up_with("newcomer", PASSWORD, Some(key.offer("desk"))).unwrap();
    let mut back = scene.daemon.tls_client();
    back.login_device("newcomer", &key).unwrap();
    for limit in LENGTHS {
        let told = pages(&mut new, ("rooms", None), limit);
        assert_eq!(pages(&mut back, ("rooms", None), limit), told, "by {limit}");
        let count: usize = told.iter().map(|(page, _)| page.len()).sum();
        assert!(count > 2 * MANY, "{count} rooms");
    }
}

#[test]
fn nothing_is_missed_or_told_twice_while_others_come_between_the_pages() {
    let mut scene = Scene::new();
    let mut number = MANY;
    for listing in scene.listings() {
        let keys = |things: Vec<Thing>| things.into_iter().map(|(key, _)| key);
        let (before, _) = page(&mut scene.connected, listing, None, 0);
        let (mut told, mut after, mut turn) = (vec![], None, 0);
        loop {
            // Each page is asked for on another connection: a cursor is good on all of them.
            let client = match turn % 2 {
                0 => &mut scene.signed_up,
                _ => &mut scene.connected,
            };
            let (things, next) = page(client, listing, after, 3);
            told.extend(keys(things));
            after = next;
            if after.is_none() {
                break;
            }
            turn += 1;
            // Not for ever: where new things come last the pages would never end.
            if turn <= 2 {
                scene.add_some(number);
                number += 1;
            }
        }
        let once: BTreeSet<&String> = told.iter().collect();
        assert_eq!(once.len(), told.len(), "{listing:?} tells something twice: {told:#?}");
        for thing in keys(before) {
            assert!(once.contains(&thing), "{listing:?} misses {thing} of {told:#?}");
        }
    }
}
