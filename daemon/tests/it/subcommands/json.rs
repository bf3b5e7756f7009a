//! What scripts are told: every subcommand has `--json`, and this table says what it prints.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::harness::{Client, Daemon, DeviceKey, PASSWORD};

/// What a subcommand prints with `--json` where it succeeds.
enum Printed {
    /// Objects of these types, in this order, and no others.
    Objects(&'static [&'static str]),
    /// The records themselves, as they are hashed; so none has a type.
    Records,
    /// Nothing, and why.
    Nothing(&'static str),
}
use Printed::{Nothing, Objects, Records};

/// Run in this order on a server with the operator alice, who owns `ops`, with bob in it, and with
/// carol's sign-up and dave's waiting. `CODE` is a code's own text, `BACKUP` a place for one.
const TABLE: &[(&str, Printed)] = &[
    ("user add erin --generate", Objects(&["password", "user"])),
    ("user passwd erin --generate", Objects(&["password", "user"])),
    ("user list", Objects(&["user", "user", "user", "user", "user"])),
    ("user show alice", Objects(&["user"])),
    ("user devices alice", Objects(&["device"])),
    ("user pending", Objects(&["sign-up", "sign-up"])),
    ("user approve carol", Objects(&["user"])),
    ("user deny dave not this time", Objects(&["user"])),
    ("user operator carol on", Objects(&["user"])),
    ("user disable carol", Objects(&["user"])),
    ("user enable carol", Objects(&["user"])),
    ("user remove carol", Objects(&["user"])),
    ("code create", Objects(&["code"])),
    ("code list", Objects(&["code"])),
    ("code revoke CODE", Nothing("a code that is revoked is no more")),
    ("room list", Objects(&["room"])),
    ("room show ops", Objects(&["room", "member", "member"])),
    ("room transfer ops bob", Objects(&["room"])),
    ("room terminate ops", Objects(&["room"])),
    ("session list", Objects(&["session", "session"])),
    ("session disconnect bob", Nothing("a session that has ended is no more")),
    ("announce back at nine", Nothing("words to everybody are not kept")),
    ("sign-up", Objects(&["sign-up-mode"])),
    ("sign-up open", Objects(&["sign-up-mode"])),
    ("host-key show", Objects(&["host-key"])),
    ("config check", Nothing("it has no fault")),
    ("status", Objects(&["status"])),
    ("reload", Nothing("no setting has changed")),
    ("backup BACKUP", Objects(&["backup"])),
    ("check", Objects(&["checked"])),
    ("audit", Records),
    ("audit verify", Objects(&["verified"])),
    // Two more run apart: this one prints every setting,
    ("config show", Objects(&["setting"])),
    // and these want another data directory.
    ("restore BACKUP", Objects(&["restored"])),
    ("serve", Nothing("it says in words what it does, and refuses --json")),
];

/// All subcommands that do something, as the help tells them.
fn subcommands(daemon: &Daemon, above: &[&str]) -> Vec<String> {
    let help = daemon.run(&[above, &["--help"]].concat());
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.split_once("\nCommands:\n").map_or("", |(_, behind)| behind);
    // A description that is too long for its line goes on further to the right.
    let names = listed
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .map(|line| line.split(' ').next().unwrap())
        .filter(|name| *name != "help");
    let below: Vec<String> =
        names.flat_map(|name| subcommands(daemon, &[above, &[name]].concat())).collect();
    let itself = above.join(" ");
    let does_something = below.is_empty() || itself == "audit";
    below.into_iter().chain(does_something.then_some(itself)).collect()
}

fn stage() -> (Daemon, Vec<Client>) {
    let daemon = Daemon::configured("sign_up = \"open\"");
    let mut alice = daemon.tls_client();
    alice.sign_up_with("alice", PASSWORD, Some(DeviceKey::new().offer("laptop"))).unwrap();
    let bob = daemon.user("bob");
    alice.create_and_add("ops", "bob").unwrap();
    for change in [&["user", "operator", "alice", "on"][..], &["sign-up", "approval"]] {
        assert!(daemon.run(change).status.success());
    }
    for name in ["carol", "dave"] {
        daemon.tls_client().sign_up_as(name, PASSWORD, None, None);
    }
    (daemon, vec![alice, bob])
}

fn objects(output: &str) -> Vec<serde_json::Map<String, Value>> {
    let object = |line: &str| {
        let Ok(Value::Object(object)) = serde_json::from_str(line) else { panic!("{line}") };
        let is_snake = |key: &String| key.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
        assert!(object.keys().all(is_snake), "{line}");
        object
    };
    output.lines().map(object).collect()
}

