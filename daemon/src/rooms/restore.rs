//! Loading: the world is put together again from the store's rows, without replaying its history.
//!
//! What comes out equals the fold of all events. The order is: users before what is theirs, users
//! and rooms before memberships and associations. Nonces, and what else of them there is to
//! restore, are in [`nonces`](super::nonces).

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{DeviceId, NotificationId, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::name::{DisplayName, Title, UserName};
use parlor_protocol::room::{Entry, Visibility};
use parlor_protocol::text::Topic;

use super::codes::{Code, CodeTerms};
use super::devices::Device;
use super::event::{Standing, Status, UserId};
use super::world::{Member, Membership, Noted, Reading, Room, RoomState, User, World};

/// A user as the store has them.
#[derive(Debug)]
pub(crate) struct StoredUser {
    pub(crate) name: UserName,
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) standing: Standing,
    pub(crate) status: Status,
    pub(crate) status_at: Timestamp,
    pub(crate) revision: Revision,
    /// The greatest number that a device of theirs ever had, 0 for none.
    pub(crate) last_device: DeviceId,
    /// The greatest number that a notification of theirs ever had, 0 for none.
    pub(crate) last_notification: NotificationId,
}

/// A room as the store has it.
#[derive(Debug)]
pub(crate) struct StoredRoom {
    pub(crate) title: Title,
    pub(crate) topic: Option<Topic>,
    pub(crate) state: RoomState,
    pub(crate) visibility: Visibility,
    pub(crate) entry: Entry,
    pub(crate) slow_secs: u32,
    pub(crate) revision: Revision,
    pub(crate) last_seq: Seq,
    pub(crate) dropped: Seq,
}

impl World {
    pub(crate) fn restore_directory(
        &mut self,
        revision: Revision,
        last_user: UserId,
        sign_up: Option<SignUpMode>,
    ) {
        self.directory_revision = revision;
        self.last_user = last_user;
        self.sign_up = sign_up;
    }

    pub(crate) fn restore_code(&mut self, code: Code, terms: CodeTerms) {
        self.codes.insert(code, terms);
    }

    pub(crate) fn restore_user(&mut self, id: UserId, stored: StoredUser) {
        let StoredUser { name, display_name, standing, status, status_at, revision, .. } = stored;
        let (last_device, last_notification) = (stored.last_device, stored.last_notification);
        self.names.insert(name.clone(), id);
        if standing == Standing::Operator {
            self.operators.insert(id);
        }
        let new = User::new(name, standing, status, status_at);
        self.users
            .insert(id, User { display_name, revision, last_device, last_notification, ..new });
        self.note_status(id);
    }

    /// A device that was not revoked.
    pub(crate) fn restore_device(&mut self, user: UserId, id: DeviceId, device: Device) {
        self.put_device(user, id, Some(device));
    }

    pub(crate) fn restore_block(&mut self, user: UserId, whom: UserId) {
        self.user_mut(user).blocked.insert(whom);
    }

    /// A notification that was not dismissed.
    pub(crate) fn restore_notification(&mut self, user: UserId, id: NotificationId, noted: Noted) {
        let oldest = self.oldest_notification(user);
        self.user_mut(user).notifications.insert(id, noted);
        self.note_oldest(user, oldest);
    }

    /// The title of a live room is taken by this, too.
    pub(crate) fn restore_room(&mut self, id: RoomId, stored: StoredRoom) {
        let StoredRoom {
            title,
            topic,
            state,
            visibility,
            entry,
            slow_secs,
            revision,
            last_seq,
            dropped,
        } = stored;
        match state {
            RoomState::Live => self.titles.take(&title, id),
            RoomState::Terminated => {}
        }
        let new = Room::new(title, state, visibility, entry);
        self.rooms.insert(id, Room { revision, last_seq, dropped, topic, slow_secs, ..new });
    }

    pub(crate) fn restore_member(
        &mut self,
        room: RoomId,
        user: UserId,
        membership: Membership,
        read: Seq,
    ) {
        let reading = Reading { read, mentions: Vec::new() };
        self.room_mut(room).members.insert(user, Member { membership, reading });
        self.user_mut(user).rooms.insert(room);
        self.note_status(user);
    }
}
