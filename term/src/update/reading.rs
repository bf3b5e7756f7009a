//! Reading on: markers, and the notices that speak of what was read.

use parlor_protocol::id::{NotificationId, RoomId, Seq};
use parlor_protocol::notification::{Notification, NotificationKind};

use super::{Ask, Intent};
use crate::model::{Focus, Link, Model, Room};

/// Whether the conversation is before the user's eyes: nothing lies over it, and they are not at
/// another window, as far as the terminal tells of that.
pub(crate) fn is_in_sight(model: &Model) -> bool {
    let is_covered = !model.popups.is_empty() || model.pasted.is_some() || model.door.is_some();
    !is_covered && model.focus != Some(Focus::Away)
}

/// A message has come into the room that is shown, where nobody saw it: the line before what is new
/// stands before the first of these.
pub(super) fn unseen(room: &mut Room, seq: Seq) {
    let (first, count) = room.fresh.filter(|(first, _)| *first > room.read).unwrap_or((seq, 0));
    room.fresh = Some((first, count.saturating_add(1)));
}

/// A room was seen up to a message: so it is read, on all of one's devices.
pub(super) fn seen(model: &mut Model, id: RoomId, seq: Seq) -> Vec<Intent> {
    let online = matches!(model.link, Link::Online { .. });
    let Some(room) = model.room_mut(id).filter(|room| online && seq > room.read) else {
        return Vec::new();
    };
    room.read = seq;
    (room.unread, room.mentions) = (0, 0);
    let mut intents = vec![Intent::Ask(Ask::Read { room: id, seq })];
    intents.extend(read_mentions(model));
    intents
}

/// Takes the mentions that one has read in their rooms for read, and has the server do the same.
pub(super) fn read_mentions(model: &mut Model) -> Vec<Intent> {
    let read: Vec<NotificationId> = model
        .notices
        .iter()
        .filter(|notice| !notice.read && is_read_in_its_room(model, notice))
        .map(|notice| notice.id)
        .collect();
    if read.is_empty() {
        return Vec::new();
    }
    for notice in &mut model.notices {
        notice.read |= read.contains(&notice.id);
    }
    vec![Intent::Ask(Ask::ReadNotices(read))]
}

fn is_read_in_its_room(model: &Model, notice: &Notification) -> bool {
    let room = notice.room.and_then(|room| model.room(room));
    notice.kind == NotificationKind::Mentioned
        && room.zip(notice.seq).is_some_and(|(room, seq)| seq <= room.read)
}
