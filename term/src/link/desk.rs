//! Where the screen hands in what it wants done and is told the news, with or without a connection.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::id::RoomId;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use super::keeper::Keeper;
use super::outbox::Outbox;
use super::{ScreenGone, Tell};
use crate::model::LocalId;
use crate::update::{Ask, News};

/// A user who is there is not kept waiting, but the server is not asked more often than this.
const TRY_EVERY: Duration = Duration::from_secs(1);
const NOT_CONNECTED: &str = "Not connected: try again when the connection is back.";

/// What there is whether or not there is a connection.
pub(super) struct Desk {
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) tell: Tell,
    pub(super) outbox: Outbox,
    pub(super) keeper: Keeper,
    /// The user is there.
    awake: Arc<Notify>,
}

impl Desk {
    pub(super) fn new(
        asks: mpsc::Receiver<Ask>,
        tell: Tell,
        outbox: Outbox,
        keeper: Keeper,
    ) -> Self {
        Self { asks, tell, outbox, keeper, awake: Arc::new(Notify::new()) }
    }

    /// Waits for a while after the last try, or until the user is there.
    pub(super) async fn wait(&mut self, tried: Instant, wait: Duration) -> Result<(), ScreenGone> {
        let awake = Arc::clone(&self.awake);
        self.meanwhile(async move {
            let user = async {
                awake.notified().await;
                sleep_until(tried + TRY_EVERY).await;
            };
            tokio::select! {
                () = user => {}
                () = sleep(wait) => {}
            }
        })
        .await
    }

    /// Does some work while there is no connection: what is to be sent is kept, all else is told
    /// to be impossible.
    pub(super) async fn meanwhile<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, ScreenGone> {
        let mut work = pin!(work);
        loop {
            let queued = self.outbox.keep(&mut self.keeper);
            self.tell_queued(queued)?;
            let due = self.keeper.due();
            tokio::select! {
                done = &mut work => return Ok(done),
                ask = self.asks.recv() => self.take(ask.ok_or(ScreenGone)?)?,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.keeper.commit();
                }
            }
        }
    }

    fn take(&mut self, ask: Ask) -> Result<(), ScreenGone> {
        match ask {
            Ask::Send { room, local, text, kind } => self.outbox.add(room, local, text, kind),
            Ask::Discard { local } => self.discard(local),
            Ask::Keep(keep) => {
                self.keeper.keep(|cache| cache.keep(&keep));
            }
            Ask::Wake => self.awake.notify_one(),
            Ask::Do { id, .. } | Ask::Passwd { id, .. } => {
                (self.tell)(News::Failed { id, code: None, why: NOT_CONNECTED.to_owned() })?;
            }
            Ask::Page { listing, .. } => {
                (self.tell)(News::NoPage { listing, why: NOT_CONNECTED.to_owned() })?;
            }
            // The screen asks again for what it misses when there is a connection.
            Ask::Older { .. }
            | Ask::Members { .. }
            | Ask::Read { .. }
            | Ask::ReadNotices(_)
            | Ask::Answer(_) => {}
        }
        Ok(())
    }

    /// Forgets a message that its user took back.
    pub(super) fn discard(&mut self, local: LocalId) {
        self.outbox.settle(local);
        self.keeper.keep(|cache| cache.settle(local));
    }

    /// Tells which messages are on the disk now, and what the disk did not do.
    pub(super) fn tell_queued(&mut self, queued: Vec<(RoomId, LocalId)>) -> Result<(), ScreenGone> {
        for (room, local) in queued {
            (self.tell)(News::Queued { room, local })?;
        }
        match self.keeper.complaint() {
            Some(complaint) => (self.tell)(News::Warning(complaint)),
            None => Ok(()),
        }
    }

    /// When there is something to do though nothing happens.
    pub(super) fn due(&self) -> Option<Instant> {
        self.keeper.due().into_iter().chain(self.outbox.held_until()).min()
    }

    /// Does what is due, apart from sending.
    pub(super) fn on_time(&mut self) {
        if self.keeper.due().is_some_and(|due| due <= Instant::now()) {
            self.keeper.commit();
        }
    }

    /// Keeps what the screen handed in last. Nobody is told any more.
    pub(super) fn close(&mut self) {
        while let Ok(ask) = self.asks.try_recv() {
            // It only fails to tell.
            let _ = self.take(ask);
        }
        self.outbox.keep(&mut self.keeper);
        self.keeper.commit();
    }
}
