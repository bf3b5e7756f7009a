//! The commands for scripts, and what each of them takes.

use std::ffi::OsString;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use parlor_protocol::id::{Nonce, NotificationId};
use parlor_protocol::room::Entry;

use super::{Span, number};

/// A command for scripts, with what every command takes.
#[derive(Debug, Parser)]
#[command(
    name = "parlor HOST",
    bin_name = "parlor HOST",
    no_binary_name = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Line {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: LineCommand,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read the password from the first line of standard input, if one is needed
    #[arg(long, global = true)]
    pub(crate) password_stdin: bool,
}

/// Reads a command and what follows it.
///
/// # Errors
/// When it makes no sense, or asks for help.
pub(super) fn parse(command: &[OsString]) -> Result<Line, clap::Error> {
    let line = Line::try_parse_from(command)?;
    if let LineCommand::Create(CreateArgs { private: true, entry: EntryWord::Open, .. }) =
        line.command
    {
        let why = "--private cannot be used with --entry open: nobody walks into a private room";
        return Err(Line::command().error(ErrorKind::ArgumentConflict, why));
    }
    Ok(line)
}

/// Which part of a listing to print.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Page {
    /// Print at most this many
    #[arg(long, value_name = "N", value_parser = number::limit)]
    pub(crate) limit: Option<u32>,
    /// Go on behind this cursor, the `next` of a page
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum LineCommand {
    /// Make an account, and remember this device
    Signup {
        /// The sign-up code, where the server wants one
        #[arg(long)]
        code: Option<String>,
    },
    /// List rooms
    Rooms {
        /// Only those whose title holds this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only those that you are in
        #[arg(long)]
        mine: bool,
        #[command(flatten)]
        page: Page,
    },
    /// Make a room and print its ID
    Create(CreateArgs),
    /// Ask to come into a room
    Request {
        /// Its title or ID
        room: String,
        /// Why
        reason: Vec<String>,
    },
    /// Take your request back
    Withdraw {
        /// The title or ID of the room
        room: String,
    },
    /// List who asks to come into a room
    Requests {
        /// Its title or ID
        room: String,
        #[command(flatten)]
        page: Page,
    },
    /// Let in who has asked
    Approve(Whom),
    /// Deny a request
    Deny(WhoAndWhy),
    /// Enter a room
    Join {
        /// Its title or ID
        room: String,
        /// Leave this room in the same step
        #[arg(long, value_name = "ROOM")]
        leave: Option<String>,
    },
    /// Leave a room
    Leave {
        /// Its title or ID
        room: String,
    },
    /// Make a user a member of a room
    Add(Whom),
    /// Let a user come into a room within 7 days
    Invite(Whom),
    /// List who may come into a room, or your own invites
    Invites {
        /// Its title or ID
        room: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Take an invite back
    Revoke(Whom),
    /// Take a member out of a room
    Kick(WhoAndWhy),
    /// Take a user out of a room and keep them out
    Ban {
        #[command(flatten)]
        whom: WhoAndWhy,
        /// For how long, as in 30s 15m 12h 7d 2w [default: for good]
        #[arg(long = "for", value_name = "SPAN")]
        span: Option<Span>,
    },
    /// Keep a user out no longer
    Unban(Whom),
    /// List who is kept out of a room
    Bans {
        /// Its title or ID
        room: String,
        #[command(flatten)]
        page: Page,
    },
    /// Hide a user from yourself, and refuse their invites and adds; or list whom you block
    Block {
        /// The user's name; without one, those whom you block are listed
        #[arg(conflicts_with_all = ["limit", "after"])]
        user: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// End a block
    Unblock {
        /// The user's name
        user: String,
    },
    /// List the members of a room
    Members {
        /// Its title or ID
        room: String,
        #[command(flatten)]
        page: Page,
    },
    /// Make a member an admin
    Promote(Whom),
    /// Make an admin a plain member; name yourself to step down
    Demote(Whom),
    /// Hand a room over to a member; you stay as an admin
    Transfer(Whom),
    /// Say what a room is about
    Topic {
        /// Its title or ID
        room: String,
        /// The topic; an empty one clears it
        text: String,
    },
    /// Give a room another title
    Rename {
        /// Its title or ID
        room: String,
        /// Its title from now on
        title: String,
    },
    /// Let plain members of a room speak only every so many seconds
    Slow {
        /// Its title or ID
        room: String,
        /// How many seconds; 0 ends it
        #[arg(value_parser = number::secs)]
        secs: u32,
    },
    /// Say something in a room
    Send(SendArgs),
    /// Print the latest messages of a room
    Tail(TailArgs),
    /// Say how far you have read a room
    Read {
        /// Its title or ID
        room: String,
        /// The last message that you have read
        #[arg(value_parser = number::seq)]
        seq: u64,
    },
    /// List what you were told of, or mark it as read, or dismiss it
    Notifications(NotificationsArgs),
    /// List the rooms that you had to do with
    Log {
        #[command(flatten)]
        page: Page,
    },
    /// List your devices, or revoke one
    Devices {
        #[command(subcommand)]
        action: Option<DevicesAction>,
        #[command(flatten)]
        page: Page,
    },
    /// Change your password; `--password-stdin` reads the current and the new one, a line each
    Passwd,
    /// Print or set the display name that is shown beside your name
    Name {
        /// The display name; an empty one clears it
        text: Vec<String>,
    },
    /// Print who you are
    Whoami,
    /// Do what operators of the server do
    #[command(subcommand)]
    Op(OpCommand),
}

/// What operators do.
#[derive(Debug, Subcommand)]
pub(crate) enum OpCommand {
    /// List the sign-ups that wait
    Pending {
        #[command(flatten)]
        page: Page,
    },
    /// Let a sign-up in that waits
    Approve {
        /// Whose
        user: String,
    },
    /// Deny a sign-up that waits
    Deny {
        /// Whose
        user: String,
        /// Why, for them to read
        reason: Vec<String>,
    },
    /// Lock a user out at once; nothing of theirs is lost
    Disable {
        /// The user's name
        user: String,
    },
    /// Let a disabled user in again
    Enable {
        /// The user's name
        user: String,
    },
    /// List all rooms, private ones too
    Rooms {
        /// Only those whose title holds this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Tell everybody something who is connected
    Announce {
        /// What
        #[arg(required = true)]
        text: Vec<String>,
    },
}

/// What room to make.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its title
    pub(crate) title: String,
    /// Let nobody find it who was not given its ID by an invite
    #[arg(long)]
    pub(crate) private: bool,
    /// How one enters it: by a request, or at once
    #[arg(long, value_enum, default_value_t = EntryWord::Ask)]
    pub(crate) entry: EntryWord,
}

/// How one enters a room, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EntryWord {
    /// By a request that an admin approves
    Ask,
    /// At once
    Open,
}

impl From<EntryWord> for Entry {
    fn from(word: EntryWord) -> Self {
        match word {
            EntryWord::Ask => Self::Ask,
            EntryWord::Open => Self::Open,
        }
    }
}

/// A user, and a room.
#[derive(Debug, Args)]
pub(crate) struct Whom {
    /// The title or ID of the room
    pub(crate) room: String,
    /// The user's name
    pub(crate) user: String,
}

/// A user, a room, and a reason.
#[derive(Debug, Args)]
pub(crate) struct WhoAndWhy {
    /// The title or ID of the room
    pub(crate) room: String,
    /// The user's name
    pub(crate) user: String,
    /// Why
    pub(crate) reason: Vec<String>,
}

/// What to send.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The title or ID of the room
    pub(crate) room: String,
    /// What to say; without it standard input is read
    pub(crate) text: Vec<String>,
    /// Send under this nonce: the same nonce again within 7 days is the same message
    #[arg(long, value_name = "HEX", conflicts_with = "lines")]
    pub(crate) nonce: Option<Nonce>,
    /// Send every line of standard input that is not blank as a message, in order
    #[arg(long, conflicts_with = "text")]
    pub(crate) lines: bool,
    /// Say that you do it, as in "alice waves"
    #[arg(long)]
    pub(crate) me: bool,
    /// Fail where the server says to wait, instead of waiting
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// What to print.
#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    /// The title or ID of the room
    pub(crate) room: String,
    /// How many, those of users whom you block included [default: 10, or all with --after]
    #[arg(short, value_name = "N", value_parser = number::count)]
    pub(crate) number: Option<u64>,
    /// Go on with what is said from now on
    #[arg(short, conflicts_with = "before")]
    pub(crate) follow: bool,
    /// Only what came before this message
    #[arg(long, value_name = "SEQ", value_parser = number::seq, conflicts_with = "after")]
    pub(crate) before: Option<u64>,
    /// Only what came after this message
    #[arg(long, value_name = "SEQ", value_parser = number::seq)]
    pub(crate) after: Option<u64>,
    /// Also print who came, went and became what
    #[arg(long, conflicts_with_all = ["before", "after"])]
    pub(crate) events: bool,
}

