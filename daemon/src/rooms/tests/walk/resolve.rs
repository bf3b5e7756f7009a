//! From the numbers of a step to a command that makes sense in the world as it is.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{DeviceId, Nonce, NotificationId, RoomId, Seq, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::UserName;
use parlor_protocol::room::{Entry, Role, Visibility};

use super::super::model::TITLES;
use super::super::scene::{DAY, HOUR, MINUTE, device, password, send};
use super::steps::Fitting;
use super::{KEEP, Step, Verb, Walk};
use crate::rooms::{
    Actor, Association, CodeTerms, Command, RoomState, SignUpCode, Standing, Status, UserId,
    WhichNotices,
    world::{Room, User},
};

const NAMES: [&str; 12] =
    ["ann", "ben", "cid", "dot", "eve", "fay", "gus", "hal", "ida", "jon", "kim", "leo"];
const TEXTS: [&str; 5] =
    ["hello", "@ann look", "@Ben, @cid! and @dot", "mail eve@ann.org", "@nobody @eve."];
const MODES: [SignUpMode; 4] =
    [SignUpMode::Open, SignUpMode::Approval, SignUpMode::Code, SignUpMode::Closed];
/// How far the time of a nonce is from now.
const SKEWS: [i64; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 9 * MINUTE, 11 * MINUTE, -6 * DAY, -8 * DAY];
/// For how long something is to last.
const TERMS: [Option<i64>; 4] = [None, Some(HOUR), Some(DAY), Some(4 * DAY)];

/// How many numbers of rooms stand for live ones.
const LIVE_NAMED: usize = 5;

impl Walk {
    pub(super) fn resolve(&mut self, step: &Step) -> (Actor, Command) {
        let room = self.room(step.room);
        let actor = match step.verb {
            Verb::Resend if let Some((actor, ..)) = self.sent_before(step) => actor,
            verb => self.actor(verb, step, room),
        };
        let command = self.command(step, actor, room);
        (actor, command)
    }

    /// One of the live rooms, the latest first; few numbers stand for rooms that have ended, and the
    /// last ones for one that never was.
    fn room(&self, back: usize) -> RoomId {
        let live = |room: &RoomId| self.world.room(*room).unwrap().state == RoomState::Live;
        let (live, ended): (Vec<_>, Vec<_>) = self.rooms.iter().rev().copied().partition(live);
        let found = match back.checked_sub(LIVE_NAMED) {
            Some(back) => ended.get(back),
            None => live.get(back % live.len().max(1)),
        };
        found.copied().unwrap_or(RoomId::from_random(u64::MAX))
    }

    fn members(&self, room: RoomId, least: Role) -> Vec<UserId> {
        let rank = |role: Role| match role {
            Role::Member | Role::Unknown => 0,
            Role::Admin => 1,
            Role::Owner => 2,
        };
        let members = self.world.room(room).into_iter().flat_map(Room::members);
        members.filter(|(_, of)| rank(of.role) >= rank(least)).map(|of| of.0).collect()
    }

    fn strangers(&self, room: RoomId) -> Vec<UserId> {
        let users = self.world.users().filter(|(_, user)| user.is_there()).map(|(id, _)| id);
        users.filter(|&user| self.world.role(room, user).is_none()).collect()
    }

    fn associated(&self, room: RoomId, what: impl Fn(&Association) -> bool) -> Vec<UserId> {
        let room = self.world.room(room);
        let associations = room.into_iter().flat_map(|room| &room.associations);
        associations.filter(|(_, it)| what(it)).map(|(&user, _)| user).collect()
    }

    fn of_status(&self, status: Status) -> Vec<UserId> {
        let users = self.world.users().filter(|(_, user)| user.status == status);
        users.map(|(id, _)| id).collect()
    }

    fn blocking(&self) -> Vec<UserId> {
        let users = self.world.users().filter(|(_, user)| !user.blocked.is_empty());
        users.map(|(id, _)| id).collect()
    }

