//! A cursive backend that turns frames into bytes for a writer; it reads nothing and is not global.
//!
//! What cursive's own backend does with the terminal (sleeping polls, a fake cursor, a panic on
//! paste, colours in spite of NO_COLOR) is done here or in the event loop. The cells that cursive
//! prints hold no control characters; this backend adds only sequences of its own.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cursive::Vec2;
use cursive::backend::Backend as CursiveBackend;
use cursive::event::Event;
use cursive::style::{Color, ColorPair, Effect};
use unicode_width::UnicodeWidthStr;

use super::colour::{Depth, write_sgr};
use super::links::{self, Links};

/// What a terminal is taken to be where it does not say: the size of a VT100.
const FALLBACK_SIZE: (u16, u16) = (80, 24);

/// What a backend, its views and its event loop tell each other: size, caret, and what went wrong.
#[derive(Debug)]
pub(crate) struct Surface {
    size: AtomicU32,
    caret: AtomicU32,
    repaint: AtomicBool,
    lost: AtomicBool,
    announced: Mutex<Vec<u8>>,
    links: Links,
}

impl Surface {
    /// A surface of a terminal that has this many columns and rows.
    pub(crate) fn new(size: (u16, u16)) -> Arc<Self> {
        let surface = Self {
            size: AtomicU32::new(0),
            caret: AtomicU32::new(NO_CARET),
            repaint: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            announced: Mutex::default(),
            links: Links::default(),
        };
        surface.resize(size);
        Arc::new(surface)
    }

    /// Notes a new size. A terminal of no size is one that does not know it.
    pub(crate) fn resize(&self, (columns, rows): (u16, u16)) {
        let known = columns > 0 && rows > 0;
        let size = if known { (columns, rows) } else { FALLBACK_SIZE };
        self.size.store(pack(size), Ordering::Relaxed);
    }

    /// The size, in columns and rows.
    pub(crate) fn size(&self) -> (usize, usize) {
        unpack(self.size.load(Ordering::Relaxed))
    }

    /// Puts the terminal's cursor there at the next refresh; `None` hides it.
    pub(crate) fn set_caret(&self, at: Option<(usize, usize)>) {
        let at = at.and_then(|(x, y)| Some((u16::try_from(x).ok()?, u16::try_from(y).ok()?)));
        self.caret.store(at.map_or(NO_CARET, pack), Ordering::Relaxed);
    }

    /// Where the cursor is put at the next refresh.
    #[cfg(test)]
    pub(crate) fn caret(&self) -> Option<(usize, usize)> {
        let caret = self.caret.load(Ordering::Relaxed);
        (caret != NO_CARET).then(|| unpack(caret))
    }

    /// Makes the next refresh paint every cell, whatever the terminal is thought to show.
    pub(crate) fn repaint(&self) {
        self.repaint.store(true, Ordering::Relaxed);
    }

