//! Laws that hold on every random walk. `PARLOR_LAW_STEPS` sets how many steps each law is tried
//! on, `PARLOR_LAW_SEED` repeats a run.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use parlor_protocol::id::{Revision, Seq};
use parlor_protocol::room::{Departure, Role};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner};

use super::model::{Model, Told};
use super::scene::sign_up;
use super::view::View;
use super::walk::{Step, Taken, Walk, steps};
use crate::rooms::{
    Actor, Command, DirectoryEvent, Happening, NonceKey, Posted, Room, RoomEvent, RoomState,
    Stream, UserEvent, World,
};

const STEPS_DEFAULT: usize = 20_000;
const STEPS_PER_WALK: usize = 200;

/// Tries a law on random walks.
fn on_walks(law: impl Fn(&[Step]) -> TestCaseResult) {
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse::<u64>().unwrap());
    let steps_max = number("PARLOR_LAW_STEPS").map_or(STEPS_DEFAULT, |steps| steps as usize);
    let seed = number("PARLOR_LAW_SEED").unwrap_or_else(|| RandomState::new().hash_one("seed"));
    println!("PARLOR_LAW_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: steps_max.div_ceil(STEPS_PER_WALK) as u32,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let run = TestRunner::new_with_rng(config, rng).run(&steps(STEPS_PER_WALK), |walk| law(&walk));
    if let Err(fault) = run {
        panic!("PARLOR_LAW_SEED={seed}: {fault}");
    }
}

fn walked(steps: &[Step]) -> Walk {
    let mut walk = Walk::new();
    for step in steps {
        walk.take(step);
    }
    walk
}

#[test]
fn walks_come_by_everything_that_the_laws_speak_of() {
    let seen = RefCell::new(BTreeMap::<&str, u32>::new());
    on_walks(|steps| {
        let mut walk = Walk::new();
        for step in steps {
            let word = match walk.take(step) {
                Taken { told: Err(code), .. } => code.word(),
                Taken { told: Ok(Told::Repeated { .. }), .. } => "repeated",
                Taken { told: Ok(Told::SameDevice(_)), .. } => "same device",
                Taken { command: Command::JoinRoom { leave: Some(_), .. }, .. } => "moved",
                Taken { told: Ok(Told::Done | Told::Sent { .. }), .. } => "done",
            };
            *seen.borrow_mut().entry(word).or_default() += 1;
        }
        for event in &walk.events {
            let word = match &event.what {
                Happening::Room(_, RoomEvent::RoleChanged { role: Role::Owner, .. }) => "succeeded",
                Happening::Room(_, RoomEvent::RoleChanged { role: Role::Admin, .. }) => "appointed",
                Happening::Room(_, RoomEvent::RoleChanged { role: Role::Member, .. }) => {
                    "dismissed"
                }
                Happening::Room(_, RoomEvent::TopicChanged { .. }) => "topic",
                Happening::Room(_, RoomEvent::Renamed { .. }) => "renamed",
                Happening::Room(_, RoomEvent::Departed { how: Departure::Terminated, .. }) => "out",
                Happening::Room(_, RoomEvent::Terminated) => "terminated",
                Happening::User(_, UserEvent::DeviceRevoked { .. }) => "revoked",
                _ => continue,
            };
            *seen.borrow_mut().entry(word).or_default() += 1;
        }
        Ok(())
    });
    let seen = seen.into_inner();
    for word in [
        "done",
        "repeated",
        "same device",
        "moved",
        "appointed",
        "dismissed",
        "topic",
        "renamed",
        "succeeded",
        "out",
        "terminated",
        "revoked",
        "sign-up-closed",
        "name-taken",
        "title-taken",
        "no-such-room",
        "room-terminated",
        "not-a-member",
        "already-a-member",
        "stale-nonce",
        "no-such-device",
        "no-such-user",
        "not-permitted",
        "login-required",
    ] {
        assert!(seen.get(word).is_some_and(|&times| times >= 3), "{word}: {seen:?}");
    }
}

#[test]
fn the_rules_agree_with_the_naive_model() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        let mut model = Model::default();
        for event in &walk.events {
            if let Happening::Directory(DirectoryEvent::UserAdded { name, .. }) = &event.what {
                let command = sign_up(name.as_str());
                model.run(Actor::Stranger, &command, walk.now, None).unwrap();
            }
        }
        for step in steps {
            let Taken { actor, command, made, told } = walk.take(step);
            let expected = model.run(actor, &command, walk.now, made);
            prop_assert_eq!(told, expected, "{:?} asks {:?}", actor, command);
            prop_assert_eq!(View::of(&walk.world), model.view());
        }
        Ok(())
    });
}

