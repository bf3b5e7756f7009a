//! The inside of a JSON string that carries nothing hazardous raw.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;

use super::{MAX_CLUSTER_CHARS, MAX_CLUSTER_COLUMNS, exceeds, is_hazard};

/// Appends a text to `out` as the inside of a JSON string, without its quotes.
///
/// Nothing is lost: hazards ([`is_hazard`]) and the characters of over-long grapheme clusters are
/// written as `\uXXXX`, so a reader of the record has the text as it was, and a terminal that
/// shows the record is safe. Common JSON writers leave U+007F to U+009F and U+202E raw.
pub fn escape_json(text: &str, out: &mut String) {
    out.reserve(text.len());
    for cluster in text.graphemes(true) {
        // Less than elsewhere, by one on each side: the quote or the escape beside may join.
        if exceeds(cluster, MAX_CLUSTER_CHARS - 2, MAX_CLUSTER_COLUMNS - 2) {
            cluster.chars().for_each(|c| push_escape(c, out));
        } else {
            cluster.chars().for_each(|c| push_char(c, out));
        }
    }
}

/// A text as a JSON string, with its quotes.
#[must_use]
pub fn quote_json(text: &str) -> String {
    let mut out = "\"".to_owned();
    escape_json(text, &mut out);
    out.push('"');
    out
}

fn push_char(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_hazard(c) => push_escape(c, out),
        c => out.push(c),
    }
}

fn push_escape(c: char, out: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(out, "\\u{unit:04x}").expect("invariant: writing to a String cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::printable::tests::nasty_text;
    use crate::text::{columns, is_overlong};

    fn quoted(text: &str) -> String {
        let mut out = String::from("\"");
        escape_json(text, &mut out);
        out.push('"');
        out
    }

    proptest! {
        #[test]
        fn json_strings_round_trip_and_carry_nothing_hazardous(text in nasty_text()) {
            let json = quoted(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            prop_assert!(!json.contains(is_hazard), "{}", json);
            for cluster in json.graphemes(true) {
                prop_assert!(!is_overlong(cluster), "{:?} of {} columns", cluster, columns(cluster));
            }
        }
    }

    #[test]
    fn ordinary_text_stays_readable() {
        assert_eq!(quoted("grüße 👋 \"a\\b\"\n"), r#""grüße 👋 \"a\\b\"\n""#);
    }

    #[test]
    fn hazards_are_escaped() {
        assert_eq!(
            quoted("\u{1b}\u{7f}\u{9b}\u{202e}\u{2028}\u{10ffff}"),
            r#""\u001b\u007f\u009b\u202e\u2028\udbff\udfff""#
        );
        assert_eq!(quoted("\u{1100}\u{1100}\u{1100}"), r#""\u1100\u1100\u1100""#);
    }
}
