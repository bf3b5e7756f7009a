//! Tells in words what has changed since it was told last.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use parlor_protocol::id::{RoomId, Seq};
use parlor_protocol::message::MessageKind;
use parlor_protocol::text::{printable, printable_block};

use super::answer::GIVE_UP;
use crate::model::{
    AskId, Before, Entry, EntryId, Form, Link, Model, More, Notice, Popup, Purpose, Room, Value,
    What,
};
use crate::screen::words as screen_words;
use crate::update::COMMANDS;

/// How many messages are told of a room that is shown for the first time.
const CONTEXT: usize = 10;
/// The most that are told at once of what was missed.
const MISSED_MAX: usize = 100;

/// What was told.
#[derive(Debug)]
pub(super) struct Narrator {
    zone: TimeZone,
    link: Option<&'static str>,
    here: Option<RoomId>,
    /// Up to where each room was told.
    told: BTreeMap<RoomId, (EntryId, Option<Seq>)>,
    /// Of each room that is not shown, how much is unread and how much of it mentions one.
    unread: BTreeMap<RoomId, (u32, u32)>,
    notice: Option<Notice>,
    unsent: String,
    /// The texts for rooms that are gone that were told.
    homeless: Vec<String>,
    /// The question that was told and is not answered.
    asked: Option<String>,
    prompt: Option<(usize, Option<String>, Option<AskId>)>,
    lines: Vec<String>,
}

