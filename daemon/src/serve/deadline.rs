//! The latest end of a stop: a thread that takes the signals to stop, passes them on, and ends the
//! process where nothing else has in time.
//!
//! It is a thread of its own since any other may hang, also that of `serve`: in writing to a log
//! that nobody reads, say.

use std::io::{self, Write};
use std::process;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{ServeError, failed, start};

/// The whole of a stop, at most: whatever has not ended by then ends with the process.
const STOP_MAX: Duration = Duration::from_secs(10);
/// How much of it is left for saying so, which hangs where the log does.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// From when on the process has [`STOP_MAX`] to end.
#[derive(Debug, Clone, Default)]
pub(super) struct Deadline {
    /// It was told to stop.
    pub(super) told: CancellationToken,
    /// The hub has ended, perhaps by itself.
    pub(super) over: CancellationToken,
}

impl Deadline {
    /// Starts the thread. From here on the signals do not end the process by themselves.
    ///
    /// # Errors
    /// The system refuses the thread or the signals.
    pub(super) fn start() -> Result<Self, ServeError> {
        let (deadline, (taken, has_taken)) = (Self::default(), sync_channel(1));
        let this = deadline.clone();
        start("deadline", move || this.keep(&taken))?;
        has_taken.recv().unwrap_or(Err(ServeError::Died))?;
        Ok(deadline)
    }

    fn keep(&self, taken: &SyncSender<Result<(), ServeError>>) {
        let (runtime, [mut terminate, mut interrupt]) = match signals() {
            Ok(signals) => signals,
            Err(error) => return drop(taken.send(Err(error))),
        };
        // Whoever has started the thread waits for this.
        let _waiting = taken.send(Ok(()));
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => self.told.cancel(),
                _ = interrupt.recv() => self.told.cancel(),
                () = self.over.cancelled() => {}
            }
        });
        thread::sleep(STOP_MAX.saturating_sub(LAST_WORDS));
        give_up()
    }
}

/// The signals to stop, and what they come by.
fn signals() -> Result<(Runtime, [Signal; 2]), ServeError> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed("start"))?;
    let entered = runtime.enter();
    let terminate = signal(SignalKind::terminate()).map_err(failed("listen for SIGTERM"))?;
    let interrupt = signal(SignalKind::interrupt()).map_err(failed("listen for SIGINT"))?;
    drop(entered);
    Ok((runtime, [terminate, interrupt]))
}

/// Ends the process, and says so where somebody hears it.
fn give_up() -> ! {
    let (said, has_said) = sync_channel(1);
    let saying = move || {
        let _unheard = writeln!(io::stderr(), "parlord: {}", ServeError::Hung(STOP_MAX));
        let _ended = said.send(());
    };
    let _hanging = thread::Builder::new().name("last words".to_owned()).spawn(saying);
    let _unheard = has_said.recv_timeout(LAST_WORDS);
    process::exit(1)
}
