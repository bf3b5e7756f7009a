//! Coming in while the screen is open: what the connection has to ask is asked there.

use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::refusal::{Code, Refusal};
use tokio::time::sleep;
use zeroize::Zeroizing;

use crate::console::{Asking, Console, Nobody};
use crate::link::Tell;
use crate::model::{Answered, Prompt, Reply};
use crate::net::account::{Account, ByKey, LoginError, Outlook, Passwords};
use crate::net::{Session, SignedUp};
use crate::update::{AtDoor, News};
use crate::words;

/// How often it is looked whether an operator has let one in.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How soon it is noticed that the screen is gone.
const NOTICE_WITHIN: Duration = Duration::from_millis(500);

/// The ways in.
const WAYS: &[&str] = &["Log in with my password", "Sign up: I am new here"];

/// The person before the screen.
pub(crate) struct Screen {
    tell: Tell,
    answers: Receiver<Answered>,
    asking: Asking,
}

/// Nobody is before the screen any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

/// Why one has not come in.
pub(crate) enum NotIn<E> {
    /// One went away.
    Gone,
    /// There is no way in.
    Failed(E),
}

impl<E> NotIn<E> {
    /// The same with another word for the failure.
    pub(crate) fn map<F: From<E>>(self) -> NotIn<F> {
        match self {
            Self::Gone => NotIn::Gone,
            Self::Failed(error) => NotIn::Failed(error.into()),
        }
    }
}

impl From<LoginError> for NotIn<LoginError> {
    fn from(error: LoginError) -> Self {
        Self::Failed(error)
    }
}

impl<E> From<Gone> for NotIn<E> {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl Screen {
    /// Whoever reads the news and gives the answers, where they may be asked at all.
    pub(crate) fn new(tell: Tell, answers: Receiver<Answered>, asking: Asking) -> Self {
        Self { tell, answers, asking }
    }

    /// Asks, and waits for the answer.
    fn ask(&mut self, text: &str, reply: Reply) -> Result<Answered, Gone> {
        let prompt = Prompt { text: text.to_owned(), reply };
        (self.tell)(News::Door(AtDoor::Asked(prompt))).map_err(|_| Gone)?;
        self.answers.recv().map_err(|_| Gone)
    }

    fn is_gone(&self) -> bool {
        self.answers.try_recv() == Err(TryRecvError::Disconnected)
    }

    fn text(&mut self, prompt: &str, reply: Reply) -> Option<Zeroizing<String>> {
        if self.asking == Asking::Never {
            return None;
        }
        match self.ask(prompt, reply) {
            Ok(Answered::Text(text)) => Some(text),
            Ok(Answered::Choice(_)) | Err(Gone) => None,
        }
    }
}

impl Console for Screen {
    fn say(&mut self, text: &str) {
        // Whoever is gone does not need to hear it.
        let _ = (self.tell)(News::Door(AtDoor::Said(text.to_owned())));
    }

    fn note(&mut self, _text: &str) {}

    fn ask(&mut self, prompt: &str) -> io::Result<Option<String>> {
        Ok(self.text(prompt, Reply::Line(Default::default())).map(|text| text.to_string()))
    }

