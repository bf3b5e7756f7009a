//! `parlord` on the command line: its subcommands, its daemon, and what both leave on disk.

mod json;
pub(crate) mod place;

use std::collections::BTreeSet;
use std::io::{self, PipeWriter, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use place::{Place, lines, one_line};
use rustix::io::ioctl_fionread;
use rustix::process::geteuid;

use crate::harness::{PATIENCE, program_of_everybody, wait};

#[test]
fn subcommands_work_with_and_without_the_daemon() {
    let place = Place::new();
    place.run(&["user", "add", "alice", "--operator", "--generate"]).done();

    let daemon = place.serve();
    place.run(&["user", "add", "bob", "--password-stdin"]).with_stdin("correct horse\n").done();
    let made_up = place.run(&["user", "passwd", "alice", "--generate"]).done();
    assert!(one_line(&made_up).len() >= 20, "{made_up}");
    assert_eq!(place.run(&["user", "list"]).done(), format!("{:<32}  operator\nbob\n", "alice"));
    daemon.stop();

    let listed = place.run(&["user", "list", "--json"]).done();
    assert_eq!(
        lines(&listed),
        [
            r#"{"type":"user","user":"alice","operator":true,"status":"active","display_name":null}"#,
            r#"{"type":"user","user":"bob","operator":false,"status":"active","display_name":null}"#
        ]
    );
    place.run(&["user", "passwd", "bob", "--generate"]).done();
    assert_eq!(
        place.audited(),
        [
            "1 user-added done alice",
            "2 password-set done alice",
            "3 user-added done bob",
            "4 password-set done bob",
            "5 password-set done alice",
            "6 password-set done bob",
        ]
    );
}

#[test]
fn what_goes_wrong_is_one_line_that_says_what_to_do() {
    let place = Place::new();
    let no_store = place.run(&["user", "list"]).by_default_place().refused();
    assert!(no_store.contains("run `parlord serve` once, or name its directory with --data"));
    let no_store = place.run(&["host-key", "show"]).by_default_place().refused();
    assert!(no_store.contains("there is no store in "), "{no_store}");

    place.run(&["user", "add", "alice", "--generate"]).done();
    for (arguments, stdin, expected) in [
        (&["user", "add", "Alice", "--generate"][..], "", "that name is or was a user's"),
        (&["user", "passwd", "carol", "--generate"], "", "see `parlord user list`"),
        (&["user", "add", "bob", "--password-stdin"], "short\n", "fewer than 10 characters"),
        (&["--config", "/nonexistent", "user", "list"], "", "cannot read the configuration /non"),
    ] {
        let said = place.run(arguments).with_stdin(stdin).refused();
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let daemon = place.serve();
    let said = place.run(&["serve", "--listen", "127.0.0.1:0"]).refused();
    assert!(said.contains("another parlord uses this data directory"), "{said}");
    let said = place.run(&["user", "add", "alice", "--generate"]).refused();
    assert!(said.contains("that name is or was a user's"), "{said}");
    daemon.stop();
    for wrong in [&["user", "add", "1alice"][..], &["serve", "--listen", "nowhere"], &["rotate"]] {
        assert_eq!(place.run(wrong).output().status.code(), Some(2), "{wrong:?}");
    }
}

/// Somebody who adds a user, and has typed half of the password.
fn thinking(place: &Place, user: &str) -> (Child, PipeWriter) {
    let (stdin, mut keyboard) = io::pipe().unwrap();
    let mut command = place.run(&["user", "add", user, "--password-stdin"]).command();
    command.stdin(stdin.try_clone().unwrap()).stdout(Stdio::null());
    let child = command.spawn().unwrap();
    keyboard.write_all(b"correct ").unwrap();
    let deadline = Instant::now() + PATIENCE;
    while ioctl_fionread(&stdin).unwrap() > 0 {
        assert!(Instant::now() < deadline, "the password is not read");
        // Nothing rings when a pipe is read from; the deadline decides, not the pause.
        thread::park_timeout(Duration::from_millis(5));
    }
    (child, keyboard)
}

#[test]
fn nobody_waits_for_whoever_thinks_of_a_password() {
    let place = Place::new();
    place.run(&["user", "add", "alice", "--generate"]).done();
    let (mut bob, mut about_bob) = thinking(&place, "bob");
    let daemon = place.serve();
    place.run(&["status"]).done();
    let (mut carol, mut about_carol) = thinking(&place, "carol");
    daemon.stop();
    let daemon = place.serve();
    for (child, keyboard) in [(&mut bob, &mut about_bob), (&mut carol, &mut about_carol)] {
        keyboard.write_all(b"horse\n").unwrap();
        assert!(wait(child).expect("it did not end").success());
    }
    assert_eq!(lines(&place.run(&["user", "list"]).done()), ["alice", "bob", "carol"]);
    daemon.stop();
}

#[test]
fn damage_that_nobody_hears_of_still_counts() {
    let place = Place::new();
    for user in ["alice", "bob"] {
        place.run(&["user", "add", user, "--generate"]).done();
    }
    let file = place.path("data/audit/audit.log");
    let audit = fs::read_to_string(&file).unwrap();
    let (_damaged, rest) = audit.split_once('\n').unwrap();
    fs::write(file, format!("no record\n{rest}")).unwrap();
    let (_, nobody) = io::pipe().unwrap();
    let output = place.run(&["audit"]).command().stderr(nobody).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shown.lines().count(), rest.lines().count(), "{shown}");
}

#[test]
fn a_configuration_with_an_unknown_key_is_refused_by_its_line() {
    let place = Place::new();
    fs::write(place.config(), "[limits]\nlogin_timeout_sec = 3\n").unwrap();
    let said = place.run(&["serve"]).refused();
    let expected = format!(
        "parlord: {} line 2: there is no key limits.login_timeout_sec; did you mean \
         limits.login_timeout_secs?",
        place.config().display()
    );
    assert_eq!(said.trim_end(), expected);
}

#[test]
fn a_place_that_no_socket_can_have_is_told_with_what_to_do() {
    let place = Place::new();
    let long = place.path(&"long".repeat(30));
    for arguments in [&["serve"][..], &["user", "list"]] {
        let arguments = [&["--data", long.to_str().unwrap()], arguments].concat();
        let output = place.run(&arguments).by_default_place().output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("give the data directory a shorter path, which may be a"), "{said}");
    }
    // As it says.
    let link = place.path("link");
    symlink(&long, &link).unwrap();
    let arguments = ["--data", link.to_str().unwrap(), "user", "list"];
    place.run(&arguments).by_default_place().done();
}

