//! Users of the benchmark: signed up over the wire, each on a connection of their own.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use parlor_protocol::account::{NewDevice, SignUpFinish, SignUpStart, StretchCost};
use parlor_protocol::id::RoomId;
use parlor_protocol::name::UserName;
use parlor_protocol::password::{Password, Registration};
use parlor_protocol::record::Record;
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;

use crate::client::Client;
use crate::daemon::Daemon;

/// Connections that are opened and asked for something before their answers are read: it fits the
/// daemon's queues with room to spare.
pub(crate) const AT_ONCE: usize = 500;

/// What everyone signs up with: one password record, made at the full cost of half a second and
/// 128 MiB. The daemon keeps a record without being able to tell whose password it is of, so it
/// does the same work for each of 10,000 sign-ups as if each had been stretched. Only nobody could
/// log in by password afterwards, and nobody does.
pub(crate) struct Passport {
    upload: Vec<u8>,
}

impl Passport {
    /// Makes one, with the help of a daemon that is started for it.
    pub(crate) fn make() -> Result<Self> {
        let daemon = Daemon::start(1)?;
        let mut client = Client::connect(daemon.plain)?;
        client.welcome()?;
        let name = UserName::parse("someone")?;
        let (registration, request) = Registration::start(&Password::parse("not much of one")?);
        client.ask(Command::SignUpStart(SignUpStart { name: name.to_string(), request }))?;
        let Outcome::Registration(answer) = client.answer()? else { bail!("no registration") };
        let upload = registration.finish(&answer.response, &name, answer.cost.0)?;
        daemon.stop()?;
        Ok(Self { upload })
    }

    /// Signs up so many users, `user0` and on, and leaves them logged in.
    pub(crate) fn sign_up(&self, address: SocketAddr, users: usize) -> Result<Vec<Client>> {
        let mut people = Vec::with_capacity(users);
        while people.len() < users {
            let first = people.len();
            for number in first..users.min(first + AT_ONCE) {
                let mut client = Client::connect(address)?;
                client.ask(self.sign_up_as(&format!("user{number}"), None))?;
                people.push(client);
            }
            for client in &mut people[first..] {
                client.welcome()?;
                client.answer().context("sign up")?;
            }
        }
        Ok(people)
    }

    /// The command that signs a user up.
    pub(crate) fn sign_up_as(&self, name: &str, device: Option<NewDevice>) -> Command {
        Command::SignUpFinish(SignUpFinish {
            name: name.to_owned(),
            upload: self.upload.clone(),
            cost: Record(StretchCost::OWASP),
            device: device.map(Record),
            code: None,
        })
    }
}

/// Has the first of these people create a room and the others join it.
pub(crate) fn gather(people: &mut [Client], title: &str) -> Result<RoomId> {
    let (owner, others) = people.split_first_mut().context("a room has an owner")?;
    let room = owner.create_room(title)?;
    for guests in others.chunks_mut(AT_ONCE) {
        guests.iter_mut().try_for_each(|guest| guest.ask_to_join(room))?;
        for guest in guests {
            guest.answer().context("join")?;
        }
    }
    Ok(room)
}

/// Asks for pushes. It is done after everyone has joined, so that no member hears of all others.
pub(crate) fn subscribe(people: &mut [Client]) -> Result<()> {
    for listeners in people.chunks_mut(AT_ONCE) {
        listeners.iter_mut().try_for_each(|listener| listener.ask(Command::Subscribe))?;
        for listener in listeners {
            listener.answer().context("subscribe")?;
        }
    }
    Ok(())
}
