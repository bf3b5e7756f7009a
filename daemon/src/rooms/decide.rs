//! Deciding: from a command to the events that it causes, or to its refusal.

use parlor_protocol::id::{NotificationId, Revision, RoomId, Timestamp};
use parlor_protocol::refusal::{Code, Refusal};

use super::command::{Actor, Command, Decision};
use super::event::{DirectoryEvent, Event, Happening, RoomEvent, Stream, UserEvent, UserId};
use super::world::{Room, User, World};
use super::{
    accounts, agenda, devices, entering, keeping_out, knocking, leaving, notices, posting, ruling,
    users,
};

impl World {
    /// What the command comes to, at the time `at`. The dice give the random bits of a new room's
    /// ID. Nothing is changed: that is for [`World::apply`], event by event.
    ///
    /// Before a `Send` is decided, a nonce that [`World::nonce_to_recall`] names must be looked up.
    ///
    /// # Errors
    /// The rule that stands against it.
    pub(crate) fn decide(
        &self,
        actor: &Actor,
        command: &Command,
        at: Timestamp,
        dice: &mut dyn FnMut() -> u64,
    ) -> Result<Decision, Refusal> {
        self.permit(*actor, command, at)?;
        let draft = Draft::new(self, at);
        Self::judge(draft, *actor, command, dice)
    }

    /// One line for each command: what it asks for is decided in the module that is named.
    #[expect(clippy::too_many_lines, reason = "one arm a command, so that none is forgotten")]
    fn judge(
        draft: Draft<'_>,
        actor: Actor,
        command: &Command,
        dice: &mut dyn FnMut() -> u64,
    ) -> Result<Decision, Refusal> {
        let by = || asker(actor);
        let decided = match command {
            Command::SignUp { name, password, device, mode, code } => {
                accounts::sign_up(draft, name, password, device.as_ref(), *mode, *code)
            }
            Command::AddUser { name, password, standing } => {
                accounts::add_user(draft, name, password, *standing)
            }
            Command::SetPassword { user, password, keep } => {
                accounts::set_password(draft, *user, password, *keep)
            }
            Command::Restretch { password } => accounts::restretch(draft, by()?, password),
            Command::SetDisplayName { display_name } => {
                accounts::set_display_name(draft, by()?, display_name.as_ref())
            }
            Command::AddDevice { device } => accounts::add_device(draft, by()?, device),
            Command::RevokeDevice { id } => accounts::revoke_device(draft, by()?, *id),
            Command::ApproveSignUp { user } => users::approve(draft, user),
            Command::DenySignUp { user, reason } => users::deny(draft, user, reason.as_ref()),
            Command::SetStanding { user, standing } => users::set_standing(draft, user, *standing),
            Command::DisableUser { user } => users::disable(draft, user),
            Command::EnableUser { user } => users::enable(draft, user),
            Command::RemoveUser { user } => users::remove(draft, user),
            Command::SetSignUpMode { mode } => users::set_sign_up_mode(draft, *mode),
            Command::MakeCode { code, terms } => users::make_code(draft, *code, *terms),
            Command::RevokeCode { code } => users::revoke_code(draft, *code),
            Command::Block { user } => keeping_out::block(draft, by()?, user),
            Command::Unblock { user } => keeping_out::unblock(draft, by()?, user),
            Command::ReadNotifications(which) => notices::read(draft, by()?, *which),
            Command::DismissNotifications(which) => notices::dismiss(draft, by()?, *which),
            Command::CreateRoom { title, visibility, entry } => {
                entering::create(draft, by()?, title, (*visibility, *entry), dice)
            }
            Command::JoinRoom { room, leave } => entering::join(draft, by()?, *room, *leave),
            Command::LeaveRoom { room } => leaving::leave(draft, by()?, *room),
            Command::Send { room, nonce, text, kind } => {
                posting::send(draft, by()?, *room, *nonce, (text, *kind))
            }
            Command::MarkRead { room, seq } => posting::mark_read(&draft, by()?, *room, *seq),
            Command::Promote { room, user } => ruling::promote(draft, by()?, *room, user),
            Command::Demote { room, user } => ruling::demote(draft, by()?, *room, user),
            Command::Transfer { room, user } => ruling::transfer(draft, actor, *room, user),
            Command::TerminateRoom { room } => leaving::end(draft, *room),
            Command::SetTopic { room, topic } => {
                ruling::set_topic(draft, by()?, *room, topic.as_ref())
            }
            Command::Rename { room, title } => ruling::rename(draft, by()?, *room, title),
            Command::SetSlowMode { room, secs } => {
                ruling::set_slow_mode(draft, by()?, *room, *secs)
            }
            Command::RequestToJoin { room, reason } => {
                return knocking::request(draft, by()?, *room, reason.as_ref());
            }
            Command::Withdraw { room } => knocking::withdraw(draft, by()?, *room),
            Command::Approve { room, user } => knocking::approve(draft, by()?, *room, user),
            Command::Deny { room, user, reason } => {
                knocking::deny(draft, by()?, *room, user, reason.as_ref())
            }
            Command::AddMember { room, user } => knocking::add(draft, by()?, *room, user),
            Command::InviteUser { room, user } => knocking::invite(draft, by()?, *room, user),
            Command::RevokeInvite { room, user } => {
                knocking::revoke_invite(draft, by()?, *room, user)
            }
            Command::Kick { room, user, reason } => {
                keeping_out::kick(draft, by()?, *room, user, reason.as_ref())
            }
            Command::BanUser { room, user, reason, until } => {
                keeping_out::ban(draft, by()?, *room, user, reason.as_ref(), *until)
            }
            Command::Unban { room, user } => keeping_out::unban(draft, by()?, *room, user),
            Command::Expire { room, user } => agenda::expire(draft, *room, *user),
            Command::Forget { room, user, before } => agenda::forget(draft, *room, *user, *before),
            Command::PruneNotifications { user, before } => {
                agenda::prune_notifications(draft, *user, *before)
            }
            Command::ExpireDevice { user, id, before } => {
                devices::expire(draft, *user, *id, *before)
            }
            Command::Forsake { user } => users::forsake(draft, *user),
            Command::ForgetSignUp { user } => users::forget(draft, *user),
            Command::ExpireCode { code } => users::expire_code(draft, *code),
        };
        Ok(decided?)
    }
}

