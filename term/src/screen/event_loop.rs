//! The loop: blocks on one channel, takes in what is there, draws once. It never polls.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use parlor_protocol::id::Timestamp;

use super::Screen;
use super::terminal::{Terminal, has_shell};
use super::vigil::{Tell, Vigil};
use crate::keymap::Key;
use crate::update::{Ask, Intent, Msg, News};

/// How many wakes may wait. Who sends more waits: the terminal, and the network's thread, which
/// then reads no more from the server.
pub(crate) const WAKES_MAX: usize = 1_024;
/// How many wakes are taken in before a frame is drawn.
const BATCH_MAX: usize = 512;
/// The least time between two frames: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

/// Something for the loop to take in.
#[derive(Debug)]
pub(crate) enum Wake {
    /// From the terminal.
    Input(Input),
    /// From the system.
    Signal(SignalKind),
    /// From the network.
    News(News),
}

/// What the user did with the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Pressed a key.
    Key(Key),
    /// Pasted something.
    Paste(String),
}

impl Ended {
    /// Ends the program the way it was ended: a shell sees the signal that did it.
    pub(crate) fn exit(self) -> ! {
        match self {
            Self::Quit => std::process::exit(0),
            Self::Signal(signal) => {
                // It only returns where it failed.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                std::process::exit(128 + signal)
            }
            Self::TerminalGone => std::process::exit(128 + signal_hook::consts::SIGHUP),
        }
    }
}

/// What the system wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignalKind {
    /// That the program ends, by this signal.
    End(i32),
    /// That it stops for a while.
    Stop,
    /// That it goes on.
    Continue,
    /// That it looks at the terminal's new size.
    Resized,
    /// Nothing: the terminal cannot be read any more.
    TerminalGone,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The user wanted it.
    Quit,
    /// A signal wanted it.
    Signal(i32),
    /// There is no terminal any more.
    TerminalGone,
}

/// Who does what is asked of the server. Gives back what it cannot take now.
pub(crate) type Asker = dyn FnMut(Ask) -> Result<(), Ask>;

/// Whether the terminal is ours to draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Yes,
    /// The shell has it, until we are told to go on.
    Suspended,
}

/// The loop's own state.
struct EventLoop<'a> {
    screen: Screen,
    terminal: &'a Terminal,
    ask: Box<Asker>,
    /// What the network had no room for. The model bounds how much that can be.
    unasked: VecDeque<Ask>,
    /// How many stop signals are our own doing.
    own_stops: u32,
    shown: Shown,
    ended: Option<Ended>,
    vigil: Vigil,
}

/// Runs a screen until it ends.
///
/// # Errors
/// Where the terminal does not obey any more.
pub(crate) fn run(
    screen: Screen,
    terminal: &Terminal,
    wakes: &Receiver<Wake>,
    ask: Box<Asker>,
) -> io::Result<Ended> {
    let unasked = VecDeque::new();
    let mut this = EventLoop {
        screen,
        terminal,
        ask,
        unasked,
        own_stops: 0,
        shown: Shown::Yes,
        ended: None,
        vigil: Vigil::new(Instant::now(), now()),
    };
    let mut drawn = this.draw();
    loop {
        let fresh_for = this.screen.model(crate::model::Model::fresh_for);
        match wakes.recv_timeout(fresh_for) {
            Ok(wake) => this.take(wake)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(Ended::TerminalGone),
        }
        this.drain(wakes, drawn)?;
        if let Some(ended) = this.ended {
            this.pass(Msg::End);
            this.hand_over();
            return Ok(ended);
        }
        drawn = this.draw();
    }
}

impl EventLoop<'_> {
    /// Takes in what else is there, until the next frame is due.
    fn drain(&mut self, wakes: &Receiver<Wake>, drawn: Instant) -> io::Result<()> {
        let due = drawn + FRAME;
        for _ in 0..BATCH_MAX {
            if self.ended.is_some() {
                break;
            }
            let wait = due.saturating_duration_since(Instant::now());
            match wakes.recv_timeout(wait) {
                Ok(wake) => self.take(wake)?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn draw(&mut self) -> Instant {
        let now = now();
        let woken = self.vigil.look(Instant::now(), now);
        self.watch(woken);
        self.pass(Msg::Tick(now));
        if self.shown == Shown::Yes {
            let missing = self.screen.refresh();
            self.carry_out(missing);
        }
        if self.screen.surface().is_lost() {
            self.ended = Some(Ended::TerminalGone);
        }
        self.hand_over();
        Instant::now()
    }

    /// Asks the network, as far as it has room.
    fn hand_over(&mut self) {
        while let Some(ask) = self.unasked.pop_front() {
            if let Err(refused) = (self.ask)(ask) {
                self.unasked.push_front(refused);
                break;
            }
        }
    }

    fn take(&mut self, wake: Wake) -> io::Result<()> {
        match wake {
            Wake::Input(Input::Key(key)) => {
                let there = self.vigil.user(Instant::now());
                self.watch(there);
                let intents = self.screen.press(key);
                self.carry_out(intents);
            }
            Wake::Input(Input::Paste(text)) => self.pass(Msg::Paste(text)),
            Wake::News(news) => self.pass(Msg::News(news)),
            Wake::Signal(SignalKind::End(signal)) => {
                self.ended = Some(Ended::Signal(signal));
            }
            Wake::Signal(SignalKind::TerminalGone) => {
                self.ended = Some(Ended::TerminalGone);
            }
            Wake::Signal(SignalKind::Resized) => {
                self.screen.surface().resize(self.terminal.size());
            }
            Wake::Signal(SignalKind::Stop) if self.own_stops > 0 => self.own_stops -= 1,
            Wake::Signal(SignalKind::Stop) => self.suspend(),
            Wake::Signal(SignalKind::Continue) => {
                self.watch(Tell::Yes);
                self.terminal.enter()?;
                self.shown = Shown::Yes;
                self.anew();
            }
        }
        Ok(())
    }

    fn watch(&mut self, tell: Tell) {
        match tell {
            Tell::Yes => self.unasked.push_back(Ask::Wake),
            Tell::No => {}
        }
    }

    fn pass(&mut self, msg: Msg) {
        let intents = self.screen.take(msg);
        self.carry_out(intents);
    }

    fn carry_out(&mut self, intents: Vec<Intent>) {
        for intent in intents {
            match intent {
                Intent::Quit => self.ended = Some(Ended::Quit),
                Intent::Suspend => self.suspend(),
                Intent::Redraw => self.anew(),
                Intent::Ask(ask) => self.unasked.push_back(ask),
            }
        }
    }

    fn suspend(&mut self) {
        if has_shell() && self.shown == Shown::Yes {
            // Stopping the job sends its signal to us, too.
            self.own_stops += 1;
            self.shown = Shown::Suspended;
            self.terminal.suspend();
        }
    }

    /// Paints everything at the next refresh, in the size that the terminal then has.
    fn anew(&mut self) {
        self.screen.surface().resize(self.terminal.size());
        self.screen.surface().repaint();
    }
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}
