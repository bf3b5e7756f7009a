//! The conversation: only the lines that are seen are made, and the place is held by a message.

mod line;

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use parlor_protocol::id::{RoomId, Seq, Timestamp};
use parlor_protocol::text::{mentions, printable_block};

pub(super) use self::line::clock;
use self::line::{Line, Text, Tone, draw_line, room_for_text, said_lines, spoken};
use super::backend::Surface;
use super::paint::{self, Printer};
use super::popup::moment;
use super::status::seconds_until;
use crate::keymap::{Action, Scroll};
use crate::model::{Before, ENTRIES_MAX, Entry, EntryId, Jump, Model, Room, SendState, Step, What};

/// How far a notch of the mouse's wheel goes, in lines.
const WHEEL_LINES: usize = 3;
/// The most wrapped messages that are kept; beyond, all are made anew.
const CACHE_MAX: usize = 4_096;

/// The view of the conversation: per room its place, and what was wrapped lately.
#[derive(Debug)]
pub(super) struct Chat {
    zone: TimeZone,
    places: HashMap<RoomId, Place>,
    surface: Arc<Surface>,
    /// Wrapped messages; whoever's account is removed has a longer name than before.
    wrapped: HashMap<(RoomId, EntryId, bool), Vec<Text>>,
    wrapped_at: usize,
    lines: Vec<Line>,
    height: usize,
    below: usize,
    wants_older: Option<RoomId>,
    /// The chosen message that was brought into sight last.
    followed: Option<EntryId>,
    /// The last jump that was made.
    jumped: Option<u64>,
}

/// The last line that is seen, where that is not the end: a line of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    entry: EntryId,
    line: usize,
}

impl Chat {
    pub(super) fn new(zone: TimeZone, surface: Arc<Surface>) -> Self {
        Self {
            zone,
            surface,
            places: HashMap::new(),
            wrapped: HashMap::new(),
            wrapped_at: 0,
            lines: Vec::new(),
            height: 0,
            below: 0,
            wants_older: None,
            followed: None,
            jumped: None,
        }
    }

    /// How many messages are below the last line that is seen.
    pub(super) fn below(&self) -> usize {
        self.below
    }

    /// The room of which the beginning of what is known is seen, where there may be more.
    pub(super) fn take_wanted(&mut self) -> Option<RoomId> {
        self.wants_older.take()
    }

    /// The room that is shown to its end, and its last message.
    pub(super) fn seen(&self, model: &Model) -> Option<(RoomId, Seq)> {
        let room = model.here().filter(|room| !self.places.contains_key(&room.id))?;
        let last = room.timeline.last_seq().filter(|last| *last > room.read)?;
        Some((room.id, last))
    }

    /// Makes the lines that are seen in this many columns and rows.
    pub(super) fn arrange(&mut self, model: &Model, (width, height): (usize, usize)) {
        let links_full = self.surface.links().is_full();
        if self.wrapped_at != width || self.wrapped.len() > CACHE_MAX || links_full {
            self.wrapped.clear();
            if links_full {
                self.surface.links().clear();
                self.surface.repaint();
            }
            self.wrapped_at = width;
        }
        self.height = height;
        self.below = 0;
        self.lines.clear();
        self.wants_older = None;
        self.places.retain(|id, _| model.rooms.iter().any(|room| room.id == *id));
        let Some(room) = model.here() else {
            self.lines = welcome(model, width);
            self.lines.truncate(height);
            return;
        };
        let jump = model.jump.filter(|jump| jump.room == room.id);
        let jump = jump.filter(|jump| self.jumped != Some(jump.number));
        let lacks = jump.is_some_and(|jump| !self.jump(room, jump));
        let (lines, seen) = self.visible(model, room);
        self.lines = lines.into();
        if lacks {
            self.wants_older = Some(room.id);
        }
        self.follow_choice(model, room, &seen);
    }

    /// Brings another choice into sight, once: one may scroll on from it.
    fn follow_choice(&mut self, model: &Model, room: &Room, seen: &Range<usize>) {
        let chosen = room.selection.map(|selection| selection.at);
        if self.followed == chosen {
            return;
        }
        self.followed = chosen;
        let place = room.timeline.entries().iter().position(|entry| Some(entry.id) == chosen);
        if let (Some(entry), Some(place)) = (chosen, place)
            && !seen.contains(&place)
        {
            self.places.insert(room.id, Place { entry, line: usize::MAX });
            self.lines = self.visible(model, room).0.into();
        }
    }

