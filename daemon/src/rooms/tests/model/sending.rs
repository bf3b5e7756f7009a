//! The model of what all members do: say something, read, leave.

use parlor_protocol::id::{Nonce, RoomId};
use parlor_protocol::notification::NotificationKind;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Departure;

use super::{Model, Told, demand};
use crate::rooms::{Command, UserId};

impl Model {
    pub(super) fn take_part(&mut self, user: UserId, command: &Command) -> Result<Told, Code> {
        match command {
            Command::LeaveRoom { room } => {
                self.inside(user, *room)?;
                self.depart(user, *room, Departure::Left);
                Ok(Told::Done)
            }
            Command::Send { room, nonce, text, kind: _ } => {
                self.inside(user, *room)?;
                self.send(user, *room, *nonce, text.as_str())
            }
            Command::MarkRead { room, seq } => {
                self.inside(user, *room)?;
                let place = self.place(*room);
                let last = place.sent.len() as u64;
                let member = place.members.iter_mut().find(|it| it.user == user).unwrap();
                member.read = member.read.max(seq.0.min(last));
                member.mentions.retain(|&mention| mention > member.read);
                Ok(Told::Read { seq: member.read })
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn send(&mut self, user: UserId, room: RoomId, nonce: Nonce, text: &str) -> Result<Told, Code> {
        let ahead_ms = nonce.at().unwrap().0 - self.now.0;
        demand((-7 * 86_400_000..=600_000).contains(&ahead_ms), Code::StaleNonce)?;
        let place = self.place(room);
        if let Some(index) = place.sent.iter().position(|&sent| sent == (user, nonce)) {
            return Ok(Told::Repeated { seq: index as u64 + 1 });
        }
        place.sent.push((user, nonce));
        place.changes += 1;
        let seq = place.sent.len() as u64;
        let mut mentioned = Vec::new();
        for word in text.split(' ').filter_map(|word| word.strip_prefix('@')) {
            let name = word.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            let Ok(whom) = self.named(&name) else { continue };
            let unwanted = self.account(whom).blocked.contains(&user);
            if whom != user && !unwanted && !mentioned.contains(&whom) {
                mentioned.push(whom);
            }
        }
        for whom in mentioned {
            let members = &mut self.place(room).members;
            if let Some(member) = members.iter_mut().find(|member| member.user == whom) {
                member.mentions.push(seq);
                self.tell(whom, NotificationKind::Mentioned, Some(user));
            }
        }
        Ok(Told::Sent { seq })
    }
}
