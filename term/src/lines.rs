//! Line mode: one command, its output on standard output, its fate in the exit status.

pub(crate) use self::account::stdin_line;
pub(crate) use self::time::rfc3339;
mod account;
mod entry;
mod events;
mod follow;
pub(crate) mod json;
mod notifications;
mod operating;
mod output;
mod rooms;
mod ruling;
mod send;
mod show;
mod tail;
mod time;
mod window;

use parlor_protocol::account::LoggedIn;
use parlor_protocol::id::RoomId;
use parlor_protocol::name::has_room_id_form;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::{FindRoom, Room, RoomRef};
use parlor_protocol::text::printable_block;

use self::output::{Listed, Output};
use crate::cli::{Line, LineCommand, Page};
use crate::console::Console;
use crate::failure::Failure;
use crate::net::account::Account;
use crate::net::{CallError, Client, Session};
use crate::words::{self, Doing};

/// How output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Columns,
    /// For scripts.
    Json,
}

/// What is known of a room that was named.
enum Found {
    /// That it is there.
    Room(Room),
    /// Only that it was named by this ID.
    Id(RoomId),
}

/// Everything a command works with once it is logged in.
struct Context<'a> {
    account: &'a Account,
    console: &'a mut dyn Console,
    session: Session,
    me: LoggedIn,
    out: Output,
}

/// Connects, logs in and does what the line says.
///
/// # Errors
/// When it was not done, or not all of it.
pub(crate) async fn run(
    line: Line,
    account: &Account,
    console: &mut dyn Console,
) -> Result<(), Failure> {
    let format = if line.json { Format::Json } else { Format::Columns };
    let out = Output::new(format);
    if let LineCommand::Signup { code } = line.command {
        return account::sign_up(code, account, console, out).await;
    }
    // What is to be sent is read first: a connection need not wait for whoever types it.
    let doing = Doing::of_line(&line.command);
    let meaning = |failure| match failure {
        Failure::Refused(refusal) => {
            let sentence = words::refusal_of(&doing, &refusal, account.user.as_str());
            Failure::RefusedOf(refusal, sentence)
        }
        other => other,
    };
    let text = match &line.command {
        LineCommand::Send(send) => send::text(send).map_err(meaning)?,
        _ => None,
    };
    let (session, me) = account.log_in(console).await?;
    for line in printable_block(&session.welcome.motd).lines() {
        // Scripts are not disturbed by it, nor whoever has not asked for more.
        console.note(line);
    }
    let mut context = Context { account, console, session, me, out };
    let done = context.execute(line.command, text).await.map_err(meaning);
    // What was printed before a failure is true and goes out first.
    let ended = context.out.end();
    context.session.close().await;
    done.and(ended.map_err(Failure::from))
}

