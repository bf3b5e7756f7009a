//! Reading the configuration file anew: when it is asked for, and when the file has changed.
//!
//! It is done by threads of their own, because a file may be slow. They sleep until there is
//! something to do.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;

use super::event_loop::Wake;
use crate::config::Source;
use crate::update::Reloaded;

/// By whom the file is read when it is asked for.
pub(super) struct Reload {
    source: Arc<Source>,
    wake: SyncSender<Wake>,
}

impl Reload {
    /// Reads it; what came of it comes as a wake.
    pub(super) fn ask(&self) {
        let (source, wake) = (Arc::clone(&self.source), self.wake.clone());
        let read = move || {
            // A loop that has ended wants nothing.
            let _ = wake.send(read(&source));
        };
        if let Err(error) = thread::Builder::new().name("config".into()).spawn(read) {
            let preferences = Err(format!("There is no thread to read it: {error}"));
            let _ = self.wake.try_send(Wake::Reloaded(Reloaded { preferences }));
        }
    }
}

fn read(source: &Source) -> Wake {
    let preferences = source.preferences().map(Arc::new).map_err(|error| error.to_string());
    Wake::Reloaded(Reloaded { preferences })
}

/// Watches the file from now on, where the system can tell of changes.
///
/// # Errors
/// Where there is no thread for it.
pub(super) fn watch(source: Source, wake: SyncSender<Wake>) -> io::Result<Reload> {
    let source = Arc::new(source);
    let reload = Reload { source: Arc::clone(&source), wake: wake.clone() };
    thread::Builder::new().name("config-watch".into()).spawn(move || {
        // Where the changes cannot be told, the user still can.
        let _ = source.each_change(|| wake.send(read(&source)).is_ok());
    })?;
    Ok(reload)
}
