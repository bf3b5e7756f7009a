//! What keys do in lists, forms and questions.

use parlor_protocol::entry::{Approve, Deny, Invite, JoinRequest};
use parlor_protocol::id::NotificationId;
use parlor_protocol::notification::{Notification, NotificationKind, WhichNotifications};
use parlor_protocol::refusal::Code;
use parlor_protocol::room::{JoinRoom, Member, Transfer};

use super::*;
use crate::model::Purpose;

const ENTER: Key = Key::Named(Named::Enter);
const ESC: Key = Key::Named(Named::Esc);
const DOWN: Key = Key::Named(Named::Down);

fn rows(model: &mut Model, listing: Listing, rows: Vec<Row>) {
    update(model, Msg::News(News::Page { listing, after: None, rows, more: More::Nothing }));
}

fn member(user: &str, role: Role) -> Row {
    let user = user.parse().unwrap();
    Row::Member(Member { user, role, joined_at: NOW, online: Some(true), display_name: None })
}

fn request(user: &str) -> Row {
    let user = user.parse().unwrap();
    Row::Request(JoinRequest { room: id(1), user, reason: None, at: NOW })
}

fn list_keys(model: &Model) -> String {
    let Some(Popup::List(list)) = model.popup() else { panic!("a list lies open") };
    let keys = crate::update::offers(model, list);
    let keys = keys.iter().map(|offer| match offer.key {
        Some(key) => format!("{key} {}", offer.words),
        None => format!("Enter {}", offer.words),
    });
    keys.collect::<Vec<_>>().join(", ")
}

fn form_error(model: &Model) -> &str {
    let Some(Popup::Form(form)) = model.popup() else { panic!("a form lies open") };
    form.error.as_deref().unwrap_or_default()
}

fn type_text(model: &mut Model, text: &str) -> Vec<Intent> {
    text.chars().flat_map(|c| update(model, Msg::Type(c))).collect()
}

#[test]
fn the_public_rooms_are_searched_as_one_types_and_fetched_page_by_page() {
    let mut model = alice();
    type_in(&mut model, "/rooms");
    let listing = || Listing::Rooms { search: "b".into() };
    assert_eq!(type_text(&mut model, "b"), [page(listing())]);
    // What was asked for before is not what is wanted any more.
    rows(&mut model, Listing::Rooms { search: String::new() }, vec![member("xx", Role::Member)]);
    let room = |number: u64, entry| {
        let title = format!("b{number}");
        let room = listed(number, &title, 1, Role::Member);
        Row::Room(room::Room { role: None, entry, ..room })
    };
    let two = vec![room(3, Entry::Open), room(4, Entry::Ask)];
    let more = More::From("b4".into());
    let first = News::Page { listing: listing(), after: None, rows: two, more };
    update(&mut model, Msg::News(first));
    assert_eq!(list_keys(&model), "Enter join");
    let next = Ask::Page { listing: listing(), after: Some("b4".into()) };
    assert_eq!(press(&mut model, DOWN), [Intent::Ask(next)]);
    assert_eq!(press(&mut model, DOWN), [], "the next page is on its way");
    assert_eq!(list_keys(&model), "Enter ask to join");
    assert_eq!(press(&mut model, ENTER), []);
    type_text(&mut model, "please");
    let then = Then::Request("please".into());
    let room = id(4).to_string();
    assert_eq!(press(&mut model, ENTER), deed(Deed::Find { room, then }));
    update(&mut model, Msg::News(News::Done(AskId(0))));
    assert!(matches!(model.popup(), Some(Popup::List(_))), "the list is seen again");
    assert_eq!(notice(&model), "You have asked to come into b4. Its admins are told.");
    press(&mut model, ESC);
    assert_eq!(model.popup(), None);
}

