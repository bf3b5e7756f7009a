//! A second, naive model of the rules: lists that are searched, no indexes, no events. It is
//! written from the specification and not from the rules, so that the two can disagree.

mod accounts;
mod entering;
mod keeping_out;
mod leaving;
mod ruling;
mod sending;
mod time;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::entry::Ended;
use parlor_protocol::id::{Nonce, RoomId, Timestamp};
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Entry, Role, Visibility};

use super::view::{MemberView, NoteView, RoomView, UserView, View};
use crate::rooms::{
    Actor, Association, Ban, BanNotice, CodeTerms, Command, Rank, SignUpCode, Standing, Status,
    UserId,
};

/// Titles, each with the class of titles that are the same, and the class that it pretends to be.
pub(super) const TITLES: [(&str, u8, Option<u8>); 6] = [
    ("ops", 1, None),
    ("OPS", 1, None),
    ("\u{43e}ps", 2, Some(1)),
    ("paypal", 3, None),
    ("p\u{430}yp\u{430}l", 4, Some(3)),
    ("straße", 5, None),
];

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Done,
    Sent { seq: u64 },
    Repeated { seq: u64 },
    SameDevice(u32),
    Read { seq: u64 },
}

/// Everything, as of now.
#[derive(Default)]
pub(super) struct Model {
    now: Timestamp,
    /// By number, those that were forgotten included.
    users: Vec<Account>,
    rooms: Vec<Place>,
    mode: Option<SignUpMode>,
    codes: Vec<(SignUpCode, CodeTerms)>,
    directory: u64,
}

struct Account {
    name: String,
    display_name: Option<String>,
    standing: Standing,
    /// `None` for an account that nobody remembers.
    status: Option<Status>,
    since: Timestamp,
    /// Numbers, keys, and when they were registered: nobody uses any.
    devices: Vec<(u32, u8, Timestamp)>,
    registered: u32,
    blocked: Vec<UserId>,
    notes: Vec<NoteView>,
    noted: u32,
    changes: u64,
}

struct Place {
    id: RoomId,
    title: String,
    topic: Option<String>,
    visibility: Visibility,
    entry: Entry,
    slow_secs: u32,
    ended: bool,
    /// In join order.
    members: Vec<MemberView>,
    outside: Vec<Outsider>,
    sent: Vec<(UserId, Nonce)>,
    changes: u64,
}

/// Someone who has to do with a room and is no member.
#[derive(Default)]
struct Outsider {
    user: UserId,
    since: Timestamp,
    ended: Option<Ended>,
    kicked: bool,
    denied_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    invited_until: Option<Timestamp>,
    ban: Option<Banishment>,
}

#[derive(Clone, Copy)]
struct Banishment {
    until: Option<Timestamp>,
    by_owner: bool,
    silent: bool,
}

impl Model {
    /// `made` is the ID that the dice gave a new room.
    pub(super) fn run(
        &mut self,
        actor: Actor,
        command: &Command,
        now: Timestamp,
        made: Option<RoomId>,
    ) -> Result<Told, Code> {
        self.now = now;
        match command {
            Command::SignUp { .. } | Command::SetPassword { .. } => {
                self.run_account(actor, command)
            }
            Command::ApproveSignUp { .. }
            | Command::DenySignUp { .. }
            | Command::DisableUser { .. }
            | Command::EnableUser { .. } => {
                if actor != Actor::Console {
                    let user = self.asker(actor)?;
                    let is_operator = self.account(user).standing == Standing::Operator;
                    demand(is_operator, Code::NotPermitted)?;
                }
                self.administer(command)
            }
            Command::AddUser { .. }
            | Command::SetStanding { .. }
            | Command::RemoveUser { .. }
            | Command::SetSignUpMode { .. }
            | Command::MakeCode { .. }
            | Command::RevokeCode { .. } => {
                self.only(actor, Actor::Console)?;
                self.administer(command)
            }
            Command::Restretch { .. }
            | Command::SetDisplayName { .. }
            | Command::AddDevice { .. }
            | Command::RevokeDevice { .. }
            | Command::Block { .. }
            | Command::Unblock { .. }
            | Command::ReadNotifications(_)
            | Command::DismissNotifications(_) => self.keep_own(self.asker(actor)?, command),
            Command::CreateRoom { .. }
            | Command::JoinRoom { .. }
            | Command::RequestToJoin { .. }
            | Command::Withdraw { .. } => self.come(self.asker(actor)?, command, made),
            Command::LeaveRoom { .. } | Command::Send { .. } | Command::MarkRead { .. } => {
                self.take_part(self.asker(actor)?, command)
            }
            Command::Transfer { room, user } => self.transfer(actor, *room, user.as_str()),
            Command::TerminateRoom { room } => {
                self.only(actor, Actor::Console)?;
                self.terminate(*room)
            }
            Command::Promote { .. }
            | Command::Demote { .. }
            | Command::Rename { .. }
            | Command::SetTopic { .. }
            | Command::SetSlowMode { .. } => self.rule(self.asker(actor)?, command),
            Command::Approve { .. }
            | Command::Deny { .. }
            | Command::AddMember { .. }
            | Command::InviteUser { .. }
            | Command::RevokeInvite { .. } => self.let_in(self.asker(actor)?, command),
            Command::Kick { .. } | Command::BanUser { .. } | Command::Unban { .. } => {
                self.keep_out(self.asker(actor)?, command)
            }
            Command::Expire { .. }
            | Command::Forget { .. }
            | Command::PruneNotifications { .. }
            | Command::ExpireDevice { .. }
            | Command::Forsake { .. }
            | Command::ForgetSignUp { .. }
            | Command::ExpireCode { .. } => {
                self.only(actor, Actor::Clock)?;
                self.pass(command)
            }
        }
    }

