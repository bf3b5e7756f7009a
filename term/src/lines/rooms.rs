//! The commands about rooms and who is in them.

use std::io::IsTerminal;

use parlor_protocol::id::Seq;
use parlor_protocol::record::Record;
use parlor_protocol::room::{
    CreateRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, MarkRead, Role, Room, Scope,
    Visibility,
};
use parlor_protocol::text::printable;

use super::show::{MemberOf, read_marker};
use super::{Context, Format};
use crate::cli::{CreateArgs, Page};
use crate::console::{YesOrNo, yes_or_no};
use crate::failure::Failure;

/// What one has just done, and is told on what terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Created,
    Joined,
}

impl Context<'_> {
    pub(super) async fn rooms(
        &mut self,
        search: Option<String>,
        mine: bool,
        page: &Page,
    ) -> Result<(), Failure> {
        let scope = if mine { Scope::Mine } else { Scope::Public };
        self.rooms_of(scope, search, page).await
    }

    pub(super) async fn rooms_of(
        &mut self,
        scope: Scope,
        search: Option<String>,
        page: &Page,
    ) -> Result<(), Failure> {
        let search = search.unwrap_or_default();
        self.list(page, async |client, after, limit| {
            let search = search.clone();
            let rooms = client.ask(ListRooms { scope, search, after, limit }).await?;
            Ok((rooms.rooms.into_iter().map(|room| room.0).collect::<Vec<Room>>(), rooms.next))
        })
        .await
    }

    pub(super) async fn create(&mut self, create: CreateArgs) -> Result<(), Failure> {
        let CreateArgs { title, private, entry } = create;
        let visibility = if private { Visibility::Private } else { Visibility::Public };
        let create = CreateRoom { title, visibility, entry: entry.into() };
        let room = self.client().ask(create).await?;
        self.tell_of_history(Words::Created);
        match self.out.format() {
            Format::Json => self.out.list(&room)?,
            Format::Columns => self.out.line(&room.room.to_string())?,
        }
        Ok(())
    }

    pub(super) async fn join(&mut self, room: &str, leave: Option<&str>) -> Result<(), Failure> {
        let leave = match leave {
            Some(leave) => {
                let leave = self.find(leave).await?;
                self.warn_of_end(&leave).await?;
                Some(leave.room)
            }
            None => None,
        };
        let room = self.id(room).await?;
        self.client().ask(JoinRoom { room, leave }).await?;
        self.tell_of_history(Words::Joined);
        if self.out.format() == Format::Columns {
            return Ok(());
        }
        // The reply does not say since when one is a member; the list of members does.
        let me = self.me.user.clone();
        let mut after = None;
        loop {
            let page = self.client().ask(ListMembers { room, after, limit: 0 }).await?;
            let mine = page.members.into_iter().find(|member| member.user == me);
            if let Some(Record(member)) = mine {
                return Ok(self.out.list(&MemberOf { room, member })?);
            }
            after = page.next;
            if after.is_none() {
                // Somebody else's command on another device has taken us out again.
                return Ok(());
            }
        }
    }

    pub(super) async fn leave(&mut self, room: &str) -> Result<(), Failure> {
        let room = self.find(room).await?;
        self.warn_of_end(&room).await?;
        Ok(self.client().ask(LeaveRoom { room: room.room }).await?)
    }

    pub(super) async fn members(&mut self, room: &str, page: &Page) -> Result<(), Failure> {
        let room = self.id(room).await?;
        self.list(page, async |client, after, limit| {
            let members = client.ask(ListMembers { room, after, limit }).await?;
            let listed =
                members.members.into_iter().map(|Record(member)| MemberOf { room, member });
            Ok((listed.collect::<Vec<_>>(), members.next))
        })
        .await
    }

    pub(super) async fn read(&mut self, room: &str, seq: u64) -> Result<(), Failure> {
        let room = self.id(room).await?;
        let marker = self.client().ask(MarkRead { room, seq: Seq(seq) }).await?;
        Ok(self.out.made(|| read_marker(&marker))?)
    }

    /// Tells a person at a terminal who reads what is said in a room.
    fn tell_of_history(&mut self, words: Words) {
        if std::io::stderr().is_terminal() {
            self.console.say(match words {
                Words::Created => {
                    "parlor: whoever comes in later reads everything, also what was said before"
                }
                Words::Joined => {
                    "parlor: members read everything here, also what was said before they came"
                }
            });
        }
    }

    /// Asks a person at a terminal whether they mean to end the room. A script means what it says.
    async fn warn_of_end(&mut self, room: &Room) -> Result<(), Failure> {
        if !std::io::stdin().is_terminal() || !self.ends_when_left(room).await? {
            return Ok(());
        }
        let whole = printable(room.title.as_str());
        let prompt = format!("Leaving {whole} ends the room for good. Leave (yes/no)? ");
        let again = "Please type yes or no: ".to_owned();
        for prompt in std::iter::once(prompt).chain(std::iter::repeat(again)) {
            let answer = match self.console.ask(&prompt) {
                Ok(Some(answer)) => answer,
                Ok(None) => return Ok(()),
                Err(error) => return Err(Failure::Failed(format!("cannot ask: {error}"))),
            };
            match yes_or_no(&answer) {
                Some(YesOrNo::Yes) => return Ok(()),
                // Nothing at all, not even a newline, is the end of the input.
                None if !answer.is_empty() => {}
                Some(YesOrNo::No) | None => break,
            }
        }
        Err(Failure::Failed("nothing was left".to_owned()))
    }

    /// Whether a room ends when one leaves it: nobody is left, or one plain member.
    async fn ends_when_left(&self, room: &Room) -> Result<bool, Failure> {
        if room.role.is_none() || room.members != 2 {
            return Ok(room.role.is_some() && room.members == 1);
        }
        let members = ListMembers { room: room.room, after: None, limit: 0 };
        let members = self.client().ask(members).await?.members;
        let mut others = members.iter().filter(|member| member.user != self.me.user);
        Ok(others.all(|other| other.role == Role::Member))
    }
}
