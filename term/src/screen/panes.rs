//! What stands beside the conversation: rooms, members, notices.

use cursive::Printer;
use cursive::style::Style;
use jiff::tz::TimeZone;

use super::chat::clock;
use super::paint;
use super::popup::{marked, own_room};
use crate::model::{Model, Room};
use crate::update::role_word;
use crate::words::{self, Commands};

/// The most rows of one notice.
const NOTICE_ROWS: usize = 3;

/// A rectangle of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Area {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A list of lines under a heading, of which as many are shown as fit.
struct Lines {
    heading: String,
    lines: Vec<(String, Style)>,
    /// The line that has to be seen.
    seen: usize,
}

pub(super) fn draw_rooms(printer: &Printer, area: Area, model: &Model) {
    let lines = model.rooms.iter().enumerate().map(|(place, room)| {
        let here = model.here == Some(room.id);
        let line = own_room(room, place, area.width);
        let line = if here { marked(line) } else { line };
        let style = if here || room.unread > 0 { paint::bold() } else { paint::plain() };
        (line, style)
    });
    let seen = model.rooms.iter().position(|room| model.here == Some(room.id)).unwrap_or(0);
    let lines = Lines { heading: "ROOMS".into(), lines: lines.collect(), seen };
    draw_lines(printer, area, &lines);
}

pub(super) fn draw_members(printer: &Printer, area: Area, room: &Room) {
    let lines = room.members.iter().map(|member| {
        let role = role_word(member.role);
        let role = if role == "member" { "" } else { role };
        let name = paint::clipped(&member.user, area.width.saturating_sub(role.len() + 1));
        (format!("{name} {role}"), paint::name_style(&member.user))
    });
    let heading = format!("MEMBERS {}", room.member_count);
    let lines = Lines { heading, lines: lines.collect(), seen: 0 };
    draw_lines(printer, area, &lines);
}

/// The notices that were not marked as read, the newest first, each in a few lines.
pub(super) fn draw_notices(printer: &Printer, area: Area, model: &Model, zone: &TimeZone) {
    let mut lines = Vec::new();
    for notice in model.notices.iter().filter(|notice| !notice.read) {
        let text = words::notice(notice, Commands::Slashed);
        let text = format!("{} {text}", clock(notice.at, zone));
        let wrapped = paint::wrap(&text, area.width, area.width.saturating_sub(1));
        let first = lines.len();
        lines.extend(wrapped.into_iter().take(NOTICE_ROWS).map(|line| (line, paint::plain())));
        for (line, _) in lines.iter_mut().skip(first + 1) {
            line.insert(0, ' ');
        }
        if lines.len() >= area.height {
            break;
        }
    }
    let heading = format!("NOTICES {}  F9", model.unread_notices());
    draw_lines(printer, area, &Lines { heading, lines, seen: 0 });
}

fn draw_lines(printer: &Printer, area: Area, lines: &Lines) {
    for row in 0..area.height {
        paint::blank(printer, (area.x, area.y + row), area.width, paint::plain());
    }
    if area.height == 0 {
        return;
    }
    let heading = paint::clipped(&lines.heading, area.width);
    paint::styled(printer, (area.x, area.y), area.width, &heading, paint::bold());
    let rows = area.height - 1;
    let top = (lines.seen + 1).saturating_sub(rows);
    for (row, (line, style)) in lines.lines.iter().skip(top).take(rows).enumerate() {
        let line = paint::clipped(line, area.width);
        paint::styled(printer, (area.x, area.y + 1 + row), area.width, &line, *style);
    }
}
