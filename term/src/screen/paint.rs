//! Printing untrusted text: everything that a view prints goes through here.

use std::borrow::Cow;

use cursive::Vec2;
use cursive::style::Style;
use parlor_protocol::text::{printable, printable_block};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::theme::{Role, Theme};

/// How far apart tab stops are, in columns. Eight would leave little of a narrow screen.
const TAB_COLUMNS: usize = 4;

/// Cursive's printer and the theme by which roles become styles.
pub(super) struct Printer<'a> {
    cursive: &'a cursive::Printer<'a, 'a>,
    theme: &'a Theme,
    /// How much room there is.
    pub(super) size: Vec2,
}

impl<'a> Printer<'a> {
    pub(super) fn new(cursive: &'a cursive::Printer<'a, 'a>, theme: &'a Theme) -> Self {
        Self { cursive, theme, size: cursive.size }
    }

    /// How a role looks.
    pub(super) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}

/// How many columns a text takes, cluster by cluster: the width of a whole string may be less,
/// because ligatures count there, and cursive places clusters.
pub(super) fn columns(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.graphemes(true).map(UnicodeWidthStr::width).sum()
    }
}

/// Prints as much of a text as fits into `width` columns from `(x, y)`; gives the columns used.
pub(super) fn text(printer: &Printer, at: (usize, usize), width: usize, text: &str) -> usize {
    styled(printer, at, width, text, Role::Text)
}

fn print(printer: &cursive::Printer, (x, y): (usize, usize), width: usize, text: &str) -> usize {
    let text = printable(text);
    let width = width.min(printer.size.x.saturating_sub(x));
    if y >= printer.size.y || width == 0 {
        return 0;
    }
    if text.is_ascii() {
        let shown = &text[..text.len().min(width)];
        printer.print((x, y), shown);
        return shown.len();
    }
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let columns = cluster.width();
        if used + columns > width {
            break;
        }
        printer.print((x + used, y), cluster);
        used += columns;
    }
    used
}

/// Like [`text`], as something of a role.
pub(super) fn styled(
    printer: &Printer,
    at: (usize, usize),
    width: usize,
    shown: &str,
    role: Role,
) -> usize {
    in_style(printer, at, width, shown, printer.style(role))
}

/// Like [`text`], in a style that no role has by itself.
pub(super) fn in_style(
    printer: &Printer,
    at: (usize, usize),
    width: usize,
    shown: &str,
    style: Style,
) -> usize {
    let mut used = 0;
    printer.cursive.with_style(style, |printer| used = print(printer, at, width, shown));
    used
}

/// Fills `width` columns of a row with blanks.
pub(super) fn blank(printer: &Printer, at: (usize, usize), width: usize, role: Role) {
    across(printer, at, width, " ", role);
}

/// Fills `width` columns of a row with a character.
pub(super) fn across(
    printer: &Printer,
    (x, y): (usize, usize),
    width: usize,
    with: &str,
    role: Role,
) {
    let width = width.min(printer.size.x.saturating_sub(x));
    if y < printer.size.y && width > 0 {
        let style = printer.style(role);
        printer.cursive.with_style(style, |printer| printer.print_hline((x, y), width, with));
    }
}

/// The text cut to a width, with `…` at its end where something is missing.
pub(super) fn clipped(text: &str, width: usize) -> Cow<'_, str> {
    let text = printable(text);
    if columns(&text) <= width {
        return text;
    }
    let mut cut = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        used += cluster.width();
        if used + 1 > width {
            break;
        }
        cut.push_str(cluster);
    }
    if width > 0 {
        cut.push('…');
    }
    Cow::Owned(cut)
}

