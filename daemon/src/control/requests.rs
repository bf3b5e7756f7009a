//! What subcommands ask for, and what they are told.

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::id::{DeviceId, RoomId, Timestamp};
use parlor_protocol::name::{DisplayName, UserName};
use parlor_protocol::refusal::Code;
use parlor_protocol::text::{MessageText, Reason, Topic};
use serde::{Deserialize, Serialize};

use crate::audit::Copied;
use crate::config::{Change, Counts};
use crate::hub::{Sessions, Trouble};
use crate::store::AuditMark;

/// What a subcommand asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// The daemon's half of registering a password, for either of the next two.
    Register {
        /// Whose password.
        user: UserName,
        /// OPAQUE's registration request.
        request: Vec<u8>,
    },
    /// Makes a user.
    UserAdd {
        /// The new name.
        user: UserName,
        /// Whether an operator.
        operator: bool,
        /// The password.
        password: Upload,
    },
    /// Sets a user's password and revokes all their devices.
    UserPasswd {
        /// Whose.
        user: UserName,
        /// The password.
        password: Upload,
    },
    /// A page of users by name.
    UserList {
        /// The last name of the page before; `None` for the first page.
        after: Option<UserName>,
    },
    /// One user.
    UserShow(UserName),
    /// The devices of a user, by number.
    DeviceList(UserName),
    /// A page of the sign-ups that wait, by name.
    SignUpList {
        /// The last name of the page before; `None` for the first page.
        after: Option<UserName>,
    },
    /// All codes that count.
    CodeList,
    /// The sign-up mode in force.
    SignUpMode,
    /// How the running daemon is.
    Status,
    /// The room of this title or ID.
    RoomFind(String),
    /// A page of live rooms, by title.
    RoomList {
        /// Where it begins, as the page before says; `None` for the first page.
        after: Option<String>,
    },
    /// The room of this ID.
    RoomShow(RoomId),
    /// A page of a room's members, in the order in which they joined.
    RoomMembers {
        /// Which room.
        room: RoomId,
        /// The `joined` of the last one of the page before; 0 for the first page.
        after: u64,
    },
    /// A page of the sessions, in the order in which they connected.
    SessionList {
        /// The number of the last one of the page before; 0 for the first page.
        after: u64,
    },
    /// How far the audit has come.
    AuditMark,
    /// Puts on record that a copy of everything was made or put back: a subcommand does that itself.
    Record {
        /// Which of the two.
        copied: Copied,
        /// Where the copy is.
        directory: String,
    },
    /// Reads the configuration again.
    Reload,
    /// Does something.
    Act(Act),
}

/// What an operator does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Act {
    /// Lets a sign-up in.
    Approve(UserName),
    /// Denies a sign-up.
    Deny {
        /// Whose.
        user: UserName,
        /// Why, for its user.
        reason: Option<Reason>,
    },
    /// Lets a user administer the whole server, or no longer.
    Operator {
        /// Whom.
        user: UserName,
        /// Whether from now on.
        on: bool,
    },
    /// Locks a user out.
    Disable(UserName),
    /// Lets a user in again.
    Enable(UserName),
    /// Ends an account.
    Remove(UserName),
    /// Sets the sign-up mode, which then beats the configuration.
    SetSignUpMode(SignUpMode),
    /// Makes a code; answered by [`Response::Code`].
    MakeCode {
        /// How often it may be used.
        uses: u32,
        /// For how many seconds.
        secs: u32,
    },
    /// Ends a code.
    RevokeCode(String),
    /// Hands a room over to one of its members.
    TransferRoom {
        /// Its title or ID.
        room: String,
        /// To whom.
        user: UserName,
    },
    /// Ends a room, by its title or ID.
    TerminateRoom(String),
    /// Tells everybody something who is connected.
    Announce(MessageText),
    /// Ends sessions; answered by [`Response::NoSuchSession`] where there are none.
    Disconnect(Sessions),
}

/// A password as the client's half of its registration leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upload {
    /// OPAQUE's registration upload.
    pub(crate) upload: Vec<u8>,
    /// How it was stretched.
    pub(crate) cost: StretchCost,
}

/// What the daemon answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Response {
    /// To [`Request::Register`].
    Registered {
        /// OPAQUE's registration response.
        response: Vec<u8>,
        /// How the password is to be stretched.
        cost: StretchCost,
    },
    /// It is done, and on disk.
    Done,
    /// To [`Request::UserList`]; the page is the last one when it is not full.
    Users(Vec<ListedUser>),
    /// To [`Request::UserShow`].
    User(ShownUser),
    /// To [`Request::DeviceList`].
    Devices(Vec<ListedDevice>),
    /// To [`Request::SignUpList`]; the page is the last one when it is not full.
    SignUps(Vec<ListedSignUp>),
    /// To [`Request::CodeList`].
    Codes(Vec<ListedCode>),
    /// To [`Request::SignUpMode`].
    SignUpMode(SignUpMode),
    /// To [`Request::Status`].
    Status(ShownStatus),
    /// To [`Request::RoomFind`].
    Room(RoomId),
    /// To [`Request::RoomList`].
    Rooms {
        /// The page.
        rooms: Vec<ListedRoom>,
        /// Where the next one begins; `None` behind the last room.
        next: Option<String>,
    },
    /// To [`Request::RoomShow`].
    ShownRoom(ListedRoom),
    /// To [`Request::RoomMembers`]; the page behind the last member is empty.
    Members(Vec<ListedMember>),
    /// To [`Request::SessionList`]; the page behind the last session is empty.
    Sessions(Vec<ListedSession>),
    /// To [`Act::Disconnect`].
    NoSuchSession,
    /// To [`Request::AuditMark`].
    AuditMark(AuditMark),
    /// To [`Request::Reload`]: what has changed.
    Reloaded(Vec<ListedChange>),
    /// To [`Request::Reload`]: why nothing has.
    NotReloaded(String),
    /// To [`Act::MakeCode`].
    Code(ListedCode),
    /// It is not done.
    Refused(Code),
}

