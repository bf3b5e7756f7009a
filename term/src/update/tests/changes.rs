//! What happens in rooms and to oneself, and what is then shown of it.

use parlor_protocol::id::{NotificationId, Seq};
use parlor_protocol::message::Message;
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::notification::{Notification, NotificationKind};
use parlor_protocol::push::{
    Change, Departed, Exited, Renamed, RoleChanged, SlowModeChanged, TopicChanged,
};
use parlor_protocol::record::Record;
use parlor_protocol::room::{self, Departure, Presence, Present, ReadMarker, Role};
use parlor_protocol::text::Topic;

use super::{NOW, alice, happened, id, listed, message, notice, press, said, type_in};
use crate::keymap::{Key, Named};
use crate::model::{Armed, Before, LocalId, Member, What};
use crate::update::{Ask, Edited, Intent, Msg, News, update};

#[test]
fn what_blocked_users_say_is_hidden_and_comes_back_when_they_are_not() {
    let mut model = alice();
    let (bob, carol) = (|seq| message(seq, "bob", "hi"), |seq| message(seq, "carol", "hello"));
    let page = vec![bob(5), carol(6)];
    let news = News::Older { room: id(1), messages: page, before: Before::Unknown };
    update(&mut model, Msg::News(news));
    update(&mut model, Msg::News(News::Blocked("bob".to_owned())));
    update(&mut model, said(id(1), bob(7)));
    update(&mut model, said(id(2), bob(1)));
    assert_eq!(happened(&model), ["carol: hello"]);
    assert_eq!(model.rooms[1].unread, 0, "nobody is called to what is not shown");
    // A page of which nothing is shown is known all the same.
    let news = News::Older { room: id(1), messages: vec![bob(3), bob(4)], before: Before::Unknown };
    update(&mut model, Msg::News(news));
    let asked = update(&mut model, Msg::ReachedTop(id(1)));
    assert_eq!(asked, [Intent::Ask(Ask::Older { room: id(1), before: Some(Seq(3)) })]);
    let asked = update(&mut model, Msg::News(News::Unblocked("bob".to_owned())));
    assert_eq!(happened(&model), [""; 0]);
    assert!(asked.contains(&Intent::Ask(Ask::Older { room: id(1), before: None })), "{asked:?}");
    let list = ["carol".to_owned()].into();
    assert_eq!(update(&mut model, Msg::News(News::Blocks(list))), []);
    update(&mut model, said(id(1), carol(8)));
    update(&mut model, said(id(1), bob(9)));
    assert_eq!(happened(&model), ["bob: hi"]);
}

#[test]
fn changes_of_a_room_are_told_and_counted() {
    let mut model = alice();
    let bob = || UserName::parse("bob").unwrap();
    let joined = room::Member {
        user: bob(),
        role: Role::Member,
        joined_at: NOW,
        online: None,
        display_name: None,
    };
    let gone = |how, by, reason| Change::Departed(Departed { user: bob(), how, by, reason });
    let alice_by = || UserName::parse("alice").unwrap();
    let spam = "spam".parse().ok();
    let role = |user, role| RoleChanged { user, role };
    for (change, told, members) in [
        (Change::Joined(joined), "bob joined", 4),
        (Change::RoleChanged(role(bob(), Role::Owner)), "bob is now owner", 4),
        (gone(Departure::Left, None, None), "bob left", 3),
        (gone(Departure::Kicked, Some(alice_by()), spam), "alice kicked bob: spam", 2),
        (Change::Withheld, "alice kicked bob: spam", 2),
        (
            Change::SlowModeChanged(SlowModeChanged { by: alice_by(), secs: 5 }),
            "alice set slow mode: 5 s between two messages",
            2,
        ),
        (Change::Unknown, "something happened that this version of parlor does not know", 2),
    ] {
        update(&mut model, Msg::News(News::Changed { room: id(1), at: NOW, change }));
        assert_eq!(happened(&model).last().map(String::as_str), Some(told));
        assert_eq!(model.rooms[0].member_count, members, "{told}");
    }
    let topic = |topic: &str| TopicChanged { by: alice_by(), topic: topic.parse().ok() };
    for (topic, told) in [
        (topic("release planning"), "alice set the topic: release planning"),
        (topic(""), "alice cleared the topic"),
    ] {
        let set = topic.topic.clone();
        let change = Change::TopicChanged(topic);
        update(&mut model, Msg::News(News::Changed { room: id(1), at: NOW, change }));
        assert_eq!(happened(&model).last().map(String::as_str), Some(told));
        assert_eq!(model.rooms[0].topic.as_deref(), set.as_ref().map(Topic::as_str));
    }
    let change = Change::Renamed(Renamed { by: alice_by(), title: Title::parse("plans").unwrap() });
    update(&mut model, Msg::News(News::Changed { room: id(1), at: NOW, change }));
    assert_eq!(happened(&model).last().unwrap(), "alice renamed the room: plans");
    assert_eq!(model.rooms[0].title, "plans");
    let own = role(alice_by(), Role::Member);
    let change = Change::RoleChanged(own);
    update(&mut model, Msg::News(News::Changed { room: id(1), at: NOW, change }));
    assert_eq!(model.rooms[0].role, Role::Member);
}