    /// Goes to a message; whether it is known, or never will be.
    fn jump(&mut self, room: &Room, jump: Jump) -> bool {
        let entries = room.timeline.entries();
        let known = room.timeline.first_seq().is_some_and(|first| first <= jump.to);
        if !known && room.timeline.before() != Before::Nothing && entries.len() < ENTRIES_MAX {
            return false;
        }
        self.jumped = Some(jump.number);
        let is_there = |entry: &&Entry| entry.what.seq().is_some_and(|seq| seq >= jump.to);
        let place = entries
            .iter()
            .find(is_there)
            .and_then(|entry| self.lower(room, Place { entry: entry.id, line: 0 }, self.highest()));
        self.put(room, place);
        true
    }

    fn put(&mut self, room: &Room, place: Option<Place>) {
        match place {
            Some(place) => self.places.insert(room.id, place),
            None => self.places.remove(&room.id),
        };
    }

    /// Moves the place in the room that is shown.
    pub(super) fn scroll(&mut self, model: &Model, scroll: Scroll) {
        let Some(room) = model.here() else {
            return;
        };
        // One line of the page before stays in sight.
        let page = self.height.saturating_sub(1).max(1);
        let place = match scroll {
            Scroll::Last => None,
            Scroll::First => room.timeline.entries().front().and_then(|first| {
                let top = Place { entry: first.id, line: 0 };
                self.lower(room, top, self.highest())
            }),
            Scroll::PageUp => self.higher(model, room, page),
            Scroll::PageDown => {
                self.places.get(&room.id).copied().and_then(|place| self.lower(room, place, page))
            }
            Scroll::NextMention | Scroll::PreviousMention => self.mention(model, room, scroll),
        };
        self.put(room, place);
    }

    /// Moves the place by a notch of the wheel.
    pub(super) fn wheel(&mut self, model: &Model, step: Step) {
        let Some(room) = model.here() else {
            return;
        };
        let place = match (step, self.places.get(&room.id).copied()) {
            (Step::Up, _) => self.higher(model, room, WHEEL_LINES),
            (Step::Down, Some(place)) => self.lower(room, place, WHEEL_LINES),
            (Step::Down, None) => None,
        };
        self.put(room, place);
    }

    /// The end of what is seen as plain lines for so many rows: no wrapping and no columns, so that
    /// what the terminal copies is what was written.
    pub(super) fn bare(&self, model: &Model, (width, height): (usize, usize)) -> Vec<String> {
        let Some(room) = model.here() else {
            return Vec::new();
        };
        let entries = room.timeline.entries();
        let place = self.places.get(&room.id);
        let last = place.and_then(|place| entries.iter().position(|entry| entry.id == place.entry));
        let mut lines = VecDeque::new();
        let mut rows = 0;
        for entry in entries.range(..last.map_or(entries.len(), |last| last + 1)).rev() {
            let time = self.time(entry.at);
            let text = match &entry.what {
                What::Said(said) => format!("{time} {}: {}", said.by(), said.text),
                What::Happened(_) | What::Banned(_) => format!("{time} {}", self.happened(entry)),
            };
            for line in printable_block(&text).replace('\t', "    ").rsplit('\n') {
                rows += paint::columns(line).div_ceil(width.max(1)).max(1);
                if rows > height {
                    return lines.into();
                }
                lines.push_front(line.to_owned());
            }
        }
        lines.into()
    }

    /// The place of the next message below or above the present one that mentions the reader; where
    /// there is none, the end or the beginning of what is known.
    fn mention(&mut self, model: &Model, room: &Room, scroll: Scroll) -> Option<Place> {
        let entries = room.timeline.entries();
        let place = self.places.get(&room.id);
        let index = place.and_then(|place| entries.iter().position(|one| one.id == place.entry));
        let calls = |entry: &&Entry| calls(model, entry);
        let found = if scroll == Scroll::NextMention {
            entries.iter().skip(index? + 1).find(calls)?
        } else {
            let above = index.unwrap_or(entries.len());
            entries.iter().take(above).rev().find(calls).or_else(|| entries.front())?
        };
        self.lower(room, Place { entry: found.id, line: 0 }, 0)
    }

    pub(super) fn draw(&self, printer: &Printer, (x, y): (usize, usize)) {
        let width = self.wrapped_at;
        // A short conversation stands at the bottom, where the input is.
        let y = y + self.height.saturating_sub(self.lines.len());
        for (row, line) in self.lines.iter().enumerate() {
            draw_line(printer, (x, y + row), width, line);
        }
    }

