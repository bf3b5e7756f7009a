//! Backups: a copy of everything that a daemon needs, made while it runs, and put back.
//!
//! A backup is a data directory without what only a running daemon has: the store as one file, the
//! host key, the audit files. The store comes first, as of one moment, and then the audit up to the
//! record that was the last at that moment, so that the two agree. Whatever is made is made under
//! another name, examined, synced and only then called what it is to be called.

use std::env;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, lchown};
use std::path::{Path, PathBuf};

use parlor_protocol::text::printable;

use crate::audit::{self, Copying};
use crate::examine::{self, ExamineError};
use crate::regular;
use crate::store::{self, Contents, DATABASE, Onlooker, RESTORING, StoreError};
use crate::tls::HOST_KEY_FILE;

/// A directory into which another thread still writes may take as many goes: it makes three things
/// in it, and nothing any more once it is gone.
const REMOVALS_MAX: u32 = 10;

/// Where what is lent lies, unless `TMPDIR` says otherwise: on a disk, where there may be gigabytes.
const TEMPORARY: &str = "/var/tmp";

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Examine(#[from] ExamineError),
    #[error("cannot {operation} {}: {source}", path.display())]
    File { operation: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is there already; name a directory that is not there yet", .0.display())]
    Exists(PathBuf),
    #[error(
        "{} is there: another backup is being made, or one was cut short; remove it if none is",
        .0.display()
    )]
    Unfinished(PathBuf),
    #[error(
        "{} has {found} already, which is not overwritten; move the directory away first, and \
         keep it", data.display()
    )]
    Occupied { data: PathBuf, found: &'static str },
    #[error(
        "{what} is not whole: {first}; {}see `parlord --data {} check`", in_all(*faults),
        of.display()
    )]
    Faulty { what: &'static str, of: PathBuf, first: String, faults: usize },
    #[error(
        "the backup {} cannot be restored: {why}; see `parlord --data {} check`, and take another \
         backup", backup.display(), backup.display()
    )]
    Unusable { backup: PathBuf, why: String },
}

/// How many faults there are behind the first, where there are more.
fn in_all(faults: usize) -> String {
    if faults > 1 { format!("{faults} faults in all, ") } else { String::new() }
}

/// What a store that cannot be used means where it is the backup's.
fn of_backup(backup: &Path) -> impl Fn(StoreError) -> BackupError {
    let backup = backup.to_owned();
    move |error| match error {
        StoreError::Sql { .. }
        | StoreError::Damaged(_)
        | StoreError::NoStore(_)
        | StoreError::Foreign(_)
        | StoreError::NoMeta(_) => {
            BackupError::Unusable { backup: backup.clone(), why: error.what() }
        }
        other => BackupError::Store(other),
    }
}

/// Names what an I/O error happened to.
fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { operation, path, source }
}

/// A directory that is removed with all that is in it, unless it gets its name.
struct Unfinished(PathBuf);

impl Unfinished {
    /// It is not removed any more.
    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        match fs::remove_dir_all(&self.0) {
            Ok(()) => {}
            // It has got its name, or is kept.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Why there is no backup is told as well.
            Err(error) => {
                let left = format!("parlord: cannot remove {}: {error}", self.0.display());
                let _nobody = writeln!(io::stderr(), "{}", printable(&left));
            }
        }
    }
}

/// What the backup `directory` is called as long as it is in the making.
fn unfinished(directory: &Path) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// Removes a backup that another thread may still be making, and which has no name yet.
///
/// # Errors
/// Something of it is left.
pub(crate) fn abandon(directory: &Path) -> Result<(), BackupError> {
    remove_while_made(&unfinished(directory))
}

fn remove_while_made(directory: &Path) -> Result<(), BackupError> {
    let mut removed = remove(directory);
    for _ in 0..REMOVALS_MAX {
        if removed.is_ok() {
            break;
        }
        removed = remove(directory);
    }
    removed
}

/// A backup in the making: so far an empty directory, and a store that can be read.
pub(crate) struct Begun {
    source: Onlooker,
    data: PathBuf,
    made: Unfinished,
    directory: PathBuf,
}

/// A backup that is whole and synced, and has no name yet.
pub(crate) struct Backup {
    made: Unfinished,
    directory: PathBuf,
    /// How much there is in it.
    pub(crate) contents: Contents,
}

/// The store of a data directory, to be backed up.
///
/// # Errors
/// There is none, or it is not as this program knows it.
pub(crate) fn source(data: &Path) -> Result<Onlooker, BackupError> {
    let source = Onlooker::open(data)?;
    source.expect_our_schema()?;
    Ok(source)
}

