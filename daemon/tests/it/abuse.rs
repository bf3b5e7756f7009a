//! Strangers who guess at passwords or only connect: whom they slow down, whom they do not, and
//! what is on record.

use std::time::Instant;

use parlor_protocol::account::{LoginStart, SignUpStart};
use parlor_protocol::password::{Login, Password};
use parlor_protocol::refusal::{Code, Refusal};
use parlor_protocol::reply::{CloseReason, Outcome};
use parlor_protocol::request::Command;
use serde_json::Value;

use crate::harness::{Client, Daemon, DeviceKey, Ended, PASSWORD, PATIENCE};

pub(crate) const LIMITED: &str = "sign_up = \"open\"\n[limits]\nloopback_exempt = false";

/// Addresses of the story: the last number of 127.0.0.x.
pub(crate) const HOME: u8 = 2;
const ELSEWHERE: u8 = 3;
pub(crate) const STRANGER: u8 = 66;

/// A guess at a password. A stranger who sees that it was wrong says nothing more of it.
fn guess(client: &mut Client, name: &str) -> Result<(), Refusal> {
    let (_, request) = Login::start(&Password::parse("not the password").unwrap());
    match client.ask(Command::LoginStart(LoginStart { name: name.to_owned(), request })) {
        Outcome::Credential(_) => Ok(()),
        Outcome::Refused(refusal) => Err(refusal),
        other => panic!("no login: {other:?}"),
    }
}

/// How many of these guesses are taken; the others are told how long to wait, in milliseconds.
pub(crate) fn guesses(client: &mut Client, name: &str, count: usize) -> (usize, Vec<u32>) {
    let refused: Vec<Refusal> = (0..count).filter_map(|_| guess(client, name).err()).collect();
    assert!(refused.iter().all(|refusal| refusal.code == Code::RateLimited), "{refused:?}");
    let waits = refused.iter().map(|refusal| refusal.retry_after_ms.unwrap());
    (count - refused.len(), waits.collect())
}

/// Ten are free. A slow machine may take some seconds for all, which is time for three more.
fn are_slowed_down((taken, waits): &(usize, Vec<u32>)) -> bool {
    (10..=13).contains(taken) && waits.iter().all(|ms| (1..=8_000).contains(ms))
}

fn by_password(daemon: &Daemon, host: u8, name: &str) -> Result<(), Code> {
    let login = daemon.client_from(host).try_login(name, PASSWORD);
    login.map(|_| ()).map_err(|refusal| refusal.code)
}

fn with<'a>(records: &'a [Value], action: &str, key: &str, value: &str) -> Vec<&'a Value> {
    records.iter().filter(|it| it["action"] == action && it[key] == value).collect()
}

#[test]
fn two_hundred_wrong_passwords_slow_their_address_and_no_other() {
    let mut daemon = Daemon::configured(LIMITED);
    let key = DeviceKey::new();
    let offer = key.offer("desk");
    daemon.client_from(HOME).sign_up_with("alice", PASSWORD, Some(offer)).unwrap();
    daemon.client_from(HOME).sign_up("bob").unwrap();
    let mut taken = 0;
    for _start in 0..2 {
        let mut stranger = daemon.client_from(STRANGER);
        let told = guesses(&mut stranger, "alice", 200);
        assert!(are_slowed_down(&told), "{told:?}");
        taken += told.0;
        // The device is let in at once, also from there; a password, also of others, is not.
        daemon.client_from(STRANGER).login_device("alice", &key).unwrap();
        assert_eq!(guess(&mut stranger, "bob").unwrap_err().code, Code::RateLimited);
        // Alice has her password from anywhere else, where she has been before and where not.
        for host in [HOME, ELSEWHERE] {
            assert_eq!(by_password(&daemon, host, "alice"), Ok(()));
            assert_eq!(by_password(&daemon, host, "bob"), Ok(()));
        }
        // The daemon ends in good order, so that everything is on record, and begins anew.
        drop(stranger);
        assert!(daemon.terminate().success());
        daemon.restart();
    }
    assert!(daemon.terminate().success());
    let records = daemon.audit();
    let address = "127.0.0.66";
    let failed = with(&records, "login", "address", address);
    let failed = failed.iter().filter(|it| it["details"]["code"] == "bad-credentials").count();
    // What came too early is not on record one by one.
    assert!((taken - 2..=taken).contains(&failed), "{failed} of {taken}");
    let suspicious = with(&records, "suspicious-logins-by-address", "address", address);
    assert_eq!(suspicious.len(), 2, "once for each time: {suspicious:?}");
    assert_eq!(suspicious[0]["subject"], "alice");
    assert!(with(&records, "suspicious-logins-by-address", "address", "127.0.0.2").is_empty());
}

