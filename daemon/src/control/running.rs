//! Subcommands while the daemon runs: the hub does what they ask for, in turn with everybody else.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::refusal::{Code, Refusal};
use tokio::sync::oneshot;

use super::{Daemon, ShownStatus, status};
use crate::accounts::Accounts;
use crate::audit::AuditRecord;
use crate::hub::Ask;
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
        self.sign_up_configured
    }

    async fn status(&self) -> Result<ShownStatus, Refusal> {
        let (answer, answered) = oneshot::channel();
        let unavailable = || Refusal::from(Code::Unavailable);
        self.hub.send(Ask::Status { answer }).await.map_err(|_| unavailable())?;
        let hub = answered.await.map_err(|_| unavailable())?;
        Ok(status::shown(hub, &self.gate, self.started))
    }

    async fn obey(&self, command: Command, uid: Option<u32>) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        let gone = Refusal::from(Code::Unavailable);
        self.hub.send(Ask::Console { command, uid, reply }).await.map_err(|_| gone.clone())?;
        answer.await.unwrap_or(Err(gone))
    }

    async fn record(&self, record: AuditRecord) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        let gone = Refusal::from(Code::Unavailable);
        self.hub.send(Ask::Record { record, reply }).await.map_err(|_| gone.clone())?;
        answer.await.unwrap_or(Err(gone))
    }
}
