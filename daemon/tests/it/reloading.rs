//! The configuration: what is told of it, and how a running daemon goes on by another one.

mod mutations;

use std::fs;

use parlor_protocol::account::SignUpMode;
use parlor_protocol::refusal::Code;
use parlor_protocol::request::Command;
use serde_json::Value;

use crate::harness::Daemon;
use crate::operators::{does, refused};

/// Rewrites a part of the configuration file.
fn rewrite(daemon: &Daemon, old: &str, new: &str) {
    let text = fs::read_to_string(daemon.config()).unwrap();
    assert!(text.contains(old), "{text}");
    fs::write(daemon.config(), text.replace(old, new)).unwrap();
}

fn reload(daemon: &Daemon) -> Vec<String> {
    does(daemon, &["reload"]).lines().map(ToOwned::to_owned).collect()
}

#[test]
fn a_reload_changes_what_it_can_without_ending_a_connection_and_tells_what_needs_a_restart() {
    let daemon = Daemon::in_earnest(
        "sign_up = \"open\"\n[limits]\nmessages_burst = 2\n[server]\nmotd = \"hello\"",
    );
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    for _ in 0..2 {
        alice.say(room, "hello").unwrap();
    }
    assert_eq!(alice.say(room, "hello").err(), Some(Code::RateLimited));
    rewrite(&daemon, "\"open\"", "\"closed\"");
    rewrite(
        &daemon,
        "messages_burst = 2",
        "messages_burst = 100000\nmessages_per_sec = 1000\nprobes_per_hour = 7",
    );
    rewrite(&daemon, "\"hello\"", "\"good bye\"\nname = \"Two\"\nshards = 2");
    rewrite(&daemon, "[server]", "[metrics]\nlisten = \"127.0.0.1:2\"\n[server]");
    let port = "plain = [\"127.0.0.1:0\"]";
    rewrite(&daemon, port, "plain = [\"127.0.0.1:1\"]");
    let restart = [
        "server.shards: 2, was 1; restart parlord for it",
        "listen.plain: [\"127.0.0.1:1\"], was [\"127.0.0.1:0\"]; restart parlord for it",
        "metrics.listen: \"127.0.0.1:2\", was not set; restart parlord for it",
    ];
    assert_eq!(
        reload(&daemon),
        [
            "server.name: \"Two\", was \"Parlor\"",
            "server.motd: \"good bye\", was \"hello\"",
            restart[0],
            restart[1],
            "accounts.sign_up: \"closed\", was \"open\"",
            "limits.messages_burst: 100000, was 2",
            "limits.messages_per_sec: 1000, was 2",
            "limits.probes_per_hour: 7, was 100",
            restart[2],
        ]
    );
    // It is the same connection, and by now it may say more.
    for _ in 0..100 {
        alice.say(room, "hello").unwrap();
    }
    let mut bob = daemon.client();
    let welcome = bob.welcome.clone().unwrap();
    assert_eq!((welcome.server.as_str(), welcome.motd.as_str()), ("Two", "good bye"));
    assert_eq!(welcome.sign_up, SignUpMode::Closed);
    assert_eq!(bob.sign_up("bob").err(), Some(Code::SignUpClosed));
    assert_eq!(reload(&daemon), restart, "it is told as long as it does not count");
    let json = does(&daemon, &["reload", "--json"]);
    let first: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["key"], "server.shards");
    assert_eq!((&first["value"], &first["restart"]), (&2.into(), &true.into()));

    let uid = rustix::process::geteuid().as_raw();
    let records = daemon.audit();
    let records: Vec<_> =
        records.iter().filter(|record| record["action"] == "config-reloaded").collect();
    assert_eq!(records.len(), 3);
    assert_eq!(records[0]["details"]["uid"], uid);
    let changed = records[0]["details"]["changed"].as_str().unwrap();
    assert!(changed.starts_with("server.name server.motd server.shards"), "{changed}");
}

#[test]
fn a_mode_that_was_set_by_command_beats_the_file_that_is_read_again() {
    let daemon = Daemon::start();
    does(&daemon, &["sign-up", "code"]);
    rewrite(&daemon, "\"open\"", "\"approval\"");
    let beaten = "does not count as long as the mode set by `parlord sign-up` does";
    let told = format!("accounts.sign_up: \"approval\", was \"open\"; {beaten}");
    assert_eq!(reload(&daemon), [told]);
    assert_eq!(daemon.client().welcome.unwrap().sign_up, SignUpMode::Code);
}

#[test]
fn limits_on_connections_count_from_the_next_connection_on() {
    let daemon = Daemon::configured(
        "sign_up = \"open\"\n[limits]\nloopback_exempt = false\nconnections_per_address = 50",
    );
    let mut held: Vec<_> = (0..5).map(|_| daemon.client()).collect();
    rewrite(&daemon, "connections_per_address = 50", "connections_per_address = 3");
    assert_eq!(reload(&daemon), ["limits.connections_per_address: 3, was 50"]);
    let mut turned_away = crate::harness::Client::silent(daemon.plain_link());
    assert!(turned_away.receive().is_err());
    held[0].sign_up("alice").unwrap();
}