#[test]
fn what_a_removed_user_has_said_is_marked_and_what_others_have_is_not() {
    let mut model = alice();
    for (seq, author) in [(1, "bob"), (2, "carol"), (3, "dave")] {
        update(&mut model, said(id(1), message(seq, author, "hi")));
    }
    for (user, how) in [("bob", Departure::Removed), ("carol", Departure::Left)] {
        let user = UserName::parse(user).unwrap();
        let gone = Departed { user, how, by: None, reason: None };
        let news = News::Changed { room: id(1), at: NOW, change: Change::Departed(gone) };
        update(&mut model, Msg::News(news));
    }
    let page = vec![Message { author_removed: true, ..message(4, "erin", "hi") }];
    let before = Before::Unknown;
    update(&mut model, Msg::News(News::Older { room: id(2), messages: page, before }));
    let by = |room: usize| {
        let entries = model.rooms[room].timeline.entries().iter();
        entries.filter_map(|entry| match &entry.what {
            What::Said(said) => Some(said.by()),
            What::Happened(_) | What::Banned(_) => None,
        })
    };
    assert_eq!(by(0).collect::<Vec<_>>(), ["bob (removed)", "carol", "dave"]);
    assert_eq!(by(1).collect::<Vec<_>>(), ["erin (removed)"]);
}

#[test]
fn members_are_shown_with_the_roles_that_they_have_now() {
    let mut model = alice();
    let members = ["alice", "bob"].map(|user| Member {
        user: user.into(),
        role: Role::Member,
        online: None,
        display_name: None,
    });
    update(&mut model, Msg::News(News::Members { room: id(1), members: members.into() }));
    for role in [Role::Admin, Role::Owner, Role::Member] {
        let user = UserName::parse("bob").unwrap();
        let change = Change::RoleChanged(RoleChanged { user, role });
        update(&mut model, Msg::News(News::Changed { room: id(1), at: NOW, change }));
        assert_eq!(model.rooms[0].members[1].role, role);
    }
}

#[test]
fn members_are_shown_as_they_are_now_where_they_are_watched() {
    let mut model = alice();
    let member = |user: &str, online| Member {
        user: user.into(),
        role: Role::Member,
        online,
        display_name: None,
    };
    let members = vec![member("alice", Some(true)), member("bob", Some(false))];
    update(&mut model, Msg::News(News::Members { room: id(1), members }));
    let presence = |user: &str, name: &str| Presence {
        user: UserName::parse(user).unwrap(),
        online: Some(true),
        display_name: name.parse().ok(),
    };
    let shown = vec![Record(presence("bob", "Bob B.")), Record(presence("carol", ""))];
    let present = Present { room: id(1), members: shown };
    update(&mut model, Msg::News(News::Present(present)));
    let bob = &model.rooms[0].members[1];
    assert_eq!((bob.online, bob.display_name.as_deref()), (Some(true), Some("Bob B.")));
    assert_eq!(model.rooms[0].members.len(), 2, "who is not in the list does not come in by it");
    // Of another room nothing was told meanwhile: its members are asked for again.
    let asked = Intent::Ask(Ask::Members { room: id(2) });
    assert!(press(&mut model, Key::Alt('2')).contains(&asked));
    let asked = Intent::Ask(Ask::Members { room: id(1) });
    assert!(press(&mut model, Key::Alt('1')).contains(&asked));
}

