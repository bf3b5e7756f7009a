//! What each command of a session comes to: parsed here, then answered, read or handed to the hub.

use parlor_protocol::id::RoomId;
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command as Wanted;
use parlor_protocol::room::{Demote, Promote, Transfer};
use parlor_protocol::text::{MessageText, TextError, Topic};

use super::login::Login;
use super::reads::Read;
use super::{Session, Waiting};
use crate::hub::Wish;
use crate::rooms::{Command, UserId};

/// Who may not wait for anything else: the answer, or what to do for it.
enum Next {
    Reply(Outcome),
    Read(Read),
    Submit(Wish),
}

impl From<Code> for Next {
    fn from(code: Code) -> Self {
        Self::Reply(Outcome::Refused(Refusal::from(code)))
    }
}

impl Session {
    /// Answers a request, or sees to it that it is answered; what there is to wait for before the
    /// next one.
    pub(super) fn answer<'a>(
        &'a self,
        login: &'a mut Login,
        id: u32,
        command: Wanted,
    ) -> Option<Waiting<'a>> {
        match command {
            Wanted::SignUpFinish(finish) => Some(Box::pin(self.sign_up_finish(id, finish))),
            Wanted::LoginStart(start) => Some(Box::pin(self.login_start(login, id, start))),
            Wanted::LoginFinish(finish) => Some(Box::pin(self.login_finish(login, id, finish))),
            Wanted::DeviceLogin(device) => Some(Box::pin(self.device_login(login, id, device))),
            Wanted::PasswordFinish(finish) => {
                Some(Box::pin(self.password_finish(login, id, finish)))
            }
            Wanted::SignUpStart(start) => {
                self.sign_up_start(id, &start);
                None
            }
            Wanted::PasswordStart(start) => {
                self.password_start(login, id, &start);
                None
            }
            other => self.obey(id, other),
        }
    }

    /// What is no step of a login.
    fn obey(&self, id: u32, command: Wanted) -> Option<Waiting<'_>> {
        match self.shard.user(&self.conn) {
            None if command == Wanted::Ping => self.reply(id, Outcome::Done),
            None => self.reply(id, Outcome::Refused(Code::LoginRequired.into())),
            Some(user) => match next(user, command) {
                Next::Reply(outcome) => self.reply(id, outcome),
                Next::Read(read) => self.read(id, user, read),
                Next::Submit(wish) => return self.submit(id, wish),
            },
        }
        None
    }
}

/// What a command of a user who is logged in asks for.
fn next(user: UserId, command: Wanted) -> Next {
    let wish = |command| Next::Submit(Wish::Do { user, command });
    // What is no name is nobody's.
    let about =
        |name: String, room, command: fn(RoomId, UserName) -> Command| match UserName::parse(&name)
        {
            Ok(name) => wish(command(room, name)),
            Err(_) => Code::NoSuchUser.into(),
        };
    match command {
        Wanted::Ping => Next::Reply(Outcome::Done),
        Wanted::Subscribe => Next::Submit(Wish::Subscribe { user }),
        Wanted::RevokeDevice(revoke) => wish(Command::RevokeDevice { id: revoke.id }),
        Wanted::CreateRoom(create) => match Title::parse(&create.title) {
            Ok(title) => wish(Command::CreateRoom { title }),
            Err(_) => Code::BadTitle.into(),
        },
        Wanted::JoinRoom(join) => wish(Command::JoinRoom { room: join.room, leave: join.leave }),
        Wanted::LeaveRoom(leave) => wish(Command::LeaveRoom { room: leave.room }),
        Wanted::Send(send) => match MessageText::parse(&send.text) {
            Ok(text) => wish(Command::Send { room: send.room, nonce: send.nonce, text }),
            Err(TextError::Empty) => Code::Empty.into(),
            Err(TextError::TooLong) => Code::TooLong.into(),
        },
        Wanted::Promote(Promote { room, user }) => {
            about(user, room, |room, user| Command::Promote { room, user })
        }
        Wanted::Demote(Demote { room, user }) => {
            about(user, room, |room, user| Command::Demote { room, user })
        }
        Wanted::Transfer(Transfer { room, user }) => {
            about(user, room, |room, user| Command::Transfer { room, user })
        }
        Wanted::SetTopic(set) => match Topic::parse(&set.topic) {
            Ok(topic) => wish(Command::SetTopic { room: set.room, topic: Some(topic) }),
            Err(TextError::Empty) => wish(Command::SetTopic { room: set.room, topic: None }),
            Err(TextError::TooLong) => Code::TooLong.into(),
        },
        Wanted::Rename(rename) => match Title::parse(&rename.title) {
            Ok(title) => wish(Command::Rename { room: rename.room, title }),
            Err(_) => Code::BadTitle.into(),
        },
        Wanted::ListDevices => Next::Read(Read::Devices),
        Wanted::ListRooms(list) => Next::Read(Read::Rooms(list)),
        Wanted::FindRoom(find) => Next::Read(Read::Room(find.room.0)),
        Wanted::ListMembers(list) => Next::Read(Read::Members(list)),
        Wanted::History(history) => Next::Read(Read::History(history)),
        Wanted::ListChanges(changes) => Next::Read(Read::Changes(changes)),
        Wanted::SignUpStart(_)
        | Wanted::SignUpFinish(_)
        | Wanted::LoginStart(_)
        | Wanted::LoginFinish(_)
        | Wanted::DeviceLogin(_)
        | Wanted::PasswordStart(_)
        | Wanted::PasswordFinish(_)
        | Wanted::Unknown => Code::BadRequest.into(),
    }
}
