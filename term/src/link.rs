//! Keeps the full-screen client connected: does what it asks, tells it the news, and connects
//! again by itself.

mod online;
mod outbox;
mod pages;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use parlor_protocol::id::{Revision, RoomId, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use self::online::Ending;
use self::outbox::Outbox;
use crate::console::Nobody;
use crate::model;
use crate::net::Session;
use crate::net::account::{Account, Outlook};
use crate::update::{Ask, News};

/// The first wait before connecting again, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// A connection that lasted this long was a good one: the waits begin with the first again.
const GOOD_AFTER: Duration = Duration::from_secs(10);
const NOT_CONNECTED: &str = "Not connected: try again when the connection is back.";

/// Nobody takes the news any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScreenGone;

/// Who takes the news. It may block while the screen has too much to do; then nothing more is read
/// from the server either.
pub(crate) type Tell = Box<dyn Fn(News) -> Result<(), ScreenGone> + Send>;

/// The network's half of the full-screen client.
pub(crate) struct Link {
    account: Account,
    asks: mpsc::Receiver<Ask>,
    tell: Tell,
    outbox: Outbox,
    /// The last change of each room that the screen was told of.
    revisions: BTreeMap<RoomId, Revision>,
    /// The message of the day that the screen was told last; empty for none.
    motd: String,
}

impl Link {
    /// A link that logs in as this account, is asked there, and tells the news here.
    pub(crate) fn new(account: Account, asks: mpsc::Receiver<Ask>, tell: Tell) -> Self {
        let (outbox, revisions) = (Outbox::default(), BTreeMap::new());
        Self { account, asks, tell, outbox, revisions, motd: String::new() }
    }

    /// Tells the message of the day, once, however often the connection is made again.
    fn greet(&mut self, motd: &str) -> Result<(), ScreenGone> {
        if motd.is_empty() || self.motd == motd {
            return Ok(());
        }
        motd.clone_into(&mut self.motd);
        (self.tell)(News::Said(motd.to_owned()))
    }

    /// Serves the screen until it is gone, beginning with a session that is logged in.
    pub(crate) async fn run(mut self, mut session: Session) {
        let mut pause = BACK_OFF.0;
        loop {
            let begun = Instant::now();
            let lost = match online::serve(&mut self, session).await {
                Ending::Lost(lost) => lost,
                Ending::ScreenGone => return,
            };
            self.outbox.disconnected();
            if begun.elapsed() >= GOOD_AFTER {
                pause = BACK_OFF.0;
            }
            let again = if lost.for_good().is_some() {
                self.over(lost.to_string()).await
            } else {
                self.connect_again(lost.to_string(), &mut pause).await
            };
            match again {
                Ok(again) => session = again,
                Err(ScreenGone) => return,
            }
        }
    }

    async fn connect_again(
        &mut self,
        mut why: String,
        pause: &mut Duration,
    ) -> Result<Session, ScreenGone> {
        let heard = Some(now());
        loop {
            // Half of it at random, so that the clients of a server do not all come at once.
            let wait = pause.mul_f64(rand::random_range(0.5..1.0));
            *pause = BACK_OFF.1.min(*pause * 2);
            let retry_at = Timestamp(now().0.saturating_add_unsigned(millis(wait)));
            (self.tell)(News::Link(model::Link::Waiting { heard, retry_at, why }))?;
            self.meanwhile(sleep(wait)).await?;
            let Self { account, asks, tell, outbox, .. } = self;
            let mut nobody = Nobody;
            let logging_in = account.log_in(&mut nobody);
            match meanwhile(asks, tell, outbox, logging_in).await? {
                Ok((session, _)) => return Ok(session),
                Err(error) => match error.outlook() {
                    Outlook::MayPass => why = error.to_string(),
                    Outlook::Lasts => return self.over(error.to_string()).await,
                },
            }
        }
    }

    /// Says that there will be no connection any more, and waits for the screen to go.
    async fn over<T>(&mut self, why: String) -> Result<T, ScreenGone> {
        (self.tell)(News::Link(model::Link::Over { why }))?;
        self.meanwhile(std::future::pending()).await
    }

    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, ScreenGone> {
        meanwhile(&mut self.asks, &self.tell, &mut self.outbox, work).await
    }
}

/// Does some work while there is no connection: what is to be sent is kept, all else is told to be
/// impossible.
async fn meanwhile<T>(
    asks: &mut mpsc::Receiver<Ask>,
    tell: &Tell,
    outbox: &mut Outbox,
    work: impl Future<Output = T>,
) -> Result<T, ScreenGone> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            ask = asks.recv() => match ask.ok_or(ScreenGone)? {
                Ask::Send { room, local, text } => outbox.add(room, local, text),
                Ask::Do { id, .. } => {
                    tell(News::Failed { id, code: None, why: NOT_CONNECTED.to_owned() })?;
                }
                Ask::Page { listing, .. } => {
                    tell(News::NoPage { listing, why: NOT_CONNECTED.to_owned() })?;
                }
                // The screen asks again for what it misses when there is a connection.
                Ask::Older { .. } | Ask::Members { .. } | Ask::Read { .. } => {}
            },
        }
    }
}

/// The time by this machine's clock, which the countdown to the next try goes by.
fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
