//! The full-screen client: cursive draws, our own backend writes, our own loop blocks.

mod backend;
mod chat;
mod colour;
mod door;
mod editor;
mod entry_line;
mod event_loop;
mod events;
mod keyboard;
mod links;
mod osc;
mod paint;
mod panes;
mod popup;
#[cfg(test)]
mod pty_tests;
mod reload;
mod root;
mod status;
mod terminal;
#[cfg(test)]
mod tests;
mod vigil;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use cursive::backend::Backend as CursiveBackend;
use cursive::theme::Theme;
use cursive::view::Nameable;
use cursive::{Cursive, CursiveRunner};
use jiff::tz::TimeZone;

use self::backend::{Backend, Surface};
use self::colour::Depth;
pub(crate) use self::event_loop::{Asker, Ended, Wake};
use self::event_loop::{Mouse, WAKES_MAX, run as run_loop};
use self::osc::Osc;
use self::root::Root;
use self::terminal::Terminal;
use crate::config::Source;
use crate::keymap::Key;
use crate::model::Model;
use crate::update::{Intent, Msg};

/// What lists and forms are called and say, also where they are not drawn.
pub(crate) mod words {
    pub(crate) use super::popup::{
        form_words as form, list_heading as heading, moment, none_listed as none, row_words as row,
    };
}

const ROOT: &str = "root";

/// A screen: cursive's tree with our root in it, and the backend that shows it.
pub(crate) struct Screen {
    runner: CursiveRunner<Cursive>,
    surface: Arc<Surface>,
    osc: Osc,
    /// What the window was called last.
    title: Option<String>,
}

impl Screen {
    /// A screen of a model on a backend. Times are shown in the zone.
    pub(crate) fn new(
        model: Model,
        backend: Box<dyn CursiveBackend>,
        surface: Arc<Surface>,
        zone: TimeZone,
    ) -> Self {
        let mut cursive = Cursive::new();
        cursive.set_theme(Theme::terminal_default());
        let root = Root::new(model, Arc::clone(&surface), zone);
        cursive.add_fullscreen_layer(root.with_name(ROOT));
        let runner = CursiveRunner::new(cursive, backend);
        Self { runner, surface, osc: Osc::default(), title: None }
    }

    /// Calls the user.
    pub(crate) fn call(&mut self, text: &str) {
        let calls = self.model(|model| model.preferences.calls);
        self.surface.announce(&self.osc.call(calls, text));
    }

    /// Copies a text into the terminal's clipboard.
    pub(crate) fn copy(&self, text: &str) {
        self.surface.announce(&self.osc.copy(text));
    }

    /// Makes the next refresh paint everything, in the size that the terminal then has.
    pub(crate) fn anew(&mut self, size: (u16, u16)) {
        self.title = None;
        self.surface.resize(size);
        self.surface.repaint();
    }

    /// What the screen and its event loop tell each other.
    pub(crate) fn surface(&self) -> &Surface {
        &self.surface
    }

    /// Takes a message in.
    pub(crate) fn take(&mut self, msg: Msg) -> Vec<Intent> {
        self.root(|root| root.take(msg))
    }

    /// Takes a key in.
    pub(crate) fn press(&mut self, key: Key) -> Vec<Intent> {
        self.root(|root| root.press(key))
    }

    /// Takes in what the mouse did.
    pub(crate) fn point(&mut self, mouse: Mouse) -> Vec<Intent> {
        self.root(|root| root.point(mouse))
    }

    /// Draws what changed, and tells what it found to be missing.
    pub(crate) fn refresh(&mut self) -> Vec<Intent> {
        let title = Some(self.model(status::window_title));
        if self.title != title {
            self.surface.announce(&self.osc.title(title.as_deref().unwrap_or_default()));
            self.title = title;
        }
        self.runner.refresh();
        self.root(Root::ask_for_what_is_missing)
    }

    /// Reads the model.
    pub(crate) fn model<R>(&mut self, read: impl FnOnce(&Model) -> R) -> R {
        self.root(|root| read(root.model()))
    }

    fn root<R>(&mut self, act: impl FnOnce(&mut Root) -> R) -> R {
        self.runner
            .call_on_name(ROOT, act)
            .expect("invariant: the root is the first layer and is never removed")
    }
}

/// Shows a model on the user's terminal until it ends. `connect` is told where the network's news
/// go, and gives who asks the server. What the user wants of the screen is read from the source anew
/// when it changes. The terminal is given back before this returns.
///
/// # Errors
/// Where there is no terminal, or it does not obey.
pub(crate) fn run(
    model: Model,
    source: Source,
    connect: impl FnOnce(SyncSender<Wake>) -> Box<Asker>,
) -> io::Result<Ended> {
    let (wake, wakes) = sync_channel(WAKES_MAX);
    events::read_signals(wake.clone())?;
    let terminal = Terminal::take()?;
    let surface = Surface::new(terminal.size());
    let backend = Backend::new(terminal.output()?, Arc::clone(&surface), Depth::from_env());
    let mut screen = Screen::new(model, Box::new(backend), surface, TimeZone::system());
    screen.osc = Osc::from_env();
    events::read_terminal(wake.clone(), terminal.gate())?;
    let reload = reload::watch(source, wake.clone())?;
    let ask = connect(wake.clone());
    run_loop(screen, &terminal, &wakes, wake, ask, reload)
}
