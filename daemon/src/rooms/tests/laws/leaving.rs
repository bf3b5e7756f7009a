//! What becomes of a room that somebody leaves, and of a move from one room to another.

use std::collections::BTreeSet;

use parlor_protocol::id::RoomId;
use parlor_protocol::room::{Departure, Role};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::super::walk::{Taken, Walk};
use super::on_walks;
use crate::rooms::{Actor, Command, Happening, RoomEvent, RoomState, Status, UserId, World};

#[test]
fn a_refusal_changes_nothing_and_a_join_that_leaves_does_both_or_neither() {
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
fn a_room_that_somebody_leaves_ends_or_has_the_owner_whose_turn_it_is() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        for step in steps {
            let before = walk.world.clone();
            let taken = walk.take(step);
            let mut gone = Vec::new();
            for event in walk.caused_by(&taken) {
                if let Happening::Room(room, RoomEvent::Departed { user, how, .. }) = event.what
                    && how != Departure::Terminated
                {
                    gone.push((room, user));
                }
            }
            for (room, user) in gone {
                sequel(&before, &walk.world, room, user)?;
            }
        }
        Ok(())
    });
}

/// The four cases, by how many are left: removed users are as good as gone, but for an owner whom
/// the clock has not taken out yet.
fn sequel(before: &World, after: &World, room: RoomId, gone: UserId) -> TestCaseResult {
    let role = before.role(room, gone);
    let is_left = |user: UserId, role: Role| {
        let removed = before.user(user).unwrap().status == Status::Removed;
        user != gone && (role == Role::Owner || !removed)
    };
    let mut left: Vec<_> =
        before.room(room).unwrap().members().filter(|(user, of)| is_left(*user, of.role)).collect();
    left.sort_by_key(|(_, of)| of.joined);
    let is_owner = |user| after.role(room, user) == Some(Role::Owner);
    let lives = after.room(room).unwrap().state == RoomState::Live;
    match left[..] {
        [] => prop_assert!(!lives),
        [(user, of)] if of.role == Role::Member => {
            prop_assert!(!lives && after.membership(room, user).is_none());
        }
        [(user, _)] => prop_assert!(lives && is_owner(user)),
        _ if role != Some(Role::Owner) => {
            let owner = left.iter().find(|(_, of)| of.role == Role::Owner).unwrap().0;
            prop_assert!(lives && is_owner(owner));
        }
        _ => {
            let active = |user| before.user(user).unwrap().status == Status::Active;
            let all_idle = !left.iter().any(|&(user, _)| active(user));
            let may = left.iter().filter(|&&(user, _)| all_idle || active(user));
            let may: Vec<_> = may.collect();
            let heir = may.iter().find(|(_, of)| of.role == Role::Admin).unwrap_or(&may[0]);
            prop_assert!(lives && is_owner(heir.0));
        }
    }
    Ok(())
}

#[test]
fn a_banned_user_does_not_become_a_member_and_a_kicked_one_not_unasked() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        // Who was kicked and let in by nobody since.
        let mut kicked = BTreeSet::new();
        for step in steps {
            let taken = walk.take(step);
            for event in walk.caused_by(&taken) {
                let Happening::Room(room, what) = &event.what else { continue };
                match what {
                    RoomEvent::Departed { user, how: Departure::Kicked, .. } => {
                        kicked.insert((*room, *user));
                    }
                    RoomEvent::Invited { user, .. } | RoomEvent::Forgotten { user } => {
                        kicked.remove(&(*room, *user));
                    }
                    RoomEvent::Joined { user } => {
                        let alone = taken.actor == Actor::User(*user);
                        prop_assert!(!(alone && kicked.remove(&(*room, *user))));
                        kicked.remove(&(*room, *user));
                    }
                    _ => {}
                }
            }
            for &id in &walk.rooms {
                let room = walk.world.room(id).unwrap();
                for user in room.associations.keys() {
                    prop_assert!(room.membership(*user).is_none());
                }
            }
        }
        // The whole history again, to see that no ban was passed over.
        let mut bans = BTreeSet::new();
        for event in &walk.events {
            let Happening::Room(room, what) = &event.what else { continue };
            match what {
                RoomEvent::Banned { user, .. } => drop(bans.insert((*room, *user))),
                RoomEvent::Unbanned { user, .. } => drop(bans.remove(&(*room, *user))),
                RoomEvent::Joined { user }
                | RoomEvent::Invited { user, .. }
                | RoomEvent::Requested { user, .. } => {
                    prop_assert!(!bans.contains(&(*room, *user)));
                }
                _ => {}
            }
        }
        Ok(())
    });
}
