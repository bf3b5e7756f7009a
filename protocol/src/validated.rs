//! The shared shape of a string that is valid once parsed.

/// Gives a newtype over `String` that has `parse` its `FromStr`, `as_str` and its place on the
/// wire: written as a plain string, and parsed again when read, so that no decoded value can be
/// one that `parse` would have refused. A kind whose rules hang on the tables of Unicode names how
/// it is read instead, as its writer may have other tables.
macro_rules! validated_string {
    ($name:ident, $error:ty) => {
        validated_string!($name, $error, $name::parse);
    };
    ($name:ident, $error:ty, $read:expr) => {
        impl $name {
            /// The text as it is stored and sent.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Parser;

                impl serde::de::Visitor<'_> for Parser {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a valid ", stringify!($name)))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $read(text).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Parser)
            }
        }
    };
}

pub(crate) use validated_string;
