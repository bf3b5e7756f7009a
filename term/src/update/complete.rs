//! Completing commands, names and rooms.

mod fitting;

use std::collections::HashSet;

use parlor_protocol::id::RoomId;
use parlor_protocol::notification::{Notification, NotificationKind};

use super::{COMMANDS, check, hint};
use crate::model::{
    CalledBy, Candidate, Completion, Heard, Input, Model, Popup, Purpose, Room, Row, Value, What,
};

/// The most that is offered for one word.
const CANDIDATES_MAX: usize = 200;
/// How many of them are shown at a time.
const SHOWN_MAX: usize = 20;
/// The most rooms that are remembered to have been heard of.
const HEARD_MAX: usize = 200;

/// Puts in the next or another candidate for the word before the cursor.
pub(super) fn act(model: &mut Model, step: isize) {
    complete(model, step, candidates, |model| Some(&mut model.input));
}

/// The same in the field of a form.
pub(super) fn act_in_form(model: &mut Model, step: isize) {
    complete(model, step, in_form, |model| match model.popups.last_mut() {
        Some(Popup::Form(form)) => match &mut form.fields[form.at].value {
            Value::Text(input) => Some(input),
            Value::Secret(_) | Value::Choice { .. } => None,
        },
        Some(Popup::Help { .. } | Popup::GoTo(_) | Popup::List(_) | Popup::Question(_)) | None => {
            None
        }
    });
}

fn complete(
    model: &mut Model,
    step: isize,
    candidates: fn(&Model, &str) -> (usize, Vec<Candidate>),
    line: fn(&mut Model) -> Option<&mut Input>,
) {
    let Some(input) = line(model) else { return };
    let written = (input.text().to_owned(), input.cursor());
    let going_on = model.completion.take().filter(|completion| completion.result == written);
    let mut completion = match going_on {
        Some(mut completion) => {
            let last = completion.candidates.len() - 1;
            completion.chosen = match completion.chosen.checked_add_signed(step) {
                Some(next) if next <= last => next,
                Some(_) => 0,
                None => last,
            };
            completion
        }
        None => {
            let (from, candidates) = candidates(model, &written.0[..written.1]);
            if candidates.is_empty() {
                return hint(model, "Nothing to complete here.");
            }
            let chosen = if step < 0 { candidates.len() - 1 } else { 0 };
            Completion { from, candidates, chosen, result: written.clone() }
        }
    };
    let Some(input) = line(model) else { return };
    let inserted = &completion.candidates[completion.chosen].inserted;
    let fit = input.replace(completion.from..written.1, inserted);
    completion.result = (input.text().to_owned(), input.cursor());
    model.notice = None;
    // What there is only one of is done; another Tab begins with the next word.
    if completion.candidates.len() > 1 {
        hint(model, shown(&completion));
        model.completion = Some(completion);
    }
    check(model, fit);
}

/// Remembers a room that may be entered.
pub(super) fn hear(model: &mut Model, id: RoomId, title: &str, called_by: CalledBy) {
    model.heard_of.retain(|heard| heard.id != id);
    model.heard_of.truncate(HEARD_MAX - 1);
    model.heard_of.push_front(Heard { id, title: title.to_owned(), called_by });
}

/// Remembers the room of an invite.
pub(super) fn hear_invite(model: &mut Model, told: &Notification) {
    if let (NotificationKind::Invited, Some(room), Some(title)) =
        (told.kind, told.room, &told.title)
    {
        hear(model, room, title.as_str(), CalledBy::Id);
    }
}

/// Remembers the rooms of a page of the directory, and those of invites that are listed.
pub(super) fn hear_page(model: &mut Model, rows: &[Row]) {
    // The first row is the best or the newest, and is to be the first that is offered.
    for row in rows.iter().rev() {
        match row {
            Row::Room(room) => hear(model, room.room, room.title.as_str(), CalledBy::Title),
            Row::Invite(invite) if invite.user.as_str() == model.me => {
                hear(model, invite.room, invite.title.as_str(), CalledBy::Id);
            }
            Row::Notification(told) if told.until.is_none_or(|until| until > model.now) => {
                hear_invite(model, told);
            }
            Row::Notification(_)
            | Row::Invite(_)
            | Row::Former(_)
            | Row::Request(_)
            | Row::Ban(_)
            | Row::Member(_)
            | Row::Block(_)
            | Row::Device(_) => {}
        }
    }
}

