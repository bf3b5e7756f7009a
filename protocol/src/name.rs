//! Names of users and titles of rooms, valid once parsed.

use std::fmt;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_security::MixedScript;
use unicode_segmentation::UnicodeSegmentation;

use crate::text::{clean_line, columns, is_hazard, is_overlong, printable};
use crate::validated::validated_string;

/// The shortest user name, in characters, all of them ASCII.
pub const MIN_USER_NAME_CHARS: usize = 2;
/// The longest user name, in characters, all of them ASCII.
pub const MAX_USER_NAME_CHARS: usize = 32;
/// The widest display name, in columns.
pub const MAX_DISPLAY_NAME_COLUMNS: usize = 48;
/// The widest title, in columns.
pub const MAX_TITLE_COLUMNS: usize = 48;
/// The longest display name or title, in bytes of UTF-8: columns do not bound combining marks.
pub const MAX_LABEL_BYTES: usize = 512;
/// Characters of a room ID as it is shown: two groups of five, and the hyphen between them.
const ROOM_ID_FORM_CHARS: usize = 11;

/// Why a name or a title was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Fewer characters than the kind needs.
    #[error("is too short")]
    TooShort,
    /// More characters, columns or bytes than the kind may have.
    #[error("is too long")]
    TooLong,
    /// Nothing in it can be seen.
    #[error("has nothing visible in it")]
    Blank,
    /// A user name that does not begin with a letter.
    #[error("does not begin with a letter")]
    BadStart,
    /// A user name that does not end in a letter or digit.
    #[error("does not end in a letter or digit")]
    BadEnd,
    /// A character that the kind does not allow.
    #[error("has U+{:04X}, which is not allowed", u32::from(*.0))]
    BadCharacter(char),
    /// A grapheme cluster that no terminal can be trusted with.
    #[error("has too many marks on one character")]
    OverlongCluster,
    /// A title in the form in which room IDs are shown.
    #[error("looks like a room ID")]
    LooksLikeRoomId,
}

/// The name of an account, in lower case: 2 to 32 of `a-z 0-9 . _ -`, beginning with a letter,
/// ending in a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

validated_string!(UserName, NameError);

impl UserName {
    /// Takes a name in either case.
    ///
    /// # Errors
    /// The first rule that the name breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if let Some(bad) = text.chars().find(|&c| !allowed(c)) {
            return Err(NameError::BadCharacter(bad));
        }
        if text.len() < MIN_USER_NAME_CHARS {
            return Err(NameError::TooShort);
        }
        if text.len() > MAX_USER_NAME_CHARS {
            return Err(NameError::TooLong);
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(NameError::BadStart);
        }
        if !text.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(NameError::BadEnd);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The free text that a user is shown with beside their name: one line, trimmed, NFC, at most
/// [`MAX_DISPLAY_NAME_COLUMNS`] wide, with nothing in it that a terminal must not be given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayName(String);

validated_string!(DisplayName, NameError, |text: &str| Ok::<_, NameError>(DisplayName::taken(
    text
)));

impl DisplayName {
    /// Trims, composes and checks a display name.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text: String = text.trim().nfc().collect();
        check_label(&text, MAX_DISPLAY_NAME_COLUMNS)?;
        Ok(Self(text))
    }

    /// A display name as its user typed it: what a terminal must not be given is taken out first.
    ///
    /// # Errors
    /// `Blank` where nothing is left to be seen, `TooLong`, or `OverlongCluster`.
    pub fn typed(text: &str) -> Result<Self, NameError> {
        let line: String = clean_line(text).chars().filter(|&c| !is_hazard(c)).collect();
        Self::parse(&line)
    }

    /// A display name that was valid where it was taken, by other tables of Unicode perhaps: as
    /// [`Title::taken`].
    #[must_use]
    pub fn taken(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| {
            Self::parse(&cut(text, MAX_DISPLAY_NAME_COLUMNS))
                .unwrap_or_else(|_| Self(char::REPLACEMENT_CHARACTER.to_string()))
        })
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The title of a room, as its owner wrote it: trimmed, 1 to [`MAX_TITLE_COLUMNS`] wide, with
/// nothing in it that a terminal must not be given, and not in the form of a room ID.
///
/// Two titles are the same where their [keys](Title::key) are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Title(String);

validated_string!(Title, NameError, |text: &str| Ok::<_, NameError>(Title::taken(text)));

