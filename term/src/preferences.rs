//! What the user wants of the screen: its keys, its looks, and how it calls them.

use crate::keymap::Keymap;
use crate::model::Mouse;
use crate::theme::Theme;

/// All of it. Screens in one program may have different ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preferences {
    /// Which key does what.
    pub(crate) keymap: Keymap,
    /// What looks how.
    pub(crate) theme: Theme,
    /// How the user is called.
    pub(crate) calls: Calls,
    /// Whose the mouse is at first.
    pub(crate) mouse: Mouse,
    /// In which way the client shows itself; decided at the start.
    pub(crate) view: View,
}

/// In which way the client shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// On the whole screen.
    Full,
    /// Line by line, for screen readers and terminals that can do no more.
    Plain,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            keymap: Keymap::default(),
            theme: Theme::default(),
            calls: Calls { bell: true, desktop: true },
            mouse: Mouse::Terminals,
            view: View::Full,
        }
    }
}

/// By what the user is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calls {
    /// By the terminal's bell.
    pub(crate) bell: bool,
    /// By a notification of the desktop.
    pub(crate) desktop: bool,
}
