//! Who may do what: one table.

use parlor_protocol::entry::Rejoin;
use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::name::UserName;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Entry, Role, Visibility};

use super::association::{Association, BanNotice};
use super::command::{Actor, Command};
use super::event::{Standing, Status, UserId};
use super::world::{Room, RoomState, World};

/// What is done, as far as permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    SignUp,
    /// What only whoever runs the daemon does: users, codes, the sign-up mode, the end
    /// of a room.
    Administer,
    /// What operators also do from a client: sign-ups, shutting users out, a look at all rooms, words
    /// to everybody.
    Operate,
    /// What one does to what is one's own: password, devices, notifications, blocks.
    OwnThings,
    /// What time does.
    Pass,
    CreateRoom,
    /// See what a room is called and how big it is.
    Look,
    JoinRoom,
    Request,
    Withdraw,
    /// What all members do: leave, send, read, see who is in.
    TakePart,
    StepDown,
    /// What admins and owner do: topic, slow mode, requests, invites, kicks, bans.
    Govern,
    /// What the owner alone does: admins, the title.
    Own,
    Transfer,
}

/// What the one who asks is to that of which the command speaks, in the order of the table's
/// columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Not logged in.
    Stranger,
    /// Whoever runs the daemon's subcommands.
    Console,
    /// Time.
    Clock,
    /// A user who may administer the server, where the command names no room.
    Operator,
    /// A user, of a room that does not exist as far as they may know.
    Nowhere,
    /// Somebody who had to do with a room that was terminated.
    Survivor,
    /// A user who is not in the public room, which takes members by request; or whose command names
    /// no room.
    Outsider,
    /// A user who is not in the public room, which is open to them.
    Welcome,
    /// A user who is banned, and knows of it.
    Banned,
    /// A user who was kicked, and comes back only by request or invite.
    Kicked,
    /// A user who had to do with the private room, and comes back only by a new invite.
    Estranged,
    /// A user whose request waits.
    Requested,
    /// A user whose request waits though the room is open to them.
    RequestedOpen,
    /// A user who may come in.
    Invited,
    Member,
    Admin,
    Owner,
}

const PARTS: usize = Part::Owner as usize + 1;
type Row = [Result<(), Code>; PARTS];

const YES: Result<(), Code> = Ok(());
const LOGIN: Result<(), Code> = Err(Code::LoginRequired);
const NOT: Result<(), Code> = Err(Code::NotPermitted);
const NONE: Result<(), Code> = Err(Code::NoSuchRoom);
const ENDED: Result<(), Code> = Err(Code::RoomTerminated);
const OUT: Result<(), Code> = Err(Code::NotAMember);
const IN: Result<(), Code> = Err(Code::AlreadyAMember);
const BANNED: Result<(), Code> = Err(Code::Banned);
const FIRST: Result<(), Code> = Err(Code::RequestFirst);
const UNASKED: Result<(), Code> = Err(Code::NotInvited);
const ASKED: Result<(), Code> = Err(Code::AlreadyRequested);
const INVITED: Result<(), Code> = Err(Code::AlreadyInvited);
const NOTHING: Result<(), Code> = Err(Code::NoSuchRequest);

