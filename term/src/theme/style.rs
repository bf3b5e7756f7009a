//! A look as it is written: `bold bright-red on #202020`.

use std::str::FromStr;

use cursive::style::{BaseColor, Color, Effect};

/// Colours and effects; a colour that is not named is that of plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Look {
    pub(super) front: Option<Color>,
    pub(super) back: Option<Color>,
    /// One bit for each of [`EFFECTS`].
    effects: u8,
}

const EFFECTS: [(Effect, &str); 6] = [
    (Effect::Bold, "bold"),
    (Effect::Dim, "dim"),
    (Effect::Italic, "italic"),
    (Effect::Underline, "underline"),
    (Effect::Reverse, "reverse"),
    (Effect::Strikethrough, "strike"),
];

const COLOURS: [(BaseColor, &str); 8] = [
    (BaseColor::Black, "black"),
    (BaseColor::Red, "red"),
    (BaseColor::Green, "green"),
    (BaseColor::Yellow, "yellow"),
    (BaseColor::Blue, "blue"),
    (BaseColor::Magenta, "magenta"),
    (BaseColor::Cyan, "cyan"),
    (BaseColor::White, "white"),
];

impl Look {
    /// Its effects.
    pub(super) fn effects(self) -> impl Iterator<Item = Effect> {
        let on = move |place: &usize| self.effects & (1 << place) != 0;
        (0..EFFECTS.len()).filter(on).map(|place| EFFECTS[place].0)
    }
}

impl FromStr for Look {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut look = Self::default();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            if let Some(place) = EFFECTS.iter().position(|(_, name)| *name == word) {
                look.effects |= 1 << place;
            } else if word == "on" {
                let name = words.next().ok_or("a colour is to stand behind \"on\"")?;
                look.back = Some(colour(name)?);
            } else if look.front.replace(colour(word)?).is_some() {
                return Err(format!("{text:?} has two colours; the second stands behind \"on\""));
            }
        }
        Ok(look)
    }
}

fn colour(name: &str) -> Result<Color, String> {
    let base = |name| COLOURS.iter().find(|(_, known)| *known == name).map(|(base, _)| *base);
    let named = match name.strip_prefix("bright-") {
        Some(name) => base(name).map(Color::Light),
        None if name == "default" => Some(Color::TerminalDefault),
        None => base(name).map(Color::Dark).or_else(|| hexadecimal(name)),
    };
    named.ok_or_else(|| {
        let effects = EFFECTS.map(|(_, name)| name).join(", ");
        let colours = COLOURS.map(|(_, name)| name).join(", ");
        format!(
            "{name:?} is no colour and no effect; colours are {colours}, each also with bright- \
             before it, default, and #rrggbb; effects are {effects}"
        )
    })
}

fn hexadecimal(text: &str) -> Option<Color> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let is_digit = |c: char| c.is_ascii_hexdigit();
    let number = digits.chars().all(is_digit).then(|| u32::from_str_radix(digits, 16).ok())??;
    let [_, r, g, b] = number.to_be_bytes();
    Some(Color::Rgb(r, g, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_read_word_by_word() {
        let look: Look = "bold bright-red on #20a0FF underline".parse().unwrap();
        assert_eq!(look.front, Some(Color::Light(BaseColor::Red)));
        assert_eq!(look.back, Some(Color::Rgb(0x20, 0xa0, 0xff)));
        assert!(look.effects().eq([Effect::Bold, Effect::Underline]));
        assert_eq!("".parse(), Ok(Look::default()));
        assert_eq!("default".parse::<Look>().unwrap().front, Some(Color::TerminalDefault));
    }

    #[test]
    fn what_is_no_look_is_named() {
        for (text, why) in [
            ("pink", "\"pink\" is no colour"),
            ("#12345", "\"#12345\" is no colour"),
            ("#12345é", "is no colour"),
            ("#+12345", "is no colour"),
            ("bright-default", "is no colour"),
            ("red blue", "two colours"),
            ("red on", "behind \"on\""),
        ] {
            let error = text.parse::<Look>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
