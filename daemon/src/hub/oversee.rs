//! What operators do with the running daemon: look at its sessions and end them, tell everybody
//! something, and have it go on by other terms.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::{DeviceId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::text::MessageText;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::presence::Online;
use super::turn::Turn;
use super::{Caller, Hub};
use crate::audit::{self, Origin};
use crate::delivery::Step;
use crate::penalties::Terms;
use crate::rooms::{Actor, Limits, Retention, UserId};
use crate::translate;

/// Sessions on one page of their list.
const PAGE_SESSIONS_MAX: usize = 200;

/// One thing to look at or to do.
#[derive(Debug)]
pub(crate) enum Oversight {
    /// Tells the sessions behind the one of that serial.
    ListSessions { after: u64, answer: oneshot::Sender<Vec<SessionLine>> },
    /// Ends sessions; `uid` is the caller's as the kernel tells it.
    Disconnect { which: Sessions, uid: Option<u32>, reply: oneshot::Sender<Result<(), Refusal>> },
    /// Tells everybody something who is connected.
    Announce { text: MessageText, uid: Option<u32>, reply: oneshot::Sender<Result<(), Refusal>> },
    /// Goes on by other terms.
    Reconfigure {
        terms: Box<HubTerms>,
        /// The settings that have changed, for the record.
        changed: Vec<&'static str>,
        uid: Option<u32>,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
}

/// What of the configuration concerns the hub, and may change while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubTerms {
    /// The sign-up mode, unless one was set by command.
    pub(crate) sign_up: SignUpMode,
    /// What a user may do in a while.
    pub(crate) allowances: Limits,
    /// How long failed logins make one wait.
    pub(crate) penalties: Terms,
    /// For how long what has ended is remembered.
    pub(crate) retention: Retention,
}

/// Which sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sessions {
    /// The one of this serial.
    One(u64),
    /// All of a user's.
    Of(UserName),
}

/// A line of the list of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionLine {
    pub(crate) serial: u64,
    pub(crate) user: UserName,
    pub(crate) device: Option<DeviceId>,
    pub(crate) address: String,
    pub(crate) since: Timestamp,
}

impl Hub {
    pub(super) fn oversee(&mut self, turn: &mut Turn, oversight: Oversight, at: Timestamp) {
        match oversight {
            Oversight::ListSessions { after, answer } => {
                let page = self.presence.sessions_after(after).take(PAGE_SESSIONS_MAX);
                // Whoever has gone does not want to know any more.
                let _gone = answer.send(page.map(|open| self.session_line(open)).collect());
            }
            Oversight::Disconnect { which, uid, reply } => {
                let ended = self.disconnect(turn, &which, uid, at);
                turn.answer(reply, ended);
            }
            Oversight::Announce { text, uid, reply } => {
                let (by, origin) = (Actor::Console, Origin::Console { uid });
                let announced = self.announce(turn, &by, &origin, text, at);
                turn.answer(reply, announced);
            }
            Oversight::Reconfigure { terms, changed, uid, reply } => {
                if self.can_record() {
                    self.reconfigure(*terms, at);
                    turn.sign_up = self.world.sign_up_mode().or(Some(self.sign_up_configured));
                    turn.rows.audit.push(audit::reloaded(&Origin::Console { uid }, &changed, at));
                    turn.answer(reply, Ok(()));
                } else {
                    turn.answer(reply, Err(Code::Unavailable.into()));
                }
            }
        }
    }

    /// An operator's words to everybody; they cost what a message costs.
    pub(super) fn announce_for(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        text: MessageText,
        at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let (actor, origin) = (Actor::User(user), caller.origin());
        self.may_operate(turn, caller, user, "announced", at)?;
        self.allowances.charge_announcement(user, at)?;
        self.announce(turn, &actor, &origin, text, at)?;
        Ok(Outcome::Done)
    }

    /// Whether a user is an operator, who may do what leaves records of this action; that somebody else
    /// wanted to is on record.
    pub(super) fn may_operate(
        &mut self,
        turn: &mut Turn,
        caller: &Caller,
        user: UserId,
        action: &'static str,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let Err(code) = self.world.may_operate(user, at) else { return Ok(()) };
        let (actor, origin) = (Actor::User(user), caller.origin());
        let record = audit::not_operating(&self.world, &actor, action, code, at, &origin);
        Err(self.overreached(turn, caller, user, (Some(record), code.into()), at))
    }

    /// Words to everybody are nothing that is kept, but on record.
    fn announce(
        &self,
        turn: &mut Turn,
        by: &Actor,
        origin: &Origin<'_>,
        text: MessageText,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        if !self.can_record() {
            return Err(Code::Unavailable.into());
        }
        turn.rows.audit.push(audit::announced(&self.world, by, origin, at));
        turn.tell_all(&Step::Everybody { frame: translate::announced(&self.world, by, text, at) });
        Ok(())
    }

    fn reconfigure(&mut self, terms: HubTerms, at: Timestamp) {
        let HubTerms { sign_up, allowances, penalties, retention } = terms;
        self.sign_up_configured = sign_up;
        self.world.limit_rooms(allowances.rooms);
        self.allowances.limit(allowances, at);
        self.penalties.set_terms(penalties, at);
        self.chores.retention = retention;
    }

    fn session_line(&self, open: &Online) -> SessionLine {
        SessionLine {
            serial: open.conn.serial,
            user: translate::name_of(&self.world, open.user).clone(),
            device: open.device,
            address: open.address.to_string(),
            since: open.since,
        }
    }

    /// Ends sessions, each of which is on record. Their user may come back at once.
    fn disconnect(
        &self,
        turn: &mut Turn,
        which: &Sessions,
        uid: Option<u32>,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let sessions: Vec<&Online> = match which {
            Sessions::One(serial) => self
                .presence
                .sessions_after(serial.saturating_sub(1))
                .take_while(|open| open.conn.serial == *serial)
                .collect(),
            Sessions::Of(name) => {
                let user = self.world.user_by_name(name).ok_or(Code::NoSuchUser)?;
                self.presence.sessions_after(0).filter(|open| open.user == user).collect()
            }
        };
        if sessions.is_empty() {
            return Err(Code::NoSuchUser.into());
        }
        let reason = CloseReason::Disconnected;
        for open in sessions {
            let (conn, name) = (open.conn, translate::name_of(&self.world, open.user));
            let origin = Origin::Console { uid };
            turn.rows.audit.push(audit::disconnected(&origin, name, conn.serial, at));
            turn.tell_conn(conn, Step::Close { conn, reason });
        }
        Ok(())
    }
}
