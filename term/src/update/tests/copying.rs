//! Choosing messages, and what of them is copied.

use super::*;

const UP: Key = Key::AltNamed(Named::Up);
const DOWN: Key = Key::AltNamed(Named::Down);
const COPY: Key = Key::Alt('c');
const LINK: Key = Key::Alt('w');

fn model() -> Model {
    let mut model = alice();
    for (seq, author, text) in [
        (1, "bob", "see https://a.example and http://b.example."),
        (2, "carol", "two\nlines"),
        (3, "alice", "three"),
    ] {
        update(&mut model, said(id(1), message(seq, author, text)));
    }
    let what = What::Happened("carol left".into());
    model.rooms[0].timeline.push(NOW, what);
    model
}

/// Presses keys and gives what the last of them copied.
fn copied(model: &mut Model, keys: &[Key]) -> Option<String> {
    let mut last = Vec::new();
    for &key in keys {
        last = press(model, key);
    }
    match last.pop() {
        Some(Intent::Copy(text)) => Some(text),
        _ => None,
    }
}

#[test]
fn what_is_chosen_is_copied() {
    for (keys, then) in [
        (vec![UP, COPY], Some("three")),
        (vec![UP, UP, COPY], Some("two\nlines")),
        (vec![UP, UP, DOWN, COPY], Some("three")),
        (vec![UP, UP, UP, UP, UP, COPY], Some("see https://a.example and http://b.example.")),
        (vec![UP, Key::Alt('v'), UP, COPY], Some("carol: two\nlines\nalice: three")),
        (vec![UP, UP, Key::Alt('v'), DOWN, COPY], Some("carol: two\nlines\nalice: three")),
        (vec![UP, Key::Alt('v'), UP, Key::Alt('v'), COPY], Some("two\nlines")),
        (vec![UP, DOWN, COPY], None),
        (vec![UP, Key::Named(Named::Esc), COPY], None),
        (vec![COPY], None),
    ] {
        let mut model = model();
        assert_eq!(copied(&mut model, &keys).as_deref(), then, "{keys:?}");
        match then {
            Some(_) => assert!(notice(&model).starts_with("Copied"), "{}", notice(&model)),
            None => assert_eq!(notice(&model), "No message is chosen; Alt-Up chooses one."),
        }
        assert_eq!(model.rooms[0].selection, None);
    }
}

#[test]
fn the_links_of_a_message_are_copied_one_after_the_other() {
    let mut model = model();
    let (a, b) = (Some("https://a.example".to_owned()), Some("http://b.example".to_owned()));
    assert_eq!(copied(&mut model, &[LINK]), a, "of the last that has one");
    assert_eq!(copied(&mut model, &[LINK]), b);
    assert_eq!(copied(&mut model, &[LINK]), a);
    assert_eq!(copied(&mut model, &[UP, LINK]), None);
    assert_eq!(notice(&model), "There is no link here.");
    assert_eq!(copied(&mut model, &[UP, UP, LINK]), b, "of the chosen one");
}

#[test]
fn a_choice_that_is_gone_is_none() {
    let mut model = model();
    press(&mut model, UP);
    update(&mut model, Msg::News(News::Gap(id(1))));
    assert_eq!(copied(&mut model, &[COPY]), None);
    assert_eq!(copied(&mut model, &[UP, COPY]), None, "there is nothing to choose");
}
