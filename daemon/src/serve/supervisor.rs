//! What the service manager is told (systemd's notify protocol): that the daemon is ready, what it
//! is doing, that it stops, and, as long as the hub and the shards take what comes, that it lives.
//!
//! Without a service manager all of this says nothing to nobody. One that does not listen holds up
//! nothing else.

use std::time::Duration;
use std::{env, io};

use sd_notify::NotifyState;
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::listen::Listener;
use crate::hub::Ask;

/// What to do where the disk cannot be written to, which it is where the unit says nothing else.
pub(crate) const CONFINED: &str = "; if a service: its unit lets it write to its own directories \
    only, so name this one in ReadWritePaths= in a drop-in of parlord.service";

/// How long the service manager is waited for before anything goes on without it. It takes what it is
/// told in no time, unless it hangs.
const IN_PASSING: Duration = Duration::from_millis(500);

/// Says what the daemon is doing, as `systemctl status` shows it.
pub(super) async fn status(doing: &str) {
    in_passing(&[NotifyState::Status(doing)]).await;
}

/// Says that clients may come, and where, before anything else is said. What is left to do from then
/// on is to say that the daemon lives, twice in the time that the service manager waits for it, where
/// it does at all; this ends only with the hub.
pub(super) async fn ready(
    listeners: &[Listener],
    hub: mpsc::Sender<Ask>,
) -> impl Future<Output = ()> + use<> {
    let places: Vec<_> = listeners.iter().map(ToString::to_string).collect();
    let doing = format!("listening on {}", places.join(", "));
    let mut telling = Box::pin(async move {
        notify(&[NotifyState::Ready, NotifyState::Status(&doing)]).await;
    });
    let told = timeout(IN_PASSING, &mut telling).await;
    log::info!("ready");
    async move {
        // However long it takes: what is not heard to be ready is ended at last.
        if told.is_err() {
            telling.await;
        }
        if let Some(patience) = sd_notify::watchdog_enabled() {
            let alive = async || notify(&[NotifyState::Watchdog]).await;
            every(patience / 2, &hub, alive).await;
        }
    }
}

/// Says that the daemon ends because it was told to.
pub(super) async fn stopping() {
    let doing = NotifyState::Status("answering what was asked, then ending");
    in_passing(&[NotifyState::Stopping, doing]).await;
    log::info!("stopping");
}

/// Sends a pulse through the hub and the shards once in every `period`, and calls `alive` when all
/// have let go of it. Where one of them hangs nothing is said.
async fn every(period: Duration, hub: &mpsc::Sender<Ask>, mut alive: impl AsyncFnMut()) {
    let mut ticks = tokio::time::interval(period);
    loop {
        ticks.tick().await;
        let (pulse, mut passed_on) = mpsc::channel(1);
        if hub.send(Ask::Pulse(pulse)).await.is_err() {
            return;
        }
        let None = passed_on.recv().await;
        alive().await;
    }
}

async fn in_passing(states: &[NotifyState<'_>]) {
    if timeout(IN_PASSING, notify(states)).await.is_err() {
        log::warn!("the service manager does not hear {states:?}");
    }
}

/// Returns once the service manager has room for it.
async fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = send(states).await {
        log::warn!("cannot tell the service manager {states:?}: {error}");
    }
}

/// What [`sd_notify::notify`] does, which would hold up the whole thread.
async fn send(states: &[NotifyState<'_>]) -> io::Result<()> {
    let Some(path) = env::var_os("NOTIFY_SOCKET") else { return Ok(()) };
    let text: String = states.iter().map(|state| format!("{state}\n")).collect();
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    socket.send(text.as_bytes()).await?;
    Ok(())
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
        let pulsing = every(period, &hub, async || lives.set(lives.get() + 1));
        let a_shard_hangs_after_two = async {
            for passed in 0..2 {
                let let_go = pulse(&mut asks).await;
                assert_eq!(lives.get(), passed);
                drop(let_go);
            }
            let _held = pulse(&mut asks).await.clone();
            let more = timeout(20 * period, asks.recv()).await;
            assert!(more.is_err(), "a daemon that hangs was asked again: {more:?}");
        };
        tokio::select! {
            () = pulsing => panic!("it gave up"),
            () = a_shard_hangs_after_two => {}
        }
        assert_eq!(lives.get(), 2);
    }
}
