//! Deciding: from a command to the events that it causes, or to its refusal.

use parlor_protocol::id::{Revision, RoomId, Timestamp};
use parlor_protocol::refusal::{Code, Refusal};

use super::command::{Actor, Command, Decision};
use super::event::{DirectoryEvent, Event, Happening, RoomEvent, Stream, UserEvent, UserId};
use super::world::{Room, World};
use super::{accounts, entering, leaving, posting, ruling};

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
        Ok(self.judge(*actor, command, Draft::new(self, at), dice)?)
    }

    fn judge(
        &self,
        actor: Actor,
        command: &Command,
        draft: Draft<'_>,
        dice: &mut dyn FnMut() -> u64,
    ) -> Result<Decision, Code> {
        self.permit(actor, command)?;
        match command {
            Command::SignUp { name, password, device, mode } => {
                accounts::sign_up(draft, name, password, device.as_ref(), *mode)
            }
            Command::AddUser { name, password, standing } => {
                accounts::add_user(draft, name, password, *standing)
            }
            Command::SetPassword { user, password, keep } => {
                accounts::set_password(draft, *user, password, *keep)
            }
            Command::Restretch { password } => accounts::restretch(draft, asker(actor)?, password),
            Command::AddDevice { device } => accounts::add_device(draft, asker(actor)?, device),
            Command::RevokeDevice { id } => accounts::revoke_device(draft, asker(actor)?, *id),
            Command::CreateRoom { title } => entering::create(draft, asker(actor)?, title, dice),
            Command::JoinRoom { room, leave } => {
                entering::join(draft, asker(actor)?, *room, *leave)
            }
            Command::LeaveRoom { room } => leaving::leave(draft, asker(actor)?, *room),
            Command::Send { room, nonce, text } => {
                posting::send(draft, asker(actor)?, *room, *nonce, text)
            }
            Command::Promote { room, user } => ruling::promote(draft, *room, user),
            Command::Demote { room, user } => ruling::demote(draft, *room, user),
            Command::Transfer { room, user } => ruling::transfer(draft, asker(actor)?, *room, user),
            Command::SetTopic { room, topic } => {
                ruling::set_topic(draft, asker(actor)?, *room, topic.as_ref())
            }
            Command::Rename { room, title } => ruling::rename(draft, asker(actor)?, *room, title),
        }
    }
}

/// The user who asks. The table has turned everyone else away already.
fn asker(actor: Actor) -> Result<UserId, Code> {
    match actor {
        Actor::User(user) => Ok(user),
        Actor::Stranger | Actor::Console => Err(Code::LoginRequired),
    }
}

/// The events of one decision in the making. It gives each the next revision of its stream.
pub(super) struct Draft<'a> {
    pub(super) world: &'a World,
    pub(super) at: Timestamp,
    events: Vec<Event>,
    /// How far the streams are that this decision has touched; they are few.
    heads: Vec<(Stream, Revision)>,
}

impl<'a> Draft<'a> {
    fn new(world: &'a World, at: Timestamp) -> Self {
        Self { world, at, events: Vec::new(), heads: Vec::new() }
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

    pub(super) fn done(self) -> Decision {
        Decision::Events(self.events)
    }
}
