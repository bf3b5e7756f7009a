//! What becomes of one's own messages until they are acknowledged.

use parlor_protocol::id::{RoomId, Timestamp};

use super::{Intent, error, keep};
use crate::keymap::Action;
use crate::model::{LocalId, Model, Reach, SendState};

/// A message is on this machine's disk. What was being written must not stand there beside it: it
/// would be sent again after a crash.
pub(super) fn queued(model: &mut Model, room: RoomId, local: LocalId) -> Vec<Intent> {
    if let Some(state @ SendState::Unkept) = state(model, room, local) {
        *state = SendState::Queued;
    }
    keep(model)
}

/// The server takes a message later.
pub(super) fn held(model: &mut Model, room: RoomId, local: LocalId, until: Timestamp) {
    if let Some(state) = state(model, room, local) {
        *state = SendState::Held { until };
    }
}

/// A message is on the server's disk.
pub(super) fn acknowledged(model: &mut Model, room: RoomId, local: LocalId) {
    if let Some(room) = model.room_mut(room) {
        room.unsent.retain(|unsent| unsent.local != local);
    }
}

/// The server does not take a message.
pub(super) fn refused(model: &mut Model, room: RoomId, local: LocalId, why: String) {
    if let Some(state) = state(model, room, local) {
        let mut told = format!("Not sent: {why}");
        *state = SendState::Refused(why);
        let up = Action::Go(Reach::Up);
        if let Some(key) = model.preferences.keymap.key_of(up) {
            told.push_str(&format!(" {key} takes it back into an empty input."));
        }
        error(model, told);
    }
}

/// How a message of one's own stands.
fn state(model: &mut Model, room: RoomId, local: LocalId) -> Option<&mut SendState> {
    let mut unsent = model.room_mut(room)?.unsent.iter_mut();
    unsent.find(|unsent| unsent.local == local).map(|unsent| &mut unsent.state)
}
