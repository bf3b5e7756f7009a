//! News in a line each, so that a test can say what is heard.

use parlor_protocol::notification::{Notification, WhichNotifications};
use parlor_protocol::push::{Change, Push, RoomChange};
use parlor_protocol::room::Presence;

/// A push, without its room: tests know where they are.
pub(crate) fn tell(push: &Push) -> String {
    match push {
        Push::Snapshot(room) => format!("{} is there", room.title),
        Push::Changed(changed) => tell_change(&changed.change),
        Push::Entered(room) => format!("entered {}", room.title),
        Push::Exited(exited) => format!("exited ({})", exited.how),
        Push::Notified(notification) => tell_notification(notification),
        Push::NotificationsRead(which) => format!("read {}", tell_which(which)),
        Push::NotificationsDismissed(which) => format!("dismissed {}", tell_which(which)),
        Push::Read(marker) => {
            format!(
                "read to {}, {} unread, {} mentions",
                marker.seq, marker.unread, marker.mentions
            )
        }
        Push::Blocked(blocked) => format!("blocks {}", blocked.user),
        Push::Unblocked(unblocked) => format!("blocks {} no longer", unblocked.user),
        Push::Present(present) => present
            .members
            .iter()
            .map(|member| tell_presence(member))
            .collect::<Vec<_>>()
            .join(", "),
        Push::Announced(said) => {
            let by = said.by.as_ref().map_or("the console", |by| by.as_str());
            format!("{by} announces: {}", said.text.as_str())
        }
        Push::Unknown => "unknown".to_owned(),
    }
}

/// A notification: what, in which room, by whom and why.
pub(crate) fn tell_notification(notification: &Notification) -> String {
    let Notification { kind, title, by, reason, role, .. } = notification;
    let mut told = format!("! {kind}");
    for (word, said) in [
        ("in", title.as_ref().map(ToString::to_string)),
        ("by", by.as_ref().map(ToString::to_string)),
        ("as", role.map(|role| role.to_string())),
        ("for", reason.as_ref().map(|reason| reason.as_str().to_owned())),
    ] {
        if let Some(said) = said {
            told += &format!(" {word} {said}");
        }
    }
    told
}

/// How a member is shown: whether they are there, and as what.
fn tell_presence(presence: &Presence) -> String {
    let mark = match presence.online {
        Some(true) => "+",
        Some(false) => "-",
        None => "?",
    };
    let shown = presence.display_name.as_ref().map(|name| format!(" ({name})"));
    format!("{mark}{}{}", presence.user, shown.unwrap_or_default())
}

fn tell_which(which: &WhichNotifications) -> String {
    which.id.map_or_else(|| "all".to_owned(), |id| id.to_string())
}

/// A change, with its revision in front.
pub(crate) fn tell_change(change: &RoomChange) -> String {
    let what = match &change.change.0 {
        Change::Created(owner) => format!("created by {owner}"),
        Change::Message(message) => {
            format!("{} {}: {}", message.seq, message.author, message.text.as_str())
        }
        Change::Joined(member) => format!("{} joined", member.user),
        Change::Departed(departed) => format!("{} departed ({})", departed.user, departed.how),
        Change::RoleChanged(changed) => format!("{} is {}", changed.user, changed.role),
        Change::Terminated => "terminated".to_owned(),
        Change::TopicChanged(changed) => match &changed.topic {
            Some(topic) => format!("{} set the topic to {}", changed.by, topic.as_str()),
            None => format!("{} cleared the topic", changed.by),
        },
        Change::Renamed(renamed) => format!("{} renamed it to {}", renamed.by, renamed.title),
        Change::SlowModeChanged(slow) => format!("{} set slow mode to {} s", slow.by, slow.secs),
        Change::Withheld => "withheld".to_owned(),
        Change::Requested(request) => format!("{} asks to join", request.user),
        Change::RequestEnded(ended) => format!("{}'s request is {}", ended.user, ended.how),
        Change::Invited(invite) => format!("{} invited {}", invite.by, invite.user),
        Change::InviteEnded(ended) => format!("{}'s invite is {}", ended.user, ended.how),
        Change::Banned(ban) => format!("{} banned {}", ban.by, ban.user),
        Change::Unbanned(unbanned) => format!("{} is unbanned", unbanned.user),
        Change::Unknown => "unknown".to_owned(),
    };
    format!("#{} {what}", change.revision)
}

/// Fails unless the numbers are 1, 2, 3 … to their end.
pub(crate) fn seqs_without_a_gap(numbers: impl IntoIterator<Item = u64>) {
    for (expected, number) in (1..).zip(numbers) {
        assert_eq!(number, expected, "a gap, a double or a wrong order");
    }
}
