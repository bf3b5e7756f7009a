//! The stories of a large room that an operator ends: it is over for all at once, and nobody waits
//! until all are out.

use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Departure;

use super::super::scene::{MINUTE, Scene, room_events};
use crate::rooms::{Actor, Command, Retention, RoomEvent, RoomState, UserId};

const KEEP: Retention = Retention {
    associations_ms: i64::MAX,
    notifications_ms: i64::MAX,
    terminated_ms: i64::MAX,
    devices_ms: i64::MAX,
    messages_ms: None,
};

fn crowd(scene: &mut Scene) -> Vec<UserId> {
    (0..250).map(|number| scene.sign_up(&format!("user{number:03}"))).collect()
}

#[test]
fn a_large_room_is_over_for_all_before_all_are_out() {
    let mut scene = Scene::new();
    let crowd = crowd(&mut scene);
    let room = scene.create(crowd[0], "ops").unwrap();
    for &user in &crowd[1..] {
        scene.join(user, room).unwrap();
    }
    let ended = scene.act(Actor::Console, &Command::TerminateRoom { room }).map(room_events);
    assert_eq!(ended, Ok(vec![RoomEvent::Terminated]));
    assert_eq!(scene.world.room(room).unwrap().state, RoomState::Terminated);
    let end = Command::TerminateRoom { room };
    assert_eq!(scene.act(Actor::Console, &end), Err(Code::RoomTerminated));
    for &user in &crowd {
        assert_eq!(scene.leave(user, room), Err(Code::RoomTerminated));
        assert_eq!(scene.world.live_rooms_of(user).count(), 0);
    }
    let name = scene.name(crowd[1]);
    let heir = Command::Transfer { room, user: name.clone() };
    assert_eq!(scene.act(Actor::Console, &heir), Err(Code::RoomTerminated));
    // The title is free, also for whoever has not been taken out yet.
    scene.create(crowd[9], "ops").unwrap();

    // Whose account goes meanwhile leaves it as it is: there is nothing to inherit.
    scene.act(Actor::Console, &Command::RemoveUser { user: scene.name(crowd[0]) }).unwrap();
    let forsaken = scene.act(Actor::Clock, &Command::Forsake { user: crowd[0] }).map(room_events);
    let out =
        |user| RoomEvent::Departed { user, how: Departure::Terminated, by: None, reason: None };
    assert_eq!(forsaken, Ok(vec![out(crowd[0])]));

    let (mut gone, mut slices) = (vec![crowd[0]], 0);
    loop {
        let due = scene.world.due(scene.now, &KEEP, 64);
        if due.is_empty() {
            break;
        }
        slices += 1;
        assert!(due.len() <= 64);
        for command in due {
            let Command::Expire { user, .. } = command else { panic!("{command:?}") };
            assert_eq!(scene.act(Actor::Clock, &command).map(room_events), Ok(vec![out(user)]));
            gone.push(user);
        }
    }
    gone.sort_unstable();
    assert_eq!((gone, slices), (crowd.clone(), 4));
    assert_eq!(scene.world.room(room).unwrap().members().len(), 0);
    for &user in &crowd[1..] {
        let told = scene.notices(user);
        let ended = told.iter().filter(|it| it.kind == NotificationKind::RoomTerminated);
        assert_eq!(ended.count(), 1);
        assert_eq!(scene.leave(user, room), Err(Code::RoomTerminated));
    }
}

#[test]
fn of_a_large_room_that_lives_nobody_is_taken_out() {
    let mut scene = Scene::new();
    let crowd = crowd(&mut scene);
    let room = scene.create(crowd[0], "ops").unwrap();
    for &user in &crowd[1..] {
        scene.join(user, room).unwrap();
    }
    scene.leave(crowd[0], room).unwrap();
    scene.wait_ms(MINUTE);
    assert_eq!(scene.world.due(scene.now, &KEEP, 64), []);
    let expire = Command::Expire { room, user: crowd[7] };
    assert_eq!(scene.act(Actor::Clock, &expire), Ok(vec![]));
}