    fn ask_secret(&mut self, prompt: &str) -> io::Result<Option<Zeroizing<String>>> {
        Ok(self.text(prompt, Reply::Secret(Default::default())))
    }
}

/// Comes in: by the device key where there is one that the server takes; else one is asked for a
/// password, or signs up where the server lets one.
pub(crate) async fn come_in(
    account: &Account,
    screen: &mut Screen,
) -> Result<Session, NotIn<LoginError>> {
    // What is found first is why one is asked: a sign-up that is refused leaves a key behind.
    let mut why_asked = None;
    loop {
        let session = match account.endpoint.connect(screen).await {
            Ok(session) => session,
            Err(_) if screen.is_gone() => return Err(NotIn::Gone),
            Err(error) => return Err(NotIn::Failed(error.into())),
        };
        (screen.tell)(News::Door(AtDoor::Trusted)).map_err(|_| Gone)?;
        let user = &account.user;
        let mode = session.welcome.sign_up;
        let found = match account.by_key(&session, screen).await {
            Ok(ByKey::In(_)) => return Ok(session),
            Ok(ByKey::NoKey) => format!("{user} has no saved login on this machine."),
            Ok(ByKey::CountsNoLonger) => {
                format!("The server does not take the saved login of {user} on this machine.")
            }
            // It is not over for them: they may sign up again.
            Err(LoginError::Refused(refused))
                if refused.code == Code::SignUpDenied && has_a_choice(account, screen, mode) =>
            {
                words::whole(&words::at_the_door(&refused))
            }
            Err(error) => return Err(NotIn::Failed(error)),
        };
        session.close().await;
        let outcome = match way(account, screen, mode, why_asked.get_or_insert(found))? {
            Way::LogIn => account.log_in(screen).await.map(|(session, _)| Some(session)),
            Way::SignUp => sign_up(account, screen, mode).await,
        };
        match outcome {
            Ok(Some(session)) => return Ok(session),
            Ok(None) => return wait_for_approval(account, screen).await,
            Err(_) if screen.is_gone() => return Err(NotIn::Gone),
            Err(error) if is_worth_another_try(&error) && has_a_choice(account, screen, mode) => {
                screen.say(&match &error {
                    LoginError::Refused(refused) => words::at_the_door(refused),
                    error => error.to_string(),
                });
            }
            Err(error) => return Err(NotIn::Failed(error)),
        }
    }
}

enum Way {
    LogIn,
    SignUp,
}

fn has_a_choice(account: &Account, screen: &Screen, mode: SignUpMode) -> bool {
    mode != SignUpMode::Closed
        && screen.asking == Asking::Allowed
        && matches!(account.passwords, Passwords::Terminal)
}

fn way(
    account: &Account,
    screen: &mut Screen,
    mode: SignUpMode,
    why_asked: &str,
) -> Result<Way, Gone> {
    if !has_a_choice(account, screen, mode) {
        return Ok(Way::LogIn);
    }
    match screen.ask(why_asked, Reply::Choice { of: WAYS, chosen: 0 })? {
        Answered::Choice(1) => Ok(Way::SignUp),
        Answered::Choice(_) | Answered::Text(_) => Ok(Way::LogIn),
    }
}

/// Signs up; nothing where an operator has to approve it first.
async fn sign_up(
    account: &Account,
    screen: &mut Screen,
    mode: SignUpMode,
) -> Result<Option<Session>, LoginError> {
    let code = match mode {
        SignUpMode::Code => {
            screen.text("The sign-up code that you were given:", Reply::Line(Default::default()))
        }
        SignUpMode::Open | SignUpMode::Approval | SignUpMode::Closed | SignUpMode::Unknown => None,
    };
    let code = code.map(|code| code.trim().to_owned());
    let (session, signed_up) = account.sign_up(code, screen).await?;
    match signed_up {
        SignedUp::In(_) => Ok(Some(session)),
        SignedUp::Waiting => {
            session.close().await;
            Ok(None)
        }
    }
}

/// Looks again and again whether an operator has let one in.
async fn wait_for_approval(
    account: &Account,
    screen: &mut Screen,
) -> Result<Session, NotIn<LoginError>> {
    screen.say(
        "You have signed up. An operator has to let you in; this goes on by itself when they have. \
         You may also quit and come back later.",
    );
    loop {
        let mut waited = Duration::ZERO;
        while waited < LOOK_EVERY {
            sleep(NOTICE_WITHIN).await;
            waited += NOTICE_WITHIN;
            if screen.is_gone() {
                return Err(NotIn::Gone);
            }
        }
        match account.log_in(&mut Nobody).await {
            Ok((session, _)) => return Ok(session),
            Err(LoginError::Refused(Refusal { code: Code::SignUpWaiting, .. })) => {}
            Err(error) if error.outlook() == Outlook::MayPass => {}
            Err(error) => return Err(NotIn::Failed(error)),
        }
    }
}

/// Whether whoever typed it may do better the next time.
fn is_worth_another_try(error: &LoginError) -> bool {
    match error {
        LoginError::Refused(refusal) => matches!(
            refusal.code,
            Code::BadCredentials
                | Code::NameTaken
                | Code::BadCode
                | Code::BadName
                | Code::WeakPassword
                | Code::RateLimited
                | Code::SignUpDenied
        ),
        LoginError::Password(_) | LoginError::Unacceptable(_) => true,
        LoginError::Connect(_) | LoginError::Key(_) => false,
    }
}
