//! The committed bytes of one example of everything on the wire: they never change while peers of
//! a released version live, and nothing on the wire is without one.

use std::collections::{BTreeMap, BTreeSet};
use std::{env, fs};

use crate::examples::{self, Example};
use crate::source::{self, Kind};

const FILE: &str = "protocol/tests/vectors.txt";

const HEAD: &str = "\
# One example of everything on the wire: its name, its value as Rust writes it, its bytes in hex.
# An entry is only changed while nothing that speaks it was released. PARLOR_VECTORS=write, set for
# the protocol's tests, adds the missing ones here and copies all of them into protocol/README.md.
";

/// The committed entries: what stands below each name.
pub(crate) fn committed() -> BTreeMap<String, String> {
    let text = fs::read_to_string(source::root().join(FILE)).unwrap_or_default();
    text.split("\n\n")
        .skip(1)
        .filter_map(|entry| entry.trim_end().split_once('\n'))
        .map(|(name, body)| (name.to_owned(), body.to_owned()))
        .collect()
}

/// All entries as one text, committed ones as they are.
pub(crate) fn listing(committed: &BTreeMap<String, String>) -> String {
    examples::all()
        .iter()
        .map(|example| {
            let body = committed.get(&example.name).cloned().unwrap_or_else(|| entry(example));
            format!("\n{}\n{body}\n", example.name)
        })
        .collect()
}

/// Whether the one who runs the tests wants missing entries written.
pub(crate) fn writing() -> bool {
    env::var("PARLOR_VECTORS").is_ok_and(|wish| wish == "write")
}

fn entry(example: &Example) -> String {
    let hex: Vec<String> =
        example.bytes.chunks(40).map(|line| format!("  {}", hex(line))).collect();
    format!("  {}\n{}", example.value, hex.join("\n"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
        .collect()
}

#[test]
fn every_example_has_its_committed_bytes_and_reads_back() {
    let committed = committed();
    if writing() {
        fs::write(source::root().join(FILE), format!("{HEAD}{}", listing(&committed))).unwrap();
        return;
    }
    let known: BTreeSet<&String> = committed.keys().collect();
    let examples = examples::all();
    let wanted: BTreeSet<&String> = examples.iter().map(|example| &example.name).collect();
    assert_eq!(
        wanted.difference(&known).collect::<Vec<_>>(),
        Vec::<&&String>::new(),
        "are without a vector in {FILE}; PARLOR_VECTORS=write adds them"
    );
    assert_eq!(
        known.difference(&wanted).collect::<Vec<_>>(),
        Vec::<&&String>::new(),
        "have a vector in {FILE} and no example: what was on the wire stays on it"
    );
    for example in &examples {
        let body = &committed[&example.name];
        assert_eq!(
            *body,
            entry(example),
            "{}: the wire has changed. Fields and variants are only appended, and what was released \
             stays readable; see protocol/src/record.rs",
            example.name
        );
        let (value, bytes) = body.split_once('\n').expect("an entry has a value and bytes");
        assert_eq!(
            (example.read)(&unhex(bytes)).as_deref(),
            Some(value.trim()),
            "{}",
            example.name
        );
    }
}

#[test]
fn everything_declared_for_the_wire_has_an_example() {
    let declared: BTreeSet<String> = source::wire_types()
        .into_iter()
        .flat_map(|declared| match declared.kind {
            Kind::Struct => vec![declared.name],
            Kind::Enum | Kind::Tag => declared
                .parts
                .iter()
                .map(|variant| format!("{}::{}", declared.name, variant.name))
                .collect(),
        })
        .collect();
    assert!(declared.len() > 100, "the declarations are not found: {declared:?}");
    let examples = examples::all();
    let named: BTreeSet<String> = examples.iter().map(|example| example.name.clone()).collect();
    assert_eq!(named.len(), examples.len(), "two examples share a name");
    assert_eq!(
        declared.difference(&named).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "are declared in protocol/src and have no example in protocol/tests/it/examples.rs"
    );
    assert_eq!(named, declared, "an example is of nothing declared");
}