#[test]
fn a_name_that_nobody_has_is_slowed_down_just_like_one_that_somebody_has() {
    let daemon = Daemon::configured(LIMITED);
    daemon.client_from(HOME).sign_up("alice").unwrap();
    for (host, name) in [(STRANGER, "alice"), (STRANGER + 1, "nobody")] {
        let told = guesses(&mut daemon.client_from(host), name, 50);
        assert!(are_slowed_down(&told), "{name}: {told:?}");
    }
    for (host, name) in [(HOME, "alice"), (ELSEWHERE, "nobody")] {
        let mut client = daemon.client_from(host);
        assert_eq!(guess(&mut client, name), Ok(()), "{name}");
        let wait = guess(&mut client, name).unwrap_err().retry_after_ms.unwrap();
        assert!((1..=8_000).contains(&wait), "{name}: {wait}");
        assert_eq!(
            client.login_device(name, &DeviceKey::new()),
            Err(Code::BadCredentials),
            "{name}"
        );
    }
}

#[test]
fn many_addresses_that_guess_at_one_name_are_slowed_down_and_keep_nobody_out() {
    let mut daemon = Daemon::configured(LIMITED);
    daemon.client_from(HOME).sign_up("alice").unwrap();
    let mut strangers: Vec<_> = (100..125).map(|host| daemon.client_from(host)).collect();
    for stranger in &mut strangers {
        assert_eq!(guess(stranger, "alice"), Ok(()));
    }
    for stranger in &mut strangers[12..] {
        let refusal = guess(stranger, "alice").unwrap_err();
        assert!((1..=30_000).contains(&refusal.retry_after_ms.unwrap()), "{refusal:?}");
    }
    // Who reads the status finds out for whose name one has to wait.
    let status = String::from_utf8(daemon.run(&["status"]).stdout).unwrap();
    assert!(status.contains("\n  alice  ") && status.contains("failed-logins"), "{status}");
    assert_eq!(by_password(&daemon, HOME, "alice"), Ok(()));
    assert_eq!(by_password(&daemon, ELSEWHERE, "alice"), Ok(()));
    assert!(daemon.terminate().success());
    let records = daemon.audit();
    assert_eq!(with(&records, "suspicious-logins-on-name", "subject", "alice").len(), 1);
    let by_address = records.iter().filter(|it| it["action"] == "suspicious-logins-by-address");
    assert_eq!(by_address.count(), 0);
}

#[test]
fn this_machine_is_spared_but_for_the_name_that_is_guessed_at() {
    let daemon = Daemon::start();
    let key = DeviceKey::new();
    daemon.client().sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    daemon.client().sign_up("bob").unwrap();
    let told = guesses(&mut daemon.unix_client(), "alice", 60);
    assert!(are_slowed_down(&told), "{told:?}");
    assert_eq!(by_password(&daemon, HOME, "alice"), Err(Code::RateLimited));
    assert_eq!(by_password(&daemon, HOME, "bob"), Ok(()));
    daemon.tls_client().login_device("alice", &key).unwrap();
}

