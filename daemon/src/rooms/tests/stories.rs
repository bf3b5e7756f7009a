//! The stories of rooms: leaving and succession, titles, limits.

mod associations;
mod ending;
mod entering;
mod keeping_out;
mod notices;

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Role};

use super::scene::{Scene, create, room_events};
use crate::rooms::{
    Actor, Command, Decision, DirectoryEvent, Effect, Event, Happening, RoomEvent, RoomState,
    UserId, membership_effect,
};

fn left(user: UserId) -> RoomEvent {
    RoomEvent::Departed { user, how: Departure::Left, by: None, reason: None }
}

fn owner(user: UserId) -> RoomEvent {
    RoomEvent::RoleChanged { user, role: Role::Owner }
}

/// The roles of a room in join order (O owner, A admin, M member), who of them leaves, and what
/// follows for whom.
const LEAVING: &[(&str, usize, &str)] = &[
    ("O", 0, "left terminated"),
    ("OM", 0, "left 1-out terminated"),
    ("OM", 1, "left"),
    ("OA", 0, "left 1-owner"),
    ("OA", 1, "left"),
    ("OMM", 0, "left 1-owner"),
    ("OMM", 1, "left"),
    ("OMA", 0, "left 2-owner"),
    ("OMAA", 0, "left 2-owner"),
    ("OMMAA", 0, "left 3-owner"),
    ("OAM", 1, "left"),
    ("OAM", 0, "left 1-owner"),
];

#[test]
fn a_room_that_someone_leaves_goes_on_or_ends_by_who_is_left() {
    for &(roles, leaver, sequel) in LEAVING {
        let mut scene = Scene::new();
        let names = ["one", "two", "three", "four", "five"];
        // Numbers fall where the join order rises, so that one cannot pass for the other.
        let mut users = scene.users(names);
        users.reverse();
        let room = scene.create(users[0], "ops").unwrap();
        for (&user, role) in users.iter().zip(roles.chars()).skip(1) {
            scene.join(user, room).unwrap();
            if role == 'A' {
                scene.appoint(user, room);
            }
        }
        let place = |user: UserId| users.iter().position(|&known| known == user).unwrap();
        let events = scene.leave(users[leaver], room).unwrap();
        let told: Vec<String> = events
            .iter()
            .map(|event| match event {
                RoomEvent::Departed { user, how: Departure::Left, .. }
                    if place(*user) == leaver =>
                {
                    "left".to_owned()
                }
                RoomEvent::Departed { user, how: Departure::Terminated, .. } => {
                    format!("{}-out", place(*user))
                }
                RoomEvent::RoleChanged { user, role: Role::Owner } => {
                    format!("{}-owner", place(*user))
                }
                RoomEvent::Terminated => "terminated".to_owned(),
                other => panic!("{roles}: {other:?}"),
            })
            .collect();
        assert_eq!(told.join(" "), sequel, "{roles}, {leaver} leaves");
    }
}

#[test]
fn who_rejoins_is_a_plain_member_and_last_in_order() {
    let mut scene = Scene::new();
    let [ann, ben, cid] = scene.users(["ann", "ben", "cid"]);
    let room = scene.create(ann, "ops").unwrap();
    for user in [ben, cid] {
        scene.join(user, room).unwrap();
    }
    scene.appoint(ben, room);
    let before = scene.world.membership(room, ben).unwrap().joined;
    scene.leave(ben, room).unwrap();
    scene.join(ben, room).unwrap();
    let membership = scene.world.membership(room, ben).unwrap();
    assert_eq!(membership.role, Role::Member);
    assert!(membership.joined > before);
    assert_eq!(scene.leave(ann, room), Ok(vec![left(ann), owner(cid)]));
}

#[test]
fn a_terminated_room_answers_those_who_were_in_it_and_no_one_else() {
    let mut scene = Scene::new();
    let [ann, ben, cid] = scene.users(["ann", "ben", "cid"]);
    let room = scene.create(ann, "ops").unwrap();
    scene.join(ben, room).unwrap();
    scene.leave(ann, room).unwrap();
    assert_eq!(scene.world.room(room).unwrap().state, RoomState::Terminated);
    assert_eq!(scene.join(ann, room), Err(Code::RoomTerminated));
    assert_eq!(scene.join(ben, room), Err(Code::RoomTerminated));
    assert_eq!(scene.join(cid, room), Err(Code::NotInvited));
    assert_eq!(scene.leave(cid, room), Err(Code::NoSuchRoom));
    assert_eq!(scene.world.rooms_of(ben).count(), 0);
    assert!(scene.create(cid, "ops").is_ok(), "its title is free again");
}

#[test]
fn moving_leaves_one_room_and_joins_the_other_in_one_step() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    let mine = scene.create(ann, "mine").unwrap();
    let theirs = scene.create(ben, "theirs").unwrap();
    let events = scene.move_to(ann, theirs, mine).unwrap();
    assert_eq!(
        room_events(events),
        [left(ann), RoomEvent::Terminated, RoomEvent::Joined { user: ann }]
    );
    assert_eq!(scene.world.rooms_of(ann).collect::<Vec<_>>(), [theirs]);
}

