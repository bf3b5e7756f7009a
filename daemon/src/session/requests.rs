//! What each command of a session comes to: parsed here, then answered, read or handed to the hub.

use std::time::Instant;

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::name::{DisplayName, NameError, Title, UserName};
use parlor_protocol::notification::WhichNotifications;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command as Wanted;
use parlor_protocol::text::{MessageText, Reason, TextError, Topic};

use super::login::Login;
use super::reads::Read;
use super::{Session, Waiting};
use crate::clock::now;
use crate::hub::Wish;
use crate::rooms::{Command, UserId, WhichNotices};

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
        if let Some(refusal) = self.too_many_strangers(&command) {
            self.reply(id, Outcome::Refused(refusal));
            return None;
        }
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

    /// What a stranger hears from whose address too many came: only a device key still logs in.
    fn too_many_strangers(&self, command: &Wanted) -> Option<Refusal> {
        if matches!(command, Wanted::DeviceLogin(_)) || self.shard.user(&self.conn).is_some() {
            return None;
        }
        let wait = self.conn.admission.strangers_wait(Instant::now())?;
        // It is a minute at most; less than a millisecond is one.
        let millis = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).saturating_add(1);
        Some(Refusal { retry_after_ms: Some(millis), ..Code::RateLimited.into() })
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
    match parse(command) {
        Ok(Asked::Nothing) => Next::Reply(Outcome::Done),
        Ok(Asked::Subscribe) => Next::Submit(Wish::Subscribe { user }),
        Ok(Asked::Watch(room)) => Next::Submit(Wish::Watch { user, room }),
        Ok(Asked::Do(command)) => Next::Submit(Wish::Do { user, command }),
        Ok(Asked::Announce(text)) => Next::Submit(Wish::Announce { user, text }),
        Ok(Asked::Unfit { action, code }) => Next::Submit(Wish::Unfit { user, action, code }),
        Ok(Asked::Read(read)) => Next::Read(read),
        Err(code) => code.into(),
    }
}

/// What a command asks for, once parsed.
enum Asked {
    Nothing,
    Subscribe,
    Watch(Option<RoomId>),
    Do(Command),
    Announce(MessageText),
    /// What operators do, by its action, but in words that are refused with this code. That is for
    /// operators to know, and for others that they are none.
    Unfit {
        action: &'static str,
        code: Code,
    },
    Read(Read),
}

impl Asked {
    fn operating(action: &'static str, command: Result<Command, Code>) -> Self {
        command.map_or_else(|code| Self::Unfit { action, code }, Self::Do)
    }
}

