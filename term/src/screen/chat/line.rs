//! The rows of a conversation: what they hold, how a message becomes rows, how they are drawn.

use std::borrow::Cow;

use cursive::style::Style;
use jiff::tz::TimeZone;
use parlor_protocol::id::Timestamp;
use parlor_protocol::message::MessageKind;

use crate::model::Said;
use crate::screen::links::{self, Span};
use crate::screen::paint::{self, Printer};
use crate::theme::Role;

/// From this width on, names stand in a column of their own.
const COLUMNS_WIDE: usize = 81;
/// The width of that column.
const NAME_COLUMNS: usize = 10;
/// Where the text begins beside it: behind time, name and rule.
const TEXT_AT: usize = 6 + NAME_COLUMNS + 3;

/// What stands for the name where somebody does something.
const DOES: &str = "*";
/// What stands behind the name of whoever has no account any more; no name has it.
const REMOVED: char = '×';

/// One row of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// A rule across, with something in its middle.
    Rule(String),
    /// A piece of a message.
    Said { time: String, author: String, text: Text, tone: Tone },
    /// Something that is no message.
    Note(String),
}

/// A row of a message's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    /// The row.
    pub(super) shown: String,
    /// Which pieces of it are links, in order.
    pub(super) links: Vec<Span>,
}

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Said,
    /// It mentions the reader.
    Mention,
    Queued,
    Refused,
    /// It is chosen, to be copied.
    Chosen,
}

/// The time of day, as it is shown.
pub(in crate::screen) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// A name as it is shown: no wider than its place.
fn author(name: &str, width: usize) -> String {
    let most = if width >= COLUMNS_WIDE { NAME_COLUMNS } else { (width / 3).max(1) };
    match name.strip_suffix(REMOVED) {
        Some(name) => format!("{}{REMOVED}", paint::clipped(name, most.saturating_sub(1).max(1))),
        None => paint::clipped(name, most).into_owned(),
    }
}

/// Who a message is by: a name, and a mark where there is no such account any more.
pub(super) fn by(said: &Said) -> String {
    let mark = said.author_removed.then_some(REMOVED);
    said.author.chars().chain(mark).collect()
}

/// Who a message is by and what it says, as they are shown: what somebody does is told of them.
pub(super) fn spoken<'a>(
    by: &str,
    text: &'a str,
    kind: MessageKind,
    width: usize,
) -> (String, Cow<'a, str>) {
    match kind {
        MessageKind::Said | MessageKind::Unknown => (author(by, width), Cow::Borrowed(text)),
        MessageKind::Action => (DOES.to_owned(), Cow::Owned(format!("{by} {text}"))),
    }
}

/// How many columns the first and the other lines of a message have for its text.
pub(super) fn room_for_text(author: &str, width: usize) -> (usize, usize) {
    if width >= COLUMNS_WIDE {
        (width - TEXT_AT, width - TEXT_AT)
    } else {
        let head = head_columns(author, width);
        (width.saturating_sub(head).max(1), width.saturating_sub(indent(width)).max(1))
    }
}

/// How wide time and name are where they stand before the text. On the narrowest screens the time
/// is not shown.
fn head_columns(author: &str, width: usize) -> usize {
    let gap = if author == DOES { 1 } else { 2 };
    indent(width) + paint::columns(author) + gap
}

fn indent(width: usize) -> usize {
    if width >= 30 { 6 } else { 0 }
}

impl Line {
    /// Shows it in another tone, if it is of a message.
    pub(super) fn set_tone(&mut self, to: Tone) {
        if let Self::Said { tone, .. } = self {
            *tone = to;
        }
    }
}

impl From<String> for Text {
    fn from(shown: String) -> Self {
        Self { shown, links: Vec::new() }
    }
}

/// The rows of a message whose text is wrapped; time and name stand in the first only.
pub(super) fn said_lines(
    time: &str,
    author: &str,
    texts: Vec<Text>,
    tone: Tone,
) -> impl Iterator<Item = Line> {
    let head = (time.to_owned(), author.to_owned());
    texts.into_iter().scan(Some(head), move |head, text| {
        let (time, author) = head.take().unwrap_or_default();
        Some(Line::Said { time, author, text, tone })
    })
}

/// Draws a row.
pub(super) fn draw_line(printer: &Printer, (x, y): (usize, usize), width: usize, line: &Line) {
    match line {
        Line::Rule(middle) => {
            let middle = paint::clipped(middle, width);
            let left = width.saturating_sub(paint::columns(&middle) + 2) / 2;
            paint::across(printer, (x, y), width, "─", Role::Rule);
            let middle = format!(" {middle} ");
            paint::styled(printer, (x + left, y), width - left, &middle, Role::Rule);
        }
        Line::Note(text) => {
            paint::styled(printer, (x, y), width, text, Role::Event);
        }
        Line::Said { time, author, text, tone } => {
            let role = match tone {
                Tone::Said => Role::Text,
                Tone::Mention => Role::Mention,
                Tone::Queued => Role::Queued,
                Tone::Refused => Role::Error,
                Tone::Chosen => Role::Chosen,
            };
            let wide = width >= COLUMNS_WIDE;
            let time_columns = indent(width);
            paint::styled(printer, (x, y), time_columns.min(width), time, Role::Time);
            let mut at = time_columns;
            if wide || !author.is_empty() {
                paint::styled(
                    printer,
                    (x + at, y),
                    width - at,
                    author,
                    Role::name(author.trim_end_matches(REMOVED)),
                );
                at += paint::columns(author);
            }
            if wide {
                paint::styled(printer, (x + TEXT_AT - 3, y), 3, " │ ", Role::Rule);
                at = TEXT_AT;
            } else if !author.is_empty() {
                let gap = if author == DOES { " " } else { ": " };
                at += paint::text(printer, (x + at, y), width.saturating_sub(at), gap);
            }
            draw_text(printer, (x + at, y), width.saturating_sub(at), text, printer.style(role));
        }
    }
}

/// Draws a row of a message with its links. Those of a chosen one look like the rest of it.
fn draw_text(printer: &Printer, (x, y): (usize, usize), width: usize, text: &Text, style: Style) {
    let (mut done, mut used) = (0, 0);
    for link in &text.links {
        for (piece, style) in [
            (&text.shown[done..link.bytes.start], style),
            (&text.shown[link.bytes.clone()], style.combine(links::style(link.number))),
        ] {
            used +=
                paint::in_style(printer, (x + used, y), width.saturating_sub(used), piece, style);
        }
        done = link.bytes.end;
    }
    let rest = &text.shown[done..];
    paint::in_style(printer, (x + used, y), width.saturating_sub(used), rest, style);
}
