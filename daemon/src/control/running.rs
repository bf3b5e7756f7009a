//! Subcommands while the daemon runs: the hub does what they ask for, in turn with everybody else.

use parlor_protocol::account::SignUpMode;
use parlor_protocol::refusal::{Code, Refusal};
use tokio::sync::oneshot;

use super::Daemon;
use crate::accounts::Accounts;
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

    async fn obey(&self, command: Command, uid: Option<u32>) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        let gone = Refusal::from(Code::Unavailable);
        self.hub.send(Ask::Console { command, uid, reply }).await.map_err(|_| gone.clone())?;
        answer.await.unwrap_or(Err(gone))
    }
}
