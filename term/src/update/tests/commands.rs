//! What each command asks of the server, and what it needs.

use parlor_protocol::entry::{
    AddMember, Approve, BanUser, Block, Deny, Ended, FormerRoom, InviteUser, Kick, Rejoin,
    RevokeInvite, RoomState, Unban, Unblock,
};
use parlor_protocol::request::Command as Change;
use parlor_protocol::room::{Demote, Promote, Rename, SetSlowMode, SetTopic, Transfer};

use super::*;
use crate::update::COMMANDS;

#[test]
fn commands_are_about_the_room_that_is_shown_and_the_user_who_is_named() {
    let room = id(1);
    let user = || "bob".to_owned();
    let why = || "spam and noise".to_owned();
    let no = String::new;
    for (typed, asked) in [
        ("/promote bob", Change::Promote(Promote { room, user: user() })),
        ("/demote @bob", Change::Demote(Demote { room, user: user() })),
        ("/transfer bob", Change::Transfer(Transfer { room, user: user() })),
        ("/topic what now", Change::SetTopic(SetTopic { room, topic: "what now".into() })),
        ("/topic", Change::SetTopic(SetTopic { room, topic: no() })),
        ("/rename new title", Change::Rename(Rename { room, title: "new title".into() })),
        ("/slow 30", Change::SetSlowMode(SetSlowMode { room, secs: 30 })),
        ("/approve bob", Change::Approve(Approve { room, user: user() })),
        ("/deny bob spam and noise", Change::Deny(Deny { room, user: user(), reason: why() })),
        ("/deny bob", Change::Deny(Deny { room, user: user(), reason: no() })),
        ("/add bob", Change::AddMember(AddMember { room, user: user() })),
        ("/invite bob", Change::InviteUser(InviteUser { room, user: user() })),
        ("/revoke bob", Change::RevokeInvite(RevokeInvite { room, user: user() })),
        ("/kick bob spam and noise", Change::Kick(Kick { room, user: user(), reason: why() })),
        (
            "/ban bob spam and noise",
            Change::BanUser(BanUser { room, user: user(), reason: why(), secs: None }),
        ),
        (
            "/ban bob --for 2h spam and noise",
            Change::BanUser(BanUser { room, user: user(), reason: why(), secs: Some(7_200) }),
        ),
        ("/unban bob", Change::Unban(Unban { room, user: user() })),
        ("/block bob", Change::Block(Block { user: user() })),
        ("/unblock bob", Change::Unblock(Unblock { user: user() })),
    ] {
        let mut model = alice();
        assert_eq!(type_in(&mut model, typed), change(asked), "{typed}");
        assert!(model.input.is_empty());
    }
}

#[test]
fn a_command_that_lacks_something_says_what_and_keeps_what_was_typed() {
    for command in COMMANDS.iter().filter(|command| command.takes.starts_with("USER")) {
        let mut model = alice();
        assert_eq!(type_in(&mut model, command.name), [], "{}", command.name);
        assert_eq!(notice(&model), format!("{} needs a user's name.", command.name));
        assert_eq!(model.input.text(), command.name);
    }
    let create = "/create takes --private, --open or --entry ask|open before the title or behind \
                  it; a title with -- in it stands in quotes.";
    for (typed, lacks) in [
        ("/rename", "/rename needs a title."),
        ("/create --private", "/create needs a title."),
        ("/create general --entry", create),
        ("/create general --entry never", create),
        ("/create general --close", create),
        ("/create general --open talk", create),
        (
            "/create general --private --open",
            "A private room is entered by invite: leave out --private or --open.",
        ),
        ("/slow soon", "/slow needs seconds, as in /slow 30; /slow 0 ends slow mode."),
        ("/ban bob --for ever", "/ban --for: use a number and a unit, as in 30s 15m 12h 7d 2w."),
    ] {
        let mut model = alice();
        assert_eq!(type_in(&mut model, typed), []);
        assert_eq!((notice(&model), model.input.text()), (lacks, typed));
    }
    let mut model = alice();
    model.here = None;
    for typed in ["/promote bob", "/topic x", "/members", "/invite"] {
        model.input.take();
        assert_eq!(type_in(&mut model, typed), []);
        assert_eq!(notice(&model), "You are in no room; /join enters one.");
    }
}

#[test]
fn what_nobody_sees_is_said_when_it_is_done() {
    let mut model = alice();
    type_in(&mut model, "/block bob");
    assert_eq!(notice(&model), "");
    update(&mut model, Msg::News(News::Done(AskId(0))));
    assert_eq!(notice(&model), "You see nothing more of bob; /unblock ends that.");
    assert!(model.asked.is_empty());
}

#[test]
fn who_makes_or_enters_a_room_is_told_who_reads_there() {
    let of_others = "Members read everything here, also what was said before they came.";
    let of_ones_own = "Whoever comes in later reads everything, also what was said before.";
    for (typed, told) in [
        ("/join rust", of_others),
        ("/join rust --leave ops", of_others),
        ("/create rust", of_ones_own),
    ] {
        let mut model = alice();
        type_in(&mut model, typed);
        update(&mut model, Msg::News(News::Entered(listed(9, "rust", 3, Role::Member))));
        assert_eq!(notice(&model), "", "{typed}");
        update(&mut model, Msg::News(News::Done(AskId(0))));
        assert_eq!(notice(&model), told, "{typed}");
    }
    for (listing, row) in [
        (Listing::Rooms { search: String::new() }, {
            let room = listed(9, "rust", 3, Role::Member);
            Row::Room(room::Room { role: None, ..room })
        }),
        (Listing::FormerRooms, {
            let (title, at) = (Title::parse("rust").unwrap(), NOW);
            let (state, ended, rejoin) = (RoomState::Live, Ended::Left, Rejoin::Now);
            Row::Former(FormerRoom { room: id(9), title, state, ended, at, rejoin })
        }),
    ] {
        let mut model = alice();
        let list = if listing == Listing::FormerRooms { "/log" } else { "/rooms" };
        type_in(&mut model, list);
        let (rows, more) = (vec![row], More::Nothing);
        update(&mut model, Msg::News(News::Page { listing, after: None, rows, more }));
        press(&mut model, Key::Named(Named::Enter));
        update(&mut model, Msg::News(News::Done(AskId(0))));
        assert_eq!(notice(&model), of_others, "{list}");
    }
    // A form says so before it is sent, and a room of one's own is only gone to.
    let mut model = alice();
    press(&mut model, Key::Alt('j'));
    type_in(&mut model, "rust");
    update(&mut model, Msg::News(News::Done(AskId(0))));
    assert_eq!(notice(&model), "");
    type_in(&mut model, "/join ops");
    assert_eq!((model.here, notice(&model)), (Some(id(2)), ""));
}