#[test]
fn guesses_at_codes_slow_their_address_down_and_are_on_record() {
    let mut daemon = Daemon::configured(&LIMITED.replace("open", "code"));
    let made = daemon.run(&["code", "create", "--uses", "2"]);
    let code = String::from_utf8(made.stdout).unwrap();
    let sign_up = |host: u8, name: &str, code: &str| {
        let mut client = daemon.client_from(host);
        match client.sign_up_as(name, PASSWORD, None, Some(code)) {
            Outcome::LoggedIn(_) => Ok(()),
            Outcome::Refused(refusal) => Err(refusal.code),
            other => panic!("{other:?}"),
        }
    };
    let told: Vec<_> = (0..60)
        .map(|guess| {
            let code = if guess % 2 == 0 { "7k2m-q9xa-43fd" } else { "no code" };
            sign_up(STRANGER, "mallory", code).unwrap_err()
        })
        .collect();
    let count = |code: Code| told.iter().filter(|told| **told == code).count();
    let taken = count(Code::BadCode);
    assert!((10..=13).contains(&taken), "{told:?}");
    assert_eq!(taken + count(Code::RateLimited), 60);
    // A right one waits as well, and is taken from elsewhere at once.
    assert_eq!(sign_up(STRANGER, "mallory", code.trim()), Err(Code::RateLimited));
    assert_eq!(by_password(&daemon, STRANGER, "mallory"), Err(Code::RateLimited));
    assert_eq!(sign_up(HOME, "alice", code.trim()), Ok(()));
    assert_eq!(sign_up(HOME, "alice", code.trim()), Err(Code::NameTaken));
    assert!(daemon.terminate().success());
    let records = daemon.audit();
    let refused = with(&records, "signed-up", "outcome", "refused");
    assert_eq!(refused.len(), taken, "{refused:?}");
    for record in refused {
        assert_eq!([&record["subject"], &record["address"]], ["mallory", "127.0.0.66"]);
        assert_eq!(record["details"], serde_json::json!({ "code": "bad-code" }));
    }
    let suspicious = with(&records, "suspicious-logins-by-address", "address", "127.0.0.66");
    assert_eq!(suspicious.len(), 1);
}

#[test]
fn a_flood_of_wrong_device_keys_holds_up_no_password_and_does_not_fill_the_audit() {
    let mut daemon = Daemon::configured(LIMITED);
    let key = DeviceKey::new();
    daemon.client_from(HOME).sign_up_with("alice", PASSWORD, Some(key.offer("desk"))).unwrap();
    let mut stranger = daemon.client_from(STRANGER);
    for _ in 0..200 {
        let wrong = stranger.login_device("alice", &DeviceKey::new());
        assert_eq!(wrong, Err(Code::BadCredentials));
    }
    by_password(&daemon, STRANGER, "alice").unwrap();
    stranger.login_device("alice", &key).unwrap();
    assert!(daemon.terminate().success());
    let records = daemon.audit();
    let failed = with(&records, "login", "address", "127.0.0.66");
    let failed = failed.iter().filter(|record| record["outcome"] == "refused").count();
    assert!((10..=13).contains(&failed), "{failed}");
    let suspicious = with(&records, "suspicious-logins-by-address", "address", "127.0.0.66");
    assert_eq!(suspicious.len(), 1);
}

#[test]
fn whoever_comes_with_an_old_key_gets_in_by_password_while_others_guess_at_it() {
    let daemon = Daemon::configured(LIMITED);
    daemon.client_from(HOME).sign_up("alice").unwrap();
    let told = guesses(&mut daemon.client_from(STRANGER), "alice", 30);
    assert!(are_slowed_down(&told), "{told:?}");
    // As clients do: the key first, and behind it the password.
    let mut alice = daemon.client_from(HOME);
    for _ in 0..3 {
        let old = alice.login_device("alice", &DeviceKey::new());
        assert_eq!(old, Err(Code::BadCredentials));
    }
    alice.login("alice", PASSWORD, None).unwrap();
}

/// How the daemon ends a connection for which there is no place.
const TURNED_AWAY: Ended = Ended::Closing(CloseReason::TooManyConnections);

