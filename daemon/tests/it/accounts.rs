//! Sign-up, logins and devices: who gets in, who does not, and who is thrown out.

use std::{fs, thread};

use parlor_protocol::account::{PasswordPurpose, SignUpStart};
use parlor_protocol::hello::PLAIN_BINDING;
use parlor_protocol::refusal::Code;
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::request::Command;

use crate::harness::{Client, Daemon, DeviceKey, Ended, PASSWORD};

const REVOKED: Ended = Ended::Closing(CloseReason::Revoked);

/// A connection on which a device has logged in.
fn by_device(daemon: &Daemon, name: &str, key: &DeviceKey) -> Client {
    let mut client = daemon.tls_client();
    client.login_device(name, key).unwrap();
    client
}

/// A user whose password is `PASSWORD`, and who has registered these devices in this order.
fn user_with_devices(daemon: &Daemon, name: &str, keys: &[DeviceKey]) {
    daemon.client().sign_up(name).unwrap();
    for (number, key) in (1..).zip(keys) {
        let offer = key.offer(&format!("device {number}"));
        let logged_in = daemon.client().login(name, PASSWORD, Some(offer)).unwrap();
        assert_eq!(logged_in.device.unwrap().0, number);
    }
}

#[test]
fn whoever_has_just_signed_up_can_act_at_once() {
    let daemon = Daemon::start();
    let mut alice = daemon.tls_client();
    let logged_in = alice.sign_up("alice").unwrap();
    assert_eq!(logged_in.user.as_str(), "alice");
    assert!(!logged_in.operator);
    let room = alice.create("ops").unwrap();
    alice.say(room, "hello").unwrap();
    assert_eq!(alice.all_history(room).len(), 1);
}

#[test]
fn a_device_registered_at_sign_up_logs_in() {
    let daemon = Daemon::start();
    let key = DeviceKey::new();
    let mut first = daemon.tls_client();
    let device = first.sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap().device;
    let mut second = daemon.tls_client();
    assert_eq!(second.login_device("alice", &key).unwrap().device, device);
    let listed = second.devices();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].name.as_str(), listed[0].current), ("desk", true));
    assert_eq!(listed[0].public_key, key.public());
}

#[test]
fn a_password_logs_in_over_every_transport() {
    let daemon = Daemon::start();
    daemon.client().sign_up("alice").unwrap();
    for mut client in [daemon.client(), daemon.tls_client(), daemon.unix_client()] {
        assert_eq!(client.login("alice", PASSWORD, None).unwrap().user.as_str(), "alice");
    }
}

#[test]
fn accounts_and_devices_survive_a_kill() {
    let mut daemon = Daemon::start();
    let key = DeviceKey::new();
    daemon.client().sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    daemon.kill9();
    daemon.restart();
    daemon.tls_client().login("alice", PASSWORD, None).unwrap();
    daemon.tls_client().login_device("alice", &key).unwrap();
    assert_eq!(daemon.tls_client().sign_up("alice"), Err(Code::NameTaken));
}

#[test]
fn of_twenty_who_sign_up_under_one_name_one_gets_it() {
    let daemon = Daemon::start();
    let outcomes = thread::scope(|scope| {
        let start = || daemon.client().sign_up("alice").map(|_| ());
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Err(Code::NameTaken)).count(), 19);
}

#[test]
fn a_closed_server_takes_no_sign_up() {
    let daemon = Daemon::configured("sign_up = \"closed\"");
    assert_eq!(daemon.client().sign_up("alice"), Err(Code::SignUpClosed));
    assert_eq!(daemon.client().login("alice", PASSWORD, None), Err(Code::BadCredentials));
}

#[test]
fn bad_names_are_refused() {
    let daemon = Daemon::start();
    let mut client = daemon.client();
    for bad in ["a", "1up", "alice-", "al ice", "älice", "\u{1b}[31m", &"a".repeat(33), ""] {
        let request = vec![0; 32];
        let start = SignUpStart { name: bad.to_owned(), request };
        let outcome = client.ask(Command::SignUpStart(start));
        let refused = Outcome::Refused(Code::BadName.into());
        assert_eq!(outcome, refused, "{bad:?}");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    let daemon = Daemon::start();
    daemon.client().sign_up("alice").unwrap();
    let mut told = vec![];
    for name in ["alice", "nobody"] {
        let mut client = daemon.tls_client();
        let binding = client.link().binding();
        let (finalization, credential) = client.prove(name, "not the password", &binding);
        assert_eq!(finalization, None);
        let refused = client.login_finish(vec![7; 64], None).unwrap_err();
        // Nor does a second try on the same connection tell them apart.
        assert_eq!(client.login_finish(vec![7; 64], None), Err(Code::BadRequest));
        told.push((credential.response.len(), credential.cost, credential.wanted, refused));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].3, Code::BadCredentials);
}

