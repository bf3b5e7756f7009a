//! `parlord check`: whether the data directory is whole, and what to do where it is not.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anyhow::bail;
use parlor_protocol::text::quote_json;

use super::listing::{Form, count};
use crate::config::Config;
use crate::examine::{self, Report};
use crate::store::{Contents, Fault};

/// Looks, and tells.
pub(super) async fn run(config: &Config, form: Form) -> anyhow::Result<()> {
    let report = examine::examine(&config.data).await?;
    let mut out = io::stdout().lock();
    write!(out, "{}", shown(&report, form))?;
    out.flush()?;
    match report.faults.len() {
        0 => Ok(()),
        faults => {
            bail!("{} is not whole: {}", config.data.display(), count(faults as u64, "fault"))
        }
    }
}

fn shown(report: &Report, form: Form) -> String {
    let mut lines: Vec<String> =
        report.faults.iter().map(|fault| fault_line(fault, form)).collect();
    match form {
        Form::Columns => {
            let remedies: BTreeSet<_> = report.faults.iter().map(|fault| fault.remedy).collect();
            lines.extend(remedies.into_iter().map(|it| format!("what to do: {}", it.words())));
        }
        Form::Json => {}
    }
    lines.extend(report.contents.map(|contents| contents_line(contents, form)));
    lines.into_iter().map(|line| line + "\n").collect()
}

fn fault_line(fault: &Fault, form: Form) -> String {
    let Fault { rule, place, what, remedy } = fault;
    match form {
        Form::Columns => format!("{rule:<19}  {place}: {what}"),
        Form::Json => format!(
            r#"{{"type":"fault","rule":"{rule}","place":{},"what":{},"remedy":{}}}"#,
            quote_json(place),
            quote_json(what),
            quote_json(remedy.words())
        ),
    }
}

/// How much was looked at.
fn contents_line(contents: Contents, form: Form) -> String {
    let Contents { users, rooms, messages, audit_records } = contents;
    match form {
        Form::Columns => format!(
            "looked at {users} users, {rooms} rooms, {messages} messages and {audit_records} audit \
             records"
        ),
        Form::Json => format!(
            r#"{{"type":"checked","users":{users},"rooms":{rooms},"messages":{messages},"audit_records":{audit_records}}}"#
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Remedy;

    #[test]
    fn what_was_found_is_told_to_people_and_to_scripts() {
        let faults = vec![
            Fault::new("one-owner", "room kx4f9-2mqa7", "has 0 owners", Remedy::Backup),
            Fault::new("title", "room kx4f9-2mqa8", "\"\u{1b}[2J", Remedy::Backup),
        ];
        let contents = Some(Contents { users: 3, rooms: 2, messages: 41, audit_records: 7 });
        let report = Report { faults, contents };
        let both = [Form::Columns, Form::Json].map(|form| shown(&report, form)).concat();
        insta::assert_snapshot!(both, @r#"
        one-owner            room kx4f9-2mqa7: has 0 owners
        title                room kx4f9-2mqa8: "�[2J
        what to do: only a bug of parlord or a write by somebody else does this: keep a copy of the data directory, report it, and restore the last backup that passes `parlord check`
        looked at 3 users, 2 rooms, 41 messages and 7 audit records
        {"type":"fault","rule":"one-owner","place":"room kx4f9-2mqa7","what":"has 0 owners","remedy":"only a bug of parlord or a write by somebody else does this: keep a copy of the data directory, report it, and restore the last backup that passes `parlord check`"}
        {"type":"fault","rule":"title","place":"room kx4f9-2mqa8","what":"\"�[2J","remedy":"only a bug of parlord or a write by somebody else does this: keep a copy of the data directory, report it, and restore the last backup that passes `parlord check`"}
        {"type":"checked","users":3,"rooms":2,"messages":41,"audit_records":7}
        "#);
        let report = Report { faults: vec![], contents: None };
        assert_eq!(shown(&report, Form::Columns), "");
    }
}
