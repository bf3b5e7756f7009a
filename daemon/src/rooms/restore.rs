//! Loading: the world is put together again from the store's rows, without replaying its history.
//!
//! What comes out equals the fold of all events. The order is: users before their devices, users
//! and rooms before memberships. Nonces, and what else of them there is to restore, are in
//! [`nonces`](super::nonces).

use parlor_protocol::id::{Bytes, DeviceId, Revision, RoomId, Seq};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::text::Topic;

use super::event::{Standing, UserId};
use super::world::{Membership, Room, RoomState, User, World};

impl World {
    pub(crate) fn restore_directory(&mut self, revision: Revision) {
        self.directory_revision = revision;
    }

    /// `last_device` is the greatest number that a device of theirs ever had, 0 for none.
    pub(crate) fn restore_user(
        &mut self,
        id: UserId,
        name: UserName,
        standing: Standing,
        revision: Revision,
        last_device: DeviceId,
    ) {
        self.names.insert(name.clone(), id);
        self.users.insert(id, User { revision, last_device, ..User::new(name, standing) });
    }

    /// A device that was not revoked.
    pub(crate) fn restore_device(&mut self, user: UserId, id: DeviceId, public_key: Bytes<32>) {
        self.user_mut(user).devices.insert(id, public_key);
    }

    /// The title of a live room is taken by this, too.
    pub(crate) fn restore_room(
        &mut self,
        id: RoomId,
        title: Title,
        topic: Option<Topic>,
        state: RoomState,
        revision: Revision,
        last_seq: Seq,
    ) {
        match state {
            RoomState::Live => self.titles.take(&title, id),
            RoomState::Terminated => {}
        }
        self.rooms.insert(id, Room { revision, last_seq, topic, ..Room::new(title, state) });
    }

    pub(crate) fn restore_member(&mut self, room: RoomId, user: UserId, membership: Membership) {
        self.room_mut(room).members.insert(user, membership);
        self.user_mut(user).rooms.insert(room);
    }

    /// Someone whose membership of the room ended and did not begin again.
    pub(crate) fn restore_former(&mut self, room: RoomId, user: UserId) {
        self.room_mut(room).former.insert(user);
    }
}
