//! The lines around the conversation: title, banner, activity, notice, hints.

use jiff::tz::TimeZone;
use parlor_protocol::id::Timestamp;

use super::chat::clock;
use super::paint::{self, Printer};
use super::panes::Area;
use crate::keymap::{Action, Keymap};
use crate::model::{Link, Model, Notice};
use crate::theme::Role;

/// The title line: room on the left; server, key, round trip and clock on the right, as far as
/// there is room.
pub(super) fn draw_title(printer: &Printer, area: Area, model: &Model, zone: &TimeZone) {
    paint::blank(printer, (area.x, area.y), area.width, Role::Title);
    let place = model.rooms.iter().position(|room| Some(room.id) == model.here);
    let title = match place {
        Some(index) => {
            let room = &model.rooms[index];
            let topic = room.topic.iter().map(|topic| format!(" — {topic}")).collect::<String>();
            format!(" {} {}{topic}", index + 1, room.title)
        }
        None => " parlor".to_owned(),
    };
    let time = clock(model.now, zone);
    let round_trip = match &model.link {
        Link::Online { round_trip: Some(time) } => match time.as_millis() {
            0 => "<1 ms  ".to_owned(),
            millis => format!("{millis} ms  "),
        },
        Link::Online { round_trip: None } => String::new(),
        Link::Connecting if asks_its_user(model) => String::new(),
        Link::Connecting | Link::Waiting { .. } => "offline  ".to_owned(),
        Link::Over { .. } => "closed  ".to_owned(),
    };
    let who = format!("{}@{}", model.me, model.host);
    let title_columns = paint::columns(&title).clamp(12, (area.width / 2).max(12));
    let candidates = [
        format!("{who}  {}  {round_trip}{time} ", model.key),
        format!("{}  {round_trip}{time} ", model.key),
        format!("{round_trip}{time} "),
        format!("{time} "),
    ];
    let fits = |right: &&String| title_columns + 2 + paint::columns(right) <= area.width;
    let right = candidates.iter().find(fits).map_or("", String::as_str);
    let left = area.width - paint::columns(right);
    paint::styled(printer, (area.x + left, area.y), area.width - left, right, Role::Title);
    let title = paint::clipped(&title, left.saturating_sub(1));
    paint::styled(printer, (area.x, area.y), area.width, &title, Role::TitleRoom);
}

/// What the window is called: how much is unread, which room, where.
pub(super) fn window_title(model: &Model) -> String {
    let unread: u64 =
        model.rooms.iter().filter(|room| !room.muted).map(|room| u64::from(room.unread)).sum();
    let unread = if unread > 0 { format!("({unread}) ") } else { String::new() };
    match model.here() {
        Some(room) => format!("{unread}{} — {}", room.title, model.host),
        None => format!("{unread}parlor — {}", model.host),
    }
}

/// The lines of the banner; none where all is well. On a narrow screen it has fewer words, and what
/// went wrong has lines of its own.
pub(super) fn banner(model: &Model, width: usize, zone: &TimeZone) -> Vec<String> {
    let (states, why) = match &model.link {
        Link::Online { .. } => return Vec::new(),
        Link::Connecting if asks_its_user(model) => return Vec::new(),
        Link::Connecting => {
            let states = vec![format!("Connecting to {} …", model.host), "Connecting …".to_owned()];
            (states, None)
        }
        Link::Waiting { heard, retry_at, why } => {
            let since = heard.map_or_else(String::new, |at| format!(" since {}", clock(at, zone)));
            let secs = seconds_until(model.now, *retry_at);
            let (next, soon) = match secs {
                0 => ("Trying again".to_owned(), "trying".to_owned()),
                secs => (format!("Next try in {secs} s"), format!("retry {secs} s")),
            };
            let states = vec![
                format!("Not connected{since}. {next}"),
                format!("Offline{since}. {next}"),
                format!("Offline, {soon}"),
            ];
            (states, Some(why))
        }
        Link::Over { why } => (vec!["The connection is over".to_owned()], Some(why)),
    };
    let room = width.saturating_sub(2);
    let why = why.map(|why| if why.ends_with('?') { why.clone() } else { format!("{why}.") });
    let behind = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let whole = format!("{}{behind}", states[0]);
    let mut lines = if paint::columns(&whole) <= room {
        vec![whole]
    } else {
        let fits = |state: &&String| paint::columns(state) < room;
        let state = states.iter().find(fits).or(states.last()).map_or("", String::as_str);
        let mut lines = vec![if why.is_some() { format!("{state}:") } else { state.to_owned() }];
        if let Some(why) = why {
            lines.extend(paint::wrap(&why, room, room));
        }
        lines
    };
    for line in &mut lines {
        line.insert(0, ' ');
    }
    lines
}

