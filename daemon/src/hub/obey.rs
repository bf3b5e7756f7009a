//! From an ask to its events, and from each event to its row, its audit record and its frames.

use parlor_protocol::account::LoggedIn;
use parlor_protocol::id::{DeviceId, RoomId, Timestamp};
use parlor_protocol::message::Sent;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;

use super::turn::Turn;
use super::{Ask, Caller, Hub, Proof, Wish};
use crate::audit::{self, Origin};
use crate::delivery::{Opening, Step};
use crate::rooms::{
    Actor, Command, Decision, Effect, Event, Happening, NewDevice, Posted, RoomEvent, Standing,
    UserEvent, UserId, membership_effect,
};
use crate::store::{DeviceUse, StoreError};
use crate::translate;

impl Hub {
    /// Decides and applies one ask. An error is the store's, and the end.
    pub(super) fn take(
        &mut self,
        turn: &mut Turn,
        ask: Ask,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        turn.asks += 1;
        match ask {
            Ask::Request { caller, id, wish } => {
                let outcome = match wish {
                    Wish::Do { user, command } => self.obey(turn, &caller, user, &command, at),
                    Wish::SignUp(command) => self.sign_up(turn, &caller, &command, at),
                    Wish::Open { user, device, proof } => {
                        self.open(turn, &caller, user, device, &proof, at)
                    }
                    Wish::Subscribe { user } => Ok(Ok(self.subscribe(turn, &caller, user))),
                };
                turn.reply(&caller, id, outcome?.unwrap_or_else(Outcome::Refused));
            }
            Ask::LoginFailed { caller, id, name, by } => {
                turn.rows.audit.push(audit::login_failed(&caller.origin(), &name, by, at));
                if let Some(id) = id {
                    turn.reply(&caller, id, Outcome::Refused(Code::BadCredentials.into()));
                }
            }
            Ask::Ended { caller, user } => {
                let name = translate::name_of(&self.world, user);
                turn.rows.audit.push(audit::session_ended(&caller.origin(), name, at));
            }
            Ask::Console { command, uid, reply } => {
                let (actor, origin) = (Actor::Console, Origin::Console { uid });
                let result = self.decide(turn, &actor, &command, &origin, at)?;
                if let Err(refusal) = &result {
                    let code = refusal.code;
                    let record = audit::refusal(&self.world, &actor, &command, code, at, &origin);
                    turn.rows.audit.extend(record);
                }
                turn.answer(reply, result.map(|_| ()));
            }
            Ask::AuditSynced(serial) => self.audit_synced = Some(serial),
            Ask::Tick => {
                turn.ticked = true;
                self.world.forget_nonces(at);
            }
            Ask::Stop => turn.stopping = true,
        }
        turn.end_ask();
        Ok(())
    }

    /// A command of a user: what it came to, as its sender hears it.
    fn obey(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        command: &Command,
        at: Timestamp,
    ) -> Result<Result<Outcome, Refusal>, StoreError> {
        let decided = self.decide(turn, &Actor::User(user), command, &caller.origin(), at)?;
        Ok(decided.map(|decided| match decided {
            Decided::Repeated(posted) => sent(posted),
            Decided::SameDevice(_) => Outcome::Done,
            Decided::Events { first } => {
                self.outcome(user, command, &turn.rows.events[first..]).unwrap_or(Outcome::Done)
            }
        }))
    }

    /// What a command has made, which was done by these events or was so already.
    fn outcome(&self, user: UserId, command: &Command, events: &[Event]) -> Option<Outcome> {
        let room = |room| Outcome::Room(translate::show(&self.world, room, user));
        match command {
            Command::SignUp { .. }
            | Command::AddUser { .. }
            | Command::SetPassword { .. }
            | Command::Restretch { .. }
            | Command::AddDevice { .. }
            | Command::RevokeDevice { .. }
            | Command::LeaveRoom { .. } => None,
            Command::CreateRoom { .. } | Command::JoinRoom { .. } => {
                events.iter().rev().find_map(entered_by).map(room)
            }
            Command::Send { .. } => events.iter().find_map(sent_by).map(sent),
            Command::Promote { room, user }
            | Command::Demote { room, user }
            | Command::Transfer { room, user } => {
                let user = self.world.user_by_name(user)?;
                translate::member(&self.world, *room, user).map(Outcome::Member)
            }
            Command::SetTopic { room: of, .. } | Command::Rename { room: of, .. } => {
                Some(room(*of))
            }
        }
    }

