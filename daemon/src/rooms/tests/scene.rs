//! A world for tests, with a clock, dice and verbs that apply what they decide.

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::id::{Bytes, Nonce, RoomId, Timestamp};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Role;

use crate::rooms::{
    Actor, Command, Decision, Event, Happening, NewDevice, Password, RoomEvent, Standing, UserId,
    World,
};

/// Some time in 2026.
pub(super) const START: Timestamp = Timestamp(1_795_376_832_000);

/// A world in the making.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) now: Timestamp,
    thrown: u64,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self { world: World::default(), now: START, thrown: 0 }
    }

    /// Decides without applying.
    pub(super) fn ask(&mut self, actor: Actor, command: &Command) -> Result<Decision, Code> {
        let thrown = &mut self.thrown;
        let mut dice = || {
            *thrown += 1;
            *thrown
        };
        self.world.decide(&actor, command, self.now, &mut dice).map_err(|refusal| refusal.code)
    }

    /// Decides and applies; the events, none where nothing was to be done.
    pub(super) fn act(&mut self, actor: Actor, command: &Command) -> Result<Vec<Event>, Code> {
        match self.ask(actor, command)? {
            Decision::Events(events) => {
                events.iter().for_each(|event| self.world.apply(event));
                Ok(events)
            }
            Decision::Repeated(_) | Decision::SameDevice(_) => Ok(Vec::new()),
        }
    }

    pub(super) fn sign_up(&mut self, name: &str) -> UserId {
        self.act(Actor::Stranger, &sign_up(name)).unwrap();
        self.world.user_by_name(&name.parse().unwrap()).unwrap()
    }

    pub(super) fn users<const N: usize>(&mut self, names: [&str; N]) -> [UserId; N] {
        names.map(|name| self.sign_up(name))
    }

    pub(super) fn create(&mut self, user: UserId, title: &str) -> Result<RoomId, Code> {
        let events = self.act(Actor::User(user), &create(title))?;
        match events[0].what {
            Happening::Room(room, RoomEvent::Created { .. }) => Ok(room),
            ref other => panic!("a creation begins with Created, not with {other:?}"),
        }
    }

    pub(super) fn join(&mut self, user: UserId, room: RoomId) -> Result<Vec<RoomEvent>, Code> {
        self.act(Actor::User(user), &Command::JoinRoom { room, leave: None }).map(room_events)
    }

    pub(super) fn move_to(
        &mut self,
        user: UserId,
        room: RoomId,
        leave: RoomId,
    ) -> Result<Vec<Event>, Code> {
        self.act(Actor::User(user), &Command::JoinRoom { room, leave: Some(leave) })
    }

    pub(super) fn leave(&mut self, user: UserId, room: RoomId) -> Result<Vec<RoomEvent>, Code> {
        self.act(Actor::User(user), &Command::LeaveRoom { room }).map(room_events)
    }

    pub(super) fn send(
        &mut self,
        user: UserId,
        room: RoomId,
        nonce: Nonce,
    ) -> Result<Decision, Code> {
        let command = send(room, nonce);
        if self.world.nonce_to_recall(&Actor::User(user), &command).is_some() {
            panic!("recall it first");
        }
        let decision = self.ask(Actor::User(user), &command)?;
        if let Decision::Events(events) = &decision {
            events.iter().for_each(|event| self.world.apply(event));
        }
        Ok(decision)
    }

    /// The owner makes a member an admin.
    pub(super) fn appoint(&mut self, user: UserId, room: RoomId) {
        let members = self.world.room(room).unwrap().members();
        let owner = members.into_iter().find(|(_, of)| of.role == Role::Owner).unwrap().0;
        let user = self.name(user);
        self.act(Actor::User(owner), &Command::Promote { room, user }).unwrap();
    }

    pub(super) fn name(&self, user: UserId) -> UserName {
        self.world.name_of(user).unwrap().clone()
    }

    pub(super) fn wait_ms(&mut self, ms: i64) {
        self.now.0 += ms;
    }
}

pub(super) fn room_events(events: Vec<Event>) -> Vec<RoomEvent> {
    events
        .into_iter()
        .filter_map(|event| match event.what {
            Happening::Room(_, what) => Some(what),
            Happening::Directory(_) | Happening::User(..) => None,
        })
        .collect()
}

pub(super) fn password() -> Password {
    Password { record: vec![7; 192], cost: StretchCost { log_n: 17, r: 8, p: 1 } }
}

pub(super) fn device(key: u8) -> NewDevice {
    NewDevice { name: "laptop".into(), public_key: Bytes([key; 32]) }
}

pub(super) fn sign_up(name: &str) -> Command {
    let name = name.parse().unwrap();
    Command::SignUp { name, password: password(), device: None, mode: SignUpMode::Open }
}

pub(super) fn add_user(name: &str) -> Command {
    let name = name.parse().unwrap();
    Command::AddUser { name, password: password(), standing: Standing::Ordinary }
}

pub(super) fn create(title: &str) -> Command {
    Command::CreateRoom { title: Title::parse(title).unwrap() }
}

pub(super) fn send(room: RoomId, nonce: Nonce) -> Command {
    Command::Send { room, nonce, text: "hello".parse().unwrap() }
}
