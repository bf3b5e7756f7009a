//! The hub: one thread that owns all state and decides everything, in order.
//!
//! It takes what is queued, decides and applies each in turn, writes all events in one transaction,
//! and only when they are on disk hands replies and deliveries on. While one commit waits for the
//! disk the next batch gathers, so there is no timer. No client learns of an event that a restart
//! would forget.

mod ask;
mod chores;
mod logins;
mod obey;
mod outcome;
mod oversee;
mod presence;
mod scrutiny;
mod status;
mod turn;
mod watching;

use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

use parlor_protocol::account::SignUpMode;
use parlor_protocol::id::Timestamp;
use parlor_protocol::reply::CloseReason;
use tokio::sync::{mpsc, watch};

pub(crate) use ask::{Ask, Caller, Overseen, Proof, Wish};
pub(crate) use oversee::{HubTerms, Oversight, SessionLine, Sessions};
use presence::{Online, Presence};
pub(crate) use status::{HubStatus, Trouble};
use turn::Turn;
use watching::Watching;

use crate::audit::{self, AuditRecord, Closed, Link, News, Origin};
use crate::clock::now;
use crate::delivery::{self, Step};
use crate::metrics::HubCounts;
use crate::penalties::{Penalties, Terms};
use crate::rooms::{Allowances, Limits, Retention, World};
use crate::store::{Behind, DeviceUse, FREE_BYTES_MIN, StoreError, Writer};
use crate::translate;
use chores::Chores;

/// Asks that may wait for the hub; who has more to ask waits, connection by connection in turn.
pub(crate) const ASKS_MAX: usize = 4096;
/// Asks decided before a commit: bounds how long the first of them waits for it.
const BATCH_MAX: usize = 1024;
/// How often soft state is written behind.
pub(crate) const TICK: Duration = Duration::from_secs(5);
/// Uses of devices that may wait to be written behind; the newest are dropped beyond it, for they
/// only date a device.
const DEVICE_USES_MAX: usize = 100_000;

/// Below this many free bytes not even audit records are written: a commit that fails for want of
/// space ends the daemon, and then it does not recover by itself.
const RECORDS_BYTES_MIN: u64 = 8 * 1024 * 1024;
/// Audit records that may wait for space, some 10 MiB; logins are refused beyond it.
const HELD_RECORDS_MAX: usize = 20_000;
/// Of these, how many one commit writes besides its own where there is little space: they take half a
/// MiB or so, and then the hub looks again how much there is.
const HELD_RECORDS_SLICE: usize = 500;

/// How long the audit thread may take for the last records, and how often the hub looks whether it
/// has: it is told of nothing else any more. What takes longer is made up at the next start.
const AUDIT_ENDS_WITHIN: Duration = Duration::from_secs(1);
const AUDIT_LOOK_EVERY: Duration = Duration::from_millis(1);

/// Owns the world and the store's writer.
pub(crate) struct Hub {
    world: World,
    writer: Writer,
    shards: Vec<mpsc::Sender<delivery::Batch>>,
    /// Rings the audit thread when records were committed; `None` once there are no more.
    audit: Option<SyncSender<()>>,
    /// Soft state that waits to be written behind.
    behind: Behind,
    /// What users may do in a while.
    allowances: Allowances,
    /// Who has failed to log in.
    penalties: Penalties,
    /// Who is connected.
    presence: Presence,
    /// Who has which room's member list open.
    watching: Watching,
    chores: Chores,
    /// How strangers sign up, for the sessions to see.
    sign_up: watch::Sender<SignUpMode>,
    /// How they do, unless a mode was set by command.
    sign_up_configured: SignUpMode,
    /// The audit file is on disk up to this record; the store hears of it with the next commit.
    audit_synced: Option<u64>,
    /// The audit files up to this record may go once the store has heard of it, in the same commit.
    audit_dropped: Option<Link>,
    /// Audit files that were closed, of which the store hears in the same commit.
    audit_closed: Vec<Closed>,
    /// How much room the disk had before this turn.
    space: Space,
    /// Audit records that wait until the disk has room for them.
    held: Vec<AuditRecord>,
    /// What a scraper is told.
    counts: HubCounts,
    /// The audit file is on disk up to this record, whether or not the store has heard of it.
    audited: u64,
    /// Since when records wait for the audit file, or since when the last of them came into it.
    audit_waits_since: Option<Instant>,
    /// Nobody brings records into the files any more.
    audit_has_ended: bool,
}

