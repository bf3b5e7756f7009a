//! What is typed into forms: it is never lost, and goes where it is meant.

use parlor_protocol::entry::{AddMember, Kick};
use parlor_protocol::push::Exited;
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{Departure, Member};

use super::*;
use crate::model::{Form, Purpose, Secret, Value};

const ENTER: Key = Key::Named(Named::Enter);
const ESC: Key = Key::Named(Named::Esc);
const TAB: Key = Key::Named(Named::Tab);

fn form(model: &Model) -> &Form {
    let Some(Popup::Form(form)) = model.popup() else { panic!("a form lies open") };
    form
}

/// What the field that is filled in holds.
fn field(model: &Model) -> String {
    let form = form(model);
    match &form.fields[form.at].value {
        Value::Text(input) => input.text().to_owned(),
        Value::Secret(secret) => "•".repeat(secret.chars()),
        Value::Choice { of, chosen } => of[*chosen].to_owned(),
    }
}

fn type_text(model: &mut Model, text: &str) {
    for c in text.chars() {
        update(model, Msg::Type(c));
    }
}

/// Bob's row among the members.
fn choose_bob(model: &mut Model) {
    press(model, Key::Named(Named::F(8)));
    let (user, role) = ("bob".parse().unwrap(), Role::Member);
    let bob = Member { user, role, joined_at: NOW, online: None, display_name: None };
    let (listing, rows) = (Listing::Members(id(1)), vec![Row::Member(bob)]);
    update(model, Msg::News(News::Page { listing, after: None, rows, more: More::Nothing }));
}

#[test]
fn what_was_typed_comes_back_with_the_same_form() {
    for closes in [ESC, Key::Ctrl('c'), Key::Named(Named::F(7)), Key::Ctrl('n')] {
        let mut model = alice();
        choose_bob(&mut model);
        type_text(&mut model, "k");
        type_text(&mut model, "this is why");
        press(&mut model, closes);
        model.popups.clear();
        press(&mut model, Key::Alt('1'));
        choose_bob(&mut model);
        type_text(&mut model, "b");
        assert_eq!(field(&model), "", "another form is another");
        press(&mut model, ESC);
        type_text(&mut model, "k");
        assert_eq!(field(&model), "this is why", "{closes}");
        let (room, user, reason) = (id(1), "bob".into(), "this is why".into());
        let kick = Command::Kick(Kick { room, user, reason });
        assert_eq!(press(&mut model, ENTER), change(kick));
        update(&mut model, Msg::News(News::Done(AskId(0))));
        type_text(&mut model, "k");
        assert_eq!(field(&model), "", "what is done is done");
    }
}

#[test]
fn a_form_that_is_closed_before_the_answer_comes_back_with_it() {
    let mut model = alice();
    type_in(&mut model, "/create");
    type_text(&mut model, "ops");
    for _ in 0..2 {
        press(&mut model, TAB);
    }
    press(&mut model, ENTER);
    press(&mut model, ESC);
    update(&mut model, failed("The title is taken."));
    assert_eq!(notice(&model), "The title is taken.");
    type_in(&mut model, "/create");
    assert_eq!((field(&model).as_str(), form(&model).asked), ("ops", None));
    assert_eq!(form(&model).error.as_deref(), Some("The title is taken."));
}

#[test]
fn what_was_typed_about_a_room_that_is_gone_is_brought_back_by_up() {
    let kicked = || {
        let how = Departure::Kicked;
        Msg::News(News::Exited(Exited { room: id(1), how, by: None, reason: None }))
    };
    for closed_first in [true, false] {
        let mut model = alice();
        choose_bob(&mut model);
        type_text(&mut model, "k");
        type_text(&mut model, "this is why");
        if closed_first {
            press(&mut model, ESC);
            press(&mut model, ESC);
        }
        update(&mut model, kicked());
        press(&mut model, Key::Named(Named::Up));
        assert_eq!(model.input.text(), "this is why", "{closed_first}");
    }
}

#[test]
fn what_lies_open_about_a_room_that_is_gone_is_closed_and_nothing_else() {
    let is_gone: [(Msg, &str); 2] = [
        (
            {
                let (how, by) = (Departure::Kicked, "bob".parse().ok());
                Msg::News(News::Exited(Exited { room: id(1), how, by, reason: None }))
            },
            "bob kicked you from general.",
        ),
        (
            Msg::News(News::Rooms(vec![listed(2, "ops", 2, Role::Member)])),
            "You are no longer in general.",
        ),
    ];
    for (gone, why) in is_gone {
        for (opens, closes) in [
            ("/members", true),
            ("/requests", true),
            ("/bans", true),
            ("/invites general", true),
            ("/invite", true),
            ("/leave", true),
            ("/invites ops", false),
            ("/create", false),
            ("/help", false),
            ("/log", false),
        ] {
            let mut model = alice();
            model.rooms[0].member_count = 1;
            type_in(&mut model, opens);
            assert!(model.popup().is_some(), "{opens}");
            update(&mut model, gone.clone());
            assert_eq!(model.popup().is_none(), closes, "{opens}");
            if closes {
                assert_eq!(notice(&model), why, "{opens}");
            }
        }
    }
}

