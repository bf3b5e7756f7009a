//! The user's terminal: taken for the screen, and given back as it was whatever happens.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode, window_size};
use rustix::process::{Signal, getpid, getppid, getsid, kill_current_process_group, kill_process};

use crate::model::Mouse;

/// The window's title put by, another screen, pastes in brackets, news of the focus, and nothing of
/// the last frame's colours.
const ENTER: &[u8] = b"\x1b[22;2t\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[0m\x1b[2J\x1b[H";
/// Clicks and the wheel, in the form that knows no largest column.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";
/// The same backwards. A synchronized update that was cut short is ended first.
const LEAVE: &[u8] =
    b"\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l\x1b[23;2t";

/// The exit status of a program that panicked, as Rust has it.
const PANICKED: i32 = 101;

/// The terminal, taken. Dropping it gives it back.
pub(crate) struct Terminal {
    state: Arc<State>,
    /// Whoever reads from the terminal holds it meanwhile.
    gate: Arc<Mutex<()>>,
}

/// What the panic hook needs as well.
struct State {
    /// Held over every change of the terminal's state, so that a panic in another thread does not
    /// come between.
    out: Mutex<File>,
    taken: AtomicBool,
}

impl Terminal {
    /// Takes the terminal that standard output is, and sees to it that a panic anywhere gives it
    /// back before a word is printed, and ends the program.
    ///
    /// # Errors
    /// Where standard input or output is no terminal, or the terminal does not obey.
    pub(crate) fn take() -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::other("the full screen needs a terminal on both sides"));
        }
        let out = Mutex::new(output()?);
        let state = Arc::new(State { out, taken: AtomicBool::new(false) });
        let hooked = Arc::clone(&state);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let was_taken = hooked.taken.load(Ordering::SeqCst);
            hooked.give_back();
            before(panic);
            // A screen that is gone is not drawn on by the threads that are left.
            if was_taken {
                std::process::exit(PANICKED);
            }
        }));
        let terminal = Self { state, gate: Arc::default() };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Takes the terminal (again): also where somebody else changed its modes meanwhile.
    ///
    /// # Errors
    /// Where the terminal does not obey.
    pub(crate) fn enter(&self) -> io::Result<()> {
        let mut out = self.state.lock();
        // Raw mode that was taken away behind our back is only set anew after it was given up.
        disable_raw_mode()?;
        enable_raw_mode()?;
        self.state.taken.store(true, Ordering::SeqCst);
        out.write_all(ENTER)?;
        out.flush()
    }

    /// Gives the terminal back; taking it again is possible.
    pub(crate) fn leave(&self) {
        self.state.give_back();
    }

    /// Shows lines that hold nothing but printable text, and a last one; the terminal wraps them
    /// itself, so that it copies them as they are.
    pub(crate) fn show_plain(&self, lines: &[String], last: &str) {
        // The terminal selects by itself only where it keeps the mouse.
        self.tell(MOUSE_OFF);
        let mut shown = String::from("\x1b[0m\x1b[2J\x1b[H\x1b[?25l");
        for line in lines {
            shown.push_str(line);
            shown.push_str("\r\n");
        }
        shown.push_str(last);
        self.tell(shown.as_bytes());
    }

    /// Has the terminal report the mouse, or keep it. A terminal that is entered keeps it.
    pub(crate) fn set_mouse(&self, mouse: Mouse) {
        self.tell(match mouse {
            Mouse::Ours => MOUSE_ON,
            Mouse::Terminals => MOUSE_OFF,
        });
    }

    /// Writes what the terminal itself is to obey.
    pub(crate) fn tell(&self, sequences: &[u8]) {
        let mut out = self.state.lock();
        // A terminal that is gone is found out by the next frame.
        let _ = out.write_all(sequences).and_then(|()| out.flush());
    }

    /// What whoever reads from the terminal holds meanwhile.
    pub(crate) fn gate(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.gate)
    }

    /// Gives the terminal back, and leaves what is typed to another program until the guard is
    /// dropped.
    pub(crate) fn lend(&self) -> MutexGuard<'_, ()> {
        self.leave();
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the backend writes.
    ///
    /// # Errors
    /// Where no file descriptor is left.
    pub(crate) fn output(&self) -> io::Result<File> {
        output()
    }

    /// The size of the terminal, in columns and rows; zeros where it does not say.
    pub(crate) fn size(&self) -> (u16, u16) {
        window_size().map_or((0, 0), |size| (size.columns, size.rows))
    }

    /// Gives the terminal back and stops the whole job, as the shell would. Whether another thread
    /// than this one takes the signal is the system's choice, so this may return before anything
    /// stops: the terminal is to be taken again when the signal to go on arrives, not before.
    pub(crate) fn suspend(&self) {
        self.leave();
        // The others of our job (make, a pipe) stop by their own default, we by force: a handler
        // of ours catches the signal that asks. A job that cannot be stopped goes on.
        let _ = kill_current_process_group(Signal::TSTP);
        stop();
    }
}

/// Stops this program until it is told to go on.
pub(crate) fn stop() {
    let _ = kill_process(getpid(), Signal::STOP);
}

/// Whether there is a shell to go back to: somebody of our session who is not of our making.
/// Without one nobody would ever wake us.
pub(crate) fn has_shell() -> bool {
    let parents = getppid().and_then(|parent| getsid(Some(parent)).ok());
    parents.is_some() && parents == getsid(None).ok()
}

/// A file of its own for standard output: writing to it takes no lock and buffers nothing.
fn output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

impl State {
    fn lock(&self) -> MutexGuard<'_, File> {
        // A panic between does not make the file descriptor worse.
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self) {
        // The panicking thread may be the one that holds it.
        let mut out = match self.out.try_lock() {
            Ok(out) => Some(out),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        };
        if !self.taken.swap(false, Ordering::SeqCst) {
            return;
        }
        // Nothing can be done about a terminal that is gone.
        let _ = match &mut out {
            Some(out) => out.write_all(LEAVE).and_then(|()| out.flush()),
            None => output().and_then(|mut out| out.write_all(LEAVE)),
        };
        let _ = disable_raw_mode();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.state.give_back();
    }
}
