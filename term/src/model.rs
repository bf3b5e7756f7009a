//! What the full-screen client knows and shows; it names neither the screen nor the network.

mod input;
mod keep;
mod timeline;

use std::time::Duration;

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::room::Role;

pub(crate) use self::input::{Fit, Input, Reach};
pub(crate) use self::keep::{KEEP_EVERY_MS, Keep};
pub(crate) use self::timeline::{
    Before, ENTRIES_MAX, Entry, EntryId, HIDDEN_ENTRIES_MAX, Said, Timeline, What,
};

/// The most messages of one's own that are not acknowledged, over all rooms.
pub(crate) const UNSENT_MAX: usize = 500;

/// Everything.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// One's own name.
    pub(crate) me: String,
    /// The server's name, as it was typed.
    pub(crate) host: String,
    /// What is known of the server's key, in a word or two.
    pub(crate) key: String,
    /// How the connection is doing.
    pub(crate) link: Link,
    /// The time, as of the last message to this model.
    pub(crate) now: Timestamp,
    /// One's rooms, in the order in which they are numbered.
    pub(crate) rooms: Vec<Room>,
    /// The room that is shown.
    pub(crate) here: Option<RoomId>,
    /// The room that was shown before it.
    pub(crate) last: Option<RoomId>,
    /// What is being written.
    pub(crate) input: Input,
    /// What the input line has to say: an error, an answer, a question.
    pub(crate) notice: Option<Notice>,
    /// What lies over the conversation.
    pub(crate) popup: Option<Popup>,
    /// Which pane is drawn out where the screen is too narrow for all.
    pub(crate) drawer: Option<Drawer>,
    /// What happens if the same is asked for again.
    pub(crate) armed: Option<Armed>,
    /// The command that the server has not answered, as it was typed.
    pub(crate) asked: Option<String>,
    /// Numbers the messages that are written here.
    pub(crate) next_local: LocalId,
    /// What was handed over to be kept.
    pub(crate) kept: Keep,
    /// When what has changed since is handed over.
    pub(crate) keep_at: Timestamp,
}

/// How the connection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// It is being made.
    Connecting,
    /// It works.
    Online {
        /// How long a question and its answer take; `None` before the first was timed.
        round_trip: Option<Duration>,
    },
    /// It is lost, or was not made.
    Waiting {
        /// When something was last heard; `None` where nothing ever was.
        heard: Option<Timestamp>,
        /// When it is tried again.
        retry_at: Timestamp,
        /// What went wrong.
        why: String,
    },
    /// It will not be made again.
    Over {
        /// Why.
        why: String,
    },
}

/// A room that one is in.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    /// Its ID.
    pub(crate) id: RoomId,
    /// Its title; untrusted.
    pub(crate) title: String,
    /// What it is about at the moment; untrusted.
    pub(crate) topic: Option<String>,
    /// What one is in it.
    pub(crate) role: Role,
    /// How many members it has.
    pub(crate) member_count: u32,
    /// Its members in join order, as far as they were fetched.
    pub(crate) members: Vec<Member>,
    /// How many messages came while it was not shown.
    pub(crate) unread: u32,
    /// Its conversation.
    pub(crate) timeline: Timeline,
    /// Whether what was said while there was no connection is on its way.
    pub(crate) catching_up: bool,
    /// One's own messages that are not acknowledged, oldest first.
    pub(crate) unsent: Vec<Unsent>,
    /// What was being written when another room was chosen.
    pub(crate) draft: Input,
}

/// Someone in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Who; untrusted.
    pub(crate) user: String,
    /// What they are in the room.
    pub(crate) role: Role,
}

/// Names a message of one's own from when it is written until it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct LocalId(pub(crate) u64);

/// A message of one's own that is not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsent {
    /// Its name.
    pub(crate) local: LocalId,
    /// What it says.
    pub(crate) text: String,
    /// How it stands.
    pub(crate) state: SendState,
}

