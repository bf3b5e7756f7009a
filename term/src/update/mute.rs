//! Rooms whose talk is not to call one.

use super::{Intent, error, hint, slash};
use crate::model::Model;

pub(super) fn mute(model: &mut Model, room: &str) -> Vec<Intent> {
    set(model, room, true)
}

pub(super) fn unmute(model: &mut Model, room: &str) -> Vec<Intent> {
    set(model, room, false)
}

fn set(model: &mut Model, named: &str, muted: bool) -> Vec<Intent> {
    let id = if named.is_empty() {
        model.here
    } else {
        slash::own_room(model, named).map(|room| room.id)
    };
    let Some(room) = id.and_then(|id| model.room_mut(id)) else {
        error(model, "You are in no such room.");
        return Vec::new();
    };
    room.muted = muted;
    let title = room.title.clone();
    model.input.take();
    hint(
        model,
        match muted {
            true => format!(
                "{title} is muted: it calls for nothing that is said there. /unmute ends it."
            ),
            false => format!("{title} calls for mentions again."),
        },
    );
    Vec::new()
}
