//! Subcommands without a running daemon: the same core over the same store, for one command.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use parlor_protocol::account::{SignUpMode, StretchCost};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::text::MessageText;

use super::{Daemon, ListedSession, ShownStatus};
use crate::accounts::Accounts;
use crate::audit::{self, AuditError, AuditLog, AuditRecord, Origin, Rolling};
use crate::clock::now;
use crate::hub::Sessions;
use crate::reload::Reloaded;
use crate::rooms::{Actor, Command, Decision, World};
use crate::secrets::{self, SecretsError};
use crate::store::{Batch, Create, FREE_BYTES_MIN, Readers, Store, StoreError, Writer};

/// Why a subcommand cannot work without a daemon.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfflineError {
    /// The store cannot be opened, or is somebody else's at the moment.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A new store gets its secrets at once, and could not, or an old one has lost them.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The audit file cannot be kept.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// The core of a daemon that does not run. It holds the lock of its data directory.
#[derive(Debug)]
pub(crate) struct Offline {
    accounts: Accounts,
    readers: Readers,
    sign_up: SignUpMode,
    core: Mutex<Core>,
}

#[derive(Debug)]
struct Core {
    world: World,
    writer: Writer,
    audit: AuditLog,
    readers: Readers,
}

impl Offline {
    /// Opens the store of the data directory, or makes one where that is asked for; all else is the
    /// configuration's.
    ///
    /// # Errors
    /// There is no store, or a daemon that does not answer holds its lock, or the disk fails.
    pub(crate) fn open(
        data: &Path,
        create: Create,
        cost: StretchCost,
        sign_up: SignUpMode,
        rolling: Rolling,
    ) -> Result<Self, OfflineError> {
        let Store { mut writer, readers } = Store::open(data, create)?;
        // The host key too: without it the daemon would take the store for one whose key was lost.
        let (_, setup) = secrets::load_or_make(data, &mut writer)?;
        let audit = AuditLog::open(data, rolling, &audit::pending(&readers, 0)?)?;
        let world = writer.load(now())?;
        let core = Mutex::new(Core { world, writer, audit, readers: readers.clone() });
        Ok(Self { accounts: Accounts::new(setup, cost), readers, sign_up, core })
    }
}

impl Daemon for Offline {
    fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    fn readers(&self) -> &Readers {
        &self.readers
    }

    fn sign_up_configured(&self) -> SignUpMode {
        self.sign_up
    }

    async fn status(&self) -> Result<ShownStatus, Refusal> {
        Err(Code::Unavailable.into())
    }

    async fn sessions(&self, _after: u64) -> Result<Vec<ListedSession>, Refusal> {
        Err(Code::Unavailable.into())
    }

    async fn disconnect(&self, _which: Sessions, _uid: Option<u32>) -> Result<(), Refusal> {
        Err(Code::Unavailable.into())
    }

    async fn announce(&self, _text: MessageText, _uid: Option<u32>) -> Result<(), Refusal> {
        Err(Code::Unavailable.into())
    }

    async fn reload(&self, _uid: Option<u32>) -> Result<Reloaded, Refusal> {
        Err(Code::Unavailable.into())
    }

    async fn obey(&self, command: Command, uid: Option<u32>) -> Result<(), Refusal> {
        // A panic in another command of this process is the end of the process.
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.obey(&command, &Origin::Console { uid })
    }

    async fn record(&self, record: AuditRecord) -> Result<(), Refusal> {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.record(record)
    }
}

impl Core {
    /// What the hub does, for a batch of one.
    fn obey(&mut self, command: &Command, origin: &Origin<'_>) -> Result<(), Refusal> {
        self.expect_space()?;
        let at = now();
        let decided = self.world.decide(&Actor::Console, command, at, &mut rand::random);
        let mut batch = Batch { at, ..Batch::default() };
        let outcome = match decided {
            Ok(Decision::Events(events)) => {
                for event in events {
                    self.world.apply(&event);
                    let record = audit::event(&self.world, &Actor::Console, &event, origin);
                    batch.audit.extend(record);
                    batch.events.push(event);
                }
                Ok(())
            }
            // Only users send messages and add devices.
            Ok(Decision::Repeated(_) | Decision::SameDevice(_) | Decision::Read(_)) => Ok(()),
            Err(refusal) => {
                let (actor, code) = (Actor::Console, refusal.code);
                batch.audit.extend(audit::refusal(&self.world, &actor, command, code, at, origin));
                Err(refusal)
            }
        };
        self.commit(&batch).map_err(|error| unavailable(&error))?;
        outcome
    }

    fn record(&mut self, record: AuditRecord) -> Result<(), Refusal> {
        self.expect_space()?;
        let batch = Batch { audit: vec![record], at: now(), ..Batch::default() };
        self.commit(&batch).map_err(|error| unavailable(&error))
    }

    fn expect_space(&self) -> Result<(), Refusal> {
        let free = self.writer.free_bytes().map_err(|error| unavailable(&error))?;
        if free < FREE_BYTES_MIN { Err(Code::Unavailable.into()) } else { Ok(()) }
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), OfflineError> {
        let before = self.writer.audit_head().serial;
        self.writer.commit(batch)?;
        self.audit.write(&audit::pending(&self.readers, before)?)?;
        let audit_done = Some(self.writer.audit_head().serial);
        let audit_closed = self.audit.take_closed();
        let done = Batch { audit_done, audit_closed, at: batch.at, ..Batch::default() };
        Ok(self.writer.commit(&done)?)
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> Refusal {
    log::error!("{error}");
    Code::Unavailable.into()
}
