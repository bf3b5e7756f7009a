//! Writing in the user's own editor.

use super::{Edited, Intent, check, error};
use crate::model::Model;

/// Hands the input to the editor. It stays in the line until another text comes back.
pub(super) fn begin(model: &mut Model) -> Vec<Intent> {
    model.notice = None;
    vec![Intent::Edit { room: model.here, text: model.input.text().to_owned() }]
}

/// Takes the text back into the input of its room, never sends it.
pub(super) fn take(model: &mut Model, edited: Edited) {
    let text = match edited.text {
        Ok(text) => text,
        Err(why) => return error(model, why),
    };
    let here = model.here;
    let elsewhere = edited.room.filter(|room| Some(*room) != here);
    let fit = match elsewhere.and_then(|room| model.room_mut(room)) {
        Some(room) => room.draft.set(&text),
        None => model.input.set(&text),
    };
    check(model, fit);
}