/// Breaks a text into lines of at most `width` columns, between words where possible. The first
/// line has only `first` columns. Tabs are expanded, and what must not be shown is replaced.
pub(super) fn wrap(text: &str, first: usize, width: usize) -> Vec<String> {
    let text = printable_block(text);
    let mut lines = Vec::new();
    let mut room = first.max(1);
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in words(paragraph) {
            let word = if word == "\t" {
                Cow::Owned(" ".repeat(TAB_COLUMNS - used % TAB_COLUMNS))
            } else {
                Cow::Borrowed(word)
            };
            let columns = columns(&word);
            if used + columns <= room {
                line.push_str(&word);
                used += columns;
                continue;
            }
            // White space at which a line breaks is not shown.
            if used > 0 {
                lines.push(std::mem::take(&mut line));
                (used, room) = (0, width.max(1));
                if word.trim().is_empty() {
                    continue;
                }
            }
            for cluster in word.graphemes(true) {
                let fits_below = cluster.width() <= width.max(1);
                if used + cluster.width() > room && (used > 0 || fits_below) {
                    lines.push(std::mem::take(&mut line));
                    (used, room) = (0, width.max(1));
                }
                // A cluster that is wider than the whole line cannot be shown.
                let cluster = if cluster.width() > room { "\u{fffd}" } else { cluster };
                line.push_str(cluster);
                used += cluster.width();
            }
        }
        lines.push(line);
        room = width.max(1);
    }
    lines
}

/// The pieces between which a line may break: before and after white space, and between the words of
/// scripts that have wide characters and write none. So no line begins with a full stop.
fn words(paragraph: &str) -> impl Iterator<Item = &str> {
    let mut bounds = paragraph.split_word_bound_indices().peekable();
    std::iter::from_fn(move || {
        let (start, mut last) = bounds.next()?;
        while let Some(&(end, next)) = bounds.peek() {
            if may_break(last, next) {
                return Some(&paragraph[start..end]);
            }
            last = next;
            bounds.next();
        }
        Some(&paragraph[start..])
    })
}

fn may_break(before: &str, behind: &str) -> bool {
    const OPENING: [char; 11] = ['(', '[', '{', '（', '［', '「', '『', '【', '《', '“', '‘'];
    let is_wide = |piece: &str| piece.width() > piece.chars().count();
    let may_begin = behind.starts_with(char::is_alphanumeric) || behind.starts_with(OPENING);
    before.starts_with(char::is_whitespace)
        || behind.starts_with(char::is_whitespace)
        || (may_begin && (is_wide(before) || is_wide(behind)) && !before.ends_with(OPENING))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_between_words_and_long_words_anywhere() {
        for (text, first, width, lines) in [
            ("one two three", 7, 7, vec!["one two", "three"]),
            ("one two three", 3, 9, vec!["one", "two three"]),
            ("abcdefgh", 3, 4, vec!["abc", "defg", "h"]),
            ("a\n\nb", 9, 9, vec!["a", "", "b"]),
            ("a\tb", 9, 9, vec!["a   b"]),
            ("世界世界", 5, 5, vec!["世界", "世界"]),
            ("it is back.", 10, 10, vec!["it is ", "back."]),
            ("say \"hi\"!", 7, 7, vec!["say ", "\"hi\"!"]),
            ("世界。世界", 5, 5, vec!["世", "界。", "世界"]),
            ("世（界）", 5, 6, vec!["世", "（界）"]),
            ("世", 1, 1, vec!["\u{fffd}"]),
            ("A🩰", 2, 1, vec!["A", "\u{fffd}"]),
            ("", 5, 5, vec![""]),
            ("ab", 0, 0, vec!["a", "b"]),
        ] {
            assert_eq!(wrap(text, first, width), lines, "{text:?} {first} {width}");
        }
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(clipped("abcdef", 6), "abcdef");
        assert_eq!(clipped("abcdef", 4), "abc…");
        assert_eq!(clipped("世界世界", 4), "世…");
        assert_eq!(clipped("abc", 0), "");
    }

    proptest::proptest! {
        #[test]
        fn no_wrapped_line_is_wider_than_it_may_be(text in "(\\PC|[\u{0}-\u{20}\u{1100}\u{300}\u{644}\u{627}\u{200d}世\u{1f468}\u{fe0f}]){0,80}", first in 0..12usize, width in 0..12usize) {
            let lines = wrap(&text, first, width);
            for (place, line) in lines.iter().enumerate() {
                let room = if place == 0 { first.max(1) } else { width.max(1) };
                proptest::prop_assert!(columns(line) <= room, "{:?} in {}", line, room);
            }
        }
    }
}
