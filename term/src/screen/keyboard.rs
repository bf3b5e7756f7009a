//! What a terminal sends, turned into keys, pastes and news of the focus: pure, bounded, and
//! harmless whatever comes.
//!
//! Reading is apart from this, so that another program can be given the terminal for a while.

use super::event_loop::{Input, Mouse};
use crate::keymap::{Key, Named};
use crate::model::{Focus, Step};

/// The longest escape sequence that is waited for; those of keys have a dozen bytes.
const SEQUENCE_BYTES_MAX: usize = 64;
/// The most that is kept of a paste, in bytes: far more than the input line takes.
const PASTE_BYTES_MAX: usize = 1024 * 1024;

const PASTE_END: &[u8] = b"\x1b[201~";

/// What came and is not yet a whole key.
#[derive(Debug, Default)]
pub(super) struct Keyboard {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// What stands at the beginning of what came.
enum Parsed {
    /// So many bytes mean this.
    Input(usize, Input),
    /// So many bytes mean nothing to us.
    Nothing(usize),
    /// So many bytes begin a paste.
    Paste(usize),
    /// The rest has not come.
    Incomplete,
}

impl Keyboard {
    /// Whether the beginning of something came, of which the rest may follow.
    pub(super) fn is_waiting(&self) -> bool {
        self.paste.is_none() && !self.pending.is_empty()
    }

    /// Takes in what the terminal sent.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.pending.extend(bytes);
        let mut inputs = Vec::new();
        loop {
            if self.paste.is_some() {
                match self.end_of_paste() {
                    Some(paste) => inputs.push(paste),
                    None => return inputs,
                }
            }
            let used = match parse(&self.pending) {
                Parsed::Input(used, input) => {
                    inputs.push(input);
                    used
                }
                Parsed::Nothing(used) => used,
                Parsed::Paste(used) => {
                    self.paste = Some(Vec::new());
                    used
                }
                Parsed::Incomplete if self.pending.len() > SEQUENCE_BYTES_MAX => self.pending.len(),
                Parsed::Incomplete => return inputs,
            };
            self.pending.drain(..used);
        }
    }

    /// Takes what came as all there is: an escape that nothing follows is the key.
    pub(super) fn settle(&mut self) -> Vec<Input> {
        let key = match std::mem::take(&mut self.pending).as_slice() {
            b"\x1b" => Key::Named(Named::Esc),
            b"\x1b[" => Key::Alt('['),
            b"\x1bO" => Key::Alt('o'),
            _ => return Vec::new(),
        };
        vec![Input::Key(key)]
    }

    /// Moves what came into the paste, and gives it when its end is there.
    fn end_of_paste(&mut self) -> Option<Input> {
        let paste = self.paste.as_mut()?;
        let end = self.pending.windows(PASTE_END.len()).position(|bytes| bytes == PASTE_END);
        // The last bytes may be the beginning of the end.
        let kept = PASTE_END.len() - 1;
        let whole = end.unwrap_or(self.pending.len().saturating_sub(kept));
        let room = PASTE_BYTES_MAX.saturating_sub(paste.len());
        paste.extend(self.pending.drain(..whole).take(room));
        end?;
        self.pending.drain(..PASTE_END.len());
        let paste = self.paste.take()?;
        Some(Input::Paste(String::from_utf8_lossy(&paste).into_owned()))
    }
}

fn parse(bytes: &[u8]) -> Parsed {
    match bytes {
        [] | [0x1b] => Parsed::Incomplete,
        [0x1b, b'[', rest @ ..] => parse_csi(rest),
        [0x1b, b'O', rest @ ..] => match rest.first() {
            None => Parsed::Incomplete,
            // Enter of the number pad.
            Some(b'M') => key(3, Some(Key::Named(Named::Enter))),
            Some(&last) => key(3, named(last).map(Key::Named)),
        },
        // The second one may begin a sequence.
        [0x1b, 0x1b, ..] => key(1, Some(Key::Named(Named::Esc))),
        [0x1b, rest @ ..] => match parse_plain(rest) {
            Parsed::Input(used, Input::Key(plain)) => key(used + 1, with_alt(plain)),
            Parsed::Nothing(used) => Parsed::Nothing(used + 1),
            other => other,
        },
        plain => parse_plain(plain),
    }
}

