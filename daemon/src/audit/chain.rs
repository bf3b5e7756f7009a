//! The chain of records: each carries the hash of the one before it and its own.
//!
//! A record as the audit file shows it is one line:
//! `{"serial":12,"at":…,"details":{…},"prev":"<64 hex digits>","hash":"<64 hex digits>"}`. `hash` is
//! the BLAKE3 hash of the bytes of the line in front of `,"hash"`, and `prev` is the hash of the
//! record before, zeros for the first one that there ever was. So nobody can change, remove or
//! reorder a line without making all lines behind it anew, and the last hash, the head, stands in
//! the store and, hourly, in the operational log.

use parlor_protocol::id::Bytes;
use serde::{Deserialize, Serialize};

use super::AuditRecord;

/// How the line ends in front of its own hash.
const HASH_KEY: &[u8] = b",\"hash\":\"";
/// How it ends in front of the hash of the record before it.
const PREV_KEY: &[u8] = b",\"prev\":\"";
/// How it begins in front of its number.
const SERIAL_KEY: &[u8] = b"{\"serial\":";
/// Hexadecimal digits of a hash.
const HASH_DIGITS: usize = 64;

/// What stands for a record in the chain: its number and its hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, [u8; 32])", into = "(u64, [u8; 32])")]
pub(crate) struct Link {
    /// 1 for the first record, and 0 for what is before it.
    pub(crate) serial: u64,
    /// Zeros for what is before the first record.
    pub(crate) hash: Bytes<32>,
}

impl From<(u64, [u8; 32])> for Link {
    fn from((serial, hash): (u64, [u8; 32])) -> Self {
        Self { serial, hash: Bytes(hash) }
    }
}

impl From<Link> for (u64, [u8; 32]) {
    fn from(link: Link) -> Self {
        (link.serial, link.hash.0)
    }
}

impl Link {
    /// Puts the next record into the chain: its line, without the end of the line, and its link.
    pub(crate) fn seal(self, record: &AuditRecord) -> (String, Self) {
        let serial = self.serial + 1;
        let mut line = format!("{{\"serial\":{serial},");
        let json = record.to_json();
        let fields = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        line.push_str(fields.expect("invariant: a record is an object"));
        line.push_str(&format!(",\"prev\":\"{}\"", self.hash));
        let hash = hash_of(line.as_bytes());
        line.push_str(&format!(",\"hash\":\"{hash}\"}}"));
        (line, Self { serial, hash })
    }
}

/// What a line says about its place in the chain. Whether that is true is another question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Its own number and hash.
    pub(crate) link: Link,
    /// The hash of the record before it.
    pub(crate) prev: Bytes<32>,
    /// Whether its hash is that of its content.
    pub(crate) intact: bool,
}

impl Sealed {
    /// Reads a line without its end; `None` for one that has no place in any chain.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let (content, hash) = split_hash(line.strip_suffix(b"}")?, HASH_KEY)?;
        let (_, prev) = split_hash(content, PREV_KEY)?;
        let rest = content.strip_prefix(SERIAL_KEY)?;
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let serial = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        let intact = hash_of(content) == hash;
        Some(Self { link: Link { serial, hash }, prev, intact })
    }

    /// What the record before it must be.
    pub(crate) fn before(&self) -> Link {
        Link { serial: self.link.serial.saturating_sub(1), hash: self.prev }
    }
}

/// What stands in front of a hash at the end of a text, and the hash.
fn split_hash<'a>(text: &'a [u8], key: &[u8]) -> Option<(&'a [u8], Bytes<32>)> {
    let text = text.strip_suffix(b"\"")?;
    let (text, digits) = text.split_at_checked(text.len().checked_sub(HASH_DIGITS)?)?;
    let mut hash = Bytes::default();
    for (byte, pair) in hash.0.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex(pair[0])? << 4 | hex(pair[1])?;
    }
    Some((text.strip_suffix(key)?, hash))
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn hash_of(content: &[u8]) -> Bytes<32> {
    Bytes(*blake3::hash(content).as_bytes())
}

#[cfg(test)]
mod tests {
    use parlor_protocol::id::Timestamp;

    use super::*;
    use crate::audit::{Origin, session_ended};

    fn record() -> AuditRecord {
        session_ended(&Origin::Within, &"alice".parse().unwrap(), Timestamp(1_795_378_032_123))
    }

    #[test]
    fn each_record_carries_the_hash_of_the_one_before() {
        let (first, one) = Link::default().seal(&record());
        let (second, two) = one.seal(&record());
        let sealed = [&first, &second].map(|line| Sealed::parse(line.as_bytes()).unwrap());
        assert!(sealed.iter().all(|sealed| sealed.intact));
        assert_eq!(sealed.map(|sealed| sealed.link), [one, two]);
        assert_eq!(sealed.map(|sealed| sealed.before()), [Link::default(), one]);
        assert_eq!((one.serial, two.serial), (1, 2));
    }

    /// So that whoever has the file and `b3sum` need not believe us.
    #[test]
    fn the_hash_is_that_of_the_line_in_front_of_it() {
        let (line, link) = Link::default().seal(&record());
        let (content, _) = line.split_once(",\"hash\"").unwrap();
        assert_eq!(blake3::hash(content.as_bytes()).to_hex().as_str(), link.hash.to_string());
    }

    #[test]
    fn no_byte_of_a_record_can_be_changed() {
        let (line, link) = Link { serial: 41, ..Link::default() }.seal(&record());
        for at in 0..line.len() {
            for flip in [1, 2, 32, 128] {
                let mut changed = line.clone().into_bytes();
                changed[at] ^= flip;
                let passes = Sealed::parse(&changed).is_some_and(|it| it.intact && it.link == link);
                assert!(!passes, "{}", String::from_utf8_lossy(&changed));
            }
        }
    }
}