/// Whether someone in this part may do this.
///
/// # Errors
/// The code with which it is refused.
#[rustfmt::skip]
pub(crate) fn may(part: Part, action: Action) -> Result<(), Code> {
    let row: Row = match action {
        Action::SignUp     => anywhere(YES,   NOT, NOT, NOT),
        Action::Administer => anywhere(LOGIN, YES, NOT, NOT),
        Action::Operate    => operating(),
        Action::OwnThings  => anywhere(LOGIN, NOT, NOT, YES),
        Action::CreateRoom => anywhere(LOGIN, NOT, NOT, YES),
        Action::Pass       => anywhere(LOGIN, NOT, YES, NOT),
        Action::JoinRoom   => entering([
            // nowhere survivor outsider welcome banned kicked estranged requested, -open, invited
            UNASKED,   ENDED,   FIRST,   YES,    BANNED, FIRST, UNASKED,  ASKED,    YES,   YES,
        ], IN),
        Action::Look       => entering([
            NONE,      ENDED,   YES,     YES,    BANNED, YES,   YES,      YES,      YES,   YES,
        ], YES),
        Action::Request    => entering([
            NONE,      ENDED,   YES,     YES,    BANNED, YES,   UNASKED,  ASKED,    ASKED, INVITED,
        ], IN),
        Action::Withdraw   => entering([
            NONE,      ENDED,   NOTHING, NOTHING, BANNED, NOTHING, NOTHING, YES,    YES,   NOTHING,
        ], NOTHING),
        //                               console member admin owner
        Action::TakePart   => inside(NOT,    YES,   YES,  YES),
        Action::StepDown   => inside(NOT,    YES,   YES,  NOT),
        Action::Govern     => inside(NOT,    NOT,   YES,  YES),
        Action::Own        => inside(NOT,    NOT,   NOT,  YES),
        Action::Transfer   => inside(YES,    NOT,   NOT,  YES),
    };
    row[part as usize]
}

/// What has to do with no room, or with none that is there yet: all users are alike.
const fn anywhere(
    stranger: Result<(), Code>,
    console: Result<(), Code>,
    clock: Result<(), Code>,
    user: Result<(), Code>,
) -> Row {
    let mut row = [user; PARTS];
    row[Part::Stranger as usize] = stranger;
    row[Part::Console as usize] = console;
    row[Part::Clock as usize] = clock;
    row
}

/// What operators do wherever they are.
const fn operating() -> Row {
    let mut row = anywhere(LOGIN, YES, NOT, NOT);
    row[Part::Operator as usize] = YES;
    row
}

/// What users do who are not in: members are all alike.
const fn entering(outside: [Result<(), Code>; 10], member: Result<(), Code>) -> Row {
    let mut row = anywhere(LOGIN, NOT, NOT, member);
    let mut place = 0;
    while place < outside.len() {
        row[Part::Nowhere as usize + place] = outside[place];
        place += 1;
    }
    row
}

/// What members do: whoever is not in is told so, as far as they may know of the room.
const fn inside(
    console: Result<(), Code>,
    member: Result<(), Code>,
    admin: Result<(), Code>,
    owner: Result<(), Code>,
) -> Row {
    let mut row = anywhere(LOGIN, console, NOT, OUT);
    row[Part::Nowhere as usize] = NONE;
    row[Part::Survivor as usize] = ENDED;
    row[Part::Banned as usize] = BANNED;
    row[Part::Member as usize] = member;
    row[Part::Admin as usize] = admin;
    row[Part::Owner as usize] = owner;
    row
}

impl World {
    /// Whether the table allows this to whoever asks.
    pub(super) fn permit(
        &self,
        actor: Actor,
        command: &Command,
        at: Timestamp,
    ) -> Result<(), Code> {
        let (action, room) = self.asked(actor, command);
        may(self.part(actor, room, at), action)
    }

    /// Whether somebody was refused what takes a role that they do not have.
    pub(crate) fn overreaches(&self, user: UserId, command: &Command, refusal: Code) -> bool {
        let (action, room) = self.asked(Actor::User(user), command);
        let takes_a_role = match action {
            Action::Administer
            | Action::Operate
            | Action::Govern
            | Action::Own
            | Action::Transfer => true,
            Action::SignUp
            | Action::OwnThings
            | Action::Pass
            | Action::CreateRoom
            | Action::Look
            | Action::JoinRoom
            | Action::Request
            | Action::Withdraw
            | Action::TakePart
            | Action::StepDown => false,
        };
        let is_out = room.is_some_and(|room| self.role(room, user).is_none());
        // Of members these two say something else: that it was of somebody who is no member.
        let kept_out = is_out && matches!(refusal, Code::NotAMember | Code::Banned);
        takes_a_role && (refusal == Code::NotPermitted || kept_out)
    }

