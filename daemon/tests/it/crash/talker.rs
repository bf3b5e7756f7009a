//! A client that talks until the daemon dies under it, and resends what was not acknowledged.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::Sender;

use parlor_protocol::id::{Nonce, RoomId};
use parlor_protocol::message::Sent;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{CreateRoom, Entry, JoinRoom, LeaveRoom, Visibility};

use crate::harness::{Announcement, Client, DeviceKey, Ended, Link, saying};

/// Messages of one client that wait for their acknowledgement.
const WINDOW: usize = 16;

/// When a talker stops by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Never: the daemon will be killed.
    Killed,
    /// When everything that was ever said is acknowledged.
    Acknowledged,
}

/// What one client has to say, and what became of it.
pub(super) struct Talker {
    pub(super) name: &'static str,
    pub(super) key: DeviceKey,
    /// Where it talks.
    pub(super) room: RoomId,
    /// Where it comes and goes.
    lobby: RoomId,
    /// The acknowledgement of each message, by number.
    pub(super) acknowledged: Vec<Sent>,
    /// What was said and not acknowledged, in the order of its numbers.
    unacknowledged: VecDeque<Nonce>,
    /// Messages that were sent again.
    pub(super) resent: usize,
    pub(super) logins_tried: usize,
    pub(super) logins_done: usize,
    /// Titles of the rooms whose creation was acknowledged.
    pub(super) created: Vec<String>,
}

impl Talker {
    pub(super) fn new(name: &'static str, key: DeviceKey, room: RoomId, lobby: RoomId) -> Self {
        Self {
            name,
            key,
            room,
            lobby,
            acknowledged: vec![],
            unacknowledged: VecDeque::new(),
            resent: 0,
            logins_tried: 0,
            logins_done: 0,
            created: vec![],
        }
    }

    /// What the message of that number says.
    pub(super) fn text(&self, number: usize) -> String {
        format!("{} has said {number} things", self.name)
    }

    /// Talks; however far it comes, the daemon may be dead by then. Each acknowledgement of a
    /// message rings `acks`.
    pub(super) fn talk(&mut self, link: io::Result<Link>, until: Until, acks: &Sender<()>) {
        let Ok(link) = link else { return };
        match self.try_talk(link, until, acks) {
            Ok(()) => {}
            Err(Ended::Cut) => assert!(until == Until::Killed, "the daemon has gone"),
            Err(Ended::Closing(reason)) => panic!("a killed daemon says nothing: {reason}"),
        }
    }

    fn try_talk(&mut self, link: Link, until: Until, acks: &Sender<()>) -> Result<(), Ended> {
        let mut client = Client::try_greet(link)?;
        self.log_in(&mut client)?;
        self.create_room(&mut client)?;
        self.come_or_go(&mut client)?;
        let again: Vec<_> = self.unacknowledged.iter().copied().collect();
        self.resent += again.len();
        let mut waiting = self.send(&mut client, &again);
        loop {
            if until == Until::Killed && waiting.len() < WINDOW {
                let fresh: Vec<_> = (waiting.len()..WINDOW).map(|_| client.nonce()).collect();
                self.unacknowledged.extend(&fresh);
                waiting.extend(self.send(&mut client, &fresh));
            }
            let Some(id) = waiting.pop_front() else { return Ok(()) };
            match client.try_answer(id)? {
                Outcome::Sent(sent) => self.acknowledged.push(sent),
                other => panic!("not taken: {other:?}"),
            }
            self.unacknowledged.pop_front();
            // Whoever counts them has had enough by now.
            let _enough = acks.send(());
        }
    }

    fn log_in(&mut self, client: &mut Client) -> Result<(), Ended> {
        let login = self.key.login(self.name, &client.challenge(), &client.link().binding());
        self.logins_tried += 1;
        let id = client.request(login);
        match client.try_answer(id)? {
            Outcome::LoggedIn(_) => self.logins_done += 1,
            other => panic!("not logged in: {other:?}"),
        }
        Ok(())
    }

    /// Every login of a talker tries another title, so that what was made but not acknowledged is
    /// in nobody's way.
    fn create_room(&mut self, client: &mut Client) -> Result<(), Ended> {
        let title = format!("{} {}", self.name, self.logins_tried);
        let (visibility, entry) = (Visibility::Public, Entry::Open);
        let create = CreateRoom { title: title.clone(), visibility, entry };
        let id = client.request(Command::CreateRoom(create));
        match client.try_answer(id)? {
            Outcome::Room(_) => self.created.push(title),
            other => panic!("not created: {other:?}"),
        }
        Ok(())
    }

    /// Joins the lobby, or leaves it where it turns out to be there.
    fn come_or_go(&self, client: &mut Client) -> Result<(), Ended> {
        let room = self.lobby;
        let id = client.request(Command::JoinRoom(JoinRoom { room, leave: None }));
        let already = match client.try_answer(id)? {
            Outcome::Room(_) => return Ok(()),
            Outcome::Refused(refusal) => refusal.code,
            other => panic!("not joined: {other:?}"),
        };
        assert_eq!(already, Code::AlreadyAMember);
        let id = client.request(Command::LeaveRoom(LeaveRoom { room }));
        assert_eq!(client.try_answer(id)?, Outcome::Done);
        Ok(())
    }

    /// Sends the messages under these nonces, which are the last that are unacknowledged.
    fn send(&self, client: &mut Client, nonces: &[Nonce]) -> VecDeque<u32> {
        let said = self.acknowledged.len() + self.unacknowledged.len();
        let messages = (said - nonces.len()..).zip(nonces);
        let commands: Vec<_> =
            messages.map(|(number, &nonce)| saying(self.room, nonce, &self.text(number))).collect();
        client.requests(commands).into()
    }
}

/// One way to connect for each talker.
pub(super) fn link(said: &Announcement, talker: usize) -> io::Result<Link> {
    match talker % 3 {
        0 => Link::plain(said.plain),
        1 => Link::tls(said.tls),
        _ => Link::unix(&said.unix),
    }
}