#[test]
fn a_file_that_cannot_be_used_changes_nothing_and_says_where_and_why() {
    let daemon = Daemon::start();
    let before = fs::read_to_string(daemon.config()).unwrap();
    let line = before.lines().count() + 2;
    fs::write(daemon.config(), format!("{before}\nmesages_burst = 5\n[server]\nmotd = \"new\""))
        .unwrap();
    let said = refused(&daemon, &["reload"]);
    let told =
        format!("parlord.toml line {line}: there is no key limits.mesages_burst; did you mean");
    assert!(said.contains(&told), "{said}");
    daemon.send_sighup();
    let logged = daemon.until_logged("not taken over");
    assert!(logged.contains(&told), "{logged}");
    assert_eq!(daemon.client().welcome.unwrap().motd, "");
    let said = refused(&daemon, &["config", "check"]);
    assert!(said.contains(&told), "{said}");
    fs::write(daemon.config(), before).unwrap();
    assert_eq!(reload(&daemon), Vec::<String>::new());
    assert_eq!(does(&daemon, &["config", "check"]), "");
    // Each time is on record, with who wanted it where that is known.
    let records = daemon.audit();
    let reloads = records.iter().filter(|record| record["action"] == "config-reloaded");
    let told: Vec<_> = reloads.map(|record| (&record["outcome"], &record["details"])).collect();
    let uid = rustix::process::geteuid().as_raw();
    let details = |uid| serde_json::json!({ "code": "bad-request", "uid": uid });
    assert_eq!(told[0], (&"refused".into(), &details(Some(uid))));
    assert_eq!(told[1], (&"refused".into(), &details(None)));
    assert_eq!((told[2].0, told.len()), (&"done".into(), 3));
}

#[test]
fn a_sighup_reads_the_configuration_and_the_log4rs_file_again() {
    let daemon = Daemon::start();
    let dir = daemon.data().parent().unwrap().to_owned();
    let log = |level: &str| {
        let file = dir.join("file.log");
        let text = format!(
            "appenders:\n  file:\n    kind: file\n    path: {}\n    encoder:\n      kind: line\n\
             root:\n  level: {level}\n  appenders: [file]\n",
            file.display()
        );
        fs::write(dir.join("log4rs.yaml"), text).unwrap();
        file
    };
    let file = log("info");
    let before = fs::read_to_string(daemon.config()).unwrap();
    fs::write(daemon.config(), format!("log = \"log4rs.yaml\"\n{before}[server]\nmotd = \"new\""))
        .unwrap();
    daemon.send_sighup();
    let written = || fs::read_to_string(&file).unwrap_or_default();
    let mut alice = daemon.user("alice");
    // The record is written before the new log; a subcommand waits behind the signal's turn.
    while daemon.client().welcome.unwrap().motd != "new" {
        alice.settle();
    }
    does(&daemon, &["reload"]);
    assert!(written().contains("read again"), "{}", written());
    let lines = written().lines().count();
    log("error");
    let told =
        format!("log: \"{}\"; what the file says has changed", dir.join("log4rs.yaml").display());
    assert_eq!(reload(&daemon), [told]);
    assert_eq!(reload(&daemon), Vec::<String>::new());
    assert_eq!(written().lines().count(), lines, "nothing below an error is written any more");
    fs::write(dir.join("log4rs.yaml"), "root:\n  level: [\n").unwrap();
    let said = refused(&daemon, &["reload"]);
    let told = "parlord.toml line 1: cannot use the log configuration ";
    assert!(said.contains(told) && said.contains("log4rs.yaml: "), "{said}");
    assert!(refused(&daemon, &["config", "check"]).contains(told));
    assert!(written().contains("not taken over"), "the old one is still there");
}

#[test]
fn a_running_daemon_is_reached_whatever_is_wrong_with_the_file() {
    let mut daemon = Daemon::start();
    let alice = daemon.user("alice");
    let before = fs::read_to_string(daemon.config()).unwrap();
    fs::write(daemon.config(), format!("nonsense = 1\n{before}")).unwrap();
    for arguments in [&["user", "disable", "alice"][..], &["status"], &["check"], &["audit"]] {
        let output = daemon.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        assert!(said.starts_with("parlord: warning: "), "{said}");
        assert!(said.contains("parlord.toml line 1: there is no key nonsense"), "{said}");
        assert!(said.contains("the running parlord goes by what it has read"), "{said}");
    }
    drop(alice);
    assert!(daemon.client().login("alice", crate::harness::PASSWORD, None).is_err());
    assert!(daemon.terminate().success());
    let said = refused(&daemon, &["user", "list"]);
    assert!(
        said.contains("line 1: there is no key nonsense") && !said.contains("warning"),
        "{said}"
    );
}

