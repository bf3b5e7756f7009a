//! What outlives the program: when it is handed over, and what its user is told of it.

use parlor_protocol::id::{RoomId, Timestamp};
use parlor_protocol::push::Exited;
use parlor_protocol::room::Departure;

use super::{NOW, alice, id, message, notice, offline, online, press, said, type_in};
use crate::keymap::{Key, Named};
use crate::model::{Keep, LocalId, Model, Restored, SendState};
use crate::update::{Ask, Intent, Msg, News, update};

fn tick(model: &mut Model, millis: i64) -> Option<Keep> {
    let intents = update(model, Msg::Tick(Timestamp(NOW.0 + millis)));
    match &intents[..] {
        [] => None,
        [Intent::Ask(Ask::Keep(keep))] => Some(keep.clone()),
        other => panic!("nothing else comes of time: {other:?}"),
    }
}

fn drafts(keep: &Keep) -> Vec<&str> {
    keep.rooms.iter().map(|room| room.draft.as_str()).collect()
}

#[test]
fn what_is_being_written_is_kept_every_few_seconds_and_when_it_changes_place() {
    let mut model = alice();
    assert!(tick(&mut model, 0).is_some(), "the rooms are new");
    assert_eq!(tick(&mut model, 10), None);
    update(&mut model, Msg::Type('a'));
    assert_eq!(tick(&mut model, 20), None, "not at every key");
    assert!(model.fresh_for().as_millis() <= 3_000, "there is something to do soon");
    update(&mut model, Msg::Type('b'));
    assert_eq!(drafts(&tick(&mut model, 3_000).unwrap()), ["ab", ""]);
    assert_eq!(tick(&mut model, 60_000), None, "nothing is kept twice");
    update(&mut model, Msg::Type('c'));
    press(&mut model, Key::Alt('2'));
    let keep = tick(&mut model, 60_010).unwrap();
    assert_eq!((keep.here, drafts(&keep)), (Some(id(2)), vec!["abc", ""]));
    update(&mut model, said(id(1), message(1, "bob", "psst")));
    let last = update(&mut model, Msg::End);
    let [Intent::Ask(Ask::Keep(keep))] = &last[..] else { panic!("kept at the end: {last:?}") };
    assert_eq!(keep.rooms[0].unread, 1);
    assert_eq!(update(&mut model, Msg::End), []);
}

#[test]
fn a_clock_that_is_set_back_does_not_put_keeping_off() {
    let mut model = alice();
    tick(&mut model, 0);
    update(&mut model, Msg::Type('a'));
    assert_eq!(tick(&mut model, -3_600_000), None);
    assert!(tick(&mut model, -3_597_000).is_some());
}

#[test]
fn who_quits_is_told_what_goes_out_the_next_time_and_what_is_lost() {
    let mut model = alice();
    update(&mut model, offline());
    type_in(&mut model, "one");
    type_in(&mut model, "two");
    for (kept, told) in [
        (0, "2 messages are not sent and would be lost. Enter again quits."),
        (1, "1 message is not sent and would be lost. Enter again quits."),
        (2, "2 messages go out the next time you are here. Enter again quits."),
    ] {
        if let Some(local) = u64::checked_sub(kept, 1).map(LocalId) {
            update(&mut model, Msg::News(News::Queued { room: id(1), local }));
        }
        model.input.take();
        assert_eq!(type_in(&mut model, "/quit"), []);
        assert_eq!(notice(&model), told);
        model.armed = None;
    }
}

#[test]
fn a_message_that_waits_says_how_long_and_not_over_another_connection() {
    let mut model = alice();
    type_in(&mut model, "hello");
    let until = Timestamp(NOW.0 + 4_000);
    update(&mut model, Msg::News(News::Held { room: id(1), local: LocalId(0), until }));
    assert_eq!(model.rooms[0].unsent[0].state, SendState::Held { until });
    assert!(model.fresh_for().as_millis() <= 1_000, "it is counted down");
    update(&mut model, offline());
    assert_eq!(model.rooms[0].unsent[0].state, SendState::Queued);
}

