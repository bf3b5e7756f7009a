//! What stands beside the conversation: rooms, members, notices.

mod paste;

use jiff::tz::TimeZone;
use parlor_protocol::id::NotificationId;

pub(super) use self::paste::PasteView;
use super::chat::clock;
use super::paint::{self, Printer};
use super::popup::{former_room, marked, own_room};
use crate::keymap::Action;
use crate::model::{Model, Room};
use crate::theme::Role;
use crate::update::{Pointed, role_word};
use crate::words::{self, Commands};

/// The most rows of one notice.
const NOTICE_ROWS: usize = 3;

/// In rooms of more members the server tells nobody who is connected.
const PRESENCE_MEMBERS_MAX: u32 = 200;

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
    lines: Vec<(String, Role)>,
    /// The line that has to be seen.
    seen: usize,
}

pub(super) fn draw_rooms(printer: &Printer, area: Area, model: &Model) {
    let lines = model.rooms.iter().enumerate().map(|(place, room)| {
        let here = model.here == Some(room.id);
        let line = own_room(room, place, area.width);
        let line = if here { marked(line) } else { line };
        let role = match (room.unread, room.mentions) {
            _ if here => Role::Here,
            (_, 1..) => Role::Mention,
            (1.., 0) if !room.muted => Role::Unread,
            (_, 0) => Role::Text,
        };
        (line, role)
    });
    let seen = model.rooms.iter().position(|room| model.here == Some(room.id)).unwrap_or(0);
    let lines = Lines { heading: "ROOMS".into(), lines: lines.collect(), seen };
    draw_lines(printer, area, &lines);
}

/// The former rooms that one may go back to, the last first.
pub(super) fn draw_rejoin(printer: &Printer, area: Area, model: &Model) {
    let lines = model.former.iter();
    let lines = lines.map(|former| (former_room(former, model.now, area.width), Role::Faint));
    let key = model.preferences.keymap.key_of(Action::FormerRooms);
    let key = key.map_or_else(String::new, |key| format!("  {key}"));
    let lines = Lines { heading: format!("REJOIN{key}"), lines: lines.collect(), seen: 0 };
    draw_lines(printer, area, &lines);
}

/// What is there beside the conversation, but for rooms of one's own.
pub(super) fn pointed_at(
    (rejoin, members, notices): (Area, Area, Area),
    model: &Model,
    zone: &TimeZone,
    at: (usize, usize),
) -> Option<Pointed> {
    if let Some(row) = row_at(rejoin, at) {
        return Some(Pointed::Former(model.former.get(row)?.room));
    }
    if let Some(row) = row_at(members, at) {
        return Some(Pointed::Member(model.here()?.members.get(row)?.user.clone()));
    }
    let (_, id) = notice_lines(notices, model, zone).into_iter().nth(row_at(notices, at)?)?;
    Some(Pointed::Notice(id))
}

/// Which line below the heading of a pane is there.
fn row_at(area: Area, (x, y): (usize, usize)) -> Option<usize> {
    let row = y.checked_sub(area.y + 1)?;
    let is_in = row + 1 < area.height && (area.x..area.x + area.width).contains(&x);
    is_in.then_some(row)
}

/// The room whose line is there, by its place among all.
pub(super) fn room_at(area: Area, model: &Model, at: (usize, usize)) -> Option<usize> {
    let row = row_at(area, at)?;
    let seen = model.rooms.iter().position(|room| model.here == Some(room.id)).unwrap_or(0);
    let index = top_line(area, seen) + row;
    (index < model.rooms.len()).then_some(index)
}

/// The first line that is shown below the heading, so that one line is seen.
fn top_line(area: Area, seen: usize) -> usize {
    (seen + 2).saturating_sub(area.height)
}

pub(super) fn draw_members(printer: &Printer, area: Area, room: &Room) {
    let lines = room.members.iter().map(|member| {
        let role = role_word(member.role);
        let role = if role == "member" { "" } else { role };
        let mark = match member.online {
            // What was known does not stay true in a room in which nobody looks any more.
            Some(_) | None if room.member_count > PRESENCE_MEMBERS_MAX => "",
            Some(true) => "● ",
            Some(false) => "○ ",
            None => "",
        };
        let left = area.width.saturating_sub(paint::columns(mark) + role.len() + 1);
        let name = paint::clipped(&member.user, left);
        let shown = member.display_name.as_deref().unwrap_or_default();
        let line = format!("{mark}{name} {role}").trim_end().to_owned();
        // In brackets, so that nobody passes for an owner by it.
        let line = if shown.is_empty() { line } else { format!("{line} ({shown})") };
        (line, Role::name(&member.user))
    });
    let heading = format!("MEMBERS {}", room.member_count);
    let lines = Lines { heading, lines: lines.collect(), seen: 0 };
    draw_lines(printer, area, &lines);
}

/// The notices that were not marked as read, the newest first, each in a few lines.
pub(super) fn draw_notices(printer: &Printer, area: Area, model: &Model, zone: &TimeZone) {
    let lines = notice_lines(area, model, zone);
    let lines = lines.into_iter().map(|(line, _)| (line, Role::Text)).collect();
    let key = model.preferences.keymap.key_of(Action::Notices);
    let key = key.map_or_else(String::new, |key| format!("  {key}"));
    let heading = format!("NOTICES {}{key}", model.unread_notices());
    draw_lines(printer, area, &Lines { heading, lines, seen: 0 });
}

/// The lines of the notices that were not marked as read, and which notice each is of.
fn notice_lines(area: Area, model: &Model, zone: &TimeZone) -> Vec<(String, NotificationId)> {
    let mut lines: Vec<(String, NotificationId)> = Vec::new();
    for notice in model.notices.iter().filter(|notice| !notice.read) {
        let text = words::notice(notice, Commands::Slashed);
        let text = format!("{} {text}", clock(notice.at, zone));
        let wrapped = paint::wrap(&text, area.width, area.width.saturating_sub(1));
        let (first, is_cut) = (lines.len(), wrapped.len() > NOTICE_ROWS);
        lines.extend(wrapped.into_iter().take(NOTICE_ROWS).map(|line| (line, notice.id)));
        for (line, _) in lines.iter_mut().skip(first + 1) {
            line.insert(0, ' ');
        }
        if let Some((line, _)) = lines.last_mut().filter(|_| is_cut) {
            line.push('…');
        }
        if lines.len() >= area.height {
            break;
        }
    }
    lines
}

fn draw_lines(printer: &Printer, area: Area, lines: &Lines) {
    for row in 0..area.height {
        paint::blank(printer, (area.x, area.y + row), area.width, Role::Text);
    }
    if area.height == 0 {
        return;
    }
    let heading = paint::clipped(&lines.heading, area.width);
    paint::styled(printer, (area.x, area.y), area.width, &heading, Role::Heading);
    let rows = area.height - 1;
    let top = top_line(area, lines.seen);
    for (row, (line, role)) in lines.lines.iter().skip(top).take(rows).enumerate() {
        let line = paint::clipped(line, area.width);
        paint::styled(printer, (area.x, area.y + 1 + row), area.width, &line, *role);
    }
}
