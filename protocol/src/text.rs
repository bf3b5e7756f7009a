//! Untrusted text: what is taken in of it, and what of it may be shown.
//!
//! At entry a body, a reason or a topic is cleaned ([`MessageText`], [`Reason`], [`Topic`]). At exit everything that
//! goes to a terminal or a log line passes [`printable()`] or [`printable_block`], and every string
//! of a JSON record passes [`escape_json`]. The two sides are separate on purpose: what is stored
//! was written by somebody's rules of that day, what is shown must be harmless by today's.

mod json;
mod mention;
mod printable;

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use self::json::{escape_json, quote_json};
pub use self::mention::mentions;
pub use self::printable::{printable, printable_block};
use crate::validated::validated_string;

/// The longest body of a message, in characters (Unicode scalar values).
pub const MAX_BODY_CHARS: usize = 4_000;
/// The longest body of a message, in bytes of UTF-8.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// The longest reason, in characters (Unicode scalar values).
pub const MAX_REASON_CHARS: usize = 200;
/// The longest topic, in characters (Unicode scalar values): some lines of a narrow screen, which
/// is what IRC's networks settled on, too.
pub const MAX_TOPIC_CHARS: usize = 300;

/// The most characters in one grapheme cluster. An emoji of two people with skin tones takes ten,
/// a family of four with skin tones eleven; towers of combining marks take more.
pub const MAX_CLUSTER_CHARS: usize = 12;
/// The widest grapheme cluster, in columns. Terminal libraries reserve a few cells a cluster and
/// some of them panic beyond five (three U+1100 in a row are one cluster of six columns). One less
/// than that, because some characters draw the ASCII character behind them into their cluster.
pub const MAX_CLUSTER_COLUMNS: usize = 4;

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing visible was left after cleaning.
    #[error("is empty")]
    Empty,
    /// It has more characters or bytes than its kind may have.
    #[error("is too long")]
    TooLong,
}

/// The body of a message: not blank, at most [`MAX_BODY_CHARS`] and [`MAX_BODY_BYTES`], without
/// control characters other than newline and tab.
///
/// It has no `Display`: it may hold bidi controls and over-long clusters, and is shown through
/// [`printable_block`] only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageText(String);

validated_string!(MessageText, TextError);

impl MessageText {
    /// Cleans and measures a body as somebody typed it.
    ///
    /// # Errors
    /// `Empty` when only white space is left, `TooLong` beyond either limit.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = clean_body(text);
        bounded(&text, MAX_BODY_CHARS, MAX_BODY_BYTES)?;
        Ok(Self(text.into_owned()))
    }

    /// The text without its newtype, for a store.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A reason given for an act: one line, not blank, trimmed, at most [`MAX_REASON_CHARS`].
///
/// Like a body it is shown through [`printable()`] only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason(String);

validated_string!(Reason, TextError);

impl Reason {
    /// Cleans, trims and measures a reason as somebody typed it.
    ///
    /// # Errors
    /// `Empty` when only white space is left, `TooLong` beyond the limit.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = clean_line(text);
        let text = text.trim();
        bounded(text, MAX_REASON_CHARS, MAX_REASON_CHARS * 4)?;
        Ok(Self(text.to_owned()))
    }
}

/// The topic of a room: one line, not blank, trimmed, at most [`MAX_TOPIC_CHARS`].
///
/// Like a body it is shown through [`printable()`] only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(String);

validated_string!(Topic, TextError);

impl Topic {
    /// Cleans, trims and measures a topic as somebody typed it.
    ///
    /// # Errors
    /// `Empty` when only white space is left, `TooLong` beyond the limit.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = clean_line(text);
        let text = text.trim();
        bounded(text, MAX_TOPIC_CHARS, MAX_TOPIC_CHARS * 4)?;
        Ok(Self(text.to_owned()))
    }
}

fn bounded(text: &str, chars_max: usize, bytes_max: usize) -> Result<(), TextError> {
    if text.len() > bytes_max || text.chars().nth(chars_max).is_some() {
        return Err(TextError::TooLong);
    }
    if text.chars().all(char::is_whitespace) {
        return Err(TextError::Empty);
    }
    Ok(())
}

/// What is taken of a text of many lines: all but control characters other than newline and tab.
#[must_use]
pub fn clean_body(text: &str) -> Cow<'_, str> {
    let kept = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(kept) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|&c| kept(c)).collect())
}

