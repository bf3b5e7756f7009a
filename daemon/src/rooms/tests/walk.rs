//! Random walks: sequences of wishes, resolved against the world in which they are made.

mod resolve;
mod steps;

use std::collections::BTreeMap;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{Nonce, RoomId, Timestamp};
use parlor_protocol::refusal::Code;

pub(super) use self::steps::{Step, Verb, steps};
use super::model::Told;
use super::scene::{DAY, START, add_user_as, create, sign_up_in};
use super::view::{Kinds, View};
use crate::rooms::{
    Actor, Command, Decision, Event, Happening, NonceKey, Posted, Retention, RoomEvent, Standing,
    UserEvent, UserId, World,
};

/// For how long walks remember what has ended: shorter than servers do, so that they come by it.
pub(super) const KEEP: Retention = Retention {
    associations_ms: 10 * DAY,
    notifications_ms: 12 * DAY,
    terminated_ms: 10 * DAY,
    messages_ms: None,
    devices_ms: 8 * DAY,
};

/// A world on its way through a walk, with the parts of a store and a hub that it needs.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) world: World,
    pub(super) events: Vec<Event>,
    pub(super) now: Timestamp,
    /// In the order in which they were made.
    pub(super) rooms: Vec<RoomId>,
    pub(super) kinds: Kinds,
    /// What came before the first step.
    pub(super) begun: Vec<Taken>,
    sent: Vec<(Actor, RoomId, Nonce)>,
    /// The store's table of old nonces.
    old: BTreeMap<NonceKey, Posted>,
    thrown: u64,
}

/// What one step came to.
pub(super) struct Taken {
    pub(super) actor: Actor,
    pub(super) command: Command,
    pub(super) made: Option<RoomId>,
    pub(super) told: Result<Told, Code>,
    /// How many of the walk's events it was that it caused.
    pub(super) caused: usize,
}

impl Walk {
    pub(super) fn new() -> Self {
        let mut walk = Self { now: START, ..Self::default() };
        // Some users from the start, or most walks would spend themselves on strangers.
        for name in ["ann", "ben", "cid", "dot", "eve"] {
            walk.begin(Actor::Stranger, sign_up_in(name, SignUpMode::Open));
        }
        walk.begin(Actor::Console, add_user_as("fay", Standing::Operator));
        walk.begin(Actor::User(UserId(1)), create("ops"));
        walk
    }

    fn begin(&mut self, actor: Actor, command: Command) {
        let begun = self.try_out(actor, command);
        self.begun.push(begun);
    }

    pub(super) fn take(&mut self, step: &Step) -> Taken {
        let (actor, command) = self.come_to(step);
        self.try_out(actor, command)
    }

    /// Waits, and tells who is to try what then.
    pub(super) fn come_to(&mut self, step: &Step) -> (Actor, Command) {
        self.now.0 += step.wait_ms;
        self.resolve(step)
    }

    /// The world as it is now, without what came before.
    pub(super) fn without_past(&self) -> Self {
        Self { world: self.world.clone(), now: self.now, ..Self::default() }
    }

    pub(super) fn try_out(&mut self, actor: Actor, command: Command) -> Taken {
        let before = self.events.len();
        let (told, made) = self.ask(actor, &command);
        Taken { actor, command, made, told, caused: self.events.len() - before }
    }

    /// The events that the last step caused.
    pub(super) fn caused_by(&self, taken: &Taken) -> &[Event] {
        &self.events[self.events.len() - taken.caused..]
    }

    pub(super) fn view(&self) -> View {
        View::of(&self.world, &self.kinds)
    }

    /// Does all that is due, as the clock has it, for as long as `wanted` says so.
    pub(super) fn housekeep(&mut self, keep: &Retention, wanted: impl Fn(&Command) -> bool) {
        loop {
            let due = self.world.due(self.now, keep, usize::MAX);
            let wanted: Vec<Command> = due.into_iter().filter(&wanted).collect();
            if wanted.is_empty() {
                return;
            }
            let before = self.events.len();
            for command in wanted {
                self.try_out(Actor::Clock, command);
            }
            assert!(self.events.len() > before, "what is due is never done");
        }
    }

    /// What a hub does at the end of a batch, with room for very few nonces.
    pub(super) fn end_batch(&mut self) {
        self.old.extend(self.world.evict_nonces(3));
        self.world.forget_nonces(self.now);
    }

    fn ask(&mut self, actor: Actor, command: &Command) -> (Result<Told, Code>, Option<RoomId>) {
        if let Some(key) = self.world.nonce_to_recall(&actor, command)
            && let Some(&posted) = self.old.get(&key)
        {
            self.world.restore_nonce(key, posted);
        }
        let thrown = &mut self.thrown;
        // Every second throw hits a room that exists.
        let mut dice = || {
            *thrown += 1;
            *thrown / 2
        };
        let decision = match self.world.decide(&actor, command, self.now, &mut dice) {
            Ok(decision) => decision,
            Err(refusal) => return (Err(refusal.code), None),
        };
        match decision {
            Decision::Repeated(posted) => (Ok(Told::Repeated { seq: posted.seq.0 }), None),
            Decision::SameDevice(id) => (Ok(Told::SameDevice(id.0)), None),
            Decision::Read(seq) => {
                if let (Actor::User(user), Command::MarkRead { room, .. }) = (actor, command) {
                    self.world.read(*room, user, seq);
                }
                (Ok(Told::Read { seq: seq.0 }), None)
            }
            Decision::Events(events) => {
                let (mut told, mut made) = (Told::Done, None);
                for event in events {
                    match &event.what {
                        Happening::Room(room, RoomEvent::Created { .. }) => made = Some(*room),
                        Happening::Room(_, RoomEvent::Messaged { seq, .. }) => {
                            told = Told::Sent { seq: seq.0 };
                        }
                        _ => {}
                    }
                    self.apply(event);
                }
                self.rooms.extend(made);
                (Ok(told), made)
            }
        }
    }

    fn apply(&mut self, event: Event) {
        self.world.apply(&event);
        if let Happening::User(user, UserEvent::Notified { id, notice }) = &event.what {
            self.kinds.insert((*user, *id), notice.kind);
        }
        self.events.push(event);
    }
}
