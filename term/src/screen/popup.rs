//! What lies over the conversation: help, lists, forms, questions.

mod form;
mod rows;

use jiff::tz::TimeZone;

pub(super) use self::form::one_row;
pub(crate) use self::form::words as form_words;
pub(super) use self::rows::own_room;
pub(crate) use self::rows::{heading as list_heading, none as none_listed, words as row_words};
use super::paint::{self, Printer};
use super::panes::Area;
use crate::keymap::{Action, Scroll};
use crate::model::{GoTo, List, Listing, Model, More, Popup, Question, Reach};
use crate::theme::Role;
use crate::update::{COMMANDS, matching, offers};

/// The most rows that the chosen line of a list takes to be read whole.
const CHOSEN_ROWS_MAX: usize = 4;
/// The most rows that the keys below a list take.
const OFFER_ROWS_MAX: usize = 5;
/// How wide a list beside the conversation is, where there is room.
const ROOMS_COLUMNS: usize = 32;
const MEMBERS_COLUMNS: usize = 40;
const NOTICES_COLUMNS: usize = 64;

/// Lines under a heading, and what stands below them.
struct Sheet {
    heading: String,
    lines: Vec<(String, Role)>,
    /// The lines that have to be seen.
    seen: std::ops::Range<usize>,
    below: Vec<(String, Role)>,
}

/// Where a popup is drawn in the middle of the screen: what belongs to a pane lies over it.
pub(super) fn place(popup: &Popup, middle: Area) -> Area {
    let left = |columns: usize| Area { width: columns.min(middle.width), ..middle };
    let right = |columns: usize| {
        let width = columns.min(middle.width);
        Area { x: middle.x + middle.width - width, width, ..middle }
    };
    match popup {
        Popup::GoTo(_) => left(ROOMS_COLUMNS),
        Popup::List(list) => match list.listing {
            Listing::Members(_) => right(MEMBERS_COLUMNS),
            Listing::Notifications => right(NOTICES_COLUMNS),
            Listing::Rooms { .. }
            | Listing::FormerRooms
            | Listing::Requests(_)
            | Listing::Invites(_)
            | Listing::Bans(_)
            | Listing::Blocks
            | Listing::Devices => middle,
        },
        Popup::Help { .. } | Popup::Form(_) | Popup::Question(_) => middle,
    }
}

/// Draws a popup.
pub(super) fn draw(printer: &Printer, area: Area, model: &Model, popup: &Popup, zone: &TimeZone) {
    for row in 0..area.height {
        paint::blank(printer, (area.x, area.y + row), area.width, Role::Text);
    }
    let sheet = match popup {
        Popup::Help { top } => help(area.width, model, *top),
        Popup::GoTo(go_to) => rooms(area.width, model, go_to),
        Popup::List(list) => listing(area.width, model, list, zone),
        Popup::Form(form) => {
            return form::draw(printer, area, &model.preferences.keymap, form);
        }
        Popup::Question(question) => asked(area.width, model, question),
    };
    draw_sheet(printer, area, &sheet);
    // What lies beside the conversation is told from it by a rule.
    let bound = if area.x > 0 { area.x.checked_sub(1) } else { Some(area.x + area.width) };
    if let Some(x) = bound.filter(|&x| x < printer.size.x) {
        for row in 0..area.height {
            paint::styled(printer, (x, area.y + row), 1, "│", Role::Rule);
        }
    }
}

/// Where the caret stands in a popup; `None` where nothing is written.
pub(super) fn caret(area: Area, popup: &Popup) -> Option<(usize, usize)> {
    let search = match popup {
        Popup::Form(form) => return form::caret(area, form),
        Popup::GoTo(go_to) => &go_to.search,
        Popup::List(list) if list.is_searched() => &list.search,
        Popup::List(_) | Popup::Help { .. } | Popup::Question(_) => return None,
    };
    let heading = paint::columns(SEARCH);
    let (_, at) = one_row(search, area.width.saturating_sub(heading));
    let x = (heading + at).min(area.width.saturating_sub(1));
    (area.height > 0).then_some((area.x + x, area.y))
}

/// What stands before what is searched for.
const SEARCH: &str = " Search: ";

fn search_line(search: &crate::model::Input, width: usize) -> String {
    let (text, _) = one_row(search, width.saturating_sub(paint::columns(SEARCH)));
    format!("{SEARCH}{text}")
}

fn help(width: usize, model: &Model, top: usize) -> Sheet {
    let keymap = &model.preferences.keymap;
    let keys = keymap.help();
    let commands = COMMANDS.iter().map(|one| (format!("{} {}", one.name, one.takes), one.help));
    let pairs: Vec<_> = keys.into_iter().chain([(String::new(), "")]).chain(commands).collect();
    let widest = pairs.iter().map(|(keys, _)| paint::columns(keys)).max().unwrap_or(0);
    let left = widest.min(width / 2);
    let lines = pairs.iter().map(|(keys, does)| {
        let keys = paint::clipped(keys, left);
        let gap = left - paint::columns(&keys);
        (format!(" {keys}{}  {does}", " ".repeat(gap)), Role::Text)
    });
    let mut lines: Vec<_> = lines.collect();
    // The line at the top is asked for, not one that has to be seen.
    lines.drain(..top.min(lines.len()));
    let scrolls = [
        Action::Go(Reach::Up),
        Action::Go(Reach::Down),
        Action::Scroll(Scroll::PageUp),
        Action::Scroll(Scroll::PageDown),
    ];
    let keys = hinted([keymap.close_hint("closes"), keymap.hints(&scrolls, "scroll")]);
    let heading = format!(" HELP  {keys}");
    Sheet { heading, lines, seen: 0..0, below: Vec::new() }
}

