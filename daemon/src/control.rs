//! The control socket: how `parlord` subcommands speak to the running daemon.
//!
//! One JSON object a line, request and response in turn, over a Unix socket in the data directory.
//! Who may open the socket may ask: the kernel decides that, and tells the daemon who it is. Both
//! ends are the same program, so the protocol may change with it; a daemon that does not understand
//! a request says so. A password never goes through it: the subcommand does the client's half of
//! its registration itself.

mod acts;
mod offline;
mod requests;
mod rooms;
mod running;
mod socket;
mod status;

use std::fmt;
use std::future::Future;
use std::io;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::text::MessageText;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(crate) use self::offline::Offline;
pub(crate) use self::requests::{
    Act, ListedChange, ListedCode, ListedDevice, ListedLimit, ListedMember, ListedRoom,
    ListedSession, ListedSignUp, ListedUser, Request, Response, ShownStatus, ShownUser, Upload,
};
pub(crate) use self::socket::{ControlError, ControlSocket, connect};
use crate::accounts::Accounts;
use crate::audit::{self, AuditRecord, Origin};
use crate::clock::now;
use crate::hub::Sessions;
use crate::reload::Reloaded;
use crate::rooms::{Command, Standing};
use crate::store::{Readers, StoreError};

/// The longest line, in bytes: a page of users with the longest display names takes most of it.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Users on one page of the list.
const PAGE_USERS_MAX: u32 = 80;

