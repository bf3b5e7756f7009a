//! The stories of coming in: joins, requests, adds and invites.

use parlor_protocol::id::RoomId;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Entry, Role, Visibility};

use super::super::scene::{DAY, HOUR, Scene};
use crate::rooms::{Actor, Command, RoomEvent, UserId};

/// A room of this kind that ann owns, with ben as its admin; cid and dot are outside.
pub(super) fn room_of(visibility: Visibility, entry: Entry) -> (Scene, RoomId, [UserId; 4]) {
    let mut scene = Scene::new();
    let users @ [ann, ben, ..] = scene.users(["ann", "ben", "cid", "dot"]);
    let room = scene.create_as(ann, "ops", visibility, entry).unwrap();
    scene.add(ann, room, ben).unwrap();
    scene.appoint(ben, room);
    for user in users {
        scene.notices(user);
    }
    (scene, room, users)
}

pub(super) fn asking_room() -> (Scene, RoomId, [UserId; 4]) {
    room_of(Visibility::Public, Entry::Ask)
}

pub(super) fn private_room() -> (Scene, RoomId, [UserId; 4]) {
    room_of(Visibility::Private, Entry::Ask)
}

#[test]
fn who_walks_in_is_for_the_kind_of_room_to_say() {
    for (visibility, entry, answer) in [
        (Visibility::Public, Entry::Open, None),
        (Visibility::Public, Entry::Ask, Some(Code::RequestFirst)),
        (Visibility::Private, Entry::Ask, Some(Code::NotInvited)),
    ] {
        let (mut scene, room, [_, _, cid, _]) = room_of(visibility, entry);
        assert_eq!(scene.join(cid, room).err(), answer, "{visibility:?} {entry:?}");
    }
}

#[test]
fn who_has_asked_where_the_door_is_open_walks_in_and_has_not_asked_any_more() {
    let (mut scene, room, [ann, ben, cid, dot]) = room_of(Visibility::Public, Entry::Open);
    scene.request(cid, room).unwrap();
    assert_eq!(scene.request(cid, room), Err(Code::AlreadyRequested));
    assert_eq!(scene.join(cid, room), Ok(vec![RoomEvent::Joined { user: cid }]));
    assert_eq!(scene.approve(ann, room, cid), Err(Code::NoSuchRequest));
    assert_eq!(scene.world.association(room, cid), None);
    // Whoever was kicked does not walk in unasked, also not by asking.
    scene.join(dot, room).unwrap();
    scene.kick(ben, room, dot).unwrap();
    scene.request(dot, room).unwrap();
    assert_eq!(scene.join(dot, room), Err(Code::AlreadyRequested));
    assert!(scene.approve(ben, room, dot).is_ok());
}

#[test]
fn a_private_room_is_never_open() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let made = scene.create_as(ann, "ops", Visibility::Private, Entry::Open);
    assert_eq!(made, Err(Code::BadRequest));
}

#[test]
fn an_approved_user_is_a_member_at_once_and_one_decision_settles_it() {
    let (mut scene, room, [ann, ben, cid, _]) = asking_room();
    scene.request(cid, room).unwrap();
    assert_eq!(scene.request(cid, room), Err(Code::AlreadyRequested));
    assert_eq!(scene.join(cid, room), Err(Code::AlreadyRequested));
    assert_eq!(
        (scene.told(ann), scene.told(ben)),
        ("join-requested".into(), "join-requested".into())
    );
    assert_eq!(scene.approve(ben, room, cid), Ok(vec![RoomEvent::Joined { user: cid }]));
    assert_eq!(scene.role(cid, room), Some(Role::Member));
    assert_eq!(scene.approve(ann, room, cid), Err(Code::NoSuchRequest));
    assert_eq!(scene.deny(ann, room, cid), Err(Code::NoSuchRequest));
}

#[test]
fn a_request_is_withdrawn_and_made_again() {
    let (mut scene, room, [ann, _, cid, _]) = asking_room();
    assert_eq!(scene.withdraw(cid, room), Err(Code::NoSuchRequest));
    scene.request(cid, room).unwrap();
    scene.withdraw(cid, room).unwrap();
    assert_eq!(scene.approve(ann, room, cid), Err(Code::NoSuchRequest));
    assert!(scene.request(cid, room).is_ok());
}

#[test]
fn a_denied_user_asks_again_after_a_day() {
    let (mut scene, room, [ann, _, cid, _]) = asking_room();
    scene.request(cid, room).unwrap();
    scene.deny(ann, room, cid).unwrap();
    assert_eq!(scene.notices(cid)[0].reason, "full".parse().ok());
    scene.wait_ms(DAY - 5_000);
    let again = Command::RequestToJoin { room, reason: None };
    let refusal = scene.ask_fully(Actor::User(cid), &again).unwrap_err();
    assert_eq!((refusal.code, refusal.retry_after_ms), (Code::RateLimited, Some(5_000)));
    scene.wait_ms(5_000);
    assert!(scene.request(cid, room).is_ok());
}

