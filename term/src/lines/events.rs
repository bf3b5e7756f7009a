//! What is said and what happens in a room, as objects and as lines.

use parlor_protocol::id::RoomId;
use parlor_protocol::message::{Message, MessageKind};
use parlor_protocol::name::UserName;
use parlor_protocol::operator::Announced;
use parlor_protocol::push::{Change, RoomChange};
use parlor_protocol::room::Room;
use parlor_protocol::text::{Reason, Topic, printable, printable_block};

use super::json::Object;
use super::time::rfc3339;
use crate::words;

/// A room as the lines of a conversation name it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) room: RoomId,
    pub(super) title: String,
}

impl Place {
    pub(super) fn of(room: &Room) -> Self {
        Self { room: room.room, title: room.title.to_string() }
    }

    /// A message as an object.
    pub(super) fn message(&self, message: &Message) -> Object {
        let Message { seq, at, author, text, kind, author_removed } = message;
        self.object("message")
            .number("seq", seq.0)
            .time("at", *at)
            .text("author", author.as_str())
            .text("kind", kind.word())
            .text("text", text.as_str())
            .truth("author_removed", *author_removed)
    }

    /// Anything but a message as an object; `None` for what is withheld and for what this version
    /// does not know.
    pub(super) fn event(&self, change: &RoomChange) -> Option<Object> {
        let event = |kind: &str, user: &UserName| {
            self.begin(change).text("kind", kind).text("user", user.as_str())
        };
        Some(match &change.change.0 {
            Change::Created(by) => event("created", by),
            Change::Joined(member) => event("joined", &member.user),
            Change::Departed(gone) => event("departed", &gone.user)
                .text("how", gone.how.word())
                .text_or_null("by", gone.by.as_ref().map(UserName::as_str))
                .text_or_null("reason", gone.reason.as_ref().map(Reason::as_str)),
            Change::RoleChanged(changed) => {
                event("role-changed", &changed.user).text("role", changed.role.word())
            }
            Change::Terminated => self.begin(change).text("kind", "terminated"),
            Change::TopicChanged(changed) => event("topic-changed", &changed.by)
                .text_or_null("topic", changed.topic.as_ref().map(Topic::as_str)),
            Change::Renamed(renamed) => {
                event("renamed", &renamed.by).text("to", renamed.title.as_str())
            }
            Change::SlowModeChanged(changed) => {
                event("slow-mode-changed", &changed.by).number("slow_secs", changed.secs.into())
            }
            Change::Requested(request) => event("requested", &request.user)
                .text_or_null("reason", request.reason.as_ref().map(Reason::as_str)),
            Change::RequestEnded(ended) => event("request-ended", &ended.user)
                .text("how", ended.how.word())
                .text_or_null("by", ended.by.as_ref().map(UserName::as_str))
                .text_or_null("reason", ended.reason.as_ref().map(Reason::as_str)),
            Change::Invited(invite) => event("invited", &invite.user)
                .text("by", invite.by.as_str())
                .time("until", invite.until),
            Change::InviteEnded(ended) => event("invite-ended", &ended.user)
                .text("how", ended.how.word())
                .text_or_null("by", ended.by.as_ref().map(UserName::as_str)),
            Change::Banned(ban) => event("banned", &ban.user)
                .text("by", ban.by.as_str())
                .text_or_null("reason", ban.reason.as_ref().map(Reason::as_str))
                .time_or_null("until", ban.until),
            Change::Unbanned(unbanned) => event("unbanned", &unbanned.user)
                .text_or_null("by", unbanned.by.as_ref().map(UserName::as_str)),
            Change::Message(_) | Change::Withheld | Change::Unknown => return None,
        })
    }

    fn begin(&self, change: &RoomChange) -> Object {
        self.object("event").number("revision", change.revision.0).time("at", change.at)
    }

    fn object(&self, kind: &str) -> Object {
        Object::new(kind).text("room", &self.room.to_string()).text("title", &self.title)
    }
}

