//! The loop: blocks on one channel, takes in what is there, draws once. It never polls.

use std::collections::VecDeque;
use std::io;
use std::sync::MutexGuard;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use parlor_protocol::id::{RoomId, Timestamp};
use signal_hook::consts::{SIGINT, SIGQUIT};

use super::terminal::{Terminal, has_shell, stop};
use super::vigil::{Tell, Vigil};
use super::{Screen, editor};
use crate::keymap::Key;
use crate::model::{Focus, Step};
use crate::update::{Ask, Edited, Intent, Msg, News};

/// How many wakes may wait. Who sends more waits: the terminal, and the network's thread, which
/// then reads no more from the server.
pub(crate) const WAKES_MAX: usize = 1_024;
/// How many wakes are taken in before a frame is drawn.
const BATCH_MAX: usize = 512;
/// The least time between two frames: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

/// What stands below the bare conversation.
const BARE_HINT: &str = "-- any key goes back --";

/// Something for the loop to take in.
#[derive(Debug)]
pub(crate) enum Wake {
    /// From the terminal.
    Input(Input),
    /// From the system.
    Signal(SignalKind),
    /// From the network.
    News(News),
    /// From the user's editor, which has ended.
    Edited(Edited),
}

/// What the user did with the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Pressed a key.
    Key(Key),
    /// Pasted something.
    Paste(String),
    /// Came to it, or went elsewhere.
    Focus(Focus),
    /// Used the mouse.
    Mouse(Mouse),
}

/// What the user did with the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mouse {
    /// Clicked there: column and row.
    Click(usize, usize),
    /// Turned the wheel.
    Wheel(Step),
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
    /// The user's editor has it, until it ends.
    Lent,
    /// The bare conversation is on it, until a key is pressed.
    Bare,
}

/// The loop's own state.
struct EventLoop<'a> {
    screen: Screen,
    terminal: &'a Terminal,
    wake: SyncSender<Wake>,
    ask: Box<Asker>,
    /// What the network had no room for. The model bounds how much that can be.
    unasked: VecDeque<Ask>,
    /// How many stop signals are our own doing.
    own_stops: u32,
    shown: Shown,
    /// Held while the terminal is lent: then nothing is read from it here.
    lent: Option<MutexGuard<'a, ()>>,
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
    wake: SyncSender<Wake>,
    ask: Box<Asker>,
) -> io::Result<Ended> {
    let mut this = EventLoop {
        screen,
        terminal,
        wake,
        ask,
        unasked: VecDeque::new(),
        own_stops: 0,
        shown: Shown::Yes,
        lent: None,
        ended: None,
        vigil: Vigil::new(Instant::now(), now()),
    };
    let mut drawn = this.draw();
    loop {
        let fresh_for = this.screen.model(crate::model::Model::fresh_for);
        match wakes.recv_timeout(fresh_for) {
            Ok(wake) => {
                // It may have been a minute since the clock was looked at.
                this.pass(Msg::Tick(now()));
                this.take(wake)?;
            }
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
        } else if self.shown == Shown::Bare {
            // Nothing is drawn, but one is called all the same.
            self.terminal.tell(&self.screen.surface().take_announced());
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
            Wake::Input(Input::Key(_)) if self.shown == Shown::Bare => self.dress(),
            Wake::Input(Input::Key(key)) => {
                let there = self.vigil.user(Instant::now());
                self.watch(there);
                let intents = self.screen.press(key);
                self.carry_out(intents);
            }
            Wake::Input(Input::Paste(text)) => {
                if self.shown == Shown::Bare {
                    self.dress();
                }
                self.pass(Msg::Paste(text));
            }
            Wake::Input(Input::Focus(focus)) => self.pass(Msg::Focus(focus)),
            Wake::Input(Input::Mouse(mouse)) => {
                let intents = self.screen.point(mouse);
                self.carry_out(intents);
            }
            Wake::News(news) => self.pass(Msg::News(news)),
            Wake::Edited(edited) => {
                self.lent = None;
                self.come_back()?;
                self.pass(Msg::Edited(edited));
            }
            // What is typed to interrupt the editor is not meant for us.
            Wake::Signal(SignalKind::End(SIGINT | SIGQUIT)) if self.shown == Shown::Lent => {}
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
            // The editor was stopped; the shell waits for us to be.
            Wake::Signal(SignalKind::Stop) if self.shown == Shown::Lent => stop(),
            Wake::Signal(SignalKind::Stop) => self.suspend(),
            Wake::Signal(SignalKind::Continue) if self.shown == Shown::Lent => {}
            Wake::Signal(SignalKind::Continue) => {
                self.watch(Tell::Yes);
                self.come_back()?;
            }
        }
        Ok(())
    }

    /// Shows the screen in the place of whatever is shown.
    fn dress(&mut self) {
        self.terminal.set_mouse(self.screen.model(|model| model.mouse));
        self.shown = Shown::Yes;
        self.anew();
    }

    fn watch(&mut self, tell: Tell) {
        match tell {
            Tell::Yes => self.unasked.push_back(Ask::Wake),
            Tell::No => {}
        }
    }

    /// Takes the terminal again.
    fn come_back(&mut self) -> io::Result<()> {
        self.terminal.enter()?;
        self.dress();
        Ok(())
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
                Intent::Call(text) => self.screen.call(&text),
                Intent::Copy(text) => self.screen.copy(&text),
                Intent::Mouse(mouse) => self.terminal.set_mouse(mouse),
                Intent::Bare(lines) => {
                    self.shown = Shown::Bare;
                    self.terminal.show_plain(&lines, BARE_HINT);
                }
                Intent::Edit { room, text } => self.edit(room, text),
                Intent::Ask(ask) => self.unasked.push_back(ask),
            }
        }
    }

    /// Lends the terminal to the user's editor. The network's news are taken in meanwhile.
    fn edit(&mut self, room: Option<RoomId>, text: String) {
        self.lent = Some(self.terminal.lend());
        self.shown = Shown::Lent;
        let wake = self.wake.clone();
        let edit = move || {
            let edited = Edited { room, text: editor::edit(&text) };
            // A loop that has ended wants no text.
            let _ = wake.send(Wake::Edited(edited));
        };
        if let Err(error) = thread::Builder::new().name("editor".into()).spawn(edit) {
            let text = Err(format!("There is no thread for the editor: {error}."));
            let _ = self.wake.try_send(Wake::Edited(Edited { room, text }));
        }
    }

    fn suspend(&mut self) {
        if has_shell() && matches!(self.shown, Shown::Yes | Shown::Bare) {
            // Stopping the job sends its signal to us, too.
            self.own_stops += 1;
            self.shown = Shown::Suspended;
            self.terminal.suspend();
        }
    }

    /// Paints everything at the next refresh, in the size that the terminal then has.
    fn anew(&mut self) {
        self.screen.anew(self.terminal.size());
    }
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}