/// What to do with notifications.
#[derive(Debug, Args)]
pub(crate) struct NotificationsArgs {
    /// Go on with what you are told of from now on
    #[arg(short, conflicts_with = "limit")]
    pub(crate) follow: bool,
    /// Mark one as read, or all
    #[arg(long, value_name = "ID|all", conflicts_with_all = ["follow", "limit", "after"])]
    pub(crate) read: Option<Which>,
    /// Remove one, or all
    #[arg(long, value_name = "ID|all", conflicts_with_all = ["follow", "limit", "after", "read"])]
    pub(crate) dismiss: Option<Which>,
    #[command(flatten)]
    pub(crate) page: Page,
}

impl LineCommand {
    /// The cursor behind which a listing is to begin, which only its server can read.
    pub(crate) fn after(&self) -> Option<&str> {
        let (Self::Rooms { page, .. }
        | Self::Requests { page, .. }
        | Self::Invites { page, .. }
        | Self::Bans { page, .. }
        | Self::Block { page, .. }
        | Self::Members { page, .. }
        | Self::Log { page }
        | Self::Notifications(NotificationsArgs { page, .. })
        | Self::Op(OpCommand::Pending { page, .. } | OpCommand::Rooms { page, .. })) = self
        else {
            return None;
        };
        page.after.as_deref()
    }
}

/// One of one's notifications, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// All of them.
    All,
    /// That one.
    One(NotificationId),
}

impl FromStr for Which {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            number => number
                .parse()
                .map(|id| Self::One(NotificationId(id)))
                .map_err(|_| "use the number of a notification, or all"),
        }
    }
}

/// What to do with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DevicesAction {
    /// Revoke a device: it logs nobody in any more
    Revoke {
        /// Its number
        #[arg(value_parser = number::device)]
        id: u32,
    },
}
