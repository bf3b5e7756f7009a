//! One connection: news in order and without gaps, questions and their answers, messages out.

use std::collections::BTreeMap;
use std::time::Duration;

use parlor_protocol::id::Seq;
use parlor_protocol::id::{Revision, RoomId};
use parlor_protocol::message::{Direction, History, ListChanges};
use parlor_protocol::notification::WhichNotifications;
use parlor_protocol::push::{Changed, Push, RoomChange};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::{ListMembers, MarkRead, Room, Watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::desk::Desk;
use super::doing::done;
use super::outbox::Turn;
use super::passwd::passwd;
use super::{Link, ScreenGone, pages};
use crate::model::{self, Before, LocalId, Member};
use crate::net::{CallError, Client, Item, Lost, ReadNotifications, Session};
use crate::update::{Ask, News};
use crate::words::{self, Doing};

/// How many messages a page of history has.
const HISTORY_PAGE: u32 = 100;
/// After more missed changes than this, a room's conversation is fetched anew from its end.
const MISSED_MAX: u64 = 2_000;
/// A server that has said something so lately is not asked whether it is there.
const SILENCE_MIN: Duration = Duration::from_secs(5);
/// The least time between two read markers: who reads a busy room moves it with every message.
const MARKERS_EVERY: Duration = Duration::from_secs(1);
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
    /// What ties a proof of the password to this connection.
    binding: [u8; 32],
    answers: JoinSet<Answer>,
    /// The parts of the snapshot that have come.
    snapshot: Vec<Room>,
    /// When the server last said anything that matters here.
    heard: Instant,
    /// Whether it was asked if it is there, and has said nothing since.
    probing: bool,
    /// Up to where rooms were read that the server was not told of.
    markers: BTreeMap<RoomId, Seq>,
    /// When it is told the next time.
    markers_due: Instant,
}

