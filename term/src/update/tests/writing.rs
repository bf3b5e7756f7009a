//! Writing: what was written before, and what is cut and put in again.

use super::*;

const UP: Key = Key::Named(Named::Up);
const DOWN: Key = Key::Named(Named::Down);

fn type_only(model: &mut Model, text: &str) {
    for c in text.chars() {
        update(model, Msg::Type(c));
    }
}

/// Presses keys and gives what is then in the input.
fn pressed(model: &mut Model, keys: &[Key]) -> String {
    for &key in keys {
        press(model, key);
    }
    model.input.text().to_owned()
}

#[test]
fn up_and_down_walk_through_what_was_sent_and_keep_what_was_begun() {
    let mut model = alice();
    type_in(&mut model, "first");
    type_in(&mut model, "second");
    type_only(&mut model, "begun");
    assert_eq!(pressed(&mut model, &[UP]), "second");
    assert_eq!(pressed(&mut model, &[UP]), "first");
    assert_eq!(pressed(&mut model, &[DOWN, DOWN]), "begun");
}

#[test]
fn up_moves_within_a_text_of_several_lines_first() {
    let mut model = alice();
    type_in(&mut model, "sent");
    update(&mut model, Msg::Paste("one\ntwo".into()));
    assert_eq!(pressed(&mut model, &[UP]), "one\ntwo");
    assert_eq!(pressed(&mut model, &[UP]), "sent");
    assert_eq!(pressed(&mut model, &[DOWN]), "one\ntwo");
}

#[test]
fn other_rooms_have_other_messages_and_the_same_commands() {
    let mut model = alice();
    type_in(&mut model, "in general");
    type_in(&mut model, "/topic what now");
    press(&mut model, Key::Alt('2'));
    assert_eq!(pressed(&mut model, &[UP]), "/topic what now");
    assert_eq!(pressed(&mut model, &[UP]), "/topic what now", "that is all");
}

#[test]
fn a_command_that_was_not_done_is_not_history() {
    let mut model = alice();
    type_in(&mut model, "/promote");
    press(&mut model, Key::Ctrl('c'));
    assert_eq!(pressed(&mut model, &[UP]), "");
}

#[test]
fn what_was_written_is_found_by_a_part_and_never_sent_unseen() {
    let mut model = alice();
    for text in ["Deploy at noon", "lunch", "deploy again"] {
        type_in(&mut model, text);
    }
    type_only(&mut model, "begun");
    press(&mut model, Key::Ctrl('r'));
    type_only(&mut model, "depl");
    assert_eq!(model.input.text(), "deploy again");
    assert!(notice(&model).contains("“depl”"), "{}", notice(&model));
    assert_eq!(pressed(&mut model, &[Key::Ctrl('r')]), "Deploy at noon");
    assert_eq!(pressed(&mut model, &[Key::Ctrl('r')]), "Deploy at noon");
    assert_eq!(notice(&model), "Nothing older with “depl” was written here.");
    assert_eq!(press(&mut model, Key::Named(Named::Enter)), [], "it is only taken");
    assert_eq!((model.input.text(), notice(&model)), ("Deploy at noon", ""));
    assert_eq!(press(&mut model, Key::Named(Named::Enter)).len(), 1, "now it is sent");
}

#[test]
fn a_search_that_is_left_gives_back_what_was_begun() {
    for key in [Key::Named(Named::Esc), Key::Ctrl('c')] {
        let mut model = alice();
        type_in(&mut model, "lunch");
        type_only(&mut model, "begun");
        press(&mut model, Key::Ctrl('r'));
        type_only(&mut model, "lx");
        assert_eq!(model.input.text(), "lunch");
        press(&mut model, Key::Named(Named::Backspace));
        assert!(notice(&model).contains("“l”"), "{}", notice(&model));
        assert_eq!(pressed(&mut model, &[key]), "begun");
    }
    let mut model = alice();
    type_in(&mut model, "lunch");
    press(&mut model, Key::Ctrl('r'));
    type_only(&mut model, "l");
    press(&mut model, Key::Named(Named::Left));
    type_only(&mut model, "!");
    assert_eq!(model.input.text(), "lunc!h", "any other key goes on with what was found");
}

#[test]
fn what_was_cleared_is_taken_back_by_undo() {
    let mut model = alice();
    type_only(&mut model, "precious words");
    press(&mut model, Key::Ctrl('c'));
    assert_eq!(pressed(&mut model, &[Key::Ctrl('_')]), "precious words");
    assert_eq!(pressed(&mut model, &[Key::Alt('e')]), "");
}

#[test]
fn what_is_cut_in_one_room_is_put_in_in_another() {
    let mut model = alice();
    type_only(&mut model, "to the wrong room");
    press(&mut model, Key::Ctrl('u'));
    press(&mut model, Key::Alt('2'));
    assert_eq!(pressed(&mut model, &[Key::Ctrl('y')]), "to the wrong room");
}
