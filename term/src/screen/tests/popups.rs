//! Everything that lies over the conversation, at three sizes.

use parlor_protocol::account::Device;
use parlor_protocol::entry::{
    Ban, Blocked, Ended, FormerRoom, Invite, JoinRequest, Rejoin, RoomState,
};
use parlor_protocol::id::{Bytes, DeviceId, NotificationId};
use parlor_protocol::notification::{Notification, NotificationKind};
use parlor_protocol::room::{self, Entry, Visibility};

use super::*;
use crate::keymap::Action;
use crate::model::{
    Deed, Door, Form, GoTo, List, Listing, More, Popup, Prompt, Purpose, Question, Reach, Reply,
    Row, Secret, Whom,
};
use crate::update::{Msg, News};

const SIZES: [(usize, usize); 3] = [(120, 36), (80, 24), (40, 10)];

/// What lies over the conversation, at all sizes.
fn shots(popups: &[Popup]) -> String {
    let mut all = String::new();
    for size in SIZES {
        let mut model = model();
        model.notices = notices();
        model.popups = popups.to_vec();
        all += &format!("{} x {}\n{}\n", size.0, size.1, shot(model, size));
    }
    all
}

fn listed(listing: Listing, rows: Vec<Row>) -> Popup {
    let mut list = List::new(listing);
    list.rows = rows;
    list.more = More::Nothing;
    list.chosen = 1;
    Popup::List(list)
}

fn long() -> String {
    "because the release is due and nobody else knows how the signing machine is to be started, \
     which I learnt last year"
        .to_owned()
}

fn notices() -> Vec<Notification> {
    let notice = |number, kind, minutes, reason: Option<String>, read| Notification {
        id: NotificationId(number),
        kind,
        at: at(minutes),
        room: Some(id(9)),
        title: "hackday".parse().ok(),
        by: "bob".parse().ok(),
        reason: reason.and_then(|reason| reason.parse().ok()),
        role: None,
        seq: None,
        read,
        until: None,
    };
    vec![
        notice(3, NotificationKind::Invited, 3, None, false),
        notice(2, NotificationKind::JoinRequested, 70, Some(long()), false),
        notice(1, NotificationKind::Kicked, 3_000, Some("spam".to_owned()), true),
    ]
}

fn public(number: u64, title: &str, entry: Entry) -> Row {
    Row::Room(room::Room {
        room: id(number),
        title: title.parse().unwrap(),
        members: 12,
        role: None,
        last_seq: None,
        revision: None,
        topic: None,
        visibility: Visibility::Public,
        entry,
        slow_secs: 0,
        read: None,
        unread: None,
        mentions: None,
    })
}

#[test]
fn help() {
    let top = crate::keymap::Keymap::default().help().len() - 4;
    insta::assert_snapshot!(shots(&[Popup::Help { top }]));
}

#[test]
fn a_page_of_a_list_passes_over_no_row() {
    for size in SIZES {
        let titles: Vec<_> = (0..60).map(|number| format!("room-{number}-")).collect();
        let rows = titles.iter().zip(1..);
        let mut list = List::new(Listing::Rooms { search: String::new() });
        list.rows = rows.map(|(title, number)| public(number, title, Entry::Ask)).collect();
        list.more = More::Nothing;
        let mut model = model();
        model.popups.push(Popup::List(list));
        let mut shown = Shown::new(model, size);
        for key in [Named::PageDown, Named::PageUp] {
            let (mut unseen, mut before) = (titles.clone(), String::new());
            let mut text = shown.look();
            while text != before {
                unseen.retain(|title| !text.contains(title));
                shown.press(Key::Named(key));
                before = std::mem::replace(&mut text, shown.look());
            }
            assert_eq!(unseen, [""; 0], "{key:?} at {size:?}");
        }
    }
}

#[test]
fn a_page_of_the_help_is_what_is_seen_of_it() {
    for size in SIZES {
        let keys = crate::keymap::Keymap::default().help();
        let keys = keys.iter().filter_map(|(keys, _)| keys.split([',', ' ']).next());
        let commands = crate::update::COMMANDS.iter().map(|one| one.name);
        let all: Vec<&str> = keys.chain(commands).collect();
        let mut model = model();
        model.popups.push(Popup::Help { top: 0 });
        let mut shown = Shown::new(model, size);
        for key in [Named::PageDown, Named::PageUp] {
            let mut unseen = all.clone();
            let (mut pages, mut before) = (0, String::new());
            let mut text = shown.look();
            while text != before {
                let words: Vec<_> = text.split([' ', '\n', ',']).collect();
                unseen.retain(|entry| !words.contains(entry));
                shown.press(Key::Named(key));
                pages += 1;
                before = std::mem::replace(&mut text, shown.look());
            }
            assert_eq!(unseen, [""; 0], "{key:?} at {size:?}");
            assert!(pages * (size.1 - 10) <= 2 * all.len(), "{pages} pages at {size:?}");
        }
    }
}

