//! `parlord config`: what the configuration says, and what is wrong with it.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::Subcommand;
use parlor_protocol::text::quote_json;

use super::listing::{Form, count, or_null};
use crate::config::{Config, ConfigError, Counts, Fault, Overrides, Setting, Source, Surroundings};
use crate::logging;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Tell all that is wrong with a configuration file, or else with the log4rs file that it
    /// names, or nothing
    Check {
        /// The file [default: the one that `serve` would read]
        file: Option<PathBuf>,
    },
    /// Print every setting with its value and where that comes from
    Show,
}

/// Does what was asked for.
pub(super) fn run(overrides: Overrides, command: ConfigCommand, form: Form) -> anyhow::Result<()> {
    let here = Surroundings::here();
    match command {
        ConfigCommand::Check { file } => {
            let config = file.or(overrides.config);
            check(&Overrides { config, ..overrides }, &here, form)
        }
        ConfigCommand::Show => {
            let settings = Config::load(&overrides, &here)?.settings();
            let mut out = io::stdout().lock();
            settings.iter().try_for_each(|setting| writeln!(out, "{}", line(setting, form)))?;
            Ok(out.flush()?)
        }
    }
}

/// The last fault is left to the caller, who tells it like any other error; scripts get all of
/// them.
fn check(overrides: &Overrides, here: &Surroundings, form: Form) -> anyhow::Result<()> {
    match Config::load(overrides, here) {
        Ok(config) => match config.log.as_deref().map(logging::check) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(error)) => bail!("{}{error}", config.place_of("log")),
        },
        Err(ConfigError::Invalid { path, faults }) => {
            if form == Form::Json {
                let mut out = io::stdout().lock();
                let file = quote_json(&path.to_string_lossy());
                for Fault { line, why } in &faults {
                    let what = quote_json(why);
                    writeln!(
                        out,
                        r#"{{"type":"fault","file":{file},"line":{line},"what":{what}}}"#
                    )?;
                }
                out.flush()?;
                bail!(
                    "{} is not a configuration: {}",
                    path.display(),
                    count(faults.len() as u64, "fault")
                )
            }
            let told =
                |Fault { line, why }: &Fault| format!("{} line {line}: {why}", path.display());
            let mut told: Vec<String> = faults.iter().map(told).collect();
            let last = told.pop().unwrap_or_default();
            told.iter().for_each(|fault| super::remark(fault));
            bail!(last)
        }
        Err(error) => Err(error.into()),
    }
}

fn line(setting: &Setting, form: Form) -> String {
    match form {
        Form::Columns => setting.to_string(),
        Form::Json => {
            let (file, at) = match &setting.source {
                Source::File { path, line } => (Some(path.to_string_lossy()), Some(line)),
                Source::Default | Source::Variable(_) | Source::Option(_) | Source::Passed => {
                    (None, None)
                }
            };
            let (key, source) = (setting.key, setting.source.word());
            let from = quote_json(&setting.source.to_string());
            let value = json_value(setting.value.as_deref());
            let at = at.map_or_else(|| "null".to_owned(), ToString::to_string);
            let restart = setting.counts == Counts::OnRestart;
            format!(
                r#"{{"type":"setting","key":"{key}","value":{value},"source":"{source}","from":{from},"file":{},"line":{at},"restart":{restart}}}"#,
                or_null(file.as_deref())
            )
        }
    }
}

/// A setting's value as JSON has it. What TOML has in braces stands in a string; all else is the
/// same in both.
pub(super) fn json_value(value: Option<&str>) -> String {
    match value {
        None => "null".to_owned(),
        Some(table) if table.starts_with('{') => quote_json(table),
        Some(value) => value.to_owned(),
    }
}
