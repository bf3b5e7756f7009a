//! The commands about people: who is in, who comes in, who is kept out, and what one is told.

use parlor_protocol::account::SetDisplayName;
use parlor_protocol::entry::{
    AddMember, Approve, BanUser, Block, Deny, InviteUser, Kick, RevokeInvite, Unban, Unblock,
};
use parlor_protocol::id::RoomId;
use parlor_protocol::request::Command as Change;
use parlor_protocol::room::{Demote, Promote, Transfer};

use super::{change, here, own_room, show, typed, word};
use crate::cli::Span;
use crate::model::{Deed, Listing, Model, Purpose};
use crate::update::{Intent, error, popups};

/// The room that is shown, the user who is named and what follows the name, or a word about what is
/// missing.
fn whom<'a>(model: &mut Model, typed: &'a str, command: &str) -> Option<(RoomId, String, &'a str)> {
    let room = here(model)?;
    let (user, rest) = named(model, typed, command)?;
    Some((room, user, rest))
}

/// The user who is named, with or without the `@` of a mention.
fn named<'a>(model: &mut Model, typed: &'a str, command: &str) -> Option<(String, &'a str)> {
    let (user, rest) = word(typed);
    let user = user.trim_start_matches('@');
    if user.is_empty() {
        error(model, format!("{command} needs a user's name."));
        return None;
    }
    Some((user.to_owned(), rest))
}

/// A list of the room that is shown.
fn of_here(model: &mut Model, listing: fn(RoomId) -> Listing) -> Vec<Intent> {
    match here(model) {
        Some(room) => show(model, listing(room)),
        None => Vec::new(),
    }
}

pub(super) fn members(model: &mut Model, _: &str) -> Vec<Intent> {
    of_here(model, Listing::Members)
}

pub(super) fn requests(model: &mut Model, _: &str) -> Vec<Intent> {
    of_here(model, Listing::Requests)
}

pub(super) fn bans(model: &mut Model, _: &str) -> Vec<Intent> {
    of_here(model, Listing::Bans)
}

pub(super) fn invites(model: &mut Model, room: &str) -> Vec<Intent> {
    if room.is_empty() {
        return show(model, Listing::Invites(None));
    }
    match own_room(model, room).map(|room| room.id) {
        Some(room) => show(model, Listing::Invites(Some(room))),
        None => {
            error(model, "You are in no such room.");
            Vec::new()
        }
    }
}

pub(super) fn blocks(model: &mut Model, _: &str) -> Vec<Intent> {
    show(model, Listing::Blocks)
}

pub(super) fn name(model: &mut Model, text: &str) -> Vec<Intent> {
    let display_name = text.to_owned();
    let done = match text {
        "" => "Nothing is shown beside your name any more.".to_owned(),
        text => format!("“{text}” is shown beside your name."),
    };
    let set = Change::SetDisplayName(SetDisplayName { display_name });
    typed(model, Deed::Change(set), Some(done))
}

pub(super) fn devices(model: &mut Model, _: &str) -> Vec<Intent> {
    show(model, Listing::Devices)
}

pub(super) fn invite(model: &mut Model, user: &str) -> Vec<Intent> {
    if user.is_empty() {
        let Some(room) = here(model) else { return Vec::new() };
        model.input.take();
        return popups::fill(model, Purpose::Invite(room));
    }
    let Some((room, user, _)) = whom(model, user, "/invite") else { return Vec::new() };
    change(model, Change::InviteUser(InviteUser { room, user }))
}

pub(super) fn approve(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user, _)) = whom(model, user, "/approve") else { return Vec::new() };
    change(model, Change::Approve(Approve { room, user }))
}

pub(super) fn deny(model: &mut Model, what: &str) -> Vec<Intent> {
    let Some((room, user, reason)) = whom(model, what, "/deny") else { return Vec::new() };
    change(model, Change::Deny(Deny { room, user, reason: reason.to_owned() }))
}

pub(super) fn add(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user, _)) = whom(model, user, "/add") else { return Vec::new() };
    change(model, Change::AddMember(AddMember { room, user }))
}

pub(super) fn revoke(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user, _)) = whom(model, user, "/revoke") else { return Vec::new() };
    change(model, Change::RevokeInvite(RevokeInvite { room, user }))
}

pub(super) fn kick(model: &mut Model, what: &str) -> Vec<Intent> {
    let Some((room, user, reason)) = whom(model, what, "/kick") else { return Vec::new() };
    change(model, Change::Kick(Kick { room, user, reason: reason.to_owned() }))
}

pub(super) fn ban(model: &mut Model, what: &str) -> Vec<Intent> {
    let Some((room, user, rest)) = whom(model, what, "/ban") else { return Vec::new() };
    let (secs, reason) = match rest.strip_prefix("--for") {
        Some(rest) => {
            let (span, reason) = word(rest.trim_start());
            match span.parse::<Span>() {
                Ok(span) => (Some(span.secs), reason),
                Err(no) => {
                    error(model, format!("/ban --for: {no}."));
                    return Vec::new();
                }
            }
        }
        None => (None, rest),
    };
    change(model, Change::BanUser(BanUser { room, user, reason: reason.to_owned(), secs }))
}

pub(super) fn unban(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user, _)) = whom(model, user, "/unban") else { return Vec::new() };
    change(model, Change::Unban(Unban { room, user }))
}

pub(super) fn promote(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user, _)) = whom(model, user, "/promote") else { return Vec::new() };
    change(model, Change::Promote(Promote { room, user }))
}

pub(super) fn demote(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user, _)) = whom(model, user, "/demote") else { return Vec::new() };
    change(model, Change::Demote(Demote { room, user }))
}

pub(super) fn transfer(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((room, user, _)) = whom(model, user, "/transfer") else { return Vec::new() };
    change(model, Change::Transfer(Transfer { room, user }))
}

pub(super) fn block(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((user, _)) = named(model, user, "/block") else { return Vec::new() };
    let done = format!("You see nothing more of {user}; /unblock ends that.");
    typed(model, Deed::Change(Change::Block(Block { user })), Some(done))
}

pub(super) fn unblock(model: &mut Model, user: &str) -> Vec<Intent> {
    let Some((user, _)) = named(model, user, "/unblock") else { return Vec::new() };
    let done = format!("You see {user} again.");
    typed(model, Deed::Change(Change::Unblock(Unblock { user })), Some(done))
}
