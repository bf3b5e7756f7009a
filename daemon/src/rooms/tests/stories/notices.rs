//! The stories of notifications: who is told of what, and what becomes of it.

use parlor_protocol::id::{NotificationId, RoomId};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Entry, Role, Visibility};

use super::super::scene::{DAY, Scene};
use super::entering::{asking_room, room_of};
use crate::rooms::{Actor, Command, RoomEvent, UserId, WhichNotices};

type Act = fn(&mut Scene, RoomId, [UserId; 4]) -> Result<Vec<RoomEvent>, Code>;

/// What is done in a room that ann owns, of which ben is an admin and cid a member, and in which
/// dot has asked; and what that tells ann, ben, cid and dot.
const TOLD: &[(&str, Act, [&str; 4])] = &[
    ("approve", |it, room, [_, ben, _, dot]| it.approve(ben, room, dot), ["", "", "", "approved"]),
    ("deny", |it, room, [ann, .., dot]| it.deny(ann, room, dot), ["", "", "", "denied"]),
    ("withdraw", |it, room, [.., dot]| it.withdraw(dot, room), ["", "", "", ""]),
    ("add", |it, room, [_, ben, _, dot]| it.add(ben, room, dot), ["", "", "", "added"]),
    ("invite", |it, room, [_, ben, _, dot]| it.invite(ben, room, dot), ["", "", "", "approved"]),
    ("kick", |it, room, [_, ben, cid, _]| it.kick(ben, room, cid), ["", "", "kicked", ""]),
    ("ban", |it, room, [_, ben, cid, _]| it.ban(ben, room, cid), ["", "", "banned", ""]),
    ("leave", |it, room, [.., cid, _]| it.leave(cid, room), ["", "", "", ""]),
    (
        "promote",
        |it, room, [ann, _, cid, _]| it.promote(ann, room, cid),
        ["", "", "role-changed", ""],
    ),
    ("demote", |it, room, [ann, ben, ..]| it.demote(ann, room, ben), ["", "role-changed", "", ""]),
    ("step down", |it, room, [_, ben, ..]| it.demote(ben, room, ben), ["", "", "", ""]),
    (
        "transfer",
        |it, room, [ann, _, cid, _]| it.transfer(ann, room, cid),
        ["", "", "ownership-received", ""],
    ),
    (
        "the owner leaves",
        |it, room, [ann, ..]| it.leave(ann, room),
        ["", "ownership-received", "", ""],
    ),
];

#[test]
fn everyone_is_told_of_what_others_do_to_them_and_nobody_of_their_own_acts() {
    for &(what, act, expected) in TOLD {
        let (mut scene, room, users @ [ann, _, cid, dot]) = asking_room();
        scene.add(ann, room, cid).unwrap();
        scene.request(dot, room).unwrap();
        for user in users {
            scene.notices(user);
        }
        act(&mut scene, room, users).unwrap();
        assert_eq!(users.map(|user| scene.told(user)), expected, "{what}");
    }
}

#[test]
fn a_room_that_ends_tells_the_last_member_and_those_who_wanted_in_but_not_whoever_left() {
    let (mut scene, room, users @ [ann, ben, cid, dot]) = asking_room();
    scene.demote(ben, room, ben).unwrap();
    scene.request(cid, room).unwrap();
    scene.invite(ann, room, dot).unwrap();
    for user in users {
        scene.notices(user);
    }
    scene.leave(ann, room).unwrap();
    let ended = "room-terminated";
    assert_eq!([ann, ben, cid, dot].map(|user| scene.told(user)), ["", ended, ended, ended]);
}

#[test]
fn a_request_tells_all_admins_and_no_plain_member() {
    let (mut scene, room, [ann, ben, cid, dot]) = asking_room();
    scene.add(ann, room, cid).unwrap();
    scene.notices(cid);
    scene.request(dot, room).unwrap();
    let [notice] = &scene.notices(ben)[..] else { panic!("one notice") };
    assert_eq!(
        (notice.by, notice.room, &notice.reason),
        (Some(dot), Some(room), &"please".parse().ok())
    );
    assert_eq!((scene.told(ann), scene.told(cid)), ("join-requested".into(), String::new()));
}

