//! One JSON object a line, with every string escaped so that a terminal may show it.

use parlor_protocol::id::Timestamp;
use parlor_protocol::text::escape_json;

use super::time::rfc3339;

/// An object that is being written. Keys are our own words and need no escaping.
#[derive(Debug)]
pub(crate) struct Object(String);

impl Object {
    /// An object of a kind.
    pub(crate) fn new(kind: &str) -> Self {
        Self(format!("{{\"type\":\"{kind}\""))
    }

    /// Adds a text.
    pub(crate) fn text(mut self, key: &str, text: &str) -> Self {
        self.0 += &format!(",\"{key}\":\"");
        escape_json(text, &mut self.0);
        self.0.push('"');
        self
    }

    /// Adds a text that may be absent.
    pub(crate) fn text_or_null(self, key: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(key, text),
            None => self.null(key),
        }
    }

    /// Adds a number.
    pub(crate) fn number(mut self, key: &str, number: u64) -> Self {
        self.0 += &format!(",\"{key}\":{number}");
        self
    }

    /// Adds a number that may be absent.
    pub(crate) fn number_or_null(self, key: &str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.number(key, number),
            None => self.null(key),
        }
    }

    /// Adds a time.
    pub(crate) fn time(self, key: &str, at: Timestamp) -> Self {
        self.text(key, &rfc3339(at))
    }

    /// Adds a time that may be absent.
    pub(crate) fn time_or_null(self, key: &str, at: Option<Timestamp>) -> Self {
        match at {
            Some(at) => self.time(key, at),
            None => self.null(key),
        }
    }

    /// Adds a truth that may not be known.
    pub(crate) fn truth_or_null(self, key: &str, truth: Option<bool>) -> Self {
        match truth {
            Some(truth) => self.truth(key, truth),
            None => self.null(key),
        }
    }

    /// Adds a truth.
    pub(crate) fn truth(mut self, key: &str, truth: bool) -> Self {
        self.0 += &format!(",\"{key}\":{truth}");
        self
    }

    /// Adds what is absent.
    pub(crate) fn null(mut self, key: &str) -> Self {
        self.0 += &format!(",\"{key}\":null");
        self
    }

    /// The whole line, without its end.
    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
