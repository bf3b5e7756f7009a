//! What the input line has to say, and for how long: until the next thing is done, or until what it
//! speaks of is over.

use parlor_protocol::id::Timestamp;
use parlor_protocol::notification::{Notification, NotificationKind};

use super::Msg;
use crate::keymap::Action;
use crate::model::{Model, Notice, Told};

/// What is said where something needs a connection and there is none.
pub(super) const NOT_CONNECTED: &str = "Not connected: try again when the connection is back.";

/// How long what was said unasked stays at least: it may come just before a key is pressed.
const READING_MS: i64 = 3_000;

/// What a message to the model is to whatever was said before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Something came by itself.
    News,
    /// The user writes on: what went wrong may be just what they are mending.
    Writing,
    /// The user did something else.
    Deed,
    /// Nothing happened.
    Nothing,
}

impl Cause {
    pub(super) fn of(msg: &Msg) -> Self {
        match msg {
            Msg::News(_) | Msg::Edited(_) | Msg::Reloaded(_) => Self::News,
            Msg::Type(_) | Msg::Paste(_) => Self::Writing,
            Msg::Act(action) if writes(*action) => Self::Writing,
            Msg::Act(_) | Msg::Point(_) | Msg::Page(_) => Self::Deed,
            Msg::Tick(_) | Msg::Focus(_) | Msg::ReachedTop(_) | Msg::Seen(..) | Msg::End => {
                Self::Nothing
            }
        }
    }
}

/// Whether a key only changes what is written.
fn writes(action: Action) -> bool {
    match action {
        Action::Newline
        | Action::Go(_)
        | Action::Delete(_)
        | Action::Kill(_)
        | Action::Yank
        | Action::YankOlder
        | Action::Transpose
        | Action::Undo
        | Action::Redo
        | Action::Complete
        | Action::CompleteBack => true,
        Action::Enter
        | Action::Recall
        | Action::Choose(_)
        | Action::Extend
        | Action::Copy
        | Action::CopyLink
        | Action::Bare
        | Action::Mouse
        | Action::Edit
        | Action::Clear
        | Action::Close
        | Action::Scroll(_)
        | Action::Room(_)
        | Action::NextRoom
        | Action::PreviousRoom
        | Action::NextUnread
        | Action::LastRoom
        | Action::Help
        | Action::Rooms
        | Action::Members
        | Action::Notices
        | Action::Join
        | Action::FormerRooms
        | Action::GoTo
        | Action::FirstUnread
        | Action::Suspend
        | Action::Redraw => false,
    }
}

/// Takes away what was said before, where it has had its time. `count` is how much had been said
/// before the message was taken in.
pub(super) fn settle(model: &mut Model, cause: Cause, count: u64) {
    if model.told.count != count {
        model.told.unasked_at = (cause == Cause::News).then_some(model.now);
    } else if is_done_with(model, cause) {
        model.notice = None;
    }
    let about = model.told.about.as_ref();
    if about.is_some_and(|id| {
        let notice = model.notices.iter().find(|notice| notice.id == *id);
        notice.is_none_or(|notice| is_over(model, notice))
    }) {
        model.notice = None;
        model.told.about = None;
    }
}

fn is_done_with(model: &Model, cause: Cause) -> bool {
    let young = |Timestamp(at)| (0..READING_MS).contains(&(model.now.0 - at));
    if model.told.unasked_at.is_some_and(young) {
        return false;
    }
    match (cause, &model.notice) {
        (Cause::Deed, _) | (Cause::Writing, Some(Notice::Hint(_))) => true,
        (Cause::Writing, Some(Notice::Error(_)) | None) | (Cause::News | Cause::Nothing, _) => {
            false
        }
    }
}

/// Whether there is nothing more to do about a notice.
fn is_over(model: &Model, notice: &Notification) -> bool {
    let is_own = notice.room.is_some_and(|room| model.room(room).is_some());
    notice.read || (notice.kind == NotificationKind::Invited && is_own)
}

/// Says that something was not done.
pub(super) fn error(model: &mut Model, text: impl Into<String>) {
    say(model, Notice::Error(text.into()));
}

/// Says something to know.
pub(super) fn hint(model: &mut Model, text: impl Into<String>) {
    say(model, Notice::Hint(text.into()));
}

fn say(model: &mut Model, notice: Notice) {
    model.notice = Some(notice);
    let count = model.told.count + 1;
    model.told = Told { count, unasked_at: None, about: None };
}
