//! One connection after its welcome: a task that owns it, and handles to talk to that task.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::account::Devices;
use parlor_protocol::codec::{FrameCodec, FrameError, frame};
use parlor_protocol::entry::ListOwn;
use parlor_protocol::hello::Limits;
use parlor_protocol::name::UserName;
use parlor_protocol::push::Push;
use parlor_protocol::record::{Record, Wire};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Outcome, ServerFrame};
use parlor_protocol::request::{Command, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder;

use super::dial::Stream;
use super::pulse::{Alarm, Pulse};
use super::{Ask, ListBlocks};

/// Requests without an answer, at most; the server may ask for fewer.
const IN_FLIGHT_MAX: usize = 64;
/// News that nobody has read yet, at most: with more the connection is given up, and what was
/// missed is asked for again.
const NEWS_MAX: usize = 4096;
/// Bytes that wait for the socket; with more no further request is taken.
const OUT_BYTES_MAX: usize = 64 * 1024;
/// How long a connection may take to say goodbye.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// Why a connection is no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    /// The server said why.
    #[error("{}", crate::words::closing(*.0))]
    Closed(CloseReason),
    /// It ended without a word.
    #[error("the server closed the connection without a word")]
    Ended,
    /// The system or TLS reported a failure.
    #[error("the connection failed: {0}")]
    Failed(String),
    /// The server did not answer.
    #[error("the server does not answer")]
    Silent,
    /// The server sent what we do not understand.
    #[error("the server does not keep to the protocol ({0}); is one side out of date?")]
    Garbled(String),
    /// More news came than were read.
    #[error("news came faster than they were read")]
    Overrun,
    /// We ended it.
    #[error("the connection was closed")]
    ByUs,
}

impl Lost {
    /// Why there will be no connection any more: the server lets this device or its user in no
    /// longer. `None` where another connection may do.
    pub(crate) fn for_good(&self) -> Option<CloseReason> {
        match self {
            Self::Closed(
                reason @ (CloseReason::Revoked | CloseReason::Disabled | CloseReason::Removed),
            ) => Some(*reason),
            Self::Closed(
                CloseReason::ShuttingDown
                | CloseReason::ProtocolViolation
                | CloseReason::UnsupportedVersion
                | CloseReason::FrameTooLong
                | CloseReason::TimedOut
                | CloseReason::SlowConsumer
                | CloseReason::Unavailable
                | CloseReason::TooManyConnections
                | CloseReason::Disconnected
                | CloseReason::Unknown,
            )
            | Self::Ended
            | Self::Failed(_)
            | Self::Silent
            | Self::Garbled(_)
            | Self::Overrun
            | Self::ByUs => None,
        }
    }
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        // rustls's word for a peer that closed the socket without a TLS goodbye.
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Ended;
        }
        Self::Failed(error.to_string())
    }
}

impl From<FrameError> for Lost {
    fn from(error: FrameError) -> Self {
        Self::Garbled(error.to_string())
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// The server refused it; nothing was changed.
    Refused(Refusal),
    /// The connection is gone. Whether the request was done is not known.
    Lost(Lost),
}

impl From<Lost> for CallError {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// What the server sends unasked, in its order.
#[derive(Debug)]
pub(crate) struct News(mpsc::Receiver<Item>);

/// One of the news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A push.
    Push(Push),
    /// The snapshot that [`Client::subscribe`] asked for is complete; what follows is new.
    Subscribed,
}

impl News {
    /// The next, or `None` once the connection is gone: see [`Client::lost`].
    pub(crate) async fn next(&mut self) -> Option<Item> {
        self.0.recv().await
    }
}

struct Job {
    command: Command,
    reply: oneshot::Sender<Outcome>,
    /// Given back when the answer is there.
    slot: OwnedSemaphorePermit,
}

/// Asks the server. Clones ask over the same connection, which ends with the last of them.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    jobs: mpsc::Sender<Job>,
    slots: Arc<Semaphore>,
    lost: watch::Receiver<Option<Lost>>,
}

/// A request that was sent.
#[derive(Debug)]
pub(crate) struct Pending<A> {
    reply: oneshot::Receiver<Outcome>,
    lost: watch::Receiver<Option<Lost>>,
    kind: PhantomData<A>,
}

impl Client {
    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// When it is refused or the connection is lost.
    pub(crate) async fn ask<A: Ask>(&self, request: A) -> Result<A::Answer, CallError> {
        self.begin(request).await?.answer().await
    }

