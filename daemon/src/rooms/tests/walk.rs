//! Random walks: sequences of wishes, resolved against the world in which they are made.

use std::collections::BTreeMap;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{DeviceId, Nonce, RoomId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;
use proptest::prelude::*;

use super::model::{TITLES, Told};
use super::scene::{START, create, device, password, send};
use crate::rooms::{
    Actor, Command, Decision, Event, Happening, NonceKey, Posted, Room, RoomEvent, RoomState,
    Standing, UserId, World,
};

const NAMES: [&str; 6] = ["ann", "ben", "cid", "dot", "eve", "fay"];
const TOPICS: [&str; 3] = ["", "plans", "lunch"];

/// Smaller numbers of whom something is done to are places among the room's members, the others
/// stand for names.
const MEMBERS_NAMED: usize = 5;

/// One thing that somebody tries, by numbers that any world can make sense of.
#[derive(Debug, Clone)]
pub(super) struct Step {
    who: Who,
    wish: Wish,
    wait_ms: i64,
}

#[derive(Debug, Clone, Copy)]
enum Who {
    Anyone(Actor),
    /// That one of the members of the room that the wish is about: most of what anyone may do in
    /// rooms is for those who are in them.
    Insider(usize),
}

#[derive(Debug, Clone)]
enum Wish {
    SignUp {
        name: usize,
        device: Option<u8>,
        mode: SignUpMode,
    },
    AddUser {
        name: usize,
    },
    SetPassword {
        user: u64,
        keep: Option<u32>,
    },
    AddDevice {
        key: u8,
    },
    RevokeDevice {
        id: u32,
    },
    Create {
        title: usize,
    },
    Join {
        room: usize,
        leave: Option<usize>,
    },
    Leave {
        room: usize,
    },
    /// A nonce that somebody used before, or a new one that far from now.
    Send {
        room: usize,
        again: Option<usize>,
        skew_ms: i64,
    },
    /// Exactly what was sent that many sends ago, by whoever sent it.
    Resend {
        back: usize,
    },
    Promote {
        room: usize,
        whom: usize,
    },
    Demote {
        room: usize,
        whom: usize,
    },
    Transfer {
        room: usize,
        whom: usize,
    },
    SetTopic {
        room: usize,
        topic: usize,
    },
    Rename {
        room: usize,
        title: usize,
    },
}

pub(super) fn steps(len: usize) -> impl Strategy<Value = Vec<Step>> {
    let who = prop_oneof![
        1 => Just(Who::Anyone(Actor::Stranger)),
        1 => Just(Who::Anyone(Actor::Console)),
        12 => (1..=4_u64).prop_map(|user| Who::Anyone(Actor::User(UserId(user)))),
        2 => (5..=6_u64).prop_map(|user| Who::Anyone(Actor::User(UserId(user)))),
        16 => (0..5_usize).prop_map(Who::Insider),
    ];
    let wait_ms = prop_oneof![40 => 0..60_000_i64, 1 => Just(3 * 86_400_000)];
    // Accounts are made by those who may, or hardly any would be: strangers and the console are few.
    let step = (who, wish(), wait_ms, prop::bool::weighted(0.8)).prop_map(
        |(who, wish, wait_ms, fitting)| {
            let who = match wish {
                Wish::SignUp { .. } if fitting => Who::Anyone(Actor::Stranger),
                Wish::AddUser { .. } if fitting => Who::Anyone(Actor::Console),
                _ => who,
            };
            Step { who, wish, wait_ms }
        },
    );
    prop::collection::vec(step, len)
}

fn wish() -> impl Strategy<Value = Wish> {
    let name = 0..NAMES.len();
    let room = || prop_oneof![12 => 0..2_usize, 2 => 2..5_usize, 1 => 5..15_usize];
    let whom =
        || prop_oneof![8 => 0..MEMBERS_NAMED, 2 => MEMBERS_NAMED..MEMBERS_NAMED + NAMES.len()];
    let mode = prop_oneof![3 => Just(SignUpMode::Open), 1 => Just(SignUpMode::Closed)];
    let skew_ms = prop_oneof![
        8 => Just(0),
        1 => Just(9 * 60_000),
        1 => Just(11 * 60_000),
        1 => Just(-6 * 86_400_000),
        1 => Just(-8 * 86_400_000),
    ];
    prop_oneof![
        1 => (name.clone(), prop::option::of(0..3_u8), mode)
            .prop_map(|(name, device, mode)| Wish::SignUp { name, device, mode }),
        1 => name.prop_map(|name| Wish::AddUser { name }),
        2 => (1..=9_u64, prop::option::of(1..5_u32))
            .prop_map(|(user, keep)| Wish::SetPassword { user, keep }),
        2 => (0..3_u8).prop_map(|key| Wish::AddDevice { key }),
        1 => (1..5_u32).prop_map(|id| Wish::RevokeDevice { id }),
        5 => (0..TITLES.len()).prop_map(|title| Wish::Create { title }),
        14 => (room(), prop::option::weighted(0.2, room()))
            .prop_map(|(room, leave)| Wish::Join { room, leave }),
        4 => room().prop_map(|room| Wish::Leave { room }),
        10 => (room(), prop::option::weighted(0.4, 0..6_usize), skew_ms)
            .prop_map(|(room, again, skew_ms)| Wish::Send { room, again, skew_ms }),
        4 => (0..8_usize).prop_map(|back| Wish::Resend { back }),
        5 => (room(), whom()).prop_map(|(room, whom)| Wish::Promote { room, whom }),
        3 => (room(), whom()).prop_map(|(room, whom)| Wish::Demote { room, whom }),
        2 => (room(), whom()).prop_map(|(room, whom)| Wish::Transfer { room, whom }),
        2 => (room(), 0..TOPICS.len()).prop_map(|(room, topic)| Wish::SetTopic { room, topic }),
        3 => (room(), 0..TITLES.len()).prop_map(|(room, title)| Wish::Rename { room, title }),
    ]
}

/// A world on its way through a walk, with the parts of a store and a hub that it needs.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) world: World,
    pub(super) events: Vec<Event>,
    pub(super) now: Timestamp,
    /// In the order in which they were made.
    pub(super) rooms: Vec<RoomId>,
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
}

