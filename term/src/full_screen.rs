//! The full-screen client, from the way in to the terminal after it.

use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::mpsc::{Receiver, SyncSender, channel};
use std::thread;

use parlor_protocol::id::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::cache::{CacheError, Caches, Kept, Login};
use crate::console::Asking;
use crate::door::{self, NotIn};
use crate::failure::Failure;
use crate::host_key::HostKey;
use crate::link::{Known, Link, ScreenGone, Tell};
use crate::model::{Answered, Door, Model, Restored, UNSENT_MAX};
use crate::net::Session;
use crate::net::account::{Account, LoginError};
use crate::screen::{self, Ended, Wake};
use crate::update::{Ask, AtDoor, News};

/// How much may be asked of the network's thread before it has taken it: all messages that may
/// wait and then some, so that none is left behind when the program ends.
const ASKS_MAX: usize = 2 * UNSENT_MAX;

/// Shows the screen until it ends: at once, where there is something to show of a server that is
/// known and lets this device in; else with the way in, where what has to be asked is asked.
///
/// # Errors
/// When there is no terminal, no connection, or no way in.
pub(crate) fn open(
    account: Account,
    caches: Caches,
    runtime: Runtime,
    asking: Asking,
) -> Result<Ended, Failure> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    if dumb || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "the full screen needs a terminal; give a command, `parlor --help` lists them"
                .to_owned(),
        ));
    }
    let now = Timestamp(jiff::Timestamp::now().as_millisecond());
    let host = &account.endpoint.host;
    let mut model = Model::new(account.user.as_str(), host, "ED25519 pinned", now);
    let known = match account.expected().filter(|server| caches.has(server, &account.user)) {
        Some(server) => {
            let Opened { known, restored, login } = Opened::open(&caches, server, &account)?;
            (login == Login::ByItself).then(|| {
                model.restore(restored);
                known
            })
        }
        None => None,
    };
    if known.is_none() {
        model.door = Some(Door::default());
    }
    let network = Network { account, caches, runtime, asking, known };
    let mut serving = None;
    let ended = screen::run(model, |wakes| {
        let (ask, asks) = mpsc::channel(ASKS_MAX);
        let (answer, answers) = channel();
        let serve = move || network.serve(&wakes, asks, answers);
        serving = Some(thread::Builder::new().name("network".into()).spawn(serve));
        Box::new(move |asked| match asked {
            Ask::Answer(answered) => {
                // Nobody waits for an answer any more where this fails.
                let _ = answer.send(answered);
                Ok(())
            }
            asked => ask.try_send(asked).map_err(mpsc::error::TrySendError::into_inner),
        })
    });
    let failed = |error| Failure::Failed(format!("cannot use the terminal: {error}"));
    // The network says goodbye and keeps what is to be kept, which takes a moment at most.
    if let Some(serving) = serving {
        match serving.map_err(failed)?.join() {
            Ok(Err(Unserved::AskAnew)) => return Err(begin_anew()),
            Ok(Err(Unserved::Failed(failure))) => return Err(failure),
            // A panic of its thread has told of itself.
            Ok(Ok(())) | Err(_) => {}
        }
    }
    ended.map_err(failed)
}

/// Why the screen was not served to its end.
enum Unserved {
    /// This, which is to be read when the screen is gone.
    Failed(Failure),
    /// The server takes this device no more: its user has to come in anew.
    AskAnew,
}

impl From<Failure> for Unserved {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What is done on the network's thread.
struct Network {
    account: Account,
    caches: Caches,
    runtime: Runtime,
    asking: Asking,
    /// What is known of the server, where the screen shows it already.
    known: Option<Known>,
}

impl Network {
    fn serve(
        self,
        wakes: &SyncSender<Wake>,
        asks: mpsc::Receiver<Ask>,
        answers: Receiver<Answered>,
    ) -> Result<(), Unserved> {
        let Self { account, caches, runtime, asking, known } = self;
        let tell = || -> Tell {
            let wakes = wakes.clone();
            Box::new(move |news| wakes.send(Wake::News(news)).map_err(|_| ScreenGone))
        };
        let served = runtime.block_on(async {
            let (known, session) = match known {
                Some(known) => (known, None),
                None => {
                    let mut screen = door::Screen::new(tell(), answers, asking);
                    match enter(&account, &caches, &mut screen, &tell()).await {
                        Ok((known, session)) => (known, Some(session)),
                        Err(NotIn::Gone) => return Ok(()),
                        Err(NotIn::Failed(failure)) => {
                            // The screen goes, and then it is read why.
                            let _ = tell()(News::Leave);
                            return Err(Unserved::Failed(failure));
                        }
                    }
                }
            };
            match Link::new(account, known, asks, tell()).run(session).await {
                Ok(()) => Ok(()),
                Err(LoginError::Password(_)) => Err(Unserved::AskAnew),
                Err(error) => Err(Unserved::Failed(error.into())),
            }
        });
        // A name that is being looked up must not keep the program alive.
        runtime.shutdown_background();
        served
    }
}

/// Comes in, opens what was kept of that server, and shows it.
async fn enter(
    account: &Account,
    caches: &Caches,
    screen: &mut door::Screen,
    tell: &Tell,
) -> Result<(Known, Session), NotIn<Failure>> {
    let session = door::come_in(account, screen).await.map_err(NotIn::map)?;
    let opened = Opened::open(caches, session.met.key, account);
    let Opened { known, restored, login: _ } = opened.map_err(NotIn::Failed)?;
    tell(News::Door(AtDoor::Opened(Box::new(restored)))).map_err(|_| NotIn::Gone)?;
    Ok((known, session))
}

/// What is shown first, and what the network's thread goes on from.
struct Opened {
    restored: Restored,
    known: Known,
    login: Login,
}

impl Opened {
    /// Opens the cache. Where the system does not let us, the program does without and says so.
    fn open(caches: &Caches, server: HostKey, account: &Account) -> Result<Self, Failure> {
        let (cache, kept) = match caches.open(&server, &account.user) {
            Ok(opened) => opened,
            Err(error @ CacheError::InUse(_)) => return Err(Failure::Failed(error.to_string())),
            Err(error) => {
                let warning = Some(format!("Nothing is kept for the next start: {error}."));
                let restored = Restored { warning, ..Restored::default() };
                let (outbox, revisions) = Default::default();
                let known = Known { server, cache: None, outbox, revisions };
                return Ok(Self { restored, known, login: Login::TakesItsUser });
            }
        };
        let Kept { rooms, here, blocked, revisions, outbox, homeless, next_local, login, warning } =
            kept;
        let restored = Restored { rooms, here, blocked, next_local, homeless, warning };
        let known = Known { server, cache: Some(cache), outbox, revisions };
        Ok(Self { restored, known, login })
    }
}

/// Begins the program anew, to ask for a password where the way in is shown. The cache knows by now
/// that the user is to be asked; where it does not, there is nothing else to do but to say so.
fn begin_anew() -> Failure {
    let program = std::env::current_exe();
    let error = match program {
        Ok(program) => Command::new(program).args(std::env::args_os().skip(1)).exec(),
        Err(error) => error,
    };
    Failure::NoConnection(format!("the server asks for your password; start again: {error}"))
}