#[test]
fn a_reload_whose_files_do_not_answer_is_refused_and_holds_up_nothing() {
    let mut daemon = Daemon::start();
    // The only file beside the configuration that a log of these tests may have: see
    // `packaging/check-confinement.sh`.
    let fifo = daemon.place("file.log");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let before = fs::read_to_string(daemon.config()).unwrap();
    fs::remove_file(daemon.config()).unwrap();
    fs::rename(&fifo, daemon.config()).unwrap();
    for arguments in [&["reload"][..], &["config", "check"]] {
        let said = refused(&daemon, arguments);
        assert!(said.contains("parlord.toml: it is a FIFO; use a regular file"), "{said}");
    }
    let said = refused(&daemon, &["config", "check", "/dev/full"]);
    assert!(said.contains("/dev/full: it is a device; use a regular file"), "{said}");
    fs::rename(daemon.config(), &fifo).unwrap();
    // Nobody reads from the log, and so it does not open: no other file of ours can hang.
    let log = format!(
        "appenders:\n  fifo:\n    kind: file\n    path: {}\nroot:\n  appenders: [fifo]\n",
        fifo.display()
    );
    fs::write(daemon.place("log4rs.yaml"), log).unwrap();
    fs::write(daemon.config(), format!("log = \"log4rs.yaml\"\n{before}")).unwrap();
    for _ in 0..2 {
        daemon.send_sighup();
        let said = refused(&daemon, &["reload"]);
        assert!(said.contains("does not answer within 5 s; see to the disk"), "{said}");
    }
    daemon.user("alice").create("ops").unwrap();
    assert!(daemon.terminate().success());
}

#[test]
fn the_configuration_in_force_is_shown_with_where_it_comes_from() {
    let mut daemon = Daemon::start();
    let shown = does(&daemon, &["config", "show"]);
    let line = |key: &str| {
        let found = shown.lines().find(|line| line.starts_with(key));
        found.unwrap_or_else(|| panic!("{key}: {shown}"))
    };
    assert!(line("data = ").ends_with("  # --data"));
    assert!(line("accounts.sign_up = \"open\"").contains("parlord.toml line "));
    assert!(line("server.motd = \"\"").ends_with("  # default"));
    let objects: Vec<Value> = does(&daemon, &["config", "show", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), shown.lines().count());
    let of = |key: &str| objects.iter().find(|object| object["key"] == key).unwrap();
    assert_eq!(of("limits.connections")["value"], 10_000);
    assert_eq!(of("listen.plain")["value"], serde_json::json!(["127.0.0.1:0"]));
    assert_eq!(of("accounts.sign_up")["source"], "file");
    assert_eq!(of("data")["source"], "command-line");
    assert_eq!(of("log")["value"], Value::Null);
    assert!(daemon.terminate().success());
    assert!(refused(&daemon, &["reload"]).contains("no parlord runs"));
    assert_eq!(does(&daemon, &["config", "show"]), shown);
}

#[test]
fn how_many_rooms_one_has_and_how_much_one_asks_at_once_is_configured() {
    let lines = "sign_up = \"open\"\n[limits]\nrooms_per_hour = 1000\nrequests_in_flight = 1";
    let daemon = Daemon::in_earnest(lines);
    let mut alice = daemon.user("alice");
    assert_eq!(alice.welcome.clone().unwrap().limits.0.requests_in_flight, 1);
    let rooms: Vec<_> = (0..100).map(|it| alice.create(&format!("room {it}")).unwrap()).collect();
    assert_eq!(alice.create("one too many").err(), Some(Code::TooMany));
    // However much comes at once, all of it is answered, in order.
    let asked = alice.requests((0..50).map(|_| Command::Ping));
    asked.into_iter().for_each(|id| alice.expect_answer(id));
    rewrite(&daemon, "requests_in_flight = 1", "rooms_owned = 101\nrooms_joined = 101");
    assert_eq!(
        reload(&daemon),
        [
            "limits.rooms_owned: 101, was 100",
            "limits.rooms_joined: 101, was 500",
            "limits.requests_in_flight: 64, was 1",
        ]
    );
    alice.create("one more").unwrap();
    assert_eq!(alice.create("one too many").err(), Some(Code::TooMany));
    let mut bob = daemon.user("bob");
    assert_eq!(bob.welcome.clone().unwrap().limits.0.requests_in_flight, 64);
    let open = bob.create("bob's").unwrap();
    assert_eq!(alice.join(open).err(), Some(Code::TooMany), "she is in as many as one can be");
    assert_eq!(alice.swap(open, rooms[0]).map(|room| room.room), Ok(open));
}
