//! Whole screens through cursive's puppet backend, at three sizes.

mod fuzz;
mod kept;
mod members;
mod panes;
mod pointing;
mod popups;
mod reading;
mod writing;

use cursive::Vec2;
use cursive::backends::puppet::Backend as Puppet;
use cursive::backends::puppet::observed::{GraphemePart, ObservedScreen};
use jiff::tz::TimeZone;
use parlor_protocol::id::{RoomId, Seq, Timestamp};
use parlor_protocol::message::MessageKind;
use parlor_protocol::push::{Change, Departed};
use parlor_protocol::room::{Departure, Role};

use super::Screen;
use super::backend::Surface;
use crate::keymap::{Key, Named};
use crate::model::{
    Before, Link, LocalId, Member, Model, Notice, Reach, Room, Said, SendState, Unsent, What,
};
use crate::update::{Ask, Intent, Msg, News, tests as news};

/// 14:05 on a Sunday.
const NOW: Timestamp = Timestamp(1_795_356_300_000);

fn at(minutes_ago: i64) -> Timestamp {
    Timestamp(NOW.0 - minutes_ago * 60_000)
}

fn id(number: u64) -> RoomId {
    RoomId::from_random(0x9_d1f4_8a29_0000 + number)
}

fn say(room: &mut Room, seq: u64, minutes_ago: i64, author: &str, text: &str) {
    let (seq, kind, author_removed) = (Seq(seq), MessageKind::Said, false);
    let said = Said { seq, author: author.into(), text: text.into(), kind, author_removed };
    room.timeline.push(at(minutes_ago), What::Said(said));
}

fn member(user: &str, role: Role) -> Member {
    Member { user: user.into(), role, online: None, display_name: None }
}

/// A conversation as it may be on any day.
fn model() -> Model {
    let mut model = Model::new("alice", "chat.example.org", "ED25519 pinned", NOW);
    model.link = Link::Online { round_trip: Some(std::time::Duration::from_millis(23)) };
    let mut general = Room::new(id(1), "general", Role::Owner);
    say(&mut general, 1, 24 * 60, "bob", "the old one");
    say(&mut general, 2, 7, "alice", "deploy at 14:30, see https://ci.example.org/run/8841");
    let what = What::Happened("carol joined".into());
    general.timeline.push(at(6), what);
    say(
        &mut general,
        3,
        3,
        "carol",
        "the red box is back:\n\t<box>\nand I do not know why it is, but I shall look into it after lunch",
    );
    say(&mut general, 4, 1, "alice", "thanks");
    general.timeline.set_before(Before::Nothing);
    general.member_count = 3;
    general.members = vec![
        member("alice", Role::Owner),
        member("bob", Role::Admin),
        member("carol", Role::Member),
    ];
    general.unsent = vec![Unsent {
        local: LocalId(1),
        text: "on my way".into(),
        kind: MessageKind::Said,
        state: SendState::Queued,
    }];
    let mut ops = Room::new(id(2), "ops", Role::Member);
    ops.unread = 3;
    model.rooms = vec![general, ops, Room::new(id(3), "rust", Role::Member)];
    model.here = Some(id(1));
    model.input.insert("hello wor");
    model
}

/// A screen whose frames can be looked at.
struct Shown {
    screen: Screen,
    frames: Box<dyn Fn() -> Option<ObservedScreen>>,
}

impl Shown {
    fn new(model: Model, size: (usize, usize)) -> Self {
        let puppet = Puppet::init(Some(Vec2::from(size)));
        let frames = puppet.stream();
        let frames = Box::new(move || frames.try_iter().last());
        let surface = Surface::new((80, 24));
        Self { screen: Screen::new(model, puppet, surface, TimeZone::UTC), frames }
    }

    fn press(&mut self, key: Key) -> Vec<Intent> {
        self.screen.press(key)
    }