    /// A stranger's sign-up. Whoever has just signed up is logged in and can act at once.
    fn sign_up(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        command: &Command,
        at: Timestamp,
    ) -> Result<Result<Outcome, Refusal>, StoreError> {
        let first = match self.decide(turn, &Actor::Stranger, command, &caller.origin(), at)? {
            Ok(Decided::Events { first }) => first,
            Ok(Decided::Repeated(_) | Decided::SameDevice(_)) => return Ok(Ok(Outcome::Done)),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let events = &turn.rows.events[first..];
        let device = events.iter().find_map(device_added_by);
        let user = events.iter().find_map(|event| match event.what {
            Happening::User(user, _) => Some(user),
            Happening::Directory(_) | Happening::Room(..) => None,
        });
        let user = user.expect("invariant: a sign-up sets its user's password");
        let opening = Opening { user, device, password_proved: false };
        Ok(Ok(self.begin(turn, caller, opening, at)))
    }

    /// A login that was proved. Between the proof and now the device may have been revoked, or the
    /// password changed.
    fn open(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        device: Option<NewDevice>,
        proof: &Proof,
        at: Timestamp,
    ) -> Result<Result<Outcome, Refusal>, StoreError> {
        if !self.can_record() {
            return Ok(Err(Code::Unavailable.into()));
        }
        let name = translate::name_of(&self.world, user).clone();
        let (known, stands) = match proof {
            Proof::Password(record) => (None, self.has_password(turn, user, record)?),
            Proof::Device(device) => (Some(*device), self.has_device(user, *device)),
        };
        if !stands {
            turn.rows.audit.push(audit::login_failed(&caller.origin(), &name, proof.by(), at));
            return Ok(Err(Code::BadCredentials.into()));
        }
        let registered = match device {
            None => known,
            Some(device) => {
                let command = Command::AddDevice { device };
                match self.decide(turn, &Actor::User(user), &command, &caller.origin(), at)? {
                    Ok(Decided::Events { first }) => {
                        turn.rows.events[first..].iter().find_map(device_added_by)
                    }
                    Ok(Decided::SameDevice(device)) => Some(device),
                    Ok(Decided::Repeated(_)) => None,
                    Err(refusal) => return Ok(Err(refusal)),
                }
            }
        };
        turn.rows.audit.push(audit::logged_in(&caller.origin(), &name, proof.by(), at));
        let password_proved = matches!(proof, Proof::Password(_));
        let opening = Opening { user, device: registered, password_proved };
        Ok(Ok(self.begin(turn, caller, opening, at)))
    }

    /// Whether the user's password is still the one behind this record. The world does not know:
    /// what this turn has set comes before what is stored.
    fn has_password(&self, turn: &Turn, user: UserId, record: &[u8]) -> Result<bool, StoreError> {
        let set = turn.rows.events.iter().rev().find_map(|event| match &event.what {
            Happening::User(
                whose,
                UserEvent::PasswordSet(set) | UserEvent::PasswordRestretched(set),
            ) if *whose == user => Some(set),
            Happening::User(..) | Happening::Directory(_) | Happening::Room(..) => None,
        });
        match set {
            Some(set) => Ok(set.record == record),
            None => Ok(self.writer.password_record(user)?.is_some_and(|stored| stored == record)),
        }
    }

    fn has_device(&self, user: UserId, device: DeviceId) -> bool {
        self.world.user(user).is_some_and(|user| user.devices().any(|(id, _)| id == device))
    }

    /// Makes a connection a user's.
    fn begin(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        opening: Opening,
        at: Timestamp,
    ) -> Outcome {
        let Opening { user, device, .. } = opening;
        if let Some(device) = device {
            let address = caller.address.to_string();
            self.note_device_use(DeviceUse { user, device, at, address });
        }
        let joined = |room: RoomId| {
            let membership = self.world.membership(room, user);
            (room, membership.expect("invariant: a user's rooms have the user").joined)
        };
        let rooms = self.world.rooms_of(user).map(joined).collect();
        turn.tell_conn(caller.conn, Step::Open { conn: caller.conn, opening, rooms });
        let account = self.world.user(user).expect("invariant: users are never forgotten");
        Outcome::LoggedIn(LoggedIn {
            user: account.name.clone(),
            operator: account.standing == Standing::Operator,
            device,
        })
    }

    fn subscribe(&mut self, turn: &mut Turn, caller: &Caller, user: UserId) -> Outcome {
        let snapshot = self
            .world
            .rooms_of(user)
            .map(|room| translate::snapshot(&self.world, room, user))
            .collect();
        turn.tell_conn(caller.conn, Step::Subscribe { conn: caller.conn, snapshot });
        Outcome::Done
    }

    /// Decides a command, and applies what it comes to.
    fn decide(
        &mut self,
        turn: &mut Turn,
        actor: &Actor,
        command: &Command,
        origin: &Origin<'_>,
        at: Timestamp,
    ) -> Result<Result<Decided, Refusal>, StoreError> {
        if !turn.has_space {
            return Ok(Err(Code::Unavailable.into()));
        }
        if let Some(key) = self.world.nonce_to_recall(actor, command)
            && let Some(posted) = self.writer.old_nonce(&key)?
        {
            self.world.restore_nonce(key, posted);
        }
        Ok(match self.world.decide(actor, command, at, &mut rand::random) {
            Err(refusal) => Err(refusal),
            Ok(Decision::Repeated(posted)) => Ok(Decided::Repeated(posted)),
            Ok(Decision::SameDevice(device)) => Ok(Decided::SameDevice(device)),
            Ok(Decision::Events(events)) => {
                let first = turn.rows.events.len();
                events.into_iter().for_each(|event| self.happen(turn, actor, event, origin));
                Ok(Decided::Events { first })
            }
        })
    }

    /// Lets an event happen: to the world, to those who hear of it, to the audit and to the store.
    fn happen(&mut self, turn: &mut Turn, actor: &Actor, event: Event, origin: &Origin<'_>) {
        self.world.apply(&event);
        turn.rows.audit.extend(audit::event(&self.world, actor, &event, origin));
        match &event.what {
            Happening::Directory(_) => {}
            Happening::User(user, what) => match what {
                UserEvent::DeviceRevoked { id } => {
                    let revoke = Step::Revoke { user: *user, device: *id };
                    turn.tell_all_behind_the_answer(revoke);
                }
                UserEvent::PasswordSet(_) => {
                    let by = match *origin {
                        Origin::Session { number, .. } => Some(number),
                        Origin::Console { .. } => None,
                    };
                    turn.tell_all_behind_the_answer(Step::PasswordChanged { user: *user, by });
                }
                UserEvent::PasswordRestretched(_) | UserEvent::DeviceAdded { .. } => {}
            },
            Happening::Room(room, what) => self.tell(turn, *room, what, &event),
        }
        turn.rows.events.push(event);
    }

    /// Tells a room of its event: those who are members after it, and whoever exits by it.
    fn tell(&self, turn: &mut Turn, room: RoomId, what: &RoomEvent, event: &Event) {
        let effect = membership_effect(what);
        if let Some(Effect::Exit(user, how)) = effect {
            turn.tell_all(&Step::Exit { user, room, frame: translate::exited(room, how) });
        }
        let frame = translate::room_frame(&self.world, room, what, event.revision, event.at);
        turn.tell_all(&Step::Room { room, frame });
        if let Some(Effect::Enter(user)) = effect {
            let frame = translate::entered(&self.world, room, user);
            turn.tell_all(&Step::Enter { user, room, joined: event.revision, frame });
        }
    }
}

/// What a command came to; its events are the turn's from `first` on.
enum Decided {
    Events { first: usize },
    Repeated(Posted),
    SameDevice(DeviceId),
}

fn sent(posted: Posted) -> Outcome {
    Outcome::Sent(Sent { seq: posted.seq, revision: posted.revision, at: posted.at })
}

fn sent_by(event: &Event) -> Option<Posted> {
    let Happening::Room(_, RoomEvent::Messaged { seq, .. }) = &event.what else { return None };
    Some(Posted { seq: *seq, revision: event.revision, at: event.at })
}

fn entered_by(event: &Event) -> Option<RoomId> {
    let Happening::Room(room, what) = &event.what else { return None };
    matches!(membership_effect(what), Some(Effect::Enter(_))).then_some(*room)
}

fn device_added_by(event: &Event) -> Option<DeviceId> {
    let Happening::User(_, UserEvent::DeviceAdded { id, .. }) = &event.what else { return None };
    Some(*id)
}
