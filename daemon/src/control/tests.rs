//! Requests and what they come to, over a store without a daemon; and lines of any length.

use std::path::Path;

use parlor_protocol::account::StretchCost;
use parlor_protocol::id::{DeviceId, Timestamp};
use parlor_protocol::password::{Password, Registration};
use proptest::prelude::*;
use tokio::io::BufReader;

use super::offline::OfflineError;
use super::*;
use crate::audit::Rolling;
use crate::store::Create;

pub(super) fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

pub(super) fn offline(dir: &Path) -> Offline {
    open(dir, Create::IfMissing).unwrap()
}

fn open(dir: &Path, create: Create) -> Result<Offline, OfflineError> {
    Offline::open(dir, create, StretchCost::WEAK, SignUpMode::Code, Rolling::ONE_FILE)
}

/// The client's half of a registration.
pub(super) async fn register(ask: &mut impl AsyncFnMut(Request) -> Response, name: &str) -> Upload {
    let password = Password::parse("correct horse").unwrap();
    let (registration, request) = Registration::start(&password);
    let Response::Registered { response, cost } =
        ask(Request::Register { user: user(name), request }).await
    else {
        panic!("not registered")
    };
    let upload = registration.finish(&response, &user(name), cost.clone()).unwrap();
    Upload { upload, cost }
}

async fn ask(daemon: &Offline, request: Request) -> Response {
    answer(daemon, request, Some(1000)).await
}

async fn add(daemon: &Offline, name: &str) -> Response {
    let password = register(&mut async |request| ask(daemon, request).await, name).await;
    ask(daemon, Request::UserAdd { user: user(name), operator: false, password }).await
}

#[tokio::test]
async fn users_are_added_listed_and_given_passwords_and_each_is_on_record_once() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = offline(dir.path());
    assert_eq!(add(&daemon, "bob").await, Response::Done);
    assert_eq!(add(&daemon, "alice").await, Response::Done);
    assert_eq!(add(&daemon, "Bob").await, Response::Refused(Code::NameTaken));
    drop(daemon);

    let daemon = offline(dir.path());
    let password = register(&mut async |request| ask(&daemon, request).await, "bob").await;
    let passwd = |name: &str| Request::UserPasswd { user: user(name), password: password.clone() };
    assert_eq!(ask(&daemon, passwd("bob")).await, Response::Done);
    assert_eq!(ask(&daemon, passwd("carol")).await, Response::Refused(Code::NoSuchUser));
    let listed = |name| ListedUser {
        user: user(name),
        operator: false,
        status: "active".to_owned(),
        display_name: None,
    };
    let all = Request::UserList { after: None };
    let page = Response::Users(vec![listed("alice"), listed("bob")]);
    assert_eq!(ask(&daemon, all).await, page);
    let rest = Request::UserList { after: Some(user("alice")) };
    assert_eq!(ask(&daemon, rest).await, Response::Users(vec![listed("bob")]));

    let audit = std::fs::read_to_string(dir.path().join("audit/audit.log")).unwrap();
    let told: Vec<String> = audit
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            ["serial", "action", "outcome", "subject"].map(|key| record[key].to_string()).join(" ")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    1 "user-added" "done" "bob"
    2 "password-set" "done" "bob"
    3 "user-added" "done" "alice"
    4 "password-set" "done" "alice"
    5 "user-added" "refused" "bob"
    6 "password-set" "done" "bob"
    7 "password-set" "refused" null
    "#);
}

#[tokio::test]
async fn what_operators_do_is_shown_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = offline(dir.path());
    add(&daemon, "bob").await;
    let act = async |act: Act| ask(&daemon, Request::Act(act)).await;
    let shown = async || match ask(&daemon, Request::UserShow(user("bob"))).await {
        Response::User(shown) => (shown.user.status, shown.user.operator),
        other => panic!("{other:?}"),
    };
    assert_eq!(act(Act::Operator { user: user("bob"), on: true }).await, Response::Done);
    assert_eq!(shown().await, ("active".to_owned(), true));
    assert_eq!(act(Act::Operator { user: user("bob"), on: false }).await, Response::Done);
    assert_eq!(act(Act::Disable(user("bob"))).await, Response::Done);
    assert_eq!(shown().await, ("disabled".to_owned(), false));
    assert_eq!(act(Act::Enable(user("bob"))).await, Response::Done);
    assert_eq!(shown().await, ("active".to_owned(), false));
    assert_eq!(act(Act::Approve(user("bob"))).await, Response::Refused(Code::NoSuchRequest));
    assert_eq!(ask(&daemon, Request::DeviceList(user("bob"))).await, Response::Devices(vec![]));
    assert_eq!(act(Act::Remove(user("bob"))).await, Response::Done);
    assert_eq!(shown().await, ("removed".to_owned(), false));
    let nobody = Response::Refused(Code::NoSuchUser);
    assert_eq!(act(Act::Enable(user("bob"))).await, nobody);
    assert_eq!(act(Act::Deny { user: user("carol"), reason: None }).await, nobody);
    assert_eq!(ask(&daemon, Request::UserShow(user("carol"))).await, nobody);
    assert_eq!(ask(&daemon, Request::DeviceList(user("carol"))).await, nobody);
    let transfer = Act::TransferRoom { room: "ops".to_owned(), user: user("bob") };
    assert_eq!(act(transfer).await, Response::Refused(Code::NoSuchRoom));
}

