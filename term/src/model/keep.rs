//! What of the model outlives the program, besides what came from the server and what goes there.

use std::collections::BTreeSet;

use parlor_protocol::id::{RoomId, Seq};
use parlor_protocol::room::Role;

use super::{LocalId, Model, Notice, Reach, Room, UNSENT_MAX};
use crate::keymap::Action;
use crate::preferences::View;

/// How long what is being written may be nowhere but here, in milliseconds: as much as one may have
/// to type again after a crash, and seldom enough that nobody's disk minds.
pub(crate) const KEEP_EVERY_MS: i64 = 3_000;

/// The most texts for rooms that are gone that are kept: all that may have waited to be sent, and as
/// much again.
const HOMELESS_MAX: usize = 2 * UNSENT_MAX;

/// The rooms as they are shown, and what is being written into them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// The room that is shown.
    pub(crate) here: Option<RoomId>,
    /// One's rooms, in the order in which they are numbered.
    pub(crate) rooms: Vec<KeptRoom>,
    /// Whose messages are hidden.
    pub(crate) blocked: BTreeSet<String>,
    /// What was written for rooms that are gone.
    pub(crate) homeless: Vec<String>,
}

/// What is kept of a room besides its conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptRoom {
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
    /// Up to where one has read it, on any device.
    pub(crate) read: Seq,
    /// How many messages came after that.
    pub(crate) unread: u32,
    /// How many of these mention one.
    pub(crate) mentions: u32,
    /// Whether it calls for nothing that is said there.
    pub(crate) muted: bool,
    /// What is being written into it.
    pub(crate) draft: String,
}

/// What was kept when the program last ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Restored {
    /// One's rooms, with their conversations and what waits to be sent.
    pub(crate) rooms: Vec<Room>,
    /// The room that was shown.
    pub(crate) here: Option<RoomId>,
    /// Whose messages are hidden.
    pub(crate) blocked: BTreeSet<String>,
    /// The name of the next message.
    pub(crate) next_local: LocalId,
    /// What was written for rooms that are gone.
    pub(crate) homeless: Vec<String>,
    /// What one has to know of it.
    pub(crate) warning: Option<String>,
}

impl KeptRoom {
    fn is(&self, room: &Room, draft: &str) -> bool {
        self.id == room.id
            && self.title == room.title
            && self.topic == room.topic
            && self.role == room.role
            && self.member_count == room.member_count
            && (self.read, self.unread, self.mentions) == (room.read, room.unread, room.mentions)
            && self.muted == room.muted
            && self.draft == draft
    }
}

impl Model {
    /// Takes in what was kept.
    pub(crate) fn restore(&mut self, restored: Restored) {
        let Restored { rooms, here, blocked, next_local, homeless, warning } = restored;
        self.rooms = rooms;
        for room in &mut self.rooms {
            for hidden in &blocked {
                room.timeline.hide(hidden);
            }
        }
        self.blocked = blocked;
        self.next_local = next_local;
        let is_there = |id: &RoomId| self.rooms.iter().any(|room| room.id == *id);
        self.here = here.filter(is_there).or_else(|| self.rooms.first().map(|room| room.id));
        let here = self.here;
        if let Some(room) = self.rooms.iter_mut().find(|room| Some(room.id) == here) {
            room.fresh = (room.unread > 0).then(|| (room.read.next(), room.unread));
            self.input = std::mem::take(&mut room.draft);
        }
        let key = self.preferences.keymap.key_of(Action::Go(Reach::Up));
        let by = key.map_or_else(|| "the history".to_owned(), |key| key.to_string());
        let told = match homeless.len() {
            // Line by line they are told themselves.
            _ if self.preferences.view == View::Plain => None,
            0 => None,
            1 => Some(format!("A text for a room that is gone is not sent; {by} has it.")),
            texts => {
                Some(format!("{texts} texts for rooms that are gone are not sent; {by} has them."))
            }
        };
        for text in homeless {
            self.put_by(text);
        }
        self.told.unasked_at = Some(self.now);
        self.notice = warning.map(Notice::Error).or(told.map(Notice::Hint));
        self.kept = self.keep();
    }

    /// What is to be kept now.
    pub(crate) fn keep(&self) -> Keep {
        let rooms = self.rooms.iter().map(|room| KeptRoom {
            id: room.id,
            title: room.title.clone(),
            topic: room.topic.clone(),
            role: room.role,
            member_count: room.member_count,
            read: room.read,
            unread: room.unread,
            mentions: room.mentions,
            muted: room.muted,
            draft: self.draft(room).to_owned(),
        });
        let (blocked, homeless) = (self.blocked.clone(), self.homeless.clone());
        Keep { here: self.here, rooms: rooms.collect(), blocked, homeless }
    }

    /// Puts by what was written for a room that is gone: where the keys bring it back, and where it
    /// outlives the program until it is sent.
    pub(crate) fn put_by(&mut self, text: String) {
        self.history.add(None, &text);
        self.homeless.retain(|other| *other != text);
        self.homeless.push(text);
        let surplus = self.homeless.len().saturating_sub(HOMELESS_MAX);
        self.homeless.drain(..surplus);
    }

    /// Whether that was handed over already. Asked before every wait, so it copies nothing.
    pub(crate) fn is_kept(&self) -> bool {
        let Keep { here, rooms, blocked, homeless } = &self.kept;
        *here == self.here
            && *blocked == self.blocked
            && *homeless == self.homeless
            && rooms.len() == self.rooms.len()
            && rooms.iter().zip(&self.rooms).all(|(kept, room)| kept.is(room, self.draft(room)))
    }

    fn draft<'a>(&'a self, room: &'a Room) -> &'a str {
        if self.here == Some(room.id) { self.input.text() } else { room.draft.text() }
    }
}
