//! The store's tests: a world and a store that are told the same, and what one then finds in it.

mod ending;
mod laws;
mod opening;
mod pages;

use std::sync::LazyLock;

use parlor_protocol::account::StretchCost;
use parlor_protocol::id::{Bytes, Nonce, Revision, RoomId, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::password::ServerSetup;
use parlor_protocol::refusal::Refusal;
use parlor_protocol::room::{Entry, Visibility};
use parlor_protocol::text::MessageText;
use tempfile::TempDir;

use super::{Batch, Create, Store};
use crate::rooms::{
    Actor, Command, Decision, Event, Happening, NewDevice, Password, RoomEvent, Standing, UserId,
    World,
};

const START: Timestamp = Timestamp(1_795_376_832_000);

/// A data directory, the store in it, and the world that it should hold.
struct Scene {
    dir: TempDir,
    store: Store,
    world: World,
    now: Timestamp,
    dice: u64,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Create::IfMissing).unwrap();
        Self { dir, store, world: World::default(), now: START, dice: 0 }
    }

    /// Closes the store and opens it again, as a restart does.
    fn reopen(self) -> Self {
        let Self { dir, store, world, now, dice } = self;
        drop(store);
        let store = Store::open(dir.path(), Create::Never).unwrap();
        Self { dir, store, world, now, dice }
    }

    /// Decides and applies a command; its events are yet to be written.
    fn decide(&mut self, actor: Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let (world, dice) = (&self.world, &mut self.dice);
        self.now.0 += 1;
        let mut roll = || {
            *dice += 1;
            *dice
        };
        match world.decide(&actor, command, self.now, &mut roll)? {
            Decision::Events(events) => {
                events.iter().for_each(|event| self.world.apply(event));
                Ok(events)
            }
            Decision::Repeated(_) | Decision::SameDevice(_) | Decision::Read(_) => Ok(Vec::new()),
        }
    }

    fn commit(&mut self, events: Vec<Event>) {
        self.store.writer.commit(&Batch { events, at: self.now, ..Batch::default() }).unwrap();
    }

    /// Does a command that must be allowed.
    fn does(&mut self, user: UserId, command: &Command) -> Vec<Event> {
        let events = self.decide(Actor::User(user), command).unwrap();
        self.commit(events.clone());
        events
    }

    fn user(&mut self, name: &str) -> UserId {
        let command = Command::AddUser {
            name: name.parse().unwrap(),
            password: password(name.as_bytes()),
            standing: Standing::Ordinary,
        };
        let events = self.decide(Actor::Console, &command).unwrap();
        self.commit(events);
        self.world.user_by_name(&name.parse().unwrap()).unwrap()
    }

    fn room(&mut self, owner: UserId, title: &str) -> RoomId {
        let events = self.does(owner, &create(title));
        let created = events.iter().find_map(|event| match event.what {
            Happening::Room(room, RoomEvent::Created { .. }) => Some(room),
            _ => None,
        });
        created.unwrap()
    }

    fn joins(&mut self, user: UserId, room: RoomId) {
        self.does(user, &Command::JoinRoom { room, leave: None });
    }

    fn leaves(&mut self, user: UserId, room: RoomId) {
        self.does(user, &Command::LeaveRoom { room });
    }

    fn says(&mut self, user: UserId, room: RoomId, text: &str) {
        let command = self.send(room, text);
        self.does(user, &command);
    }

    /// A command to send `text` with a new nonce.
    fn send(&mut self, room: RoomId, text: &str) -> Command {
        self.dice += 1;
        let nonce = Nonce::new(
            self.now,
            [self.dice.to_be_bytes().as_slice(), &[0; 2]].concat().try_into().unwrap(),
        );
        let text = MessageText::parse(text).unwrap();
        Command::Send { room, nonce, text, kind: MessageKind::Said }
    }

    fn revision(&self, room: RoomId) -> Revision {
        self.world.room(room).unwrap().revision
    }
}

fn create(title: &str) -> Command {
    let (visibility, entry) = (Visibility::Public, Entry::Open);
    Command::CreateRoom { title: title.parse().unwrap(), visibility, entry }
}

/// A password's record that can be read, told from others by its `mark`.
fn password(mark: &[u8]) -> Password {
    static RECORD: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let (name, password) = ("alice".parse().unwrap(), "correct horse");
        let password = parlor_protocol::password::Password::parse(password).unwrap();
        ServerSetup::generate().record_for(&name, &password, StretchCost::WEAK).unwrap()
    });
    let mut record = RECORD.clone();
    // Behind a public key of 32 bytes it has bytes that may be any.
    record[32..32 + mark.len()].copy_from_slice(mark);
    Password { record, cost: StretchCost { log_n: 17, r: 8, p: 1 } }
}

fn device(key: u8) -> NewDevice {
    NewDevice { name: format!("laptop {key}"), public_key: Bytes([key; 32]) }
}
