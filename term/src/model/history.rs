//! What was written before: messages by their room, commands for all rooms; bounded, in memory.

use std::collections::VecDeque;

use parlor_protocol::id::RoomId;

/// The most lines that are kept, over all rooms.
const LINES_MAX: usize = 1_000;
/// The most bytes that they hold together.
const BYTES_MAX: usize = 1024 * 1024;

/// The lines, oldest first, and which of them is in the input.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    lines: VecDeque<Line>,
    /// How many lines are forgotten: line numbers go on counting.
    forgotten: u64,
    /// The number of the line that is in the input, as far as nothing was changed there since.
    shown: Option<u64>,
}

#[derive(Debug, Clone)]
struct Line {
    /// The room it was written in; commands, and what was written in rooms that are gone, belong to
    /// all.
    room: Option<RoomId>,
    text: String,
    state: State,
}

/// Whether a line was ever entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Entered,
    /// It was begun, and left for an older one.
    Begun,
}

/// A search through the history, from the newest line on.
#[derive(Debug, Clone)]
pub(crate) struct Seeking {
    /// What a line must hold; small and capital letters are the same.
    pub(crate) text: String,
    /// What stood in the input when the search began.
    pub(crate) before: String,
    /// The number of the line that was found.
    found: Option<u64>,
}

/// Where a search goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// At the newest line.
    Newest,
    /// At the line that was found, which may do.
    Found,
    /// At the line before the one that was found.
    Older,
}

impl Seeking {
    /// A search that begins where this is in the input.
    pub(crate) fn new(before: &str) -> Self {
        Self { text: String::new(), before: before.to_owned(), found: None }
    }
}

impl History {
    /// Keeps what was entered in a room.
    pub(crate) fn add(&mut self, room: Option<RoomId>, text: &str) {
        self.push(room, text, State::Entered);
        self.shown = None;
    }

    /// The line that was brought into the input last, as it was then.
    pub(crate) fn recalled(&self) -> Option<&str> {
        self.shown.and_then(|number| self.line(number)).map(|line| line.text.as_str())
    }

    /// What is in the input comes from no line any more.
    pub(crate) fn let_go(&mut self) {
        self.shown = None;
    }

    /// Takes out what was begun in a room and left for an older line.
    pub(crate) fn take_begun(&mut self, room: RoomId) -> Vec<String> {
        let is_begun = |line: &Line| line.room == Some(room) && line.state == State::Begun;
        if self.lines.iter().any(is_begun) {
            self.shown = None;
        }
        let (begun, lines): (VecDeque<_>, _) = self.lines.drain(..).partition(is_begun);
        self.lines = lines;
        begun.into_iter().map(|line| line.text).collect()
    }

    /// The line before the one that is in the input. What was begun there is kept.
    pub(crate) fn older(&mut self, room: Option<RoomId>, written: &str) -> Option<String> {
        let from = match self.shown.filter(|&number| self.is(number, written)) {
            Some(number) => number,
            None if written.trim().is_empty() => self.end(),
            None => {
                self.push(room, written, State::Begun);
                self.end() - 1
            }
        };
        self.show_last(from, |line| line.is_of(room))
    }

    /// The line behind the one that is in the input; behind the last there is an empty one, or
    /// what was begun, which is then no longer history. `None` where no line was asked for before.
    pub(crate) fn newer(&mut self, room: Option<RoomId>, written: &str) -> Option<String> {
        let from = self.shown?;
        if !self.is(from, written) && !written.trim().is_empty() {
            self.push(room, written, State::Entered);
        }
        let mut behind = (from + 1..self.end()).filter(|&number| {
            self.line(number).is_some_and(|line| line.is_of(room) && line.text != written)
        });
        self.shown = behind.next();
        let Some(number) = self.shown else {
            return Some(String::new());
        };
        if number + 1 == self.end()
            && let Some(Line { text, .. }) =
                self.lines.pop_back_if(|line| line.state == State::Begun)
        {
            self.shown = None;
            return Some(text);
        }
        self.line(number).map(|line| line.text.clone())
    }

    /// The newest line that holds what is sought.
    pub(crate) fn find(
        &mut self,
        room: Option<RoomId>,
        seeking: &mut Seeking,
        from: From,
    ) -> Option<String> {
        let end = match (from, seeking.found) {
            (From::Newest, _) | (_, None) => self.end(),
            (From::Found, Some(found)) => found + 1,
            (From::Older, Some(found)) => found,
        };
        let sought = seeking.text.to_lowercase();
        let text = self.show_last(end, |line| {
            line.is_of(room) && line.text.to_lowercase().contains(&sought)
        })?;
        seeking.found = self.shown;
        Some(text)
    }

    /// Shows the last line before a number that is as wanted.
    fn show_last(&mut self, before: u64, wanted: impl Fn(&Line) -> bool) -> Option<String> {
        let before = usize::try_from(before.saturating_sub(self.forgotten)).ok()?;
        let place = self.lines.iter().take(before).rposition(wanted)?;
        self.shown = Some(self.forgotten + place as u64);
        Some(self.lines[place].text.clone())
    }

