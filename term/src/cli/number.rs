//! Numbers as people write them; what is none is answered in words that say what to write.

/// The last place that a room can have.
const SEQ_MAX: u64 = i64::MAX.unsigned_abs();

/// How many of something.
pub(super) fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "use a whole number")
}

/// How many of a listing, which is never none.
pub(super) fn limit(text: &str) -> Result<u32, &'static str> {
    text.parse().ok().filter(|&limit| limit > 0).ok_or("use a whole number from 1 on")
}

/// A span in seconds, or none.
pub(super) fn secs(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "use a whole number of seconds; 0 ends it")
}

/// A place in a room.
pub(super) fn seq(text: &str) -> Result<u64, &'static str> {
    text.parse().ok().filter(|&seq| seq <= SEQ_MAX).ok_or("use the number of a message")
}

/// A device.
pub(super) fn device(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "use the number of a device; `devices` lists them")
}
