//! What of a text may reach a terminal or a log line.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::{is_hazard, is_overlong};

const REPLACEMENT: char = '\u{FFFD}';

/// The text as one harmless line: newlines and tabs are spaces, every other hazard
/// ([`is_hazard`]) and every over-long grapheme cluster ([`is_overlong`]) is one U+FFFD.
///
/// Two printable texts put together without anything between them can form a new cluster across
/// the seam: whoever builds a line from parts makes the whole line printable, or separates the
/// parts by an ASCII character.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    render(text, |c| match c {
        '\n' | '\t' => ' ',
        c if is_hazard(c) => REPLACEMENT,
        c => c,
    })
}

/// Like [`printable()`], but newlines stay, and tabs stay for the caller to expand, who alone knows
/// the columns.
#[must_use]
pub fn printable_block(text: &str) -> Cow<'_, str> {
    render(text, |c| match c {
        '\n' | '\t' => c,
        c if is_hazard(c) => REPLACEMENT,
        c => c,
    })
}

/// Characters go first: a control character ends a cluster, so the replacement of one may gain
/// the combining marks behind it, and only then are clusters what the terminal will see. A
/// replaced cluster gains nothing, because the one behind it does not begin with such a mark.
fn render(text: &str, shown: impl Fn(char) -> char) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7F).contains(&b)) {
        return Cow::Borrowed(text);
    }
    let text = if text.chars().any(|c| shown(c) != c) {
        Cow::Owned(text.chars().map(shown).collect())
    } else {
        Cow::Borrowed(text)
    };
    if !text.graphemes(true).any(is_overlong) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        if is_overlong(cluster) {
            out.push(REPLACEMENT);
        } else {
            out.push_str(cluster);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{MAX_CLUSTER_CHARS, MAX_CLUSTER_COLUMNS, columns};

    /// Characters that combine, steer or break, mixed with any others.
    pub(in crate::text) fn nasty_text() -> impl Strategy<Value = String> {
        let nasty = prop::sample::select(vec![
            '\u{1b}',
            '\n',
            '\r',
            '\t',
            '\0',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{301}',
            '\u{345}',
            '\u{600}',
            '\u{61c}',
            '\u{903}',
            '\u{915}',
            '\u{94d}',
            '\u{1100}',
            '\u{1161}',
            '\u{11a8}',
            '\u{115f}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2066}',
            '\u{ac00}',
            '\u{fdfd}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fffe}',
            '\u{1f1e6}',
            '\u{1f3ff}',
            '\u{1f468}',
            '\u{e0067}',
            '\u{10ffff}',
            '"',
            '\\',
            'a',
        ]);
        // Runs, because over-long clusters are made of repetitions.
        let piece = prop_oneof![
            3 => (nasty, 1..15_usize).prop_map(|(c, n)| c.to_string().repeat(n)),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn assert_harmless(text: &str, kept: &[char]) {
        for c in text.chars().filter(|c| !kept.contains(c)) {
            assert!(!is_hazard(c), "{c:?} in {text:?}");
        }
        for cluster in text.graphemes(true) {
            assert!(columns(cluster) <= MAX_CLUSTER_COLUMNS, "{cluster:?} in {text:?}");
            assert!(cluster.chars().count() <= MAX_CLUSTER_CHARS, "{cluster:?} in {text:?}");
        }
    }

    proptest! {
        #[test]
        fn printable_is_harmless_and_a_fixpoint(text in nasty_text()) {
            let line = printable(&text);
            assert_harmless(&line, &[]);
            prop_assert_eq!(printable(&line), line.as_ref());
        }

        #[test]
        fn printable_block_is_harmless_but_for_newline_and_tab(text in nasty_text()) {
            let block = printable_block(&text);
            assert_harmless(&block, &['\n', '\t']);
            prop_assert_eq!(printable_block(&block), block.as_ref());
            // Where a tab was, a space joins one neighbour at most.
            let expanded = block.replace('\t', "    ");
            for cluster in expanded.graphemes(true) {
                prop_assert!(columns(cluster) <= MAX_CLUSTER_COLUMNS + 1);
            }
        }
    }

    #[test]
    fn escape_sequences_lose_their_escape() {
        assert_eq!(printable("a\u{1b}[31mb\tc\nd"), "a\u{fffd}[31mb c d");
        assert_eq!(printable_block("a\u{9b}31m\n\tb"), "a\u{fffd}31m\n\tb");
    }

    #[test]
    fn three_choseong_become_one_replacement() {
        assert_eq!(printable("x\u{1100}\u{1100}\u{1100}y"), "x\u{fffd}y");
    }

    #[test]
    fn harmless_text_is_borrowed() {
        for text in ["plain", "grüße", "한국어", "👩‍👩‍👧‍👦"] {
            assert!(matches!(printable(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