/// Whether the way in asks its user: then it is not the server that is waited for.
fn asks_its_user(model: &Model) -> bool {
    model.door.as_ref().is_some_and(|door| door.asked)
}

/// Whole seconds from now until then, rounded up: 0 is now.
pub(super) fn seconds_until(now: Timestamp, then: Timestamp) -> i64 {
    (then.0 - now.0).max(0).saturating_add(999) / 1_000
}

pub(super) fn draw_banner(printer: &Printer, area: Area, lines: &[String]) {
    for (row, line) in lines.iter().take(area.height).enumerate() {
        let at = (area.x, area.y + row);
        paint::blank(printer, at, area.width, Role::Banner);
        let line = paint::clipped(line, area.width);
        paint::styled(printer, at, area.width, &line, Role::Banner);
    }
}

/// The activity line: rooms with something unread on the left, what is going on on the right.
pub(super) fn draw_activity(printer: &Printer, area: Area, model: &Model, below: usize) {
    let mut right = Vec::new();
    if below > 0 {
        right.push(format!("{below} below ↓"));
    }
    match model.unread_notices() {
        0 => {}
        1 => right.push("!1 notice".to_owned()),
        notices => right.push(format!("!{notices} notices")),
    }
    match model.queued() {
        0 => {}
        queued => right.push(format!("outbox {queued}")),
    }
    if let Link::Waiting { retry_at, .. } = &model.link {
        right.push(format!("reconnecting {} s", seconds_until(model.now, *retry_at)));
    }
    let right = format!("{} ", right.join("  "));
    let right = if right.trim().is_empty() { "" } else { &right };
    let left = area.width.saturating_sub(paint::columns(right));
    paint::styled(printer, (area.x + left, area.y), area.width - left, right, Role::Faint);
    let mut x = 1;
    for (index, room) in model.rooms.iter().enumerate() {
        if room.unread == 0 || room.muted || Some(room.id) == model.here {
            continue;
        }
        let title = paint::clipped(&room.title, 16);
        let (unread, role) = match room.mentions {
            0 => (room.unread.to_string(), Role::Unread),
            mentions => (format!("@{mentions}"), Role::Mention),
        };
        let text = format!("[{} {title} {unread}]", index + 1);
        let columns = paint::columns(&text);
        if x + columns > left {
            break;
        }
        paint::styled(printer, (area.x + x, area.y), columns, &text, role);
        x += columns + 1;
    }
}

/// The lines of what the input line has to say.
pub(super) fn notice_lines(model: &Model, width: usize) -> Vec<String> {
    match &model.notice {
        Some(Notice::Error(text) | Notice::Hint(text)) => {
            let width = width.saturating_sub(2);
            let lines = paint::wrap(text, width, width);
            lines.into_iter().map(|line| format!(" {line}")).collect()
        }
        None => Vec::new(),
    }
}

pub(super) fn draw_notice(printer: &Printer, area: Area, model: &Model, lines: &[String]) {
    let role = match &model.notice {
        Some(Notice::Error(_)) => Role::Error,
        Some(Notice::Hint(_)) | None => Role::Hint,
    };
    for (row, line) in lines.iter().take(area.height).enumerate() {
        paint::styled(printer, (area.x, area.y + row), area.width, line, role);
    }
}

/// The keys that help most where one is.
pub(super) fn draw_hints(
    printer: &Printer,
    area: Area,
    keymap: &Keymap,
    hints: impl Iterator<Item = (Action, &'static str)>,
) {
    let mut x = area.x + 1;
    for (action, does) in hints {
        let Some(key) = keymap.key_of(action) else {
            continue;
        };
        let text = format!("{key} {does}");
        x += paint::styled(printer, (x, area.y), area.width, &text, Role::Keys) + 2;
    }
}
