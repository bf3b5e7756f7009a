//! Pastes: what is asked about them, and that none sends by itself.

use super::*;
use crate::model::PasteChoice;

const LINES: &str = "one\r\n  two\r\nthree\r\nfour\r\n";

fn pasted() -> Model {
    let mut model = alice();
    update(&mut model, Msg::Type('>'));
    assert_eq!(update(&mut model, Msg::Paste(LINES.into())), []);
    assert_eq!(model.input.text(), ">", "it waits for a word");
    model
}

fn sent(model: &Model, room: usize) -> Vec<&str> {
    model.rooms[room].unsent.iter().map(|unsent| unsent.text.as_str()).collect()
}

#[test]
fn a_paste_of_few_lines_goes_into_the_input_and_never_sends() {
    for (text, then) in [("one\r\ntwo\n", "one\ntwo\n"), ("a\rb\rc\n\n", "a\nb\nc\n\n")] {
        let mut model = alice();
        assert_eq!(update(&mut model, Msg::Paste(text.into())), []);
        assert_eq!(model.input.text(), then);
        assert!(model.rooms[0].unsent.is_empty() && model.pasted.is_none());
    }
}

#[test]
fn a_paste_of_many_lines_is_asked_about() {
    for (key, kept, sends) in [
        ('e', ">one\n  two\nthree\nfour\n", vec![]),
        ('j', ">one two three four", vec![]),
        ('S', "", vec![">one\n  two\nthree\nfour"]),
        ('c', ">", vec![]),
    ] {
        let mut model = pasted();
        update(&mut model, Msg::Type('x'));
        assert!(model.pasted.is_some(), "another character does nothing");
        update(&mut model, Msg::Type(key));
        assert_eq!(model.input.text(), kept, "{key}");
        assert_eq!(sent(&model, 0), sends, "{key}");
        assert_eq!(model.pasted, None);
    }
}

#[test]
fn enter_after_a_paste_does_not_send_it_yet() {
    let mut model = pasted();
    assert_eq!(model.pasted.as_ref().map(|paste| paste.choice), Some(PasteChoice::Edit));
    assert_eq!(press(&mut model, Key::Named(Named::Enter)), []);
    assert_eq!(model.input.text(), ">one\n  two\nthree\nfour\n");
    assert_eq!(press(&mut model, Key::Named(Named::Enter)).len(), 1);
}

#[test]
fn choices_are_walked_through() {
    let mut model = pasted();
    press(&mut model, Key::Named(Named::Up));
    press(&mut model, Key::Named(Named::Up));
    press(&mut model, Key::Named(Named::Enter));
    assert_eq!(sent(&model, 0).len(), 1);
    let mut model = pasted();
    for _ in 0..9 {
        press(&mut model, Key::Named(Named::Down));
    }
    press(&mut model, Key::Named(Named::Enter));
    assert_eq!(model.input.text(), ">");
}

#[test]
fn a_paste_belongs_to_the_room_that_was_shown_then() {
    let mut model = pasted();
    press(&mut model, Key::Alt('2'));
    assert!(model.pasted.is_some());
    update(&mut model, Msg::Type('s'));
    assert_eq!((sent(&model, 0).len(), sent(&model, 1).len()), (1, 0));
    assert_eq!(model.here, Some(id(1)), "one sees where it went");
}

#[test]
fn a_paste_for_a_room_that_is_gone_is_sent_nowhere() {
    let mut model = pasted();
    update(&mut model, Msg::News(News::Rooms(vec![listed(2, "ops", 2, Role::Member)])));
    assert_eq!(update(&mut model, Msg::Type('s')), []);
    assert_eq!(model.input.text(), "", "one key would send it to another room");
    assert_eq!(notice(&model), "You are no longer in general; Up brings the paste back.");
    press(&mut model, Key::Named(Named::Up));
    assert_eq!(model.input.text(), "one\n  two\nthree\nfour\n");
}

#[test]
fn a_cancelled_paste_can_still_be_put_in() {
    for key in [Key::Named(Named::Esc), Key::Ctrl('c')] {
        let mut model = pasted();
        press(&mut model, key);
        assert_eq!(model.input.text(), ">");
        press(&mut model, Key::Ctrl('y'));
        assert_eq!(model.input.text(), ">one\n  two\nthree\nfour\n");
    }
}

#[test]
fn a_paste_that_looks_like_a_command_is_sent_as_a_message() {
    let mut model = alice();
    update(&mut model, Msg::Paste("/usr/bin\n/quit\n/leave\n/etc\n".into()));
    update(&mut model, Msg::Type('s'));
    assert_eq!(sent(&model, 0), ["/usr/bin\n/quit\n/leave\n/etc"]);
}

#[test]
fn too_long_a_paste_is_cut_and_said_to_be() {
    let mut model = pasted();
    update(&mut model, Msg::Paste("more\n".into()));
    update(&mut model, Msg::Paste("x".repeat(70_000)));
    assert_eq!(notice(&model), "The paste is too long; its last part was not taken.");
    update(&mut model, Msg::Type('e'));
    assert_eq!(model.input.text(), ">one\n  two\nthree\nfour\nmore\n");
}
