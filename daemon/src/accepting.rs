//! What a listener does that cannot accept: it says so once, and tries again in a while.

use std::io;
use std::mem::replace;
use std::time::Duration;

/// A pause after a failed accept: the system is short of something, most likely of descriptors, and
/// needs a moment in which some are closed.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether a listener accepts.
#[derive(Debug, Default)]
pub(crate) struct Accepting {
    fails: bool,
}

impl Accepting {
    /// Somebody was accepted.
    pub(crate) fn succeeded(&mut self) {
        self.fails = false;
    }

    /// `whom` could not be accepted. Returns when it is time to try again.
    pub(crate) async fn failed(&mut self, whom: &str, error: &io::Error) {
        if self.is_news() {
            log::warn!("cannot accept {whom}: {error}; this is tried until it succeeds");
        }
        tokio::time::sleep(PAUSE).await;
    }

    /// Whether a failure is the first of its row.
    fn is_news(&mut self) -> bool {
        !replace(&mut self.fails, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_once_until_somebody_was_accepted() {
        let mut accepting = Accepting::default();
        assert_eq!([(); 3].map(|()| accepting.is_news()), [true, false, false]);
        accepting.succeeded();
        assert_eq!([(); 2].map(|()| accepting.is_news()), [true, false]);
    }
}
