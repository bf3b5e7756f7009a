//! The way to the daemon: the one that runs, or its core in this process.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use parlor_protocol::name::UserName;
use parlor_protocol::password::{Password, Registration};
use tokio::io::BufStream;
use tokio::net::UnixStream;

use super::owner;
use super::refused::Refused;
use crate::config::{Config, DataNamed};
use crate::control::{self, Offline, Request, Response, Upload};
use crate::logging;
use crate::store::{Create, Store};

/// Whoever answers requests: the running daemon, or its core in this process.
pub(super) enum Link {
    Running(Box<BufStream<UnixStream>>),
    Offline(Box<Offline>),
}

/// What to say of an answer to something else.
pub(super) const NONSENSE: &str =
    "the running parlord answers in a way that this one does not know; restart it";

/// For how long a running daemon may be silent. It answers in milliseconds, beside a disk that is
/// slow in seconds; one that takes longer hangs, and the system or somebody has stopped it.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What the running daemon says to a request, where it says anything in time.
async fn answer_within(
    limit: Duration,
    stream: &mut BufStream<UnixStream>,
    request: &Request,
) -> anyhow::Result<Response> {
    let answered = tokio::time::timeout(limit, async {
        control::send(stream, request).await.context("the running parlord went away")?;
        let response = control::receive(stream).await.context(NONSENSE)?;
        response.ok_or_else(|| anyhow!("the running parlord hung up; see its log"))
    });
    answered.await.unwrap_or_else(|_| {
        bail!(
            "the running parlord has not answered for {} seconds, and may do yet what was asked; \
             see whether it hangs or was stopped, and its log",
            limit.as_secs()
        )
    })
}

impl Link {
    /// Finds out whether this caller has a way, and takes none yet: whoever is going to be asked for
    /// something is told before that they may not, and nobody waits until they have answered.
    pub(super) async fn expect(config: &Config) -> anyhow::Result<()> {
        match control::connect(&config.data).await? {
            Some(_) => Ok(()),
            None => Self::expect_store(config).map(drop),
        }
    }

    /// The running daemon if there is one, else the store itself.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        if let Some(stream) = control::connect(&config.data).await? {
            return Ok(Self::Running(Box::new(stream)));
        }
        let create = Self::expect_store(config)?;
        logging::start_quietly()?;
        let (cost, sign_up) = (config.stretch.clone(), config.sign_up);
        let offline = Offline::open(&config.data, create, cost, sign_up, config.audit)?;
        Ok(Self::Offline(Box::new(offline)))
    }

    /// Sees to it that this process may open the store, or make it.
    fn expect_store(config: &Config) -> anyhow::Result<Create> {
        let create = match config.data_named {
            DataNamed::Explicitly => Create::IfMissing,
            DataNamed::ByDefault => Create::Never,
            DataNamed::ForTheRunning => bail!(
                "the parlord on {} has stopped, and its configuration cannot be used without it; see \
                 `parlord config check`",
                config.data.display()
            ),
        };
        if create == Create::Never && !Store::exists(&config.data)? {
            bail!(
                "there is no store in {}; run `parlord serve` once, or name its directory with \
                 --data",
                config.data.display()
            );
        }
        owner::become_owner(config)?;
        Ok(create)
    }

    /// The running daemon, for what only that one knows.
    pub(super) async fn running(data: &Path) -> anyhow::Result<Self> {
        match control::connect(data).await? {
            Some(stream) => Ok(Self::Running(Box::new(stream))),
            None => bail!(
                "no parlord runs on {}; start it with `parlord serve`, or name its directory with \
                 --data",
                data.display()
            ),
        }
    }

    /// What the daemon answers, where it does not refuse.
    pub(super) async fn ask(&mut self, request: Request) -> anyhow::Result<Response> {
        let response = match self {
            Self::Running(stream) => answer_within(ANSWER_WITHIN, stream, &request).await?,
            Self::Offline(offline) => {
                control::answer(&**offline, request, Some(owner::caller_uid())).await
            }
        };
        if let Response::Refused(code) = response {
            bail!(Refused::from(code))
        }
        Ok(response)
    }

    /// Both halves of a password's registration, of which the client's is done here, so that the
    /// password itself goes nowhere.
    pub(super) async fn register(
        &mut self,
        user: &UserName,
        password: &Password,
    ) -> anyhow::Result<Upload> {
        let (registration, request) = Registration::start(password);
        let asked = Request::Register { user: user.clone(), request };
        let Response::Registered { response, cost } = self.ask(asked).await? else {
            bail!(NONSENSE)
        };
        let upload = registration.finish(&response, user, cost.clone())?;
        Ok(Upload { upload, cost })
    }

    /// Has something done that there is nothing to say of once it is.
    pub(super) async fn change(&mut self, request: Request) -> anyhow::Result<()> {
        let Response::Done = self.ask(request).await? else { bail!(NONSENSE) };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_daemon_that_hangs_is_not_waited_for_without_end() {
        let (ours, _silent) = UnixStream::pair().unwrap();
        let mut stream = BufStream::new(ours);
        let limit = Duration::from_millis(1);
        let error = answer_within(limit, &mut stream, &Request::AuditMark).await.unwrap_err();
        assert!(error.to_string().contains("has not answered for 0 seconds"), "{error}");
    }
}
