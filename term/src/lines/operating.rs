//! `op`: what operators do.

use parlor_protocol::operator::{
    Announce, ApproveSignUp, DenySignUp, DisableUser, EnableUser, ListSignUps, SignUp,
};
use parlor_protocol::room::Scope;

use super::Context;
use super::output::Listed;
use crate::cli::OpCommand;
use crate::failure::Failure;

impl Context<'_> {
    pub(super) async fn operate(&mut self, command: OpCommand) -> Result<(), Failure> {
        let account = match command {
            OpCommand::Pending { page } => {
                return self
                    .list(&page, async |client, after, limit| {
                        let page = client.ask(ListSignUps { after, limit }).await?;
                        let waiting = page.sign_ups.into_iter().map(|sign_up| sign_up.0);
                        Ok((waiting.collect::<Vec<SignUp>>(), page.next))
                    })
                    .await;
            }
            OpCommand::Rooms { search, page } => {
                return self.rooms_of(Scope::All, search, &page).await;
            }
            OpCommand::Announce { text } => {
                let text = text.join(" ");
                return Ok(self.client().ask(Announce { text }).await?);
            }
            OpCommand::Approve { user } => self.client().ask(ApproveSignUp { user }).await?,
            OpCommand::Deny { user, reason } => {
                let reason = reason.join(" ");
                self.client().ask(DenySignUp { user, reason }).await?
            }
            OpCommand::Disable { user } => self.client().ask(DisableUser { user }).await?,
            OpCommand::Enable { user } => self.client().ask(EnableUser { user }).await?,
        };
        Ok(self.out.made(|| account.object())?)
    }
}