/// A line of the list of sign-ups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedSignUp {
    /// The name.
    pub(crate) user: UserName,
    /// Since when it waits.
    pub(crate) at: Timestamp,
}

/// A line of the list of codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedCode {
    /// The code.
    pub(crate) code: String,
    /// How often it can still be used.
    pub(crate) uses: u32,
    /// Until when.
    pub(crate) until: Timestamp,
    /// Whether its user becomes an operator.
    pub(crate) operator: bool,
}

/// A line of the list of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedUser {
    /// The name.
    pub(crate) user: UserName,
    /// Whether an operator.
    pub(crate) operator: bool,
    /// Whether they may log in, in a word.
    pub(crate) status: String,
    /// What they are shown with beside the name.
    pub(crate) display_name: Option<DisplayName>,
}

/// What there is to say of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShownUser {
    /// As the list of users has it.
    pub(crate) user: ListedUser,
    /// When the account was made.
    pub(crate) created_at: Timestamp,
    /// Since when the status is what it is.
    pub(crate) status_at: Timestamp,
    /// How many devices log in without a password.
    pub(crate) devices: u32,
    /// How many rooms the user is in.
    pub(crate) rooms: u32,
}

/// How a running daemon is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShownStatus {
    /// Its version.
    pub(crate) version: String,
    /// For how many seconds it has run.
    pub(crate) uptime_secs: u64,
    /// Connections that are open.
    pub(crate) connections: usize,
    /// Those that are logged in.
    pub(crate) sessions: usize,
    /// Users who have a session.
    pub(crate) online: usize,
    /// All users, also disabled ones.
    pub(crate) users: usize,
    /// Rooms that live.
    pub(crate) rooms: usize,
    /// What is wrong.
    pub(crate) troubles: Vec<Trouble>,
    /// How many limits hold somebody up.
    pub(crate) limited: usize,
    /// The first of them.
    pub(crate) listed: Vec<ListedLimit>,
}

/// A limit that holds somebody up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedLimit {
    /// From where they come.
    pub(crate) address: Option<String>,
    /// Who they are, or by which name they come.
    pub(crate) user: Option<String>,
    /// Of what they did too much, in a word.
    pub(crate) why: String,
    /// Until when.
    pub(crate) until: Option<Timestamp>,
}

/// A line of the list of a user's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedDevice {
    /// Its number among its user's.
    pub(crate) id: DeviceId,
    /// What its user calls it.
    pub(crate) name: String,
    /// When it was registered.
    pub(crate) created_at: Timestamp,
    /// When it last logged in.
    pub(crate) used_at: Timestamp,
    /// From where it last logged in; empty where it has not yet.
    pub(crate) address: String,
}

/// A line of the list of rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedRoom {
    /// Its ID.
    pub(crate) room: RoomId,
    /// Its title.
    pub(crate) title: String,
    /// What it is about, where it is public.
    pub(crate) topic: Option<Topic>,
    /// Who finds it, in a word.
    pub(crate) visibility: String,
    /// How one enters it where it is public, in a word.
    pub(crate) entry: String,
    /// How many are in it.
    pub(crate) members: u32,
    /// Whose it is; `None` where it has ended.
    pub(crate) owner: Option<UserName>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it ended.
    pub(crate) terminated_at: Option<Timestamp>,
}

/// A line of the list of a room's members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedMember {
    /// Who.
    pub(crate) user: UserName,
    /// What they are in it, in a word.
    pub(crate) role: String,
    /// Since when.
    pub(crate) joined_at: Timestamp,
    /// Their place in the order in which the members joined.
    pub(crate) joined: u64,
}

/// A line of the list of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedSession {
    /// The number that the audit, too, knows it by.
    pub(crate) session: u64,
    /// Whose.
    pub(crate) user: UserName,
    /// By which device, where by one.
    pub(crate) device: Option<DeviceId>,
    /// From where.
    pub(crate) address: String,
    /// Since when.
    pub(crate) since: Timestamp,
}

/// A setting that is another now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedChange {
    /// The key, with its section.
    pub(crate) key: String,
    /// The value before, as TOML has it; `None` where the key was not set.
    pub(crate) before: Option<String>,
    /// The value now.
    pub(crate) after: Option<String>,
    /// Whether it counts only from the next start on.
    pub(crate) restart: bool,
    /// What else is to be said of it.
    #[serde(default)]
    pub(crate) remark: Option<String>,
}

impl From<Change> for ListedChange {
    fn from(change: Change) -> Self {
        let Change { key, before, after, counts, remark } = change;
        let (key, remark) = (key.to_owned(), remark.map(ToOwned::to_owned));
        Self { key, before, after, restart: counts == Counts::OnRestart, remark }
    }
}
