//! The stories of what is remembered of rooms that one is not in, and for how long.

use parlor_protocol::entry::{Ended, Rejoin};
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Entry, Visibility};

use super::super::scene::{DAY, Scene};
use super::entering::{asking_room, private_room, room_of};
use crate::rooms::{Actor, Command, Retention, Sight, UserId};

const KEEP: Retention = Retention {
    associations_ms: 30 * DAY,
    notifications_ms: 30 * DAY,
    terminated_ms: 30 * DAY,
    messages_ms: None,
    devices_ms: 90 * DAY,
};

impl Scene {
    /// What the clock does by itself; the user is told of some of it.
    fn housekeep(&mut self) {
        for command in self.world.due(self.now, &KEEP, 100) {
            self.act(Actor::Clock, &command).unwrap();
        }
    }

    fn ended(&self, user: UserId, room: RoomId) -> Option<Ended> {
        self.world.association(room, user)?.ended
    }

    fn rejoin(&self, user: UserId, room: RoomId) -> Rejoin {
        let known = self.world.room(room).unwrap();
        let sight = Sight {
            state: known.state,
            visibility: known.visibility,
            entry: known.entry,
            role: self.role(user, room),
            association: self.world.association(room, user),
        };
        sight.rejoin(self.now)
    }
}

#[test]
fn a_former_room_tells_how_it_ended_and_how_one_gets_back() {
    let public = |entry| move || room_of(Visibility::Public, entry);
    let (open, ask) = (public(Entry::Open), public(Entry::Ask));
    let leave = |scene: &mut Scene, room, _: UserId, user| scene.leave(user, room);
    let kick = |scene: &mut Scene, room, by, user| scene.kick(by, room, user);
    let ban = |scene: &mut Scene, room, by, user| scene.ban(by, room, user);
    let unban = |scene: &mut Scene, room, by, user| {
        scene.ban(by, room, user)?;
        scene.unban(by, room, user)
    };
    type Act = fn(&mut Scene, RoomId, UserId, UserId) -> Result<Vec<crate::rooms::RoomEvent>, Code>;
    let cases: [(Act, Ended, [Rejoin; 3]); 4] = [
        (leave, Ended::Left, [Rejoin::Now, Rejoin::Request, Rejoin::Invite]),
        (kick, Ended::Kicked, [Rejoin::Request, Rejoin::Request, Rejoin::Request]),
        (ban, Ended::Banned, [Rejoin::No, Rejoin::No, Rejoin::No]),
        (unban, Ended::Banned, [Rejoin::Now, Rejoin::Request, Rejoin::Invite]),
    ];
    for (act, ended, back) in cases {
        let rooms = [open(), ask(), private_room()];
        for ((mut scene, room, [ann, _, cid, _]), rejoin) in rooms.into_iter().zip(back) {
            scene.add(ann, room, cid).unwrap();
            act(&mut scene, room, ann, cid).unwrap();
            assert_eq!(scene.ended(cid, room), Some(ended));
            assert_eq!(scene.rejoin(cid, room), rejoin, "{ended:?}");
        }
    }
}

#[test]
fn an_invite_outlives_whatever_is_kept_for_less_than_it_counts() {
    let (mut scene, room, [ann, _, cid, _]) = asking_room();
    let keep = Retention { associations_ms: DAY, ..KEEP };
    scene.invite(ann, room, cid).unwrap();
    scene.wait_ms(7 * DAY - 1);
    assert_eq!(scene.world.due(scene.now, &keep, 9), []);
    let forget = Command::Forget { room, user: cid, before: scene.now };
    assert_eq!(scene.act(Actor::Clock, &forget), Ok(vec![]));
    scene.wait_ms(1);
    let expire = Command::Expire { room, user: cid };
    assert_eq!(scene.world.due(scene.now, &keep, 9), std::slice::from_ref(&expire));
    scene.act(Actor::Clock, &expire).unwrap();
    assert_eq!(scene.ended(cid, room), Some(Ended::InviteExpired), "and its day begins");
    assert_eq!(scene.world.due(scene.now, &keep, 9), []);
    scene.wait_ms(DAY);
    let forget = Command::Forget { room, user: cid, before: Timestamp(scene.now.0 - DAY) };
    assert_eq!(scene.world.due(scene.now, &keep, 9), [forget]);
}

