//! The commands about rooms.

use parlor_protocol::id::RoomId;
use parlor_protocol::request::Command as Change;
use parlor_protocol::room::{
    CreateRoom, Entry, LeaveRoom, Rename, Role, SetSlowMode, SetTopic, Visibility,
};

use super::{change, here, own_room, show, typed, word};
use crate::model::{Deed, Listing, Model, Popup, Purpose, Question, Room, Then};
use crate::update::{Intent, error, go_to, popups, seen};

/// What may stand beside the title of a room that is made.
const CREATE_USAGE: &str = "/create takes --private, --open or --entry ask|open before the title or \
                            behind it; a title with -- in it stands in quotes.";

pub(super) fn join(model: &mut Model, what: &str) -> Vec<Intent> {
    let (room, left) = match what.split_once("--leave") {
        Some((room, left)) => (room.trim(), Some(left.trim())),
        None => (what, None),
    };
    if room.is_empty() {
        model.input.take();
        return popups::fill(model, Purpose::Join);
    }
    if let Some((id, title)) = own_room(model, room).map(|room| (room.id, room.title.clone())) {
        if left.is_some() {
            error(model, format!("You are in {title} already; nothing was left."));
            return Vec::new();
        }
        model.input.take();
        return go_to(model, id);
    }
    let join = |leave| Deed::Find { room: room.to_owned(), then: Then::Join { leave } };
    match left {
        Some(left) => leave_by(model, left, |left| join(Some(left))),
        None => typed(model, join(None), None),
    }
}

pub(super) fn go(model: &mut Model, named: &str) -> Vec<Intent> {
    let by_number = || {
        let place = named.parse::<usize>().ok()?.checked_sub(1)?;
        model.rooms.get(place).map(|room| room.id)
    };
    match own_room(model, named).map(|room| room.id).or_else(by_number) {
        Some(id) => {
            model.input.take();
            go_to(model, id)
        }
        None => {
            error(model, "None of your rooms is called so; /join enters others.");
            Vec::new()
        }
    }
}

pub(super) fn request(model: &mut Model, what: &str) -> Vec<Intent> {
    let (room, reason) = word(what);
    if room.is_empty() {
        error(model, "/request needs a room's title or ID; quote a title that has spaces.");
        return Vec::new();
    }
    let done = format!("You have asked to come into {room}. Its admins are told.");
    let then = Then::Request(reason.to_owned());
    typed(model, Deed::Find { room: room.to_owned(), then }, Some(done))
}

pub(super) fn withdraw(model: &mut Model, room: &str) -> Vec<Intent> {
    if room.is_empty() {
        error(model, "/withdraw needs the title or ID of the room that you asked to come into.");
        return Vec::new();
    }
    let done = "Your request is taken back.".to_owned();
    typed(model, Deed::Find { room: room.to_owned(), then: Then::Withdraw }, Some(done))
}

pub(super) fn create(model: &mut Model, what: &str) -> Vec<Intent> {
    if what.is_empty() {
        model.input.take();
        return popups::fill(model, Purpose::Create);
    }
    match new_room(what) {
        Ok(room) => change(model, Change::CreateRoom(room)),
        Err(wrong) => {
            error(model, wrong);
            Vec::new()
        }
    }
}

/// The room that is described by a title, and by options before or behind it.
fn new_room(what: &str) -> Result<CreateRoom, &'static str> {
    let (mut options, rest) = options(what);
    let (title, behind) = match word(rest) {
        (quoted, behind)
            if rest.starts_with('"') && (behind.is_empty() || behind.starts_with("--")) =>
        {
            (quoted, behind)
        }
        _ => rest.split_at(rest.find(" --").unwrap_or(rest.len())),
    };
    let (more, left) = self::options(behind.trim_start());
    options.extend(more);
    let (mut visibility, mut entry) = (Visibility::Public, None);
    for option in options {
        match option {
            ("--private", "") => visibility = Visibility::Private,
            ("--open", "") | ("--entry", "open") => entry = Some(Entry::Open),
            ("--entry", "ask") => entry = Some(Entry::Ask),
            _ => return Err(CREATE_USAGE),
        }
    }
    if !left.is_empty() {
        return Err(CREATE_USAGE);
    }
    if (visibility, entry) == (Visibility::Private, Some(Entry::Open)) {
        return Err("A private room is entered by invite: leave out --private or --open.");
    }
    let title = title.trim().to_owned();
    if title.is_empty() {
        return Err("/create needs a title.");
    }
    Ok(CreateRoom { title, visibility, entry: entry.unwrap_or(Entry::Ask) })
}

