//! The full-screen client, from the way in to the terminal after it.

use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use parlor_protocol::hello::DEFAULT_PORT;
use parlor_protocol::id::Timestamp;
use parlor_protocol::refusal::{Code, Refusal};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::cache::{CacheError, Caches, Kept, Login};
use crate::config::Source;
use crate::console::{Asking, Console};
use crate::door::{self, NotIn};
use crate::failure::Failure;
use crate::host_key::HostKey;
use crate::link::{Known, Link, ScreenGone, Tell};
use crate::model::{self, Answered, Door, Model, Restored, UNSENT_MAX};
use crate::net::account::{Account, LoginError};
use crate::net::{Endpoint, Session};
use crate::plain;
use crate::preferences::{Preferences, View};
use crate::screen::{self, Asker, Ended, Wake};
use crate::update::{Ask, AtDoor, News, PINNED};

/// How much may be asked of the network's thread before it has taken it: all messages that may
/// wait and then some, so that none is left behind when the program ends.
const ASKS_MAX: usize = 2 * UNSENT_MAX;

/// What the client opens with.
pub(crate) struct Open {
    /// Who, and where.
    pub(crate) account: Account,
    /// What the user wants of the screen, and in which way it shows itself.
    pub(crate) preferences: Preferences,
    /// Where that is read anew.
    pub(crate) source: Source,
    /// What was kept from the last time.
    pub(crate) caches: Caches,
    /// What the network runs on.
    pub(crate) runtime: Runtime,
    /// Whether the user may be asked.
    pub(crate) asking: Asking,
}

impl Open {
    /// Shows the screen, or talks line by line, until it ends: at once, where there is something to
    /// show of a server that is known and lets this device in. Else the screen shows the way in, and
    /// asks what has to be asked; line by line, that is asked on the console before.
    ///
    /// # Errors
    /// When there is no terminal, no connection, or no way in.
    pub(crate) fn run(self, console: &mut dyn Console) -> Result<Ended, Failure> {
        let Self { account, preferences, source, caches, runtime, asking } = self;
        let view = view(preferences.view)?;
        let now = Timestamp(jiff::Timestamp::now().as_millisecond());
        let host = &account.endpoint.host;
        let mut model = Model::new(account.user.as_str(), host, PINNED, now);
        model.mouse = preferences.mouse;
        model.preferences = Arc::new(Preferences { view, ..preferences });
        let kept = account.expected().filter(|server| caches.has(server, &account.user));
        let kept = kept.map(|server| Opened::open(&caches, server, &account)).transpose()?;
        let mut kept = kept.filter(|kept| kept.login == Login::ByItself);
        let mut session = None;
        if kept.is_none() && view == View::Plain {
            let came_in = runtime.block_on(account.log_in(console));
            let (came_in, _) =
                came_in.inspect_err(|error| tell_newcomer(error, &account, console))?;
            kept = Some(Opened::open(&caches, came_in.met.key, &account)?);
            model.link = model::Link::Online { round_trip: None };
            session = Some(came_in);
        }
        let known = match kept {
            Some(Opened { known, restored, login: _ }) => {
                model.restore(restored);
                Some(known)
            }
            None => {
                model.door = Some(Door::default());
                if !account.endpoint.is_known() {
                    "key not known yet".clone_into(&mut model.key);
                }
                None
            }
        };
        let network = Network { account, caches, runtime, asking, known, session };
        show(model, view, source, network)
    }
}

/// Tells whoever was refused how one signs up: they may be new, and line by line nobody asks them.
fn tell_newcomer(error: &LoginError, account: &Account, console: &mut dyn Console) {
    let LoginError::Refused(Refusal { code, .. }) = error else { return };
    let how = if *code == Code::BadCredentials {
        "Who is new here signs up first"
    } else if *code == Code::SignUpDenied {
        "This is how to sign up again"
    } else {
        return;
    };
    let Account { endpoint: Endpoint { host, port, .. }, user, .. } = account;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let port = if *port == DEFAULT_PORT { String::new() } else { format!(":{port}") };
    console.say(&format!("{how}: parlor {user}@{host}{port} signup"));
}

/// In which way the client shows itself here.
fn view(wanted: View) -> Result<View, Failure> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    match wanted {
        View::Plain => Ok(View::Plain),
        View::Full if terminal && dumb => Ok(View::Plain),
        View::Full if terminal => Ok(View::Full),
        View::Full => Err(Failure::Usage(
            "the full screen needs a terminal; give a command, `parlor --help` lists them, or \
             --plain"
                .to_owned(),
        )),
    }
}

fn show(model: Model, view: View, source: Source, network: Network) -> Result<Ended, Failure> {
    let mut serving = None;
    let connect = |tell: Box<dyn Fn() -> Tell + Send>| -> Box<Asker> {
        let (ask, asks) = mpsc::channel(ASKS_MAX);
        let (answer, answers) = channel();
        let serve = move || network.serve(&*tell, asks, answers);
        serving = Some(thread::Builder::new().name("network".into()).spawn(serve));
        Box::new(move |asked| match asked {
            Ask::Answer(answered) => {
                // Nobody waits for an answer any more where this fails.
                let _ = answer.send(answered);
                Ok(())
            }
            asked => ask.try_send(asked).map_err(mpsc::error::TrySendError::into_inner),
        })
    };
    let ended = match view {
        View::Full => screen::run(model, source, |wakes| {
            connect(Box::new(move || -> Tell {
                let wakes = wakes.clone();
                Box::new(move |news| wakes.send(Wake::News(news)).map_err(|_| ScreenGone))
            }))
        }),
        View::Plain => plain::run(model, source, |wakes| {
            connect(Box::new(move || -> Tell {
                let wakes = wakes.clone();
                Box::new(move |news| wakes.send(plain::Wake::News(news)).map_err(|_| ScreenGone))
            }))
        }),
    };
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
    /// The connection, where there is one already.
    session: Option<Session>,
}

impl Network {
    fn serve(
        self,
        tell: &dyn Fn() -> Tell,
        asks: mpsc::Receiver<Ask>,
        answers: Receiver<Answered>,
    ) -> Result<(), Unserved> {
        let Self { account, caches, runtime, asking, known, session } = self;
        let served = runtime.block_on(async {
            let (known, session) = match known {
                Some(known) => (known, session),
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
