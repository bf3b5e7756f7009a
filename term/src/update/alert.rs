//! When to call the user: by bell and by the desktop, sparingly.

use parlor_protocol::id::Timestamp;
use parlor_protocol::notification::{Notification, NotificationKind};

use super::Intent;
use crate::model::{Focus, Model, What};
use crate::words::{self, Commands};

/// The least time between two calls, in milliseconds: a burst calls once.
const CALL_EVERY_MS: i64 = 5_000;
/// How long after a key the user is taken to be there where the terminal does not tell.
const ATTENDED_MS: i64 = 60_000;

/// Calls the user to what they are told of, unless they see it, do not want to be called, or were
/// called just now.
pub(super) fn call(model: &mut Model, told: &Notification) -> Vec<Intent> {
    let is_seen = told.room.is_some() && told.room == model.here && is_attended(model);
    let too_soon =
        model.called_at.is_some_and(|at| (0..CALL_EVERY_MS).contains(&(model.now.0 - at.0)));
    if told.read || is_seen || is_muted(model, told) || too_soon {
        return Vec::new();
    }
    model.called_at = Some(model.now);
    vec![Intent::Call(sentence(model, told))]
}

/// Whether the talk of its room is not wanted. What concerns oneself (a kick, another role) is no
/// talk.
fn is_muted(model: &Model, told: &Notification) -> bool {
    told.kind == NotificationKind::Mentioned
        && model.rooms.iter().any(|room| Some(room.id) == told.room && room.muted)
}

/// Whether the user is at the terminal.
fn is_attended(model: &Model) -> bool {
    match model.focus {
        Some(Focus::Here) => true,
        Some(Focus::Away) => false,
        None => {
            let Timestamp(touched) = model.touched_at;
            model.now.0 - touched < ATTENDED_MS
        }
    }
}

/// What is told, with the message where it is known.
fn sentence(model: &Model, told: &Notification) -> String {
    let notice = words::notice(told, Commands::Slashed);
    let room = model.rooms.iter().find(|room| Some(room.id) == told.room);
    let message = room.zip(told.seq).and_then(|(room, seq)| {
        room.timeline.entries().iter().rev().find_map(|entry| match &entry.what {
            What::Said(said) if said.seq == seq => Some(said.text.as_str()),
            What::Said(_) | What::Happened(_) | What::Banned(_) => None,
        })
    });
    message.map_or(notice.clone(), |text| format!("{notice}: {text}"))
}
