//! What is done at a room's door, and what one is told of it.

use parlor_protocol::entry::{
    AddMember, Approve, Ban, BanUser, Block, Blocked, Deny, FormerRoom, Invite, InviteUser,
    JoinRequest, Kick, ListInvites, ListOfRoom, ListOwn, RequestToJoin, RevokeInvite, Unban,
    Unblock, Withdraw,
};
use parlor_protocol::id::{NotificationId, RoomId, Seq};
use parlor_protocol::notification::{Notification, WhichNotifications};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{
    Entry, FindRoom, MarkRead, ReadMarker, Role, Room, RoomRef, SetSlowMode, Visibility,
};

use super::Client;
use super::story::tell_notification;
use super::verbs::{brought, done};

fn plain<T>(records: Vec<Record<T>>) -> Vec<T> {
    records.into_iter().map(|record| record.0).collect()
}

impl Client {
    /// Makes a room that is entered by request.
    pub(crate) fn create_asking(&mut self, title: &str) -> Result<RoomId, Code> {
        self.create_as(title, Visibility::Public, Entry::Ask)
    }

    pub(crate) fn create_private(&mut self, title: &str) -> Result<RoomId, Code> {
        self.create_as(title, Visibility::Private, Entry::Ask)
    }

    pub(crate) fn find_id(&mut self, room: RoomId) -> Result<Room, Code> {
        let room = Record(RoomRef::Id(room));
        brought!(self.ask(Command::FindRoom(FindRoom { room })), Room)
    }

    pub(crate) fn request_to_join(&mut self, room: RoomId, why: &str) -> Result<JoinRequest, Code> {
        self.try_request(room, why).map_err(|refusal| refusal.code)
    }

    /// The same, with all that a refusal says.
    pub(crate) fn try_request(&mut self, room: RoomId, why: &str) -> Result<JoinRequest, Refusal> {
        let request = RequestToJoin { room, reason: why.to_owned() };
        match self.ask(Command::RequestToJoin(request)) {
            Outcome::Request(request) => Ok(request),
            Outcome::Refused(refusal) => Err(refusal),
            other => panic!("no request: {other:?}"),
        }
    }

    pub(crate) fn withdraw(&mut self, room: RoomId) -> Result<(), Code> {
        done(self.ask(Command::Withdraw(Withdraw { room })))
    }

    pub(crate) fn approve(&mut self, room: RoomId, user: &str) -> Result<Role, Code> {
        let command = Command::Approve(Approve { room, user: user.to_owned() });
        brought!(self.ask(command), Member).map(|member| member.role)
    }

    pub(crate) fn deny(&mut self, room: RoomId, user: &str, why: &str) -> Result<(), Code> {
        let deny = Deny { room, user: user.to_owned(), reason: why.to_owned() };
        done(self.ask(Command::Deny(deny)))
    }

    pub(crate) fn add(&mut self, room: RoomId, user: &str) -> Result<Role, Code> {
        let command = Command::AddMember(AddMember { room, user: user.to_owned() });
        brought!(self.ask(command), Member).map(|member| member.role)
    }

    pub(crate) fn invite(&mut self, room: RoomId, user: &str) -> Result<Invite, Code> {
        let command = Command::InviteUser(InviteUser { room, user: user.to_owned() });
        brought!(self.ask(command), Invite)
    }

    pub(crate) fn revoke_invite(&mut self, room: RoomId, user: &str) -> Result<(), Code> {
        done(self.ask(Command::RevokeInvite(RevokeInvite { room, user: user.to_owned() })))
    }

    pub(crate) fn kick(&mut self, room: RoomId, user: &str, why: &str) -> Result<(), Code> {
        let kick = Kick { room, user: user.to_owned(), reason: why.to_owned() };
        done(self.ask(Command::Kick(kick)))
    }

    pub(crate) fn ban(&mut self, room: RoomId, user: &str, secs: Option<u32>) -> Result<Ban, Code> {
        let ban = BanUser { room, user: user.to_owned(), reason: "spam".to_owned(), secs };
        brought!(self.ask(Command::BanUser(ban)), Ban)
    }

    pub(crate) fn unban(&mut self, room: RoomId, user: &str) -> Result<(), Code> {
        done(self.ask(Command::Unban(Unban { room, user: user.to_owned() })))
    }