    /// What a command does, as far as permission goes, and in which room.
    fn asked(&self, actor: Actor, command: &Command) -> (Action, Option<RoomId>) {
        match command {
            Command::SignUp { .. } => (Action::SignUp, None),
            Command::SetPassword { user, .. } if actor == Actor::User(*user) => {
                (Action::OwnThings, None)
            }
            Command::ApproveSignUp { .. }
            | Command::DenySignUp { .. }
            | Command::DisableUser { .. }
            | Command::EnableUser { .. } => (Action::Operate, None),
            Command::AddUser { .. }
            | Command::SetPassword { .. }
            | Command::SetStanding { .. }
            | Command::RemoveUser { .. }
            | Command::SetSignUpMode { .. }
            | Command::MakeCode { .. }
            | Command::RevokeCode { .. }
            | Command::TerminateRoom { .. } => (Action::Administer, None),
            Command::Restretch { .. }
            | Command::SetDisplayName { .. }
            | Command::AddDevice { .. }
            | Command::RevokeDevice { .. }
            | Command::Block { .. }
            | Command::Unblock { .. }
            | Command::ReadNotifications(_)
            | Command::DismissNotifications(_) => (Action::OwnThings, None),
            Command::CreateRoom { .. } => (Action::CreateRoom, None),
            Command::JoinRoom { room, .. } => (Action::JoinRoom, Some(*room)),
            Command::RequestToJoin { room, .. } => (Action::Request, Some(*room)),
            Command::Withdraw { room } => (Action::Withdraw, Some(*room)),
            Command::LeaveRoom { room }
            | Command::Send { room, .. }
            | Command::MarkRead { room, .. } => (Action::TakePart, Some(*room)),
            Command::Demote { room, user } if self.is(actor, user) => {
                (Action::StepDown, Some(*room))
            }
            Command::Promote { room, .. }
            | Command::Demote { room, .. }
            | Command::Rename { room, .. } => (Action::Own, Some(*room)),
            Command::Transfer { room, .. } => (Action::Transfer, Some(*room)),
            Command::SetTopic { room, .. }
            | Command::SetSlowMode { room, .. }
            | Command::Approve { room, .. }
            | Command::Deny { room, .. }
            | Command::AddMember { room, .. }
            | Command::InviteUser { room, .. }
            | Command::RevokeInvite { room, .. }
            | Command::Kick { room, .. }
            | Command::BanUser { room, .. }
            | Command::Unban { room, .. } => (Action::Govern, Some(*room)),
            Command::Expire { .. }
            | Command::Forget { .. }
            | Command::PruneNotifications { .. }
            | Command::ExpireDevice { .. }
            | Command::Forsake { .. }
            | Command::ForgetSignUp { .. }
            | Command::ExpireCode { .. } => (Action::Pass, None),
        }
    }

    /// Whether a user may do what operators do.
    ///
    /// # Errors
    /// The code with which it is refused.
    pub(crate) fn may_operate(&self, user: UserId, at: Timestamp) -> Result<(), Code> {
        may(self.part(Actor::User(user), None, at), Action::Operate)
    }

    /// Whether a user may see who is in a room.
    ///
    /// # Errors
    /// The code with which it is refused.
    pub(crate) fn may_see_members(
        &self,
        user: UserId,
        room: RoomId,
        at: Timestamp,
    ) -> Result<(), Code> {
        may(self.part(Actor::User(user), Some(room), at), Action::TakePart)
    }

    /// Whether the one who asks has this name.
    fn is(&self, actor: Actor, name: &UserName) -> bool {
        match actor {
            Actor::User(user) => self.name_of(user) == Some(name),
            Actor::Stranger | Actor::Console | Actor::Clock => false,
        }
    }