#[test]
fn one_address_cannot_take_all_places() {
    let daemon = Daemon::configured(&format!("{LIMITED}\nconnections_per_address = 3"));
    let mut users = ["alice", "bob", "carol"].map(|name| {
        let mut client = daemon.client_from(STRANGER);
        client.sign_up(name).unwrap();
        client
    });
    assert_eq!(Client::try_greet(daemon.link_from(STRANGER)).err(), Some(TURNED_AWAY));
    by_password(&daemon, HOME, "alice").unwrap();
    users[0].create("ops").unwrap();
    drop(users);
    let deadline = Instant::now() + PATIENCE;
    while let Err(ended) = Client::try_greet(daemon.link_from(STRANGER)) {
        assert_eq!(ended, TURNED_AWAY);
        assert!(Instant::now() < deadline, "no place became free");
    }
}

/// What a stranger hears who asks for this on a connection of their own.
fn asked_from(daemon: &Daemon, host: u8, command: Command) -> Result<Outcome, Refusal> {
    match daemon.client_from(host).ask(command) {
        Outcome::Refused(refusal) => Err(refusal),
        outcome => Ok(outcome),
    }
}

#[test]
fn whoever_guesses_on_ever_new_connections_shuts_out_no_device_there() {
    let daemon = Daemon::in_earnest(LIMITED);
    let key = DeviceKey::new();
    let offer = key.offer("desk");
    daemon.client_from(HOME).sign_up_with("alice", PASSWORD, Some(offer)).unwrap();
    for tries in [200, 1_800] {
        let told: Vec<_> = (0..tries)
            .filter_map(|_| guess(&mut daemon.client_from(STRANGER), "alice").err())
            .collect();
        assert!(told.len() >= tries - 20, "{} of {tries}", told.len());
        assert!(told.iter().all(|refusal| refusal.code == Code::RateLimited), "{told:?}");
        daemon.client_from(STRANGER).login_device("alice", &key).unwrap();
        // Who is in by the key may do everything, such as proving the password to change it.
        let mut alice = daemon.client_from(STRANGER);
        alice.login_device("alice", &key).unwrap();
        alice.create(&format!("room {tries}")).unwrap();
        by_password(&daemon, HOME, "alice").unwrap();
    }
}

#[test]
fn connections_that_do_not_log_in_are_limited_and_those_that_do_are_not() {
    let daemon = Daemon::configured(&format!("{LIMITED}\nstrangers_per_minute = 5"));
    let key = DeviceKey::new();
    let offer = key.offer("desk");
    daemon.client_from(STRANGER).sign_up_with("alice", PASSWORD, Some(offer)).unwrap();
    for _ in 0..20 {
        daemon.client_from(STRANGER).login_device("alice", &key).unwrap();
    }
    let told: Vec<_> =
        (0..12).map(|_| asked_from(&daemon, STRANGER, Command::Ping).err()).collect();
    // A slow machine may take so long that one was forgotten; the order is always this one.
    assert_eq!(told[..5], [const { None }; 5]);
    let told = told[11].clone().unwrap();
    assert_eq!(told.code, Code::RateLimited);
    assert!((1..=73_000).contains(&told.retry_after_ms.unwrap()), "{told:?}");
    for command in [
        Command::LoginStart(LoginStart { name: "alice".to_owned(), request: vec![] }),
        Command::SignUpStart(SignUpStart { name: "bob".to_owned(), request: vec![] }),
        Command::ListDevices,
    ] {
        let refused = asked_from(&daemon, STRANGER, command).unwrap_err();
        assert_eq!(refused.code, Code::RateLimited);
    }
    // A key that is not hers is told so, and hers is taken.
    let mut knocking = daemon.client_from(STRANGER);
    assert_eq!(knocking.login_device("alice", &DeviceKey::new()), Err(Code::BadCredentials));
    knocking.login_device("alice", &key).unwrap();
    knocking.create("ops").unwrap();
    by_password(&daemon, HOME, "alice").unwrap();
    // Beyond what device keys may there is not even a hello.
    let ended = (0..5_000).find_map(|_| Client::try_greet(daemon.link_from(STRANGER)).err());
    assert_eq!(ended, Some(Ended::Cut));
    by_password(&daemon, HOME, "alice").unwrap();
}