fn key(used: usize, key: Option<Key>) -> Parsed {
    key.map_or(Parsed::Nothing(used), |key| Parsed::Input(used, Input::Key(key)))
}

fn with_alt(key: Key) -> Option<Key> {
    match key {
        Key::Char(c) => Some(Key::Alt(c.to_ascii_lowercase())),
        Key::Named(named) => Some(Key::AltNamed(named)),
        // Terminals that tell it do not agree on what it is.
        Key::Ctrl(_) => None,
        Key::Alt(_) | Key::AltNamed(_) | Key::CtrlNamed(_) => Some(key),
    }
}

/// A character, or a control character.
fn parse_plain(bytes: &[u8]) -> Parsed {
    let Some(&first) = bytes.first() else {
        return Parsed::Incomplete;
    };
    let plain = match first {
        b'\r' => Key::Named(Named::Enter),
        b'\t' => Key::Named(Named::Tab),
        0x7f => Key::Named(Named::Backspace),
        0 => Key::Ctrl(' '),
        0x01..=0x1a => Key::Ctrl(char::from(first + 0x60)),
        // Ctrl and one of \ ] ^ _; an escape does not come here.
        0x1b..=0x1f => Key::Ctrl(char::from(first + 0x40)),
        0x20..0x7f => Key::Char(char::from(first)),
        0x80.. => return parse_utf8(bytes),
    };
    key(1, Some(plain))
}

fn parse_utf8(bytes: &[u8]) -> Parsed {
    let length = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Parsed::Nothing(1),
    };
    match std::str::from_utf8(&bytes[..length.min(bytes.len())]) {
        Ok(text) => {
            let c = text.chars().next().filter(|c| !c.is_control());
            key(length, c.map(Key::Char))
        }
        Err(error) if error.error_len().is_none() => Parsed::Incomplete,
        Err(_) => Parsed::Nothing(1),
    }
}

/// A sequence behind its `ESC [`.
fn parse_csi(bytes: &[u8]) -> Parsed {
    // The Linux console's function keys.
    if let [b'[', rest @ ..] = bytes {
        let number = rest.first().map(|&last| last.wrapping_sub(b'A' - 1));
        return match number {
            None => Parsed::Incomplete,
            Some(number @ 1..=5) => key(4, Some(Key::Named(Named::F(number)))),
            Some(_) => Parsed::Nothing(4),
        };
    }
    let is_final = |byte: &u8| !(0x20..0x40).contains(byte);
    let Some(end) = bytes.iter().position(is_final) else {
        return Parsed::Incomplete;
    };
    let used = end + 3;
    let last = bytes[end];
    if !(0x40..0x7f).contains(&last) {
        // What does not belong to it is looked at for itself.
        return Parsed::Nothing(used - 1);
    }
    if let Some(mouse) = bytes[..end].strip_prefix(b"<") {
        return match (last, parse_mouse(mouse)) {
            (b'M', Some(mouse)) => Parsed::Input(used, Input::Mouse(mouse)),
            (_, _) => Parsed::Nothing(used),
        };
    }
    // Others are answers to questions that we do not ask.
    let is_of_key = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
    let parameters = std::str::from_utf8(&bytes[..end]).ok();
    let Some(parameters) = parameters.filter(|all| all.as_bytes().iter().all(is_of_key)) else {
        return Parsed::Nothing(used);
    };
    let mut numbers = parameters.split(';').map(|number| number.parse::<u32>().unwrap_or(0));
    let first = numbers.next().unwrap_or(0);
    let held = numbers.next().unwrap_or(0).saturating_sub(1);
    match (last, first) {
        (b'I', 0) => Parsed::Input(used, Input::Focus(Focus::Here)),
        (b'O', 0) => Parsed::Input(used, Input::Focus(Focus::Away)),
        (b'~', 200) => Parsed::Paste(used),
        (b'~', number) => key(used, numbered(number).map(|named| holding(held, named))),
        (b'Z', _) => key(used, Some(Key::Named(Named::BackTab))),
        _ => key(used, named(last).map(|named| holding(held, named))),
    }
}

