//! What keys do to the model.

use parlor_protocol::text::{MAX_BODY_BYTES, MAX_BODY_CHARS, MessageText, TextError};

use super::{Ask, Intent, error, go_to, hint, slash};
use crate::keymap::{Action, Scroll, help};
use crate::model::{
    Armed, Directory, Drawer, Fit, LocalId, Model, More, Popup, Reach, SendState, UNSENT_MAX,
    Unsent,
};
use crate::update::COMMANDS;

/// How far a page is in a list that lies over the conversation.
const POPUP_PAGE: isize = 8;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Intent> {
    let armed = model.armed.take();
    if let Some(intents) = act_on_popup(model, action) {
        return intents;
    }
    match action {
        Action::Enter => {
            model.armed = armed;
            return enter(model);
        }
        Action::Newline => put(model, "\n"),
        Action::Go(Reach::Up) if model.input.is_empty() => return take_back(model),
        Action::Go(reach) => model.input.go(reach),
        Action::Delete(reach) => model.input.delete(reach),
        Action::Kill(reach) => model.input.kill(reach),
        Action::Yank => {
            if model.input.yank() == Fit::Cut {
                error(model, "The input line is full; the rest was not taken.");
            }
        }
        Action::Clear => return clear(model, armed.as_ref()),
        Action::Close => {
            model.notice = None;
            model.drawer = None;
        }
        // Only the view knows how long a page is; it scrolls by itself.
        Action::Scroll(_) => {}
        Action::Room(index) => return go_to_index(model, index),
        Action::NextRoom => return go_by(model, 1),
        Action::PreviousRoom => return go_by(model, -1),
        Action::NextUnread => return go_to_unread(model),
        Action::LastRoom => {
            if let Some(last) = model.last {
                return go_to(model, last);
            }
        }
        Action::Help => model.popup = Some(Popup::Help { top: 0 }),
        Action::Rooms => toggle(model, Drawer::Rooms),
        Action::Members => toggle(model, Drawer::Members),
        Action::Suspend => return vec![Intent::Suspend],
        Action::Redraw => return vec![Intent::Redraw],
    }
    Vec::new()
}

/// What a key does while something lies over the conversation; `None` where it does what it
/// always does.
fn act_on_popup(model: &mut Model, action: Action) -> Option<Vec<Intent>> {
    let popup = model.popup.as_mut()?;
    let step = match action {
        Action::Go(Reach::Up) => -1,
        Action::Go(Reach::Down) => 1,
        Action::Scroll(Scroll::PageUp) => -POPUP_PAGE,
        Action::Scroll(Scroll::PageDown) => POPUP_PAGE,
        Action::Scroll(Scroll::First) => isize::MIN,
        Action::Scroll(Scroll::Last) => isize::MAX,
        Action::Enter => match popup {
            Popup::Directory(directory) => {
                let chosen = directory.rooms.get(directory.chosen).map(|room| room.id);
                model.popup = None;
                return Some(
                    chosen.map_or_else(Vec::new, |id| slash::join(model, &id.to_string())),
                );
            }
            Popup::Help { .. } => {
                model.popup = None;
                return Some(Vec::new());
            }
        },
        Action::Close | Action::Help | Action::Clear => {
            model.popup = None;
            return Some(Vec::new());
        }
        Action::Suspend | Action::Redraw => return None,
        // Going to another room closes what lies over this one.
        Action::Room(_)
        | Action::NextRoom
        | Action::PreviousRoom
        | Action::NextUnread
        | Action::LastRoom => {
            model.popup = None;
            return None;
        }
        Action::Newline
        | Action::Go(_)
        | Action::Delete(_)
        | Action::Kill(_)
        | Action::Yank
        | Action::Rooms
        | Action::Members => return Some(Vec::new()),
    };
    Some(match popup {
        Popup::Help { top } => {
            *top = moved(*top, step, help_lines());
            Vec::new()
        }
        Popup::Directory(directory) => choose(directory, step),
    })
}

/// How many lines the help has: keys, a line between, commands.
fn help_lines() -> usize {
    help().len() + 1 + COMMANDS.len()
}

fn moved(from: usize, step: isize, len: usize) -> usize {
    from.saturating_add_signed(step).min(len.saturating_sub(1))
}

fn choose(directory: &mut Directory, step: isize) -> Vec<Intent> {
    directory.chosen = moved(directory.chosen, step, directory.rooms.len());
    if directory.chosen + 1 < directory.rooms.len() {
        return Vec::new();
    }
    match std::mem::replace(&mut directory.more, More::Asked) {
        More::From(after) => {
            let search = directory.search.clone();
            vec![Intent::Ask(Ask::List { search, after: Some(after) })]
        }
        other => {
            directory.more = other;
            Vec::new()
        }
    }
}

fn put(model: &mut Model, text: &str) {
    super::insert(model, text);
}

fn toggle(model: &mut Model, drawer: Drawer) {
    model.drawer = if model.drawer == Some(drawer) { None } else { Some(drawer) };
}

fn clear(model: &mut Model, armed: Option<&Armed>) -> Vec<Intent> {
    model.notice = None;
    if !model.input.is_empty() {
        model.input.take();
    } else if armed == Some(&Armed::Quit) {
        return vec![Intent::Quit];
    } else {
        model.armed = Some(Armed::Quit);
        hint(model, quit_question(model, "Ctrl-C"));
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

fn go_by(model: &mut Model, step: isize) -> Vec<Intent> {
    if model.rooms.is_empty() {
        return Vec::new();
    }
    let here = model.rooms.iter().position(|room| Some(room.id) == model.here).unwrap_or(0);
    let len = model.rooms.len();
    let next = (here + len).saturating_add_signed(step) % len;
    go_to(model, model.rooms[next].id)
}

fn go_to_unread(model: &mut Model) -> Vec<Intent> {
    let here = model.rooms.iter().position(|room| Some(room.id) == model.here).unwrap_or(0);
    let (before, behind) = model.rooms.split_at(here);
    let next = behind.iter().chain(before).find(|room| room.unread > 0).map(|room| room.id);
    match next {
        Some(id) => go_to(model, id),
        None => {
            hint(model, "Nothing is unread.");
            Vec::new()
        }
    }
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
    let Unsent { local, text, state: _ } = room.unsent.remove(place);
    model.input.insert(&text);
    model.notice = None;
    super::take_back(model, &[local])
}

fn enter(model: &mut Model) -> Vec<Intent> {
    model.notice = None;
    let text = model.input.text().to_owned();
    match text.strip_prefix('/') {
        // Two slashes say one, so that a message may begin with it.
        Some(message) if message.starts_with('/') => send(model, message),
        Some(command) => slash::run(model, command),
        None => send(model, &text),
    }
}

fn send(model: &mut Model, text: &str) -> Vec<Intent> {
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
    room.unsent.push(Unsent { local, text: text.clone(), state: SendState::Unkept });
    let room = room.id;
    model.next_local = LocalId(local.0 + 1);
    model.input.take();
    vec![Intent::Ask(Ask::Send { room, local, text })]
}
