//! What is true of rooms at all times.

use std::collections::{BTreeMap, BTreeSet};

use parlor_protocol::entry::RequestEnd;
use parlor_protocol::id::{Revision, Seq};
use parlor_protocol::room::Role;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::super::walk::Walk;
use super::{on_walks, walked};
use crate::rooms::{Happening, RoomEvent, RoomState, Stream};

/// One owner in each live room, nobody in a terminated one, and titles that differ.
pub(super) fn all_is_well(walk: &Walk) -> TestCaseResult {
    let mut keys = BTreeSet::new();
    for &id in &walk.rooms {
        let room = walk.world.room(id).unwrap();
        let owners = room.members().filter(|(_, of)| of.role == Role::Owner).count();
        match room.state {
            RoomState::Live => {
                prop_assert_eq!(owners, 1);
                let key = room.title.key();
                prop_assert_eq!(walk.world.room_by_title_key(&key), Some(id));
                prop_assert!(keys.insert(key));
            }
            RoomState::Terminated => prop_assert_eq!(room.members().len(), 0),
        }
        for (user, _) in room.members() {
            prop_assert!(walk.world.rooms_of(user).any(|of| of == id));
            prop_assert!(!room.associations.contains_key(&user));
        }
    }
    Ok(())
}

#[test]
fn every_live_room_has_one_owner_and_a_title_of_its_own_and_a_terminated_one_nobody() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        for step in steps {
            walk.take(step);
            all_is_well(&walk)?;
        }
        Ok(())
    });
}

#[test]
fn revisions_and_seqs_have_no_gaps_and_nothing_happens_in_a_terminated_room_but_forgetting() {
    on_walks(|steps| {
        let mut heads = Vec::<(Stream, Revision)>::new();
        let mut seqs = BTreeMap::new();
        let mut ended = BTreeSet::new();
        for event in walked(steps).events {
            let stream = event.what.stream();
            let at = heads.iter().position(|(known, _)| *known == stream).unwrap_or_else(|| {
                heads.push((stream, Revision(0)));
                heads.len() - 1
            });
            let head = &mut heads[at].1;
            prop_assert_eq!(event.revision, head.next());
            *head = event.revision;
            let Happening::Room(room, what) = event.what else { continue };
            if let RoomEvent::Messaged { seq, .. } = what {
                let last = seqs.entry(room).or_insert(Seq(0));
                prop_assert_eq!(seq, last.next());
                *last = seq;
            }
            if ended.contains(&room) {
                let passes = matches!(
                    what,
                    RoomEvent::Forgotten { .. }
                        | RoomEvent::InviteEnded { by: None, .. }
                        | RoomEvent::Unbanned { by: None, .. }
                        | RoomEvent::RequestEnded { how: RequestEnd::Withdrawn, by: None, .. }
                );
                prop_assert!(passes, "{:?} in a terminated room", what);
            } else if what == RoomEvent::Terminated {
                ended.insert(room);
            }
        }
        Ok(())
    });
}
