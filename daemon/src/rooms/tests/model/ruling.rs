//! The model of what owner and admins do to a room.

use parlor_protocol::id::RoomId;
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Role::{self, Admin, Member, Owner};

use super::{Model, Told, demand};
use crate::rooms::{Actor, Command, UserId};

impl Model {
    pub(super) fn rule(&mut self, by: UserId, command: &Command) -> Result<Told, Code> {
        match command {
            Command::Promote { room, user: name } => {
                demand(self.inside(by, *room)? == Owner, Code::NotPermitted)?;
                self.appoint(by, *room, name.as_str(), Admin)?;
            }
            Command::Demote { room, user: name } => {
                let mine = self.inside(by, *room)?;
                let own = self.account(by).name == name.as_str();
                demand(own || mine == Owner, Code::NotPermitted)?;
                self.appoint(by, *room, name.as_str(), Member)?;
            }
            Command::Rename { room, title } => {
                demand(self.inside(by, *room)? == Owner, Code::NotPermitted)?;
                if self.place(*room).title != title.as_str() {
                    demand(!self.is_taken(title.as_str(), Some(*room)), Code::TitleTaken)?;
                    let place = self.place(*room);
                    place.title = title.as_str().to_owned();
                    place.changes += 1;
                    // One title is freed, the other taken.
                    self.directory += 2;
                }
            }
            Command::SetTopic { room, topic } => {
                demand(self.inside(by, *room)? != Member, Code::NotPermitted)?;
                let topic = topic.as_ref().map(|topic| topic.as_str().to_owned());
                let place = self.place(*room);
                place.changes += u64::from(place.topic != topic);
                place.topic = topic;
            }
            Command::SetSlowMode { room, secs } => {
                demand(self.inside(by, *room)? != Member, Code::NotPermitted)?;
                demand(*secs <= 86_400, Code::TooLong)?;
                let place = self.place(*room);
                place.changes += u64::from(place.slow_secs != *secs);
                place.slow_secs = *secs;
            }
            other => unreachable!("{other:?}"),
        }
        Ok(Told::Done)
    }

    fn appoint(&mut self, by: UserId, room: RoomId, name: &str, role: Role) -> Result<(), Code> {
        let (whom, old) = self.insider(room, name)?;
        demand(old != Owner, Code::NotPermitted)?;
        if self.place(room).make(whom, role) {
            self.tell(whom, NotificationKind::RoleChanged, Some(by));
        }
        Ok(())
    }

    /// The owner hands over, or whoever runs the daemon does it.
    pub(super) fn transfer(
        &mut self,
        actor: Actor,
        room: RoomId,
        name: &str,
    ) -> Result<Told, Code> {
        let by = if actor == Actor::Console {
            let place = self.rooms.iter().find(|place| place.id == room);
            demand(!place.ok_or(Code::NoSuchRoom)?.ended, Code::RoomTerminated)?;
            None
        } else {
            let user = self.asker(actor)?;
            demand(self.inside(user, room)? == Owner, Code::NotPermitted)?;
            Some(user)
        };
        let (heir, _) = self.insider(room, name)?;
        let members = &self.place(room).members;
        let owner = members.iter().find(|member| member.role == Owner).unwrap().user;
        if heir != owner {
            self.place(room).make(owner, Admin);
            self.place(room).make(heir, Owner);
            self.tell(owner, NotificationKind::RoleChanged, by);
            self.tell(heir, NotificationKind::OwnershipReceived, by);
        }
        Ok(Told::Done)
    }

    /// Whoever has this name, and their role in the room.
    fn insider(&mut self, room: RoomId, name: &str) -> Result<(UserId, Role), Code> {
        let user = self.named(name)?;
        Ok((user, self.place(room).role(user).ok_or(Code::NotAMember)?))
    }
}
