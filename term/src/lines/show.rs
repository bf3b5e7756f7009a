//! What the things of the wire look like, as objects and as columns.

use parlor_protocol::account::{Device, LoggedIn};
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::message::Message;
use parlor_protocol::push::{Change, RoomChange};
use parlor_protocol::room::{Departure, Member, Role, Room};
use parlor_protocol::text::{Topic, printable, printable_block};

use super::json::Object;
use super::output::Listed;
use super::time::rfc3339;

impl Listed for Room {
    fn object(&self) -> Object {
        let Self { room, title, members, role, last_seq, revision: _, topic } = self;
        Object::new("room")
            .text("room", &room.to_string())
            .text("title", title.as_str())
            .text_or_null("topic", topic.as_ref().map(Topic::as_str))
            .text("visibility", "public")
            .text("entry", "open")
            .number("members", u64::from(*members))
            .text_or_null("role", role.map(Role::word))
            .number_or_null("last_seq", last_seq.map(|seq| seq.0))
            .null("unread")
            .null("mentions")
    }

    fn columns(&self) -> Vec<String> {
        let role = self.role.map_or("-", Role::word).to_owned();
        vec![self.room.to_string(), self.members.to_string(), role, self.title.to_string()]
    }
}

/// A member, and the room in which they are one.
pub(super) struct MemberOf {
    pub(super) room: RoomId,
    pub(super) member: Member,
}

impl Listed for MemberOf {
    fn object(&self) -> Object {
        let Member { user, role, joined_at } = &self.member;
        Object::new("member")
            .text("room", &self.room.to_string())
            .text("user", user.as_str())
            .text("role", role.word())
            .time("joined_at", *joined_at)
            .null("online")
    }

    fn columns(&self) -> Vec<String> {
        let Member { user, role, joined_at } = &self.member;
        vec![user.to_string(), role.to_string(), rfc3339(*joined_at)]
    }
}

impl Listed for Device {
    fn object(&self) -> Object {
        let Self { id, name, public_key: _, created_at, used_at, address, current } = self;
        Object::new("device")
            .number("id", u64::from(id.0))
            .text("name", name)
            .time("created_at", *created_at)
            .time("used_at", *used_at)
            .text_or_null("address", Some(address.as_str()).filter(|address| !address.is_empty()))
            .truth("current", *current)
    }

    fn columns(&self) -> Vec<String> {
        let Self { id, name, public_key: _, created_at, used_at, address, current } = self;
        let mark = if *current { "current" } else { "-" };
        let times = [rfc3339(*created_at), rfc3339(*used_at)];
        let [created, used] = times;
        let address = if address.is_empty() { "-" } else { address }.to_owned();
        vec![id.to_string(), mark.to_owned(), created, used, address, name.clone()]
    }
}

impl Listed for LoggedIn {
    fn object(&self) -> Object {
        Object::new("user").text("user", self.user.as_str()).truth("operator", self.operator)
    }

    fn columns(&self) -> Vec<String> {
        vec![self.user.to_string()]
    }
}

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
        let Message { seq, at, author, text } = message;
        self.object("message")
            .number("seq", seq.0)
            .time("at", *at)
            .text("author", author.as_str())
            .text("text", text.as_str())
    }

    /// Anything but a message as an object; `None` for what this version does not know.
    pub(super) fn event(&self, change: &RoomChange) -> Option<Object> {
        let kind = |kind| {
            let object = self.object("event").number("revision", change.revision.0);
            object.time("at", change.at).text("kind", kind)
        };
        match &change.change.0 {
            Change::Created(by) => Some(kind("created").text("user", by.as_str())),
            Change::Joined(member) => Some(kind("joined").text("user", member.user.as_str())),
            Change::Departed(gone) => {
                let object = kind("departed").text("user", gone.user.as_str());
                Some(object.text("how", gone.how.word()))
            }
            Change::RoleChanged(changed) => {
                let object = kind("role-changed").text("user", changed.user.as_str());
                Some(object.text("role", changed.role.word()))
            }
            Change::Terminated => Some(kind("terminated")),
            Change::TopicChanged(changed) => {
                let topic = changed.topic.as_ref().map(Topic::as_str);
                let object = kind("topic-changed").text("user", changed.by.as_str());
                Some(object.text_or_null("topic", topic))
            }
            Change::Renamed(renamed) => {
                let object = kind("renamed").text("user", renamed.by.as_str());
                Some(object.text("to", renamed.title.as_str()))
            }
            Change::Message(_) | Change::Unknown => None,
        }
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
    format!("{}  {}  {text}", rfc3339(message.at), printable(message.author.as_str()))
}

/// Anything but a message as a line for people; `None` for what this version does not know.
pub(super) fn event_line(change: &RoomChange) -> Option<String> {
    let what = match &change.change.0 {
        Change::Created(by) => format!("{by} created the room"),
        Change::Joined(member) => format!("{} joined", member.user),
        Change::Departed(gone) => match gone.how {
            Departure::Left => format!("{} left", gone.user),
            Departure::Terminated => format!("{} is out, as the room ended", gone.user),
            Departure::Unknown => format!("{} is no longer here", gone.user),
        },
        Change::RoleChanged(changed) => format!("{} is now {}", changed.user, changed.role),
        Change::Terminated => "the room ended".to_owned(),
        Change::TopicChanged(changed) => match &changed.topic {
            Some(topic) => format!("{} set the topic: {}", changed.by, topic.as_str()),
            None => format!("{} cleared the topic", changed.by),
        },
        Change::Renamed(renamed) => format!("{} renamed the room: {}", renamed.by, renamed.title),
        Change::Message(_) | Change::Unknown => return None,
    };
    Some(marked(change.at, &what))
}

fn marked(at: Timestamp, what: &str) -> String {
    format!("{}  *  {}", rfc3339(at), printable(what))
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::{Bytes, DeviceId, Seq};

    use super::*;

    #[test]
    fn a_device_whose_address_is_not_known_yet_has_none() {
        let device = Device {
            id: DeviceId(1),
            name: "laptop".into(),
            public_key: Bytes::default(),
            created_at: Timestamp(0),
            used_at: Timestamp(0),
            address: String::new(),
            current: true,
        };
        assert!(device.object().end().contains("\"address\":null"));
    }

    #[test]
    fn no_text_passes_for_another_message() {
        let message = Message {
            seq: Seq(1),
            at: Timestamp(0),
            author: "bob".parse().unwrap(),
            text: "hi\n1970-01-01T00:00:00.000Z  alice  lie\tx\u{202e}".parse().unwrap(),
        };
        assert_eq!(
            message_lines(&message),
            "1970-01-01T00:00:00.000Z  bob  hi\n    1970-01-01T00:00:00.000Z  alice  lie    \
             x\u{fffd}"
        );
    }
}
