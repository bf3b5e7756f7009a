//! Signing up where not everybody may: by a code, and by an operator's approval.

use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::Outcome;

use crate::daemon::Daemon;
use crate::harness::Home;
use crate::people::{PASSWORD, User};
use crate::server::Server;

#[test]
fn a_code_lets_as_many_sign_up_as_it_is_good_for() {
    let daemon = Daemon::start_with("sign_up = \"code\"", "");
    let code = daemon.operate(&["code", "create", "--uses", "2"]);
    let code = code.split_whitespace().next().unwrap().to_owned();
    let with_code = |name, code: &[&str]| {
        User::new(name, &daemon).with_password(PASSWORD, &[&["signup"], code].concat())
    };
    for wrong in [&[][..], &["--code", "7k2m-q9xa-43fd"]] {
        let done = with_code("alice", wrong);
        assert_eq!(done.status, Some(1), "{done:?}");
        assert!(done.err.contains("parlor: refused: bad-code: "), "{done:?}");
    }
    for (name, status) in [("alice", 0), ("bob", 0), ("carol", 1)] {
        let done = with_code(name, &["--code", &code]);
        assert_eq!(done.status, Some(status), "{name}: {done:?}");
    }
}

#[test]
fn whoever_gave_a_code_where_nobody_signs_up_hears_of_the_code() {
    let daemon = Daemon::start_with("sign_up = \"closed\"", "");
    let alice = User::new("alice", &daemon);
    for (code, says) in [
        (&[][..], "this server takes no sign-ups; ask its operator"),
        (&["--code", "7k2m-q9xa-43fd"], "the code is not one of an operator that still counts"),
    ] {
        let done = alice.with_password(PASSWORD, &[&["signup"], code].concat());
        assert_eq!(done.status, Some(1), "{done:?}");
        assert!(done.err.contains("parlor: refused: sign-up-closed: "), "{done:?}");
        assert!(done.err.contains(says), "{done:?}");
    }
}

#[test]
fn a_sign_up_waits_keeps_its_key_and_acts_at_once_when_it_is_approved() {
    let daemon = Daemon::start_with("sign_up = \"approval\"", "");
    let bob = User::new("bob", &daemon);
    let done = bob.with_password(PASSWORD, &["signup", "--json"]);
    let waiting = "{\"type\":\"user\",\"user\":\"bob\",\"operator\":false,\"waiting\":true}\n";
    assert_eq!((done.status, done.out.as_str()), (Some(0), waiting), "{done:?}");
    assert!(done.err.contains("an operator of this server has to approve it"), "{done:?}");
    assert_eq!(bob.device_keys(), 1);
    let done = bob.with_password(PASSWORD, &["whoami"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.contains("parlor: refused: sign-up-waiting: "), "{done:?}");
    daemon.operate(&["user", "approve", "bob"]);
    bob.does(&["create", "ops"]);
    assert_eq!(bob.does(&["whoami"]), "bob\n");
}

#[test]
fn a_denied_sign_up_learns_why_and_its_name_is_free() {
    let daemon = Daemon::start_with("sign_up = \"approval\"", "");
    let bob = User::new("bob", &daemon);
    assert_eq!(bob.with_password(PASSWORD, &["signup"]).status, Some(0));
    daemon.operate(&["user", "deny", "bob", "we", "do", "not", "know", "you"]);
    let done = bob.with_password(PASSWORD, &["whoami", "--json"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    let plain = bob.run(&["--plain"]);
    assert!(plain.err.contains("again: parlor bob@127.0.0.1:"), "{plain:?}");
    let refused = done.err.lines().last().unwrap();
    assert!(refused.starts_with("{\"type\":\"refused\",\"code\":\"sign-up-denied\","), "{done:?}");
    assert!(refused.ends_with(",\"reason\":\"we do not know you\"}"), "{done:?}");
    let elsewhere = User::new("bob", &daemon);
    assert_eq!(elsewhere.with_password(PASSWORD, &["signup"]).status, Some(0));
}

#[test]
fn a_reason_is_a_key_only_where_there_is_one() {
    for (reason, ends) in [
        (None, ",\"retry_after_ms\":null}\n"),
        (Some("a\u{202e}b"), ",\"retry_after_ms\":null,\"reason\":\"a\\u202eb\"}\n"),
    ] {
        let server = Server::play(1, move |_, mut conversation| {
            conversation.greet();
            let reason = reason.map(|reason| reason.parse().unwrap());
            let denied = Refusal { reason, ..Code::SignUpDenied.into() };
            conversation.answers([Outcome::Refused(denied)]);
            conversation.rest();
        });
        let done = Home::new().at(&server, &["whoami", "--json"]);
        assert_eq!(done.status, Some(255), "{done:?}");
        assert!(done.err.ends_with(ends), "{done:?}");
        server.finish();
    }
}
