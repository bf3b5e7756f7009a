//! What is gathered, what is told, and what costs nothing.

use parlor_protocol::id::Revision;
use parlor_protocol::name::UserName;
use parlor_protocol::room::{Entry, Visibility};

use super::*;
use crate::rooms::{DirectoryEvent, Standing, Status};

const NOW: Timestamp = Timestamp(1_795_376_832_000);

fn user(number: u64) -> UserId {
    UserId(number)
}

fn room() -> RoomId {
    RoomId::from_random(1)
}

fn conn(serial: u64) -> ConnId {
    ConnId { shard: 0, slot: 0, serial }
}

/// A room of so many members.
fn world(members: u64) -> World {
    let mut world = World::default();
    let mut apply = |revision, what| {
        world.apply(&Event { revision: Revision(revision), at: NOW, what });
    };
    for number in 1..=members {
        let name: UserName = format!("user{number}").parse().unwrap();
        let (standing, status) = (Standing::Ordinary, Status::Active);
        let added = DirectoryEvent::UserAdded { user: user(number), name, standing, status };
        apply(number, Happening::Directory(added));
    }
    for number in 1..=members {
        let what = match number {
            1 => RoomEvent::Created {
                title: "ops".parse().unwrap(),
                owner: user(1),
                visibility: Visibility::Public,
                entry: Entry::Open,
            },
            _ => RoomEvent::Joined { user: user(number) },
        };
        apply(number, Happening::Room(room(), what));
    }
    world
}

/// What is told at a moment: who has changed, and from what, as far as the watchers know.
fn told(watching: &mut Watching, at: i64) -> Vec<(u64, Option<bool>)> {
    let tidings = watching.take_due(Timestamp(NOW.0 + at));
    let changed = tidings.into_iter().flat_map(|it| it.changed);
    changed.map(|(user, before)| (user.0, before)).collect()
}

#[test]
fn a_rooms_changes_are_gathered_for_a_second_after_the_last_were_told() {
    let (world, mut watching) = (world(3), Watching::default());
    watching.watch(conn(1), user(1), room());
    watching.came_or_went(&world, user(2), false);
    assert_eq!(told(&mut watching, 0), [(2, Some(false))], "the first at once");
    watching.came_or_went(&world, user(2), true);
    watching.came_or_went(&world, user(3), false);
    watching.came_or_went(&world, user(2), false);
    assert!(!watching.is_due(Timestamp(NOW.0 + 999)));
    // User 2 is back: before as after, which is no change in the end.
    assert_eq!(told(&mut watching, 1_000), [(2, Some(true)), (3, Some(false))]);
}

#[test]
fn whoever_is_shown_the_list_meanwhile_is_told_in_any_case() {
    let (world, mut watching) = (world(2), Watching::default());
    watching.watch(conn(1), user(1), room());
    watching.came_or_went(&world, user(2), false);
    told(&mut watching, 0);
    watching.came_or_went(&world, user(2), true);
    watching.shown(room());
    watching.came_or_went(&world, user(2), false);
    assert_eq!(told(&mut watching, 1_000), [(2, None)]);
}

#[test]
fn what_nobody_watches_is_not_kept() {
    let (world, mut watching) = (world(3), Watching::default());
    let is_empty = |it: &Watching| it.watched.is_empty() && it.watching.is_empty();
    watching.came_or_went(&world, user(2), false);
    assert!(watching.due.is_empty());
    watching.watch(conn(1), user(1), room());
    watching.came_or_went(&world, user(3), false);
    assert!(watching.is_due(NOW));
    watching.unwatch(1);
    assert!(watching.due.is_empty() && is_empty(&watching));
    watching.watch(conn(1), user(1), room());
    watching.depart(room(), user(1));
    assert!(is_empty(&watching));
}

#[test]
fn nobody_looks_in_a_room_of_more_than_two_hundred() {
    for (members, expected) in [(200, 1), (201, 0)] {
        let (world, mut watching) = (world(members), Watching::default());
        watching.watch(conn(1), user(1), room());
        watching.came_or_went(&world, user(2), false);
        assert_eq!(told(&mut watching, 0).len(), expected, "{members}");
    }
}

#[test]
fn a_clock_that_was_set_back_holds_nothing_up() {
    let (world, mut watching) = (world(3), Watching::default());
    watching.watch(conn(1), user(1), room());
    watching.came_or_went(&world, user(2), false);
    told(&mut watching, 0);
    watching.came_or_went(&world, user(3), false);
    assert_eq!(told(&mut watching, -3_600_000), [(3, Some(false))]);
}
