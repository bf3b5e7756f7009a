//! Any text, any size, any key, any click: nothing panics, and nothing of it reaches the terminal raw.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use parlor_protocol::account::Device;
use parlor_protocol::entry::{Ban, Ended, FormerRoom, JoinRequest, Rejoin, RoomState};
use parlor_protocol::id::{Bytes, DeviceId, NotificationId, RoomId};
use parlor_protocol::message::MessageKind;
use parlor_protocol::notification::{Notification, NotificationKind};
use parlor_protocol::room::Role;
use parlor_protocol::text::Reason;
use proptest::prelude::*;

use super::super::Screen;
use super::super::backend::{Backend, Surface};
use super::super::colour::Depth;
use super::{NOW, member, model, say};
use crate::keymap::{Action, Key, Keymap};
use crate::model::{
    Banned, Deed, Door, Form, GoTo, Link, List, Listing, LocalId, Model, Notice, Popup, Prompt,
    Purpose, Question, Reply, Row, SendState, Step, Then, Unsent, What, Whom,
};
use crate::screen::event_loop::Mouse;
use crate::update::{Msg, News};

/// A terminal that keeps what is written to it.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    /// Takes what was written, and checks that only we wrote escapes in it.
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(bytes).expect("only text is written");
        for (place, part) in text.split('\u{1b}').enumerate() {
            // What begins or ends a link is printable, and ends in a bell.
            let part = match part.strip_prefix("]8;").and_then(|link| link.split_once('\u{7}')) {
                Some((link, rest)) => {
                    assert!(link.bytes().all(|byte| byte.is_ascii_graphic()), "{link:?}");
                    assert!(rest.is_empty(), "the pen follows");
                    continue;
                }
                None => part,
            };
            // The window's title is the other sequence that holds text.
            let title = part.strip_prefix("]2;").and_then(|title| title.strip_suffix('\u{7}'));
            assert!(place == 0 || part.starts_with('[') || title.is_some(), "{text:?}");
            assert!(
                !title
                    .unwrap_or(part)
                    .contains(|c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))
            );
        }
        text
    }
}

/// A model that holds a text wherever a text can be.
fn model_of(text: &str) -> Model {
    let mut model = model();
    model.me = text.to_owned();
    model.host = text.to_owned();
    model.rooms[0].title = text.to_owned();
    model.rooms[1].title = text.to_owned();
    model.rooms[0].topic = Some(text.to_owned());
    model.rooms[0].members.push(member(text, Role::Member));
    say(&mut model.rooms[0], 5, 0, text, &text.repeat(5));
    model.rooms[0].unsent.push(Unsent {
        local: LocalId(2),
        text: text.to_owned(),
        kind: MessageKind::Action,
        state: SendState::Refused(text.to_owned()),
    });
    model.rooms[1].timeline.push(
        NOW,
        What::Banned(Banned {
            user: text.to_owned(),
            by: Some(text.to_owned()),
            reason: Some(text.to_owned()),
            until: Some(NOW),
        }),
    );
    model.rooms[0].members[0].display_name = Some(text.to_owned());
    model.notices = rows_of(text).iter().filter_map(Row::notice).cloned().collect();
    model.former = rows_of(text).iter().filter_map(Row::former).cloned().collect();
    model.input.insert(text);
    let room = model.rooms[0].id;
    let whom = || Whom { room, user: text.to_owned() };
    let mut go_to = GoTo::default();
    go_to.search.insert(text);
    let mut list = List::new(Listing::Rooms { search: text.to_owned() });
    list.error = Some(text.to_owned());
    list.rows = rows_of(text);
    let mut form = Form::new(Purpose::Ban(whom()));
    form.error = Some(text.to_owned());
    let title = text.to_owned();
    let request = Form::new(Purpose::Request { room: text.to_owned(), title });
    let deed = Deed::Find { room: text.to_owned(), then: Then::Withdraw };
    let question = Question { text: text.to_owned(), deed, typed: None };
    model.popups = vec![
        Popup::Help { top: 0 },
        Popup::Question(question),
        Popup::Form(form),
        Popup::Form(request),
        Popup::GoTo(go_to),
        Popup::List(list),
    ];
    model.notice = Some(Notice::Error(text.to_owned()));
    model.link = Link::Waiting { heard: None, retry_at: NOW, why: text.to_owned() };
    model
}

