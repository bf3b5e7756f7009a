//! A thousand broken and changed configurations, each given to one running daemon.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::harness::{Client, Daemon};

const MUTATIONS: usize = 1_000;

/// Dice that fall the same way each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // Knuth's constants; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

const VALUES: [&str; 16] = [
    "0",
    "1",
    "-1",
    "7",
    "100",
    "99999999999999999999",
    "1.5",
    "true",
    "false",
    "\"\"",
    "\"open\"",
    "\"code\"",
    "[]",
    "[\"127.0.0.1:0\"]",
    "[\"0.0.0.0:1\"]",
    "{ log_n = 1 }",
];
const CHARS: [char; 14] =
    ['a', '_', '.', '=', '"', '[', ']', '{', '\n', '#', ' ', '9', '\u{1b}', '\u{202e}'];

/// Does one thing to one line of a text, or two.
fn mutate(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    for _ in 0..=dice.below(2) {
        let (place, other) = (dice.below(lines.len()), dice.below(lines.len()));
        let chars: Vec<char> = lines[place].chars().collect();
        match dice.below(8) {
            0 => {
                lines.remove(place);
            }
            1 => lines.insert(other, lines[place].clone()),
            2 => lines.swap(place, other),
            3 | 4 => {
                let key = lines[place].split('=').next().unwrap_or_default().to_owned();
                lines[place] = format!("{key}= {}", dice.one(&VALUES));
            }
            5 if !chars.is_empty() => {
                let mut chars = chars;
                chars.remove(dice.below(chars.len()));
                lines[place] = chars.into_iter().collect();
            }
            _ => {
                let mut chars = chars;
                chars.insert(dice.below(chars.len() + 1), dice.one(&CHARS));
                lines[place] = chars.into_iter().collect();
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\n") + "\n"
}

/// The daemon's control socket, without a process for each request.
struct Console(BufReader<UnixStream>);

impl Console {
    fn reload(&mut self) -> Result<Vec<Value>, String> {
        self.0.get_mut().write_all(b"\"reload\"\n").unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        match answer.get("not_reloaded") {
            Some(why) => Err(why.as_str().unwrap().to_owned()),
            None => Ok(answer["reloaded"].as_array().unwrap().clone()),
        }
    }
}

/// What whoever comes is told; `None` where a mutation lets in no more than there are.
fn welcomed(daemon: &Daemon) -> Option<String> {
    let welcome = Client::try_greet(daemon.plain_link()).ok()?.welcome.unwrap();
    Some(format!("{} {} {:?}", welcome.server, welcome.motd, welcome.sign_up))
}

#[test]
fn a_thousand_mutations_are_each_taken_or_refused_with_file_line_and_reason() {
    let daemon = Daemon::start();
    let mut alice = daemon.user("alice");
    let room = alice.create("ops").unwrap();
    let shipped = include_str!("../../../../config/parlord.toml");
    let full: String = shipped
        .lines()
        .filter_map(|line| line.strip_prefix('#').or(Some(line)))
        .filter(|line| !line.starts_with([' ', '#']) && !line.is_empty())
        // Which file there is to log by is another story, and weak stretching not one of releases.
        .filter(|line| !line.starts_with("log = "))
        .fold(String::new(), |text, line| text + line + "\n");
    let mut console =
        Console(BufReader::new(UnixStream::connect(daemon.data().join("control")).unwrap()));
    let (mut dice, mut in_force) = (Dice(7_667), full.clone());
    fs::write(daemon.config(), &full).unwrap();
    console.reload().unwrap();
    let (mut taken, mut refused, mut compared) = (0, 0, 0);
    for _ in 0..MUTATIONS {
        let text = mutate(&full, &mut dice);
        let before = welcomed(&daemon);
        fs::write(daemon.config(), &text).unwrap();
        let Err(why) = console.reload() else {
            (taken, in_force) = (taken + 1, text);
            continue;
        };
        refused += 1;
        let place = format!("{} line ", daemon.config().display());
        let told = why.strip_prefix(&place).unwrap_or_else(|| panic!("{why}: {text}"));
        let (line, reason) = told.split_once(": ").unwrap();
        let line: usize = line.parse().unwrap();
        assert!((1..=text.lines().count() + 1).contains(&line), "{why}: {text}");
        assert!(!reason.is_empty() && !reason.contains(char::is_control), "{why:?}");
        // What was in force before still is: there is nothing to change to it.
        if let (Some(before), Some(after)) = (before, welcomed(&daemon)) {
            assert_eq!(after, before);
            compared += 1;
        }
        fs::write(daemon.config(), &in_force).unwrap();
        let changes = console.reload().unwrap();
        assert!(changes.iter().all(|change| change["restart"] == true), "{changes:?}");
    }
    println!("{taken} were taken, {refused} refused, {compared} welcomes compared");
    assert!(taken > MUTATIONS / 10 && compared > MUTATIONS / 10, "{taken} {compared}");
    // After all of that she is still connected.
    alice.say(room, "still here").unwrap();
}