    /// The lines from the place upwards, and which entries they are of.
    fn visible(&mut self, model: &Model, room: &Room) -> (VecDeque<Line>, Range<usize>) {
        let entries = room.timeline.entries();
        let mut lines = VecDeque::new();
        let place = self.places.get(&room.id).copied();
        let found = place.and_then(|place| {
            let index = entries.iter().position(|entry| entry.id == place.entry)?;
            Some((index, place.line))
        });
        if found.is_none() {
            self.places.remove(&room.id);
            lines.extend(self.unsent(model, room));
            while lines.len() > self.height {
                lines.pop_front();
            }
        }
        let (last, cut) = found.unwrap_or((entries.len().wrapping_sub(1), usize::MAX));
        let chosen = room.selection.and_then(|selection| selection.range(&room.timeline));
        let mut index = last;
        let mut seen = last.wrapping_add(1)..last.wrapping_add(1);
        while let Some(entry) = entries.get(index) {
            let mut block = self.block(room, entry, index.checked_sub(1).map(|i| &entries[i]));
            if calls(model, entry) {
                block.iter_mut().for_each(|line| line.set_tone(Tone::Mention));
            }
            if chosen.as_ref().is_some_and(|chosen| chosen.contains(&index)) {
                block.iter_mut().for_each(|line| line.set_tone(Tone::Chosen));
            }
            seen.start = index;
            if index == last {
                block.truncate(cut.saturating_add(1));
            }
            for line in block.into_iter().rev() {
                if lines.len() < self.height {
                    lines.push_front(line);
                }
            }
            if lines.len() >= self.height {
                break;
            }
            index = index.wrapping_sub(1);
        }
        // The first entry was reached, or there is none.
        if entries.get(index).is_none() || index == 0 {
            self.at_the_top(room, &mut lines);
        }
        if let Some((index, _)) = found {
            self.below = entries.len() - 1 - index + room.unsent.len();
        }
        (lines, seen)
    }

    /// What stands before the first line that is known.
    fn at_the_top(&mut self, room: &Room, lines: &mut VecDeque<Line>) {
        let note = match room.timeline.before() {
            Before::Unknown => {
                self.wants_older = Some(room.id);
                return;
            }
            Before::Asked => "fetching older messages …".to_owned(),
            Before::Nothing => format!("This is where {} begins.", room.title),
        };
        if lines.len() < self.height {
            lines.push_front(Line::Note(note));
        }
    }

    /// How far below the very first line the last one that is seen is at least: above the first,
    /// a row is left to say that it is the first.
    fn highest(&self) -> usize {
        self.height.saturating_sub(2)
    }

    /// The place `lines` above the present one, but not so high that the screen is not filled.
    fn higher(&mut self, model: &Model, room: &Room, lines: usize) -> Option<Place> {
        let entries = room.timeline.entries();
        let (mut index, mut line, mut left) = match self.places.get(&room.id).copied() {
            Some(place) => {
                let index = entries.iter().position(|entry| entry.id == place.entry)?;
                let last = self.block_at(room, index).len() - 1;
                (index, place.line.min(last), lines)
            }
            None => {
                let last = entries.len().checked_sub(1)?;
                let height = self.block_at(room, last).len();
                let unsent = self.unsent(model, room).len();
                (last, height - 1, lines.saturating_sub(unsent))
            }
        };
        while left > line {
            left -= line + 1;
            let Some(above) = index.checked_sub(1) else {
                let top = Place { entry: entries[0].id, line: 0 };
                return self.lower(room, top, self.highest());
            };
            index = above;
            line = self.block_at(room, index).len() - 1;
        }
        let place = Place { entry: entries[index].id, line: line - left };
        // The screen must be filled above the place, too.
        let mut filled = place.line + 1;
        for above in (0..index).rev() {
            if filled > self.highest() {
                return Some(place);
            }
            filled += self.block_at(room, above).len();
        }
        if filled > self.highest() {
            return Some(place);
        }
        let top = Place { entry: entries[0].id, line: 0 };
        self.lower(room, top, self.highest())
    }

    /// The place `lines` below this one; `None` where that is the end.
    fn lower(&mut self, room: &Room, from: Place, mut lines: usize) -> Option<Place> {
        let entries = room.timeline.entries();
        let mut index = entries.iter().position(|entry| entry.id == from.entry)?;
        let mut line = from.line;
        loop {
            let height = self.block_at(room, index).len();
            // On a wider screen a message has fewer lines.
            line = line.min(height - 1);
            if line + lines < height {
                let at_the_end = index + 1 == entries.len() && line + lines + 1 == height;
                let place = Place { entry: entries[index].id, line: line + lines };
                return (!at_the_end || !room.unsent.is_empty()).then_some(place);
            }
            lines -= height - line;
            line = 0;
            index += 1;
            if index == entries.len() {
                return None;
            }
        }
    }

