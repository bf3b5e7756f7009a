//! How wire values grow: records that tolerate fields appended later, and enums with an `Unknown`.
//!
//! Postcard is not self-describing, so an old reader cannot skip a field that it does not know. A
//! [`Record`] therefore travels as its byte length followed by its postcard fields. Fields are only
//! ever appended: a reader ignores bytes beyond what it knows, and reads what is missing as zero
//! (`None`, 0, the empty string or list, the first variant). One frame thus serves clients of every
//! version.
//!
//! Rules for whoever adds to the wire:
//! - An appended field has a valid zero or is an `Option`.
//! - No bare `u8` or `[u8; N]` in a record: use `u32`, or [`Bytes`](crate::id::Bytes). Only so can
//!   a number that was cut in the middle be told from one that ends in a large byte. For the same
//!   reason a `Vec<u8>` is marked `#[serde(with = "crate::record::octets")]`: its bytes are the
//!   same, but it is read whole or not at all.
//! - No struct or enum stands bare inside another: it goes into a [`Record`], or old readers lose
//!   their place when it grows.
//! - An enum that carries data is made with `wire_enum!` and stands alone in its record; one that
//!   does not is made with `wire_tag!`. New variants are appended.
//! - No list of elements that take no bytes.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use postcard::de_flavors::Flavor;
use serde::de::{DeserializeOwned, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Values a record may lack at its end; a record that lacks more was never written by us. It bounds
/// what a forged list length past the end can make a reader allocate.
const MISSING_VALUES_MAX: usize = 32;

/// Most values need no more than this, so that encoding one allocates once.
pub(crate) const USUAL_BYTES: usize = 256;

/// Bytes did not hold a value of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a {what}")]
pub struct DecodeError {
    /// The Rust type that was expected.
    pub what: &'static str,
}

/// A value that can stand alone in a record or frame.
pub trait Wire: Serialize + DeserializeOwned {
    /// Reads a value from all of `bytes`, tolerating appended and missing fields.
    ///
    /// # Errors
    /// The bytes are no such value, also not of a newer version.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_growing(bytes)
    }

    /// The postcard bytes of this value.
    ///
    /// # Errors
    /// The value is an `Unknown` variant, which is never sent.
    fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        postcard::to_extend(self, Vec::with_capacity(USUAL_BYTES))
            .map_err(|_| DecodeError { what: std::any::type_name::<Self>() })
    }
}

/// A value behind its byte length, so that old readers can step over what it has grown.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Record<T>(pub T);

impl<T> Deref for Record<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Record<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Wire> Serialize for Record<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.encode().map_err(S::Error::custom)?;
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de, T: Wire> Deserialize<'de> for Record<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inner<T>(PhantomData<T>);
        impl<T: Wire> Visitor<'_> for Inner<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of a record")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<T, E> {
                T::decode(bytes).map_err(E::custom)
            }
        }
        deserializer.deserialize_bytes(Inner(PhantomData)).map(Record)
    }
}

/// Reads `bytes` as a struct whose writer may know more or fewer fields than we do.
pub(crate) fn decode_growing<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let flavor = Growing { rest: bytes, in_varint: false, missing: 0 };
    let mut deserializer = postcard::Deserializer::from_flavor(flavor);
    T::deserialize(&mut deserializer).map_err(|_| DecodeError { what: std::any::type_name::<T>() })
}

/// Serde's form of a byte string that is a plain `Vec<u8>`; as a list of numbers it would end in
/// a byte that looks like a number cut in the middle, half the time.
pub(crate) mod octets {
    use std::fmt;

    use serde::de::Visitor;
    use serde::{Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        octets: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(octets)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        struct Octets;
        impl Visitor<'_> for Octets {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, octets: &[u8]) -> Result<Vec<u8>, E> {
                Ok(octets.to_vec())
            }
        }
        deserializer.deserialize_bytes(Octets)
    }
}

/// Reads the tag of an enum without its payload; `None` where the bytes begin with no tag.
pub(crate) fn tag_of(bytes: &[u8]) -> Option<u32> {
    postcard::take_from_bytes::<u32>(bytes).ok().map(|(tag, _)| tag)
}

/// A source of bytes that goes on as zeros, value by value, after its end.
struct Growing<'de> {
    rest: &'de [u8],
    /// The last byte says that its number goes on: ending here is a cut, not a missing value.
    in_varint: bool,
    missing: usize,
}

impl<'de> Flavor<'de> for Growing<'de> {
    type Remainder = ();
    type Source = &'de [u8];

    fn pop(&mut self) -> postcard::Result<u8> {
        if let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            self.in_varint = byte >= 0x80;
            return Ok(byte);
        }
        self.missing += 1;
        if self.in_varint || self.missing > MISSING_VALUES_MAX {
            return Err(postcard::Error::DeserializeUnexpectedEnd);
        }
        Ok(0)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }

    fn try_take_n(&mut self, count: usize) -> postcard::Result<&'de [u8]> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        self.rest = rest;
        self.in_varint = false;
        Ok(taken)
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Declares an enum whose variants carry data. It gains a last variant `Unknown`, which stands for
/// whatever a newer peer sends and is never sent itself.
macro_rules! wire_enum {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$vmeta:meta])* $variant:ident $(($payload:ty))?,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vmeta])* $variant $(($payload))?,)*
            /// Something that this version does not know; never sent.
            #[serde(skip)]
            Unknown,
        }

        impl $name {
            /// The variants in the order of their tags, `Unknown` apart.
            pub const VARIANTS: &'static [&'static str] = &[$(stringify!($variant)),*];

            /// The name of this variant.
            #[must_use]
            pub fn variant(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant),)*
                    Self::Unknown => "Unknown",
                }
            }
        }

        impl $crate::record::Wire for $name {
            fn decode(bytes: &[u8]) -> Result<Self, $crate::record::DecodeError> {
                match $crate::record::tag_of(bytes) {
                    Some(tag) if tag as usize >= Self::VARIANTS.len() => Ok(Self::Unknown),
                    _ => $crate::record::decode_growing(bytes),
                }
            }
        }
    };
}

