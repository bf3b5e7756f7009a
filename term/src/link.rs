//! Keeps the full-screen client connected: does what it asks, tells it the news, and connects
//! again by itself.

mod desk;
mod doing;
mod keeper;
mod online;
mod outbox;
mod pages;
mod passwd;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use parlor_protocol::id::{Revision, RoomId, Timestamp};
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::desk::Desk;
use self::keeper::Keeper;
use self::online::Ending;
use self::outbox::Outbox;
use crate::cache::{Cache, Login, Waiting};
use crate::console::Nobody;
use crate::host_key::HostKey;
use crate::model;
use crate::net::account::{Account, LoginError, Outlook};
use crate::net::{ConnectError, Session};
use crate::update::{Ask, News};

/// The first wait before connecting again, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// A connection that lasted this long was a good one: the waits begin with the first again.
const GOOD_AFTER: Duration = Duration::from_secs(10);

/// Nobody takes the news any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScreenGone;

/// Who takes the news. It may block while the screen has too much to do; then nothing more is read
/// from the server either.
pub(crate) type Tell = Box<dyn Fn(News) -> Result<(), ScreenGone> + Send>;

/// What is known before the screen is served.
#[derive(Debug)]
pub(crate) struct Known {
    /// The key of the server whose rooms are shown.
    pub(crate) server: HostKey,
    /// Where what is shown and to be sent is kept; without it that is forgotten at the end.
    pub(crate) cache: Option<Cache>,
    /// What waits to be sent.
    pub(crate) outbox: Vec<Waiting>,
    /// The last change of each room that the screen has.
    pub(crate) revisions: BTreeMap<RoomId, Revision>,
}

/// The network's half of the full-screen client.
pub(crate) struct Link {
    account: Account,
    server: HostKey,
    desk: Desk,
    /// The last change of each room that the screen was told of.
    revisions: BTreeMap<RoomId, Revision>,
    /// The message of the day that the screen was told last; empty for none.
    motd: String,
}

/// Why the screen is not served any more.
enum End {
    /// It is gone.
    ScreenGone,
    /// There is no way in, or no trust, and somebody has to know in plain words.
    Failed(LoginError),
}

impl From<ScreenGone> for End {
    fn from(_: ScreenGone) -> Self {
        Self::ScreenGone
    }
}

impl Link {
    /// A link that logs in as this account, is asked there, and tells the news here.
    pub(crate) fn new(
        account: Account,
        known: Known,
        asks: mpsc::Receiver<Ask>,
        tell: Tell,
    ) -> Self {
        let Known { server, cache, outbox, revisions } = known;
        let desk = Desk::new(asks, tell, Outbox::new(outbox), Keeper::new(cache));
        Self { account, server, desk, revisions, motd: String::new() }
    }

    /// Tells the message of the day, once, however often the connection is made again.
    fn greet(&mut self, motd: &str) -> Result<(), ScreenGone> {
        if motd.is_empty() || self.motd == motd {
            return Ok(());
        }
        motd.clone_into(&mut self.motd);
        (self.desk.tell)(News::Said(motd.to_owned()))
    }

    /// Serves the screen until it is gone, beginning with a session where one is logged in.
    ///
    /// # Errors
    /// When one cannot log in at all, or the server is not trusted any more. The screen was told
    /// to go; the error is for its user to read afterwards.
    pub(crate) async fn run(mut self, first: Option<Session>) -> Result<(), LoginError> {
        let Err(end) = self.serve(first).await;
        let outcome = match end {
            End::ScreenGone => Ok(()),
            End::Failed(error) => {
                self.desk.keeper.keep(|cache| cache.note_login(Login::TakesItsUser));
                // It has something to hand over yet.
                if (self.desk.tell)(News::Leave).is_ok() {
                    let gone = self.desk.meanwhile(std::future::pending::<Infallible>()).await;
                    let Err(ScreenGone) = gone;
                }
                Err(error)
            }
        };
        self.desk.close();
        outcome
    }