/// The options at the beginning of a text, each with its value, and what follows them.
fn options(text: &str) -> (Vec<(&str, &str)>, &str) {
    let mut options = Vec::new();
    let mut rest = text;
    while rest.starts_with("--") {
        let (option, behind) = word(rest);
        let (value, behind) = if option == "--entry" { word(behind) } else { ("", behind) };
        options.push((option, value));
        rest = behind;
    }
    (options, rest)
}

pub(super) fn leave(model: &mut Model, room: &str) -> Vec<Intent> {
    leave_by(model, room, |room| Deed::Change(Change::LeaveRoom(LeaveRoom { room })))
}

/// Leaves a room by this deed, the one that is shown where none is named. Whoever would end it is
/// asked first.
fn leave_by(model: &mut Model, room: &str, deed: impl FnOnce(RoomId) -> Deed) -> Vec<Intent> {
    let found = if room.is_empty() { model.here() } else { own_room(model, room) };
    let Some(found) = found else {
        error(model, "You are in no such room.");
        return Vec::new();
    };
    let deed = deed(found.id);
    if !ends_when_left(found) {
        return typed(model, deed, None);
    }
    let text = format!("Leaving ends {} for good, for everyone.", found.title);
    let typed = Some(model.input.take());
    model.popups.push(Popup::Question(Question { text, deed, typed }));
    Vec::new()
}

/// Whether a room ends when one leaves it: nobody is left, or one plain member. Where the members
/// are not known, an owner is warned.
fn ends_when_left(room: &Room) -> bool {
    match room.member_count {
        0 | 1 => true,
        2 if room.members.len() == 2 => {
            let plain = room.members.iter().filter(|member| member.role == Role::Member).count();
            // One of the two is oneself.
            plain == 2 || (plain == 1 && room.role != Role::Member)
        }
        2 => room.role == Role::Owner,
        _ => false,
    }
}

pub(super) fn list(model: &mut Model, search: &str) -> Vec<Intent> {
    show(model, Listing::Rooms { search: search.to_owned() })
}

pub(super) fn log(model: &mut Model, _: &str) -> Vec<Intent> {
    show(model, Listing::FormerRooms)
}

pub(super) fn topic(model: &mut Model, text: &str) -> Vec<Intent> {
    let Some(room) = here(model) else { return Vec::new() };
    change(model, Change::SetTopic(SetTopic { room, topic: text.to_owned() }))
}

pub(super) fn rename(model: &mut Model, title: &str) -> Vec<Intent> {
    let Some(room) = here(model) else { return Vec::new() };
    if title.is_empty() {
        error(model, "/rename needs a title.");
        return Vec::new();
    }
    change(model, Change::Rename(Rename { room, title: title.to_owned() }))
}

pub(super) fn slow(model: &mut Model, secs: &str) -> Vec<Intent> {
    let Some(room) = here(model) else { return Vec::new() };
    match secs.parse() {
        Ok(secs) => change(model, Change::SetSlowMode(SetSlowMode { room, secs })),
        Err(_) => {
            error(model, "/slow needs seconds, as in /slow 30; /slow 0 ends slow mode.");
            Vec::new()
        }
    }
}

pub(super) fn read(model: &mut Model, _: &str) -> Vec<Intent> {
    let Some(room) = here(model) else { return Vec::new() };
    model.input.take();
    match model.room(room).and_then(|room| room.timeline.last_seq()) {
        Some(last) => seen(model, room, last),
        None => Vec::new(),
    }
}