/// Serves the screen over one connection until that ends.
pub(super) async fn serve(link: &mut Link, mut session: Session) -> Ending {
    let client = session.client.clone();
    let mut online = Online {
        link,
        client,
        binding: session.met.login_context,
        answers: JoinSet::new(),
        snapshot: Vec::new(),
        heard: Instant::now(),
        probing: false,
        markers: BTreeMap::new(),
        markers_due: Instant::now(),
    };
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
        self.link.greet(&session.welcome.motd)?;
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
                () = sleep_until(self.markers_due), if !self.markers.is_empty() => self.mark(),
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
                let (id, revision) = (room.room, room.revision.unwrap_or_default());
                self.link.revisions.insert(id, revision);
                self.link.desk.keeper.keep(|cache| cache.enter(&room));
                (self.link.desk.tell)(News::Entered(room))?;
                self.entering(id, revision).await?;
            }
            Item::Push(Push::Exited(exited)) => {
                self.forget(exited.room);
                (self.link.desk.tell)(News::Exited(exited))?;
            }
            Item::Push(Push::Notified(told)) => (self.link.desk.tell)(News::Notified(told))?,
            Item::Push(Push::Present(present)) => (self.link.desk.tell)(News::Present(present))?,
            Item::Push(Push::Blocked(blocked)) => {
                (self.link.desk.tell)(News::Blocked(blocked.user.to_string()))?;
            }
            Item::Push(Push::Unblocked(unblocked)) => {
                (self.link.desk.tell)(News::Unblocked(unblocked.user.to_string()))?;
            }
            Item::Push(Push::Announced(announced)) => {
                (self.link.desk.tell)(News::Said(words::announced(&announced)))?;
            }
            Item::Push(Push::Read(marker)) => (self.link.desk.tell)(News::Read(marker))?,
            Item::Push(Push::NotificationsRead(which)) => {
                (self.link.desk.tell)(News::NoticesRead(which.id))?;
            }
            Item::Push(Push::NotificationsDismissed(which)) => {
                (self.link.desk.tell)(News::NoticesDismissed(which.id))?;
            }
            // Newer servers may say more than we know.
            Item::Push(Push::Unknown) => {}
        }
        Ok(())
    }

    /// The snapshot is complete. First comes what was missed up to it, then it, then what follows:
    /// so the screen counts nothing twice.
    async fn subscribed(&mut self) -> Result<(), Ending> {
        self.blocks().await?;
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

    /// Tells whose messages are hidden, before any that were missed are shown.
    async fn blocks(&mut self) -> Result<(), Ending> {
        let news = match self.client.blocked().await {
            Ok(blocked) => News::Blocks(blocked.iter().map(ToString::to_string).collect()),
            // Rather no news than what one does not want to see.
            Err(CallError::Refused(refusal)) => {
                return Err(Lost::Failed(words::refusal(&refusal)).into());
            }
            Err(CallError::Lost(lost)) => return Err(lost.into()),
        };
        Ok((self.link.desk.tell)(news)?)
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

    /// Tells how a room was entered: that is a change of it, but is pushed to those alone who were
    /// in it before.
    async fn entering(&mut self, room: RoomId, revision: Revision) -> Result<(), Ending> {
        let Some(since) = revision.0.checked_sub(1).map(Revision) else { return Ok(()) };
        match self.client.ask(ListChanges { room, since, limit: 1 }).await {
            Ok(page) => {
                for Record(change) in page.changes {
                    if change.revision == revision {
                        self.tell_change(room, change)?;
                    }
                }
                Ok(())
            }
            // One is out again already, most likely.
            Err(CallError::Refused(_)) => Ok(()),
            Err(CallError::Lost(lost)) => Err(lost.into()),
        }
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
        let why = words::on_screen(&words::refusal(refusal), refusal);
        self.link.desk.keeper.keep(|cache| cache.refuse(local, &why));
        (self.link.desk.tell)(News::Refused { room, local, why })
    }

    fn carry_out(&mut self, ask: Ask) {
        let client = self.client.clone();
        match ask {
            Ask::Send { room, local, text, kind } => {
                self.link.desk.outbox.add(room, local, text, kind);
            }
            Ask::Discard { local } => self.link.desk.discard(local),
            Ask::Keep(keep) => {
                self.link.desk.keeper.keep(|cache| cache.keep(&keep));
            }
            Ask::Wake => self.probe(),
            // Nothing is asked any more.
            Ask::Answer(_) => {}
            Ask::Older { room, before } => self.ask(async move {
                let (direction, limit) = (Direction::Before, HISTORY_PAGE);
                let page = client.ask(History { room, direction, seq: before, limit }).await?;
                let messages = page.messages.into_iter().map(|message| message.0).collect();
                let before = if page.more { Before::Unknown } else { Before::Nothing };
                Ok(News::Older { room, messages, before })
            }),
            Ask::Members { room } => self.ask(async move {
                // First, so that what comes after the list is told.
                client.ask(Watch { room: Some(room) }).await?;
                let page = client.ask(ListMembers { room, after: None, limit: 0 }).await?;
                let members = page.members.into_iter().map(|Record(member)| Member {
                    user: member.user.to_string(),
                    role: member.role,
                    online: member.online,
                    display_name: member.display_name.map(|name| name.to_string()),
                });
                Ok(News::Members { room, members: members.collect() })
            }),
            Ask::Page { listing, after } => self.ask(async move {
                let first = after.clone();
                Ok(match pages::fetch(&client, &listing, after).await {
                    Ok((rows, more)) => News::Page { listing, after: first, rows, more },
                    Err(CallError::Refused(refusal)) => News::NoPage {
                        listing,
                        why: words::on_screen(&words::refusal(&refusal), &refusal),
                    },
                    Err(CallError::Lost(lost)) => return Err(lost.into()),
                })
            }),
            Ask::Read { room, seq } => {
                self.markers.insert(room, seq);
            }
            Ask::Passwd { id, old, new } => self.passwd(id, (old, new)),
            Ask::ReadNotices(read) => {
                self.answers.spawn(async move {
                    for id in read {
                        // It comes back as a push to all devices. What is gone is read enough.
                        let which = WhichNotifications { id: Some(id) };
                        let _ = client.ask(ReadNotifications(which)).await;
                    }
                    Answer::Nothing
                });
            }
            Ask::Do { id, deed } => {
                let (doing, me) = (Doing::of(&deed), self.link.account.user.clone());
                self.answers.spawn(async move {
                    match done(&client, *deed).await {
                        Ok(()) => Answer::News(News::Done(id)),
                        Err(CallError::Refused(refusal)) => {
                            let said = words::refusal_of(&doing, &refusal, me.as_str());
                            let why = words::on_screen(&said, &refusal);
                            Answer::News(News::Failed { id, code: Some(refusal.code), why })
                        }
                        Err(CallError::Lost(_)) => Answer::Nothing,
                    }
                });
            }
        }
    }

    fn passwd(&mut self, id: model::AskId, passwords: (model::Secret, model::Secret)) {
        let (client, binding) = (self.client.clone(), self.binding);
        let user = self.link.account.user.clone();
        self.answers.spawn(async move {
            let news = passwd(&client, &binding, &user, id, passwords).await;
            news.map_or(Answer::Nothing, Answer::News)
        });
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

    /// Tells the server how far rooms were read. It may refuse: then one is in them no more.
    fn mark(&mut self) {
        self.markers_due = Instant::now() + MARKERS_EVERY;
        for (room, seq) in std::mem::take(&mut self.markers) {
            let client = self.client.clone();
            self.answers.spawn(async move {
                // The marker comes back as a push to all devices.
                let _ = client.ask(MarkRead { room, seq }).await;
                Answer::Nothing
            });
        }
    }

    /// Asks beside everything else. What is refused has no news: it concerns a room that one is in
    /// no more.
    fn ask(&mut self, question: impl Future<Output = Result<News, CallError>> + Send + 'static) {
        self.answers.spawn(async move { question.await.map_or(Answer::Nothing, Answer::News) });
    }
}

async fn round_trip(client: &Client) -> Answer {
    match client.ping().await {
        Ok(time) => Answer::News(News::Link(model::Link::Online { round_trip: Some(time) })),
        Err(_) => Answer::Nothing,
    }
}
