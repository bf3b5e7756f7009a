//! Following: what comes from now on, over as many connections as it takes.

use std::convert::Infallible;
use std::time::Duration;

use parlor_protocol::id::RoomId;
use parlor_protocol::push::Push;
use parlor_protocol::refusal::Refusal;

use super::Context;
use super::json::Object;
use crate::console::Nobody;
use crate::failure::Failure;
use crate::net::account::Outlook;
use crate::net::{CallError, Item, Lost};

/// The first wait before connecting again, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Something that is followed. What was printed of it is never printed again.
pub(super) trait Followed {
    /// The room that it is about, if it is about one.
    fn room(&self) -> Option<RoomId>;

    /// Prints what has happened since the last that was printed. It is called when a subscription
    /// has begun, from which on nothing is missed.
    async fn catch_up(&mut self, context: &mut Context<'_>) -> Result<(), Ended>;

    /// Prints what a push brings, where that belongs to it.
    async fn take(&mut self, context: &mut Context<'_>, push: Push) -> Result<(), Ended>;
}

/// Why following ends.
pub(super) enum Ended {
    /// The connection is gone, and another may do.
    Lost(Lost),
    /// There is nothing to follow any more: the code, and how the program ends.
    ForGood(&'static str, Failure),
    /// Something else went wrong.
    Failed(Failure),
}

impl Ended {
    /// The server refuses to go on.
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self::ForGood(refusal.code.word(), Failure::Refused(refusal))
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lost(lost) => Self::Lost(lost),
            failure => Self::Failed(failure),
        }
    }
}

impl From<CallError> for Ended {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => Self::refused(refusal),
            CallError::Lost(lost) => Self::Lost(lost),
        }
    }
}

impl Context<'_> {
    /// Prints what happens, over as many connections as it takes, until the user or the server
    /// ends it. The session has subscribed.
    pub(super) async fn follow(&mut self, mut followed: impl Followed) -> Result<(), Failure> {
        loop {
            let ended = match self.follow_connection(&mut followed).await {
                Ok(never) => match never {},
                Err(ended) => ended,
            };
            let room = followed.room();
            let lost = match ended {
                Ended::Lost(lost) => lost,
                Ended::ForGood(code, failure) => return self.closing(room, code, failure),
                Ended::Failed(failure) => return Err(failure),
            };
            if let Some(reason) = lost.for_good() {
                return self.closing(room, reason.word(), lost.into());
            }
            self.console.say(&format!("parlor: {lost}; connecting again"));
            self.connect_again(room).await?;
        }
    }

    /// Tells scripts by a last line why nothing follows, and ends in failure.
    fn closing(
        &mut self,
        room: Option<RoomId>,
        code: &str,
        failure: Failure,
    ) -> Result<(), Failure> {
        let room = room.map(|room| room.to_string());
        let object = || Object::new("closing").text_or_null("room", room.as_deref());
        self.out.made(|| object().text("code", code))?;
        Err(failure)
    }

    async fn follow_connection(
        &mut self,
        followed: &mut impl Followed,
    ) -> Result<Infallible, Ended> {
        loop {
            match self.session.news.next().await {
                Some(Item::Push(push)) => followed.take(self, push).await?,
                Some(Item::Subscribed) => followed.catch_up(self).await?,
                None => return Err(Ended::Lost(self.client().lost().await)),
            }
            self.out.flush().map_err(Failure::from)?;
        }
    }

    /// Logs in again as often as it takes, with growing pauses, asking nobody.
    async fn connect_again(&mut self, room: Option<RoomId>) -> Result<(), Failure> {
        let (mut pause, longest) = BACK_OFF;
        loop {
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = longest.min(pause * 2);
            let session = match self.account.log_in(&mut Nobody).await {
                Ok((session, _)) => session,
                Err(error) if error.outlook() == Outlook::MayPass => {
                    self.console.note(&error.to_string());
                    continue;
                }
                Err(error) => {
                    return match error.word() {
                        Some(code) => self.closing(room, code, error.into()),
                        None => Err(error.into()),
                    };
                }
            };
            match session.client.subscribe().await {
                Ok(()) => {
                    self.session = session;
                    return Ok(());
                }
                Err(CallError::Lost(lost)) => match lost.for_good() {
                    Some(reason) => return self.closing(room, reason.word(), lost.into()),
                    None => self.console.note(&lost.to_string()),
                },
                Err(CallError::Refused(refusal)) => return Err(refusal.into()),
            }
        }
    }
}