#[test]
fn what_is_taken_back_is_kept_in_the_input_before_it_is_out_of_the_outbox() {
    let taken_out = |intents: &[Intent]| {
        let [.., Intent::Ask(Ask::Keep(keep)), Intent::Ask(Ask::Discard { local })] = intents
        else {
            panic!("first kept, then discarded: {intents:?}");
        };
        assert_eq!(*local, LocalId(0));
        keep.clone()
    };
    let mut model = alice();
    type_in(&mut model, "hello");
    let refused = News::Refused { room: id(1), local: LocalId(0), why: "no.".into() };
    update(&mut model, Msg::News(refused));
    let keep = taken_out(&press(&mut model, Key::Named(Named::Up)));
    assert_eq!(drafts(&keep), ["hello", ""]);

    let mut model = alice();
    type_in(&mut model, "hello");
    model.rooms[1].draft.insert("for ops");
    let left = Exited { room: id(1), how: Departure::Left, by: None, reason: None };
    let keep = taken_out(&update(&mut model, Msg::News(News::Exited(left))));
    assert_eq!((drafts(&keep), keep.homeless.join("|")), (vec!["for ops"], "hello".to_owned()));
}

#[test]
fn a_text_for_a_room_that_is_gone_is_kept_until_it_is_sent_or_cleared() {
    let up = |model: &mut Model| press(model, Key::Named(Named::Up));
    for (goes, left) in [("sent", 0), ("changed and sent", 0), ("cleared", 0), ("left", 1)] {
        let mut model = alice();
        let homeless = vec!["half a thought".to_owned()];
        let rooms = std::mem::take(&mut model.rooms);
        model.restore(Restored { rooms, homeless, ..Restored::default() });
        let told = "A text for a room that is gone is not sent; Up has it.";
        assert_eq!((notice(&model), model.input.text()), (told, ""));
        up(&mut model);
        assert_eq!(model.input.text(), "half a thought");
        match goes {
            "sent" => drop(press(&mut model, Key::Named(Named::Enter))),
            "changed and sent" => drop(type_in(&mut model, ", and the other half")),
            "cleared" => drop(press(&mut model, Key::Ctrl('c'))),
            _ => drop(press(&mut model, Key::Named(Named::Down))),
        }
        assert_eq!(model.keep().homeless.len(), left, "{goes}");
    }
}

#[test]
fn what_is_restored_is_shown_before_there_is_a_connection() {
    let mut before = alice();
    update(&mut before, said(id(1), message(1, "bob", "not for these eyes")));
    before.rooms[0].unread = 2;
    before.rooms[1].draft.insert("half a word");
    let mut model = Model::new("alice", "chat", "pinned", NOW);
    let hidden = ["bob".to_owned()].into();
    model.restore(Restored {
        rooms: before.rooms.clone(),
        here: Some(id(2)),
        blocked: hidden,
        next_local: LocalId(7),
        ..Restored::default()
    });
    assert_eq!((model.here, model.input.text()), (Some(id(2)), "half a word"));
    assert_eq!(model.rooms[0].unread, 2);
    assert!(model.rooms[0].timeline.entries().is_empty(), "whom one blocks is not shown");
    assert_eq!(model.next_local, LocalId(7));
    assert_eq!(tick(&mut model, 10_000), None, "it is kept as it is");
    // The room that was shown may be gone.
    model.restore(Restored {
        rooms: before.rooms,
        here: Some(RoomId::from_random(9)),
        next_local: LocalId(7),
        ..Restored::default()
    });
    assert_eq!(model.here, Some(id(1)));
}

#[test]
fn a_gap_is_marked_while_it_is_filled() {
    let mut model = alice();
    update(&mut model, Msg::News(News::CatchingUp(id(1))));
    assert!(model.rooms[0].catching_up);
    update(&mut model, said(id(1), message(1, "bob", "first")));
    assert!(!model.rooms[0].catching_up, "what was missed is coming");
    update(&mut model, Msg::News(News::CatchingUp(id(1))));
    update(&mut model, offline());
    update(&mut model, online());
    assert!(!model.rooms[0].catching_up, "another connection begins anew");
}

#[test]
fn what_is_queued_on_the_disk_stands_in_no_draft_any_more() {
    let mut model = alice();
    for c in "hello".chars() {
        update(&mut model, Msg::Type(c));
    }
    update(&mut model, Msg::Tick(Timestamp(NOW.0 + 10_000)));
    assert_eq!(model.kept.rooms[0].draft, "hello");
    press(&mut model, Key::Named(Named::Enter));
    let queued = News::Queued { room: id(1), local: LocalId(0) };
    let asked = update(&mut model, Msg::News(queued));
    let [Intent::Ask(Ask::Keep(kept))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(kept.rooms[0].draft, "");
}
