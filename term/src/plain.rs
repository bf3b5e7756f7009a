//! The client line by line, for screen readers and terminals that can do no more: the same model and
//! the same commands, told in words, one thing a line. Nothing moves the cursor or has a colour.

mod answer;
mod narrator;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use parlor_protocol::id::Timestamp;

use self::narrator::Narrator;
use crate::config::Source;
use crate::keymap::{Action, Scroll};
use crate::model::{Before, Link, Model, More, Popup, Room, SendState};
use crate::screen::{Asker, Ended};
use crate::update::{Ask, Intent, Msg, News, Reloaded, update};

/// How much may wait to be taken in; who has more waits.
const WAKES_MAX: usize = 1_024;
/// How long the server may take, once the input has ended, to acknowledge what was typed. What it
/// has not by then waits on this machine's disk.
const END_PATIENCE: Duration = Duration::from_secs(10);
/// The longest line that is read, in bytes: far more than a message takes.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Something for the loop to take in.
#[derive(Debug)]
pub(crate) enum Wake {
    /// A line was typed.
    Line(String),
    /// Nothing more is typed.
    End,
    /// From the network.
    News(News),
}

/// The loop's own state.
struct Conversation {
    model: Model,
    narrator: Narrator,
    source: Source,
    ask: Box<Asker>,
    /// What the network had no room for. The model bounds how much that can be.
    unasked: VecDeque<Ask>,
    /// Tells the reader that the next line may come.
    next_line: SyncSender<()>,
    /// Whether the reader waits for that.
    reader_waits: bool,
    /// Whether one's rooms are known, or there is no connection by which they would come.
    knows_rooms: bool,
    /// Until when the end is put off for what is not acknowledged.
    ends_by: Option<Instant>,
    quits: bool,
}

