//! JSON of which no value can break out of its place: one object on one line.

use std::fmt::Write as _;

use parlor_protocol::id::Timestamp;
use parlor_protocol::text::escape_json;

/// An object in the making. Keys are our own words and need no care; values get it here.
pub(super) struct Object {
    out: String,
}

impl Object {
    pub(super) fn new() -> Self {
        Self { out: "{".to_owned() }
    }

    /// A string, or null.
    pub(super) fn text(&mut self, key: &str, text: Option<&str>) {
        self.key(key);
        match text {
            Some(text) => {
                self.out.push('"');
                escape_json(text, &mut self.out);
                self.out.push('"');
            }
            None => self.out.push_str("null"),
        }
    }

    /// A number, or null.
    pub(super) fn number(&mut self, key: &str, number: Option<u64>) {
        self.key(key);
        match number {
            Some(number) => write!(self.out, "{number}"),
            None => self.out.write_str("null"),
        }
        .expect("invariant: writing to a String cannot fail");
    }

    /// An object within.
    pub(super) fn nested(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.key(key);
        let mut inner = Self::new();
        fill(&mut inner);
        self.out.push_str(&inner.end());
    }

    pub(super) fn end(mut self) -> String {
        self.out.push('}');
        self.out
    }

    fn key(&mut self, key: &str) {
        let comma = if self.out.len() > 1 { "," } else { "" };
        write!(self.out, "{comma}\"{key}\":").expect("invariant: writing to a String cannot fail");
    }
}

/// A time in UTC with milliseconds, as in `2026-11-22T20:07:12.123Z`.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    // Times come from the daemon's clock or its store; one that no calendar has is still a record.
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| format!("{}ms", at.0), |at| format!("{at:.3}"))
}
