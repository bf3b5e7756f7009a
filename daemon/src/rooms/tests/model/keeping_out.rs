//! The model of kicks and bans.

use parlor_protocol::entry::Ended;
use parlor_protocol::id::RoomId;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Role, Visibility};

use super::{Banishment, Model, Told, demand};
use crate::rooms::{Command, UserId};

impl Model {
    pub(super) fn keep_out(&mut self, by: UserId, command: &Command) -> Result<Told, Code> {
        let (Command::Kick { room, user: name, .. }
        | Command::BanUser { room, user: name, .. }
        | Command::Unban { room, user: name }) = command
        else {
            unreachable!("{command:?}")
        };
        let (room, now) = (*room, self.now);
        let mine = self.inside(by, room)?;
        demand(mine != Role::Member, Code::NotPermitted)?;
        let user = match command {
            Command::Unban { .. } => self.known(name.as_str())?,
            _ => self.named(name.as_str())?,
        };
        let theirs = self.place(room).role(user);
        let allowed = by != user
            && match theirs {
                Some(Role::Owner) => false,
                Some(Role::Admin) => mine == Role::Owner,
                Some(Role::Member | Role::Unknown) | None => true,
            };
        match command {
            Command::Kick { .. } => {
                demand(theirs.is_some(), Code::NotAMember)?;
                demand(allowed, Code::NotPermitted)?;
                self.depart(user, room, Departure::Kicked);
                self.tell(user, NotificationKind::Kicked, Some(by));
            }
            Command::BanUser { until, .. } => {
                demand(allowed, Code::NotPermitted)?;
                let ban = self.place(room).outsider(user).and_then(|it| it.ban);
                let owners = ban.is_some_and(|ban| ban.by_owner && ban.counts(now));
                demand(!owners || mine == Role::Owner, Code::NotPermitted)?;
                self.ban(by, room, user, *until, mine == Role::Owner);
            }
            _ => {
                let Some(ban) = self.place(room).outsider(user).and_then(|it| it.ban) else {
                    return Ok(Told::Done);
                };
                let owners = ban.by_owner && ban.counts(now);
                demand(!owners || mine == Role::Owner, Code::NotPermitted)?;
                self.lift(room, user, ban.counts(now).then_some(by));
            }
        }
        Ok(Told::Done)
    }

    fn ban(
        &mut self,
        by: UserId,
        room: RoomId,
        user: UserId,
        until: Option<parlor_protocol::id::Timestamp>,
        by_owner: bool,
    ) {
        self.settle(room, user);
        let now = self.now;
        if self.place(room).role(user).is_some() {
            self.depart(user, room, Departure::Banned);
        }
        let place = self.place(room);
        let known = place.outsider(user).is_some_and(|it| it.ban.is_none_or(|ban| !ban.silent));
        let silent = place.visibility == Visibility::Private && !known;
        place.change(user, now, |it| {
            it.asked_at = None;
            it.invited_until = None;
            it.ban = Some(Banishment { until, by_owner, silent });
        });
        if !silent {
            self.tell(user, NotificationKind::Banned, Some(by));
        }
    }

    fn lift(&mut self, room: RoomId, user: UserId, by: Option<UserId>) {
        let now = self.now;
        let place = self.place(room);
        let silent = place.outsider(user).unwrap().ban.unwrap().silent;
        place.change(user, now, |it| {
            it.ban = None;
            it.ended = if silent { it.ended } else { Some(Ended::Banned) };
        });
        if !silent {
            self.tell(user, NotificationKind::Unbanned, by);
        }
    }

    /// What is over is cleared away.
    pub(super) fn settle(&mut self, room: RoomId, user: UserId) {
        let now = self.now;
        let Some(place) = self.rooms.iter().find(|place| place.id == room) else { return };
        let Some(outside) = place.outsider(user) else { return };
        let invite_is_over = outside.invited_until.is_some_and(|until| until <= now);
        if outside.ban.is_some_and(|ban| !ban.counts(now)) {
            self.lift(room, user, None);
        }
        if invite_is_over {
            self.place(room).change(user, now, |it| {
                it.invited_until = None;
                it.ended = Some(Ended::InviteExpired);
            });
        }
    }
}
