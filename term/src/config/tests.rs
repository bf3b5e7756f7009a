//! Which value wins, and what is said of the ones that cannot.

use super::*;

fn places() -> Places {
    Places { home: "/home/a".into(), config: "/c/parlor".into(), state: "/s/parlor".into() }
}

fn option(key: Key, word: &str) -> Setting {
    Setting { key, words: vec![word.to_owned()], place: "-o".to_owned() }
}

fn resolved(to: &str, options: Vec<Setting>, file: &str) -> Result<Settings, String> {
    let destination = Destination::parse(to).map_err(|error| error.to_string())?;
    resolve(&destination, options, Some(("config.toml", file)), &places())
        .map_err(|error| error.to_string())
}

fn destination(text: &str) -> Option<(String, String, String)> {
    let Destination { user, host, port } = Destination::parse(text).ok()?;
    Some((user.unwrap_or_default(), host, port.unwrap_or_default()))
}

#[test]
fn destinations_come_apart_as_in_ssh() {
    let rows = [
        ("chat", "", "chat", ""),
        ("alice@chat", "alice", "chat", ""),
        ("alice@chat:1", "alice", "chat", "1"),
        ("a@b@chat", "a@b", "chat", ""),
        ("[::1]:7667", "", "::1", "7667"),
        ("[::1]", "", "::1", ""),
        ("::1", "", "::1", ""),
        ("alice@fe80::1", "alice", "fe80::1", ""),
        ("127.0.0.1:80", "", "127.0.0.1", "80"),
    ];
    for (text, user, host, port) in rows {
        let parts = (user.to_owned(), host.to_owned(), port.to_owned());
        assert_eq!(destination(text), Some(parts), "{text}");
    }
    for text in ["", "@chat", "alice@", ":7667", "[::1", "[::1]x", "a b", "a\u{1b}", "a*"] {
        assert_eq!(destination(text), None, "{text}");
    }
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let settings = resolved("alice@chat", vec![], "").unwrap();
    assert_eq!(settings.port, 7667);
    assert_eq!(settings.user.as_str(), "alice");
    assert_eq!(settings.known_hosts, [PathBuf::from("/s/parlor/known_hosts")]);
    assert_eq!(settings.strict, StrictHostKeyChecking::Ask);
    assert_eq!(settings.asking, Asking::Allowed);
    assert_eq!((settings.identity, settings.password_command), (None, None));
}

#[test]
fn the_first_value_wins() {
    let file = "port = 4\nuser = \"dora\"\n[host.chat]\nPort = 3\n[host.other]\nPort = 9\n";
    let port = |to, options| resolved(to, options, file).unwrap().port;
    let options = vec![option(Key::Port, "1"), option(Key::Port, "2")];
    assert_eq!(port("chat:5", options), 1);
    assert_eq!(port("chat:5", vec![]), 5);
    assert_eq!(port("CHAT", vec![]), 3);
    assert_eq!(port("elsewhere", vec![]), 4);
    let user = |options| resolved("bob@chat", options, file).unwrap().user.to_string();
    assert_eq!(user(vec![option(Key::User, "alice")]), "alice");
    assert_eq!(user(vec![]), "bob");
}

#[test]
fn every_key_is_taken_in_both_spellings() {
    let file = "identity_file = \"~/.ssh/id\"\nStrictHostKeyChecking = \"accept-new\"\n\
                user_known_hosts_file = [\"~/a\", \"/b\"]\nbatch_mode = true\n\
                PasswordCommand = \"pass chat\"\nconnect_timeout = 7\n";
    let settings = resolved("alice@chat", vec![], file).unwrap();
    assert_eq!(settings.identity, Some("/home/a/.ssh/id".into()));
    assert_eq!(settings.strict, StrictHostKeyChecking::AcceptNew);
    assert_eq!(settings.known_hosts, [PathBuf::from("/home/a/a"), PathBuf::from("/b")]);
    assert_eq!(settings.asking, Asking::Never);
    assert_eq!(settings.password_command.as_deref(), Some("pass chat"));
    assert_eq!(settings.patience, Duration::from_secs(7));
}

#[test]
fn faults_in_the_file_are_named_with_their_line() {
    let rows = [
        ("\nport = 1\nprot = 2\n", "config.toml:3: unknown key \"prot\""),
        ("[host.other]\nportt = 1\n", "config.toml:2: unknown key \"portt\""),
        ("port = \n", "config.toml:1: "),
        ("\nport = 1.5\n", "config.toml:2: use a text, a whole number"),
        ("port = 70000\n", "config.toml:1: \"70000\" is not a port"),
        ("batch_mode = \"maybe\"\n", "config.toml:1: \"maybe\" is not an answer"),
        ("host = 1\n", "config.toml:1: host is a table"),
        ("[host]\nchat = 1\n", "config.toml:2: this is to be a section"),
        ("port = [1, 2]\n", "config.toml:1: takes one value"),
        ("user_known_hosts_file = []\n", "config.toml:1: the value is empty"),
    ];
    for (file, fault) in rows {
        let error = resolved("alice@chat", vec![], file).unwrap_err();
        assert!(error.starts_with(fault), "{file:?}: {error}");
    }
}

#[test]
fn impossible_options_are_refused_also_where_they_do_not_count() {
    let options = vec![option(Key::Port, "1"), option(Key::Port, "0")];
    let error = resolved("alice@chat", options, "").unwrap_err();
    assert_eq!(error, "-o: \"0\" is not a port; use a number from 1 to 65535");
    for (key, word) in [
        (Key::StrictHostKeyChecking, "maybe"),
        (Key::BatchMode, "true"),
        (Key::ConnectTimeout, "0"),
        (Key::User, "1x"),
        (Key::PasswordCommand, ""),
    ] {
        assert!(resolved("chat", vec![option(key, word)], "").is_err(), "{key:?}");
    }
}
