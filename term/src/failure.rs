//! How the program ends when it does not do what it was asked, and what it says then.

use std::io;
use std::process::ExitCode;

use parlor_protocol::password::PasswordError;
use parlor_protocol::refusal::{Code, Refusal};

use crate::config::ConfigError;
use crate::lines::Format;
use crate::lines::json::Object;
use crate::net::account::LoginError;
use crate::net::{CallError, ConnectError, Lost};
use crate::words;

/// Why it ends.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused.
    Refused(Refusal),
    /// The server refused, which means this for what was asked.
    RefusedOf(Refusal, String),
    /// The server lets the user not in.
    NotIn(Refusal),
    /// Something on this side failed.
    Failed(String),
    /// The command or the configuration makes no sense.
    Usage(String),
    /// There is no connection or no trust, or it takes a password that is not there.
    NoConnection(String),
    /// The connection was lost.
    Lost(Lost),
    /// The words are ssh's own, and stand alone.
    Untrusted(String),
    /// What it printed did not go through.
    Output(io::Error),
}

impl Failure {
    /// Says why, on standard error, and gives the exit status.
    pub(crate) fn report(&self, format: Format) -> ExitCode {
        match self {
            Self::Refused(refusal) => tell(refusal, &words::refusal(refusal), format),
            Self::RefusedOf(refusal, sentence) => tell(refusal, sentence, format),
            Self::NotIn(refusal) => tell(refusal, &words::not_in(refusal), format),
            Self::Failed(why) | Self::Usage(why) | Self::NoConnection(why) => {
                eprintln!("parlor: {why}");
            }
            Self::Lost(lost) => eprintln!("parlor: {lost}"),
            Self::Untrusted(words) => eprintln!("{words}"),
            // Whoever read our output has seen enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Self::Output(error) => eprintln!("parlor: cannot write to standard output: {error}"),
        }
        ExitCode::from(self.status())
    }

    fn status(&self) -> u8 {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Refused(_) | Self::RefusedOf(..) | Self::Failed(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::NotIn(_) | Self::NoConnection(_) | Self::Lost(_) | Self::Untrusted(_) => 255,
        }
    }
}

/// Says on standard error what was refused, with this sentence.
fn tell(refusal: &Refusal, sentence: &str, format: Format) {
    let Refusal { code, retry_after_ms, reason } = refusal;
    match format {
        Format::Columns => {
            let wait = retry_after_ms.map_or_else(String::new, |ms| match ms {
                ..=90_000 => format!(" ({}.{:03} s)", ms / 1000, ms % 1000),
                _ => words::wait(ms),
            });
            eprintln!("parlor: refused: {code}: {sentence}{wait}");
        }
        Format::Json => {
            let object = Object::new("refused")
                .text("code", code.word())
                .text("message", sentence)
                .number_or_null("retry_after_ms", retry_after_ms.map(u64::from));
            let line = match reason {
                Some(reason) => object.text("reason", reason.as_str()).end(),
                None => object.end(),
            };
            eprintln!("{line}");
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => Self::Refused(refusal),
            CallError::Lost(lost) => lost.into(),
        }
    }
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused(refusal) => Self::NotIn(refusal),
            LoginError::Connect(ConnectError::Untrusted(error)) => {
                Self::Untrusted(error.to_string())
            }
            LoginError::Unacceptable(PasswordError::TooShort) => Code::WeakPassword.into(),
            LoginError::Unacceptable(error) => Self::Failed(error.to_string()),
            error @ (LoginError::Connect(_) | LoginError::Password(_) | LoginError::Key(_)) => {
                Self::NoConnection(error.to_string())
            }
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
