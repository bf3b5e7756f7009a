//! A client of one blocking connection: requests out, replies and pushes in.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read, Write};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use bytes::BytesMut;
use parlor_protocol::codec::{self, FrameCodec};
use parlor_protocol::hello::{Hello, Welcome};
use parlor_protocol::push::Push;
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::reply::{CloseReason, Outcome, Reply, ServerFrame};
use parlor_protocol::request::{Command, Request};
use tokio_util::codec::Decoder;

use super::link::Link;
use super::{PATIENCE, tell};

const READ_BYTES: usize = 64 * 1024;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The daemon said why.
    Closing(CloseReason),
    /// It just closed.
    Cut,
}

/// A connection.
pub(crate) struct Client {
    link: Link,
    input: BytesMut,
    /// When it said hello; dates the nonces, together with the welcome.
    pub(super) greeted: Instant,
    /// What the daemon answered to the hello.
    pub(crate) welcome: Option<Welcome>,
    next_id: u32,
    unanswered: BTreeSet<u32>,
    answers: BTreeMap<u32, Outcome>,
    pushes: Vec<Push>,
}

impl Client {
    /// A connection that has not said hello.
    pub(crate) fn silent(link: Link) -> Self {
        Self {
            link,
            input: BytesMut::new(),
            greeted: Instant::now(),
            welcome: None,
            next_id: 1,
            unanswered: BTreeSet::new(),
            answers: BTreeMap::new(),
            pushes: vec![],
        }
    }

    /// A connection that has said hello and is welcome.
    pub(crate) fn greet(link: Link) -> Self {
        Self::try_greet(link).unwrap()
    }

    /// The same, where the daemon may die meanwhile.
    pub(crate) fn try_greet(link: Link) -> Result<Self, Ended> {
        let mut client = Self::silent(link);
        client.write(&codec::frame(&Hello::new("parlord's tests")).unwrap());
        match client.receive()? {
            ServerFrame::Welcome(welcome) => client.welcome = Some(welcome),
            other => panic!("no welcome: {other:?}"),
        }
        Ok(client)
    }

    /// The connection itself.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// The same, to do to it what no client does.
    pub(crate) fn link_mut(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Writes bytes as they are. A daemon that has gone shows itself at the next read.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        match self.link.write_all(bytes).and_then(|()| self.link.flush()) {
            Ok(()) => {}
            Err(error) if is_cut(&error) => {}
            Err(error) => panic!("cannot write: {error}"),
        }
    }

    /// Asks without waiting for the answer.
    pub(crate) fn request(&mut self, command: Command) -> u32 {
        self.requests([command])[0]
    }

    /// Asks for much in one write.
    pub(crate) fn requests(&mut self, commands: impl IntoIterator<Item = Command>) -> Vec<u32> {
        let (ids, bytes) = self.prepare(commands);
        self.write(&bytes);
        ids
    }

    /// Asks for more than both ends take without reading: another thread writes it.
    pub(crate) fn flood(
        &mut self,
        commands: impl IntoIterator<Item = Command>,
    ) -> (Vec<u32>, JoinHandle<()>) {
        let (ids, bytes) = self.prepare(commands);
        let mut writer = self.link.plain_writer();
        (ids, thread::spawn(move || writer.write_all(&bytes).unwrap()))
    }

    fn prepare(&mut self, commands: impl IntoIterator<Item = Command>) -> (Vec<u32>, Vec<u8>) {
        let (mut ids, mut bytes) = (vec![], vec![]);
        for command in commands {
            let id = self.next_id;
            self.next_id += 1;
            self.unanswered.insert(id);
            let request = Request { id, command: Record(command) };
            bytes.extend(codec::frame(&request).unwrap());
            ids.push(id);
        }
        (ids, bytes)
    }

    /// Expects an answer to a request that was written as bytes.
    pub(crate) fn expect_answer(&mut self, id: u32) {
        self.unanswered.insert(id);
    }

    /// The answer to a request.
    pub(crate) fn try_answer(&mut self, id: u32) -> Result<Outcome, Ended> {
        loop {
            if let Some(outcome) = self.answers.remove(&id) {
                return Ok(outcome);
            }
            self.take_in()?;
        }
    }

