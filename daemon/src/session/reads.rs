//! Reads: answered from the store's own read-only connections, past the hub.

use std::rc::Rc;
use std::sync::Arc;

use parlor_protocol::account::Devices;
use parlor_protocol::entry::{ListInvites, ListOfRoom, ListOwn};
use parlor_protocol::id::{DeviceId, RoomId};
use parlor_protocol::message::{History, ListChanges};
use parlor_protocol::operator::ListSignUps;
use parlor_protocol::record::Record;
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::room::{ListMembers, ListRooms, RoomRef, Scope};

use super::Session;
use crate::hub::{Ask, Overseen, Wish};
use crate::metrics::Kind;
use crate::rooms::UserId;
use crate::store::{Asked, Generation, Readers};

/// Something to look up.
pub(super) enum Read {
    Devices,
    Rooms(ListRooms),
    Room(RoomRef),
    Members(ListMembers),
    History(History),
    Changes(ListChanges),
    Requests(ListOfRoom),
    Invites(ListInvites),
    Bans(ListOfRoom),
    Notifications(ListOwn),
    FormerRooms(ListOwn),
    Blocks(ListOwn),
    SignUps(ListSignUps),
}

/// What was found, and for what only members may see, for which membership: whoever was removed
/// meanwhile does not get it.
type Found = Asked<(Outcome, Option<(RoomId, Generation)>)>;

/// What a look-up comes to: the answer, or what the hub has to add to it.
enum Answer {
    Outcome(Outcome),
    Ask(Wish),
}

impl Session {
    /// Looks something up on a thread that may wait for the disk, and answers.
    pub(super) fn read(&self, id: u32, user: UserId, read: Read) {
        let (shard, conn) = (Rc::clone(&self.shard), Rc::clone(&self.conn));
        let (server, caller) = (Arc::clone(&self.server), self.caller());
        tokio::task::spawn_local(async move {
            let _turn = conn.look_up_turn().await;
            conn.caught_up().await;
            let device = shard.device(&conn);
            let asked = Subject::of(&read);
            let readers = server.readers.clone();
            let found =
                tokio::task::spawn_blocking(move || look_up(&readers, user, device, read)).await;
            let found = match found {
                Ok(Ok(Ok((outcome, seen_by)))) => match seen_by {
                    Some((room, joined)) if shard.membership(&conn, room) != Some(joined.0) => {
                        Err(Code::NotAMember.into())
                    }
                    _ => Ok(outcome),
                },
                Ok(Ok(Err(refusal))) => Err(refusal),
                Ok(Err(error)) => {
                    log::error!("cannot answer a read: {error}");
                    Err(error.code().into())
                }
                Err(_stopping) => Err(Code::Unavailable.into()),
            };
            match complete(asked, user, found) {
                Answer::Outcome(outcome) => {
                    shard.note(Kind::LookUp, &outcome);
                    conn.reply(id, outcome);
                }
                Answer::Ask(wish) => {
                    if server.hub.send(Ask::Request { caller, id, wish }).await.is_err() {
                        conn.close(CloseReason::ShuttingDown);
                    }
                }
            }
        });
    }
}

/// What of a question matters to whoever completes its answer.
#[derive(Clone, Copy)]
enum Subject {
    RoomById,
    Rooms,
    MembersOf(RoomId),
    /// Something else of a room that is named by its ID.
    OfRoom,
    /// What operators alone see.
    Overseen(Overseen),
    Other,
}

impl Subject {
    fn of(read: &Read) -> Self {
        match read {
            Read::Room(RoomRef::Id(_)) => Self::RoomById,
            Read::Members(list) => Self::MembersOf(list.room),
            Read::Rooms(ListRooms { scope: Scope::All, after, .. }) => {
                Self::Overseen(first(after.as_ref(), Overseen::Rooms))
            }
            Read::SignUps(list) => Self::Overseen(first(list.after.as_ref(), Overseen::SignUps)),
            Read::Room(RoomRef::Title(_) | RoomRef::Unknown) | Read::Rooms(_) => Self::Rooms,
            Read::History(_)
            | Read::Changes(_)
            | Read::Requests(_)
            | Read::Bans(_)
            | Read::Invites(ListInvites { room: Some(_), .. }) => Self::OfRoom,
            Read::Devices
            | Read::Invites(ListInvites { room: None, .. })
            | Read::Notifications(_)
            | Read::FormerRooms(_)
            | Read::Blocks(_) => Self::Other,
        }
    }
}

