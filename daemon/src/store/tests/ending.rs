//! A large room that was ended, and a restart before all are out of it.

use super::Scene;
use crate::rooms::{Actor, Command, Retention};

const KEEP: Retention = Retention {
    associations_ms: i64::MAX,
    notifications_ms: i64::MAX,
    terminated_ms: i64::MAX,
    devices_ms: i64::MAX,
    messages_ms: None,
};

#[test]
fn whoever_is_left_in_a_room_that_has_ended_is_taken_out_after_a_restart() {
    let mut scene = Scene::new();
    let owner = scene.user("owner");
    let room = scene.room(owner, "ops");
    for number in 0..120 {
        let user = scene.user(&format!("user{number}"));
        scene.joins(user, room);
    }
    scene.says(owner, room, "hello");
    let ended = scene.decide(Actor::Console, &Command::TerminateRoom { room }).unwrap();
    scene.commit(ended);
    let mut left = vec![];
    loop {
        scene = scene.reopen();
        assert_eq!(scene.store.writer.load(scene.now).unwrap(), scene.world);
        left.push(scene.world.room(room).unwrap().members().len());
        let due = scene.world.due(scene.now, &KEEP, 50);
        if due.is_empty() {
            break;
        }
        for command in due {
            let events = scene.decide(Actor::Clock, &command).unwrap();
            scene.commit(events);
        }
    }
    assert_eq!(left, [121, 71, 21, 0]);
}
