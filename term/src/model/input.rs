//! The input line: text of one or more lines, a cursor between grapheme clusters, readline's edits.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// The most the line takes, in bytes: the longest message several times over, so that a text that
/// is too long to send can still be pasted and cut down.
pub(crate) const INPUT_BYTES_MAX: usize = 64 * 1024;

/// Text being written. The cursor is a byte position that always lies between two clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Input {
    text: String,
    cursor: usize,
    killed: String,
}

/// How far a movement or a deletion reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the cluster before.
    Left,
    /// To the cluster behind.
    Right,
    /// To the beginning of the word.
    WordLeft,
    /// To the end of the word.
    WordRight,
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

    /// Empties the line and gives what it held. What was killed stays.
    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts text in at the cursor: line breaks of any kind become newlines, other control
    /// characters but tabs go.
    pub(crate) fn insert(&mut self, text: &str) -> Fit {
        let mut clean = text.replace("\r\n", "\n").replace('\r', "\n");
        clean.retain(|c| !c.is_control() || c == '\n' || c == '\t');
        let mut room = INPUT_BYTES_MAX.saturating_sub(self.text.len()).min(clean.len());
        while !clean.is_char_boundary(room) {
            room -= 1;
        }
        let fit = if room == clean.len() { Fit::Whole } else { Fit::Cut };
        self.text.insert_str(self.cursor, &clean[..room]);
        self.cursor = self.boundary_at_or_after(self.cursor + room);
        fit
    }

    /// Moves the cursor.
    pub(crate) fn go(&mut self, reach: Reach) {
        self.cursor = self.boundary_at_or_after(self.reached(reach));
    }

    /// Deletes from the cursor as far as `reach` goes.
    pub(crate) fn delete(&mut self, reach: Reach) {
        self.cut(reach);
    }

    /// Deletes from the cursor as far as `reach` goes, and keeps it for [`Self::yank`].
    pub(crate) fn kill(&mut self, reach: Reach) {
        let cut = self.cut(reach);
        if !cut.is_empty() {
            self.killed = cut;
        }
    }

    /// Puts in what was killed last.
    pub(crate) fn yank(&mut self) -> Fit {
        let killed = self.killed.clone();
        self.insert(&killed)
    }

    fn cut(&mut self, reach: Reach) -> String {
        // The ends of words may lie within clusters.
        let to = self.boundary_at_or_after(self.reached(reach));
        let (from, to) = (self.cursor.min(to), self.cursor.max(to));
        let cut = self.text.drain(from..to).collect();
        // What stood on both sides may now be one cluster.
        self.cursor = self.boundary_at_or_after(from);
        cut
    }

    fn reached(&self, reach: Reach) -> usize {
        let at = self.cursor;
        match reach {
            Reach::Left => {
                let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
                cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0)
            }
            Reach::Right => {
                let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
                cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len())
            }
            Reach::WordLeft => {
                self.text[..at].unicode_word_indices().next_back().map_or(0, |(start, _)| start)
            }
            Reach::WordRight => self.text[at..]
                .unicode_word_indices()
                .next()
                .map_or(self.text.len(), |(start, word)| at + start + word.len()),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An input whose cursor stands where `text` has its `|`.
    fn input(text: &str) -> Input {
        let cursor = text.find('|').unwrap();
        Input { text: text.replacen('|', "", 1), cursor, killed: String::new() }
    }

    fn shown(input: &Input) -> String {
        let mut text = input.text.clone();
        text.insert(input.cursor, '|');
        text
    }

    #[test]
    fn the_cursor_moves_by_clusters_words_and_lines() {
        for (before, reach, after) in [
            ("ab|c", Reach::Left, "a|bc"),
            ("|abc", Reach::Left, "|abc"),
            ("abc|", Reach::Right, "abc|"),
            ("e\u{301}|x", Reach::Left, "|e\u{301}x"),
            ("one two|", Reach::WordLeft, "one |two"),
            ("|one two", Reach::WordRight, "one| two"),
            ("a\nbc|d", Reach::LineStart, "a\n|bcd"),
            ("a|b\ncd", Reach::LineEnd, "ab|\ncd"),
            ("ab\ncd|e", Reach::Up, "ab|\ncde"),
            ("abc|\nd", Reach::Down, "abc\nd|"),
            ("ab|c", Reach::Up, "ab|c"),
        ] {
            let mut line = input(before);
            line.go(reach);
            assert_eq!(shown(&line), after, "{before} {reach:?}");
        }
    }

    #[test]
    fn what_is_killed_is_yanked() {
        let mut line = input("one two| three");
        line.kill(Reach::WordLeft);
        assert_eq!(shown(&line), "one | three");
        line.go(Reach::LineEnd);
        assert_eq!(line.yank(), Fit::Whole);
        assert_eq!(shown(&line), "one  threetwo|");
        line.delete(Reach::Left);
        assert_eq!(shown(&line), "one  threetw|");
    }

    #[test]
    fn a_paste_keeps_its_lines_and_loses_its_escapes() {
        let mut line = input("<|>");
        assert_eq!(line.insert("a\r\nb\rc\x1b[31m\td"), Fit::Whole);
        assert_eq!(shown(&line), "<a\nb\nc[31m\td|>");
        let mut full = Input::default();
        assert_eq!(full.insert(&"é".repeat(INPUT_BYTES_MAX)), Fit::Cut);
        assert_eq!(full.text().len(), INPUT_BYTES_MAX);
    }

    #[test]
    fn a_combining_mark_joins_what_stands_before_it() {
        let mut line = input("e|x");
        line.insert("\u{301}");
        assert_eq!(shown(&line), "e\u{301}|x");
    }

    proptest::proptest! {
        #[test]
        fn any_edits_keep_the_cursor_between_clusters(edits in proptest::collection::vec((0..5u8, 0..8u8, "\\PC{0,3}"), 0..60)) {
            let reaches = [Reach::Left, Reach::Right, Reach::WordLeft, Reach::WordRight,
                Reach::LineStart, Reach::LineEnd, Reach::Up, Reach::Down];
            let mut line = Input::default();
            for (edit, reach, text) in edits {
                let reach = reaches[usize::from(reach)];
                match edit {
                    0 => { line.insert(&text); }
                    1 => { line.insert("\n"); }
                    2 => line.go(reach),
                    3 => line.kill(reach),
                    _ => { line.yank(); }
                }
                let boundary = line.text.grapheme_indices(true).any(|(at, _)| at == line.cursor);
                proptest::prop_assert!(boundary || line.cursor == line.text.len(), "{line:?}");
            }
        }
    }
}