    fn part(&self, actor: Actor, room: Option<RoomId>, at: Timestamp) -> Part {
        let user = match actor {
            Actor::Stranger => return Part::Stranger,
            Actor::Console => return Part::Console,
            Actor::Clock => return Part::Clock,
            Actor::User(user) => user,
        };
        let known = self.users.get(&user).filter(|known| known.status == Status::Active);
        let Some(known) = known else { return Part::Stranger };
        let Some(room) = room else { return known.standing.part() };
        self.rooms.get(&room).map_or(Part::Nowhere, |room| room.part(user, at))
    }
}

impl Standing {
    /// What an active user is where no room is named.
    pub(crate) fn part(self) -> Part {
        match self {
            Self::Operator => Part::Operator,
            Self::Ordinary => Part::Outsider,
        }
    }
}

/// What there is to know of a user and a room, to tell what the one is to the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) state: RoomState,
    pub(crate) visibility: Visibility,
    pub(crate) entry: Entry,
    pub(crate) role: Option<Role>,
    pub(crate) association: Option<&'a Association>,
}

impl Sight<'_> {
    /// What the user is to the room at a moment.
    pub(crate) fn part(&self, at: Timestamp) -> Part {
        match self.role {
            Some(Role::Owner) => return Part::Owner,
            Some(Role::Admin) => return Part::Admin,
            Some(Role::Member | Role::Unknown) => return Part::Member,
            None => {}
        }
        let association = self.association;
        match association.and_then(|it| it.ban_at(at)).map(|ban| ban.notice) {
            Some(BanNotice::Silent) => return Part::Nowhere,
            Some(BanNotice::Told) if self.state == RoomState::Live => return Part::Banned,
            Some(BanNotice::Told) | None => {}
        }
        match (self.state, association.filter(|it| it.is_known())) {
            (RoomState::Terminated, None) => Part::Nowhere,
            (RoomState::Terminated, Some(_)) => Part::Survivor,
            (RoomState::Live, Some(it)) if it.is_invited_at(at) => Part::Invited,
            (RoomState::Live, Some(it)) if it.is_requested() && self.is_open() && !it.must_ask => {
                Part::RequestedOpen
            }
            (RoomState::Live, Some(it)) if it.is_requested() => Part::Requested,
            (RoomState::Live, Some(it)) if it.must_ask => Part::Kicked,
            (RoomState::Live, _) if self.is_open() => Part::Welcome,
            (RoomState::Live, known) => match self.visibility {
                Visibility::Public => Part::Outsider,
                Visibility::Private | Visibility::Unknown if known.is_some() => Part::Estranged,
                Visibility::Private | Visibility::Unknown => Part::Nowhere,
            },
        }
    }

    /// Whether whoever may know of the room may enter it at once.
    fn is_open(&self) -> bool {
        self.visibility == Visibility::Public && self.entry == Entry::Open
    }

    /// How whoever is no member comes back in.
    pub(crate) fn rejoin(&self, at: Timestamp) -> Rejoin {
        match self.part(at) {
            Part::Stranger
            | Part::Console
            | Part::Clock
            | Part::Operator
            | Part::Nowhere
            | Part::Survivor => Rejoin::No,
            Part::Welcome | Part::RequestedOpen | Part::Invited => Rejoin::Now,
            Part::Outsider | Part::Kicked | Part::Requested => Rejoin::Request,
            Part::Estranged => Rejoin::Invite,
            Part::Banned | Part::Member | Part::Admin | Part::Owner => Rejoin::No,
        }
    }
}

impl Room {
    /// What a user is to the room at a moment.
    fn part(&self, user: UserId, at: Timestamp) -> Part {
        let sight = Sight {
            state: self.state,
            visibility: self.visibility,
            entry: self.entry,
            role: self.membership(user).map(|membership| membership.role),
            association: self.associations.get(&user),
        };
        sight.part(at)
    }
}
