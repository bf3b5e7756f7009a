//! Subcommands while the daemon runs: the hub does what they ask for, in turn with everybody else.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::text::MessageText;
use tokio::sync::oneshot;

use super::{Daemon, ListedSession, ShownStatus, status};
use crate::accounts::Accounts;
use crate::audit::AuditRecord;
use crate::hub::{Ask, Oversight, SessionLine, Sessions};
use crate::reload::{Reload, Reloaded};
use crate::rooms::Command;
use crate::session::Server;
use crate::store::Readers;

impl Daemon for Server {
    fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    fn readers(&self) -> &Readers {
        &self.readers
    }

    fn sign_up_configured(&self) -> SignUpMode {
        self.manners.borrow().sign_up
    }

    async fn status(&self) -> Result<ShownStatus, Refusal> {
        let hub = ask(self, |answer| Ask::Status { answer }).await?;
        Ok(status::shown(hub, &self.gate, self.started))
    }

    async fn sessions(&self, after: u64) -> Result<Vec<ListedSession>, Refusal> {
        let list = |answer| Ask::Oversee(Oversight::ListSessions { after, answer });
        let listed = |line: SessionLine| ListedSession {
            session: line.serial,
            user: line.user,
            device: line.device,
            address: line.address,
            since: line.since,
        };
        Ok(ask(self, list).await?.into_iter().map(listed).collect())
    }

    async fn disconnect(&self, which: Sessions, uid: Option<u32>) -> Result<(), Refusal> {
        ask(self, |reply| Ask::Oversee(Oversight::Disconnect { which, uid, reply })).await?
    }

    async fn announce(&self, text: MessageText, uid: Option<u32>) -> Result<(), Refusal> {
        ask(self, |reply| Ask::Oversee(Oversight::Announce { text, uid, reply })).await?
    }

    async fn reload(&self, uid: Option<u32>) -> Result<Reloaded, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.reload.send(Reload { uid, reply }).await.map_err(|_| Code::Unavailable)?;
        Ok(answer.await.map_err(|_| Code::Unavailable)?)
    }

    async fn obey(&self, command: Command, uid: Option<u32>) -> Result<(), Refusal> {
        ask(self, |reply| Ask::Console { command, uid, reply }).await?
    }

    async fn record(&self, record: AuditRecord) -> Result<(), Refusal> {
        ask(self, |reply| Ask::Record { record, reply }).await?
    }
}

/// Asks the hub and waits for its answer; `unavailable` where it is going.
async fn ask<T>(
    server: &Server,
    question: impl FnOnce(oneshot::Sender<T>) -> Ask,
) -> Result<T, Refusal> {
    let (answer, answered) = oneshot::channel();
    server.hub.send(question(answer)).await.map_err(|_| Code::Unavailable)?;
    Ok(answered.await.map_err(|_| Code::Unavailable)?)
}
