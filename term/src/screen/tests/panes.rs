//! What stands beside the conversation and around it, at three sizes; and clicks on it.

use parlor_protocol::entry::{Ended, FormerRoom, Rejoin, RoomState};
use parlor_protocol::id::NotificationId;
use parlor_protocol::notification::{Notification, NotificationKind};

use super::*;
use crate::keymap::Action;
use crate::model::{Banned, List, Listing, More, Paste, PasteChoice, Popup, Row, Step};
use crate::screen::event_loop::Mouse;
use crate::update::Msg;

const SIZES: [(usize, usize); 3] = [(120, 36), (80, 24), (40, 10)];

fn shots(model: &Model) -> String {
    let shot =
        |size: (usize, usize)| format!("{} x {}\n{}\n", size.0, size.1, shot(model.clone(), size));
    SIZES.map(shot).concat()
}

fn former(number: u64, title: &str, hours: i64) -> FormerRoom {
    let (state, ended, rejoin) = (RoomState::Live, Ended::Left, Rejoin::Now);
    let title = title.parse().unwrap();
    FormerRoom { room: id(number), title, state, ended, at: at(hours * 60), rejoin }
}

fn notice(number: u32, reason: &str) -> Notification {
    Notification {
        id: NotificationId(number),
        kind: NotificationKind::JoinRequested,
        at: at(3),
        room: Some(id(1)),
        title: "general".parse().ok(),
        by: "bob".parse().ok(),
        reason: reason.parse().ok(),
        role: None,
        seq: None,
        read: false,
        until: None,
    }
}

/// A conversation with something in every pane.
fn busy() -> Model {
    let mut model = model();
    model.former = vec![former(7, "hackday", 50), former(8, "a room with a long title", 3)];
    model.notices = vec![notice(2, "please"), notice(1, "")];
    for (member, online) in model.rooms[0].members.iter_mut().zip([true, false, true]) {
        member.online = Some(online);
    }
    model.rooms[1].muted = true;
    model.rooms[2].unread = 4;
    model.rooms[2].mentions = 1;
    model
}

#[test]
fn all_panes() {
    insta::assert_snapshot!(shots(&busy()));
}

#[test]
fn rooms_keep_their_rows_where_there_are_many_of_all() {
    let mut model = busy();
    let rooms = (10..60).map(|number| Room::new(id(number), &format!("r{number}"), Role::Member));
    model.rooms.extend(rooms);
    model.former = (70..75).map(|number| former(number, &format!("f{number}"), 1)).collect();
    let text = shot(model.clone(), (120, 20));
    assert!(text.contains("REJOIN  Alt-O") && text.contains("r10"), "{text}");
    model.here = Some(id(59));
    let text = shot(model, (120, 20));
    assert!(text.contains("▸  r59"), "the room that is shown is seen: {text}");
}

#[test]
fn a_click_shows_what_is_clicked_at() {
    for (at, shown) in [
        // Rooms, then a row between, then those to rejoin.
        ((3, 7), "YOUR FORMER ROOMS"),
        ((3, 8), "YOUR FORMER ROOMS"),
        ((100, 3), "MEMBERS OF general"),
        ((100, 30), "NOTICES"),
    ] {
        let mut shown_at = Shown::new(busy(), (120, 36));
        shown_at.look();
        shown_at.screen.point(Mouse::Click(at.0, at.1));
        let text = shown_at.look();
        assert!(text.contains(shown), "{at:?}: {text}");
    }
    for at in [(3, 5), (3, 6), (3, 20), (100, 10), (60, 10), (100, 1)] {
        let mut shown = Shown::new(busy(), (120, 36));
        let before = shown.look();
        shown.screen.point(Mouse::Click(at.0, at.1));
        assert_eq!(shown.look(), before, "there is nothing at {at:?}");
    }
}

#[test]
fn a_click_chooses_a_row_of_a_list_and_the_next_one_does_what_enter_does() {
    let mut shown = Shown::new(busy(), (80, 24));
    shown.look();
    shown.press(Key::Named(Named::F(7)));
    shown.look();
    shown.screen.point(Mouse::Click(3, 3));
    let text = shown.look();
    assert!(text.contains("▸2 ops"), "{text}");
    shown.screen.point(Mouse::Click(3, 3));
    assert_eq!(shown.screen.model(|model| model.here), Some(id(2)));
}

