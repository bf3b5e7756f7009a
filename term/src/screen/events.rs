//! What wakes the event loop from this machine: keys, pastes and signals, each read by a
//! thread that blocks.

use std::io;
use std::sync::mpsc::SyncSender;
use std::thread;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::event_loop::{Input, SignalKind, Wake};
use crate::keymap::{Key, Named};

/// Reads the terminal for as long as the program runs: crossterm's reader cannot be woken, so the
/// thread ends with the process.
///
/// # Errors
/// Where no thread can be made.
pub(crate) fn read_terminal(wakes: SyncSender<Wake>) -> io::Result<()> {
    thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            let wake = match crossterm::event::read() {
                Ok(event) => match translate(event) {
                    Some(input) => Wake::Input(input),
                    None => continue,
                },
                Err(_) => Wake::Signal(SignalKind::TerminalGone),
            };
            let over = matches!(wake, Wake::Signal(_));
            if wakes.send(wake).is_err() || over {
                return;
            }
        }
    })?;
    Ok(())
}

/// Turns signals into wakes, for as long as the program runs.
///
/// # Errors
/// Where the handlers or the thread cannot be made.
pub(crate) fn read_signals(wakes: SyncSender<Wake>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let kind = match signal {
                SIGTSTP => SignalKind::Stop,
                SIGCONT => SignalKind::Continue,
                SIGWINCH => SignalKind::Resized,
                fatal => SignalKind::End(fatal),
            };
            if wakes.send(Wake::Signal(kind)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

fn translate(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => translate_key(key).map(Input::Key),
        Event::Paste(text) => Some(Input::Paste(text)),
        // The size comes by our own handler, which is there before the size is first read.
        Event::Resize(..)
        | Event::Key(_)
        | Event::Mouse(_)
        | Event::FocusGained
        | Event::FocusLost => None,
    }
}

fn translate_key(key: KeyEvent) -> Option<Key> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let named = match key.code {
        KeyCode::Char(c) => {
            return Some(match (ctrl, alt) {
                (false, false) => Key::Char(c),
                // The byte of Ctrl-_, also of Ctrl-/ and Ctrl-7, is taken for the last of them.
                (true, false) if c == '7' => Key::Ctrl('_'),
                (true, false) => Key::Ctrl(c.to_ascii_lowercase()),
                (false, true) => Key::Alt(c.to_ascii_lowercase()),
                // The terminal's AltGr; what it means is the character.
                (true, true) => return None,
            });
        }
        KeyCode::Enter => Named::Enter,
        KeyCode::Esc => Named::Esc,
        KeyCode::Backspace => Named::Backspace,
        KeyCode::Delete => Named::Delete,
        KeyCode::Left => Named::Left,
        KeyCode::Right => Named::Right,
        KeyCode::Up => Named::Up,
        KeyCode::Down => Named::Down,
        KeyCode::Home => Named::Home,
        KeyCode::End => Named::End,
        KeyCode::PageUp => Named::PageUp,
        KeyCode::PageDown => Named::PageDown,
        KeyCode::Tab => Named::Tab,
        KeyCode::BackTab => Named::BackTab,
        KeyCode::F(number) => Named::F(number),
        _ => return None,
    };
    Some(match (ctrl, alt) {
        (true, _) => Key::CtrlNamed(named),
        (false, true) => Key::AltNamed(named),
        (false, false) => Key::Named(named),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_what_was_held_down_beside_them() {
        for (code, modifiers, key) in [
            (KeyCode::Char('A'), KeyModifiers::SHIFT, Some(Key::Char('A'))),
            (KeyCode::Char('n'), KeyModifiers::CONTROL, Some(Key::Ctrl('n'))),
            (KeyCode::Char('1'), KeyModifiers::ALT, Some(Key::Alt('1'))),
            (KeyCode::Enter, KeyModifiers::ALT, Some(Key::AltNamed(Named::Enter))),
            (KeyCode::PageUp, KeyModifiers::NONE, Some(Key::Named(Named::PageUp))),
            (KeyCode::CapsLock, KeyModifiers::NONE, None),
        ] {
            assert_eq!(translate_key(KeyEvent::new(code, modifiers)), key, "{code:?}");
        }
    }

    #[test]
    fn a_paste_is_one_event() {
        let text = "one\ntwo\n".to_owned();
        assert_eq!(translate(Event::Paste(text.clone())), Some(Input::Paste(text)));
    }
}
