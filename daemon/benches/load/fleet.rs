//! Many connections on one thread, as cheap as can be: the driver shares the daemon's processors.
//!
//! Frames that arrive are counted by their first byte and not read further, except answers. Each
//! socket is read once for each time that it becomes readable, into one buffer for all.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use parlor_protocol::codec::{self, LENGTH_BYTES};
use parlor_protocol::id::{Nonce, RoomId, Timestamp};
use parlor_protocol::message::{MessageKind, Send};
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::reply::{Outcome, ServerFrame};
use parlor_protocol::request::{Command, Request};

use crate::client::Client;
use crate::latency::Latencies;

/// The bytes of each message's text.
pub(crate) const TEXT_BYTES: usize = 100;
/// Nothing at all for this long is a hang.
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// Bytes read from a socket at once.
const READ_BYTES: usize = 256 * 1024;
/// Readable sockets that the kernel tells of at once.
const EVENTS_AT_ONCE: usize = 1024;
/// The first byte of a frame that holds a push: the place of the variant.
const PUSH_TAG: u8 = 2;

/// What is to be sent, and how fast.
pub(crate) struct Sending {
    /// Which connections send, each to which room.
    pub(crate) senders: Vec<(usize, RoomId)>,
    /// How fast.
    pub(crate) pace: Pace,
    /// When it is enough.
    pub(crate) until: Until,
    /// How many connections are to get each message.
    pub(crate) listeners: u64,
}

/// How fast messages are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// Each sender has so many unacknowledged at any time.
    Window(usize),
    /// One is sent so often, by the senders in turn.
    Every(Duration),
}

/// When enough was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    Messages(u64),
    Elapsed(Duration),
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Messages that were sent, and all acknowledged.
    pub(crate) messages: u64,
    /// Pushes that arrived.
    pub(crate) deliveries: u64,
    /// From the sending of a message to its acknowledgement.
    pub(crate) acknowledged: Latencies,
    /// From the sending of a message to its arrival, where one connection is to get it.
    pub(crate) heard: Latencies,
    /// From the first message to the last acknowledgement and delivery.
    pub(crate) elapsed: Duration,
}

/// Connections that are set up and now only send and listen.
pub(crate) struct Fleet {
    poll: Poll,
    members: Vec<Member>,
    buffer: Vec<u8>,
    /// Messages sent so far, by all; makes their nonces differ.
    sent: u64,
    /// When those messages were sent that have not arrived, where one connection is to get each.
    unheard: VecDeque<Instant>,
}

struct Member {
    stream: TcpStream,
    frames: Frames,
    outgoing: Vec<u8>,
    next_id: u32,
    room: Option<RoomId>,
    unanswered: VecDeque<(u32, Instant)>,
}

impl Fleet {
    /// Takes over connections of which nothing is unread.
    pub(crate) fn new(clients: Vec<Client>) -> Result<Self> {
        let poll = Poll::new()?;
        let mut members = Vec::with_capacity(clients.len());
        for client in clients {
            let (stream, next_id) = client.into_stream()?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(members.len()), both)?;
            members.push(Member {
                stream,
                frames: Frames::default(),
                outgoing: vec![],
                next_id,
                room: None,
                unanswered: VecDeque::new(),
            });
        }
        Ok(Self { poll, members, buffer: vec![0; READ_BYTES], sent: 0, unheard: VecDeque::new() })
    }

    /// Sends, and waits until everything is acknowledged and delivered.
    pub(crate) fn run(&mut self, sending: &Sending) -> Result<Seen> {
        self.members.iter_mut().for_each(|member| member.room = None);
        for &(sender, room) in &sending.senders {
            self.members[sender].room = Some(room);
        }
        let mut events = Events::with_capacity(EVENTS_AT_ONCE);
        let (mut seen, began) = (Seen::default(), Instant::now());
        let (mut due, mut turn) = (began, 0);
        if let Pace::Window(window) = sending.pace {
            for &(sender, _) in &sending.senders {
                self.send(sender, window as u64, sending, began, &mut seen)?;
            }
        }
        loop {
            let mut wait = SILENCE_MAX;
            if let Pace::Every(interval) = sending.pace
                && !is_enough(sending.until, &seen, began)
            {
                if due <= Instant::now() {
                    let (sender, _) = sending.senders[turn % sending.senders.len()];
                    self.send(sender, 1, sending, began, &mut seen)?;
                    (due, turn) = (due + interval, turn + 1);
                    continue;
                }
                wait = due.saturating_duration_since(Instant::now());
            } else if self.has_all(sending, began, &seen) {
                seen.elapsed = began.elapsed();
                return Ok(seen);
            }
            self.poll.poll(&mut events, Some(wait)).context("wait for parlord")?;
            ensure!(!events.is_empty() || wait < SILENCE_MAX, "parlord is silent: {seen:?}");
            for event in &events {
                let Token(place) = event.token();
                let answers = self.read(place, &mut seen)?;
                if let Pace::Window(_) = sending.pace {
                    self.send(place, answers, sending, began, &mut seen)?;
                } else {
                    self.members[place].flush()?;
                }
            }
        }
    }

    fn has_all(&self, sending: &Sending, began: Instant, seen: &Seen) -> bool {
        is_enough(sending.until, seen, began)
            && seen.deliveries >= seen.messages * sending.listeners
            && sending.senders.iter().all(|&(sender, _)| self.members[sender].unanswered.is_empty())
    }

    /// Sends so many messages, unless enough were sent, in one write.
    fn send(
        &mut self,
        sender: usize,
        messages: u64,
        sending: &Sending,
        began: Instant,
        seen: &mut Seen,
    ) -> Result<()> {
        let member = &mut self.members[sender];
        if let Some(room) = member.room {
            for _ in 0..messages {
                if is_enough(sending.until, seen, began) {
                    break;
                }
                self.sent += 1;
                seen.messages += 1;
                let sent_at = member.say(room, self.sent)?;
                if sending.listeners == 1 {
                    self.unheard.push_back(sent_at);
                }
            }
        }
        member.flush()
    }

    /// Reads what has come; how many answers were among it.
    fn read(&mut self, place: usize, seen: &mut Seen) -> Result<u64> {
        let member = &mut self.members[place];
        let mut answers = 0;
        loop {
            let count = match member.stream.read(&mut self.buffer) {
                Ok(0) => bail!("parlord closed a connection"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(answers),
                Err(error) => return Err(error).context("read from parlord"),
            };
            let (unanswered, unheard) = (&mut member.unanswered, &mut self.unheard);
            let now = Instant::now();
            member.frames.feed(&self.buffer[..count], &mut |frame| {
                if frame.first() == Some(&PUSH_TAG) {
                    seen.deliveries += 1;
                    if let Some(sent_at) = unheard.pop_front() {
                        seen.heard.note(now - sent_at);
                    }
                    return Ok(());
                }
                answers += 1;
                seen.acknowledged.note(now - asked_at(frame, unanswered)?);
                Ok(())
            })?;
            // Less than was asked for is all there was.
            if count < self.buffer.len() {
                return Ok(answers);
            }
        }
    }
}

