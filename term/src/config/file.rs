//! The configuration file: TOML, with ssh's keys, for all servers or in a server's section.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Key, Setting};

/// The file's settings for a host, its own section first.
///
/// # Errors
/// For whatever is not understood anywhere in the file, with its line.
pub(super) fn settings(name: &str, text: &str, host: &str) -> Result<Vec<Setting>, ConfigError> {
    let file = File { name, text };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        file.error(&at, error.message())
    })?;
    let (mut ours, mut all) = (Vec::new(), Vec::new());
    for (key, value) in table.get_ref() {
        if key.get_ref() != "host" {
            all.push(file.setting(key, value)?);
            continue;
        }
        let sections = value.get_ref().as_table();
        let sections = sections.ok_or_else(|| {
            file.error(&key.span(), "host is a table of sections, such as [host.\"chat\"]")
        })?;
        for (section_name, section) in sections {
            let keys = section.get_ref().as_table().ok_or_else(|| {
                file.error(&section_name.span(), "this is to be a section, such as [host.\"chat\"]")
            })?;
            let is_ours = section_name.get_ref().eq_ignore_ascii_case(host);
            for (key, value) in keys {
                let setting = file.setting(key, value)?;
                if is_ours {
                    ours.push(setting);
                }
            }
        }
    }
    ours.append(&mut all);
    Ok(ours)
}

struct File<'a> {
    name: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn place(&self, at: &Range<usize>) -> String {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        format!("{}:{}", self.name, before.matches('\n').count() + 1)
    }

    fn error(&self, at: &Range<usize>, why: &str) -> ConfigError {
        ConfigError(format!("{}: {why}", self.place(at)))
    }

    fn setting<K: AsRef<str>>(
        &self,
        key: &Spanned<K>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Setting, ConfigError> {
        let parsed = key.get_ref().as_ref().parse::<Key>();
        let parsed = parsed.map_err(|why| self.error(&key.span(), &why))?;
        let words = match value.get_ref() {
            DeValue::Array(values) => {
                values.iter().map(|value| self.word(value)).collect::<Result<_, _>>()?
            }
            _ => vec![self.word(value)?],
        };
        Ok(Setting { key: parsed, words, place: self.place(&key.span()) })
    }

    fn word(&self, value: &Spanned<DeValue<'_>>) -> Result<String, ConfigError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) => Ok(number.as_str().to_owned()),
            DeValue::Boolean(true) => Ok("yes".to_owned()),
            DeValue::Boolean(false) => Ok("no".to_owned()),
            DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                Err(self.error(&value.span(), "use a text, a whole number, or true and false"))
            }
        }
    }
}
