//! What wakes the event loop from this machine: the terminal and signals, each read by a thread
//! that blocks.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::event_loop::{SignalKind, Wake};
use super::keyboard::Keyboard;

/// How long the rest of a key that began with an escape may take. It comes in one piece but over
/// the slowest of lines.
const ESCAPE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Reads the terminal for as long as the program runs. Nothing is read while the gate is held:
/// then what is typed belongs to another program.
///
/// # Errors
/// Where no thread or no file descriptor is left.
pub(crate) fn read_terminal(wakes: SyncSender<Wake>, gate: Arc<Mutex<()>>) -> io::Result<()> {
    let terminal = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    thread::Builder::new().name("input".into()).spawn(move || {
        let mut keyboard = Keyboard::default();
        loop {
            let patience = keyboard.is_waiting().then_some(&ESCAPE);
            let inputs = match has_come(&terminal, patience) {
                Ok(true) => match read(&terminal, &gate) {
                    Ok(bytes) => keyboard.take(&bytes),
                    Err(_) => break,
                },
                Ok(false) => keyboard.settle(),
                Err(_) => break,
            };
            for input in inputs {
                if wakes.send(Wake::Input(input)).is_err() {
                    return;
                }
            }
        }
        // Whoever is not there any more does not listen either.
        let _ = wakes.send(Wake::Signal(SignalKind::TerminalGone));
    })?;
    Ok(())
}

/// Waits until there is something to read, so long at most.
fn has_come(terminal: &File, patience: Option<&Timespec>) -> io::Result<bool> {
    let mut waited_for = [PollFd::new(terminal, PollFlags::IN)];
    loop {
        match poll(&mut waited_for, patience) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads what came; nothing where the gate was held and another program took it.
fn read(mut terminal: &File, gate: &Mutex<()>) -> io::Result<Vec<u8>> {
    let _open = gate.lock().unwrap_or_else(PoisonError::into_inner);
    if !has_come(terminal, Some(&AT_ONCE))? {
        return Ok(Vec::new());
    }
    let mut bytes = vec![0; 4096];
    loop {
        match terminal.read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                bytes.truncate(count);
                return Ok(bytes);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
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
