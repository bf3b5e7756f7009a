//! Keys, and how they are written.

use std::fmt;
use std::str::FromStr;

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

impl FromStr for Key {
    type Err = String;

    /// Reads a key as the help writes it, in any case. A character alone is no key to bind: it is
    /// typed.
    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_lowercase();
        let single = |rest: &str| {
            let mut chars = rest.chars();
            let first = chars.next().filter(|c| chars.next().is_none() && !c.is_control());
            if rest == "space" { Some(' ') } else { first }
        };
        if let Some(rest) = lower.strip_prefix("alt-") {
            let named = named(rest).map(Self::AltNamed);
            return named.or(single(rest).map(Self::Alt)).ok_or_else(|| no_key(text));
        }
        let Some(rest) = lower.strip_prefix("ctrl-") else {
            return match named(&lower) {
                Some(named) => Ok(Self::Named(named)),
                None if single(&lower).is_some() => {
                    Err(format!("{text:?} is typed; use it with Alt- or Ctrl-"))
                }
                None => Err(no_key(text)),
            };
        };
        match (named(rest), single(rest)) {
            (Some(named), _) => Ok(Self::CtrlNamed(named)),
            (None, Some('i' | 'm' | '[')) => {
                Err(format!("a terminal sends {text} as Tab, Enter or Esc; bind that"))
            }
            (None, Some(c)) if c.is_ascii_lowercase() || " \\]^_".contains(c) => Ok(Self::Ctrl(c)),
            (None, _) => Err(no_key(text)),
        }
    }
}

fn no_key(text: &str) -> String {
    format!("{text:?} is no key; write it as in Alt-J, Ctrl-T, F5, PgUp or Alt-Enter")
}

/// The key of a name in lower case.
fn named(name: &str) -> Option<Named> {
    const NAMED: [Named; 14] = [
        Named::Enter,
        Named::Esc,
        Named::Backspace,
        Named::Delete,
        Named::Left,
        Named::Right,
        Named::Up,
        Named::Down,
        Named::Home,
        Named::End,
        Named::PageUp,
        Named::PageDown,
        Named::Tab,
        Named::BackTab,
    ];
    let function = || {
        let number = name.strip_prefix('f')?.parse().ok()?;
        (1..=12).contains(&number).then_some(Named::F(number))
    };
    let is_it = |key: &&Named| key.to_string().to_lowercase() == name;
    NAMED.iter().find(is_it).copied().or_else(function)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(' ') => f.write_str("Ctrl-Space"),
            Self::Alt(' ') => f.write_str("Alt-Space"),
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
    fn a_key_is_read_as_it_is_written() {
        for key in [
            Key::Ctrl('t'),
            Key::Ctrl(' '),
            Key::Ctrl('_'),
            Key::Alt('j'),
            Key::Alt('-'),
            Key::Alt('/'),
            Key::Alt(' '),
            Key::Named(Named::F(12)),
            Key::Named(Named::BackTab),
            Key::AltNamed(Named::PageUp),
            Key::CtrlNamed(Named::Left),
        ] {
            assert_eq!(key.to_string().parse(), Ok(key));
            assert_eq!(key.to_string().to_uppercase().parse(), Ok(key));
        }
    }

    #[test]
    fn what_no_terminal_can_tell_or_what_is_typed_is_no_key() {
        for (text, why) in [
            ("x", "is typed"),
            ("Ctrl-M", "Enter"),
            ("Ctrl-i", "Tab"),
            ("Ctrl-1", "is no key"),
            ("F13", "is no key"),
            ("F0", "is no key"),
            ("Meta-X", "is no key"),
            ("Alt-", "is no key"),
            ("Alt-xy", "is no key"),
            ("", "is no key"),
        ] {
            let error = text.parse::<Key>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
