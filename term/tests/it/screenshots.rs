//! The pictures of the README: real screens of the real program, with the conversation of
//! `make try`. `PARLOR_SCREENSHOTS` names the directory that they are written to, as
//! `make screenshots` does; without it they are made and looked at all the same.

mod svg;

use std::path::Path;
use std::{env, fs};

use self::svg::{Ground, draw};
use crate::daemon::Daemon;
use crate::full_screen::{User, Window};

/// Who says what in `make try`.
fn conversation() -> impl Iterator<Item = (&'static str, &'static str)> {
    let script = include_str!("../../../packaging/try.sh");
    let talk = script.split("<<'TALK'\n").nth(1).and_then(|rest| rest.split("\nTALK\n").next());
    talk.expect("the script has a conversation").lines().filter_map(|line| line.split_once(' '))
}

/// Has a theme for a user, so that a picture does not depend on the terminal's colours.
fn choose_theme(user: &User, theme: &str) {
    let file = user.home.path(".config/parlor/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, format!("[screen]\ntheme = \"{theme}\"\n")).unwrap();
}

fn open(user: &User, (rows, columns): (u16, u16)) -> Window {
    let variables = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("TZ", "UTC")];
    let mut window = Window::open_in(&user.home, &user.arguments(&[]), &variables, (rows, columns));
    window.shows("we have company");
    window.until("the round trip was timed", |screen| screen.contains(" ms"));
    window
}

/// Writes a picture where one is wanted, and sees to it that it shows what the terminal does.
fn keep(window: &Window, name: &str, ground: Ground, shows: &[&str]) {
    let picture = draw(window.screen.screen(), ground);
    for text in shows {
        assert!(picture.contains(text), "{name} does not show {text:?}:\n{}", window.text());
    }
    if let Some(directory) = env::var_os("PARLOR_SCREENSHOTS") {
        fs::write(Path::new(&directory).join(name), picture).unwrap();
    }
}

#[test]
fn the_pictures_of_the_readme_show_the_conversation_of_make_try() {
    let daemon = Daemon::start();
    let people = ["ada", "bert", "you"].map(|name| User::signed_up(name, &daemon));
    let [ada, bert, you] = &people;
    ada.does(&["create", "lounge", "--entry", "open"]);
    bert.does(&["create", "workshop", "--entry", "open"]);
    bert.does(&["join", "lounge"]);
    you.does(&["join", "lounge"]);
    you.does(&["join", "workshop"]);
    for (name, text) in conversation() {
        let speaker = people.iter().find(|user| user.name == name).expect("a known speaker");
        speaker.does(&["send", "lounge", text]);
    }
    bert.does(&["send", "workshop", "@you there is tea"]);

    choose_theme(you, "dark");
    let mut window = open(you, (36, 120));
    window.types("Hello, both of you!");
    window.shows("Hello, both of you!");
    window.shows("MEMBERS 3");
    window.shows("● ");
    let shows = ["lounge", "One binary, one file", "Hello, both of you!", "workshop"];
    keep(&window, "conversation.svg", Ground::Dark, &shows);
    // What is typed is cleared, so that the next start does not find it.
    window.types("\x03");
    window.until("the input is empty", |screen| !screen.contains("Hello, both of you!"));
    window.quits();

    choose_theme(you, "light");
    let mut window = open(you, (24, 80));
    keep(&window, "narrow.svg", Ground::Light, &["lounge", "we have company", "F1 help"]);
    window.types("\x1b[19~");
    window.shows("MEMBERS OF lounge");
    window.shows("owner");
    keep(&window, "members.svg", Ground::Light, &["MEMBERS OF lounge", "bert"]);
    window.types("\x1b");
    window.until("the list is closed", |screen| !screen.contains("MEMBERS OF lounge"));
    window.quits();
}
