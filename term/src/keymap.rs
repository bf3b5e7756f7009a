//! Which key does what, as data: the keys themselves, the help, and the hints come from here.

use std::fmt;

use crate::model::{Reach, Step};

/// A key, or a character with what was held down beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// A character, Shift included.
    Char(char),
    /// Ctrl and a character.
    Ctrl(char),
    /// Alt (or Escape before it) and a character.
    Alt(char),
    /// A key with a name.
    Named(Named),
    /// Alt and a key with a name.
    AltNamed(Named),
    /// Ctrl and a key with a name.
    CtrlNamed(Named),
}

/// A key that stands for no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Named {
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Left arrow.
    Left,
    /// Right arrow.
    Right,
    /// Up arrow.
    Up,
    /// Down arrow.
    Down,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// A function key.
    F(u8),
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Sends the input, runs it as a command, or takes what is chosen.
    Enter,
    /// Begins a new line in the input.
    Newline,
    /// Moves the cursor.
    Go(Reach),
    /// Deletes.
    Delete(Reach),
    /// Deletes and keeps.
    Kill(Reach),
    /// Puts in what was kept last.
    Yank,
    /// Changes what was just put in for what was kept before it.
    YankOlder,
    /// Exchanges two characters.
    Transpose,
    /// Takes the last change of the input back.
    Undo,
    /// Does again what was taken back.
    Redo,
    /// Searches what was written before.
    Recall,
    /// Chooses a message.
    Choose(Step),
    /// Chooses all from the chosen message on.
    Extend,
    /// Copies what is chosen.
    Copy,
    /// Copies a link.
    CopyLink,
    /// Shows the conversation alone, to be copied by the terminal.
    Bare,
    /// Takes the mouse from the terminal, or gives it back.
    Mouse,
    /// Opens the input in the user's editor.
    Edit,
    /// Offers what the word before the cursor may become.
    Complete,
    /// Offers what was offered before that.
    CompleteBack,
    /// Empties the input, or quits.
    Clear,
    /// Closes what is open.
    Close,
    /// Moves through the conversation.
    Scroll(Scroll),
    /// Goes to the room of this index.
    Room(usize),
    /// Goes to the next room.
    NextRoom,
    /// Goes to the room before.
    PreviousRoom,
    /// Goes to the next room with something unread.
    NextUnread,
    /// Goes to the room of before.
    LastRoom,
    /// Shows or closes the help.
    Help,
    /// Shows or closes one's rooms.
    Rooms,
    /// Shows or closes the members, and what can be done with them.
    Members,
    /// Shows or closes what one is told of.
    Notices,
    /// Asks for the ID of a room to enter.
    Join,
    /// Shows or closes one's former rooms.
    FormerRooms,
    /// Asks for the room to go to.
    GoTo,
    /// Shows the first message that was unread.
    FirstUnread,
    /// Goes back to the shell for a while.
    Suspend,
    /// Draws everything anew.
    Redraw,
}

/// A movement through the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scroll {
    /// A page towards the beginning.
    PageUp,
    /// A page towards the end.
    PageDown,
    /// To the first message that is known.
    First,
    /// To the end.
    Last,
    /// To the next message that mentions one.
    NextMention,
    /// To the one before.
    PreviousMention,
}

/// One key, what it does, and how the help says it.
pub(crate) struct Binding {
    /// The key.
    pub(crate) key: Key,
    action: Action,
    help: &'static str,
}

const fn bind(key: Key, action: Action, help: &'static str) -> Binding {
    Binding { key, action, help }
}

const GO_TO: &str = "go to the room of that number";

