//! A second, naive model of the rules: lists that are searched, no indexes, no events. It is
//! written from the specification and not from the rules, so that the two can disagree.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{Nonce, RoomId, Timestamp};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Role;

use super::view::{RoomView, UserView, View};
use crate::rooms::{Actor, Command, UserId};

/// Titles, each with the class of titles that are the same, and the class that it pretends to be.
pub(super) const TITLES: [(&str, u8, Option<u8>); 6] = [
    ("ops", 1, None),
    ("OPS", 1, None),
    ("\u{43e}ps", 2, Some(1)),
    ("paypal", 3, None),
    ("p\u{430}yp\u{430}l", 4, Some(3)),
    ("straße", 5, None),
];

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Done,
    Sent { seq: u64 },
    Repeated { seq: u64 },
    SameDevice(u32),
}

#[derive(Default)]
pub(super) struct Model {
    users: Vec<Account>,
    rooms: Vec<Place>,
    directory: u64,
}

struct Account {
    name: String,
    /// Numbers and keys.
    devices: Vec<(u32, u8)>,
    registered: u32,
    changes: u64,
}

struct Place {
    id: RoomId,
    title: String,
    topic: Option<String>,
    ended: bool,
    /// In join order.
    members: Vec<(UserId, Role)>,
    former: Vec<UserId>,
    sent: Vec<(UserId, Nonce)>,
    changes: u64,
}

impl Model {
    /// `made` is the ID that the dice gave a new room.
    pub(super) fn run(
        &mut self,
        actor: Actor,
        command: &Command,
        now: Timestamp,
        made: Option<RoomId>,
    ) -> Result<Told, Code> {
        match command {
            Command::SignUp { .. }
            | Command::AddUser { .. }
            | Command::SetPassword { .. }
            | Command::Restretch { .. }
            | Command::AddDevice { .. }
            | Command::RevokeDevice { .. } => self.run_account(actor, command),
            Command::CreateRoom { .. }
            | Command::JoinRoom { .. }
            | Command::LeaveRoom { .. }
            | Command::Send { .. }
            | Command::Promote { .. }
            | Command::Demote { .. }
            | Command::Transfer { .. }
            | Command::SetTopic { .. }
            | Command::Rename { .. } => self.run_room(user_only(actor)?, command, now, made),
        }
    }

    fn run_account(&mut self, actor: Actor, command: &Command) -> Result<Told, Code> {
        match command {
            Command::SignUp { name, device, mode, .. } => {
                demand(actor == Actor::Stranger, Code::NotPermitted)?;
                demand(*mode == SignUpMode::Open, Code::SignUpClosed)?;
                self.add(name.as_str())?;
                if let Some(device) = device {
                    let last = self.users.len() as u64;
                    self.register(UserId(last), device.public_key.0[0]);
                }
            }
            Command::AddUser { name, .. } => {
                demand(actor != Actor::Stranger, Code::LoginRequired)?;
                demand(actor == Actor::Console, Code::NotPermitted)?;
                self.add(name.as_str())?;
            }
            Command::Restretch { .. } => {
                user_only(actor)?;
            }
            Command::SetPassword { user, keep, .. } => {
                demand(actor != Actor::Stranger, Code::LoginRequired)?;
                demand(actor == Actor::Console || actor == Actor::User(*user), Code::NotPermitted)?;
                let account = self.users.get_mut(user.0 as usize - 1).ok_or(Code::NoSuchUser)?;
                let before = account.devices.len();
                account.devices.retain(|&(id, _)| keep.is_some_and(|keep| keep.0 == id));
                account.changes += 1 + (before - account.devices.len()) as u64;
            }
            Command::AddDevice { device } => {
                let user = user_only(actor)?;
                let key = device.public_key.0[0];
                let account = &self.users[user.0 as usize - 1];
                if let Some(&(id, _)) = account.devices.iter().find(|&&(_, known)| known == key) {
                    return Ok(Told::SameDevice(id));
                }
                self.register(user, key);
            }
            Command::RevokeDevice { id } => {
                let account = &mut self.users[user_only(actor)?.0 as usize - 1];
                demand(
                    account.devices.iter().any(|&(known, _)| known == id.0),
                    Code::NoSuchDevice,
                )?;
                account.devices.retain(|&(known, _)| known != id.0);
                account.changes += 1;
            }
            _ => unreachable!("not of accounts"),
        }
        Ok(Told::Done)
    }

