//! Work that may never come back, as reading from a network mount that hangs: on a thread of its own,
//! which is waited for so long and no longer.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

/// A thread for such work. There is one: what hangs does not pile up.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// What was given up and may still hang.
    given_up: Option<JoinHandle<()>>,
}

impl Aside {
    /// What comes of the work; `None` where nothing does in time, or where earlier work still hangs.
    pub(super) async fn within<T: Send + 'static>(
        &mut self,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        if self.given_up.as_ref().is_some_and(|hanging| !hanging.is_finished()) {
            return None;
        }
        let (done, outcome) = oneshot::channel();
        let under_way = spawn_blocking(move || {
            let _given_up = done.send(work());
        });
        let outcome = timeout(limit, outcome).await.ok().and_then(Result::ok);
        self.given_up = outcome.is_none().then_some(under_way);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn work_that_hangs_is_given_up_and_nothing_follows_until_it_ends() {
        let (release, held) = mpsc::channel::<()>();
        let mut aside = Aside::default();
        assert_eq!(aside.within(LONG, || 1).await, Some(1));
        assert_eq!(aside.within(SHORT, move || held.recv().is_err()).await, None);
        assert_eq!(aside.within(LONG, || 2).await, None, "there is one thread at most");
        drop(release);
        aside.given_up.take().unwrap().await.unwrap();
        assert_eq!(aside.within(LONG, || 3).await, Some(3));
    }
}