    fn blocked_by(&self, actor: Actor) -> Vec<UserId> {
        match actor {
            Actor::User(user) => {
                self.world.user(user).into_iter().flat_map(|user| &user.blocked).copied().collect()
            }
            Actor::Stranger | Actor::Console | Actor::Clock => Vec::new(),
        }
    }

    /// A room to leave: one of the user's own, where that is what the step looks for.
    fn left(&self, step: &Step, actor: Actor) -> Option<RoomId> {
        let back = step.other?;
        match actor {
            Actor::User(user) if step.fitting == Fitting::Both => {
                self.world.rooms_of(user).nth(back).or_else(|| Some(self.room(back)))
            }
            Actor::User(_) | Actor::Stranger | Actor::Console | Actor::Clock => {
                Some(self.room(back))
            }
        }
    }

    /// Whoever asks: a user who does not exist yet is a stranger.
    fn actor(&self, verb: Verb, step: &Step, room: RoomId) -> Actor {
        let one = |of: Vec<UserId>| of.get(step.who % of.len().max(1)).copied().map(Actor::User);
        let fitting = match (step.fitting, actor_of(verb)) {
            (Fitting::No, _) | (_, ActorOf::Users) => None,
            (_, ActorOf::Strangers) => Some(Actor::Stranger),
            (_, ActorOf::Console) => Some(Actor::Console),
            (_, ActorOf::Time) => Some(Actor::Clock),
            (_, ActorOf::Outside) if step.pick.is_multiple_of(2) => {
                one(self.associated(room, |it| !it.is_requested()))
            }
            (_, ActorOf::Outside) => one(self.strangers(room)),
            (_, ActorOf::Asking) => one(self.associated(room, Association::is_requested)),
            (_, ActorOf::Blocking) => one(self.blocking()),
            (_, ActorOf::Inside(least)) => one(self.members(room, least)),
        };
        let any = match step.who {
            0 => Actor::Stranger,
            1 => Actor::Console,
            2 => Actor::Clock,
            number if number < 12 => Actor::User(UserId(number as u64 - 2)),
            number => Actor::User(UserId(number as u64 % 6 + 1)),
        };
        match fitting.unwrap_or(any) {
            Actor::User(user) if self.world.user(user).is_none() => Actor::Stranger,
            known => known,
        }
    }

    /// Somebody by name, with whom the verb makes sense.
    fn whom(&self, step: &Step, actor: Actor, room: RoomId) -> UserName {
        let fitting = match step.verb {
            _ if step.fitting != Fitting::Both => Vec::new(),
            Verb::Approve | Verb::Deny => self.associated(room, Association::is_requested),
            Verb::RevokeInvite => self.associated(room, |it| it.invited_until.is_some()),
            Verb::Unban => self.associated(room, |it| it.ban.is_some()),
            Verb::AddMember | Verb::InviteUser => self.strangers(room),
            Verb::Demote => self.members(room, Role::Admin),
            Verb::Kick | Verb::Promote | Verb::Transfer => self.members(room, Role::Member),
            Verb::ApproveSignUp | Verb::DenySignUp => self.of_status(Status::Waiting),
            Verb::Unblock => self.blocked_by(actor),
            Verb::EnableUser => self.of_status(Status::Disabled),
            Verb::DisableUser | Verb::SetStanding | Verb::Block | Verb::BanUser => {
                self.of_status(Status::Active)
            }
            _ => Vec::new(),
        };
        match fitting.get(step.whom % fitting.len().max(1)) {
            Some(&user) => self.world.name_of(user).unwrap().clone(),
            None => NAMES[step.whom % NAMES.len()].parse().unwrap(),
        }
    }

    /// A name that nobody has yet, where the step looks for one.
    fn new_name(&self, step: &Step) -> UserName {
        let names = NAMES.map(|name| name.parse().unwrap());
        let is_free = |name: &&UserName| self.world.account_by_name(name).is_none();
        let free: Vec<&UserName> = names.iter().filter(is_free).collect();
        match free.get(step.whom % free.len().max(1)) {
            Some(&name) if step.fitting == Fitting::Both => name.clone(),
            Some(_) | None => names[step.whom % NAMES.len()].clone(),
        }
    }