#[test]
fn every_subcommand_tells_scripts_what_it_lists_or_has_made() {
    let (daemon, _clients) = stage();
    let backup = daemon.place("backup");
    let mut code = String::new();
    for (line, printed) in TABLE {
        let mut words: Vec<&str> = line.split(' ').collect();
        for word in &mut words {
            match *word {
                "CODE" => *word = &code,
                "BACKUP" => *word = backup.to_str().unwrap(),
                _ => {}
            }
        }
        words.push("--json");
        let output = match words[0] {
            "restore" => daemon.run_on(&daemon.place("restored"), &words),
            "serve" => {
                assert_eq!(daemon.run(&words).status.code(), Some(2));
                continue;
            }
            _ => daemon.run(&words),
        };
        let said = String::from_utf8(output.stdout).unwrap();
        let wrong = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), wrong.as_str()), (Some(0), ""), "{line}");
        let found = objects(&said);
        let types: Vec<&str> =
            found.iter().filter_map(|object| object.get("type")?.as_str()).collect();
        match printed {
            Objects(["setting"]) => {
                assert!(!types.is_empty() && types.iter().all(|it| *it == "setting"), "{said}");
            }
            Objects(expected) => {
                assert_eq!(types, *expected, "{line}: {said}");
                let leads = |line: &str| line.starts_with("{\"type\":\"");
                assert!(said.lines().all(leads), "{said}");
            }
            Records => assert!(found.iter().all(|it| it.contains_key("hash")), "{said}"),
            Nothing(why) => assert_eq!(said, "", "{line}: {why}"),
        }
        if let Some(made) = found.first().and_then(|object| object.get("code")) {
            made.as_str().unwrap().clone_into(&mut code);
        }
    }
}

#[test]
fn the_table_names_every_subcommand() {
    let daemon = Daemon::start();
    let there: BTreeSet<String> = subcommands(&daemon, &[]).into_iter().collect();
    assert!(there.len() > 25, "{there:?}");
    let is_in_table = |name: &&String| {
        TABLE.iter().any(|(line, _)| format!("{line} ").starts_with(&format!("{name} ")))
    };
    let missing: Vec<&String> = there.iter().filter(|name| !is_in_table(name)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

#[test]
fn what_was_refused_is_told_to_scripts_as_the_client_tells_it() {
    let daemon = Daemon::start();
    let output = daemon.run(&["user", "disable", "nobody", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "{\"type\":\"refused\",\"code\":\"no-such-user\",\"message\":\"there is no such user; see \
         `parlord user list`, and `user pending` for sign-ups that wait\",\"retry_after_ms\":null}\n"
    );
    let output = daemon.run(&["user", "disable", "nobody"]);
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "parlord: refused: no-such-user: there is no such user; see `parlord user list`, and `user \
         pending` for sign-ups that wait\n"
    );
}

#[test]
fn whatever_goes_wrong_is_an_object_for_scripts_and_a_code_has_one_meaning() {
    let daemon = Daemon::start();
    let long = "x".repeat(5_000);
    for (arguments, code) in [
        (&["announce", ""][..], Some("empty")),
        (&["announce", &long], Some("too-long")),
        (&["user", "deny", "nobody", &long], Some("too-long")),
        (&["user", "add", "bob", "--password-stdin"], Some("weak-password")),
        (&["session", "disconnect", "99"], None),
    ] {
        let output = daemon.run(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = objects(std::str::from_utf8(&output.stderr).unwrap());
        let [said] = said.as_slice() else { panic!("{arguments:?}: {said:?}") };
        assert_eq!(said.get("code").and_then(Value::as_str), code, "{said:?}");
        assert_eq!(said["type"], if code.is_some() { "refused" } else { "failed" }, "{said:?}");
        assert!(!said["message"].as_str().unwrap().is_empty());
    }
}

#[test]
fn whoever_reads_no_further_has_seen_enough() {
    let daemon = Daemon::start();
    daemon.user("alice");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut list = std::process::Command::new(env!("CARGO_BIN_EXE_parlord"));
    list.arg("--config").arg(daemon.config()).arg("--data").arg(daemon.data());
    let output = list.args(["user", "list"]).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"");
}

#[test]
fn faults_are_objects_for_scripts() {
    let mut daemon = Daemon::start();
    fs::write(daemon.place("bad.toml"), "[limits]\nconections = 3\nmessages_burst = \"x\"\n")
        .unwrap();
    let bad = daemon.place("bad.toml");
    let output = daemon.run(&["config", "check", bad.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let faults = objects(std::str::from_utf8(&output.stdout).unwrap());
    let lines: Vec<&Value> = faults.iter().map(|fault| &fault["line"]).collect();
    assert_eq!(lines, [2, 3], "{faults:?}");

    // Without a daemon no row waits, from which the record could be made up.
    assert!(daemon.terminate().success());
    assert!(daemon.run(&["user", "add", "alice", "--generate"]).status.success());
    let audit = daemon.data().join("audit/audit.log");
    let text = fs::read_to_string(&audit).unwrap();
    fs::write(&audit, text.replacen("done", "dome", 1)).unwrap();
    let output = daemon.run(&["audit", "verify", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let told = objects(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!((&told[0]["type"], &told[0]["line"]), (&"fault".into(), &1.into()));
    let summary = told.last().unwrap();
    assert_eq!((&summary["type"], &summary["faults"]), (&"verified".into(), &1.into()));
}