#[test]
fn one_address_does_not_fill_the_place_for_sign_ups_and_no_other_waits_for_it() {
    let lines = LIMITED.replace("open", "approval");
    let daemon = Daemon::in_earnest(&format!("{lines}\nsign_ups_per_hour = 3"));
    let sign_up =
        |client: &mut Client, name: &str| match client.sign_up_as(name, PASSWORD, None, None) {
            Outcome::Done => None,
            Outcome::Refused(refusal) => Some((refusal.code, refusal.retry_after_ms.is_some())),
            other => panic!("{other:?}"),
        };
    let mut stranger = daemon.client_from(STRANGER);
    let told: Vec<_> = (0..20).map(|it| sign_up(&mut stranger, &format!("zoe{it}"))).collect();
    assert_eq!(told[..3], [None; 3]);
    assert_eq!(told[3..], [Some((Code::RateLimited, true)); 17]);
    assert_eq!(sign_up(&mut daemon.client_from(ELSEWHERE), "yan"), None);
    let status = String::from_utf8(daemon.run(&["status"]).stdout).unwrap();
    let waits = status.lines().find(|line| line.contains("sign-ups ")).unwrap();
    assert!(waits.contains("127.0.0.66"), "{status}");
    let audit = daemon.audit();
    let count = |action: &str| audit.iter().filter(|it| it["action"] == action).count();
    assert_eq!((count("signed-up"), count("suspicious-sign-ups")), (4, 1));
}

#[test]
fn whoever_uses_up_the_changes_keeps_nobody_from_the_account_and_its_devices() {
    let daemon = Daemon::in_earnest(&format!("{LIMITED}\nchanges_per_hour = 5"));
    let stolen = DeviceKey::new();
    let offer = stolen.offer("laptop");
    let mut thief = daemon.client_from(STRANGER);
    thief.sign_up_with("alice", PASSWORD, Some(offer)).unwrap();
    while thief.set_display_name("Mallory").and(thief.set_display_name("")).is_ok() {}
    let mut alice = daemon.client_from(HOME);
    let me = alice.login("alice", PASSWORD, Some(DeviceKey::new().offer("phone"))).unwrap();
    let others = alice.devices().into_iter().filter(|it| Some(it.id) != me.device);
    for device in others.collect::<Vec<_>>() {
        alice.revoke(device.id).unwrap();
    }
    assert_eq!(thief.until_ended(), Ended::Closing(CloseReason::Revoked));
    assert_eq!(alice.change_password("alice", "another password of hers"), Ok(()));
}

#[test]
fn nobody_fills_the_audit_with_changes_without_end() {
    let daemon = Daemon::in_earnest(&format!("{LIMITED}\nchanges_per_hour = 200"));
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let changed: Vec<_> =
        (0..400).map(|it| alice.set_display_name(&format!("Alice {it}"))).collect();
    let done = changed.iter().filter(|it| it.is_ok()).count();
    // A slow machine may take so long that some were forgiven.
    assert!((200..210).contains(&done), "{done}");
    assert!(changed.iter().flat_map(|it| it.as_ref().err()).all(|it| *it == Code::RateLimited));
    let room = bob.create("ops").unwrap();
    assert_eq!(alice.join(room).err(), Some(Code::RateLimited));
    bob.set_display_name("Bob").unwrap();
    let status = String::from_utf8(daemon.run(&["status"]).stdout).unwrap();
    assert!(status.lines().any(|line| line.contains("alice") && line.contains("changes ")));
    let audit = daemon.audit();
    assert_eq!(with(&audit, "display-name-set", "actor", "alice").len(), done);
    assert_eq!(with(&audit, "suspicious-flooding", "actor", "alice").len(), 1);
}
