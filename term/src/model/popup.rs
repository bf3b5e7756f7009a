//! What lies over the conversation: help, lists that the server fills, forms and questions.

use parlor_protocol::account::Device;
use parlor_protocol::entry::{Ban, Blocked, FormerRoom, Invite, JoinRequest};
use parlor_protocol::id::RoomId;
use parlor_protocol::name::UserName;
use parlor_protocol::notification::Notification;
use parlor_protocol::request::Command;
use parlor_protocol::room::{self, Demote, LeaveRoom, Member, Transfer};

use super::{Deed, Form, Input, Then};

/// The most rows of a list that are kept; a search finds what lies beyond.
pub(crate) const ROWS_MAX: usize = 2_000;

/// What lies over the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Popup {
    /// All keys and commands, from this line on.
    Help {
        /// The first line that is shown.
        top: usize,
    },
    /// One's own rooms, to go to one of them.
    GoTo(GoTo),
    /// A list of the server's.
    List(List),
    /// Something to fill in.
    Form(Form),
    /// Something that cannot be undone.
    Question(Question),
}

/// One's own rooms whose titles resemble what is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GoTo {
    /// What is typed.
    pub(crate) search: Input,
    /// Which of the rooms that match is chosen.
    pub(crate) chosen: usize,
}

/// A list of the server's, as far as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    /// Of what.
    pub(crate) listing: Listing,
    /// What is typed, where the list can be searched.
    pub(crate) search: Input,
    /// The rows.
    pub(crate) rows: Vec<Row>,
    /// Whether there are more.
    pub(crate) more: More,
    /// Which of them is chosen.
    pub(crate) chosen: usize,
    /// The former room that is chosen once it is there.
    pub(crate) sought: Option<RoomId>,
    /// What was last refused here, in a sentence.
    pub(crate) error: Option<String>,
}

/// What is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listing {
    /// The public rooms.
    Rooms {
        /// What their titles must hold.
        search: String,
    },
    /// One's former rooms.
    FormerRooms,
    /// Who asks to come into a room.
    Requests(RoomId),
    /// Who is invited into a room, or into which rooms one is invited oneself.
    Invites(Option<RoomId>),
    /// Who is kept out of a room.
    Bans(RoomId),
    /// Who is in a room.
    Members(RoomId),
    /// Whom one blocks.
    Blocks,
    /// One's devices.
    Devices,
    /// What one is told of.
    Notifications,
}

/// One line of a list. All text in it is untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Row {
    /// A room.
    Room(room::Room),
    /// A room of the past.
    Former(FormerRoom),
    /// A request.
    Request(JoinRequest),
    /// An invite.
    Invite(Invite),
    /// A ban.
    Ban(Ban),
    /// A member.
    Member(Member),
    /// A user whom one blocks.
    Block(Blocked),
    /// A device.
    Device(Device),
    /// A notification.
    Notification(Notification),
}

/// Whether a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum More {
    /// A page was asked for.
    Asked,
    /// It goes on there.
    From(String),
    /// That is all.
    Nothing,
}

/// Something that is done when the answer is yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// What it would mean.
    pub(crate) text: String,
    /// What is then asked of the server.
    pub(crate) deed: Deed,
    /// The command that asked for it, where one was typed.
    pub(crate) typed: Option<String>,
}

impl Popup {
    /// The room of one's own that it is about.
    pub(crate) fn room(&self) -> Option<RoomId> {
        match self {
            Self::List(list) => match list.listing {
                Listing::Requests(room)
                | Listing::Invites(Some(room))
                | Listing::Bans(room)
                | Listing::Members(room) => Some(room),
                Listing::Rooms { .. }
                | Listing::FormerRooms
                | Listing::Invites(None)
                | Listing::Blocks
                | Listing::Devices
                | Listing::Notifications => None,
            },
            Self::Form(form) => form.purpose.room(),
            Self::Question(question) => question.room(),
            Self::Help { .. } | Self::GoTo(_) => None,
        }
    }
}

impl Question {
    /// The room of one's own that is changed or left by a yes.
    fn room(&self) -> Option<RoomId> {
        let command = match &self.deed {
            Deed::Find { then: Then::Join { leave }, .. } => return *leave,
            Deed::Find { then: Then::Request(_) | Then::Withdraw, .. } => return None,
            Deed::Change(command) => command,
        };
        if let Command::LeaveRoom(LeaveRoom { room })
        | Command::Demote(Demote { room, .. })
        | Command::Transfer(Transfer { room, .. }) = command
        {
            Some(*room)
        } else {
            None
        }
    }
}

impl List {
    /// A list of which the first page was asked for.
    pub(crate) fn new(listing: Listing) -> Self {
        let mut search = Input::default();
        if let Listing::Rooms { search: text } = &listing {
            search.insert(text);
        }
        let (rows, more) = (Vec::new(), More::Asked);
        Self { listing, search, rows, more, chosen: 0, sought: None, error: None }
    }

    /// Whether what is typed searches it.
    pub(crate) fn is_searched(&self) -> bool {
        matches!(self.listing, Listing::Rooms { .. })
    }

    /// The chosen row.
    pub(crate) fn row(&self) -> Option<&Row> {
        self.rows.get(self.chosen)
    }
}

impl Row {
    /// What one is told of, where the row is that.
    pub(crate) fn notice(&self) -> Option<&Notification> {
        match self {
            Self::Notification(notice) => Some(notice),
            Self::Room(_)
            | Self::Former(_)
            | Self::Request(_)
            | Self::Invite(_)
            | Self::Ban(_)
            | Self::Member(_)
            | Self::Block(_)
            | Self::Device(_) => None,
        }
    }

    /// The room of the past, where the row is that.
    pub(crate) fn former(&self) -> Option<&FormerRoom> {
        match self {
            Self::Former(former) => Some(former),
            Self::Notification(_)
            | Self::Room(_)
            | Self::Request(_)
            | Self::Invite(_)
            | Self::Ban(_)
            | Self::Member(_)
            | Self::Block(_)
            | Self::Device(_) => None,
        }
    }

    /// Whether another row of the same list is about the same, whatever it says of it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.subject() == other.subject()
    }

    /// What it is about: a room, a user, or something that has a number.
    fn subject(&self) -> (Option<RoomId>, Option<&UserName>, u64) {
        match self {
            Self::Room(room) => (Some(room.room), None, 0),
            Self::Former(former) => (Some(former.room), None, 0),
            Self::Request(request) => (Some(request.room), Some(&request.user), 0),
            Self::Invite(invite) => (Some(invite.room), Some(&invite.user), 0),
            Self::Ban(ban) => (Some(ban.room), Some(&ban.user), 0),
            Self::Member(member) => (None, Some(&member.user), 0),
            Self::Block(blocked) => (None, Some(&blocked.user), 0),
            Self::Device(device) => (None, None, u64::from(device.id.0)),
            Self::Notification(notice) => (None, None, u64::from(notice.id.0)),
        }
    }
}