    pub(crate) fn block(&mut self, user: &str) -> Result<(), Code> {
        done(self.ask(Command::Block(Block { user: user.to_owned() })))
    }

    pub(crate) fn unblock(&mut self, user: &str) -> Result<(), Code> {
        done(self.ask(Command::Unblock(Unblock { user: user.to_owned() })))
    }

    /// A page of those whom one blocks, and where the next begins.
    pub(crate) fn blocks_after(
        &mut self,
        after: Option<String>,
        limit: u32,
    ) -> (Vec<Blocked>, Option<String>) {
        let list = Command::ListBlocks(ListOwn { after, limit });
        let page = brought!(self.ask(list), Blocks).unwrap();
        (plain(page.blocks), page.next)
    }

    pub(crate) fn slow(&mut self, room: RoomId, secs: u32) -> Result<u32, Code> {
        let command = Command::SetSlowMode(SetSlowMode { room, secs });
        brought!(self.ask(command), Room).map(|room| room.slow_secs)
    }

    pub(crate) fn read_to(&mut self, room: RoomId, seq: u64) -> Result<ReadMarker, Code> {
        let command = Command::MarkRead(MarkRead { room, seq: Seq(seq) });
        brought!(self.ask(command), ReadMarker)
    }

    /// Who asks to come in.
    pub(crate) fn waiting(&mut self, room: RoomId) -> Result<Vec<String>, Code> {
        let list = ListOfRoom { room, after: None, limit: 0 };
        let page = brought!(self.ask(Command::ListRequests(list)), Requests)?;
        Ok(plain(page.requests).iter().map(|request| request.user.to_string()).collect())
    }

    pub(crate) fn bans(&mut self, room: RoomId) -> Result<Vec<Ban>, Code> {
        let list = ListOfRoom { room, after: None, limit: 0 };
        let page = brought!(self.ask(Command::ListBans(list)), Bans)?;
        Ok(plain(page.bans))
    }

    /// The invites into a room, or those that one has got.
    pub(crate) fn invites(&mut self, room: Option<RoomId>) -> Result<Vec<Invite>, Code> {
        let list = ListInvites { room, after: None, limit: 0 };
        let page = brought!(self.ask(Command::ListInvites(list)), Invites)?;
        Ok(plain(page.invites))
    }

    /// A page of what one was told, and where the next begins.
    pub(crate) fn notifications_after(
        &mut self,
        after: Option<String>,
        limit: u32,
    ) -> (Vec<Notification>, Option<String>) {
        let list = ListOwn { after, limit };
        let page = brought!(self.ask(Command::ListNotifications(list)), Notifications).unwrap();
        (plain(page.notifications), page.next)
    }

    /// What one was told, in a line each.
    pub(crate) fn notifications(&mut self) -> Vec<String> {
        self.notifications_after(None, 0).0.iter().map(tell_notification).collect()
    }

    pub(crate) fn read_notifications(&mut self, id: Option<u32>) -> Result<(), Code> {
        let which = WhichNotifications { id: id.map(NotificationId) };
        done(self.ask(Command::ReadNotifications(which)))
    }

    pub(crate) fn dismiss_notifications(&mut self, id: Option<u32>) -> Result<(), Code> {
        let which = WhichNotifications { id: id.map(NotificationId) };
        done(self.ask(Command::DismissNotifications(which)))
    }

    /// A page of former rooms, and where the next begins.
    pub(crate) fn former_after(
        &mut self,
        after: Option<String>,
        limit: u32,
    ) -> (Vec<FormerRoom>, Option<String>) {
        let list = ListOwn { after, limit };
        let page = brought!(self.ask(Command::ListFormerRooms(list)), FormerRooms).unwrap();
        (plain(page.rooms), page.next)
    }

    /// Former rooms in a line each: title, state, how it ended, and how to come back.
    pub(crate) fn former(&mut self) -> Vec<String> {
        let rooms = self.former_after(None, 0).0;
        let line = |room: &FormerRoom| {
            format!("{} {} {} {}", room.title, room.state, room.ended, room.rejoin)
        };
        rooms.iter().map(line).collect()
    }
}
