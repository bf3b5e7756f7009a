//! The server's clock. Only the shell reads it: the rules get the time as an argument.

use parlor_protocol::id::Timestamp;

/// The time by the server's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}
