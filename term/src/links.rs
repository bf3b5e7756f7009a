//! Links in what others write: where they are, and how they are told to a terminal.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// What a link begins with; nothing else is one.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];
/// The longest link, in bytes: what terminals take.
const LINK_BYTES_MAX: usize = 2_000;

/// Where the links of a text are, in order.
pub(crate) fn find(text: &str) -> Vec<Range<usize>> {
    let mut links = Vec::new();
    let mut from = 0;
    while let Some(start) = next_scheme(text, from) {
        let end = start + end_of_link(&text[start..]);
        let scheme = SCHEMES.iter().find(|scheme| begins_with(&text[start..], scheme));
        let bare = scheme.map_or(0, |scheme| scheme.len());
        if end - start > bare && end - start <= LINK_BYTES_MAX {
            links.push(start..end);
        }
        from = end.max(start + bare.max(1));
    }
    links
}

/// A link with nothing in it but printable ASCII, as terminals want it.
pub(crate) fn target(link: &str) -> String {
    let mut target = String::with_capacity(link.len());
    for byte in link.bytes() {
        if byte.is_ascii_graphic() {
            target.push(char::from(byte));
        } else {
            target.push_str(&format!("%{byte:02X}"));
        }
    }
    target
}

/// Where the next link may begin: not within a word.
fn next_scheme(text: &str, from: usize) -> Option<usize> {
    let mut starts = text[from..].char_indices().map(|(at, _)| from + at);
    starts.find(|&at| {
        let within_word = text[..at].ends_with(char::is_alphanumeric);
        !within_word && SCHEMES.iter().any(|scheme| begins_with(&text[at..], scheme))
    })
}

fn begins_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// How far a link goes. Punctuation at its end is that of the sentence, and so is a bracket that
/// was opened before it.
fn end_of_link(text: &str) -> usize {
    let clusters = text.grapheme_indices(true);
    let taken = clusters.take_while(|(_, cluster)| {
        let mut chars = cluster.chars();
        let of_link = |c: char| c.is_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
        chars.next().is_some_and(of_link) && chars.next().is_none()
    });
    let mut end = taken.last().map_or(0, |(at, cluster)| at + cluster.len());
    while let Some(last) = text[..end].chars().next_back() {
        let link = &text[..end];
        let unopened = |open, close| link.matches(close).count() > link.matches(open).count();
        let is_of_sentence = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => true,
            ')' => unopened('(', ')'),
            ']' => unopened('[', ']'),
            _ => false,
        };
        if !is_of_sentence {
            break;
        }
        end -= last.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find(text).into_iter().map(|link| &text[link]).collect()
    }

    #[test]
    fn links_end_where_the_sentence_goes_on() {
        for (text, links) in [
            ("see https://ci.example.org/run/8841", vec!["https://ci.example.org/run/8841"]),
            ("(http://a.example/x_(y)).", vec!["http://a.example/x_(y)"]),
            (
                "HTTPS://A.example, mailto:bob@b.example!",
                vec!["HTTPS://A.example", "mailto:bob@b.example"],
            ),
            ("<https://a.example/ä?q=1#f>", vec!["https://a.example/ä?q=1#f"]),
            ("xhttps://a.example ftp://b file:///etc javascript:x https://", vec![]),
            ("https://a.example/e\u{301}", vec!["https://a.example/"]),
        ] {
            assert_eq!(found(text), links, "{text}");
        }
        assert_eq!(found(&format!("https://{}", "a".repeat(3_000))), Vec::<&str>::new());
    }

    proptest::proptest! {
        #[test]
        fn any_target_is_printable_ascii(text in "(https?://|mailto:|\\PC|[\u{0}-\u{20};\u{7f}-\u{9f}]){0,20}") {
            for link in find(&text) {
                let target = target(&text[link]);
                proptest::prop_assert!(target.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
