//! What happened in a room, in a line.

use parlor_protocol::entry::{InviteEnd, RequestEnd};
use parlor_protocol::id::Timestamp;
use parlor_protocol::operator::Announced;
use parlor_protocol::push::{Change, Departed, RequestEnded};
use parlor_protocol::room::Departure;

use super::behind;
use crate::lines::rfc3339;
use crate::model::Banned;

/// A change in a few words; `None` for messages, for what is withheld, and for what this version
/// does not know. It holds untrusted text.
pub(crate) fn happened(change: &Change) -> Option<String> {
    Some(match change {
        Change::Created(by) => format!("{by} created the room"),
        Change::Joined(member) => format!("{} joined", member.user),
        Change::Departed(gone) => departed(gone),
        Change::RoleChanged(changed) => format!("{} is now {}", changed.user, changed.role),
        Change::Terminated => "the room has ended for good".to_owned(),
        Change::TopicChanged(changed) => match &changed.topic {
            Some(topic) => format!("{} set the topic: {}", changed.by, topic.as_str()),
            None => format!("{} cleared the topic", changed.by),
        },
        Change::Renamed(renamed) => format!("{} renamed the room: {}", renamed.by, renamed.title),
        Change::SlowModeChanged(changed) if changed.secs == 0 => {
            format!("{} ended slow mode", changed.by)
        }
        Change::SlowModeChanged(changed) => {
            format!("{} set slow mode: {} s between two messages", changed.by, changed.secs)
        }
        Change::Requested(request) => {
            format!("{} asks to come in{}", request.user, behind(request.reason.as_ref()))
        }
        Change::RequestEnded(ended) => request_ended(ended),
        Change::Invited(invite) => format!("{} invited {}", invite.by, invite.user),
        Change::InviteEnded(ended) => match (ended.how, &ended.by) {
            (InviteEnd::Revoked, Some(by)) => format!("{by} revoked {}'s invite", ended.user),
            (InviteEnd::Revoked, None) => format!("{}'s invite was revoked", ended.user),
            (InviteEnd::Expired, _) => format!("{}'s invite expired", ended.user),
            (InviteEnd::Unknown, _) => format!("{}'s invite ended", ended.user),
        },
        Change::Banned(ban) => {
            let until = ban.until.map(|at| format!(" until {}", rfc3339(at))).unwrap_or_default();
            format!("{} keeps {} out{until}{}", ban.by, ban.user, behind(ban.reason.as_ref()))
        }
        Change::Unbanned(unbanned) => match &unbanned.by {
            Some(by) => format!("{by} lifted {}'s ban", unbanned.user),
            None => format!("{}'s ban is over", unbanned.user),
        },
        Change::Message(_) | Change::Withheld | Change::Unknown => return None,
    })
}

/// A ban in a line, its end as the reader has moments. It holds untrusted text.
pub(crate) fn banned(ban: &Banned, moment: impl Fn(Timestamp) -> String) -> String {
    let until = ban.until.map(|at| format!(" until {}", moment(at))).unwrap_or_default();
    let why = ban.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match &ban.by {
        Some(by) => format!("{by} banned {}{until}{why}", ban.user),
        None => format!("{} was banned{until}{why}", ban.user),
    }
}

/// What an operator tells everybody. It holds untrusted text.
pub(crate) fn announced(announced: &Announced) -> String {
    let Announced { at: _, by, text } = announced;
    match by {
        Some(by) => format!("{by} announces: {}", text.as_str()),
        None => format!("The server announces: {}", text.as_str()),
    }
}

fn departed(gone: &Departed) -> String {
    let Departed { user, how, by, reason } = gone;
    let reason = behind(reason.as_ref());
    match (how, by) {
        (Departure::Left, _) => format!("{user} left"),
        (Departure::Terminated, _) => format!("{user} is out, as the room ended"),
        (Departure::Kicked, Some(by)) => format!("{by} kicked {user}{reason}"),
        (Departure::Kicked, None) => format!("{user} was kicked{reason}"),
        (Departure::Banned, Some(by)) => format!("{by} banned {user}{reason}"),
        (Departure::Banned, None) => format!("{user} was banned{reason}"),
        (Departure::Removed, _) => format!("{user} is gone, as the account was removed"),
        (Departure::Unknown, _) => format!("{user} is no longer here"),
    }
}

fn request_ended(ended: &RequestEnded) -> String {
    let RequestEnded { user, how, by, reason } = ended;
    let reason = behind(reason.as_ref());
    match (how, by) {
        (RequestEnd::Withdrawn, _) => format!("{user} took the request back"),
        (RequestEnd::Denied, Some(by)) => format!("{by} denied {user}'s request{reason}"),
        (RequestEnd::Denied, None) => format!("{user}'s request was denied{reason}"),
        (RequestEnd::Unknown, _) => format!("{user}'s request ended"),
    }
}

#[cfg(test)]
mod tests {
    use parlor_protocol::entry::{Ban, Invite, JoinRequest};
    use parlor_protocol::id::RoomId;
    use parlor_protocol::push::{InviteEnded, SlowModeChanged, Unbanned};

    use super::*;

    #[test]
    fn who_gets_in_and_who_is_kept_out_is_told_with_by_whom_and_why() {
        let user = |name: &str| name.parse().unwrap();
        let (bob, by) = (|| user("bob"), || Some(user("alice")));
        let why = || "spam".parse().ok();
        let (room, at) = (RoomId::from_random(1), Timestamp(0));
        let gone = |how| Change::Departed(Departed { user: bob(), how, by: by(), reason: why() });
        let slow = |secs| Change::SlowModeChanged(SlowModeChanged { by: user("alice"), secs });
        let request = |how, reason| RequestEnded { user: bob(), how, by: by(), reason };
        let invite = |how| Change::InviteEnded(InviteEnded { user: bob(), how, by: by() });
        let title = "ops".parse().unwrap();
        let invited = Invite { room, title, user: bob(), by: user("alice"), at, until: at };
        let ban = Ban { room, user: bob(), by: user("alice"), reason: why(), at, until: Some(at) };
        for (change, told) in [
            (gone(Departure::Kicked), Some("alice kicked bob: spam")),
            (gone(Departure::Banned), Some("alice banned bob: spam")),
            (gone(Departure::Removed), Some("bob is gone, as the account was removed")),
            (slow(30), Some("alice set slow mode: 30 s between two messages")),
            (slow(0), Some("alice ended slow mode")),
            (
                Change::Requested(JoinRequest { room, user: bob(), reason: why(), at }),
                Some("bob asks to come in: spam"),
            ),
            (
                Change::RequestEnded(request(RequestEnd::Denied, why())),
                Some("alice denied bob's request: spam"),
            ),
            (
                Change::RequestEnded(request(RequestEnd::Withdrawn, None)),
                Some("bob took the request back"),
            ),
            (Change::Invited(invited), Some("alice invited bob")),
            (invite(InviteEnd::Revoked), Some("alice revoked bob's invite")),
            (invite(InviteEnd::Expired), Some("bob's invite expired")),
            (Change::Banned(ban), Some("alice keeps bob out until 1970-01-01T00:00:00.000Z: spam")),
            (Change::Unbanned(Unbanned { user: bob(), by: by() }), Some("alice lifted bob's ban")),
            (Change::Unbanned(Unbanned { user: bob(), by: None }), Some("bob's ban is over")),
            (Change::Withheld, None),
        ] {
            assert_eq!(happened(&change).as_deref(), told);
        }
    }
}