/// What the hub owns from the start: the world, the way to change it on disk, and how much of it
/// who may change.
#[derive(Debug)]
pub(crate) struct Core {
    world: World,
    writer: Writer,
    allowances: Allowances,
}

impl Core {
    /// Loads the world, and makes up the accounts of who sent messages lately.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn load(mut writer: Writer, limits: Limits) -> Result<Self, StoreError> {
        let at = now();
        let mut world = writer.load(at)?;
        world.limit_rooms(limits.rooms);
        let mut allowances = Allowances::new(limits);
        writer.recent_messages(at, |room, author, at| {
            allowances.recall(&world, author, room, at);
        })?;
        Ok(Self { world, writer, allowances })
    }

    /// The last audit record.
    pub(crate) fn audited(&self) -> Link {
        self.writer.audit_head()
    }

    /// The world.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }
}

/// Whether the disk has room for what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    Enough,
    /// Nothing is decided any more; what is on record is still written.
    Short,
    /// Nothing at all is written.
    Gone,
}

/// Why the hub stopped.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It was told to, or nobody is left to ask it.
    AsTold,
    /// A commit failed. Memory is ahead of the disk, so nothing may follow it.
    Failed(StoreError),
}

impl Hub {
    /// `sign_up` shows the mode that is configured; one that was set by command beats it.
    pub(crate) fn new(
        Core { world, writer, allowances }: Core,
        shards: Vec<mpsc::Sender<delivery::Batch>>,
        audit: SyncSender<()>,
        retention: Retention,
        penalties: Terms,
        sign_up: watch::Sender<SignUpMode>,
    ) -> Self {
        // Whatever an earlier run left was brought into the audit files before this one began.
        let audit_synced = writer.audit_head().serial;
        let sign_up_configured = *sign_up.borrow();
        if let Some(mode) = world.sign_up_mode() {
            sign_up.send_replace(mode);
        }
        Self {
            world,
            writer,
            shards,
            audit: Some(audit),
            behind: Behind::default(),
            allowances,
            penalties: Penalties::new(penalties),
            presence: Presence::default(),
            watching: Watching::default(),
            chores: Chores::new(retention),
            sign_up,
            sign_up_configured,
            audit_synced: Some(audit_synced),
            audit_dropped: None,
            audit_closed: vec![],
            space: Space::Enough,
            held: vec![],
            counts: HubCounts::default(),
            audited: audit_synced,
            audit_waits_since: None,
            audit_has_ended: false,
        }
    }

    /// Runs until it is told to stop or the store fails, and then tells everyone so. Blocks its
    /// thread.
    pub(crate) fn run(mut self, asks: &mut mpsc::Receiver<Ask>) -> Stopped {
        let ended = self.take_turns(asks).and_then(|()| self.end_all());
        let reason = match &ended {
            Ok(()) => CloseReason::ShuttingDown,
            Err(_) => CloseReason::Unavailable,
        };
        self.hand_on(vec![vec![Step::CloseAll { reason }]; self.shards.len()]);
        let ended = ended.and_then(|()| self.hear_audit_out(asks));
        ended.map_or_else(Stopped::Failed, |()| Stopped::AsTold)
    }

    /// Ends all sessions for the record, and writes what has waited.
    fn end_all(&mut self) -> Result<(), StoreError> {
        self.look_for_space();
        let at = now();
        let mut turn = Turn::new(self.shards.len(), false, at);
        for online in self.presence.take_all() {
            self.end_session(&mut turn, &online, at);
        }
        self.finish(turn)?;
        while !self.held.is_empty() && self.space != Space::Gone {
            self.look_for_space();
            self.finish(Turn::new(self.shards.len(), false, at))?;
        }
        if !self.held.is_empty() {
            log::error!("{} audit records are lost: the disk is full", self.held.len());
        }
        self.write_behind()
    }