    /// The next frame as text, with the caret as `█`.
    fn look(&mut self) -> String {
        self.screen.refresh();
        let frame = (self.frames)().expect("a frame was drawn");
        let caret = self.screen.surface().caret();
        let mut text = String::new();
        for y in 0..frame.size().y {
            let mut row = String::new();
            for x in 0..frame.size().x {
                let letter = frame[Vec2::new(x, y)].as_ref().map(|cell| &cell.letter);
                match letter {
                    _ if caret == Some((x, y)) => row.push('█'),
                    Some(GraphemePart::Begin(letter)) => row.push_str(letter),
                    Some(GraphemePart::Continuation) => {}
                    None => row.push(' '),
                }
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }
}

fn shot(model: Model, size: (usize, usize)) -> String {
    Shown::new(model, size).look()
}

#[test]
fn a_conversation_at_120x36() {
    insta::assert_snapshot!(shot(model(), (120, 36)), @r"
     1 general                                                         alice@chat.example.org  ED25519 pinned  23 ms  14:05
    ROOMS               │                                                                            │MEMBERS 3
    ▸1 general          │                                                                            │alice owner
     2 ops            3 │                                                                            │bob admin
     3 rust             │                                                                            │carol
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │                                                                            │
                        │This is where general begins.                                               │
                        │───────────────────────────── Sat 21 Nov 2026 ──────────────────────────────│
                        │14:05 bob: the old one                                                      │
                        │───────────────────────────── Sun 22 Nov 2026 ──────────────────────────────│
                        │13:58 alice: deploy at 14:30, see https://ci.example.org/run/8841           │
                        │13:59 carol joined                                                          │
                        │14:02 carol: the red box is back:                                           │
                        │          <box>                                                             │
                        │      and I do not know why it is, but I shall look into it after lunch     │
                        │14:04 alice: thanks                                                         │
                        │      alice: ◷ on my way                                                    │
     [2 ops 3]                                                                                                     outbox 1
     > hello wor█
     Alt-A next unread  Ctrl-C quit  F1 help
    ");
}

#[test]
fn a_conversation_at_80x24() {
    insta::assert_snapshot!(shot(model(), (80, 24)), @r"
     1 general                 alice@chat.example.org  ED25519 pinned  23 ms  14:05









    This is where general begins.
    ─────────────────────────────── Sat 21 Nov 2026 ────────────────────────────────
    14:05 bob: the old one
    ─────────────────────────────── Sun 22 Nov 2026 ────────────────────────────────
    13:58 alice: deploy at 14:30, see https://ci.example.org/run/8841
    13:59 carol joined
    14:02 carol: the red box is back:
              <box>
          and I do not know why it is, but I shall look into it after lunch
    14:04 alice: thanks
          alice: ◷ on my way
     [2 ops 3]                                                             outbox 1
     > hello wor█
     F7 rooms  F8 members  F9 notices  Alt-A next unread  F1 help
    ");
}

#[test]
fn a_conversation_at_40x10() {
    insta::assert_snapshot!(shot(model(), (40, 10)), @r"
     1 general                 23 ms  14:05
    13:59 carol joined
    14:02 carol: the red box is back:
              <box>
          and I do not know why it is, but I
          shall look into it after lunch
    14:04 alice: thanks
          alice: ◷ on my way
     [2 ops 3]                     outbox 1
     > hello wor█
    ");
}

#[test]
fn the_topic_stands_beside_the_title_as_far_as_there_is_room() {
    let line = |topic: &str, width| {
        let mut model = model();
        model.rooms[0].topic = Some(topic.to_owned());
        shot(model, (width, 10)).lines().next().unwrap_or_default().to_owned()
    };
    let topic = "release planning";
    let lines = [(1, 120), (1, 80), (1, 40), (9, 80)];
    let lines = lines.map(|(times, width)| line(&topic.repeat(times), width));
    insta::assert_snapshot!(lines.join("\n"), @r"
     1 general — release planning                                      alice@chat.example.org  ED25519 pinned  23 ms  14:05
     1 general — release planning                      ED25519 pinned  23 ms  14:05
     1 general — release plan… 23 ms  14:05
     1 general — release planningrelease planningrele… ED25519 pinned  23 ms  14:05
    ");
}

#[test]
fn who_has_no_account_any_more_is_marked_whatever_the_length_of_the_name() {
    let name = "margarethe.vonderlinden";
    let line = |width| {
        let mut model = model();
        let room = &mut model.rooms[0];
        say(room, 90, 1, "dave", "bye");
        say(room, 91, 1, name, "see you");
        // What was shown without the mark is shown with it.
        let mut shown = Shown::new(model, (width, 20));
        shown.look();
        for user in ["dave", name] {
            let (user, how) = (user.parse().unwrap(), Departure::Removed);
            let gone = Departed { user, how, by: None, reason: None };
            let change = Change::Departed(gone);
            shown.screen.take(Msg::News(News::Changed { room: id(1), at: NOW, change }));
        }
        let screen = shown.look();
        let lines = screen.lines().filter(|line| line.contains("bye") || line.contains("see you"));
        lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!([140, 80, 40].map(line).join("\n"), @r"
                        │14:04 dave×      │ bye                                                                          │
                        │14:04 margaret…× │ see you                                                                      │
    14:04 dave×: bye
    14:04 margarethe.vonderlinden×: see you
    14:04 dave×: bye
    14:04 margarethe.…×: see you
    ");
}

#[test]
fn nothing_is_lost_and_all_is_said_without_a_connection() {
    let mut model = model();
    let why = "connection refused".to_owned();
    let retry_at = Timestamp(NOW.0 + 3_500);
    model.link = Link::Waiting { heard: Some(at(2)), retry_at, why };
    model.rooms[0].unsent[0].state = SendState::Refused("you are no member any more.".into());
    model.notice =
        Some(Notice::Error("Not connected: try again when the connection is back.".into()));
    insta::assert_snapshot!(shot(model.clone(), (80, 16)), @r"
     1 general               alice@chat.example.org  ED25519 pinned  offline  14:05
     Not connected since 14:03. Next try in 4 s: connection refused.
    14:05 bob: the old one
    ─────────────────────────────── Sun 22 Nov 2026 ────────────────────────────────
    13:58 alice: deploy at 14:30, see https://ci.example.org/run/8841
    13:59 carol joined
    14:02 carol: the red box is back:
              <box>
          and I do not know why it is, but I shall look into it after lunch
    14:04 alice: thanks
          alice: ✗ on my way
          not sent: you are no member any more.
     [2 ops 3]                                                     reconnecting 4 s
     Not connected: try again when the connection is back.
     > hello wor█
     F7 rooms  F8 members  F9 notices  Alt-A next unread  F1 help
    ");
    insta::assert_snapshot!(shot(model, (40, 10)), @r"
     1 general               offline  14:05
     Offline since 14:03. Next try in 4 s:
     connection refused.
          alice: ✗ on my way
          not sent: you are no member any
          more.
     [2 ops 3]             reconnecting 4 s
     Not connected: try again when the
     connection is back.
     > hello wor█
    ");
}

#[test]
fn who_is_in_no_room_is_told_what_to_do() {
    let mut model = Model::new("alice", "chat.example.org", "ED25519 pinned", NOW);
    insta::assert_snapshot!(shot(model.clone(), (80, 16)), @r"
     parlor                  alice@chat.example.org  ED25519 pinned  offline  14:05
     Connecting to chat.example.org …




    You are in no room on chat.example.org yet.

    /rooms lists the public rooms,
    /join TITLE enters one,
    /create TITLE makes one.

    F1 shows all keys and commands.

     > █
     F7 rooms  F9 notices  F1 help
    ");
    model.link = Link::Online { round_trip: None };
    insta::assert_snapshot!(shot(model, (40, 10)), @r"
     parlor           ED25519 pinned  14:05
    You are in no room on chat.example.org
    yet.

    /rooms lists the public rooms,
    /join TITLE enters one,
    /create TITLE makes one.


     > █
    ");
}

#[test]
fn the_input_grows_to_six_rows_and_keeps_the_caret_in_sight() {
    let mut model = model();
    model.input.insert(&"ld and more of it ".repeat(40));
    model.input.go(Reach::LineStart);
    insta::assert_snapshot!(shot(model.clone(), (80, 24)), @r"
     1 general                 alice@chat.example.org  ED25519 pinned  23 ms  14:05




    This is where general begins.
    ─────────────────────────────── Sat 21 Nov 2026 ────────────────────────────────
    14:05 bob: the old one
    ─────────────────────────────── Sun 22 Nov 2026 ────────────────────────────────
    13:58 alice: deploy at 14:30, see https://ci.example.org/run/8841
    13:59 carol joined
    14:02 carol: the red box is back:
              <box>
          and I do not know why it is, but I shall look into it after lunch
    14:04 alice: thanks
          alice: ◷ on my way
     [2 ops 3]                                                             outbox 1
     > █ello world and more of it ld and more of it ld and more of it ld and more of
        it ld and more of it ld and more of it ld and more of it ld and more of it l
       d and more of it ld and more of it ld and more of it ld and more of it ld and
        more of it ld and more of it ld and more of it ld and more of it ld and more
        of it ld and more of it ld and more of it ld and more of it ld and more of i
       t ld and more of it ld and more of it ld and more of it ld and more of it ld
     F7 rooms  F8 members  F9 notices  Alt-A next unread  F1 help
    ");
    model.input.go(Reach::LineEnd);
    assert!(shot(model, (80, 24)).contains('█'));
}

/// A room with many messages of one line each.
fn long_room(messages: u64) -> Model {
    let mut model = model();
    let mut room = Room::new(id(9), "long", Role::Member);
    for seq in 1..=messages {
        say(&mut room, seq, 5, "bob", &format!("message {seq}"));
    }
    room.timeline.set_before(Before::Nothing);
    model.rooms = vec![room];
    model.here = Some(id(9));
    model
}

fn seen(text: &str) -> (u64, u64) {
    let numbers = text.lines().filter_map(|line| {
        line.split_once("message ").and_then(|(_, number)| number.trim().parse().ok())
    });
    let numbers: Vec<u64> = numbers.collect();
    (*numbers.first().expect("a message is seen"), *numbers.last().expect("a message is seen"))
}

#[test]
fn a_page_back_and_forth_leaves_a_line_in_sight_and_new_messages_move_nothing() {
    let mut shown = Shown::new(long_room(200), (80, 24));
    assert_eq!(seen(&shown.look()), (181, 200));
    shown.press(Key::Named(Named::PageUp));
    assert_eq!(seen(&shown.look()), (162, 181));
    let mut late = news::message(201, "bob", "message 201");
    late.at = at(4);
    shown.screen.take(news::said(id(9), late));
    let text = shown.look();
    assert_eq!(seen(&text), (162, 181), "the place is held");
    assert!(text.contains("20 below ↓"), "{text}");
    shown.press(Key::Named(Named::PageDown));
    shown.press(Key::Named(Named::PageDown));
    assert_eq!(seen(&shown.look()), (182, 201), "the end is followed again");
    shown.press(Key::AltNamed(Named::Home));
    let text = shown.look();
    assert_eq!(seen(&text).0, 1);
    for _ in 0..3 {
        shown.press(Key::Named(Named::PageUp));
    }
    assert_eq!(shown.look(), text, "there is nothing above the top");
    shown.press(Key::AltNamed(Named::End));
    assert_eq!(seen(&shown.look()), (182, 201));
}

#[test]
fn the_top_of_what_is_known_asks_for_more() {
    let mut model = long_room(200);
    model.rooms[0].timeline.set_before(Before::Unknown);
    let mut shown = Shown::new(model, (80, 24));
    let read = Ask::Read { room: id(9), seq: Seq(200) };
    assert_eq!(shown.screen.refresh(), [Intent::Ask(read)], "the end is seen, not the top");
    shown.press(Key::AltNamed(Named::Home));
    let asked = shown.screen.refresh();
    let ask = Ask::Older { room: id(9), before: Some(Seq(1)) };
    assert_eq!(asked, [Intent::Ask(ask)]);
}
