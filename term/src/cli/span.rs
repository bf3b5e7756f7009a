//! Spans of time as people write them: 30s 15m 12h 7d 2w.

use std::str::FromStr;

/// A span of whole seconds, never none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// How many seconds it lasts.
    pub(crate) secs: u32,
}

/// Text that is no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use a number and a unit, as in 30s 15m 12h 7d 2w")]
pub(crate) struct NoSpan;

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or(NoSpan)?;
        let (number, unit) = text.split_at(unit_at);
        let unit_secs = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            "w" => 7 * 24 * 60 * 60,
            _ => return Err(NoSpan),
        };
        let number: u32 = number.parse().map_err(|_| NoSpan)?;
        let secs = number.checked_mul(unit_secs).filter(|&secs| secs > 0).ok_or(NoSpan)?;
        Ok(Self { secs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        for (text, secs) in
            [("30s", 30), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)]
        {
            assert_eq!(text.parse(), Ok(Span { secs }), "{text}");
        }
        for bad in ["", "7", "d", "0d", "-1d", "7 d", "7D", "1d12h", "1.5h", "9999999w", "٧d"] {
            assert_eq!(bad.parse::<Span>(), Err(NoSpan), "{bad}");
        }
    }
}