/// What answering takes, running or not.
pub(crate) trait Daemon: Send + Sync + 'static {
    /// The daemon's half of registrations.
    fn accounts(&self) -> &Accounts;

    /// What is stored.
    fn readers(&self) -> &Readers;

    /// The sign-up mode of the configuration.
    fn sign_up_configured(&self) -> SignUpMode;

    /// How it is; refused where it does not run.
    fn status(&self) -> impl Future<Output = Result<ShownStatus, Refusal>> + Send;

    /// The sessions behind the one of that number; refused where it does not run.
    fn sessions(
        &self,
        after: u64,
    ) -> impl Future<Output = Result<Vec<ListedSession>, Refusal>> + Send;

    /// Ends sessions, on record as by [`Self::record`]; refused with `no-such-user` where there are
    /// none.
    fn disconnect(
        &self,
        which: Sessions,
        uid: Option<u32>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Tells everybody something who is connected; refused where it does not run.
    fn announce(
        &self,
        text: MessageText,
        uid: Option<u32>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Reads the configuration again; refused where it does not run.
    fn reload(&self, uid: Option<u32>) -> impl Future<Output = Result<Reloaded, Refusal>> + Send;

    /// Does what the console asks for, on disk when it returns; `uid` is the caller's.
    fn obey(
        &self,
        command: Command,
        uid: Option<u32>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Puts something on record that changes nothing: on disk when it returns, or, where the disk has
    /// no room even for records, as soon as it has.
    fn record(&self, record: AuditRecord) -> impl Future<Output = Result<(), Refusal>> + Send;
}

/// Answers one request of the caller `uid`.
pub(crate) async fn answer(daemon: &impl Daemon, request: Request, uid: Option<u32>) -> Response {
    let answered = match request {
        Request::Register { user, request } => register(daemon, &user, &request),
        Request::UserAdd { user, operator, password } => {
            add(daemon, user, operator, password, uid).await
        }
        Request::UserPasswd { user, password } => passwd(daemon, user, password, uid).await,
        Request::UserList { after } => list(daemon, after).await,
        Request::UserShow(user) => acts::show(daemon, user).await,
        Request::DeviceList(user) => acts::devices(daemon, user).await,
        Request::SignUpList { after } => acts::sign_ups(daemon, after).await,
        Request::CodeList => acts::codes(daemon).await,
        Request::SignUpMode => acts::sign_up_mode(daemon).await,
        Request::Status => status::status(daemon).await,
        Request::RoomFind(named) => acts::find_room(daemon, named).await.map(Response::Room),
        Request::RoomList { after } => rooms::list(daemon, after).await,
        Request::RoomShow(room) => rooms::show(daemon, room).await,
        Request::RoomMembers { room, after } => rooms::members(daemon, room, after).await,
        Request::SessionList { after } => daemon.sessions(after).await.map(Response::Sessions),
        Request::AuditMark => look_up(daemon, Readers::audit_mark).await.map(Response::AuditMark),
        Request::Record { copied, directory } => {
            let record = audit::copied(&Origin::Console { uid }, copied, &directory, now());
            daemon.record(record).await.map(|()| Response::Done)
        }
        Request::Reload => daemon.reload(uid).await.map(|reloaded| match reloaded {
            Ok(changes) => Response::Reloaded(changes.into_iter().map(Into::into).collect()),
            Err(why) => Response::NotReloaded(why),
        }),
        Request::Act(act) => acts::act(daemon, act, uid).await,
    };
    answered.unwrap_or_else(|refusal| Response::Refused(refusal.code))
}

fn register(daemon: &impl Daemon, user: &UserName, request: &[u8]) -> Result<Response, Refusal> {
    let registration = daemon.accounts().register(user, request)?;
    Ok(Response::Registered { response: registration.response, cost: registration.cost.0 })
}

async fn add(
    daemon: &impl Daemon,
    name: UserName,
    operator: bool,
    password: Upload,
    uid: Option<u32>,
) -> Result<Response, Refusal> {
    let password = daemon.accounts().password(&password.upload, password.cost)?;
    let standing = if operator { Standing::Operator } else { Standing::Ordinary };
    daemon.obey(Command::AddUser { name, password, standing }, uid).await?;
    Ok(Response::Done)
}

async fn passwd(
    daemon: &impl Daemon,
    name: UserName,
    password: Upload,
    uid: Option<u32>,
) -> Result<Response, Refusal> {
    let password = daemon.accounts().password(&password.upload, password.cost)?;
    let named = name.to_string();
    let account = look_up(daemon, move |readers| readers.password(&name)).await?;
    let account = account.ok_or_else(|| Code::NoSuchUser.into());
    let (account, _) = acts::missed(daemon, "password-set", &named, uid, account).await?;
    daemon.obey(Command::SetPassword { user: account.user, password, keep: None }, uid).await?;
    Ok(Response::Done)
}

async fn list(daemon: &impl Daemon, after: Option<UserName>) -> Result<Response, Refusal> {
    let page =
        look_up(daemon, move |readers| readers.users(after.as_ref(), PAGE_USERS_MAX)).await?;
    Ok(Response::Users(page.into_iter().map(acts::listed).collect()))
}

/// Reads from the store without holding up the thread that serves everybody.
async fn look_up<T: Send + 'static>(
    daemon: &impl Daemon,
    read: impl FnOnce(&Readers) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Refusal> {
    let readers = daemon.readers().clone();
    let found = tokio::task::spawn_blocking(move || read(&readers)).await;
    match found {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            log::error!("cannot answer a subcommand: {error}");
            Err(Code::Unavailable.into())
        }
        // The runtime is going.
        Err(_stopping) => Err(Code::Unavailable.into()),
    }
}

/// The next line as a value; `None` where the other end has closed.
///
/// # Errors
/// `InvalidData` for a line that is too long or no such value, `UnexpectedEof` for one that is cut.
pub(crate) async fn receive<T: DeserializeOwned>(
    stream: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    stream.take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line).await?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => serde_json::from_slice(&line).map(Some).map_err(invalid),
        Some(_) if line.len() == LINE_BYTES_MAX => {
            Err(invalid(format!("the line has more than {LINE_BYTES_MAX} bytes")))
        }
        Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Sends a value as a line.
pub(crate) async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    value: &impl Serialize,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(value).map_err(invalid)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

fn invalid(why: impl fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}

// Stretching is as cheap as these tests need it only with debug assertions.
#[cfg(test)]
#[cfg(debug_assertions)]
mod tests;
