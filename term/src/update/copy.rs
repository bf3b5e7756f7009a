//! Choosing messages, and copying them or their links into the terminal's clipboard.

use super::{Intent, error, hint};
use crate::keymap::Action;
use crate::links;
use crate::model::{Model, Room, Said, Selection, Step, What};

/// The longest text that is copied, in bytes: what common terminals take once it is encoded.
const COPY_BYTES_MAX: usize = 70_000;

/// Chooses the message before or behind the chosen one.
pub(super) fn choose(model: &mut Model, step: Step) {
    let Some(room) = here(model) else { return };
    room.selection = Selection::moved(room.selection, &room.timeline, step);
    match room.selection {
        Some(_) => tell(model),
        None => model.notice = None,
    }
}

/// Begins to choose all from the chosen message on, or ends it.
pub(super) fn extend(model: &mut Model) {
    let selection = here(model).and_then(|room| room.selection.as_mut());
    match selection {
        Some(selection) => {
            selection.anchor = match selection.anchor {
                Some(_) => None,
                None => Some(selection.at),
            };
            tell(model);
        }
        None => nothing_chosen(model),
    }
}

/// Copies what is chosen. One message is copied as it was written, several with their authors.
pub(super) fn copy(model: &mut Model) -> Vec<Intent> {
    let said = model.here().map(chosen).unwrap_or_default();
    let text = match said.as_slice() {
        [] => {
            nothing_chosen(model);
            return Vec::new();
        }
        [one] => one.text.clone(),
        several => {
            let lines = several.iter().map(|said| format!("{}: {}", said.author, said.text));
            lines.collect::<Vec<_>>().join("\n")
        }
    };
    let what = match said.len() {
        1 => "the message".to_owned(),
        several => format!("{several} messages"),
    };
    let intents = to_clipboard(model, text, &what);
    if !intents.is_empty() {
        let_go(model);
    }
    intents
}

/// Chooses nothing any more.
pub(super) fn let_go(model: &mut Model) {
    if let Some(room) = here(model) {
        room.selection = None;
    }
}

/// Copies a link of the chosen message, or of the last that has one; once more: the next one in it.
pub(super) fn copy_link(model: &mut Model) -> Vec<Intent> {
    let links = model.here().map(|room| {
        let said: Vec<_> = match room.selection {
            Some(_) => chosen(room),
            None => messages(room)
                .rev()
                .find(|said| !links::find(&said.text).is_empty())
                .into_iter()
                .collect(),
        };
        let links = said.iter().flat_map(|said| {
            links::find(&said.text).into_iter().map(|link| said.text[link].to_owned())
        });
        links.collect::<Vec<_>>()
    });
    let links = links.unwrap_or_default();
    let last =
        model.copied_link.as_ref().and_then(|last| links.iter().position(|link| link == last));
    let next = last.map_or(0, |last| (last + 1) % links.len());
    let Some(link) = links.get(next) else {
        error(model, "There is no link here.");
        return Vec::new();
    };
    model.copied_link = Some(link.clone());
    to_clipboard(model, link.clone(), link)
}

fn to_clipboard(model: &mut Model, text: String, what: &str) -> Vec<Intent> {
    if text.len() > COPY_BYTES_MAX {
        error(model, "That is too long for the clipboard of a terminal; choose less.");
        return Vec::new();
    }
    hint(model, format!("Copied {what}."));
    vec![Intent::Copy(text)]
}

fn here(model: &mut Model) -> Option<&mut Room> {
    model.here.and_then(|here| model.room_mut(here))
}

fn chosen(room: &Room) -> Vec<&Said> {
    let range = room.selection.and_then(|selection| selection.range(&room.timeline));
    let Some(range) = range else {
        return Vec::new();
    };
    let entries = room.timeline.entries().range(range);
    entries.filter_map(|entry| said(&entry.what)).collect()
}

fn messages(room: &Room) -> impl DoubleEndedIterator<Item = &Said> {
    room.timeline.entries().iter().filter_map(|entry| said(&entry.what))
}

fn said(what: &What) -> Option<&Said> {
    match what {
        What::Said(said) => Some(said),
        What::Happened(_) | What::Banned(_) => None,
    }
}

fn nothing_chosen(model: &mut Model) {
    let key = model.preferences.keymap.key_of(Action::Choose(Step::Up));
    let how = key.map_or_else(String::new, |key| format!("; {key} chooses one"));
    error(model, format!("No message is chosen{how}."));
}

fn tell(model: &mut Model) {
    let keys = [
        (Action::Copy, "copies it"),
        (Action::CopyLink, "copies its link"),
        (Action::Extend, "chooses from here on"),
        (Action::Close, "lets go"),
    ];
    let keymap = &model.preferences.keymap;
    let keys = keys
        .into_iter()
        .filter_map(|(action, does)| keymap.key_of(action).map(|key| format!("{key} {does}")));
    let text = keys.collect::<Vec<_>>().join(", ");
    hint(model, format!("{text}."));
}
