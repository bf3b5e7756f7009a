//! Who may do what: one table.

use parlor_protocol::id::RoomId;
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::Role;

use super::command::{Actor, Command};
use super::world::{RoomState, World};

/// What is done, as far as permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    SignUp,
    AddUser,
    SetOwnPassword,
    SetPasswordOfOther,
    AddDevice,
    RevokeDevice,
    CreateRoom,
    JoinRoom,
    LeaveRoom,
    Send,
    Promote,
    DemoteOther,
    StepDown,
    Transfer,
    SetTopic,
    Rename,
}

/// What the one who asks is to that of which the command speaks, in the order of the table's
/// columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Not logged in.
    Stranger,
    /// Whoever runs the daemon's subcommands.
    Console,
    /// A user, of a room that does not exist as far as they may know.
    Nowhere,
    /// A former member of a room that was terminated.
    Survivor,
    /// A user who is not in the live room, or whose command names no room.
    Outsider,
    Member,
    Admin,
    Owner,
}

/// Whether someone in this part may do this.
///
/// # Errors
/// The code with which it is refused.
#[rustfmt::skip]
pub(super) fn may(part: Part, action: Action) -> Result<(), Code> {
    const PARTS: usize = Part::Owner as usize + 1;
    const YES: Result<(), Code> = Ok(());
    const LOGIN: Result<(), Code> = Err(Code::LoginRequired);
    const NOT: Result<(), Code> = Err(Code::NotPermitted);
    const NONE: Result<(), Code> = Err(Code::NoSuchRoom);
    const ENDED: Result<(), Code> = Err(Code::RoomTerminated);
    const OUT: Result<(), Code> = Err(Code::NotAMember);
    const IN: Result<(), Code> = Err(Code::AlreadyAMember);

    let row: [Result<(), Code>; PARTS] = match action {
        //                            stranger console nowhere survivor outsider member admin owner
        Action::SignUp             => [YES,    NOT,    NOT,    NOT,     NOT,     NOT,   NOT,  NOT],
        Action::AddUser            => [LOGIN,  YES,    NOT,    NOT,     NOT,     NOT,   NOT,  NOT],
        Action::SetOwnPassword     => [LOGIN,  NOT,    YES,    YES,     YES,     YES,   YES,  YES],
        Action::SetPasswordOfOther => [LOGIN,  YES,    NOT,    NOT,     NOT,     NOT,   NOT,  NOT],
        Action::AddDevice          => [LOGIN,  NOT,    YES,    YES,     YES,     YES,   YES,  YES],
        Action::RevokeDevice       => [LOGIN,  NOT,    YES,    YES,     YES,     YES,   YES,  YES],
        Action::CreateRoom         => [LOGIN,  NOT,    YES,    YES,     YES,     YES,   YES,  YES],
        Action::JoinRoom           => [LOGIN,  NOT,    NONE,   ENDED,   YES,     IN,    IN,   IN],
        Action::LeaveRoom          => [LOGIN,  NOT,    NONE,   ENDED,   OUT,     YES,   YES,  YES],
        Action::Send               => [LOGIN,  NOT,    NONE,   ENDED,   OUT,     YES,   YES,  YES],
        Action::Promote            => [LOGIN,  NOT,    NONE,   ENDED,   OUT,     NOT,   NOT,  YES],
        Action::DemoteOther        => [LOGIN,  NOT,    NONE,   ENDED,   OUT,     NOT,   NOT,  YES],
        Action::StepDown           => [LOGIN,  NOT,    NONE,   ENDED,   OUT,     YES,   YES,  NOT],
        Action::Transfer           => [LOGIN,  NOT,    NONE,   ENDED,   OUT,     NOT,   NOT,  YES],
        Action::SetTopic           => [LOGIN,  NOT,    NONE,   ENDED,   OUT,     NOT,   YES,  YES],
        Action::Rename             => [LOGIN,  NOT,    NONE,   ENDED,   OUT,     NOT,   NOT,  YES],
    };
    row[part as usize]
}

impl World {
    /// Whether the table allows this to whoever asks.
    pub(super) fn permit(&self, actor: Actor, command: &Command) -> Result<(), Code> {
        let (action, room) = match command {
            Command::SignUp { .. } => (Action::SignUp, None),
            Command::AddUser { .. } => (Action::AddUser, None),
            Command::SetPassword { user, .. } if actor == Actor::User(*user) => {
                (Action::SetOwnPassword, None)
            }
            Command::SetPassword { .. } => (Action::SetPasswordOfOther, None),
            Command::Restretch { .. } => (Action::SetOwnPassword, None),
            Command::AddDevice { .. } => (Action::AddDevice, None),
            Command::RevokeDevice { .. } => (Action::RevokeDevice, None),
            Command::CreateRoom { .. } => (Action::CreateRoom, None),
            Command::JoinRoom { room, .. } => (Action::JoinRoom, Some(*room)),
            Command::LeaveRoom { room } => (Action::LeaveRoom, Some(*room)),
            Command::Send { room, .. } => (Action::Send, Some(*room)),
            Command::Promote { room, .. } => (Action::Promote, Some(*room)),
            Command::Demote { room, user } if self.is(actor, user) => {
                (Action::StepDown, Some(*room))
            }
            Command::Demote { room, .. } => (Action::DemoteOther, Some(*room)),
            Command::Transfer { room, .. } => (Action::Transfer, Some(*room)),
            Command::SetTopic { room, .. } => (Action::SetTopic, Some(*room)),
            Command::Rename { room, .. } => (Action::Rename, Some(*room)),
        };
        may(self.part(actor, room), action)
    }

    /// Whether the one who asks has this name.
    fn is(&self, actor: Actor, name: &UserName) -> bool {
        match actor {
            Actor::User(user) => self.name_of(user) == Some(name),
            Actor::Stranger | Actor::Console => false,
        }
    }

    fn part(&self, actor: Actor, room: Option<RoomId>) -> Part {
        let user = match actor {
            Actor::Stranger => return Part::Stranger,
            Actor::Console => return Part::Console,
            Actor::User(user) if !self.users.contains_key(&user) => return Part::Stranger,
            Actor::User(user) => user,
        };
        let Some(room) = room else { return Part::Outsider };
        let Some(room) = self.rooms.get(&room) else { return Part::Nowhere };
        match room.state {
            RoomState::Terminated if room.former.contains(&user) => Part::Survivor,
            RoomState::Terminated => Part::Nowhere,
            RoomState::Live => match room.membership(user).map(|membership| membership.role) {
                None => Part::Outsider,
                Some(Role::Owner) => Part::Owner,
                Some(Role::Admin) => Part::Admin,
                Some(Role::Member | Role::Unknown) => Part::Member,
            },
        }
    }
}