#[test]
fn tab_goes_from_field_to_field_and_completes_where_there_is_one() {
    let mut model = alice();
    type_in(&mut model, "/create");
    let at = |model: &mut Model, key| {
        press(model, key);
        form(model).at
    };
    let back = Key::Named(Named::BackTab);
    assert_eq!([TAB, TAB, TAB, back, back].map(|key| at(&mut model, key)), [1, 2, 0, 2, 1]);
    press(&mut model, ESC);
    let member = |user: &str| crate::model::Member {
        user: user.into(),
        role: Role::Member,
        online: None,
        display_name: None,
    };
    model.rooms[0].members = ["alice", "bert", "carol"].map(member).into();
    model.rooms[1].members = ["alice", "bob", "bill", "bert"].map(member).into();
    choose_bob(&mut model);
    type_text(&mut model, "a");
    type_text(&mut model, "b");
    press(&mut model, TAB);
    assert_eq!((field(&model).as_str(), notice(&model)), ("bob ", "[bob]  bill"));
    press(&mut model, TAB);
    let (room, user) = (id(1), "bill".into());
    let add = Command::AddMember(AddMember { room, user });
    assert_eq!(press(&mut model, ENTER), change(add));
}

#[test]
fn a_password_is_changed_and_seen_nowhere() {
    let mut model = alice();
    assert_eq!(type_in(&mut model, "/passwd not here"), []);
    assert_eq!(form(&model).purpose, Purpose::Password);
    let fill = |model: &mut Model, texts: [&str; 3]| {
        for text in texts {
            type_text(model, text);
            press(model, TAB);
        }
        press(model, Key::Named(Named::BackTab));
        press(model, ENTER)
    };
    let error = |model: &Model| form(model).error.clone().unwrap_or_default();
    assert_eq!(fill(&mut model, ["", "short", "short"]), []);
    assert_eq!((error(&model).as_str(), form(&model).at), ("Type your old password, too.", 0));
    assert_eq!(fill(&mut model, ["wrong horse battery", "", ""]), []);
    assert!(error(&model).starts_with("The new password is not taken: "), "{}", error(&model));
    assert_eq!(form(&model).at, 1);
    type_text(&mut model, "er than that");
    assert_eq!(press(&mut model, ENTER), [], "to the last field");
    assert_eq!(press(&mut model, ENTER), []);
    assert_eq!(error(&model), "The two new passwords differ; type both again.");
    assert_eq!(form(&model).at, 1);
    for field in &form(&model).fields[1..] {
        assert_eq!(field.value, Value::Secret(Secret::default()), "both are typed again");
    }
    type_text(&mut model, "shorter than that");
    press(&mut model, TAB);
    type_text(&mut model, "shorter than that");
    let asked = press(&mut model, ENTER);
    let [Intent::Ask(Ask::Passwd { id: AskId(0), old, new })] = &asked[..] else {
        panic!("{asked:?}");
    };
    let both = (old.as_str(), new.as_str());
    assert_eq!(both, ("wrong horse battery", "shorter than that"));
    assert!(!format!("{asked:?} {model:?}").contains("horse"), "nor in a log");
    let code = Some(Code::BadCredentials);
    update(&mut model, Msg::News(News::Failed { id: AskId(0), code, why: String::new() }));
    assert_eq!(error(&model), "That is not your old password; type it again.");
    assert_eq!((form(&model).at, field(&model).as_str()), (0, ""));
    press(&mut model, ESC);
    press(&mut model, Key::Named(Named::Up));
    assert_eq!(model.input.text(), "/passwd", "what was typed behind it is not kept");
    press(&mut model, ENTER);
    assert_eq!(field(&model), "", "no secret stays");
    fill(&mut model, ["right horse battery", "shorter than that", "shorter than that"]);
    update(&mut model, Msg::News(News::Done(AskId(1))));
    assert_eq!(model.popup(), None);
    let done = "Your password is changed; your other devices have to log in with the new one.";
    assert_eq!(notice(&model), done);
    assert!(!format!("{model:?}").contains("shorter"));
}