#[test]
fn every_live_room_has_one_owner_and_a_terminated_one_nobody_and_no_further_change() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        let mut ended = BTreeMap::<_, Room>::new();
        for step in steps {
            walk.take(step);
            for &id in &walk.rooms {
                let room = walk.world.room(id).unwrap();
                let owners = room.members().filter(|(_, of)| of.role == Role::Owner).count();
                match room.state {
                    RoomState::Live => prop_assert_eq!(owners, 1),
                    RoomState::Terminated => {
                        prop_assert_eq!(room.members().len(), 0);
                        prop_assert_eq!(ended.entry(id).or_insert_with(|| room.clone()), room);
                    }
                }
                for (user, _) in room.members() {
                    prop_assert!(walk.world.rooms_of(user).any(|of| of == id));
                    prop_assert!(!room.former.contains(&user));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn the_titles_of_live_rooms_have_different_keys() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        for step in steps {
            walk.take(step);
            let mut keys = BTreeSet::new();
            for &id in &walk.rooms {
                let room = walk.world.room(id).unwrap();
                if room.state == RoomState::Live {
                    let key = room.title.key();
                    prop_assert_eq!(walk.world.room_by_title_key(&key), Some(id));
                    prop_assert!(keys.insert(key));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn revisions_and_seqs_have_no_gaps() {
    on_walks(|steps| {
        let mut heads = Vec::<(Stream, Revision)>::new();
        let mut seqs = BTreeMap::new();
        for event in walked(steps).events {
            let stream = event.what.stream();
            let at = heads.iter().position(|(known, _)| *known == stream).unwrap_or_else(|| {
                heads.push((stream, Revision(0)));
                heads.len() - 1
            });
            let head = &mut heads[at].1;
            prop_assert_eq!(event.revision, head.next());
            *head = event.revision;
            if let Happening::Room(room, RoomEvent::Messaged { seq, .. }) = event.what {
                let last = seqs.entry(room).or_insert(Seq(0));
                prop_assert_eq!(seq, last.next());
                *last = seq;
            }
        }
        Ok(())
    });
}

#[test]
fn a_join_that_leaves_does_both_or_neither() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        for step in steps {
            let before = walk.world.clone();
            let Taken { actor, command, told, .. } = walk.take(step);
            if let Err(code) = told {
                prop_assert_eq!(&walk.world, &before, "refused with {}", code);
                continue;
            }
            if let Command::JoinRoom { room, leave: Some(left) } = command
                && let Actor::User(user) = actor
            {
                prop_assert!(
                    before.role(left, user).is_some() && before.role(room, user).is_none()
                );
                prop_assert!(walk.world.role(left, user).is_none());
                prop_assert_eq!(walk.world.role(room, user), Some(Role::Member));
            }
        }
        Ok(())
    });
}

#[test]
fn any_split_into_batches_comes_to_the_same() {
    on_walks(|steps| {
        let run = |batch: usize| {
            let mut walk = Walk::new();
            let mut told = Vec::new();
            for (number, step) in steps.iter().enumerate() {
                let Taken { told: answer, .. } = walk.take(step);
                told.push(answer);
                if number % batch == 0 {
                    walk.end_batch();
                }
            }
            (told, walk.events, View::of(&walk.world))
        };
        let whole = run(usize::MAX);
        for batch in [1, 2, 3, 7, 64] {
            prop_assert_eq!(&run(batch), &whole);
        }
        Ok(())
    });
}

#[test]
fn folding_the_events_and_restoring_from_rows_both_equal_the_world() {
    on_walks(|steps| {
        let walk = walked(steps);
        let mut folded = World::default();
        walk.events.iter().for_each(|event| folded.apply(event));
        prop_assert_eq!(&folded, &walk.world);
        prop_assert_eq!(&restored(&walk), &walk.world);
        Ok(())
    });
}

/// A world made as a store makes it: from what is now, not from what happened.
fn restored(walk: &Walk) -> World {
    let mut world = World::default();
    world.restore_directory(walk.world.directory_revision());
    for (id, user) in walk.world.users() {
        let (name, standing) = (user.name.clone(), user.standing);
        world.restore_user(id, name, standing, user.revision, user.last_device);
        for (device, key) in user.devices() {
            world.restore_device(id, device, *key);
        }
    }
    for &id in &walk.rooms {
        let room = walk.world.room(id).unwrap();
        world.restore_room(
            id,
            room.title.clone(),
            room.topic.clone(),
            room.state,
            room.revision,
            room.last_seq,
        );
        for (user, membership) in room.members() {
            world.restore_member(id, user, *membership);
        }
        for &user in &room.former {
            world.restore_former(id, user);
        }
    }
    for event in &walk.events {
        if let Happening::Room(room, RoomEvent::Messaged { seq, author, nonce, .. }) = event.what {
            let key = NonceKey { nonce, room, author };
            let posted = Posted { seq, revision: event.revision, at: event.at };
            world.restore_nonce(key, posted);
        }
    }
    world
}