#[tokio::test]
async fn codes_and_the_sign_up_mode_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = offline(dir.path());
    let mode = Request::SignUpMode;
    assert_eq!(ask(&daemon, mode.clone()).await, Response::SignUpMode(SignUpMode::Code));
    let set = Request::Act(Act::SetSignUpMode(SignUpMode::Approval));
    assert_eq!(ask(&daemon, set).await, Response::Done);
    let make = Request::Act(Act::MakeCode { uses: 3, secs: 60 });
    let Response::Code(made) = ask(&daemon, make).await else { panic!("no code") };
    drop(daemon);

    let daemon = offline(dir.path());
    assert_eq!(ask(&daemon, mode).await, Response::SignUpMode(SignUpMode::Approval));
    let Response::Codes(codes) = ask(&daemon, Request::CodeList).await else { panic!("no list") };
    let [listed] = &codes[..] else { panic!("{codes:?}") };
    assert_eq!((listed, listed.uses, listed.operator), (&made, 3, false));
    let code = made.code;
    let revoke = |code: &str| Request::Act(Act::RevokeCode(code.to_owned()));
    assert_eq!(ask(&daemon, revoke(&code.to_uppercase())).await, Response::Done);
    assert_eq!(ask(&daemon, revoke(&code)).await, Response::Refused(Code::BadCode));
    assert_eq!(ask(&daemon, revoke("gibberish")).await, Response::Refused(Code::BadCode));
    assert_eq!(ask(&daemon, Request::CodeList).await, Response::Codes(vec![]));
    let gone = Request::Act(Act::MakeCode { uses: 1, secs: 0 });
    assert!(matches!(ask(&daemon, gone).await, Response::Code(_)));
    assert_eq!(ask(&daemon, Request::CodeList).await, Response::Codes(vec![]), "its time is over");
}

#[tokio::test]
async fn a_registration_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = offline(dir.path());
    let registered = Request::Register { user: user("alice"), request: vec![1; 31] };
    assert_eq!(ask(&daemon, registered).await, Response::Refused(Code::BadRequest));
    let password = Upload { upload: vec![0xff; 192], cost: StretchCost::WEAK };
    let added = Request::UserAdd { user: user("alice"), operator: false, password };
    assert_eq!(ask(&daemon, added).await, Response::Refused(Code::BadRequest));
    assert_eq!(ask(&daemon, Request::UserList { after: None }).await, Response::Users(vec![]));
}

#[test]
fn a_store_in_use_is_not_opened_and_none_is_made_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let open = |create| open(dir.path(), create);
    let said = open(Create::Never).unwrap_err().to_string();
    assert!(said.starts_with("there is no store at "), "{said}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let first = open(Create::IfMissing).unwrap();
    let said = open(Create::IfMissing).unwrap_err().to_string();
    assert!(said.contains("another parlord uses this data directory"), "{said}");
    drop(first);
    assert!(dir.path().join("host_key").exists());
    open(Create::Never).unwrap();
}

fn receive_all(bytes: &[u8]) -> io::Result<Option<Request>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(receive(&mut BufReader::new(bytes)))
}

#[test]
fn a_line_may_be_as_long_as_the_limit_and_no_longer() {
    let line = |bytes: usize| {
        let mut line = b"{\"user_list\":{\"after\":null}}".to_vec();
        line.resize(bytes - 1, b' ');
        line.push(b'\n');
        line
    };
    assert!(receive_all(&line(LINE_BYTES_MAX)).unwrap().is_some());
    let error = receive_all(&line(LINE_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    let error = receive_all(&line(100)[..99]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(receive_all(b"").unwrap().is_none());
}

#[test]
fn the_longest_listings_fit_on_a_line() {
    let name = |number: u32| user(&format!("u{number:031}"));
    let users = (0..PAGE_USERS_MAX).map(|number| ListedUser {
        user: name(number),
        operator: false,
        status: "disabled".to_owned(),
        // As many bytes as one can have.
        display_name: format!("{}\\", "a\u{301}\u{302}\u{303}\u{304}\u{305}".repeat(46))
            .parse()
            .ok(),
    });
    let at = Timestamp(i64::MIN);
    let sign_ups = (0..PAGE_USERS_MAX).map(|number| ListedSignUp { user: name(number), at });
    // As many codes and devices as there can be, and as long as a device's name can get.
    let codes = (0..500).map(|_| ListedCode {
        code: "7k2m-q9xa-43fd".to_owned(),
        uses: 1_000_000,
        until: at,
        operator: false,
    });
    let devices = (0..100).map(|_| ListedDevice {
        id: DeviceId(u32::MAX),
        name: "\u{1F469}".repeat(64),
        created_at: at,
        used_at: at,
        address: "2001:db8:85a3:8d3:1319:8a2e:370:7348".to_owned(),
    });
    for response in [
        Response::Users(users.collect()),
        Response::SignUps(sign_ups.collect()),
        Response::Codes(codes.collect()),
        Response::Devices(devices.collect()),
    ] {
        let line = serde_json::to_vec(&response).unwrap();
        assert!(line.len() < LINE_BYTES_MAX, "{}", line.len());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_request_or_an_error_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = receive_all(&bytes);
    }
}