impl Context<'_> {
    async fn execute(&mut self, command: LineCommand, text: Option<String>) -> Result<(), Failure> {
        match command {
            LineCommand::Signup { .. } => unreachable!("needs no login, and was handled"),
            LineCommand::Rooms { search, mine, page } => self.rooms(search, mine, &page).await,
            LineCommand::Create(create) => self.create(create).await,
            LineCommand::Request { room, reason } => self.request(&room, &reason).await,
            LineCommand::Withdraw { room } => self.withdraw(&room).await,
            LineCommand::Requests { room, page } => self.requests(&room, &page).await,
            LineCommand::Approve(whom) => self.approve(whom).await,
            LineCommand::Deny(whom) => self.deny(whom).await,
            LineCommand::Join { room, leave } => self.join(&room, leave.as_deref()).await,
            LineCommand::Leave { room } => self.leave(&room).await,
            LineCommand::Add(whom) => self.add(whom).await,
            LineCommand::Invite(whom) => self.invite(whom).await,
            LineCommand::Invites { room, page } => self.invites(room.as_deref(), &page).await,
            LineCommand::Revoke(whom) => self.revoke(whom).await,
            LineCommand::Kick(whom) => self.kick(whom).await,
            LineCommand::Ban { whom, span } => self.ban(whom, span).await,
            LineCommand::Unban(whom) => self.unban(whom).await,
            LineCommand::Bans { room, page } => self.bans(&room, &page).await,
            LineCommand::Block { user: Some(user), page: _ } => self.block(user).await,
            LineCommand::Block { user: None, page } => self.blocks(&page).await,
            LineCommand::Unblock { user } => self.unblock(user).await,
            LineCommand::Members { room, page } => self.members(&room, &page).await,
            LineCommand::Promote(whom) => self.promote(whom).await,
            LineCommand::Demote(whom) => self.demote(whom).await,
            LineCommand::Transfer(whom) => self.transfer(whom).await,
            LineCommand::Topic { room, text } => self.topic(&room, text).await,
            LineCommand::Rename { room, title } => self.rename(&room, title).await,
            LineCommand::Slow { room, secs } => self.slow(&room, secs).await,
            LineCommand::Send(send) => self.send(send, text).await,
            LineCommand::Tail(tail) => self.tail(&tail).await,
            LineCommand::Read { room, seq } => self.read(&room, seq).await,
            LineCommand::Notifications(arguments) => self.notifications(arguments).await,
            LineCommand::Log { page } => self.log(&page).await,
            LineCommand::Devices { action, page } => self.devices(action, &page).await,
            LineCommand::Passwd => self.passwd().await,
            LineCommand::Name { text } => self.name(&text).await,
            LineCommand::Op(command) => self.operate(command).await,
            LineCommand::Whoami => Ok(self.out.list(&self.me)?),
        }
    }

    fn client(&self) -> &Client {
        &self.session.client
    }

    /// The room that the user means: a string in the hyphenated form is an ID, otherwise a title
    /// is tried first, then an ID.
    async fn find(&self, named: &str) -> Result<Room, Failure> {
        let room = match self.look_up(named).await? {
            Found::Room(room) => return Ok(room),
            Found::Id(room) => RoomRef::Id(room),
        };
        Ok(self.client().ask(FindRoom { room: Record(room) }).await?)
    }

    /// As [`Context::find`], without asking after a room by its ID: whoever may not see it may yet
    /// be told more by what they want to do with it.
    async fn id(&self, named: &str) -> Result<RoomId, Failure> {
        match self.look_up(named).await? {
            Found::Room(room) => Ok(room.room),
            Found::Id(room) => Ok(room),
        }
    }

    async fn look_up(&self, named: &str) -> Result<Found, Failure> {
        let id = named.parse::<RoomId>().ok();
        if let Some(id) = id.filter(|_| has_room_id_form(named)) {
            return Ok(Found::Id(id));
        }
        let by_title = FindRoom { room: Record(RoomRef::Title(named.to_owned())) };
        match (self.client().ask(by_title).await, id) {
            (Ok(room), _) => Ok(Found::Room(room)),
            // What is no title, such as one that is too long, may yet be an ID.
            (
                Err(CallError::Refused(Refusal {
                    code: Code::NoSuchRoom | Code::BadTitle, ..
                })),
                Some(id),
            ) => Ok(Found::Id(id)),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Prints a listing page by page: all of it, or the part that was asked for.
    async fn list<T: Listed>(
        &mut self,
        page: &Page,
        mut fetch: impl AsyncFnMut(
            &Client,
            Option<String>,
            u32,
        ) -> Result<(Vec<T>, Option<String>), CallError>,
    ) -> Result<(), Failure> {
        let mut left = page.limit;
        let mut after = page.after.clone();
        loop {
            // 0 asks for as many as the server puts in a page.
            let (things, next) = fetch(&self.session.client, after, left.unwrap_or(0)).await?;
            for thing in &things {
                self.out.list(thing)?;
            }
            let Some(next) = next else { return Ok(()) };
            if let Some(left) = &mut left {
                *left = left.saturating_sub(u32::try_from(things.len()).unwrap_or(u32::MAX));
                if *left == 0 {
                    return Ok(self.out.page(&next)?);
                }
            }
            after = Some(next);
        }
    }
}
