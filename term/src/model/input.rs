//! The input line: text of one or more lines, a cursor between grapheme clusters, readline's edits.

mod undo;

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use self::undo::{Change, Size, Undo};
use super::kill_ring::{KillRing, Side};

/// The most the line takes, in bytes: the longest message several times over, so that a text that
/// is too long to send can still be pasted and cut down.
pub(crate) const INPUT_BYTES_MAX: usize = 64 * 1024;

/// Text being written. The cursor is a byte position that always lies between two clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Input {
    text: String,
    cursor: usize,
    undo: Undo,
    last: Last,
}

/// What was done last, where that decides what the next key does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    /// Something was cut out: what is cut next joins it.
    Kill,
    /// A piece of this age was put in, from there to the cursor: it can be changed for an older.
    Yank { from: usize, age: usize },
    /// Anything else.
    #[default]
    Other,
}

/// How far a movement or a deletion reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the cluster before.
    Left,
    /// To the cluster behind.
    Right,
    /// To the beginning of the word: of letters and digits.
    WordLeft,
    /// To the end of the word.
    WordRight,
    /// To the white space before.
    BlankLeft,
    /// To the beginning of the line.
    LineStart,
    /// To the end of the line.
    LineEnd,
    /// To the line above, at the same distance from its beginning.
    Up,
    /// To the line below, at the same distance from its beginning.
    Down,
}

/// Whether all that was put in had room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// All of it.
    Whole,
    /// Only its beginning.
    Cut,
}

impl Input {
    /// What was written so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The cursor, as a byte position in the text.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether nothing is written.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether there is no line above the cursor's.
    pub(crate) fn is_on_first_line(&self) -> bool {
        self.line_start(self.cursor) == 0
    }

    /// Whether there is no line below the cursor's.
    pub(crate) fn is_on_last_line(&self) -> bool {
        self.line_end(self.cursor) == self.text.len()
    }

