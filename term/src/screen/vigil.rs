//! Notices when the user is back: at a key, and after this machine was asleep.

use std::time::{Duration, Instant};

use parlor_protocol::id::Timestamp;

/// The network is told no more often than this that the user is there.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// When this much more time has passed by the clock than the processor has seen, in milliseconds,
/// then the machine was asleep, or its clock was set, after which looking does no harm.
const ASLEEP_MIN_MS: i64 = 5_000;

/// What is known of the user's presence.
#[derive(Debug)]
pub(super) struct Vigil {
    told: Option<Instant>,
    looked: (Instant, Timestamp),
}

/// Whether the network is to be told that the user is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tell {
    Yes,
    No,
}

impl Vigil {
    /// Begins at this moment, as the processor counts and as the clock shows.
    pub(super) fn new(now: Instant, clock: Timestamp) -> Self {
        Self { told: None, looked: (now, clock) }
    }

    /// The user pressed a key, or brought the program back.
    pub(super) fn user(&mut self, now: Instant) -> Tell {
        if self.told.is_some_and(|told| now.duration_since(told) < TELL_EVERY) {
            return Tell::No;
        }
        self.told = Some(now);
        Tell::Yes
    }

    /// Something woke the program.
    pub(super) fn look(&mut self, now: Instant, clock: Timestamp) -> Tell {
        let (before, then) = std::mem::replace(&mut self.looked, (now, clock));
        let seen = i64::try_from(now.duration_since(before).as_millis()).unwrap_or(i64::MAX);
        let passed = clock.0.saturating_sub(then.0);
        if passed.saturating_sub(seen) < ASLEEP_MIN_MS { Tell::No } else { self.user(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_of_once_a_second() {
        let start = Instant::now();
        let mut vigil = Vigil::new(start, Timestamp(0));
        let told = [0, 400, 999, 1_000, 1_500, 2_500]
            .map(|millis| vigil.user(start + Duration::from_millis(millis)) == Tell::Yes);
        assert_eq!(told, [true, false, false, true, false, true]);
    }

    #[test]
    fn a_machine_that_was_asleep_is_noticed_and_one_that_was_idle_is_not() {
        let start = Instant::now();
        let mut vigil = Vigil::new(start, Timestamp(0));
        let idle = start + Duration::from_secs(60);
        assert_eq!(vigil.look(idle, Timestamp(60_100)), Tell::No);
        let woken = idle + Duration::from_secs(1);
        assert_eq!(vigil.look(woken, Timestamp(3_600_000)), Tell::Yes);
        assert_eq!(vigil.look(woken, Timestamp(3_600_000)), Tell::No, "it is told once");
        assert_eq!(vigil.look(woken, Timestamp(0)), Tell::No, "a clock set back says nothing");
    }
}
