//! What keys do to the model.

use parlor_protocol::id::RoomId;
use parlor_protocol::message::MessageKind;
use parlor_protocol::text::{MAX_BODY_BYTES, MAX_BODY_CHARS, MessageText, TextError};

use super::{
    Ask, Intent, check, complete, copy, edit, error, go_to, hint, homeless, jump_to, paste, popups,
    recall, slash,
};
use crate::keymap::Action;
use crate::model::{
    Armed, Fit, GoTo, Listing, LocalId, Model, Mouse, Popup, Purpose, Reach, SendState, UNSENT_MAX,
    Unsent,
};

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Intent> {
    let armed = model.armed.take();
    if let Some(intents) = paste::act(model, action) {
        return intents;
    }
    if let Some(intents) = popups::act(model, action) {
        return intents;
    }
    if recall::act(model, action) {
        return Vec::new();
    }
    match action {
        Action::Enter => {
            model.armed = armed;
            return enter(model);
        }
        Action::Newline => return super::insert(model, "\n"),
        Action::Go(Reach::Up) if model.input.is_empty() && may_take_back(model) => {
            return take_back(model);
        }
        Action::Go(Reach::Up) if model.input.is_on_first_line() => recall::older(model),
        Action::Go(Reach::Down) if model.input.is_on_last_line() => recall::newer(model),
        // There is nothing to cut: so it may mean something else.
        Action::Kill(Reach::LineEnd) if model.input.is_empty() => {
            model.popups.push(Popup::GoTo(GoTo::default()));
        }
        Action::Go(_)
        | Action::Delete(_)
        | Action::Kill(_)
        | Action::Yank
        | Action::YankOlder
        | Action::Transpose
        | Action::Undo
        | Action::Redo => {
            let fit = popups::edit(&mut model.input, &mut model.kill_ring, action);
            check(model, fit.unwrap_or(Fit::Whole));
        }
        Action::Recall => recall::begin(model),
        Action::Edit => return edit::begin(model),
        Action::Complete => complete::act(model, 1),
        Action::CompleteBack => complete::act(model, -1),
        Action::Clear => return clear(model, armed.as_ref()),
        Action::Close => {
            copy::let_go(model);
            model.notice = None;
        }
        Action::Choose(step) => copy::choose(model, step),
        Action::Extend => copy::extend(model),
        Action::Mouse => return toggle_mouse(model),
        Action::Copy => return copy::copy(model),
        Action::CopyLink => return copy::copy_link(model),
        // Only the view knows how long a page is and what is seen; it does this by itself.
        Action::Scroll(_) | Action::Bare => {}
        Action::Room(index) => return go_to_index(model, index),
        Action::NextRoom => return go_by(model, 1),
        Action::PreviousRoom => return go_by(model, -1),
        Action::NextUnread => return go_to_unread(model),
        Action::LastRoom => return go_to_last(model),
        Action::FirstUnread => return first_unread(model),
        Action::Help => model.popups.push(Popup::Help { top: 0 }),
        Action::Rooms | Action::GoTo => model.popups.push(Popup::GoTo(GoTo::default())),
        Action::Members => return members(model),
        Action::Notices => return popups::show(model, Listing::Notifications),
        Action::Join => return popups::fill(model, Purpose::Join),
        Action::FormerRooms => return popups::show(model, Listing::FormerRooms),
        Action::Suspend => return vec![Intent::Suspend],
        Action::Redraw => return vec![Intent::Redraw],
    }
    Vec::new()
}

fn toggle_mouse(model: &mut Model) -> Vec<Intent> {
    let (mouse, says) = match model.mouse {
        Mouse::Terminals => {
            (Mouse::Ours, "The wheel scrolls; a click shows a room, a member or a notice.")
        }
        Mouse::Ours => (Mouse::Terminals, "The mouse is the terminal's again."),
    };
    model.mouse = mouse;
    hint(model, says);
    vec![Intent::Mouse(mouse)]
}

fn clear(model: &mut Model, armed: Option<&Armed>) -> Vec<Intent> {
    model.notice = None;
    if !model.input.is_empty() {
        homeless::settle(model);
        model.input.clear();
    } else if armed == Some(&Armed::Quit) {
        return vec![Intent::Quit];
    } else {
        model.armed = Some(Armed::Quit);
        let key = model.preferences.keymap.key_of(Action::Clear);
        let again = key.map_or_else(|| "The same".to_owned(), |key| key.to_string());
        hint(model, quit_question(model, &again));
    }
    Vec::new()
}

/// What to say before the program ends. Messages that are not on the disk end with it.
pub(super) fn quit_question(model: &Model, again: &str) -> String {
    let lost = model.unsent().filter(|unsent| unsent.state == SendState::Unkept).count();
    let kept = model.queued() - lost;
    match (lost, kept) {
        (0, 0) => format!("{again} again quits."),
        (0, 1) => format!("1 message goes out the next time you are here. {again} again quits."),
        (0, kept) => {
            format!("{kept} messages go out the next time you are here. {again} again quits.")
        }
        (1, _) => format!("1 message is not sent and would be lost. {again} again quits."),
        (lost, _) => {
            format!("{lost} messages are not sent and would be lost. {again} again quits.")
        }
    }
}

fn go_to_index(model: &mut Model, index: usize) -> Vec<Intent> {
    match model.rooms.get(index).map(|room| room.id) {
        Some(id) => go_to(model, id),
        None => {
            error(model, format!("There is no room {}.", index + 1));
            Vec::new()
        }
    }
}

