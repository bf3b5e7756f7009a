//! What is shown of a conversation is what was said there, and what is seen of it is read.

use parlor_protocol::push::Exited;
use parlor_protocol::room;

use super::*;
use crate::model::Focus;

fn read(seq: u64) -> [Intent; 1] {
    [Intent::Ask(Ask::Read { room: id(9), seq: Seq(seq) })]
}

fn hear(shown: &mut Shown, seq: u64) {
    let mut message = news::message(seq, "bob", &format!("message {seq}"));
    message.at = at(1);
    shown.screen.take(news::said(id(9), message));
}

/// All of three messages read, and seen.
fn read_room() -> Shown {
    let mut model = long_room(3);
    model.rooms[0].read = Seq(3);
    let mut shown = Shown::new(model, (80, 24));
    assert_eq!(shown.screen.refresh(), []);
    shown
}

#[test]
fn a_room_that_is_entered_anew_shows_what_was_said_there_and_nothing_else() {
    let mut shown = Shown::new(long_room(3), (80, 24));
    shown.look();
    let exited = Exited { room: id(9), how: Departure::Kicked, by: None, reason: None };
    shown.screen.take(Msg::News(News::Exited(exited)));
    let room = room::Room { room: id(9), ..news::listed(9, "long", 2, Role::Member) };
    shown.screen.take(Msg::News(News::Entered(room)));
    for (seq, author) in [(4, "carol"), (5, "dave"), (6, "erin")] {
        let message = news::message(seq, author, &format!("{author} is here"));
        shown.screen.take(news::said(id(9), message));
    }
    let screen = shown.look();
    for author in ["carol", "dave", "erin"] {
        assert!(screen.contains(&format!("{author}: {author} is here")), "{screen}");
    }
    assert!(!screen.contains("message "), "{screen}");
}

/// Something that is done to a screen.
type Done = fn(&mut Shown);

#[test]
fn what_nobody_sees_is_not_read_and_is_new_to_whoever_comes_back() {
    let cover: [(&str, Done, Done); 3] = [
        ("help", |it| drop(it.press(Key::Named(Named::F(1)))), |it| drop(it.press(ESC))),
        ("notices", |it| drop(it.press(Key::Named(Named::F(9)))), |it| drop(it.press(ESC))),
        ("another window", |it| focus(it, Focus::Away), |it| focus(it, Focus::Here)),
    ];
    for (what, goes, comes) in cover {
        let mut shown = read_room();
        goes(&mut shown);
        shown.screen.refresh();
        for seq in [4, 5] {
            hear(&mut shown, seq);
            assert_eq!(shown.screen.refresh(), [], "{what}");
        }
        assert_eq!(shown.screen.model(|model| model.rooms[0].unread), 2, "{what}");
        comes(&mut shown);
        assert_eq!(shown.screen.refresh(), read(5), "{what}");
        let screen = shown.look();
        let lines: Vec<_> = screen.lines().skip_while(|line| !line.contains("2 new")).collect();
        assert!(lines[1].contains("message 4") && lines[2].contains("message 5"), "{screen}");
        hear(&mut shown, 6);
        assert_eq!(shown.screen.refresh(), read(6), "{what}");
        assert!(shown.look().contains("2 new"), "{what}");
    }
}

const ESC: Key = Key::Named(Named::Esc);

fn focus(shown: &mut Shown, focus: Focus) {
    shown.screen.take(Msg::Focus(focus));
}

#[test]
fn a_terminal_that_does_not_tell_of_its_focus_is_looked_at() {
    let mut shown = read_room();
    hear(&mut shown, 4);
    assert_eq!(shown.screen.refresh(), read(4));
    assert!(!shown.look().contains("1 new"));
}
