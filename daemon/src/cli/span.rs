//! Spans of time as people write them: `30m`, `12h`, `7d`, `2w`.

/// Reads a span, in seconds. One that is longer than can be counted is the longest there is.
///
/// # Errors
/// It is none, or nothing.
pub(super) fn secs(text: &str) -> Result<u64, String> {
    let wrong = || "use a number and one of s m h d w, as in 7d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let secs: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    // The number parser would take a sign too.
    let digits = text[..text.len() - 1].trim_start_matches('0');
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.is_empty() {
        return Err(wrong());
    }
    // Digits that are no number here are too many.
    let count: u64 = digits.parse().unwrap_or(u64::MAX);
    Ok(count.saturating_mul(secs))
}
