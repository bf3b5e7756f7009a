//! The model's behaviour, told as tables: what happens, what is then shown, what is asked.

mod calling;
mod changes;
mod commands;
mod completing;
mod copying;
mod forms;
mod kept;
mod pasting;
mod popups;
mod reading;
mod writing;

use parlor_protocol::id::{RoomId, Seq, Timestamp};
use parlor_protocol::message::{Message, MessageKind};
use parlor_protocol::name::{Title, UserName};
use parlor_protocol::push::Change;
use parlor_protocol::request::Command;
use parlor_protocol::room::{self, CreateRoom, Entry, LeaveRoom, Role, Visibility};
use parlor_protocol::text::MessageText;

use super::{Ask, Intent, Msg, News, update};
use crate::keymap::{Key, Keymap, Named};
use crate::model::{
    AskId, Before, Deed, Link, Listing, LocalId, Model, More, Notice, Popup, Row, SendState, Then,
    What,
};

const NOW: Timestamp = Timestamp(1_795_356_300_000);

/// A message as it comes over the wire.
pub(crate) fn message(seq: u64, author: &str, text: &str) -> Message {
    Message {
        seq: Seq(seq),
        at: NOW,
        author: UserName::parse(author).unwrap(),
        text: MessageText::parse(text).unwrap(),
        kind: MessageKind::Said,
        author_removed: false,
    }
}

/// The news of a message.
pub(crate) fn said(room: RoomId, message: Message) -> Msg {
    let change = Change::Message(message);
    Msg::News(News::Changed { room, at: NOW, change })
}

fn id(number: u64) -> RoomId {
    RoomId::from_random(number)
}

/// A room of one's own, as the server lists it.
pub(crate) fn listed(number: u64, title: &str, members: u32, role: Role) -> room::Room {
    room::Room {
        room: id(number),
        title: Title::parse(title).unwrap(),
        members,
        role: Some(role),
        last_seq: Some(Seq(0)),
        revision: None,
        topic: None,
        visibility: Visibility::Public,
        entry: Entry::Open,
        slow_secs: 0,
        read: Some(Seq(0)),
        unread: Some(0),
        mentions: Some(0),
    }
}

fn online() -> Msg {
    Msg::News(News::Link(Link::Online { round_trip: None }))
}

fn offline() -> Msg {
    let why = "connection refused".to_owned();
    Msg::News(News::Link(Link::Waiting { heard: None, retry_at: NOW, why }))
}

/// Alice in two rooms, connected, with general before her.
pub(crate) fn alice() -> Model {
    let mut model = Model::new("alice", "chat", "pinned", NOW);
    update(&mut model, online());
    // By ID, as the server has them; here they are numbered by title.
    let rooms = vec![listed(2, "ops", 2, Role::Member), listed(1, "general", 3, Role::Owner)];
    let asked = update(&mut model, Msg::News(News::Rooms(rooms)));
    assert_eq!(
        asked,
        [
            Intent::Ask(Ask::Older { room: id(1), before: None }),
            Intent::Ask(Ask::Members { room: id(1) }),
            page(Listing::Notifications),
            page(Listing::FormerRooms),
        ],
        "what is shown is fetched"
    );
    model
}

/// What asks for the first page of a list.
fn page(listing: Listing) -> Intent {
    Intent::Ask(Ask::Page { listing, after: None })
}

/// What asks for the first thing to be done.
fn deed(deed: Deed) -> Vec<Intent> {
    vec![Intent::Ask(Ask::Do { id: AskId(0), deed: Box::new(deed) })]
}

fn change(command: Command) -> Vec<Intent> {
    deed(Deed::Change(command))
}

fn failed(why: &str) -> Msg {
    Msg::News(News::Failed { id: AskId(0), code: None, why: why.into() })
}

fn type_in(model: &mut Model, text: &str) -> Vec<Intent> {
    for c in text.chars() {
        update(model, Msg::Type(c));
    }
    press(model, Key::Named(Named::Enter))
}

fn press(model: &mut Model, key: Key) -> Vec<Intent> {
    let action = Keymap::default().action(key).expect("the key does something");
    update(model, Msg::Act(action))
}