#[test]
fn a_mention_tells_the_members_who_are_named_and_the_message() {
    for (text, told) in [
        ("@cid look", true),
        ("so @Cid, what", true),
        ("(@cid.)", true),
        ("@cid @cid", true),
        ("cid look", false),
        ("mail @cidre", false),
        ("ask ann@cid", false),
    ] {
        let (mut scene, room, [ann, _, cid, dot]) = asking_room();
        scene.add(ann, room, cid).unwrap();
        scene.notices(cid);
        scene.say(ann, room, text);
        scene.say(ann, room, "@ann to oneself, @dot who is out, @noone");
        let seqs: Vec<_> = scene.notices(cid).iter().filter_map(|it| it.seq).collect();
        assert_eq!(seqs.len(), usize::from(told), "{text}");
        assert_eq!((scene.told(ann), scene.told(dot)), (String::new(), String::new()));
    }
}

#[test]
fn twenty_members_are_mentioned_at_most() {
    let (mut scene, room, [ann, ..]) = room_of(Visibility::Public, Entry::Open);
    let users: Vec<UserId> = (0..21).map(|it| scene.sign_up(&format!("user{it}"))).collect();
    for &user in &users {
        scene.join(user, room).unwrap();
    }
    let names: Vec<String> = users.iter().map(|&user| format!("@{}", scene.name(user))).collect();
    scene.say(ann, room, &names.join(" "));
    let told = users.iter().filter(|&&user| scene.told(user) == "mentioned").count();
    assert_eq!(told, 20);
}

#[test]
fn nobody_hears_the_wishes_of_somebody_whom_they_block() {
    let (mut scene, room, [ann, ben, cid, dot]) = asking_room();
    scene.add(ann, room, cid).unwrap();
    scene.block(ben, dot);
    scene.block(ben, cid);
    scene.request(dot, room).unwrap();
    scene.say(cid, room, "@ben @ann");
    assert_eq!(scene.told(ben), "");
    assert_eq!(scene.told(ann), "join-requested mentioned");
    // What becomes of oneself one hears from anybody.
    scene.block(cid, ann);
    scene.notices(cid);
    scene.kick(ann, room, cid).unwrap();
    assert_eq!(scene.told(cid), "kicked");
    let name = scene.name(dot);
    scene.act(Actor::User(ben), &Command::Unblock { user: name }).unwrap();
    scene.withdraw(dot, room).unwrap();
    scene.request(dot, room).unwrap();
    assert_eq!(scene.told(ben), "join-requested");
}

#[test]
fn nobody_blocks_themselves() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let user = scene.name(ann);
    assert_eq!(scene.does(ann, &Command::Block { user }), Err(Code::NotPermitted));
}

#[test]
fn a_notification_is_read_and_dismissed_by_its_number_which_is_not_used_again() {
    let (mut scene, room, [ann, _, cid, _]) = asking_room();
    scene.invite(ann, room, cid).unwrap();
    scene.invite(ann, room, cid).unwrap();
    let one = |id| WhichNotices::One(NotificationId(id));
    let unread = |scene: &Scene| {
        let known = &scene.world.user(cid).unwrap().notifications;
        known.iter().filter(|(_, it)| !it.read).map(|(id, _)| id.0).collect::<Vec<_>>()
    };
    assert_eq!(unread(&scene), [1, 2]);
    scene.does(cid, &Command::ReadNotifications(one(1))).unwrap();
    assert_eq!(unread(&scene), [2]);
    scene.does(cid, &Command::DismissNotifications(WhichNotices::All)).unwrap();
    let again = scene.does(cid, &Command::DismissNotifications(one(2)));
    assert_eq!(again, Err(Code::NoSuchNotification));
    scene.invite(ann, room, cid).unwrap();
    assert_eq!(unread(&scene), [3]);
}

#[test]
fn old_notifications_go_and_the_oldest_makes_room_for_another() {
    let (mut scene, room, [ann, _, cid, _]) = asking_room();
    let count = |scene: &Scene| scene.world.user(cid).unwrap().notifications.len();
    for _ in 0..1_001 {
        scene.invite(ann, room, cid).unwrap();
    }
    assert_eq!(count(&scene), 1_000);
    // An invite that is over, a ban that is lifted and the add come in one decision.
    scene.ban_for(ann, room, cid, 1).unwrap();
    scene.wait_ms(1);
    scene.add(ann, room, cid).unwrap();
    assert_eq!(scene.told(cid).split(' ').rev().take(2).collect::<Vec<_>>(), ["added", "unbanned"]);
    assert_eq!(count(&scene), 1_000);
    scene.leave(cid, room).unwrap();
    scene.wait_ms(DAY);
    scene.invite(ann, room, cid).unwrap();
    let before = parlor_protocol::id::Timestamp(scene.now.0 - DAY);
    scene.act(Actor::Clock, &Command::PruneNotifications { user: cid, before }).unwrap();
    assert_eq!(count(&scene), 1);
    assert_eq!(scene.role(cid, room), None::<Role>);
}
