//! What the service manager is told (systemd's notify protocol): that the daemon is ready, what it
//! is doing, that it stops, and, as long as the hub and the shards take what comes, that it lives.
//!
//! Without a service manager all of this says nothing to nobody.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::mpsc;

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
        every(patience / 2, &hub, || notify(&[NotifyState::Watchdog])).await;
    }
}

/// Sends a pulse through the hub and the shards once in every `period`, and calls `alive` when all
/// have let go of it. Where one of them hangs nothing is said.
async fn every(period: Duration, hub: &mpsc::Sender<Ask>, mut alive: impl FnMut()) {
    let mut ticks = tokio::time::interval(period);
    loop {
        ticks.tick().await;
        let (pulse, mut passed_on) = mpsc::channel(1);
        if hub.send(Ask::Pulse(pulse)).await.is_err() {
            return;
        }
        let None = passed_on.recv().await;
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
    use crate::delivery::Pulse;

    /// The next pulse, which the test lets go of or does not.
    async fn pulse(asks: &mut mpsc::Receiver<Ask>) -> Pulse {
        match asks.recv().await {
            Some(Ask::Pulse(pulse)) => pulse,
            other => panic!("asked for {other:?}"),
        }
    }

    #[tokio::test]
    async fn the_daemon_lives_only_as_long_as_its_threads_let_go_of_the_pulse() {
        let (hub, mut asks) = mpsc::channel(1);
        let lives = Cell::new(0);
        let period = Duration::from_millis(1);
        let pulsing = every(period, &hub, || lives.set(lives.get() + 1));
        let a_shard_hangs_after_two = async {
            for passed in 0..2 {
                let let_go = pulse(&mut asks).await;
                assert_eq!(lives.get(), passed);
                drop(let_go);
            }
            let _held = pulse(&mut asks).await.clone();
            let more = tokio::time::timeout(20 * period, asks.recv()).await;
            assert!(more.is_err(), "a daemon that hangs was asked again: {more:?}");
        };
        tokio::select! {
            () = pulsing => panic!("it gave up"),
            () = a_shard_hangs_after_two => {}
        }
        assert_eq!(lives.get(), 2);
    }
}