    /// Waits until the audit thread has brought the last records into the files, and writes what it
    /// tells of them: of a file that it has closed the next start would not know that it is ours.
    fn hear_audit_out(&mut self, asks: &mut mpsc::Receiver<Ask>) -> Result<(), StoreError> {
        self.audit = None;
        let begun = Instant::now();
        while self.audited < self.writer.audit_head().serial && begun.elapsed() < AUDIT_ENDS_WITHIN
        {
            match asks.try_recv() {
                Ok(ask) => {
                    if let Ask::AuditKept { synced, news } = ask {
                        self.audit_kept(synced, news);
                    }
                }
                Err(mpsc::error::TryRecvError::Empty) => thread::sleep(AUDIT_LOOK_EVERY),
                Err(mpsc::error::TryRecvError::Disconnected) => break,
            }
        }
        let mut turn = Turn::new(self.shards.len(), false, now());
        turn.ticked = true;
        self.finish(turn)
    }

    fn take_turns(&mut self, asks: &mut mpsc::Receiver<Ask>) -> Result<(), StoreError> {
        while let Some(first) = self.next(asks) {
            self.look_for_space();
            let mut turn = Turn::new(self.shards.len(), self.space == Space::Enough, now());
            let mut next = Some(first);
            while let Some(ask) = next {
                if let Err(error) = self.take(&mut turn, ask, now()) {
                    self.hand_on(turn.failed());
                    return Err(error);
                }
                let more = turn.asks < BATCH_MAX && !turn.stopping;
                next = if more { asks.try_recv().ok() } else { None };
            }
            self.tell_presence(&mut turn, now());
            let stopping = turn.stopping;
            self.finish(turn)?;
            if stopping || self.audit_has_ended {
                break;
            }
        }
        Ok(())
    }

    /// The next ask. While there is something left to do nobody is waited for.
    fn next(&self, asks: &mut mpsc::Receiver<Ask>) -> Option<Ask> {
        let some_wait = !self.held.is_empty() && self.space != Space::Gone;
        if !self.chores.left && !self.watching.is_due(now()) && !some_wait {
            return asks.blocking_recv();
        }
        match asks.try_recv() {
            Ok(ask) => Some(ask),
            Err(mpsc::error::TryRecvError::Empty) => Some(Ask::Chores),
            Err(mpsc::error::TryRecvError::Disconnected) => None,
        }
    }

    /// Writes what a turn came to, and then, only then, hands it on.
    fn finish(&mut self, mut turn: Turn) -> Result<(), StoreError> {
        let may_write = self.space != Space::Gone;
        self.take_from_held(&mut turn);
        if turn.has_rows() || turn.ticked && self.audit_synced.is_some() && may_write {
            turn.rows.audit_done = self.audit_synced.take();
            turn.rows.audit_dropped = self.audit_dropped.take();
            turn.rows.audit_closed = std::mem::take(&mut self.audit_closed);
            turn.set_nonces_aside(&mut self.world);
            let begun = Instant::now();
            if let Err(error) = self.writer.commit(&turn.rows) {
                self.hand_on(turn.failed());
                return Err(error);
            }
            self.counts.committed(turn.rows.events.len(), begun.elapsed());
            // The benchmark reads these lines: its bare SQLite writes in the same batches.
            log::debug!("events committed: {}", turn.rows.events.len());
            if let Some(decided) = turn.chores {
                let (decided, committed) = (decided.as_micros(), begun.elapsed().as_micros());
                log::debug!("chores decided and committed in us: {decided} {committed}");
            }
        }
        if turn.has_audit() {
            self.audit_waits_since.get_or_insert_with(Instant::now);
        }
        // Full, it has been rung already.
        if turn.has_audit()
            && let Some(audit) = &self.audit
            && matches!(audit.try_send(()), Err(TrySendError::Disconnected(())))
        {
            // It ends before the hub only by a bug of its own. The records wait in the store for the
            // next start, which is now.
            log::error!("the audit thread has ended before the hub");
            self.audit_has_ended = true;
        }
        if let Some(mode) = turn.sign_up {
            self.sign_up.send_replace(mode);
        }
        let ticked = turn.ticked;
        self.hand_on(turn.committed());
        if ticked || self.behind.clearing.is_some() { self.write_behind() } else { Ok(()) }
    }

