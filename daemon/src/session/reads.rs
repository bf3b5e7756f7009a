//! Reads: answered from the store's own read-only connections, past the hub.

use std::rc::Rc;
use std::sync::Arc;

use parlor_protocol::account::Devices;
use parlor_protocol::id::{DeviceId, RoomId};
use parlor_protocol::message::{History, ListChanges};
use parlor_protocol::record::Record;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::Outcome;
use parlor_protocol::room::{ListMembers, ListRooms, RoomRef};

use super::Session;
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
}

/// What was found, and for what only members may see, for which membership: whoever was removed
/// meanwhile does not get it.
type Found = Asked<(Outcome, Option<(RoomId, Generation)>)>;

impl Session {
    /// Looks something up on a thread that may wait for the disk, and answers.
    pub(super) fn read(&self, id: u32, user: UserId, read: Read) {
        let (shard, conn) = (Rc::clone(&self.shard), Rc::clone(&self.conn));
        let server = Arc::clone(&self.server);
        tokio::task::spawn_local(async move {
            let _turn = conn.look_up_turn().await;
            conn.caught_up().await;
            let device = shard.device(&conn);
            let found =
                tokio::task::spawn_blocking(move || look_up(&server.readers, user, device, read));
            let outcome = match found.await {
                Ok(Ok(Ok((outcome, seen_by)))) => match seen_by {
                    Some((room, joined)) if shard.membership(&conn, room) != Some(joined.0) => {
                        Outcome::Refused(Code::NotAMember.into())
                    }
                    _ => outcome,
                },
                Ok(Ok(Err(refusal))) => Outcome::Refused(refusal),
                Ok(Err(error)) => {
                    log::error!("cannot answer a read: {error}");
                    Outcome::Refused(error.code().into())
                }
                Err(_stopping) => Outcome::Refused(Code::Unavailable.into()),
            };
            conn.reply(id, outcome);
        });
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
    })
}
