//! What the configuration file says of the screen: `[screen]`, `[notifications]`, `[keys]` and the
//! user's own themes.

use super::document::{Document, Pair, in_order};
use super::{ConfigError, unknown};
use crate::keymap::{Action, Key, Keymap};
use crate::model::Mouse;
use crate::preferences::{Preferences, View};
use crate::theme::{Background, Role, Theme};

/// The sections that are read here.
pub(super) const SECTIONS: [&str; 4] = ["screen", "notifications", "keys", "theme"];

/// What the theme is called that suits the terminal.
const AUTO: &str = "auto";
/// What stands for a key that does nothing.
const NONE: &str = "none";

/// What the file says of the screen; the rest is as shipped.
///
/// # Errors
/// For whatever is not understood there, with its line.
pub(super) fn preferences(
    name: &str,
    text: &str,
    background: Background,
) -> Result<Preferences, ConfigError> {
    let file = Document { name, text };
    let table = file.table()?;
    let mut read = Preferences { theme: Theme::fitting(background), ..Preferences::default() };
    let mut themes = Vec::new();
    // A theme may stand behind the line that names it.
    for pair in in_order(&table).into_iter().filter(|(key, _)| key.get_ref() == "theme") {
        for theme in file.section(pair, "[theme.mine]")? {
            themes.push((theme.0.get_ref().to_string(), own_theme(file, theme, background)?));
        }
    }
    for pair in in_order(&table) {
        match pair.0.get_ref().as_ref() {
            "screen" => screen(file, pair, &themes, &mut read)?,
            "notifications" => notifications(file, pair, &mut read)?,
            "keys" => keys(file, pair, &mut read.keymap)?,
            _ => {}
        }
    }
    Ok(read)
}

fn screen(
    file: Document<'_>,
    section: Pair<'_, '_>,
    themes: &[(String, Theme)],
    read: &mut Preferences,
) -> Result<(), ConfigError> {
    for (key, value) in file.section(section, "[screen]")? {
        match key.get_ref().as_ref() {
            "theme" => {
                let named = file.one_word(value)?;
                let own = themes.iter().find(|(name, _)| *name == named).map(|(_, theme)| theme);
                if let Some(theme) = own.cloned().or_else(|| Theme::shipped(&named)) {
                    read.theme = theme;
                } else if named != AUTO {
                    let own = themes.iter().map(|(name, _)| name.as_str());
                    let known: Vec<_> =
                        [AUTO].into_iter().chain(Theme::SHIPPED).chain(own).collect();
                    return Err(file.error(&value.span(), &unknown("theme", &named, &known)));
                }
            }
            "mouse" => {
                read.mouse = if file.yes(value)? { Mouse::Ours } else { Mouse::Terminals };
            }
            "plain" => read.view = if file.yes(value)? { View::Plain } else { View::Full },
            other => {
                let why = unknown("key", other, &["theme", "mouse", "plain"]);
                return Err(file.error(&key.span(), &why));
            }
        }
    }
    Ok(())
}

fn notifications(
    file: Document<'_>,
    section: Pair<'_, '_>,
    read: &mut Preferences,
) -> Result<(), ConfigError> {
    for (key, value) in file.section(section, "[notifications]")? {
        match key.get_ref().as_ref() {
            "bell" => read.calls.bell = file.yes(value)?,
            "desktop" => read.calls.desktop = file.yes(value)?,
            other => {
                let why = unknown("key", other, &["bell", "desktop"]);
                return Err(file.error(&key.span(), &why));
            }
        }
    }
    Ok(())
}

fn keys(file: Document<'_>, section: Pair<'_, '_>, keymap: &mut Keymap) -> Result<(), ConfigError> {
    // Hints show what is bound last; here the first comes first.
    for (key, value) in file.section(section, "[keys]")?.into_iter().rev() {
        let bound = key.get_ref().parse::<Key>();
        let bound = bound.map_err(|why| file.error(&key.span(), &why))?;
        let named = file.one_word(value)?;
        let action = Action::named(&named);
        if action.is_none() && named != NONE {
            let known: Vec<_> = Action::names().chain([NONE]).collect();
            return Err(file.error(&value.span(), &unknown("action", &named, &known)));
        }
        keymap.bind(bound, action);
    }
    Ok(())
}

/// A theme of the user's, which begins with a shipped one.
fn own_theme(
    file: Document<'_>,
    section: Pair<'_, '_>,
    background: Background,
) -> Result<Theme, ConfigError> {
    const BASE: &str = "based_on";
    let mut theme = Theme::fitting(background);
    let pairs = file.section(section, "[theme.mine]")?;
    if let Some((_, value)) = pairs.iter().find(|(key, _)| key.get_ref() == BASE) {
        let base = file.one_word(value)?;
        theme = Theme::shipped(&base)
            .ok_or_else(|| file.error(&value.span(), &unknown("theme", &base, &Theme::SHIPPED)))?;
    }
    for (key, value) in pairs.into_iter().filter(|(key, _)| key.get_ref() != BASE) {
        let role = key.get_ref().as_ref();
        let mut known = Role::keys();
        if !known.contains(&role) {
            known.push(BASE);
            return Err(file.error(&key.span(), &unknown("key", role, &known)));
        }
        theme.set(role, &file.words(value)?).map_err(|why| file.error(&value.span(), &why))?;
    }
    Ok(theme)
}
