//! Bringing back what was written before: line by line, or by searching for it.

use super::{check, error, hint};
use crate::keymap::{Action, Key, Named};
use crate::model::{From, Model, Reach, Seeking};

/// The longest text that is sought, in bytes.
const SOUGHT_BYTES_MAX: usize = 200;

/// Shows the line before the one in the input.
pub(super) fn older(model: &mut Model) {
    if let Some(line) = model.history.older(model.here, model.input.text()) {
        show(model, &line);
    }
}

/// Shows the line behind the one in the input.
pub(super) fn newer(model: &mut Model) {
    if let Some(line) = model.history.newer(model.here, model.input.text()) {
        show(model, &line);
    }
}

/// Begins a search.
pub(super) fn begin(model: &mut Model) {
    model.seeking = Some(Seeking::new(model.input.text()));
    tell(model);
}

/// Takes a character into the text that is sought; `false` where nothing is sought.
pub(super) fn type_in(model: &mut Model, c: char) -> bool {
    let Some(seeking) = &mut model.seeking else {
        return false;
    };
    if seeking.text.len() + c.len_utf8() <= SOUGHT_BYTES_MAX {
        seeking.text.push(c);
    }
    seek(model, From::Found);
    true
}

/// What a key does to the search that goes on; `false` where it does what it always does.
pub(super) fn act(model: &mut Model, action: Action) -> bool {
    let Some(mut seeking) = model.seeking.take() else {
        return false;
    };
    if action == Action::Recall {
        model.seeking = Some(seeking);
        seek(model, From::Older);
    } else if action == Action::Delete(Reach::Left) {
        seeking.text.pop();
        model.seeking = Some(seeking);
        seek(model, From::Newest);
    } else {
        model.notice = None;
        if matches!(action, Action::Close | Action::Clear) {
            show(model, &seeking.before);
        } else if action != Action::Enter {
            return false;
        }
        // What was found is not sent unseen.
    }
    true
}

fn seek(model: &mut Model, from: From) {
    let Some(seeking) = &mut model.seeking else {
        return;
    };
    if seeking.text.is_empty() {
        return tell(model);
    }
    match model.history.find(model.here, seeking, from) {
        Some(line) => {
            show(model, &line);
            tell(model);
        }
        None => {
            let sought = seeking.text.clone();
            error(model, format!("Nothing {}with “{sought}” was written here.", older_word(from)));
        }
    }
}

fn older_word(from: From) -> &'static str {
    match from {
        From::Older => "older ",
        From::Newest | From::Found => "",
    }
}

fn show(model: &mut Model, line: &str) {
    let fit = model.input.set(line);
    check(model, fit);
}

fn tell(model: &mut Model) {
    let Some(seeking) = &model.seeking else {
        return;
    };
    let key = |action, otherwise| {
        model.preferences.keymap.key_of(action).unwrap_or(Key::Named(otherwise))
    };
    let older = key(Action::Recall, Named::Up);
    let takes = key(Action::Enter, Named::Enter);
    let back = key(Action::Close, Named::Esc);
    let text = format!(
        "Written before with “{}”: {older} for an older one, {takes} takes it, {back} goes back.",
        seeking.text
    );
    hint(model, text);
}
