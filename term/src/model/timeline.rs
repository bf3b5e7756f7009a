//! What is known of a room's conversation: a run of entries in order, bounded in memory.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use parlor_protocol::id::{Seq, Timestamp};
use parlor_protocol::message::{Message, MessageKind};
use parlor_protocol::name::UserName;
use parlor_protocol::push::Change;
use parlor_protocol::room::Departure;
use parlor_protocol::text::Reason;

use crate::words;

/// The most entries kept of a room. Beyond, the oldest go; they can be fetched again.
pub(crate) const ENTRIES_MAX: usize = 10_000;

/// The same for rooms that are not shown, of which there may be many.
pub(crate) const HIDDEN_ENTRIES_MAX: usize = 1_000;

/// Names an entry for as long as the program runs; what scrolling holds on to. It says nothing but
/// which entry it is, so that it matters to nobody where the numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct EntryId(u64);

impl EntryId {
    /// One that no entry has, nor had. All timelines take theirs from here: one that is made for a
    /// room which is entered anew must not repeat what was known there before.
    fn unused() -> Self {
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        Self(TAKEN.fetch_add(1, Ordering::Relaxed))
    }
}

/// One thing in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) id: EntryId,
    /// When it happened, by the server's clock.
    pub(crate) at: Timestamp,
    /// What it is.
    pub(crate) what: What,
}

/// What stands in a conversation. All text in it is untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// Someone said something.
    Said(Said),
    /// Something happened to the room, in our words.
    Happened(String),
    /// Somebody was put out, or kept out beforehand.
    Banned(Banned),
}

/// A ban, as far as it was told of: to members that somebody is out, to admins also until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Banned {
    /// Who.
    pub(crate) user: String,
    /// By whom, where that is told.
    pub(crate) by: Option<String>,
    /// Why, where that is told.
    pub(crate) reason: Option<String>,
    /// Until when; `None` for good, or where that is not told.
    pub(crate) until: Option<Timestamp>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Its place in the room.
    pub(crate) seq: Seq,
    /// Who said it.
    pub(crate) author: String,
    /// What.
    pub(crate) text: String,
    /// Whether it was said or done.
    pub(crate) kind: MessageKind,
    /// Whether its author's account has been removed since.
    pub(crate) author_removed: bool,
}

impl Said {
    /// Its author's name in a line of prose.
    pub(crate) fn by(&self) -> String {
        let mark = if self.author_removed { " (removed)" } else { "" };
        format!("{}{mark}", self.author)
    }
}

impl From<&Message> for Said {
    fn from(message: &Message) -> Self {
        let author = message.author.as_str().to_owned();
        let text = message.text.as_str().to_owned();
        let (seq, kind, author_removed) = (message.seq, message.kind, message.author_removed);
        Self { seq, author, text, kind, author_removed }
    }
}

/// Whether there is more before the first entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// There may be; it has not been asked for.
    Unknown,
    /// It has been asked for.
    Asked,
    /// The first entry is the first of the room.
    Nothing,
}

/// A run of entries, oldest first. Messages in it have ascending places, without gaps but for those
/// that are hidden.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    entries: VecDeque<Entry>,
    /// The places of the first and the last message that are known, hidden ones included.
    known: Option<(Seq, Seq)>,
    before: Before,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { entries: VecDeque::new(), known: None, before: Before::Unknown }
    }
}

impl Timeline {
    /// The entries, oldest first.
    pub(crate) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// Whether there is more before the first entry.
    pub(crate) fn before(&self) -> Before {
        self.before
    }

    /// Notes that the page before the first entry was asked for, or that this was in vain.
    pub(crate) fn set_before(&mut self, before: Before) {
        self.before = before;
    }

    /// The place of the first message that is known.
    pub(crate) fn first_seq(&self) -> Option<Seq> {
        self.known.map(|(first, _)| first)
    }

    /// The place of the last message that is known.
    pub(crate) fn last_seq(&self) -> Option<Seq> {
        self.known.map(|(_, last)| last)
    }

    /// Adds what is new. A message that is not later than the last is known already.
    pub(crate) fn push(&mut self, at: Timestamp, what: What) -> bool {
        if what.seq().is_some_and(|seq| !self.pass(seq)) {
            return false;
        }
        if let (What::Banned(ban), Some(last)) = (&what, self.entries.back_mut())
            && let What::Banned(known) = &last.what
            && (last.at, &known.user) == (at, &ban.user)
        {
            // An admin is told of both halves of one act, and of its end only in the second.
            last.what = what;
            return true;
        }
        let id = EntryId::unused();
        self.entries.push_back(Entry { id, at, what });
        self.keep(ENTRIES_MAX);
        true
    }

    /// Notes a message that is new, whether or not it is shown; `false` where it is known already.
    pub(crate) fn pass(&mut self, seq: Seq) -> bool {
        match &mut self.known {
            Some((_, last)) if seq <= *last => return false,
            Some((_, last)) => *last = seq,
            None => self.known = Some((seq, seq)),
        }
        true
    }

    /// Takes out what a user has said.
    pub(crate) fn hide(&mut self, author: &str) {
        self.entries.retain(|entry| match &entry.what {
            What::Said(said) => said.author != author,
            What::Happened(_) | What::Banned(_) => true,
        });
    }

    /// Marks what a user has said whose account was removed.
    pub(crate) fn mark_removed(&mut self, author: &str) {
        for entry in &mut self.entries {
            if let What::Said(said) = &mut entry.what {
                said.author_removed |= said.author == author;
            }
        }
    }