/// How a message of one's own stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SendState {
    /// It goes out like one that is queued, but is not on this machine's disk yet.
    Unkept,
    /// It goes out as soon as there is a connection, also if the program ends before.
    Queued,
    /// The server takes it no sooner than then.
    Held {
        /// When it is sent again.
        until: Timestamp,
    },
    /// It was refused, for this reason.
    Refused(String),
}

/// What the input line has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Something was not done.
    Error(String),
    /// Something to know.
    Hint(String),
}

/// What lies over the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Popup {
    /// All keys and commands, from this line on.
    Help {
        /// The first line that is shown.
        top: usize,
    },
    /// The server's public rooms.
    Directory(Directory),
}

/// The server's public rooms, as far as they were fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directory {
    /// What their titles must hold.
    pub(crate) search: String,
    /// The rooms.
    pub(crate) rooms: Vec<Listed>,
    /// Whether there are more.
    pub(crate) more: More,
    /// Which of them is chosen.
    pub(crate) chosen: usize,
}

/// Whether a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum More {
    /// A page was asked for.
    Asked,
    /// It goes on there.
    From(String),
    /// That is all.
    Nothing,
}

/// A room in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its ID.
    pub(crate) id: RoomId,
    /// Its title; untrusted.
    pub(crate) title: String,
    /// How many members it has.
    pub(crate) members: u32,
}

/// A pane that a narrow screen shows on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawer {
    /// One's rooms.
    Rooms,
    /// The room's members.
    Members,
}

/// What happens if the same is asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Armed {
    /// The program ends.
    Quit,
    /// The room is left, which ends it.
    Leave(RoomId),
}

impl Model {
    /// A model that knows no room and has no connection yet.
    pub(crate) fn new(me: &str, host: &str, key: &str, now: Timestamp) -> Self {
        Self {
            me: me.to_owned(),
            host: host.to_owned(),
            key: key.to_owned(),
            link: Link::Connecting,
            now,
            rooms: Vec::new(),
            here: None,
            last: None,
            input: Input::default(),
            notice: None,
            popup: None,
            drawer: None,
            armed: None,
            asked: None,
            next_local: LocalId(0),
            kept: Keep::default(),
            keep_at: now,
        }
    }

    /// The room that is shown.
    pub(crate) fn here(&self) -> Option<&Room> {
        self.rooms.iter().find(|room| Some(room.id) == self.here)
    }

    /// A room that one is in.
    pub(crate) fn room_mut(&mut self, id: RoomId) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.id == id)
    }

    /// One's own messages that are not acknowledged, over all rooms.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = &Unsent> {
        self.rooms.iter().flat_map(|room| &room.unsent)
    }

    /// How many of them still go out by themselves.
    pub(crate) fn queued(&self) -> usize {
        self.unsent().filter(|unsent| !matches!(unsent.state, SendState::Refused(_))).count()
    }

    /// How long nothing is to be done if nothing happens: to the next full minute for the clock,
    /// to the next full second while a countdown is shown, or until something is to be kept.
    pub(crate) fn fresh_for(&self) -> Duration {
        let held = self.unsent().find_map(|unsent| match unsent.state {
            SendState::Held { until } => Some(until),
            SendState::Unkept | SendState::Queued | SendState::Refused(_) => None,
        });
        let counts_down = match &self.link {
            Link::Waiting { retry_at, .. } => Some(*retry_at),
            Link::Connecting | Link::Online { .. } | Link::Over { .. } => held,
        };
        let (period, phase) = counts_down.map_or((60_000, 0), |until| (1_000, until.0));
        let left = period - (self.now.0 - phase).rem_euclid(period);
        let left = if self.is_kept() { left } else { left.min(self.keep_at.0 - self.now.0) };
        Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }
}

impl Room {
    /// A room of which nothing but its name is known.
    pub(crate) fn new(id: RoomId, title: &str, role: Role) -> Self {
        Self {
            id,
            title: title.to_owned(),
            topic: None,
            role,
            member_count: 1,
            members: Vec::new(),
            unread: 0,
            timeline: Timeline::default(),
            catching_up: false,
            unsent: Vec::new(),
            draft: Input::default(),
        }
    }
}