    fn block_at(&mut self, room: &Room, index: usize) -> Vec<Line> {
        let entries = room.timeline.entries();
        self.block(room, &entries[index], index.checked_sub(1).map(|before| &entries[before]))
    }

    /// The lines of an entry, never none; a new day begins with its date.
    fn block(&mut self, room: &Room, entry: &Entry, before: Option<&Entry>) -> Vec<Line> {
        let mut block = Vec::new();
        let day = self.day(entry.at);
        if before.is_none_or(|before| self.day(before.at) != day) {
            block.push(Line::Rule(day));
        }
        let width = self.wrapped_at;
        let said = match &entry.what {
            What::Happened(_) | What::Banned(_) => {
                let note = format!("{} {}", self.time(entry.at), self.happened(entry));
                let lines = paint::wrap(&note, width, width);
                block.extend(lines.into_iter().map(Line::Note));
                return block;
            }
            What::Said(said) => said,
        };
        if let Some((first, count)) = room.fresh
            && said.seq == first
        {
            block.push(Line::Rule(format!("{count} new")));
        }
        let (author, text) = spoken(&line::by(said), &said.text, said.kind, width);
        let key = (room.id, entry.id, said.author_removed);
        let texts = self.wrapped.entry(key).or_insert_with(|| {
            let (first, rest) = room_for_text(&author, width);
            let lines = paint::wrap(&text, first, rest);
            let links = self.surface.links().spans(&text, &lines);
            lines.into_iter().zip(links).map(|(shown, links)| Text { shown, links }).collect()
        });
        let texts = texts.clone();
        block.extend(said_lines(&self.time(entry.at), &author, texts, Tone::Said));
        block
    }

    /// What stands below the last entry: that more is coming, and one's own messages that are not
    /// acknowledged.
    fn unsent(&self, model: &Model, room: &Room) -> Vec<Line> {
        let width = self.wrapped_at;
        let mut lines = Vec::new();
        if room.catching_up {
            lines.push(Line::Note("fetching what was said meanwhile …".to_owned()));
        }
        // More than fit on the screen are not seen, and wrapping them all would cost.
        let seen = room.unsent.len().saturating_sub(self.height);
        for unsent in &room.unsent[seen..] {
            let (mark, tone, more) = match &unsent.state {
                SendState::Unkept => ("…", Tone::Queued, None),
                SendState::Queued => ("◷", Tone::Queued, None),
                SendState::Held { until } => {
                    let seconds = seconds_until(model.now, *until).unsigned_abs();
                    let wait = crate::words::span(seconds);
                    ("◷", Tone::Queued, Some(format!("the server takes it in {wait}")))
                }
                SendState::Refused(why) => ("✗", Tone::Refused, Some(format!("not sent: {why}"))),
            };
            let (author, text) = spoken(&model.me, &unsent.text, unsent.kind, width);
            let (first, rest) = room_for_text(&author, width);
            let mut texts = paint::wrap(&format!("{mark} {text}"), first, rest);
            if let Some(more) = more {
                texts.extend(paint::wrap(&more, rest, rest));
            }
            let texts = texts.into_iter().map(Text::from).collect();
            lines.extend(said_lines("", &author, texts, tone));
        }
        lines
    }

    fn happened(&self, entry: &Entry) -> String {
        entry.what.happened(|at| moment(at, &self.zone)).unwrap_or_default()
    }

    fn day(&self, at: Timestamp) -> String {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        at.to_zoned(self.zone.clone()).strftime("%a %-d %b %Y").to_string()
    }

    fn time(&self, at: Timestamp) -> String {
        clock(at, &self.zone)
    }
}

/// Whether it mentions the reader.
fn calls(model: &Model, entry: &Entry) -> bool {
    match &entry.what {
        What::Said(said) => mentions(&said.text).any(|name| name.as_str() == model.me),
        What::Happened(_) | What::Banned(_) => false,
    }
}

fn welcome(model: &Model, width: usize) -> Vec<Line> {
    let help = model.preferences.keymap.key_of(Action::Help);
    let help = help.map_or_else(|| "/help".to_owned(), |key| key.to_string());
    let text = format!(
        "You are in no room on {} yet.\n\n/rooms lists the public rooms,\n/join TITLE enters one,\n\
         /create TITLE makes one.\n\n{help} shows all keys and commands.",
        model.host
    );
    paint::wrap(&text, width, width).into_iter().map(Line::Note).collect()
}