/// Parses what is in a command: from here on names, titles and texts are valid.
#[expect(clippy::too_many_lines, reason = "one arm a command, so that none is forgotten")]
fn parse(wanted: Wanted) -> Result<Asked, Code> {
    let command = match wanted {
        Wanted::Ping => return Ok(Asked::Nothing),
        Wanted::Subscribe => return Ok(Asked::Subscribe),
        Wanted::ListDevices => return Ok(Asked::Read(Read::Devices)),
        Wanted::ListRooms(list) => return Ok(Asked::Read(Read::Rooms(list))),
        Wanted::FindRoom(find) => return Ok(Asked::Read(Read::Room(find.room.0))),
        Wanted::ListMembers(list) => return Ok(Asked::Read(Read::Members(list))),
        Wanted::History(history) => return Ok(Asked::Read(Read::History(history))),
        Wanted::ListChanges(changes) => return Ok(Asked::Read(Read::Changes(changes))),
        Wanted::ListRequests(list) => return Ok(Asked::Read(Read::Requests(list))),
        Wanted::ListInvites(list) => return Ok(Asked::Read(Read::Invites(list))),
        Wanted::ListBans(list) => return Ok(Asked::Read(Read::Bans(list))),
        Wanted::ListNotifications(list) => return Ok(Asked::Read(Read::Notifications(list))),
        Wanted::ListFormerRooms(list) => return Ok(Asked::Read(Read::FormerRooms(list))),
        Wanted::ListBlocks(list) => return Ok(Asked::Read(Read::Blocks(list))),
        Wanted::ListSignUps(list) => return Ok(Asked::Read(Read::SignUps(list))),
        Wanted::Announce(it) => {
            let unfit = |error| Asked::Unfit { action: "announced", code: fault(error) };
            return Ok(MessageText::parse(&it.text).map_or_else(unfit, Asked::Announce));
        }
        Wanted::ApproveSignUp(it) => {
            let command = user_name(&it.user).map(|user| Command::ApproveSignUp { user });
            return Ok(Asked::operating("sign-up-approved", command));
        }
        Wanted::DenySignUp(it) => {
            let words = user_name(&it.user).and_then(|user| Ok((user, reason(&it.reason)?)));
            let command = words.map(|(user, reason)| Command::DenySignUp { user, reason });
            return Ok(Asked::operating("sign-up-denied", command));
        }
        Wanted::DisableUser(it) => {
            let command = user_name(&it.user).map(|user| Command::DisableUser { user });
            return Ok(Asked::operating("account-disabled", command));
        }
        Wanted::EnableUser(it) => {
            let command = user_name(&it.user).map(|user| Command::EnableUser { user });
            return Ok(Asked::operating("account-enabled", command));
        }
        Wanted::RevokeDevice(revoke) => Command::RevokeDevice { id: revoke.id },
        Wanted::Watch(watch) => return Ok(Asked::Watch(watch.room)),
        Wanted::SetDisplayName(set) => {
            Command::SetDisplayName { display_name: display_name(&set.display_name)? }
        }
        Wanted::CreateRoom(create) => Command::CreateRoom {
            title: title(&create.title)?,
            visibility: create.visibility,
            entry: create.entry,
        },
        Wanted::JoinRoom(join) => Command::JoinRoom { room: join.room, leave: join.leave },
        Wanted::LeaveRoom(leave) => Command::LeaveRoom { room: leave.room },
        Wanted::Send(send) => Command::Send {
            room: send.room,
            nonce: send.nonce,
            text: MessageText::parse(&send.text).map_err(fault)?,
            kind: known_kind(send.kind)?,
        },
        Wanted::Promote(it) => Command::Promote { room: it.room, user: user_name(&it.user)? },
        Wanted::Demote(it) => Command::Demote { room: it.room, user: user_name(&it.user)? },
        Wanted::Transfer(it) => Command::Transfer { room: it.room, user: user_name(&it.user)? },
        Wanted::SetTopic(set) => {
            let topic = unless_blank(Topic::parse(&set.topic))?;
            Command::SetTopic { room: set.room, topic }
        }
        Wanted::Rename(rename) => {
            Command::Rename { room: rename.room, title: title(&rename.title)? }
        }
        Wanted::SetSlowMode(slow) => Command::SetSlowMode { room: slow.room, secs: slow.secs },
        Wanted::MarkRead(mark) => Command::MarkRead { room: mark.room, seq: mark.seq },
        Wanted::RequestToJoin(it) => {
            Command::RequestToJoin { room: it.room, reason: reason(&it.reason)? }
        }
        Wanted::Withdraw(it) => Command::Withdraw { room: it.room },
        Wanted::Approve(it) => Command::Approve { room: it.room, user: user_name(&it.user)? },
        Wanted::Deny(it) => {
            Command::Deny { room: it.room, user: user_name(&it.user)?, reason: reason(&it.reason)? }
        }
        Wanted::AddMember(it) => Command::AddMember { room: it.room, user: user_name(&it.user)? },
        Wanted::InviteUser(it) => Command::InviteUser { room: it.room, user: user_name(&it.user)? },
        Wanted::RevokeInvite(it) => {
            Command::RevokeInvite { room: it.room, user: user_name(&it.user)? }
        }
        Wanted::Kick(it) => {
            Command::Kick { room: it.room, user: user_name(&it.user)?, reason: reason(&it.reason)? }
        }
        Wanted::BanUser(it) => {
            // A ban that is over at once is none.
            if it.secs == Some(0) {
                return Err(Code::BadRequest);
            }
            let ends = |secs: u32| Timestamp(now().0.saturating_add(i64::from(secs) * 1_000));
            Command::BanUser {
                room: it.room,
                user: user_name(&it.user)?,
                reason: reason(&it.reason)?,
                until: it.secs.map(ends),
            }
        }
        Wanted::Unban(it) => Command::Unban { room: it.room, user: user_name(&it.user)? },
        Wanted::Block(it) => Command::Block { user: user_name(&it.user)? },
        Wanted::Unblock(it) => Command::Unblock { user: user_name(&it.user)? },
        Wanted::ReadNotifications(it) => Command::ReadNotifications(which(&it)),
        Wanted::DismissNotifications(it) => Command::DismissNotifications(which(&it)),
        Wanted::SignUpStart(_)
        | Wanted::SignUpFinish(_)
        | Wanted::LoginStart(_)
        | Wanted::LoginFinish(_)
        | Wanted::DeviceLogin(_)
        | Wanted::PasswordStart(_)
        | Wanted::PasswordFinish(_)
        | Wanted::Unknown => return Err(Code::BadRequest),
    };
    Ok(Asked::Do(command))
}

/// What is no name is nobody's.
fn user_name(text: &str) -> Result<UserName, Code> {
    UserName::parse(text).map_err(|_| Code::NoSuchUser)
}

fn display_name(text: &str) -> Result<Option<DisplayName>, Code> {
    match DisplayName::typed(text) {
        Ok(name) => Ok(Some(name)),
        Err(NameError::Blank) => Ok(None),
        // Whatever is not allowed in it has been taken out; there may still be too much of it.
        Err(
            NameError::TooLong
            | NameError::OverlongCluster
            | NameError::TooShort
            | NameError::BadStart
            | NameError::BadEnd
            | NameError::BadCharacter(_)
            | NameError::LooksLikeRoomId,
        ) => Err(Code::TooLong),
    }
}

fn title(text: &str) -> Result<Title, Code> {
    Title::parse(text).map_err(|_| Code::BadTitle)
}

fn reason(text: &str) -> Result<Option<Reason>, Code> {
    unless_blank(Reason::parse(text))
}

fn which(which: &WhichNotifications) -> WhichNotices {
    which.id.map_or(WhichNotices::All, WhichNotices::One)
}

/// What is sent must be of a kind that this version knows.
fn known_kind(kind: MessageKind) -> Result<MessageKind, Code> {
    match kind {
        MessageKind::Said | MessageKind::Action => Ok(kind),
        MessageKind::Unknown => Err(Code::BadRequest),
    }
}

fn unless_blank<T>(parsed: Result<T, TextError>) -> Result<Option<T>, Code> {
    match parsed {
        Ok(text) => Ok(Some(text)),
        Err(TextError::Empty) => Ok(None),
        Err(error @ TextError::TooLong) => Err(fault(error)),
    }
}

fn fault(error: TextError) -> Code {
    match error {
        TextError::Empty => Code::Empty,
        TextError::TooLong => Code::TooLong,
    }
}
