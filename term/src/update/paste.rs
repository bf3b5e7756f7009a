//! Pasting: never sends by itself, and asks what to do with many lines.

use super::{Intent, error, go_to, hint, homeless, keys, popups, write};
use crate::keymap::Action;
use crate::model::{
    INPUT_BYTES_MAX, LINES_ASKED_MIN, Model, PASTE_CHOICES, Paste, PasteChoice, Reach,
};

/// Takes a paste into the input, or asks about it.
pub(super) fn take(model: &mut Model, text: &str) -> Vec<Intent> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if let Some(waiting) = &mut model.pasted {
        // It is taken for another piece of the same.
        let fits = waiting.text.len() + text.len() <= INPUT_BYTES_MAX;
        if fits {
            waiting.text.push_str(&text);
        } else {
            error(model, "The paste is too long; its last part was not taken.");
        }
        return Vec::new();
    }
    if let Some(intents) = popups::insert(model, &text) {
        return intents;
    }
    if line_count(&text) < LINES_ASKED_MIN {
        write(model, &text);
        return Vec::new();
    }
    model.armed = None;
    model.seeking = None;
    let title = model.here().map_or_else(String::new, |room| room.title.clone());
    let choice = PasteChoice::Edit;
    model.pasted = Some(Paste { text, room: model.here, title, choice });
    Vec::new()
}

/// How many lines a text has; newlines at its end begin none.
pub(crate) fn line_count(text: &str) -> usize {
    text.trim_end_matches('\n').split('\n').count()
}

/// What a character does while a paste waits; `None` where none does.
pub(super) fn type_in(model: &mut Model, c: char) -> Option<Vec<Intent>> {
    model.pasted.as_ref()?;
    let c = c.to_ascii_lowercase();
    let chosen = PASTE_CHOICES.iter().find(|(_, letter, _)| *letter == c);
    Some(chosen.map_or_else(Vec::new, |(choice, ..)| carry_out(model, *choice)))
}

/// What a key does while a paste waits; `None` where it does what it always does: one may look
/// into another room before one decides.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Intent>> {
    let paste = model.pasted.as_mut()?;
    let looks_elsewhere = matches!(
        action,
        Action::Room(_)
            | Action::NextRoom
            | Action::PreviousRoom
            | Action::NextUnread
            | Action::LastRoom
            | Action::Suspend
            | Action::Redraw
    );
    if looks_elsewhere {
        return None;
    }
    if action == Action::Enter {
        let choice = paste.choice;
        return Some(carry_out(model, choice));
    }
    if matches!(action, Action::Close | Action::Clear) {
        return Some(carry_out(model, PasteChoice::Cancel));
    }
    let chosen = PASTE_CHOICES.iter().position(|(choice, ..)| *choice == paste.choice).unwrap_or(0);
    if action == Action::Go(Reach::Up) {
        paste.choice = PASTE_CHOICES[chosen.saturating_sub(1)].0;
    } else if action == Action::Go(Reach::Down) {
        paste.choice = PASTE_CHOICES[(chosen + 1).min(PASTE_CHOICES.len() - 1)].0;
    }
    Some(Vec::new())
}

fn carry_out(model: &mut Model, choice: PasteChoice) -> Vec<Intent> {
    let Some(paste) = model.pasted.take() else {
        return Vec::new();
    };
    if choice == PasteChoice::Cancel {
        model.kill_ring.keep(paste.text);
        let back = model.preferences.keymap.hint(Action::Yank, "still puts it in");
        let back = back.unwrap_or_else(|| "it is kept with what was cut".to_owned());
        hint(model, format!("Not pasted; {back}."));
        return Vec::new();
    }
    let text = if choice == PasteChoice::Join { joined(&paste.text) } else { paste.text };
    if paste.room.is_some_and(|room| model.room(room).is_none()) {
        model.put_by(text);
        let back = homeless::brings_back(model, "the paste");
        error(model, format!("You are no longer in {}; {back}.", paste.title));
        return Vec::new();
    }
    let mut intents = Vec::new();
    if let Some(room) = paste.room {
        intents.extend(go_to(model, room));
    }
    // What was pasted is no command, whatever it begins with.
    let is_command = model.input.text().starts_with('/');
    match choice {
        PasteChoice::Send => {
            write(model, text.trim_end_matches('\n'));
            intents.extend(if is_command { keys::enter(model) } else { keys::say(model) });
        }
        PasteChoice::Join | PasteChoice::Edit | PasteChoice::Cancel => write(model, &text),
    }
    intents
}

/// The lines as one, a blank between them.
fn joined(text: &str) -> String {
    let lines = text.split('\n').map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