    /// A code, one that there is where the step looks for one.
    fn code(&self, step: &Step) -> SignUpCode {
        let known: Vec<SignUpCode> = self.world.codes().map(|(code, _)| code).collect();
        match known.get(step.room % known.len().max(1)) {
            Some(&code) if step.fitting == Fitting::Both => code,
            Some(_) | None => SignUpCode::from_random(step.room as u64 % 3),
        }
    }

    fn device(&self, step: &Step, actor: Actor) -> DeviceId {
        let own: Vec<DeviceId> = match actor {
            Actor::User(user) => {
                self.world.user(user).into_iter().flat_map(User::devices).map(|of| of.0).collect()
            }
            Actor::Stranger | Actor::Console | Actor::Clock => Vec::new(),
        };
        match own.get(step.pick % own.len().max(1)) {
            Some(&id) if step.fitting == Fitting::Both => id,
            Some(_) | None => DeviceId(step.pick as u32 % 4 + 1),
        }
    }

    /// Somebody by number.
    fn number(step: &Step) -> UserId {
        UserId(step.whom as u64 % 14 + 1)
    }

    fn sent_before(&self, step: &Step) -> Option<(Actor, RoomId, Nonce)> {
        self.sent.iter().rev().nth(step.pick % 8).copied()
    }

    fn until(&self, step: &Step) -> Option<Timestamp> {
        TERMS[step.pick % TERMS.len()].map(|ms| Timestamp(self.now.0 + ms))
    }

    fn command(&mut self, step: &Step, actor: Actor, room: RoomId) -> Command {
        let pick = step.pick;
        match step.verb {
            Verb::CreateRoom => {
                let title = TITLES[pick % TITLES.len()].0.parse().unwrap();
                let (visibility, entry) = match step.whom % 8 {
                    0..3 => (Visibility::Public, Entry::Open),
                    3..5 => (Visibility::Public, Entry::Ask),
                    5..7 => (Visibility::Private, Entry::Ask),
                    _ => (Visibility::Private, Entry::Open),
                };
                Command::CreateRoom { title, visibility, entry }
            }
            Verb::JoinRoom => Command::JoinRoom { room, leave: self.left(step, actor) },
            Verb::LeaveRoom => Command::LeaveRoom { room },
            Verb::Send => {
                // A nonce that somebody used before, or a new one that far from now.
                let used = step.other.and_then(|back| self.sent.iter().rev().nth(back));
                let nonce = used.map_or_else(
                    || {
                        let at = Timestamp(self.now.0 + SKEWS[pick % SKEWS.len()]);
                        Nonce::new(at, [self.sent.len() as u8; 10])
                    },
                    |&(_, _, nonce)| nonce,
                );
                self.sent.push((actor, room, nonce));
                let text = TEXTS[step.whom % TEXTS.len()].parse().unwrap();
                let kind = [MessageKind::Said, MessageKind::Action][pick % 2];
                Command::Send { room, nonce, text, kind }
            }
            Verb::Resend => match self.sent_before(step) {
                Some((_, room, nonce)) => send(room, nonce),
                None => send(room, Nonce::new(self.now, [0; 10])),
            },
            Verb::TerminateRoom => Command::TerminateRoom { room },
            Verb::MarkRead => Command::MarkRead { room, seq: Seq(pick as u64 % 6) },
            Verb::SetTopic => {
                Command::SetTopic { room, topic: ["", "plans", "lunch"][pick % 3].parse().ok() }
            }
            Verb::Rename => {
                Command::Rename { room, title: TITLES[pick % TITLES.len()].0.parse().unwrap() }
            }
            Verb::SetSlowMode => {
                Command::SetSlowMode { room, secs: [0, 30, 86_400, 86_401][pick % 4] }
            }
            Verb::RequestToJoin => {
                Command::RequestToJoin { room, reason: ["", "please"][pick % 2].parse().ok() }
            }
            Verb::Withdraw => Command::Withdraw { room },
            Verb::Promote
            | Verb::Demote
            | Verb::Transfer
            | Verb::Approve
            | Verb::Deny
            | Verb::AddMember
            | Verb::InviteUser
            | Verb::RevokeInvite
            | Verb::Kick
            | Verb::BanUser
            | Verb::Unban => self.about(step, actor, room),
            Verb::Expire
            | Verb::Forget
            | Verb::PruneNotifications
            | Verb::ExpireDevice
            | Verb::Forsake
            | Verb::ForgetSignUp
            | Verb::ExpireCode
            | Verb::Due => self.of_time(step, room),
            _ => self.of_accounts(step, actor),
        }
    }

