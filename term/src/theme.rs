//! How the screen looks, as data: a style for every role that something on it has.
//!
//! The shipped themes are written as the user's own are, in TOML beside this file.

mod style;

use cursive::style::{Color, ColorStyle, Style};

use self::style::Look;

/// What something on the screen is, which decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Text as it is.
    Text,
    /// Text that matters less.
    Faint,
    /// Rules between things.
    Rule,
    /// When something was said.
    Time,
    /// What happened, and is no message.
    Event,
    /// A message that is not acknowledged.
    Queued,
    /// A message that mentions the reader, and a room that has one.
    Mention,
    /// What stands above a list or a form.
    Heading,
    /// The bar at the top.
    Title,
    /// The room in it.
    TitleRoom,
    /// The bar that says that there is no connection.
    Banner,
    /// What went wrong.
    Error,
    /// What is good to know.
    Hint,
    /// Which keys do what.
    Keys,
    /// What stands before the input.
    Prompt,
    /// What is chosen.
    Chosen,
    /// Where one is.
    Here,
    /// What is not read.
    Unread,
    /// The name of somebody, always in the same colour.
    Name(u32),
}

impl Role {
    /// Every role but the names, by what it is called in the configuration.
    const ALL: [(Self, &'static str); 18] = [
        (Self::Text, "text"),
        (Self::Faint, "faint"),
        (Self::Rule, "rule"),
        (Self::Time, "time"),
        (Self::Event, "event"),
        (Self::Queued, "queued"),
        (Self::Mention, "mention"),
        (Self::Heading, "heading"),
        (Self::Title, "title"),
        (Self::TitleRoom, "title_room"),
        (Self::Banner, "banner"),
        (Self::Error, "error"),
        (Self::Hint, "hint"),
        (Self::Keys, "keys"),
        (Self::Prompt, "prompt"),
        (Self::Chosen, "chosen"),
        (Self::Here, "here"),
        (Self::Unread, "unread"),
    ];

    /// The role of a user's name.
    pub(crate) fn name(name: &str) -> Self {
        // FNV-1a: the same on every machine and in every version.
        Self::Name(
            name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            }),
        )
    }

    /// What the roles are called, and `names`, the list of those of users.
    pub(crate) fn keys() -> Vec<&'static str> {
        Self::ALL.iter().map(|(_, name)| *name).chain([NAMES]).collect()
    }
}

/// The key of the looks of names.
const NAMES: &str = "names";

/// A look for every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Theme {
    looks: [Look; Role::ALL.len()],
    names: Vec<Look>,
}

/// Whether the terminal is light or dark, as far as it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Background {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
    /// It does not say.
    Unknown,
}

impl Background {
    /// What `COLORFGBG` says. Asking the terminal itself would need an answer from it, which would
    /// be taken for keys where it comes late.
    pub(crate) fn from_env() -> Self {
        Self::told_by(&std::env::var("COLORFGBG").unwrap_or_default())
    }