#[test]
fn whoever_is_added_is_a_member_at_once_unless_banned_or_blocking() {
    let (mut scene, room, [ann, ben, cid, dot]) = private_room();
    scene.add(ben, room, cid).unwrap();
    assert_eq!(scene.role(cid, room), Some(Role::Member));
    assert_eq!(scene.add(ben, room, cid), Err(Code::AlreadyAMember));
    scene.block(dot, ben);
    assert_eq!(scene.add(ben, room, dot), Err(Code::Blocked));
    assert_eq!(scene.invite(ben, room, dot), Err(Code::Blocked));
    scene.ban(ann, room, dot).unwrap();
    assert_eq!(scene.add(ann, room, dot), Err(Code::Banned));
    assert_eq!(scene.invite(ann, room, dot), Err(Code::Banned));
}

#[test]
fn an_add_ends_a_request_and_an_invite() {
    let (mut scene, room, [ann, _, cid, dot]) = asking_room();
    scene.request(cid, room).unwrap();
    scene.invite(ann, room, dot).unwrap();
    for user in [cid, dot] {
        scene.add(ann, room, user).unwrap();
        assert_eq!(scene.world.association(room, user), None);
    }
}

#[test]
fn an_invite_counts_for_seven_days_and_is_renewed() {
    let (mut scene, room, [ann, _, cid, _]) = private_room();
    scene.invite(ann, room, cid).unwrap();
    scene.wait_ms(6 * DAY);
    scene.invite(ann, room, cid).unwrap();
    assert_eq!(scene.told(cid), "invited invited");
    scene.wait_ms(7 * DAY);
    assert_eq!(scene.join(cid, room), Err(Code::NotInvited), "it is over to the millisecond");
    scene.wait_ms(-1);
    assert!(scene.join(cid, room).is_ok());
}

#[test]
fn an_invite_survives_its_inviter_and_can_be_revoked() {
    let (mut scene, room, [ann, ben, cid, dot]) = private_room();
    scene.invite(ben, room, cid).unwrap();
    scene.invite(ben, room, dot).unwrap();
    scene.leave(ben, room).unwrap();
    scene.revoke_invite(ann, room, dot).unwrap();
    assert_eq!(scene.revoke_invite(ann, room, dot), Err(Code::NoSuchInvite));
    assert_eq!(scene.join(dot, room), Err(Code::NotInvited));
    assert!(scene.join(cid, room).is_ok());
    assert_eq!(scene.told(cid), "invited");
}

#[test]
fn inviting_somebody_who_has_asked_lets_them_in() {
    let (mut scene, room, [ann, _, cid, dot]) = asking_room();
    scene.request(cid, room).unwrap();
    scene.invite(ann, room, cid).unwrap();
    assert_eq!(scene.role(cid, room), Some(Role::Member));
    assert_eq!(scene.told(cid), "approved");
    scene.invite(ann, room, dot).unwrap();
    assert_eq!(scene.request(dot, room), Err(Code::AlreadyInvited));
}

#[test]
fn whoever_moves_to_a_room_that_they_are_not_let_into_stays_where_they_are() {
    let (mut scene, room, [_, _, cid, _]) = private_room();
    let own = scene.create(cid, "own").unwrap();
    assert_eq!(scene.move_to(cid, room, own).err(), Some(Code::NotInvited));
    assert_eq!(scene.role(cid, own), Some(Role::Owner));
}

#[test]
fn an_open_room_is_entered_by_an_invite_as_well_and_by_a_request() {
    let (mut scene, room, [ann, _, cid, dot]) = room_of(Visibility::Public, Entry::Open);
    scene.invite(ann, room, cid).unwrap();
    scene.join(cid, room).unwrap();
    scene.request(dot, room).unwrap();
    scene.wait_ms(HOUR);
    scene.approve(ann, room, dot).unwrap();
    assert_eq!(scene.world.membership(room, dot).unwrap().joined_at, scene.now);
}

#[test]
fn only_so_many_requests_and_invites_wait_in_one_room() {
    let (mut scene, room, [ann, ..]) = asking_room();
    let users: Vec<UserId> =
        (0..402).map(|number| scene.sign_up(&format!("user{number}"))).collect();
    for &user in &users[..200] {
        scene.request(user, room).unwrap();
    }
    for &user in &users[200..400] {
        scene.invite(ann, room, user).unwrap();
    }
    assert_eq!(scene.request(users[400], room), Err(Code::TooMany));
    assert_eq!(scene.invite(ann, room, users[401]), Err(Code::TooMany));
    assert!(scene.invite(ann, room, users[200]).is_ok(), "renewed");
    scene.wait_ms(7 * DAY);
    assert!(scene.invite(ann, room, users[401]).is_ok(), "the others are over");
}
