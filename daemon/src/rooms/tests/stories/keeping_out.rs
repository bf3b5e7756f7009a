//! The stories of taking out and keeping out: kicks, bans, and private rooms.

use parlor_protocol::id::RoomId;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Entry, Role, Visibility};

use super::super::scene::{DAY, HOUR, MINUTE, Scene};
use super::entering::{asking_room, private_room, room_of};
use crate::rooms::{Actor, Command, RoomEvent};

const KINDS: [(Visibility, Entry); 3] = [
    (Visibility::Public, Entry::Open),
    (Visibility::Public, Entry::Ask),
    (Visibility::Private, Entry::Ask),
];

#[test]
fn a_kicked_user_is_out_at_once_and_told_by_whom_and_why() {
    let (mut scene, room, [_, ben, cid, _]) = asking_room();
    scene.add(ben, room, cid).unwrap();
    scene.notices(cid);
    let out = RoomEvent::Departed {
        user: cid,
        how: Departure::Kicked,
        by: Some(ben),
        reason: "spam".parse().ok(),
    };
    assert_eq!(scene.kick(ben, room, cid), Ok(vec![out]));
    let [notice] = &scene.notices(cid)[..] else { panic!("one notice") };
    assert_eq!((notice.by, &notice.reason), (Some(ben), &"spam".parse().ok()));
}

#[test]
fn a_kicked_user_asks_again_and_is_let_in() {
    for (visibility, entry) in KINDS {
        let (mut scene, room, [ann, _, cid, _]) = room_of(visibility, entry);
        scene.add(ann, room, cid).unwrap();
        scene.kick(ann, room, cid).unwrap();
        assert_eq!(scene.join(cid, room), Err(Code::RequestFirst), "{visibility:?} {entry:?}");
        scene.request(cid, room).unwrap();
        scene.approve(ann, room, cid).unwrap();
        assert_eq!(scene.role(cid, room), Some(Role::Member));
    }
}

#[test]
fn a_kicked_user_is_invited_or_added_again() {
    for (visibility, entry) in KINDS {
        let (mut scene, room, [ann, _, cid, dot]) = room_of(visibility, entry);
        for user in [cid, dot] {
            scene.add(ann, room, user).unwrap();
            scene.kick(ann, room, user).unwrap();
        }
        scene.invite(ann, room, cid).unwrap();
        assert!(scene.join(cid, room).is_ok());
        assert!(scene.add(ann, room, dot).is_ok());
        // Whoever is in again is not kicked any more.
        scene.leave(dot, room).unwrap();
        let walks_in = scene.join(dot, room).is_ok();
        assert_eq!(walks_in, entry == Entry::Open);
    }
}

#[test]
fn a_kicked_user_whose_invite_expired_still_does_not_walk_in() {
    let (mut scene, room, [ann, _, cid, _]) = room_of(Visibility::Public, Entry::Open);
    scene.add(ann, room, cid).unwrap();
    scene.kick(ann, room, cid).unwrap();
    scene.invite(ann, room, cid).unwrap();
    scene.wait_ms(8 * DAY);
    assert_eq!(scene.join(cid, room), Err(Code::RequestFirst));
}

#[test]
fn a_banned_user_has_no_way_in() {
    let (mut scene, room, [ann, ben, cid, dot]) = room_of(Visibility::Public, Entry::Open);
    scene.join(cid, room).unwrap();
    scene.ban(ben, room, cid).unwrap();
    assert_eq!(scene.role(cid, room), None);
    assert_eq!(scene.join(cid, room), Err(Code::Banned));
    assert_eq!(scene.request(cid, room), Err(Code::Banned));
    assert_eq!(scene.leave(cid, room), Err(Code::Banned));
    assert_eq!(scene.invite(ann, room, cid), Err(Code::Banned));
    assert_eq!(scene.add(ann, room, cid), Err(Code::Banned));
    scene.unban(ann, room, cid).unwrap();
    assert!(scene.join(cid, room).is_ok());
    scene.ban(ann, room, dot).unwrap();
    assert_eq!(scene.join(dot, room), Err(Code::Banned), "in advance");
}

