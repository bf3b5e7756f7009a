//! Writing in the user's own editor.

use parlor_protocol::id::RoomId;

use super::{Intent, check, error, homeless};
use crate::model::Model;

/// What came of the text in the user's editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edited {
    /// The room it is for.
    pub(crate) room: Option<RoomId>,
    /// The text; otherwise what went wrong.
    pub(crate) text: Result<String, String>,
}

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
    if edited.room.is_some_and(|room| model.room(room).is_none()) {
        model.put_by(text);
        let back = homeless::brings_back(model, "the text");
        return error(model, format!("You are no longer in that room; {back}."));
    }
    let here = model.here;
    let elsewhere = edited.room.filter(|room| Some(*room) != here);
    let fit = match elsewhere.and_then(|room| model.room_mut(room)) {
        Some(room) => room.draft.set(&text),
        None => model.input.set(&text),
    };
    check(model, fit);
}
