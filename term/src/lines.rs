//! Line mode: one command, its output on standard output, its fate in the exit status.

pub(crate) use self::account::stdin_line;
mod account;
pub(crate) mod json;
mod output;
mod rooms;
mod ruling;
mod send;
mod show;
mod tail;
mod time;

use parlor_protocol::account::LoggedIn;
use parlor_protocol::id::RoomId;
use parlor_protocol::name::has_room_id_form;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::room::{FindRoom, Room, RoomRef};

use self::output::{Listed, Output};
use crate::cli::{Line, LineCommand, Page};
use crate::console::Console;
use crate::failure::Failure;
use crate::net::account::Account;
use crate::net::{CallError, Client, Session};

/// How output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Columns,
    /// For scripts.
    Json,
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
    if let LineCommand::Signup = line.command {
        return account::sign_up(account, console, out).await;
    }
    // What is to be sent is read first: a connection need not wait for whoever types it.
    let text = match &line.command {
        LineCommand::Send(send) => send::text(send)?,
        _ => None,
    };
    let (session, me) = account.log_in(console).await?;
    let mut context = Context { account, console, session, me, out };
    let done = context.execute(line.command, text).await;
    // What was printed before a failure is true and goes out first.
    let ended = context.out.end();
    context.session.close().await;
    done.and(ended.map_err(Failure::from))
}

impl Context<'_> {
    async fn execute(&mut self, command: LineCommand, text: Option<String>) -> Result<(), Failure> {
        match command {
            LineCommand::Signup => unreachable!("needs no login, and was handled"),
            LineCommand::Rooms { search, mine, page } => self.rooms(search, mine, &page).await,
            LineCommand::Create { title } => self.create(title).await,
            LineCommand::Join { room, leave } => self.join(&room, leave.as_deref()).await,
            LineCommand::Leave { room } => self.leave(&room).await,
            LineCommand::Members { room, page } => self.members(&room, &page).await,
            LineCommand::Promote(whom) => self.promote(whom).await,
            LineCommand::Demote(whom) => self.demote(whom).await,
            LineCommand::Transfer(whom) => self.transfer(whom).await,
            LineCommand::Topic { room, text } => self.topic(&room, text).await,
            LineCommand::Rename { room, title } => self.rename(&room, title).await,
            LineCommand::Send(send) => self.send(send, text).await,
            LineCommand::Tail(tail) => self.tail(&tail).await,
            LineCommand::Devices { action, page } => self.devices(action, &page).await,
            LineCommand::Passwd => self.passwd().await,
            LineCommand::Whoami => Ok(self.out.list(&self.me)?),
        }
    }

    fn client(&self) -> &Client {
        &self.session.client
    }

    /// The room that the user means: a string in the hyphenated form is an ID, otherwise a title
    /// is tried first, then an ID.
    async fn find(&self, named: &str) -> Result<Room, Failure> {
        let by_id = |id| FindRoom { room: Record(RoomRef::Id(id)) };
        let id = named.parse::<RoomId>().ok();
        if let Some(id) = id.filter(|_| has_room_id_form(named)) {
            return Ok(self.client().ask(by_id(id)).await?);
        }
        let by_title = FindRoom { room: Record(RoomRef::Title(named.to_owned())) };
        match (self.client().ask(by_title).await, id) {
            // What is no title, such as one that is too long, may yet be an ID.
            (
                Err(CallError::Refused(Refusal {
                    code: Code::NoSuchRoom | Code::BadTitle, ..
                })),
                Some(id),
            ) => Ok(self.client().ask(by_id(id)).await?),
            (found, _) => Ok(found?),
        }
    }

    /// As [`Context::find`], without asking after a room that is named by its ID.
    async fn id(&self, named: &str) -> Result<RoomId, Failure> {
        match named.parse() {
            Ok(id) if has_room_id_form(named) => Ok(id),
            _ => Ok(self.find(named).await?.room),
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
