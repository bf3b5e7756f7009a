//! The model of going, and of who owns a room then.

use parlor_protocol::entry::Ended;
use parlor_protocol::id::RoomId;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Role};

use super::{Model, Outsider, Told, demand};
use crate::rooms::{Status, UserId};

impl Model {
    pub(super) fn depart(&mut self, user: UserId, room: RoomId, how: Departure) {
        let role = self.place(room).role(user).unwrap();
        self.take_out(user, room, how);
        let all: Vec<(UserId, Role)> =
            self.place(room).members.iter().map(|it| (it.user, it.role)).collect();
        let is_gone = |user: UserId| self.status(user) == Some(Status::Removed);
        // Nobody waits for the clock to take removed users out; but an owner is one until then.
        let left: Vec<_> =
            all.iter().copied().filter(|it| it.1 == Role::Owner || !is_gone(it.0)).collect();
        match left[..] {
            [] | [(_, Role::Member)] => {
                for &(last, _) in &all {
                    self.take_out(last, room, Departure::Terminated);
                }
                self.end(room, &all);
            }
            [(_, Role::Owner)] => {}
            [(heir, Role::Admin | Role::Unknown)] => self.crown(heir, room),
            _ if role == Role::Owner => {
                let active = |user: UserId| self.status(user) == Some(Status::Active);
                let none_active = !left.iter().any(|&(user, _)| active(user));
                let may: Vec<_> =
                    left.iter().filter(|&&(user, _)| none_active || active(user)).collect();
                let admin = may.iter().find(|(_, role)| *role == Role::Admin);
                let &&(heir, _) = admin.unwrap_or(&may[0]);
                self.crown(heir, room);
            }
            _ => {}
        }
    }

    /// Whoever runs the daemon ends a room over the heads of all who are in it.
    pub(super) fn terminate(&mut self, room: RoomId) -> Result<Told, Code> {
        let place = self.rooms.iter().find(|place| place.id == room).ok_or(Code::NoSuchRoom)?;
        demand(!place.ended, Code::RoomTerminated)?;
        let all: Vec<(UserId, Role)> = place.members.iter().map(|it| (it.user, it.role)).collect();
        for &(user, _) in &all {
            self.take_out(user, room, Departure::Terminated);
        }
        self.end(room, &all);
        Ok(Told::Done)
    }

    fn take_out(&mut self, user: UserId, room: RoomId, how: Departure) {
        let ended = match how {
            Departure::Left | Departure::Removed | Departure::Unknown => Ended::Left,
            Departure::Kicked => Ended::Kicked,
            Departure::Banned => Ended::Banned,
            Departure::Terminated => Ended::Terminated,
        };
        let (since, kicked) = (self.now, how == Departure::Kicked);
        let place = self.place(room);
        place.members.retain(|member| member.user != user);
        let ended = Some(ended);
        place.outside.push(Outsider { user, since, ended, kicked, ..Outsider::default() });
        place.changes += 1;
    }

    fn crown(&mut self, heir: UserId, room: RoomId) {
        self.place(room).make(heir, Role::Owner);
        self.tell(heir, NotificationKind::OwnershipReceived, None);
    }

    /// The room is over for whoever was in last, and for those who wanted in.
    fn end(&mut self, room: RoomId, last: &[(UserId, Role)]) {
        let now = self.now;
        let outside: Vec<UserId> = self.place(room).outside.iter().map(|it| it.user).collect();
        outside.into_iter().for_each(|user| self.settle(room, user));
        let place = self.place(room);
        place.ended = true;
        place.changes += 1;
        let hopeful = place.outside.iter().filter(|it| it.asked_at.is_some() || it.is_invited(now));
        let last = last.iter().map(|it| it.0);
        let told: Vec<UserId> = last.chain(hopeful.map(|it| it.user)).collect();
        place.outside.retain(|it| it.ban.is_none());
        for outside in place.outside.iter_mut().filter(|it| it.knocks()) {
            (outside.asked_at, outside.invited_until) = (None, None);
            (outside.ended, outside.since) = (Some(Ended::Terminated), now);
        }
        for user in told {
            self.tell(user, NotificationKind::RoomTerminated, None);
        }
        self.directory += 1;
    }
}