    fn run_room(
        &mut self,
        user: UserId,
        command: &Command,
        now: Timestamp,
        made: Option<RoomId>,
    ) -> Result<Told, Code> {
        match command {
            Command::CreateRoom { title } => {
                self.create(user, title.as_str(), made)?;
            }
            Command::JoinRoom { room, leave } => {
                let place = self.room_for(user, *room)?;
                demand(!place.has(user), Code::AlreadyAMember)?;
                if let Some(left) = leave {
                    let there = self.rooms.iter().any(|place| place.id == *left && place.has(user));
                    demand(there, Code::NotAMember)?;
                    self.leave(user, *left);
                }
                let place = self.room_mut(*room);
                place.former.retain(|&former| former != user);
                place.members.push((user, Role::Member));
                place.changes += 1;
            }
            Command::LeaveRoom { room } => {
                demand(self.room_for(user, *room)?.has(user), Code::NotAMember)?;
                self.leave(user, *room);
            }
            Command::Send { room, nonce, .. } => {
                demand(self.room_for(user, *room)?.has(user), Code::NotAMember)?;
                return self.send(user, *room, *nonce, now);
            }
            _ => self.rule(user, command)?,
        }
        Ok(Told::Done)
    }

    fn rule(&mut self, user: UserId, command: &Command) -> Result<(), Code> {
        use Role::{Admin, Member, Owner};
        let (Command::Promote { room, .. }
        | Command::Demote { room, .. }
        | Command::Transfer { room, .. }
        | Command::SetTopic { room, .. }
        | Command::Rename { room, .. }) = command
        else {
            unreachable!("not of rooms")
        };
        let mine = self.room_for(user, *room)?.role(user).ok_or(Code::NotAMember)?;
        match command {
            Command::Promote { user: name, .. } => {
                demand(mine == Owner, Code::NotPermitted)?;
                let (whom, role) = self.insider(*room, name.as_str())?;
                demand(role != Owner, Code::NotPermitted)?;
                self.room_mut(*room).make(whom, Admin);
            }
            Command::Demote { user: name, .. } => {
                let own = self.users[user.0 as usize - 1].name == name.as_str();
                demand(own || mine == Owner, Code::NotPermitted)?;
                let (whom, role) = self.insider(*room, name.as_str())?;
                demand(role != Owner, Code::NotPermitted)?;
                self.room_mut(*room).make(whom, Member);
            }
            Command::Transfer { user: name, .. } => {
                demand(mine == Owner, Code::NotPermitted)?;
                let (whom, _) = self.insider(*room, name.as_str())?;
                if whom != user {
                    self.room_mut(*room).make(user, Admin);
                    self.room_mut(*room).make(whom, Owner);
                }
            }
            Command::SetTopic { topic, .. } => {
                demand(mine != Member, Code::NotPermitted)?;
                let topic = topic.as_ref().map(|topic| topic.as_str().to_owned());
                let place = self.room_mut(*room);
                place.changes += u64::from(place.topic != topic);
                place.topic = topic;
            }
            Command::Rename { title, .. } => {
                demand(mine == Owner, Code::NotPermitted)?;
                if self.room_mut(*room).title != title.as_str() {
                    demand(!self.is_taken(title.as_str(), Some(*room)), Code::TitleTaken)?;
                    let place = self.room_mut(*room);
                    place.title = title.as_str().to_owned();
                    place.changes += 1;
                    // One title is freed, the other taken.
                    self.directory += 2;
                }
            }
            _ => unreachable!("all there are"),
        }
        Ok(())
    }

    /// Whoever has this name, and their role in the room.
    fn insider(&self, room: RoomId, name: &str) -> Result<(UserId, Role), Code> {
        let index = self.users.iter().position(|account| account.name == name);
        let user = UserId(index.ok_or(Code::NoSuchUser)? as u64 + 1);
        let place = self.rooms.iter().find(|place| place.id == room).unwrap();
        Ok((user, place.role(user).ok_or(Code::NotAMember)?))
    }

    pub(super) fn view(&self) -> View {
        let users = self.users.iter().map(|account| UserView {
            name: account.name.clone(),
            revision: account.changes,
            devices: account.devices.iter().map(|&(id, _)| id).collect(),
        });
        let rooms = self.rooms.iter().map(|place| {
            let room = RoomView {
                title: place.title.clone(),
                topic: place.topic.clone(),
                ended: place.ended,
                revision: place.changes,
                last_seq: place.sent.len() as u64,
                members: place.members.clone(),
                former: place.former.iter().copied().collect(),
            };
            (place.id, room)
        });
        View { directory: self.directory, users: users.collect(), rooms: rooms.collect() }
    }

    fn add(&mut self, name: &str) -> Result<(), Code> {
        demand(self.users.iter().all(|account| account.name != name), Code::NameTaken)?;
        let (name, devices) = (name.to_owned(), Vec::new());
        self.users.push(Account { name, devices, registered: 0, changes: 1 });
        self.directory += 1;
        Ok(())
    }

