//! What keys do while something lies over the conversation.

use parlor_protocol::entry::FormerRoom;
use parlor_protocol::id::RoomId;

use super::offers::{Act, offers};
use super::pointing::{self, Pointed};
use super::{Intent, ask, ask_page, form, go_to, jump_to, slash};
use crate::keymap::{Action, Keymap, Scroll};
use crate::model::{
    AskedFrom, Deed, Fit, GoTo, Input, KillRing, Link, List, Listing, Model, More, Popup, Purpose,
    Reach,
};
use crate::update::COMMANDS;

/// What a key does on the popup that lies on top; `None` where it does what it always does.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Intent>> {
    let popup = model.popups.last_mut()?;
    match action {
        Action::Close | Action::Clear => {
            close(model);
            return Some(Vec::new());
        }
        Action::Help if matches!(popup, Popup::Help { .. }) => {
            model.popups.pop();
            return Some(Vec::new());
        }
        Action::Suspend | Action::Redraw | Action::Mouse => return None,
        // Going elsewhere closes all that lies over this place.
        Action::Room(_)
        | Action::NextRoom
        | Action::PreviousRoom
        | Action::NextUnread
        | Action::LastRoom
        | Action::FirstUnread => {
            close_all(model);
            return None;
        }
        Action::Help
        | Action::Rooms
        | Action::Members
        | Action::Notices
        | Action::Join
        | Action::FormerRooms
        | Action::GoTo => {
            let closes = is_of(popup, action);
            close_all(model);
            return closes.then(Vec::new);
        }
        Action::Enter
        | Action::Newline
        | Action::Go(_)
        | Action::Delete(_)
        | Action::Kill(_)
        | Action::Yank
        | Action::YankOlder
        | Action::Transpose
        | Action::Undo
        | Action::Redo
        | Action::Complete
        | Action::CompleteBack
        | Action::Scroll(_) => {}
        // These are about the conversation and what is written into it.
        Action::Recall
        | Action::Edit
        | Action::Choose(_)
        | Action::Extend
        | Action::Copy
        | Action::CopyLink
        | Action::Bare => return Some(Vec::new()),
    }
    if let Some(intents) = step(action).and_then(|step| go_by(model, step)) {
        return Some(intents);
    }
    Some(match model.popups.last_mut()? {
        Popup::Help { .. } => {
            if action == Action::Enter {
                model.popups.pop();
            }
            Vec::new()
        }
        Popup::GoTo(_) => act_on_go_to(model, action),
        Popup::List(_) => act_on_list(model, action),
        Popup::Form(_) => form::act(model, action),
        // Not by Enter, which may be pressed once more than it was meant.
        Popup::Question(_) => Vec::new(),
    })
}

/// Moves by so many entries through the popup that lies on top; `None` where it has none.
pub(super) fn go_by(model: &mut Model, by: isize) -> Option<Vec<Intent>> {
    let len = match model.popups.last()? {
        Popup::Help { .. } => help_lines(&model.preferences.keymap),
        Popup::GoTo(go_to) => matching(model, go_to).len() + matching_former(model, go_to).len(),
        Popup::List(list) => list.rows.len(),
        Popup::Form(_) | Popup::Question(_) => return None,
    };
    match model.popups.last_mut()? {
        Popup::Help { top: place } | Popup::GoTo(GoTo { chosen: place, .. }) => {
            *place = moved(*place, by, len);
            Some(Vec::new())
        }
        Popup::List(list) => Some(choose(list, by)),
        Popup::Form(_) | Popup::Question(_) => None,
    }
}

/// What a character does on the popup that lies on top; whether there is one.
pub(super) fn insert(model: &mut Model, text: &str) -> Option<Vec<Intent>> {
    match model.popups.last_mut()? {
        Popup::Help { .. } => {
            model.popups.pop();
            None
        }
        Popup::GoTo(go_to) => {
            go_to.search.insert(&one_line(text));
            go_to.chosen = 0;
            Some(Vec::new())
        }
        Popup::List(list) if list.is_searched() => {
            list.search.insert(&one_line(text));
            Some(searched(model))
        }
        Popup::List(list) => {
            let list = list.clone();
            let mut typed = text.chars();
            let key = typed.next().filter(|_| typed.next().is_none());
            let offer = offers(model, &list).into_iter().find(|offer| offer.key == key);
            Some(
                offer
                    .filter(|_| key.is_some())
                    .map_or_else(Vec::new, |offer| carry_out(model, offer.act)),
            )
        }
        Popup::Form(form) => {
            form::insert(form, text);
            Some(Vec::new())
        }
        Popup::Question(_) => Some(match text {
            "y" | "Y" => yes(model),
            "n" | "N" => {
                model.popups.pop();
                Vec::new()
            }
            _ => Vec::new(),
        }),
    }
}

