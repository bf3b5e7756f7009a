//! The stories of what is done to accounts: disabled, enabled, removed, made operators.

use parlor_protocol::entry::{InviteEnd, RequestEnd};
use parlor_protocol::id::RoomId;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Entry, Role, Visibility};

use super::super::scene::{DAY, Scene, add_user, device, room_events};
use crate::rooms::{
    Actor, Command, Event, Happening, Retention, RoomEvent, RoomState, Standing, UserEvent, UserId,
};

impl Scene {
    fn disable(&mut self, user: UserId) {
        let user = self.name(user);
        self.act(Actor::Console, &Command::DisableUser { user }).unwrap();
    }

    fn remove(&mut self, user: UserId) {
        let user = self.name(user);
        self.act(Actor::Console, &Command::RemoveUser { user }).unwrap();
    }

    /// One slice of what a removed user leaves.
    fn forsake(&mut self, user: UserId) -> Vec<RoomEvent> {
        self.act(Actor::Clock, &Command::Forsake { user }).map(room_events).unwrap()
    }
}

#[test]
fn a_room_that_an_operator_ends_is_over_for_all_who_were_in_it_or_wanted_in() {
    let mut scene = Scene::new();
    let [ann, ben, cid] = scene.users(["ann", "ben", "cid"]);
    let room = scene.create_as(ann, "ops", Visibility::Public, Entry::Ask).unwrap();
    scene.add(ann, room, ben).unwrap();
    scene.request(cid, room).unwrap();
    let out =
        |user| RoomEvent::Departed { user, how: Departure::Terminated, by: None, reason: None };
    let end = Command::TerminateRoom { room };
    let events = scene.act(Actor::Console, &end).unwrap();
    let told = |user| {
        let is_told = |event: &&Event| {
            matches!(&event.what, Happening::User(whom, UserEvent::Notified { notice, .. })
                if *whom == user && notice.kind == NotificationKind::RoomTerminated)
        };
        events.iter().filter(is_told).count()
    };
    assert_eq!([ann, ben, cid].map(told), [1, 1, 1]);
    assert_eq!(room_events(events), [out(ann), out(ben), RoomEvent::Terminated]);
    assert_eq!(scene.world.room(room).unwrap().state, RoomState::Terminated);
    assert_eq!(scene.act(Actor::Console, &end), Err(Code::RoomTerminated));
    // The title is free again.
    scene.create(ben, "ops").unwrap();
}

#[test]
fn a_disabled_user_may_nothing_and_loses_nothing() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    scene.act(Actor::User(ben), &Command::AddDevice { device: device(1) }).unwrap();
    let room = scene.create(ann, "ops").unwrap();
    scene.join(ben, room).unwrap();
    scene.disable(ben);
    assert_eq!(scene.leave(ben, room), Err(Code::LoginRequired));
    assert_eq!(scene.role(ben, room), Some(Role::Member), "and counts");
    assert_eq!(scene.world.user(ben).unwrap().devices().count(), 1);
    let user = scene.name(ben);
    scene.act(Actor::Console, &Command::EnableUser { user }).unwrap();
    assert!(scene.leave(ben, room).is_ok());
}

#[test]
fn succession_passes_over_the_disabled_unless_all_are() {
    // Who of ben (an admin), cid (an admin) and dot is disabled, and who inherits.
    for (disabled, heir) in
        [("", 1), ("b", 2), ("bc", 3), ("bcd", 1), ("c", 1), ("d", 1), ("bd", 2)]
    {
        let mut scene = Scene::new();
        let users @ [ann, ben, cid, dot] = scene.users(["ann", "ben", "cid", "dot"]);
        let room = scene.create(ann, "ops").unwrap();
        for user in [ben, cid, dot] {
            scene.join(user, room).unwrap();
        }
        scene.appoint(ben, room);
        scene.appoint(cid, room);
        for letter in disabled.chars() {
            let place = "abcd".find(letter).unwrap();
            scene.disable(users[place]);
        }
        scene.leave(ann, room).unwrap();
        assert_eq!(scene.role(users[heir], room), Some(Role::Owner), "{disabled:?} disabled");
    }
}

