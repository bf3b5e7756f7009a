//! What the things of the wire look like, as objects and as columns.

use parlor_protocol::account::{Device, LoggedIn};
use parlor_protocol::entry::{Ban, Blocked, FormerRoom, Invite, JoinRequest};
use parlor_protocol::id::RoomId;
use parlor_protocol::name::{DisplayName, Title, UserName};
use parlor_protocol::notification::Notification;
use parlor_protocol::operator::{Account, Announced, SignUp};
use parlor_protocol::room::{Member, ReadMarker, Role, Room};
use parlor_protocol::text::{Reason, Topic};

use super::json::Object;
use super::output::Listed;
use super::time::rfc3339;
use crate::words::{self, Commands};

/// What stands in a column of which there is nothing to tell.
const NOTHING: &str = "-";

impl Listed for Room {
    fn object(&self) -> Object {
        let Self { room, title, members, role, last_seq, revision: _, topic, .. } = self;
        let Self { visibility, entry, slow_secs, read, unread, mentions, .. } = self;
        Object::new("room")
            .text("room", &room.to_string())
            .text("title", title.as_str())
            .text_or_null("topic", topic.as_ref().map(Topic::as_str))
            .text("visibility", visibility.word())
            .text("entry", entry.word())
            .number("members", u64::from(*members))
            .text_or_null("role", role.map(Role::word))
            .number_or_null("last_seq", last_seq.map(|seq| seq.0))
            .number_or_null("unread", *unread)
            .number_or_null("mentions", mentions.map(u64::from))
            .number("slow_secs", u64::from(*slow_secs))
            .number_or_null("read", read.map(|seq| seq.0))
    }

    fn columns(&self) -> Vec<String> {
        vec![
            self.room.to_string(),
            self.members.to_string(),
            self.role.map_or(NOTHING, Role::word).to_owned(),
            self.visibility.to_string(),
            self.entry.to_string(),
            self.unread.map_or(NOTHING.to_owned(), |unread| unread.to_string()),
            self.mentions.map_or(NOTHING.to_owned(), |mentions| mentions.to_string()),
            self.title.to_string(),
        ]
    }
}

/// A member, and the room in which they are one.
pub(super) struct MemberOf {
    pub(super) room: RoomId,
    pub(super) member: Member,
}

impl Listed for MemberOf {
    fn object(&self) -> Object {
        let Member { user, role, joined_at, online, display_name } = &self.member;
        Object::new("member")
            .text("room", &self.room.to_string())
            .text("user", user.as_str())
            .text("role", role.word())
            .time("joined_at", *joined_at)
            .truth_or_null("online", *online)
            .text_or_null("display_name", display_name.as_ref().map(DisplayName::as_str))
    }

    fn columns(&self) -> Vec<String> {
        let Member { user, role, joined_at, online, display_name } = &self.member;
        let online = match online {
            Some(true) => "online",
            Some(false) => "away",
            None => NOTHING,
        };
        let (user, role) = (user.to_string(), role.to_string());
        let shown = display_name.as_ref().map(ToString::to_string).unwrap_or_default();
        vec![user, role, rfc3339(*joined_at), online.to_owned(), shown]
    }
}

impl Listed for JoinRequest {
    fn object(&self) -> Object {
        let Self { room, user, reason, at } = self;
        Object::new("request")
            .text("room", &room.to_string())
            .text("user", user.as_str())
            .text_or_null("reason", reason.as_ref().map(Reason::as_str))
            .time("at", *at)
    }

    fn columns(&self) -> Vec<String> {
        vec![self.user.to_string(), rfc3339(self.at), words_of(self.reason.as_ref())]
    }
}

impl Listed for Invite {
    fn object(&self) -> Object {
        let Self { room, title, user, by, at, until } = self;
        Object::new("invite")
            .text("room", &room.to_string())
            .text("title", title.as_str())
            .text("user", user.as_str())
            .text("by", by.as_str())
            .time("at", *at)
            .time("until", *until)
    }

    fn columns(&self) -> Vec<String> {
        let Self { room, title, user, by, at: _, until } = self;
        let (room, user, by) = (room.to_string(), user.to_string(), by.to_string());
        vec![room, user, by, rfc3339(*until), title.to_string()]
    }
}

impl Listed for Ban {
    fn object(&self) -> Object {
        let Self { room, user, by, reason, at, until } = self;
        Object::new("ban")
            .text("room", &room.to_string())
            .text("user", user.as_str())
            .text("by", by.as_str())
            .text_or_null("reason", reason.as_ref().map(Reason::as_str))
            .time("at", *at)
            .time_or_null("until", *until)
    }