    /// Empties the line for good and gives what it held.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(self).text
    }

    /// Empties the line; it can be taken back.
    pub(crate) fn clear(&mut self) {
        self.change(0..self.text.len(), "", Size::Whole);
    }

    /// Writes another text in the place of this one; it can be taken back.
    pub(crate) fn set(&mut self, text: &str) -> Fit {
        self.replace(0..self.text.len(), text)
    }

    /// Puts text in at the cursor: line breaks of any kind become newlines, other control
    /// characters but tabs go.
    pub(crate) fn insert(&mut self, text: &str) -> Fit {
        self.replace(self.cursor..self.cursor, text)
    }

    /// Puts text in the place of a piece, whose ends lie between clusters, like
    /// [`Self::insert`].
    pub(crate) fn replace(&mut self, piece: Range<usize>, text: &str) -> Fit {
        let mut clean = text.replace("\r\n", "\n").replace('\r', "\n");
        clean.retain(|c| !c.is_control() || c == '\n' || c == '\t');
        let left = INPUT_BYTES_MAX.saturating_sub(self.text.len() - piece.len());
        let mut room = left.min(clean.len());
        while !clean.is_char_boundary(room) {
            room -= 1;
        }
        let typed = piece.is_empty() && text.chars().nth(1).is_none();
        self.change(piece, &clean[..room], if typed { Size::Stroke } else { Size::Whole });
        if room == clean.len() { Fit::Whole } else { Fit::Cut }
    }

    /// Moves the cursor.
    pub(crate) fn go(&mut self, reach: Reach) {
        self.last = Last::Other;
        self.cursor = self.boundary_at_or_after(self.reached(reach));
    }

    /// Deletes from the cursor as far as `reach` goes.
    pub(crate) fn delete(&mut self, reach: Reach) {
        let piece = self.piece(self.reached(reach));
        let one = matches!(reach, Reach::Left | Reach::Right);
        self.change(piece, "", if one { Size::Stroke } else { Size::Whole });
    }

    /// Deletes from the cursor as far as `reach` goes, and keeps it for [`Self::yank`]; the end of
    /// a line takes its newline. What is cut in one go is kept as one piece.
    pub(crate) fn kill(&mut self, reach: Reach, ring: &mut KillRing) {
        let was_kill = self.last == Last::Kill;
        let mut to = self.reached(reach);
        if reach == Reach::LineEnd && to == self.cursor && to < self.text.len() {
            to += 1;
        }
        let side = if to < self.cursor { Side::Left } else { Side::Right };
        let cut = self.change(self.piece(to), "", Size::Whole);
        match was_kill {
            true => ring.join(&cut, side),
            false => ring.keep(cut),
        }
        self.last = Last::Kill;
    }

    /// Puts in what was killed last.
    pub(crate) fn yank(&mut self, ring: &KillRing) -> Fit {
        let from = self.cursor;
        let fit = self.insert(ring.piece(0).unwrap_or_default());
        self.last = Last::Yank { from, age: 0 };
        fit
    }

    /// Changes what was just put in by [`Self::yank`] for what was killed before it.
    pub(crate) fn yank_older(&mut self, ring: &KillRing) -> Fit {
        let Last::Yank { from, age } = self.last else {
            return Fit::Whole;
        };
        let fit = self.replace(from..self.cursor, ring.piece(age + 1).unwrap_or_default());
        self.last = Last::Yank { from, age: age + 1 };
        fit
    }

    /// Exchanges the cluster before the cursor with the one behind it, or, at the end, the last
    /// two; never across a line.
    pub(crate) fn transpose(&mut self) {
        let end = self.line_end(self.cursor);
        let middle = if self.cursor == end { self.before(end) } else { self.cursor };
        let (from, to) = (self.before(middle), self.behind(middle));
        if middle <= self.line_start(self.cursor) || to > end {
            return;
        }
        let exchanged = [&self.text[middle..to], &self.text[from..middle]].concat();
        self.change(from..to, &exchanged, Size::Whole);
    }

    /// Takes the last change back.
    pub(crate) fn undo(&mut self) {
        self.last = Last::Other;
        if let Some(change) = self.undo.back() {
            let piece = change.at..change.at + change.inserted.len();
            self.text.replace_range(piece, &change.removed);
            self.cursor = change.cursor;
        }
    }

    /// Does again what was taken back last.
    pub(crate) fn redo(&mut self) {
        self.last = Last::Other;
        if let Some(change) = self.undo.forth() {
            let piece = change.at..change.at + change.removed.len();
            self.text.replace_range(piece, &change.inserted);
            let behind = change.at + change.inserted.len();
            self.cursor = self.boundary_at_or_after(behind);
        }
    }

    /// What every change goes through: gives what stood there, and leaves the cursor behind what
    /// stands there now.
    fn change(&mut self, piece: Range<usize>, inserted: &str, size: Size) -> String {
        let (at, cursor) = (piece.start, self.cursor);
        let removed = self.text[piece.clone()].to_owned();
        self.text.replace_range(piece, inserted);
        // What stands side by side now may be one cluster.
        self.cursor = self.boundary_at_or_after(at + inserted.len());
        self.last = Last::Other;
        if !removed.is_empty() || !inserted.is_empty() {
            let (removed_now, inserted) = (removed.clone(), inserted.to_owned());
            self.undo.record(Change { at, removed: removed_now, inserted, cursor, size });
        }
        removed
    }

    /// What lies between the cursor and a place, whose cluster is taken whole.
    fn piece(&self, to: usize) -> Range<usize> {
        let to = self.boundary_at_or_after(to);
        self.cursor.min(to)..self.cursor.max(to)
    }

    fn reached(&self, reach: Reach) -> usize {
        let at = self.cursor;
        match reach {
            Reach::Left => self.before(at),
            Reach::Right => self.behind(at),
            Reach::WordLeft => self.start_of_run(at, is_of_word),
            Reach::BlankLeft => self.start_of_run(at, |cluster| !is_blank(cluster)),
            Reach::WordRight => {
                let mut behind =
                    self.text[at..].grapheme_indices(true).skip_while(|(_, c)| !is_of_word(c));
                let end = behind.find(|(_, cluster)| !is_of_word(cluster));
                end.map_or(self.text.len(), |(end, _)| at + end)
            }
            Reach::LineStart => self.line_start(at),
            Reach::LineEnd => self.line_end(at),
            Reach::Up => match self.line_start(at) {
                0 => at,
                start => self.at_column_of(self.line_start(start - 1)),
            },
            Reach::Down => match self.line_end(at) {
                end if end == self.text.len() => at,
                end => self.at_column_of(end + 1),
            },
        }
    }

    /// Where the last run of such clusters before a place begins.
    fn start_of_run(&self, at: usize, is_of_run: impl Fn(&str) -> bool) -> usize {
        let clusters = self.text[..at].grapheme_indices(true).rev();
        let run = clusters.skip_while(|(_, cluster)| !is_of_run(cluster));
        run.take_while(|(_, cluster)| is_of_run(cluster)).last().map_or(0, |(start, _)| start)
    }

    fn before(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0)
    }

    fn behind(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len())
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline)
    }

    /// The place in the line that begins at `start` as many clusters from its beginning as the
    /// cursor is from the beginning of its own.
    fn at_column_of(&self, start: usize) -> usize {
        let column = self.text[self.line_start(self.cursor)..self.cursor].graphemes(true).count();
        let line = &self.text[start..self.line_end(start)];
        line.grapheme_indices(true).nth(column).map_or(start + line.len(), |(at, _)| start + at)
    }

    fn boundary_at_or_after(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        match cursor.is_boundary(&self.text, 0) {
            Ok(true) => at,
            _ => cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len()),
        }
    }
}

/// Whether a cluster is part of a word, as readline has it.
fn is_of_word(cluster: &str) -> bool {
    cluster.starts_with(char::is_alphanumeric)
}

fn is_blank(cluster: &str) -> bool {
    cluster.starts_with(char::is_whitespace)
}

#[cfg(test)]
mod tests;
