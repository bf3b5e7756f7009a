//! Completion: what Tab makes of what was typed.

use parlor_protocol::entry::Invite;
use parlor_protocol::id::NotificationId;
use parlor_protocol::notification::{Notification, NotificationKind};

use super::*;
use crate::model::{Listing, Member, More, Room, Row};

const TAB: Key = Key::Named(Named::Tab);

/// Alice, with bob, bert and carol, of whom carol spoke last and dave is gone.
fn model() -> Model {
    let mut model = alice();
    let members = ["alice", "bert", "bob", "carol"];
    let members = members
        .map(|user| Member {
            user: user.into(),
            role: Role::Member,
            online: None,
            display_name: None,
        })
        .to_vec();
    model.rooms[0].member_count = 4;
    update(&mut model, Msg::News(News::Members { room: id(1), members }));
    for (seq, author) in [(1, "bob"), (2, "dave"), (3, "carol"), (4, "alice")] {
        update(&mut model, said(id(1), message(seq, author, "hi")));
    }
    let members =
        vec![Member { user: "erin".into(), role: Role::Member, online: None, display_name: None }];
    update(&mut model, Msg::News(News::Members { room: id(2), members }));
    let rows = vec![Row::Room(listed(7, "General talk", 3, Role::Member))];
    let listing = Listing::Rooms { search: String::new() };
    let news = News::Page { listing, after: None, rows, more: More::Nothing };
    update(&mut model, Msg::News(news));
    model
}

fn completed(model: &mut Model, typed: &str, keys: &[Key]) -> String {
    update(model, Msg::Paste(typed.to_owned()));
    for &key in keys {
        press(model, key);
    }
    model.input.take()
}

#[test]
fn tab_completes_what_the_place_takes() {
    let room = id(7).to_string();
    for (typed, tabs, then) in [
        // Commands, from the table.
        ("/top", 1, "/topic "),
        ("/TOP", 1, "/topic "),
        ("/he", 1, "/help"),
        ("/nonsense", 1, "/nonsense"),
        // Names: who spoke last comes first, oneself never, who has left neither.
        ("", 1, "@carol "),
        ("", 2, "@bob "),
        ("", 3, "@bert "),
        ("", 4, "@carol "),
        ("B", 1, "@bob "),
        ("@be", 1, "@bert "),
        ("see @b", 2, "see @bert "),
        ("one\nca", 1, "one\n@carol "),
        ("see b", 1, "see b"),
        ("d", 1, "d"),
        ("//b @c", 1, "//b @carol "),
        // Users: those whom the command can mean, of other rooms, too.
        ("/promote c", 1, "/promote carol "),
        ("/promote @c", 1, "/promote carol "),
        ("/promote e", 1, "/promote e"),
        ("/add e", 1, "/add erin "),
        ("/topic for @e", 1, "/topic for @e"),
        ("/topic for @c", 1, "/topic for @carol "),
        // Rooms that the command can mean, by title and by ID: to enter, those heard of.
        ("/join o", 1, "/join o"),
        ("/join gen", 1, "/join General talk"),
        ("/join general t", 1, "/join General talk"),
        ("/leave ", 2, "/leave ops"),
        ("/leave gen", 2, "/leave general"),
        ("/join rust --leave o", 1, "/join rust --leave ops"),
        ("/request gen", 1, "/request \"General talk\" "),
        ("/request ops @c", 1, "/request ops @carol "),
        ("/withdraw g", 2, "/withdraw General talk"),
        ("/mute o", 1, "/mute ops"),
        ("/unmute ", 1, "/unmute "),
        // Options, from the table.
        ("/join rust --l", 1, "/join rust --leave "),
        ("/ban bob -", 1, "/ban bob --for "),
        ("/create --p", 1, "/create --private "),
        ("/create den --", 1, "/create den --open "),
        ("/kick ca", 1, "/kick carol "),
        ("/kick carol ca", 1, "/kick carol ca"),
    ] {
        let mut model = model();
        assert_eq!(completed(&mut model, typed, &vec![TAB; tabs]), then, "{typed:?} {tabs}");
    }
    let typed = format!("/join {}", room.replace('-', "").to_uppercase());
    assert_eq!(completed(&mut model(), &typed, &[TAB]), format!("/join {room}"));
}

#[test]
fn what_is_offered_is_shown() {
    let mut model = model();
    completed(&mut model, "@b", &[TAB]);
    assert_eq!(notice(&model), "[@bob]  @bert");
    completed(&mut model, "@b", &[Key::Named(Named::BackTab)]);
    assert_eq!(notice(&model), "@bob  [@bert]");
    completed(&mut model, "@b", &[Key::Named(Named::BackTab), Key::Named(Named::BackTab)]);
    assert_eq!(notice(&model), "[@bob]  @bert");
    completed(&mut model, "@c", &[TAB]);
    assert_eq!(notice(&model), "", "there is no choice");
    completed(&mut model, "@x", &[TAB]);
    assert_eq!(notice(&model), "Nothing to complete here.");
}

#[test]
fn what_is_typed_after_it_begins_another_word() {
    let mut model = model();
    completed(&mut model, "x", &[]);
    update(&mut model, Msg::Paste("@b".into()));
    press(&mut model, TAB);
    update(&mut model, Msg::Paste("and @b".into()));
    assert_eq!(completed(&mut model, "", &[TAB, TAB]), "@bob and @bert ");
    // A word in the middle is completed where it stands.
    update(&mut model, Msg::Paste("@ca!".into()));
    assert_eq!(completed(&mut model, "", &[Key::Ctrl('b'), TAB]), "@carol !");
}

