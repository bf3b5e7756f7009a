//! What the user's configuration file does to the full-screen client, also while it is open.

use std::fs;
use std::path::PathBuf;

use crate::daemon::Daemon;
use crate::full_screen::User;

fn file_of(user: &User) -> PathBuf {
    user.home.path(".config/parlor/config.toml")
}

/// Writes the file as editors do: another one takes its name.
fn write(user: &User, text: &str) {
    let file = file_of(user);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

#[test]
fn keys_and_looks_change_when_the_file_does_and_a_fault_changes_nothing() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    alice.does(&["create", "ops"]);
    write(&alice, "[keys]\n\"Ctrl-T\" = \"next-room\"\n");
    let mut window = alice.opens();
    window.shows("1 general");
    window.types("\x14");
    window.shows("2 ops");

    write(&alice, "[keys]\n\"Ctrl-T\" = \"none\"\n\"F5\" = \"previous-room\"\n");
    window.shows("is read anew");
    window.types("\x14\x1b[15~");
    window.shows("1 general");

    let sgr = b"\x1b[0;7;38;5;46m";
    let painted = |window: &crate::full_screen::Window| {
        window.written.windows(sgr.len()).any(|bytes| bytes == sgr)
    };
    assert!(!painted(&window));
    let mine = "[screen]\ntheme = \"mine\"\n[theme.mine]\ntitle = \"reverse #00ff00\"\n";
    write(&alice, mine);
    window.until_window("the title is green", painted);

    write(&alice, "[keys]\nF5 = \"none\"\n\n[screen]\nthem = \"dark\"\n");
    window.shows("Everything stays as it was");
    window.shows("config.toml:5:");
    window.types("\x0e");
    window.shows("2 ops");
    // F5 does what it always did, because nothing of that file was taken. A file that is right again
    // is taken when asked for.
    fs::write(file_of(&alice), "").unwrap();
    window.shows("is read anew");
    window.types("/reload\r");
    window.shows("is read anew");
    window.quits();
}

#[test]
fn a_fault_in_the_file_is_told_of_before_anything_else() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    write(&alice, "[screen]\n\ntheme = \"drak\"\n");
    let done = alice.home.run(&alice.arguments(&["rooms"]));
    assert_eq!(done.status, Some(2), "{done:?}");
    assert!(
        done.err.contains("config.toml:3: unknown theme \"drak\"; did you mean dark?"),
        "{done:?}"
    );
}

#[test]
fn an_alias_leads_to_the_server_behind_it() {
    let daemon = Daemon::start();
    let alice = User::signed_up("alice", &daemon);
    let section = "[host.\"ch?t other\"]\nHostName = \"127.0.0.1\"\nUser = \"alice\"\n";
    write(&alice, &format!("{section}Port = {}\n", daemon.port));
    let done = alice.home.run(&["chat", "whoami"]);
    assert_eq!((done.status, done.out.contains("alice")), (Some(0), true), "{done:?}");
}
