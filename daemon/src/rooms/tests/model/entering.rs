//! The model of coming in: rooms that are created, joins, requests, adds and invites.

use parlor_protocol::entry::Ended;
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Entry, Role, Visibility};

use super::{MemberView, Model, Place, TITLES, Told, demand};
use crate::rooms::{Command, UserId};

const DAY: i64 = 86_400_000;

impl Model {
    /// What somebody does to get in.
    pub(super) fn come(
        &mut self,
        user: UserId,
        command: &Command,
        made: Option<RoomId>,
    ) -> Result<Told, Code> {
        match command {
            Command::CreateRoom { title, visibility, entry } => {
                let is_open = *entry == Entry::Open;
                demand(!(is_open && *visibility == Visibility::Private), Code::BadRequest)?;
                demand(!self.is_taken(title.as_str(), None), Code::TitleTaken)?;
                let id = made.expect("the model makes a room where the rules do not");
                self.create(user, title.as_str(), (*visibility, *entry), id);
            }
            Command::JoinRoom { room, leave } => self.join(user, *room, *leave)?,
            Command::RequestToJoin { room, .. } => self.request(user, *room)?,
            Command::Withdraw { room } => {
                let place = self.seen_by(user, *room)?;
                let asked = place.outsider(user).is_some_and(|it| it.asked_at.is_some());
                demand(asked, Code::NoSuchRequest)?;
                let now = self.now;
                self.place(*room).change(user, now, |it| it.asked_at = None);
            }
            other => unreachable!("{other:?}"),
        }
        Ok(Told::Done)
    }

    fn create(&mut self, user: UserId, title: &str, kind: (Visibility, Entry), id: RoomId) {
        assert!(self.rooms.iter().all(|place| place.id != id), "{id} was a room before");
        let owner = MemberView { user, role: Role::Owner, read: 0, mentions: Vec::new() };
        self.rooms.push(Place {
            id,
            title: title.to_owned(),
            topic: None,
            visibility: kind.0,
            entry: kind.1,
            slow_secs: 0,
            ended: false,
            members: vec![owner],
            outside: Vec::new(),
            sent: Vec::new(),
            changes: 1,
        });
        self.directory += 1;
    }

    /// Whether a live room has the title, or one that it pretends to be, but for the room itself.
    pub(super) fn is_taken(&self, title: &str, itself: Option<RoomId>) -> bool {
        let class = |title: &str| TITLES.iter().find(|known| known.0 == title).unwrap();
        let &(_, wanted, pretends) = class(title);
        let others = self.rooms.iter().filter(|place| !place.ended && Some(place.id) != itself);
        others.map(|place| class(&place.title).1).any(|has| has == wanted || pretends == Some(has))
    }

    fn join(&mut self, user: UserId, room: RoomId, leave: Option<RoomId>) -> Result<(), Code> {
        // A private room's ID that one may not know is like one that does not exist.
        let place = self.seen_by(user, room).map_err(|code| match code {
            Code::NoSuchRoom => Code::NotInvited,
            other => other,
        })?;
        demand(place.role(user).is_none(), Code::AlreadyAMember)?;
        let outside = place.outsider(user);
        if !outside.is_some_and(|it| it.is_invited(self.now)) {
            let kicked = outside.is_some_and(|it| it.kicked);
            let is_open = place.entry == Entry::Open && !kicked;
            let has_asked = outside.is_some_and(|it| it.asked_at.is_some());
            demand(is_open || !has_asked, Code::AlreadyRequested)?;
            demand(!outside.is_some_and(|it| it.kicked), Code::RequestFirst)?;
            demand(place.visibility == Visibility::Public, Code::NotInvited)?;
            demand(place.entry == Entry::Open, Code::RequestFirst)?;
        }
        if let Some(left) = leave {
            let there = self.rooms.iter().find(|place| place.id == left);
            demand(there.is_some_and(|place| place.role(user).is_some()), Code::NotAMember)?;
            self.depart(user, left, Departure::Left);
        }
        self.settle(room, user);
        self.enter(room, user);
        Ok(())
    }