    fn told_by(colorfgbg: &str) -> Self {
        match colorfgbg.rsplit_once(';').and_then(|(_, back)| back.parse::<u8>().ok()) {
            Some(0..=6 | 8) => Self::Dark,
            Some(7 | 9..=15) => Self::Light,
            Some(16..) | None => Self::Unknown,
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::shipped("default").expect("invariant: the default theme is shipped")
    }
}

impl Theme {
    /// The names of the shipped themes.
    pub(crate) const SHIPPED: [&'static str; 3] = ["default", "light", "dark"];

    /// A shipped theme.
    pub(crate) fn shipped(name: &str) -> Option<Self> {
        let text = match name {
            "default" => include_str!("theme/default.toml"),
            "light" => include_str!("theme/light.toml"),
            "dark" => include_str!("theme/dark.toml"),
            _ => return None,
        };
        let mut theme = Self { looks: [Look::default(); 18], names: vec![Look::default()] };
        let table: toml::Table = text.parse().expect("invariant: a shipped theme is TOML");
        for (key, value) in &table {
            let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let words: Vec<_> = several.iter().filter_map(toml::Value::as_str).collect();
            theme.set(key, &words).expect("invariant: a shipped theme is understood");
        }
        Some(theme)
    }

    /// The shipped theme that suits a terminal.
    pub(crate) fn fitting(background: Background) -> Self {
        let name = match background {
            Background::Light => "light",
            Background::Dark => "dark",
            // Its colours are the terminal's own, which can be read on its ground.
            Background::Unknown => "default",
        };
        Self::shipped(name).expect("invariant: the theme of each ground is shipped")
    }

    /// Has a role look otherwise.
    ///
    /// # Errors
    /// Where a look makes no sense, with why. The role is known to be one of [`Role::keys`].
    pub(crate) fn set(&mut self, role: &str, looks: &[impl AsRef<str>]) -> Result<(), String> {
        let parsed = looks.iter().map(|look| look.as_ref().parse()).collect::<Result<Vec<_>, _>>();
        match (Role::ALL.iter().position(|(_, name)| *name == role), parsed?.as_slice()) {
            (_, []) => Err("the list is empty".to_owned()),
            (None, several) => {
                self.names = several.to_vec();
                Ok(())
            }
            (Some(place), [look]) => {
                self.looks[place] = *look;
                Ok(())
            }
            (Some(_), _) => Err("takes one look".to_owned()),
        }
    }

    /// How a role looks. What its look leaves open is as in plain text.
    pub(crate) fn style(&self, role: Role) -> Style {
        let look = match role {
            Role::Name(hash) => self.names[hash as usize % self.names.len()],
            Role::Text
            | Role::Faint
            | Role::Rule
            | Role::Time
            | Role::Event
            | Role::Queued
            | Role::Mention
            | Role::Heading
            | Role::Title
            | Role::TitleRoom
            | Role::Banner
            | Role::Error
            | Role::Hint
            | Role::Keys
            | Role::Prompt
            | Role::Chosen
            | Role::Here
            | Role::Unread => {
                let place = Role::ALL.iter().position(|(known, _)| *known == role);
                self.looks[place.unwrap_or_default()]
            }
        };
        let text = self.looks[0];
        let front = look.front.or(text.front).unwrap_or(Color::TerminalDefault);
        let back = look.back.or(text.back).unwrap_or(Color::TerminalDefault);
        let style = Style::from(ColorStyle::new(front, back));
        look.effects().fold(style, Style::combine)
    }
}

#[cfg(test)]
mod tests {
    use cursive::style::{BaseColor, Effect};

    use super::*;

    #[test]
    fn every_shipped_theme_says_how_every_role_looks() {
        for name in Theme::SHIPPED {
            let theme = Theme::shipped(name).unwrap();
            assert!(theme.names.len() >= 8, "{name} has few colours for names");
            for (role, _) in Role::ALL.iter().skip(1).filter(|(role, _)| *role != Role::Text) {
                assert_ne!(theme.style(*role), theme.style(Role::Text), "{name}: {role:?}");
            }
            let mut unlike = theme.names.clone();
            unlike.dedup();
            assert_eq!(unlike, theme.names, "{name}: names that look alike");
        }
    }

    #[test]
    fn no_shipped_theme_needs_colours_to_show_what_is_chosen() {
        for name in Theme::SHIPPED {
            let theme = Theme::shipped(name).unwrap();
            for (look, (role, _)) in theme.looks.iter().zip(Role::ALL) {
                if matches!(role, Role::Chosen | Role::Title | Role::Banner) {
                    assert!(look.effects().any(|e| e == Effect::Reverse), "{name}: {role:?}");
                }
            }
        }
    }

    #[test]
    fn the_ground_decides() {
        for (said, ground) in [
            ("15;0", Background::Dark),
            ("0;15", Background::Light),
            ("0;default;7", Background::Light),
            ("12;8", Background::Dark),
            ("15;default", Background::Unknown),
            ("15;77", Background::Unknown),
            ("", Background::Unknown),
        ] {
            assert_eq!(Background::told_by(said), ground, "{said}");
        }
    }

    #[test]
    fn what_a_look_leaves_open_is_as_in_plain_text() {
        let mut theme = Theme::default();
        theme.set("text", &["black on white"]).unwrap();
        theme.set("time", &["red"]).unwrap();
        let colours = |front, back| ColorStyle::new(Color::Dark(front), Color::Dark(back));
        assert_eq!(theme.style(Role::Time).color, colours(BaseColor::Red, BaseColor::White));
        theme.set("names", &["on blue"]).unwrap();
        let name = theme.style(Role::name("alice"));
        assert_eq!(name.color, colours(BaseColor::Black, BaseColor::Blue));
    }

    #[test]
    fn a_name_always_looks_the_same() {
        assert_eq!(Role::name("alice"), Role::Name(0x8722_13e7));
    }
}
