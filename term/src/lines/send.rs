//! `send`: one message, or a message a line.

use std::cell::Cell;
use std::io::{BufRead, IsTerminal, Read};
use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::account::LoggedIn;
use parlor_protocol::codec::FRAME_BYTES_MAX;
use parlor_protocol::id::Nonce;
use parlor_protocol::message::{Direction, History, Message, MessageKind, Send, Sent};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::text::MessageText;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Context;
use super::events::Place;
use super::output::Output;
use super::window::{Slot, UNDER_WAY_MAX, Window};
use crate::cli::SendArgs;
use crate::console::Console;
use crate::failure::Failure;
use crate::net::{CallError, Lost, Session};
use crate::words;

/// Lines that are read ahead of the server.
const AHEAD_MAX: usize = 64;
/// A wait that is longer than this is told of.
const SILENT_WAIT: Duration = Duration::from_secs(1);

/// What to do where the server says to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    Wait,
    Fail,
}

/// What to send, where it is one message: the arguments, or standard input without its last
/// newline.
pub(super) fn text(arguments: &SendArgs) -> Result<Option<String>, Failure> {
    if arguments.lines {
        return Ok(None);
    }
    if !arguments.text.is_empty() {
        return Ok(Some(arguments.text.join(" ")));
    }
    let mut bytes = Vec::new();
    let failed = |error| Failure::Failed(format!("cannot read standard input: {error}"));
    std::io::stdin()
        .lock()
        .take(FRAME_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(Code::TooLong.into());
    }
    let mut text = String::from_utf8(bytes).map_err(|_| not_text())?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(Some(text))
}

impl Context<'_> {
    pub(super) async fn send(
        &mut self,
        arguments: SendArgs,
        text: Option<String>,
    ) -> Result<(), Failure> {
        let place = Place::of(&self.find(&arguments.room).await?);
        let patience = if arguments.no_wait { Patience::Fail } else { Patience::Wait };
        let kind = if arguments.me { MessageKind::Action } else { MessageKind::Said };
        let Self { session, me, out, console, .. } = self;
        let console: &mut dyn Console = *console;
        // Many short waits are a long one to whoever watches.
        let watched = text.is_none() && std::io::stderr().is_terminal();
        let silent_wait = if watched { Duration::ZERO } else { SILENT_WAIT };
        let sender = Sender {
            session,
            place: &place,
            patience,
            kind,
            window: Arc::default(),
            silent_wait,
            console: Cell::new(Some(console)),
        };
        match text {
            Some(text) => {
                let nonce = arguments.nonce.unwrap_or_else(|| session.nonce());
                let under_way = sender.begin(nonce, text).await?;
                let mut message = sender.taken(under_way, me, patience).await?;
                if arguments.nonce.is_some() {
                    message = stored(session, &place, message).await?;
                }
                print(out, &place, &message)
            }
            None => sender.send_lines(me, out).await,
        }
    }
}

/// Sends into one room.
struct Sender<'a> {
    session: &'a Session,
    place: &'a Place,
    patience: Patience,
    kind: MessageKind,
    window: Arc<Window>,
    /// Longer waits than this are told of.
    silent_wait: Duration,
    /// Who is told, once, that the server says to wait.
    console: Cell<Option<&'a mut dyn Console>>,
}

/// A message that was sent and is not acknowledged.
struct UnderWay {
    send: Send,
    answer: JoinHandle<Result<Sent, CallError>>,
    slot: Slot,
}

