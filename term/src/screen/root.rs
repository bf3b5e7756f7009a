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
use super::panes::{self, Area, PasteView};
use super::popup::{self, Sheet, SheetView};
use super::{door, status};
use crate::keymap::{Action, Key, Scroll};
use crate::model::{Model, Reach, Step};
use crate::theme::Role;
use crate::update::{Intent, Msg, Pointed, is_in_sight, update};

/// From this width on, rooms and members stand beside the conversation.
const COLUMNS_WIDE: usize = 100;
const ROOMS_COLUMNS: usize = 20;
const MEMBERS_COLUMNS: usize = 22;
/// The most rows of what the input line has to say while something lies over the conversation.
const NOTICE_ROWS_MAX: usize = 4;
/// The most rows that say that there is no connection, and why.
const BANNER_ROWS_MAX: usize = 3;

/// The root view.
pub(crate) struct Root {
    model: Model,
    surface: Arc<Surface>,
    zone: TimeZone,
    chat: Chat,
    entry: EntryLine,
    sheet: SheetView,
    paste: PasteView,
    plan: Plan,
}

/// Where everything is. What has no height is not shown.
#[derive(Debug, Default)]
struct Plan {
    title: Area,
    banner: Area,
    rooms: Area,
    rejoin: Area,
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
            sheet: SheetView::default(),
            paste: PasteView::default(),
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
            (Some(Action::Scroll(scroll)), _) if self.model.pasted.is_some() => {
                if let Some(paste) = &self.model.pasted {
                    self.paste.scroll(self.middle(), paste, scroll);
                }
                Vec::new()
            }
            (Some(Action::Go(Reach::Up)), _) if self.scroll_sheet(Step::Up) => Vec::new(),
            (Some(Action::Go(Reach::Down)), _) if self.scroll_sheet(Step::Down) => Vec::new(),
            (Some(Action::Scroll(Scroll::PageUp)), _) if self.model.popup().is_some() => {
                self.page(Step::Up)
            }
            (Some(Action::Scroll(Scroll::PageDown)), _) if self.model.popup().is_some() => {
                self.page(Step::Down)
            }
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

    /// Takes in what the mouse did: the wheel scrolls what is seen, a click chooses.
    pub(crate) fn point(&mut self, mouse: Mouse) -> Vec<Intent> {
        let popup = self.model.popup().is_some();
        let covered = popup || self.model.pasted.is_some() || self.model.door.is_some();
        match mouse {
            Mouse::Wheel(step) if !covered => {
                self.chat.wheel(&self.model, step);
                Vec::new()
            }
            Mouse::Wheel(step) if self.scroll_sheet(step) => Vec::new(),
            Mouse::Wheel(Step::Up) => self.take(Msg::Act(Action::Go(Reach::Up))),
            Mouse::Wheel(Step::Down) => self.take(Msg::Act(Action::Go(Reach::Down))),
            Mouse::Click(x, y) if !covered => self.click((x, y)),
            Mouse::Click(x, y) => match self.row_at((x, y)) {
                Some(row) => self.take(Msg::Point(Pointed::Row(row))),
                None => Vec::new(),
            },
        }
    }

    fn click(&mut self, at: (usize, usize)) -> Vec<Intent> {
        if let Some(index) = panes::room_at(self.plan.rooms, &self.model, at) {
            return self.take(Msg::Act(Action::Room(index)));
        }
        let areas = (self.plan.rejoin, self.plan.members, self.plan.notices);
        match panes::pointed_at(areas, &self.model, &self.zone, at) {
            Some(pointed) => self.take(Msg::Point(pointed)),
            None => Vec::new(),
        }
    }

    /// Moves a page through what lies over the conversation.
    fn page(&mut self, step: Step) -> Vec<Intent> {
        let Some((shown, (area, sheet))) = self.model.popup().zip(self.sheet()) else {
            return Vec::new();
        };
        let entries = popup::page(area, &self.model, shown, &sheet, step);
        let entries = isize::try_from(entries).unwrap_or(isize::MAX);
        self.take(Msg::Page(match step {
            Step::Up => -entries,
            Step::Down => entries,
        }))
    }

    /// Scrolls within what is chosen in the popup; `false` where all of that was seen.
    fn scroll_sheet(&mut self, step: Step) -> bool {
        if self.model.pasted.is_some() {
            return false;
        }
        let Some((area, sheet)) = self.sheet() else { return false };
        self.sheet.scroll(area, &sheet, step)
    }

    /// Which row of the list that lies on top is there.
    fn row_at(&self, at: (usize, usize)) -> Option<usize> {
        if self.model.pasted.is_some() || self.model.door.is_some() {
            return None;
        }
        let (area, sheet) = self.sheet()?;
        self.sheet.row_at(area, &sheet, at)
    }

