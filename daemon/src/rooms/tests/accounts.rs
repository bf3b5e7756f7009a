//! The stories of accounts: sign-up, devices, passwords.

mod devices;
mod operators;
mod sign_up;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::DeviceId;
use parlor_protocol::refusal::Code;

use super::scene::{Scene, add_user, device, password, sign_up};
use crate::rooms::{Actor, Command, Decision, Event, Happening, UserEvent, UserId};

#[test]
fn sign_up_obeys_the_mode_and_names_are_unique() {
    let mut scene = Scene::new();
    let closed = Command::SignUp {
        name: "ann".parse().unwrap(),
        password: password(),
        device: None,
        mode: SignUpMode::Closed,
        code: None,
    };
    assert_eq!(scene.ask(Actor::Stranger, &closed), Err(Code::SignUpClosed));
    scene.act(Actor::Console, &add_user("ann")).unwrap();
    assert_eq!(scene.ask(Actor::Stranger, &closed), Err(Code::SignUpClosed), "not name-taken");
    assert_eq!(scene.ask(Actor::Stranger, &sign_up("Ann")), Err(Code::NameTaken));
    assert_eq!(scene.ask(Actor::Console, &add_user("ann")), Err(Code::NameTaken));
}

#[test]
fn a_sign_up_registers_its_device_in_the_same_step() {
    let mut scene = Scene::new();
    let with_device = Command::SignUp {
        name: "ann".parse().unwrap(),
        password: password(),
        device: Some(device(1)),
        mode: SignUpMode::Open,
        code: None,
    };
    scene.act(Actor::Stranger, &with_device).unwrap();
    let ann = scene.world.user_by_name(&"ann".parse().unwrap()).unwrap();
    let known = scene.world.user(ann).unwrap();
    assert_eq!(known.device_with(&device(1).public_key), Some(DeviceId(1)));
    assert_eq!(known.revision.0, 2, "the password and the device");
}

#[test]
fn a_device_keeps_its_number_and_a_revoked_number_is_not_given_again() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let me = Actor::User(ann);
    let add = |key| Command::AddDevice { device: device(key) };
    scene.act(me, &add(1)).unwrap();
    scene.act(me, &add(2)).unwrap();
    assert_eq!(scene.ask(me, &add(1)), Ok(Decision::SameDevice(DeviceId(1))));
    scene.act(me, &Command::RevokeDevice { id: DeviceId(2) }).unwrap();
    let again = scene.ask(me, &Command::RevokeDevice { id: DeviceId(2) });
    assert_eq!(again, Err(Code::NoSuchDevice));
    scene.act(me, &add(2)).unwrap();
    let key = device(2).public_key;
    assert_eq!(scene.world.user(ann).unwrap().device_with(&key), Some(DeviceId(3)));
}

#[test]
fn a_user_has_a_hundred_devices_at_most() {
    let mut scene = Scene::new();
    let me = Actor::User(scene.sign_up("ann"));
    for key in 1..=100 {
        scene.act(me, &Command::AddDevice { device: device(key) }).unwrap();
    }
    let more = Command::AddDevice { device: device(101) };
    assert_eq!(scene.ask(me, &more), Err(Code::TooMany));
    scene.act(me, &Command::RevokeDevice { id: DeviceId(50) }).unwrap();
    assert!(scene.ask(me, &more).is_ok());
}

#[test]
fn a_new_password_revokes_every_device_but_the_one_that_set_it() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    for key in 1..=3 {
        scene.act(Actor::User(ann), &Command::AddDevice { device: device(key) }).unwrap();
    }
    let mut set = |actor, keep| {
        let command = Command::SetPassword { user: ann, password: password(), keep };
        let events = scene.act(actor, &command).unwrap();
        let revoked = |event: &Event| match event.what {
            Happening::User(_, UserEvent::DeviceRevoked { id }) => Some(id.0),
            _ => None,
        };
        events.iter().filter_map(revoked).collect::<Vec<_>>()
    };
    assert_eq!(set(Actor::User(ann), Some(DeviceId(2))), [1, 3]);
    assert_eq!(set(Actor::Console, None), [2]);
    let nobody = Command::SetPassword { user: UserId(9), password: password(), keep: None };
    assert_eq!(scene.ask(Actor::Console, &nobody), Err(Code::NoSuchUser));
}
