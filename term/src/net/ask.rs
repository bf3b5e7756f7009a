//! Which answer belongs to which request.

use parlor_protocol::account::{
    Credential, DeviceLogin, LoggedIn, LoginFinish, LoginStart, PasswordFinish, PasswordStart,
    Registration, RevokeDevice, SignUpFinish, SignUpStart,
};
use parlor_protocol::message::{Changes, History, ListChanges, Messages, Send, Sent};
use parlor_protocol::reply::Outcome;
use parlor_protocol::request::Command;
use parlor_protocol::room::{
    CreateRoom, Demote, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, Member, Members,
    Promote, Rename, Room, Rooms, SetTopic, Transfer,
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
    SignUpFinish => LoggedIn(LoggedIn);
    LoginStart => Credential(Credential);
    LoginFinish => LoggedIn(LoggedIn);
    DeviceLogin => LoggedIn(LoggedIn);
    PasswordStart => Registration(Registration);
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
}

asks_done! {
    PasswordFinish;
    RevokeDevice;
    LeaveRoom;
}
