//! What the service manager is told (systemd's notify protocol): that the daemon is ready, what it
//! is doing, that it stops, and, as long as the hub takes what it is asked, that it lives.
//!
//! Without a service manager all of this says nothing to nobody.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::{mpsc, oneshot};

use super::listen::Listener;
use crate::hub::Ask;

/// What to do where the disk cannot be written to, which it is where the unit says nothing else.
pub(crate) const CONFINED: &str = "; if a service: its unit lets it write to its own directories \
    only, so name this one in ReadWritePaths= in a drop-in of parlord.service";

/// Says what the daemon is doing, as `systemctl status` shows it.
pub(super) fn status(doing: &str) {
    notify(&[NotifyState::Status(doing)]);
}

/// Says that clients may come, and where.
pub(super) fn ready(listeners: &[Listener]) {
    let places: Vec<_> = listeners.iter().map(ToString::to_string).collect();
    let doing = format!("listening on {}", places.join(", "));
    notify(&[NotifyState::Ready, NotifyState::Status(&doing)]);
    log::info!("ready");
}

/// Says that the daemon ends because it was told to.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping, NotifyState::Status("answering what was asked, then ending")]);
    log::info!("stopping");
}

/// Says that the daemon lives, twice in the time that the service manager waits for it, where it
/// does at all. Ends only with the hub.
pub(super) async fn keep_alive(hub: mpsc::Sender<Ask>) {
    if let Some(patience) = sd_notify::watchdog_enabled() {
        pulse(&hub, patience / 2, || notify(&[NotifyState::Watchdog])).await;
    }
}

/// Calls `alive` for every answer of the hub, which is asked once in every `period`. A hub that
/// hangs answers nothing, and then nothing is said for it.
async fn pulse(hub: &mpsc::Sender<Ask>, period: Duration, mut alive: impl FnMut()) {
    let mut ticks = tokio::time::interval(period);
    loop {
        ticks.tick().await;
        let (reply, answer) = oneshot::channel();
        if hub.send(Ask::Pulse(reply)).await.is_err() || answer.await.is_err() {
            return;
        }
        alive();
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::warn!("cannot tell the service manager {states:?}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// The hub's next question, which the test answers or does not.
    async fn asked(asks: &mut mpsc::Receiver<Ask>) -> oneshot::Sender<()> {
        match asks.recv().await {
            Some(Ask::Pulse(reply)) => reply,
            other => panic!("asked for {other:?}"),
        }
    }

    #[tokio::test]
    async fn the_daemon_lives_only_as_far_as_its_hub_answers() {
        let (hub, mut asks) = mpsc::channel(1);
        let lives = Cell::new(0);
        let period = Duration::from_millis(1);
        let pulsing = pulse(&hub, period, || lives.set(lives.get() + 1));
        let hub_hangs_after_two = async {
            for answered in 0..2 {
                let reply = asked(&mut asks).await;
                assert_eq!(lives.get(), answered);
                reply.send(()).unwrap();
            }
            let _unanswered = asked(&mut asks).await;
            let more = tokio::time::timeout(20 * period, asks.recv()).await;
            assert!(more.is_err(), "a hub that hangs was asked again: {more:?}");
        };
        tokio::select! {
            () = pulsing => panic!("it gave up"),
            () = hub_hangs_after_two => {}
        }
        assert_eq!(lives.get(), 2);
    }
}