    /// The audit files are on disk up to the record `synced`, and there is news of them.
    fn audit_kept(&mut self, synced: u64, news: News) {
        self.audit_synced = Some(synced);
        let newer = |it: &Link| self.audit_dropped.is_none_or(|known| known.serial < it.serial);
        self.audit_dropped = news.dropped.filter(newer).or(self.audit_dropped);
        self.audit_closed.extend(news.closed);
        self.audited = synced;
        let some_wait = synced < self.writer.audit_head().serial;
        self.audit_waits_since = some_wait.then(Instant::now);
    }

    fn hand_on(&mut self, steps: Vec<delivery::Batch>) {
        for (shard, batch) in self.shards.iter().zip(steps) {
            if !batch.is_empty() && shard.blocking_send(batch).is_err() {
                log::error!("a delivery thread has ended before the hub");
            }
        }
    }

    fn write_behind(&mut self) -> Result<(), StoreError> {
        if self.behind.is_empty() || self.space == Space::Gone {
            return Ok(());
        }
        let behind = std::mem::take(&mut self.behind);
        let cleared = self.writer.write_behind(&behind)?;
        self.cleared(cleared, now());
        Ok(())
    }

    /// What is left to do for a session that has ended.
    fn end_session(&mut self, turn: &mut Turn, online: &Online, at: Timestamp) {
        self.note_device_use(online, at);
        let origin = Origin::Session { address: &online.address, number: online.conn.serial };
        let name = translate::name_of(&self.world, online.user);
        turn.rows.audit.push(audit::session_ended(&origin, name, at));
    }

    /// Notes that the device of a session is in use, if it has one.
    fn note_device_use(&mut self, online: &Online, at: Timestamp) {
        let Online { user, device, address, .. } = online;
        let Some(device) = *device else { return };
        self.world.use_device(*user, device, at);
        if self.behind.device_uses.len() < DEVICE_USES_MAX {
            let address = address.to_string();
            self.behind.device_uses.push(DeviceUse { user: *user, device, at, address });
        }
    }

    /// Notes the use of devices whose sessions last for long.
    fn note_devices_in_use(&mut self, at: Timestamp) {
        for online in self.presence.due_to_note(at) {
            self.note_device_use(&online, at);
        }
    }

    /// Puts in front of a turn's records as many of those that have waited as there is space for; where
    /// there is none, and nothing was decided, its own wait as well.
    fn take_from_held(&mut self, turn: &mut Turn) {
        let count = match self.space {
            Space::Enough => self.held.len(),
            Space::Short => turn.rows.audit.len() + HELD_RECORDS_SLICE,
            Space::Gone => 0,
        };
        let first: Vec<_> = self.held.drain(..count.min(self.held.len())).collect();
        if self.space == Space::Gone || !self.held.is_empty() {
            self.hold(turn);
        }
        turn.rows.audit.splice(..0, first);
    }

    /// Keeps the records of a turn until they can be written.
    fn hold(&mut self, turn: &mut Turn) {
        let room = HELD_RECORDS_MAX.saturating_sub(self.held.len());
        let lost = turn.rows.audit.len().saturating_sub(room);
        if lost > 0 {
            log::error!("{lost} audit records are lost: the disk is full and so is their place");
        }
        self.held.extend(turn.rows.audit.drain(..).take(room));
    }

    /// Whether a login can be put on record, now or once there is space again.
    fn can_record(&self) -> bool {
        self.space != Space::Gone || self.held.len() < HELD_RECORDS_MAX
    }

    /// Looks how much room the disk has. Below the floor nothing is decided, so that no commit fails
    /// for want of space. The log hears of every change.
    fn look_for_space(&mut self) {
        let free = match self.writer.free_bytes() {
            Ok(free) => free,
            Err(error) => {
                log::error!("cannot tell how much space is free: {error}");
                0
            }
        };
        let space = match free {
            FREE_BYTES_MIN.. => Space::Enough,
            RECORDS_BYTES_MIN.. => Space::Short,
            _ => Space::Gone,
        };
        if space == std::mem::replace(&mut self.space, space) {
            return;
        }
        match space {
            Space::Enough => log::info!("there is space again; everything is taken"),
            Space::Short => log::error!(
                "only {free} bytes are free where the data is; nothing that writes is taken until \
                 there are {FREE_BYTES_MIN}"
            ),
            Space::Gone => log::error!(
                "only {free} bytes are free where the data is; not even audit records are written \
                 until there are {RECORDS_BYTES_MIN}"
            ),
        }
    }
}