    fn push(&mut self, room: Option<RoomId>, text: &str, state: State) {
        // Two slashes begin a message.
        let is_command = text.starts_with('/') && !text.starts_with("//");
        let room = if is_command { None } else { room };
        if self.lines.back().is_some_and(|last| last.room == room && last.text == text) {
            return;
        }
        self.lines.push_back(Line { room, text: text.to_owned(), state });
        let mut bytes: usize = self.lines.iter().map(|line| line.text.len()).sum();
        while self.lines.len() > LINES_MAX || bytes > BYTES_MAX {
            bytes -= self.lines.pop_front().map_or(bytes, |line| line.text.len());
            self.forgotten += 1;
        }
    }

    /// The number behind the last line's.
    fn end(&self) -> u64 {
        self.forgotten + self.lines.len() as u64
    }

    fn line(&self, number: u64) -> Option<&Line> {
        let place = number.checked_sub(self.forgotten)?;
        self.lines.get(usize::try_from(place).ok()?)
    }

    fn is(&self, number: u64, text: &str) -> bool {
        self.line(number).is_some_and(|line| line.text == text)
    }
}

impl Line {
    fn is_of(&self, room: Option<RoomId>) -> bool {
        self.room.is_none() || self.room == room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Option<RoomId> {
        Some(RoomId::from_random(1))
    }

    fn history() -> History {
        let elsewhere = Some(RoomId::from_random(2));
        let mut history = History::default();
        history.add(here(), "one");
        history.add(elsewhere, "elsewhere");
        history.add(elsewhere, "/topic");
        history.add(here(), "//two");
        history
    }

    /// Walks: up for each `<`, down for each `>`; gives what is then in the input.
    fn walk(history: &mut History, begun: &str, steps: &str) -> String {
        let mut input = begun.to_owned();
        for step in steps.chars() {
            let line = match step {
                '<' => history.older(here(), &input),
                _ => history.newer(here(), &input),
            };
            input = line.unwrap_or(input);
        }
        input
    }

    #[test]
    fn a_room_has_its_messages_and_all_commands() {
        for (begun, steps, then) in [
            ("", "<", "//two"),
            ("", "<<", "/topic"),
            ("", "<<<", "one"),
            ("", "<<<<<", "one"),
            ("", "<<<>>", "//two"),
            ("", "<>", ""),
            ("", ">", ""),
            ("begun", ">", "begun"),
            ("begun", "<", "//two"),
            ("begun", "<>", "begun"),
            ("begun", "<<<>>>", "begun"),
            ("begun", "<><><", "//two"),
        ] {
            assert_eq!(walk(&mut history(), begun, steps), then, "{begun} {steps}");
        }
    }

    #[test]
    fn what_was_begun_or_changed_is_never_lost() {
        let mut history = history();
        assert_eq!(walk(&mut history, "begun", "<<"), "/topic");
        history.add(here(), "/topic");
        assert_eq!(walk(&mut history, "", "<<"), "begun");
        assert_eq!(walk(&mut history, "begun, changed", "<<"), "begun");
        assert_eq!(walk(&mut history, "", "<"), "begun, changed");
    }

    #[test]
    fn a_search_finds_older_and_older_lines() {
        let mut history = history();
        history.add(here(), "One more");
        let mut seeking = Seeking::new("");
        let mut find = |text: &str, from| {
            text.clone_into(&mut seeking.text);
            history.find(here(), &mut seeking, from)
        };
        assert_eq!(find("o", From::Newest).as_deref(), Some("One more"));
        assert_eq!(find("on", From::Found).as_deref(), Some("One more"));
        assert_eq!(find("on", From::Older).as_deref(), Some("one"));
        assert_eq!(find("on", From::Older), None);
        assert_eq!(find("elsewhere", From::Newest), None);
    }

    #[test]
    fn the_oldest_lines_are_forgotten() {
        let mut history = History::default();
        for number in 0..LINES_MAX + 3 {
            history.add(here(), &number.to_string());
        }
        assert_eq!(walk(&mut history, "", &"<".repeat(LINES_MAX + 9)), "3");
        history.add(here(), &"x".repeat(BYTES_MAX - 5));
        assert_eq!(walk(&mut history, "", "<<<"), (LINES_MAX + 2).to_string());
    }

    proptest::proptest! {
        #[test]
        fn walking_all_the_way_down_leads_back(
            begun in "[A-Z]{0,3}",
            lines in proptest::collection::vec("[a-c/]{1,2}", 0..9),
            up in 0..12usize,
        ) {
            let mut history = History::default();
            for line in &lines {
                history.add(here(), line);
            }
            let steps = "<".repeat(up) + &">".repeat(up + 1);
            for _ in 0..2 {
                proptest::prop_assert_eq!(&walk(&mut history, &begun, &steps), &begun);
            }
        }
    }
}
