//! What can be done with the chosen row of a list, and by which key: the keys act by this table, and
//! the line below the list is written from it.

use parlor_protocol::account::RevokeDevice;
use parlor_protocol::entry::{
    Approve, Block, FormerRoom, Rejoin, RevokeInvite, Unban, Unblock, Withdraw as WithdrawRequest,
};
use parlor_protocol::id::{NotificationId, RoomId, Seq};
use parlor_protocol::notification::{Notification, NotificationKind, WhichNotifications};
use parlor_protocol::request::Command;
use parlor_protocol::room::{self, Demote, Entry, JoinRoom, Member, Promote, Role, Transfer};

use crate::model::Deed;
use crate::model::{List, Listing, Model, Purpose, Question, Row, Whom};

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// By which key; `None` for Enter.
    pub(crate) key: Option<char>,
    /// What it is, in a word or two.
    pub(crate) words: &'static str,
    /// What is done.
    pub(super) act: Act,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// A room of one's own is shown, at a message where one is meant.
    Go(RoomId, Option<Seq>),
    /// A name is put into the input.
    Mention(String),
    /// The server is asked for a change.
    Change(Command),
    /// Something is asked first.
    Ask(Question),
    /// Something is filled in first.
    Fill(Purpose),
    /// Another list is shown.
    Show(Listing),
    /// The former rooms are shown, and this one is chosen.
    Former(RoomId),
}

/// What can be done with the chosen row, the first of it by Enter, and with the list.
pub(crate) fn offers(model: &Model, list: &List) -> Vec<Offer> {
    let mut offers = match list.row() {
        Some(Row::Room(room)) => of_room(room),
        Some(Row::Former(room)) => of_former(room),
        Some(Row::Request(request)) => {
            let (room, user) = (request.room, request.user.to_string());
            if request.user.as_str() == model.me {
                vec![key('w', "withdraw", Act::Change(Command::Withdraw(WithdrawRequest { room })))]
            } else {
                let approve = Approve { room, user: user.clone() };
                vec![
                    key('a', "approve", Act::Change(Command::Approve(approve))),
                    key('d', "deny", Act::Fill(Purpose::Deny(Whom { room, user }))),
                ]
            }
        }
        Some(Row::Invite(invite)) if invite.user.as_str() == model.me => {
            vec![enter("join", join(invite.room))]
        }
        Some(Row::Invite(invite)) => {
            let revoke = RevokeInvite { room: invite.room, user: invite.user.to_string() };
            vec![key('r', "revoke", Act::Change(Command::RevokeInvite(revoke)))]
        }
        Some(Row::Ban(ban)) => {
            let unban = Unban { room: ban.room, user: ban.user.to_string() };
            vec![key('u', "unban", Act::Change(Command::Unban(unban)))]
        }
        Some(Row::Member(member)) => match list.listing {
            Listing::Members(room) => of_member(model, room, member),
            _ => Vec::new(),
        },
        Some(Row::Block(blocked)) => {
            let unblock = Unblock { user: blocked.user.to_string() };
            vec![key('u', "unblock", Act::Change(Command::Unblock(unblock)))]
        }
        Some(Row::Device(device)) if device.current => Vec::new(),
        Some(Row::Device(device)) => {
            let text = format!("{} logs in with its password from then on.", device.name);
            let deed = Deed::Change(Command::RevokeDevice(RevokeDevice { id: device.id }));
            vec![key('r', "revoke", Act::Ask(Question { text, deed, typed: None }))]
        }
        Some(Row::Notification(notice)) => of_notice(model, notice),
        None => Vec::new(),
    };
    offers.extend(of_list(model, &list.listing));
    offers
}

fn of_room(room: &room::Room) -> Vec<Offer> {
    let id = room.room;
    vec![match (room.role, room.entry) {
        (Some(_), _) => enter("go there", Act::Go(id, None)),
        (None, Entry::Open) => enter("join", join(id)),
        (None, Entry::Ask | Entry::Unknown) => {
            enter("ask to join", request(id, room.title.as_str()))
        }
    }]
}

fn of_former(former: &FormerRoom) -> Vec<Offer> {
    match former.rejoin {
        Rejoin::Now => vec![enter("join again", join(former.room))],
        Rejoin::Request => vec![enter("ask to join", request(former.room, former.title.as_str()))],
        // The row says so.
        Rejoin::Invite | Rejoin::No | Rejoin::Unknown => Vec::new(),
    }
}

