//! What was written for a room that is gone: it is nowhere where one key sends it to another room,
//! and Up brings it back.

use parlor_protocol::id::RoomId;

use crate::keymap::Action;
use crate::model::{Form, LocalId, Model, Popup, Reach};
use crate::preferences::View;

/// What a room leaves behind.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// What of it is still in the outbox.
    pub(super) unsent: Vec<LocalId>,
    /// How many texts are put by.
    pub(super) texts: usize,
    /// How much that lay over the conversation was about it, and is closed.
    pub(super) closed: usize,
}

/// Takes a room out, and puts by what was written for it: what was sent and is not acknowledged,
/// and what was being written.
pub(super) fn forget(model: &mut Model, id: RoomId) -> Left {
    let Some(place) = model.rooms.iter().position(|room| room.id == id) else {
        return Left::default();
    };
    let room = model.rooms.remove(place);
    if model.last == Some(id) {
        model.last = None;
    }
    let mut texts: Vec<String> = room.unsent.iter().map(|unsent| unsent.text.clone()).collect();
    texts.extend(model.history.take_begun(id));
    texts.push(room.draft.text().to_owned());
    // Nor can a form about it be opened again.
    let (forms, others) =
        model.closed_forms.drain(..).partition(|form| form.purpose.room() == Some(id));
    model.closed_forms = others;
    let forms: Vec<Form> = forms;
    texts.extend(forms.iter().flat_map(Form::texts).map(str::to_owned));
    // What lies open about it could do nothing any more.
    let (closed, others): (Vec<_>, _) =
        model.popups.drain(..).partition(|popup| popup.room() == Some(id));
    model.popups = others;
    for popup in &closed {
        if let Popup::Form(form) = popup {
            texts.extend(form.texts().map(str::to_owned));
        }
    }
    if model.here == Some(id) {
        model.here = None;
        model.completion = None;
        let written = model.input.take();
        // While one searches, what was found stands in the place of what was written.
        texts.push(model.seeking.take().map_or(written, |seeking| seeking.before));
    }
    texts.retain(|text| !text.trim().is_empty());
    let left = Left {
        unsent: room.unsent.iter().map(|unsent| unsent.local).collect(),
        texts: texts.len(),
        closed: closed.len(),
    };
    for text in texts {
        model.put_by(text);
    }
    left
}

/// Says where texts are that were put by, behind what else is said.
pub(super) fn word(model: &Model, texts: usize) -> String {
    match texts {
        0 => String::new(),
        1 => format!(" What you wrote there was not sent; {}.", brings_back(model, "it")),
        texts => {
            format!(" {texts} texts of yours were not sent; {}.", brings_back(model, "them"))
        }
    }
}

/// What brings back what was put by.
pub(super) fn brings_back(model: &Model, it: &str) -> String {
    if model.preferences.view == View::Plain {
        return format!("type {it} again to send {it} elsewhere");
    }
    match model.preferences.keymap.key_of(Action::Go(Reach::Up)) {
        Some(key) => format!("{key} brings {it} back"),
        None => "the history has it".to_owned(),
    }
}

/// A text was entered: it is at home now, also where it was typed anew.
pub(super) fn entered(model: &mut Model, text: &str) {
    model.homeless.retain(|homeless| homeless != text);
    settle(model);
}

/// What was brought back was sent, or thrown away.
pub(super) fn settle(model: &mut Model) {
    if let Some(text) = model.history.recalled() {
        model.homeless.retain(|homeless| homeless != text);
    }
    model.history.let_go();
}
