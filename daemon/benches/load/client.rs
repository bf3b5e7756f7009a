//! A client that waits for each answer: it sets scenes up, where speed does not matter.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::{Bytes, BytesMut};
use parlor_protocol::codec::{self, FrameCodec};
use parlor_protocol::hello::{Hello, Welcome};
use parlor_protocol::id::RoomId;
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::reply::{Outcome, ServerFrame};
use parlor_protocol::request::{Command, Request};
use parlor_protocol::room::{CreateRoom, Entry, JoinRoom, Visibility};
use tokio_util::codec::Decoder;

/// How long an answer may take. Nothing takes this long unless it hangs.
const ANSWER_DEADLINE: Duration = Duration::from_secs(60);

/// One connection.
pub(crate) struct Client<S = TcpStream> {
    stream: S,
    input: BytesMut,
    next_id: u32,
}

impl Client {
    /// Connects without TLS and says hello; [`welcome`](Client::welcome) reads the answer.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let mut client = Self::over(open(address)?);
        client.hello()?;
        Ok(client)
    }

    /// The bare socket, once nothing is unread, and the number of its next request.
    pub(crate) fn into_stream(self) -> Result<(TcpStream, u32)> {
        ensure!(self.input.is_empty(), "something came before it was expected");
        Ok((self.stream, self.next_id))
    }
}

/// A TCP connection as all of ours are.
pub(crate) fn open(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).context("connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_DEADLINE))?;
    Ok(stream)
}

impl<S: Read + Write> Client<S> {
    /// A client on an open stream.
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, input: BytesMut::new(), next_id: 1 }
    }

    pub(crate) fn hello(&mut self) -> Result<()> {
        self.write(&codec::frame(&Hello::new("parlor-bench"))?)
    }

    pub(crate) fn welcome(&mut self) -> Result<Welcome> {
        match ServerFrame::decode(&self.frame()?)? {
            ServerFrame::Welcome(welcome) => Ok(welcome),
            other => bail!("no welcome, but {other:?}"),
        }
    }

    /// Sends a request; [`answer`](Client::answer) reads what it came to.
    pub(crate) fn ask(&mut self, command: Command) -> Result<()> {
        let request = Request { id: self.next_id, command: Record(command) };
        self.next_id += 1;
        self.write(&codec::frame(&request)?)
    }

    /// The next answer. Pushes before it are passed over.
    pub(crate) fn answer(&mut self) -> Result<Outcome> {
        loop {
            match ServerFrame::decode(&self.frame()?)? {
                ServerFrame::Push(_) => {}
                ServerFrame::Reply(reply) => match reply.outcome.0 {
                    Outcome::Refused(refusal) => bail!("refused: {}", refusal.code),
                    outcome => return Ok(outcome),
                },
                other => bail!("no answer, but {other:?}"),
            }
        }
    }

    pub(crate) fn create_room(&mut self, title: &str) -> Result<RoomId> {
        let (visibility, entry) = (Visibility::Public, Entry::Open);
        let create = CreateRoom { title: title.to_owned(), visibility, entry };
        self.ask(Command::CreateRoom(create))?;
        match self.answer()? {
            Outcome::Room(room) => Ok(room.room),
            other => bail!("no room, but {other:?}"),
        }
    }

    pub(crate) fn ask_to_join(&mut self, room: RoomId) -> Result<()> {
        self.ask(Command::JoinRoom(JoinRoom { room, leave: None }))
    }

    fn write(&mut self, frame: &[u8]) -> Result<()> {
        self.stream.write_all(frame).context("write to parlord")
    }

    fn frame(&mut self) -> Result<Bytes> {
        loop {
            if let Some(frame) = FrameCodec::default().decode(&mut self.input)? {
                return Ok(frame);
            }
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer).context("read from parlord")?;
            ensure!(count > 0, "parlord closed the connection");
            self.input.extend_from_slice(&buffer[..count]);
        }
    }
}
