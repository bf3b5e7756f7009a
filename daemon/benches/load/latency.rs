//! How long things took, as percentiles.

use std::fmt;
use std::time::Duration;

/// Durations, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Notes one more.
    pub(crate) fn note(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Half of them were at most `p50`, and so on.
    pub(crate) fn percentiles(mut self) -> Percentiles {
        self.0.sort_unstable();
        let at = |hundredths: usize| {
            let place = (self.0.len() * hundredths).div_ceil(100).saturating_sub(1);
            self.0.get(place).copied().unwrap_or_default()
        };
        Percentiles { p50: at(50), p99: at(99), worst: at(100) }
    }
}

/// What most, nearly all and all of some durations stayed below.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Percentiles {
    p50: Duration,
    p99: Duration,
    worst: Duration,
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |took: Duration| took.as_secs_f64() * 1e3;
        let Self { p50, p99, worst } = *self;
        write!(
            f,
            "p50 {:5.2} ms  p99 {:6.2} ms  worst {:6.2} ms",
            millis(p50),
            millis(p99),
            millis(worst)
        )
    }
}
