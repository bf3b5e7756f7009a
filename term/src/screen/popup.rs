//! What lies over the conversation: help, lists, forms, questions.

mod form;
mod help;
mod rows;
mod sheet;

use jiff::tz::TimeZone;

pub(super) use self::form::one_row;
pub(crate) use self::form::words as form_words;
pub(super) use self::rows::{former_room, own_room};
pub(crate) use self::rows::{
    heading as list_heading, moment, none as none_listed, words as row_words,
};
use self::sheet::Line;
pub(super) use self::sheet::{Sheet, SheetView};
use super::paint::{self, Printer};
use super::panes::Area;
use crate::keymap::Action;
use crate::model::{GoTo, List, Listing, Model, More, Popup, Question, Step};
use crate::theme::Role;
use crate::update::{matching, matching_former, offers};

/// How wide a list beside the conversation is, where there is room.
const ROOMS_COLUMNS: usize = 32;
const MEMBERS_COLUMNS: usize = 40;
const NOTICES_COLUMNS: usize = 64;

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

/// Draws a popup, so far scrolled as the view of its lines says.
pub(super) fn draw(
    printer: &Printer,
    area: Area,
    view: &SheetView,
    model: &Model,
    popup: &Popup,
    zone: &TimeZone,
) {
    for row in 0..area.height {
        paint::blank(printer, (area.x, area.y + row), area.width, Role::Text);
    }
    match sheet(area, model, popup, zone) {
        Some(sheet) => view.draw(printer, area, &sheet),
        None => {
            if let Popup::Form(form) = popup {
                form::draw(printer, area, &model.preferences.keymap, form);
            }
        }
    }
    // What lies beside the conversation is told from it by a rule.
    let bound = if area.x > 0 { area.x.checked_sub(1) } else { Some(area.x + area.width) };
    if let Some(x) = bound.filter(|&x| x < printer.size.x) {
        for row in 0..area.height {
            paint::styled(printer, (x, area.y + row), 1, "│", Role::Rule);
        }
    }
}

/// The lines of a popup; `None` of a form, which draws itself.
pub(super) fn sheet(area: Area, model: &Model, popup: &Popup, zone: &TimeZone) -> Option<Sheet> {
    Some(match popup {
        Popup::Help { top } => help::sheet(area.width, model, *top),
        Popup::GoTo(go_to) => rooms(area.width, model, go_to),
        Popup::List(list) => listing(area.width, model, list, zone),
        Popup::Form(_) => return None,
        Popup::Question(question) => asked(area.width, model, question),
    })
}

/// How many entries of a popup are a page of it, so that none is passed over unseen; 0 where that way
/// all is seen, or where it has none.
pub(super) fn page(area: Area, model: &Model, popup: &Popup, sheet: &Sheet, step: Step) -> usize {
    match popup {
        Popup::Help { top } => help::page(area, model, *top, step),
        Popup::GoTo(_) | Popup::List(_) => sheet.page(area),
        Popup::Form(_) | Popup::Question(_) => 0,
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

fn rooms(width: usize, model: &Model, go_to: &GoTo) -> Sheet {
    let found = matching(model, go_to);
    let former = matching_former(model, go_to);
    let mut lines = Vec::new();
    let mut seen = 0..1;
    let mut add = |lines: &mut Vec<Line>, line: String, place: usize| {
        let is_chosen = place == go_to.chosen;
        if is_chosen {
            seen = lines.len()..lines.len() + 1;
        }
        let line = if is_chosen { marked(line) } else { line };
        lines.push(Line { of: Some(place), ..Line::new(line, chosen_role(is_chosen)) });
    };
    for (place, id) in found.iter().enumerate() {
        if let Some(number) = model.rooms.iter().position(|room| room.id == *id) {
            add(&mut lines, own_room(&model.rooms[number], number, width), place);
        }
    }
    if !former.is_empty() {
        lines.push(Line::new(" REJOIN".to_owned(), Role::Heading));
    }
    for (place, former) in former.iter().enumerate() {
        add(&mut lines, former_room(former, model.now, width), found.len() + place);
    }
    let nothing = lines.is_empty();
    if nothing {
        let none = if model.rooms.is_empty() && go_to.search.is_empty() {
            "You are in no room yet: /rooms lists the public ones, /join enters one."
        } else {
            "None of your rooms is called so."
        };
        lines.extend(indented(none, width, Role::Faint));
    }
    let keymap = &model.preferences.keymap;
    let enters = match (nothing, go_to.chosen < found.len()) {
        (true, _) => None,
        (false, true) => keymap.hint(Action::Enter, "go there"),
        (false, false) => keymap.hint(Action::Enter, "see it"),
    };
    let keys = hinted([enters, keymap.close_hint("closes")]);
    let below = vec![Line::new(format!(" {keys}"), Role::Keys)];
    Sheet { heading: search_line(&go_to.search, width), lines, seen, below }
}

fn listing(width: usize, model: &Model, list: &List, zone: &TimeZone) -> Sheet {
    let mut lines = Vec::new();
    let mut seen = 0..1;
    for (place, row) in list.rows.iter().enumerate() {
        let of = Some(place);
        if place != list.chosen {
            let line = rows::short(row, width, model, zone);
            lines.push(Line { of, ..Line::new(line, rows::role(row)) });
            continue;
        }
        let start = lines.len();
        let whole = rows::whole(row, width, model, zone).into_iter();
        lines.extend(whole.map(|line| Line { of, ..Line::new(padded(line, width), Role::Chosen) }));
        lines[start].text = marked(std::mem::take(&mut lines[start].text));
        seen = start..lines.len();
    }
    let end = match (&list.more, lines.is_empty()) {
        (More::Asked, _) => " …",
        (More::From(_), _) => " more below",
        (More::Nothing, true) if list.error.is_none() => rows::none(&list.listing),
        (More::Nothing, _) => "",
    };
    if !end.is_empty() {
        lines.extend(indented(end.trim_start(), width, Role::Faint));
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
    below.extend(keys.into_iter().map(|line| Line::new(line, Role::Keys)));
    Sheet { heading, lines, seen, below }
}

fn asked(width: usize, model: &Model, question: &Question) -> Sheet {
    let lines: Vec<_> = indented(&question.text, width, Role::Text).collect();
    let no = model.preferences.keymap.close_hint("or n: no");
    let keys = format!(" y: yes · {}", no.unwrap_or_else(|| "n: no".to_owned()));
    let below = vec![Line::new(keys, Role::Keys)];
    Sheet { heading: " ARE YOU SURE?".to_owned(), seen: 0..lines.len(), lines, below }
}

/// Hints beside each other, of what keys do.
pub(super) fn hinted<const N: usize>(hints: [Option<String>; N]) -> String {
    hints.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn indented(text: &str, width: usize, role: Role) -> impl Iterator<Item = Line> {
    let width = width.saturating_sub(2);
    let lines = paint::wrap(text, width, width).into_iter();
    lines.map(move |line| Line::new(format!(" {line}"), role))
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