/// Every key that does something. Keys that do the same stand together.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(Key::Named(Named::Enter), Action::Enter, "send"),
    bind(Key::AltNamed(Named::Enter), Action::Newline, "new line"),
    bind(Key::Ctrl('j'), Action::Newline, "new line"),
    bind(Key::Ctrl('n'), Action::NextRoom, "next room"),
    bind(Key::Ctrl('p'), Action::PreviousRoom, "room before"),
    bind(Key::Alt('1'), Action::Room(0), GO_TO),
    bind(Key::Alt('2'), Action::Room(1), GO_TO),
    bind(Key::Alt('3'), Action::Room(2), GO_TO),
    bind(Key::Alt('4'), Action::Room(3), GO_TO),
    bind(Key::Alt('5'), Action::Room(4), GO_TO),
    bind(Key::Alt('6'), Action::Room(5), GO_TO),
    bind(Key::Alt('7'), Action::Room(6), GO_TO),
    bind(Key::Alt('8'), Action::Room(7), GO_TO),
    bind(Key::Alt('9'), Action::Room(8), GO_TO),
    bind(Key::Alt('0'), Action::Room(9), GO_TO),
    bind(Key::Alt('a'), Action::NextUnread, "next unread room"),
    bind(Key::Alt('/'), Action::LastRoom, "last room"),
    bind(Key::Alt('g'), Action::GoTo, "go to a room by its title"),
    bind(Key::Alt('j'), Action::Join, "join a room by its ID"),
    bind(Key::Alt('o'), Action::FormerRooms, "former rooms"),
    bind(Key::Alt('u'), Action::FirstUnread, "first unread message"),
    bind(Key::Alt('n'), Action::Scroll(Scroll::NextMention), "next mention of you"),
    bind(Key::Alt('p'), Action::Scroll(Scroll::PreviousMention), "mention of you before"),
    bind(Key::Named(Named::PageUp), Action::Scroll(Scroll::PageUp), "older messages"),
    bind(Key::Named(Named::PageDown), Action::Scroll(Scroll::PageDown), "newer messages"),
    bind(Key::AltNamed(Named::Home), Action::Scroll(Scroll::First), "first message here"),
    bind(Key::AltNamed(Named::End), Action::Scroll(Scroll::Last), "last message"),
    bind(Key::AltNamed(Named::Up), Action::Choose(Step::Up), "choose the message before"),
    bind(Key::AltNamed(Named::Down), Action::Choose(Step::Down), "choose the message behind"),
    bind(Key::Alt('v'), Action::Extend, "choose all from this message on"),
    bind(Key::Alt('c'), Action::Copy, "copy what is chosen"),
    bind(Key::Alt('w'), Action::CopyLink, "copy a link; again: the next one"),
    bind(Key::Alt('l'), Action::Bare, "the bare conversation, for the mouse to copy"),
    bind(Key::Alt('m'), Action::Mouse, "the mouse: its wheel scrolls, a click chooses a room"),
    bind(Key::Named(Named::F(1)), Action::Help, "help"),
    bind(Key::Named(Named::F(7)), Action::Rooms, "rooms"),
    bind(Key::Named(Named::F(8)), Action::Members, "members"),
    bind(Key::Named(Named::F(9)), Action::Notices, "notices"),
    bind(Key::Named(Named::Esc), Action::Close, "close"),
    bind(Key::Ctrl('c'), Action::Clear, "clear the input; twice: quit"),
    bind(Key::Ctrl('z'), Action::Suspend, "back to the shell; fg returns"),
    bind(Key::Ctrl('l'), Action::Redraw, "draw anew"),
    bind(Key::Named(Named::Left), Action::Go(Reach::Left), "left"),
    bind(Key::Ctrl('b'), Action::Go(Reach::Left), "left"),
    bind(Key::Named(Named::Right), Action::Go(Reach::Right), "right"),
    bind(Key::Ctrl('f'), Action::Go(Reach::Right), "right"),
    bind(Key::Alt('b'), Action::Go(Reach::WordLeft), "a word left"),
    bind(Key::CtrlNamed(Named::Left), Action::Go(Reach::WordLeft), "a word left"),
    bind(Key::Alt('f'), Action::Go(Reach::WordRight), "a word right"),
    bind(Key::CtrlNamed(Named::Right), Action::Go(Reach::WordRight), "a word right"),
    bind(Key::Ctrl('a'), Action::Go(Reach::LineStart), "beginning of the line"),
    bind(Key::Named(Named::Home), Action::Go(Reach::LineStart), "beginning of the line"),
    bind(Key::Ctrl('e'), Action::Go(Reach::LineEnd), "end of the line"),
    bind(Key::Named(Named::End), Action::Go(Reach::LineEnd), "end of the line"),
    bind(
        Key::Named(Named::Up),
        Action::Go(Reach::Up),
        "line above; what was refused or written before",
    ),
    bind(
        Key::Named(Named::Down),
        Action::Go(Reach::Down),
        "line below; what was written after that",
    ),
    bind(Key::Named(Named::Tab), Action::Complete, "complete; again: the next one"),
    bind(Key::Named(Named::BackTab), Action::CompleteBack, "complete: the one before"),
    bind(Key::Ctrl('x'), Action::Edit, "write in your $EDITOR"),
    bind(Key::Ctrl('r'), Action::Recall, "search what was written before"),
    bind(Key::Named(Named::Backspace), Action::Delete(Reach::Left), "delete left"),
    bind(Key::Ctrl('h'), Action::Delete(Reach::Left), "delete left"),
    bind(Key::Named(Named::Delete), Action::Delete(Reach::Right), "delete right"),
    bind(Key::Ctrl('d'), Action::Delete(Reach::Right), "delete right"),
    bind(Key::Ctrl('w'), Action::Kill(Reach::BlankLeft), "cut back to the last blank"),
    bind(Key::AltNamed(Named::Backspace), Action::Kill(Reach::WordLeft), "cut the word before"),
    bind(Key::Alt('d'), Action::Kill(Reach::WordRight), "cut the word behind"),
    bind(Key::Ctrl('u'), Action::Kill(Reach::LineStart), "cut to the beginning"),
    bind(
        Key::Ctrl('k'),
        Action::Kill(Reach::LineEnd),
        "cut to the end; on an empty line: go to a room",
    ),
    bind(Key::Ctrl('y'), Action::Yank, "put in what was cut"),
    bind(Key::Alt('y'), Action::YankOlder, "rather what was cut before that"),
    bind(Key::Ctrl('t'), Action::Transpose, "exchange two characters"),
    bind(Key::Ctrl('_'), Action::Undo, "undo"),
    bind(Key::Alt('e'), Action::Redo, "redo"),
];