fn listed(rows: Vec<Row>) -> Popup {
    let mut list = List::new(Listing::Notifications);
    list.rows = rows;
    list.more = More::Nothing;
    Popup::List(list)
}

#[test]
fn a_long_notice_is_read_to_its_end_on_the_smallest_screen() {
    let words: Vec<_> = (1..=28).map(|number| format!("word{number}")).collect();
    let mut model = model();
    let long = notice(1, &words.join(" "));
    model.notices = vec![long.clone(), notice(2, "other")];
    model.popups = vec![listed(model.notices.iter().cloned().map(Row::Notification).collect())];
    let mut shown = Shown::new(model, (40, 10));
    let mut seen = shown.look();
    assert!(seen.contains("d dismiss") && seen.contains("Esc closes"), "{seen}");
    assert!(seen.contains('↓'), "there is more: {seen}");
    for _ in 0..30 {
        shown.press(Key::Named(Named::Down));
        seen += &shown.look();
    }
    let missing: Vec<_> = words.iter().filter(|word| !seen.contains(*word)).collect();
    assert!(missing.is_empty(), "{missing:?} in {seen}");
    assert!(seen.contains("▸● 22 Nov 14:02 bob asks to come into"), "then comes the next: {seen}");
    // And back to its beginning.
    for _ in 0..30 {
        shown.press(Key::Named(Named::Up));
    }
    let text = shown.look();
    assert!(text.contains("word1 "), "{text}");
    shown.screen.point(Mouse::Wheel(Step::Down));
    assert_ne!(shown.look(), text, "the wheel does the same");
}

#[test]
fn all_keys_of_a_list_are_seen_on_the_smallest_screen() {
    let mut model = model();
    let user = "bob".parse().unwrap();
    let (joined_at, role) = (at(9), Role::Member);
    let (online, display_name) = (None, None);
    let bob = parlor_protocol::room::Member { user, role, joined_at, online, display_name };
    let mut list = List::new(Listing::Members(id(1)));
    list.rows = vec![Row::Member(bob)];
    list.more = More::Nothing;
    model.popups = vec![Popup::List(list)];
    let text = shot(model.clone(), (40, 10));
    let Some(Popup::List(list)) = model.popup() else { panic!("a list lies open") };
    for offer in crate::update::offers(&model, list) {
        assert!(text.contains(offer.words), "{} in {text}", offer.words);
    }
    assert!(text.contains("Esc closes"), "{text}");
}

#[test]
fn help_says_all_of_everything_on_the_smallest_screen() {
    let mut shown = Shown::new(model(), (40, 10));
    shown.screen.take(Msg::Act(Action::Help));
    let mut seen = String::new();
    for _ in 0..200 {
        seen += &shown.look();
        shown.press(Key::Named(Named::Down));
    }
    let cut = seen.lines().find(|line| line.contains('…') && !line.contains("Alt-1 … Alt-0"));
    assert_eq!(cut, None, "nothing is cut");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for command in crate::update::COMMANDS {
        for word in [words(command.name), words(command.takes), words(command.help)].concat() {
            assert!(seen.contains(&word), "{word} of {}", command.name);
        }
    }
}

fn pasted(lines: usize) -> Model {
    let mut model = model();
    let text: String =
        (1..=lines).map(|line| format!("line {line} of what was pasted\n")).collect();
    let (room, choice) = (Some(id(1)), PasteChoice::Edit);
    let title = "release planning and all that belongs to it".to_owned();
    model.pasted = Some(Paste { text, room, title, choice });
    model
}

#[test]
fn a_paste() {
    insta::assert_snapshot!(shots(&pasted(5)));
}

#[test]
fn a_paste_is_read_to_its_end_before_one_decides() {
    let mut shown = Shown::new(pasted(40), (40, 12));
    let mut seen = shown.look();
    for _ in 0..40 {
        shown.press(Key::Named(Named::PageDown));
        seen += &shown.look();
    }
    for line in 1..=40 {
        assert!(seen.contains(&format!("line {line} of what was pasted")), "{line} in {seen}");
    }
    let last = shown.look();
    shown.press(Key::Named(Named::PageUp));
    assert_ne!(shown.look(), last);
}

#[test]
fn what_the_input_line_says_is_read_whole_on_the_smallest_screen() {
    let words: Vec<_> = (1..=33).map(|number| format!("word{number}")).collect();
    let mut model = model();
    model.notice = Some(Notice::Hint(words.join(" ")));
    let text = shot(model, (40, 10));
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    assert!(text.contains("> hello wor█"), "{text}");
}

