//! What one has read, been told of, or left: what is marked as read by it, and what is shown of it.

use parlor_protocol::entry::{Ended, FormerRoom, Rejoin, RoomState};
use parlor_protocol::id::NotificationId;
use parlor_protocol::notification::{Notification, NotificationKind, WhichNotifications};
use parlor_protocol::push::Exited;
use parlor_protocol::room::{Departure, Member, ReadMarker};

use super::*;
use crate::update::Pointed;

fn told(number: u32, kind: NotificationKind, room: u64, seq: Option<u64>) -> Notification {
    Notification {
        id: NotificationId(number),
        kind,
        at: NOW,
        room: Some(id(room)),
        title: Title::parse("ops").ok(),
        by: UserName::parse("bob").ok(),
        reason: None,
        role: None,
        seq: seq.map(Seq),
        read: false,
        until: None,
    }
}

fn hear(model: &mut Model, told: &Notification) -> Vec<Intent> {
    update(model, Msg::News(News::Notified(told.clone())))
}

fn notices_page(rows: Vec<Notification>) -> Msg {
    let rows = rows.into_iter().map(Row::Notification).collect();
    let (listing, more) = (Listing::Notifications, More::Nothing);
    Msg::News(News::Page { listing, after: None, rows, more })
}

fn reads(numbers: &[u32]) -> Intent {
    Intent::Ask(Ask::ReadNotices(numbers.iter().map(|&number| NotificationId(number)).collect()))
}

#[test]
fn a_mention_that_is_read_in_its_room_is_no_unread_notice_any_more() {
    let mut model = alice();
    let mention = told(7, NotificationKind::Mentioned, 2, Some(3));
    hear(&mut model, &mention);
    hear(&mut model, &told(8, NotificationKind::Mentioned, 2, Some(9)));
    hear(&mut model, &told(9, NotificationKind::JoinRequested, 1, None));
    assert_eq!(model.unread_notices(), 3);
    let asked = update(&mut model, Msg::Seen(id(2), Seq(5)));
    let read = Intent::Ask(Ask::Read { room: id(2), seq: Seq(5) });
    assert_eq!(asked, [read, reads(&[7])]);
    assert_eq!(model.unread_notices(), 2, "what is further down, and what is no mention, stays");
    // Another device has read on.
    let marker = ReadMarker { room: id(2), seq: Seq(9), unread: 0, mentions: 0 };
    assert_eq!(update(&mut model, Msg::News(News::Read(marker))), [reads(&[8])]);
    assert_eq!(model.unread_notices(), 1);
    // The message may be seen before the notice of it comes, or was read before the program began.
    let late = hear(&mut model, &told(10, NotificationKind::Mentioned, 2, Some(4)));
    assert!(late.contains(&reads(&[10])), "{late:?}");
    let asked = update(&mut model, notices_page(vec![mention]));
    assert_eq!(asked, [reads(&[7])]);
}

#[test]
fn what_one_is_told_of_while_the_list_is_on_its_way_is_not_lost() {
    let mut model = alice();
    hear(&mut model, &told(9, NotificationKind::JoinRequested, 1, None));
    update(&mut model, notices_page(vec![told(8, NotificationKind::JoinRequested, 1, None)]));
    let numbers: Vec<_> = model.notices.iter().map(|notice| notice.id.0).collect();
    assert_eq!(numbers, [9, 8]);
}

#[test]
fn a_list_that_is_fetched_anew_keeps_the_row_that_is_chosen() {
    let mut model = alice();
    press(&mut model, Key::Named(Named::F(9)));
    let old = told(8, NotificationKind::JoinRequested, 1, None);
    update(&mut model, notices_page(vec![old.clone()]));
    let new = told(9, NotificationKind::JoinRequested, 1, None);
    update(&mut model, notices_page(vec![new, old]));
    let which = WhichNotifications { id: Some(NotificationId(8)) };
    let dismiss = change(Command::DismissNotifications(which));
    assert_eq!(update(&mut model, Msg::Type('d')), dismiss);
}

#[test]
fn a_hint_goes_with_the_next_thing_that_is_done_and_an_error_while_one_does_something_else() {
    let mut model = alice();
    press(&mut model, Key::Alt('a'));
    assert_eq!(notice(&model), "Nothing is unread.");
    press(&mut model, Key::Alt('a'));
    assert_eq!(notice(&model), "Nothing is unread.", "it is as true as before");
    update(&mut model, Msg::Type('x'));
    assert_eq!(notice(&model), "");
    type_in(&mut model, "");
    press(&mut model, Key::Alt('3'));
    assert_eq!(notice(&model), "There is no room 3.");
    update(&mut model, Msg::Type('x'));
    assert_eq!(notice(&model), "There is no room 3.", "one writes on below it");
    press(&mut model, Key::Alt('2'));
    assert_eq!(notice(&model), "");
}

