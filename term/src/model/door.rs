//! What is shown and asked before one is logged in.

use std::fmt;

use zeroize::Zeroizing;

use super::Input;

/// The most lines of what was said that are kept.
const SAID_MAX: usize = 40;

/// The way in: what was said on it, and what is being asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Door {
    /// What was said, oldest first; untrusted where a server said it.
    pub(crate) said: Vec<String>,
    /// What is asked; nothing while the server is waited for.
    pub(crate) prompt: Option<Prompt>,
    /// Whether something was asked: from then on it is seen there who waits for whom.
    pub(crate) asked: bool,
    /// How many lines one has scrolled back, to read what a small screen has no room for.
    pub(crate) back: usize,
}

/// A question to whoever comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// The question.
    pub(crate) text: String,
    /// What is answered.
    pub(crate) reply: Reply,
}

/// An answer while it is being given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A line.
    Line(Input),
    /// A line that is not shown.
    Secret(Secret),
    /// One of several.
    Choice {
        /// All of them.
        of: &'static [&'static str],
        /// Which.
        chosen: usize,
    },
}

/// A line that nobody may see, and that is wiped when it is let go.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// A line, shown or not.
    Text(Zeroizing<String>),
    /// The one of several at this place.
    Choice(usize),
}

impl Door {
    /// Notes what is said, a line or several.
    pub(crate) fn say(&mut self, text: &str) {
        self.said.extend(text.lines().map(str::to_owned));
        let surplus = self.said.len().saturating_sub(SAID_MAX);
        self.said.drain(..surplus);
    }
}

impl Secret {
    /// Adds to it.
    pub(crate) fn insert(&mut self, text: &str) {
        // Growing in place would leave the shorter one behind in memory.
        let mut longer = Zeroizing::new(String::with_capacity(self.0.len() + text.len()));
        longer.push_str(&self.0);
        longer.push_str(text);
        self.0 = longer;
    }

    /// Takes the last character away.
    pub(crate) fn delete(&mut self) {
        self.0.pop();
    }

    /// Begins anew.
    pub(crate) fn clear(&mut self) {
        self.0 = Zeroizing::default();
    }

    /// What it is.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// How many characters it has.
    pub(crate) fn chars(&self) -> usize {
        self.0.chars().count()
    }
}

impl Prompt {
    /// What is answered as it stands.
    pub(crate) fn answer(&self) -> Answered {
        match &self.reply {
            Reply::Line(input) => Answered::Text(Zeroizing::new(input.text().to_owned())),
            Reply::Secret(secret) => Answered::Text(secret.0.clone()),
            Reply::Choice { chosen, .. } => Answered::Choice(*chosen),
        }
    }
}
