//! What is told line by line, and what lines do.

use std::sync::Arc;

use jiff::tz::TimeZone;
use parlor_protocol::id::RoomId;
use parlor_protocol::push::Exited;
use parlor_protocol::room::Departure;

use super::answer;
use super::narrator::Narrator;
use crate::model::{Model, Notice, Popup};
use crate::preferences::{Preferences, View};
use crate::update::Reloaded;
use crate::update::tests::{alice, message, said};
use crate::update::{Msg, News, update};

struct Heard {
    model: Model,
    narrator: Narrator,
}

impl Heard {
    fn new() -> Self {
        Self { model: alice(), narrator: Narrator::new(TimeZone::UTC) }
    }

    fn tell(&mut self) -> Vec<String> {
        self.narrator.tell(&mut self.model)
    }

    /// Bob says something in a room.
    fn hear(&mut self, room: u64, seq: u64, text: &str) -> Vec<String> {
        let room = RoomId::from_random(room);
        update(&mut self.model, said(room, message(seq, "bob", text)));
        self.tell()
    }

    fn enter(&mut self, line: &str) -> Vec<String> {
        self.narrator.forget_notice();
        answer::take(&mut self.model, line);
        self.tell()
    }
}

#[test]
fn what_is_the_same_is_told_once_and_errors_each_time() {
    let mut heard = Heard::new();
    assert_eq!(heard.tell(), ["Connected to chat as alice.", "Now in general."]);
    assert!(heard.tell().is_empty());
    let wrong = [
        "There is no such command; /help shows them. // begins a message with a slash.",
        "Not sent, an empty line sends it: /dance",
    ];
    assert_eq!(heard.enter("/dance"), wrong);
    assert_eq!(heard.enter("/dance"), wrong[..1]);
    assert_eq!(heard.enter("/go ops"), ["Now in ops."]);
    assert_eq!(heard.enter("/go 1"), ["Now in general."]);
    assert_eq!(
        heard.enter("/go nowhere")[0],
        "None of your rooms is called so; /join enters others."
    );
}

#[test]
fn a_message_is_a_line_and_nobody_passes_for_another() {
    let mut heard = Heard::new();
    heard.tell();
    let lines = heard.hear(1, 1, "hello\ncarol: \u{1b}[31mbye");
    assert_eq!(lines, ["bob: hello", "  carol: [31mbye"]);
}

#[test]
fn other_rooms_are_told_when_they_begin_and_when_they_mention_one() {
    let mut heard = Heard::new();
    heard.tell();
    assert_eq!(heard.hear(2, 1, "one"), ["1 unread in ops."]);
    assert!(heard.hear(2, 2, "two").is_empty());
    assert_eq!(heard.hear(2, 3, "@alice three"), ["You are mentioned in ops, 3 unread."]);
    let told = heard.enter("/go ops");
    assert_eq!(told, ["Now in ops. 3 unread.", "bob: one", "bob: two", "bob: @alice three"]);
}

#[test]
fn a_form_asks_field_by_field() {
    let mut heard = Heard::new();
    heard.tell();
    let asked = heard.enter("/create");
    assert!(asked[0].starts_with("CREATE A ROOM. "), "{asked:?}");
    assert_eq!(asked[1], "Title:");
    let asked = heard.enter("rust");
    assert_eq!(asked[0], "1 public: anyone can find it");
    assert_eq!(asked[2], "Found by, a number, or nothing for 1:");
    heard.enter("2");
    heard.narrator.forget_notice();
    let intents = answer::take(&mut heard.model, "");
    assert!(format!("{intents:?}").contains("Private"), "{intents:?}");
    heard.enter("/cancel");
    assert_eq!(heard.model.popup(), None);
}

#[test]
fn help_is_told_and_closed() {
    let mut heard = Heard::new();
    heard.tell();
    let told = heard.enter("/help");
    assert!(
        told.iter()
            .any(|line| line == "/go ROOM: go to one of your rooms by its title, ID or number")
    );
    assert!(!matches!(heard.model.popup(), Some(Popup::Help { .. })));
    update(&mut heard.model, Msg::News(News::Warning("The disk is full.".into())));
    assert_eq!(heard.tell(), ["The disk is full."]);
    assert_eq!(heard.model.notice, Some(Notice::Error("The disk is full.".into())));
}

#[test]
fn a_text_for_a_room_that_is_gone_is_told_until_it_is_typed_again() {
    let mut heard = Heard::new();
    Arc::make_mut(&mut heard.model.preferences).view = View::Plain;
    // In which way the client shows itself does not change by what a file says.
    let preferences = Ok(Arc::new(Preferences::default()));
    update(&mut heard.model, Msg::Reloaded(Reloaded { preferences }));
    heard.tell();
    heard.model.input.insert("half a thought");
    let exited =
        Exited { room: RoomId::from_random(1), how: Departure::Left, by: None, reason: None };
    update(&mut heard.model, Msg::News(News::Exited(exited)));
    assert_eq!(
        heard.tell(),
        [
            "Now in ops.",
            "You left general. What you wrote there was not sent; type it again to send it \
             elsewhere.",
            "Not sent, its room is gone: half a thought",
        ]
    );
    heard.enter("half a thought");
    assert!(heard.model.homeless.is_empty());
}
