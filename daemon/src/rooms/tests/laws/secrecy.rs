//! Who learns of what: private rooms, those who are out, and one's own acts.

use std::collections::{BTreeMap, BTreeSet};

use parlor_protocol::id::RoomId;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::room::{Role, Visibility};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::super::permissions::{Asker, rows};
use super::super::walk::Walk;
use super::storage::restored;
use super::{on_walks, walked};
use crate::rooms::{
    Actor, Audience, Command, Effect, Happening, RoomEvent, UserEvent, UserId, World, audience,
    membership_effect,
};

#[test]
fn whoever_knows_nothing_of_a_private_room_lives_in_a_world_without_it() {
    on_walks(|steps| {
        let mut walk = Walk::new();
        for part in steps.chunks(steps.len().div_ceil(3)) {
            for step in part {
                walk.take(step);
            }
            let rooms = walk.rooms.iter().filter(|&&room| is_private(&walk, room));
            // The latest are the likeliest to be alive.
            for &room in rooms.rev().take(2) {
                let without = restored(&walk, Some(room));
                for user in outsiders(&walk, room) {
                    alike(&walk, &without, user, room)?;
                }
            }
        }
        Ok(())
    });
}

fn is_private(walk: &Walk, room: RoomId) -> bool {
    walk.world.room(room).unwrap().visibility == Visibility::Private
}

/// Users to whom nothing ever happened in the room, but that they may have been banned in silence.
fn outsiders(walk: &Walk, room: RoomId) -> Vec<UserId> {
    let mut insiders = BTreeSet::new();
    for event in &walk.events {
        match &event.what {
            Happening::Room(of, RoomEvent::Created { owner: user, .. })
            | Happening::Room(of, RoomEvent::Joined { user } | RoomEvent::Invited { user, .. })
                if *of == room =>
            {
                insiders.insert(*user);
            }
            _ => {}
        }
    }
    walk.world.users().map(|(user, _)| user).filter(|user| !insiders.contains(user)).collect()
}

/// All commands there are come to the same in both worlds.
fn alike(walk: &Walk, without: &World, user: UserId, room: RoomId) -> TestCaseResult {
    let asker = Asker { what: "outsider", actor: Actor::User(user), room };
    let elsewhere = RoomId::from_random(u64::MAX);
    let move_out = Command::JoinRoom { room: elsewhere, leave: Some(room) };
    let commands = rows().into_iter().map(|(_, command, _)| command(&asker));
    for command in commands.chain([move_out]) {
        let answer = |world: &World| world.decide(&asker.actor, &command, walk.now, &mut || 999);
        prop_assert_eq!(answer(&walk.world), answer(without), "{:?} asks {:?}", user, command);
    }
    Ok(())
}

#[test]
fn nothing_of_a_room_is_for_whoever_is_out_of_it_and_its_door_is_the_admins_alone() {
    on_walks(|steps| {
        let mut world = World::default();
        // Who hears each room, by nothing but what the effects of its events say.
        let mut hear = BTreeMap::<RoomId, BTreeMap<UserId, Role>>::new();
        for event in walked(steps).events {
            world.apply(&event);
            let Happening::Room(room, what) = &event.what else { continue };
            let hear = hear.entry(*room).or_default();
            let mut exits = None;
            match membership_effect(what) {
                Some(Effect::Enter(user, role)) => {
                    prop_assert_eq!(hear.insert(user, role), None);
                }
                Some(Effect::Rank(user, role)) => {
                    prop_assert!(hear.insert(user, role).is_some());
                }
                Some(Effect::Exit { user, .. }) => {
                    prop_assert!(hear.remove(&user).is_some());
                    exits = Some(user);
                }
                None => {}
            }
            let members = world.room(*room).unwrap().members();
            let members: BTreeMap<_, _> = members.map(|(user, of)| (user, of.role)).collect();
            prop_assert_eq!(&*hear, &members);
            let heard_by: Vec<UserId> = match audience(what) {
                Audience::Members => members.keys().copied().collect(),
                Audience::Admins => {
                    let admins = members.iter().filter(|(_, role)| **role != Role::Member);
                    admins.map(|(&user, _)| user).collect()
                }
                Audience::Nobody => Vec::new(),
            };
            prop_assert!(exits.is_none_or(|user| !heard_by.contains(&user)));
            if let Some(user) = at_the_door(what) {
                prop_assert!(!heard_by.contains(&user), "{:?} is told {:?}", user, what);
                let plain = members.iter().filter(|(_, role)| **role == Role::Member);
                prop_assert!(plain.into_iter().all(|(user, _)| !heard_by.contains(user)));
            }
        }
        Ok(())
    });
}

/// Somebody who is no member, and to whom something happens.
fn at_the_door(event: &RoomEvent) -> Option<UserId> {
    match event {
        RoomEvent::Requested { user, .. }
        | RoomEvent::RequestEnded { user, .. }
        | RoomEvent::Invited { user, .. }
        | RoomEvent::InviteEnded { user, .. }
        | RoomEvent::Banned { user, .. }
        | RoomEvent::Unbanned { user, .. }
        | RoomEvent::Forgotten { user } => Some(*user),
        RoomEvent::Created { .. }
        | RoomEvent::Messaged { .. }
        | RoomEvent::Joined { .. }
        | RoomEvent::Departed { .. }
        | RoomEvent::RoleChanged { .. }
        | RoomEvent::Terminated
        | RoomEvent::TopicChanged { .. }
        | RoomEvent::Renamed { .. }
        | RoomEvent::SlowModeChanged { .. } => None,
    }
}

#[test]
fn nobody_is_notified_of_their_own_acts_nor_of_the_wishes_of_whom_they_block() {
    use NotificationKind::{Added, Invited, JoinRequested, Mentioned};
    on_walks(|steps| {
        let mut walk = Walk::new();
        for step in steps {
            let taken = walk.take(step);
            for event in walk.caused_by(&taken) {
                let Happening::User(user, UserEvent::Notified { notice, .. }) = &event.what else {
                    continue;
                };
                // A ban that time has ended is noticed by whoever comes first: perhaps the banned.
                let by_time = notice.kind == NotificationKind::Unbanned && notice.by.is_none();
                prop_assert!(by_time || taken.actor != Actor::User(*user), "{:?}", notice);
                prop_assert_ne!(notice.by, Some(*user));
                let known = walk.world.user(*user).unwrap();
                prop_assert!(known.is_there());
                if matches!(notice.kind, Invited | Added | JoinRequested | Mentioned) {
                    prop_assert!(!notice.by.is_some_and(|by| known.blocked.contains(&by)));
                }
            }
        }
        Ok(())
    });
}
