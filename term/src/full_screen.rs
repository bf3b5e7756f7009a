//! The full-screen client, from the prompts before it to the terminal after it.

use std::io::IsTerminal;
use std::thread;

use parlor_protocol::id::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::console::Console;
use crate::failure::Failure;
use crate::link::{Link, ScreenGone};
use crate::model::{self, Model};
use crate::net::account::Account;
use crate::screen::{self, Ended, Wake};

/// How much may be asked of the network's thread before it has taken it.
const ASKS_MAX: usize = 256;

/// Logs in, with questions in plain words as in line mode, then shows the screen until it ends.
///
/// # Errors
/// When there is no terminal, no connection, or no way in.
pub(crate) fn open(
    account: Account,
    runtime: Runtime,
    console: &mut dyn Console,
) -> Result<Ended, Failure> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    if dumb || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "the full screen needs a terminal; give a command, `parlor --help` lists them"
                .to_owned(),
        ));
    }
    let (session, me) = runtime.block_on(account.log_in(console))?;
    let now = Timestamp(jiff::Timestamp::now().as_millisecond());
    let mut model = Model::new(me.user.as_str(), &account.endpoint.host, "ED25519 pinned", now);
    model.link = model::Link::Online { round_trip: None };
    let mut network = None;
    let ended = screen::run(model, |wakes| {
        let (ask, asks) = mpsc::channel(ASKS_MAX);
        let tell = move |news| wakes.send(Wake::News(news)).map_err(|_| ScreenGone);
        let link = Link::new(account, asks, Box::new(tell));
        let serve = move || {
            runtime.block_on(link.run(session));
            // A name that is being looked up must not keep the program alive.
            runtime.shutdown_background();
        };
        network = Some(thread::Builder::new().name("network".into()).spawn(serve));
        Box::new(move |asked| ask.try_send(asked).map_err(mpsc::error::TrySendError::into_inner))
    });
    let failed = |error| Failure::Failed(format!("cannot use the terminal: {error}"));
    // The network says goodbye, which takes a moment at most.
    if let Some(network) = network {
        let _ = network.map_err(failed)?.join();
    }
    ended.map_err(failed)
}
