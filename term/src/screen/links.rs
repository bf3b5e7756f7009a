//! Links on the screen: cells that belong to a link have a colour that only our backend knows,
//! so that cursive prints them anew when their link changes.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use cursive::style::{Color, ColorStyle, Effect, Style};
use parlor_protocol::text::printable_block;

use crate::links;

/// The most links that have a number at a time.
const LINKS_MAX: usize = 2_048;
/// No colour of the cube has an intensity of more than 5.
const LINK: u8 = 0xff;

/// The links that are or were lately on the screen, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Links {
    targets: Mutex<Vec<String>>,
}

/// A piece of a line that belongs to a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// Which bytes of the line.
    pub(super) bytes: Range<usize>,
    /// The link's number.
    pub(super) number: u16,
}

impl Links {
    /// A link's number, the same for the same link; `None` where there are too many.
    fn number(&self, target: &str) -> Option<u16> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let known = targets.iter().position(|known| known == target);
        if known.is_none() && targets.len() < LINKS_MAX {
            targets.push(target.to_owned());
        }
        let place = known.unwrap_or(targets.len() - 1);
        (targets[place] == target).then(|| u16::try_from(place).ok())?
    }

    /// What the terminal is told at a link's beginning.
    pub(super) fn opening(&self, number: u16) -> String {
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let target = targets.get(usize::from(number)).map_or("", String::as_str);
        format!("\x1b]8;id=parlor{number};{target}\x07")
    }

    /// Whether another link might get no number.
    pub(super) fn is_full(&self) -> bool {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).len() >= LINKS_MAX
    }

    /// Forgets all; everything has to be painted anew.
    pub(super) fn clear(&self) {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Which pieces of a text's lines belong to links. White space is what wrapping may change, so
    /// places are counted without it.
    pub(super) fn spans(&self, text: &str, lines: &[String]) -> Vec<Vec<Span>> {
        let mut spans = vec![Vec::new(); lines.len()];
        let text = printable_block(text);
        let found = links::find(&text);
        let total: usize = lines.iter().map(|line| ink(line)).sum();
        if found.is_empty() || total != ink(&text) {
            return spans;
        }
        for link in found {
            let Some(number) = self.number(&links::target(&text[link.clone()])) else {
                continue;
            };
            let from = ink(&text[..link.start]);
            let to = from + ink(&text[link]);
            let mut before = 0;
            for (line, spans) in lines.iter().zip(&mut spans) {
                let behind = before + ink(line);
                if from < behind && to > before {
                    let start = inked_at(line, from.saturating_sub(before));
                    let last = inked_at(line, to.min(behind) - before - 1);
                    let end = last + line[last..].chars().next().map_or(0, char::len_utf8);
                    spans.push(Span { bytes: start..end, number });
                }
                before = behind;
            }
        }
        spans
    }
}

/// What the terminal is told at a link's end.
pub(super) const CLOSING: &[u8] = b"\x1b]8;;\x07";

/// How a link looks.
pub(super) fn style(number: u16) -> Style {
    let [high, low] = number.to_be_bytes();
    let colour = Color::RgbLowRes(LINK, high, low);
    Style::from(ColorStyle::new(colour, Color::TerminalDefault)).combine(Effect::Underline)
}

/// The number of the link that a colour stands for.
pub(super) fn number_of(colour: Color) -> Option<u16> {
    match colour {
        Color::RgbLowRes(LINK, high, low) => Some(u16::from_be_bytes([high, low])),
        Color::TerminalDefault
        | Color::Dark(_)
        | Color::Light(_)
        | Color::Rgb(..)
        | Color::RgbLowRes(..) => None,
    }
}

/// How many characters are no white space.
fn ink(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// Where the character of that number is, white space not counted.
fn inked_at(line: &str, number: usize) -> usize {
    let mut inked = line.char_indices().filter(|(_, c)| !c.is_whitespace());
    inked.nth(number).map_or(line.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::paint;

    fn pieces(text: &str, width: usize) -> Vec<(String, u16)> {
        let lines = paint::wrap(text, width, width);
        let spans = Links::default().spans(text, &lines);
        let pieces = lines.iter().zip(spans).flat_map(|(line, spans)| {
            spans.into_iter().map(|span| (line[span.bytes].to_owned(), span.number))
        });
        pieces.collect()
    }

    #[test]
    fn a_wrapped_link_is_one_link() {
        let text = "see\thttps://a.example/long, and http://b.example or https://a.example/long";
        let piece = |piece: &str, number| (piece.to_owned(), number);
        assert_eq!(
            pieces(text, 16),
            [
                piece("https://a.exampl", 0),
                piece("e/long", 0),
                piece("http://b.example", 1),
                piece("https://a.exampl", 0),
                piece("e/long", 0),
            ]
        );
    }

    #[test]
    fn more_links_than_there_are_numbers_are_none() {
        let links = Links::default();
        for number in 0..LINKS_MAX {
            assert!(links.number(&number.to_string()).is_some());
        }
        assert!(links.is_full());
        assert_eq!((links.number("one more"), links.number("7")), (None, Some(7)));
    }

    proptest::proptest! {
        #[test]
        fn spans_are_the_link_however_it_is_wrapped(before in "[a-z 世\t\n]{0,20}", path in "[a-z/]{0,30}[a-z]", behind in "( [a-z 世\n]{0,20})?", width in 2..40usize) {
            let link = format!("https://h/{path}");
            let text = format!("{before} {link}{behind}");
            let together: String = pieces(&text, width).into_iter().map(|(piece, _)| piece).collect();
            proptest::prop_assert_eq!(together, link);
        }
    }
}
