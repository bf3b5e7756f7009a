//! Which key does what, as data: the keys themselves, the help, and the hints come from here.

mod key;
mod tables;

pub(crate) use self::key::{Key, Named};
use self::tables::{BINDINGS, DEEDS, Deed};
use crate::model::{Reach, Step};

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

/// Which key does what, for one screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keymap {
    bindings: Vec<(Key, Action)>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { bindings: BINDINGS.to_vec() }
    }
}

impl Keymap {
    /// Has a key do something else, or nothing. Hints then show this key for it.
    pub(crate) fn bind(&mut self, key: Key, action: Option<Action>) {
        self.bindings.retain(|(bound, _)| *bound != key);
        if let Some(action) = action {
            self.bindings.insert(0, (key, action));
        }
    }

    /// What a key does, if anything.
    pub(crate) fn action(&self, key: Key) -> Option<Action> {
        self.bindings.iter().find(|(bound, _)| *bound == key).map(|(_, action)| *action)
    }

    /// The first key that does something.
    pub(crate) fn key_of(&self, action: Action) -> Option<Key> {
        self.keys_of(action).next()
    }

    /// A hint: the key that does something, and what it does there; `None` where no key does it.
    pub(crate) fn hint(&self, action: Action, does: &str) -> Option<String> {
        self.key_of(action).map(|key| format!("{key} {does}"))
    }

    /// The same of several that belong together.
    pub(crate) fn hints(&self, actions: &[Action], does: &str) -> Option<String> {
        let keys = actions.iter().filter_map(|action| self.key_of(*action));
        let keys: Vec<_> = keys.map(|key| key.to_string()).collect();
        (!keys.is_empty()).then(|| format!("{} {does}", keys.join(", ")))
    }

    /// The hint of what closes things. The key that clears does so, too.
    pub(crate) fn close_hint(&self, does: &str) -> Option<String> {
        self.hint(Action::Close, does).or_else(|| self.hint(Action::Clear, does))
    }

    /// Every key that does something.
    #[cfg(test)]
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        self.bindings.iter().map(|(key, _)| *key)
    }

    fn keys_of(&self, action: Action) -> impl Iterator<Item = Key> {
        self.bindings.iter().filter(move |(_, bound)| *bound == action).map(|(key, _)| *key)
    }

    /// The help: which keys, and what they do, in the order of the table. What no key does is not
    /// in it.
    pub(crate) fn help(&self) -> Vec<(String, &'static str)> {
        let same = DEEDS.chunk_by(|one, other| one.help == other.help);
        let lines = same.map(|deeds| (self.help_keys(deeds), deeds[0].help));
        lines.filter(|(keys, _)| !keys.is_empty()).collect()
    }

    fn help_keys(&self, deeds: &[Deed]) -> String {
        let keys: Vec<Key> = deeds.iter().flat_map(|deed| self.keys_of(deed.action)).collect();
        let shipped =
            BINDINGS.iter().filter(|(_, action)| deeds.iter().any(|d| d.action == *action));
        match keys.as_slice() {
            // A row of keys is told by its ends, as long as it is the row that everybody knows.
            [first, .., last]
                if deeds.len() > 1 && shipped.map(|(key, _)| *key).eq(keys.iter().copied()) =>
            {
                format!("{first} … {last}")
            }
            few => few.iter().map(Key::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Action {
    /// Every name of an action.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        DEEDS.iter().map(|deed| deed.name)
    }

    /// The action of a name in the configuration.
    pub(crate) fn named(name: &str) -> Option<Self> {
        DEEDS.iter().find(|deed| deed.name == name).map(|deed| deed.action)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::tables::GO_TO;
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        for (place, (key, _)) in BINDINGS.iter().enumerate() {
            let twice = BINDINGS[place + 1..].iter().any(|(other, _)| other == key);
            assert!(!twice, "{key}");
        }
    }

    #[test]
    fn every_action_that_has_a_key_has_one_name() {
        let names: BTreeSet<_> = Action::names().collect();
        assert_eq!(names.len(), DEEDS.len());
        assert!(!names.contains("none"), "that is how a key is unbound");
        for (key, action) in BINDINGS {
            let deeds = DEEDS.iter().filter(|deed| deed.action == *action);
            assert_eq!(deeds.count(), 1, "{key}");
        }
        for deed in DEEDS {
            assert_eq!(Action::named(deed.name), Some(deed.action));
        }
    }

    #[test]
    fn the_help_names_keys_that_do_the_same_together() {
        let help = Keymap::default().help();
        assert!(help.contains(&("Alt-Enter, Ctrl-J".into(), "new line")));
        assert!(help.contains(&("Alt-1 … Alt-0".into(), GO_TO)));
        let covered: usize = DEEDS.chunk_by(|one, other| one.help == other.help).count();
        assert_eq!(help.len(), covered);
    }

    #[test]
    fn the_help_follows_the_keys() {
        let mut keymap = Keymap::default();
        keymap.bind(Key::Ctrl('o'), Some(Action::Join));
        keymap.bind(Key::Alt('0'), None);
        keymap.bind(Key::Ctrl('z'), None);
        assert_eq!(keymap.action(Key::Ctrl('o')), Some(Action::Join));
        assert_eq!(keymap.key_of(Action::Join), Some(Key::Ctrl('o')));
        assert_eq!(keymap.action(Key::Ctrl('z')), None);
        let help = keymap.help();
        assert!(help.contains(&("Ctrl-O, Alt-J".into(), "join a room by its ID")));
        let rooms: Vec<_> = help.iter().filter(|(_, does)| *does == GO_TO).collect();
        assert!(rooms[0].0.starts_with("Alt-1, Alt-2, "), "{rooms:?}");
        assert!(help.iter().all(|(keys, _)| !keys.contains("Ctrl-Z")));
    }
}