#[test]
fn the_id_of_an_invite_is_entered_and_what_the_server_says_is_shown() {
    let mut model = alice();
    press(&mut model, Key::Alt('j'));
    assert_eq!(press(&mut model, ENTER), []);
    assert_eq!(form_error(&model), "Type the ID from an invite, or a room's title.");
    update(&mut model, Msg::Paste("alice invited you to ops: /join kx4f9-2mqa7\n".into()));
    let asked = press(&mut model, ENTER);
    let (room, then) = ("kx4f9-2mqa7".to_owned(), Then::Join { leave: None });
    assert_eq!(asked, deed(Deed::Find { room, then }));
    assert_eq!(press(&mut model, ENTER), [], "one answer is waited for");
    update(&mut model, failed("You are not invited."));
    assert_eq!(form_error(&model), "You are not invited.");
    press(&mut model, ESC);
    assert_eq!(model.popup(), None);
}

#[test]
fn a_room_that_takes_requests_is_asked_in_the_same_form() {
    let mut model = alice();
    press(&mut model, Key::Alt('j'));
    type_text(&mut model, "rust");
    press(&mut model, ENTER);
    let code = Some(Code::RequestFirst);
    update(&mut model, Msg::News(News::Failed { id: AskId(0), code, why: String::new() }));
    let Some(Popup::Form(form)) = model.popup() else { panic!("a form lies open") };
    let request = Purpose::Request { room: "rust".into(), title: "rust".into() };
    assert_eq!(form.purpose, request);
}

#[test]
fn a_form_steps_through_its_fields_and_its_choices() {
    let mut model = alice();
    assert_eq!(type_in(&mut model, "/create"), []);
    type_text(&mut model, "night shift");
    assert_eq!(press(&mut model, ENTER), []);
    press(&mut model, Key::Named(Named::Right));
    press(&mut model, DOWN);
    assert_eq!(type_text(&mut model, " "), []);
    let (title, visibility, entry) = ("night shift".into(), Visibility::Private, Entry::Ask);
    let create = CreateRoom { title, visibility, entry };
    assert_eq!(press(&mut model, ENTER), change(Command::CreateRoom(create)));
    update(&mut model, Msg::News(News::Done(AskId(0))));
    assert_eq!(model.popup(), None);
}

#[test]
fn requests_are_approved_by_a_key_and_denied_with_a_reason() {
    let mut model = alice();
    let listing = || Listing::Requests(id(1));
    type_in(&mut model, "/requests");
    rows(&mut model, listing(), vec![request("bob"), request("carol")]);
    assert_eq!(list_keys(&model), "a approve, d deny");
    let approve = Approve { room: id(1), user: "bob".into() };
    assert_eq!(type_text(&mut model, "a"), change(Command::Approve(approve)));
    let done = update(&mut model, Msg::News(News::Done(AskId(0))));
    assert_eq!(done, [page(listing())], "the list is fetched anew");
    rows(&mut model, listing(), vec![request("carol")]);
    type_text(&mut model, "d");
    type_text(&mut model, "no room");
    let deny = Deny { room: id(1), user: "carol".into(), reason: "no room".into() };
    let asked = Ask::Do { id: AskId(1), deed: Box::new(Deed::Change(Command::Deny(deny))) };
    assert_eq!(press(&mut model, ENTER), [Intent::Ask(asked)]);
    assert_eq!(type_text(&mut model, "z"), [], "a key that is not offered does nothing");
}

#[test]
fn what_a_member_may_be_done_to_depends_on_both_roles() {
    let all = "p make admin, t hand over, k kick, b ban";
    let list = "i invite, a add, r requests, v invites, o bans";
    for (own, their, keys) in [
        (Role::Owner, Role::Member, format!("Enter mention, {all}, x block, {list}")),
        (
            Role::Owner,
            Role::Admin,
            format!("Enter mention, d dismiss, t hand over, k kick, b ban, x block, {list}"),
        ),
        (Role::Admin, Role::Member, format!("Enter mention, k kick, b ban, x block, {list}")),
        (Role::Admin, Role::Owner, format!("Enter mention, x block, {list}")),
        (Role::Admin, Role::Admin, format!("Enter mention, x block, {list}")),
        (Role::Member, Role::Member, "Enter mention, x block".to_owned()),
    ] {
        let mut model = alice();
        model.rooms[0].role = own;
        press(&mut model, Key::Named(Named::F(8)));
        rows(&mut model, Listing::Members(id(1)), vec![member("bob", their)]);
        assert_eq!(list_keys(&model), keys, "{own:?} {their:?}");
    }
    let mut model = alice();
    model.rooms[0].role = Role::Admin;
    press(&mut model, Key::Named(Named::F(8)));
    rows(&mut model, Listing::Members(id(1)), vec![member("alice", Role::Admin)]);
    assert_eq!(list_keys(&model), format!("d step down, {list}"));
}

