//! How much one may do at once and in a while: accounts that are even again some time after the last
//! thing that was put on them.

use parlor_protocol::id::Timestamp;

/// Microseconds in a millisecond; accounts are kept in microseconds, as rates beyond a thousand a
/// second are set where machines speak.
const US: i64 = 1_000;
const SECOND_US: i64 = 1_000 * US;
const HOUR_US: i64 = 60 * 60 * SECOND_US;

/// When an account is even, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Even(i64);

/// So many at once, and from then on as many as are forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// After how many microseconds one is forgiven.
    gap: i64,
    /// After how many as many are as may be done at once.
    depth: i64,
}

impl Rate {
    /// `burst` at once, and one more for each of `per_sec` in a second.
    pub(crate) fn per_second(burst: u32, per_sec: u32) -> Self {
        Self::of(burst, SECOND_US / i64::from(per_sec.max(1)))
    }

    /// `burst` at once, and one more for each of `per_hour` in an hour.
    pub(crate) fn per_hour(burst: u32, per_hour: u32) -> Self {
        Self::of(burst, HOUR_US / i64::from(per_hour.max(1)))
    }

    fn of(burst: u32, gap: i64) -> Self {
        Self { gap, depth: gap * i64::from(burst) }
    }

    /// How an account stands, and how it would with one thing more on it, or how many milliseconds it
    /// takes until there is room for one. Nobody has an account before the first.
    pub(crate) fn standing(
        self,
        account: Option<Even>,
        at: Timestamp,
    ) -> (Even, Result<Even, i64>) {
        let now = micros(at);
        // Where the clock was set back nobody waits longer than for an empty account.
        let even =
            account.map_or(now, |Even(even)| even.max(now).min(now.saturating_add(self.depth)));
        let after = even.saturating_add(self.gap);
        let beyond = after - now.saturating_add(self.depth);
        let one_more = if beyond > 0 { Err(millis(beyond)) } else { Ok(Even(after)) };
        (Even(even), one_more)
    }

    /// Puts one thing on an account, whether or not there is room for it.
    pub(crate) fn put(self, account: Option<Even>, at: Timestamp) -> Even {
        let (Even(even), _) = self.standing(account, at);
        Even(even.saturating_add(self.gap).min(micros(at).saturating_add(self.depth)))
    }

    /// Until when there is no room for one thing more on an account; `None` where there is.
    pub(crate) fn full_until(self, account: Even, at: Timestamp) -> Option<Timestamp> {
        let (_, one_more) = self.standing(Some(account), at);
        one_more.err().map(|wait| Timestamp(at.0.saturating_add(wait)))
    }
}

impl Even {
    /// An account with as much on it where that is forgiven at another rate.
    pub(crate) fn at_another(self, before: Rate, after: Rate, at: Timestamp) -> Self {
        let (now, gap) = (micros(at), i128::from(before.gap.max(1)));
        let left = i128::from(self.0.saturating_sub(now).clamp(0, before.depth));
        let left = (left * i128::from(after.gap) + gap - 1) / gap;
        Self(now.saturating_add(i64::try_from(left).unwrap_or(i64::MAX).min(after.depth)))
    }

    /// Whether there is nothing on the account any more.
    pub(crate) fn is_past(self, at: Timestamp) -> bool {
        self.0 <= micros(at)
    }
}

fn micros(at: Timestamp) -> i64 {
    at.0.saturating_mul(US)
}

/// Rounded up: whoever waits as long waits long enough.
fn millis(us: i64) -> i64 {
    (us + US - 1) / US
}