/// What the mouse did, as button, column and row; what we have no use for is nothing.
fn parse_mouse(parameters: &[u8]) -> Option<Mouse> {
    let mut numbers = std::str::from_utf8(parameters).ok()?.split(';');
    let mut number = || numbers.next()?.parse::<usize>().ok();
    let (button, column, row) = (number()?, number()?, number()?);
    match button {
        0 => Some(Mouse::Click(column.checked_sub(1)?, row.checked_sub(1)?)),
        64 => Some(Mouse::Wheel(Step::Up)),
        65 => Some(Mouse::Wheel(Step::Down)),
        _ => None,
    }
}

/// What is held down beside a key: 2 is Alt, 4 is Ctrl.
fn holding(held: u32, named: Named) -> Key {
    match (held & 4, held & 2) {
        (0, 0) => Key::Named(named),
        (0, _) => Key::AltNamed(named),
        _ => Key::CtrlNamed(named),
    }
}

fn named(last: u8) -> Option<Named> {
    Some(match last {
        b'A' => Named::Up,
        b'B' => Named::Down,
        b'C' => Named::Right,
        b'D' => Named::Left,
        b'F' => Named::End,
        b'H' => Named::Home,
        b'P'..=b'S' => Named::F(last - b'P' + 1),
        _ => return None,
    })
}

