//! The commands of owner and admins: roles, ownership, topic, title and slow mode.

use parlor_protocol::room::{Demote, Promote, Rename, SetSlowMode, SetTopic, Transfer};

use super::Context;
use super::output::Listed;
use super::show::MemberOf;
use crate::cli::Whom;
use crate::failure::Failure;

impl Context<'_> {
    pub(super) async fn promote(&mut self, whom: Whom) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let member = self.client().ask(Promote { room, user: whom.user }).await?;
        Ok(self.out.made(|| MemberOf { room, member }.object())?)
    }

    pub(super) async fn demote(&mut self, whom: Whom) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let member = self.client().ask(Demote { room, user: whom.user }).await?;
        Ok(self.out.made(|| MemberOf { room, member }.object())?)
    }

    pub(super) async fn transfer(&mut self, whom: Whom) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let member = self.client().ask(Transfer { room, user: whom.user }).await?;
        Ok(self.out.made(|| MemberOf { room, member }.object())?)
    }

    pub(super) async fn topic(&mut self, room: &str, topic: String) -> Result<(), Failure> {
        let room = self.id(room).await?;
        let room = self.client().ask(SetTopic { room, topic }).await?;
        Ok(self.out.made(|| room.object())?)
    }

    pub(super) async fn rename(&mut self, room: &str, title: String) -> Result<(), Failure> {
        let room = self.id(room).await?;
        let room = self.client().ask(Rename { room, title }).await?;
        Ok(self.out.made(|| room.object())?)
    }

    pub(super) async fn slow(&mut self, room: &str, secs: u32) -> Result<(), Failure> {
        let room = self.id(room).await?;
        let room = self.client().ask(SetSlowMode { room, secs }).await?;
        Ok(self.out.made(|| room.object())?)
    }
}
