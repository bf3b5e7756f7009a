//! Rooms and their conversations, as they change.

use parlor_protocol::id::{Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::Message;
use parlor_protocol::push::{Change, RoomChange};
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::room::{Role, Room};
use parlor_protocol::text::Topic;
use rusqlite::params;

use super::{Cache, CacheError, ENTRIES_MAX, ROOM_ENTRIES_MAX};
use crate::model::{Keep, What};

/// So many entries more than are kept may be there, so that not every new one takes an old one out.
const SLACK: usize = 64;

/// Which entries of a room there are: places are in order, but with gaps where some were not worth
/// keeping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The place before the first entry.
    pub(super) before: i64,
    /// The place of the last.
    pub(super) last: i64,
    /// The places of the first and the last message in the room.
    pub(super) seqs: Option<(Seq, Seq)>,
    /// How many there are.
    pub(super) entries: usize,
}

impl Extent {
    /// Takes in that an entry follows the others.
    pub(super) fn extend(&mut self, place: i64, seq: Option<Seq>) {
        if self.entries == 0 {
            self.before = place - 1;
        }
        self.last = place;
        self.entries += 1;
        if let Some(seq) = seq {
            self.seqs = Some((self.seqs.map_or(seq, |(first, _)| first), seq));
        }
    }
}

