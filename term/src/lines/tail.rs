//! `tail`: what was said in a room, and what is said from now on.

use std::time::Duration;

use parlor_protocol::id::{Revision, Seq};
use parlor_protocol::message::{Direction, History, ListChanges};
use parlor_protocol::push::{Change, Push, RoomChange};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::CloseReason;
use parlor_protocol::room::Departure;

use super::json::Object;
use super::show::{Place, event_line, message_lines};
use super::{Context, Format};
use crate::cli::TailArgs;
use crate::console::Nobody;
use crate::failure::Failure;
use crate::net::account::Outlook;
use crate::net::{CallError, Item, Lost};

/// How many are printed unless the user says otherwise.
const NUMBER: u64 = 10;
/// The first wait before connecting again, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What is printed beside messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Events {
    Shown,
    Hidden,
}

/// Where one is in the room that is followed.
struct Follower {
    place: Place,
    events: Events,
    revision: Revision,
    /// The last message that was printed or skipped.
    seq: Seq,
}

impl Context<'_> {
    pub(super) async fn tail(&mut self, arguments: &TailArgs) -> Result<(), Failure> {
        if arguments.follow {
            self.client().subscribe().await?;
        }
        let room = self.find(&arguments.room).await?;
        let (Some(last), Some(revision)) = (room.last_seq, room.revision) else {
            return Err(Code::NotAMember.into());
        };
        let events = if arguments.events { Events::Shown } else { Events::Hidden };
        let mut follower = Follower { place: Place::of(&room), events, revision, seq: last };
        if arguments.events {
            let number = arguments.number.unwrap_or(NUMBER);
            let since = Revision(revision.0.saturating_sub(number));
            self.print_changes(&mut follower, since, revision).await?;
        } else {
            let (after, until) = range(arguments, last);
            self.print_messages(&follower.place, after, until).await?;
        }
        self.out.flush()?;
        if arguments.follow { self.follow(follower).await } else { Ok(()) }
    }

    /// Prints the messages after one and up to another.
    async fn print_messages(
        &mut self,
        place: &Place,
        after: Seq,
        until: Seq,
    ) -> Result<(), Failure> {
        let mut after = after;
        while after < until {
            let limit = u32::try_from(until.0 - after.0).unwrap_or(0);
            let (room, direction) = (place.room, Direction::After);
            let ask = History { room, direction, seq: Some(after), limit };
            let page = self.client().ask(ask).await?;
            for Record(message) in &page.messages {
                if message.seq > until {
                    return Ok(());
                }
                after = message.seq;
                let line = match self.out.format() {
                    Format::Json => place.message(message).end(),
                    Format::Columns => message_lines(message),
                };
                self.out.line(&line)?;
            }
            if !page.more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Prints the changes after a revision and up to another.
    async fn print_changes(
        &mut self,
        follower: &mut Follower,
        since: Revision,
        until: Revision,
    ) -> Result<(), Failure> {
        follower.revision = since;
        while follower.revision < until {
            let limit = u32::try_from(until.0 - follower.revision.0).unwrap_or(0);
            let ask = ListChanges { room: follower.place.room, since: follower.revision, limit };
            let page = self.client().ask(ask).await?;
            for Record(change) in &page.changes {
                self.print_change(follower, change)?;
            }
            if !page.more {
                break;
            }
        }
        follower.revision = follower.revision.max(until);
        Ok(())
    }

    fn print_change(
        &mut self,
        follower: &mut Follower,
        change: &RoomChange,
    ) -> Result<(), Failure> {
        follower.revision = change.revision;
        let place = &follower.place;
        let line = match (&change.change.0, self.out.format()) {
            (Change::Message(message), format) => {
                follower.seq = follower.seq.max(message.seq);
                Some(match format {
                    Format::Json => place.message(message).end(),
                    Format::Columns => message_lines(message),
                })
            }
            _ if follower.events == Events::Hidden => None,
            (_, Format::Json) => place.event(change).map(Object::end),
            (_, Format::Columns) => event_line(change),
        };
        // What follows stands under the new title.
        if let Change::Renamed(renamed) = &change.change.0 {
            follower.place.title = renamed.title.to_string();
        }
        match line {
            Some(line) => Ok(self.out.line(&line)?),
            None => Ok(()),
        }
    }

    /// Prints what happens, over as many connections as it takes, until the user or the room ends
    /// it.
    async fn follow(&mut self, mut follower: Follower) -> Result<(), Failure> {
        loop {
            let failure = match self.follow_connection(&mut follower).await {
                Ok(never) => match never {},
                Err(failure) => failure,
            };
            let lost = match failure {
                Ended::Lost(lost) => lost,
                Ended::ForGood(code, failure) => {
                    self.out.made(|| {
                        let room = follower.place.room.to_string();
                        Object::new("closing").text("room", &room).text("code", code)
                    })?;
                    return Err(failure);
                }
                Ended::Failed(failure) => return Err(failure),
            };
            if lost == Lost::Closed(CloseReason::Revoked) {
                self.out.made(|| {
                    let room = follower.place.room.to_string();
                    Object::new("closing").text("room", &room).text("code", "revoked")
                })?;
                return Err(lost.into());
            }
            self.console.say(&format!("parlor: {lost}; connecting again"));
            self.connect_again().await?;
        }
    }

    async fn follow_connection(
        &mut self,
        follower: &mut Follower,
    ) -> Result<std::convert::Infallible, Ended> {
        loop {
            let Some(item) = self.session.news.next().await else {
                return Err(Ended::Lost(self.client().lost().await));
            };
            match item {
                Item::Push(Push::Changed(changed)) if changed.room == follower.place.room => {
                    self.take(follower, &changed.change).await?;
                    self.out.flush().map_err(Failure::from)?;
                }
                Item::Push(Push::Exited(exited)) if exited.room == follower.place.room => {
                    return Err(exit(exited.how));
                }
                // The snapshot was complete before the room was looked up, except after
                // connecting again: then what was missed is asked for behind it.
                Item::Subscribed => self.catch_up(follower).await?,
                Item::Push(
                    Push::Snapshot(_)
                    | Push::Changed(_)
                    | Push::Entered(_)
                    | Push::Exited(_)
                    | Push::Unknown,
                ) => {}
            }
        }
    }

    async fn take(&mut self, follower: &mut Follower, change: &RoomChange) -> Result<(), Ended> {
        if change.revision <= follower.revision {
            return Ok(());
        }
        if change.revision == follower.revision.next() {
            return Ok(self.print_change(follower, change)?);
        }
        self.catch_up(follower).await
    }

    /// Prints everything between what was printed last and now.
    async fn catch_up(&mut self, follower: &mut Follower) -> Result<(), Ended> {
        loop {
            let room = follower.place.room;
            let ask = ListChanges { room, since: follower.revision, limit: 0 };
            let page = match self.client().ask(ask).await {
                Ok(page) => page,
                Err(CallError::Refused(Refusal { code: Code::TooOld, .. })) => {
                    return self.start_over(follower).await;
                }
                Err(CallError::Refused(refusal)) => return Err(gone(refusal)),
                Err(CallError::Lost(lost)) => return Err(Ended::Lost(lost)),
            };
            for Record(change) in &page.changes {
                self.print_change(follower, change)?;
            }
            self.out.flush().map_err(Failure::from)?;
            if !page.more {
                return Ok(());
            }
        }
    }

    /// The server no longer has the changes since then, but it has the messages.
    async fn start_over(&mut self, follower: &mut Follower) -> Result<(), Ended> {
        let room = self.find(&follower.place.room.to_string()).await?;
        let (Some(last), Some(revision)) = (room.last_seq, room.revision) else {
            return Err(gone(Code::NotAMember.into()));
        };
        follower.place = Place::of(&room);
        self.print_messages(&follower.place, follower.seq, last).await?;
        follower.seq = last;
        follower.revision = revision;
        Ok(())
    }

    /// Logs in again as often as it takes, with growing pauses, asking nobody.
    async fn connect_again(&mut self) -> Result<(), Failure> {
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
                Err(error) => return Err(error.into()),
            };
            match session.client.subscribe().await {
                Ok(()) => {
                    self.session = session;
                    return Ok(());
                }
                Err(CallError::Lost(lost)) => self.console.note(&lost.to_string()),
                Err(CallError::Refused(refusal)) => return Err(refusal.into()),
            }
        }
    }
}

