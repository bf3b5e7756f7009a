//! The full-screen client, from the prompts before it to the terminal after it.

use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use parlor_protocol::id::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::cache::{Cache, CacheError, Caches, Kept, Login};
use crate::config::Source;
use crate::console::Console;
use crate::failure::Failure;
use crate::host_key::HostKey;
use crate::link::{Known, Link, ScreenGone, Tell};
use crate::model::{self, Model, Notice, UNSENT_MAX};
use crate::net::Session;
use crate::net::account::{Account, LoginError};
use crate::plain;
use crate::preferences::{Preferences, View};
use crate::screen::{self, Asker, Ended, Wake};

/// How much may be asked of the network's thread before it has taken it: all messages that may
/// wait and then some, so that none is left behind when the program ends.
const ASKS_MAX: usize = 2 * UNSENT_MAX;

/// Shows the screen until it ends: at once, where there is something to show of a server that is
/// known and lets this device in, else after a login with questions in plain words as in line mode.
///
/// # Errors
/// When there is no terminal, no connection, or no way in.
pub(crate) fn open(
    account: Account,
    preferences: Preferences,
    source: Source,
    caches: &Caches,
    runtime: Runtime,
    console: &mut dyn Console,
) -> Result<Ended, Failure> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut preferences = preferences;
    if terminal && dumb {
        preferences.view = View::Plain;
    }
    if !terminal && preferences.view == View::Full {
        return Err(Failure::Usage(
            "the full screen needs a terminal; give a command, `parlor --help` lists them, or --plain"
                .to_owned(),
        ));
    }
    let preferences = Arc::new(preferences);
    if let Some(server) = account.expected().filter(|server| caches.has(server, &account.user)) {
        let mut kept = Opened::open(caches, server, &account)?;
        kept.prefer(&preferences);
        if kept.login == Login::ByItself {
            return show(account, kept, None, source, runtime);
        }
    }
    let (session, _) = runtime.block_on(account.log_in(console))?;
    let mut kept = Opened::open(caches, session.met.key, &account)?;
    kept.prefer(&preferences);
    show(account, kept, Some(session), source, runtime)
}

/// What is shown first, and what the network's thread goes on from.
struct Opened {
    model: Model,
    known: Known,
    login: Login,
}

impl Opened {
    /// Opens the cache. Where the system does not let us, the program does without and says so.
    fn open(caches: &Caches, server: HostKey, account: &Account) -> Result<Self, Failure> {
        let now = Timestamp(jiff::Timestamp::now().as_millisecond());
        let host = &account.endpoint.host;
        let mut model = Model::new(account.user.as_str(), host, "ED25519 pinned", now);
        let (cache, kept) = match caches.open(&server, &account.user) {
            Ok(opened) => opened,
            Err(error @ CacheError::InUse(_)) => return Err(Failure::Failed(error.to_string())),
            Err(error) => {
                let why = format!("Nothing is kept for the next start: {error}.");
                model.notice = Some(Notice::Error(why));
                let (outbox, revisions) = Default::default();
                let known = Known { server, cache: None, outbox, revisions };
                return Ok(Self { model, known, login: Login::TakesItsUser });
            }
        };
        Ok(Self::with(server, model, cache, kept))
    }

    fn prefer(&mut self, preferences: &Arc<Preferences>) {
        self.model.mouse = preferences.mouse;
        self.model.preferences = Arc::clone(preferences);
    }

    fn with(server: HostKey, mut model: Model, cache: Cache, kept: Kept) -> Self {
        let Kept { rooms, here, blocked, revisions, outbox, homeless, next_local, login, warning } =
            kept;
        model.restore(rooms, here, blocked, next_local);
        for text in homeless {
            model.input.insert(&text);
            model.input.insert("\n");
        }
        model.notice = warning.map(Notice::Error);
        Self { model, known: Known { server, cache: Some(cache), outbox, revisions }, login }
    }
}

fn show(
    account: Account,
    opened: Opened,
    session: Option<Session>,
    source: Source,
    runtime: Runtime,
) -> Result<Ended, Failure> {
    let Opened { mut model, known, login: _ } = opened;
    if session.is_some() {
        model.link = model::Link::Online { round_trip: None };
    }
    let mut network = None;
    let connect = |tell: Tell| -> Box<Asker> {
        let (ask, asks) = mpsc::channel(ASKS_MAX);
        let link = Link::new(account, known, asks, tell);
        let serve = move || {
            let served = runtime.block_on(link.run(session));
            // A name that is being looked up must not keep the program alive.
            runtime.shutdown_background();
            served
        };
        network = Some(thread::Builder::new().name("network".into()).spawn(serve));
        Box::new(move |asked| ask.try_send(asked).map_err(mpsc::error::TrySendError::into_inner))
    };
    let ended = match model.preferences.view {
        View::Full => screen::run(model, source, |wakes| {
            let tell = move |news| wakes.send(Wake::News(news)).map_err(|_| ScreenGone);
            connect(Box::new(tell))
        }),
        View::Plain => plain::run(model, source, |wakes| {
            let tell = move |news| wakes.send(plain::Wake::News(news)).map_err(|_| ScreenGone);
            connect(Box::new(tell))
        }),
    };
    let failed = |error| Failure::Failed(format!("cannot use the terminal: {error}"));
    // The network says goodbye and keeps what is to be kept, which takes a moment at most.
    if let Some(network) = network {
        match network.map_err(failed)?.join() {
            Ok(Err(LoginError::Password(_))) => return Err(ask_in_plain_words()),
            Ok(Err(error)) => return Err(error.into()),
            // A panic of its thread has told of itself.
            Ok(Ok(())) | Err(_) => {}
        }
    }
    ended.map_err(failed)
}

/// Begins the program anew, to ask for a password before the screen: the thread that reads the
/// terminal for the screen cannot be stopped, and would take the answer. The cache knows by now
/// that the user is to be asked; where it does not, there is nothing else to do but to say so.
fn ask_in_plain_words() -> Failure {
    let program = std::env::current_exe();
    let error = match program {
        Ok(program) => Command::new(program).args(std::env::args_os().skip(1)).exec(),
        Err(error) => error,
    };
    Failure::NoConnection(format!("the server asks for your password; start again: {error}"))
}
