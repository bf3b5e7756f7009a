//! One record of the audit as a line for people or for scripts.

use jiff::Timestamp;
use parlor_protocol::text::{escape_json, printable};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cli::listing::Form;

/// A record as its line has it.
#[derive(Debug)]
pub(super) struct Record {
    line: String,
    at: Timestamp,
    fields: Fields,
}

#[derive(Debug, Deserialize)]
struct Fields {
    serial: u64,
    at: String,
    action: String,
    outcome: String,
    actor: Option<String>,
    subject: Option<String>,
    room: Option<String>,
    address: Option<String>,
    details: Map<String, Value>,
}

impl Record {
    /// Reads a line; `None` for one that is no record.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8(line.to_vec()).ok()?;
        let fields: Fields = serde_json::from_str(&line).ok()?;
        Some(Self { at: fields.at.parse().ok()?, line, fields })
    }

    /// Its number.
    pub(super) fn serial(&self) -> u64 {
        self.fields.serial
    }

    /// When it happened.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    /// What happened.
    pub(super) fn action(&self) -> &str {
        &self.fields.action
    }

    /// Whether a user did it, or had it done to them.
    pub(super) fn concerns(&self, user: &str) -> bool {
        let Fields { actor, subject, details, .. } = &self.fields;
        let detail = |key| details.get(key).and_then(Value::as_str);
        [actor.as_deref(), subject.as_deref(), detail("user"), detail("named")]
            .contains(&Some(user))
    }

    /// Whether it happened in the room of this ID.
    pub(super) fn is_in(&self, room: &str) -> bool {
        self.fields.room.as_deref() == Some(room)
    }

    /// The line. Nothing in a record of ours needs care; but the file may be somebody else's by now.
    pub(super) fn told(&self, form: Form) -> String {
        match form {
            Form::Columns => printable(&self.columns()).into_owned(),
            Form::Json => printable(&self.line).into_owned(),
        }
    }

    fn columns(&self) -> String {
        let Fields { at, action, outcome, actor, subject, room, address, details, .. } =
            &self.fields;
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let (actor, subject) = (or_dash(actor), or_dash(subject));
        let (room, address) = (or_dash(room), or_dash(address));
        let mut line = format!(
            "{at:<24}  {action:<20}  {outcome:<7}  {actor:<16}  {subject:<16}  {room:<11}  \
             {address:<21}"
        );
        for (key, value) in details {
            line.push_str(&format!("  {key}={}", plain(value)));
        }
        line.trim_end().to_owned()
    }
}

/// A value of the details. One that is more than a word is quoted, so that none looks like two.
fn plain(value: &Value) -> String {
    let is_word = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._:".contains(&it))
    };
    match value {
        Value::String(text) if is_word(text) => text.clone(),
        Value::String(text) => {
            let mut quoted = "\"".to_owned();
            escape_json(text, &mut quoted);
            quoted + "\""
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = r#"{"serial":7,"at":"2026-11-22T20:07:12.123Z","action":"login","outcome":"refused","actor":null,"subject":"alice","room":null,"address":"192.0.2.7:40000","session":7,"details":{"code":"bad-credentials","by":"password"},"prev":"00","hash":"00"}"#;
    const CREATED: &str = r#"{"serial":8,"at":"2026-11-22T20:07:13.000Z","action":"room-created","outcome":"done","actor":"alice","subject":"alice","room":"kx4f9-2mqa7","address":"192.0.2.7:40000","session":7,"details":{"title":"ops\u001b[2J\n\"x\" \u202e","entry":"ask"},"prev":"00","hash":"00"}"#;

    fn record(line: &str) -> Record {
        Record::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn records_are_aligned_for_people() {
        let told = [LOGIN, CREATED].map(|line| record(line).told(Form::Columns)).join("\n");
        insta::assert_snapshot!(told, @r#"
        2026-11-22T20:07:12.123Z  login                 refused  -                 alice             -            192.0.2.7:40000        by=password  code=bad-credentials
        2026-11-22T20:07:13.000Z  room-created          done     alice             alice             kx4f9-2mqa7  192.0.2.7:40000        entry=ask  title="ops\u001b[2J\n\"x\" \u202e"
        "#);
    }

    #[test]
    fn scripts_get_the_line_itself() {
        assert_eq!(record(LOGIN).told(Form::Json), LOGIN);
        assert_eq!(record(CREATED).told(Form::Json), CREATED);
    }

    /// Our own records hold nothing of the kind; a file that was written to by others may.
    #[test]
    fn what_others_wrote_into_the_file_reaches_no_terminal_raw() {
        let forged = LOGIN.replace("alice", "ali\u{202e}\u{9b}ce");
        for form in [Form::Columns, Form::Json] {
            let told = record(&forged).told(form);
            assert!(!told.contains(parlor_protocol::text::is_hazard), "{told:?}");
        }
    }

    #[test]
    fn a_record_concerns_whoever_acts_and_whoever_it_is_done_to() {
        assert!(record(LOGIN).concerns("alice") && !record(LOGIN).concerns("bob"));
        let blocked = CREATED.replace("\"entry\":\"ask\"", "\"user\":\"bob\"");
        assert!(record(&blocked).concerns("alice") && record(&blocked).concerns("bob"));
        assert!(record(CREATED).is_in("kx4f9-2mqa7") && !record(LOGIN).is_in("kx4f9-2mqa7"));
    }
}