fn is_enough(until: Until, seen: &Seen, began: Instant) -> bool {
    match until {
        Until::Messages(messages) => seen.messages >= messages,
        Until::Elapsed(time) => began.elapsed() >= time,
    }
}

/// When the message was sent that this frame acknowledges.
fn asked_at(frame: &[u8], unanswered: &mut VecDeque<(u32, Instant)>) -> Result<Instant> {
    match ServerFrame::decode(frame)? {
        ServerFrame::Reply(reply) => {
            let (id, sent_at) = unanswered.pop_front().context("an answer to no question")?;
            ensure!(id == reply.id, "an answer out of order");
            match reply.outcome.0 {
                Outcome::Sent(_) => Ok(sent_at),
                other => bail!("a message was not taken: {other:?}"),
            }
        }
        other => bail!("no acknowledgement, but {other:?}"),
    }
}

impl Member {
    fn say(&mut self, room: RoomId, number: u64) -> Result<Instant> {
        let message = send(self.next_id, room, number)?;
        let now = Instant::now();
        self.outgoing.extend_from_slice(&message);
        self.unanswered.push_back((self.next_id, now));
        self.next_id += 1;
        Ok(now)
    }

    fn flush(&mut self) -> Result<()> {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("write to parlord"),
            }
        }
        Ok(())
    }
}

/// The frame that sends a message; `number` makes its nonce differ from all others of this run.
pub(crate) fn send(id: u32, room: RoomId, number: u64) -> Result<bytes::Bytes> {
    let command = Command::Send(send_command(room, number));
    Ok(codec::frame(&Request { id, command: Record(command) })?)
}

/// The command in it.
pub(crate) fn send_command(room: RoomId, number: u64) -> Send {
    let mut mark = [0; 10];
    mark[2..].copy_from_slice(&number.to_be_bytes());
    let text = format!("{number:0TEXT_BYTES$}");
    Send { room, nonce: Nonce::new(now(), mark), text, kind: MessageKind::Said }
}

/// The time, by the clock that the daemon shares with us.
pub(crate) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// Cuts a stream into frames without copying those that came whole.
#[derive(Debug, Default)]
struct Frames {
    /// The beginning of a frame of which the rest is still to come.
    begun: Vec<u8>,
}

impl Frames {
    fn feed(&mut self, bytes: &[u8], see: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if self.begun.is_empty() {
            let rest = cut(bytes, see)?;
            self.begun.extend_from_slice(rest);
        } else {
            self.begun.extend_from_slice(bytes);
            let left = cut(&self.begun, see)?.len();
            self.begun.drain(..self.begun.len() - left);
        }
        Ok(())
    }
}

/// Shows each whole frame's value; what is left is the beginning of one.
fn cut<'a>(mut bytes: &'a [u8], see: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<&'a [u8]> {
    while let Some((head, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() {
        let length = u32::from_be_bytes(*head) as usize;
        let Some((frame, after)) = rest.split_at_checked(length) else { break };
        see(frame)?;
        bytes = after;
    }
    Ok(bytes)
}