#[test]
fn nobody_gets_back_into_a_terminated_room() {
    let (mut scene, room, [ann, ben, cid, dot]) = asking_room();
    scene.request(cid, room).unwrap();
    scene.invite(ann, room, dot).unwrap();
    scene.demote(ann, room, ben).unwrap();
    scene.leave(ann, room).unwrap();
    assert_eq!(
        (scene.ended(ann, room), scene.ended(ben, room)),
        (Some(Ended::Left), Some(Ended::Terminated))
    );
    for user in [ann, ben, cid, dot] {
        assert_eq!(scene.rejoin(user, room), Rejoin::No);
        assert_eq!(scene.join(user, room), Err(Code::RoomTerminated));
    }
}

#[test]
fn an_association_is_forgotten_thirty_days_after_its_last_event() {
    let (mut scene, room, [ann, _, cid, dot]) = private_room();
    scene.add(ann, room, cid).unwrap();
    scene.kick(ann, room, cid).unwrap();
    scene.wait_ms(29 * DAY);
    scene.request(cid, room).unwrap();
    scene.deny(ann, room, cid).unwrap();
    scene.invite(ann, room, dot).unwrap();
    scene.wait_ms(30 * DAY - 1);
    scene.housekeep();
    assert_eq!(scene.ended(cid, room), Some(Ended::Denied));
    assert_eq!(scene.ended(dot, room), Some(Ended::InviteExpired));
    scene.wait_ms(1);
    scene.housekeep();
    assert_eq!(scene.world.association(room, cid), None);
    assert_eq!(scene.request(cid, room), Err(Code::NoSuchRoom), "it may not know the room now");
}

#[test]
fn a_ban_keeps_an_association_and_its_thirty_days_begin_when_it_is_lifted() {
    let (mut scene, room, [ann, _, cid, dot]) = asking_room();
    scene.ban(ann, room, cid).unwrap();
    scene.ban_for(ann, room, dot, 60 * DAY).unwrap();
    scene.wait_ms(60 * DAY);
    scene.housekeep();
    assert_eq!(scene.join(cid, room), Err(Code::Banned));
    assert_eq!(scene.told(dot), "banned unbanned");
    scene.unban(ann, room, cid).unwrap();
    scene.wait_ms(30 * DAY - 1);
    scene.housekeep();
    assert!(scene.ended(cid, room).is_some() && scene.ended(dot, room).is_some());
    scene.wait_ms(1);
    scene.housekeep();
    assert_eq!(scene.world.room(room).unwrap().associations.len(), 0);
}

#[test]
fn whoever_comes_back_reads_on_from_the_end() {
    let (mut scene, room, [ann, ben, ..]) = room_of(Visibility::Public, Entry::Open);
    let reading = |scene: &Scene| scene.world.room(room).unwrap().reading(ben).cloned();
    scene.say(ann, room, "@ben one");
    scene.say(ann, room, "@ben two");
    let mentions = reading(&scene).unwrap().mentions;
    assert_eq!(mentions.iter().map(|seq| seq.0).collect::<Vec<_>>(), [1, 2]);
    let read = |seq| Command::MarkRead { room, seq: parlor_protocol::id::Seq(seq) };
    scene.act(Actor::User(ben), &read(1)).unwrap();
    scene.act(Actor::User(ben), &read(0)).unwrap();
    let at = |scene: &Scene| reading(scene).map(|it| (it.read.0, it.mentions.len()));
    assert_eq!(at(&scene), Some((1, 1)), "it never goes back");
    scene.act(Actor::User(ben), &read(99)).unwrap();
    assert_eq!(at(&scene), Some((2, 0)), "nor beyond the last message");
    scene.leave(ben, room).unwrap();
    scene.say(ann, room, "three");
    scene.join(ben, room).unwrap();
    assert_eq!(at(&scene), Some((3, 0)));
}
