//! How the daemon stops: nobody comes in any more, the hub answers what it took and tells everybody,
//! then the threads end. For all of it there is a [`Deadline`](super::deadline::Deadline).

use std::future::Future;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::ServeError;
use crate::hub::{Ask, Stopped};

/// Waits until the daemon is told to stop, or its hub ends. In the first case nobody is accepted any
/// more, and then the hub answers what it took.
///
/// # Errors
/// The hub did not end as it was told to.
pub(super) async fn until_stopped(
    told: impl Future<Output = ()>,
    hub: &mpsc::Sender<Ask>,
    mut has_stopped: oneshot::Receiver<Stopped>,
    accept: &CancellationToken,
) -> Result<(), ServeError> {
    let by_itself = tokio::select! {
        stopped = &mut has_stopped => Some(stopped),
        () = told => None,
    };
    let stopped = match by_itself {
        Some(stopped) => stopped,
        None => {
            accept.cancel();
            // A hub that is gone already says so through the other channel.
            let _gone = hub.send(Ask::Stop).await;
            has_stopped.await
        }
    };
    match stopped {
        Ok(Stopped::AsTold) => Ok(()),
        Ok(Stopped::Failed(error)) => Err(ServeError::Failed(error)),
        Err(_panicked) => Err(ServeError::Died),
    }
}

/// Waits for the threads, each of which ends once nobody can reach it.
///
/// # Errors
/// One of them has panicked.
pub(super) fn join_all(threads: impl Iterator<Item = JoinHandle<()>>) -> Result<(), ServeError> {
    // Each is waited for, whatever became of the one before.
    let panicked = threads.map(JoinHandle::join).filter(Result::is_err).count();
    if panicked == 0 { Ok(()) } else { Err(ServeError::Died) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let (stopped, ()) = tokio::join!(stopping, answering);
        stopped.unwrap();
    }

    #[tokio::test]
    async fn a_hub_that_ends_by_itself_is_told_of() {
        let (hub, _asks) = mpsc::channel(1);
        let (died, has_stopped) = oneshot::channel();
        drop(died);
        let (told, accept) = (std::future::pending(), CancellationToken::new());
        let stopped = until_stopped(told, &hub, has_stopped, &accept).await;
        assert!(matches!(stopped, Err(ServeError::Died)));
    }

    #[test]
    fn a_thread_that_has_panicked_is_told_of_once_all_have_ended() {
        let (ended, has_ended) = std::sync::mpsc::channel();
        let threads = [
            std::thread::spawn(|| panic!("on purpose")),
            std::thread::spawn(move || ended.send(()).unwrap()),
        ];
        assert!(matches!(join_all(threads.into_iter()), Err(ServeError::Died)));
        has_ended.try_recv().unwrap();
    }
}
