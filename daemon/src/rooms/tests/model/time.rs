//! The model of what time ends.

use parlor_protocol::entry::Ended;
use parlor_protocol::id::{DeviceId, Timestamp};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Departure;

use super::{Model, Outsider, Place, Told, demand};
use crate::rooms::{Command, Retention, Status, UserId};

impl Model {
    pub(super) fn pass(&mut self, command: &Command) -> Result<Told, Code> {
        match command {
            Command::Expire { room, user } => self.settle(*room, *user),
            Command::Forget { room, user, before } => {
                let Some(place) = self.rooms.iter_mut().find(|place| place.id == *room) else {
                    return Ok(Told::Done);
                };
                let old = place
                    .outside
                    .iter()
                    .position(|it| it.user == *user && it.since <= *before && !it.lasts());
                if let Some(index) = old {
                    let outside = place.outside.remove(index);
                    // A request that nobody answered ends first.
                    place.changes += 1 + u64::from(outside.asked_at.is_some());
                }
            }
            Command::PruneNotifications { user, before } => {
                demand(self.status(*user).is_some(), Code::NoSuchUser)?;
                let account = self.account(*user);
                let old = account.notes.iter().take_while(|note| note.at <= *before).count();
                account.notes.drain(..old);
                account.changes += u64::from(old > 0);
            }
            Command::ExpireDevice { user, id, before } => {
                demand(self.status(*user).is_some(), Code::NoSuchUser)?;
                let account = self.account(*user);
                let many = account.devices.len();
                account.devices.retain(|&(known, _, at)| known != id.0 || at > *before);
                account.changes += (many - account.devices.len()) as u64;
            }
            Command::Forsake { user } => {
                demand(self.status(*user).is_some(), Code::NoSuchUser)?;
                if self.status(*user) == Some(Status::Removed) {
                    self.forsake(*user);
                }
            }
            Command::ForgetSignUp { user } => {
                if self.status(*user) == Some(Status::Denied) {
                    self.account(*user).status = None;
                    self.directory += 1;
                }
            }
            Command::ExpireCode { code } => {
                if self.codes.iter().any(|it| it.0 == *code && it.1.until <= self.now) {
                    self.end_code(*code);
                }
            }
            other => unreachable!("{other:?}"),
        }
        Ok(Told::Done)
    }

    /// Takes a removed user out of one room, or away from one door.
    fn forsake(&mut self, user: UserId) {
        let now = self.now;
        let rooms = self.rooms.iter().filter(|place| place.role(user).is_some());
        if let Some(room) = rooms.map(|place| place.id).min() {
            return self.depart(user, room, Departure::Removed);
        }
        let knocks = |place: &&Place| place.outsider(user).is_some_and(Outsider::knocks);
        let Some(room) = self.rooms.iter().filter(knocks).map(|place| place.id).min() else {
            return;
        };
        let place = self.place(room);
        let outside = place.outsider(user).unwrap();
        if outside.asked_at.is_some() {
            place.change(user, now, |it| it.asked_at = None);
        } else {
            let is_over = !outside.is_invited(now);
            place.change(user, now, |it| {
                it.invited_until = None;
                it.ended = if is_over { Some(Ended::InviteExpired) } else { it.ended };
            });
        }
    }

    /// What is due, in no order.
    pub(in super::super) fn due(&self, now: Timestamp, keep: &Retention) -> Vec<Command> {
        let mut due = Vec::new();
        let before = |ms: i64| Timestamp(now.0 - ms);
        for place in &self.rooms {
            for outside in &place.outside {
                let (room, user) = (place.id, outside.user);
                let ban_is_over = outside.ban.is_some_and(|ban| !ban.counts(now));
                if ban_is_over || outside.invited_until.is_some_and(|until| until <= now) {
                    due.push(Command::Expire { room, user });
                }
                let before = before(keep.associations_ms);
                if !outside.lasts() && outside.since <= before {
                    due.push(Command::Forget { room, user, before });
                }
            }
        }
        for (user, account) in (1..).map(UserId).zip(&self.users) {
            let old = before(keep.notifications_ms);
            if account.status.is_some() && account.notes.iter().any(|note| note.at <= old) {
                due.push(Command::PruneNotifications { user, before: old });
            }
            let before_use = before(keep.devices_ms);
            if account.status.is_some() {
                let unused = account.devices.iter().filter(|device| device.2 <= before_use);
                due.extend(unused.map(|device| {
                    let id = DeviceId(device.0);
                    Command::ExpireDevice { user, id, before: before_use }
                }));
            }
            let knocks = |place: &Place| place.outsider(user).is_some_and(Outsider::knocks);
            let is_left =
                self.rooms.iter().any(|place| place.role(user).is_some() || knocks(place));
            if account.status == Some(Status::Removed) && is_left {
                due.push(Command::Forsake { user });
            }
            if account.status == Some(Status::Denied) && account.since <= before(7 * 86_400_000) {
                due.push(Command::ForgetSignUp { user });
            }
        }
        let over = self.codes.iter().filter(|(_, terms)| terms.until <= now);
        due.extend(over.map(|&(code, _)| Command::ExpireCode { code }));
        due
    }
}
