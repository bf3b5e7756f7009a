//! Waiting for the configuration file to change, without looking at it again and again.

use std::io;

use super::Source;

impl Source {
    /// Calls `changed` after each change of the file until it says that this is enough; also when it
    /// comes, or its directory does, and when it goes.
    ///
    /// # Errors
    /// Where the system cannot tell.
    #[cfg(target_os = "linux")]
    pub(crate) fn each_change(&self, mut changed: impl FnMut() -> bool) -> io::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        linux::Watch::begin(path)?.each_change(&mut changed)
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
mod linux {
    use std::ffi::OsStr;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};
    use std::time::SystemTime;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::inotify::{self, Event, ReadFlags, WatchFlags};

    /// How long a file that is gone may take to come back before it is taken to be gone for good:
    /// some editors take the old one away before they write the new one.
    const GONE_AFTER: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

    /// A file that is watched, whether or not it is there.
    pub(super) struct Watch {
        path: PathBuf,
        watcher: OwnedFd,
        names: Vec<Watched>,
        known: Option<Stamp>,
    }

    /// A name in a directory that is watched.
    struct Watched {
        directory: i32,
        path: PathBuf,
        is_file: bool,
    }

    /// What tells a file from the one that was there before.
    type Stamp = (u64, u64, SystemTime);

    impl Watch {
        /// Watches a file from now on.
        pub(super) fn begin(path: &Path) -> io::Result<Self> {
            let watcher = inotify::init(inotify::CreateFlags::CLOEXEC)?;
            let names = watch(&watcher, path)?;
            Ok(Self { path: path.to_owned(), known: stamp(path), watcher, names })
        }

        /// Calls `changed` after each change until it says that this is enough.
        pub(super) fn each_change(mut self, changed: &mut dyn FnMut() -> bool) -> io::Result<()> {
            let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
            let mut events = inotify::Reader::new(&self.watcher, &mut buffer);
            // Whether it was gone when last looked at, with more to follow.
            let mut is_owed = false;
            loop {
                let (mut is_whole, mut is_begun) = (false, false);
                let (mut goes, mut is_elsewhere) = (false, false);
                loop {
                    let event = events.next()?;
                    let of = self.names.iter().find(|of| of.is_told_of_by(&event));
                    if let Some(of) = of.filter(|of| of.is_file) {
                        // What is in a file is told once it was written. Nobody writes to a link.
                        let comes = event.events().contains(ReadFlags::CREATE);
                        is_begun = comes && of.path.is_file() && !of.path.is_symlink();
                        is_elsewhere |= comes && of.path.is_symlink();
                        goes |= event
                            .events()
                            .intersects(ReadFlags::DELETE.union(ReadFlags::MOVED_FROM));
                        let whole = ReadFlags::CLOSE_WRITE.union(ReadFlags::MOVED_TO);
                        is_whole |= event.events().intersects(whole);
                    } else {
                        is_elsewhere |= of.is_some() || event.file_name().is_none();
                    }
                    if events.is_buffer_empty() {
                        break;
                    }
                }
                // A directory on the way may have come or gone, and a link may lead elsewhere.
                self.names = watch(&self.watcher, &self.path)?;
                let now = stamp(&self.path);
                // Whatever comes by itself in the place of what went is told of by itself, too.
                let may_differ = is_owed || is_elsewhere || goes && now.is_none();
                if !is_whole && (is_begun || !may_differ || now == self.known) {
                    continue;
                }
                is_owed = now.is_none() && is_followed(&self.watcher)?;
                if is_owed {
                    continue;
                }
                self.known = now;
                if !changed() {
                    return Ok(());
                }
            }
        }
    }

    impl Watched {
        fn is_told_of_by(&self, event: &Event<'_>) -> bool {
            let name = event.file_name().map(std::ffi::CStr::to_bytes);
            self.directory == event.wd()
                && self.path.file_name().map(OsStr::as_encoded_bytes) == name
        }
    }

    /// Watches where the file is, or would be: editors write another file and give it the name, so
    /// it is the directory that is watched; where the file is a link, also that of what it leads to.
    fn watch(watcher: &OwnedFd, path: &Path) -> io::Result<Vec<Watched>> {
        let target = path.canonicalize().ok().filter(|target| target != path);
        let mut names = Vec::new();
        for path in [Some(path), target.as_deref()].into_iter().flatten() {
            names.extend(watch_one(watcher, path)?);
        }
        Ok(names)
    }

