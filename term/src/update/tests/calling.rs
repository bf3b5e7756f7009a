//! When the user is called, and when not.

use parlor_protocol::notification::{Notification, NotificationKind};

use super::*;
use crate::model::Focus;

fn told(kind: NotificationKind, room: u64) -> Msg {
    Msg::News(News::Notified(Notification {
        id: Default::default(),
        kind,
        at: NOW,
        room: Some(id(room)),
        title: Title::parse("ops").ok(),
        by: UserName::parse("bob").ok(),
        reason: None,
        role: None,
        seq: Some(Seq(1)),
        read: false,
        until: None,
    }))
}

fn later(model: &mut Model, seconds: i64) {
    let now = Timestamp(model.now.0 + seconds * 1_000);
    update(model, Msg::Tick(now));
}

fn is_called(model: &mut Model, msg: Msg) -> bool {
    let intents = update(model, msg);
    intents.iter().any(|intent| matches!(intent, Intent::Call(_)))
}

#[test]
fn one_is_called_unless_one_looks_at_it() {
    use NotificationKind::{Invited, Mentioned};
    let (here, away) = (Some(Focus::Here), Some(Focus::Away));
    for (kind, room, focus, idle_secs, called) in [
        (Mentioned, 1, here, 0, false),
        (Mentioned, 1, here, 900, false),
        (Mentioned, 1, away, 0, true),
        (Mentioned, 2, here, 0, true),
        (Invited, 9, here, 0, true),
        // A terminal that does not tell: somebody is there as long as keys come.
        (Mentioned, 1, None, 30, false),
        (Mentioned, 1, None, 90, true),
    ] {
        let mut model = alice();
        if let Some(focus) = focus {
            update(&mut model, Msg::Focus(focus));
        }
        update(&mut model, Msg::Type('x'));
        later(&mut model, idle_secs);
        let told = told(kind, room);
        assert_eq!(is_called(&mut model, told), called, "{kind:?} {room} {focus:?} {idle_secs}");
    }
}

#[test]
fn a_burst_calls_once() {
    let mut model = alice();
    let mention = || told(NotificationKind::Mentioned, 2);
    assert!(is_called(&mut model, mention()));
    later(&mut model, 4);
    assert!(!is_called(&mut model, mention()));
    later(&mut model, 2);
    assert!(is_called(&mut model, mention()));
    later(&mut model, -3_600);
    assert!(is_called(&mut model, mention()), "a clock that was set back silences nothing");
}

#[test]
fn the_call_says_what_was_said() {
    let mut model = alice();
    update(&mut model, said(id(2), message(1, "bob", "@alice the red box is back")));
    let intents = update(&mut model, told(NotificationKind::Mentioned, 2));
    let says = "bob mentioned you in ops, message 1: @alice the red box is back";
    assert_eq!(intents, [Intent::Call(says.to_owned())]);
}

#[test]
fn a_muted_room_does_not_call_for_what_is_said_there() {
    let mut model = alice();
    type_in(&mut model, "/mute ops");
    assert!(notice(&model).starts_with("ops is muted"), "{}", notice(&model));
    assert!(!is_called(&mut model, told(NotificationKind::Mentioned, 2)));
    assert!(is_called(&mut model, told(NotificationKind::RoleChanged, 2)), "that is about oneself");
    update(&mut model, said(id(2), message(1, "bob", "psst")));
    press(&mut model, Key::Alt('a'));
    assert_eq!(model.here, Some(id(1)), "what is unread there is not gone to");
    later(&mut model, 60);
    type_in(&mut model, "/unmute ops");
    assert!(is_called(&mut model, told(NotificationKind::Mentioned, 2)));
    assert_eq!(type_in(&mut model, "/mute nowhere"), []);
    assert_eq!((notice(&model), model.input.text()), ("You are in no such room.", "/mute nowhere"));
}