/// Shows a list over the conversation.
pub(super) fn show(model: &mut Model, listing: Listing) -> Vec<Intent> {
    let Link::Online { .. } = model.link else {
        super::error(model, super::NOT_CONNECTED);
        return Vec::new();
    };
    model.popups.push(Popup::List(List::new(listing.clone())));
    vec![ask_page(listing, None)]
}

/// Shows a form over the conversation.
pub(super) fn fill(model: &mut Model, purpose: Purpose) -> Vec<Intent> {
    form::open(model, purpose);
    Vec::new()
}

/// Closes what lies on top.
fn close(model: &mut Model) {
    // What was offered is not offered any more.
    if model.completion.take().is_some() {
        model.notice = None;
    }
    if let Some(Popup::Form(form)) = model.popups.pop() {
        form::closed(model, form);
    }
}

/// Closes all that lies over the conversation.
pub(super) fn close_all(model: &mut Model) {
    while !model.popups.is_empty() {
        close(model);
    }
}

/// The rooms that match what is typed, the best first.
pub(crate) fn matching(model: &Model, go_to: &GoTo) -> Vec<RoomId> {
    let wanted: Vec<char> = go_to.search.text().to_lowercase().chars().collect();
    let mut found: Vec<_> = model
        .rooms
        .iter()
        .filter_map(|room| Some((distance(&wanted, &room.title.to_lowercase())?, room.id)))
        .collect();
    // Equal ones keep the order of their numbers.
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, id)| id).collect()
}

/// The former rooms that match what is typed, in their order; they follow the others.
pub(crate) fn matching_former<'a>(model: &'a Model, go_to: &GoTo) -> Vec<&'a FormerRoom> {
    let wanted: Vec<char> = go_to.search.text().to_lowercase().chars().collect();
    let matches =
        |former: &&FormerRoom| distance(&wanted, &former.title.as_str().to_lowercase()).is_some();
    model.former.iter().filter(matches).collect()
}

/// How many other characters stand before and between the wanted ones; `None` where they do not
/// all occur in their order.
fn distance(wanted: &[char], title: &str) -> Option<usize> {
    let mut wanted = wanted.iter().peekable();
    let mut others = 0;
    for c in title.chars() {
        match wanted.peek() {
            Some(&&next) if next == c => drop(wanted.next()),
            Some(_) => others += 1,
            None => break,
        }
    }
    wanted.peek().is_none().then_some(others)
}

fn act_on_go_to(model: &mut Model, action: Action) -> Vec<Intent> {
    let Some(Popup::GoTo(go_to_room)) = model.popups.last() else { return Vec::new() };
    let found = matching(model, go_to_room);
    let chosen = found.get(go_to_room.chosen).copied();
    let former = matching_former(model, go_to_room);
    let place = go_to_room.chosen.checked_sub(found.len());
    let chosen_former = place.and_then(|place| Some(former.get(place)?.room));
    if action == Action::Enter {
        match (chosen, chosen_former) {
            (Some(room), _) => {
                model.popups.clear();
                return go_to(model, room);
            }
            (None, Some(room)) => {
                model.popups.clear();
                return pointing::at(model, Pointed::Former(room));
            }
            (None, None) => return Vec::new(),
        }
    }
    let Some(Popup::GoTo(go_to_room)) = model.popups.last_mut() else { return Vec::new() };
    if edit(&mut go_to_room.search, &mut model.kill_ring, action).is_some() {
        go_to_room.chosen = 0;
    }
    Vec::new()
}

fn act_on_list(model: &mut Model, action: Action) -> Vec<Intent> {
    let Some(Popup::List(list)) = model.popups.last_mut() else { return Vec::new() };
    if action == Action::Enter {
        let list = list.clone();
        let offer = offers(model, &list).into_iter().find(|offer| offer.key.is_none());
        return offer.map_or_else(Vec::new, |offer| carry_out(model, offer.act));
    }
    if list.is_searched() && edit(&mut list.search, &mut model.kill_ring, action).is_some() {
        return searched(model);
    }
    Vec::new()
}

fn choose(list: &mut List, step: isize) -> Vec<Intent> {
    list.chosen = moved(list.chosen, step, list.rows.len());
    if !list.rows.is_empty() {
        // What was refused was about another row.
        list.error = None;
    }
    if list.chosen + 1 < list.rows.len() {
        return Vec::new();
    }
    match std::mem::replace(&mut list.more, More::Asked) {
        More::From(after) => vec![ask_page(list.listing.clone(), Some(after))],
        other @ (More::Asked | More::Nothing) => {
            list.more = other;
            Vec::new()
        }
    }
}

