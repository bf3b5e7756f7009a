//! Applying: what an event changes. There is no rule here, and nothing to refuse.

use parlor_protocol::id::{DeviceId, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::room::Role;

use super::event::{
    DirectoryEvent, Event, Happening, Posted, RoomEvent, Standing, Stream, UserEvent, UserId,
};
use super::nonces::NonceKey;
use super::world::{Membership, Room, RoomState, User, World};

impl World {
    /// The last revision of a stream; 0 of one that has not begun.
    pub(super) fn head(&self, stream: Stream) -> Revision {
        match stream {
            Stream::Directory => self.directory_revision,
            Stream::Room(room) => self.rooms.get(&room).map_or(Revision(0), |room| room.revision),
            Stream::User(user) => self.users.get(&user).map_or(Revision(0), |user| user.revision),
        }
    }

    /// Changes the world by an event that [`World::decide`] gave for it as it is.
    pub(crate) fn apply(&mut self, event: &Event) {
        debug_assert_eq!(event.revision, self.head(event.what.stream()).next(), "{event:?}");
        match &event.what {
            Happening::Directory(what) => {
                self.directory_revision = event.revision;
                self.apply_to_directory(what);
            }
            Happening::Room(room, what) => self.apply_to_room(*room, what, event),
            Happening::User(user, what) => {
                let user = self.user_mut(*user);
                user.revision = event.revision;
                user.apply(what);
            }
        }
    }

    fn apply_to_directory(&mut self, event: &DirectoryEvent) {
        match event {
            DirectoryEvent::UserAdded { user, name, standing } => {
                self.names.insert(name.clone(), *user);
                self.users.insert(*user, User::new(name.clone(), *standing));
            }
            DirectoryEvent::TitleTaken { room, title } => self.titles.take(title, *room),
            DirectoryEvent::TitleFreed { room: id } => {
                let room = self.rooms.get(id).expect("invariant: a title is a known room's");
                self.titles.free(&room.title, *id);
            }
        }
    }

    fn apply_to_room(&mut self, id: RoomId, what: &RoomEvent, event: &Event) {
        let Event { revision, at, .. } = *event;
        if let RoomEvent::Created { title, .. } = what {
            self.rooms.insert(id, Room::new(title.clone(), RoomState::Live));
        }
        self.room_mut(id).revision = revision;
        match what {
            RoomEvent::Created { owner, .. } => self.enter(id, *owner, Role::Owner, revision, at),
            RoomEvent::Messaged { seq, author, nonce, text: _ } => {
                self.room_mut(id).last_seq = *seq;
                let key = NonceKey { nonce: *nonce, room: id, author: *author };
                self.nonces.remember(key, Posted { seq: *seq, revision, at });
            }
            RoomEvent::Joined { user } => self.enter(id, *user, Role::Member, revision, at),
            RoomEvent::Departed { user, how: _ } => {
                let room = self.room_mut(id);
                room.members.remove(user);
                room.former.insert(*user);
                self.user_mut(*user).rooms.remove(&id);
            }
            RoomEvent::RoleChanged { user, role } => {
                let membership = self.room_mut(id).members.get_mut(user);
                membership.expect("invariant: only members have roles").role = *role;
            }
            RoomEvent::Terminated => self.room_mut(id).state = RoomState::Terminated,
            RoomEvent::TopicChanged { by: _, topic } => self.room_mut(id).topic.clone_from(topic),
            RoomEvent::Renamed { by: _, title } => self.room_mut(id).title.clone_from(title),
        }
    }

    fn enter(
        &mut self,
        id: RoomId,
        user: UserId,
        role: Role,
        joined: Revision,
        joined_at: Timestamp,
    ) {
        let room = self.room_mut(id);
        room.former.remove(&user);
        room.members.insert(user, Membership { role, joined, joined_at });
        self.user_mut(user).rooms.insert(id);
    }

    pub(super) fn room_mut(&mut self, room: RoomId) -> &mut Room {
        self.rooms.get_mut(&room).expect("invariant: a room begins with Created")
    }

    pub(super) fn user_mut(&mut self, user: UserId) -> &mut User {
        self.users.get_mut(&user).expect("invariant: a user begins with UserAdded")
    }
}

impl User {
    pub(super) fn new(name: UserName, standing: Standing) -> Self {
        Self {
            name,
            standing,
            revision: Revision(0),
            last_device: DeviceId(0),
            devices: Default::default(),
            rooms: Default::default(),
        }
    }

    fn apply(&mut self, event: &UserEvent) {
        match event {
            // Only logins need it, and they read it from the store.
            UserEvent::PasswordSet(_) | UserEvent::PasswordRestretched(_) => {}
            UserEvent::DeviceAdded { id, device } => {
                self.last_device = *id;
                self.devices.insert(*id, device.public_key);
            }
            UserEvent::DeviceRevoked { id } => {
                self.devices.remove(id);
            }
        }
    }
}

impl Room {
    pub(super) fn new(title: Title, state: RoomState) -> Self {
        Self {
            title,
            topic: None,
            state,
            revision: Revision(0),
            last_seq: Seq(0),
            members: Default::default(),
            former: Default::default(),
        }
    }
}
