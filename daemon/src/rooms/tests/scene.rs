//! A world for tests, with a clock, dice and verbs that apply what they decide.

use std::collections::BTreeMap;

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::id::{Bytes, Nonce, RoomId, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::{Entry, Role, Visibility};

use crate::rooms::{
    Actor, Command, Decision, Event, Happening, NewDevice, Notice, Password, RoomEvent, Standing,
    UserEvent, UserId, World,
};

/// Some time in 2026.
pub(super) const START: Timestamp = Timestamp(1_795_376_832_000);
pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A world in the making.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) now: Timestamp,
    /// What each was told and did not ask for yet.
    notices: BTreeMap<UserId, Vec<Notice>>,
    thrown: u64,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self { world: World::default(), now: START, notices: BTreeMap::new(), thrown: 0 }
    }

    /// Decides without applying; the refusal with all its data.
    pub(super) fn ask_fully(
        &mut self,
        actor: Actor,
        command: &Command,
    ) -> Result<Decision, Refusal> {
        let thrown = &mut self.thrown;
        let mut dice = || {
            *thrown += 1;
            *thrown
        };
        self.world.decide(&actor, command, self.now, &mut dice)
    }

    /// Decides without applying.
    pub(super) fn ask(&mut self, actor: Actor, command: &Command) -> Result<Decision, Code> {
        self.ask_fully(actor, command).map_err(|refusal| refusal.code)
    }

    /// Decides and applies; the events, none where nothing was to be done.
    pub(super) fn act(&mut self, actor: Actor, command: &Command) -> Result<Vec<Event>, Code> {
        match self.ask(actor, command)? {
            Decision::Events(events) => {
                events.iter().for_each(|event| self.apply(event));
                Ok(events)
            }
            Decision::Read(seq) => {
                if let (Actor::User(user), Command::MarkRead { room, .. }) = (actor, command) {
                    self.world.read(*room, user, seq);
                }
                Ok(Vec::new())
            }
            Decision::Repeated(_) | Decision::SameDevice(_) => Ok(Vec::new()),
        }
    }

    fn apply(&mut self, event: &Event) {
        self.world.apply(event);
        if let Happening::User(user, UserEvent::Notified { notice, .. }) = &event.what {
            self.notices.entry(*user).or_default().push(notice.clone());
        }
    }

    /// What a user was told since the last time.
    pub(super) fn notices(&mut self, user: UserId) -> Vec<Notice> {
        self.notices.remove(&user).unwrap_or_default()
    }

    /// The kinds of it.
    pub(super) fn told(&mut self, user: UserId) -> String {
        let kinds: Vec<_> = self.notices(user).iter().map(|notice| notice.kind.word()).collect();
        kinds.join(" ")
    }

    pub(super) fn sign_up(&mut self, name: &str) -> UserId {
        self.act(Actor::Stranger, &sign_up(name)).unwrap();
        self.world.user_by_name(&name.parse().unwrap()).unwrap()
    }

    pub(super) fn users<const N: usize>(&mut self, names: [&str; N]) -> [UserId; N] {
        names.map(|name| self.sign_up(name))
    }

    /// A public room that is open to all.
    pub(super) fn create(&mut self, user: UserId, title: &str) -> Result<RoomId, Code> {
        self.create_as(user, title, Visibility::Public, Entry::Open)
    }

    pub(super) fn create_as(
        &mut self,
        user: UserId,
        title: &str,
        visibility: Visibility,
        entry: Entry,
    ) -> Result<RoomId, Code> {
        let title = Title::parse(title).unwrap();
        let command = Command::CreateRoom { title, visibility, entry };
        let events = self.act(Actor::User(user), &command)?;
        match events[0].what {
            Happening::Room(room, RoomEvent::Created { .. }) => Ok(room),
            ref other => panic!("a creation begins with Created, not with {other:?}"),
        }
    }

    /// Decides and applies what a user wants; what happened in rooms.
    pub(super) fn does(&mut self, user: UserId, command: &Command) -> Result<Vec<RoomEvent>, Code> {
        self.act(Actor::User(user), command).map(room_events)
    }

    pub(super) fn join(&mut self, user: UserId, room: RoomId) -> Result<Vec<RoomEvent>, Code> {
        self.does(user, &Command::JoinRoom { room, leave: None })
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
        self.does(user, &Command::LeaveRoom { room })
    }

    pub(super) fn request(&mut self, user: UserId, room: RoomId) -> Result<Vec<RoomEvent>, Code> {
        self.does(user, &Command::RequestToJoin { room, reason: "please".parse().ok() })
    }

    pub(super) fn withdraw(&mut self, user: UserId, room: RoomId) -> Result<Vec<RoomEvent>, Code> {
        self.does(user, &Command::Withdraw { room })
    }

    pub(super) fn ban_for(
        &mut self,
        by: UserId,
        room: RoomId,
        user: UserId,
        ms: i64,
    ) -> Result<Vec<RoomEvent>, Code> {
        let (user, until) = (self.name(user), Some(Timestamp(self.now.0 + ms)));
        self.does(by, &Command::BanUser { room, user, reason: "spam".parse().ok(), until })
    }

    pub(super) fn block(&mut self, user: UserId, whom: UserId) {
        let whom = self.name(whom);
        self.act(Actor::User(user), &Command::Block { user: whom }).unwrap();
    }

    pub(super) fn send(
        &mut self,
        user: UserId,
        room: RoomId,
        nonce: Nonce,
    ) -> Result<Decision, Code> {
        self.post(user, &send(room, nonce))
    }

    /// Sends a message of its own.
    pub(super) fn say(&mut self, user: UserId, room: RoomId, text: &str) {
        self.thrown += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.thrown.to_be_bytes());
        let (nonce, text) = (Nonce::new(self.now, random), text.parse().unwrap());
        self.post(user, &Command::Send { room, nonce, text, kind: MessageKind::Said }).unwrap();
    }

    fn post(&mut self, user: UserId, command: &Command) -> Result<Decision, Code> {
        if self.world.nonce_to_recall(&Actor::User(user), command).is_some() {
            panic!("recall it first");
        }
        let decision = self.ask(Actor::User(user), command)?;
        if let Decision::Events(events) = &decision {
            events.iter().for_each(|event| self.apply(event));
        }
        Ok(decision)
    }

    /// The owner makes a member an admin.
    pub(super) fn appoint(&mut self, user: UserId, room: RoomId) {
        let members = self.world.room(room).unwrap().members();
        let owner = members.into_iter().find(|(_, of)| of.role == Role::Owner).unwrap().0;
        self.promote(owner, room, user).unwrap();
    }

    pub(super) fn name(&self, user: UserId) -> UserName {
        self.world.name_of(user).unwrap().clone()
    }

    pub(super) fn role(&self, user: UserId, room: RoomId) -> Option<Role> {
        self.world.role(room, user)
    }

    pub(super) fn wait_ms(&mut self, ms: i64) {
        self.now.0 += ms;
    }
}