/// What is searched for has changed.
fn searched(model: &mut Model) -> Vec<Intent> {
    let Some(Popup::List(list)) = model.popups.last_mut() else { return Vec::new() };
    let search = list.search.text().trim().to_owned();
    let listing = Listing::Rooms { search };
    if list.listing == listing {
        return Vec::new();
    }
    // What was found stays until the answer is there.
    list.listing = listing.clone();
    list.more = More::Asked;
    list.chosen = 0;
    vec![ask_page(listing, None)]
}

fn carry_out(model: &mut Model, act: Act) -> Vec<Intent> {
    match act {
        Act::Go(room, seq) => {
            close_all(model);
            let mut intents = go_to(model, room);
            if let Some(seq) = seq {
                intents.extend(jump_to(model, room, seq));
            }
            intents
        }
        Act::Mention(user) => {
            close_all(model);
            slash::mention(model, &user);
            Vec::new()
        }
        Act::Change(command) => {
            if let Some(Popup::List(list)) = model.popups.last_mut() {
                list.error = None;
            }
            ask(model, Deed::Change(command), AskedFrom::List, None)
        }
        Act::Ask(question) => {
            model.popups.push(Popup::Question(question));
            Vec::new()
        }
        Act::Fill(purpose) => fill(model, purpose),
        Act::Show(listing) => show(model, listing),
        Act::Former(room) => {
            let intents = show(model, Listing::FormerRooms);
            if let Some(list) =
                model.list_mut(&Listing::FormerRooms).filter(|_| !intents.is_empty())
            {
                list.sought = Some(room);
            }
            intents
        }
    }
}

fn yes(model: &mut Model) -> Vec<Intent> {
    let Some(Popup::Question(question)) = model.popups.pop() else { return Vec::new() };
    let typed = question.typed.clone();
    let from = match (question.typed, model.popups.last()) {
        (Some(typed), _) => AskedFrom::Typed(typed),
        (None, Some(Popup::List(_))) => AskedFrom::List,
        (
            None,
            Some(Popup::Help { .. } | Popup::GoTo(_) | Popup::Form(_) | Popup::Question(_)) | None,
        ) => AskedFrom::Key,
    };
    let intents = ask(model, question.deed, from, None);
    if let Some(typed) = typed.filter(|_| intents.is_empty() && model.input.is_empty()) {
        model.input.insert(&typed);
    }
    intents
}

/// How far a key moves through a list.
fn step(action: Action) -> Option<isize> {
    const STEPS: [(Action, isize); 4] = [
        (Action::Go(Reach::Up), -1),
        (Action::Go(Reach::Down), 1),
        (Action::Scroll(Scroll::First), isize::MIN),
        (Action::Scroll(Scroll::Last), isize::MAX),
    ];
    STEPS.iter().find(|(does, _)| *does == action).map(|(_, step)| *step)
}

fn moved(from: usize, step: isize, len: usize) -> usize {
    from.saturating_add_signed(step).min(len.saturating_sub(1))
}

/// Lets a key edit a line, and tells whether all had room; `None` where the key edits nothing.
pub(super) fn edit(input: &mut Input, ring: &mut KillRing, action: Action) -> Option<Fit> {
    if let Action::Go(reach) = action {
        input.go(reach);
    } else if let Action::Delete(reach) = action {
        input.delete(reach);
    } else if let Action::Kill(reach) = action {
        input.kill(reach, ring);
    } else if action == Action::Yank {
        return Some(input.yank(ring));
    } else if action == Action::YankOlder {
        return Some(input.yank_older(ring));
    } else if action == Action::Transpose {
        input.transpose();
    } else if action == Action::Undo {
        input.undo();
    } else if action == Action::Redo {
        input.redo();
    } else {
        return None;
    }
    Some(Fit::Whole)
}

/// A text without its line breaks.
pub(super) fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

/// Whether a key that shows something closes it, because it is shown already.
fn is_of(popup: &Popup, action: Action) -> bool {
    match popup {
        Popup::Help { .. } => action == Action::Help,
        Popup::GoTo(_) => matches!(action, Action::GoTo | Action::Rooms),
        Popup::List(list) => match list.listing {
            Listing::Members(_) => action == Action::Members,
            Listing::Notifications => action == Action::Notices,
            Listing::FormerRooms => action == Action::FormerRooms,
            Listing::Rooms { .. }
            | Listing::Requests(_)
            | Listing::Invites(_)
            | Listing::Bans(_)
            | Listing::Blocks
            | Listing::Devices => false,
        },
        Popup::Form(form) => form.purpose == Purpose::Join && action == Action::Join,
        Popup::Question(_) => false,
    }
}

/// How many lines the help has: keys, a line between, commands.
fn help_lines(keymap: &Keymap) -> usize {
    keymap.help().len() + 1 + COMMANDS.len()
}