fn of_member(model: &Model, room: RoomId, member: &Member) -> Vec<Offer> {
    let user = || member.user.to_string();
    let whom = || Whom { room, user: user() };
    let own = model.room(room).map_or(Role::Member, |room| room.role);
    if member.user.as_str() == model.me {
        return match own {
            Role::Admin => {
                let text = "You would be a plain member again.".to_owned();
                let deed = Deed::Change(Command::Demote(Demote { room, user: user() }));
                vec![key('d', "step down", Act::Ask(Question { text, deed, typed: None }))]
            }
            Role::Owner | Role::Member | Role::Unknown => Vec::new(),
        };
    }
    let mut offers = vec![enter("mention", Act::Mention(user()))];
    let rules = match own {
        Role::Owner => true,
        Role::Admin => member.role == Role::Member,
        Role::Member | Role::Unknown => false,
    };
    if own == Role::Owner {
        offers.push(match member.role {
            Role::Admin => {
                let demote = Demote { room, user: user() };
                key('d', "dismiss", Act::Change(Command::Demote(demote)))
            }
            Role::Member | Role::Owner | Role::Unknown => {
                let promote = Promote { room, user: user() };
                key('p', "make admin", Act::Change(Command::Promote(promote)))
            }
        });
        let text = format!("{} would own this room, and you would be an admin.", member.user);
        let deed = Deed::Change(Command::Transfer(Transfer { room, user: user() }));
        offers.push(key('t', "hand over", Act::Ask(Question { text, deed, typed: None })));
    }
    if rules {
        offers.push(key('k', "kick", Act::Fill(Purpose::Kick(whom()))));
        offers.push(key('b', "ban", Act::Fill(Purpose::Ban(whom()))));
    }
    let text = format!("You would no longer see what {} says.", member.user);
    let deed = Deed::Change(Command::Block(Block { user: user() }));
    offers.push(key('x', "block", Act::Ask(Question { text, deed, typed: None })));
    offers
}

fn of_notice(model: &Model, notice: &Notification) -> Vec<Offer> {
    let own = notice.room.filter(|room| model.room(*room).is_some());
    let act = match (notice.kind, notice.room, own) {
        (NotificationKind::Invited, Some(room), None) => Some(enter("join", join(room))),
        (NotificationKind::JoinRequested, _, Some(room)) => {
            Some(enter("see requests", Act::Show(Listing::Requests(room))))
        }
        (
            NotificationKind::Kicked | NotificationKind::Denied | NotificationKind::Unbanned,
            Some(room),
            None,
        ) => Some(enter("former rooms", Act::Former(room))),
        (
            NotificationKind::Invited
            | NotificationKind::JoinRequested
            | NotificationKind::Approved
            | NotificationKind::Denied
            | NotificationKind::Added
            | NotificationKind::Kicked
            | NotificationKind::Banned
            | NotificationKind::Unbanned
            | NotificationKind::RoleChanged
            | NotificationKind::OwnershipReceived
            | NotificationKind::RoomTerminated
            | NotificationKind::Mentioned
            | NotificationKind::SignUpWaiting
            | NotificationKind::Unknown,
            _,
            own,
        ) => own.map(|room| enter("go there", Act::Go(room, notice.seq))),
    };
    let mut offers: Vec<_> = act.into_iter().collect();
    let which = |id| WhichNotifications { id: Some(id) };
    if !notice.read {
        let read = Act::Change(Command::ReadNotifications(which(notice.id)));
        offers.push(key('r', "mark read", read));
    }
    let dismiss = Act::Change(Command::DismissNotifications(which(notice.id)));
    offers.push(key('d', "dismiss", dismiss));
    offers
}

/// What can be done with a list as a whole.
fn of_list(model: &Model, listing: &Listing) -> Vec<Offer> {
    let rules = |room: RoomId| {
        let role = model.room(room).map(|room| room.role);
        matches!(role, Some(Role::Admin | Role::Owner))
    };
    match *listing {
        Listing::Members(room) if rules(room) => vec![
            key('i', "invite", Act::Fill(Purpose::Invite(room))),
            key('a', "add", Act::Fill(Purpose::Add(room))),
            key('r', "requests", Act::Show(Listing::Requests(room))),
            key('v', "invites", Act::Show(Listing::Invites(Some(room)))),
            key('o', "bans", Act::Show(Listing::Bans(room))),
        ],
        Listing::Invites(Some(room)) => {
            vec![key('i', "invite", Act::Fill(Purpose::Invite(room)))]
        }
        Listing::Bans(room) => {
            let whom = Whom { room, user: String::new() };
            vec![key('b', "ban", Act::Fill(Purpose::Ban(whom)))]
        }
        Listing::Notifications if !model.notices.is_empty() => {
            let all = WhichNotifications { id: None::<NotificationId> };
            let dismiss = Command::DismissNotifications(all.clone());
            let read = (model.unread_notices() > 0)
                .then(|| key('R', "all read", Act::Change(Command::ReadNotifications(all))));
            read.into_iter().chain([key('D', "dismiss all", Act::Change(dismiss))]).collect()
        }
        Listing::Devices => {
            vec![key('p', "change password", Act::Fill(Purpose::Password))]
        }
        Listing::Members(_)
        | Listing::Notifications
        | Listing::Rooms { .. }
        | Listing::FormerRooms
        | Listing::Requests(_)
        | Listing::Invites(None)
        | Listing::Blocks => Vec::new(),
    }
}

fn join(room: RoomId) -> Act {
    Act::Change(Command::JoinRoom(JoinRoom { room, leave: None }))
}

fn request(room: RoomId, title: &str) -> Act {
    Act::Fill(Purpose::Request { room: room.to_string(), title: title.to_owned() })
}

fn enter(words: &'static str, act: Act) -> Offer {
    Offer { key: None, words, act }
}

fn key(key: char, words: &'static str, act: Act) -> Offer {
    Offer { key: Some(key), words, act }
}