#[test]
fn a_room_that_one_is_invited_to_is_named_by_its_id() {
    let mut model = model();
    super::super::complete::hear(&mut model, id(9), "Hack Day", crate::model::CalledBy::Id);
    assert_eq!(completed(&mut model, "/join hack", &[TAB]), format!("/join {}", id(9)));
}

#[test]
fn a_room_of_an_invite_that_is_listed_is_offered_as_long_as_the_invite_counts() {
    let invite = |number, title: &str| {
        let (user, by) = ("alice".parse().unwrap(), "bob".parse().unwrap());
        let title = title.parse().unwrap();
        Row::Invite(Invite { room: id(number), title, user, by, at: NOW, until: NOW })
    };
    let told = |number: u64, title: &str, until| {
        Row::Notification(Notification {
            id: NotificationId(1),
            kind: NotificationKind::Invited,
            at: NOW,
            room: Some(id(number)),
            title: title.parse().ok(),
            by: "bob".parse().ok(),
            reason: None,
            role: None,
            seq: None,
            read: false,
            until: Some(Timestamp(NOW.0 + until)),
        })
    };
    let mut model = model();
    for (listing, rows) in [
        (Listing::Invites(None), vec![invite(9, "Hack Day")]),
        (Listing::Notifications, vec![told(10, "Night shift", 1), told(11, "Old shift", -1)]),
    ] {
        update(
            &mut model,
            Msg::News(News::Page { listing, after: None, rows, more: More::Nothing }),
        );
    }
    assert_eq!(completed(&mut model, "/join hack", &[TAB]), format!("/join {}", id(9)));
    assert_eq!(completed(&mut model, "/join night", &[TAB]), format!("/join {}", id(10)));
    assert_eq!(completed(&mut model, "/join old", &[TAB]), "/join old");
}

#[test]
fn only_a_room_that_is_muted_can_be_unmuted() {
    let mut model = model();
    model.rooms[1].muted = true;
    assert_eq!(completed(&mut model, "/unmute ", &[TAB]), "/unmute ops");
    assert_eq!(completed(&mut model, "/mute ", &[TAB]), "/mute general");
}

#[test]
fn many_candidates_are_shown_page_by_page() {
    let mut model = model();
    model.rooms[0].members.clear();
    let titles =
        (0..300).map(|number| Room::new(id(100 + number), &format!("r{number}"), Role::Member));
    model.rooms.extend(titles);
    completed(&mut model, "/go r", &[TAB; 21]);
    assert!(notice(&model).starts_with("[r20]  r21"), "{}", notice(&model));
    assert!(notice(&model).ends_with("(of 200)"), "{}", notice(&model));
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_much_for_tab(typed in "(/?[a-z]{0,3}|[ @/\n\u{301}世\u{3000}|]|\\PC){0,8}", back in 0..5usize) {
        let mut model = model();
        update(&mut model, Msg::Paste(typed));
        for _ in 0..back {
            press(&mut model, Key::Ctrl('b'));
        }
        for _ in 0..3 {
            press(&mut model, TAB);
        }
    }
}

/// All that is offered, in the order of the alphabet.
fn offered(model: &mut Model, command: &str) -> String {
    let first = completed(model, &format!("{command} "), &[TAB]);
    let mut offered = match model.completion.take() {
        Some(completion) => completion.candidates.into_iter().map(|one| one.shown).collect(),
        None => vec![first[command.len()..].trim().to_owned()],
    };
    offered.sort();
    offered.join(" ")
}

#[test]
fn users_are_offered_whom_a_command_can_mean() {
    let mut model = model();
    for (user, role) in [("alice", Role::Owner), ("bert", Role::Admin)] {
        let members = &mut model.rooms[0].members;
        members.iter_mut().find(|member| member.user == user).unwrap().role = role;
    }
    model.blocked.insert("mallory".into());
    let asks = Notification {
        id: NotificationId(1),
        kind: NotificationKind::JoinRequested,
        at: NOW,
        room: Some(id(1)),
        title: None,
        by: "frank".parse().ok(),
        reason: None,
        role: None,
        seq: None,
        read: false,
        until: None,
    };
    update(&mut model, Msg::News(News::Notified(asks)));
    for (command, users) in [
        ("/add", "erin frank mallory"),
        ("/invite", "erin frank mallory"),
        ("/approve", "frank"),
        ("/deny", "frank"),
        ("/kick", "bert bob carol"),
        ("/ban", "bert bob carol erin frank mallory"),
        ("/unban", "erin frank mallory"),
        ("/promote", "bob carol"),
        ("/demote", "bert"),
        ("/transfer", "bert bob carol"),
        ("/block", "bert bob carol erin frank"),
        ("/unblock", "mallory"),
    ] {
        assert_eq!(offered(&mut model, command), users, "{command}");
    }
    model.rooms[0].role = Role::Admin;
    assert_eq!(offered(&mut model, "/kick"), "bob carol", "no admin puts out another");
    assert_eq!(offered(&mut model, "/demote"), "alice", "one may step down");
    model.rooms[0].member_count = 9;
    assert!(offered(&mut model, "/kick").contains("erin"), "she may be one of the others");
}
