//! Reads the sources of the workspace, for the tests that hold them to their rules.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of source.
pub(crate) struct Source {
    /// Its path from the root of the workspace, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A type of the wire, as its macro declares it.
pub(crate) struct Declared {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// What its comment says.
    pub(crate) about: String,
    /// Variants, or fields.
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Enum,
    Tag,
    Struct,
}

/// A variant or field.
pub(crate) struct Part {
    pub(crate) name: String,
    /// The type of the field or of what the variant carries; the word of a tag.
    pub(crate) content: String,
    /// Its attribute, or nothing.
    pub(crate) attribute: String,
    /// What its comment says.
    pub(crate) about: String,
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate lies in the workspace").into()
}

/// Every `.rs` file below a folder of the workspace, by path.
pub(crate) fn rust_files(folder: &str) -> Vec<Source> {
    let root = root();
    let (mut folders, mut files) = (vec![root.join(folder)], vec![]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                files.push(Source { path, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Every type of the wire, in the order of the files and of their lines.
pub(crate) fn wire_types() -> Vec<Declared> {
    rust_files("protocol/src")
        .iter()
        .filter(|source| source.path != "protocol/src/record.rs")
        .flat_map(|source| declared_in(&source.text))
        .collect()
}

/// Goes by the lines as rustfmt leaves them: a macro begins in the first column and ends there.
fn declared_in(text: &str) -> Vec<Declared> {
    let (mut kind, mut types) = (None, Vec::<Declared>::new());
    let (mut attribute, mut about) = (String::new(), String::new());
    for line in text.lines() {
        match line {
            "wire_enum! {" => kind = Some(Kind::Enum),
            "wire_tag! {" => kind = Some(Kind::Tag),
            "wire_struct! {" => kind = Some(Kind::Struct),
            "}" => kind = None,
            _ => {}
        }
        let Some(kind) = kind else { continue };
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("///") {
            about.push_str(comment);
        } else if line.starts_with("#[") {
            line.clone_into(&mut attribute);
        } else if let Some(head) =
            line.strip_prefix("pub enum ").or(line.strip_prefix("pub struct "))
        {
            let name = head.trim_end_matches(" {").to_owned();
            types.push(Declared { kind, name, about: plain(&mut about), parts: vec![] });
        } else if let (Some((name, content)), Some(last)) = (part(kind, line), types.last_mut()) {
            let (attribute, about) = (std::mem::take(&mut attribute), plain(&mut about));
            last.parts.push(Part { name, content, attribute, about });
        }
    }
    types
}

/// A comment without the links of rustdoc, which lead nowhere else: their text stays.
fn plain(comment: &mut String) -> String {
    let (mut plain, mut rest) = (String::new(), comment.trim());
    while let Some((before, link)) = rest.split_once('[') {
        let (text, behind) = link.split_once(']').unwrap_or((link, ""));
        let target = behind.strip_prefix('(').and_then(|target| target.split_once(')'));
        plain.push_str(before);
        plain.push_str(text);
        rest = target.map_or(behind, |(_, behind)| behind);
    }
    plain.push_str(rest);
    comment.clear();
    plain
}

/// The name of a field or variant, and its type, what it carries, or its word.
fn part(kind: Kind, line: &str) -> Option<(String, String)> {
    let line = line.strip_suffix(',')?;
    let (name, content) = match kind {
        Kind::Struct => line.strip_prefix("pub ")?.split_once(": ")?,
        Kind::Tag => line.split_once(" = ")?,
        Kind::Enum => line.strip_suffix(')').unwrap_or(line).split_once('(').unwrap_or((line, "")),
    };
    Some((name.to_owned(), content.trim_matches('"').to_owned()))
}
