//! What is stored is what there is: histories, rows and batches all come to the same world.

use parlor_protocol::id::RoomId;
use proptest::prelude::*;

use super::super::walk::{Taken, Walk};
use super::{on_walks, walked};
use crate::rooms::{Happening, NonceKey, Posted, RoomEvent, StoredRoom, StoredUser, UserId, World};

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
            (told, walk.events)
        };
        let whole = run(usize::MAX);
        for batch in [1, 7, 64] {
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
        for event in &walk.events {
            folded.apply(event);
        }
        // How far somebody has read is no event.
        for (&id, room) in &walk.world.rooms {
            for (user, _) in room.members() {
                folded.read(id, user, room.reading(user).unwrap().read);
            }
        }
        prop_assert_eq!(&folded, &walk.world);
        prop_assert_eq!(&restored(&walk, None), &walk.world);
        Ok(())
    });
}

/// A world made as a store makes it: from what is now, not from what happened. One room may be left
/// out, as if it had never been.
pub(super) fn restored(walk: &Walk, without: Option<RoomId>) -> World {
    let known = &walk.world;
    let mut world = World::default();
    world.restore_directory(known.directory_revision(), known.last_user, known.sign_up_mode());
    for (code, terms) in known.codes() {
        world.restore_code(code, *terms);
    }
    for (id, _) in known.users() {
        restore_user(&mut world, walk, id);
    }
    for &id in walk.rooms.iter().filter(|&&id| Some(id) != without) {
        restore_room(&mut world, walk, id);
    }
    for event in &walk.events {
        let Happening::Room(room, what) = &event.what else { continue };
        let RoomEvent::Messaged { seq, author, nonce, mentions, .. } = what else { continue };
        if Some(*room) == without {
            continue;
        }
        for &user in mentions {
            let reading = known.room(*room).and_then(|room| room.reading(user));
            if reading.is_some_and(|reading| *seq > reading.read) {
                world.restore_mention(*room, user, *seq);
            }
        }
        let key = NonceKey { nonce: *nonce, room: *room, author: *author };
        world.restore_nonce(key, Posted { seq: *seq, revision: event.revision, at: event.at });
    }
    world
}

fn restore_user(world: &mut World, walk: &Walk, id: UserId) {
    let user = walk.world.user(id).unwrap();
    let stored = StoredUser {
        name: user.name.clone(),
        display_name: user.display_name.clone(),
        standing: user.standing,
        status: user.status,
        status_at: user.status_at,
        revision: user.revision,
        last_device: user.last_device,
        last_notification: user.last_notification,
    };
    world.restore_user(id, stored);
    for (number, device) in user.devices() {
        world.restore_device(id, number, *device);
    }
    for &whom in &user.blocked {
        world.restore_block(id, whom);
    }
    for (&number, &noted) in &user.notifications {
        world.restore_notification(id, number, noted);
    }
}

fn restore_room(world: &mut World, walk: &Walk, id: RoomId) {
    let room = walk.world.room(id).unwrap();
    let stored = StoredRoom {
        title: room.title.clone(),
        topic: room.topic.clone(),
        state: room.state,
        visibility: room.visibility,
        entry: room.entry,
        slow_secs: room.slow_secs,
        revision: room.revision,
        last_seq: room.last_seq,
        dropped: room.dropped,
    };
    world.restore_room(id, stored);
    for (user, membership) in room.members() {
        let read = room.reading(user).unwrap().read;
        world.restore_member(id, user, *membership, read);
    }
    for (&user, association) in &room.associations {
        world.restore_association(id, user, association.clone());
    }
}