    /// What is done about somebody in a room.
    fn about(&self, step: &Step, actor: Actor, room: RoomId) -> Command {
        let user = self.whom(step, actor, room);
        let reason = ["", "spam"][step.pick % 2].parse().ok();
        match step.verb {
            Verb::Promote => Command::Promote { room, user },
            Verb::Demote => Command::Demote { room, user },
            Verb::Transfer => Command::Transfer { room, user },
            Verb::Approve => Command::Approve { room, user },
            Verb::Deny => Command::Deny { room, user, reason },
            Verb::AddMember => Command::AddMember { room, user },
            Verb::InviteUser => Command::InviteUser { room, user },
            Verb::RevokeInvite => Command::RevokeInvite { room, user },
            Verb::Kick => Command::Kick { room, user, reason },
            Verb::BanUser => Command::BanUser { room, user, reason, until: self.until(step) },
            Verb::Unban => Command::Unban { room, user },
            other => unreachable!("{other:?}"),
        }
    }

    /// What is due, or what might be.
    fn of_time(&self, step: &Step, room: RoomId) -> Command {
        let user = Self::number(step);
        let before = Timestamp(self.now.0 - step.pick as i64 * DAY / 4);
        match step.verb {
            Verb::Due => {
                let due = self.world.due(self.now, &KEEP, usize::MAX);
                let nth = due.get(step.pick % due.len().max(1)).cloned();
                nth.unwrap_or(Command::Expire { room, user })
            }
            Verb::Expire => Command::Expire { room, user },
            Verb::Forget => Command::Forget { room, user, before },
            Verb::PruneNotifications => Command::PruneNotifications { user, before },
            Verb::ExpireDevice => Command::ExpireDevice { user, id: DeviceId(1), before },
            Verb::Forsake => Command::Forsake { user },
            Verb::ForgetSignUp => Command::ForgetSignUp { user },
            Verb::ExpireCode => Command::ExpireCode { code: self.code(step) },
            other => unreachable!("{other:?}"),
        }
    }

