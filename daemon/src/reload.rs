//! Reading the configuration again while the daemon runs, for `parlord reload` and for SIGHUP: all
//! of it counts, or nothing has changed.
//!
//! What is in force stands here alone. What counts only from the next start on is told each time
//! until then.

mod aside;

use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::refusal::Refusal;
use tokio::signal::unix::Signal;
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use aside::Aside;

use crate::admission::Gate;
use crate::audit::{self, AuditRecord, Origin};
use crate::clock::now;
use crate::config::{Change, Config, Counts, Overrides, Surroundings};
use crate::hub::{Ask, HubTerms, Oversight};
use crate::logging::{self, Logging};
use crate::session::Manners;

/// Subcommands that may wait to have the configuration read again.
pub(crate) const RELOADS_MAX: usize = 4;

/// How long the file system may take to hand over the configuration and the log4rs file, and to open
/// what that names. A disk takes milliseconds, a network mount that works a second; as many reloads
/// as may wait have ended before a subcommand gives up.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// What to say of a configured sign-up mode that is not the one in force.
const BEATEN: &str = "does not count as long as the mode set by `parlord sign-up` does";

/// What to say of more connections than the system gives the process files for.
const CRAMPED: &str =
    "is more than there is room for in the files that this process may open; see its log";

/// What has changed, or why nothing has.
pub(crate) type Reloaded = Result<Vec<Change>, String>;

/// Somebody who wants the configuration to be read again.
#[derive(Debug)]
pub(crate) struct Reload {
    /// The caller's as the kernel tells it.
    pub(crate) uid: Option<u32>,
    /// Who waits for the answer.
    pub(crate) reply: oneshot::Sender<Reloaded>,
}

/// The configuration in force, and where its parts go.
pub(crate) struct Configuration {
    /// What is in force.
    pub(crate) config: Config,
    /// What the command line said.
    pub(crate) overrides: Overrides,
    /// Where the operational log goes.
    pub(crate) log: Logging,
    /// Who may connect.
    pub(crate) gate: Gate,
    /// What sessions go by.
    pub(crate) manners: watch::Sender<Arc<Manners>>,
    /// The sign-up mode in force, which may be another than the one that is configured.
    pub(crate) sign_up: watch::Receiver<SignUpMode>,
    /// What all else goes by.
    pub(crate) hub: mpsc::Sender<Ask>,
    /// Where files are read that may not answer.
    pub(crate) aside: Aside,
}

/// What is read, before any of it counts.
struct Read {
    config: Config,
    log: log4rs::Config,
    log_said: Option<Vec<u8>>,
}

impl Read {
    /// Reads everything that a reload goes by.
    ///
    /// # Errors
    /// Something cannot be used; it is told with its place.
    fn all(overrides: &Overrides) -> Result<Self, String> {
        let read = Config::load(overrides, &Surroundings::here());
        let config = read.map_err(|error| error.to_string())?;
        let log_said = logging::said_by(config.log.as_deref());
        let log = logging::further(config.log.as_deref())
            .map_err(|error| format!("{}{error}", config.place_of("log")))?;
        Ok(Self { config, log, log_said })
    }
}

impl Config {
    /// What of it sessions go by.
    pub(crate) fn manners(&self) -> Arc<Manners> {
        Arc::new(Manners {
            name: self.server_name.clone(),
            motd: self.motd.clone(),
            sign_up: self.sign_up,
            login_deadline: self.login_timeout,
            requests_in_flight: self.requests_in_flight,
        })
    }

    /// What of it the hub goes by.
    fn hub_terms(&self) -> HubTerms {
        HubTerms {
            sign_up: self.sign_up,
            allowances: self.allowances.clone(),
            penalties: self.penalties.clone(),
            retention: self.retention,
        }
    }

    /// What is in force once `new` was read: it, but for what counts only from the next start on.
    fn followed_by(&self, new: Self) -> Self {
        Self {
            data: self.data.clone(),
            shards: self.shards,
            listen: self.listen.clone(),
            stretch: self.stretch.clone(),
            audit: self.audit,
            metrics: self.metrics,
            metrics_beyond_loopback: self.metrics_beyond_loopback,
            ..new
        }
    }
}

