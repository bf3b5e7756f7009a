//! Times as scripts read them.

use parlor_protocol::id::Timestamp;

/// The time in UTC with milliseconds, as RFC 3339 has it. What is beyond the calendar's range is
/// shown as its end.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_never_fail() {
        assert_eq!(rfc3339(Timestamp(1_795_378_032_123)), "2026-11-22T20:07:12.123Z");
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        for at in [i64::MIN, i64::MAX] {
            assert!(rfc3339(Timestamp(at)).ends_with('Z'));
        }
    }
}