    /// The answer to a request, from a daemon that lives.
    pub(crate) fn answer(&mut self, id: u32) -> Outcome {
        self.try_answer(id).unwrap()
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask(&mut self, command: Command) -> Outcome {
        let id = self.request(command);
        self.answer(id)
    }

    /// Waits until everything asked was answered, and everything that the daemon had to say before
    /// was heard; tells the pushes since the last time.
    ///
    /// The daemon answers a ping behind all pushes of earlier commits. Whoever settles after
    /// somebody else's reply has therefore heard of what that reply acknowledged. What one is
    /// notified of is told by [`Client::notified`].
    pub(crate) fn settle(&mut self) -> Vec<String> {
        let news = self.settled().into_iter();
        news.filter(|push| !matches!(push, Push::Notified(_))).map(|push| tell(&push)).collect()
    }

    /// The same, of notifications alone.
    pub(crate) fn notified(&mut self) -> Vec<String> {
        let news = self.settled().into_iter();
        news.filter(|push| matches!(push, Push::Notified(_))).map(|push| tell(&push)).collect()
    }

    /// The same, with the pushes as they came.
    pub(crate) fn settled(&mut self) -> Vec<Push> {
        while !self.unanswered.is_empty() {
            self.take_in().unwrap();
        }
        self.ask(Command::Ping);
        std::mem::take(&mut self.pushes)
    }

    /// Waits until it has heard so many pushes since it last settled, and tells them.
    pub(crate) fn hear(&mut self, count: usize) -> Vec<Push> {
        while self.pushes.len() < count {
            self.take_in().unwrap();
        }
        self.pushes.drain(..count).collect()
    }

    /// Takes in frames until the connection ends, whatever they answer.
    pub(crate) fn until_ended(&mut self) -> Ended {
        loop {
            match self.receive() {
                Ok(ServerFrame::Push(push)) => self.pushes.push(push.0),
                Ok(_) => {}
                Err(ended) => return ended,
            }
        }
    }

    /// Takes in bytes, whatever they are, until the connection ends.
    pub(crate) fn until_cut(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.read_some(deadline).is_ok() {}
    }

    /// How many pushes it has heard since it last settled.
    pub(crate) fn heard(&self) -> usize {
        self.pushes.len()
    }

    /// Expects no answers any more: the story took them in frame by frame.
    pub(crate) fn forget(&mut self) {
        self.unanswered.clear();
    }

    fn take_in(&mut self) -> Result<(), Ended> {
        match self.receive()? {
            ServerFrame::Reply(Reply { id, outcome }) => {
                assert!(self.unanswered.remove(&id), "nobody asked {id}: {outcome:?}");
                self.answers.insert(id, outcome.0);
            }
            ServerFrame::Push(push) => self.pushes.push(push.0),
            other => panic!("out of place: {other:?}"),
        }
        Ok(())
    }

    /// The next frame, as it comes.
    pub(crate) fn receive(&mut self) -> Result<ServerFrame, Ended> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(frame) = FrameCodec::default().decode(&mut self.input).unwrap() {
                match ServerFrame::decode(&frame).unwrap() {
                    ServerFrame::Closing(closing) => return Err(Ended::Closing(closing.reason)),
                    other => return Ok(other),
                }
            }
            self.read_some(deadline)?;
        }
    }

    fn read_some(&mut self, deadline: Instant) -> Result<(), Ended> {
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "not within {PATIENCE:?}; unanswered: {:?}", self.unanswered);
        self.link.set_read_timeout(left);
        let mut buffer = vec![0; READ_BYTES];
        match self.link.read(&mut buffer) {
            Ok(0) => Err(Ended::Cut),
            Ok(count) => {
                self.input.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) if is_cut(&error) => Err(Ended::Cut),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(())
            }
            Err(error) => panic!("cannot read: {error}"),
        }
    }
}

/// Has everybody hear everything up to now, and forget it.
pub(crate) fn settle_all<const N: usize>(clients: [&mut Client; N]) {
    for client in clients {
        client.settled();
    }
}

/// Whether the other end is gone. rustls calls a connection that ends without goodbye unexpected.
pub(super) fn is_cut(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
            | ErrorKind::NotConnected
    )
}