/// What a key does, if anything.
pub(crate) fn action(key: Key) -> Option<Action> {
    BINDINGS.iter().find(|binding| binding.key == key).map(|binding| binding.action)
}

/// The first key that does something.
pub(crate) fn key_of(action: Action) -> Option<Key> {
    BINDINGS.iter().find(|binding| binding.action == action).map(|binding| binding.key)
}

/// The help: which keys, and what they do, in the order of the table.
pub(crate) fn help() -> Vec<(String, &'static str)> {
    BINDINGS
        .chunk_by(|one, other| one.help == other.help)
        .map(|same| {
            let keys = match same {
                [first, .., last] if same.len() > 3 => format!("{} … {}", first.key, last.key),
                few => few.iter().map(|one| one.key.to_string()).collect::<Vec<_>>().join(", "),
            };
            (keys, same[0].help)
        })
        .collect()
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(c) => write!(f, "Ctrl-{}", c.to_uppercase()),
            Self::Alt(c) => write!(f, "Alt-{}", c.to_uppercase()),
            Self::Named(named) => write!(f, "{named}"),
            Self::AltNamed(named) => write!(f, "Alt-{named}"),
            Self::CtrlNamed(named) => write!(f, "Ctrl-{named}"),
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enter => "Enter",
            Self::Esc => "Esc",
            Self::Backspace => "Backspace",
            Self::Delete => "Del",
            Self::Left => "Left",
            Self::Right => "Right",
            Self::Up => "Up",
            Self::Down => "Down",
            Self::Home => "Home",
            Self::End => "End",
            Self::PageUp => "PgUp",
            Self::PageDown => "PgDn",
            Self::Tab => "Tab",
            Self::BackTab => "Shift-Tab",
            Self::F(number) => return write!(f, "F{number}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        for (place, binding) in BINDINGS.iter().enumerate() {
            let twice = BINDINGS[place + 1..].iter().any(|other| other.key == binding.key);
            assert!(!twice, "{}", binding.key);
        }
    }

    #[test]
    fn the_help_names_keys_that_do_the_same_together() {
        let help = help();
        assert!(help.contains(&("Alt-Enter, Ctrl-J".into(), "new line")));
        assert!(help.contains(&("Alt-1 … Alt-0".into(), GO_TO)));
        let covered: usize = BINDINGS.chunk_by(|one, other| one.help == other.help).count();
        assert_eq!(help.len(), covered);
    }
}
