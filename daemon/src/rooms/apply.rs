//! Applying: what an event changes. There is no rule here, and nothing to refuse.

use parlor_protocol::entry::{Ended, RequestEnd};
use parlor_protocol::id::{DeviceId, NotificationId, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::room::{Entry, Role, Visibility};

use super::association::{Association, Ban, BanNotice, ended_by};
use super::devices::Device;
use super::event::{
    DirectoryEvent, Event, Happening, Posted, RoomEvent, Standing, Status, Stream, UserEvent,
    UserId,
};
use super::nonces::NonceKey;
use super::posting::MENTIONS_COUNTED_MAX;
use super::world::{Member, Membership, Noted, Reading, Room, RoomState, User, World};

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
                self.apply_to_directory(what, event.at);
            }
            Happening::Room(room, what) => {
                if let RoomEvent::Created { title, visibility, entry, .. } = what {
                    let new = Room::new(title.clone(), RoomState::Live, *visibility, *entry);
                    self.rooms.insert(*room, new);
                }
                self.room_mut(*room).revision = event.revision;
                self.apply_to_room(*room, what, event);
            }
            Happening::User(user, what) => {
                self.user_mut(*user).revision = event.revision;
                self.apply_to_user(*user, what, event.at);
            }
        }
    }

    fn apply_to_directory(&mut self, event: &DirectoryEvent, at: Timestamp) {
        match event {
            DirectoryEvent::UserAdded { user, name, standing, status } => {
                self.last_user = *user;
                self.names.insert(name.clone(), *user);
                self.users.insert(*user, User::new(name.clone(), *standing, *status, at));
                if *standing == Standing::Operator {
                    self.operators.insert(*user);
                }
                self.note_status(*user);
            }
            DirectoryEvent::UserForgotten { user } => {
                let known = self.users.remove(user).expect("invariant: only users are forgotten");
                self.names.remove(&known.name);
                self.operators.remove(user);
                self.agenda.denied.remove(&(known.status_at, *user));
                for (id, device) in known.devices {
                    self.agenda.devices.remove(&(device.used_at, *user, id));
                }
            }
            DirectoryEvent::TitleTaken { room, title } => self.titles.take(title, *room),
            DirectoryEvent::TitleFreed { room: id } => {
                let room = self.rooms.get(id).expect("invariant: a title is a known room's");
                self.titles.free(&room.title, *id);
            }
            DirectoryEvent::SignUpModeSet { mode } => self.sign_up = Some(*mode),
            DirectoryEvent::CodeMade { code, terms } => {
                self.codes.insert(*code, *terms);
            }
            DirectoryEvent::CodeUsed { code, by: _ } => {
                let terms = self.codes.get_mut(code).expect("invariant: only known codes are used");
                terms.uses -= 1;
                if terms.uses == 0 {
                    self.codes.remove(code);
                }
            }
            DirectoryEvent::CodeEnded { code } => {
                self.codes.remove(code);
            }
        }
    }

    fn apply_to_room(&mut self, id: RoomId, what: &RoomEvent, event: &Event) {
        let Event { revision, at, .. } = *event;
        match what {
            RoomEvent::Created { owner, .. } => self.enter(id, *owner, Role::Owner, revision, at),
            RoomEvent::Messaged { seq, author, nonce, text: _, kind: _, mentions } => {
                self.room_mut(id).last_seq = *seq;
                for user in mentions {
                    self.restore_mention(id, *user, *seq);
                }
                let key = NonceKey { nonce: *nonce, room: id, author: *author };
                self.nonces.remember(key, Posted { seq: *seq, revision, at });
            }
            RoomEvent::Joined { user } => self.enter(id, *user, Role::Member, revision, at),
            RoomEvent::Departed { user, how, by: _, reason: _ } => {
                let (ended, must_ask) = (ended_by(*how), ended_by(*how) == Ended::Kicked);
                self.room_mut(id).members.remove(user);
                self.user_mut(*user).rooms.remove(&id);
                self.note_status(*user);
                self.note_ended(id);
                self.associate(id, *user, at, |it| {
                    *it = Association { ended: Some(ended), must_ask, ..Association::default() };
                });
            }
            RoomEvent::RoleChanged { user, role } => {
                let member = self.room_mut(id).members.get_mut(user);
                member.expect("invariant: only members have roles").membership.role = *role;
            }
            RoomEvent::Terminated => {
                self.room_mut(id).state = RoomState::Terminated;
                self.note_ended(id);
                self.shut_door(id, at);
            }
            RoomEvent::TopicChanged { by: _, topic } => self.room_mut(id).topic.clone_from(topic),
            RoomEvent::Renamed { by: _, title } => self.room_mut(id).title.clone_from(title),
            RoomEvent::SlowModeChanged { by: _, secs } => self.room_mut(id).slow_secs = *secs,
            RoomEvent::Requested { .. }
            | RoomEvent::RequestEnded { .. }
            | RoomEvent::Invited { .. }
            | RoomEvent::InviteEnded { .. }
            | RoomEvent::Banned { .. }
            | RoomEvent::Unbanned { .. }
            | RoomEvent::Forgotten { .. } => self.apply_to_association(id, what, at),
        }
    }

    fn apply_to_association(&mut self, id: RoomId, what: &RoomEvent, at: Timestamp) {
        match what {
            RoomEvent::Requested { user, reason: _ } => {
                self.associate(id, *user, at, |it| it.requested_at = Some(at));
            }
            RoomEvent::RequestEnded { user, how, .. } => self.associate(id, *user, at, |it| {
                it.requested_at = None;
                match how {
                    RequestEnd::Denied => {
                        it.denied_at = Some(at);
                        it.ended = Some(Ended::Denied);
                    }
                    RequestEnd::Withdrawn | RequestEnd::Unknown => {}
                }
            }),
            RoomEvent::Invited { user, by: _, until } => {
                self.associate(id, *user, at, |it| it.invited_until = Some(*until));
            }
            RoomEvent::InviteEnded { user, how, by: _ } => self.associate(id, *user, at, |it| {
                it.invited_until = None;
                if *how == parlor_protocol::entry::InviteEnd::Expired {
                    it.ended = Some(Ended::InviteExpired);
                }
            }),
            RoomEvent::Banned { user, until, rank, notice, .. } => {
                self.associate(id, *user, at, |it| {
                    it.requested_at = None;
                    it.invited_until = None;
                    it.ban = Some(Ban { until: *until, rank: *rank, notice: *notice });
                });
            }
            RoomEvent::Unbanned { user, by: _ } => self.associate(id, *user, at, |it| {
                // Whoever was not to know of the room still does not.
                if it.ban.is_some_and(|ban| ban.notice == BanNotice::Told) {
                    it.ended = Some(Ended::Banned);
                }
                it.ban = None;
            }),
            RoomEvent::Forgotten { user } => {
                self.dissociate(id, *user);
            }
            RoomEvent::Created { .. }
            | RoomEvent::Messaged { .. }
            | RoomEvent::Joined { .. }
            | RoomEvent::Departed { .. }
            | RoomEvent::RoleChanged { .. }
            | RoomEvent::Terminated
            | RoomEvent::TopicChanged { .. }
            | RoomEvent::Renamed { .. }
            | RoomEvent::SlowModeChanged { .. } => {}
        }
    }

    fn apply_to_user(&mut self, id: UserId, event: &UserEvent, at: Timestamp) {
        let oldest = self.oldest_notification(id);
        let user = self.user_mut(id);
        match event {
            // Only logins need it, and they read it from the store.
            UserEvent::PasswordSet(_) | UserEvent::PasswordRestretched(_) => {}
            UserEvent::DisplayNameSet(display_name) => user.display_name.clone_from(display_name),
            UserEvent::DeviceAdded { id: number, device } => {
                user.last_device = *number;
                let device = Device { public_key: device.public_key, used_at: at };
                self.put_device(id, *number, Some(device));
            }
            UserEvent::DeviceRevoked { id: number } => self.put_device(id, *number, None),
            UserEvent::Notified { id: number, notice: _ } => {
                user.last_notification = *number;
                user.notifications.insert(*number, Noted { at, read: false });
            }
            UserEvent::NotificationsRead(which) => {
                for (number, noted) in &mut user.notifications {
                    noted.read |= which.includes(*number);
                }
            }
            UserEvent::NotificationsDismissed(which) => {
                user.notifications.retain(|number, _| !which.includes(*number));
            }
            UserEvent::NotificationsExpired { up_to } => {
                user.notifications.retain(|number, _| number > up_to);
            }
            UserEvent::Blocked { user: whom } => {
                user.blocked.insert(*whom);
            }
            UserEvent::Unblocked { user: whom } => {
                user.blocked.remove(whom);
            }
            UserEvent::StandingChanged(standing) => {
                user.standing = *standing;
                match standing {
                    Standing::Operator => self.operators.insert(id),
                    Standing::Ordinary => self.operators.remove(&id),
                };
            }
            UserEvent::StatusChanged { was: _, status, reason: _ } => {
                let before = std::mem::replace(&mut user.status_at, at);
                user.status = *status;
                if *status == Status::Removed {
                    user.notifications.clear();
                    user.display_name = None;
                    user.standing = Standing::Ordinary;
                    let devices: Vec<DeviceId> = user.devices.keys().copied().collect();
                    self.operators.remove(&id);
                    devices.into_iter().for_each(|number| self.put_device(id, number, None));
                }
                self.agenda.denied.remove(&(before, id));
                self.note_status(id);
            }
        }
        self.note_oldest(id, oldest);
    }

    /// Somebody becomes a member: what else they had to do with the room is over.
    fn enter(
        &mut self,
        id: RoomId,
        user: UserId,
        role: Role,
        joined: Revision,
        joined_at: Timestamp,
    ) {
        self.dissociate(id, user);
        let room = self.room_mut(id);
        let reading = Reading { read: room.last_seq, mentions: Vec::new() };
        let membership = Membership { role, joined, joined_at };
        room.members.insert(user, Member { membership, reading });
        self.user_mut(user).rooms.insert(id);
    }

    /// Notes that a message mentions a member who has not read it, also while loading.
    pub(crate) fn restore_mention(&mut self, room: RoomId, user: UserId, seq: Seq) {
        if let Some(member) = self.room_mut(room).members.get_mut(&user) {
            let mentions = &mut member.reading.mentions;
            if mentions.len() >= MENTIONS_COUNTED_MAX {
                mentions.remove(0);
            }
            mentions.push(seq);
        }
    }

    pub(super) fn room_mut(&mut self, room: RoomId) -> &mut Room {
        self.rooms.get_mut(&room).expect("invariant: a room begins with Created")
    }

    pub(super) fn user_mut(&mut self, user: UserId) -> &mut User {
        self.users.get_mut(&user).expect("invariant: a user begins with UserAdded")
    }
}

impl User {
    pub(super) fn new(
        name: UserName,
        standing: Standing,
        status: Status,
        status_at: Timestamp,
    ) -> Self {
        Self {
            name,
            display_name: None,
            standing,
            status,
            status_at,
            revision: Revision(0),
            last_device: DeviceId(0),
            devices: Default::default(),
            rooms: Default::default(),
            knocks: Default::default(),
            blocked: Default::default(),
            last_notification: NotificationId(0),
            notifications: Default::default(),
        }
    }
}

impl Room {
    pub(super) fn new(
        title: Title,
        state: RoomState,
        visibility: Visibility,
        entry: Entry,
    ) -> Self {
        Self {
            title,
            topic: None,
            state,
            visibility,
            entry,
            slow_secs: 0,
            revision: Revision(0),
            last_seq: Seq(0),
            dropped: Seq::default(),
            members: Default::default(),
            associations: Default::default(),
        }
    }
}
