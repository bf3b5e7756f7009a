//! The stories of devices that nobody uses.

use parlor_protocol::id::DeviceId;

use super::super::scene::{DAY, Scene, device};
use super::super::walk::KEEP;
use crate::rooms::{Actor, Command, Decision, Retention};

const KEEP_90: Retention = Retention { devices_ms: 90 * DAY, ..KEEP };

#[test]
fn a_device_goes_90_days_after_its_last_use_and_no_sooner() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let me = Actor::User(ann);
    for key in 1..=3 {
        scene.act(me, &Command::AddDevice { device: device(key) }).unwrap();
    }
    scene.now.0 += 60 * DAY;
    scene.world.use_device(ann, DeviceId(2), scene.now);
    scene.now.0 += 30 * DAY - 1;
    assert_eq!(scene.world.due(scene.now, &KEEP_90, 9), []);
    scene.now.0 += 1;
    let due = scene.world.due(scene.now, &KEEP_90, 9);
    let before = parlor_protocol::id::Timestamp(scene.now.0 - 90 * DAY);
    let expire = |id| Command::ExpireDevice { user: ann, id: DeviceId(id), before };
    assert_eq!(due, [expire(1), expire(3)]);
    // What is due does not count, before anybody has seen to it.
    assert!([1, 3].iter().all(|&id| !scene.world.has_device(ann, DeviceId(id), before)));
    assert!(scene.world.has_device(ann, DeviceId(2), before));
    // Used after it was due and before its turn came, it stays.
    scene.world.use_device(ann, DeviceId(3), scene.now);
    for command in due {
        scene.act(Actor::Clock, &command).unwrap();
    }
    let left = scene.world.user(ann).unwrap().devices().map(|(id, _)| id.0);
    assert_eq!(left.collect::<Vec<_>>(), [2, 3]);
    assert_eq!(scene.world.due(scene.now, &KEEP_90, 9), []);
    // The key is as good as a new one.
    let again = scene.ask(me, &Command::AddDevice { device: device(1) });
    assert!(matches!(again, Ok(Decision::Events(events)) if events.len() == 1));
}

#[test]
fn nothing_is_due_for_devices_that_were_revoked() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    scene.act(Actor::User(ann), &Command::AddDevice { device: device(1) }).unwrap();
    scene.act(Actor::User(ann), &Command::RevokeDevice { id: DeviceId(1) }).unwrap();
    scene.world.use_device(ann, DeviceId(1), scene.now);
    let ben = scene.sign_up("ben");
    scene.act(Actor::User(ben), &Command::AddDevice { device: device(2) }).unwrap();
    scene.act(Actor::Console, &Command::RemoveUser { user: "ben".parse().unwrap() }).unwrap();
    scene.now.0 += 100 * DAY;
    assert_eq!(scene.world.due(scene.now, &KEEP_90, 9), []);
}
