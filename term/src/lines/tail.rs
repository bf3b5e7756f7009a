//! `tail`: what was said in a room, and what is said from now on.

use std::collections::BTreeSet;

use parlor_protocol::entry::{Ended as Former, ListOwn};
use parlor_protocol::id::{Revision, RoomId, Seq};
use parlor_protocol::message::{Direction, History, ListChanges, Message};
use parlor_protocol::name::UserName;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::push::{Change, Exited, Push, RoomChange};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::CloseReason;
use parlor_protocol::room::Departure;
use parlor_protocol::text::printable;

use super::events::{Place, announcement_line, event_line, message_lines};
use super::follow::{Ended, Followed};
use super::json::Object;
use super::show::announcement;
use super::{Context, Format};
use crate::cli::TailArgs;
use crate::failure::Failure;
use crate::net::{CallError, ListFormerRooms, ListNotifications, Lost};
use crate::words;

/// How many are printed unless the user says otherwise.
const NUMBER: u64 = 10;
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
    /// Whose messages are not printed: those whom one blocks, as of now.
    hidden: BTreeSet<UserName>,
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
        let (place, hidden) = (Place::of(&room), self.client().blocked().await?);
        let mut follower = Follower { place, events, hidden, revision, seq: last };
        if arguments.events {
            let number = arguments.number.unwrap_or(NUMBER);
            let since = Revision(revision.0.saturating_sub(number));
            self.print_changes(&mut follower, since, revision).await?;
        } else {
            let (after, until, most) = range(arguments, last);
            self.print_messages(&follower, (after, until), most).await?;
        }
        self.out.flush()?;
        if arguments.follow { self.follow(follower).await } else { Ok(()) }
    }

    /// Prints the messages after one and up to another, so many of them at most.
    async fn print_messages(
        &mut self,
        follower: &Follower,
        (mut after, until): (Seq, Seq),
        mut most: u64,
    ) -> Result<(), Failure> {
        while after < until && most > 0 {
            let limit = u32::try_from(most.min(until.0 - after.0)).unwrap_or(0);
            let (room, direction) = (follower.place.room, Direction::After);
            let ask = History { room, direction, seq: Some(after), limit };
            let page = self.client().ask(ask).await?;
            for Record(message) in &page.messages {
                if message.seq > until || most == 0 {
                    return Ok(());
                }
                (after, most) = (message.seq, most - 1);
                if let Some(line) = follower.message_line(message, self.out.format()) {
                    self.out.line(&line)?;
                }
            }
            if !page.more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The first revision behind one that is too old after which the server still has all changes: a
    /// room may drop its oldest messages. After `last` there are none, so that is known.
    async fn first_known(
        &self,
        place: &Place,
        lost: Revision,
        last: Revision,
    ) -> Result<Revision, CallError> {
        let (mut lost, mut known) = (lost, last);
        while lost.next() < known {
            let since = Revision(lost.0 + (known.0 - lost.0) / 2);
            match self.client().ask(ListChanges { room: place.room, since, limit: 1 }).await {
                Ok(_) => known = since,
                Err(CallError::Refused(Refusal { code: Code::TooOld, .. })) => lost = since,
                Err(error) => return Err(error),
            }
        }
        Ok(known)
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
            let page = match self.client().ask(ask).await {
                Ok(page) => page,
                Err(CallError::Refused(Refusal { code: Code::TooOld, .. })) => {
                    let lost = follower.revision;
                    follower.revision = self.first_known(&follower.place, lost, until).await?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
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
        let line = match (&change.change.0, self.out.format()) {
            (Change::Message(message), format) => {
                follower.seq = follower.seq.max(message.seq);
                follower.message_line(message, format)
            }
            _ if follower.events == Events::Hidden => None,
            (_, Format::Json) => follower.place.event(change).map(Object::end),
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

    /// Prints everything between what was printed last and now.
    async fn print_missed(&mut self, follower: &mut Follower) -> Result<(), Ended> {
        loop {
            let room = follower.place.room;
            let ask = ListChanges { room, since: follower.revision, limit: 0 };
            let page = match self.client().ask(ask).await {
                Ok(page) => page,
                Err(CallError::Refused(Refusal { code: Code::TooOld, .. })) => {
                    return self.start_over(follower).await;
                }
                Err(CallError::Refused(Refusal { code: Code::NotAMember, .. })) => {
                    return Err(self.how_it_ended(&follower.place).await?);
                }
                Err(error) => return Err(error.into()),
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
            return Err(Ended::refused(Code::NotAMember.into()));
        };
        follower.place = Place::of(&room);
        self.print_messages(follower, (follower.seq, last), u64::MAX).await?;
        follower.seq = last;
        follower.revision = revision;
        Ok(())
    }

    /// How one's membership ended while nobody was there to be told: one's former rooms say
    /// whether one was kicked, and the last notification of it says by whom and why.
    async fn how_it_ended(&self, place: &Place) -> Result<Ended, CallError> {
        let room = place.room;
        let mut after = None;
        let how = loop {
            let page = self.client().ask(ListFormerRooms(ListOwn { after, limit: 0 })).await?;
            if let Some(former) = page.rooms.iter().find(|former| former.room == room) {
                break former.ended;
            }
            after = page.next;
            if after.is_none() {
                return Ok(Ended::refused(Code::NotAMember.into()));
            }
        };
        if how != Former::Kicked {
            return Ok(Ended::refused(Code::NotAMember.into()));
        }
        let mut exited = Exited { room, how: Departure::Kicked, by: None, reason: None };
        let mut after = None;
        loop {
            let page = self.client().ask(ListNotifications(ListOwn { after, limit: 0 })).await?;
            for Record(told) in page.notifications {
                if told.room == Some(room) && told.kind == NotificationKind::Kicked {
                    (exited.by, exited.reason) = (told.by, told.reason);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(exit(&exited, &place.title));
            }
        }
    }
}

impl Follower {
    /// A message as it is printed; `None` for one of a user whom one blocks.
    fn message_line(&self, message: &Message, format: Format) -> Option<String> {
        if self.hidden.contains(&message.author) {
            return None;
        }
        Some(match format {
            Format::Json => self.place.message(message).end(),
            Format::Columns => message_lines(message),
        })
    }
}

impl Followed for Follower {
    fn room(&self) -> Option<RoomId> {
        Some(self.place.room)
    }

    /// The snapshot was complete before the room was looked up, except after connecting again:
    /// then there is something to catch up with.
    async fn catch_up(&mut self, context: &mut Context<'_>) -> Result<(), Ended> {
        self.hidden = context.client().blocked().await?;
        context.print_missed(self).await
    }

    async fn take(&mut self, context: &mut Context<'_>, push: Push) -> Result<(), Ended> {
        match push {
            Push::Changed(changed) if changed.room == self.place.room => {
                let Record(change) = changed.change;
                if change.revision <= self.revision {
                    return Ok(());
                }
                if change.revision == self.revision.next() {
                    return Ok(context.print_change(self, &change)?);
                }
                context.print_missed(self).await
            }
            Push::Exited(exited) if exited.room == self.place.room => {
                Err(exit(&exited, &self.place.title))
            }
            Push::Announced(announced) => {
                let line = match context.out.format() {
                    Format::Json => announcement(&announced).end(),
                    Format::Columns => announcement_line(&announced),
                };
                Ok(context.out.line(&line).map_err(Failure::from)?)
            }
            Push::Blocked(blocked) => {
                self.hidden.insert(blocked.user);
                Ok(())
            }
            Push::Unblocked(unblocked) => {
                self.hidden.remove(&unblocked.user);
                Ok(())
            }
            Push::Snapshot(_)
            | Push::Changed(_)
            | Push::Entered(_)
            | Push::Exited(_)
            | Push::Notified(_)
            | Push::NotificationsRead(_)
            | Push::NotificationsDismissed(_)
            | Push::Read(_)
            | Push::Present(_)
            | Push::Unknown => Ok(()),
        }
    }
}

fn exit(exited: &Exited, title: &str) -> Ended {
    match exited.how {
        Departure::Terminated => Ended::refused(Code::RoomTerminated.into()),
        Departure::Kicked => {
            // Among the codes of refusals none says more; how it came to be is in the words.
            let refusal = Refusal { reason: exited.reason.clone(), ..Code::NotAMember.into() };
            let why = printable(&words::exited(exited, title)).into_owned();
            Ended::ForGood("kicked", Failure::RefusedOf(refusal, why))
        }
        Departure::Banned => {
            let reason = exited.reason.clone();
            Ended::refused(Refusal { reason, ..Code::Banned.into() })
        }
        Departure::Removed => {
            let removed = CloseReason::Removed;
            Ended::ForGood(removed.word(), Lost::Closed(removed).into())
        }
        Departure::Left | Departure::Unknown => Ended::refused(Code::NotAMember.into()),
    }
}

/// The message to begin after, the last one to print, and how many at most: behind the first there
/// may be a gap of messages that are no longer kept.
fn range(arguments: &TailArgs, last: Seq) -> (Seq, Seq, u64) {
    let number = arguments.number;
    if let Some(after) = arguments.after {
        return (Seq(after), last, number.unwrap_or(u64::MAX));
    }
    let until = arguments.before.map_or(last, |before| last.min(Seq(before.saturating_sub(1))));
    let number = number.unwrap_or(NUMBER);
    (Seq(until.0.saturating_sub(number)), until, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranged(line: &str) -> (u64, u64, u64) {
        let arguments = ["parlor", "chat", "tail", "ops"].into_iter();
        let arguments = arguments.chain(line.split_whitespace()).map(Into::into);
        let invocation = crate::cli::parse(arguments).unwrap();
        let Some(crate::cli::LineCommand::Tail(tail)) = invocation.line.map(|line| line.command)
        else {
            panic!("not a tail");
        };
        let (after, until, most) = range(&tail, Seq(100));
        (after.0, until.0, most)
    }

    #[test]
    fn the_latest_are_printed_unless_a_place_is_named() {
        for (line, expected) in [
            ("", (90, 100, 10)),
            ("-n 3", (97, 100, 3)),
            ("-n 0", (100, 100, 0)),
            ("-n 1000", (0, 100, 1000)),
            ("--before 50", (39, 49, 10)),
            ("--before 50 -n 2", (47, 49, 2)),
            ("--before 0", (0, 0, 10)),
            ("--before 500", (90, 100, 10)),
            ("--after 97", (97, 100, u64::MAX)),
            ("--after 50 -n 2", (50, 100, 2)),
            ("--after 500", (500, 100, u64::MAX)),
        ] {
            assert_eq!(ranged(line), expected, "{line}");
        }
    }
}
