//! The mouse: its wheel scrolls what is seen, a click chooses a room.

use super::{Shown, id, long_room, model, seen};
use crate::keymap::{Key, Named};
use crate::model::Step;
use crate::screen::event_loop::Mouse;

#[test]
fn the_wheel_scrolls_the_conversation() {
    let mut shown = Shown::new(long_room(200), (80, 24));
    assert_eq!(seen(&shown.look()), (181, 200));
    shown.screen.point(Mouse::Wheel(Step::Up));
    assert_eq!(seen(&shown.look()), (178, 197));
    shown.screen.point(Mouse::Wheel(Step::Down));
    shown.screen.point(Mouse::Wheel(Step::Down));
    assert_eq!(seen(&shown.look()), (181, 200), "and follows the end again");
}

#[test]
fn the_wheel_scrolls_what_lies_over_the_conversation() {
    let mut shown = Shown::new(model(), (80, 24));
    shown.press(Key::Named(Named::F(1)));
    let before = shown.look();
    shown.screen.point(Mouse::Wheel(Step::Down));
    assert_ne!(shown.look(), before);
    shown.screen.point(Mouse::Wheel(Step::Up));
    assert_eq!(shown.look(), before);
}

#[test]
fn a_click_chooses_a_room_where_rooms_are_seen() {
    for (at, room) in
        [((5, 3), 2), ((0, 4), 3), ((5, 1), 1), ((5, 9), 1), ((30, 3), 1), ((5, 40), 1)]
    {
        let mut shown = Shown::new(model(), (120, 36));
        shown.look();
        shown.screen.point(Mouse::Click(at.0, at.1));
        assert_eq!(shown.screen.model(|model| model.here), Some(id(room)), "{at:?}");
    }
    let mut narrow = Shown::new(model(), (80, 24));
    narrow.look();
    narrow.screen.point(Mouse::Click(5, 3));
    assert_eq!(narrow.screen.model(|model| model.here), Some(id(1)), "they are not seen there");
}

#[test]
fn a_chosen_message_is_brought_into_sight() {
    let mut shown = Shown::new(long_room(200), (80, 24));
    shown.look();
    for _ in 0..25 {
        shown.press(Key::AltNamed(Named::Up));
        shown.look();
    }
    let (first, last) = seen(&shown.look());
    assert!((first..=last).contains(&176), "{first} to {last}");
    shown.press(Key::Named(Named::PageUp));
    let (_, last) = seen(&shown.look());
    assert!(last < 176, "one may scroll on from it: {last}");
}