fn notice(model: &Model) -> &str {
    match &model.notice {
        Some(Notice::Error(text) | Notice::Hint(text)) => text,
        None => "",
    }
}

fn happened(model: &Model) -> Vec<String> {
    let entries = model.rooms[0].timeline.entries().iter();
    let texts = entries.map(|entry| match &entry.what {
        What::Said(said) => format!("{}: {}", said.author, said.text),
        what => what.happened(|at| at.0.to_string()).unwrap_or_default(),
    });
    texts.collect()
}

#[test]
fn what_is_typed_is_sent_or_kept() {
    let send = |text: &str, kind| {
        let text = text.to_owned();
        vec![Intent::Ask(Ask::Send { room: id(1), local: LocalId(0), text, kind })]
    };
    let find = |room: &str, then| deed(Deed::Find { room: room.into(), then });
    let create = |title: &str, visibility, entry| {
        change(Command::CreateRoom(CreateRoom { title: title.to_owned(), visibility, entry }))
    };
    let private = Visibility::Private;
    let leave = Command::LeaveRoom(LeaveRoom { room: id(1) });
    for (typed, asked, kept, told) in [
        ("hello", send("hello", MessageKind::Said), "", ""),
        ("//hello", send("/hello", MessageKind::Said), "", ""),
        ("/me waves", send("waves", MessageKind::Action), "", ""),
        ("/me", vec![], "/me", "/me needs to know what you do, as in /me waves."),
        ("   ", vec![], "   ", ""),
        ("/join rust", find("rust", Then::Join { leave: None }), "", ""),
        ("/join General", vec![], "", ""),
        ("/create  a b ", create("a b", Visibility::Public, Entry::Ask), "", ""),
        ("/create --open a", create("a", Visibility::Public, Entry::Open), "", ""),
        ("/create --private a", create("a", Visibility::Private, Entry::Ask), "", ""),
        ("/create a b --entry open", create("a b", Visibility::Public, Entry::Open), "", ""),
        ("/create a --open", create("a", Visibility::Public, Entry::Open), "", ""),
        ("/create --entry ask a", create("a", Visibility::Public, Entry::Ask), "", ""),
        ("/create \"a --open\" --private", create("a --open", private, Entry::Ask), "", ""),
        ("/create \"a\" b", create("\"a\" b", Visibility::Public, Entry::Ask), "", ""),
        ("/create --private", vec![], "/create --private", "/create needs a title."),
        ("/join rust --leave ops", find("rust", Then::Join { leave: Some(id(2)) }), "", ""),
        ("/request \"a b\" why", find("a b", Then::Request("why".into())), "", ""),
        ("/withdraw rust", find("rust", Then::Withdraw), "", ""),
        ("/leave", change(leave), "", ""),
        ("/leave nowhere", vec![], "/leave nowhere", "You are in no such room."),
        ("/rooms", vec![page(Listing::Rooms { search: String::new() })], "", ""),
        ("/quit", vec![Intent::Quit], "", ""),
        (
            "/nonsense",
            vec![],
            "/nonsense",
            "There is no such command; /help shows them. // begins a message with a slash.",
        ),
    ] {
        let mut model = alice();
        assert_eq!(type_in(&mut model, typed), asked, "{typed}");
        assert_eq!(model.input.text(), kept, "{typed}");
        assert_eq!(notice(&model), told, "{typed}");
    }
}

#[test]
fn too_long_a_message_is_kept_to_be_cut_down() {
    let mut model = alice();
    update(&mut model, Msg::Paste("x".repeat(4_001)));
    assert_eq!(press(&mut model, Key::Named(Named::Enter)), []);
    assert_eq!(model.input.text().len(), 4_001);
    assert!(notice(&model).starts_with("Too long: 4001 characters"), "{}", notice(&model));
}