#[test]
fn what_cannot_be_undone_is_asked_first() {
    let mut model = alice();
    press(&mut model, Key::Named(Named::F(8)));
    rows(&mut model, Listing::Members(id(1)), vec![member("bob", Role::Member)]);
    assert_eq!(type_text(&mut model, "t"), []);
    assert!(matches!(model.popup(), Some(Popup::Question(_))));
    assert_eq!(type_text(&mut model, "n"), []);
    assert!(matches!(model.popup(), Some(Popup::List(_))));
    type_text(&mut model, "t");
    let transfer = Transfer { room: id(1), user: "bob".into() };
    assert_eq!(type_text(&mut model, "y"), change(Command::Transfer(transfer)));
    update(&mut model, failed("You are not the owner."));
    let Some(Popup::List(list)) = model.popup() else { panic!("the list lies open") };
    assert_eq!(list.error.as_deref(), Some("You are not the owner."));
}

#[test]
fn a_mention_goes_into_the_input() {
    let mut model = alice();
    update(&mut model, Msg::Type('x'));
    press(&mut model, Key::Named(Named::F(8)));
    rows(&mut model, Listing::Members(id(1)), vec![member("bob", Role::Member)]);
    press(&mut model, ENTER);
    assert_eq!((model.popup(), model.input.text()), (None, "x @bob "));
}

#[test]
fn notices_lead_to_where_they_are_about_and_are_read_and_dismissed_everywhere() {
    let mut model = alice();
    let notice = |number, kind, room| Notification {
        id: NotificationId(number),
        kind,
        at: NOW,
        room: Some(id(room)),
        title: "ops".parse().ok(),
        by: "bob".parse().ok(),
        reason: None,
        role: None,
        seq: None,
        read: false,
        until: None,
    };
    let invited = notice(1, NotificationKind::Invited, 9);
    let calls = vec![Intent::Call("bob invited you to ops: /join 00000-00009".into())];
    assert_eq!(update(&mut model, Msg::News(News::Notified(invited.clone()))), calls);
    assert_eq!(model.unread_notices(), 1);
    assert_eq!(press(&mut model, Key::Named(Named::F(9))), [page(Listing::Notifications)]);
    let asked = notice(2, NotificationKind::JoinRequested, 1);
    let both = vec![Row::Notification(invited), Row::Notification(asked)];
    rows(&mut model, Listing::Notifications, both);
    assert_eq!(list_keys(&model), "Enter join, r mark read, d dismiss, R all read, D dismiss all");
    let join = JoinRoom { room: id(9), leave: None };
    assert_eq!(press(&mut model, ENTER), change(Command::JoinRoom(join)));
    press(&mut model, DOWN);
    assert_eq!(press(&mut model, ENTER), [page(Listing::Requests(id(1)))]);
    press(&mut model, ESC);
    let one = WhichNotifications { id: Some(NotificationId(2)) };
    let read = Deed::Change(Command::ReadNotifications(one));
    let read = Ask::Do { id: AskId(1), deed: Box::new(read) };
    assert_eq!(type_text(&mut model, "r"), [Intent::Ask(read)]);
    update(&mut model, Msg::News(News::NoticesRead(Some(NotificationId(2)))));
    assert_eq!(model.unread_notices(), 1);
    update(&mut model, Msg::News(News::NoticesDismissed(None)));
    assert_eq!(model.notices, []);
}

