//! One connection: news in order and without gaps, questions and their answers, messages out.

use std::time::Duration;

use parlor_protocol::id::{Revision, RoomId};
use parlor_protocol::message::{Direction, History, ListChanges};
use parlor_protocol::name::has_room_id_form;
use parlor_protocol::push::{Changed, Push, RoomChange};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::{
    CreateRoom, Demote, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, Promote, Rename,
    Room, RoomRef, Scope, SetTopic, Transfer,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::desk::Desk;
use super::outbox::Turn;
use super::{Link, ScreenGone};
use crate::model::{self, Before, Listed, LocalId, Member, More};
use crate::net::{self, CallError, Client, Item, Lost, Session};
use crate::update::{Ask, News};
use crate::words;

/// How many messages a page of history has.
const HISTORY_PAGE: u32 = 100;
/// How many rooms a page of the directory has.
const DIRECTORY_PAGE: u32 = 50;
/// After more missed changes than this, a room's conversation is fetched anew from its end.
const MISSED_MAX: u64 = 2_000;
/// A server that has said something so lately is not asked whether it is there.
const SILENCE_MIN: Duration = Duration::from_secs(5);
/// How long to wait where the server cannot do something now and does not say for how long.
const BUSY_WAIT: Duration = Duration::from_secs(1);

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum Ending {
    /// It is lost.
    Lost(Lost),
    /// Nobody is left to be served.
    ScreenGone,
}

impl From<Lost> for Ending {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<ScreenGone> for Ending {
    fn from(_: ScreenGone) -> Self {
        Self::ScreenGone
    }
}

/// What comes of a question.
enum Answer {
    /// News for the screen.
    News(News),
    /// What became of a message.
    Sent(LocalId, Result<(), CallError>),
    /// The subscription failed.
    Refused(Refusal),
    /// Nothing; the connection's end is noticed elsewhere.
    Nothing,
}

struct Online<'a> {
    link: &'a mut Link,
    client: Client,
    answers: JoinSet<Answer>,
    /// The parts of the snapshot that have come.
    snapshot: Vec<Room>,
    /// When the server last said anything that matters here.
    heard: Instant,
    /// Whether it was asked if it is there, and has said nothing since.
    probing: bool,
}

/// Serves the screen over one connection until that ends.
pub(super) async fn serve(link: &mut Link, mut session: Session) -> Ending {
    let client = session.client.clone();
    let (answers, snapshot, heard) = (JoinSet::new(), Vec::new(), Instant::now());
    let mut online = Online { link, client, answers, snapshot, heard, probing: false };
    let Err(ending) = online.serve(&mut session).await;
    drop(online);
    if matches!(ending, Ending::ScreenGone) {
        session.close().await;
    }
    ending
}

impl Online<'_> {
    async fn serve(&mut self, session: &mut Session) -> Result<std::convert::Infallible, Ending> {
        (self.link.desk.tell)(News::Link(model::Link::Online { round_trip: None }))?;
        let client = self.client.clone();
        self.answers.spawn(async move {
            match client.subscribe().await {
                Ok(()) => round_trip(&client).await,
                Err(CallError::Refused(refusal)) => Answer::Refused(refusal),
                Err(CallError::Lost(_)) => Answer::Nothing,
            }
        });
        loop {
            // What the user wants comes before any flood of news.
            while let Ok(ask) = self.link.desk.asks.try_recv() {
                self.carry_out(ask);
            }
            self.send(session).await?;
            let due = self.link.desk.due();
            let wait = due.unwrap_or_else(Instant::now);
            tokio::select! {
                // A message's push was read before its reply: so it is shown, then acknowledged.
                biased;
                item = session.news.next() => match item {
                    Some(item) => {
                        self.heard();
                        self.take(item).await?;
                    }
                    None => return Err(self.client.lost().await.into()),
                },
                Some(answer) = self.answers.join_next() => {
                    self.heard();
                    self.answered(answer.expect("invariant: questions never panic"))?;
                }
                ask = self.link.desk.asks.recv() => self.carry_out(ask.ok_or(ScreenGone)?),
                () = sleep_until(wait), if due.is_some() => self.link.desk.on_time(),
            }
        }
    }

    fn heard(&mut self) {
        self.heard = Instant::now();
        self.probing = false;
    }

    async fn take(&mut self, item: Item) -> Result<(), Ending> {
        match item {
            Item::Push(Push::Snapshot(room)) => self.snapshot.push(room),
            Item::Subscribed => self.subscribed().await?,
            Item::Push(Push::Changed(changed)) => self.changed(changed).await?,
            Item::Push(Push::Entered(room)) => {
                self.link.revisions.insert(room.room, room.revision.unwrap_or_default());
                self.link.desk.keeper.keep(|cache| cache.enter(&room));
                (self.link.desk.tell)(News::Entered(room))?;
            }
            Item::Push(Push::Exited(exited)) => {
                self.forget(exited.room);
                (self.link.desk.tell)(News::Exited(exited))?;
            }
            Item::Push(Push::Notified(told)) => (self.link.desk.tell)(News::Notified(told))?,
            Item::Push(Push::Read(marker)) => {
                (self.link.desk.tell)(News::Read { room: marker.room, unread: marker.unread })?;
            }
            // Newer servers may say more than we know, and no list of notifications is shown yet.
            Item::Push(
                Push::NotificationsRead(_) | Push::NotificationsDismissed(_) | Push::Unknown,
            ) => {}
        }
        Ok(())
    }

    /// The snapshot is complete. First comes what was missed up to it, then it, then what follows:
    /// so the screen counts nothing twice.
    async fn subscribed(&mut self) -> Result<(), Ending> {
        let snapshot = std::mem::take(&mut self.snapshot);
        let is_gone = |id: &&RoomId| snapshot.iter().all(|room| room.room != **id);
        let gone: Vec<_> = self.link.revisions.keys().filter(is_gone).copied().collect();
        for room in gone {
            self.forget(room);
        }
        for room in &snapshot {
            self.link.desk.keeper.keep(|cache| cache.enter(room));
            self.catch_up(room.room, room.revision.unwrap_or_default()).await?;
        }
        Ok((self.link.desk.tell)(News::Rooms(snapshot))?)
    }

    async fn changed(&mut self, changed: Changed) -> Result<(), Ending> {
        let Changed { room, change: Record(change) } = changed;
        let Some(&known) = self.link.revisions.get(&room) else {
            return Ok(());
        };
        if change.revision == known.next() {
            self.tell_change(room, change)?;
        } else if change.revision > known {
            self.catch_up(room, change.revision).await?;
        }
        Ok(())
    }

    fn tell_change(&mut self, room: RoomId, change: RoomChange) -> Result<(), ScreenGone> {
        self.link.revisions.insert(room, change.revision);
        self.link.desk.keeper.keep(|cache| cache.change(room, &change));
        (self.link.desk.tell)(News::Changed { room, at: change.at, change: change.change.0 })
    }

    fn forget(&mut self, room: RoomId) {
        self.link.revisions.remove(&room);
        self.link.desk.outbox.forget(room);
        self.link.desk.keeper.keep(|cache| cache.forget(room));
    }

    /// Tells the screen all that happened in a room between what it knows and a revision.
    async fn catch_up(&mut self, room: RoomId, until: Revision) -> Result<(), Ending> {
        let known = self.link.revisions.get(&room).copied();
        let Some(mut since) = known else {
            self.link.revisions.insert(room, until);
            return Ok(());
        };
        if until.0.saturating_sub(since.0) > MISSED_MAX {
            return self.start_over(room, until);
        }
        if since < until {
            (self.link.desk.tell)(News::CatchingUp(room))?;
        }
        while since < until {
            let page = match self.client.ask(ListChanges { room, since, limit: 0 }).await {
                Ok(page) => page,
                // Too old, most likely; the messages can be asked for all the same.
                Err(CallError::Refused(_)) => return self.start_over(room, until),
                Err(CallError::Lost(lost)) => return Err(lost.into()),
            };
            let before = since;
            for Record(change) in page.changes {
                if change.revision > since && change.revision <= until {
                    since = change.revision;
                    self.tell_change(room, change)?;
                }
            }
            // A server that has nothing to say would be asked for ever.
            if since == before {
                return self.start_over(room, until);
            }
        }
        Ok(())
    }

    fn start_over(&mut self, room: RoomId, until: Revision) -> Result<(), Ending> {
        self.link.revisions.insert(room, until);
        self.link.desk.keeper.keep(|cache| cache.start_over(room, until));
        Ok((self.link.desk.tell)(News::Gap(room))?)
    }

    /// Sends what is to be sent, after it was written down under its nonce.
    async fn send(&mut self, session: &Session) -> Result<(), Ending> {
        let Desk { outbox, keeper, .. } = &mut self.link.desk;
        let Turn { queued, sends } = outbox.send(Instant::now(), keeper, || session.nonce());
        self.link.desk.tell_queued(queued)?;
        for (local, send) in sends {
            let pending = self.client.begin(send).await?;
            let answer = async move { Answer::Sent(local, pending.answer().await.map(|_| ())) };
            self.answers.spawn(answer);
        }
        Ok(())
    }

    fn answered(&mut self, answer: Answer) -> Result<(), Ending> {
        match answer {
            Answer::News(news) => {
                if let News::Older { room, messages, .. } = &news {
                    self.link.desk.keeper.keep(|cache| cache.older(*room, messages));
                }
                (self.link.desk.tell)(news)?;
            }
            Answer::Sent(local, Ok(())) => {
                self.link.desk.keeper.keep(|cache| cache.settle(local));
                if let Some(room) = self.link.desk.outbox.settle(local) {
                    (self.link.desk.tell)(News::Acknowledged { room, local })?;
                }
            }
            Answer::Sent(local, Err(CallError::Refused(refusal))) => {
                self.refused(local, &refusal)?;
            }
            // The next connection sends it again.
            Answer::Sent(_, Err(CallError::Lost(_))) | Answer::Nothing => {}
            Answer::Refused(refusal) => {
                return Err(Lost::Failed(words::refusal(&refusal)).into());
            }
        }
        Ok(())
    }

    /// A message was refused: for now, then it is sent again, or for good.
    fn refused(&mut self, local: LocalId, refusal: &Refusal) -> Result<(), ScreenGone> {
        let for_now = matches!(refusal.code, Code::Busy | Code::Unavailable);
        if for_now || refusal.retry_after_ms.is_some() {
            let millis = refusal.retry_after_ms.map(u64::from);
            let wait = millis.map_or(BUSY_WAIT, Duration::from_millis);
            let until = super::later(wait);
            return match self.link.desk.outbox.hold(local, Instant::now(), wait) {
                Some(room) => (self.link.desk.tell)(News::Held { room, local, until }),
                None => Ok(()),
            };
        }
        let Some(room) = self.link.desk.outbox.settle(local) else {
            return Ok(());
        };
        let why = sentence(refusal);
        self.link.desk.keeper.keep(|cache| cache.refuse(local, &why));
        (self.link.desk.tell)(News::Refused { room, local, why })
    }

    fn carry_out(&mut self, ask: Ask) {
        let client = self.client.clone();
        match ask {
            Ask::Send { room, local, text } => self.link.desk.outbox.add(room, local, text),
            Ask::Discard { local } => self.link.desk.discard(local),
            Ask::Keep(keep) => {
                self.link.desk.keeper.keep(|cache| cache.keep(&keep));
            }
            Ask::Wake => self.probe(),
            Ask::Older { room, before } => self.ask(async move {
                let (direction, limit) = (Direction::Before, HISTORY_PAGE);
                let page = client.ask(History { room, direction, seq: before, limit }).await?;
                let messages = page.messages.into_iter().map(|message| message.0).collect();
                let before = if page.more { Before::Unknown } else { Before::Nothing };
                Ok(News::Older { room, messages, before })
            }),
            Ask::Members { room } => self.ask(async move {
                let page = client.ask(ListMembers { room, after: None, limit: 0 }).await?;
                let members = page.members.into_iter().map(|Record(member)| Member {
                    user: member.user.to_string(),
                    role: member.role,
                });
                Ok(News::Members { room, members: members.collect() })
            }),
            Ask::List { search, after } => self.ask(async move {
                let (scope, limit) = (Scope::Public, DIRECTORY_PAGE);
                let ask = ListRooms { scope, search: search.clone(), after, limit };
                let page = client.ask(ask).await?;
                let rooms = page.rooms.into_iter().map(|Record(room)| Listed {
                    id: room.room,
                    title: room.title.as_str().to_owned(),
                    members: room.members,
                });
                let more = page.next.map_or(More::Nothing, More::From);
                Ok(News::Listed { search, rooms: rooms.collect(), more })
            }),
            Ask::Create { title, visibility, entry } => {
                self.change(CreateRoom { title, visibility, entry });
            }
            Ask::Join { room } => self.ask(async move {
                let room = find(&client, &room).await?;
                client.ask(JoinRoom { room, leave: None }).await?;
                Ok(News::Done)
            }),
            Ask::Leave { room } => self.change(LeaveRoom { room }),
            Ask::Promote { room, user } => self.change(Promote { room, user }),
            Ask::Demote { room, user } => self.change(Demote { room, user }),
            Ask::Transfer { room, user } => self.change(Transfer { room, user }),
            Ask::Topic { room, topic } => self.change(SetTopic { room, topic }),
            Ask::Rename { room, title } => self.change(Rename { room, title }),
        }
    }

    /// Asks whether the server is there, unless it has just said something. One that is not is
    /// given up 10 s later.
    fn probe(&mut self) {
        if self.heard.elapsed() < SILENCE_MIN || self.probing {
            return;
        }
        self.probing = true;
        let client = self.client.clone();
        self.answers.spawn(async move { round_trip(&client).await });
    }

    /// Asks for a change, which the screen hears of as everyone does.
    fn change(&mut self, change: impl net::Ask<Answer: Send> + Send + 'static) {
        let client = self.client.clone();
        self.ask(async move { client.ask(change).await.map(|_| News::Done) });
    }

    /// Asks beside everything else; a refusal is news of its own.
    fn ask(&mut self, question: impl Future<Output = Result<News, CallError>> + Send + 'static) {
        self.answers.spawn(async move {
            match question.await {
                Ok(news) => Answer::News(news),
                Err(CallError::Refused(refusal)) => Answer::News(News::Failed(sentence(&refusal))),
                Err(CallError::Lost(_)) => Answer::Nothing,
            }
        });
    }
}

async fn round_trip(client: &Client) -> Answer {
    match client.ping().await {
        Ok(time) => Answer::News(News::Link(model::Link::Online { round_trip: Some(time) })),
        Err(_) => Answer::Nothing,
    }
}

/// The room that the user means: a string in the hyphenated form is an ID, otherwise a title is
/// tried first, then an ID.
async fn find(client: &Client, named: &str) -> Result<RoomId, CallError> {
    let id = named.parse::<RoomId>().ok();
    if let Some(id) = id.filter(|_| has_room_id_form(named)) {
        return Ok(id);
    }
    let by_title = FindRoom { room: Record(RoomRef::Title(named.to_owned())) };
    match (client.ask(by_title).await, id) {
        (Ok(room), _) => Ok(room.room),
        // What is no title, such as one that is too long, may yet be an ID.
        (
            Err(CallError::Refused(Refusal { code: Code::NoSuchRoom | Code::BadTitle, .. })),
            Some(id),
        ) => Ok(id),
        (Err(error), _) => Err(error),
    }
}

/// What a refusal means and what to do, as a whole sentence.
fn sentence(refusal: &Refusal) -> String {
    let words = words::refusal(refusal);
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}
