//! The rules of notifications: who is told of what, and what becomes of it.

use parlor_protocol::id::NotificationId;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;

use super::command::{Decision, WhichNotices};
use super::decide::Draft;
use super::event::{Notice, UserEvent, UserId};
use super::world::User;

/// The most notifications of one user; the oldest makes room for another.
pub(crate) const NOTIFICATIONS_MAX: usize = 1_000;

impl Draft<'_> {
    /// Tells a user of something, now and later. Nobody is told of their own acts, nor of what
    /// somebody whom they block wants of them.
    pub(super) fn notify(&mut self, user: UserId, notice: Notice) {
        let Some(known) = self.world.users.get(&user) else { return };
        let unwanted = notice.by.is_some_and(|by| {
            by == user || wants_something(notice.kind) && known.blocked.contains(&by)
        });
        if unwanted || !known.is_there() {
            return;
        }
        let id = self.next_notification(user, known);
        // Others of this decision may have come before it.
        let given = (id.0 - known.last_notification.0) as usize;
        if let Some(surplus) =
            (known.notifications.len() + given).checked_sub(NOTIFICATIONS_MAX + 1)
            && let Some(&oldest) = known.notifications.keys().nth(surplus)
        {
            self.user(user, UserEvent::NotificationsExpired { up_to: oldest });
        }
        self.user(user, UserEvent::Notified { id, notice });
    }
}

/// Whether a notification is somebody's wish, rather than what has become of oneself.
fn wants_something(kind: NotificationKind) -> bool {
    match kind {
        NotificationKind::Invited
        | NotificationKind::JoinRequested
        | NotificationKind::Added
        | NotificationKind::Mentioned => true,
        NotificationKind::Approved
        | NotificationKind::Denied
        | NotificationKind::Kicked
        | NotificationKind::Banned
        | NotificationKind::Unbanned
        | NotificationKind::RoleChanged
        | NotificationKind::OwnershipReceived
        | NotificationKind::RoomTerminated
        | NotificationKind::SignUpWaiting
        | NotificationKind::Unknown => false,
    }
}

pub(super) fn read(
    mut draft: Draft<'_>,
    user: UserId,
    which: WhichNotices,
) -> Result<Decision, Code> {
    let known = named(&draft, user, which)?;
    let unread = match which {
        WhichNotices::All => known.notifications.values().any(|noted| !noted.read),
        WhichNotices::One(id) => known.notifications.get(&id).is_some_and(|noted| !noted.read),
    };
    if unread {
        draft.user(user, UserEvent::NotificationsRead(which));
    }
    Ok(draft.done())
}

pub(super) fn dismiss(
    mut draft: Draft<'_>,
    user: UserId,
    which: WhichNotices,
) -> Result<Decision, Code> {
    if !named(&draft, user, which)?.notifications.is_empty() {
        draft.user(user, UserEvent::NotificationsDismissed(which));
    }
    Ok(draft.done())
}

/// The user, who has the notification that is named.
fn named<'a>(draft: &Draft<'a>, user: UserId, which: WhichNotices) -> Result<&'a User, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::LoginRequired)?;
    match which {
        WhichNotices::One(id) if !known.notifications.contains_key(&id) => {
            Err(Code::NoSuchNotification)
        }
        WhichNotices::One(_) | WhichNotices::All => Ok(known),
    }
}

impl WhichNotices {
    /// Whether it means that one.
    pub(crate) fn includes(self, id: NotificationId) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == id,
        }
    }
}