#[test]
fn an_invite_of_ones_own_is_taken_by_enter() {
    let mut model = alice();
    type_in(&mut model, "/invites");
    let user = "alice".parse().unwrap();
    let (by, title) = ("bob".parse().unwrap(), "ops".parse().unwrap());
    let invite = Invite { room: id(9), title, user, by, at: NOW, until: NOW };
    rows(&mut model, Listing::Invites(None), vec![Row::Invite(invite)]);
    let join = JoinRoom { room: id(9), leave: None };
    assert_eq!(press(&mut model, ENTER), change(Command::JoinRoom(join)));
    update(&mut model, Msg::News(News::Entered(listed(9, "ops", 3, Role::Member))));
    assert_eq!((model.here, model.popup()), (Some(id(9)), None), "the room is seen at once");
    update(&mut model, Msg::News(News::Done(AskId(0))));
    // What another device enters takes nobody away from where they are.
    update(&mut model, Msg::News(News::Entered(listed(8, "new", 3, Role::Member))));
    assert_eq!(model.here, Some(id(9)));
}

#[test]
fn a_room_is_gone_to_by_some_letters_of_its_title() {
    let mut model = alice();
    press(&mut model, Key::Alt('g'));
    type_text(&mut model, "os");
    press(&mut model, ENTER);
    assert_eq!((model.here, model.popup()), (Some(id(2)), None));
    press(&mut model, Key::Named(Named::F(7)));
    type_text(&mut model, "zzz");
    press(&mut model, ENTER);
    assert_eq!(model.here, Some(id(2)), "nothing matches");
    press(&mut model, Key::Named(Named::F(7)));
    assert_eq!(model.popup(), None, "the key that opens it closes it");
}

#[test]
fn a_lost_connection_is_said_where_an_answer_was_waited_for() {
    let mut model = alice();
    press(&mut model, Key::Alt('o'));
    press(&mut model, Key::Alt('j'));
    type_text(&mut model, "rust");
    press(&mut model, ENTER);
    update(&mut model, offline());
    assert_eq!(
        form_error(&model),
        "The connection was lost before the server answered; it may have been done."
    );
    press(&mut model, ESC);
    press(&mut model, Key::Alt('o'));
    assert_eq!(notice(&model), "Not connected: try again when the connection is back.");
}

#[test]
fn a_list_that_becomes_untrue_is_fetched_anew() {
    let mut model = alice();
    type_in(&mut model, "/requests");
    rows(&mut model, Listing::Requests(id(1)), Vec::new());
    let user = "bob".parse().unwrap();
    let change = Change::Requested(JoinRequest { room: id(1), user, reason: None, at: NOW });
    let news = News::Changed { room: id(1), at: NOW, change };
    assert_eq!(update(&mut model, Msg::News(news)), [page(Listing::Requests(id(1)))]);
}

#[test]
fn the_first_unread_message_is_gone_to() {
    let mut model = alice();
    press(&mut model, Key::Alt('u'));
    assert_eq!(notice(&model), "Nothing was unread here.");
    update(&mut model, said(id(2), message(1, "bob", "psst @alice")));
    assert_eq!((model.rooms[1].unread, model.rooms[1].mentions), (1, 1));
    press(&mut model, Key::Alt('2'));
    press(&mut model, Key::Alt('u'));
    let jump = model.jump.expect("there is somewhere to go");
    assert_eq!((jump.room, jump.to), (id(2), Seq(1)));
}

#[test]
fn ctrl_k_on_an_empty_line_goes_to_a_room_and_cuts_otherwise() {
    let mut model = alice();
    update(&mut model, Msg::Type('x'));
    press(&mut model, Key::Named(Named::Home));
    press(&mut model, Key::Ctrl('k'));
    assert_eq!((model.popup(), model.input.text()), (None, ""));
    press(&mut model, Key::Ctrl('k'));
    assert!(matches!(model.popup(), Some(Popup::GoTo(_))));
}