/// Why following ends.
enum Ended {
    /// The connection is gone, and another may do.
    Lost(Lost),
    /// One is out of the room: the code, and how the program ends.
    ForGood(&'static str, Failure),
    /// Something else went wrong.
    Failed(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lost(lost) => Self::Lost(lost),
            failure => Self::Failed(failure),
        }
    }
}

fn gone(refusal: Refusal) -> Ended {
    Ended::ForGood(refusal.code.word(), Failure::Refused(refusal))
}

fn exit(how: Departure) -> Ended {
    match how {
        Departure::Terminated => gone(Code::RoomTerminated.into()),
        Departure::Left | Departure::Unknown => gone(Code::NotAMember.into()),
    }
}

/// The message to begin after and the last one to print.
fn range(arguments: &TailArgs, last: Seq) -> (Seq, Seq) {
    let number = arguments.number;
    if let Some(after) = arguments.after {
        let until = number.map_or(last, |number| last.min(Seq(after.saturating_add(number))));
        return (Seq(after), until);
    }
    let until = arguments.before.map_or(last, |before| last.min(Seq(before.saturating_sub(1))));
    (Seq(until.0.saturating_sub(number.unwrap_or(NUMBER))), until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranged(line: &str) -> (u64, u64) {
        let arguments = ["parlor", "chat", "tail", "ops"].into_iter();
        let arguments = arguments.chain(line.split_whitespace()).map(Into::into);
        let invocation = crate::cli::parse(arguments).unwrap();
        let Some(crate::cli::LineCommand::Tail(tail)) = invocation.line.map(|line| line.command)
        else {
            panic!("not a tail");
        };
        let (after, until) = range(&tail, Seq(100));
        (after.0, until.0)
    }

    #[test]
    fn the_latest_are_printed_unless_a_place_is_named() {
        for (line, expected) in [
            ("", (90, 100)),
            ("-n 3", (97, 100)),
            ("-n 0", (100, 100)),
            ("-n 1000", (0, 100)),
            ("--before 50", (39, 49)),
            ("--before 50 -n 2", (47, 49)),
            ("--before 0", (0, 0)),
            ("--before 500", (90, 100)),
            ("--after 97", (97, 100)),
            ("--after 50 -n 2", (50, 52)),
            ("--after 500", (500, 100)),
        ] {
            assert_eq!(ranged(line), expected, "{line}");
        }
    }
}