    async fn serve(&mut self, first: Option<Session>) -> Result<Infallible, End> {
        let mut pause = BACK_OFF.0;
        let mut session = match first {
            Some(session) => session,
            None => match self.log_in().await? {
                Ok(session) => session,
                Err(error) => match error.outlook() {
                    Outlook::MayPass => {
                        self.connect_again(None, error.to_string(), &mut pause).await?
                    }
                    Outlook::Lasts => return Err(End::Failed(error)),
                },
            },
        };
        self.desk.keeper.keep(|cache| cache.note_login(Login::ByItself));
        loop {
            let begun = Instant::now();
            let lost = match online::serve(self, session).await {
                Ending::Lost(lost) => lost,
                Ending::ScreenGone => return Err(End::ScreenGone),
            };
            self.desk.outbox.disconnected();
            if begun.elapsed() >= GOOD_AFTER {
                pause = BACK_OFF.0;
            }
            if lost.for_good().is_some() {
                return self.over(lost.to_string()).await;
            }
            session = self.connect_again(Some(now()), lost.to_string(), &mut pause).await?;
        }
    }

    /// Connects again after waits, until it succeeds. `heard` is when the server was last there.
    async fn connect_again(
        &mut self,
        heard: Option<Timestamp>,
        mut why: String,
        pause: &mut Duration,
    ) -> Result<Session, End> {
        let mut tried = Instant::now();
        loop {
            // Half of it at random, so that the clients of a server do not all come at once.
            let wait = pause.mul_f64(rand::random_range(0.5..1.0));
            *pause = BACK_OFF.1.min(*pause * 2);
            let waiting = |retry_at, why: &str| {
                News::Link(model::Link::Waiting { heard, retry_at, why: why.to_owned() })
            };
            (self.desk.tell)(waiting(later(wait), &why))?;
            self.desk.wait(tried, wait).await?;
            // The user may have cut the wait short.
            (self.desk.tell)(waiting(now(), &why))?;
            tried = Instant::now();
            match self.log_in().await? {
                Ok(session) => return Ok(session),
                Err(error) if error.outlook() == Outlook::MayPass => why = error.to_string(),
                Err(error) => return self.give_up(heard, error).await,
            }
        }
    }

    /// Logs in without asking anybody.
    async fn log_in(&mut self) -> Result<Result<Session, LoginError>, End> {
        let mut nobody = Nobody;
        let logging_in = self.account.log_in(&mut nobody);
        let session = match self.desk.meanwhile(logging_in).await? {
            Ok((session, _)) => session,
            Err(error) => return Ok(Err(error)),
        };
        if session.met.key == self.server {
            return Ok(Ok(session));
        }
        // It is known as well, but what is shown here is of the other one.
        let why = "the server has another host key now, which is known too; start parlor again";
        self.over(why.to_owned()).await
    }

    /// Goes no further: whoever was never here, or meets a server that is not trusted, is told so
    /// in plain words. Everyone else may still read.
    async fn give_up<T>(&mut self, heard: Option<Timestamp>, error: LoginError) -> Result<T, End> {
        let untrusted = matches!(error, LoginError::Connect(ConnectError::Untrusted(_)));
        if untrusted || heard.is_none() {
            return Err(End::Failed(error));
        }
        self.over(error.to_string()).await
    }

    /// Says that there will be no connection any more, and waits for the screen to go.
    async fn over<T>(&mut self, why: String) -> Result<T, End> {
        (self.desk.tell)(News::Link(model::Link::Over { why }))?;
        let Err(ScreenGone) = self.desk.meanwhile(std::future::pending::<Infallible>()).await;
        Err(End::ScreenGone)
    }
}

/// The time by this machine's clock, which the countdown to the next try goes by.
fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// The time when this much will have passed.
fn later(wait: Duration) -> Timestamp {
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Timestamp(now().0.saturating_add_unsigned(millis))
}