    fn request(&mut self, user: UserId, room: RoomId) -> Result<(), Code> {
        let now = self.now;
        let place = self.seen_by(user, room)?;
        demand(place.role(user).is_none(), Code::AlreadyAMember)?;
        if let Some(outside) = place.outsider(user) {
            demand(!outside.is_invited(now), Code::AlreadyInvited)?;
            demand(outside.asked_at.is_none(), Code::AlreadyRequested)?;
            let is_private = place.visibility == Visibility::Private;
            demand(!is_private || outside.kicked, Code::NotInvited)?;
            let denied = outside.denied_at.is_some_and(|at| now.0 < at.0 + DAY);
            demand(!denied, Code::RateLimited)?;
        }
        self.settle(room, user);
        let place = self.place(room);
        place.change(user, now, |it| it.asked_at = Some(now));
        let admins: Vec<UserId> = place.members.iter().map(|member| member.user).collect();
        for admin in admins {
            if self.place(room).is_admin(admin) {
                self.tell(admin, NotificationKind::JoinRequested, Some(user));
            }
        }
        Ok(())
    }

    /// What admins do to let somebody in, or not.
    pub(super) fn let_in(&mut self, by: UserId, command: &Command) -> Result<Told, Code> {
        let (Command::Approve { room, user: name }
        | Command::Deny { room, user: name, .. }
        | Command::AddMember { room, user: name }
        | Command::InviteUser { room, user: name }
        | Command::RevokeInvite { room, user: name }) = command
        else {
            unreachable!("{command:?}")
        };
        let room = *room;
        demand(self.inside(by, room)? != Role::Member, Code::NotPermitted)?;
        let (user, now) = (self.named(name.as_str())?, self.now);
        let place = self.place(room);
        let outside = place.outsider(user);
        let has_asked = outside.is_some_and(|it| it.asked_at.is_some());
        match command {
            Command::Approve { .. } => {
                demand(has_asked, Code::NoSuchRequest)?;
                self.enter(room, user);
                self.tell(user, NotificationKind::Approved, Some(by));
            }
            Command::Deny { .. } => {
                demand(has_asked, Code::NoSuchRequest)?;
                place.change(user, now, |it| {
                    it.asked_at = None;
                    it.denied_at = Some(now);
                    it.ended = Some(Ended::Denied);
                });
                self.tell(user, NotificationKind::Denied, Some(by));
            }
            Command::RevokeInvite { .. } => {
                demand(outside.is_some_and(|it| it.is_invited(now)), Code::NoSuchInvite)?;
                place.change(user, now, |it| it.invited_until = None);
            }
            Command::AddMember { .. } => {
                self.may_come(by, room, user)?;
                self.settle(room, user);
                self.enter(room, user);
                self.tell(user, NotificationKind::Added, Some(by));
            }
            _ if has_asked => {
                self.may_come(by, room, user)?;
                self.enter(room, user);
                self.tell(user, NotificationKind::Approved, Some(by));
            }
            _ => {
                self.may_come(by, room, user)?;
                self.settle(room, user);
                let until = Timestamp(now.0 + 7 * DAY);
                self.place(room).change(user, now, |it| it.invited_until = Some(until));
                self.tell(user, NotificationKind::Invited, Some(by));
            }
        }
        Ok(Told::Done)
    }

    /// Whether somebody may be added or invited.
    fn may_come(&mut self, by: UserId, room: RoomId, user: UserId) -> Result<(), Code> {
        let now = self.now;
        let place = self.place(room);
        demand(place.role(user).is_none(), Code::AlreadyAMember)?;
        let ban = place.outsider(user).and_then(|it| it.ban);
        demand(!ban.is_some_and(|ban| ban.counts(now)), Code::Banned)?;
        demand(!self.account(user).blocked.contains(&by), Code::Blocked)
    }

    /// Makes somebody a member; all else that they had to do with the room is over.
    fn enter(&mut self, room: RoomId, user: UserId) {
        let place = self.place(room);
        place.outside.retain(|outside| outside.user != user);
        let read = place.sent.len() as u64;
        place.members.push(MemberView { user, role: Role::Member, read, mentions: Vec::new() });
        place.changes += 1;
    }
}
