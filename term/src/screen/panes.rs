//! What stands beside and over the conversation: rooms, members, help, the directory.

mod paste;

use cursive::Printer;
use cursive::style::Style;

pub(super) use self::paste::draw_paste;
use super::paint;
use crate::keymap;
use crate::model::{Directory, Model, More, Popup, Room};
use crate::update::{COMMANDS, role_word};

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
    let lines = model.rooms.iter().enumerate().map(|(index, room)| {
        let here = model.here == Some(room.id);
        let mark = if here { "▸" } else { " " };
        let number = match index {
            0..=8 => (index + 1).to_string(),
            9 => "0".to_owned(),
            _ => " ".to_owned(),
        };
        let unread = match room.unread {
            _ if room.muted => "muted".to_owned(),
            0 => String::new(),
            unread => unread.to_string(),
        };
        let room_for_title = area.width.saturating_sub(4 + unread.len());
        let title = paint::clipped(&room.title, room_for_title);
        let gap = room_for_title.saturating_sub(paint::columns(&title));
        let line = format!("{mark}{number} {title}{}{unread}", " ".repeat(gap));
        let stands_out = here || (room.unread > 0 && !room.muted);
        let style = if stands_out { paint::bold() } else { paint::plain() };
        (line, style)
    });
    let seen = model.rooms.iter().position(|room| model.here == Some(room.id)).unwrap_or(0);
    let lines = Lines { heading: "ROOMS".into(), lines: lines.collect(), seen };
    draw_lines(printer, area, &lines);
}

/// The room whose line is there, by its place among all.
pub(super) fn room_at(area: Area, model: &Model, (x, y): (usize, usize)) -> Option<usize> {
    let row = y.checked_sub(area.y + 1)?;
    if row + 1 >= area.height || x < area.x || x >= area.x + area.width {
        return None;
    }
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
        let name = paint::clipped(&member.user, area.width.saturating_sub(role.len() + 1));
        (format!("{name} {role}"), paint::name_style(&member.user))
    });
    let heading = format!("MEMBERS {}", room.member_count);
    let lines = Lines { heading, lines: lines.collect(), seen: 0 };
    draw_lines(printer, area, &lines);
}

pub(super) fn draw_popup(printer: &Printer, area: Area, popup: &Popup) {
    let lines = match popup {
        Popup::Help { top } => help(area.width, *top),
        Popup::Directory(directory) => listing(area.width, directory),
    };
    draw_lines(printer, area, &lines);
}

fn help(width: usize, top: usize) -> Lines {
    let keys = keymap::help();
    let commands = COMMANDS.iter().map(|one| (format!("{} {}", one.name, one.takes), one.help));
    let pairs: Vec<_> = keys.into_iter().chain([(String::new(), "")]).chain(commands).collect();
    let widest = pairs.iter().map(|(keys, _)| paint::columns(keys)).max().unwrap_or(0);
    let left = widest.min(width / 2);
    let lines = pairs.iter().map(|(keys, does)| {
        let keys = paint::clipped(keys, left);
        let gap = left - paint::columns(&keys);
        (format!(" {keys}{}  {does}", " ".repeat(gap)), paint::plain())
    });
    let mut lines: Vec<_> = lines.collect();
    // The line at the top is asked for, not one that has to be seen.
    let top = top.min(lines.len());
    lines.drain(..top);
    Lines { heading: "HELP  Up, Down, PgUp, PgDn · Esc closes".into(), lines, seen: 0 }
}

fn listing(width: usize, directory: &Directory) -> Lines {
    let mut lines: Vec<_> = directory
        .rooms
        .iter()
        .enumerate()
        .map(|(index, room)| {
            let members = format!("{:>6}", room.members);
            let id = room.id.to_string();
            let left = width.saturating_sub(members.len() + id.len() + 4);
            let title = paint::clipped(&room.title, left);
            let gap = left.saturating_sub(paint::columns(&title));
            let line = format!(" {title}{} {id}{members}", " ".repeat(gap));
            let chosen = index == directory.chosen;
            (line, if chosen { paint::reverse() } else { paint::plain() })
        })
        .collect();
    let end = match (&directory.more, lines.is_empty()) {
        (More::Asked, _) => " …",
        (More::From(_), _) => " more below",
        (More::Nothing, true) => " There is no such room. /create makes one.",
        (More::Nothing, false) => "",
    };
    lines.push((end.to_owned(), paint::dim()));
    let heading = match directory.search.as_str() {
        "" => "PUBLIC ROOMS  Enter joins · Esc closes".to_owned(),
        search => format!("PUBLIC ROOMS WITH “{search}”  Enter joins · Esc closes"),
    };
    Lines { heading, lines, seen: directory.chosen }
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
    let top = top_line(area, lines.seen);
    for (row, (line, style)) in lines.lines.iter().skip(top).take(rows).enumerate() {
        let line = paint::clipped(line, area.width);
        paint::styled(printer, (area.x, area.y + 1 + row), area.width, &line, *style);
    }
}
