//! The audit thread: moves records from the store's outbox to the audit file.

use std::sync::mpsc::Receiver;

use tokio::sync::mpsc;

use super::log::{AuditError, AuditLog};
use crate::hub::Ask;
use crate::store::{Readers, StoreError};

/// Records moved at once.
const RECORDS_MAX: u32 = 512;

/// Moves records, of which those up to `last` are in the file already, each time that it is rung,
/// until the hub is gone. What cannot be written stays in the store, to be tried at the next ring
/// and made up at the next start.
pub(crate) fn keep(
    mut log: AuditLog,
    mut last: u64,
    readers: &Readers,
    rung: &Receiver<()>,
    hub: &mpsc::Sender<Ask>,
) {
    loop {
        let hub_is_gone = rung.recv().is_err();
        match moved(&mut log, &mut last, readers) {
            Ok(0) => {}
            // A hub that is gone leaves the rows; the next start sees that the file has them.
            Ok(_) => drop(hub.blocking_send(Ask::AuditSynced(last))),
            Err(error) => ::log::error!("cannot keep the audit, which waits in the store: {error}"),
        }
        if hub_is_gone {
            return;
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

fn moved(log: &mut AuditLog, last: &mut u64, readers: &Readers) -> Result<usize, KeepError> {
    let mut count = 0;
    loop {
        let records = readers.audit_after(*last, RECORDS_MAX)?;
        let Some(&(newest, _)) = records.last() else { return Ok(count) };
        log.write(&records)?;
        *last = newest;
        count += records.len();
    }
}

/// The audit records that an earlier run may not have brought into the file.
pub(crate) fn pending(readers: &Readers) -> Result<Vec<(u64, String)>, StoreError> {
    let mut pending: Vec<(u64, String)> = vec![];
    loop {
        let last = pending.last().map_or(0, |&(serial, _)| serial);
        let page = readers.audit_after(last, RECORDS_MAX)?;
        if page.is_empty() {
            return Ok(pending);
        }
        pending.extend(page);
    }
}