    /// Sends a request without waiting for its answer. Requests are done in the order of these
    /// calls. It waits while as many are unanswered as the server allows.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) async fn begin<A: Ask>(&self, request: A) -> Result<Pending<A>, Lost> {
        let reply = self.send(request.command()).await?;
        Ok(Pending { reply, lost: self.lost.clone(), kind: PhantomData })
    }

    /// Asks whether the server is there, and how long it takes to say so.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) async fn ping(&self) -> Result<Duration, CallError> {
        let sent = Instant::now();
        self.call(Command::Ping).await?;
        Ok(sent.elapsed())
    }

    /// Asks for the news of all of one's rooms. They come as [`News`]: first a snapshot of each
    /// room, then [`Item::Subscribed`], then what happens.
    ///
    /// # Errors
    /// When it is refused or the connection is lost.
    pub(crate) async fn subscribe(&self) -> Result<(), CallError> {
        self.call(Command::Subscribe).await.map(|_| ())
    }

    /// One's devices.
    ///
    /// # Errors
    /// When it is refused or the connection is lost.
    pub(crate) async fn devices(&self) -> Result<Devices, CallError> {
        match self.call(Command::ListDevices).await? {
            Outcome::Devices(devices) => Ok(devices),
            other => Err(unexpected(&other)),
        }
    }

    /// All users whom one blocks.
    ///
    /// # Errors
    /// When it is refused or the connection is lost.
    pub(crate) async fn blocked(&self) -> Result<BTreeSet<UserName>, CallError> {
        let mut blocked = BTreeSet::new();
        let mut after = None;
        loop {
            let page = self.ask(ListBlocks(ListOwn { after, limit: 0 })).await?;
            blocked.extend(page.blocks.into_iter().map(|Record(blocked)| blocked.user));
            after = page.next;
            if after.is_none() {
                return Ok(blocked);
            }
        }
    }

    /// Why the connection is gone, once it is.
    pub(crate) async fn lost(&self) -> Lost {
        reason(self.lost.clone()).await
    }

    async fn call(&self, command: Command) -> Result<Outcome, CallError> {
        let reply = self.send(command).await?;
        settled(reply, self.lost.clone()).await
    }

    async fn send(&self, command: Command) -> Result<oneshot::Receiver<Outcome>, Lost> {
        let slots = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slots.expect("invariant: the slots are never closed");
        let (sender, reply) = oneshot::channel();
        match self.jobs.send(Job { command, reply: sender, slot }).await {
            Ok(()) => Ok(reply),
            Err(_) => Err(self.lost().await),
        }
    }
}

impl<A: Ask> Pending<A> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// When the request was refused or the connection is lost.
    pub(crate) async fn answer(self) -> Result<A::Answer, CallError> {
        let outcome = settled(self.reply, self.lost).await?;
        let kind = outcome.variant();
        A::answer(outcome).ok_or_else(|| CallError::Lost(Lost::Garbled(kind.to_owned())))
    }
}

async fn settled(
    reply: oneshot::Receiver<Outcome>,
    lost: watch::Receiver<Option<Lost>>,
) -> Result<Outcome, CallError> {
    match reply.await {
        Ok(Outcome::Refused(refusal)) => Err(CallError::Refused(refusal)),
        Ok(outcome) => Ok(outcome),
        Err(_) => Err(CallError::Lost(reason(lost).await)),
    }
}

async fn reason(mut lost: watch::Receiver<Option<Lost>>) -> Lost {
    match lost.wait_for(Option::is_some).await {
        Ok(lost) => lost.clone().unwrap_or(Lost::ByUs),
        // The task was cancelled.
        Err(_) => Lost::ByUs,
    }
}

fn unexpected(outcome: &Outcome) -> CallError {
    CallError::Lost(Lost::Garbled(outcome.variant().to_owned()))
}

/// Hands a connection over to its task, which ends soon after the last client is gone. `read` is
/// what was read of the connection already.
pub(super) fn start(
    stream: Stream,
    read: BytesMut,
    limits: &Limits,
) -> (Client, News, JoinHandle<()>) {
    let in_flight = usize::try_from(limits.requests_in_flight).unwrap_or(IN_FLIGHT_MAX);
    let (jobs, todo) = mpsc::channel(IN_FLIGHT_MAX);
    let (news, items) = mpsc::channel(NEWS_MAX);
    let (over, lost) = watch::channel(None);
    let (reader, writer) = tokio::io::split(stream);
    let wire = Wireman {
        reader,
        writer,
        read,
        out: BytesMut::new(),
        codec: FrameCodec::default(),
        todo,
        news,
        waiting: HashMap::new(),
        next_id: 0,
        subscribing: None,
    };
    let task = tokio::spawn(async move {
        let lost = wire.run().await;
        // Nobody being left to hear it is fine.
        let _ = over.send(Some(lost));
    });
    let client =
        Client { jobs, slots: Arc::new(Semaphore::new(in_flight.clamp(1, IN_FLIGHT_MAX))), lost };
    (client, News(items), task)
}

