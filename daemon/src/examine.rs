//! Examining a data directory, or a backup of one: its store, what is on record, and its host key.

use std::io;
use std::path::{Path, PathBuf};

use crate::audit::{self, Awaited, READINGS_MAX, Reading, Verdict};
use crate::store::{self, Contents, Fault, Onlooker, Remedy, StoreError};
use crate::tls::{self, HostKey};

/// Why nobody can tell whether it is whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExamineError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot read the audit in {}: {source}", directory.display())]
    Audit { directory: PathBuf, source: io::Error },
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Report {
    /// What is wrong.
    pub(crate) faults: Vec<Fault>,
    /// How much there is; `None` where nothing that it says is to be believed.
    pub(crate) contents: Option<Contents>,
}

/// What is on record, read anew where some of it was dropped meanwhile.
async fn records(data: &Path, store: &Onlooker) -> Result<Verdict, ExamineError> {
    let read = |mark| {
        Reading::open(data, mark, Awaited::Ends)
            .map_err(|source| ExamineError::Audit { directory: audit::directory(data), source })
    };
    let mut mark = store.audit_mark()?;
    let mut verdict = read(mark)?.verify().await;
    for _ in 1..READINGS_MAX {
        let before = std::mem::replace(&mut mark, store.audit_mark()?);
        if !verdict.was_outrun(before, mark) {
            break;
        }
        verdict = read(mark)?.verify().await;
    }
    Ok(verdict)
}

/// Looks at everything in a data directory, also while a daemon runs on it. It only reads.
///
/// # Errors
/// There is nothing to examine, or this process may not.
pub(crate) async fn examine(data: &Path) -> Result<Report, ExamineError> {
    store::expect_usable(data)?;
    let store = Onlooker::open(data)?;
    let damage = store.damage()?;
    if !damage.is_empty() {
        return Ok(Report { faults: damage, contents: None });
    }
    store.expect_our_schema()?;
    let schema = store.schema_faults()?;
    if !schema.is_empty() {
        return Ok(Report { faults: schema, contents: None });
    }
    if let Some(lost) = store.lost_meta()? {
        return Ok(Report { faults: vec![lost], contents: None });
    }
    let mut faults = store.faults()?;
    // What breaks no rule is still to be understood; what breaks one is not loaded for nothing.
    if faults.is_empty()
        && let Err(error) = store.try_to_load()
    {
        faults.push(Fault::new("understood", "the store", &error.what(), Remedy::Backup));
    }
    faults.extend(HostKey::load_or_create(data, tls::Store::Present).err().map(|error| {
        Fault::new("host-key", "the data directory", &error.to_string(), Remedy::HostKey)
    }));
    let verdict = records(data, &store).await?;
    let told = |fault: &dyn std::fmt::Display| {
        Fault::new("audit", "the audit files", &fault.to_string(), Remedy::Audit)
    };
    faults.extend(verdict.faults.iter().map(|fault| told(fault)));
    Ok(Report { faults, contents: Some(store.contents()?) })
}