#[test]
fn whoever_may_not_look_is_not_told_that_nothing_is_there() {
    let place = Place::new();
    place.run(&["user", "list"]).done();
    let data = place.path("data");
    let run = place.run(&["--data", data.to_str().unwrap(), "host-key", "show"]);
    let mut command = run.by_default_place().command();
    let (_place, program) = program_of_everybody();
    // Nobody may look into what is somebody's; the superuser may look into everything.
    if geteuid().is_root() {
        let mut of_nobody = Command::new(&program);
        of_nobody.args(command.get_args()).uid(65534).gid(65534);
        of_nobody.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command = of_nobody;
    } else {
        fs::set_permissions(&data, fs::Permissions::from_mode(0o000)).unwrap();
    }
    let output = command.output().unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("this user may not; run this as root or as the daemon's user"), "{said}");
}

#[test]
fn the_daemon_says_where_it_listens_and_by_which_key_it_is_known() {
    let place = Place::new();
    let daemon = place.serve();
    let port = daemon.line("listening on 127.0.0.1:", " (tls)").parse::<u16>().unwrap();
    assert_ne!(port, 0);
    let fingerprint = daemon.line("host key ", "");
    let shown = place.run(&["host-key", "show"]).done();
    assert_eq!(lines(&shown)[0], fingerprint);
    assert!(lines(&shown)[1].starts_with("ssh-ed25519 AAAA"), "{shown}");
    daemon.stop();
    let daemon = place.serve();
    assert_eq!(daemon.line("host key ", ""), fingerprint);
    daemon.stop();
}

#[test]
fn each_audited_act_has_one_record_whenever_the_daemon_is_killed() {
    let place = Place::new();
    for round in 0..8 {
        let daemon = place.serve();
        for user in 0..2 {
            place.run(&["user", "add", &format!("user-{round}-{user}"), "--generate"]).done();
        }
        // At once: perhaps before the file is synced, perhaps before the rows are gone.
        daemon.kill();
    }
    place.serve().stop();
    let audited = place.audited();
    let serials: Vec<u64> = audited.iter().map(|line| number(line)).collect();
    // The first is that of the first operator's code, which the first start has made.
    assert_eq!(audited[0], "1 code-made done -");
    assert_eq!(serials, (1..=33).collect::<Vec<_>>(), "{audited:#?}");
    let acts: BTreeSet<&str> = audited.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(acts.len(), 33, "{audited:#?}");
}

fn number(line: &str) -> u64 {
    line.split(' ').next().unwrap().parse().unwrap()
}
