//! News in a line each, so that a test can say what is heard.

use parlor_protocol::push::{Change, Push, RoomChange};

/// A push, without its room: tests know where they are.
pub(crate) fn tell(push: &Push) -> String {
    match push {
        Push::Snapshot(room) => format!("{} is there", room.title),
        Push::Changed(changed) => tell_change(&changed.change),
        Push::Entered(room) => format!("entered {}", room.title),
        Push::Exited(exited) => format!("exited ({})", exited.how),
        Push::Unknown => "unknown".to_owned(),
    }
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