impl Sender<'_> {
    async fn begin(&self, nonce: Nonce, text: String) -> Result<UnderWay, Failure> {
        let slot = self.window.enter().await;
        let send = Send { room: self.place.room, nonce, text, kind: self.kind };
        let pending = self.session.client.begin(send.clone()).await?;
        let window = Arc::clone(&self.window);
        // Nothing more is sent from the moment on at which the server says to wait, also where
        // answers to earlier messages are still awaited.
        let answer = tokio::spawn(async move {
            let answer = pending.answer().await;
            if let Err(CallError::Refused(Refusal { retry_after_ms: Some(ms), .. })) = &answer {
                window.narrow(Duration::from_millis((*ms).into()));
            }
            answer
        });
        Ok(UnderWay { send, answer, slot })
    }

    /// Waits for the acknowledgement. Where the server says to wait, it waits and sends again,
    /// which the nonce makes harmless.
    async fn taken(
        &self,
        under_way: UnderWay,
        me: &LoggedIn,
        patience: Patience,
    ) -> Result<Message, Failure> {
        let UnderWay { send, answer, slot } = under_way;
        let mut answer = answer.await.expect("invariant: waiting for an answer never panics");
        let sent = loop {
            match answer {
                Ok(sent) => break sent,
                Err(CallError::Refused(Refusal { code, retry_after_ms: Some(ms), .. }))
                    if patience == Patience::Wait =>
                {
                    self.wait(code, Duration::from_millis(ms.into())).await;
                    answer = self.session.client.ask(send.clone()).await;
                }
                Err(CallError::Refused(refusal)) => return Err(refusal.into()),
                Err(CallError::Lost(lost)) => return Err(undecided(send.nonce, &lost)),
            }
        };
        self.window.leave(slot);
        // What the server made of it, as far as this version knows.
        let text = MessageText::parse(&send.text)
            .map_err(|error| Failure::Failed(format!("the server took a text that {error}")))?;
        let author = me.user.clone();
        Ok(Message {
            seq: sent.seq,
            at: sent.at,
            author,
            text,
            kind: send.kind,
            author_removed: false,
        })
    }

    async fn wait(&self, code: Code, wait: Duration) {
        if wait > self.silent_wait
            && let Some(console) = self.console.take()
        {
            let wait = match wait.as_secs() {
                ..=90 => format!("{:.1} s", wait.as_secs_f32()),
                secs => words::span(secs),
            };
            console.say(&format!(
                "parlor: {code}: the server wants {wait} before the next message; sending goes \
                 on by itself"
            ));
        }
        tokio::time::sleep(wait).await;
    }

    /// Sends line after line without waiting for the answers, which come in the same order. The
    /// first refusal ends it; what was under way by then is still heard out.
    async fn send_lines(&self, me: &LoggedIn, out: &mut Output) -> Result<(), Failure> {
        let mut lines = stdin_lines();
        let (sent, mut answers) = mpsc::channel(UNDER_WAY_MAX);
        let feed = async move {
            while let Some(line) = lines.recv().await {
                let line = line?;
                // Nobody can say nothing, and files have blank lines.
                if line.trim().is_empty() {
                    continue;
                }
                let under_way = self.begin(self.session.nonce(), line).await?;
                if sent.send(under_way).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let hear = async {
            while let Some(under_way) = answers.recv().await {
                let message = self.taken(under_way, me, self.patience).await?;
                print(out, self.place, &message)?;
            }
            Ok(())
        };
        let done = tokio::try_join!(feed, hear);
        while let Ok(under_way) = answers.try_recv() {
            if let Ok(message) = self.taken(under_way, me, Patience::Fail).await {
                print(out, self.place, &message)?;
            }
        }
        done.map(|_| ())
    }
}

/// The message as the server has it: under a nonce that was used before, that is the first one.
async fn stored(session: &Session, place: &Place, sent: Message) -> Result<Message, Failure> {
    let (room, direction) = (place.room, Direction::Before);
    let history = History { room, direction, seq: Some(sent.seq.next()), limit: 1 };
    let page = session.client.ask(history).await?;
    let mut found = page.messages.into_iter().map(|Record(message)| message);
    Ok(found.find(|found| found.seq == sent.seq).unwrap_or(sent))
}

fn print(out: &mut Output, place: &Place, message: &Message) -> Result<(), Failure> {
    out.made(|| place.message(message))?;
    Ok(out.flush()?)
}

/// Reads lines on a thread of its own, as standard input can block at any time.
fn stdin_lines() -> mpsc::Receiver<Result<String, Failure>> {
    let (sender, lines) = mpsc::channel(AHEAD_MAX);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            let read = (&mut input).take(FRAME_BYTES_MAX as u64 + 1).read_until(b'\n', &mut bytes);
            let line = match read {
                Ok(0) => return,
                Ok(_) if bytes.len() > FRAME_BYTES_MAX => Err(Code::TooLong.into()),
                Ok(_) => {
                    if bytes.ends_with(b"\n") {
                        bytes.pop();
                    }
                    String::from_utf8(bytes).map_err(|_| not_text())
                }
                Err(error) => Err(Failure::Failed(format!("cannot read standard input: {error}"))),
            };
            let last = line.is_err();
            if sender.blocking_send(line).is_err() || last {
                return;
            }
        }
    });
    lines
}

fn not_text() -> Failure {
    Failure::Failed("standard input is not UTF-8; convert it, as `iconv -t UTF-8` does".to_owned())
}

fn undecided(nonce: Nonce, why: &Lost) -> Failure {
    Failure::NoConnection(format!(
        "{why}; whether the message was taken is not known: send it again with --nonce {nonce}, \
         which never doubles it"
    ))
}