#[test]
fn what_comes_unasked_can_be_read_though_a_key_is_pressed_just_then() {
    let mut model = alice();
    update(&mut model, Msg::News(News::Said("mind the step".into())));
    update(&mut model, Msg::Type('x'));
    assert_eq!(notice(&model), "mind the step");
    update(&mut model, Msg::Tick(Timestamp(NOW.0 + 3_000)));
    assert_eq!(notice(&model), "mind the step", "nobody has done anything");
    update(&mut model, Msg::Type('x'));
    assert_eq!(notice(&model), "");
}

#[test]
fn a_hint_goes_when_what_it_speaks_of_is_over() {
    let mut model = alice();
    update(&mut model, offline());
    press(&mut model, Key::Alt('o'));
    assert_eq!(notice(&model), "Not connected: try again when the connection is back.");
    update(&mut model, online());
    assert_eq!(notice(&model), "");
    for over in [
        News::NoticesRead(Some(NotificationId(7))),
        News::NoticesDismissed(None),
        News::Entered(listed(9, "rust", 3, Role::Member)),
    ] {
        let mut model = alice();
        hear(&mut model, &told(7, NotificationKind::Invited, 9, None));
        assert!(notice(&model).contains("/join"), "{}", notice(&model));
        update(&mut model, Msg::News(over.clone()));
        assert_eq!(notice(&model), "", "{over:?}");
    }
}

fn former(number: u64, rejoin: Rejoin) -> FormerRoom {
    let title = Title::parse(&format!("room {number}")).unwrap();
    let (state, ended) = (RoomState::Live, Ended::Left);
    FormerRoom { room: id(number), title, state, ended, at: NOW, rejoin }
}

fn former_page(rows: Vec<FormerRoom>) -> Msg {
    let rows = rows.into_iter().map(Row::Former).collect();
    let (listing, more) = (Listing::FormerRooms, More::Nothing);
    Msg::News(News::Page { listing, after: None, rows, more })
}

#[test]
fn former_rooms_are_known_from_the_start_and_after_each_that_is_left() {
    let mut model = alice();
    let all = [10, 11, 12, 13, 14, 15].map(|number| former(number, Rejoin::Now));
    let closed = [former(8, Rejoin::No), former(9, Rejoin::Invite)];
    update(&mut model, former_page([&closed[..], &all[..]].concat()));
    assert_eq!(model.former, all[..5], "those that one may go back to, some of them");
    update(&mut model, Msg::News(News::Entered(listed(10, "room 10", 1, Role::Member))));
    assert_eq!(model.former, all[1..5]);
    let exited = Exited { room: id(10), how: Departure::Left, by: None, reason: None };
    let asked = update(&mut model, Msg::News(News::Exited(exited)));
    assert!(asked.contains(&page(Listing::FormerRooms)), "{asked:?}");
    let asked = hear(&mut model, &told(7, NotificationKind::Unbanned, 9, None));
    assert!(asked.contains(&page(Listing::FormerRooms)), "{asked:?}");
}

#[test]
fn a_notice_of_a_kick_leads_to_the_former_room_itself() {
    let mut model = alice();
    let kicked = told(7, NotificationKind::Kicked, 10, None);
    hear(&mut model, &kicked);
    press(&mut model, Key::Named(Named::F(9)));
    update(&mut model, notices_page(vec![kicked]));
    let asked = press(&mut model, Key::Named(Named::Enter));
    assert_eq!(asked, [page(Listing::FormerRooms)]);
    let rows = [9, 10, 11].map(|number| former(number, Rejoin::Request)).to_vec();
    update(&mut model, former_page(rows.clone()));
    let chosen = |model: &Model| match model.popup() {
        Some(Popup::List(list)) => list.row().and_then(Row::former).map(|former| former.room),
        _ => None,
    };
    assert_eq!(chosen(&model), Some(id(10)));
    // Whoever goes on from there is not taken back.
    press(&mut model, Key::Named(Named::Down));
    update(&mut model, former_page(rows));
    assert_eq!(chosen(&model), Some(id(11)));
}

#[test]
fn what_is_pointed_at_is_shown_with_what_can_be_done_with_it() {
    let mut model = alice();
    let rooms = vec![former(10, Rejoin::Now), former(11, Rejoin::Request)];
    update(&mut model, former_page(rooms.clone()));
    let asked = update(&mut model, Msg::Point(Pointed::Former(id(11))));
    assert_eq!(asked, [page(Listing::FormerRooms)]);
    // The server's list has more rooms than the pane.
    let more = [vec![former(12, Rejoin::Invite)], rooms].concat();
    update(&mut model, former_page(more));
    press(&mut model, Key::Named(Named::Enter));
    assert!(matches!(model.popup(), Some(Popup::Form(_))), "one asks to join this one");

    let mut model = alice();
    let members = ["alice", "bob"].map(|user| crate::model::Member {
        user: user.into(),
        role: Role::Member,
        online: None,
        display_name: None,
    });
    update(&mut model, Msg::News(News::Members { room: id(1), members: members.into() }));
    update(&mut model, Msg::Point(Pointed::Member("bob".into())));
    update(&mut model, Msg::Type('k'));
    assert!(format!("{:?}", model.popup()).contains("Kick(Whom { room"), "{:?}", model.popup());

    let mut model = alice();
    hear(&mut model, &told(7, NotificationKind::Mentioned, 2, Some(3)));
    hear(&mut model, &told(8, NotificationKind::JoinRequested, 1, None));
    update(&mut model, Msg::Point(Pointed::Notice(NotificationId(7))));
    // A click chooses another row, and a second one does what Enter does.
    update(&mut model, Msg::Point(Pointed::Row(0)));
    update(&mut model, Msg::Point(Pointed::Row(1)));
    assert_eq!(model.here, Some(id(1)));
    update(&mut model, Msg::Point(Pointed::Row(1)));
    assert_eq!(model.here, Some(id(2)));
}

