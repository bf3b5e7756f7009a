//! Keeps what the screen shows and what it has to send, for as long as the disk lets it.

use std::time::Duration;

use tokio::time::Instant;

use crate::cache::{Cache, CacheError, Waiting};

/// How long what came from the server may be written behind: seldom enough for a room in which
/// everyone talks.
const BEHIND_MAX: Duration = Duration::from_millis(500);

/// The cache, or what became of it.
#[derive(Debug)]
pub(super) struct Keeper {
    cache: Option<Cache>,
    /// When what was written behind is committed.
    due: Option<Instant>,
    /// What its user is to be told.
    complaint: Option<String>,
}

impl Keeper {
    /// Keeps everything in a cache, or nothing at all without one.
    pub(super) fn new(cache: Option<Cache>) -> Self {
        Self { cache, due: None, complaint: None }
    }

    /// Writes something. If the disk fails, nothing more is kept from then on, and the user is told.
    pub(super) fn keep(
        &mut self,
        write: impl FnOnce(&mut Cache) -> Result<(), CacheError>,
    ) -> Kept {
        let Some(cache) = &mut self.cache else {
            return Kept::No;
        };
        match write(cache) {
            Ok(()) => {
                self.due = cache
                    .is_behind()
                    .then(|| self.due.unwrap_or_else(|| Instant::now() + BEHIND_MAX));
                Kept::Yes
            }
            Err(error) => {
                self.cache = None;
                self.due = None;
                self.complaint = Some(format!(
                    "Nothing is kept for the next start any more: {error}. What waits to be sent \
                     then goes out only while parlor runs."
                ));
                Kept::No
            }
        }
    }

    /// Writes messages down before they are sent.
    pub(super) fn write_out<'a>(
        &mut self,
        messages: impl IntoIterator<Item = &'a Waiting>,
    ) -> Kept {
        self.keep(|cache| cache.write_out(messages))
    }

    /// When [`Self::commit`] is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Commits what was written behind.
    pub(super) fn commit(&mut self) {
        self.keep(Cache::commit);
    }

    /// What the user is to be told, once.
    pub(super) fn complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }
}

/// Whether something was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_is_told_of_once_and_nothing_is_kept_from_then_on() {
        let mut nothing = Keeper::new(None);
        assert_eq!(nothing.keep(|_| Ok(())), Kept::No);
        assert_eq!(nothing.complaint(), None, "it was told at the start");

        let (_dir, cache) = crate::cache::tests::open();
        let mut keeper = Keeper::new(Some(cache));
        assert_eq!(keeper.keep(|_| Ok(())), Kept::Yes);
        assert_eq!(keeper.due(), None);
        let room = parlor_protocol::id::RoomId::from_random(1);
        assert_eq!(keeper.keep(|cache| cache.forget(room)), Kept::Yes);
        assert!(keeper.due().is_some(), "it is written behind");
        assert_eq!(keeper.keep(|_| Err(CacheError::Damaged("a byte".into()))), Kept::No);
        assert_eq!((keeper.due(), keeper.keep(|_| Ok(()))), (None, Kept::No));
        let complaint = keeper.complaint().unwrap();
        assert!(complaint.contains("it is damaged: a byte"), "{complaint}");
        assert_eq!(keeper.complaint(), None);
    }
}