impl Walk {
    pub(super) fn new() -> Self {
        let mut walk = Self { now: START, ..Self::default() };
        // Some users from the start, or most walks would spend themselves on strangers.
        for name in 0..4 {
            let wish = Wish::SignUp { name, device: None, mode: SignUpMode::Open };
            walk.take(&Step { who: Who::Anyone(Actor::Stranger), wish, wait_ms: 0 });
        }
        walk
    }

    pub(super) fn take(&mut self, step: &Step) -> Taken {
        self.now.0 += step.wait_ms;
        let actor = self.actor(step);
        let command = self.resolve(actor, &step.wish);
        let (told, made) = self.ask(actor, &command);
        Taken { actor, command, made, told }
    }

    /// Whoever asks: a user who does not exist yet is a stranger.
    fn actor(&self, step: &Step) -> Actor {
        let room = match step.wish {
            Wish::Resend { back } if let Some((actor, ..)) = self.sent(back) => return actor,
            Wish::Join { leave: Some(room), .. }
            | Wish::Leave { room }
            | Wish::Send { room, .. }
            | Wish::Promote { room, .. }
            | Wish::Demote { room, .. }
            | Wish::Transfer { room, .. }
            | Wish::SetTopic { room, .. }
            | Wish::Rename { room, .. } => self.world.room(self.room(room)),
            _ => None,
        };
        let actor = match step.who {
            Who::Anyone(actor) => actor,
            Who::Insider(number) => {
                let members = room.into_iter().flat_map(Room::members).map(|of| of.0);
                let members: Vec<UserId> = members.collect();
                let stand_in = UserId(number as u64 % 4 + 1);
                let member = members.get(number % members.len().max(1));
                Actor::User(member.copied().unwrap_or(stand_in))
            }
        };
        match actor {
            Actor::User(user) if self.world.user(user).is_none() => Actor::Stranger,
            known => known,
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
        self.events.push(event);
    }

    /// The live room that many before the latest, then the others; at last one that never was.
    fn room(&self, back: usize) -> RoomId {
        let live = |room: &RoomId| self.world.room(*room).unwrap().state == RoomState::Live;
        let (live, ended): (Vec<_>, Vec<_>) = self.rooms.iter().rev().copied().partition(live);
        let found = live.into_iter().chain(ended).nth(back);
        found.unwrap_or(RoomId::from_random(u64::MAX))
    }

    /// Somebody by name: one of the room's members, or whoever may have that name.
    fn whom(&self, room: RoomId, whom: usize) -> UserName {
        if let Some(name) = whom.checked_sub(MEMBERS_NAMED) {
            return NAMES[name].parse().unwrap();
        }
        let members = self.world.room(room).into_iter().flat_map(Room::members);
        let members: Vec<UserId> = members.map(|of| of.0).collect();
        let user = members.get(whom % members.len().max(1)).copied().unwrap_or(UserId(1));
        self.world.name_of(user).unwrap().clone()
    }

    fn sent(&self, back: usize) -> Option<(Actor, RoomId, Nonce)> {
        self.sent.iter().rev().nth(back).copied()
    }

    fn resolve(&mut self, actor: Actor, wish: &Wish) -> Command {
        let name = |name: usize| NAMES[name].parse().unwrap();
        match *wish {
            Wish::SignUp { name: index, device: key, mode } => Command::SignUp {
                name: name(index),
                password: password(),
                device: key.map(device),
                mode,
            },
            Wish::AddUser { name: index } => Command::AddUser {
                name: name(index),
                password: password(),
                standing: Standing::Ordinary,
            },
            Wish::SetPassword { user, keep } => Command::SetPassword {
                user: UserId(user),
                password: password(),
                keep: keep.map(DeviceId),
            },
            Wish::AddDevice { key } => Command::AddDevice { device: device(key) },
            Wish::RevokeDevice { id } => Command::RevokeDevice { id: DeviceId(id) },
            Wish::Create { title } => create(TITLES[title].0),
            Wish::Join { room, leave } => Command::JoinRoom {
                room: self.room(room),
                leave: leave.map(|leave| self.room(leave)),
            },
            Wish::Leave { room } => Command::LeaveRoom { room: self.room(room) },
            Wish::Send { room, again, skew_ms } => {
                let used = again.and_then(|back| self.sent(back));
                let nonce = used.map_or_else(
                    || {
                        let tail = self.sent.len() as u8;
                        Nonce::new(Timestamp(self.now.0 + skew_ms), [tail; 10])
                    },
                    |(_, _, nonce)| nonce,
                );
                let room = self.room(room);
                self.sent.push((actor, room, nonce));
                send(room, nonce)
            }
            Wish::Resend { back } => match self.sent(back) {
                Some((_, room, nonce)) => send(room, nonce),
                None => send(self.room(back), Nonce::new(self.now, [0; 10])),
            },
            Wish::Promote { room, whom } => {
                let room = self.room(room);
                Command::Promote { room, user: self.whom(room, whom) }
            }
            Wish::Demote { room, whom } => {
                let room = self.room(room);
                Command::Demote { room, user: self.whom(room, whom) }
            }
            Wish::Transfer { room, whom } => {
                let room = self.room(room);
                Command::Transfer { room, user: self.whom(room, whom) }
            }
            Wish::SetTopic { room, topic } => {
                Command::SetTopic { room: self.room(room), topic: TOPICS[topic].parse().ok() }
            }
            Wish::Rename { room, title } => {
                Command::Rename { room: self.room(room), title: TITLES[title].0.parse().unwrap() }
            }
        }
    }
}
