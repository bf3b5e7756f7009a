//! The written specification says what the code does: its tables are made from the declarations,
//! its examples from the committed vectors, and the bytes in its prose are checked.

use std::fs;

use crate::examples;
use crate::source::{self, Declared, Kind};
use crate::vectors;

const FILE: &str = "protocol/README.md";
const TABLES: Section = Section { begin: "<!-- tables -->\n", end: "<!-- end of tables -->\n" };
const EXAMPLES: Section =
    Section { begin: "<!-- examples -->\n", end: "<!-- end of examples -->\n" };

/// A part of the file that is not written by hand.
struct Section {
    begin: &'static str,
    end: &'static str,
}

impl Section {
    fn split<'a>(&self, text: &'a str) -> (&'a str, &'a str, &'a str) {
        let (before, rest) = text.split_once(self.begin).expect("the section begins");
        let (inside, after) = rest.split_once(self.end).expect("the section ends");
        (before, inside, after)
    }

    fn replaced(&self, text: &str, inside: &str) -> String {
        let (before, _, after) = self.split(text);
        [before, self.begin, inside, self.end, after].concat()
    }
}

fn readme() -> String {
    fs::read_to_string(source::root().join(FILE)).unwrap()
}

fn tables() -> String {
    let types = source::wire_types();
    // In the order in which a reader meets them, from the frame to what it carries.
    let (heads, rest): (Vec<_>, Vec<_>) = types.iter().partition(|declared| {
        ["Hello", "Request", "ServerFrame"].contains(&declared.name.as_str())
    });
    let enums = rest.iter().filter(|declared| declared.kind == Kind::Enum);
    let structs = rest.iter().filter(|declared| declared.kind == Kind::Struct);
    let tags = rest.iter().filter(|declared| declared.kind == Kind::Tag);
    [
        ("Frames", heads.iter().collect::<Vec<_>>()),
        ("Enums with data", enums.collect()),
        ("Structs", structs.collect()),
        ("Enums without data", tags.collect()),
    ]
    .into_iter()
    .map(|(heading, types)| {
        let tables: String = types.into_iter().map(|declared| table(declared)).collect();
        format!("\n### {heading}\n{tables}")
    })
    .collect()
}

fn table(declared: &Declared) -> String {
    let head = match declared.kind {
        Kind::Enum => "| tag | variant | carries | |\n|---|---|---|---|\n",
        Kind::Tag => "| tag | variant | word | |\n|---|---|---|---|\n",
        Kind::Struct => "| | field | type | |\n|---|---|---|---|\n",
    };
    let first = if declared.kind == Kind::Struct { 1 } else { 0 };
    let rows: String = declared
        .parts
        .iter()
        .enumerate()
        .map(|(place, part)| {
            let content = match part.content.as_str() {
                "" => String::new(),
                content => format!("`{content}`"),
            };
            format!("| {} | `{}` | {content} | {} |\n", place + first, part.name, part.about)
        })
        .collect();
    format!("\n#### {}\n\n{}\n\n{head}{rows}", declared.name, declared.about)
}

#[test]
fn the_tables_and_examples_of_the_specification_are_those_of_the_code() {
    let (text, committed) = (readme(), vectors::committed());
    let examples = format!("\n```text{}```\n\n", vectors::listing(&committed));
    if vectors::writing() {
        let text = TABLES.replaced(&text, &format!("{}\n", tables()));
        fs::write(source::root().join(FILE), EXAMPLES.replaced(&text, &examples)).unwrap();
        return;
    }
    let again = "PARLOR_VECTORS=write, set for the protocol's tests, writes them again";
    assert!(TABLES.split(&text).1.trim() == tables().trim(), "the tables of {FILE}: {again}");
    assert!(EXAMPLES.split(&text).1.trim() == examples.trim(), "the examples of {FILE}: {again}");
}

/// Blocks that begin with ```` ```bytes ```` name an example and take its bytes apart, a line a
/// field: the bytes, two spaces, what they are. `frame of` before the name puts the length in front.
#[test]
fn the_worked_bytes_of_the_specification_are_those_of_the_examples() {
    let (text, examples) = (readme(), examples::all());
    let blocks: Vec<&str> = text
        .split("```bytes\n")
        .skip(1)
        .map(|block| block.split_once("```").expect("the block ends").0)
        .collect();
    assert!(blocks.len() >= 4, "the worked bytes are not found");
    for block in blocks {
        let (title, lines) = block.split_once('\n').unwrap();
        let name = title.trim_start_matches("frame of ");
        let example = examples.iter().find(|example| example.name == name);
        let mut wanted = example.unwrap_or_else(|| panic!("no example {name}")).bytes.clone();
        if name != title {
            let length = u32::try_from(wanted.len()).unwrap().to_be_bytes();
            wanted.splice(0..0, length);
        }
        let written: String =
            lines.lines().filter_map(|line| line.split("  ").next()).collect::<String>();
        assert_eq!(vectors::unhex(&written), wanted, "{title} in {FILE}");
    }
}