/// The page of candidates that has the chosen one, in brackets.
fn shown(completion: &Completion) -> String {
    let page = completion.chosen / SHOWN_MAX * SHOWN_MAX;
    let candidates = completion.candidates.iter().enumerate().skip(page).take(SHOWN_MAX);
    let words = candidates.map(|(place, candidate)| {
        if place == completion.chosen {
            format!("[{}]", candidate.shown)
        } else {
            candidate.shown.clone()
        }
    });
    let mut text = words.collect::<Vec<_>>().join("  ");
    let count = completion.candidates.len();
    if count > SHOWN_MAX {
        text.push_str(&format!("  (of {count})"));
    }
    text
}

/// What may stand before the cursor, and where it begins.
fn candidates(model: &Model, before: &str) -> (usize, Vec<Candidate>) {
    let is_command = before.starts_with('/') && !before.starts_with("//");
    let (from, mut candidates) = match before.split_once(char::is_whitespace) {
        None if is_command => (0, commands(before)),
        Some((name, _)) if is_command => arguments(model, name, before),
        _ => in_text(model, before),
    };
    candidates.truncate(CANDIDATES_MAX);
    (from, candidates)
}

fn commands(typed: &str) -> Vec<Candidate> {
    let typed = typed.to_lowercase();
    let fit = COMMANDS.iter().filter(|command| command.name.starts_with(&typed));
    let candidates = fit.map(|command| {
        let blank = if command.takes.is_empty() { "" } else { " " };
        let inserted = format!("{}{blank}", command.name);
        Candidate { shown: command.name.to_owned(), inserted }
    });
    candidates.collect()
}

/// What may follow a command, by what the table says that it takes.
fn arguments(model: &Model, name: &str, before: &str) -> (usize, Vec<Candidate>) {
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return (before.len(), Vec::new());
    };
    let takes: Vec<_> = command.takes.split_whitespace().map(bare).collect();
    let starts: Vec<_> = word_starts(before).skip(1).collect();
    let word = starts[starts.len() - 1];
    // What follows an option is told by the option, all else by its place.
    let words = || starts.iter().map(|&start| first_word(&before[start..]));
    let option = words().take(starts.len() - 1).rposition(|word| word.starts_with("--"));
    let (place, from) = match option {
        Some(typed) => {
            let known = takes.iter().position(|take| words().nth(typed) == Some(take));
            (known.map_or(takes.len(), |known| known + 1), starts[typed + 1])
        }
        None => {
            let title =
                takes.iter().position(|take| *take == "ROOM").filter(|&at| ends(&takes, at));
            let place = title.map_or(starts.len() - 1, |title| title.min(starts.len() - 1));
            (place, starts[place])
        }
    };
    if before[word..].starts_with('-') {
        let options = takes.iter().filter(|take| take.starts_with("--"));
        return (word, options.flat_map(|take| one_of(take, &before[word..])).collect());
    }
    // The room behind an option is one that is left.
    let name = if option.is_some() { "/leave" } else { name };
    match takes.get(place) {
        // A title that nothing follows may have several words.
        Some(&"ROOM") if ends(&takes, place) => (from, rooms(model, name, &before[from..])),
        Some(&"ROOM") => {
            (word, rooms(model, name, &before[word..]).into_iter().map(quoted).collect())
        }
        Some(&"USER") => (word, users(model, name, &before[word..])),
        Some(words) if words.contains('|') => (word, one_of(words, &before[word..])),
        Some(_) | None => in_text(model, before),
    }
}

/// What a command takes, without the brackets that say that it may be left out.
fn bare(take: &str) -> &str {
    take.trim_matches(['[', ']'])
}

fn first_word(text: &str) -> &str {
    text.split(char::is_whitespace).next().unwrap_or_default()
}

/// Whether nothing but options follows what is taken.
fn ends(takes: &[&str], place: usize) -> bool {
    takes.get(place + 1).is_none_or(|next| next.starts_with("--"))
}

/// A title of several words that other words may follow.
fn quoted(candidate: Candidate) -> Candidate {
    let Candidate { shown, inserted } = candidate;
    let inserted = if inserted.contains(char::is_whitespace) {
        format!("\"{inserted}\" ")
    } else {
        format!("{inserted} ")
    };
    Candidate { shown, inserted }
}

/// Where the words of a text begin; behind white space at its end there begins an empty one.
fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut blank_before = true;
    let starts = text.char_indices().filter_map(move |(at, c)| {
        let starts = blank_before && !c.is_whitespace();
        blank_before = c.is_whitespace();
        starts.then_some(at)
    });
    let empty = text.ends_with(char::is_whitespace).then_some(text.len());
    starts.chain(empty)
}

fn one_of(words: &str, typed: &str) -> Vec<Candidate> {
    let typed = typed.to_lowercase();
    let fit = words.split('|').filter(|word| word.starts_with(&typed));
    fit.map(|word| Candidate { shown: word.to_owned(), inserted: format!("{word} ") }).collect()
}