impl Begun {
    /// Begins a backup of what is in the data directory, whose store is `source`, to be called
    /// `directory`.
    ///
    /// # Errors
    /// There is something of that name, or no place for the backup.
    pub(crate) fn new(
        source: Onlooker,
        data: &Path,
        directory: &Path,
    ) -> Result<Self, BackupError> {
        // What ends in `..` is the name of nothing that could be made.
        if directory.symlink_metadata().is_ok() || directory.file_name().is_none() {
            return Err(BackupError::Exists(directory.to_owned()));
        }
        let unfinished = unfinished(directory);
        if unfinished.symlink_metadata().is_ok() {
            return Err(BackupError::Unfinished(unfinished));
        }
        store::make_directory(&unfinished)?;
        let made = Unfinished(unfinished);
        Ok(Self { source, data: data.to_owned(), made, directory: directory.to_owned() })
    }

    /// Copies everything, also while a daemon runs on it, and examines the copy.
    ///
    /// # Errors
    /// Something cannot be read or written, or is not whole. Then nothing is left behind.
    pub(crate) async fn fill(self) -> Result<Backup, BackupError> {
        let Self { source, data, made, directory } = self;
        copy(&source, &data, &made.0)?;
        let contents = expect_whole(&made.0, "the store", &data).await?;
        store::sync_directory(&made.0)?;
        Ok(Backup { made, directory, contents })
    }
}

impl Backup {
    /// Gives it its name.
    ///
    /// # Errors
    /// Something has taken the name since. Nothing is left behind.
    pub(crate) fn name(mut self) -> Result<Named, BackupError> {
        fs::rename(&self.made.0, &self.directory).map_err(failed("make", &self.directory))?;
        self.made.0 = self.directory;
        store::sync_directory(parent(&self.made.0))?;
        Ok(Named(self.made))
    }
}

/// A backup that has its name. It goes again unless it is kept.
pub(crate) struct Named(Unfinished);

impl Named {
    /// It stays.
    pub(crate) fn keep(self) {
        self.0.keep();
    }
}

/// Puts a backup into the data directory, in which there is no store, and brings it up to date.
///
/// As long as the half of it may be there, no store is opened in the directory and no other made
/// (see [`RESTORING`]); the next restore begins anew.
///
/// # Errors
/// There is a store already, or somebody who makes one; or the backup cannot be read, or is not
/// whole. Then nothing but the lock is left behind; where the disk fails at the very end, what is
/// left is known to be the half of a backup.
pub(crate) async fn restore(backup: &Path, data: &Path) -> Result<Contents, BackupError> {
    let source = to_restore(backup)?;
    let [wal, shm, journal] = store::BESIDE_DATABASE.map(|name| (name, "a part of a store"));
    let found = [
        (DATABASE, "a store"),
        wal,
        shm,
        journal,
        (HOST_KEY_FILE, "a host key"),
        (audit::DIRECTORY, "an audit"),
    ];
    let staged = data.join(RESTORING);
    // One that is cut short is no store.
    let is_cut_short = || staged.symlink_metadata().is_ok();
    let occupied = || {
        let there = found.iter().find(|(name, _)| data.join(name).symlink_metadata().is_ok());
        there
            .filter(|_| !is_cut_short())
            .map(|&(_, found)| BackupError::Occupied { data: data.to_owned(), found })
    };
    // Told before the lock is, since a daemon that runs has both.
    occupied().map_or(Ok(()), Err)?;
    let _lock = store::claim(data)?;
    occupied().map_or(Ok(()), Err)?;
    if is_cut_short() {
        for (name, _) in found {
            remove(&data.join(name))?;
        }
        remove(&staged)?;
    }
    let staged = Unfinished(staged);
    store::make_directory(&staged.0)?;
    store::sync_directory(data)?;
    let contents = stage(&source, backup, &staged.0).await?;
    // From here on the half of it may lie in the data directory, and what says so stays.
    let staged = staged.keep();
    for name in [HOST_KEY_FILE, audit::DIRECTORY, DATABASE] {
        let placed = data.join(name);
        fs::rename(staged.join(name), &placed).map_err(failed("make", &placed))?;
    }
    store::sync_directory(data)?;
    fs::remove_dir(&staged).map_err(failed("remove", &staged))?;
    store::sync_directory(data)?;
    Ok(contents)
}

/// A copy of a backup for whoever it is to be restored for, as they may not read what the superuser
/// keeps. It is removed when this is dropped.
///
/// The superuser writes nothing into somebody else's directory: by a link its owner could have
/// anything overwritten, or given to them.
pub(crate) struct Lent(Unfinished);