/// Rows that hold as much of a text as the server takes.
fn rows_of(text: &str) -> Vec<Row> {
    let (user, by, at) = (|| "bob".parse().unwrap(), "carol".parse().unwrap(), NOW);
    let room = RoomId::from_random(7);
    let reason = || text.parse::<Reason>().ok();
    let title = text.parse().unwrap_or_else(|_| "ops".parse().unwrap());
    vec![
        Row::Request(JoinRequest { room, user: user(), reason: reason(), at }),
        Row::Ban(Ban { room, user: user(), by, reason: reason(), at, until: None }),
        Row::Notification(Notification {
            id: NotificationId(1),
            kind: NotificationKind::Kicked,
            at,
            room: None,
            title: Some(title),
            by: None,
            reason: reason(),
            role: None,
            seq: None,
            read: false,
            until: None,
        }),
        Row::Former(FormerRoom {
            room,
            title: text.parse().unwrap_or_else(|_| "ops".parse().unwrap()),
            state: RoomState::Live,
            ended: Ended::Left,
            at,
            rejoin: Rejoin::Now,
        }),
        Row::Device(Device {
            id: DeviceId(1),
            name: text.to_owned(),
            public_key: Bytes::default(),
            created_at: at,
            used_at: at,
            address: text.to_owned(),
            current: false,
        }),
    ]
}

/// The size of a terminal: mostly one that somebody has, now and then a wall of it.
fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![12 => (1..160u16, 1..50u16), 1 => (1..=500u16, 1..=200u16)]
}

fn all_keys() -> Vec<Key> {
    Keymap::default().keys().collect()
}

/// Something that the user does.
#[derive(Debug, Clone)]
enum Does {
    Press(Key),
    Point(Mouse),
    /// Pastes the text, and then what to do with a paste of many lines is asked as well.
    Paste,
    /// Closes all that lies over the conversation, so that the panes are seen and clicked at.
    Uncover,
    /// Sees what the way in shows.
    Door,
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        12 => proptest::sample::select(all_keys()).prop_map(Does::Press),
        3 => (0..160usize, 0..50usize).prop_map(|(x, y)| Does::Point(Mouse::Click(x, y))),
        1 => Just(Does::Point(Mouse::Wheel(Step::Up))),
        1 => Just(Does::Point(Mouse::Wheel(Step::Down))),
        3 => Just(Does::Paste),
        1 => Just(Does::Uncover),
        1 => Just(Does::Door),
    ]
}

/// How many runs there are: some in `make test`, as many as PARLOR_FUZZ_RUNS says otherwise. A run
/// has about 25 inputs.
fn runs() -> u32 {
    let wanted = std::env::var("PARLOR_FUZZ_RUNS").ok();
    wanted.map_or(120, |wanted| wanted.parse().expect("PARLOR_FUZZ_RUNS is a number"))
}

proptest::proptest! {
    #![proptest_config(ProptestConfig::with_cases(runs()))]

    #[test]
    fn no_text_and_no_size_is_too_much(
        text in "(\\PC|[\u{0}-\u{20}\u{7f}-\u{9f}\u{1100}\u{300}\u{644}\u{627}\u{200d}\u{202e}世\u{1f468}\u{fe0f}\u{1f1e6}]){0,60}",
        sizes in proptest::collection::vec(size(), 1..4),
        acts in proptest::collection::vec(does(), 0..24),
    ) {
        let written = Written::default();
        let surface = Surface::new(sizes[0]);
        let backend = Backend::new(written.clone(), Arc::clone(&surface), Depth::True);
        let backend = Box::new(backend);
        let mut screen = Screen::new(model_of(&text), backend, Arc::clone(&surface), TimeZone::UTC);
        for size in sizes {
            surface.resize(size);
            screen.refresh();
            written.take();
            for does in &acts {
                match does {
                    Does::Press(key) => drop(screen.press(*key)),
                    Does::Point(mouse) => drop(screen.point(*mouse)),
                    Does::Paste => {
                        screen.take(Msg::Paste(text.clone()));
                        screen.take(Msg::Paste(format!("{text}\n").repeat(4)));
                    }
                    Does::Uncover => {
                        for _ in 0..8 {
                            screen.take(Msg::Act(Action::Close));
                        }
                    }
                    Does::Door => look_at_the_door(&mut screen, &text),
                }
                screen.refresh();
                written.take();
            }
        }
    }
}

/// Shows the way in with a text in all that it says and asks, and goes through it.
fn look_at_the_door(screen: &mut Screen, text: &str) {
    let mut door = Door::default();
    door.say(text);
    door.prompt = Some(Prompt { text: text.to_owned(), reply: Reply::Line(Default::default()) });
    let (me, host) = (text, text);
    let mut model = Model::new(me, host, text, NOW);
    model.door = Some(door);
    let surface = Surface::new((40, 10));
    let written = Written::default();
    let backend = Backend::new(written.clone(), Arc::clone(&surface), Depth::True);
    let mut way_in = Screen::new(model, Box::new(backend), surface, TimeZone::UTC);
    way_in.take(Msg::Paste(text.to_owned()));
    way_in.refresh();
    written.take();
    screen.take(Msg::News(News::Warning(text.to_owned())));
}
