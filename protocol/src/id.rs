//! The identifiers and numbers of the wire: room IDs, nonces, positions and times.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Crockford's base32 alphabet: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ROOM_ID_CHARS: usize = 10;
const ROOM_ID_BITS: u32 = 50;

/// Text that is not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not ten characters of Crockford base32.
    #[error("a room ID has ten characters, as in kx4f9-2mqa7")]
    RoomId,
    /// Not 32 hexadecimal digits of a version 7 UUID.
    #[error("a nonce is a version 7 UUID in 32 hexadecimal digits")]
    Nonce,
}

/// The identity of a room: 50 random bits, shown as `kx4f9-2mqa7`. Who knows it may try to join.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(u64);

impl RoomId {
    /// Takes the low 50 bits of `random`.
    #[must_use]
    pub fn from_random(random: u64) -> Self {
        Self(random & ((1 << ROOM_ID_BITS) - 1))
    }

    /// The 50 bits as a number.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for position in 0..ROOM_ID_CHARS {
            if position == 5 {
                f.write_str("-")?;
            }
            let digit = (self.0 >> (5 * (ROOM_ID_CHARS - 1 - position))) & 31;
            write!(f, "{}", char::from(ALPHABET[digit as usize]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RoomId {
    type Err = IdError;

    /// Reads an ID with or without its hyphen, in either case. As Crockford has it, `o` reads as 0,
    /// `i` and `l` as 1.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = match text.as_bytes() {
            [head @ .., b'-', _, _, _, _, _] if head.len() == 5 => text.replacen('-', "", 1),
            _ => text.to_owned(),
        };
        if digits.len() != ROOM_ID_CHARS {
            return Err(IdError::RoomId);
        }
        digits
            .bytes()
            .try_fold(0, |bits, byte| {
                let byte = match byte.to_ascii_lowercase() {
                    b'o' => b'0',
                    b'i' | b'l' => b'1',
                    other => other,
                };
                let digit =
                    ALPHABET.iter().position(|&known| known == byte).ok_or(IdError::RoomId)?;
                Ok(bits << 5 | digit as u64)
            })
            .map(Self)
    }
}

impl Serialize for RoomId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for RoomId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bits = u64::deserialize(deserializer)?;
        if bits >> ROOM_ID_BITS != 0 {
            return Err(D::Error::custom("a room ID has 50 bits"));
        }
        Ok(Self(bits))
    }
}

/// `N` bytes that are no number: keys, signatures, hashes. On the wire they stand behind their
/// length; an empty list, as from a record that lacks them, reads as zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes<const N: usize>(pub [u8; N]);

impl<const N: usize> Default for Bytes<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> fmt::Display for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fixed<const N: usize>;
        impl<const N: usize> Visitor<'_> for Fixed<N> {
            type Value = Bytes<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{N} bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes<N>, E> {
                if bytes.is_empty() {
                    return Ok(Bytes::default());
                }
                bytes.try_into().map(Bytes).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Fixed)
    }
}

/// A client's own mark on a message, a version 7 UUID: sending it again yields the first result.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Nonce(Bytes<16>);

impl Nonce {
    /// A new nonce of the time `at`, of which the last 74 bits are the given random ones.
    #[must_use]
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.0).unwrap_or(0);
        Self(Bytes(
            uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into_bytes(),
        ))
    }

    /// The 16 bytes, whatever they are.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Bytes(bytes))
    }

    /// The 16 bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.0
    }

    /// When the nonce was made, or `None` where it is no version 7 UUID.
    #[must_use]
    pub fn at(self) -> Option<Timestamp> {
        let bytes = self.0.0;
        if bytes[6] >> 4 != 7 || bytes[8] >> 6 != 0b10 {
            return None;
        }
        Some(Timestamp(bytes[..6].iter().fold(0, |millis, &byte| millis << 8 | i64::from(byte))))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Nonce {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let nonce =
            Self::from_bytes(uuid::Uuid::from_str(text).map_err(|_| IdError::Nonce)?.into_bytes());
        nonce.at().map(|_| nonce).ok_or(IdError::Nonce)
    }
}

/// Milliseconds since 1970 in UTC, by the server's clock.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// The place of a message in its room: 1, 2, 3 … without gaps; 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// The number of a change in its room: 1, 2, 3 … without gaps; 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// The largest number that a place in a sequence may have on the wire: what a signed integer of a
/// store holds, and far from where counting on would overflow.
const MAX_POSITION: u64 = i64::MAX as u64;

fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number > MAX_POSITION {
        Err(D::Error::custom("beyond the last position"))
    } else {
        Ok(number)
    }
}

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        position(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Revision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        position(deserializer).map(Self)
    }
}

/// The number of a device among its user's: 1, 2, 3 …
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct DeviceId(pub u32);

/// The number of a notification among its user's: 1, 2, 3 …
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NotificationId(pub u32);

impl Seq {
    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

macro_rules! show_number {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
show_number!(Seq, Revision, DeviceId, NotificationId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_ids_ignore_case_hyphen_and_look_alikes() {
        let id: RoomId = "kx4f9-2mqa7".parse().unwrap();
        assert_eq!(id.to_string(), "kx4f9-2mqa7");
        assert_eq!("KX4F92MQA7".parse(), Ok(id));
        assert_eq!("0OiIlL-ZZZZ".parse::<RoomId>(), Err(IdError::RoomId));
        assert_eq!("oOiIl-zzzzz".parse::<RoomId>().unwrap().to_string(), "00111-zzzzz");
        for bad in ["", "kx4f9-2mqa", "kx4f92-mqa7", "kx4f9-2mqau", "kx4f9-2mqa7x", "ééééé"] {
            assert_eq!(bad.parse::<RoomId>(), Err(IdError::RoomId), "{bad}");
        }
    }

    #[test]
    fn a_nonce_carries_its_time() {
        let at = Timestamp(1_795_376_832_123);
        let nonce = Nonce::new(at, [0xff; 10]);
        assert_eq!(nonce.at(), Some(at));
        assert_eq!(nonce.to_string().parse(), Ok(nonce));
        assert_eq!(Nonce::from_bytes([0; 16]).at(), None);
        assert_eq!("00".parse::<Nonce>(), Err(IdError::Nonce));
    }

    #[test]
    fn a_position_fits_a_signed_integer() {
        let last = postcard::to_stdvec(&Seq(MAX_POSITION)).unwrap();
        assert_eq!(postcard::from_bytes(&last), Ok(Seq(MAX_POSITION)));
        let beyond = postcard::to_stdvec(&(MAX_POSITION + 1)).unwrap();
        assert!(postcard::from_bytes::<Seq>(&beyond).is_err());
        assert!(postcard::from_bytes::<Revision>(&beyond).is_err());
    }
}