impl Title {
    /// Trims and checks a title as its owner typed it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        check_label(text, MAX_TITLE_COLUMNS)?;
        // By the key too: full-width letters would be taken for an ID just as well, and so would
        // what only looks like letters and a hyphen.
        if has_room_id_form(text) || looks_like_room_id(&key(text)) {
            return Err(NameError::LooksLikeRoomId);
        }
        Ok(Self(text.to_owned()))
    }

    /// A title that was valid where it was taken. Widths and clusters change from one version of
    /// Unicode to the next, so one that is no title by our tables is cleaned and cut rather than
    /// refused: a page of rooms, or a store, is not lost for one of them.
    #[must_use]
    pub fn taken(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| {
            let cut = cut(text, MAX_TITLE_COLUMNS);
            // What is blank or looks like an ID even now could not be told from something else.
            Self::parse(&cut).unwrap_or_else(|_| Self(char::REPLACEMENT_CHARACTER.to_string()))
        })
    }

    /// What is unique among live rooms: NFKC, without what is never visible, with full case
    /// folding. It depends on the version of Unicode and is not for eyes.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.0)
    }

    /// The UTS 39 skeleton of the key: equal for titles that look alike.
    #[must_use]
    pub fn skeleton(&self) -> String {
        unicode_security::skeleton(&self.key()).collect()
    }

    /// Whether it takes letters from several scripts that are not written together (UTS 39,
    /// mixed-script detection). Within one script a shared skeleton is no pretence: `modern` and
    /// `modem` share one.
    #[must_use]
    pub fn mixes_scripts(&self) -> bool {
        !self.key().as_str().is_single_script()
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text has the hyphenated form in which room IDs are shown and written: five Crockford
/// base32 digits, a hyphen, five more, in either case, with the digits' usual misreadings
/// `i l o`. Where a command takes a room, such a text is an ID and never a title.
#[must_use]
pub fn has_room_id_form(text: &str) -> bool {
    let digit = |b: &u8| b.is_ascii_alphanumeric() && !b.eq_ignore_ascii_case(&b'u');
    let bytes = text.as_bytes();
    bytes.len() == ROOM_ID_FORM_CHARS
        && bytes[5] == b'-'
        && bytes[..5].iter().all(digit)
        && bytes[6..].iter().all(digit)
}

/// Whether a text would be taken for one in the form of a room ID. Most titles are of another length,
/// and a page of them is parsed whenever rooms are listed.
fn looks_like_room_id(text: &str) -> bool {
    text.chars().count() == ROOM_ID_FORM_CHARS && has_room_id_form(&plain_looks(text))
}

/// A text in which what looks like a letter, digit or sign of ASCII (UTS 39) is one.
fn plain_looks(text: &str) -> String {
    let plain = |c: char| {
        let mut looks = unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<_>>();
        let like = looks.pop().filter(|like| looks.is_empty() && like.is_ascii());
        if c.is_ascii() { c } else { like.unwrap_or(c) }
    };
    text.chars().map(plain).collect()
}

/// The [key](Title::key) of a text that need not be a title: what titles are searched by.
#[must_use]
pub fn title_key(text: &str) -> String {
    key(text)
}

/// The tables of Unicode on which keys and skeletons depend. Where they differ from those by which
/// keys were stored, the keys are to be made anew.
#[must_use]
pub fn unicode_version() -> String {
    let (nfkc, fold) = (unicode_normalization::UNICODE_VERSION, caseless::UNICODE_VERSION);
    let skeleton = unicode_security::UNICODE_VERSION;
    format!("nfkc {}.{}, fold {}.{}, ", nfkc.0, nfkc.1, fold.0, fold.1)
        + &format!("skeleton {}.{}", skeleton.0, skeleton.1)
}

/// What of a text a terminal may be given, no wider than that.
fn cut(text: &str, columns_max: usize) -> String {
    let line = printable(text);
    let mut width = 0;
    let kept = line.graphemes(true).take_while(|cluster| {
        width += columns(cluster).max(1);
        width <= columns_max
    });
    kept.collect()
}

fn check_label(text: &str, columns_max: usize) -> Result<(), NameError> {
    if text.len() > MAX_LABEL_BYTES {
        return Err(NameError::TooLong);
    }
    // The blank of braille is drawn as nothing and is no space: two names with and without it
    // would look the same.
    if let Some(bad) = text.chars().find(|&c| is_hazard(c) || c == '\u{2800}') {
        return Err(NameError::BadCharacter(bad));
    }
    if text.graphemes(true).any(is_overlong) {
        return Err(NameError::OverlongCluster);
    }
    if columns(text) > columns_max {
        return Err(NameError::TooLong);
    }
    if columns(text) == 0 || key(text).is_empty() {
        return Err(NameError::Blank);
    }
    Ok(())
}

/// What makes titles the same. Those of ASCII, which most are, are spared the tables.
fn key(text: &str) -> String {
    if text.is_ascii() { text.trim().to_ascii_lowercase() } else { folded(text) }
}

/// Folding and composing can each make work for the other, and more once ignorables are gone, so
/// they are repeated until nothing changes. Two rounds are usual; the bound is there because the
/// tables of Unicode are data, and a title comes from the network.
fn folded(text: &str) -> String {
    const ROUNDS_MAX: usize = 8;
    let mut key = text.to_owned();
    for _ in 0..ROUNDS_MAX {
        let folded: String =
            key.nfkc().filter(|&c| !is_ignorable(c)).default_case_fold().nfkc().collect();
        let folded = folded.trim();
        if folded == key {
            break;
        }
        folded.clone_into(&mut key);
    }
    key
}

/// Whether Unicode gives the character no visible form by default (zero-width spaces and joiners,
/// fillers, variation selectors). The skeleton of a character is empty for these and only these.
fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn title(text: &str) -> Title {
        Title::parse(text).unwrap()
    }

    #[test]
    fn user_names_are_lower_cased() {
        assert_eq!(UserName::parse("Alice.B-2_c").unwrap().as_str(), "alice.b-2_c");
        assert_eq!(UserName::parse("AL").unwrap(), "al".parse().unwrap());
    }

    #[test]
    fn bad_user_names_are_refused_with_their_fault() {
        use NameError::{BadCharacter, BadEnd, BadStart, TooLong, TooShort};
        let longest = "a".repeat(MAX_USER_NAME_CHARS);
        assert!(UserName::parse(&longest).is_ok());
        for (text, fault) in [
            ("", TooShort),
            ("a", TooShort),
            (&format!("{longest}a"), TooLong),
            ("1a", BadStart),
            ("_a", BadStart),
            ("a.", BadEnd),
            ("a-", BadEnd),
            ("a b", BadCharacter(' ')),
            ("al\u{1b}", BadCharacter('\u{1b}')),
            ("\u{212a}ate", BadCharacter('\u{212a}')),
            ("müller", BadCharacter('ü')),
        ] {
            assert_eq!(UserName::parse(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn labels_with_hazards_are_refused() {
        for (text, fault) in [
            ("a\u{1b}[31m", NameError::BadCharacter('\u{1b}')),
            ("a\nb", NameError::BadCharacter('\n')),
            ("a\u{202e}b", NameError::BadCharacter('\u{202e}')),
            ("a\u{2066}b", NameError::BadCharacter('\u{2066}')),
            ("\u{1100}\u{1100}\u{1100}", NameError::OverlongCluster),
            ("", NameError::Blank),
            (" \u{3000}", NameError::Blank),
            ("\u{200b}", NameError::Blank),
            ("\u{3164}", NameError::Blank),
            ("\u{301}", NameError::Blank),
        ] {
            assert_eq!(Title::parse(text), Err(fault), "{text:?}");
            assert_eq!(DisplayName::parse(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn labels_are_measured_in_columns_and_bytes() {
        assert!(Title::parse(&"a".repeat(48)).is_ok());
        assert_eq!(Title::parse(&"a".repeat(49)), Err(NameError::TooLong));
        assert!(Title::parse(&"語".repeat(24)).is_ok());
        assert_eq!(Title::parse(&"語".repeat(25)), Err(NameError::TooLong));
        let marked = format!("a{}", "\u{301}".repeat(10)).repeat(25);
        assert_eq!(Title::parse(&marked), Err(NameError::TooLong));
    }

    #[test]
    fn display_names_are_composed_and_trimmed_and_cleaned_where_they_are_typed() {
        assert_eq!(DisplayName::parse(" Zoe\u{308} ").unwrap().as_str(), "Zo\u{eb}");
        for (typed, taken) in [
            (" Zoe\u{308} ", "Zo\u{eb}"),
            ("a\u{1b}[31m\nb", "a[31m b"),
            ("a\u{202e}b\u{2066}", "ab"),
        ] {
            assert_eq!(DisplayName::typed(typed).unwrap().as_str(), taken, "{typed:?}");
        }
        for (text, fault) in [
            ("\u{1100}\u{1100}\u{1100}", NameError::OverlongCluster),
            (&"語".repeat(25), NameError::TooLong),
            (" \u{3000}\u{200b}\u{1b}", NameError::Blank),
            ("ops\u{2800}", NameError::BadCharacter('\u{2800}')),
        ] {
            assert_eq!(DisplayName::typed(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn titles_in_the_form_of_a_room_id_are_refused() {
        for text in [
            "kx4f9-2mqa7",
            "KX4F9-2MQA7",
            "ilo00-00oli",
            "ｋｘ４ｆ９－２ｍｑａ７",
            "kx4f9\u{2010}2mqa7",
            "kx4f9\u{2212}2mqa7",
            "k\u{445}4f9-2mq\u{430}7",
        ] {
            assert_eq!(Title::parse(text), Err(NameError::LooksLikeRoomId), "{text}");
        }
        for text in ["kx4f92mqa7", "kx4f9_2mqa7", "kx4f9-2mqa", "uuuuu-uuuuu"] {
            assert!(Title::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn keys_ignore_case_width_and_what_is_invisible() {
        for (a, b) in [
            ("straße", "STRASSE"),
            ("Ops", "o\u{200b}p\u{200d}s"),
            ("ops", "ｏｐｓ"),
            ("ops", "ops \u{200b}"),
            ("\u{3a3}\u{3af}\u{3c3}\u{3c5}\u{3c6}\u{3bf}\u{3c2}", "\u{3a3}ίσυφοσ"),
            ("caf\u{e9}", "CAFE\u{301}"),
        ] {
            assert_eq!(title(a).key(), title(b).key(), "{a} {b}");
        }
        assert_ne!(title("ops").key(), title("ops 2").key());
    }

    #[test]
    fn look_alikes_share_a_skeleton_and_mix_scripts() {
        let pretender = title("p\u{430}yp\u{430}l");
        assert_ne!(pretender.key(), title("paypal").key());
        assert_eq!(pretender.skeleton(), title("paypal").skeleton());
        assert!(pretender.mixes_scripts());
        for honest in ["paypal", "ops 2", "東京タワー", "\u{43a}\u{43e}\u{442}"] {
            assert!(!title(honest).mixes_scripts(), "{honest}");
        }
    }

    #[test]
    fn decoding_parses() {
        let bytes = postcard::to_stdvec("Bob").unwrap();
        assert_eq!(postcard::from_bytes::<UserName>(&bytes).unwrap().as_str(), "bob");
        for bad in ["", "b\u{1b}"] {
            let bytes = postcard::to_stdvec(bad).unwrap();
            assert!(postcard::from_bytes::<UserName>(&bytes).is_err());
        }
    }

    #[test]
    fn a_title_by_other_tables_is_cleaned_instead_of_losing_its_page() {
        for (sent, read) in [
            ("ops", "ops"),
            ("", "\u{fffd}"),
            ("b\u{1b}[31m", "b\u{fffd}[31m"),
            ("kx4f9-2mqa7", "\u{fffd}"),
            ("x\u{1100}\u{1100}\u{1100}", "x\u{fffd}"),
            (&"語".repeat(30), &"語".repeat(24)),
        ] {
            let bytes = postcard::to_stdvec(sent).unwrap();
            assert_eq!(postcard::from_bytes::<Title>(&bytes).unwrap().as_str(), read, "{sent:?}");
        }
    }

    proptest! {
        #[test]
        fn keys_of_ascii_are_those_of_the_tables(text in "[\\x00-\\x7f]{0,24}") {
            prop_assert_eq!(key(&text), folded(&text));
        }

        #[test]
        fn parsing_what_was_parsed_changes_nothing(text in "\\PC{0,24}") {
            if let Ok(name) = DisplayName::parse(&text) {
                prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
            }
            let taken = DisplayName::taken(&text);
            prop_assert_eq!(DisplayName::taken(taken.as_str()), taken);
            if let Ok(title) = Title::parse(&text) {
                prop_assert_eq!(Title::parse(title.as_str()), Ok(title));
            }
            let taken = Title::taken(&text);
            prop_assert_eq!(Title::taken(taken.as_str()), taken);
        }

        #[test]
        fn keys_are_fixpoints_for_any_text(text in any::<String>()) {
            let once = key(&text);
            prop_assert_eq!(key(&once), once);
        }
    }
}
