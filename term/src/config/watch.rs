//! Waiting for the configuration file to change, without looking at it again and again.

use std::io;
use std::path::Path;

use super::Source;

impl Source {
    /// Calls `changed` after each change of the file until it says that this is enough. Editors
    /// write another file and give it the name, so it is the directory that is watched; where the
    /// file is a link, also that of what it leads to.
    ///
    /// # Errors
    /// Where the system cannot tell.
    #[cfg(target_os = "linux")]
    pub(crate) fn each_change(&self, mut changed: impl FnMut() -> bool) -> io::Result<()> {
        use rustix::fs::inotify;

        let Some(path) = self.path() else { return Ok(()) };
        let watcher = inotify::init(inotify::CreateFlags::CLOEXEC)?;
        let flags = inotify::WatchFlags::CLOSE_WRITE | inotify::WatchFlags::MOVED_TO;
        let target = path.canonicalize().ok().filter(|target| target != path);
        let mut names = Vec::new();
        for path in [Some(path), target.as_deref()].into_iter().flatten() {
            let Some(name) = path.file_name() else { continue };
            inotify::add_watch(&watcher, directory(path), flags)?;
            names.push(name.as_encoded_bytes());
        }
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&watcher, &mut buffer);
        loop {
            let mut is_ours = false;
            loop {
                let event = events.next()?;
                let name = event.file_name().map(std::ffi::CStr::to_bytes);
                is_ours |= name.is_some_and(|name| names.contains(&name));
                if events.is_buffer_empty() {
                    break;
                }
            }
            if is_ours && !changed() {
                return Ok(());
            }
        }
    }

    /// Nothing here tells of changes; the user has to.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn each_change(&self, _: impl FnMut() -> bool) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}
