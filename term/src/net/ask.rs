//! Which answer belongs to which request.

use parlor_protocol::account::{
    Credential, DeviceLogin, LoggedIn, LoginFinish, LoginStart, Named, PasswordFinish,
    PasswordStart, Registration, RevokeDevice, SetDisplayName, SignUpFinish, SignUpStart,
};
use parlor_protocol::entry::{
    AddMember, Approve, Ban, BanUser, Bans, Block, Blocks, Deny, FormerRooms, Invite, InviteUser,
    Invites, JoinRequest, JoinRequests, Kick, ListInvites, ListOfRoom, ListOwn, RequestToJoin,
    RevokeInvite, Unban, Unblock, Withdraw,
};
use parlor_protocol::message::{Changes, History, ListChanges, Messages, Send, Sent};
use parlor_protocol::notification::{Notifications, WhichNotifications};
use parlor_protocol::operator::{
    Account, Announce, ApproveSignUp, DenySignUp, DisableUser, EnableUser, ListSignUps, SignUps,
};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{
    CreateRoom, Demote, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, MarkRead, Member,
    Members, Promote, ReadMarker, Rename, Room, Rooms, SetSlowMode, SetTopic, Transfer, Watch,
};

/// A request whose answer is known in kind.
pub(crate) trait Ask {
    /// What the server answers unless it refuses.
    type Answer;

    /// The request as it travels.
    fn command(self) -> Command;

    /// The answer, or `None` for an outcome of another kind.
    fn answer(outcome: Outcome) -> Option<Self::Answer>;
}

macro_rules! asks {
    ($($request:ident => $outcome:ident ( $answer:ty );)*) => {$(
        impl Ask for $request {
            type Answer = $answer;

            fn command(self) -> Command {
                Command::$request(self)
            }

            fn answer(outcome: Outcome) -> Option<$answer> {
                if let Outcome::$outcome(answer) = outcome { Some(answer) } else { None }
            }
        }
    )*};
}

macro_rules! asks_done {
    ($($request:ident;)*) => {$(
        impl Ask for $request {
            type Answer = ();

            fn command(self) -> Command {
                Command::$request(self)
            }

            fn answer(outcome: Outcome) -> Option<()> {
                (outcome == Outcome::Done).then_some(())
            }
        }
    )*};
}

asks! {
    SignUpStart => Registration(Registration);
    LoginStart => Credential(Credential);
    LoginFinish => LoggedIn(LoggedIn);
    DeviceLogin => LoggedIn(LoggedIn);
    PasswordStart => Registration(Registration);
    ListSignUps => SignUps(SignUps);
    ApproveSignUp => Account(Account);
    DenySignUp => Account(Account);
    DisableUser => Account(Account);
    EnableUser => Account(Account);
    CreateRoom => Room(Room);
    ListRooms => Rooms(Rooms);
    FindRoom => Room(Room);
    JoinRoom => Room(Room);
    ListMembers => Members(Members);
    Send => Sent(Sent);
    History => Messages(Messages);
    ListChanges => Changes(Changes);
    Promote => Member(Member);
    Demote => Member(Member);
    Transfer => Member(Member);
    SetTopic => Room(Room);
    Rename => Room(Room);
    RequestToJoin => Request(JoinRequest);
    Approve => Member(Member);
    AddMember => Member(Member);
    ListInvites => Invites(Invites);
    BanUser => Ban(Ban);
    SetSlowMode => Room(Room);
    MarkRead => ReadMarker(ReadMarker);
    SetDisplayName => Named(Named);
}

asks_done! {
    PasswordFinish;
    RevokeDevice;
    Announce;
    LeaveRoom;
    Withdraw;
    Deny;
    RevokeInvite;
    Kick;
    Unban;
    Block;
    Unblock;
    Watch;
}

/// Requests that share their content with another and so need a name of their own.
macro_rules! asks_with {
    ($($(#[$meta:meta])* $request:ident ( $content:ty ) => $outcome:pat => $answer:ty : $value:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub(crate) struct $request(pub(crate) $content);

        impl Ask for $request {
            type Answer = $answer;

            fn command(self) -> Command {
                Command::$request(self.0)
            }

            fn answer(outcome: Outcome) -> Option<$answer> {
                if let $outcome = outcome { Some($value) } else { None }
            }
        }
    )*};
}

asks_with! {
    /// Asks for a page of a room's requests.
    ListRequests(ListOfRoom) => Outcome::Requests(page) => JoinRequests: page;
    /// Asks for a page of a room's bans.
    ListBans(ListOfRoom) => Outcome::Bans(page) => Bans: page;
    /// Asks for a page of one's notifications.
    ListNotifications(ListOwn) => Outcome::Notifications(page) => Notifications: page;
    /// Asks for a page of one's former rooms.
    ListFormerRooms(ListOwn) => Outcome::FormerRooms(page) => FormerRooms: page;
    /// Asks for a page of the users whom one blocks.
    ListBlocks(ListOwn) => Outcome::Blocks(page) => Blocks: page;
    /// Marks notifications as read.
    ReadNotifications(WhichNotifications) => Outcome::Done => (): ();
    /// Removes notifications.
    DismissNotifications(WhichNotifications) => Outcome::Done => (): ();
}

/// A change of which only is asked that it is done; what it makes comes as a push.
#[derive(Clone, Debug)]
pub(crate) struct Change(pub(crate) Command);

impl Ask for Change {
    type Answer = ();

    fn command(self) -> Command {
        self.0
    }

    fn answer(_: Outcome) -> Option<()> {
        Some(())
    }
}

/// What became of a sign-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignedUp {
    /// One is logged in.
    In(LoggedIn),
    /// An operator has to approve it first.
    Waiting,
}

impl Ask for SignUpFinish {
    type Answer = SignedUp;

    fn command(self) -> Command {
        Command::SignUpFinish(self)
    }

    fn answer(outcome: Outcome) -> Option<SignedUp> {
        if let Outcome::LoggedIn(logged_in) = outcome {
            return Some(SignedUp::In(logged_in));
        }
        (outcome == Outcome::Done).then_some(SignedUp::Waiting)
    }
}

/// What became of an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Invited {
    /// The user may enter.
    Invite(Invite),
    /// The user had asked to, and has entered.
    Member(Member),
}

impl Ask for InviteUser {
    type Answer = Invited;

    fn command(self) -> Command {
        Command::InviteUser(self)
    }

    fn answer(outcome: Outcome) -> Option<Invited> {
        if let Outcome::Invite(invite) = outcome {
            Some(Invited::Invite(invite))
        } else if let Outcome::Member(member) = outcome {
            Some(Invited::Member(member))
        } else {
            None
        }
    }
}
