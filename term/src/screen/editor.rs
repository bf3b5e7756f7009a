//! The user's own editor over a text, in a private file that is gone afterwards.

use std::env;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is run where neither VISUAL nor EDITOR says otherwise.
const FALLBACK: &str = "vi";
/// The longest text that is taken back, in bytes; the input line takes less.
const BYTES_MAX: u64 = 1024 * 1024;

/// Lets the user edit a text; blocks until they are done. The terminal has to be free.
///
/// # Errors
/// A sentence about what went wrong. What the user wrote is then kept, and the sentence says where.
pub(super) fn edit(text: &str) -> Result<String, String> {
    let dir = private_dir().map_err(|error| format!("No file for the editor: {error}."))?;
    let path = dir.join("message.txt");
    let edited = write(&path, text)
        .map_err(|error| format!("Cannot write {}: {error}.", path.display()))
        .and_then(|()| run(&path))
        .and_then(|()| read(&path, text));
    if edited.is_err() && fs::read(&path).is_ok_and(|kept| kept != text.as_bytes()) {
        return edited.map_err(|why| format!("{why} What you wrote is in {}.", path.display()));
    }
    // A file that cannot be removed is private all the same.
    let _ = fs::remove_dir_all(&dir);
    edited
}

/// A directory that nobody else can look into, where such files are forgotten with the login.
fn private_dir() -> io::Result<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir());
    let dir = runtime.unwrap_or_else(env::temp_dir);
    let dir = dir.join(format!("parlor-{:016x}", rand::random::<u64>()));
    DirBuilder::new().mode(0o700).create(&dir)?;
    Ok(dir)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn run(path: &Path) -> Result<(), String> {
    let set = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| FALLBACK.to_owned());
    // By the shell, as everybody does: the editor may have arguments.
    let command = format!("{editor} \"$1\"");
    let status = Command::new("/bin/sh").args(["-c", &command, "sh"]).arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("The editor failed ({status}); the text is as it was.")),
        Err(error) => Err(format!("The editor could not be run: {error}.")),
    }
}

fn read(path: &Path, before: &str) -> Result<String, String> {
    let unreadable = |error| format!("Cannot read what the editor wrote: {error}.");
    if fs::metadata(path).map_err(unreadable)?.len() > BYTES_MAX {
        return Err("What the editor wrote is too long.".to_owned());
    }
    let mut text = fs::read_to_string(path).map_err(unreadable)?;
    // Editors end the last line, too.
    if text.ends_with('\n') && !before.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}