#[test]
fn a_removed_account_keeps_its_name_and_leaves_its_rooms_one_by_one() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    scene.act(Actor::User(ann), &Command::AddDevice { device: device(1) }).unwrap();
    let mut rooms: Vec<RoomId> =
        ["one", "two", "three"].map(|title| scene.create(ann, title).unwrap()).into();
    rooms.sort();
    scene.join(ben, rooms[1]).unwrap();
    scene.appoint(ben, rooms[1]);
    scene.notices(ben);
    scene.remove(ann);
    assert_eq!(scene.world.user(ann).unwrap().devices().count(), 0);
    assert_eq!(scene.ask(Actor::Console, &add_user("ann")), Err(Code::NameTaken));
    let remove = Command::RemoveUser { user: "ann".parse().unwrap() };
    assert_eq!(scene.ask(Actor::Console, &remove), Err(Code::NoSuchUser));
    assert_eq!(scene.create(ann, "four"), Err(Code::LoginRequired));
    let keep = Retention {
        associations_ms: DAY,
        notifications_ms: DAY,
        terminated_ms: DAY,
        messages_ms: None,
        devices_ms: DAY,
    };
    let gone = RoomEvent::Departed { user: ann, how: Departure::Removed, by: None, reason: None };
    for &room in &rooms {
        assert_eq!(scene.world.due(scene.now, &keep, 9), [Command::Forsake { user: ann }]);
        assert_eq!(scene.forsake(ann)[0], gone);
        assert_eq!(scene.role(ann, room), None);
    }
    assert_eq!(scene.world.due(scene.now, &keep, 9), []);
    assert_eq!(scene.forsake(ann), []);
    assert_eq!(scene.told(ben), "ownership-received");
    let live = |room| scene.world.room(room).unwrap().state == RoomState::Live;
    assert_eq!([rooms[0], rooms[1], rooms[2]].map(live), [false, true, false]);
}

#[test]
fn a_removed_account_waits_at_no_door_any_more() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    let mut rooms: Vec<RoomId> =
        ["one", "two"].map(|title| scene.create(ann, title).unwrap()).into();
    rooms.sort();
    scene.request(ben, rooms[0]).unwrap();
    scene.invite(ann, rooms[1], ben).unwrap();
    scene.remove(ben);
    let keep = Retention {
        associations_ms: DAY,
        notifications_ms: DAY,
        terminated_ms: DAY,
        messages_ms: None,
        devices_ms: DAY,
    };
    let due = || [Command::Forsake { user: ben }];
    assert_eq!(scene.world.due(scene.now, &keep, 9), due());
    let (by, reason) = (None, None);
    let withdrawn = RoomEvent::RequestEnded { user: ben, how: RequestEnd::Withdrawn, by, reason };
    assert_eq!(scene.forsake(ben), [withdrawn]);
    assert_eq!(scene.world.due(scene.now, &keep, 9), due());
    let revoked = RoomEvent::InviteEnded { user: ben, how: InviteEnd::Revoked, by };
    assert_eq!(scene.forsake(ben), [revoked]);
    assert_eq!(scene.world.due(scene.now, &keep, 9), []);
}

#[test]
fn what_was_done_about_a_removed_user_can_be_undone() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    let room = scene.create(ann, "ops").unwrap();
    scene.ban(ann, room, ben).unwrap();
    scene.block(ann, ben);
    scene.remove(ben);
    assert_eq!(
        scene.unban(ann, room, ben),
        Ok(vec![RoomEvent::Unbanned { user: ben, by: Some(ann) }])
    );
    let user = scene.name(ben);
    let unblocked = scene.act(Actor::User(ann), &Command::Unblock { user }).unwrap();
    assert_eq!(unblocked.len(), 1);
}

