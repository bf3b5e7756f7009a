//! The stories of roles, ownership, topic and title.

use parlor_protocol::id::RoomId;
use parlor_protocol::name::Title;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Role};

use super::scene::{Scene, create};
use crate::rooms::{Actor, Command, DirectoryEvent, Event, Happening, RoomEvent, UserId};

fn now(user: UserId, role: Role) -> RoomEvent {
    RoomEvent::RoleChanged { user, role }
}

impl Scene {
    fn rename(&mut self, by: UserId, room: RoomId, title: &str) -> Result<Vec<Event>, Code> {
        let title = Title::parse(title).unwrap();
        self.act(Actor::User(by), &Command::Rename { room, title })
    }
}

/// A room of three: ann owns it, ben and cid joined in this order.
fn three() -> (Scene, RoomId, [UserId; 3]) {
    let mut scene = Scene::new();
    // Numbers fall where the join order rises, so that one cannot pass for the other.
    let [cid, ben, ann] = scene.users(["cid", "ben", "ann"]);
    let room = scene.create(ann, "ops").unwrap();
    scene.join(ben, room).unwrap();
    scene.join(cid, room).unwrap();
    (scene, room, [ann, ben, cid])
}

#[test]
fn the_owner_appoints_and_dismisses_admins() {
    let (mut scene, room, [ann, ben, cid]) = three();
    assert_eq!(scene.promote(ann, room, ben), Ok(vec![now(ben, Role::Admin)]));
    assert_eq!(scene.promote(ben, room, cid), Err(Code::NotPermitted));
    assert_eq!(scene.demote(cid, room, ben), Err(Code::NotPermitted));
    assert_eq!(scene.demote(ann, room, ben), Ok(vec![now(ben, Role::Member)]));
}

#[test]
fn an_admin_steps_down_alone_and_an_owner_does_not() {
    let (mut scene, room, [ann, ben, cid]) = three();
    scene.appoint(ben, room);
    scene.appoint(cid, room);
    assert_eq!(scene.demote(ben, room, cid), Err(Code::NotPermitted), "not by another admin");
    assert_eq!(scene.demote(ben, room, ben), Ok(vec![now(ben, Role::Member)]));
    assert_eq!(scene.demote(ann, room, ann), Err(Code::NotPermitted));
    assert_eq!(scene.promote(ann, room, ann), Err(Code::NotPermitted));
}

#[test]
fn what_is_so_already_is_done_without_an_event() {
    let (mut scene, room, [ann, ben, cid]) = three();
    scene.appoint(ben, room);
    let topic = |topic: &str| Command::SetTopic { room, topic: topic.parse().ok() };
    scene.act(Actor::User(ann), &topic("plans")).unwrap();
    let before = scene.world.clone();
    assert_eq!(scene.promote(ann, room, ben), Ok(vec![]));
    assert_eq!(scene.demote(ann, room, cid), Ok(vec![]));
    assert_eq!(scene.demote(cid, room, cid), Ok(vec![]));
    assert_eq!(scene.transfer(ann, room, ann), Ok(vec![]));
    assert_eq!(scene.act(Actor::User(ann), &topic("plans")), Ok(vec![]));
    assert_eq!(scene.rename(ann, room, "ops"), Ok(vec![]));
    assert_eq!(scene.world, before);
}

#[test]
fn ownership_goes_to_any_member_and_the_former_owner_stays_first_in_order() {
    let (mut scene, room, [ann, ben, cid]) = three();
    let place = scene.world.membership(room, ann).unwrap().joined;
    let handed = vec![now(ann, Role::Admin), now(cid, Role::Owner)];
    assert_eq!(scene.transfer(ann, room, cid), Ok(handed));
    assert_eq!(scene.world.membership(room, ann).unwrap().joined, place);
    assert_eq!(scene.transfer(ann, room, ben), Err(Code::NotPermitted));
    // Ben becomes an admin too; ann joined first, and so inherits.
    scene.appoint(ben, room);
    let left = RoomEvent::Departed { user: cid, how: Departure::Left, by: None, reason: None };
    assert_eq!(scene.leave(cid, room), Ok(vec![left, now(ann, Role::Owner)]));
}

#[test]
fn a_room_has_a_hundred_admins_beside_its_owner_however_they_come_to_be() {
    let (mut scene, room, [ann, ben, cid]) = three();
    for number in 0..99 {
        let user = scene.sign_up(&format!("admin{number}"));
        scene.join(user, room).unwrap();
        scene.appoint(user, room);
    }
    scene.appoint(ben, room);
    assert_eq!(scene.promote(ann, room, cid), Err(Code::TooMany));
    // She who hands the room over becomes an admin herself.
    assert_eq!(scene.transfer(ann, room, cid), Err(Code::TooMany));
    let user = scene.name(cid);
    let by_console = Command::Transfer { room, user };
    assert_eq!(scene.act(Actor::Console, &by_console), Err(Code::TooMany));
    assert!(scene.transfer(ann, room, ben).is_ok(), "an admin makes room for her");
    scene.demote(ben, room, ann).unwrap();
    assert!(scene.transfer(ben, room, cid).is_ok());
}

#[test]
fn only_members_are_given_roles() {
    let (mut scene, room, [ann, ben, _]) = three();
    let dot = scene.sign_up("dot");
    scene.leave(ben, room).unwrap();
    for user in [ben, dot] {
        assert_eq!(scene.promote(ann, room, user), Err(Code::NotAMember));
        assert_eq!(scene.demote(ann, room, user), Err(Code::NotAMember));
        assert_eq!(scene.transfer(ann, room, user), Err(Code::NotAMember));
    }
}

#[test]
fn an_old_title_is_free_at_once_and_the_new_one_taken() {
    let (mut scene, room, [ann, ben, _]) = three();
    let events = scene.rename(ann, room, "Plans").unwrap();
    let title = Title::parse("Plans").unwrap();
    let happened: Vec<_> = events.into_iter().map(|event| event.what).collect();
    assert_eq!(
        happened,
        [
            Happening::Directory(DirectoryEvent::TitleFreed { room }),
            Happening::Directory(DirectoryEvent::TitleTaken { room, title: title.clone() }),
            Happening::Room(room, RoomEvent::Renamed { by: ann, title }),
        ]
    );
    assert_eq!(scene.ask(Actor::User(ben), &create("plans")), Err(Code::TitleTaken));
    assert!(scene.create(ben, "OPS").is_ok());
    assert_eq!(scene.rename(ann, room, "ops").err(), Some(Code::TitleTaken));
    scene.leave(ann, room).unwrap();
    assert_eq!(scene.rename(ann, room, "elsewhere").err(), Some(Code::NotAMember));
}

#[test]
fn a_room_may_be_renamed_to_what_only_its_own_title_is_like() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let room = scene.create(ann, "paypal").unwrap();
    let pretender = "p\u{430}ypal";
    for title in ["PayPal", pretender, "PAYPAL"] {
        assert!(scene.rename(ann, room, title).is_ok(), "{title}");
    }
    let other = scene.create(ann, "other").unwrap();
    assert_eq!(scene.rename(ann, other, pretender).err(), Some(Code::TitleTaken));
    // Two that look the same and one of them one's own: the other is in the way.
    let modern = scene.create(ann, "modern").unwrap();
    scene.create(ann, "modem").unwrap();
    assert_eq!(scene.rename(ann, modern, "m\u{43e}dem").err(), Some(Code::TitleTaken));
}
