//! Sign-ups and logins as their answers are, for stories about who gets in.

use parlor_protocol::account::{LoggedIn, NewDevice, SignUpFinish, SignUpStart};
use parlor_protocol::password::{Password, Registration};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{ListRooms, Rooms, Scope};

use super::Client;
use super::verbs::brought;

impl Client {
    /// Signs up, perhaps with a code; the answer as it came.
    pub(crate) fn sign_up_as(
        &mut self,
        name: &str,
        password: &str,
        device: Option<NewDevice>,
        code: Option<&str>,
    ) -> Outcome {
        let (registration, request) = Registration::start(&Password::parse(password).unwrap());
        let start = SignUpStart { name: name.to_owned(), request };
        let offered = match self.ask(Command::SignUpStart(start)) {
            Outcome::Registration(offered) => offered,
            refused => return refused,
        };
        let user = name.parse().unwrap();
        let upload = registration.finish(&offered.response, &user, offered.cost.0.clone());
        self.ask(Command::SignUpFinish(SignUpFinish {
            name: name.to_owned(),
            upload: upload.unwrap(),
            cost: offered.cost,
            device: device.map(Record),
            code: code.map(ToOwned::to_owned),
        }))
    }

    /// Logs in by password, with all that a refusal says.
    pub(crate) fn try_login(&mut self, name: &str, password: &str) -> Result<LoggedIn, Refusal> {
        let binding = self.link().binding();
        let (finalization, _) = self.try_prove(name, password, &binding)?;
        let Some(finalization) = finalization else { return Err(Code::BadCredentials.into()) };
        match self.ask(super::verbs::login_finish(finalization)) {
            Outcome::LoggedIn(me) => Ok(me),
            Outcome::Refused(refusal) => Err(refusal),
            other => panic!("no login: {other:?}"),
        }
    }

    /// One's own rooms, where one is logged in.
    pub(crate) fn list_mine(&mut self) -> Result<Rooms, Code> {
        let list = ListRooms { scope: Scope::Mine, search: String::new(), after: None, limit: 0 };
        brought!(self.ask(Command::ListRooms(list)), Rooms)
    }

    /// Makes a room and adds somebody to it.
    pub(crate) fn create_and_add(&mut self, title: &str, user: &str) -> Result<(), Code> {
        let room = self.create(title)?;
        self.add(room, user).map(|_| ())
    }
}
