//! Sign-up codes: who has one becomes a user, while it lasts.

use std::fmt;

use parlor_protocol::id::Timestamp;

use super::event::Standing;

/// The letters of a code: Crockford's base32, so that it can be read out.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Letters in a code, 5 bits each.
const LETTERS: usize = 12;

/// A code: 60 random bits, shown as `7k2m-q9xa-43fd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Code(u64);

impl Code {
    /// What is no code: more than 60 bits, which nobody was ever given.
    pub(crate) const NOBODYS: Self = Self(u64::MAX);

    /// Takes the low 60 bits.
    pub(crate) fn from_random(random: u64) -> Self {
        Self(random & ((1 << (5 * LETTERS)) - 1))
    }

    /// The 60 bits.
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }

    /// Reads a code, with or without its hyphens, in either case; `None` for what is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let letters = text.trim().bytes().filter(|&byte| byte != b'-');
        let (mut bits, mut count) = (0, 0);
        for letter in letters {
            let letter = match letter.to_ascii_lowercase() {
                b'o' => b'0',
                b'i' | b'l' => b'1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|&known| known == letter)?;
            count += 1;
            if count > LETTERS {
                return None;
            }
            bits = bits << 5 | digit as u64;
        }
        (count == LETTERS).then_some(Self(bits))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in 0..LETTERS {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            let digit = (self.0 >> (5 * (LETTERS - 1 - place))) & 31;
            write!(f, "{}", char::from(ALPHABET[digit as usize]))?;
        }
        Ok(())
    }
}

/// What a code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeTerms {
    /// How often it can still be used.
    pub(crate) uses: u32,
    /// Until when.
    pub(crate) until: Timestamp,
    /// What its users are. An operator's code is the way into a new server, so it also counts while
    /// sign-up is closed.
    pub(crate) standing: Standing,
}

impl CodeTerms {
    /// Whether it still counts.
    pub(super) fn counts(&self, at: Timestamp) -> bool {
        self.uses > 0 && at < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_as_it_is_shown() {
        let code = Code::from_random(0x0123_4567_89ab_cdef);
        assert_eq!(Code::parse(&code.to_string()), Some(code));
        assert_eq!(Code::parse(&code.to_string().to_uppercase().replace('-', "")), Some(code));
        for bad in ["", "7k2m-q9xa-43f", "7k2m-q9xa-43fdd", "7k2m-q9xa-43fu", "é"] {
            assert_eq!(Code::parse(bad), None, "{bad}");
        }
    }
}