    fn of_accounts(&self, step: &Step, actor: Actor) -> Command {
        let (pick, name) = (step.pick, self.whom(step, actor, RoomId::from_random(0)));
        let standing = if pick % 4 == 0 { Standing::Operator } else { Standing::Ordinary };
        match step.verb {
            Verb::SignUp => Command::SignUp {
                name: self.new_name(step),
                password: password(),
                device: (pick % 3 > 0).then(|| device(pick as u8 % 3)),
                mode: MODES[pick % 4],
                code: (pick % 5 > 2).then(|| self.code(step)),
            },
            Verb::AddUser => {
                Command::AddUser { name: self.new_name(step), password: password(), standing }
            }
            Verb::SetPassword => Command::SetPassword {
                user: Self::number(step),
                password: password(),
                keep: (pick % 3 > 0).then(|| DeviceId(pick as u32 % 4 + 1)),
            },
            Verb::Restretch => Command::Restretch { password: password() },
            Verb::SetDisplayName => {
                let display_name =
                    ["", "Ann", "\u{41b}\u{435}\u{43d}\u{430}"][pick % 3].parse().ok();
                Command::SetDisplayName { display_name }
            }
            Verb::AddDevice => Command::AddDevice { device: device(pick as u8 % 3) },
            Verb::RevokeDevice => Command::RevokeDevice { id: self.device(step, actor) },
            Verb::ApproveSignUp => Command::ApproveSignUp { user: name },
            Verb::DenySignUp => Command::DenySignUp { user: name, reason: "no".parse().ok() },
            Verb::SetStanding => Command::SetStanding { user: name, standing },
            Verb::DisableUser => Command::DisableUser { user: name },
            Verb::EnableUser => Command::EnableUser { user: name },
            Verb::RemoveUser => Command::RemoveUser { user: name },
            Verb::SetSignUpMode => Command::SetSignUpMode { mode: MODES[pick % 4] },
            Verb::MakeCode => {
                let uses = step.whom as u32 % 4;
                let until = self.until(step).unwrap_or(Timestamp(self.now.0 + 2 * DAY));
                let code = SignUpCode::from_random(step.room as u64 % 3);
                Command::MakeCode { code, terms: CodeTerms { uses, until, standing } }
            }
            Verb::RevokeCode => Command::RevokeCode { code: self.code(step) },
            Verb::Block => Command::Block { user: name },
            Verb::Unblock => Command::Unblock { user: name },
            Verb::ReadNotifications => Command::ReadNotifications(which(step)),
            Verb::DismissNotifications => Command::DismissNotifications(which(step)),
            other => unreachable!("{other:?}"),
        }
    }
}

/// Of whom it is to try something.
enum ActorOf {
    Users,
    Strangers,
    Console,
    Time,
    Outside,
    Asking,
    Blocking,
    Inside(Role),
}

fn actor_of(verb: Verb) -> ActorOf {
    match verb {
        Verb::SignUp => ActorOf::Strangers,
        Verb::AddUser
        | Verb::SetPassword
        | Verb::ApproveSignUp
        | Verb::DenySignUp
        | Verb::SetStanding
        | Verb::DisableUser
        | Verb::EnableUser
        | Verb::RemoveUser
        | Verb::SetSignUpMode
        | Verb::MakeCode
        | Verb::RevokeCode
        | Verb::TerminateRoom => ActorOf::Console,
        Verb::Restretch
        | Verb::SetDisplayName
        | Verb::AddDevice
        | Verb::RevokeDevice
        | Verb::Block
        | Verb::ReadNotifications
        | Verb::DismissNotifications
        | Verb::CreateRoom
        | Verb::Resend => ActorOf::Users,
        Verb::JoinRoom | Verb::RequestToJoin => ActorOf::Outside,
        Verb::Unblock => ActorOf::Blocking,
        Verb::Withdraw => ActorOf::Asking,
        Verb::LeaveRoom | Verb::Send | Verb::MarkRead => ActorOf::Inside(Role::Member),
        Verb::SetTopic
        | Verb::SetSlowMode
        | Verb::Approve
        | Verb::Deny
        | Verb::AddMember
        | Verb::InviteUser
        | Verb::RevokeInvite
        | Verb::Kick
        | Verb::BanUser
        | Verb::Unban => ActorOf::Inside(Role::Admin),
        Verb::Promote | Verb::Demote | Verb::Transfer | Verb::Rename => {
            ActorOf::Inside(Role::Owner)
        }
        Verb::Expire
        | Verb::Forget
        | Verb::PruneNotifications
        | Verb::ExpireDevice
        | Verb::Forsake
        | Verb::ForgetSignUp
        | Verb::ExpireCode
        | Verb::Due => ActorOf::Time,
    }
}

fn which(step: &Step) -> WhichNotices {
    match step.pick % 6 {
        0 => WhichNotices::All,
        number => WhichNotices::One(NotificationId(number as u32)),
    }
}