    fn columns(&self) -> Vec<String> {
        let Self { room: _, user, by, reason, at, until } = self;
        let until = until.map_or(NOTHING.to_owned(), rfc3339);
        vec![user.to_string(), by.to_string(), rfc3339(*at), until, words_of(reason.as_ref())]
    }
}

impl Listed for Blocked {
    fn object(&self) -> Object {
        Object::new("block").text("user", self.user.as_str()).time("at", self.at)
    }

    fn columns(&self) -> Vec<String> {
        vec![self.user.to_string(), rfc3339(self.at)]
    }
}

fn words_of(reason: Option<&Reason>) -> String {
    reason.map(|reason| reason.as_str().to_owned()).unwrap_or_default()
}

impl Listed for Notification {
    fn object(&self) -> Object {
        let Self { id, kind, at, room, title, by, reason, role, seq, read, until } = self;
        let room = room.map(|room| room.to_string());
        Object::new("notification")
            .number("id", u64::from(id.0))
            .text("kind", kind.word())
            .time("at", *at)
            .text_or_null("room", room.as_deref())
            .text_or_null("title", title.as_ref().map(Title::as_str))
            .text_or_null("by", by.as_ref().map(UserName::as_str))
            .text_or_null("reason", reason.as_ref().map(Reason::as_str))
            .truth("read", *read)
            .text_or_null("role", role.map(Role::word))
            .number_or_null("seq", seq.map(|seq| seq.0))
            .time_or_null("until", *until)
    }

    fn columns(&self) -> Vec<String> {
        let mark = if self.read { NOTHING } else { "new" };
        let says = words::notice(self, Commands::Plain);
        vec![self.id.to_string(), rfc3339(self.at), mark.to_owned(), says]
    }
}

impl Listed for FormerRoom {
    fn object(&self) -> Object {
        let Self { room, title, state, ended, at, rejoin } = self;
        Object::new("former-room")
            .text("room", &room.to_string())
            .text("title", title.as_str())
            .text("state", state.word())
            .text("ended", ended.word())
            .time("at", *at)
            .text("rejoin", rejoin.word())
    }

    fn columns(&self) -> Vec<String> {
        let Self { room, title, state, ended, at, rejoin } = self;
        let (state, ended, rejoin) = (state.to_string(), ended.to_string(), rejoin.to_string());
        vec![room.to_string(), state, ended, rfc3339(*at), rejoin, title.to_string()]
    }
}

/// How far one has read a room.
pub(super) fn read_marker(marker: &ReadMarker) -> Object {
    let ReadMarker { room, seq, unread, mentions } = marker;
    Object::new("read-marker")
        .text("room", &room.to_string())
        .number("seq", seq.0)
        .number("unread", *unread)
        .number("mentions", u64::from(*mentions))
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
        let mark = if *current { "current" } else { NOTHING };
        let times = [rfc3339(*created_at), rfc3339(*used_at)];
        let [created, used] = times;
        let address = if address.is_empty() { NOTHING } else { address }.to_owned();
        vec![id.to_string(), mark.to_owned(), created, used, address, name.clone()]
    }
}

impl Listed for LoggedIn {
    fn object(&self) -> Object {
        Object::new("user")
            .text("user", self.user.as_str())
            .truth("operator", self.operator)
            .text_or_null("display_name", self.display_name.as_ref().map(DisplayName::as_str))
    }

    fn columns(&self) -> Vec<String> {
        let shown = self.display_name.as_ref().map(ToString::to_string).unwrap_or_default();
        vec![self.user.to_string(), shown]
    }
}

impl Listed for Account {
    fn object(&self) -> Object {
        let Self { user, operator, status } = self;
        Object::new("user")
            .text("user", user.as_str())
            .truth("operator", *operator)
            .text("status", status.word())
    }

    fn columns(&self) -> Vec<String> {
        vec![self.user.to_string(), self.status.to_string()]
    }
}

impl Listed for SignUp {
    fn object(&self) -> Object {
        Object::new("sign-up").text("user", self.user.as_str()).time("at", self.at)
    }

    fn columns(&self) -> Vec<String> {
        vec![self.user.to_string(), rfc3339(self.at)]
    }
}

/// What an operator tells everybody.
pub(super) fn announcement(announced: &Announced) -> Object {
    let Announced { at, by, text } = announced;
    Object::new("announcement")
        .time("at", *at)
        .text_or_null("by", by.as_ref().map(UserName::as_str))
        .text("text", text.as_str())
}

/// A user whose sign-up waits for an operator.
pub(super) fn waiting_user(user: &UserName) -> Object {
    Object::new("user").text("user", user.as_str()).truth("operator", false).truth("waiting", true)
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::{Bytes, DeviceId, Timestamp};

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
}