impl Cache {
    /// Takes in a room that one is in, as the server tells of it.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn enter(&mut self, room: &Room) -> Result<(), CacheError> {
        let role = room.role.unwrap_or(Role::Member).word();
        let topic = room.topic.as_ref().map(Topic::as_str);
        self.write_behind(
            "INSERT INTO room (id, place, title, topic, role, members, revision, unread, draft)
             VALUES (?1, (SELECT coalesce(max(place), 0) + 1 FROM room), ?2, ?3, ?4, ?5, ?6, 0, '')
             ON CONFLICT (id) DO UPDATE SET title = ?2, topic = ?3, role = ?4, members = ?5",
            params![
                number(room.room),
                room.title.as_str(),
                topic,
                role,
                room.members,
                signed(room.revision.unwrap_or_default().0),
            ],
        )?;
        self.extents.entry(room.room).or_default();
        Ok(())
    }

    /// Forgets a room. What waits to be sent into it is its user's to discard.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn forget(&mut self, room: RoomId) -> Result<(), CacheError> {
        self.write_behind("DELETE FROM room WHERE id = ?1", [number(room)])?;
        self.clear(room)?;
        self.extents.remove(&room);
        Ok(())
    }

    /// Forgets a room's conversation: what follows does not join on to it.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn start_over(&mut self, room: RoomId, at: Revision) -> Result<(), CacheError> {
        self.clear(room)?;
        self.know(room, at)
    }

    /// Takes in what happened in a room, the next thing after what is known.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn change(&mut self, room: RoomId, change: &RoomChange) -> Result<(), CacheError> {
        self.know(room, change.revision)?;
        let Some(extent) = self.extents.get(&room) else {
            return Ok(());
        };
        let seq = seq_of(&change.change);
        let known = seq.zip(extent.seqs).is_some_and(|(seq, (_, last))| seq <= last);
        if known || What::of(&change.change).is_none() {
            return Ok(());
        }
        // What this version does not know has no bytes any more.
        let Ok(bytes) = change.encode() else {
            return Ok(());
        };
        let place = extent.last + 1;
        self.put(room, place, change.at, &bytes)?;
        self.extents.entry(room).or_default().extend(place, seq);
        self.trim(room)
    }

    /// Takes in an older page of messages, as far as it ends right before what is known.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn older(&mut self, room: RoomId, page: &[Message]) -> Result<(), CacheError> {
        for message in page.iter().rev() {
            let Some(extent) = self.extents.get(&room).copied() else {
                return Ok(());
            };
            let joins = extent.seqs.is_none_or(|(first, _)| message.seq.0 + 1 == first.0);
            if !joins || extent.entries >= ROOM_ENTRIES_MAX {
                continue;
            }
            let change = Record(Change::Message(message.clone()));
            // Its revision is not known, and nobody asks for it.
            let change = RoomChange { revision: Revision(0), at: message.at, change };
            let Ok(bytes) = change.encode() else {
                continue;
            };
            self.put(room, extent.before, message.at, &bytes)?;
            let last = extent.seqs.map_or(message.seq, |(_, last)| last);
            let extent = self.extents.entry(room).or_default();
            extent.seqs = Some((message.seq, last));
            extent.before -= 1;
            extent.entries += 1;
        }
        self.trim(room)
    }

    /// Takes in how the rooms are shown, what is being written into them, and what was written for
    /// others.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn keep(&mut self, keep: &Keep) -> Result<(), CacheError> {
        self.write_behind("UPDATE state SET here = ?1", [keep.here.map(number)])?;
        for (place, room) in keep.rooms.iter().enumerate() {
            self.write_behind(
                "UPDATE room SET place = ?2, title = ?3, topic = ?4, role = ?5, members = ?6,
                 unread = ?7, draft = ?8, read = ?9, mentions = ?10, muted = ?11
                 WHERE id = ?1",
                params![
                    number(room.id),
                    i64::try_from(place).unwrap_or(i64::MAX),
                    room.title,
                    room.topic,
                    room.role.word(),
                    room.member_count,
                    room.unread,
                    room.draft,
                    signed(room.read.0),
                    room.mentions,
                    room.muted,
                ],
            )?;
        }
        self.write_behind("DELETE FROM blocked", [])?;
        for user in &keep.blocked {
            self.write_behind("INSERT INTO blocked (user) VALUES (?1)", [user])?;
        }
        self.write_behind("DELETE FROM homeless", [])?;
        for text in &keep.homeless {
            self.write_behind("INSERT INTO homeless (text) VALUES (?1)", [text])?;
        }
        Ok(())
    }

    fn know(&mut self, room: RoomId, revision: Revision) -> Result<(), CacheError> {
        let sql = "UPDATE room SET revision = ?2 WHERE id = ?1";
        self.write_behind(sql, [number(room), signed(revision.0)]).map(|_| ())
    }

    fn put(
        &mut self,
        room: RoomId,
        place: i64,
        at: Timestamp,
        change: &[u8],
    ) -> Result<(), CacheError> {
        let sql = "INSERT INTO entry (room, place, at, change) VALUES (?1, ?2, ?3, ?4)";
        self.write_behind(sql, params![number(room), place, at.0, change]).map(|_| ())
    }

    fn clear(&mut self, room: RoomId) -> Result<(), CacheError> {
        self.write_behind("DELETE FROM entry WHERE room = ?1", [number(room)])?;
        if let Some(extent) = self.extents.get_mut(&room) {
            *extent = Extent::default();
        }
        Ok(())
    }

    /// Takes the oldest entries out of a room that has too many, and where all have too many
    /// together, out of the one that has most.
    fn trim(&mut self, room: RoomId) -> Result<(), CacheError> {
        let entries = self.extents.get(&room).map_or(0, |extent| extent.entries);
        if entries > ROOM_ENTRIES_MAX + SLACK {
            self.keep_last(room, ROOM_ENTRIES_MAX)?;
        }
        let all: usize = self.extents.values().map(|extent| extent.entries).sum();
        if all <= ENTRIES_MAX + SLACK {
            return Ok(());
        }
        let fullest = self.extents.iter().max_by_key(|(_, extent)| extent.entries);
        match fullest.map(|(id, extent)| (*id, extent.entries)) {
            Some((id, entries)) => self.keep_last(id, entries.saturating_sub(all - ENTRIES_MAX)),
            None => Ok(()),
        }
    }

    fn keep_last(&mut self, room: RoomId, most: usize) -> Result<(), CacheError> {
        let surplus = self.extents[&room].entries.saturating_sub(most);
        self.write_behind(
            "DELETE FROM entry WHERE room = ?1 AND place IN
             (SELECT place FROM entry WHERE room = ?1 ORDER BY place LIMIT ?2)",
            params![number(room), i64::try_from(surplus).unwrap_or(i64::MAX)],
        )?;
        self.extents.insert(room, super::load::extent(&self.connection, room)?);
        Ok(())
    }
}

/// The place of what was said.
pub(super) fn seq_of(change: &Change) -> Option<Seq> {
    if let Change::Message(message) = change { Some(message.seq) } else { None }
}

/// A room's ID as SQLite has it: its 50 bits always fit.
pub(super) fn number(room: RoomId) -> i64 {
    signed(room.to_bits())
}

/// A position as SQLite has it: those of the wire always fit.
fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
