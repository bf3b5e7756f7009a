//! Patterns of hosts, as in ssh's configuration and in its lists of known hosts.

/// Whether a name is meant by patterns in any case: `*` is any text and `?` any byte, and a pattern
/// behind `!` keeps out what it matches.
pub(crate) fn matches<'a>(patterns: impl IntoIterator<Item = &'a str>, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut is_meant = false;
    for pattern in patterns {
        let pattern = pattern.to_ascii_lowercase();
        match pattern.strip_prefix('!') {
            Some(not) if glob(not.as_bytes(), name.as_bytes()) => return false,
            Some(_) => {}
            None => is_meant |= glob(pattern.as_bytes(), name.as_bytes()),
        }
    }
    is_meant
}

/// `*` stands for any run of characters and `?` for one. Time is at most the product of the
/// lengths: only the last star is ever tried again.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                p = star_at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_ssh() {
        for (patterns, host, is_meant) in [
            ("chat", "chat", true),
            ("chat", "CHAT", true),
            ("chat", "chats", false),
            ("*", "chat", true),
            ("*.example.org", "chat.example.org", true),
            ("*.example.org", "example.org", false),
            ("cha?", "chat", true),
            ("cha?", "cha", false),
            ("chat other", "other", true),
            ("* !chat", "chat", false),
            ("!chat *", "chat", false),
            ("!chat", "other", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("", "chat", false),
        ] {
            assert_eq!(matches(patterns.split(' '), host), is_meant, "{patterns:?} {host}");
        }
    }

    #[test]
    fn stars_never_take_exponential_time() {
        let pattern = format!("{}b", "*a".repeat(40));
        assert!(!glob(pattern.as_bytes(), "a".repeat(4000).as_bytes()));
        assert!(glob(b"**", b""));
        assert!(!glob(b"?", b""));
    }
}