/// What one user does about another in a room.
macro_rules! verbs {
    ($($verb:ident: $variant:ident { $($field:ident: $value:expr),* })*) => {
        impl Scene {
            $(pub(super) fn $verb(
                &mut self,
                by: UserId,
                room: RoomId,
                user: UserId,
            ) -> Result<Vec<RoomEvent>, Code> {
                let user = self.name(user);
                self.does(by, &Command::$variant { room, user, $($field: $value),* })
            })*
        }
    };
}

verbs! {
    promote: Promote {}
    demote: Demote {}
    transfer: Transfer {}
    approve: Approve {}
    deny: Deny { reason: "full".parse().ok() }
    add: AddMember {}
    invite: InviteUser {}
    revoke_invite: RevokeInvite {}
    kick: Kick { reason: "spam".parse().ok() }
    ban: BanUser { reason: "spam".parse().ok(), until: None }
    unban: Unban {}
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
    Password { record: vec![7; 3], cost: StretchCost { log_n: 17, r: 8, p: 1 } }
}

pub(super) fn device(key: u8) -> NewDevice {
    NewDevice { name: "laptop".into(), public_key: Bytes([key; 32]) }
}

pub(super) fn sign_up(name: &str) -> Command {
    sign_up_in(name, SignUpMode::Open)
}

/// A sign-up where the configuration says how.
pub(super) fn sign_up_in(name: &str, mode: SignUpMode) -> Command {
    let name = name.parse().unwrap();
    Command::SignUp { name, password: password(), device: None, mode, code: None }
}

pub(super) fn add_user(name: &str) -> Command {
    add_user_as(name, Standing::Ordinary)
}

pub(super) fn add_user_as(name: &str, standing: Standing) -> Command {
    Command::AddUser { name: name.parse().unwrap(), password: password(), standing }
}

pub(super) fn create(title: &str) -> Command {
    let title = Title::parse(title).unwrap();
    Command::CreateRoom { title, visibility: Visibility::Public, entry: Entry::Open }
}

pub(super) fn send(room: RoomId, nonce: Nonce) -> Command {
    Command::Send { room, nonce, text: "hello".parse().unwrap(), kind: MessageKind::Said }
}
