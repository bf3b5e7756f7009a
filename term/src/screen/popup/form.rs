//! A form: its fields, what they are for, and what is wrong with what they hold.

use parlor_protocol::text::printable;
use unicode_segmentation::UnicodeSegmentation;

use super::hinted;
use crate::keymap::{Action, Keymap};
use crate::model::{Form, Input, Purpose, Reach, Value};
use crate::screen::paint::{self, Printer};
use crate::screen::panes::Area;
use crate::theme::Role;

/// What a form is called, and what has to be known before it is sent.
pub(crate) fn words(purpose: &Purpose) -> (String, &'static str) {
    match purpose {
        Purpose::Join => (
            "JOIN A ROOM".to_owned(),
            "The ID is in your invite, like kx4f9-2mqa7; all around it may be pasted, too. Members \
             read everything, also what was said before they came.",
        ),
        Purpose::Request { title, .. } => (
            format!("ASK TO JOIN {title}"),
            "Its admins read the reason, which may be empty, and let you in or not.",
        ),
        Purpose::Create => (
            "CREATE A ROOM".to_owned(),
            "Whoever comes in later reads everything, also what was said before.",
        ),
        Purpose::Deny(whom) => (
            format!("DENY {}", whom.user),
            "They read the reason, which may be empty, and may ask again after a day.",
        ),
        Purpose::Kick(whom) => (
            format!("KICK {}", whom.user),
            "They read the reason, which may be empty, and may ask to come in again.",
        ),
        Purpose::Ban(whom) => (
            format!("BAN {}", whom.user),
            "They read the reason, which may be empty. For is how long, like 12h or 7d; empty is \
             for good.",
        ),
        Purpose::Invite(_) => (
            "INVITE A USER".to_owned(),
            "They are told the room's title and ID, and may come in within 7 days.",
        ),
        Purpose::Add(_) => {
            ("ADD A USER".to_owned(), "They are a member at once, without being asked.")
        }
        Purpose::Password => (
            "CHANGE YOUR PASSWORD".to_owned(),
            "It never leaves this machine. Your other devices have to log in with the new one.",
        ),
    }
}

/// Draws a form: fields first, so that they are seen on the smallest screen.
pub(super) fn draw(printer: &Printer, area: Area, keymap: &Keymap, form: &Form) {
    let (heading, explains) = words(&form.purpose);
    let wrapped = |text: &str, role: Role| {
        let width = area.width.saturating_sub(2);
        let lines = paint::wrap(text, width, width).into_iter();
        lines.map(move |line| (format!(" {line}"), role)).collect::<Vec<_>>()
    };
    let mut lines = vec![(format!(" {heading}"), Role::Heading)];
    for (place, field) in form.fields.iter().enumerate() {
        let head = head(form, place);
        let room = area.width.saturating_sub(paint::columns(&head));
        let value = match &field.value {
            Value::Text(input) => one_row(input, room).0,
            Value::Secret(secret) => "•".repeat(secret.chars()),
            Value::Choice { of, chosen } => format!("‹ {} ›", of[*chosen]),
        };
        let role = if place == form.at { Role::Here } else { Role::Text };
        lines.push((head + &value, role));
    }
    if let Some(error) = &form.error {
        lines.extend(wrapped(error, Role::Error));
    }
    let keys = match form.asked {
        Some(_) => "asking the server …".to_owned(),
        None => keys(keymap, form),
    };
    lines.extend(wrapped(&keys, Role::Keys));
    lines.extend(wrapped(explains, Role::Faint));
    for (row, (line, role)) in lines.iter().take(area.height).enumerate() {
        let line = paint::clipped(line, area.width);
        paint::styled(printer, (area.x, area.y + row), area.width, &line, *role);
    }
}

/// What the keys do in the field that is filled in.
fn keys(keymap: &Keymap, form: &Form) -> String {
    let (choose, enter) = ([Action::Go(Reach::Left), Action::Go(Reach::Right)], Action::Enter);
    let is_last = form.at + 1 == form.fields.len();
    let chooses = match form.fields[form.at].value {
        Value::Choice { .. } => keymap.hints(&choose, "choose"),
        Value::Text(_) | Value::Secret(_) => None,
    };
    let goes_on = keymap.hint(enter, if is_last { "does it" } else { "next field" });
    let goes_back = keymap.hint(Action::Go(Reach::Up), "field before").filter(|_| form.at > 0);
    hinted([chooses, goes_on, goes_back, keymap.close_hint("closes")])
}

/// Where the caret stands in a form.
pub(super) fn caret(area: Area, form: &Form) -> Option<(usize, usize)> {
    let head = paint::columns(&head(form, form.at));
    let at = match &form.fields.get(form.at)?.value {
        Value::Text(input) => one_row(input, area.width.saturating_sub(head)).1,
        Value::Secret(secret) => secret.chars(),
        Value::Choice { .. } => return None,
    };
    let x = (head + at).min(area.width.saturating_sub(1));
    let row = 1 + form.at;
    (row < area.height).then_some((area.x + x, area.y + row))
}

/// What stands before a field's value: the labels are as wide as the widest.
fn head(form: &Form, place: usize) -> String {
    let widest = form.fields.iter().map(|field| paint::columns(field.label)).max().unwrap_or(0);
    let label = form.fields[place].label;
    let mark = if place == form.at { "▸" } else { " " };
    format!(" {mark}{label}{} ", " ".repeat(widest - paint::columns(label)))
}

/// As much of an input as fits into a row with the caret in it, and the caret's column.
pub(in crate::screen) fn one_row(input: &Input, width: usize) -> (String, usize) {
    let (before, behind) = input.text().split_at(input.cursor());
    let shown = |text: &str| printable(text).into_owned();
    // A column is left for the caret behind the last cluster.
    let width = width.saturating_sub(1);
    let mut start = String::new();
    let mut used = 0;
    for cluster in before.graphemes(true).rev() {
        let cluster = shown(cluster);
        let columns = paint::columns(&cluster);
        if used + columns > width {
            break;
        }
        used += columns;
        start.insert_str(0, &cluster);
    }
    let at = used;
    for cluster in behind.graphemes(true) {
        let cluster = shown(cluster);
        used += paint::columns(&cluster);
        if used > width {
            break;
        }
        start.push_str(&cluster);
    }
    (start, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reach;

    #[test]
    fn a_long_line_is_shown_where_the_caret_is() {
        let mut input = Input::default();
        input.insert("one two three");
        assert_eq!(one_row(&input, 20), ("one two three".into(), 13));
        assert_eq!(one_row(&input, 6), ("three".into(), 5));
        input.go(Reach::LineStart);
        assert_eq!(one_row(&input, 6), ("one t".into(), 0));
        assert_eq!(one_row(&input, 0), (String::new(), 0));
    }
}
