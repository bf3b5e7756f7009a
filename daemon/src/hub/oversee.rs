//! What operators do with the running daemon: look at its sessions and end them.

use parlor_protocol::id::{DeviceId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::CloseReason;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::Hub;
use super::presence::Session;
use super::turn::Turn;
use crate::audit::{self, Origin};
use crate::delivery::Step;
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
        }
    }

    fn session_line(&self, open: &Session) -> SessionLine {
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
        let sessions: Vec<&Session> = match which {
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
