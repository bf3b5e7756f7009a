//! The servers whose keys this user has accepted, in the format of OpenSSH's `known_hosts`.
//!
//! The files are read anew for every connection and only ever appended to, so lines that we do
//! not understand stay as they are, and several clients can share a file with each other and with
//! `ssh-keygen -R`, `-F` and `-H`.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use parlor_protocol::hello::DEFAULT_PORT;
use ring::hmac;
use ssh_key::known_hosts::{Entry, HostPatterns, Marker};

use crate::host_key::HostKey;

/// A file larger than this is no list of hosts: 16 MiB hold some 150,000 of them.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The name of a server in `known_hosts`: `host` on the default port, else `[host]:port`.
pub(crate) fn host_name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == DEFAULT_PORT { host } else { format!("[{host}]:{port}") }
}

/// A line of one of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file.
    pub(crate) file: PathBuf,
    /// Its line, counted from 1.
    pub(crate) line: usize,
}

/// What the files say of a key and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The name stands with this key.
    Known,
    /// The name stands with no Ed25519 key. `others` are the names that stand with this one.
    Unknown {
        /// Where this key stands, and under which name.
        others: Vec<(Place, String)>,
    },
    /// The name stands with another key only.
    Changed(Place),
    /// The key is marked `@revoked` for this name.
    Revoked(Place),
}

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}: {source}", path.display())]
pub(crate) struct KnownHostsError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl KnownHostsError {
    fn from_io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { operation, path, source }
    }
}

/// The files of `UserKnownHostsFile`: all are read, the first is added to.
#[derive(Clone, Debug)]
pub(crate) struct KnownHosts {
    files: Vec<PathBuf>,
}

impl KnownHosts {
    /// Names the files, at least one of them.
    pub(crate) fn new(files: Vec<PathBuf>) -> Self {
        assert!(!files.is_empty(), "invariant: the configuration always names a known_hosts file");
        Self { files }
    }

    /// The file that new keys are added to.
    pub(crate) fn first(&self) -> &Path {
        &self.files[0]
    }

    /// Says whether `key` is the one that `name` (see [`host_name`]) is known by.
    ///
    /// A revocation beats everything and a match beats a mismatch, so that a host may stand with
    /// its old key and its new one while it changes them.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub(crate) fn standing(&self, name: &str, key: &HostKey) -> Result<Standing, KnownHostsError> {
        let mut known = false;
        let mut changed = None;
        let mut others = Vec::new();
        for (place, entry) in self.entries()? {
            let Some(listed) = HostKey::from_openssh(entry.public_key()) else {
                continue;
            };
            match (entry.marker(), matches(entry.host_patterns(), name), listed == *key) {
                (Some(Marker::Revoked), true, true) => return Ok(Standing::Revoked(place)),
                (Some(Marker::Revoked | Marker::CertAuthority), _, _) => {}
                (None, true, true) => known = true,
                (None, true, false) => changed = changed.or(Some(place)),
                (None, false, true) => others.push((place, displayed(entry.host_patterns()))),
                (None, false, false) => {}
            }
        }
        Ok(match changed {
            _ if known => Standing::Known,
            Some(place) => Standing::Changed(place),
            None => Standing::Unknown { others },
        })
    }

    /// The keys that `name` is known by, but for revoked ones.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub(crate) fn keys(&self, name: &str) -> Result<Vec<HostKey>, KnownHostsError> {
        let mut keys = Vec::new();
        for (_, entry) in self.entries()? {
            let Some(key) = HostKey::from_openssh(entry.public_key()) else {
                continue;
            };
            if entry.marker().is_none()
                && matches(entry.host_patterns(), name)
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        // A revocation may stand anywhere in the files.
        keys.retain(|key| matches!(self.standing(name, key), Ok(Standing::Known)));
        Ok(keys)
    }

    /// Appends the key under `name` to the first file, making the file (0600) and its directory
    /// (0700) where they are missing.
    ///
    /// The line goes out in one write at the end of the locked file, so that lines of two clients
    /// that meet a host at the same moment stand one after the other.
    ///
    /// # Errors
    /// When the file or its directory cannot be made or written.
    pub(crate) fn add(&self, name: &str, key: &HostKey) -> Result<(), KnownHostsError> {
        let path = self.first();
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .map_err(KnownHostsError::from_io("make the directory", dir))?;
        }
        let failed = KnownHostsError::from_io("add the host key to", path);
        append(path, &format!("{name} {}\n", key.to_line())).map_err(failed)
    }

    fn entries(&self) -> Result<Vec<(Place, Entry)>, KnownHostsError> {
        let mut entries = Vec::new();
        for path in &self.files {
            let text = match read(path) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(KnownHostsError::from_io("read", path)(error)),
            };
            for (index, line) in text.lines().enumerate() {
                if let Some(entry) = parse(line) {
                    entries.push((Place { file: path.clone(), line: index + 1 }, entry));
                }
            }
        }
        Ok(entries)
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other("the file is too large to be a list of known hosts"));
    }
    // A comment in an old encoding must not hide the lines around it.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file =
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // Where the file system has no locks, two clients at once may leave a blank line behind.
    let _ = file.lock();
    let mut last = [b'\n'];
    if file.metadata()?.is_file() && file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    // An editor may have left the last line open; ours must not become part of it.
    let line = if last == *b"\n" { line.to_owned() } else { format!("\n{line}") };
    file.write_all(line.as_bytes())?;
    match file.sync_all() {
        // `/dev/null` is a way to say that nothing is to be remembered.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        outcome => outcome,
    }
}

/// Reads a line, as ssh does: a key of a kind or a marker that we do not know is passed over.
fn parse(line: &str) -> Option<Entry> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    // ssh takes tabs and runs of blanks between fields; the parser only a single blank.
    line.split_whitespace().collect::<Vec<_>>().join(" ").parse().ok()
}

fn displayed(patterns: &HostPatterns) -> String {
    match patterns {
        HostPatterns::Patterns(names) => names.join(","),
        HostPatterns::HashedName { .. } => "[hashed name]".to_owned(),
    }
}

fn matches(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
            hmac::verify(&key, name.as_bytes(), hash).is_ok()
        }
        HostPatterns::Patterns(patterns) => {
            let mut found = false;
            for pattern in patterns {
                let pattern = pattern.to_ascii_lowercase();
                match pattern.strip_prefix('!') {
                    Some(not) if glob(not.as_bytes(), name.as_bytes()) => return false,
                    Some(_) => {}
                    None => found |= glob(pattern.as_bytes(), name.as_bytes()),
                }
            }
            found
        }
    }
}

/// `*` stands for any run of characters and `?` for one. Time is at most the product of the
/// lengths: only the last star is ever tried again.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                p = star_at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests;
