//! What a client does, in the words of the specification. Each answers with what was made, or with
//! the code of the refusal.

use parlor_protocol::account::{
    Credential, Device, DeviceLogin, LoggedIn, LoginFinish, LoginStart, NewDevice, PasswordFinish,
    PasswordPurpose, PasswordStart, RevokeDevice, SetDisplayName, SignUpFinish, SignUpStart,
    device_login_message,
};
use parlor_protocol::id::{Bytes, DeviceId, Nonce, Revision, RoomId, Seq, Timestamp};
use parlor_protocol::message::{
    Changes, Direction, History, ListChanges, Message, MessageKind, Messages, Send, Sent,
};
use parlor_protocol::name::UserName;
use parlor_protocol::password::{Login, Password, Registration};
use parlor_protocol::push::RoomChange;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{
    CreateRoom, Demote, Entry, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, Member,
    Promote, Rename, Role, Room, RoomRef, Rooms, Scope, SetTopic, Transfer, Visibility, Watch,
};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::Client;

/// Everybody's password, unless the story is about it.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Takes what an outcome brings, or the code with which it was refused.
macro_rules! brought {
    ($outcome:expr, $variant:ident) => {
        match $outcome {
            Outcome::$variant(brought) => Ok(brought),
            Outcome::Refused(refusal) => Err(refusal.code),
            other => panic!("not what was asked for: {other:?}"),
        }
    };
}

pub(super) use brought;

pub(super) fn done(outcome: Outcome) -> Result<(), Code> {
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Refused(refusal) => Err(refusal.code),
        other => panic!("not what was asked for: {other:?}"),
    }
}

/// A device's key pair.
pub(crate) struct DeviceKey(Ed25519KeyPair);

impl DeviceKey {
    pub(crate) fn new() -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&rand::random::<[u8; 32]>()).unwrap())
    }

    pub(crate) fn public(&self) -> Bytes<32> {
        Bytes(self.0.public_key().as_ref().try_into().unwrap())
    }

    /// The device as it is registered.
    pub(crate) fn offer(&self, name: &str) -> NewDevice {
        NewDevice { name: name.to_owned(), public_key: self.public() }
    }

    /// A login by this key for a connection with that challenge and binding.
    pub(crate) fn login(&self, name: &str, challenge: &Bytes<32>, binding: &[u8]) -> Command {
        let user: UserName = name.parse().unwrap();
        let message = device_login_message(&user, challenge, binding);
        let signature = Bytes(self.0.sign(&message).as_ref().try_into().unwrap());
        let public_key = self.public();
        Command::DeviceLogin(DeviceLogin { name: name.to_owned(), public_key, signature })
    }
}

impl Client {
    pub(crate) fn sign_up(&mut self, name: &str) -> Result<LoggedIn, Code> {
        self.sign_up_with(name, PASSWORD, None)
    }

    pub(crate) fn sign_up_with(
        &mut self,
        name: &str,
        password: &str,
        device: Option<NewDevice>,
    ) -> Result<LoggedIn, Code> {
        let (registration, request) = Registration::start(&Password::parse(password).unwrap());
        let start = SignUpStart { name: name.to_owned(), request };
        let offered = brought!(self.ask(Command::SignUpStart(start)), Registration)?;
        let user = name.parse().unwrap();
        let upload = registration.finish(&offered.response, &user, offered.cost.0.clone());
        let finish = SignUpFinish {
            name: name.to_owned(),
            upload: upload.unwrap(),
            cost: offered.cost,
            device: device.map(Record),
            code: None,
        };
        brought!(self.ask(Command::SignUpFinish(finish)), LoggedIn)
    }

    /// Logs in by password. A client that finds out by itself that the password is wrong says
    /// nothing more, so what comes back is the server's credential then.
    pub(crate) fn login(
        &mut self,
        name: &str,
        password: &str,
        device: Option<NewDevice>,
    ) -> Result<LoggedIn, Code> {
        let binding = self.link().binding();
        let (finalization, _) = self.prove(name, password, &binding);
        self.login_finish(finalization.ok_or(Code::BadCredentials)?, device)
    }

    /// The first step of a login; no finalization where the password is wrong.
    pub(crate) fn prove(
        &mut self,
        name: &str,
        password: &str,
        binding: &[u8],
    ) -> (Option<Vec<u8>>, Credential) {
        self.try_prove(name, password, binding).unwrap()
    }