    /// Forgets the oldest entries but for so many.
    pub(crate) fn keep(&mut self, most: usize) {
        let surplus = self.entries.len().saturating_sub(most);
        if surplus > 0 {
            self.entries.drain(..surplus);
            let first = self.entries.iter().find_map(|entry| entry.what.seq());
            self.known = self.known.map(|(_, last)| (first.unwrap_or(last.next()), last));
            if self.before == Before::Nothing {
                self.before = Before::Unknown;
            }
        }
    }

    /// Puts an older page before what is known; messages of it that are known already, or of users
    /// who are blocked, are left out.
    pub(crate) fn prepend(
        &mut self,
        page: Vec<(Timestamp, Said)>,
        before: Before,
        blocked: &BTreeSet<String>,
    ) {
        for (at, said) in page.into_iter().rev() {
            match &mut self.known {
                Some((first, _)) if said.seq >= *first => continue,
                Some((first, _)) => *first = said.seq,
                None => self.known = Some((said.seq, said.seq)),
            }
            if !blocked.contains(&said.author) {
                let id = EntryId::unused();
                self.entries.push_front(Entry { id, at, what: What::Said(said) });
            }
        }
        self.before = before;
    }

    /// Forgets everything: what follows does not join on to it.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.known = None;
        self.before = Before::Unknown;
    }
}

impl What {
    /// What a change leaves in the conversation, if anything.
    pub(crate) fn of(change: &Change) -> Option<Self> {
        if let Change::Message(message) = change {
            return Some(Self::Said(message.into()));
        }
        if let Change::Banned(ban) = change {
            let reason = ban.reason.as_ref();
            return Some(Self::banned(&ban.user, Some(&ban.by), reason, ban.until));
        }
        if let Change::Departed(gone) = change
            && gone.how == Departure::Banned
        {
            return Some(Self::banned(&gone.user, gone.by.as_ref(), gone.reason.as_ref(), None));
        }
        let happened = if *change == Change::Unknown {
            Some("something happened that this version of parlor does not know".to_owned())
        } else {
            words::happened(change)
        };
        happened.map(Self::Happened)
    }

    fn banned(
        user: &UserName,
        by: Option<&UserName>,
        reason: Option<&Reason>,
        until: Option<Timestamp>,
    ) -> Self {
        Self::Banned(Banned {
            user: user.to_string(),
            by: by.map(ToString::to_string),
            reason: reason.map(|reason| reason.as_str().to_owned()),
            until,
        })
    }

    /// What happened, in a line; `None` for a message. Moments are put as the reader has them.
    pub(crate) fn happened(&self, moment: impl Fn(Timestamp) -> String) -> Option<String> {
        match self {
            Self::Said(_) => None,
            Self::Happened(text) => Some(text.clone()),
            Self::Banned(ban) => Some(words::banned(ban, moment)),
        }
    }

    /// Its place in the room, where it is a message.
    pub(crate) fn seq(&self) -> Option<Seq> {
        match self {
            Self::Said(said) => Some(said.seq),
            Self::Happened(_) | Self::Banned(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(seq: u64) -> Said {
        Said {
            seq: Seq(seq),
            author: "alice".into(),
            text: format!("message {seq}"),
            kind: MessageKind::Said,
            author_removed: false,
        }
    }

    #[test]
    fn nothing_is_shown_twice() {
        let mut timeline = Timeline::default();
        assert!(timeline.push(Timestamp(0), What::Said(said(5))));
        assert!(!timeline.push(Timestamp(0), What::Said(said(5))));
        let page = (3..=5).map(|seq| (Timestamp(0), said(seq))).collect();
        timeline.prepend(page, Before::Nothing, &BTreeSet::new());
        let seqs: Vec<_> = timeline.entries().iter().filter_map(|entry| entry.what.seq()).collect();
        assert_eq!(seqs, [Seq(3), Seq(4), Seq(5)]);
    }

    #[test]
    fn what_is_hidden_is_known_all_the_same() {
        let mut timeline = Timeline::default();
        let blocked = BTreeSet::from(["alice".to_owned()]);
        assert!(timeline.pass(Seq(9)));
        assert!(!timeline.pass(Seq(9)));
        let page = (5..=9).map(|seq| (Timestamp(0), said(seq))).collect();
        timeline.prepend(page, Before::Unknown, &blocked);
        assert!(timeline.entries().is_empty());
        assert_eq!(timeline.first_seq(), Some(Seq(5)), "the page before it is asked for next");
        assert!(timeline.push(Timestamp(0), What::Said(said(10))));
        timeline.hide("alice");
        assert!(timeline.entries().is_empty());
        assert!(!timeline.push(Timestamp(0), What::Said(said(10))));
    }

    #[test]
    fn the_oldest_go_first_and_can_be_asked_for_again() {
        let mut timeline = Timeline::default();
        timeline.set_before(Before::Nothing);
        for seq in 1..=ENTRIES_MAX as u64 + 2 {
            timeline.push(Timestamp(0), What::Said(said(seq)));
        }
        assert_eq!(timeline.entries().len(), ENTRIES_MAX);
        assert_eq!(timeline.first_seq(), Some(Seq(3)));
        assert_eq!(timeline.before(), Before::Unknown);
        timeline.keep(10);
        assert_eq!(timeline.first_seq(), Some(Seq(ENTRIES_MAX as u64 - 7)));
    }
}