#[test]
fn a_message_is_shown_as_queued_until_it_is_acknowledged() {
    let mut model = alice();
    update(&mut model, offline());
    let asked = type_in(&mut model, "hello");
    assert_eq!(asked.len(), 1, "the network keeps it until there is a connection");
    assert_eq!(model.rooms[0].unsent[0].state, SendState::Unkept);
    update(&mut model, Msg::News(News::Queued { room: id(1), local: LocalId(0) }));
    assert_eq!(model.rooms[0].unsent[0].state, SendState::Queued);
    update(&mut model, online());
    update(&mut model, said(id(1), message(1, "alice", "hello")));
    update(&mut model, Msg::News(News::Acknowledged { room: id(1), local: LocalId(0) }));
    assert!(model.rooms[0].unsent.is_empty());
    assert_eq!(happened(&model), ["alice: hello"]);
}

#[test]
fn a_refused_message_says_why_and_is_taken_back_by_up() {
    let mut model = alice();
    type_in(&mut model, "hello");
    let why = "you are no member.".to_owned();
    update(
        &mut model,
        Msg::News(News::Refused { room: id(1), local: LocalId(0), why: why.clone() }),
    );
    assert_eq!(model.rooms[0].unsent[0].state, SendState::Refused(why));
    assert!(notice(&model).contains("you are no member."));
    press(&mut model, Key::Named(Named::Up));
    assert_eq!(model.input.text(), "hello");
    assert!(model.rooms[0].unsent.is_empty());
}

#[test]
fn a_refused_command_is_given_back() {
    let mut model = alice();
    type_in(&mut model, "/create ops");
    update(&mut model, failed("That title is taken."));
    assert_eq!(model.input.text(), "/create ops");
    assert_eq!(notice(&model), "That title is taken.");
    // What was begun meanwhile is not overwritten.
    let mut model = alice();
    type_in(&mut model, "/create ops");
    update(&mut model, Msg::Type('x'));
    update(&mut model, failed("That title is taken."));
    assert_eq!(model.input.text(), "x");
}

#[test]
fn a_command_without_a_connection_is_not_lost() {
    let mut model = alice();
    update(&mut model, offline());
    assert_eq!(type_in(&mut model, "/join rust"), []);
    assert_eq!(model.input.text(), "/join rust");
    let mut model = alice();
    type_in(&mut model, "/join rust");
    update(&mut model, offline());
    assert_eq!(model.input.text(), "/join rust");
    assert_eq!(
        notice(&model),
        "The connection was lost before the server answered; it may have been done."
    );
}

#[test]
fn what_ends_a_room_takes_a_yes() {
    let leave = Deed::Change(Command::LeaveRoom(LeaveRoom { room: id(1) }));
    let then = Then::Join { leave: Some(id(1)) };
    let join = Deed::Find { room: "rust".into(), then };
    for (command, does) in [("/leave", leave), ("/join rust --leave general", join)] {
        let mut model = alice();
        model.rooms[0].member_count = 1;
        assert_eq!(type_in(&mut model, command), []);
        let Some(Popup::Question(question)) = model.popup() else { panic!("it is asked first") };
        assert_eq!(question.text, "Leaving ends general for good, for everyone.");
        assert_eq!(press(&mut model, Key::Named(Named::Enter)), [], "pressed once more");
        assert_eq!(update(&mut model, Msg::Type('x')), []);
        assert_eq!(update(&mut model, Msg::Type('n')), []);
        assert_eq!((model.popup(), model.input.text()), (None, ""));
        type_in(&mut model, command);
        assert_eq!(update(&mut model, Msg::Type('y')), deed(does));
        update(&mut model, failed("No."));
        assert_eq!(model.input.text(), command, "what was typed comes back");
    }
    let mut model = alice();
    model.rooms[0].member_count = 1;
    type_in(&mut model, "/leave");
    update(&mut model, offline());
    assert_eq!(update(&mut model, Msg::Type('y')), []);
    assert_eq!(model.input.text(), "/leave");
}

#[test]
fn who_is_in_the_room_already_leaves_none_for_it() {
    let mut model = alice();
    for target in ["ops", &id(2).to_string(), "general"] {
        let typed = format!("/join {target} --leave general");
        assert_eq!(type_in(&mut model, &typed), [], "{typed}");
        let title = if target == "general" { target } else { "ops" };
        assert_eq!(notice(&model), format!("You are in {title} already; nothing was left."));
        assert_eq!((model.here, model.input.take()), (Some(id(1)), typed));
    }
}