/// What is taken of a text of one line: line breaks and tabs become spaces, other control
/// characters go.
#[must_use]
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() || is_break(c)) {
        return Cow::Borrowed(text);
    }
    let line = text.chars().filter_map(|c| match c {
        c if is_break(c) => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    });
    Cow::Owned(line.collect())
}

/// The width of a text in terminal columns, counted a grapheme cluster at a time as screens do.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Whether one grapheme cluster is longer or wider than a terminal can be trusted with.
#[must_use]
pub fn is_overlong(cluster: &str) -> bool {
    exceeds(cluster, MAX_CLUSTER_CHARS, MAX_CLUSTER_COLUMNS)
}

/// Whether a character must never reach a terminal, a log line or a JSON record as it is:
/// controls, whatever steers the direction of writing, other line breaks, and non-characters.
#[must_use]
pub fn is_hazard(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200E}' | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            // The isolates, and behind them the deprecated switches of shaping and mirroring.
            | '\u{2066}'..='\u{206F}'
            | '\u{2028}' | '\u{2029}'
            | '\u{FDD0}'..='\u{FDEF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn exceeds(cluster: &str, chars_max: usize, columns_max: usize) -> bool {
    cluster.chars().nth(chars_max).is_some() || cluster.width() > columns_max
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_loses_controls_but_keeps_newline_and_tab() {
        assert_eq!(clean_body("a\u{1b}[31mb\r\n\tc\u{9b}d\0"), "a[31mb\n\tcd");
        assert!(matches!(clean_body("plain\ntext"), Cow::Borrowed(_)));
    }

    #[test]
    fn line_turns_breaks_into_spaces_and_loses_controls() {
        assert_eq!(clean_line("a\r\nb\tc\u{2028}d\u{7}e"), "a b c de");
    }

    #[test]
    fn blank_body_is_empty() {
        for blank in ["", " \n\t ", "\u{1b}\u{7f}", "\u{a0}\u{3000}"] {
            assert_eq!(MessageText::parse(blank), Err(TextError::Empty), "{blank:?}");
        }
    }

    #[test]
    fn body_may_be_as_long_as_the_limit_and_no_longer() {
        let longest = "\u{1F600}".repeat(MAX_BODY_CHARS);
        assert_eq!(MessageText::parse(&longest).unwrap().as_str(), longest);
        assert_eq!(MessageText::parse(&"a".repeat(MAX_BODY_CHARS + 1)), Err(TextError::TooLong));
        // What is removed at entry does not count.
        let noisy = format!("{}{}", "\u{1}".repeat(500), "a".repeat(MAX_BODY_CHARS));
        assert!(MessageText::parse(&noisy).is_ok());
    }

    #[test]
    fn reason_is_one_trimmed_line() {
        assert_eq!(Reason::parse(" spam,\nagain ").unwrap().as_str(), "spam, again");
        assert_eq!(Reason::parse(&"r".repeat(201)), Err(TextError::TooLong));
        assert_eq!(Reason::parse(" \n"), Err(TextError::Empty));
    }

    #[test]
    fn topic_is_one_trimmed_line() {
        assert_eq!(Topic::parse(" deploy\nat \u{1b}14:30 ").unwrap().as_str(), "deploy at 14:30");
        assert!(Topic::parse(&"ü".repeat(MAX_TOPIC_CHARS)).is_ok());
        assert_eq!(Topic::parse(&"t".repeat(MAX_TOPIC_CHARS + 1)), Err(TextError::TooLong));
        assert_eq!(Topic::parse(" \r\n"), Err(TextError::Empty));
    }

    #[test]
    fn decoding_parses() {
        let bytes = postcard::to_stdvec("a\u{1b}b").unwrap();
        assert_eq!(postcard::from_bytes::<MessageText>(&bytes).unwrap().as_str(), "ab");
        let blank = postcard::to_stdvec("").unwrap();
        assert!(postcard::from_bytes::<MessageText>(&blank).is_err());
    }

    #[test]
    fn emoji_families_are_no_overlong_clusters_and_towers_are() {
        let family = "\u{1F468}\u{1F3FF}\u{200D}\u{1F469}\u{1F3FD}\u{200D}\u{1F467}\u{1F3FB}\
                      \u{200D}\u{1F466}\u{1F3FC}";
        let scotland = "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}";
        assert!(!is_overlong(family));
        assert!(!is_overlong(scotland));
        assert!(is_overlong("\u{1100}\u{1100}\u{1100}"));
        assert!(is_overlong(&format!("a{}", "\u{301}".repeat(MAX_CLUSTER_CHARS))));
    }
}
