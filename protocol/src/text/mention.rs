//! Names within a text that call somebody.

use crate::name::UserName;

/// The users whom a text mentions as `@name`, in its order, each time that it does. Who of them is
/// there to hear it is for the reader to know.
pub fn mentions(text: &str) -> impl Iterator<Item = UserName> {
    text.match_indices('@').filter_map(|(place, _)| {
        let (before, name) = (&text[..place], &text[place + 1..]);
        // Mail addresses mention nobody.
        if before.ends_with(char::is_alphanumeric) {
            return None;
        }
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name = name.split(|c| !is_of_name(c)).next().unwrap_or_default();
        // A name ends in a letter or digit; what follows it is punctuation.
        UserName::parse(name.trim_end_matches(['.', '_', '-'])).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_behind_an_at_sign_are_mentions_and_mail_addresses_are_not() {
        for (text, mentioned) in [
            ("@bob and @Carol.", vec!["bob", "carol"]),
            ("(@bob-) @bob", vec!["bob", "bob"]),
            ("mail bob@example.org", vec![]),
            ("@ @1 @x @é", vec![]),
            ("é@bob", vec![]),
        ] {
            let found: Vec<_> = mentions(text).map(|name| name.to_string()).collect();
            assert_eq!(found, mentioned, "{text}");
        }
    }
}
