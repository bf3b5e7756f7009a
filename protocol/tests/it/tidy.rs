//! The rules that the source of the workspace keeps, because nothing else would notice.

use std::fs;

use crate::source::{self, Kind, Source};

/// Lines of a file of source, at most: what one sitting can read.
const FILE_LINES_MAX: usize = 500;

/// Files that may not name something.
struct Ban {
    /// Where it holds: paths that begin so, without `.rs` for a module of several files.
    within: &'static [&'static str],
    names: &'static [&'static str],
    why: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        within: &["protocol/src"],
        names: &["parlord", "tokio", "rusqlite", "cursive", "rustls"],
        why: "the wire knows neither end of it, and does no I/O",
    },
    Ban { within: &["daemon/"], names: &["cursive", "crossterm"], why: "the daemon has no screen" },
    Ban {
        within: &["daemon/src/rooms"],
        names: &[
            "rand",
            "rusqlite",
            "tokio",
            "log",
            "fs",
            "io",
            "net",
            "env",
            "thread",
            "process",
            "Instant",
            "SystemTime",
            "HashMap",
            "HashSet",
            "Mutex",
            "unix",
        ],
        why: "the rules are pure: time and dice come in as arguments, iteration is ordered, and \
              events are the only effects",
    },
    Ban {
        within: &["daemon/src/store"],
        names: &["hub", "session", "delivery", "serve"],
        why: "the store is below the hub: session -> hub -> store",
    },
    Ban {
        within: &["daemon/src/hub"],
        names: &["session", "serve", "TcpStream", "rustls"],
        why: "the hub knows no connections: session -> hub, hub -> delivery by one channel",
    },
    Ban {
        within: &["daemon/src/delivery"],
        names: &["store", "rusqlite"],
        why: "a connection is never behind the disk",
    },
    Ban {
        within: &["term/src/model", "term/src/update", "term/src/keymap"],
        names: &["cursive", "crossterm", "tokio", "net", "Instant", "SystemTime"],
        why: "what the screen does is decided without a screen, a network or a clock",
    },
    Ban {
        within: &["term/src/screen"],
        names: &["net", "tokio", "cache"],
        why: "views render the model; keys become intents, and others see to the network",
    },
];

fn workspace() -> Vec<Source> {
    ["protocol", "daemon", "term"].into_iter().flat_map(source::rust_files).collect()
}

/// The code of a file that is no test: without comments, and without what follows `#[cfg(test)]`.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let is_test = source.path.contains("/tests/") || source.path.ends_with("/tests.rs");
    source
        .text
        .lines()
        .enumerate()
        .take_while(move |(_, line)| !is_test && !line.starts_with("#[cfg(test)]"))
        .map(|(place, line)| (place + 1, line.split("//").next().unwrap_or_default()))
}