impl Configuration {
    /// Reads the configuration again whenever it is asked to or the process gets a SIGHUP, until
    /// nobody can ask any more.
    pub(crate) async fn keep(mut self, mut asked: mpsc::Receiver<Reload>, mut hangups: Signal) {
        loop {
            tokio::select! {
                reload = asked.recv() => {
                    let Some(Reload { uid, reply }) = reload else { return };
                    let reloaded = self.reload(uid).await;
                    // A subcommand that did not wait is still obeyed.
                    let _gone = reply.send(reloaded);
                }
                _ = hangups.recv() => {
                    let _told_by_the_log = self.reload(None).await;
                }
            }
        }
    }

    async fn reload(&mut self, uid: Option<u32>) -> Reloaded {
        let reloaded = self.try_reload(uid).await;
        match &reloaded {
            Ok(changes) => {
                log::info!(
                    "the configuration was read again; settings that differ: {}",
                    changes.len()
                );
                for change in changes {
                    log::info!("{change}{}", note(change.counts));
                }
            }
            Err(why) => {
                log::error!("the configuration was not taken over: {why}");
                self.put_on_record(audit::not_reloaded(&Origin::Console { uid }, now())).await;
            }
        }
        reloaded
    }

    /// Returns once it is on record.
    async fn put_on_record(&self, record: AuditRecord) {
        let (reply, recorded) = oneshot::channel();
        // The hub is gone only when the daemon stops.
        if self.hub.send(Ask::Record { record, reply }).await.is_ok() {
            let _stopping = recorded.await;
        }
    }

    /// Everything that may fail comes before anything changes.
    async fn try_reload(&mut self, uid: Option<u32>) -> Reloaded {
        let overrides = self.overrides.clone();
        let read = self.aside.within(READ_WITHIN, move || Read::all(&overrides)).await;
        let Read { config: new, log, log_said } = read.unwrap_or_else(|| Err(self.unanswered()))?;
        let mut changes = self.config.changes_to(&new);
        if self.config.log == new.log && self.log.said != log_said {
            changes.insert(0, new.still("log", "what the file says has changed"));
        }
        let next = self.config.followed_by(new);
        let changed = changes.iter().map(|change| change.key).collect();
        let terms = Box::new(next.hub_terms());
        self.tell_hub(|reply| Oversight::Reconfigure { terms, changed, uid, reply })
            .await
            .map_err(|refusal| format!("the store cannot put it on record ({})", refusal.code))?;
        self.gate.limit(&next.connections);
        self.manners.send_replace(next.manners());
        self.log.handle.set_config(log);
        self.log.said = log_said;
        let beaten = next.sign_up != *self.sign_up.borrow();
        for change in changes.iter_mut().filter(|it| beaten && it.key == "accounts.sign_up") {
            change.remark = Some(BEATEN);
        }
        let cramped = !self.gate.has_room(&next.connections);
        for change in changes.iter_mut().filter(|it| cramped && it.key == "limits.connections") {
            change.remark = Some(CRAMPED);
        }
        self.config = next;
        Ok(changes)
    }

    /// What to say where the files do not come.
    fn unanswered(&self) -> String {
        let named = self.config.file.as_ref().map_or_else(String::new, |file| {
            format!(" in {}, or what its log4rs file names,", file.display())
        });
        let secs = READ_WITHIN.as_secs();
        format!(
            "the configuration{named} does not answer within {secs} s; see to the disk or the \
             network mount that it lies on"
        )
    }

    async fn tell_hub(
        &self,
        oversight: impl FnOnce(oneshot::Sender<Result<(), Refusal>>) -> Oversight,
    ) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        let gone = || Refusal::from(parlor_protocol::refusal::Code::Unavailable);
        self.hub.send(Ask::Oversee(oversight(reply))).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// What to add to a change that does not count at once.
pub(crate) fn note(counts: Counts) -> &'static str {
    match counts {
        Counts::OnReload => "",
        Counts::OnRestart => "; counts from the next start on",
    }
}
