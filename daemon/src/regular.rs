//! Opening what should be a regular file, wherever somebody may have put something else: what never
//! answers, or never ends.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// The longest file that is read, in bytes: some hundred times what a configuration with all of its
/// comments takes.
pub(crate) const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// All that is in a file that an administrator has named.
///
/// # Errors
/// It cannot be read, is something else than a file, or has more than [`FILE_BYTES_MAX`].
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > FILE_BYTES_MAX {
        true => Err(io::Error::other(format!("it has more than {FILE_BYTES_MAX} bytes"))),
        false => Ok(bytes),
    }
}

/// Opens a file to read.
///
/// # Errors
/// It cannot be read, or is something else than a file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    expect_file(fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    // What has taken its place meanwhile must not be waited for.
    let file = options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    expect_file(file.metadata()?.file_type())?;
    Ok(file)
}

/// Makes sure that this is a file: a pipe may never come to an end, and cannot be read twice.
///
/// # Errors
/// It is something else.
pub(crate) fn expect_file(found: FileType) -> io::Result<()> {
    let other = match found {
        file if file.is_file() => return Ok(()),
        directory if directory.is_dir() => "a directory",
        fifo if fifo.is_fifo() => "a FIFO",
        socket if socket.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::other(format!("it is {other}; use a regular file")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_no_file_is_told_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let [fifo, socket] = ["fifo", "socket"].map(|name| dir.path().join(name));
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let _listener = UnixListener::bind(&socket).unwrap();
        for (path, what) in [
            (fifo.as_path(), "a FIFO"),
            (&socket, "a socket"),
            (dir.path(), "a directory"),
            (Path::new("/dev/full"), "a device"),
        ] {
            let said = read(path).unwrap_err().to_string();
            assert_eq!(said, format!("it is {what}; use a regular file"));
        }
    }

    #[test]
    fn a_file_is_read_as_far_as_the_bound() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(FILE_BYTES_MAX).unwrap();
        assert_eq!(read(file.path()).unwrap().len() as u64, FILE_BYTES_MAX);
        file.as_file().set_len(FILE_BYTES_MAX + 1).unwrap();
        let said = read(file.path()).unwrap_err().to_string();
        assert_eq!(said, "it has more than 1048576 bytes");
    }
}