#[test]
fn a_wrong_device_key_does_not_log_in() {
    let daemon = Daemon::start();
    let (alices, bobs) = (DeviceKey::new(), DeviceKey::new());
    daemon.client().sign_up_with("alice", PASSWORD, Some(alices.offer("hers"))).unwrap();
    daemon.client().sign_up_with("bob", PASSWORD, Some(bobs.offer("his"))).unwrap();
    let mut client = daemon.tls_client();
    let bad = Err(Code::BadCredentials);
    assert_eq!(client.login_device("alice", &bobs), bad);
    assert_eq!(client.login_device("alice", &DeviceKey::new()), bad);
    assert_eq!(client.login_device("nobody", &alices), bad);
    // The connection is as good as before.
    client.login_device("alice", &alices).unwrap();
}

#[test]
fn a_device_login_made_for_another_connection_is_refused() {
    let daemon = Daemon::start();
    let key = DeviceKey::new();
    daemon.client().sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    let (mut first, mut second) = (daemon.tls_client(), daemon.tls_client());
    let made_for_first = key.login("alice", &first.challenge(), &first.link().binding());
    assert_eq!(second.login_by(made_for_first.clone()), Err(Code::BadCredentials));
    let relayed = key.login("alice", &second.challenge(), &first.link().binding());
    assert_eq!(second.login_by(relayed), Err(Code::BadCredentials));
    first.login_by(made_for_first).unwrap();
}

#[test]
fn a_login_made_for_a_plain_connection_fails_over_tls() {
    let daemon = Daemon::start();
    let key = DeviceKey::new();
    daemon.client().sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    let mut tls = daemon.tls_client();
    let made_for_plain = key.login("alice", &tls.challenge(), PLAIN_BINDING);
    assert_eq!(tls.login_by(made_for_plain), Err(Code::BadCredentials));
    // With a password the client is the first to notice: the server's half does not match.
    assert_eq!(tls.prove("alice", PASSWORD, PLAIN_BINDING).0, None);
    let mut plain = daemon.client();
    let binding = tls.link().binding();
    let made_for_tls = key.login("alice", &plain.challenge(), &binding);
    assert_eq!(plain.login_by(made_for_tls), Err(Code::BadCredentials));
}

#[test]
fn revoking_a_device_ends_its_sessions_and_no_others() {
    let daemon = Daemon::start();
    let keys = [DeviceKey::new(), DeviceKey::new()];
    user_with_devices(&daemon, "alice", &keys);
    let mut desk = by_device(&daemon, "alice", &keys[0]);
    let mut lost = [0, 1].map(|_| by_device(&daemon, "alice", &keys[1]));
    let id = desk.devices().iter().find(|device| device.public_key == keys[1].public()).unwrap().id;
    desk.revoke(id).unwrap();
    for session in &mut lost {
        assert_eq!(session.until_ended(), REVOKED);
    }
    assert_eq!(daemon.tls_client().login_device("alice", &keys[1]), Err(Code::BadCredentials));
    assert_eq!(desk.revoke(id), Err(Code::NoSuchDevice));
    assert_eq!(desk.devices().len(), 1);
}

#[test]
fn revoking_the_device_in_use_is_answered_before_its_session_ends() {
    let daemon = Daemon::start();
    let key = DeviceKey::new();
    user_with_devices(&daemon, "alice", std::slice::from_ref(&key));
    let mut desk = by_device(&daemon, "alice", &key);
    let id = desk.devices()[0].id;
    assert_eq!(desk.revoke(id), Ok(()));
    assert_eq!(desk.until_ended(), REVOKED);
}

#[test]
fn changing_the_password_revokes_all_devices_but_ones_own() {
    let daemon = Daemon::start();
    let keys = [DeviceKey::new(), DeviceKey::new()];
    user_with_devices(&daemon, "alice", &keys);
    let mut other = by_device(&daemon, "alice", &keys[1]);
    let mut own = by_device(&daemon, "alice", &keys[0]);
    let new = "a different password";
    assert_eq!(own.change_password("alice", new), Err(Code::LoginRequired), "nothing was proved");
    own.login("alice", PASSWORD, None).unwrap();
    own.change_password("alice", new).unwrap();
    assert_eq!(other.until_ended(), REVOKED);
    let left: Vec<_> = own.devices().iter().map(|device| device.public_key).collect();
    assert_eq!(left, [keys[0].public()]);
    by_device(&daemon, "alice", &keys[0]);
    let mut client = daemon.tls_client();
    assert_eq!(client.login_device("alice", &keys[1]), Err(Code::BadCredentials));
    assert_eq!(client.login("alice", PASSWORD, None), Err(Code::BadCredentials));
    client.login("alice", new, None).unwrap();
}

#[test]
fn stretching_the_same_password_anew_revokes_nothing() {
    let mut daemon = Daemon::start();
    let keys = [DeviceKey::new(), DeviceKey::new()];
    user_with_devices(&daemon, "alice", &keys);
    let mut other = by_device(&daemon, "alice", &keys[1]);
    let mut own = daemon.tls_client();
    own.login("alice", PASSWORD, None).unwrap();
    own.register_anew("alice", PASSWORD, PasswordPurpose::Restretch).unwrap();
    assert_eq!(own.devices().len(), 2);
    other.settle();
    daemon.tls_client().login("alice", PASSWORD, None).unwrap();
    assert_eq!(audited(&mut daemon, "password-restretched"), 1);
}

