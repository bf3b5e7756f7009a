//! `parlord reload`: the running daemon goes on by what its configuration says now.

use std::io::{self, Write};

use anyhow::bail;

use super::config::json_value;
use super::link::{Link, NONSENSE};
use super::listing::{Form, or_null};
use crate::config::{Config, Overrides, Surroundings};
use crate::control::{ListedChange, Request, Response};

/// Prints what has changed. What is wrong with the file the daemon finds by itself, so that this is on
/// record: all that has to be known here is where it runs.
pub(super) async fn run(overrides: &Overrides, form: Form) -> anyhow::Result<()> {
    let here = Surroundings::here();
    let mut link = match Config::load(overrides, &here) {
        Ok(config) => Link::running(&config.data).await?,
        Err(fault) => {
            let Some(data) = Config::data_at_least(overrides, &here) else {
                return Err(fault.into());
            };
            let Ok(link) = Link::running(&data).await else { return Err(fault.into()) };
            link
        }
    };
    match link.ask(Request::Reload).await? {
        Response::Reloaded(changes) => {
            let mut out = io::stdout().lock();
            changes.iter().try_for_each(|change| writeln!(out, "{}", line(change, form)))?;
            Ok(out.flush()?)
        }
        Response::NotReloaded(why) => bail!("nothing has changed: {why}"),
        _ => bail!(NONSENSE),
    }
}

fn line(change: &ListedChange, form: Form) -> String {
    let ListedChange { key, before, after, restart, remark } = change;
    match form {
        Form::Columns => {
            let told =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
            let note = if *restart { "; restart parlord for it" } else { "" };
            let was = match before == after {
                true => String::new(),
                false => format!(", was {}", told(before)),
            };
            let remark = remark.as_ref().map_or_else(String::new, |it| format!("; {it}"));
            format!("{key}: {}{was}{remark}{note}", told(after))
        }
        Form::Json => format!(
            r#"{{"type":"change","key":"{key}","value":{},"before":{},"restart":{restart},"remark":{}}}"#,
            json_value(after.as_deref()),
            json_value(before.as_deref()),
            or_null(remark.as_deref())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_to_people_and_to_scripts() {
        let change = |key: &str, before: Option<&str>, after: Option<&str>, restart| ListedChange {
            key: key.to_owned(),
            before: before.map(ToOwned::to_owned),
            after: after.map(ToOwned::to_owned),
            restart,
            remark: None,
        };
        let changes = [
            change("limits.messages_burst", Some("10"), Some("20"), false),
            change("accounts.stretch", Some("{ log_n = 17, r = 8, p = 1 }"), None, true),
        ];
        let lines = changes
            .iter()
            .flat_map(|change| [Form::Columns, Form::Json].map(|form| line(change, form)));
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
        limits.messages_burst: 20, was 10
        {"type":"change","key":"limits.messages_burst","value":20,"before":10,"restart":false,"remark":null}
        accounts.stretch: not set, was { log_n = 17, r = 8, p = 1 }; restart parlord for it
        {"type":"change","key":"accounts.stretch","value":null,"before":"{ log_n = 17, r = 8, p = 1 }","restart":true,"remark":null}
        "#);
    }
}