#[test]
fn former_rooms_are_below_ones_own_where_one_goes_to_rooms() {
    let mut model = alice();
    update(&mut model, former_page(vec![former(10, Rejoin::Now)]));
    press(&mut model, Key::Named(Named::F(7)));
    for _ in 0..5 {
        press(&mut model, Key::Named(Named::Down));
    }
    let asked = press(&mut model, Key::Named(Named::Enter));
    assert_eq!(asked, [page(Listing::FormerRooms)]);
}

#[test]
fn nothing_is_offered_that_does_nothing() {
    let mut model = alice();
    press(&mut model, Key::Alt('o'));
    for rejoin in [Rejoin::Invite, Rejoin::No] {
        update(&mut model, former_page(vec![former(10, rejoin)]));
        let Some(Popup::List(list)) = model.popup() else { panic!("the list lies open") };
        assert_eq!(crate::update::offers(&model, list), [], "{rejoin:?}");
    }
    let mut nowhere = Model::new("alice", "chat", "pinned", NOW);
    update(&mut nowhere, online());
    for key in [Key::Named(Named::F(8)), Key::Ctrl('n')] {
        press(&mut nowhere, key);
        assert!(notice(&nowhere).starts_with("You are in no room: /rooms"), "{key}");
        nowhere.notice = None;
    }
    press(&mut nowhere, Key::Alt('/'));
    assert_eq!(notice(&nowhere), "You were in no other room before this one.");
}

#[test]
fn a_lost_list_is_fetched_when_the_connection_is_back() {
    let mut model = alice();
    press(&mut model, Key::Alt('o'));
    update(&mut model, offline());
    update(&mut model, online());
    let asked =
        update(&mut model, Msg::News(News::Rooms(vec![listed(1, "general", 3, Role::Owner)])));
    assert_eq!(asked.iter().filter(|ask| **ask == page(Listing::FormerRooms)).count(), 2);
    let Some(Popup::List(list)) = model.popup() else { panic!("the list lies open") };
    assert_eq!((&list.error, &list.more), (&None, &More::Asked));
}

#[test]
fn notices_are_read_and_dismissed_by_a_command() {
    let which = |id: Option<u32>| WhichNotifications { id: id.map(NotificationId) };
    for (typed, asked) in [
        ("/notices", vec![page(Listing::Notifications)]),
        ("/notices read 7", change(Command::ReadNotifications(which(Some(7))))),
        ("/notices read all", change(Command::ReadNotifications(which(None)))),
        ("/notices dismiss 7", change(Command::DismissNotifications(which(Some(7))))),
        ("/notices dismiss all", change(Command::DismissNotifications(which(None)))),
        ("/notices dismiss", Vec::new()),
        ("/notices forget 7", Vec::new()),
    ] {
        let mut model = alice();
        assert_eq!(type_in(&mut model, typed), asked, "{typed}");
        assert_eq!(notice(&model).is_empty(), !asked.is_empty(), "{typed}");
    }
}

#[test]
fn a_ban_is_one_line_and_ones_own_joining_is_counted_once() {
    use parlor_protocol::entry::Ban;
    use parlor_protocol::push::Departed;
    let mut model = alice();
    let name = |name: &str| UserName::parse(name).unwrap();
    let spam = || "spam".parse().ok();
    let gone = Departed {
        user: name("bob"),
        how: Departure::Banned,
        by: Some(name("alice")),
        reason: spam(),
    };
    let until = Some(Timestamp(NOW.0 + 86_400_000));
    let ban = |user| Ban {
        room: id(1),
        user: name(user),
        by: name("alice"),
        reason: spam(),
        at: NOW,
        until,
    };
    let joined = |user| {
        let (user, role) = (name(user), Role::Member);
        Member { user, role, joined_at: NOW, online: None, display_name: None }
    };
    for change in [
        Change::Departed(gone),
        Change::Banned(ban("bob")),
        Change::Banned(ban("mallory")),
        Change::Joined(joined("alice")),
    ] {
        update(&mut model, Msg::News(News::Changed { room: id(1), at: NOW, change }));
    }
    let entries = model.rooms[0].timeline.entries().iter();
    let lines: Vec<_> = entries.filter_map(|it| it.what.happened(|_| "tomorrow".into())).collect();
    assert_eq!(
        lines,
        [
            "alice banned bob until tomorrow: spam",
            "alice banned mallory until tomorrow: spam",
            "alice joined"
        ]
    );
    assert_eq!(model.rooms[0].member_count, 2);
}
