//! What operators look up: users, devices, sign-ups that wait, and the sign-up mode in force.

use std::fs;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::reply::Outcome;
use serde_json::Value;

use super::{does, refused, user};
use crate::harness::{Daemon, DeviceKey, PASSWORD};

/// The objects of a listing, each on its line.
pub(super) fn objects(listed: &str) -> Vec<Value> {
    listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The keys of an object without the times, of which only the form is known.
pub(super) fn told(object: &Value) -> String {
    let mut object = object.clone();
    for (key, value) in object.as_object_mut().unwrap() {
        // What has not happened has no time.
        if value.is_null() {
            continue;
        }
        if key == "at" || key.ends_with("_at") || key == "until" {
            let time = value.as_str().unwrap();
            assert!(time.len() == 24 && time.ends_with('Z'), "{key}: {time}");
            *value = "TIME".into();
        }
    }
    object.to_string()
}

#[test]
fn users_and_their_devices_are_shown() {
    let mut daemon = Daemon::start();
    let key = DeviceKey::new();
    let mut alice = user(&daemon, "alice", &key);
    alice.create("ops").unwrap();
    does(&daemon, &["user", "operator", "alice", "on"]);
    let shown = |daemon: &Daemon| {
        let shown = objects(&does(daemon, &["user", "show", "Alice", "--json"]));
        assert_eq!(shown.len(), 1);
        told(&shown[0])
    };
    insta::assert_snapshot!(shown(&daemon), @r#"{"created_at":"TIME","devices":1,"display_name":null,"operator":true,"rooms":1,"status":"active","status_at":"TIME","type":"user","user":"alice"}"#);
    let columns = does(&daemon, &["user", "show", "alice"]);
    assert!(
        columns
            .starts_with("user      alice\nshown as  -\noperator  yes\nstatus    active since 20")
    );

    let devices = objects(&does(&daemon, &["user", "devices", "alice", "--json"]));
    assert_eq!(devices.len(), 1);
    assert_eq!((&devices[0]["id"], &devices[0]["name"]), (&1.into(), &"laptop".into()));
    told(&devices[0]);
    assert!(does(&daemon, &["user", "devices", "alice"]).ends_with("  laptop\n"));
    for looked_up in ["show", "devices"] {
        assert!(refused(&daemon, &["user", looked_up, "bob"]).contains("no such user"));
    }

    assert!(daemon.terminate().success());
    does(&daemon, &["user", "remove", "alice"]);
    // The room is left by the next daemon.
    insta::assert_snapshot!(shown(&daemon), @r#"{"created_at":"TIME","devices":0,"display_name":null,"operator":false,"rooms":1,"status":"removed","status_at":"TIME","type":"user","user":"alice"}"#);
    assert_eq!(does(&daemon, &["user", "devices", "alice"]), "");
}

#[test]
fn who_waits_is_listed_and_who_was_denied_is_not() {
    let daemon = Daemon::configured("sign_up = \"approval\"");
    for name in ["carol", "bob", "dave"] {
        let mut stranger = daemon.tls_client();
        assert_eq!(stranger.sign_up_as(name, PASSWORD, None, None), Outcome::Done);
    }
    does(&daemon, &["user", "deny", "dave"]);
    let list = |arguments: &[&str]| {
        let told: Vec<_> = objects(&does(&daemon, arguments)).iter().map(told).collect();
        told.join("\n")
    };
    insta::assert_snapshot!(list(&["user", "pending", "--json"]), @r#"
    {"at":"TIME","type":"sign-up","user":"bob"}
    {"at":"TIME","type":"sign-up","user":"carol"}
    "#);
    insta::assert_snapshot!(list(&["user", "list", "--json"]), @r#"
    {"display_name":null,"operator":false,"status":"waiting","type":"user","user":"bob"}
    {"display_name":null,"operator":false,"status":"waiting","type":"user","user":"carol"}
    "#);
    assert!(refused(&daemon, &["user", "show", "dave"]).contains("no such user"));
    assert!(refused(&daemon, &["user", "deny", "dave"]).contains("no such user"));
}

#[test]
fn the_sign_up_mode_in_force_is_the_running_daemons_and_one_set_by_command_beats_the_file() {
    let mut daemon = Daemon::start();
    let welcomed = |daemon: &Daemon| daemon.tls_client().welcome.unwrap().sign_up;
    let file = daemon.data().with_file_name("parlord.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("sign_up = \"open\""), "{text}");
    fs::write(&file, text.replace("sign_up = \"open\"", "sign_up = \"closed\"")).unwrap();
    assert_eq!(does(&daemon, &["sign-up"]), "open\n", "it has not read the file again");
    does(&daemon, &["sign-up", "code"]);
    assert_eq!(welcomed(&daemon), SignUpMode::Code);
    daemon.kill9();
    assert_eq!(does(&daemon, &["sign-up"]), "code\n");
    daemon.restart();
    assert_eq!(does(&daemon, &["sign-up"]), "code\n");
    assert_eq!(welcomed(&daemon), SignUpMode::Code);
}
