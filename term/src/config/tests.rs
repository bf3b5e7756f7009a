//! Which value wins, and what is said of the ones that cannot.

use super::*;
use crate::keymap::{Action, Key as Stroke, Keymap, Named};
use crate::model::Mouse;
use crate::preferences::{Preferences, View};
use crate::theme::{Role, Theme};

fn places() -> Places {
    Places { home: "/home/a".into(), config: "/c/parlor".into(), state: "/s/parlor".into() }
}

fn option(key: Key, word: &str) -> Setting {
    Setting { key, words: vec![word.to_owned()], place: "-o".to_owned() }
}

fn text(file: &str) -> Text {
    Text { name: "config.toml".to_owned(), text: file.to_owned() }
}

fn resolved(to: &str, options: Vec<Setting>, file: &str) -> Result<Settings, String> {
    let destination = Destination::parse(to).map_err(|error| error.to_string())?;
    resolve(&destination, options, &text(file), &places()).map_err(|error| error.to_string())
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
fn the_first_section_that_matches_wins_and_an_alias_has_a_name_behind_it() {
    let file = "[host.\"z* !zoo\"]\nport = 3\n[host.\"zulu alias\"]\nport = 4\nuser = \"zoe\"\n\
                HostName = \"chat.example.org\"\n[host.\"*\"]\nport = 5\nuser = \"any\"\n";
    let settings = |to| {
        let settings = resolved(to, vec![], file).unwrap();
        (settings.host, settings.port, settings.user.to_string())
    };
    let row = |host: &str, port, user: &str| (host.to_owned(), port, user.to_owned());
    assert_eq!(settings("zulu"), row("chat.example.org", 3, "zoe"));
    assert_eq!(settings("alias"), row("chat.example.org", 4, "zoe"));
    assert_eq!(settings("zoo"), row("zoo", 5, "any"));
    assert_eq!(settings("bob@ZULU:9"), row("chat.example.org", 9, "bob"));
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
        ("\nport = 1\nprot = 2\n", "config.toml:3: unknown key \"prot\"; did you mean Port?"),
        ("colour = 1\n", "config.toml:1: unknown key \"colour\"; use one of HostName, Port, "),
        ("[host.other]\nportt = 1\n", "config.toml:2: unknown key \"portt\""),
        ("port = \n", "config.toml:1: "),
        ("\nport = 1.5\n", "config.toml:2: use a text, a whole number"),
        ("port = 70000\n", "config.toml:1: \"70000\" is not a port"),
        ("batch_mode = \"maybe\"\n", "config.toml:1: \"maybe\" is not an answer"),
        ("host = 1\n", "config.toml:1: this is to be a section"),
        ("[host.x]\nhost_name = \"a b\"\n", "config.toml:2: \"a b\" has a character"),
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

fn preferences(file: &str) -> Result<Preferences, String> {
    text(file).preferences().map_err(|error| error.to_string())
}

#[test]
fn the_screen_is_as_the_file_says() {
    let read = preferences(
        "[screen]\ntheme = \"mine\"\nmouse = true\nplain = true\n\
         [notifications]\nbell = false\n\
         [keys]\n\"ctrl-o\" = \"join\"\n\"F5\" = \"join\"\n\"Alt-J\" = \"none\"\n\
         [theme.mine]\nbased_on = \"light\"\nerror = \"bold red\"\nnames = [\"red\", \"blue\"]\n",
    )
    .unwrap();
    let mut theme = Theme::shipped("light").unwrap();
    theme.set("error", &["bold red"]).unwrap();
    theme.set("names", &["red", "blue"]).unwrap();
    assert_eq!(read.theme, theme);
    assert_ne!(read.theme.style(Role::Error), Theme::default().style(Role::Error));
    assert_eq!((read.mouse, read.view), (Mouse::Ours, View::Plain));
    assert!(!read.calls.bell && read.calls.desktop);
    assert_eq!(read.keymap.key_of(Action::Join), Some(Stroke::Ctrl('o')));
    assert_eq!(read.keymap.action(Stroke::Named(Named::F(5))), Some(Action::Join));
    assert_eq!(read.keymap.action(Stroke::Alt('j')), None);
    assert_eq!(preferences("").unwrap().keymap, Keymap::default());
}

#[test]
fn what_the_screen_cannot_be_is_named_with_its_line() {
    let rows = [
        ("[screen]\nthem = 1\n", "config.toml:2: unknown key \"them\"; did you mean theme?"),
        ("[sceen]\n", "config.toml:1: unknown section \"sceen\"; did you mean screen?"),
        ("\nscreen = 1\n", "config.toml:2: this is to be a section, such as [screen]"),
        (
            "[screen]\ntheme = \"drak\"\n",
            "config.toml:2: unknown theme \"drak\"; did you mean dark?",
        ),
        ("[screen]\nmouse = \"often\"\n", "config.toml:2: \"often\" is not an answer"),
        ("[notifications]\nbel = true\n", "config.toml:2: unknown key \"bel\"; did you mean bell?"),
        (
            "[keys]\n\"Alt-J\" = \"jion\"\n",
            "config.toml:2: unknown action \"jion\"; did you mean join?",
        ),
        ("[keys]\n\n\"Meta-J\" = \"join\"\n", "config.toml:3: \"Meta-J\" is no key"),
        ("[keys]\nx = \"join\"\n", "config.toml:2: \"x\" is typed"),
        ("[keys]\nF5 = [\"join\", \"copy\"]\n", "config.toml:2: takes one value"),
        (
            "[theme.a]\nerorr = \"red\"\n",
            "config.toml:2: unknown key \"erorr\"; did you mean error?",
        ),
        ("[theme.a]\nerror = \"pink\"\n", "config.toml:2: \"pink\" is no colour"),
        ("[theme.a]\nnames = []\n", "config.toml:2: the list is empty"),
        ("[theme.a]\nbased_on = \"b\"\n", "config.toml:2: unknown theme \"b\""),
        (
            "[theme]\nerror = \"red\"\n",
            "config.toml:2: this is to be a section, such as [theme.mine]",
        ),
        ("[host.x]\nprot = 1\n", "config.toml:2: unknown key \"prot\""),
    ];
    for (file, fault) in rows {
        let error = preferences(file).unwrap_err();
        assert!(error.starts_with(fault), "{file:?}: {error}");
    }
}

/// The example with every key in it in force.
fn example() -> String {
    let shipped = include_str!("../../../config/parlor.toml");
    let shown = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && *line != "#";
    let in_force = shipped.lines().map(|line| match line {
        line if shown(&line) && !line.starts_with("#  ") => &line[1..],
        line => line,
    });
    in_force.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_example_has_every_key_and_says_what_is_so() {
    let shipped = include_str!("../../../config/parlor.toml");
    assert_eq!(resolved("alice@x", vec![], shipped), resolved("alice@x", vec![], ""));
    assert_eq!(preferences(shipped), preferences(""), "what is in force is what is so anyway");
    let example = example();
    let table: toml::Table = example.parse().unwrap();
    preferences(&example).unwrap();

    // The keys for servers, with their defaults.
    let hosts = table["host"].as_table().unwrap();
    for (_, name) in Key::ALL {
        let is_shown = |key: &String| key.replace('_', "").eq_ignore_ascii_case(name);
        let is_there = table.keys().any(is_shown)
            || hosts.values().any(|host| host.as_table().unwrap().keys().any(is_shown));
        assert!(is_there, "{name} is not in the example");
    }
    let without = |mut settings: Settings| {
        // These have no default to show.
        (settings.identity, settings.password_command) = (None, None);
        settings.known_hosts = vec![];
        settings
    };
    let (ours, theirs) = (resolved("al@x", vec![], &example), resolved("al@x", vec![], ""));
    assert_eq!(without(ours.unwrap()), without(theirs.unwrap()));

    // Those for the screen: of an own theme, every role; of keys, every action in the comment.
    let theme = table["theme"]["mine"].as_table().unwrap();
    for role in Role::keys() {
        assert!(theme.contains_key(role), "{role} is not in the example");
    }
    for action in Action::names().filter(|name| !name.starts_with("room-")) {
        let is_there = shipped
            .lines()
            .filter(|line| line.starts_with("#   "))
            .any(|line| line.split_whitespace().any(|word| word == action));
        assert!(is_there, "{action} is not in the example");
    }
    for (section, keys) in
        [("screen", &["theme", "mouse", "plain"][..]), ("notifications", &["bell", "desktop"])]
    {
        let shown: Vec<_> = table[section].as_table().unwrap().keys().collect();
        assert_eq!(shown.len(), keys.len(), "{shown:?}");
        assert!(keys.iter().all(|key| table[section].get(key).is_some()), "{shown:?}");
    }
    let shown = preferences(&example).unwrap();
    let so = preferences("").unwrap();
    assert_eq!((shown.calls, shown.mouse, shown.view), (so.calls, so.mouse, so.view));
    // The looks that it shows are those of the theme that is made of the terminal's colours.
    let mine = example.replace("based_on = \"dark\"", "based_on = \"default\"");
    let mine = mine.replace("theme = \"auto\"", "theme = \"mine\"");
    let mine = preferences(&mine).unwrap().theme;
    let default = Theme::shipped("default").unwrap();
    for role in [Role::Faint, Role::Mention, Role::Banner, Role::Error, Role::TitleRoom] {
        assert_eq!(mine.style(role), default.style(role), "{role:?}");
    }
}
