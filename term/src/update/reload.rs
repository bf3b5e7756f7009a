//! Taking over what the user wants of the screen, where the configuration file has changed.

use std::sync::Arc;

use super::{Intent, error, hint};
use crate::model::Model;
use crate::preferences::Preferences;

/// What came of reading the configuration file anew.
#[derive(Debug, Clone)]
pub(crate) struct Reloaded {
    /// What the user wants of the screen; otherwise what is wrong with the file, and where.
    pub(crate) preferences: Result<Arc<Preferences>, String>,
}

/// Takes over what was read. Of a file with a fault nothing is, so that the keys stay as they are
/// under the user's fingers.
pub(super) fn take(model: &mut Model, reloaded: Reloaded) -> Vec<Intent> {
    let mut preferences = match reloaded.preferences {
        Ok(preferences) => preferences,
        Err(why) => {
            error(model, format!("Everything stays as it was: {why}"));
            return Vec::new();
        }
    };
    hint(model, "The configuration is read anew; what it says of hosts counts at the next start.");
    // In which way the client shows itself is settled at its start.
    if preferences.view != model.preferences.view {
        Arc::make_mut(&mut preferences).view = model.preferences.view;
    }
    let before = std::mem::replace(&mut model.preferences, preferences);
    let mut intents = Vec::new();
    // The mouse may have been taken by a key since; that is kept unless the file says otherwise.
    if before.mouse != model.preferences.mouse {
        model.mouse = model.preferences.mouse;
        intents.push(Intent::Mouse(model.mouse));
    }
    intents
}

/// Asks for it by a command.
pub(super) fn ask(model: &mut Model, _: &str) -> Vec<Intent> {
    model.input.take();
    vec![Intent::Reload]
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::Timestamp;

    use super::*;
    use crate::keymap::{Action, Key};
    use crate::model::{Mouse, Notice};
    use crate::update::{Msg, update};

    fn model() -> Model {
        Model::new("alice", "chat", "pinned", Timestamp(0))
    }

    fn reload(model: &mut Model, preferences: Result<Preferences, String>) -> Vec<Intent> {
        let preferences = preferences.map(Arc::new);
        update(model, Msg::Reloaded(Reloaded { preferences }))
    }

    #[test]
    fn another_key_counts_at_once_and_hints_name_it() {
        let mut model = model();
        let mut preferences = Preferences::default();
        preferences.keymap.bind(Key::Ctrl('q'), Some(Action::Clear));
        assert!(reload(&mut model, Ok(preferences)).is_empty());
        update(&mut model, Msg::Act(Action::Clear));
        assert_eq!(model.notice, Some(Notice::Hint("Ctrl-Q again quits.".into())));
    }

    #[test]
    fn a_file_with_a_fault_changes_nothing_and_is_told_of() {
        let mut model = model();
        let before = Arc::clone(&model.preferences);
        assert!(reload(&mut model, Err("config.toml:3: unknown key".into())).is_empty());
        assert!(Arc::ptr_eq(&before, &model.preferences));
        let says = "Everything stays as it was: config.toml:3: unknown key";
        assert_eq!(model.notice, Some(Notice::Error(says.into())));
    }

    #[test]
    fn the_mouse_changes_hands_only_where_the_file_says_so() {
        let mut model = model();
        model.mouse = Mouse::Ours;
        assert!(reload(&mut model, Ok(Preferences::default())).is_empty());
        assert_eq!(model.mouse, Mouse::Ours);
        let wanted = Preferences { mouse: Mouse::Ours, ..Preferences::default() };
        assert_eq!(reload(&mut model, Ok(wanted)), [Intent::Mouse(Mouse::Ours)]);
        let wanted = Preferences::default();
        assert_eq!(reload(&mut model, Ok(wanted)), [Intent::Mouse(Mouse::Terminals)]);
    }
}
