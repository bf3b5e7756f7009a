//! The audit thread: moves records from the store's outbox to the audit files, and tells the
//! operational log how far the chain has come.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::chain::{Link, Sealed};
use super::dropping::News;
use super::log::{AuditError, AuditLog, Row};
use crate::hub::Ask;
use crate::store::{Readers, StoreError};

/// Records moved at once.
const RECORDS_MAX: u32 = 512;
/// How often the operational log is told the head of the chain. Whoever keeps that log elsewhere
/// can prove from it what the audit files held.
const HEAD_EVERY: Duration = Duration::from_secs(60 * 60);
/// How soon what could not be written is tried again, also where nothing new happens.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Moves records, of which those up to `head` are in the files already, each time that it is rung,
/// until the hub is gone. What cannot be written stays in the store, to be tried again soon, and
/// made up at the next start.
pub(crate) fn keep(
    mut log: AuditLog,
    mut head: Link,
    readers: &Readers,
    rung: &Receiver<()>,
    hub: &mpsc::Sender<Ask>,
) {
    let (mut told, mut trouble) = (Instant::now(), None);
    tell(head);
    loop {
        let pause = HEAD_EVERY.saturating_sub(told.elapsed());
        // At the start there may be files that are no longer kept.
        let pause = if log.may_have_old() { Duration::ZERO } else { pause };
        let pause = if trouble.is_some() { pause.min(RETRY_AFTER) } else { pause };
        let hub_is_gone = rung.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected);
        let before = head;
        let outcome = moved(&mut log, &mut head, readers);
        let news = old_dropped(&mut log, readers);
        if head != before || news != News::default() {
            // A hub that is gone leaves the rows; the next start sees that the files have them.
            let _gone = hub.blocking_send(Ask::AuditKept { synced: head.serial, news });
        }
        complain(outcome, &mut trouble);
        if hub_is_gone || told.elapsed() >= HEAD_EVERY {
            tell(head);
            told = Instant::now();
        }
        if hub_is_gone {
            return;
        }
    }
}

fn tell(head: Link) {
    log::info!("audit record {} has the hash {}", head.serial, head.hash);
}

/// Says once what keeps records from the files, and once that it is over.
fn complain(outcome: Result<(), KeepError>, trouble: &mut Option<String>) {
    let before = trouble.take();
    match outcome {
        Ok(()) if before.is_some() => log::info!("the audit is kept again, without a gap"),
        Ok(()) => {}
        Err(error) => {
            let error = error.to_string();
            if before.as_ref() != Some(&error) {
                log::error!("cannot keep the audit, which waits in the store: {error}");
            }
            *trouble = Some(error);
        }
    }
}

/// Why records could not be moved.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn moved(log: &mut AuditLog, head: &mut Link, readers: &Readers) -> Result<(), KeepError> {
    loop {
        let rows = readers.audit_after(head.serial, RECORDS_MAX)?;
        let Some((serial, newest)) = rows.last() else { return Ok(()) };
        log.write(&rows)?;
        let sealed = Sealed::parse(newest.as_bytes());
        *head = sealed.map_or(Link { serial: *serial, ..Link::default() }, |it| it.link);
    }
}

/// Removes the files that are no longer kept. Returns what the store should know before the next
/// ones go. What fails costs space, but no record.
fn old_dropped(log: &mut AuditLog, readers: &Readers) -> News {
    if !log.may_have_old() {
        return News::default();
    }
    let known = readers.audit_mark().and_then(|mark| Ok((mark.dropped, readers.audit_files()?)));
    match known {
        Ok((dropped, files)) => log.drop_old(dropped, files),
        Err(error) => {
            log::error!("{error}");
            News::default()
        }
    }
}

/// The audit records after a serial that still have a row: from 0 on, those that an earlier run may
/// not have brought into the files.
pub(crate) fn pending(readers: &Readers, after: u64) -> Result<Vec<Row>, StoreError> {
    let mut pending: Vec<Row> = vec![];
    loop {
        let last = pending.last().map_or(after, |&(serial, _)| serial);
        let page = readers.audit_after(last, RECORDS_MAX)?;
        if page.is_empty() {
            return Ok(pending);
        }
        pending.extend(page);
    }
}
