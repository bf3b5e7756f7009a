//! What a line does: it says something, is a command, fills in a field, or answers a question.

use crate::console::{YesOrNo, yes_or_no};
use crate::keymap::Action;
use crate::model::{Field, Model, Popup, Reach, Value};
use crate::update::{Intent, Msg, update};

/// What closes a form without an answer.
pub(super) const GIVE_UP: &str = "/cancel";

/// Takes a line in.
pub(super) fn take(model: &mut Model, line: &str) -> Vec<Intent> {
    match model.popup() {
        Some(Popup::Question(_)) => match yes_or_no(line) {
            Some(YesOrNo::Yes) => type_in(model, "y"),
            Some(YesOrNo::No) => act(model, Action::Close),
            // It is asked again.
            None => Vec::new(),
        },
        Some(Popup::Form(_)) if line.trim() == GIVE_UP => act(model, Action::Close),
        Some(Popup::Form(form)) => {
            let mut intents = match chosen(&form.fields[form.at], line) {
                Some(steps) => {
                    let steps = (0..steps).map(|_| act(model, Action::Go(Reach::Right)));
                    steps.flatten().collect()
                }
                None => {
                    // What was refused is filled in anew.
                    act(model, Action::Go(Reach::LineEnd));
                    act(model, Action::Kill(Reach::LineStart));
                    type_in(model, line)
                }
            };
            intents.extend(act(model, Action::Enter));
            intents
        }
        // Lists and help are told and closed at once, so the line is not for them.
        Some(Popup::List(_) | Popup::Help { .. } | Popup::GoTo(_)) | None => {
            let mut intents = Vec::new();
            if !line.is_empty() && !model.input.is_empty() {
                intents.extend(act(model, Action::Clear));
            }
            intents.extend(type_in(model, line));
            if !model.input.is_empty() {
                intents.extend(act(model, Action::Enter));
            }
            intents
        }
    }
}

/// How far the choice that a line names lies behind the present one; `None` where nothing is chosen.
fn chosen(field: &Field, line: &str) -> Option<usize> {
    match &field.value {
        Value::Text(_) | Value::Secret(_) => None,
        Value::Choice { of, chosen } => {
            let number = line.trim().parse().ok().filter(|number| (1..=of.len()).contains(number));
            Some(number.map_or(0, |number: usize| (number - 1 + of.len() - chosen) % of.len()))
        }
    }
}

fn act(model: &mut Model, action: Action) -> Vec<Intent> {
    update(model, Msg::Act(action))
}

fn type_in(model: &mut Model, line: &str) -> Vec<Intent> {
    line.chars().flat_map(|c| update(model, Msg::Type(c))).collect()
}