/// One's own rooms or those heard of, as the command can mean them: by title, or by an ID where that
/// was begun.
fn rooms(model: &Model, command: &str, typed: &str) -> Vec<Candidate> {
    let folded = typed.trim_start_matches('"').to_lowercase();
    let digits = folded.replace('-', "");
    let own = model.rooms.iter().filter(|room| fitting::fits_own(command, room));
    let own = own.map(|room| (room.id, &room.title, CalledBy::Title));
    let heard = model.heard_of.iter().filter(|heard| {
        fitting::fits_other(command) && model.rooms.iter().all(|room| room.id != heard.id)
    });
    let heard = heard.map(|heard| (heard.id, &heard.title, heard.called_by));
    let candidates = own.chain(heard).filter_map(|(id, title, called_by)| {
        let id = id.to_string();
        let by_title = title.to_lowercase().starts_with(&folded);
        let by_id = !digits.is_empty() && id.replace('-', "").starts_with(&digits);
        match called_by {
            CalledBy::Title if by_title => {
                Some(Candidate { shown: title.clone(), inserted: title.clone() })
            }
            CalledBy::Title | CalledBy::Id if by_title || by_id => {
                Some(Candidate { shown: format!("{id} {title}"), inserted: id })
            }
            CalledBy::Title | CalledBy::Id => None,
        }
    });
    candidates.collect()
}

/// Users whom a command may mean and whose names begin so; those of the room come first, and of them
/// who spoke last.
fn users(model: &Model, command: &str, typed: &str) -> Vec<Candidate> {
    let typed = typed.trim_start_matches('@');
    let here = model.here().into_iter().flat_map(people);
    let everywhere = model.rooms.iter().flat_map(people);
    let people = here.chain(everywhere).chain(fitting::others(model));
    let mut seen = HashSet::new();
    let fit = people
        .filter(|name| begins_so(name, typed) && fitting::fits(model, command, name))
        .filter(|name| seen.insert(*name));
    fit.map(|name| Candidate { shown: name.to_owned(), inserted: format!("{name} ") }).collect()
}

/// What may stand in the one field of a form.
fn in_form(model: &Model, before: &str) -> (usize, Vec<Candidate>) {
    let Some(Popup::Form(form)) = model.popup() else { return (0, Vec::new()) };
    let candidates = match form.purpose {
        Purpose::Join => rooms(model, "/join", before),
        Purpose::Invite(_) => users(model, "/invite", before),
        Purpose::Add(_) => users(model, "/add", before),
        Purpose::Request { .. }
        | Purpose::Create
        | Purpose::Deny(_)
        | Purpose::Kick(_)
        | Purpose::Ban(_)
        | Purpose::Password => Vec::new(),
    };
    (0, candidates)
}

/// The members of the room as `@name`, for only that is a mention: behind an `@`, and at the
/// beginning of a line.
fn in_text(model: &Model, before: &str) -> (usize, Vec<Candidate>) {
    let word = before
        .rfind(char::is_whitespace)
        .map_or(0, |blank| blank + before[blank..].chars().next().map_or(0, char::len_utf8));
    let typed = &before[word..];
    let begins_line = word == 0 || before[..word].ends_with('\n');
    let name = typed.strip_prefix('@').or_else(|| begins_line.then_some(typed));
    let Some((name, room)) = name.zip(model.here()) else {
        return (word, Vec::new());
    };
    let candidates = named(people(room), &model.me, name)
        .map(|name| Candidate { shown: format!("@{name}"), inserted: format!("@{name} ") });
    (word, candidates.collect())
}

/// The members of a room, who spoke last first. Where not all members are known, whoever spoke
/// is taken for one.
fn people(room: &Room) -> impl Iterator<Item = &str> {
    let all_known = room.members.len() >= room.member_count as usize;
    let members: HashSet<_> = room.members.iter().map(|member| member.user.as_str()).collect();
    let speakers = room.timeline.entries().iter().rev().filter_map(|entry| match &entry.what {
        What::Said(said) => Some(said.author.as_str()),
        What::Happened(_) | What::Banned(_) => None,
    });
    let speakers = speakers.filter(move |name| !all_known || members.contains(name));
    speakers.chain(room.members.iter().map(|member| member.user.as_str()))
}

/// Those who are called so, each once, without oneself.
fn named<'a>(
    people: impl Iterator<Item = &'a str>,
    me: &'a str,
    typed: &'a str,
) -> impl Iterator<Item = &'a str> {
    let mut seen = HashSet::new();
    people.filter(move |name| *name != me && begins_so(name, typed) && seen.insert(*name))
}

fn begins_so(name: &str, typed: &str) -> bool {
    name.to_lowercase().starts_with(&typed.to_lowercase())
}
