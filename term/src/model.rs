//! What the full-screen client knows and shows; it names neither the screen nor the network.

mod completion;
mod door;
mod form;
mod history;
mod input;
mod keep;
mod kill_ring;
mod paste;
mod popup;
mod selection;
mod timeline;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::entry::FormerRoom;
use parlor_protocol::id::{NotificationId, RoomId, Seq, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::notification::Notification;
use parlor_protocol::request::Command;
use parlor_protocol::room::Role;

pub(crate) use self::completion::{CalledBy, Candidate, Completion, Heard};
pub(crate) use self::door::{Answered, Door, Prompt, Reply, Secret};
pub(crate) use self::form::{FORMS_MAX, Field, Form, Purpose, Value, Whom};
pub(crate) use self::history::{From, History, Seeking};
pub(crate) use self::input::{Fit, INPUT_BYTES_MAX, Input, Reach};
pub(crate) use self::keep::{KEEP_EVERY_MS, Keep, Restored};
pub(crate) use self::kill_ring::KillRing;
pub(crate) use self::paste::{LINES_ASKED_MIN, PASTE_CHOICES, Paste, PasteChoice};
pub(crate) use self::popup::{GoTo, List, Listing, More, Popup, Question, ROWS_MAX, Row};
pub(crate) use self::selection::{Selection, Step};
pub(crate) use self::timeline::{
    Banned, Before, ENTRIES_MAX, Entry, EntryId, HIDDEN_ENTRIES_MAX, Said, Timeline, What,
};
use crate::preferences::Preferences;

/// The most messages of one's own that are not acknowledged, over all rooms.
pub(crate) const UNSENT_MAX: usize = 500;

/// The most notices that are kept; the list fetches more.
pub(crate) const NOTICES_MAX: usize = 200;

/// The most former rooms that are kept; the list fetches more.
pub(crate) const FORMER_MAX: usize = 5;

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
    /// Whose messages are hidden: those whom one blocks.
    pub(crate) blocked: BTreeSet<String>,
    /// The room that is shown.
    pub(crate) here: Option<RoomId>,
    /// The room that one was taken out of last, which one was told.
    pub(crate) left: Option<RoomId>,
    /// The room that was shown before it.
    pub(crate) last: Option<RoomId>,
    /// What is being written.
    pub(crate) input: Input,
    /// What was cut out of it.
    pub(crate) kill_ring: KillRing,
    /// What was written before.
    pub(crate) history: History,
    /// What was written for rooms that are gone, and not sent since: it is in the history, and kept.
    pub(crate) homeless: Vec<String>,
    /// The search through it, where one goes on.
    pub(crate) seeking: Option<Seeking>,
    /// What Tab offered last.
    pub(crate) completion: Option<Completion>,
    /// Rooms that were heard of and may be entered, the last first.
    pub(crate) heard_of: VecDeque<Heard>,
    /// The link that was copied last.
    pub(crate) copied_link: Option<String>,
    /// A paste that waits for a word on what to do with it.
    pub(crate) pasted: Option<Paste>,
    /// What the input line has to say: an error, an answer, a question.
    pub(crate) notice: Option<Notice>,
    /// How that came to be said.
    pub(crate) told: Told,
    /// Where the user's attention is, as far as the terminal has said so.
    pub(crate) focus: Option<Focus>,
    /// Whose the mouse is.
    pub(crate) mouse: Mouse,
    /// When a key was pressed last.
    pub(crate) touched_at: Timestamp,
    /// When the user was called last.
    pub(crate) called_at: Option<Timestamp>,
    /// The way in, until one is logged in for the first time.
    pub(crate) door: Option<Door>,
    /// What lies over the conversation, the last on top.
    pub(crate) popups: Vec<Popup>,
    /// Forms that were closed with something in them, the last at the end.
    pub(crate) closed_forms: Vec<Form>,
    /// What happens if the same is asked for again.
    pub(crate) armed: Option<Armed>,
    /// What was asked of the server and is not answered.
    pub(crate) asked: Vec<Asked>,
    /// Numbers what is asked.
    pub(crate) next_ask: AskId,
    /// What one is told of, newest first, as far as it is known.
    pub(crate) notices: Vec<Notification>,
    /// The former rooms that one may go back to by oneself, the last first, as far as they are known.
    pub(crate) former: Vec<FormerRoom>,
    /// Where in a conversation to look next.
    pub(crate) jump: Option<Jump>,
    /// Numbers the messages that are written here.
    pub(crate) next_local: LocalId,
    /// What the user wants of the screen.
    pub(crate) preferences: Arc<Preferences>,
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
    /// Up to where one has read it, on any device.
    pub(crate) read: Seq,
    /// How many messages came after that.
    pub(crate) unread: u32,
    /// Whether its talk is not to call one.
    pub(crate) muted: bool,
    /// How many of these mention one.
    pub(crate) mentions: u32,
    /// The first message that was unread when the room was last gone to, and how many there were.
    pub(crate) fresh: Option<(Seq, u32)>,
    /// Its conversation.
    pub(crate) timeline: Timeline,
    /// The messages that are chosen in it.
    pub(crate) selection: Option<Selection>,
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
    /// Whether they are connected; `None` where nobody looks.
    pub(crate) online: Option<bool>,
    /// What they are shown with beside their name; untrusted.
    pub(crate) display_name: Option<String>,
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
    /// Whether that is said or done.
    pub(crate) kind: MessageKind,
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

/// How what the input line says came to be said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// How much was said so far.
    pub(crate) count: u64,
    /// When the last of it was said, where nobody had asked for it.
    pub(crate) unasked_at: Option<Timestamp>,
    /// The notification that it tells of.
    pub(crate) about: Option<NotificationId>,
}

