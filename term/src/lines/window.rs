//! How many messages are under way at once: many, until the server says to wait.
//!
//! From then on each message waits for the one before it, so that none overtakes another that has
//! to be sent again, and for as long as the server said, so that it need not say it every time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Messages that are under way at once, at most: enough to fill a slow link, and no more than half
/// of the requests that a server takes.
pub(super) const UNDER_WAY_MAX: usize = 32;

/// The room that there is for messages under way.
pub(super) struct Window {
    slots: Arc<Semaphore>,
    under_way: AtomicUsize,
    /// How long a message waits before it is sent; 0 until the server says to wait.
    pause_ms: AtomicU64,
}

/// A message's place among those under way.
pub(super) struct Slot(OwnedSemaphorePermit);

impl Default for Window {
    fn default() -> Self {
        let slots = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        Self { slots, under_way: AtomicUsize::new(0), pause_ms: AtomicU64::new(0) }
    }
}

impl Window {
    /// Waits until another message may be sent.
    pub(super) async fn enter(&self) -> Slot {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.expect("invariant: the window is never closed");
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let pause = self.pause_ms.load(Ordering::Relaxed);
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Slot(slot)
    }

    /// Takes note of a message that was acknowledged.
    pub(super) fn leave(&self, slot: Slot) {
        let before = self.under_way.fetch_sub(1, Ordering::Relaxed);
        // Only the last one makes room, and so there is one at most from now on.
        if self.pause_ms.load(Ordering::Relaxed) > 0 && before > 1 {
            slot.0.forget();
        }
    }

    /// Takes note that the server says to wait.
    pub(super) fn narrow(&self, wait: Duration) {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        self.pause_ms.fetch_max(wait, Ordering::Relaxed);
        self.slots.forget_permits(UNDER_WAY_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn may_enter(window: &Window) -> Option<Slot> {
        tokio::time::timeout(Duration::from_millis(50), window.enter()).await.ok()
    }

    #[tokio::test]
    async fn behind_a_refusal_one_waits_for_the_other() {
        let window = Window::default();
        let mut slots = Vec::new();
        for _ in 0..3 {
            slots.push(may_enter(&window).await.expect("there is room"));
        }
        window.narrow(Duration::from_millis(1));
        while let Some(slot) = slots.pop() {
            assert!(may_enter(&window).await.is_none(), "one is under way");
            window.leave(slot);
        }
        for _ in 0..2 {
            let slot = may_enter(&window).await.expect("none is under way");
            assert!(may_enter(&window).await.is_none(), "one is under way");
            window.leave(slot);
        }
    }
}