    fn register(&mut self, user: UserId, key: u8) {
        let account = &mut self.users[user.0 as usize - 1];
        account.registered += 1;
        account.devices.push((account.registered, key));
        account.changes += 1;
    }

    /// Whether a live room has the title, or one that it pretends to be, but for the room itself.
    fn is_taken(&self, title: &str, itself: Option<RoomId>) -> bool {
        let class = |title: &str| TITLES.iter().find(|known| known.0 == title).unwrap();
        let &(_, wanted, pretends) = class(title);
        let others = self.rooms.iter().filter(|place| !place.ended && Some(place.id) != itself);
        others.map(|place| class(&place.title).1).any(|has| has == wanted || pretends == Some(has))
    }

    fn create(&mut self, user: UserId, title: &str, made: Option<RoomId>) -> Result<(), Code> {
        demand(!self.is_taken(title, None), Code::TitleTaken)?;
        let id = made.expect("the model makes a room where the rules do not");
        assert!(self.rooms.iter().all(|place| place.id != id), "{id} was a room before");
        self.rooms.push(Place {
            id,
            title: title.to_owned(),
            topic: None,
            ended: false,
            members: vec![(user, Role::Owner)],
            former: Vec::new(),
            sent: Vec::new(),
            changes: 1,
        });
        self.directory += 1;
        Ok(())
    }

    fn leave(&mut self, user: UserId, room: RoomId) {
        let place = self.room_mut(room);
        let role = place.members.iter().find(|(member, _)| *member == user).unwrap().1;
        place.take_out(user);
        match place.members[..] {
            [] => place.end(),
            [(last, Role::Member)] => {
                place.take_out(last);
                place.end();
            }
            [(_, Role::Owner)] => {}
            [(_, Role::Admin | Role::Unknown)] => place.crown(0),
            _ if role == Role::Owner => {
                let admin = place.members.iter().position(|(_, role)| *role == Role::Admin);
                place.crown(admin.unwrap_or(0));
            }
            _ => {}
        }
        if self.room_mut(room).ended {
            self.directory += 1;
        }
    }

    fn send(
        &mut self,
        user: UserId,
        room: RoomId,
        nonce: Nonce,
        now: Timestamp,
    ) -> Result<Told, Code> {
        let ahead_ms = nonce.at().unwrap().0 - now.0;
        demand((-7 * 86_400_000..=600_000).contains(&ahead_ms), Code::StaleNonce)?;
        let place = self.room_mut(room);
        if let Some(index) = place.sent.iter().position(|&sent| sent == (user, nonce)) {
            return Ok(Told::Repeated { seq: index as u64 + 1 });
        }
        place.sent.push((user, nonce));
        place.changes += 1;
        Ok(Told::Sent { seq: place.sent.len() as u64 })
    }

    fn room_for(&self, user: UserId, room: RoomId) -> Result<&Place, Code> {
        let place = self.rooms.iter().find(|place| place.id == room).ok_or(Code::NoSuchRoom)?;
        let knows = place.former.contains(&user);
        demand(!place.ended || !knows, Code::RoomTerminated)?;
        demand(!place.ended, Code::NoSuchRoom)?;
        Ok(place)
    }

    fn room_mut(&mut self, room: RoomId) -> &mut Place {
        self.rooms.iter_mut().find(|place| place.id == room).unwrap()
    }
}

impl Place {
    fn has(&self, user: UserId) -> bool {
        self.members.iter().any(|(member, _)| *member == user)
    }

    fn role(&self, user: UserId) -> Option<Role> {
        self.members.iter().find(|(member, _)| *member == user).map(|&(_, role)| role)
    }

    /// Gives a member a role, which is a change unless it was theirs.
    fn make(&mut self, user: UserId, role: Role) {
        for member in self.members.iter_mut().filter(|(member, _)| *member == user) {
            self.changes += u64::from(member.1 != role);
            member.1 = role;
        }
    }

    fn take_out(&mut self, user: UserId) {
        self.members.retain(|(member, _)| *member != user);
        self.former.push(user);
        self.changes += 1;
    }

    fn crown(&mut self, index: usize) {
        self.members[index].1 = Role::Owner;
        self.changes += 1;
    }

    fn end(&mut self) {
        self.ended = true;
        self.changes += 1;
    }
}

fn demand(holds: bool, code: Code) -> Result<(), Code> {
    if holds { Ok(()) } else { Err(code) }
}

fn user_only(actor: Actor) -> Result<UserId, Code> {
    match actor {
        Actor::User(user) => Ok(user),
        Actor::Stranger => Err(Code::LoginRequired),
        Actor::Console => Err(Code::NotPermitted),
    }
}
