//! The whole screen as one cursive view: it owns the model and lays out what shows it.

use std::sync::Arc;

use cursive::Vec2;
use cursive::view::View;
use jiff::tz::TimeZone;

use super::backend::Surface;
use super::chat::Chat;
use super::entry_line::EntryLine;
use super::event_loop::Mouse;
use super::paint::{self, Printer};
use super::panes::{self, Area};
use super::{door, popup, status};
use crate::keymap::{Action, Key};
use crate::model::{Model, Reach, Step};
use crate::theme::Role;
use crate::update::{Intent, Msg, update};

/// From this width on, rooms and members stand beside the conversation.
const COLUMNS_WIDE: usize = 100;
const ROOMS_COLUMNS: usize = 20;
const MEMBERS_COLUMNS: usize = 22;
/// The most rows of what the input line has to say.
const NOTICE_ROWS_MAX: usize = 4;

/// The root view.
pub(crate) struct Root {
    model: Model,
    surface: Arc<Surface>,
    zone: TimeZone,
    chat: Chat,
    entry: EntryLine,
    plan: Plan,
}

/// Where everything is. What has no height is not shown.
#[derive(Debug, Default)]
struct Plan {
    title: Area,
    banner: Area,
    rooms: Area,
    chat: Area,
    members: Area,
    notices: Area,
    activity: Area,
    notice: Area,
    entry: Area,
    hints: Area,
}

impl Root {
    /// A screen of a model; its cursor goes to the surface, its times are of the zone.
    pub(crate) fn new(model: Model, surface: Arc<Surface>, zone: TimeZone) -> Self {
        Self {
            model,
            chat: Chat::new(zone.clone(), Arc::clone(&surface)),
            surface,
            zone,
            entry: EntryLine::default(),
            plan: Plan::default(),
        }
    }

    /// What is shown.
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// Takes a message in.
    pub(crate) fn take(&mut self, msg: Msg) -> Vec<Intent> {
        update(&mut self.model, msg)
    }

    /// Takes a key in.
    pub(crate) fn press(&mut self, key: Key) -> Vec<Intent> {
        match (self.model.preferences.keymap.action(key), key) {
            (Some(Action::Scroll(scroll)), _)
                if self.model.popup().is_none() && self.model.door.is_none() =>
            {
                self.chat.scroll(&self.model, scroll);
                Vec::new()
            }
            (Some(Action::Bare), _) => {
                let size = self.surface.size();
                // A row is left for the word on how to come back.
                vec![Intent::Bare(self.chat.bare(&self.model, (size.0, size.1.saturating_sub(1))))]
            }
            (Some(action), _) => self.take(Msg::Act(action)),
            (None, Key::Char(c)) => self.take(Msg::Type(c)),
            (None, _) => Vec::new(),
        }
    }

    /// Takes in what the mouse did: the wheel scrolls what is seen, a click chooses a room.
    pub(crate) fn point(&mut self, mouse: Mouse) -> Vec<Intent> {
        let covered = self.model.popup().is_some() || self.model.pasted.is_some();
        match mouse {
            Mouse::Wheel(step) if !covered => {
                self.chat.wheel(&self.model, step);
                Vec::new()
            }
            Mouse::Wheel(Step::Up) => self.take(Msg::Act(Action::Go(Reach::Up))),
            Mouse::Wheel(Step::Down) => self.take(Msg::Act(Action::Go(Reach::Down))),
            Mouse::Click(x, y) if !covered => {
                match panes::room_at(self.plan.rooms, &self.model, (x, y)) {
                    Some(index) => self.take(Msg::Act(Action::Room(index))),
                    None => Vec::new(),
                }
            }
            Mouse::Click(..) => Vec::new(),
        }
    }

    /// What the last layout found to be missing.
    pub(crate) fn ask_for_what_is_missing(&mut self) -> Vec<Intent> {
        let mut intents = match self.chat.take_wanted() {
            Some(room) => self.take(Msg::ReachedTop(room)),
            None => Vec::new(),
        };
        if let Some((room, seq)) = self.chat.seen(&self.model) {
            intents.extend(self.take(Msg::Seen(room, seq)));
        }
        intents
    }

    /// Where popups have their place: over the conversation and its panes.
    fn middle(&self) -> Area {
        Area { x: 0, width: self.plan.title.width.max(self.plan.entry.width), ..self.plan.chat }
    }

    fn draw_middle(&self, printer: &Printer) {
        if let Some(shown) = &self.model.door {
            return door::draw(printer, self.middle(), &self.model, shown);
        }
        let Plan { rooms, chat, members, notices, .. } = self.plan;
        self.chat.draw(printer, (chat.x, chat.y));
        for (pane, rule) in [(rooms, rooms.x + rooms.width), (members, members.x.wrapping_sub(1))] {
            if pane.width > 0 && rule < printer.size.x {
                for row in 0..chat.height {
                    paint::styled(printer, (rule, chat.y + row), 1, "│", Role::Rule);
                }
            }
        }
        if rooms.width > 0 {
            panes::draw_rooms(printer, rooms, &self.model);
        }
        if let Some(room) = self.model.here()
            && members.width > 0
        {
            panes::draw_members(printer, members, room);
        }
        if notices.height > 0 {
            panes::draw_notices(printer, notices, &self.model, &self.zone);
        }
        if let Some(shown) = self.model.popup() {
            let area = popup::place(shown, self.middle());
            popup::draw(printer, area, &self.model, shown, &self.zone);
        }
        if let Some(paste) = &self.model.pasted {
            let keymap = &self.model.preferences.keymap;
            panes::draw_paste(printer, self.middle(), keymap, paste);
        }
    }

