//! From an ask to its events, and from each event to its row, its audit record and its frames.

use parlor_protocol::id::{DeviceId, RoomId, Seq, Timestamp};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::room::Room;

use super::turn::Turn;
use super::{Ask, Caller, Hub, Wish};
use crate::audit::{self, Origin};
use crate::delivery::{Place, Step};
use crate::metrics::Kind;
use crate::rooms::{
    Actor, Command, Decision, Effect, Event, Happening, Posted, RoomEvent, RoomState, Status,
    Suspicion, UserEvent, UserId, membership_effect,
};
use crate::store::StoreError;
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
                let kind = wish.kind();
                let outcome = self.grant(turn, &caller, wish, at)?.unwrap_or_else(Outcome::Refused);
                self.counts.commands.note(kind, &outcome);
                turn.reply(&caller, id, outcome);
            }
            Ask::LoginBegins { caller, name, answer } => {
                let refusal = self.try_login(turn, &caller, &name, at);
                // A connection that did not wait for its answer has gone.
                let _gone = answer.send(refusal.map_or(Ok(()), Err));
            }
            Ask::LoginFailed { caller, id, name, by } => {
                let refusal = self.login_failed(turn, &caller, &name, by, at);
                let outcome = Outcome::Refused(refusal);
                self.counts.commands.note(Kind::Login, &outcome);
                if let Some(id) = id {
                    turn.reply(&caller, id, outcome);
                }
            }
            Ask::Ended { caller } => {
                self.watching.unwatch(caller.conn.serial);
                if let Some(online) = self.presence.exit(caller.conn.serial) {
                    if !self.presence.is_online(online.user) {
                        self.watching.came_or_went(&self.world, online.user, true);
                    }
                    self.end_session(turn, &online, at);
                }
            }
            Ask::Console { command, uid, reply } => {
                let result = self.console(turn, &command, uid, at)?;
                turn.answer(reply, result);
            }
            Ask::Record { record, reply } => {
                turn.rows.audit.push(record);
                turn.answer(reply, Ok(()));
            }
            Ask::Status { answer } => {
                // Whoever has gone does not want to know any more.
                let _gone = answer.send(self.status(at));
            }
            Ask::Oversee(oversight) => self.oversee(turn, oversight, at),
            Ask::Count { answer, shards } => {
                let _gone = answer.send(self.report(at));
                turn.tell_all(&Step::Count(shards));
            }
            Ask::AuditKept { synced, news } => self.audit_kept(synced, news),
            Ask::Pulse(pulse) => turn.tell_all(&Step::Pulse(pulse)),
            Ask::Tick => {
                turn.ticked = true;
                self.world.forget_nonces(at);
                self.allowances.tidy(at);
                self.penalties.tidy(at);
                self.note_devices_in_use(at);
                self.clear(at);
                self.do_chores(turn, at)?;
            }
            Ask::Chores => self.do_chores(turn, at)?,
            Ask::Stop => turn.stopping = true,
        }
        turn.end_ask();
        Ok(())
    }

    /// What a session wants, and what it came to.
    fn grant(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        wish: Wish,
        at: Timestamp,
    ) -> Result<Result<Outcome, Refusal>, StoreError> {
        match wish {
            Wish::Do { user, command } => self.obey(turn, caller, user, &command, at),
            Wish::SignUp(command) => self.sign_up(turn, caller, &command, at),
            Wish::Open { user, device, proof } => self.open(turn, caller, user, device, &proof, at),
            Wish::Subscribe { user } => Ok(Ok(self.subscribe(turn, caller, user))),
            Wish::Watch { user, room } => Ok(self.watch(turn, caller, user, room, at)),
            Wish::Present { room, members } => Ok(Ok(self.present(room, members))),
            Wish::Freshen { user, outcome } => Ok(Ok(self.freshen(user, *outcome))),
            Wish::Announce { user, text } => Ok(self.announce_for(turn, caller, user, text, at)),
            Wish::Overseen { user, what, found } => {
                Ok(self.overseen(turn, caller, user, (what, *found), at))
            }
            Wish::Unfit { user, action, code } => {
                let fit = self.may_operate(turn, caller, user, action, at);
                Ok(Err(fit.err().unwrap_or_else(|| code.into())))
            }
            Wish::Missed { user } => Ok(Err(self.missed(turn, caller, user, at))),
        }
    }

    /// A subcommand's command; what was refused is on record as well.
    fn console(
        &mut self,
        turn: &mut Turn,
        command: &Command,
        uid: Option<u32>,
        at: Timestamp,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let (actor, origin) = (Actor::Console, Origin::Console { uid });
        let result = self.decide(turn, &actor, command, &origin, at)?;
        if let Err(refusal) = &result {
            let code = refusal.code;
            let record = audit::refusal(&self.world, &actor, command, code, at, &origin);
            turn.rows.audit.extend(record);
        }
        Ok(result.map(|_| ()))
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
        Ok(match decided {
            Ok(decided) => {
                self.scrutinise(turn, caller, user, (command, &decided), at);
                Ok(self.outcome(turn, user, command, &decided))
            }
            Err(refusal) => Err(self.turn_down(turn, caller, user, (command, refusal), at)),
        })
    }

    /// What somebody hears who asked about a room that is not there, as far as they may know.
    pub(super) fn missed(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        at: Timestamp,
    ) -> Refusal {
        let (refusal, suspicion) = self.allowances.probed(user, Code::NoSuchRoom.into(), at);
        self.suspect(turn, caller, user, suspicion, at);
        refusal
    }

    pub(super) fn suspect(
        &self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        suspicion: Option<Suspicion>,
        at: Timestamp,
    ) {
        let origin = caller.origin();
        let record = suspicion.map(|it| audit::suspicious(&self.world, user, it, at, &origin));
        turn.rows.audit.extend(record);
    }

    fn subscribe(&mut self, turn: &mut Turn, caller: &Caller, user: UserId) -> Outcome {
        let snapshot = self
            .world
            .live_rooms_of(user)
            .map(|room| translate::snapshot(&self.world, room, user))
            .collect();
        turn.tell_conn(caller.conn, Step::Subscribe { conn: caller.conn, snapshot });
        Outcome::Done
    }

    /// Rooms from the store, where read markers are written some seconds late, with the markers of
    /// this moment.
    pub(super) fn freshen(&self, user: UserId, mut outcome: Outcome) -> Outcome {
        let rooms: Vec<&mut Room> = match &mut outcome {
            Outcome::Room(room) => vec![room],
            Outcome::Rooms(page) => page.rooms.iter_mut().map(|room| &mut room.0).collect(),
            _ => vec![],
        };
        for room in rooms {
            if room.role.is_some()
                && let Some(marker) = translate::read_marker(&self.world, room.room, user)
            {
                room.read = Some(marker.seq);
                room.unread = Some(marker.unread);
                room.mentions = Some(marker.mentions);
            }
        }
        outcome
    }

    /// Decides a command, puts it on its user's account, and applies what it comes to.
    pub(super) fn decide(
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
            Ok(Decision::Read(seq)) => {
                self.read(turn, actor, command, seq);
                Ok(Decided::Read)
            }
            Ok(Decision::Events(events)) => {
                if let Actor::User(user) = *actor
                    && !events.is_empty()
                    && let Err(refusal) = self.allowances.charge(&self.world, user, command, at)
                {
                    return Ok(Err(refusal));
                }
                let first = turn.rows.events.len();
                events.into_iter().for_each(|event| self.happen(turn, actor, event, origin));
                Ok(Decided::Events { first })
            }
        })
    }

    /// Notes how far a user has read a room, and hints it to their other devices.
    fn read(&mut self, turn: &mut Turn, actor: &Actor, command: &Command, seq: Seq) {
        let (Actor::User(user), Command::MarkRead { room, .. }) = (*actor, command) else { return };
        let before = translate::read_marker(&self.world, *room, user);
        self.world.read(*room, user, seq);
        let after = translate::read_marker(&self.world, *room, user);
        if let Some(marker) = after.filter(|after| before.as_ref() != Some(after)) {
            self.behind.reads.insert((*room, user), seq);
            turn.tell_all(&Step::User { user, frame: translate::read_frame(marker) });
        }
    }

    /// Lets an event happen: to the world, to those who hear of it, to the audit and to the store.
    fn happen(&mut self, turn: &mut Turn, actor: &Actor, event: Event, origin: &Origin<'_>) {
        self.world.apply(&event);
        self.note_presence(&event);
        turn.rows.audit.extend(audit::event(&self.world, actor, &event, origin));
        match &event.what {
            Happening::Directory(what) => turn.note_sign_up_mode(what),
            Happening::User(user, what) => {
                self.tell_user(turn, *user, what, origin, event.at);
                // A removed user's rooms are left at once, not with the next tick.
                self.chores.left |=
                    matches!(what, UserEvent::StatusChanged { status: Status::Removed, .. });
            }
            Happening::Room(room, what) => {
                self.tell(turn, *room, what, &event);
                // Whoever is left in it is taken out at once.
                self.chores.left |= matches!(what, RoomEvent::Terminated);
            }
        }
        turn.rows.events.push(event);
    }

    /// Tells a user's sessions of what has changed of theirs, or ends them.
    fn tell_user(
        &self,
        turn: &mut Turn,
        user: UserId,
        what: &UserEvent,
        origin: &Origin<'_>,
        at: Timestamp,
    ) {
        if let Some(frame) = translate::user_frame(&self.world, what, at) {
            turn.tell_all(&Step::User { user, frame });
        }
        match what {
            UserEvent::DeviceRevoked { id } => {
                turn.tell_all_behind_the_answer(Step::Revoke { user, device: *id });
            }
            UserEvent::PasswordSet(_) => {
                let by = match *origin {
                    Origin::Session { number, .. } => Some(number),
                    Origin::Console { .. } | Origin::Within => None,
                };
                turn.tell_all_behind_the_answer(Step::PasswordChanged { user, by });
            }
            UserEvent::StatusChanged { was: _, status, reason: _ } => {
                let reason = match status {
                    Status::Disabled => CloseReason::Disabled,
                    Status::Removed => CloseReason::Removed,
                    Status::Active | Status::Waiting | Status::Denied => return,
                };
                turn.tell_all_behind_the_answer(Step::Disown { user, reason });
            }
            UserEvent::PasswordRestretched(_)
            | UserEvent::DisplayNameSet(_)
            | UserEvent::DeviceAdded { .. }
            | UserEvent::Notified { .. }
            | UserEvent::NotificationsRead(_)
            | UserEvent::NotificationsDismissed(_)
            | UserEvent::NotificationsExpired { .. }
            | UserEvent::Blocked { .. }
            | UserEvent::Unblocked { .. }
            | UserEvent::StandingChanged(_) => {}
        }
    }

    /// Tells a room of its event: those who are members after it, and whoever exits by it.
    fn tell(&self, turn: &mut Turn, room: RoomId, what: &RoomEvent, event: &Event) {
        let effect = membership_effect(what);
        if let Some(Effect::Exit { user, how, by, reason }) = &effect {
            let frame = translate::exited(&self.world, room, *how, *by, reason.clone());
            turn.tell_all(&Step::Exit { user: *user, room, frame });
            // The others in it know that it has ended, and that they go as well.
            if self.world.room(room).is_some_and(|room| room.state == RoomState::Terminated) {
                return;
            }
        }
        let (frame, admins) =
            translate::room_frames(&self.world, room, what, event.revision, event.at);
        turn.tell_all(&Step::Room { room, frame, admins });
        match effect {
            Some(Effect::Enter(user, role)) => {
                let frame = translate::entered(&self.world, room, user);
                let place = Place { room, joined: event.revision, rank: role.into() };
                turn.tell_all(&Step::Enter { user, place, frame });
            }
            Some(Effect::Rank(user, role)) => {
                turn.tell_all(&Step::Rank { user, room, rank: role.into() });
            }
            Some(Effect::Exit { .. }) | None => {}
        }
    }
}

/// What a command came to; its events are the turn's from `first` on.
pub(super) enum Decided {
    Events { first: usize },
    Repeated(Posted),
    SameDevice(DeviceId),
    Read,
}

pub(super) fn device_added_by(event: &Event) -> Option<DeviceId> {
    let Happening::User(_, UserEvent::DeviceAdded { id, .. }) = &event.what else { return None };
    Some(*id)
}