#[test]
fn a_login_that_is_given_up_half_way_is_on_record_as_failed() {
    let mut daemon = Daemon::start();
    daemon.client().sign_up("alice").unwrap();
    let mut guesser = daemon.tls_client();
    for guess in ["a wrong password", "another wrong one"] {
        assert_eq!(guesser.login("alice", guess, None), Err(Code::BadCredentials));
    }
    // An end that the daemon brings about, so that it has come before the daemon is stopped.
    guesser.write(&u32::MAX.to_be_bytes());
    assert_eq!(guesser.until_ended(), Ended::Closing(CloseReason::FrameTooLong));
    assert_eq!(audited(&mut daemon, "bad-credentials"), 2);
}

/// How many audit records name this, once the daemon has stopped.
fn audited(daemon: &mut Daemon, word: &str) -> usize {
    daemon.terminate();
    let log = fs::read_to_string(daemon.data().join("audit").join("audit.log")).unwrap();
    log.lines().filter(|line| line.contains(word)).count()
}

#[test]
fn a_logged_in_connection_stays_its_users() {
    let daemon = Daemon::start();
    let key = DeviceKey::new();
    daemon.client().sign_up_with("bob", PASSWORD, Some(key.offer("his"))).unwrap();
    let mut alice = daemon.user("alice");
    assert_eq!(alice.login("bob", PASSWORD, None), Err(Code::BadRequest));
    assert_eq!(alice.login_device("bob", &key), Err(Code::BadRequest));
    assert_eq!(alice.sign_up("carol"), Err(Code::BadRequest));
    let room = alice.create("hers").unwrap();
    assert_eq!(alice.members(room).unwrap()[0].user.as_str(), "alice");
}

#[test]
fn what_is_asked_behind_a_login_in_the_same_burst_is_asked_by_the_user() {
    let daemon = Daemon::start();
    let key = DeviceKey::new();
    daemon.client().sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    let mut client = daemon.tls_client();
    let login = key.login("alice", &client.challenge(), &client.link().binding());
    let ids = client.requests([login, Command::Subscribe, Command::Ping]);
    let outcomes: Vec<_> = ids.into_iter().map(|id| client.answer(id)).collect();
    assert!(matches!(outcomes[0], Outcome::LoggedIn(_)), "{outcomes:?}");
    assert_eq!(outcomes[1..], [Outcome::Done, Outcome::Done]);
}

#[test]
fn of_two_logins_in_one_burst_the_first_counts() {
    let daemon = Daemon::start();
    let keys = ["alice", "bob"].map(|name| {
        let key = DeviceKey::new();
        daemon.client().sign_up_with(name, PASSWORD, Some(key.offer("desk"))).unwrap();
        key
    });
    let mut client = daemon.tls_client();
    let (challenge, binding) = (client.challenge(), client.link().binding());
    let first = keys[0].login("alice", &challenge, &binding);
    let second = keys[1].login("bob", &challenge, &binding);
    let ids = client.requests([first, second]);
    assert!(matches!(client.answer(ids[0]), Outcome::LoggedIn(_)));
    assert_eq!(client.answer(ids[1]), Outcome::Refused(Code::BadRequest.into()));
    let room = client.create("ops").unwrap();
    assert_eq!(client.members(room).unwrap()[0].user.as_str(), "alice");
    // Whoever gets that connection's place hears nothing of either user's.
    drop(client);
    let mut carol = daemon.user("carol");
    by_device(&daemon, "alice", &keys[0]).say(room, "for members").unwrap();
    by_device(&daemon, "bob", &keys[1]).join(room).unwrap();
    assert_eq!(carol.settle(), [""; 0]);
}

#[test]
fn a_login_begun_before_a_password_change_does_not_end_after_it() {
    let daemon = Daemon::start();
    let mut alice = daemon.tls_client();
    alice.sign_up("alice").unwrap();
    alice.login("alice", PASSWORD, None).unwrap();
    let mut thief = daemon.tls_client();
    let binding = thief.link().binding();
    let finalization = thief.prove("alice", PASSWORD, &binding).0.unwrap();
    alice.change_password("alice", "a different password").unwrap();
    let device = DeviceKey::new().offer("the thief's");
    assert_eq!(thief.login_finish(finalization, Some(device)), Err(Code::BadCredentials));
    assert_eq!(alice.devices(), []);
}

#[test]
fn changing_the_password_ends_sessions_that_logged_in_by_the_old_one() {
    let daemon = Daemon::start();
    let (mut own, mut thief) = (daemon.tls_client(), daemon.tls_client());
    own.sign_up("alice").unwrap();
    own.login("alice", PASSWORD, None).unwrap();
    thief.login("alice", PASSWORD, None).unwrap();
    own.change_password("alice", "a different password").unwrap();
    assert_eq!(thief.until_ended(), REVOKED);
    assert_eq!(own.devices(), []);
}