    fn hints(&self) -> &'static [(Action, &'static str)] {
        if self.plan.chat.width == self.plan.entry.width {
            &[
                (Action::Rooms, "rooms"),
                (Action::Members, "members"),
                (Action::Notices, "notices"),
                (Action::NextUnread, "next unread"),
                (Action::Help, "help"),
            ]
        } else {
            &[(Action::NextUnread, "next unread"), (Action::Clear, "quit"), (Action::Help, "help")]
        }
    }
}

impl View for Root {
    fn required_size(&mut self, all: Vec2) -> Vec2 {
        all
    }

    fn layout(&mut self, size: Vec2) {
        self.entry.arrange(&self.model.input, size.x, (size.y / 3).max(1));
        let banner = status::banner(&self.model, &self.zone);
        let notice = status::notice_lines(&self.model, size.x);
        let entry = self.entry.height((size.y / 3).max(1));
        self.plan = plan((size.x, size.y), entry, usize::from(banner.is_some()), notice.len());
        place_panes(&mut self.plan, self.model.unread_notices());
        let chat = self.plan.chat;
        self.chat.arrange(&self.model, (chat.width, chat.height));
        let caret = match (&self.model.door, self.model.popup()) {
            (Some(door), _) => door::caret(self.middle(), &self.model, door),
            _ if self.model.pasted.is_some() => None,
            (None, Some(shown)) => popup::caret(popup::place(shown, self.middle()), shown),
            (None, None) => self.entry.caret(self.plan.entry),
        };
        self.surface.set_caret(caret);
    }

    fn draw(&self, printer: &cursive::Printer) {
        let preferences = &self.model.preferences;
        let printer = &Printer::new(printer, &preferences.theme);
        for row in 0..printer.size.y {
            paint::blank(printer, (0, row), printer.size.x, Role::Text);
        }
        let plan = &self.plan;
        if plan.title.height > 0 {
            status::draw_title(printer, plan.title, &self.model, &self.zone);
        }
        if let Some(banner) = status::banner(&self.model, &self.zone)
            && plan.banner.height > 0
        {
            status::draw_banner(printer, plan.banner, &banner);
        }
        if plan.chat.height > 0 {
            self.draw_middle(printer);
        }
        if plan.activity.height > 0 {
            status::draw_activity(printer, plan.activity, &self.model, self.chat.below());
        }
        let notice = status::notice_lines(&self.model, plan.notice.width);
        status::draw_notice(printer, plan.notice, &self.model, &notice);
        if self.model.door.is_some() {
            return;
        }
        self.entry.draw(printer, plan.entry);
        if plan.hints.height > 0 {
            status::draw_hints(printer, plan.hints, &preferences.keymap, self.hints());
        }
    }
}

/// Shares the rows out. The input comes first; on the smallest screens there is nothing else.
fn plan((width, height): (usize, usize), entry: usize, banner: usize, notice: usize) -> Plan {
    let mut left = height;
    let mut take = |wanted: usize, keep: usize| {
        let rows = wanted.min(left.saturating_sub(keep));
        left -= rows;
        rows
    };
    let entry = take(entry, 0);
    let notice = take(notice.min(NOTICE_ROWS_MAX), 0);
    let title = take(1, 1);
    let banner = take(banner, 1);
    let activity = take(1, 3);
    let hints = take(1, 10);
    let chat = take(usize::MAX, 0);
    let mut y = 0;
    let mut area = |height| {
        let area = Area { x: 0, y, width, height };
        y += height;
        area
    };
    Plan {
        title: area(title),
        banner: area(banner),
        chat: area(chat),
        activity: area(activity),
        notice: area(notice),
        entry: area(entry),
        hints: area(hints),
        ..Plan::default()
    }
}

/// Puts the panes beside the conversation, where the screen is wide enough.
fn place_panes(plan: &mut Plan, notices: usize) {
    let chat = plan.chat;
    if chat.width < COLUMNS_WIDE {
        return;
    }
    plan.rooms = Area { width: ROOMS_COLUMNS, ..chat };
    let members_at = chat.width - MEMBERS_COLUMNS;
    // Notices have at most a third of the column, and none where there are none.
    let rows = if notices > 0 { (1 + 3 * notices).min(chat.height / 3) } else { 0 };
    let members = Area { x: members_at, width: MEMBERS_COLUMNS, ..chat };
    plan.members = Area { height: chat.height - rows, ..members };
    plan.notices = Area { y: chat.y + chat.height - rows, height: rows, ..members };
    let x = ROOMS_COLUMNS + 1;
    plan.chat = Area { x, width: members_at - 1 - x, ..chat };
}