fn rooms(width: usize, model: &Model, go_to: &GoTo) -> Sheet {
    let found = matching(model, go_to);
    let lines = found.iter().enumerate().filter_map(|(place, id)| {
        let number = model.rooms.iter().position(|room| room.id == *id)?;
        let line = own_room(&model.rooms[number], number, width);
        let is_chosen = place == go_to.chosen;
        Some((if is_chosen { marked(line) } else { line }, chosen_role(is_chosen)))
    });
    let mut lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        lines.push((" None of your rooms is called so.".to_owned(), Role::Faint));
    }
    let keymap = &model.preferences.keymap;
    let keys = hinted([keymap.hint(Action::Enter, "go there"), keymap.close_hint("closes")]);
    let below = vec![(format!(" {keys}"), Role::Keys)];
    let seen = go_to.chosen..go_to.chosen + 1;
    Sheet { heading: search_line(&go_to.search, width), lines, seen, below }
}

fn listing(width: usize, model: &Model, list: &List, zone: &TimeZone) -> Sheet {
    let mut lines = Vec::new();
    let mut seen = 0..1;
    for (place, row) in list.rows.iter().enumerate() {
        let role = chosen_role(place == list.chosen);
        if place != list.chosen {
            lines.push((rows::short(row, width, model, zone), rows::role(row)));
            continue;
        }
        let start = lines.len();
        let mut whole = rows::whole(row, width, model, zone);
        whole.truncate(CHOSEN_ROWS_MAX);
        lines.extend(whole.into_iter().map(|line| (padded(line, width), role)));
        lines[start].0 = marked(std::mem::take(&mut lines[start].0));
        seen = start..lines.len();
    }
    let end = match (&list.more, lines.is_empty()) {
        (More::Asked, _) => " …",
        (More::From(_), _) => " more below",
        (More::Nothing, true) if list.error.is_none() => rows::none(&list.listing),
        (More::Nothing, _) => "",
    };
    if !end.is_empty() {
        lines.push((end.to_owned(), Role::Faint));
    }
    let heading = if list.is_searched() {
        search_line(&list.search, width)
    } else {
        rows::heading(model, &list.listing)
    };
    let mut below = Vec::new();
    if let Some(error) = &list.error {
        below.extend(indented(error, width, Role::Error));
    }
    let offers = offers(model, list);
    let keymap = &model.preferences.keymap;
    let keys = offers.iter().filter_map(|offer| match offer.key {
        Some(key) => Some(format!("{key} {}", offer.words)),
        None => keymap.hint(Action::Enter, offer.words),
    });
    let keys = filled(keys.chain(keymap.close_hint("closes")), width.saturating_sub(2));
    below.extend(keys.into_iter().take(OFFER_ROWS_MAX).map(|line| (line, Role::Keys)));
    Sheet { heading, lines, seen, below }
}

fn asked(width: usize, model: &Model, question: &Question) -> Sheet {
    let lines = indented(&question.text, width, Role::Text).collect();
    let no = model.preferences.keymap.close_hint("or n: no");
    let keys = format!(" y: yes · {}", no.unwrap_or_else(|| "n: no".to_owned()));
    let below = vec![(keys, Role::Keys)];
    Sheet { heading: " ARE YOU SURE?".to_owned(), lines, seen: 0..0, below }
}

/// Hints beside each other, of what keys do.
pub(super) fn hinted<const N: usize>(hints: [Option<String>; N]) -> String {
    hints.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn indented(text: &str, width: usize, role: Role) -> impl Iterator<Item = (String, Role)> {
    let width = width.saturating_sub(2);
    paint::wrap(text, width, width).into_iter().map(move |line| (format!(" {line}"), role))
}

/// Puts pieces beside each other as far as they fit, each of them whole.
fn filled(pieces: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if paint::columns(line) + 3 + paint::columns(&piece) <= width => {
                line.push_str(" · ");
                line.push_str(&piece);
            }
            Some(_) | None => lines.push(format!(" {piece}")),
        }
    }
    lines
}

fn chosen_role(is_chosen: bool) -> Role {
    if is_chosen { Role::Chosen } else { Role::Text }
}

/// A line with the mark of the chosen one at its beginning.
pub(super) fn marked(line: String) -> String {
    match line.strip_prefix(' ') {
        Some(rest) => format!("▸{rest}"),
        None => line,
    }
}

/// A line that is as wide as its list, so that its style is seen across.
fn padded(line: String, width: usize) -> String {
    let gap = width.saturating_sub(paint::columns(&line));
    line + &" ".repeat(gap)
}

fn draw_sheet(printer: &Printer, area: Area, sheet: &Sheet) {
    if area.height == 0 {
        return;
    }
    let heading = paint::clipped(&sheet.heading, area.width);
    paint::styled(printer, (area.x, area.y), area.width, &heading, Role::Heading);
    // The lines come first: at least one of them is seen.
    let below = sheet.below.len().min(area.height.saturating_sub(2));
    let rows = area.height - 1 - below;
    let top = sheet.seen.end.saturating_sub(rows).min(sheet.seen.start);
    for (row, (line, role)) in sheet.lines.iter().skip(top).take(rows).enumerate() {
        let line = paint::clipped(line, area.width);
        paint::styled(printer, (area.x, area.y + 1 + row), area.width, &line, *role);
    }
    for (row, (line, role)) in sheet.below.iter().take(below).enumerate() {
        let at = (area.x, area.y + 1 + rows + row);
        let line = paint::clipped(line, area.width);
        paint::styled(printer, at, area.width, &line, *role);
    }
}
