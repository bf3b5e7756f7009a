//! Who has to wait at the moment, and for what: what `parlord status` lists.

use parlor_protocol::id::Timestamp;

/// Somebody who has to wait at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limited {
    pub(crate) whom: Whom,
    /// Of what they did too much, in a word.
    pub(crate) why: &'static str,
    /// Until when; `None` where that is theirs to end.
    pub(crate) until: Option<Timestamp>,
}

/// Whom a limit holds up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Whoever comes from there.
    Address(String),
    /// A user; or a name on which logins have failed, from wherever.
    User(String),
}