impl Narrator {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            link: None,
            here: None,
            told: BTreeMap::new(),
            unread: BTreeMap::new(),
            notice: None,
            unsent: String::new(),
            homeless: Vec::new(),
            asked: None,
            prompt: None,
            lines: Vec::new(),
        }
    }

    /// Has the next notice told also where it is the same as before.
    pub(super) fn forget_notice(&mut self) {
        self.notice = None;
        self.prompt = None;
        self.asked = None;
    }

    /// The lines that tell what is new. Help and lists that are told are closed.
    pub(super) fn tell(&mut self, model: &mut Model) -> Vec<String> {
        self.tell_link(model);
        if self.here != model.here {
            self.tell_room(model);
        }
        if let Some(room) = model.here() {
            self.tell_entries(room);
        }
        self.tell_other_rooms(model);
        if self.notice != model.notice {
            if let Some(Notice::Error(text) | Notice::Hint(text)) = &model.notice {
                self.line(text);
            }
            self.notice.clone_from(&model.notice);
        }
        self.tell_popup(model);
        // No key brings them back here.
        for text in model.homeless.iter().filter(|text| !self.homeless.contains(text)) {
            self.lines.push(format!("Not sent, its room is gone: {}", printable(text)));
        }
        self.homeless.clone_from(&model.homeless);
        if self.unsent != model.input.text() {
            self.unsent = model.input.text().to_owned();
            if !self.unsent.is_empty() {
                let unsent = self.unsent.clone();
                self.line(&format!("Not sent, an empty line sends it: {unsent}"));
            }
        }
        std::mem::take(&mut self.lines)
    }

    /// The room that is shown and its last message, where that was told.
    pub(super) fn seen(&self, model: &Model) -> Option<(RoomId, Seq)> {
        let room = model.here()?;
        let last = room.timeline.last_seq().filter(|last| *last > room.read)?;
        self.told.contains_key(&room.id).then_some((room.id, last))
    }

    fn line(&mut self, text: &str) {
        self.lines.push(printable(text).into_owned());
    }

    fn tell_link(&mut self, model: &Model) {
        let (kind, says) = match &model.link {
            Link::Connecting => ("connecting", format!("Connecting to {}.", model.host)),
            Link::Online { .. } => {
                ("online", format!("Connected to {} as {}.", model.host, model.me))
            }
            Link::Waiting { why, .. } => {
                ("waiting", format!("Not connected: {why}. It is tried again by itself."))
            }
            Link::Over { why } => ("over", format!("The connection is over: {why}.")),
        };
        // Trying again and again is told once.
        let tries = self.link == Some("waiting") && kind == "connecting";
        if self.link != Some(kind) && !tries {
            self.line(&says);
            self.link = Some(kind);
        }
    }

    fn tell_room(&mut self, model: &Model) {
        self.here = model.here;
        let Some(room) = model.here() else {
            self.line("You are in no room. /rooms lists the public rooms, /join enters one.");
            return;
        };
        let topic = room.topic.iter().map(|topic| format!(", {topic}")).collect::<String>();
        let unread = match room.unread {
            0 => String::new(),
            unread => format!(" {unread} unread."),
        };
        self.line(&format!("Now in {}{topic}.{unread}", room.title));
        self.unread.remove(&room.id);
    }

    fn tell_entries(&mut self, room: &Room) {
        let entries = room.timeline.entries();
        let from = match self.told.get(&room.id) {
            // What was said before comes first, also where something happens meanwhile.
            None if room.timeline.before() == Before::Asked
                && room.timeline.first_seq().is_none() =>
            {
                return;
            }
            None if entries.is_empty() && room.timeline.before() != Before::Nothing => return,
            None => {
                let unread = usize::try_from(room.fresh.map_or(0, |(_, unread)| unread));
                entries.len().saturating_sub(unread.unwrap_or(0).max(CONTEXT))
            }
            Some((last, seq)) => {
                let place = entries.iter().rposition(|entry| entry.id == *last);
                // What was told is not there any more where a gap was too wide to be filled.
                let is_new = |entry: &Entry| entry.what.seq() > *seq && entry.what.seq().is_some();
                let after = || entries.iter().position(is_new).unwrap_or(entries.len());
                place.map_or_else(after, |place| place + 1)
            }
        };
        let missed = entries.len() - from;
        if missed > MISSED_MAX {
            self.line(&format!("{} more are left out here.", missed - MISSED_MAX));
        }
        for entry in entries.range(from.max(entries.len().saturating_sub(MISSED_MAX))..) {
            self.tell_entry(entry);
        }
        if let Some(last) = entries.back() {
            self.told.insert(room.id, (last.id, room.timeline.last_seq()));
        }
    }

    fn tell_entry(&mut self, entry: &Entry) {
        let text = match &entry.what {
            What::Said(said) => match said.kind {
                MessageKind::Said | MessageKind::Unknown => {
                    format!("{}: {}", said.by(), said.text)
                }
                MessageKind::Action => format!("{} {}", said.by(), said.text),
            },
            What::Happened(_) | What::Banned(_) => {
                let moment = |at| screen_words::moment(at, &self.zone);
                entry.what.happened(moment).unwrap_or_default()
            }
        };
        let text = printable_block(&text).replace('\t', "    ");
        // What follows in a message begins with a blank, so that nobody passes for another author.
        for (number, line) in text.split('\n').enumerate() {
            let line = if number == 0 { line.to_owned() } else { format!("  {line}") };
            self.lines.push(line);
        }
    }

    fn tell_other_rooms(&mut self, model: &Model) {
        for room in model.rooms.iter().filter(|room| Some(room.id) != model.here) {
            let now = if room.muted { (0, 0) } else { (room.unread, room.mentions) };
            let before = self.unread.insert(room.id, now).unwrap_or_default();
            // The first that is unread is told, and every mention; a lively room is not told on.
            if now.1 > before.1 {
                self.line(&format!("You are mentioned in {}, {} unread.", room.title, now.0));
            } else if now.0 > 0 && before.0 == 0 {
                self.line(&format!("{} unread in {}.", now.0, room.title));
            }
        }
    }

    fn tell_popup(&mut self, model: &mut Model) {
        match model.popup() {
            Some(Popup::Help { .. }) => {
                for command in COMMANDS {
                    self.line(&format!("{} {}: {}", command.name, command.takes, command.help));
                }
            }
            Some(Popup::List(list)) => {
                if list.more != More::Nothing {
                    return;
                }
                let heading = screen_words::heading(model, &list.listing);
                self.line(&format!("{}, {}:", heading.trim(), list.rows.len()));
                if let Some(error) = &list.error {
                    self.line(error);
                } else if list.rows.is_empty() {
                    self.line(screen_words::none(&list.listing).trim());
                }
                for row in &list.rows {
                    self.line(&screen_words::row(row, model, &self.zone));
                }
            }
            Some(Popup::Form(form)) if form.purpose == Purpose::Password => {
                self.line(&format!(
                    "What you type here is seen: change your password with `parlor {}@{} passwd`.",
                    model.me, model.host
                ));
            }
            Some(Popup::Form(form)) => return self.tell_form(form),
            Some(Popup::Question(question)) => {
                if self.asked.as_ref() != Some(&question.text) {
                    self.line(&format!("{} Are you sure? y or n:", question.text));
                    self.asked = Some(question.text.clone());
                }
                return;
            }
            // No line opens it; /go goes to a room.
            Some(Popup::GoTo(_)) => {}
            None => {
                self.prompt = None;
                return;
            }
        }
        model.popups.pop();
    }

    /// Asks for the field that is to be filled in, once.
    fn tell_form(&mut self, form: &Form) {
        let prompt = (form.at, form.error.clone(), form.asked);
        if self.prompt.as_ref() == Some(&prompt) || form.asked.is_some() {
            return;
        }
        if form.at == 0 && self.prompt.is_none() {
            let (heading, explains) = screen_words::form(&form.purpose);
            self.line(&format!("{heading}. {explains} {GIVE_UP} gives up."));
        }
        if let Some(error) = &form.error {
            self.line(error);
        }
        let field = &form.fields[form.at];
        match &field.value {
            Value::Text(_) | Value::Secret(_) => self.line(&format!("{}:", field.label)),
            Value::Choice { of, chosen } => {
                for (number, choice) in of.iter().enumerate() {
                    self.line(&format!("{} {choice}", number + 1));
                }
                self.line(&format!("{}, a number, or nothing for {}:", field.label, chosen + 1));
            }
        }
        self.prompt = Some(prompt);
    }
}