/// Declares an enum without data, which travels as its position. A position that this version does
/// not know reads as `Unknown`, which is never sent.
macro_rules! wire_tag {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$vmeta:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)*
            /// Something that this version does not know; never sent.
            Unknown,
        }

        impl $name {
            /// The variants in the order of their tags, `Unknown` apart.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word by which people and scripts know it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unknown => "unknown",
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Unknown => Err(serde::ser::Error::custom("Unknown is never sent")),
                    known => serializer.serialize_u32(*known as u32),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let tag = <u32 as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::ALL.get(tag as usize).copied().unwrap_or(Self::Unknown))
            }
        }
    };
}

pub(crate) use {wire_enum, wire_tag};

/// Declares structs that may stand in a [`Record`] or a frame.
macro_rules! wire_struct {
    ($($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$fmeta:meta])* pub $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $type,)*
        }

        impl $crate::record::Wire for $name {}
    )*};
}

pub(crate) use wire_struct;

#[cfg(test)]
#[allow(unreachable_pub)] // the macros declare for the crate's surface
mod tests {
    use super::*;

    wire_struct! {
        /// What an old peer knows.
        pub struct Old {
            /// A number.
            pub number: u32,
            /// A text.
            pub text: String,
        }
        /// What a new peer knows.
        pub struct New {
            /// A number.
            pub number: u32,
            /// A text.
            pub text: String,
            /// Appended.
            pub more: Option<u64>,
            /// Appended.
            pub list: Vec<u32>,
        }
    }

    wire_enum! {
        /// An enum of two.
        pub enum Choice {
            /// Without data.
            Empty,
            /// With data.
            Full(Old),
        }
    }

    wire_tag! {
        /// A tag of two.
        pub enum Tag {
            /// One.
            One = "one",
            /// Two.
            Two = "two",
        }
    }

    wire_struct! {
        /// Bytes, and what was appended behind them.
        pub struct Octets {
            /// Bytes.
            #[serde(with = "crate::record::octets")]
            pub bytes: Vec<u8>,
            /// Appended.
            pub more: Option<u32>,
        }
    }

    fn old() -> Old {
        Old { number: 300, text: "hi".into() }
    }

    #[test]
    fn missing_fields_read_as_zero() {
        let new = New::decode(&old().encode().unwrap()).unwrap();
        assert_eq!(new, New { number: 300, text: "hi".into(), more: None, list: vec![] });
    }

    #[test]
    fn appended_fields_are_stepped_over_inside_a_list() {
        let new = New { number: 300, text: "hi".into(), more: Some(7), list: vec![1] };
        let page = postcard::to_stdvec(&vec![Record(new.clone()), Record(new)]).unwrap();
        let read: Vec<Record<Old>> = postcard::from_bytes(&page).unwrap();
        assert_eq!(read, vec![Record(old()), Record(old())]);
    }

    #[test]
    fn a_number_or_string_cut_in_the_middle_is_an_error() {
        let bytes = old().encode().unwrap();
        assert_eq!(bytes, [0xac, 0x02, 2, b'h', b'i']);
        assert!(Old::decode(&bytes[..1]).is_err());
        assert!(Old::decode(&bytes[..4]).is_err());
        assert_eq!(Old::decode(&bytes[..2]).unwrap(), Old { number: 300, text: String::new() });
    }

    #[test]
    fn a_byte_string_is_read_whole_whatever_its_last_byte() {
        let octets = Octets { bytes: vec![1, 0xff], more: None };
        let bytes = octets.encode().unwrap();
        assert_eq!(bytes, [2, 1, 0xff, 0]);
        assert_eq!(Octets::decode(&bytes[..3]).unwrap(), octets);
        assert!(Octets::decode(&bytes[..2]).is_err());
        assert!(Octets::decode(&bytes[..1]).is_err());
    }

    #[test]
    fn a_forged_list_length_past_the_end_is_an_error() {
        let mut bytes = old().encode().unwrap();
        bytes.extend([0, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(New::decode(&bytes).is_err());
    }

    #[test]
    fn newer_variants_read_as_unknown_and_are_never_sent() {
        assert_eq!(Choice::decode(&[2, 9, 9]).unwrap(), Choice::Unknown);
        assert!(Choice::Unknown.encode().is_err());
        assert_eq!(Choice::Unknown.variant(), "Unknown");
        assert_eq!(postcard::from_bytes::<Tag>(&[200, 1]).unwrap(), Tag::Unknown);
        assert!(postcard::to_stdvec(&Tag::Unknown).is_err());
        let full = Choice::Full(old());
        assert_eq!(Choice::decode(&full.encode().unwrap()).unwrap(), full);
    }
}