/// What is looked at by a page: later ones are the same look.
fn first(after: Option<&String>, what: Overseen) -> Overseen {
    if after.is_none() { what } else { Overseen::More }
}

/// The hub knows who is connected and how far one has read, and counts how often somebody guesses
/// at IDs.
fn complete(asked: Subject, user: UserId, found: Result<Outcome, Refusal>) -> Answer {
    match (asked, found) {
        (
            Subject::RoomById | Subject::MembersOf(_) | Subject::OfRoom,
            Err(Refusal { code: Code::NoSuchRoom, .. }),
        ) => Answer::Ask(Wish::Missed { user }),
        (Subject::Overseen(what), found) => {
            Answer::Ask(Wish::Overseen { user, what, found: Box::new(found) })
        }
        (Subject::Rooms | Subject::RoomById, Ok(outcome)) => {
            Answer::Ask(Wish::Freshen { user, outcome: Box::new(outcome) })
        }
        (Subject::MembersOf(room), Ok(Outcome::Members(members))) => {
            Answer::Ask(Wish::Present { room, members })
        }
        (_, Ok(outcome)) => Answer::Outcome(outcome),
        (_, Err(refusal)) => Answer::Outcome(Outcome::Refused(refusal)),
    }
}

fn look_up(readers: &Readers, user: UserId, device: Option<DeviceId>, read: Read) -> Found {
    Ok(match read {
        Read::Devices => {
            let devices = readers.devices(user, device)?.into_iter().map(Record).collect();
            Ok((Outcome::Devices(Devices { devices }), None))
        }
        Read::Rooms(list) => readers.rooms(user, &list)?.map(|page| (Outcome::Rooms(page), None)),
        Read::Room(room) => readers.find_room(user, &room)?.map(|room| (Outcome::Room(room), None)),
        Read::Members(list) => readers
            .members(user, &list)?
            .map(|(page, joined)| (Outcome::Members(page), Some((list.room, joined)))),
        Read::History(history) => readers
            .history(user, &history)?
            .map(|(page, joined)| (Outcome::Messages(page), Some((history.room, joined)))),
        Read::Changes(list) => readers
            .changes(user, &list)?
            .map(|(page, joined)| (Outcome::Changes(page), Some((list.room, joined)))),
        Read::Requests(list) => readers
            .requests(user, &list)?
            .map(|(page, joined)| (Outcome::Requests(page), Some((list.room, joined)))),
        Read::Bans(list) => readers
            .bans(user, &list)?
            .map(|(page, joined)| (Outcome::Bans(page), Some((list.room, joined)))),
        Read::Invites(list) => match list.room {
            Some(room) => readers
                .invites_into(user, room, &list)?
                .map(|(page, joined)| (Outcome::Invites(page), Some((room, joined)))),
            None => readers.invites_of(user, &list)?.map(|page| (Outcome::Invites(page), None)),
        },
        Read::Notifications(list) => {
            readers.notifications(user, &list)?.map(|page| (Outcome::Notifications(page), None))
        }
        Read::FormerRooms(list) => {
            readers.former_rooms(user, &list)?.map(|page| (Outcome::FormerRooms(page), None))
        }
        Read::Blocks(list) => {
            readers.blocks(user, &list)?.map(|page| (Outcome::Blocks(page), None))
        }
        Read::SignUps(list) => {
            readers.waiting_sign_ups(user, &list)?.map(|page| (Outcome::SignUps(page), None))
        }
    })
}