/// A message as lines for people. Only the first begins with a time, so that no text can pass for
/// somebody else's message.
pub(super) fn message_lines(message: &Message) -> String {
    let text = printable_block(message.text.as_str()).replace('\t', "    ");
    let text = text.split('\n').collect::<Vec<_>>().join("\n    ");
    let mark = if message.author_removed { " (removed)" } else { "" };
    let author = format!("{}{mark}", printable(message.author.as_str()));
    match message.kind {
        MessageKind::Action => format!("{}  * {author} {text}", rfc3339(message.at)),
        MessageKind::Said | MessageKind::Unknown => {
            format!("{}  {author}  {text}", rfc3339(message.at))
        }
    }
}

/// Anything but a message as a line for people; `None` for what is withheld and for what this
/// version does not know.
pub(super) fn event_line(change: &RoomChange) -> Option<String> {
    let what = words::happened(&change.change.0)?;
    Some(format!("{}  *  {}", rfc3339(change.at), printable(&what)))
}

/// What an operator tells everybody, as a line for people.
pub(super) fn announcement_line(announced: &Announced) -> String {
    format!("{}  *  {}", rfc3339(announced.at), printable(&words::announced(announced)))
}

#[cfg(test)]
mod tests {
    use parlor_protocol::entry::{Ban, InviteEnd, RequestEnd};
    use parlor_protocol::id::{Revision, Seq, Timestamp};
    use parlor_protocol::push::{Departed, InviteEnded, RequestEnded, SlowModeChanged, Unbanned};
    use parlor_protocol::record::Record;
    use parlor_protocol::room::Departure;

    use super::*;

    #[test]
    fn no_text_passes_for_another_message() {
        let message = Message {
            seq: Seq(1),
            at: Timestamp(0),
            author: "bob".parse().unwrap(),
            text: "hi\n1970-01-01T00:00:00.000Z  alice  lie\tx\u{202e}".parse().unwrap(),
            kind: MessageKind::Said,
            author_removed: false,
        };
        let waves = Message {
            text: "waves".parse().unwrap(),
            kind: MessageKind::Action,
            ..message.clone()
        };
        assert_eq!(message_lines(&waves), "1970-01-01T00:00:00.000Z  * bob waves");
        assert_eq!(
            message_lines(&message),
            "1970-01-01T00:00:00.000Z  bob  hi\n    1970-01-01T00:00:00.000Z  alice  lie    \
             x\u{fffd}"
        );
    }

    #[test]
    fn a_change_is_an_object_with_by_whom_and_why() {
        let user = |name: &str| name.parse::<UserName>().unwrap();
        let (bob, by, why) = (|| user("bob"), || Some(user("alice")), || "spam".parse().ok());
        let (room, at) = (RoomId::from_random(1), Timestamp(0));
        let place = Place { room, title: "ops".to_owned() };
        for (change, tail) in [
            (
                Change::Departed(Departed {
                    user: bob(),
                    how: Departure::Kicked,
                    by: by(),
                    reason: why(),
                }),
                r#""departed","user":"bob","how":"kicked","by":"alice","reason":"spam"}"#,
            ),
            (
                Change::RequestEnded(RequestEnded {
                    user: bob(),
                    how: RequestEnd::Withdrawn,
                    by: None,
                    reason: None,
                }),
                r#""request-ended","user":"bob","how":"withdrawn","by":null,"reason":null}"#,
            ),
            (
                Change::InviteEnded(InviteEnded { user: bob(), how: InviteEnd::Expired, by: None }),
                r#""invite-ended","user":"bob","how":"expired","by":null}"#,
            ),
            (
                Change::Banned(Ban {
                    room,
                    user: bob(),
                    by: user("alice"),
                    reason: None,
                    at,
                    until: None,
                }),
                r#""banned","user":"bob","by":"alice","reason":null,"until":null}"#,
            ),
            (
                Change::Unbanned(Unbanned { user: bob(), by: by() }),
                r#""unbanned","user":"bob","by":"alice"}"#,
            ),
            (
                Change::SlowModeChanged(SlowModeChanged { by: user("alice"), secs: 5 }),
                r#""slow-mode-changed","user":"alice","slow_secs":5}"#,
            ),
        ] {
            let change = RoomChange { revision: Revision(3), at, change: Record(change) };
            let object = place.event(&change).unwrap().end();
            assert!(object.ends_with(&format!("\"kind\":{tail}")), "{object}");
        }
        let withheld = RoomChange { revision: Revision(3), at, change: Record(Change::Withheld) };
        assert!(place.event(&withheld).is_none() && event_line(&withheld).is_none());
    }
}