    /// Watches the directory of this path or, as long as that is not there, the nearest above it that
    /// is, for the one that is to be in it.
    fn watch_one(watcher: &OwnedFd, path: &Path) -> io::Result<Option<Watched>> {
        let flags = WatchFlags::CLOSE_WRITE
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVE_SELF;
        let mut at = path;
        loop {
            if at.file_name().is_none() {
                return Ok(None);
            }
            match inotify::add_watch(watcher, directory(at), flags) {
                // It came just before it was watched for.
                Ok(_) if at != path && at.exists() => at = path,
                Ok(directory) => {
                    let is_file = at == path;
                    return Ok(Some(Watched { directory, path: at.to_owned(), is_file }));
                }
                Err(rustix::io::Errno::NOENT) => at = directory(at),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn directory(path: &Path) -> &Path {
        match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            Some(_) | None => Path::new("."),
        }
    }

    fn stamp(path: &Path) -> Option<Stamp> {
        let file = path.metadata().ok()?;
        Some((file.ino(), file.len(), file.modified().ok()?))
    }

    /// Whether something else happens in a moment.
    fn is_followed(watcher: &OwnedFd) -> io::Result<bool> {
        let mut watched = [PollFd::new(watcher, PollFlags::IN)];
        Ok(poll(&mut watched, Some(&GONE_AFTER))? > 0)
    }

    #[cfg(test)]
    mod tests {
        use std::fs;
        use std::sync::mpsc::{Receiver, channel};
        use std::time::Duration;

        use super::*;

        /// What is in the file after each change of it.
        fn watched(path: &Path) -> Receiver<Option<String>> {
            let (tell, told) = channel();
            let watch = Watch::begin(path).unwrap();
            let path = path.to_owned();
            std::thread::spawn(move || {
                watch.each_change(&mut || tell.send(fs::read_to_string(&path).ok()).is_ok())
            });
            told
        }

        fn next(told: &Receiver<Option<String>>) -> Option<String> {
            told.recv_timeout(Duration::from_secs(10)).expect("the change is told")
        }

        #[test]
        fn a_file_is_noticed_when_it_comes_changes_and_goes() {
            let place = tempfile::tempdir().unwrap();
            let path = place.path().join("config.toml");
            let told = watched(&path);
            let other = place.path().join("other");
            fs::write(other.with_extension("toml"), "not it").unwrap();
            fs::write(&path, "one").unwrap();
            assert_eq!(next(&told).as_deref(), Some("one"));
            // As editors write, with the old file moved away before.
            fs::write(&other, "two").unwrap();
            fs::rename(&path, place.path().join("config.toml~")).unwrap();
            fs::rename(&other, &path).unwrap();
            assert_eq!(next(&told).as_deref(), Some("two"));
            fs::remove_file(&path).unwrap();
            assert_eq!(next(&told), None);
            fs::write(&path, "three").unwrap();
            assert_eq!(next(&told).as_deref(), Some("three"));
            assert!(told.try_recv().is_err(), "each is told once");
        }

        #[test]
        fn a_file_is_noticed_though_its_directory_is_not_there_yet_or_goes() {
            let place = tempfile::tempdir().unwrap();
            let directory = place.path().join("config/parlor");
            let path = directory.join("config.toml");
            let told = watched(&path);
            fs::create_dir_all(&directory).unwrap();
            fs::write(&path, "one").unwrap();
            while next(&told).as_deref() != Some("one") {}
            fs::remove_dir_all(place.path().join("config")).unwrap();
            while next(&told).is_some() {}
            // A directory that comes with all that is in it.
            let elsewhere = place.path().join("elsewhere");
            fs::create_dir_all(elsewhere.join("parlor")).unwrap();
            fs::write(elsewhere.join("parlor/config.toml"), "two").unwrap();
            fs::rename(&elsewhere, place.path().join("config")).unwrap();
            assert_eq!(next(&told).as_deref(), Some("two"));
        }

        #[test]
        fn a_link_that_leads_elsewhere_is_noticed_and_so_is_what_it_leads_to() {
            let place = tempfile::tempdir().unwrap();
            let [here, there] = ["here", "there"].map(|name| place.path().join(name));
            for directory in [&here, &there] {
                fs::create_dir(directory).unwrap();
            }
            let (path, target) = (here.join("config.toml"), there.join("parlor.toml"));
            fs::write(&target, "one").unwrap();
            let told = watched(&path);
            std::os::unix::fs::symlink(&target, &path).unwrap();
            assert_eq!(next(&told).as_deref(), Some("one"));
            fs::write(&target, "other").unwrap();
            assert_eq!(next(&told).as_deref(), Some("other"));
        }
    }
}