fn exited(number: u64, how: Departure) -> Exited {
    let (by, reason) = (UserName::parse("bob").ok(), "spam".parse().ok());
    Exited { room: id(number), how, by, reason }
}

#[test]
fn whoever_is_taken_out_learns_by_whom_and_why() {
    for (how, told) in [
        (Departure::Left, "You left general."),
        (Departure::Kicked, "bob kicked you from general: spam."),
        (Departure::Banned, "bob banned you from general: spam."),
        (Departure::Removed, "You are no longer in general: your account was removed."),
        (Departure::Unknown, "You are no longer in general."),
    ] {
        let mut model = alice();
        update(&mut model, Msg::News(News::Exited(exited(1, how))));
        assert_eq!((notice(&model), model.here), (told, Some(id(2))));
    }
}

#[test]
fn what_one_is_told_of_is_shown_unless_it_is_seen_anyway() {
    let told = |kind, room| Notification {
        id: Default::default(),
        kind,
        at: NOW,
        room: Some(id(room)),
        title: Title::parse("ops").ok(),
        by: UserName::parse("bob").ok(),
        reason: None,
        role: Some(Role::Admin),
        seq: Some(Seq(1)),
        read: false,
        until: None,
    };
    for (told, shown) in [
        (told(NotificationKind::Invited, 9), "bob invited you to ops: /join 00000-00009"),
        (told(NotificationKind::Mentioned, 2), "bob mentioned you in ops, message 1"),
        (told(NotificationKind::Mentioned, 1), ""),
        (told(NotificationKind::RoleChanged, 2), "bob made you admin in ops"),
    ] {
        let mut model = alice();
        model.armed = Some(Armed::Quit);
        update(&mut model, Msg::News(News::Notified(told)));
        assert_eq!(notice(&model), shown);
        assert_eq!(model.armed.is_some(), shown.is_empty(), "a question that is hidden is closed");
    }
}

/// What another device of one's own has read of ops.
fn marker(unread: u64) -> ReadMarker {
    ReadMarker { room: id(2), seq: Seq(2), unread, mentions: 0 }
}

#[test]
fn what_another_device_has_read_is_not_unread() {
    let mut model = alice();
    for seq in 1..=3 {
        update(&mut model, said(id(2), message(seq, "bob", "psst")));
    }
    update(&mut model, Msg::News(News::Read(marker(1))));
    assert_eq!(model.rooms[1].unread, 1);
    update(&mut model, Msg::News(News::Read(marker(5))));
    assert_eq!(model.rooms[1].unread, 1);
}

#[test]
fn what_was_being_written_in_a_room_that_is_gone_is_brought_back_by_up() {
    let mut model = alice();
    update(&mut model, Msg::Paste("half a thought".into()));
    press(&mut model, Key::Alt('2'));
    update(&mut model, Msg::News(News::Exited(exited(1, Departure::Kicked))));
    assert!(notice(&model).ends_with("What you wrote there was not sent; Up brings it back."));
    assert!(model.input.is_empty(), "it would be sent to another room");
    press(&mut model, Key::Named(Named::Up));
    assert_eq!(model.input.text(), "half a thought");
}