    /// The user who asks.
    fn asker(&self, actor: Actor) -> Result<UserId, Code> {
        match actor {
            Actor::User(user) => {
                demand(self.status(user) == Some(Status::Active), Code::LoginRequired)?;
                Ok(user)
            }
            Actor::Stranger => Err(Code::LoginRequired),
            Actor::Console | Actor::Clock => Err(Code::NotPermitted),
        }
    }

    fn only(&self, actor: Actor, allowed: Actor) -> Result<(), Code> {
        if actor == allowed {
            return Ok(());
        }
        self.asker(actor)?;
        Err(Code::NotPermitted)
    }

    fn status(&self, user: UserId) -> Option<Status> {
        self.users.get((user.0 as usize).checked_sub(1)?)?.status
    }

    fn account(&mut self, user: UserId) -> &mut Account {
        &mut self.users[user.0 as usize - 1]
    }

    /// Whoever has this name, and is somebody to have to do with.
    fn named(&self, name: &str) -> Result<UserId, Code> {
        let is_there =
            |account: &Account| matches!(account.status, Some(Status::Active | Status::Disabled));
        let place = self.users.iter().position(|it| it.name == name && is_there(it));
        Ok(UserId(place.ok_or(Code::NoSuchUser)? as u64 + 1))
    }

    /// Whoever has this name, also one who is gone.
    fn known(&self, name: &str) -> Result<UserId, Code> {
        let was_there = |account: &Account| {
            matches!(account.status, Some(Status::Active | Status::Disabled | Status::Removed))
        };
        let place = self.users.iter().position(|it| it.name == name && was_there(it));
        Ok(UserId(place.ok_or(Code::NoSuchUser)? as u64 + 1))
    }

    /// Tells somebody of something, unless they did it themselves or do not want to hear it.
    fn tell(&mut self, user: UserId, kind: NotificationKind, by: Option<UserId>) {
        use NotificationKind::{Added, Invited, JoinRequested, Mentioned};
        let now = self.now;
        let account = self.account(user);
        let is_wish = matches!(kind, Invited | Added | JoinRequested | Mentioned);
        let unwanted = by.is_some_and(|by| is_wish && account.blocked.contains(&by));
        let is_there = matches!(account.status, Some(Status::Active | Status::Disabled));
        if by == Some(user) || unwanted || !is_there {
            return;
        }
        account.noted += 1;
        account.changes += 1;
        account.notes.push(NoteView { id: account.noted, kind, at: now, read: false });
    }

    fn place(&mut self, room: RoomId) -> &mut Place {
        self.rooms.iter_mut().find(|place| place.id == room).unwrap()
    }

    /// The room, as far as somebody may know of it.
    fn seen_by(&self, user: UserId, room: RoomId) -> Result<&Place, Code> {
        let place = self.rooms.iter().find(|place| place.id == room).ok_or(Code::NoSuchRoom)?;
        if place.role(user).is_some() {
            return Ok(place);
        }
        let outside = place.outsider(user);
        let ban = outside.and_then(|outside| outside.ban);
        let knows = outside.is_some() && !ban.is_some_and(|ban| ban.silent);
        let is_banned = ban.is_some_and(|ban| ban.counts(self.now));
        match (place.ended, knows) {
            (true, true) => Err(Code::RoomTerminated),
            (true, false) => Err(Code::NoSuchRoom),
            (false, true) if is_banned => Err(Code::Banned),
            (false, false) if is_banned => Err(Code::NoSuchRoom),
            (false, false) if place.visibility == Visibility::Private => Err(Code::NoSuchRoom),
            (false, _) => Ok(place),
        }
    }