#[test]
fn own_rooms_to_go_to() {
    let mut go_to = GoTo { search: Default::default(), chosen: 1 };
    go_to.search.insert("s");
    let mut all = shots(&[Popup::GoTo(GoTo::default())]);
    all += &shots(&[Popup::GoTo(go_to)]);
    insta::assert_snapshot!(all);
}

#[test]
fn public_rooms() {
    let rows = vec![
        public(7, "books", Entry::Open),
        public(8, "release planning and all that belongs to it", Entry::Ask),
        public(9, "世界", Entry::Ask),
    ];
    insta::assert_snapshot!(shots(&[listed(Listing::Rooms { search: "o".into() }, rows)]));
}

#[test]
fn nothing_listed() {
    let mut all = String::new();
    for listing in [
        Listing::Rooms { search: String::new() },
        Listing::FormerRooms,
        Listing::Requests(id(1)),
        Listing::Invites(None),
        Listing::Invites(Some(id(1))),
        Listing::Bans(id(1)),
        Listing::Members(id(1)),
        Listing::Blocks,
        Listing::Devices,
        Listing::Notifications,
    ] {
        for size in [(60, 8), (40, 10)] {
            let mut model = model();
            model.popups = vec![listed(listing.clone(), Vec::new())];
            all += &shot(model, size);
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn former_rooms() {
    let former = |number, title: &str, ended, rejoin, state| {
        let title = title.parse().unwrap();
        Row::Former(FormerRoom { room: id(number), title, state, ended, at: at(90), rejoin })
    };
    let rows = vec![
        former(7, "hackday", Ended::Kicked, Rejoin::Request, RoomState::Live),
        former(8, "rust", Ended::Left, Rejoin::Now, RoomState::Live),
        former(9, "secret", Ended::Left, Rejoin::Invite, RoomState::Live),
        former(10, "old", Ended::Terminated, Rejoin::No, RoomState::Terminated),
        former(11, "older", Ended::Kicked, Rejoin::No, RoomState::Terminated),
    ];
    insta::assert_snapshot!(shots(&[listed(Listing::FormerRooms, rows)]));
}

#[test]
fn requests() {
    let request = |user: &str, reason: Option<String>| {
        let reason = reason.and_then(|reason| reason.parse().ok());
        let user = user.parse().unwrap();
        Row::Request(JoinRequest { room: id(1), user, reason, at: at(4) })
    };
    let rows = vec![request("dave", None), request("erin", Some(long()))];
    let mut list = listed(Listing::Requests(id(1)), rows);
    if let Popup::List(list) = &mut list {
        list.error = Some("There is no such request.".to_owned());
    }
    insta::assert_snapshot!(shots(&[list]));
}

#[test]
fn invites() {
    let invite = |user: &str| {
        let (title, user) = ("general".parse().unwrap(), user.parse().unwrap());
        let by = "bob".parse().unwrap();
        Row::Invite(Invite { room: id(1), title, user, by, at: at(4), until: at(-10_000) })
    };
    let mut all =
        shots(&[listed(Listing::Invites(Some(id(1))), vec![invite("dave"), invite("erin")])]);
    all += &shots(&[listed(Listing::Invites(None), vec![invite("alice"), invite("alice")])]);
    insta::assert_snapshot!(all);
}

#[test]
fn bans() {
    let ban = |user: &str, reason: Option<String>, until| {
        let (user, by) = (user.parse().unwrap(), "bob".parse().unwrap());
        let reason = reason.and_then(|reason| reason.parse().ok());
        Row::Ban(Ban { room: id(1), user, by, reason, at: at(4), until })
    };
    let rows = vec![ban("mallory", None, None), ban("trudy", Some(long()), Some(at(-600)))];
    insta::assert_snapshot!(shots(&[listed(Listing::Bans(id(1)), rows)]));
}

#[test]
fn members() {
    let member = |user: &str, role, online| {
        let display_name = (user == "bob").then(|| "Robert B.".parse().unwrap());
        let user = user.parse().unwrap();
        Row::Member(room::Member {
            user,
            role,
            joined_at: at(9),
            online: Some(online),
            display_name,
        })
    };
    let rows = vec![
        member("alice", Role::Owner, true),
        member("bob", Role::Admin, false),
        member("carol", Role::Member, true),
    ];
    insta::assert_snapshot!(shots(&[listed(Listing::Members(id(1)), rows)]));
}

#[test]
fn blocks() {
    let blocked = |user: &str| Row::Block(Blocked { user: user.parse().unwrap(), at: at(600) });
    insta::assert_snapshot!(shots(&[listed(
        Listing::Blocks,
        vec![blocked("dave"), blocked("erin")]
    )]));
}

#[test]
fn devices() {
    let device = |number, name: &str, current| {
        let (name, address) = (name.to_owned(), "2001:db8::7".to_owned());
        let (created_at, used_at) = (at(9_000), at(5));
        let public_key = Bytes::default();
        let id = DeviceId(number);
        Row::Device(Device { id, name, public_key, created_at, used_at, address, current })
    };
    let rows = vec![device(1, "laptop", true), device(2, "phone", false)];
    insta::assert_snapshot!(shots(&[listed(Listing::Devices, rows)]));
}

#[test]
fn notifications() {
    let rows = notices().into_iter().map(Row::Notification).collect();
    insta::assert_snapshot!(shots(&[listed(Listing::Notifications, rows)]));
}

#[test]
fn forms() {
    let mut all = String::new();
    let whom = |user: &str| Whom { room: id(1), user: user.into() };
    for purpose in [
        Purpose::Join,
        Purpose::Request { room: "hackday".into(), title: "hackday".into() },
        Purpose::Create,
        Purpose::Deny(whom("dave")),
        Purpose::Kick(whom("dave")),
        Purpose::Ban(whom("dave")),
        Purpose::Ban(whom("")),
        Purpose::Invite(id(1)),
        Purpose::Add(id(1)),
        Purpose::Password,
    ] {
        let mut form = Form::new(purpose);
        form.error = Some("There is no such user; check the name.".to_owned());
        all += &shots(&[Popup::Form(form)]);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_way_in() {
    let mut all = String::new();
    let mut secret = Secret::default();
    secret.insert("hunter22");
    let choice =
        Reply::Choice { of: &["Log in with my password", "Sign up: I am new here"], chosen: 1 };
    for (text, reply) in [
        ("", None),
        (
            "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
            Some(Reply::Line(Default::default())),
        ),
        ("alice has no saved login on this machine.", Some(choice)),
        ("New password for alice@chat.example.org: ", Some(Reply::Secret(secret))),
    ] {
        for size in SIZES {
            let mut model = Model::new("alice", "chat.example.org", "ED25519 pinned", NOW);
            let mut door = Door::default();
            door.say(
                "The authenticity of host 'chat.example.org (192.0.2.7)' can't be established.\nED25519 \
                 key fingerprint is SHA256:puZ/aZotuECQmgCaiZt/MM+4IgUXJ0cGov0GQ14iMow.\nThis key is \
                 not known by any other names.",
            );
            door.asked = reply.is_some();
            door.prompt = reply.clone().map(|reply| Prompt { text: text.into(), reply });
            model.door = Some(door);
            all += &format!("{} x {}\n{}\n", size.0, size.1, shot(model, size));
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_fingerprint_is_scrolled_back_to_on_the_smallest_screen() {
    let mut model = Model::new("alice", "chat", "key not known yet", NOW);
    let mut door = Door::default();
    let fingerprint = "SHA256:puZ/aZotuECQmgCaiZt/MM+4IgUXJ0cGov0GQ14iMow";
    door.say(&format!(
        "The authenticity of host 'chat.example.org (192.0.2.7)' can't be established.\nED25519 key \
         fingerprint is {fingerprint}.\nThis key is not known by any other names."
    ));
    let text = "Are you sure you want to continue connecting (yes/no/[fingerprint])? ".into();
    door.prompt = Some(Prompt { text, reply: Reply::Line(Default::default()) });
    model.door = Some(door);
    let mut shown = Shown::new(model, (40, 10));
    let is_seen = |text: &str| text.replace(['\n', ' '], "").contains(fingerprint);
    let first = shown.look();
    assert!(first.contains("PgUp more") && !is_seen(&first), "{first}");
    shown.press(Key::Named(Named::PageUp));
    let text = shown.look();
    assert!(is_seen(&text), "{text}");
    shown.press(Key::Named(Named::PageDown));
    assert_eq!(shown.look(), first);
}

#[test]
fn a_question() {
    let text = "bob would own this room, and you would be an admin.".to_owned();
    let transfer = room::Transfer { room: id(1), user: "bob".into() };
    let deed = Deed::Change(parlor_protocol::request::Command::Transfer(transfer));
    insta::assert_snapshot!(shots(&[Popup::Question(Question { text, deed, typed: None })]));
}

#[test]
fn the_keys_are_named_as_the_user_has_them() {
    let mut preferences = crate::preferences::Preferences::default();
    for (key, action) in [
        (Key::Ctrl('g'), Action::Close),
        (Key::Ctrl('o'), Action::Enter),
        (Key::Alt('k'), Action::Go(Reach::Up)),
    ] {
        preferences.keymap.bind(key, Some(action));
    }
    let preferences = std::sync::Arc::new(preferences);
    let question = |model: &mut Model| {
        let deed = Deed::Find { room: "ops".into(), then: crate::model::Then::Withdraw };
        let text = "Really?".into();
        model.popups.push(Popup::Question(Question { text, deed, typed: None }));
    };
    type Open<'a> = &'a dyn Fn(&mut Model);
    let cases: [(Open<'_>, &str); 7] = [
        (&|model| model.popups.push(Popup::Help { top: 0 }), "Ctrl-G closes · Alt-K, Down, PgUp, "),
        (
            &|model| model.popups.push(Popup::GoTo(GoTo::default())),
            "Ctrl-O go there · Ctrl-G closes",
        ),
        (
            &|model| model.popups.push(Popup::Form(Form::new(Purpose::Join))),
            "Ctrl-O does it · Ctrl-G closes",
        ),
        (&question, "y: yes · Ctrl-G or n: no"),
        (&|model| model.popups.push(listed(Listing::Devices, Vec::new())), "Ctrl-G closes"),
        (&|model| model.door = Some(Door::default()), " Ctrl-G quits"),
        (
            &|model| {
                let reply = Reply::Choice { of: &["in", "up"], chosen: 0 };
                let prompt = Some(Prompt { text: "Which?".into(), reply });
                model.door = Some(Door { prompt, ..Door::default() });
            },
            "Alt-K, Down choose · Ctrl-O answers · Ctrl-G quits",
        ),
    ];
    for (open, keys) in cases {
        let mut model = model();
        model.preferences = std::sync::Arc::clone(&preferences);
        open(&mut model);
        let shown = shot(model, (80, 24));
        assert!(shown.contains(keys), "no {keys} in {shown}");
        // The help has all keys of each action.
        let others = !shown.contains("HELP") && (shown.contains("Esc") || shown.contains("Enter"));
        assert!(!others, "{shown}");
    }
}

#[test]
fn a_list_keeps_what_is_chosen_in_sight() {
    let mut shown = Shown::new(model(), (80, 12));
    shown.screen.take(Msg::Act(Action::FormerRooms));
    let rows = (0..40).map(|number| {
        let title = format!("room {number}").parse().unwrap();
        let (state, ended, rejoin) = (RoomState::Live, Ended::Left, Rejoin::Now);
        Row::Former(FormerRoom { room: id(number), title, state, ended, at: at(9), rejoin })
    });
    let (listing, rows, more) = (Listing::FormerRooms, rows.collect(), More::Nothing);
    shown.screen.take(Msg::News(News::Page { listing, after: None, rows, more }));
    for _ in 0..20 {
        shown.press(Key::Named(Named::Down));
    }
    let text = shown.look();
    assert!(text.contains("room 20 ") && !text.contains("room 2 "), "{text}");
    shown.press(Key::AltNamed(Named::End));
    assert!(shown.look().contains("room 39 "));
}

#[test]
fn unread_messages_stand_under_a_rule_and_are_jumped_to() {
    let mut model = long_room(300);
    model.rooms[0].fresh = Some((Seq(201), 100));
    let mut shown = Shown::new(model, (80, 24));
    assert!(!shown.look().contains("100 new"));
    shown.press(Key::Alt('u'));
    let text = shown.look();
    assert!(text.contains("100 new"), "{text}");
    assert_eq!(seen(&text).0, 200, "one line of what was read stays in sight: {text}");
}

#[test]
fn mentions_are_jumped_to_one_after_the_other() {
    let mut model = long_room(300);
    let room = &mut model.rooms[0];
    say(room, 301, 2, "bob", "@alice one");
    for seq in 302..=400 {
        say(room, seq, 2, "bob", &format!("message {seq}"));
    }
    say(room, 401, 2, "bob", "@alice two");
    say(room, 402, 2, "bob", "the end");
    let mut shown = Shown::new(model, (80, 24));
    shown.look();
    shown.press(Key::Alt('p'));
    assert!(shown.look().contains("@alice two"));
    shown.press(Key::Alt('p'));
    let text = shown.look();
    assert!(text.contains("@alice one") && !text.contains("two"), "{text}");
    shown.press(Key::Alt('n'));
    assert!(shown.look().contains("@alice two"));
    shown.press(Key::Alt('n'));
    assert!(shown.look().contains("the end"), "the end is next");
}

#[test]
fn what_is_seen_is_told_to_be_read() {
    let mut shown = Shown::new(long_room(30), (80, 24));
    let read = Ask::Read { room: id(9), seq: Seq(30) };
    assert_eq!(shown.screen.refresh(), [Intent::Ask(read)]);
    assert_eq!(shown.screen.refresh(), []);
    shown.press(Key::Named(Named::PageUp));
    shown.screen.take(news::said(id(9), news::message(31, "bob", "below")));
    assert_eq!(shown.screen.refresh(), [], "what is below is not seen");
}