    /// The lines of the popup that lies on top, and where they are.
    fn sheet(&self) -> Option<(Area, Sheet)> {
        let shown = self.model.popup()?;
        let area = popup::place(shown, self.middle());
        // What has no place has no lines, either.
        if area.width == 0 || area.height == 0 {
            return None;
        }
        Some((area, popup::sheet(area, &self.model, shown, &self.zone)?))
    }

    /// What the last layout found to be missing.
    pub(crate) fn ask_for_what_is_missing(&mut self) -> Vec<Intent> {
        let mut intents = match self.chat.take_wanted() {
            Some(room) => self.take(Msg::ReachedTop(room)),
            None => Vec::new(),
        };
        if let Some((room, seq)) = self.chat.seen(&self.model).filter(|_| is_in_sight(&self.model))
        {
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
        if self.plan.rejoin.height > 0 {
            panes::draw_rejoin(printer, self.plan.rejoin, &self.model);
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
            popup::draw(printer, area, &self.sheet, &self.model, shown, &self.zone);
        }
        if let Some(paste) = &self.model.pasted {
            let keymap = &self.model.preferences.keymap;
            self.paste.draw(printer, self.middle(), keymap, paste);
        }
    }

    /// The keys that help most where one is: none that would do nothing there.
    fn hints(&self) -> impl Iterator<Item = (Action, &'static str)> {
        let panes = self.plan.chat.width != self.plan.entry.width;
        let is_in_room = self.model.here.is_some();
        let others = self.model.rooms.iter().filter(|room| Some(room.id) != self.model.here);
        let is_unread = others.filter(|room| !room.muted).any(|room| room.unread > 0);
        [
            (!panes, Action::Rooms, "rooms"),
            (!panes && is_in_room, Action::Members, "members"),
            (!panes, Action::Notices, "notices"),
            (is_unread, Action::NextUnread, "next unread"),
            (panes, Action::Clear, "quit"),
            (true, Action::Help, "help"),
        ]
        .into_iter()
        .filter_map(|(helps, action, does)| helps.then_some((action, does)))
    }
}

impl View for Root {
    fn required_size(&mut self, all: Vec2) -> Vec2 {
        all
    }

    fn layout(&mut self, size: Vec2) {
        self.entry.arrange(&self.model.input, size.x, (size.y / 3).max(1));
        let banner = status::banner(&self.model, size.x, &self.zone).len().min(BANNER_ROWS_MAX);
        let entry = self.entry.height((size.y / 3).max(1));
        let notice = status::notice_lines(&self.model, size.x).len();
        // What lies over the conversation needs its rows; the conversation itself can wait.
        let covered = self.model.popup().is_some() || self.model.pasted.is_some();
        let notice = if covered { notice.min(NOTICE_ROWS_MAX) } else { notice };
        self.plan = plan((size.x, size.y), entry, banner, notice);
        place_panes(&mut self.plan, &self.model);
        let sheet = self.sheet();
        self.sheet.look(self.model.popups.len(), sheet.as_ref().map(|(_, sheet)| sheet));
        self.paste.look(self.model.pasted.as_ref());
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
        let banner = status::banner(&self.model, plan.banner.width, &self.zone);
        status::draw_banner(printer, plan.banner, &banner);
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
    let notice = take(notice, 0);
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
fn place_panes(plan: &mut Plan, model: &Model) {
    let chat = plan.chat;
    if chat.width < COLUMNS_WIDE {
        return;
    }
    // What can be rejoined stands a row below the rooms, in a third of the column at most.
    let rejoin = match model.former.len() {
        0 => 0,
        former => (1 + former).min(chat.height / 3),
    };
    let rooms = (1 + model.rooms.len()).min(chat.height.saturating_sub(rejoin + 1));
    let left = Area { width: ROOMS_COLUMNS, ..chat };
    plan.rooms = if rejoin > 1 { Area { height: rooms, ..left } } else { left };
    if rejoin > 1 {
        plan.rejoin = Area { y: chat.y + rooms + 1, height: rejoin, ..left };
    }
    let members_at = chat.width - MEMBERS_COLUMNS;
    // Notices have at most a third of the column, and none where there are none.
    let notices = model.unread_notices();
    let rows = if notices > 0 { (1 + 3 * notices).min(chat.height / 3) } else { 0 };
    let members = Area { x: members_at, width: MEMBERS_COLUMNS, ..chat };
    plan.members = Area { height: chat.height - rows, ..members };
    plan.notices = Area { y: chat.y + chat.height - rows, height: rows, ..members };
    let x = ROOMS_COLUMNS + 1;
    plan.chat = Area { x, width: members_at - 1 - x, ..chat };
}
