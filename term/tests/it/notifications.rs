//! `notifications`: what one was told of, and what one is told, once each and over all connections.

use std::ops::RangeInclusive;

use parlor_protocol::notification::{NotificationKind, Notifications};
use parlor_protocol::push::Push;
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::request::Command;

use crate::harness::{Follower, Home};
use crate::server::{Conversation, Server, notification};

fn page(ids: RangeInclusive<u32>, next: Option<&str>) -> Outcome {
    let notifications = ids.map(|id| notification(id, NotificationKind::Denied)).collect();
    Outcome::Notifications(Notifications { notifications, next: next.map(str::to_owned) })
}

fn told(id: u32) -> Push {
    Push::Notified(notification(id, NotificationKind::Denied).0)
}

/// What a follower asks on each connection.
fn begin(conversation: &mut Conversation, pages: Vec<Outcome>) {
    conversation.log_in();
    let mut outcomes = vec![Outcome::Done];
    outcomes.extend(pages);
    let asked = conversation.answers(outcomes);
    assert_eq!(asked[0], Command::Subscribe);
    assert!(matches!(asked[1], Command::ListNotifications(_)), "{asked:?}");
}

#[test]
fn they_are_sentences_for_people_and_objects_for_scripts() {
    let server = Server::play(2, |_, mut conversation| {
        conversation.log_in();
        conversation.answers([page(7..=7, None)]);
        conversation.rest();
    });
    let home = Home::new();
    let done = home.at(&server, &["notifications"]);
    let line = "7  2026-11-22T20:07:12.123Z  new  bob denied your request for ops: spam\n";
    assert_eq!((done.status, done.out.as_str()), (Some(0), line), "{done:?}");
    let done = home.at(&server, &["notifications", "--json"]);
    assert_eq!(
        done.out,
        "{\"type\":\"notification\",\"id\":7,\"kind\":\"denied\",\
         \"at\":\"2026-11-22T20:07:12.123Z\",\"room\":\"kx4f9-2mqa7\",\"title\":\"ops\",\
         \"by\":\"bob\",\"reason\":\"spam\",\"read\":false,\"role\":null,\"seq\":null,\"until\":null}\n"
    );
    server.finish();
}

#[test]
fn following_prints_each_once_over_connections_and_ends_with_the_account() {
    let server = Server::play(2, |number, mut conversation| {
        if number == 0 {
            begin(&mut conversation, vec![page(1..=2, Some("2")), page(3..=3, None)]);
            conversation.push(told(3));
            conversation.push(told(4));
            return conversation.close(CloseReason::ShuttingDown);
        }
        begin(&mut conversation, vec![page(2..=5, None)]);
        conversation.push(told(6));
        conversation.close(CloseReason::Disabled);
    });
    let done = Home::new().at(&server, &["notifications", "-f", "--json"]);
    let mut lines: Vec<_> = done.out.lines().collect();
    assert_eq!(
        lines.pop(),
        Some("{\"type\":\"closing\",\"room\":null,\"code\":\"disabled\"}"),
        "{done:?}"
    );
    let begins = |id: &u32| format!("{{\"type\":\"notification\",\"id\":{id},");
    let ids: Vec<_> = (1..=6).map(|id| begins(&id)).collect();
    assert_eq!(lines.len(), ids.len(), "{done:?}");
    assert!(lines.iter().zip(&ids).all(|(line, id)| line.starts_with(id)), "{done:?}");
    assert_eq!(done.status, Some(255));
    assert!(done.err.ends_with("ask an operator of this server\n"), "{done:?}");
    server.finish();
}

#[test]
fn every_line_is_handed_on_at_once() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let server = Server::play(1, move |_, mut conversation| {
        begin(&mut conversation, vec![page(1..=1, None)]);
        gone.recv().unwrap();
        conversation.push(told(2));
        conversation.rest();
    });
    let home = Home::new();
    let follower = Follower::spawn(home.command_at(&server, &["notifications", "-f"]));
    assert!(follower.line().starts_with("1  "));
    go.send(()).unwrap();
    assert!(follower.line().starts_with("2  "));
    drop(follower);
    server.finish();
}