impl Lent {
    /// Makes the place for it: a directory that nobody else can look into, rename or replace.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn begin() -> Result<Self, BackupError> {
        let dir = env::var_os("TMPDIR").map_or_else(|| PathBuf::from(TEMPORARY), PathBuf::from);
        let place = dir.join(format!("parlord-restore-{:016x}", rand::random::<u64>()));
        let made = DirBuilder::new().mode(0o700).create(&place);
        made.map_err(failed("make", &place))?;
        Ok(Self(Unfinished(place)))
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Path {
        &self.0.0
    }

    /// Removes it where another thread may still be making it.
    ///
    /// # Errors
    /// Something of it is left.
    pub(crate) fn abandon(self) -> Result<(), BackupError> {
        remove_while_made(&self.0.keep())
    }
}

/// Copies a backup to a place that is lent, examines the copy, and gives it to the owner of `data`.
///
/// # Errors
/// The backup cannot be read, or is not whole; or it cannot be copied.
pub(crate) async fn lend(
    backup: &Path,
    data: &Path,
    place: &Path,
) -> Result<Contents, BackupError> {
    let contents = stage(&to_restore(backup)?, backup, place).await?;
    let owner = fs::metadata(data).map_err(failed("look at", data))?;
    let give = |path: &Path| {
        lchown(path, Some(owner.uid()), Some(owner.gid())).map_err(failed("hand over", path))
    };
    // As long as the outermost is not theirs, they reach nothing that is in it.
    let audit = audit::directory(place);
    for directory in [&audit, place] {
        for entry in fs::read_dir(directory).map_err(failed("read", directory))? {
            give(&entry.map_err(failed("read", directory))?.path())?;
        }
    }
    give(place)?;
    Ok(contents)
}

/// The store of a backup that has all that belongs to one.
fn to_restore(backup: &Path) -> Result<Onlooker, BackupError> {
    let source = Onlooker::open(backup).map_err(of_backup(backup))?;
    for (name, what) in [(audit::DIRECTORY, "audit"), (HOST_KEY_FILE, "host key")] {
        if let Err(error) = fs::metadata(backup.join(name))
            && error.kind() == io::ErrorKind::NotFound
        {
            let why = format!("it has no {what}");
            return Err(BackupError::Unusable { backup: backup.to_owned(), why });
        }
    }
    Ok(source)
}

/// Copies a backup into a directory that is empty, brings the copy up to date, and examines it.
async fn stage(source: &Onlooker, backup: &Path, to: &Path) -> Result<Contents, BackupError> {
    copy(source, backup, to).map_err(|error| match error {
        BackupError::Store(error) => of_backup(backup)(error),
        other => other,
    })?;
    store::upgrade(to).map_err(of_backup(backup))?;
    expect_whole(to, "the backup", backup).await
}

/// Copies what is in one directory into another, which is empty.
fn copy(source: &Onlooker, from: &Path, to: &Path) -> Result<(), BackupError> {
    let (audit_from, audit_to) = (audit::directory(from), audit::directory(to));
    let records =
        Copying::begin(&audit_from).map_err(failed("read the audit files in", &audit_from))?;
    source.copy_into(to)?;
    let last = Onlooker::open(to)?.audit_mark()?.head.serial;
    records.finish(&audit_to, last).map_err(failed("copy the audit files to", &audit_to))?;
    let (key, key_to) = (from.join(HOST_KEY_FILE), to.join(HOST_KEY_FILE));
    let mut key_from = regular::open(&key).map_err(failed("read", &key))?;
    let mut options = OpenOptions::new();
    let copied =
        options.write(true).create_new(true).mode(0o600).open(&key_to).and_then(|mut file| {
            io::copy(&mut key_from, &mut file)?;
            file.sync_all()
        });
    copied.map_err(failed("write", &key_to))
}

/// Examines a copy. What it says of a broken rule is true of what it is a copy of.
async fn expect_whole(dir: &Path, what: &'static str, of: &Path) -> Result<Contents, BackupError> {
    let report = examine::examine(dir).await?;
    match (report.faults.first(), report.contents) {
        (None, Some(contents)) => Ok(contents),
        (fault, _) => {
            let first = fault.map_or_else(String::new, |it| format!("{}: {}", it.place, it.what));
            let (of, faults) = (of.to_owned(), report.faults.len());
            Err(BackupError::Faulty { what, of, first, faults })
        }
    }
}

fn remove(path: &Path) -> Result<(), BackupError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    removed.map_err(failed("remove", path))
}

/// The directory in which a path stands.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