/// What is asked of the server and answered by one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A change.
    Change(Command),
    /// Something about a room that may not be one's own, by its title or its ID.
    Find {
        /// Which.
        room: String,
        /// What is done with it.
        then: Then,
    },
}

impl Deed {
    /// Whether it leads into a room.
    pub(crate) fn enters(&self) -> bool {
        match self {
            Self::Change(command) => {
                matches!(command, Command::CreateRoom(_) | Command::JoinRoom(_))
            }
            Self::Find { then: Then::Join { .. }, .. } => true,
            Self::Find { then: Then::Request(_) | Then::Withdraw, .. } => false,
        }
    }
}

/// What is done with a room once it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is entered.
    Join {
        /// The room that is left for it, in the same step.
        leave: Option<RoomId>,
    },
    /// One asks to come in, for a reason that may be empty.
    Request(String),
    /// One takes one's request back.
    Withdraw,
}

/// Names what is asked from then until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct AskId(pub(crate) u64);

/// Something that the server has not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its name.
    pub(crate) id: AskId,
    /// By what it was asked.
    pub(crate) from: AskedFrom,
    /// Whether it leads into a room, which is then shown.
    pub(crate) enters: bool,
    /// What is said when it is done; nothing where the change is seen anyway.
    pub(crate) done: Option<String>,
}

/// By what something was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AskedFrom {
    /// By a command, as it was typed.
    Typed(String),
    /// By a form, which waits for the answer.
    Form,
    /// By a row of a list, which is fetched anew when it is done.
    List,
    /// By a key, which leaves nothing to be put back.
    Key,
}

/// Whose the mouse is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mouse {
    /// The terminal's, which selects text with it.
    Terminals,
    /// Ours: it scrolls and chooses.
    Ours,
}

/// Where the user's attention is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    /// At this terminal.
    Here,
    /// At another window.
    Away,
}

/// A message to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump {
    /// Tells this jump from the one before.
    pub(crate) number: u64,
    /// In which room.
    pub(crate) room: RoomId,
    /// Which message.
    pub(crate) to: Seq,
}

/// What happens if the same is asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Armed {
    /// The program ends.
    Quit,
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
            blocked: BTreeSet::new(),
            here: None,
            left: None,
            last: None,
            input: Input::default(),
            kill_ring: KillRing::default(),
            history: History::default(),
            homeless: Vec::new(),
            seeking: None,
            completion: None,
            heard_of: VecDeque::new(),
            copied_link: None,
            pasted: None,
            notice: None,
            told: Told::default(),
            former: Vec::new(),
            focus: None,
            mouse: Mouse::Terminals,
            touched_at: now,
            called_at: None,
            door: None,
            popups: Vec::new(),
            closed_forms: Vec::new(),
            armed: None,
            asked: Vec::new(),
            next_ask: AskId::default(),
            notices: Vec::new(),
            jump: None,
            next_local: LocalId(0),
            preferences: Arc::default(),
            kept: Keep::default(),
            keep_at: now,
        }
    }

    /// The room that is shown.
    pub(crate) fn here(&self) -> Option<&Room> {
        self.rooms.iter().find(|room| Some(room.id) == self.here)
    }

    /// What lies on top of the conversation.
    pub(crate) fn popup(&self) -> Option<&Popup> {
        self.popups.last()
    }

    /// A list that lies open.
    pub(crate) fn list_mut(&mut self, listing: &Listing) -> Option<&mut List> {
        self.popups.iter_mut().rev().find_map(|popup| match popup {
            Popup::List(list) if list.listing == *listing => Some(list),
            Popup::List(_)
            | Popup::Help { .. }
            | Popup::GoTo(_)
            | Popup::Form(_)
            | Popup::Question(_) => None,
        })
    }

    /// How many notices were not marked as read.
    pub(crate) fn unread_notices(&self) -> usize {
        self.notices.iter().filter(|notice| !notice.read).count()
    }

    /// A room that one is in.
    pub(crate) fn room(&self, id: RoomId) -> Option<&Room> {
        self.rooms.iter().find(|room| room.id == id)
    }

    /// A room that one is in, to be changed.
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
            read: Seq::default(),
            unread: 0,
            muted: false,
            mentions: 0,
            fresh: None,
            timeline: Timeline::default(),
            selection: None,
            catching_up: false,
            unsent: Vec::new(),
            draft: Input::default(),
        }
    }
}