    /// The same, where it may come too early.
    pub(super) fn try_prove(
        &mut self,
        name: &str,
        password: &str,
        binding: &[u8],
    ) -> Result<(Option<Vec<u8>>, Credential), Refusal> {
        let (login, request) = Login::start(&Password::parse(password).unwrap());
        let start = LoginStart { name: name.to_owned(), request };
        let credential = match self.ask(Command::LoginStart(start)) {
            Outcome::Credential(credential) => credential,
            Outcome::Refused(refusal) => return Err(refusal),
            other => panic!("no credential: {other:?}"),
        };
        let cost = credential.cost.0.clone();
        let finished = login.finish(&credential.response, &name.parse().unwrap(), cost, binding);
        Ok((finished.ok().map(|(finalization, _)| finalization), credential))
    }

    /// The second step of a login.
    pub(crate) fn login_finish(
        &mut self,
        finalization: Vec<u8>,
        device: Option<NewDevice>,
    ) -> Result<LoggedIn, Code> {
        let finish = LoginFinish { finalization, device: device.map(Record) };
        brought!(self.ask(Command::LoginFinish(finish)), LoggedIn)
    }

    pub(crate) fn login_device(&mut self, name: &str, key: &DeviceKey) -> Result<LoggedIn, Code> {
        let command = key.login(name, &self.challenge(), &self.link().binding());
        self.login_by(command)
    }

    /// Sends a login by device that was made elsewhere.
    pub(crate) fn login_by(&mut self, command: Command) -> Result<LoggedIn, Code> {
        brought!(self.ask(command), LoggedIn)
    }

    /// What a device login on this connection signs.
    pub(crate) fn challenge(&self) -> Bytes<32> {
        self.welcome.as_ref().unwrap().challenge
    }

    /// Changes the password on a connection that has proved the old one.
    pub(crate) fn change_password(&mut self, name: &str, password: &str) -> Result<(), Code> {
        self.register_anew(name, password, PasswordPurpose::Change)
    }

    /// Registers a password in place of the one that this connection has proved.
    pub(crate) fn register_anew(
        &mut self,
        name: &str,
        password: &str,
        purpose: PasswordPurpose,
    ) -> Result<(), Code> {
        let (registration, request) = Registration::start(&Password::parse(password).unwrap());
        let start = Command::PasswordStart(PasswordStart { request });
        let offered = brought!(self.ask(start), Registration)?;
        let user = name.parse().unwrap();
        let upload = registration.finish(&offered.response, &user, offered.cost.0.clone());
        let finish = PasswordFinish { upload: upload.unwrap(), cost: offered.cost, purpose };
        done(self.ask(Command::PasswordFinish(finish)))
    }

    pub(crate) fn devices(&mut self) -> Vec<Device> {
        let listed = brought!(self.ask(Command::ListDevices), Devices).unwrap();
        listed.devices.into_iter().map(|device| device.0).collect()
    }

    pub(crate) fn revoke(&mut self, id: DeviceId) -> Result<(), Code> {
        done(self.ask(Command::RevokeDevice(RevokeDevice { id })))
    }

    pub(crate) fn subscribe(&mut self) {
        done(self.ask(Command::Subscribe)).unwrap();
    }

    pub(crate) fn create(&mut self, title: &str) -> Result<RoomId, Code> {
        self.create_as(title, Visibility::Public, Entry::Open)
    }

    pub(crate) fn create_as(
        &mut self,
        title: &str,
        visibility: Visibility,
        entry: Entry,
    ) -> Result<RoomId, Code> {
        let command = CreateRoom { title: title.to_owned(), visibility, entry };
        brought!(self.ask(Command::CreateRoom(command)), Room).map(|room| room.room)
    }

    pub(crate) fn join(&mut self, room: RoomId) -> Result<Room, Code> {
        brought!(self.ask(Command::JoinRoom(JoinRoom { room, leave: None })), Room)
    }

    /// Joins one room and leaves another in one step.
    pub(crate) fn swap(&mut self, room: RoomId, leave: RoomId) -> Result<Room, Code> {
        brought!(self.ask(Command::JoinRoom(JoinRoom { room, leave: Some(leave) })), Room)
    }

    pub(crate) fn leave(&mut self, room: RoomId) -> Result<(), Code> {
        done(self.ask(Command::LeaveRoom(LeaveRoom { room })))
    }

    pub(crate) fn promote(&mut self, room: RoomId, user: &str) -> Result<Role, Code> {
        let command = Command::Promote(Promote { room, user: user.to_owned() });
        brought!(self.ask(command), Member).map(|member| member.role)
    }

    pub(crate) fn demote(&mut self, room: RoomId, user: &str) -> Result<Role, Code> {
        let command = Command::Demote(Demote { room, user: user.to_owned() });
        brought!(self.ask(command), Member).map(|member| member.role)
    }

    pub(crate) fn transfer(&mut self, room: RoomId, user: &str) -> Result<Member, Code> {
        let command = Command::Transfer(Transfer { room, user: user.to_owned() });
        brought!(self.ask(command), Member)
    }