fn numbered(number: u32) -> Option<Named> {
    Some(match number {
        1 | 7 => Named::Home,
        3 => Named::Delete,
        4 | 8 => Named::End,
        5 => Named::PageUp,
        6 => Named::PageDown,
        11..=15 => Named::F(u8::try_from(number - 10).ok()?),
        17..=21 => Named::F(u8::try_from(number - 11).ok()?),
        23..=24 => Named::F(u8::try_from(number - 12).ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Input> {
        Keyboard::default().take(bytes)
    }

    #[test]
    fn keys_keep_what_was_held_down_beside_them() {
        let named = Key::Named;
        for (bytes, key) in [
            ("a", Key::Char('a')),
            ("世", Key::Char('世')),
            ("\r", named(Named::Enter)),
            ("\n", Key::Ctrl('j')),
            ("\t", named(Named::Tab)),
            ("\x7f", named(Named::Backspace)),
            ("\x08", Key::Ctrl('h')),
            ("\x0e", Key::Ctrl('n')),
            ("\x1f", Key::Ctrl('_')),
            ("\x1b1", Key::Alt('1')),
            ("\x1bA", Key::Alt('a')),
            ("\x1b\r", Key::AltNamed(Named::Enter)),
            ("\x1b\x7f", Key::AltNamed(Named::Backspace)),
            ("\x1b[A", named(Named::Up)),
            ("\x1bOA", named(Named::Up)),
            ("\x1b[1;3A", Key::AltNamed(Named::Up)),
            ("\x1b[1;5D", Key::CtrlNamed(Named::Left)),
            ("\x1b[1;3F", Key::AltNamed(Named::End)),
            ("\x1b[5~", named(Named::PageUp)),
            ("\x1b[3;5~", Key::CtrlNamed(Named::Delete)),
            ("\x1b[Z", named(Named::BackTab)),
            ("\x1bOP", named(Named::F(1))),
            ("\x1b[11~", named(Named::F(1))),
            ("\x1b[[A", named(Named::F(1))),
            ("\x1b[17~", named(Named::F(6))),
            ("\x1b[24~", named(Named::F(12))),
        ] {
            assert_eq!(keys(bytes.as_bytes()), [Input::Key(key)], "{bytes:?}");
        }
    }

    #[test]
    fn an_escape_is_a_key_once_nothing_follows() {
        let mut keyboard = Keyboard::default();
        assert_eq!(keyboard.take(b"\x1b"), []);
        assert!(keyboard.is_waiting());
        assert_eq!(keyboard.take(b"[A"), [Input::Key(Key::Named(Named::Up))]);
        assert_eq!(keyboard.take(b"\x1b"), []);
        assert_eq!(keyboard.settle(), [Input::Key(Key::Named(Named::Esc))]);
        assert!(!keyboard.is_waiting());
    }

    #[test]
    fn a_paste_is_one_event_however_it_comes() {
        let text = b"\x1b[200~one\rtwo\x1b[A\xff\x1b[201~x";
        let pasted = Input::Paste("one\rtwo\x1b[A\u{fffd}".to_owned());
        let all = [pasted, Input::Key(Key::Char('x'))];
        assert_eq!(keys(text), all);
        let mut keyboard = Keyboard::default();
        let mut got = Vec::new();
        for byte in text {
            got.extend(keyboard.take(&[*byte]));
        }
        assert_eq!(got, all);
    }

    #[test]
    fn a_paste_without_an_end_is_bounded() {
        let mut keyboard = Keyboard::default();
        keyboard.take(b"\x1b[200~");
        for _ in 0..40 {
            keyboard.take(&[b'x'; 64 * 1024]);
        }
        assert!(keyboard.paste.as_ref().is_some_and(|paste| paste.len() == PASTE_BYTES_MAX));
        assert!(keyboard.pending.len() < PASTE_END.len());
    }

    #[test]
    fn the_terminal_tells_where_the_focus_is() {
        assert_eq!(keys(b"\x1b[I\x1b[O"), [Input::Focus(Focus::Here), Input::Focus(Focus::Away)]);
    }

    #[test]
    fn the_mouse_clicks_and_turns_its_wheel() {
        let click = Input::Mouse(Mouse::Click(2, 11));
        let wheel = |step| Input::Mouse(Mouse::Wheel(step));
        let all = [click, wheel(Step::Up), wheel(Step::Down)];
        assert_eq!(keys(b"\x1b[<0;3;12M\x1b[<0;3;12m\x1b[<64;1;1M\x1b[<65;1;1M"), all);
    }

    #[test]
    fn what_means_nothing_is_skipped() {
        for nonsense in [
            "\x1b[?1;2c",
            "\x1b[99~",
            "\x1b[1;1R\x1b[E",
            "\u{9b}",
            "\x1b\x01",
            "\x1b[2~",
            "\x1b[<0;1;1m",
            "\x1b[<0;0;1M",
            "\x1b[<M",
        ] {
            let bytes = [nonsense.as_bytes(), b"x"].concat();
            assert_eq!(keys(&bytes).last(), Some(&Input::Key(Key::Char('x'))), "{nonsense:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_the_same_and_held_up_by_nothing(
            bytes in proptest::collection::vec(proptest::prop_oneof![
                proptest::prelude::any::<u8>(),
                proptest::sample::select(b"\x1b\x1b[[O;;0126~AZM<\xe4\xb8\x96".to_vec()),
            ], 0..60),
            cut in 0..60usize,
        ) {
            let whole = keys(&bytes);
            let mut keyboard = Keyboard::default();
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let mut pieces = keyboard.take(first);
            pieces.extend(keyboard.take(second));
            proptest::prop_assert_eq!(whole, pieces);
            keyboard.take(b"\x1b[201~");
            keyboard.take(&[b' '; SEQUENCE_BYTES_MAX + 1]);
            let typed = keyboard.take(b"x");
            proptest::prop_assert_eq!(typed, [Input::Key(Key::Char('x'))]);
        }
    }
}