#[test]
fn a_refused_move_leaves_nothing() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    let mine = scene.create(ann, "mine").unwrap();
    let theirs = scene.create(ben, "theirs").unwrap();
    let before = scene.world.clone();
    assert_eq!(scene.move_to(ann, mine, mine), Err(Code::AlreadyAMember));
    assert_eq!(scene.move_to(ben, mine, mine), Err(Code::NotAMember));
    let unknown = RoomId::from_random(u64::MAX);
    assert_eq!(scene.move_to(ann, unknown, mine), Err(Code::NotInvited));
    assert_eq!(scene.move_to(ann, theirs, unknown), Err(Code::NotAMember));
    assert_eq!(scene.world, before);
}

#[test]
fn titles_that_are_the_same_or_pretend_to_be_are_taken() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    for (title, answer) in [
        ("Straße", None),
        ("STRASSE", Some(Code::TitleTaken)),
        ("ops", None),
        (" ＯＰＳ", Some(Code::TitleTaken)),
        ("paypal", None),
        ("p\u{430}ypal", Some(Code::TitleTaken)),
        ("modern", None),
        ("modem", None),
        ("p\u{430}lpay", None),
        ("palpay", None),
    ] {
        assert_eq!(scene.create(ann, title).err(), answer, "{title}");
    }
}

#[test]
fn look_alikes_stay_refused_until_the_last_of_them_is_gone() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let modern = scene.create(ann, "modern").unwrap();
    let modem = scene.create(ann, "modem").unwrap();
    let pretender = "m\u{43e}dem";
    scene.leave(ann, modem).unwrap();
    assert_eq!(scene.create(ann, pretender), Err(Code::TitleTaken));
    scene.leave(ann, modern).unwrap();
    assert!(scene.create(ann, pretender).is_ok());
}

#[test]
fn nobody_owns_more_than_a_hundred_rooms_by_creating_them() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    for number in 0..100 {
        scene.create(ann, &format!("room {number}")).unwrap();
    }
    assert_eq!(scene.create(ann, "one more"), Err(Code::TooMany));
    let room = scene.create(ben, "elsewhere").unwrap();
    assert!(scene.join(ann, room).is_ok(), "owning is limited, not joining");
}

#[test]
fn nobody_is_in_more_than_five_hundred_rooms() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let mut rooms = Vec::new();
    for host in 0..6 {
        let host = scene.sign_up(&format!("host{host}"));
        for number in 0..100 {
            rooms.push(scene.create(host, &format!("{number} of {}", host.0)).unwrap());
        }
    }
    for &room in &rooms[..500] {
        scene.join(ann, room).unwrap();
    }
    assert_eq!(scene.join(ann, rooms[500]), Err(Code::TooMany));
    assert_eq!(scene.create(ann, "mine"), Err(Code::TooMany));
    assert!(scene.move_to(ann, rooms[500], rooms[0]).is_ok(), "one for one");
}

#[test]
fn a_room_id_is_thrown_again_while_it_is_taken_but_not_for_ever() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let dead = scene.create(ann, "ops").unwrap();
    scene.leave(ann, dead).unwrap();
    let mut throws = [dead.to_bits(), dead.to_bits(), 77].into_iter();
    let world = &scene.world;
    let mut dice = || throws.next().unwrap();
    let decision = world.decide(&Actor::User(ann), &create("ops"), Timestamp(0), &mut dice);
    let Ok(Decision::Events(events)) = decision else { panic!("{decision:?}") };
    assert!(matches!(events[0].what, Happening::Room(room, _) if room.to_bits() == 77));
    let mut stuck = || dead.to_bits();
    let refusal = world.decide(&Actor::User(ann), &create("ops"), Timestamp(0), &mut stuck);
    assert_eq!(refusal.unwrap_err().code, Code::Busy);
}

#[test]
fn whoever_comes_or_goes_is_named() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    let created = scene.act(Actor::User(ann), &create("ops")).unwrap();
    let Happening::Room(room, _) = created[0].what else { panic!("{created:?}") };
    let effect = |event: &Event| match &event.what {
        Happening::Room(_, event) => membership_effect(event),
        Happening::Directory(_) | Happening::User(..) => None,
    };
    assert_eq!(effect(&created[0]), Some(Effect::Enter(ann, Role::Owner)));
    assert!(matches!(
        created[1].what,
        Happening::Directory(DirectoryEvent::TitleTaken { room: taken, .. }) if taken == room
    ));
    scene.join(ben, room).unwrap();
    let gone = scene.act(Actor::User(ann), &Command::LeaveRoom { room }).unwrap();
    let effects: Vec<_> = gone.iter().map(effect).collect();
    let exit = |user, how| Some(Effect::Exit { user, how, by: None, reason: None });
    assert_eq!(
        effects,
        [exit(ann, Departure::Left), exit(ben, Departure::Terminated), None, None, None,]
    );
}