fn members(model: &mut Model) -> Vec<Intent> {
    match model.here {
        Some(room) => popups::show(model, Listing::Members(room)),
        None => no_room(model),
    }
}

/// Says how to come into a room, where one is in none.
fn no_room(model: &mut Model) -> Vec<Intent> {
    hint(model, "You are in no room: /rooms lists the public ones, /join enters one.");
    Vec::new()
}

fn go_by(model: &mut Model, step: isize) -> Vec<Intent> {
    if model.rooms.is_empty() {
        return no_room(model);
    }
    let here = model.rooms.iter().position(|room| Some(room.id) == model.here).unwrap_or(0);
    let len = model.rooms.len();
    let next = (here + len).saturating_add_signed(step) % len;
    go_to(model, model.rooms[next].id)
}

/// Goes to the next room with something unread, to those that mention one first.
fn go_to_unread(model: &mut Model) -> Vec<Intent> {
    let here = model.rooms.iter().position(|room| Some(room.id) == model.here).unwrap_or(0);
    let (before, behind) = model.rooms.split_at(here);
    let others =
        || behind.iter().chain(before).filter(|room| Some(room.id) != model.here && !room.muted);
    let mentioned = others().find(|room| room.mentions > 0);
    let next = mentioned.or_else(|| others().find(|room| room.unread > 0)).map(|room| room.id);
    match next {
        Some(id) => go_to(model, id),
        None => {
            hint(model, "Nothing is unread.");
            Vec::new()
        }
    }
}

fn go_to_last(model: &mut Model) -> Vec<Intent> {
    match model.last {
        Some(last) => go_to(model, last),
        None => {
            hint(model, "You were in no other room before this one.");
            Vec::new()
        }
    }
}

/// Shows the first message that was unread when the room was gone to.
fn first_unread(model: &mut Model) -> Vec<Intent> {
    match model.here().and_then(|room| Some((room.id, room.fresh?.0))) {
        Some((room, first)) => jump_to(model, room, first),
        None => {
            hint(model, "Nothing was unread here.");
            Vec::new()
        }
    }
}

/// Whether a message was refused that can be taken back.
fn may_take_back(model: &Model) -> bool {
    let refused = |unsent: &Unsent| matches!(unsent.state, SendState::Refused(_));
    model.here().is_some_and(|room| room.unsent.iter().any(refused))
}

/// Takes the last message that was refused back into the input, to be changed and sent again.
fn take_back(model: &mut Model) -> Vec<Intent> {
    let Some(room) = model.rooms.iter_mut().find(|room| Some(room.id) == model.here) else {
        return Vec::new();
    };
    let refused = |unsent: &Unsent| matches!(unsent.state, SendState::Refused(_));
    let Some(place) = room.unsent.iter().rposition(refused) else {
        return Vec::new();
    };
    let unsent = room.unsent.remove(place);
    let begins = match unsent.kind {
        MessageKind::Action => "/me ",
        MessageKind::Said | MessageKind::Unknown if unsent.text.starts_with('/') => "/",
        MessageKind::Said | MessageKind::Unknown => "",
    };
    model.input.insert(begins);
    model.input.insert(&unsent.text);
    model.notice = None;
    super::take_back(model, &[unsent.local])
}

pub(super) fn enter(model: &mut Model) -> Vec<Intent> {
    model.notice = None;
    let (here, text) = (model.here, model.input.text().to_owned());
    let intents = match text.strip_prefix('/') {
        // Two slashes say one, so that a message may begin with it.
        Some(message) if message.starts_with('/') => send(model, message, MessageKind::Said),
        Some(command) => slash::run(model, command),
        None => send(model, &text, MessageKind::Said),
    };
    remember(model, here, &text);
    intents
}

/// Sends the input as a message, even where it looks like a command.
pub(super) fn say(model: &mut Model) -> Vec<Intent> {
    let (here, text) = (model.here, model.input.text().to_owned());
    let intents = send(model, &text, MessageKind::Said);
    remember(model, here, &text);
    intents
}

/// Keeps what was entered, if something came of it: only that leaves the input.
fn remember(model: &mut Model, room: Option<RoomId>, text: &str) {
    if model.input.text() != text {
        homeless::entered(model, text);
        // Whoever typed a password behind it did not mean it to be kept.
        let text = if text.starts_with("/passwd") { "/passwd" } else { text };
        model.history.add(room, text);
    }
}

pub(super) fn send(model: &mut Model, text: &str, kind: MessageKind) -> Vec<Intent> {
    model.armed = None;
    match MessageText::parse(text) {
        Ok(_) => {}
        Err(TextError::Empty) => return Vec::new(),
        Err(TextError::TooLong) => {
            let chars = text.chars().count();
            let bytes = text.len();
            error(
                model,
                format!(
                    "Too long: {chars} characters in {bytes} bytes; a message has at most \
                     {MAX_BODY_CHARS} in {MAX_BODY_BYTES}."
                ),
            );
            return Vec::new();
        }
    }
    if model.unsent().count() >= UNSENT_MAX {
        error(model, format!("{UNSENT_MAX} messages wait already, to be sent or taken back."));
        return Vec::new();
    }
    let local = model.next_local;
    let Some(room) = model.rooms.iter_mut().find(|room| Some(room.id) == model.here) else {
        error(model, "You are in no room: /join one, or /create one.");
        return Vec::new();
    };
    let text = text.to_owned();
    room.unsent.push(Unsent { local, text: text.clone(), kind, state: SendState::Unkept });
    let room = room.id;
    model.next_local = LocalId(local.0 + 1);
    model.input.take();
    vec![Intent::Ask(Ask::Send { room, local, text, kind })]
}
