//! Whether the server is still there: when to ask it, and when to give it up.

use std::time::Duration;

use tokio::time::Instant;

/// After this much silence a server that owes us nothing is asked whether it is there,
const IDLE_MAX: Duration = Duration::from_secs(60);
/// and after this much one that owes us an answer: it may be busy with it.
const WORK_MAX: Duration = Duration::from_secs(4);
/// So long it has to say that it is. A dead link is noticed by the system; this finds a server that
/// hangs, 4 + 6 = 10 s after it was asked for something.
const PONG_WITHIN: Duration = Duration::from_secs(6);

/// What a connection knows of the server's life.
#[derive(Debug)]
pub(super) struct Pulse {
    /// When the server last said anything.
    heard: Instant,
    /// Since when it owes us an answer.
    owes: Option<Instant>,
    /// When it was asked whether it is there, where it has said nothing since.
    pinged: Option<Instant>,
}

/// What to do when it is time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// Ask the server whether it is there.
    Ping,
    /// Give it up.
    Gone,
}

impl Pulse {
    /// A server that has just spoken.
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, owes: None, pinged: None }
    }

    /// When to do what, unless something happens before.
    pub(super) fn alarm(&self) -> (Instant, Alarm) {
        match (self.pinged, self.owes) {
            (Some(at), _) => (at + PONG_WITHIN, Alarm::Gone),
            (None, Some(since)) => (self.heard.max(since) + WORK_MAX, Alarm::Ping),
            (None, None) => (self.heard + IDLE_MAX, Alarm::Ping),
        }
    }

    /// The server was asked for something.
    pub(super) fn asked(&mut self, now: Instant) {
        self.owes.get_or_insert(now);
    }

    /// The server was asked whether it is there.
    pub(super) fn pinged(&mut self, now: Instant) {
        self.pinged = Some(now);
    }

    /// The server said something, and still owes so many answers.
    pub(super) fn heard(&mut self, now: Instant, owed: usize) {
        self.heard = now;
        self.pinged = None;
        self.owes = if owed == 0 { None } else { self.owes };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, secs: u64) -> Instant {
        start + Duration::from_secs(secs)
    }

    #[test]
    fn a_server_that_hangs_is_noticed_within_10_seconds_of_being_asked() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        assert_eq!(pulse.alarm(), (after(start, 60), Alarm::Ping));
        pulse.asked(after(start, 30));
        pulse.asked(after(start, 33));
        assert_eq!(pulse.alarm(), (after(start, 34), Alarm::Ping));
        pulse.pinged(after(start, 34));
        assert_eq!(pulse.alarm(), (after(start, 40), Alarm::Gone));
    }

    #[test]
    fn a_server_that_speaks_has_time_for_what_it_owes() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.asked(after(start, 1));
        pulse.pinged(after(start, 5));
        pulse.heard(after(start, 9), 1);
        assert_eq!(pulse.alarm(), (after(start, 13), Alarm::Ping));
        pulse.heard(after(start, 12), 0);
        assert_eq!(pulse.alarm(), (after(start, 72), Alarm::Ping));
    }
}
