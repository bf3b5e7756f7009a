//! The files of the audit: how they are called, in which order they come, and how they are read.
//!
//! `audit.log` is the live file. When it is full it is renamed to `audit.000007.log`, the next
//! number, and then compressed to `audit.000007.log.gz`. Numbers only grow and no file is renamed
//! again, so whoever reads along does not lose the place, and a number that is missing is seen.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::regular;

/// Whoever runs subcommands reads what was done by them: the members of the group that the control
/// socket is for. The mode of the data directory decides whether anybody of the group gets as far:
/// none where parlord made it (0700), those who administer it where the unit did (0710). Nothing in
/// here logs anyone in or says what was written, unlike the store, which stays 0600.
const FILE_MODE: u32 = 0o640;
const DIRECTORY_MODE: u32 = 0o750;
/// The directory of audit files inside the data directory.
pub(crate) const DIRECTORY: &str = "audit";
/// The live file.
pub(super) const LIVE: &str = "audit.log";

/// Whether a file that has been closed is compressed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Compressed,
}

/// What a closed file is called.
pub(super) fn name(number: u64, form: Form) -> String {
    match form {
        Form::Plain => format!("audit.{number:06}.log"),
        Form::Compressed => format!("audit.{number:06}.log.gz"),
    }
}

/// The number and form of a closed file; `None` for what is none.
pub(super) fn parse(file_name: &str) -> Option<(u64, Form)> {
    let rest = file_name.strip_prefix("audit.")?;
    let (digits, form) = match rest.strip_suffix(".log.gz") {
        Some(digits) => (digits, Form::Compressed),
        None => (rest.strip_suffix(".log")?, Form::Plain),
    };
    let number = digits.parse().ok()?;
    (name(number, form) == file_name).then_some((number, form))
}

/// Whether there are audit files with something in them.
///
/// # Errors
/// The directory cannot be read.
pub(crate) fn has_records(data: &Path) -> io::Result<bool> {
    let dir = directory(data);
    match fs::metadata(dir.join(LIVE)) {
        Ok(live) if live.len() > 0 => return Ok(true),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    match closed(&dir) {
        Ok(closed) => Ok(!closed.is_empty()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The closed files in a directory of audit files, in order. A file may stand there in both forms
/// for a moment.
pub(super) fn closed(dir: &Path) -> io::Result<Vec<(u64, Form)>> {
    let mut found = vec![];
    for entry in fs::read_dir(dir)? {
        found.extend(entry?.file_name().to_str().and_then(parse));
    }
    found.sort_unstable_by_key(|&(number, form)| (number, form == Form::Compressed));
    Ok(found)
}

/// The numbers of the closed files.
pub(super) fn numbers(dir: &Path) -> io::Result<BTreeSet<u64>> {
    Ok(closed(dir)?.into_iter().map(|(number, _)| number).collect())
}

/// Opens a closed file. Its compressed form is whole before the other goes, so one of the two is
/// there in this order.
pub(super) fn open(dir: &Path, number: u64) -> io::Result<(String, Box<dyn BufRead>)> {
    let form = match open_form(dir, number, Form::Plain) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Form::Compressed,
        plain => return Ok((name(number, Form::Plain), plain?)),
    };
    Ok((name(number, form), open_form(dir, number, form)?))
}

/// Opens one form of a closed file.
pub(super) fn open_form(dir: &Path, number: u64, form: Form) -> io::Result<Box<dyn BufRead>> {
    let file = BufReader::new(regular::open(&dir.join(name(number, form)))?);
    Ok(match form {
        Form::Plain => Box::new(file),
        // Whatever somebody may have put behind ours is read as well.
        Form::Compressed => Box::new(BufReader::new(MultiGzDecoder::new(file))),
    })
}

/// Opens a file that is being made by these options, with the mode that files of the audit have
/// whatever the umask. What a link leads to is somebody else's, and gets neither lines nor that mode.
pub(super) fn make(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.mode(FILE_MODE).custom_flags(flags.bits().cast_signed());
    let file = options.open(path).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => io::Error::other("it is a symbolic link; put the file itself there"),
        _ => error,
    })?;
    let found = file.metadata()?;
    regular::expect_file(found.file_type())?;
    if found.permissions().mode() & 0o7777 != FILE_MODE {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

/// Makes a directory of audit files that is not there yet, with its mode whatever the umask.
pub(super) fn make_directory(dir: &Path) -> io::Result<()> {
    DirBuilder::new().mode(DIRECTORY_MODE).create(dir)?;
    fs::set_permissions(dir, Permissions::from_mode(DIRECTORY_MODE))
}

/// Syncs a directory: what was made, renamed and removed in it stays so.
pub(super) fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The directory of audit files of a data directory.
pub(crate) fn directory(data: &Path) -> PathBuf {
    data.join(DIRECTORY)
}