    /// Writes this for the terminal itself at the next refresh. What is too much until then is
    /// dropped.
    pub(crate) fn announce(&self, sequences: &[u8]) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        if announced.len() + sequences.len() <= ANNOUNCED_BYTES_MAX {
            announced.extend(sequences);
        }
    }

    /// The links on the screen.
    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    /// Takes what would be written at the next refresh.
    pub(crate) fn take_announced(&self) -> Vec<u8> {
        std::mem::take(&mut self.announced.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the terminal took a frame no more.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

/// The most that is written beside a frame, in bytes: several of the longest messages.
const ANNOUNCED_BYTES_MAX: usize = 256 * 1024;
/// No terminal is as large as that.
const NO_CARET: u32 = u32::MAX;

fn pack((x, y): (u16, u16)) -> u32 {
    u32::from(x) << 16 | u32::from(y)
}

fn unpack(packed: u32) -> (usize, usize) {
    ((packed >> 16) as usize, (packed & 0xffff) as usize)
}

/// The backend. A frame is gathered and written in one piece, inside a synchronized update.
pub(crate) struct Backend<W> {
    out: W,
    surface: Arc<Surface>,
    depth: Depth,
    frame: RefCell<Vec<u8>>,
    /// What cursive wants printed text to look like.
    pen: RefCell<Pen>,
    /// What the terminal was last told about it in this frame.
    told: RefCell<Option<Pen>>,
    /// The link that is open.
    link: Cell<Option<u16>>,
    /// Where cursive prints next.
    at: Cell<Vec2>,
    /// Where the terminal prints next, as far as that is certain.
    terminal_at: Cell<Option<Vec2>>,
    caret_shown: Cell<u32>,
    /// Whether this frame has clusters of which terminals disagree how wide they are. They may lie
    /// over their neighbours, which are then printed again with every frame.
    is_doubtful: Cell<bool>,
    /// Whether the last frame had.
    was_doubtful: Cell<bool>,
}

/// What printed text looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pen {
    /// Foreground and background.
    pub(crate) colours: ColorPair,
    /// Effects that are on, each once.
    pub(crate) effects: Vec<Effect>,
}

impl<W: Write> Backend<W> {
    /// A backend that writes to `out` in the colours that the terminal has.
    pub(crate) fn new(out: W, surface: Arc<Surface>, depth: Depth) -> Self {
        Self {
            out,
            surface,
            depth,
            frame: RefCell::default(),
            pen: RefCell::new(Pen { colours: ColorPair::terminal_default(), effects: Vec::new() }),
            told: RefCell::default(),
            link: Cell::default(),
            at: Cell::new(Vec2::zero()),
            terminal_at: Cell::default(),
            caret_shown: Cell::new(NO_CARET),
            is_doubtful: Cell::default(),
            was_doubtful: Cell::default(),
        }
    }

    /// Wraps what was printed since the last frame; `None` where nothing would change.
    fn compose(&self) -> Option<Vec<u8>> {
        let mut cells = self.frame.take();
        if self.link.take().is_some() {
            cells.extend(links::CLOSING);
        }
        let repaint = self.surface.repaint.swap(false, Ordering::Relaxed);
        let caret = self.surface.caret.load(Ordering::Relaxed);
        let announced = self.surface.take_announced();
        if cells.is_empty() && !repaint && caret == self.caret_shown.get() {
            return (!announced.is_empty()).then_some(announced);
        }
        self.caret_shown.set(caret);
        let mut frame = Vec::with_capacity(announced.len() + cells.len() + 64);
        frame.extend(announced);
        frame.extend(b"\x1b[?2026h\x1b[?25l\x1b[0m");
        if repaint {
            frame.extend(b"\x1b[2J");
        }
        frame.extend(cells);
        frame.extend(b"\x1b[0m");
        if caret != NO_CARET {
            let (x, y) = unpack(caret);
            frame.extend(format!("\x1b[{};{}H\x1b[?25h", y + 1, x + 1).bytes());
        }
        frame.extend(b"\x1b[?2026l");
        Some(frame)
    }
}

impl<W: Write> CursiveBackend for Backend<W> {
    /// Events go to the event loop, which blocks for them; none are ever polled here.
    fn poll_event(&mut self) -> Option<Event> {
        None
    }

    /// The window's title stays the user's own.
    fn set_title(&mut self, _title: String) {}

    fn refresh(&mut self) {
        if let Some(frame) = self.compose()
            && self.out.write_all(&frame).and_then(|()| self.out.flush()).is_err()
        {
            self.surface.lost.store(true, Ordering::Relaxed);
        }
        self.told.replace(None);
        self.terminal_at.set(None);
        self.was_doubtful.set(self.is_doubtful.take());
    }

    fn has_colors(&self) -> bool {
        self.depth != Depth::None
    }

    fn screen_size(&self) -> Vec2 {
        self.surface.size().into()
    }

    fn move_to(&self, pos: Vec2) {
        self.at.set(pos);
    }

    fn print(&self, text: &str) {
        let at = self.at.get();
        let mut frame = self.frame.borrow_mut();
        if self.terminal_at.get() != Some(at) {
            frame.extend(format!("\x1b[{};{}H", at.y + 1, at.x + 1).bytes());
        }
        let pen = self.pen.borrow();
        if self.told.borrow().as_ref() != Some(&*pen) {
            let link = links::number_of(pen.colours.front);
            let mut colours = pen.colours;
            if link.is_some() {
                colours.front = Color::TerminalDefault;
            }
            if self.link.replace(link) != link {
                match link {
                    Some(number) => frame.extend(self.surface.links.opening(number).bytes()),
                    None => frame.extend(links::CLOSING),
                }
            }
            write_sgr(&mut frame, &Pen { colours, effects: pen.effects.clone() }, self.depth);
            self.told.replace(Some(pen.clone()));
        }
        frame.extend(text.bytes());
        let behind = at + (text.width(), 0);
        self.at.set(behind);
        // Terminals disagree about the width of what is not one plain character a cell; after such
        // a cell the place of the next is said again.
        let certain = text.is_ascii() || (text.chars().count() == 1 && text.width() == 1);
        self.terminal_at.set(certain.then_some(behind));
        if text.chars().count() > 1 && !text.is_ascii() {
            self.is_doubtful.set(true);
        }
    }

    fn clear(&self, _: Color) {
        self.surface.repaint();
    }

    fn set_color(&self, colours: ColorPair) -> ColorPair {
        std::mem::replace(&mut self.pen.borrow_mut().colours, colours)
    }

    fn set_effect(&self, effect: Effect) {
        let effects = &mut self.pen.borrow_mut().effects;
        if !effects.contains(&effect) {
            effects.push(effect);
        }
    }

    fn unset_effect(&self, effect: Effect) {
        self.pen.borrow_mut().effects.retain(|&on| on != effect);
    }

    /// Cursive prints only what changed, except where all of it has to be painted.
    fn is_persistent(&self) -> bool {
        !self.surface.repaint.load(Ordering::Relaxed) && !self.was_doubtful.get()
    }

    fn name(&self) -> &'static str {
        "parlor"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(backend: &Backend<Vec<u8>>) -> String {
        let frame = backend.compose().unwrap_or_default();
        backend.told.replace(None);
        backend.terminal_at.set(None);
        String::from_utf8(frame).unwrap().replace('\x1b', "^")
    }

    #[test]
    fn a_frame_is_one_synchronized_update_with_the_real_cursor_at_its_end() {
        let surface = Surface::new((80, 24));
        let backend = Backend::new(Vec::new(), surface.clone(), Depth::None);
        surface.set_caret(Some((3, 1)));
        backend.move_to(Vec2::new(0, 0));
        backend.print("a");
        backend.print("b");
        backend.move_to(Vec2::new(4, 2));
        backend.print("世");
        backend.print("c");
        insta::assert_snapshot!(
            frame(&backend),
            @r"^[?2026h^[?25l^[0m^[1;1H^[0mab^[3;5H世^[3;7Hc^[0m^[2;4H^[?25h^[?2026l"
        );
        assert_eq!(frame(&backend), "", "nothing changed");
    }

    #[test]
    fn a_repaint_paints_everything_once() {
        let surface = Surface::new((0, 0));
        let backend = Backend::new(Vec::new(), surface.clone(), Depth::None);
        assert_eq!(backend.screen_size(), Vec2::new(80, 24));
        surface.repaint();
        assert!(!backend.is_persistent());
        insta::assert_snapshot!(frame(&backend), @r"^[?2026h^[?25l^[0m^[2J^[0m^[?2026l");
        assert!(backend.is_persistent());
    }

    #[test]
    fn a_terminal_that_takes_no_frame_is_lost() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let surface = Surface::new((80, 24));
        let mut backend = Backend::new(Gone, surface.clone(), Depth::None);
        backend.print("a");
        backend.refresh();
        assert!(surface.is_lost());
    }
}