fn names(line: &str, name: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

fn lies_within(path: &str, within: &str) -> bool {
    path.strip_prefix(within).is_some_and(|rest| {
        within.ends_with('/') || rest.starts_with('/') || rest.starts_with(".rs")
    })
}

/// Fails with all faults at once, and with the reason for the rule.
fn assert_none(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

#[test]
fn modules_name_only_what_is_below_them() {
    for ban in BANS {
        let mut faults = vec![];
        for source in workspace() {
            if !ban.within.iter().any(|within| lies_within(&source.path, within)) {
                continue;
            }
            for (number, line) in code(&source) {
                for name in ban.names.iter().filter(|name| names(line, name)) {
                    faults.push(format!("{}:{number} names {name}", source.path));
                }
            }
        }
        assert_none(&faults, ban.why);
    }
}

#[test]
fn rules_import_only_the_protocol_the_standard_library_and_each_other() {
    let mut faults = vec![];
    for source in source::rust_files("daemon/src") {
        if !lies_within(&source.path, "daemon/src/rooms") {
            continue;
        }
        for (number, line) in code(&source) {
            let line = line.trim_start().trim_start_matches("pub(crate) ");
            let Some(path) = line.strip_prefix("use ") else { continue };
            let known = ["std::", "super::", "self::", "crate::rooms", "parlor_protocol::"];
            // A re-export of a submodule begins with its name, which no crate has.
            let first = path.split("::").next().unwrap_or_default();
            let own = source.text.lines().any(|line| line == format!("mod {first};"));
            if !own && !known.iter().any(|known| path.starts_with(known)) {
                faults.push(format!("{}:{number} imports {path}", source.path));
            }
        }
    }
    assert_none(&faults, "daemon/src/rooms stands on protocol types and std alone");
}

#[test]
fn crates_depend_on_the_protocol_and_on_nothing_else_of_the_workspace() {
    let mut faults = vec![];
    for (crate_name, others) in [
        ("protocol", ["parlord", "parlor", "daemon", "term"]),
        ("daemon", ["parlor", "term", "cursive", "crossterm"]),
        ("term", ["parlord", "daemon", "refinery", "r2d2"]),
    ] {
        let manifest = fs::read_to_string(source::root().join(crate_name).join("Cargo.toml"));
        for line in manifest.unwrap().lines() {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if others.contains(&dependency) {
                faults.push(format!("{crate_name}/Cargo.toml: {line}"));
            }
        }
    }
    assert_none(&faults, "daemon -> protocol <- term, and nothing else across crates");
}

#[test]
fn sql_is_spoken_only_in_the_store_and_in_the_cache() {
    let mut faults = vec![];
    for source in ["daemon/src", "term/src"].into_iter().flat_map(source::rust_files) {
        let homes = ["daemon/src/store", "term/src/cache"];
        if homes.iter().any(|home| lies_within(&source.path, home)) {
            continue;
        }
        for (number, line) in code(&source) {
            let phrases = ["SELECT ", "INSERT INTO", "DELETE FROM", "UPDATE ", "PRAGMA ", "BEGIN "];
            let sql = phrases.iter().any(|phrase| line.contains(phrase));
            if sql || names(line, "rusqlite") || names(line, "r2d2") {
                faults.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert_none(
        &faults,
        "SQL and its types stay in daemon/src/store and term/src/cache, behind verbs of our own",
    );
}

#[test]
fn a_file_is_short_enough_to_be_read() {
    let faults: Vec<String> = workspace()
        .iter()
        .filter(|source| source.text.lines().count() > FILE_LINES_MAX)
        .map(|source| format!("{} has {} lines", source.path, source.text.lines().count()))
        .collect();
    assert_none(&faults, "a file has 300 lines, and 500 at most: split it by what its parts do");
}

#[test]
fn a_file_begins_by_saying_what_it_is() {
    let faults: Vec<String> = workspace()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.clone())
        .collect();
    assert_none(&faults, "a file begins with `//!` and a true first sentence");
}

#[test]
fn nothing_unfinished_is_left_in_the_code() {
    let mut faults = vec![];
    for source in workspace() {
        for (number, line) in source.text.lines().enumerate() {
            // Put together, so that this line is not found itself.
            for name in ["todo", "dbg", "unimplemented"].map(|name| format!("{name}!")) {
                if line.contains(&format!("{name}(")) {
                    faults.push(format!("{}:{}: {name}", source.path, number + 1));
                }
            }
        }
    }
    assert_none(&faults, "what is not built is left out, not left open");
}

#[test]
fn the_changelog_tells_of_this_version() {
    let changelog = fs::read_to_string(source::root().join("CHANGELOG.md")).unwrap();
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(
        changelog.lines().any(|line| line.starts_with(&heading)),
        "CHANGELOG.md has no `{heading}`: users learn from it what a version changes for them"
    );
}

#[test]
fn the_changelog_tells_of_this_schema() {
    let root = source::root();
    let migrations = fs::read_dir(root.join("migrations")).unwrap();
    let versions = migrations.filter_map(|migration| {
        let name = migration.unwrap().file_name().into_string().unwrap();
        name.strip_prefix('V')?.split_once("__")?.0.parse::<u32>().ok()
    });
    let line = format!("- Version {}. ", versions.max().unwrap());
    let changelog = fs::read_to_string(root.join("CHANGELOG.md")).unwrap();
    let (_, schema) = changelog.split_once("### Schema").unwrap();
    assert!(
        schema.trim_start().starts_with(&line),
        "CHANGELOG.md's newest schema is not `{line}`: users learn from it what an upgrade does"
    );
}

#[test]
fn what_may_grow_on_the_wire_stands_in_a_record_and_is_read_whole() {
    let types = source::wire_types();
    let mut faults = vec![];
    for declared in types.iter().filter(|declared| declared.kind == Kind::Struct) {
        for field in &declared.parts {
            let place = format!("{}.{}: {}", declared.name, field.name, field.content);
            for other in types.iter().filter(|other| other.kind != Kind::Tag) {
                let bare = field.content.replace(&format!("Record<{}>", other.name), "");
                if names(&bare, &other.name) {
                    faults.push(format!("{place} is to be a Record<{}>", other.name));
                }
            }
            if field.content == "Vec<u8>" && !field.attribute.contains("octets") {
                faults.push(format!("{place} is to be marked with record::octets"));
            }
            if ["u8", "i8", "u128", "i128", "char", "f32", "f64"]
                .iter()
                .any(|banned| field.content != "Vec<u8>" && names(&field.content, banned))
            {
                faults.push(format!("{place} has a type that cannot stand on the wire"));
            }
        }
    }
    assert_none(&faults, "old readers step over what is new; see protocol/src/record.rs");
}