#[test]
fn what_is_being_written_when_the_room_goes_cannot_be_sent_to_the_next_one() {
    let mut model = alice();
    model.rooms[1].draft.insert("for ops");
    update(&mut model, Msg::Paste("half a thought".into()));
    update(&mut model, Msg::News(News::Exited(exited(1, Departure::Kicked))));
    assert_eq!(
        notice(&model).split_once('.').unwrap().1,
        " What you wrote there was not sent; Up brings it back."
    );
    assert_eq!((model.here, model.input.text()), (Some(id(2)), "for ops"));
    press(&mut model, Key::Named(Named::Up));
    assert_eq!(model.input.text(), "half a thought");
    press(&mut model, Key::Named(Named::Down));
    assert_eq!(model.input.text(), "for ops", "nor is that lost");
    // The same at a snapshot without the room, and of what a search or an older line hides.
    let mut model = alice();
    type_in(&mut model, "sent before");
    update(&mut model, Msg::News(News::Acknowledged { room: id(1), local: LocalId(0) }));
    update(&mut model, Msg::Paste("begun".into()));
    press(&mut model, Key::Named(Named::Up));
    press(&mut model, Key::Ctrl('r'));
    let rooms = vec![listed(2, "ops", 2, Role::Member)];
    update(&mut model, Msg::News(News::Rooms(rooms)));
    assert_eq!(
        notice(&model),
        "You are no longer in general. 2 texts of yours were not sent; Up brings them back."
    );
    assert_eq!((model.homeless.join("|"), model.input.text()), ("begun|sent before".into(), ""));
}

#[test]
fn a_paste_and_an_edited_text_for_a_room_that_is_gone_go_nowhere_else() {
    for choice in ['s', 'e'] {
        let mut model = alice();
        update(&mut model, Msg::Paste("one\ntwo\nthree\nfour".into()));
        update(&mut model, Msg::News(News::Exited(exited(1, Departure::Kicked))));
        assert_eq!(update(&mut model, Msg::Type(choice)), [], "{choice}");
        assert_eq!(model.input.text(), "");
        assert_eq!(notice(&model), "You are no longer in general; Up brings the paste back.");
        press(&mut model, Key::Named(Named::Up));
        assert_eq!(model.input.text(), "one\ntwo\nthree\nfour");
    }
    let mut model = alice();
    update(&mut model, Msg::News(News::Exited(exited(1, Departure::Kicked))));
    let edited = Edited { room: Some(id(1)), text: Ok("at length".into()) };
    update(&mut model, Msg::Edited(edited));
    assert_eq!((model.input.text(), model.homeless.join("|")), ("", "at length".into()));
}

#[test]
fn a_room_that_is_gone_leaves_nothing_unsent_behind() {
    let mut model = alice();
    type_in(&mut model, "important");
    let how = Departure::Terminated;
    update(&mut model, Msg::News(News::Exited(exited(1, how))));
    assert_eq!(
        notice(&model),
        "general has ended for good. What you wrote there was not sent; Up brings it back."
    );
    assert_eq!((model.here, model.input.text()), (Some(id(2)), ""));
    press(&mut model, Key::Named(Named::Up));
    assert_eq!(model.input.text(), "important");
    // The same at a snapshot without it.
    update(&mut model, Msg::News(News::Rooms(Vec::new())));
    assert_eq!((model.here, model.rooms.len()), (None, 0));
    assert_eq!((model.input.text(), model.homeless.join("|")), ("", "important".into()));
    assert_eq!(type_in(&mut model, "important"), []);
    assert_eq!(notice(&model), "You are in no room: /join one, or /create one.");
}

#[test]
fn why_one_is_out_is_said_once_and_with_where_the_text_is() {
    let mut model = alice();
    update(&mut model, Msg::Type('x'));
    update(&mut model, Msg::News(News::Exited(exited(1, Departure::Kicked))));
    let told = notice(&model).to_owned();
    assert!(told.ends_with("Up brings it back."), "{told}");
    let kicked = |room| Notification {
        id: NotificationId(1),
        kind: NotificationKind::Kicked,
        at: NOW,
        room: Some(id(room)),
        title: None,
        by: None,
        reason: None,
        role: None,
        seq: None,
        read: false,
        until: None,
    };
    update(&mut model, Msg::News(News::Notified(kicked(1))));
    assert_eq!(notice(&model), told);
    update(&mut model, Msg::News(News::Notified(kicked(9))));
    assert_eq!(notice(&model), "somebody kicked you from a room");
}