#[test]
fn a_ban_ends_a_request_and_an_invite() {
    let (mut scene, room, [ann, _, cid, dot]) = asking_room();
    scene.request(cid, room).unwrap();
    scene.invite(ann, room, dot).unwrap();
    for user in [cid, dot] {
        scene.ban(ann, room, user).unwrap();
        scene.unban(ann, room, user).unwrap();
        assert_eq!(scene.join(user, room), Err(Code::RequestFirst));
    }
    assert_eq!(scene.approve(ann, room, cid), Err(Code::NoSuchRequest));
    assert_eq!(scene.revoke_invite(ann, room, dot), Err(Code::NoSuchInvite));
    assert_eq!(scene.told(cid), "banned unbanned");
    assert_eq!(scene.told(dot), "invited banned unbanned");
}

#[test]
fn only_the_owner_acts_against_an_admin_and_lifts_the_owners_bans() {
    let (mut scene, room, [ann, ben, cid, dot]) = asking_room();
    scene.add(ann, room, cid).unwrap();
    scene.appoint(cid, room);
    for user in [ann, ben, cid] {
        assert_eq!(scene.kick(ben, room, user), Err(Code::NotPermitted));
        assert_eq!(scene.ban(ben, room, user), Err(Code::NotPermitted));
    }
    scene.ban(ann, room, dot).unwrap();
    assert_eq!(scene.unban(ben, room, dot), Err(Code::NotPermitted));
    assert_eq!(scene.ban_for(ben, room, dot, MINUTE), Err(Code::NotPermitted), "nor shortens");
    scene.unban(ann, room, dot).unwrap();
    scene.ban(ben, room, dot).unwrap();
    scene.unban(ann, room, dot).unwrap();
    assert!(scene.ban(ann, room, cid).is_ok());
}

#[test]
fn a_ban_for_a_time_ends_by_itself_whether_or_not_anybody_clears_it_away() {
    let (mut scene, room, [ann, _, cid, dot]) = room_of(Visibility::Public, Entry::Open);
    for user in [cid, dot] {
        scene.ban_for(ann, room, user, HOUR).unwrap();
    }
    scene.wait_ms(HOUR - 1);
    assert_eq!(scene.join(cid, room), Err(Code::Banned));
    scene.wait_ms(1);
    scene.act(Actor::Clock, &Command::Expire { room, user: cid }).unwrap();
    assert_eq!(scene.told(cid), "banned unbanned");
    assert!(scene.join(cid, room).is_ok());
    let lifted = RoomEvent::Unbanned { user: dot, by: None };
    assert_eq!(scene.join(dot, room), Ok(vec![lifted, RoomEvent::Joined { user: dot }]));
}

#[test]
fn whoever_knew_nothing_of_a_private_room_learns_nothing_by_a_ban() {
    let (mut scene, room, [ann, _, cid, dot]) = private_room();
    let unknown = RoomId::from_random(u64::MAX);
    let answers = |scene: &mut Scene, room| {
        let (join, ask) = (scene.join(cid, room), scene.request(cid, room));
        (join, ask, scene.withdraw(cid, room), scene.leave(cid, room))
    };
    let nothing = answers(&mut scene, unknown);
    assert_eq!(nothing.0, Err(Code::NotInvited));
    assert_eq!(nothing.1, Err(Code::NoSuchRoom));
    assert_eq!(answers(&mut scene, room), nothing);
    scene.ban_for(ann, room, cid, HOUR).unwrap();
    assert_eq!(answers(&mut scene, room), nothing);
    scene.wait_ms(2 * HOUR);
    assert_eq!(answers(&mut scene, room), nothing);
    scene.unban(ann, room, cid).unwrap();
    assert_eq!(answers(&mut scene, room), nothing);
    assert_eq!(scene.told(cid), "");
    // Whoever was invited knows, and is told.
    scene.invite(ann, room, dot).unwrap();
    scene.ban(ann, room, dot).unwrap();
    assert_eq!(scene.told(dot), "invited banned");
    assert_eq!(scene.join(dot, room), Err(Code::Banned));
}

#[test]
fn whoever_left_a_private_room_comes_back_by_a_new_invite_only() {
    let (mut scene, room, [ann, _, cid, _]) = private_room();
    scene.invite(ann, room, cid).unwrap();
    scene.join(cid, room).unwrap();
    scene.leave(cid, room).unwrap();
    assert_eq!(scene.join(cid, room), Err(Code::NotInvited));
    assert_eq!(scene.request(cid, room), Err(Code::NotInvited));
    assert_eq!(scene.leave(cid, room), Err(Code::NotAMember));
    scene.invite(ann, room, cid).unwrap();
    assert!(scene.join(cid, room).is_ok());
}