    pub(crate) fn set_topic(&mut self, room: RoomId, topic: &str) -> Result<Room, Code> {
        let command = Command::SetTopic(SetTopic { room, topic: topic.to_owned() });
        brought!(self.ask(command), Room)
    }

    pub(crate) fn rename(&mut self, room: RoomId, title: &str) -> Result<Room, Code> {
        let command = Command::Rename(Rename { room, title: title.to_owned() });
        brought!(self.ask(command), Room)
    }

    pub(crate) fn find(&mut self, title: &str) -> Result<Room, Code> {
        let room = Record(RoomRef::Title(title.to_owned()));
        brought!(self.ask(Command::FindRoom(FindRoom { room })), Room)
    }

    pub(crate) fn list(
        &mut self,
        scope: Scope,
        search: &str,
        after: Option<String>,
        limit: u32,
    ) -> Rooms {
        let command = ListRooms { scope, search: search.to_owned(), after, limit };
        brought!(self.ask(Command::ListRooms(command)), Rooms).unwrap()
    }

    pub(crate) fn members(&mut self, room: RoomId) -> Result<Vec<Member>, Code> {
        let command = ListMembers { room, after: None, limit: 0 };
        let page = brought!(self.ask(Command::ListMembers(command)), Members)?;
        assert_eq!(page.next, None, "more members than a page");
        Ok(page.members.into_iter().map(|member| member.0).collect())
    }

    /// Says whose member list is open.
    pub(crate) fn watch(&mut self, room: Option<RoomId>) -> Result<(), Code> {
        done(self.ask(Command::Watch(Watch { room })))
    }

    pub(crate) fn set_display_name(&mut self, name: &str) -> Result<Option<String>, Code> {
        let set = SetDisplayName { display_name: name.to_owned() };
        let named = brought!(self.ask(Command::SetDisplayName(set)), Named)?;
        Ok(named.display_name.map(|name| name.to_string()))
    }

    /// A nonce of now.
    pub(crate) fn nonce(&self) -> Nonce {
        let at = self.welcome.as_ref().unwrap().at.0;
        let since = i64::try_from(self.greeted.elapsed().as_millis()).unwrap();
        Nonce::new(Timestamp(at + since), rand::random())
    }

    pub(crate) fn say(&mut self, room: RoomId, text: &str) -> Result<Sent, Code> {
        let nonce = self.nonce();
        self.say_as(room, nonce, text)
    }

    /// Says something under this nonce.
    pub(crate) fn say_as(&mut self, room: RoomId, nonce: Nonce, text: &str) -> Result<Sent, Code> {
        let id = self.request(saying(room, nonce, text));
        self.sent(id)
    }

    /// The answer to something said.
    pub(crate) fn sent(&mut self, id: u32) -> Result<Sent, Code> {
        brought!(self.answer(id), Sent)
    }

    pub(crate) fn history(
        &mut self,
        room: RoomId,
        direction: Direction,
        seq: Option<u64>,
        limit: u32,
    ) -> Result<Messages, Code> {
        let command = History { room, direction, seq: seq.map(Seq), limit };
        brought!(self.ask(Command::History(command)), Messages)
    }

    /// All messages of a room from its beginning.
    pub(crate) fn all_history(&mut self, room: RoomId) -> Vec<Message> {
        let mut all: Vec<Message> = vec![];
        loop {
            let after = all.last().map(|message| message.seq.0);
            let page = self.history(room, Direction::After, after, 0).unwrap();
            all.extend(page.messages.into_iter().map(|message| message.0));
            if !page.more {
                return all;
            }
        }
    }

    pub(crate) fn changes(
        &mut self,
        room: RoomId,
        since: Revision,
        limit: u32,
    ) -> Result<Changes, Code> {
        brought!(self.ask(Command::ListChanges(ListChanges { room, since, limit })), Changes)
    }

    /// All changes of a room after a revision.
    pub(crate) fn all_changes(&mut self, room: RoomId, since: Revision) -> Vec<RoomChange> {
        let mut all: Vec<RoomChange> = vec![];
        loop {
            let last = all.last().map_or(since, |change| change.revision);
            let page = self.changes(room, last, 0).unwrap();
            all.extend(page.changes.into_iter().map(|change| change.0));
            if !page.more {
                return all;
            }
        }
    }
}

/// The second step of a login by password, without a device.
pub(super) fn login_finish(finalization: Vec<u8>) -> Command {
    Command::LoginFinish(LoginFinish { finalization, device: None })
}

/// The command that says something under a nonce.
pub(crate) fn saying(room: RoomId, nonce: Nonce, text: &str) -> Command {
    Command::Send(Send { room, nonce, text: text.to_owned(), kind: MessageKind::Said })
}