#[test]
fn the_banner_has_the_words_that_fit() {
    let mut all = String::new();
    let mut model = model();
    model.input.clear();
    for (link, name) in [
        (Link::Connecting, "connecting"),
        (
            Link::Waiting {
                heard: Some(at(2)),
                retry_at: Timestamp(NOW.0 + 29_500),
                why: "192.0.2.7:7667 does not answer: connection refused (os error 111)".into(),
            },
            "waiting",
        ),
        (Link::Waiting { heard: None, retry_at: NOW, why: "the server hangs".into() }, "trying"),
        (
            Link::Over { why: "your account was disabled; ask an operator of this server".into() },
            "over",
        ),
    ] {
        model.link = link;
        for width in [120, 80, 40, 24] {
            let shot = shot(model.clone(), (width, 10));
            let lines = shot.lines().skip(1).take(3).map(|line| line.chars().take(width).collect());
            let lines: Vec<String> = lines.collect();
            all += &format!("{name} {width}\n{}\n", lines.join("\n"));
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_ban_says_until_when_by_the_readers_clock() {
    let mut model = model();
    let ban = Banned {
        user: "mallory".into(),
        by: Some("bob".into()),
        reason: Some("spam".into()),
        until: Some(at(-3 * 24 * 60)),
    };
    model.rooms[0].timeline.push(at(0), What::Banned(ban));
    let text = shot(model, (80, 24));
    assert!(text.contains("14:05 bob banned mallory until 25 Nov 14:05: spam"), "{text}");
}

#[test]
fn without_a_room_the_keys_say_something_fitting() {
    let mut model = Model::new("alice", "chat", "pinned", NOW);
    model.link = Link::Online { round_trip: None };
    let mut shown = Shown::new(model, (80, 24));
    let text = shown.look();
    assert!(!text.contains("F8 members") && !text.contains("next unread"), "{text}");
    shown.press(Key::Named(Named::F(7)));
    let text = shown.look();
    assert!(text.contains("You are in no room yet: /rooms"), "{text}");
    assert!(!text.contains("Enter"), "{text}");
}

#[test]
fn rooms_to_go_to_and_to_rejoin() {
    let mut model = busy();
    model.popups = vec![Popup::GoTo(crate::model::GoTo { chosen: 3, ..Default::default() })];
    insta::assert_snapshot!(shots(&model));
}

#[test]
fn no_room_at_all() {
    let mut model = Model::new("alice", "chat.example.org", "ED25519 pinned", NOW);
    model.link = Link::Online { round_trip: None };
    model.former = vec![former(7, "hackday", 50)];
    insta::assert_snapshot!(shots(&model));
}

#[test]
fn no_connection_and_what_waits_for_one() {
    let mut model = busy();
    let why = "192.0.2.7:7667 does not answer: connection refused (os error 111)".to_owned();
    let retry_at = Timestamp(NOW.0 + 3_500);
    model.link = Link::Waiting { heard: Some(at(2)), retry_at, why };
    let refused = SendState::Refused("You are no member of this room any more.".into());
    for (number, state) in
        [SendState::Unkept, SendState::Held { until: at(-1) }, refused].into_iter().enumerate()
    {
        let local = LocalId(10 + number as u64);
        let (text, kind) = ("one of those that wait".to_owned(), MessageKind::Said);
        model.rooms[0].unsent.push(Unsent { local, text, kind, state });
    }
    model.rooms[0].catching_up = true;
    model.notice =
        Some(Notice::Error("Not connected: try again when the connection is back.".into()));
    insta::assert_snapshot!(shots(&model));
}

#[test]
fn what_tab_offers_and_what_is_searched() {
    let mut shown: Vec<_> = SIZES.into_iter().map(|size| Shown::new(model(), size)).collect();
    let mut all = String::new();
    for shown in &mut shown {
        for key in [Key::Ctrl('u'), Key::Char('/'), Key::Named(Named::Tab)] {
            shown.press(key);
        }
        all += &shown.look();
        for key in [Key::Ctrl('u'), Key::Ctrl('r'), Key::Char('z')] {
            shown.press(key);
        }
        all += &shown.look();
    }
    insta::assert_snapshot!(all);
}
