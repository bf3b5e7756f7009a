//! How a connection begins: the client's [`Hello`], frozen for ever, and the server's [`Welcome`].

use crate::account::SignUpMode;
use crate::id::{Bytes, Timestamp};
use crate::record::{Record, wire_struct};

/// The ALPN protocol that both ends of a TLS connection demand.
pub const ALPN: &[u8] = b"parlor/1";
/// The label under which both ends export 32 bytes from TLS, with an empty context, to tie a login
/// to its connection.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-parlor-login";
/// Stands in the exporter's place on plain TCP and Unix sockets, so that no login is valid across
/// transports.
pub const PLAIN_BINDING: &[u8] = b"parlor/1 plain";
/// The port where a daemon listens unless told otherwise.
pub const DEFAULT_PORT: u16 = 7667;
/// Opens every [`Hello`]: "PARL" as a big-endian number.
pub const MAGIC: u32 = 0x5041_524c;
/// The version of the wire that this crate speaks.
pub const VERSION: u32 = 1;

wire_struct! {
    /// The client's first frame. Its layout never changes, whatever the versions.
    pub struct Hello {
        /// Always 0x5041524c, "PARL" as a big-endian number.
        pub magic: u32,
        /// The versions that the client speaks; at most 16 are looked at.
        pub versions: Vec<u32>,
        /// Numbers of optional features that the client understands; none are defined yet.
        pub features: Vec<u32>,
        /// The client's name and version, for the operator's eyes; at most 64 bytes.
        pub client: String,
    }

    /// The server's answer to a [`Hello`] of which it speaks a version.
    pub struct Welcome {
        /// The version that both will speak: the highest in common.
        pub version: u32,
        /// Numbers of the features in use.
        pub features: Vec<u32>,
        /// What the server calls itself.
        pub server: String,
        /// The message of the day; empty where there is none.
        pub motd: String,
        /// Whether and how new users sign up.
        pub sign_up: SignUpMode,
        /// Random bytes which a device login on this connection signs.
        pub challenge: Bytes<32>,
        /// The server's clock, by which clients make their nonces.
        pub at: Timestamp,
        /// What the server accepts.
        pub limits: Record<Limits>,
    }

    /// What the server accepts of a client; a client that keeps to it is not refused for size.
    pub struct Limits {
        /// Bytes of one frame's value, once logged in; 4,096 before.
        pub frame_bytes: u32,
        /// Requests that may be unanswered at once.
        pub requests_in_flight: u32,
        /// Characters of one message.
        pub message_chars: u32,
        /// Bytes of one message.
        pub message_bytes: u32,
    }
}

impl Hello {
    /// The first frame of this version's client.
    #[must_use]
    pub fn new(client: &str) -> Self {
        Self { magic: MAGIC, versions: vec![VERSION], features: vec![], client: client.to_owned() }
    }
}