/// The user who asks. The table has turned everyone else away already.
fn asker(actor: Actor) -> Result<UserId, Code> {
    match actor {
        Actor::User(user) => Ok(user),
        Actor::Stranger | Actor::Console | Actor::Clock => Err(Code::LoginRequired),
    }
}

/// The events of one decision in the making. It gives each the next revision of its stream.
pub(super) struct Draft<'a> {
    pub(super) world: &'a World,
    pub(super) at: Timestamp,
    events: Vec<Event>,
    /// How far the streams are that this decision has touched; they are few.
    heads: Vec<(Stream, Revision)>,
    /// The last notifications that it has given.
    notified: Vec<(UserId, NotificationId)>,
}

impl<'a> Draft<'a> {
    fn new(world: &'a World, at: Timestamp) -> Self {
        Self { world, at, events: Vec::new(), heads: Vec::new(), notified: Vec::new() }
    }

    pub(super) fn directory(&mut self, event: DirectoryEvent) {
        self.add(Happening::Directory(event));
    }

    /// Adds an event of the room, and tells its revision.
    pub(super) fn room(&mut self, room: RoomId, event: RoomEvent) -> Revision {
        self.add(Happening::Room(room, event))
    }

    pub(super) fn user(&mut self, user: UserId, event: UserEvent) {
        self.add(Happening::User(user, event));
    }

    fn add(&mut self, what: Happening) -> Revision {
        let stream = what.stream();
        let revision = match self.heads.iter_mut().find(|(known, _)| *known == stream) {
            Some((_, head)) => {
                *head = head.next();
                *head
            }
            None => {
                let first = self.world.head(stream).next();
                self.heads.push((stream, first));
                first
            }
        };
        self.events.push(Event { revision, at: self.at, what });
        revision
    }

    /// A room that the table has found to be there.
    pub(super) fn known_room(&self, room: RoomId) -> Result<&'a Room, Code> {
        self.world.rooms.get(&room).ok_or(Code::NoSuchRoom)
    }

    /// The number of a user's next notification.
    pub(super) fn next_notification(&mut self, user: UserId, known: &User) -> NotificationId {
        let given = self.notified.iter_mut().find(|(other, _)| *other == user);
        match given {
            Some((_, last)) => {
                *last = NotificationId(last.0.saturating_add(1));
                *last
            }
            None => {
                let next = NotificationId(known.last_notification.0.saturating_add(1));
                self.notified.push((user, next));
                next
            }
        }
    }

    pub(super) fn done(self) -> Decision {
        Decision::Events(self.events)
    }
}
