//! The lines around the conversation: title, banner, activity, notice, hints.

use cursive::Printer;
use jiff::tz::TimeZone;
use parlor_protocol::id::Timestamp;

use super::chat::clock;
use super::paint;
use super::panes::Area;
use crate::keymap::{Action, key_of};
use crate::model::{Link, Model, Notice};

/// The title line: room on the left; server, key, round trip and clock on the right, as far as
/// there is room.
pub(super) fn draw_title(printer: &Printer, area: Area, model: &Model, zone: &TimeZone) {
    paint::blank(printer, (area.x, area.y), area.width, paint::reverse());
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
    paint::styled(printer, (area.x + left, area.y), area.width - left, right, paint::reverse());
    let title = paint::clipped(&title, left.saturating_sub(1));
    let style = paint::reverse().combine(paint::bold());
    paint::styled(printer, (area.x, area.y), area.width, &title, style);
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

/// What the banner says; `None` where all is well.
pub(super) fn banner(model: &Model, zone: &TimeZone) -> Option<String> {
    match &model.link {
        Link::Online { .. } => None,
        Link::Connecting => Some(format!(" Connecting to {} …", model.host)),
        Link::Waiting { heard, retry_at, why } => {
            let since = heard.map_or_else(String::new, |at| format!(" since {}", clock(at, zone)));
            // What went wrong comes last: it is the part that a narrow screen can do without.
            Some(format!(" Not connected{since}. {}: {why}.", next_try(model.now, *retry_at)))
        }
        Link::Over { why } => Some(format!(" The connection is over: {why}.")),
    }
}

fn next_try(now: Timestamp, retry_at: Timestamp) -> String {
    match seconds_until(now, retry_at) {
        0 => "Trying again".to_owned(),
        seconds => format!("Next try in {seconds} s"),
    }
}

/// Whole seconds from now until then, rounded up: 0 is now.
pub(super) fn seconds_until(now: Timestamp, then: Timestamp) -> i64 {
    (then.0 - now.0).max(0).saturating_add(999) / 1_000
}

pub(super) fn draw_banner(printer: &Printer, area: Area, banner: &str) {
    let style = paint::alert().combine(paint::reverse());
    paint::blank(printer, (area.x, area.y), area.width, style);
    let banner = paint::clipped(banner, area.width);
    paint::styled(printer, (area.x, area.y), area.width, &banner, style);
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
    paint::styled(printer, (area.x + left, area.y), area.width - left, right, paint::dim());
    let mut x = 1;
    for (index, room) in model.rooms.iter().enumerate() {
        if room.unread == 0 || room.muted || Some(room.id) == model.here {
            continue;
        }
        let title = paint::clipped(&room.title, 16);
        let unread = match room.mentions {
            0 => room.unread.to_string(),
            mentions => format!("@{mentions}"),
        };
        let text = format!("[{} {title} {unread}]", index + 1);
        let columns = paint::columns(&text);
        if x + columns > left {
            break;
        }
        paint::styled(printer, (area.x + x, area.y), columns, &text, paint::bold());
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
    let style = match &model.notice {
        Some(Notice::Error(_)) => paint::alert(),
        Some(Notice::Hint(_)) | None => paint::bold(),
    };
    for (row, line) in lines.iter().take(area.height).enumerate() {
        paint::styled(printer, (area.x, area.y + row), area.width, line, style);
    }
}

/// The keys that help most where one is.
pub(super) fn draw_hints(printer: &Printer, area: Area, hints: &[(Action, &str)]) {
    let mut x = area.x + 1;
    for (action, does) in hints {
        let Some(key) = key_of(*action) else {
            continue;
        };
        let text = format!("{key} {does}");
        x += paint::styled(printer, (x, area.y), area.width, &text, paint::dim()) + 2;
    }
}
