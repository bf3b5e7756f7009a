//! The commands about who gets into a room and who is kept out.

use parlor_protocol::entry::{
    AddMember, Approve, Ban, BanUser, Block, Blocked, Deny, Invite, InviteUser, JoinRequest, Kick,
    ListInvites, ListOfRoom, ListOwn, RequestToJoin, RevokeInvite, Unban, Unblock, Withdraw,
};

use super::Context;
use super::output::Listed;
use super::show::MemberOf;
use crate::cli::{Page, Span, WhoAndWhy, Whom};
use crate::failure::Failure;
use crate::net::{Invited, ListBans, ListBlocks, ListRequests};

impl Context<'_> {
    pub(super) async fn request(&mut self, room: &str, reason: &[String]) -> Result<(), Failure> {
        let room = self.id(room).await?;
        let request = self.client().ask(RequestToJoin { room, reason: reason.join(" ") }).await?;
        Ok(self.out.made(|| request.object())?)
    }

    pub(super) async fn withdraw(&mut self, room: &str) -> Result<(), Failure> {
        let room = self.id(room).await?;
        Ok(self.client().ask(Withdraw { room }).await?)
    }

    pub(super) async fn requests(&mut self, room: &str, page: &Page) -> Result<(), Failure> {
        let room = self.id(room).await?;
        self.list(page, async |client, after, limit| {
            let page = client.ask(ListRequests(ListOfRoom { room, after, limit })).await?;
            let requests = page.requests.into_iter().map(|request| request.0);
            Ok((requests.collect::<Vec<JoinRequest>>(), page.next))
        })
        .await
    }

    pub(super) async fn approve(&mut self, whom: Whom) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let member = self.client().ask(Approve { room, user: whom.user }).await?;
        Ok(self.out.made(|| MemberOf { room, member }.object())?)
    }

    pub(super) async fn deny(&mut self, whom: WhoAndWhy) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let (user, reason) = (whom.user, whom.reason.join(" "));
        Ok(self.client().ask(Deny { room, user, reason }).await?)
    }

    pub(super) async fn add(&mut self, whom: Whom) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let member = self.client().ask(AddMember { room, user: whom.user }).await?;
        Ok(self.out.made(|| MemberOf { room, member }.object())?)
    }

    pub(super) async fn invite(&mut self, whom: Whom) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let invited = self.client().ask(InviteUser { room, user: whom.user }).await?;
        Ok(self.out.made(|| match invited {
            Invited::Invite(invite) => invite.object(),
            Invited::Member(member) => MemberOf { room, member }.object(),
        })?)
    }

    pub(super) async fn invites(&mut self, room: Option<&str>, page: &Page) -> Result<(), Failure> {
        let room = match room {
            Some(room) => Some(self.id(room).await?),
            None => None,
        };
        self.list(page, async |client, after, limit| {
            let page = client.ask(ListInvites { room, after, limit }).await?;
            let invites = page.invites.into_iter().map(|invite| invite.0);
            Ok((invites.collect::<Vec<Invite>>(), page.next))
        })
        .await
    }

    pub(super) async fn revoke(&mut self, whom: Whom) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        Ok(self.client().ask(RevokeInvite { room, user: whom.user }).await?)
    }

    pub(super) async fn kick(&mut self, whom: WhoAndWhy) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let (user, reason) = (whom.user, whom.reason.join(" "));
        Ok(self.client().ask(Kick { room, user, reason }).await?)
    }

    pub(super) async fn ban(&mut self, whom: WhoAndWhy, span: Option<Span>) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        let (user, reason) = (whom.user, whom.reason.join(" "));
        let secs = span.map(|span| span.secs);
        let ban = self.client().ask(BanUser { room, user, reason, secs }).await?;
        Ok(self.out.made(|| ban.object())?)
    }

    pub(super) async fn unban(&mut self, whom: Whom) -> Result<(), Failure> {
        let room = self.id(&whom.room).await?;
        Ok(self.client().ask(Unban { room, user: whom.user }).await?)
    }

    pub(super) async fn bans(&mut self, room: &str, page: &Page) -> Result<(), Failure> {
        let room = self.id(room).await?;
        self.list(page, async |client, after, limit| {
            let page = client.ask(ListBans(ListOfRoom { room, after, limit })).await?;
            let bans = page.bans.into_iter().map(|ban| ban.0);
            Ok((bans.collect::<Vec<Ban>>(), page.next))
        })
        .await
    }

    pub(super) async fn block(&mut self, user: String) -> Result<(), Failure> {
        Ok(self.client().ask(Block { user }).await?)
    }

    pub(super) async fn blocks(&mut self, page: &Page) -> Result<(), Failure> {
        self.list(page, async |client, after, limit| {
            let page = client.ask(ListBlocks(ListOwn { after, limit })).await?;
            let blocks = page.blocks.into_iter().map(|blocked| blocked.0);
            Ok((blocks.collect::<Vec<Blocked>>(), page.next))
        })
        .await
    }

    pub(super) async fn unblock(&mut self, user: String) -> Result<(), Failure> {
        Ok(self.client().ask(Unblock { user }).await?)
    }
}