/// Owns the connection and everything that is known of it.
struct Wireman {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    read: BytesMut,
    out: BytesMut,
    codec: FrameCodec,
    todo: mpsc::Receiver<Job>,
    news: mpsc::Sender<Item>,
    waiting: HashMap<u32, (oneshot::Sender<Outcome>, OwnedSemaphorePermit)>,
    next_id: u32,
    subscribing: Option<u32>,
}

/// What happens to bytes that were written.
#[derive(PartialEq, Eq)]
enum Flush {
    Done,
    Due,
}

/// Writes part of what is to be written, or flushes once all is. Nothing is lost when it is
/// cancelled.
async fn write_some(writer: &mut WriteHalf<Stream>, out: &mut BytesMut) -> io::Result<Flush> {
    if out.is_empty() {
        writer.flush().await?;
        return Ok(Flush::Done);
    }
    writer.write_buf(out).await?;
    Ok(Flush::Due)
}

impl Wireman {
    async fn run(mut self) -> Lost {
        let lost = match self.serve().await {
            Ok(()) => Lost::ByUs,
            Err(lost) => lost,
        };
        // What cannot be said in time need not be.
        let _ = timeout(GOODBYE_WITHIN, self.writer.shutdown()).await;
        lost
    }

    /// Goes on until the connection is lost, or nobody can ask any more.
    async fn serve(&mut self) -> Result<(), Lost> {
        let mut flush = Flush::Done;
        let mut pulse = Pulse::new(Instant::now());
        self.take_frames()?;
        loop {
            let (at, alarm) = pulse.alarm();
            tokio::select! {
                job = self.todo.recv(), if self.out.len() < OUT_BYTES_MAX => match job {
                    Some(job) => {
                        self.enqueue(job);
                        pulse.asked(Instant::now());
                    }
                    None => return self.drain().await,
                },
                count = self.reader.read_buf(&mut self.read) => {
                    if count? == 0 {
                        return Err(Lost::Ended);
                    }
                    self.take_frames()?;
                    pulse.heard(Instant::now(), self.waiting.len());
                }
                progress = write_some(&mut self.writer, &mut self.out),
                    if !self.out.is_empty() || flush == Flush::Due => flush = progress?,
                () = sleep_until(at) => match alarm {
                    Alarm::Gone => return Err(Lost::Silent),
                    Alarm::Ping => {
                        pulse.pinged(Instant::now());
                        let id = self.new_id();
                        self.encode(id, Command::Ping)?;
                    }
                },
            }
        }
    }

    /// Writes what is left to write, for requests whose answer nobody waits for.
    async fn drain(&mut self) -> Result<(), Lost> {
        let writing = async {
            self.writer.write_all_buf(&mut self.out).await?;
            self.writer.flush().await
        };
        timeout(GOODBYE_WITHIN, writing).await.map_err(|_| Lost::Silent)?.map_err(Lost::from)
    }

    fn new_id(&mut self) -> u32 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    fn enqueue(&mut self, job: Job) {
        let id = self.new_id();
        if job.command == Command::Subscribe {
            self.subscribing = Some(id);
        }
        match self.encode(id, job.command) {
            Ok(()) => {
                self.waiting.insert(id, (job.reply, job.slot));
            }
            // No frame can hold it, so the server cannot be asked: it would refuse as we do.
            Err(_) => {
                let _ = job.reply.send(Outcome::Refused(Code::TooLong.into()));
            }
        }
    }

    fn encode(&mut self, id: u32, command: Command) -> Result<(), FrameError> {
        let bytes = frame(&Request { id, command: command.into() })?;
        self.out.extend_from_slice(&bytes);
        Ok(())
    }

    fn take_frames(&mut self) -> Result<(), Lost> {
        while let Some(bytes) = self.codec.decode(&mut self.read)? {
            match ServerFrame::decode(&bytes).map_err(FrameError::from)? {
                ServerFrame::Reply(reply) => {
                    if self.subscribing == Some(reply.id) && reply.outcome.0 == Outcome::Done {
                        self.tell(Item::Subscribed)?;
                    }
                    if let Some((asker, _slot)) = self.waiting.remove(&reply.id) {
                        // Whoever asked may have stopped waiting.
                        let _ = asker.send(reply.outcome.0);
                    }
                }
                ServerFrame::Push(push) => self.tell(Item::Push(push.0))?,
                ServerFrame::Closing(closing) => return Err(Lost::Closed(closing.reason)),
                ServerFrame::Welcome(_) => return Err(Lost::Garbled("second Welcome".to_owned())),
                // Newer servers may say more than we know.
                ServerFrame::Unknown => {}
            }
        }
        Ok(())
    }

    fn tell(&mut self, item: Item) -> Result<(), Lost> {
        match self.news.try_send(item) {
            // Whoever asks without reading the news has no use for them.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Lost::Overrun),
        }
    }
}