#[test]
fn a_removed_operator_is_none_any_more() {
    let mut scene = Scene::new();
    let ann = scene.sign_up("ann");
    let user = scene.name(ann);
    let standing = Standing::Operator;
    scene.act(Actor::Console, &Command::SetStanding { user, standing }).unwrap();
    scene.remove(ann);
    assert_eq!(scene.world.user(ann).unwrap().standing, Standing::Ordinary);
}

#[test]
fn a_removed_user_inherits_nothing_before_the_clock_has_taken_them_out() {
    // Who of ben (an admin), cid and dot is removed (upper case: disabled), and who inherits.
    for (gone, heir) in [("b", 2), ("bC", 3), ("bCD", 2), ("cd", 1)] {
        let mut scene = Scene::new();
        let users @ [ann, ben, cid, dot] = scene.users(["ann", "ben", "cid", "dot"]);
        let room = scene.create(ann, "ops").unwrap();
        for user in [ben, cid, dot] {
            scene.join(user, room).unwrap();
        }
        scene.appoint(ben, room);
        for letter in gone.chars() {
            let user = users["abcd".find(letter.to_ascii_lowercase()).unwrap()];
            if letter.is_ascii_lowercase() { scene.remove(user) } else { scene.disable(user) }
        }
        scene.leave(ann, room).unwrap();
        assert_eq!(scene.role(users[heir], room), Some(Role::Owner), "{gone} gone");
    }
    // Whoever is left beside them is the last.
    let mut scene = Scene::new();
    let [ann, ben, cid] = scene.users(["ann", "ben", "cid"]);
    let room = scene.create(ann, "ops").unwrap();
    for user in [ben, cid] {
        scene.join(user, room).unwrap();
    }
    scene.remove(ben);
    scene.leave(ann, room).unwrap();
    assert_eq!(scene.world.room(room).unwrap().state, RoomState::Terminated);
    assert_eq!(scene.told(cid), "room-terminated");
    assert_eq!(scene.forsake(ben), []);
}

#[test]
fn a_removed_account_is_nobody_to_deal_with_and_has_no_password() {
    let mut scene = Scene::new();
    let [ann, ben] = scene.users(["ann", "ben"]);
    let room = scene.create(ann, "ops").unwrap();
    scene.remove(ben);
    assert_eq!(scene.add(ann, room, ben), Err(Code::NoSuchUser));
    assert_eq!(scene.ban(ann, room, ben), Err(Code::NoSuchUser));
    let set =
        Command::SetPassword { user: ben, password: super::super::scene::password(), keep: None };
    assert_eq!(scene.ask(Actor::Console, &set), Err(Code::NoSuchUser));
}

#[test]
fn an_operator_has_no_power_in_a_room_and_the_console_hands_it_on() {
    let mut scene = Scene::new();
    let [ann, ben, cid] = scene.users(["ann", "ben", "cid"]);
    let room = scene.create(ann, "ops").unwrap();
    for user in [ben, cid] {
        scene.join(user, room).unwrap();
    }
    let user = scene.name(cid);
    let standing = Standing::Operator;
    scene.act(Actor::Console, &Command::SetStanding { user, standing }).unwrap();
    assert_eq!(scene.kick(cid, room, ben), Err(Code::NotPermitted));
    assert_eq!(scene.transfer(cid, room, ben), Err(Code::NotPermitted));
    scene.disable(ann);
    let user = scene.name(ben);
    scene.act(Actor::Console, &Command::Transfer { room, user }).unwrap();
    assert_eq!(
        (scene.role(ann, room), scene.role(ben, room)),
        (Some(Role::Admin), Some(Role::Owner))
    );
    assert_eq!(
        (scene.told(ann), scene.told(ben)),
        ("role-changed".into(), "ownership-received".into())
    );
}
