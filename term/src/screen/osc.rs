//! What is told to the terminal itself: bells, notifications, titles, links, the clipboard.
//!
//! All of it holds text of others, so all of it goes through [`plain`]: nothing in it ends a
//! sequence or begins another.

use std::ffi::OsStr;

use parlor_protocol::text::printable;
use unicode_segmentation::UnicodeSegmentation;

/// The most characters of a notification or a title.
const TEXT_CHARS_MAX: usize = 200;

/// What the terminal understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Osc {
    dialect: Dialect,
    multiplexer: Multiplexer,
}

/// How a terminal is told to notify its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Not at all: it might print what it does not know.
    None,
    /// By OSC 9, as iTerm2 began it; others ignore it.
    Osc9,
    /// By OSC 777, as rxvt began it.
    Osc777,
}

/// What stands between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Multiplexer {
    None,
    /// tmux hands on only what is wrapped for it.
    Tmux,
}

impl Default for Osc {
    fn default() -> Self {
        Self { dialect: Dialect::Osc9, multiplexer: Multiplexer::None }
    }
}

impl Osc {
    /// What the environment says: `TERM`, `VTE_VERSION` and `TMUX`.
    pub(crate) fn from_env() -> Self {
        let var = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self::told_by(var("TERM").as_deref(), var("VTE_VERSION").as_deref(), var("TMUX").as_deref())
    }

    fn told_by(term: Option<&OsStr>, vte: Option<&OsStr>, tmux: Option<&OsStr>) -> Self {
        let term = term.and_then(OsStr::to_str).unwrap_or("");
        let multiplexer = if tmux.is_some() { Multiplexer::Tmux } else { Multiplexer::None };
        let dialect = if ["", "linux", "dumb"].contains(&term) || term.starts_with("vt") {
            Dialect::None
        } else if vte.is_some() || term.starts_with("rxvt") || term.starts_with("foot") {
            Dialect::Osc777
        } else {
            Dialect::Osc9
        };
        Self { dialect, multiplexer }
    }

    /// Calls the user: by the bell, and with a word from the desktop.
    pub(super) fn call(self, text: &str) -> Vec<u8> {
        // Some read what begins with a number as a command; this never does.
        let notified = match self.dialect {
            Dialect::None => String::new(),
            Dialect::Osc9 => self.through(&format!("\x1b]9;parlor: {}\x07", plain(text))),
            Dialect::Osc777 => {
                let text = plain(text).replace(';', ",");
                self.through(&format!("\x1b]777;notify;parlor;{text}\x07"))
            }
        };
        format!("\x07{notified}").into_bytes()
    }

    /// Names the window.
    pub(super) fn title(self, text: &str) -> Vec<u8> {
        match self.dialect {
            Dialect::None => Vec::new(),
            Dialect::Osc9 | Dialect::Osc777 => format!("\x1b]2;{}\x07", plain(text)).into_bytes(),
        }
    }

    /// Copies a text into the clipboard. tmux may take it itself or hand it on, as it is set up;
    /// copying twice is once.
    pub(super) fn copy(self, text: &str) -> Vec<u8> {
        let sequence = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
        match (self.dialect, self.multiplexer) {
            (Dialect::None, _) => Vec::new(),
            (_, Multiplexer::None) => sequence.into_bytes(),
            (_, Multiplexer::Tmux) => format!("{sequence}{}", self.through(&sequence)).into_bytes(),
        }
    }

    /// Hands a sequence through to the terminal outside.
    fn through(self, sequence: &str) -> String {
        match self.multiplexer {
            Multiplexer::None => sequence.to_owned(),
            Multiplexer::Tmux => {
                format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
            }
        }
    }
}

/// A text as one line without anything that the terminal would obey, and not too long.
fn plain(text: &str) -> String {
    let text = printable(text);
    let mut left = TEXT_CHARS_MAX;
    let clusters = text.graphemes(true).take_while(|cluster| {
        let chars = cluster.chars().count();
        let fits = chars <= left;
        left = left.saturating_sub(chars);
        fits
    });
    clusters.collect()
}

/// Bytes in base64 with padding, as RFC 4648 has it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 0x3f;
            let is_padding = digit > three.len();
            encoded.push(if is_padding { '=' } else { char::from(DIGITS[value as usize]) });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap().replace('\x1b', "^").replace('\x07', "!")
    }

    #[test]
    fn each_terminal_is_called_as_it_understands() {
        for (term, vte, tmux, call) in [
            ("xterm-256color", None, None, "!^]9;parlor: a;b!"),
            ("rxvt-unicode", None, None, "!^]777;notify;parlor;a,b!"),
            ("xterm-256color", Some("7000"), None, "!^]777;notify;parlor;a,b!"),
            ("tmux-256color", None, Some("/tmp/tmux"), r"!^Ptmux;^^]9;parlor: a;b!^\"),
            ("linux", None, None, "!"),
        ] {
            let osc =
                Osc::told_by(Some(OsStr::new(term)), vte.map(OsStr::new), tmux.map(OsStr::new));
            assert_eq!(shown(&osc.call("a;b")), call, "{term}");
            assert_eq!(osc.title("a").is_empty(), term == "linux");
        }
    }

    #[test]
    fn a_copy_goes_through_tmux_either_way() {
        let tmux = Osc { multiplexer: Multiplexer::Tmux, ..Osc::default() };
        let copied = "^]52;c;aGVsbG8=!";
        assert_eq!(shown(&Osc::default().copy("hello")), copied);
        assert_eq!(shown(&tmux.copy("hello")), format!(r"{copied}^Ptmux;^{copied}^\"));
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("ä\n", "w6QK")]
        {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_its_sequence_or_is_too_long(text in "(\\PC|[\u{0}-\u{20}\u{7f}-\u{9f}\u{202e}]){0,300}") {
            let all = format!("\x1b]52;c;?\x07\u{9c}\x1b\\{text}");
            let clean = plain(&all);
            proptest::prop_assert!(!clean.chars().any(char::is_control), "{clean:?}");
            proptest::prop_assert!(clean.chars().count() <= TEXT_CHARS_MAX);
            let title = Osc::default().title(&all);
            proptest::prop_assert_eq!(title.iter().filter(|byte| **byte == 0x1b).count(), 1);
        }
    }
}