    /// The room, and what the member is in it.
    fn inside(&self, user: UserId, room: RoomId) -> Result<Role, Code> {
        self.seen_by(user, room)?.role(user).ok_or(Code::NotAMember)
    }

    pub(super) fn view(&self) -> View {
        let users = (1..).zip(&self.users).filter_map(|(number, account)| {
            let view = UserView {
                name: account.name.clone(),
                display_name: account.display_name.clone(),
                standing: account.standing,
                status: account.status?,
                revision: account.changes,
                devices: account.devices.iter().map(|&(id, ..)| id).collect(),
                blocked: sorted(&account.blocked),
                notifications: account.notes.clone(),
            };
            Some((UserId(number), view))
        });
        let rooms = self.rooms.iter().map(|place| {
            let room = RoomView {
                title: place.title.clone(),
                topic: place.topic.clone(),
                visibility: place.visibility,
                entry: place.entry,
                slow_secs: place.slow_secs,
                ended: place.ended,
                revision: place.changes,
                last_seq: place.sent.len() as u64,
                members: place.members.clone(),
                outside: place.outside.iter().map(|it| (it.user, it.view())).collect(),
            };
            (place.id, room)
        });
        View {
            directory: self.directory,
            mode: self.mode,
            codes: self.codes.iter().copied().collect(),
            users: users.collect(),
            rooms: rooms.collect(),
        }
    }
}

impl Place {
    fn role(&self, user: UserId) -> Option<Role> {
        self.members.iter().find(|member| member.user == user).map(|member| member.role)
    }

    fn outsider(&self, user: UserId) -> Option<&Outsider> {
        self.outside.iter().find(|outside| outside.user == user)
    }

    fn is_admin(&self, user: UserId) -> bool {
        matches!(self.role(user), Some(Role::Admin | Role::Owner))
    }

    /// Something happens to somebody who is not in. Whoever is nothing any more is forgotten.
    fn change(&mut self, user: UserId, now: Timestamp, change: impl FnOnce(&mut Outsider)) {
        self.changes += 1;
        if self.outsider(user).is_none() {
            self.outside.push(Outsider { user, ..Outsider::default() });
        }
        let outside = self.outside.iter_mut().find(|outside| outside.user == user).unwrap();
        change(outside);
        outside.since = now;
        self.outside.retain(|it| {
            it.ended.is_some()
                || it.asked_at.is_some()
                || it.invited_until.is_some()
                || it.ban.is_some()
        });
    }

    /// Gives a member a role; whether it was another.
    fn make(&mut self, user: UserId, role: Role) -> bool {
        let member = self.members.iter_mut().find(|member| member.user == user).unwrap();
        let is_new = std::mem::replace(&mut member.role, role) != role;
        self.changes += u64::from(is_new);
        is_new
    }
}

impl Banishment {
    fn counts(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl Outsider {
    fn is_invited(&self, now: Timestamp) -> bool {
        self.invited_until.is_some_and(|until| now < until)
    }

    /// Whether it stays however old it is.
    fn lasts(&self) -> bool {
        self.ban.is_some() || self.invited_until.is_some()
    }

    fn knocks(&self) -> bool {
        self.asked_at.is_some() || self.invited_until.is_some()
    }

    fn view(&self) -> Association {
        let ban = self.ban.map(|ban| Ban {
            until: ban.until,
            rank: if ban.by_owner { Rank::Owner } else { Rank::Admin },
            notice: if ban.silent { BanNotice::Silent } else { BanNotice::Told },
        });
        Association {
            ended: self.ended,
            since: self.since,
            must_ask: self.kicked,
            denied_at: self.denied_at,
            requested_at: self.asked_at,
            invited_until: self.invited_until,
            ban,
        }
    }
}

fn demand(holds: bool, code: Code) -> Result<(), Code> {
    if holds { Ok(()) } else { Err(code) }
}

fn sorted(users: &[UserId]) -> Vec<UserId> {
    let mut users = users.to_vec();
    users.sort_unstable();
    users
}
