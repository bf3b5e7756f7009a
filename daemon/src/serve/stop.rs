//! How the daemon stops: nobody comes in any more, the hub answers what it took and tells everybody,
//! then the threads end. What has not ended in time ends with the process.

use std::future::Future;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::ServeError;
use crate::hub::{Ask, Stopped};

/// The whole of a stop, at most: whatever has not ended by then ends with the process.
const STOP_MAX: Duration = Duration::from_secs(10);

/// How the hub has ended, and by when all else must have.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) outcome: Result<(), ServeError>,
    pub(super) deadline: Instant,
}

/// Waits until the daemon is told to stop, or its hub ends. In the first case nobody is accepted any
/// more, and then the hub answers what it took.
pub(super) async fn until_stopped(
    told: impl Future<Output = ()>,
    hub: &mpsc::Sender<Ask>,
    has_stopped: oneshot::Receiver<Stopped>,
    accept: &CancellationToken,
) -> Ending {
    until_stopped_within(STOP_MAX, told, hub, has_stopped, accept).await
}

async fn until_stopped_within(
    patience: Duration,
    told: impl Future<Output = ()>,
    hub: &mpsc::Sender<Ask>,
    mut has_stopped: oneshot::Receiver<Stopped>,
    accept: &CancellationToken,
) -> Ending {
    let by_itself = tokio::select! {
        stopped = &mut has_stopped => Some(stopped),
        () = told => None,
    };
    let deadline = Instant::now() + patience;
    let stopped = match by_itself {
        Some(stopped) => Ok(stopped),
        None => {
            accept.cancel();
            let answering = async {
                // A hub that is gone already says so through the other channel.
                let _gone = hub.send(Ask::Stop).await;
                has_stopped.await
            };
            timeout_at(deadline, answering).await
        }
    };
    let outcome = match stopped {
        Ok(Ok(Stopped::AsTold)) => Ok(()),
        Ok(Ok(Stopped::Failed(error))) => Err(ServeError::Failed(error)),
        Ok(Err(_panicked)) => Err(ServeError::Died),
        Err(_elapsed) => Err(ServeError::Hung(patience)),
    };
    Ending { outcome, deadline }
}

/// Waits for the threads, each of which ends once nobody can reach it.
///
/// # Errors
/// One of them does not, in time, or has panicked.
pub(super) async fn join_all(
    threads: impl Iterator<Item = JoinHandle<()>>,
    deadline: Instant,
) -> Result<(), ServeError> {
    let threads: Vec<_> = threads.collect();
    let joined = tokio::task::spawn_blocking(move || {
        let joined = threads.into_iter().map(JoinHandle::join);
        joined.filter(Result::is_err).count()
    });
    match timeout_at(deadline, joined).await {
        Ok(Ok(0)) => Ok(()),
        Ok(_panicked) => Err(ServeError::Died),
        Err(_elapsed) => Err(ServeError::Hung(STOP_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn nobody_is_accepted_any_more_when_the_hub_is_told_to_stop() {
        let (hub, mut asks) = mpsc::channel(1);
        let (stopped, has_stopped) = oneshot::channel();
        let accept = CancellationToken::new();
        let told = std::future::ready(());
        let stopping = until_stopped(told, &hub, has_stopped, &accept);
        let answering = async {
            let Some(Ask::Stop) = asks.recv().await else { panic!("it is not told to stop") };
            assert!(accept.is_cancelled());
            stopped.send(Stopped::AsTold).unwrap();
        };
        let (ending, ()) = tokio::join!(stopping, answering);
        ending.outcome.unwrap();
    }

    #[tokio::test]
    async fn a_hub_that_hangs_is_not_waited_for_longer_than_the_stop_may_take() {
        // It takes what it is asked, or not even that, and never answers.
        for room in [1, 2] {
            let (hub, _asks) = mpsc::channel(room);
            let (_never, has_stopped) = oneshot::channel();
            hub.send(Ask::Tick).await.unwrap();
            let (told, accept) = (std::future::ready(()), CancellationToken::new());
            let begun = Instant::now();
            let stopping = until_stopped_within(SHORT, told, &hub, has_stopped, &accept);
            let Ending { outcome, deadline } = stopping.await;
            assert!(matches!(outcome, Err(ServeError::Hung(SHORT))), "{outcome:?}");
            assert!(accept.is_cancelled() && deadline <= begun + SHORT * 10);
        }
    }

    #[tokio::test]
    async fn a_hub_that_ends_by_itself_is_told_of() {
        let (hub, _asks) = mpsc::channel(1);
        let (died, has_stopped) = oneshot::channel();
        drop(died);
        let (told, accept) = (std::future::pending(), CancellationToken::new());
        let ending = until_stopped(told, &hub, has_stopped, &accept).await;
        assert!(matches!(ending.outcome, Err(ServeError::Died)));
    }

    #[test]
    fn a_thread_that_hangs_does_not_hold_up_the_end() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let _released = held.recv();
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let joined = runtime
            .block_on(async { join_all([thread].into_iter(), Instant::now() + SHORT).await });
        assert!(matches!(joined, Err(ServeError::Hung(_))));
        runtime.shutdown_background();
        drop(release);
    }
}