#[test]
fn ctrl_c_clears_and_twice_quits() {
    let mut model = alice();
    update(&mut model, Msg::Type('x'));
    assert_eq!(press(&mut model, Key::Ctrl('c')), []);
    assert!(model.input.is_empty());
    assert_eq!(press(&mut model, Key::Ctrl('c')), []);
    assert_eq!(notice(&model), "Ctrl-C again quits.");
    update(&mut model, Msg::Type('x'));
    press(&mut model, Key::Ctrl('c'));
    assert_eq!(press(&mut model, Key::Ctrl('c')), [], "typing disarms");
    assert_eq!(press(&mut model, Key::Ctrl('c')), [Intent::Quit]);
}

#[test]
fn quitting_with_unsent_messages_is_asked_twice() {
    let mut model = alice();
    update(&mut model, offline());
    type_in(&mut model, "hello");
    assert_eq!(type_in(&mut model, "/quit"), []);
    assert!(notice(&model).contains("1 message is not sent"));
    assert_eq!(press(&mut model, Key::Named(Named::Enter)), [Intent::Quit]);
}

#[test]
fn rooms_are_reached_by_number_order_and_news() {
    let mut model = alice();
    update(&mut model, Msg::Type('x'));
    press(&mut model, Key::Alt('2'));
    assert_eq!((model.here, model.input.text()), (Some(id(2)), ""), "a draft stays in its room");
    press(&mut model, Key::Ctrl('n'));
    assert_eq!((model.here, model.input.text()), (Some(id(1)), "x"));
    press(&mut model, Key::Ctrl('p'));
    assert_eq!(model.here, Some(id(2)));
    press(&mut model, Key::Alt('/'));
    assert_eq!(model.here, Some(id(1)));
    press(&mut model, Key::Alt('3'));
    assert_eq!(notice(&model), "There is no room 3.");
    update(&mut model, said(id(2), message(1, "bob", "psst")));
    assert_eq!(model.rooms[1].unread, 1);
    press(&mut model, Key::Alt('a'));
    assert_eq!((model.here, model.rooms[1].fresh), (Some(id(2)), Some((Seq(1), 1))));
    let read = Ask::Read { room: id(2), seq: Seq(1) };
    assert_eq!(update(&mut model, Msg::Seen(id(2), Seq(1))), [Intent::Ask(read)]);
    assert_eq!(model.rooms[1].unread, 0);
    assert_eq!(update(&mut model, Msg::Seen(id(2), Seq(1))), [], "it is told once");
    press(&mut model, Key::Alt('a'));
    assert_eq!(notice(&model), "Nothing is unread.");
}

#[test]
fn older_pages_are_asked_for_once_and_again_after_a_lost_connection() {
    let mut model = alice();
    assert_eq!(update(&mut model, Msg::ReachedTop(id(1))), [], "it is on its way");
    let page = vec![message(1, "bob", "one"), message(2, "bob", "two")];
    let news = News::Older { room: id(1), messages: page, before: Before::Unknown };
    update(&mut model, Msg::News(news));
    let older = Ask::Older { room: id(1), before: Some(Seq(1)) };
    assert_eq!(update(&mut model, Msg::ReachedTop(id(1))), [Intent::Ask(older)]);
    update(&mut model, offline());
    assert_eq!(model.rooms[0].timeline.before(), Before::Unknown);
    assert_eq!(happened(&model), ["bob: one", "bob: two"]);
    update(&mut model, online());
    update(&mut model, Msg::News(News::Gap(id(1))));
    assert_eq!(happened(&model), Vec::<String>::new());
}

#[test]
fn the_screen_is_fresh_until_the_clock_or_the_countdown_moves() {
    let mut model = alice();
    update(&mut model, Msg::Tick(Timestamp(NOW.0 + 20_500)));
    assert_eq!(model.fresh_for().as_millis(), 39_500);
    update(&mut model, offline());
    assert_eq!(model.fresh_for().as_millis(), 500);
}