/// Talks until the input ends or the user quits. `connect` is told where the network's news go, and
/// gives who asks the server.
///
/// # Errors
/// Where standard output cannot be written to.
pub(crate) fn run(
    model: Model,
    source: Source,
    connect: impl FnOnce(SyncSender<Wake>) -> Box<Asker>,
) -> io::Result<Ended> {
    let (wake, wakes) = sync_channel(WAKES_MAX);
    let (next_line, may_read) = sync_channel(1);
    read_lines(wake.clone(), may_read)?;
    let mut this = Conversation {
        model,
        narrator: Narrator::new(TimeZone::system()),
        source,
        ask: connect(wake),
        unasked: VecDeque::new(),
        next_line,
        reader_waits: true,
        knows_rooms: false,
        ends_by: None,
        quits: false,
    };
    this.settle()?;
    while !this.is_over() {
        let patience = this.ends_by.map_or(Duration::MAX, |by| by - Instant::now());
        match wakes.recv_timeout(patience.min(this.model.fresh_for())) {
            Ok(wake) => {
                this.pass(Msg::Tick(now()));
                this.take(wake);
            }
            Err(RecvTimeoutError::Timeout) => this.pass(Msg::Tick(now())),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        this.settle()?;
    }
    this.pass(Msg::End);
    this.hand_over();
    Ok(Ended::Quit)
}

/// Reads a line whenever one may come, so that what a line asks is done before the next is read:
/// then `/join ROOM` and what is said there may stand in one file.
fn read_lines(wake: SyncSender<Wake>, may_read: Receiver<()>) -> io::Result<()> {
    thread::Builder::new().name("input".into()).spawn(move || {
        let mut input = io::stdin().lock();
        while may_read.recv().is_ok() {
            let mut line = Vec::new();
            let mut bounded = io::Read::take(&mut input, LINE_BYTES_MAX);
            let read = bounded.read_until(b'\n', &mut line);
            let line = String::from_utf8_lossy(&line);
            let read = match read {
                Ok(1..) => Wake::Line(line.trim_end_matches(['\n', '\r']).to_owned()),
                Ok(0) | Err(_) => Wake::End,
            };
            if wake.send(read).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

impl Conversation {
    fn take(&mut self, wake: Wake) {
        match wake {
            Wake::Line(line) => {
                self.reader_waits = true;
                self.narrator.forget_notice();
                let intents = answer::take(&mut self.model, &line);
                self.carry_out(intents);
            }
            Wake::End => self.ends_by = Some(Instant::now() + END_PATIENCE),
            Wake::News(news) => {
                self.knows_rooms |= matches!(
                    news,
                    News::Rooms(_) | News::Link(Link::Waiting { .. } | Link::Over { .. })
                );
                self.pass(Msg::News(news));
            }
        }
    }

    fn pass(&mut self, msg: Msg) {
        let intents = update(&mut self.model, msg);
        self.carry_out(intents);
    }

    /// Says what is new, fetches what is missing, and lets the next line come when all is answered.
    fn settle(&mut self) -> io::Result<()> {
        self.fetch_list();
        let lines = self.narrator.tell(&mut self.model);
        let mut out = io::stdout().lock();
        for line in lines {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        if let Some((room, seq)) = self.narrator.seen(&self.model) {
            self.pass(Msg::Seen(room, seq));
        }
        self.hand_over();
        if self.reader_waits && self.knows_rooms && !self.is_waiting() {
            // A reader that has ended has told of it.
            let _ = self.next_line.try_send(());
            self.reader_waits = false;
        }
        Ok(())
    }

    /// Lists are told whole, so what is not fetched of one is fetched.
    fn fetch_list(&mut self) {
        if let Some(Popup::List(list)) = self.model.popup()
            && let More::From(_) = list.more
        {
            self.pass(Msg::Act(Action::Scroll(Scroll::Last)));
        }
    }

    /// Whether something that was asked is not answered.
    fn is_waiting(&self) -> bool {
        let asked_older = |room: &Room| room.timeline.before() == Before::Asked;
        let lists = match self.model.popup() {
            Some(Popup::List(list)) => list.more == More::Asked,
            Some(Popup::Help { .. } | Popup::GoTo(_) | Popup::Form(_) | Popup::Question(_))
            | None => false,
        };
        // What was said is told before one goes elsewhere. What the server has put off, or what waits
        // for a connection, is not waited for.
        let online = matches!(self.model.link, Link::Online { .. });
        let says = self.model.unsent().any(|unsent| match unsent.state {
            SendState::Unkept | SendState::Queued => online,
            SendState::Held { .. } | SendState::Refused(_) => false,
        });
        lists || says || self.model.here().is_some_and(asked_older) || !self.model.asked.is_empty()
    }

    fn is_over(&self) -> bool {
        let Some(by) = self.ends_by else { return self.quits };
        let online = matches!(self.model.link, Link::Online { .. } | Link::Connecting);
        let is_done = self.model.queued() == 0 && !self.is_waiting();
        self.quits || is_done || !online || by <= Instant::now()
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

    fn carry_out(&mut self, intents: Vec<Intent>) {
        for intent in intents {
            match intent {
                Intent::Quit => self.quits = true,
                Intent::Call(_) => self.ring(),
                Intent::Reload => {
                    let preferences = self.source.preferences().map(std::sync::Arc::new);
                    let preferences = preferences.map_err(|error| error.to_string());
                    self.pass(Msg::Reloaded(Reloaded { preferences }));
                }
                Intent::Ask(ask) => self.unasked.push_back(ask),
                // These are a screen's; no line asks for them.
                Intent::Suspend
                | Intent::Redraw
                | Intent::Copy(_)
                | Intent::Mouse(_)
                | Intent::Bare(_)
                | Intent::Edit { .. } => {}
            }
        }
    }

    /// Rings where somebody hears it. What it is about is told in words anyway.
    fn ring(&self) {
        let out = io::stdout();
        if self.model.preferences.calls.bell && out.is_terminal() {
            // A terminal that is gone is noticed by the next line.
            let _ = out.lock().write_all(b"\x07");
        }
    }
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}
