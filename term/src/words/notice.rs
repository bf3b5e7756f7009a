//! What one is told of, in a sentence without its full stop.

use parlor_protocol::notification::{Notification, NotificationKind};
use parlor_protocol::push::Exited;
use parlor_protocol::room::Departure;

use super::{behind, length};

/// How the reader gives commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commands {
    /// Behind the host, in a shell.
    Plain,
    /// Behind a slash, in the full-screen client.
    Slashed,
}

/// What a notification says. It holds untrusted text.
pub(crate) fn notice(told: &Notification, commands: Commands) -> String {
    let by = told.by.as_ref().map_or("somebody", |by| by.as_str());
    let title = told.title.as_ref().map_or("a room", |title| title.as_str());
    let reason = behind(told.reason.as_ref());
    match told.kind {
        NotificationKind::Invited => {
            let slash = match commands {
                Commands::Plain => "",
                Commands::Slashed => "/",
            };
            let id = told.room.map(|id| format!(": {slash}join {id}")).unwrap_or_default();
            format!("{by} invited you to {title}{id}")
        }
        NotificationKind::JoinRequested => format!("{by} asks to come into {title}{reason}"),
        NotificationKind::Approved => format!("{by} let you into {title}"),
        NotificationKind::Denied => format!("{by} denied your request for {title}{reason}"),
        NotificationKind::Added => format!("{by} added you to {title}"),
        NotificationKind::Kicked => format!("{by} kicked you from {title}{reason}"),
        NotificationKind::Banned => {
            let until = told.until.map(|until| until.0.saturating_sub(told.at.0).unsigned_abs());
            // The two times are some milliseconds nearer than what was said.
            let secs = until.map(|ms| (ms + 500) / 1_000);
            let how_long = secs.map(|secs| format!(" for {}", length(secs))).unwrap_or_default();
            format!("{by} banned you from {title}{how_long}{reason}")
        }
        NotificationKind::Unbanned => match &told.by {
            Some(by) => format!("{by} lifted your ban from {title}"),
            None => format!("your ban from {title} is over"),
        },
        NotificationKind::RoleChanged => match (&told.by, told.role) {
            (Some(by), Some(role)) => format!("{by} made you {role} in {title}"),
            (None, Some(role)) => format!("you are now {role} in {title}"),
            (_, None) => format!("your role in {title} is another"),
        },
        NotificationKind::OwnershipReceived => match &told.by {
            Some(by) => format!("{by} handed {title} over to you"),
            None => format!("you are now owner of {title}"),
        },
        NotificationKind::RoomTerminated => format!("{title} has ended for good"),
        NotificationKind::Mentioned => {
            let place = told.seq.map(|seq| format!(", message {seq}")).unwrap_or_default();
            format!("{by} mentioned you in {title}{place}")
        }
        NotificationKind::SignUpWaiting => format!("{by} has signed up and waits for an operator"),
        NotificationKind::Unknown => {
            "something happened that this version of parlor does not know".to_owned()
        }
    }
}

/// How one's membership ended. It holds untrusted text.
pub(crate) fn exited(exited: &Exited, title: &str) -> String {
    let by = exited.by.as_ref().map_or("somebody", |by| by.as_str());
    let reason = behind(exited.reason.as_ref());
    match exited.how {
        Departure::Left => format!("you left {title}"),
        Departure::Terminated => format!("{title} has ended for good"),
        Departure::Kicked => format!("{by} kicked you from {title}{reason}"),
        Departure::Banned => format!("{by} banned you from {title}{reason}"),
        Departure::Removed => format!("you are no longer in {title}: your account was removed"),
        Departure::Unknown => format!("you are no longer in {title}"),
    }
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::{NotificationId, RoomId, Seq, Timestamp};
    use parlor_protocol::room::Role;

    use super::*;

    fn told(kind: NotificationKind) -> Notification {
        Notification {
            id: NotificationId(7),
            kind,
            at: Timestamp(0),
            room: Some(RoomId::from_random(1)),
            title: "ops".parse().ok(),
            by: "alice".parse().ok(),
            reason: None,
            role: None,
            seq: None,
            read: false,
            until: None,
        }
    }

    #[test]
    fn an_invite_says_how_to_come_in() {
        let invited = told(NotificationKind::Invited);
        let plain = "alice invited you to ops: join 00000-00001";
        assert_eq!(notice(&invited, Commands::Plain), plain);
        let slashed = "alice invited you to ops: /join 00000-00001";
        assert_eq!(notice(&invited, Commands::Slashed), slashed);
    }

    #[test]
    fn notifications_say_who_what_and_why() {
        let why = || "spam".parse().ok();
        let by_itself = |kind| Notification { by: None, ..told(kind) };
        for (told, says) in [
            (
                Notification { reason: why(), ..told(NotificationKind::Kicked) },
                "alice kicked you from ops: spam",
            ),
            (
                Notification { reason: why(), ..told(NotificationKind::Denied) },
                "alice denied your request for ops: spam",
            ),
            (
                Notification {
                    reason: why(),
                    until: Some(Timestamp(7 * 86_400_000)),
                    ..told(NotificationKind::Banned)
                },
                "alice banned you from ops for 7 days: spam",
            ),
            (told(NotificationKind::Banned), "alice banned you from ops"),
            (by_itself(NotificationKind::Unbanned), "your ban from ops is over"),
            (by_itself(NotificationKind::OwnershipReceived), "you are now owner of ops"),
            (
                Notification { role: Some(Role::Admin), ..told(NotificationKind::RoleChanged) },
                "alice made you admin in ops",
            ),
            (
                Notification { seq: Some(Seq(3)), ..told(NotificationKind::Mentioned) },
                "alice mentioned you in ops, message 3",
            ),
            (told(NotificationKind::RoomTerminated), "ops has ended for good"),
        ] {
            assert_eq!(notice(&told, Commands::Plain), says);
        }
    }
}
